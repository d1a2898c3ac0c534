"""``reshore fund``: which deals a budget should make, what they are worth, and the proof that no others buy more."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reshore.cli.money import Answer, answer, document_for, span, write
from reshore.cli.talk import Progress, as_json, say, show_rows, target

if TYPE_CHECKING:
    import polars as pl

DEALS = ("Deal", "Makes", "Instrument", "Amount, USD", "Subsidy, USD", "Built", "Lost without it, USD")
MADE = ("Made already", "Instrument", "Date", "Amount, USD", "Outcome", "Lost without it, USD")
YEARS = {
    "comes": "Comes, USD", "there": "Is there, USD", "committed": "Committed, USD", "spent": "Spent, USD",
    "left": "Left, USD",
}  # fmt: skip
BUNDLES = ("Package", "For", "In the plan", "Part or condition", "Moves now, USD", "Costs, USD", "Fair value, USD")
FRONTIER = ("Budget, USD", "Worth, USD", "Gap", "Enters", "Leaves")
MOVES = ("What moves it", "Low case", "High case", "Worth, USD")
MOVES_SHOWN = 3
BESIDE = {
    "second best": "Second best",
    "without first": "Without the project that matters most",
    "robust": "Best if odds are low",
    "real awards": "Really awarded",
}


@click.command("fund", help="Find the deals that buy most security for the budget of STUDY.")
@click.argument("study", type=click.Path())
@click.option(
    "--budget", type=click.FloatRange(min=0), help="Face value of the first instrument in USD, such as 300e6."
)
@click.option("-o", "--output", type=click.Path(), help="Write it: .csv or .parquet for the deals, .json for all.")
@click.option(
    "--roll", type=click.Path(), help="Write the study of the next year, .toml: the first year's deals are made in it."
)
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    study: str, budget: float | None, output: str | None, roll: str | None, force: bool, json_: bool, quiet: bool
) -> int:
    """Seeks the plan and says what it decides."""
    document, next_year = document_for(output, force), _rolls_to(study, roll, force)
    found = answer(study, "plan", budget, Progress(quiet or json_))
    if document is not None:
        write("fund", found, "fund_deals", document)
    if json_:
        click.echo(as_json("fund", manifest=found.manifest, tables=found.tables))
    elif document is None:
        _show(found)
        say(f"next: {_next(study, found)}")
    if next_year is not None:
        _roll(found, next_year)
    return 0


def _rolls_to(study: str, roll: str | None, force: bool) -> Path | None:
    """Where to write the study of the next year, refused before anything is sought when there is none."""
    location = target(roll, force)
    if location is None:
        return None
    from reshore.study import read_study
    from reshore.study.money.roll import next_year

    if location.suffix != ".toml":
        raise click.UsageError(f"cannot write '{location.suffix or roll}'; a study is .toml")
    asked = read_study(study)
    if asked.fund is not None:
        next_year(asked, asked.fund)
    return location


def _roll(found: Answer, location: Path) -> None:
    """Writes the study of the next year: from its folder, the data are where they were."""
    from reshore.data import write_files
    from reshore.study.money.roll import rolled
    from reshore.study.write import study_text

    later = rolled(found.study, found.tables)
    package = Path(os.path.relpath(found.study.package_path, location.parent)).as_posix()
    says = (
        f"{later.title}, on {later.at}: the deals of the year before are made. Written by reshore fund --roll.",
        'Say what has come of each: outcome = "open", "running" or "failed", and late_months.',
        "Budgets are what is left. Comments of the study that this was made from are not kept.",
    )
    write_files({location.name: study_text(replace(later, package=package), says).encode()}, location.parent)
    say(f"{location} written; say in it what has come of the deals, then: reshore fund {location}")


def _show(found: Answer) -> None:
    plans = {row["plan"]: row for row in found["fund_plans"].iter_rows(named=True)}
    chosen, labels = plans["chosen"], dict(found["fund_candidates"].select("project", "label").iter_rows())
    _decision(found, chosen)
    for name, words in BESIDE.items():
        if name in plans:
            click.echo(f"{words}: {_beside(plans[name], chosen, labels)}.")
    if found["fund_deals"].height:
        click.echo("")
        show_rows(DEALS, [_deal(row) for row in found["fund_deals"].iter_rows(named=True)])
    if found["fund_commitments"].height:
        click.echo("\nMade already, whatever this plan does:")
        show_rows(MADE, [_made(row) for row in found["fund_commitments"].iter_rows(named=True)])
    if found["fund_years"].height:
        click.echo("\nMoney by year:")
        _years(found)
    _waiting(found)
    _persons(found["fund_deals"])
    _not_offered(found)
    if found["fund_bundles"].height:
        click.echo("\nPackages, part by part; what is negative comes back:")
        show_rows(BUNDLES, [_part(row) for row in found["fund_bundles"].iter_rows(named=True)])
    if found["fund_frontier"].height:
        click.echo("\nWhat more money buys:")
        show_rows(FRONTIER, [_step(row, labels) for row in found["fund_frontier"].iter_rows(named=True)])
    moves = found["fund_tornado"].sort("swing_usd", "assumption", descending=[True, False]).head(MOVES_SHOWN)
    click.echo("")
    show_rows(MOVES, [_move(row) for row in moves.iter_rows(named=True)])


def _decision(found: Answer, chosen: dict[str, Any]) -> None:
    from reshore.units import SHARE, written

    considered = found["fund_candidates"]["considered"].sum()
    if not chosen["built_count"]:
        click.echo(f"Fund nothing: no plan of {considered} projects under these rules adds to service.")
        return
    click.echo(
        f"Fund {chosen['built_count']} of {considered} projects with USD {written(chosen['face_usd'])} "
        f"(subsidy cost USD {written(chosen['subsidy_usd'])}): "
        f"they avoid USD {span(chosen, 'worth_usd')} of expected loss."
    )
    click.echo(
        f"Proof: no plan under these rules avoids more than USD {written(chosen['bound_usd'])}, "
        f"a gap of {written(chosen['gap_share'], SHARE)} ({chosen['method']})."
    )


def _beside(row: dict[str, Any], chosen: dict[str, Any], labels: dict[str, str]) -> str:
    """Another plan: what it does otherwise, and what it is worth."""
    from reshore.units import written

    ours, theirs = (set((plan["built"] or "").split(";")) - {""} for plan in (chosen, row))
    parts = [
        f"{word} {'; '.join(labels[name] for name in sorted(names))}"
        for word, names in (("with", theirs - ours), ("without", ours - theirs))
        if names
    ]
    return (
        f"USD {span(row, 'worth_usd')} for USD {written(row['face_usd'])}, {' and '.join(parts) or 'the same projects'}"
    )


def _deal(row: dict[str, Any]) -> tuple[str, ...]:
    from reshore.units import SHARE, written

    return (
        row["label"], row["good"], row["instrument"], written(row["amount_usd"]), written(row["subsidy_usd"]),
        written(row["part_share"], SHARE), written(row["lost_usd"]),
    )  # fmt: skip


def _made(row: dict[str, Any]) -> tuple[str, ...]:
    """A deal made before, with what is known of it."""
    from reshore.funding.portfolio import months_in_words
    from reshore.units import written

    late = f", {months_in_words(row['late_months'])} late" if row["late_months"] else ""
    return (
        row["label"], row["instrument"], str(row["date"]), written(row["amount_usd"]), f"{row['outcome']}{late}",
        written(row["lost_usd"], unknown="nothing stands"),
    )  # fmt: skip


def _years(found: Answer) -> None:
    """Money by year, with what is committed where anything is."""
    made = not found["fund_commitments"].is_empty()
    names = [name for name in YEARS if made or name != "committed"]
    show_rows(
        ("Instrument", "Year", "Of", *(YEARS[name] for name in names), "Deals"),
        [line for row in found["fund_years"].iter_rows(named=True) for line in _year(row, found["fund_deals"], names)],
    )


def _year(row: dict[str, Any], deals: pl.DataFrame, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Money of a year, a line for each kind of limit, with the deals that it pays for."""
    from reshore.report.sections.money_years import KINDS, limited
    from reshore.units import written

    parts = deals["parts"].fill_null("").str.split(";").list.contains(row["instrument"])
    mine = deals.filter(((deals["instrument"] == row["instrument"]) | parts) & (deals["award_year"] == row["year"]))
    return [
        (row["instrument"], str(row["year"]), KINDS[kind],
         *(written(row[f"{kind}_{name}_usd"], unknown="no limit") for name in names), "; ".join(mine["label"]))
        for kind in limited(row)
    ]  # fmt: skip


def _waiting(found: Answer) -> None:
    """What it is worth to plan the later years anew, where the study asks for it."""
    from reshore.units import written

    frame = found["fund_replan"]
    if frame.is_empty():
        return
    mean = frame.filter(frame["odds_share"].is_null()).row(0, named=True)
    kept, anew = written(mean["kept_usd"]), written(mean["anew_usd"])
    click.echo(
        f"\nWaiting to see is worth USD {span(mean, 'gain_usd')}: kept, the plan avoids USD {kept}; with later years "
        f"planned anew once it is known who succeeds, USD {anew}."
    )


def _not_offered(found: Answer) -> None:
    """Packages that the study offers and a project cannot have, with the reason."""
    fund = found.study.fund
    names = () if fund is None else tuple(bundle.bundle for bundle in fund.bundles)
    for row in found["fund_left_out"].iter_rows(named=True):
        if row["instrument"] in names:
            click.echo(f"Package {row['instrument']} is not offered to {row['project']}: {row['reason']}.")


def _part(row: dict[str, Any]) -> tuple[str, ...]:
    """A line of the account of a bundle; conditions that move no money have no figures."""
    from reshore.units import written

    figures = (written(row[name], unknown="") for name in ("face_usd", "budget_usd", "fair_usd"))
    return (
        row["bundle"], row["label"], "yes" if row["chosen"] else "no",
        f"{row['kind']}, {row['instrument']}" if row["instrument"] else row["kind"], *figures,
    )  # fmt: skip


def _persons(deals: pl.DataFrame) -> None:
    """Deals whose rules only a person can answer, counted; the clauses are in the table."""
    asked = deals.filter(deals["needs_person"].is_not_null())["label"].unique(maintain_order=True).to_list()
    if asked:
        who = "every deal" if len(asked) == deals["label"].n_unique() else "; ".join(asked)
        click.echo(f"For a person to judge before signing: {who} (--json says which clauses).")


def _step(row: dict[str, Any], labels: dict[str, str]) -> tuple[str, ...]:
    from reshore.units import SHARE, written

    enters, leaves = (
        "; ".join(labels[name] for name in (row[key] or "").split(";") if name) for key in ("enters", "leaves")
    )
    return (written(row["budget_usd"]), written(row["worth_usd"]), written(row["gap_share"], SHARE), enters, leaves)


def _move(row: dict[str, Any]) -> tuple[str, ...]:
    return row["assumption"], row["low_case"], row["high_case"], span(row, "worth_usd")


def _next(study: str, found: Answer) -> str:
    """Half as much money again if that buys more, else what security is worth."""
    from reshore.report.sections.money import LITTLE

    frontier = found["fund_frontier"]
    if frontier.height > 1 and frontier["worth_usd"][-1] > frontier["worth_usd"][-2] * (1 + LITTLE):
        return f"reshore fund {study} --budget {1.5 * frontier['budget_usd'][-1] / 1e6:.4g}e6   reshore price {study}"
    return f"reshore price {study}   reshore run {study} -o out"
