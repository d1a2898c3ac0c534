"""``reshore fund``: which deals a budget should make, what they are worth, and the proof that no others buy more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reshore.cli.money import Answer, answer, document_for, span, write
from reshore.cli.talk import Progress, as_json, say, show_rows

if TYPE_CHECKING:
    import polars as pl

DEALS = ("Deal", "Makes", "Instrument", "Amount, USD", "Subsidy, USD", "Built", "Lost without it, USD")
YEARS = ("Instrument", "Year", "Of", "Comes, USD", "Is there, USD", "Spent, USD", "Left, USD", "Deals")
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
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(study: str, budget: float | None, output: str | None, force: bool, json_: bool, quiet: bool) -> int:
    """Seeks the plan and says what it decides."""
    document = document_for(output, force)
    found = answer(study, "plan", budget, Progress(quiet or json_))
    if document is not None:
        write("fund", found, "fund_deals", document)
    if json_:
        click.echo(as_json("fund", manifest=found.manifest, tables=found.tables))
    elif document is None:
        _show(found)
        say(f"next: {_next(study, found)}")
    return 0


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
    if found["fund_years"].height:
        click.echo("\nMoney by year:")
        deals = found["fund_deals"]
        show_rows(YEARS, [line for row in found["fund_years"].iter_rows(named=True) for line in _year(row, deals)])
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


def _year(row: dict[str, Any], deals: pl.DataFrame) -> list[tuple[str, ...]]:
    """Money of a year, a line for each kind of limit, with the deals that it pays for."""
    from reshore.report.sections.money_years import KINDS, limited
    from reshore.units import written

    parts = deals["parts"].fill_null("").str.split(";").list.contains(row["instrument"])
    mine = deals.filter(((deals["instrument"] == row["instrument"]) | parts) & (deals["award_year"] == row["year"]))
    return [
        (row["instrument"], str(row["year"]), KINDS[kind],
         *(written(row[f"{kind}_{name}_usd"], unknown="no limit") for name in ("comes", "there", "spent", "left")),
         "; ".join(mine["label"]))
        for kind in limited(row)
    ]  # fmt: skip


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
