"""``reshore price``: what capacity is worth because of what may be cut off, and what projects should be paid for it."""

from __future__ import annotations

from typing import Any

import click
import polars as pl

from reshore.cli.money import Answer, answer, document_for, span, write
from reshore.cli.talk import Progress, as_json, say, show_rows

PRICES = ("Good", "Security price, USD a year for all of it", "Per unit, USD", "Unit")
PAYMENTS = ("Project of the plan", "Built", "Payment, USD", "Lost without it (between), USD", "Asks for, USD")
ODDS = ("Project alone", "Outlook", "Odds in the study", "Pays from")
SHOWN = 12


@click.command("price", help="Price the security of STUDY: goods, projects, bundles and the odds that they turn on.")
@click.argument("study", type=click.Path())
@click.option(
    "--budget", type=click.FloatRange(min=0), help="Face value of the first instrument in USD, such as 300e6."
)
@click.option("-o", "--output", type=click.Path(), help="Write it: .csv or .parquet for the prices, .json for all.")
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--all", "show_all", is_flag=True, help="Show every row.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    study: str, budget: float | None, output: str | None, force: bool, show_all: bool, json_: bool, quiet: bool
) -> int:
    """Prices security at the best plan of the study."""
    document = document_for(output, force)
    found = answer(study, "prices", budget, Progress(quiet or json_))
    if document is not None:
        write("price", found, "security_prices", document)
    if json_:
        click.echo(as_json("price", manifest=found.manifest, tables=found.tables))
    elif document is None:
        _show(found, None if show_all else SHOWN)
        say(f"next: reshore fund {study}   reshore run {study} -o out")
    return 0


def _show(found: Answer, most: int | None) -> None:
    _prices(found["security_prices"], most)
    payments = found["security_payments"]
    if payments.height:
        click.echo("\nPayments for security; they add up to the worth of the plan:")
        rows = payments.sort("payment_usd", "project", descending=[True, False])
        show_rows(PAYMENTS, [_payment(row) for row in rows.iter_rows(named=True)])
        click.echo(
            "What is lost without a project lies between its worth at the plan's prices and at those without it."
        )
    bundles = found["security_bundles"].sort(
        pl.col("together_usd") - pl.col("alone_usd"), "members", descending=[True, False]
    )
    if bundles.height:
        click.echo("\nWorth more together than one by one:")
        for sentence in bundles["sentence"].head(most or bundles.height):
            click.echo(f"  {sentence}.")
        _more(bundles, most)
    _odds(found["break_even_odds"], most)


def _prices(prices: pl.DataFrame, most: int | None) -> None:
    worth = prices.filter(pl.col("price_usd_per_year_high") > 0)
    worth = worth.sort("price_usd_per_year_high", "price_usd_per_year", "good", descending=[True, True, False])
    if not worth.height:
        click.echo("No capacity is worth anything: nothing is short in any scenario.")
        return
    click.echo(f"Of {prices.height} goods that projects make, capacity of {worth.height} has a security price.")
    show_rows(PRICES, [_price(row) for row in worth.head(most or worth.height).iter_rows(named=True)])
    _more(worth, most)
    if (worth["price_usd_per_year_low"] < worth["price_usd_per_year_high"]).any():
        click.echo("A range runs from what one unit more adds to what one unit less takes away.")


def _odds(odds: pl.DataFrame, most: int | None) -> None:
    """Odds from which a project alone is worth what it asks for, where any odds are enough."""
    pays = odds.filter(pl.col("break_even_odds_share") <= 1).sort("break_even_odds_share", "project", "outlook")
    click.echo("")
    if not pays.height:
        click.echo("No odds of any scenario make a project pay on its own.")
        return
    show_rows(ODDS, [_from(row) for row in pays.head(most or pays.height).iter_rows(named=True)])
    _more(pays, most)


def _more(rows: pl.DataFrame, most: int | None) -> None:
    if most is not None and rows.height > most:
        say(f"… {rows.height - most} more (--all shows them)")


def _price(row: dict[str, Any]) -> tuple[str, ...]:
    from reshore.units import written

    return row["label"], span(row, "price_usd_per_year"), written(row["price_usd_per_unit"]), row["unit"] or ""


def _payment(row: dict[str, Any]) -> tuple[str, ...]:
    from reshore.units import SHARE, written

    lost, low, high = (written(row[key]) for key in ("pivotal_usd", "owen_usd", "bracket_usd"))
    lost += f" ({low} and {high})" if low != high else ""
    return (
        row["label"], written(row["part_share"], SHARE), written(row["payment_usd"]), lost, written(row["asked_usd"])
    )  # fmt: skip


def _from(row: dict[str, Any]) -> tuple[str, ...]:
    from reshore.units import SHARE, written

    return (
        row["label"], row["outlook"], written(row["stated_odds_share"], SHARE),
        written(row["break_even_odds_share"], SHARE),
    )  # fmt: skip
