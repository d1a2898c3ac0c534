"""Goods within reach: what home's exports say about what it could make next, where trade data are present."""

from __future__ import annotations

import polars as pl

from reshore.data import DataPackage
from reshore.errors import InputError, Place, Problem
from reshore.exposure.trade_complexity import TradeComplexity, complexity
from reshore.tables import Column, Table, empty_frame, frame_schema
from reshore.units import INDEX, SHARE

REACH_TABLE = Table(
    "reach",
    "Goods within reach",
    "Comparative advantage, complexity and nearness of every traded good, seen from home.",
    key=("good",),
    columns=(
        Column("good", "id", "Good", "Key of the good.", refers="goods.good"),
        Column("label", "text", "Name", "Name for people."),
        Column("is_made", "boolean", "Made", "Whether home exports it with comparative advantage."),
        Column("comparative_advantage_ratio", "number", "Comparative advantage",
               "Share in home's exports over its share in world exports (Balassa).", low=0, absent="not traded"),
        Column("density_share", "number", "Density", "How much of what is made near this good home makes.", unit=SHARE,
               low=0, high=1, absent="nothing is near it"),
        Column("product_complexity_index", "number", "Product complexity",
               "In standard deviations of the country index.", unit=INDEX, absent="the index is not defined"),
        Column("complexity_outlook_gain", "number", "Outlook gain",
               "How far making it would bring complex goods near.", unit=INDEX, absent="the index is not defined"),
        Column("year", "year", "Year", "Year of the trade."),
        Column("source", "id", "Source", "Where the trade was read.", refers="sources.source"),
    ),
)  # fmt: skip


def reach(package: DataPackage, home: str) -> tuple[pl.DataFrame, tuple[Problem, ...]]:
    """The table `REACH_TABLE` for the newest year of trade, from the source with most flows, and what to know about it.

    Empty, with a note, when there is no trade or home does not export.
    """
    trade = package["trade"]
    if trade.is_empty():
        return empty_frame(REACH_TABLE), ()
    counts = trade.group_by("year", "source").len().sort("year", "len", "source", descending=[True, True, False])
    year, source, _ = counts.row(0)
    try:
        found = complexity(trade, year, source=source)
    except InputError as error:
        return empty_frame(REACH_TABLE), tuple(_as_note(problem) for problem in error.problems)
    if home not in set(found.countries["country"]):
        return empty_frame(REACH_TABLE), (_note(f"no exports of {home} in {year}", f"exports of {home}"),)
    return _seen_from(found, package, home, source), found.notes


def _seen_from(found: TradeComplexity, package: DataPackage, home: str, source: str) -> pl.DataFrame:
    frame = (
        found.pairs.filter(pl.col("country") == home)
        .join(found.goods.select("good", "product_complexity_index"), on="good", how="left", validate="1:1")
        .join(package["goods"].select("good", "label"), on="good", how="left", validate="1:1")
        .with_columns(pl.lit(found.year, pl.Int64).alias("year"), pl.lit(source).alias("source"))
    )
    return frame.select(*frame_schema(REACH_TABLE)).sort("good")


def _note(what: str, expected: str) -> Problem:
    return Problem(
        "no-complexity", Place("trade.csv"), what, expected, "none needed: the table `reach` is empty", "note"
    )


def _as_note(problem: Problem) -> Problem:
    return Problem(problem.code, problem.place, problem.found, problem.expected, problem.fix, "note")
