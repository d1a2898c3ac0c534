"""Money by year: what each year of each budget spends, beside what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from reshore.report.grid import result_grid
from reshore.report.page import Figure, Page
from reshore.report.sections.money_decision import instrument_labels
from reshore.report.sections.tracks import Mark, Track, scale, tracks
from reshore.report.words import usd
from reshore.study.words import in_words
from reshore.units import USD, written

_COLUMNS = (
    "instrument", "year", "deals_count", "face_comes_usd", "face_there_usd", "face_committed_usd", "face_spent_usd",
    "face_left_usd", "subsidy_comes_usd", "subsidy_there_usd", "subsidy_committed_usd", "subsidy_spent_usd",
    "subsidy_left_usd", "carries_over",
)  # fmt: skip
KINDS: Mapping[str, str] = {"face": "face value", "subsidy": "subsidy cost"}
"""What the money of a year is counted in, in words."""

_LEFT = {True: "is left over for later years", False: "is left over, and lapses"}


def limited(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What a year of money limits: face value, subsidy cost or both; face value where it limits nothing."""
    return tuple(kind for kind in KINDS if row[f"{kind}_comes_usd"] is not None) or ("face",)


def money_by_year(page: Page) -> Figure | None:
    """Spending by year; ``None`` where all money is there on the day of the decision."""
    if "fund_years" not in page.results.tables or page.results["fund_years"].is_empty():
        return None
    frame, names = page.results["fund_years"].sort("instrument", "year"), instrument_labels(page)
    awarded = page.results["fund_deals"].sort("lost_usd", "project", descending=[True, False])
    lines = [(row, kind) for row in frame.iter_rows(named=True) for kind in limited(row)]
    made_before = [row[f"{kind}_committed_usd"] or 0.0 for row, kind in lines]
    taken = [made + row[f"{kind}_spent_usd"] for (row, kind), made in zip(lines, made_before, strict=True)]
    axis = scale(0.0, max(1.0, *taken, *(row[f"{kind}_there_usd"] or 0.0 for row, kind in lines)))
    rows = []
    for (row, kind), made in zip(lines, made_before, strict=True):
        spent, there, left_over = (row[f"{kind}_{name}_usd"] for name in ("spent", "there", "left"))
        marks = [Mark("pale", 0.0, axis.at(made))] if made > 0 else []
        marks += [Mark("solid", axis.at(made), axis.at(made + spent))] if spent > 0 else []
        marks += [] if there is None else [Mark("bound", axis.at(there), axis.at(there))]
        within = pl.col("parts").fill_null("").str.split(";").list.contains(row["instrument"])
        mine = (pl.col("instrument") == row["instrument"]) | within
        paid = awarded.filter(mine & (pl.col("award_year") == row["year"]))["label"]
        deals = in_words(paid.to_list()) if len(paid) else "no deal"
        deals = f"{deals}; {usd(made)} is committed already" if made > 0 else deals
        ending = "is left over" if row["year"] == frame["year"].max() else _LEFT[row["carries_over"]]
        left = f"; {usd(left_over)} {ending}" if left_over else ""
        words = usd(spent) if there is None else f"{usd(spent)} of {usd(there)}"
        rows.append(
            Track(
                str(row["year"]),
                tuple(marks),
                words,
                f"{names.get(row['instrument'], row['instrument'])}, {KINDS[kind]}",
                f"{deals}{left}",
            )
        )
    committed = (("pale", "committed already"),) if any(made_before) else ()
    spending = frame.group_by("year").agg(pl.col("face_spent_usd").sum()).filter(pl.col("face_spent_usd") > 0)
    parts = [f"{usd(amount)} in {year}" for year, amount in spending.sort("year").iter_rows()]
    sources = page.results.package["instruments"].filter(pl.col("instrument").is_in(frame["instrument"].to_list()))
    return Figure(
        "money-years",
        f"Awarded: {in_words(parts)}" if parts else "No year awards anything",
        "Bar: face value, or cost to the public, of the deals that are awarded in the year, after what is committed "
        "already. Dashed mark: money that is there, with what earlier years left over where it carries over.",
        "Money by year. " + "; ".join(f"{row.label}, {row.note}: {row.words}" for row in rows) + ".",
        result_grid(page.results, "fund_years", frame, _COLUMNS, page.by_key, "Money by year", spoken=True),
        page.cite(sources["source"]),
        "OUT/tables/fund_years.csv",
        tracks(rows, axis, lambda value: written(value, USD),
               (("solid", "spent"), *committed, ("bound", "there to be spent"))),
    )  # fmt: skip
