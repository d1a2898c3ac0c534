"""``reshore cascade``: what a network of firms loses when one of them stops, or when several do in part."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reshore.cli.talk import Progress, as_json, problem_lines, say, show_table, target

if TYPE_CHECKING:
    import polars as pl

    from reshore.stress.cascade import Cascade
    from reshore.tables import Table

SHOWN = 10
NOTES = 3


@click.command("cascade", help="Follow the failure of firms through the network of FLOWS, an edge list with sectors.")
@click.argument("flows", type=click.Path())
@click.option("--firms", type=click.Path(), help="Table of firms: sector, market, final demand, value added.")
@click.option("--essentiality", type=click.Path(), help="Needs by pair of sectors: a list, or a matrix of 0, 1 and 2.")
@click.option("--other-need", type=click.Choice(["essential", "non_essential", "negligible"]),
              help="Need of flows for which none is stated.")  # fmt: skip
@click.option("--top", type=click.IntRange(1), metavar="K", help="Only the K firms of highest risk, proved.")
@click.option("--shock", "shocks", multiple=True, metavar="FIRM=SHARE",
              help="A share of its production that a firm loses; several hit together.")  # fmt: skip
@click.option("--no-replaceability", is_flag=True, help="Suppliers of a market cannot stand in for each other.")
@click.option("--stop-at", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="SHARE",
              help="Stop when no firm loses more in a round, as published values did with 0.01.")  # fmt: skip
@click.option("--threads", type=click.IntRange(1), help="How many threads; the numbers do not depend on it.")
@click.option("-o", "--output", type=click.Path(), help="Write the table: .csv, .parquet or .json.")
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(flows: str, firms: str | None, essentiality: str | None, other_need: str | None, top: int | None,
            shocks: tuple[str, ...], no_replaceability: bool, stop_at: float | None, threads: int | None,
            output: str | None, force: bool, json_: bool, quiet: bool) -> int:  # fmt: skip
    """Measures systemic risk, or follows one shock."""
    if top is not None and shocks:
        raise click.UsageError("--top ranks single failures and --shock follows one shock: give one of them")
    losses = _losses(shocks)
    document = target(output, force)
    if document is not None and document.suffix not in (".csv", ".parquet", ".json"):
        raise click.UsageError(f"cannot write '{document.suffix}'; there are .csv, .parquet and .json")
    from reshore.stress.cascade import Cascade, Rule, read_network

    progress = Progress(quiet or json_)
    with progress.step("reading the network"):
        network = read_network(flows, firms, essentiality, other_need=other_need)
    cascade = Cascade(network, Rule(replaceability=not no_replaceability, stop_rise=stop_at))
    with progress.step("following the losses"):
        table, frame, findings = _answer(cascade, losses, top, threads)
    manifest = {"firms": network.firm_count, "flows": network.flow_count, **findings}
    answer = as_json("cascade", manifest=manifest, tables={table.name: frame}, problems=network.notes)
    if document is not None:
        _write(table, frame, document, answer)
        say(f"{document} written")
    if json_:
        click.echo(answer)
        return 0
    if document is None:
        show_table(frame.head(SHOWN), table, SHOWN)
    click.echo(_sentence(frame, findings, network.firm_count))
    for line in problem_lines(network.notes, NOTES):
        say(line)
    first = frame["firm"][0]
    say(
        f"next: reshore cascade {flows} --shock {first}=0.5"
        if not losses
        else f"next: reshore cascade {flows} --top 10"
    )
    return 0


def _losses(shocks: tuple[str, ...]) -> dict[str, float]:
    """Firm to share lost."""
    losses: dict[str, float] = {}
    for word in shocks:
        firm, sign, share = word.rpartition("=")
        try:
            value = float(share)
        except ValueError:
            value = -1.0
        if not sign or not firm or not 0 <= value <= 1:
            raise click.UsageError(f"'{word}' is no shock; write FIRM=SHARE with a share from 0 to 1, such as acme=0.5")
        if firm in losses:
            raise click.UsageError(f"'{firm}' is hit twice; give one share")
        losses[firm] = value
    return losses


def _answer(
    cascade: Cascade, losses: dict[str, float], top: int | None, threads: int | None
) -> tuple[Table, pl.DataFrame, dict[str, Any]]:
    """The table that answers, its rows with the largest first, and what else was found."""
    from reshore.stress.cascade import (
        LOSSES,
        SYSTEMIC_RISK,
        Shock,
        measure_systemic_risk,
        propagate,
        rank_systemic_risk,
    )

    if losses:
        found = propagate(cascade, Shock("shock", losses))
        frame = found.frame(cascade.network).sort("loss_share", "firm", descending=[True, False])
        return LOSSES, frame, {
            "systemic_risk_index": found.index,
            "upstream_index": found.upstream_index,
            "downstream_index": found.downstream_index,
            "hit_count": int((found.loss > 0).sum()),
        }  # fmt: skip
    if top is not None:
        leaders = rank_systemic_risk(cascade, top, threads=threads)
        return SYSTEMIC_RISK, leaders.frame, {
            "rest_at_most_index": leaders.rest_at_most_index,
            "solved_count": leaders.solved_count,
        }  # fmt: skip
    frame = measure_systemic_risk(cascade, threads=threads)
    return SYSTEMIC_RISK, frame.sort("systemic_risk_index", "firm", descending=[True, False]), {}


def _sentence(frame: pl.DataFrame, findings: dict[str, Any], firms: int) -> str:
    from reshore.units import SHARE, written

    if "hit_count" in findings:
        return (
            f"The network loses {written(findings['systemic_risk_index'], SHARE)} of its output "
            f"({written(findings['upstream_index'], SHARE)} through lost demand alone, "
            f"{written(findings['downstream_index'], SHARE)} through lost inputs alone); "
            f"{findings['hit_count']:,} of {firms:,} firms lose something."
        )
    top = frame.row(0, named=True)
    lead = f"If {top['firm']} stops, {written(top['systemic_risk_index'], SHARE)} of all output is lost"
    own = f"its own {written(top['output_share'], SHARE)} included"
    if "solved_count" not in findings:
        return f"{lead}, {own}: no other firm of {firms:,} costs more."
    rest = written(findings["rest_at_most_index"], SHARE)
    return f"{lead}, {own}. No firm that is not listed costs more than {rest} ({findings['solved_count']:,} solved)."


def _write(table: Table, frame: pl.DataFrame, document: Path, answer: str) -> None:
    import io

    from reshore.data import write_files
    from reshore.tables import csv_bytes

    ordered = frame.sort(list(table.key))
    if document.suffix == ".json":
        content = answer.encode()
    elif document.suffix == ".csv":
        content = csv_bytes(table, ordered)
    else:
        buffer = io.BytesIO()
        ordered.write_parquet(buffer)
        content = buffer.getvalue()
    write_files({document.name: content}, document.parent)
