"""``reshore worst-cut``: the few countries or organizations whose loss hurts most, with the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reshore.cli.talk import Progress, as_json, say, show_rows

if TYPE_CHECKING:
    import polars as pl

HEADINGS = ("Together", "Who", "Loss", "Proof", "Sets tried")
AT = "2026-11-01"


@click.command(
    "worst-cut", help="Find the few whose loss hurts most in PACKAGE, with the proof that no others hurt more."
)
@click.argument("path", metavar="PACKAGE", type=click.Path())
@click.option(
    "-k", "--size", type=click.IntRange(1, 4), default=2, show_default=True, help="The most that stop together."
)
@click.option(
    "--home", default="USA", show_default=True, help="The country that asks, ISO 3166-1 alpha-3; never struck."
)
@click.option("--level", type=click.Choice(["country", "organization"]), default="country", show_default=True,
              help="Who is struck.")  # fmt: skip
@click.option("--spare", "spared", multiple=True, help="Who is not struck; several times, or split by commas.")
@click.option("--chain", "chains", multiple=True, help="Only this chain; likewise.")
@click.option("--months", type=int, default=12, show_default=True, help="How long they stop.")
@click.option(
    "--count", type=click.IntRange(1, 50), default=5, show_default=True, help="How many sets of each size to list."
)
@click.option("--csv", "csv_", is_flag=True, help="Answer as CSV.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(path: str, size: int, home: str, level: str, spared: tuple[str, ...], chains: tuple[str, ...], months: int,
            count: int, csv_: bool, json_: bool, quiet: bool) -> int:  # fmt: skip
    """Seeks the worst cuts and says who they are."""
    from reshore.chain import build_chain
    from reshore.cli.stress import split
    from reshore.data import read_package
    from reshore.stress.cuts import Question, worst_cut_table
    from reshore.stress.records import STRESS_CUTS
    from reshore.study import make_study
    from reshore.study.control import control_at
    from reshore.study.run import check_chains
    from reshore.study.stress import stress_case
    from reshore.tables import csv_bytes

    progress = Progress(quiet or json_)
    with progress.step("reading tables"):
        package = read_package(path)
    study = make_study(
        {
            "study": {"title": "Worst cuts", "question": f"Whose loss hurts {home} most?", "package": path,
                      "home": home, "allies": [], "concern": [], "at": AT},
            "exposure": {"chains": split(chains)},
        },
        "command line",
    )  # fmt: skip
    check_chains(study, package)
    case = stress_case(study, package, build_chain(package, *study.chains), control_at(package, study.at))
    question = Question(level, size, months, count, tuple(split(spared)))  # type: ignore[arg-type]  # one of the choices
    with progress.step(f"seeking worst cuts of up to {size}"):
        table = worst_cut_table(case, question)
    if json_:
        click.echo(as_json("worst-cut", manifest={"study": study.digest, "data": package.digest},
                           tables={STRESS_CUTS.name: table}))  # fmt: skip
    elif csv_:
        click.echo(csv_bytes(STRESS_CUTS, table).decode(), nl=False)
    else:
        _show(table, months)
        worst = table.filter(table["question"] == "worst").sort("loss_share", descending=True)
        if worst.height:
            say(f"next: reshore stress {path} --cut {worst['members'][0].replace(';', ',')} --home {home}")
    return 0


def _show(table: pl.DataFrame, months: int) -> None:
    from reshore.units import SHARE, written

    rows = list(table.filter(table["question"] == "worst").iter_rows(named=True))
    if not rows:
        click.echo("Nobody of known size can be struck.")
        return
    top = max(rows, key=lambda row: (row["loss_share"], -row["size"]))
    proof = "proved: no other set of that size costs more" if top["is_proved"] else (
        f"not proved: another set may cost up to {written(top['bound_share'], SHARE)}"
    )  # fmt: skip
    click.echo(
        f"Worst: {top['label']} for {months} months, {written(top['loss_share'], SHARE)} of the value of demand even "
        f"in the best plan ({proof})."
    )
    last = max(row["size"] for row in rows)
    greedy = next(row for row in rows if row["size"] == last)
    if greedy["greedy_loss_share"] < top["loss_share"] - 1e-9:
        click.echo(
            f"Taking the worst one after the other would name {greedy['greedy'].replace(';', ', ')} and lose "
            f"{written(greedy['greedy_loss_share'], SHARE)}."
        )
    show_rows(HEADINGS, [_row(row) for row in rows])
    for row in table.filter(table["question"] == "fewest").iter_rows(named=True):
        click.echo(f"At least {written(row['threshold_share'], SHARE)}: {row['label']} ({row['size']}).")


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    from reshore.units import SHARE, written

    bound = "proved" if row["is_proved"] else f"others at most {written(row['bound_share'], SHARE)}"
    return (str(row["size"]), row["label"], written(row["loss_share"], SHARE), bound, str(row["evaluations_count"]))
