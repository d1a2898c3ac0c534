"""Bundles of instruments, part by part: what each moves, costs and brings back."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from reshore.report.grid import result_grid
from reshore.report.page import Figure, Page
from reshore.report.sections.money_decision import instrument_labels
from reshore.report.sections.tracks import Mark, Scale, Track, scale, tracks
from reshore.report.words import usd
from reshore.study.words import first_upper, in_words
from reshore.units import USD, written

ROWS = 24
COLUMNS = (
    "label", "bundle_label", "chosen", "kind", "instrument", "face_usd", "budget_usd", "fair_usd", "cost_from", "terms",
)  # fmt: skip


def packages(page: Page) -> Figure | None:
    """What each part of a bundle costs on both bases, the bundles of the plan first."""
    if "fund_bundles" not in page.results.tables or page.results["fund_bundles"].is_empty():
        return None
    frame = page.results["fund_bundles"].sort("chosen", "project", "bundle", "line", descending=[True] + 3 * [False])
    costs = frame.filter(pl.col("budget_usd").is_not_null())
    ends = [*costs["budget_usd"], *costs["fair_usd"], *costs["face_usd"].drop_nulls()]
    axis, names = scale(min(0.0, *ends), max(1.0, *ends)), instrument_labels(page)
    rows = [_row(row, axis, names) for row in costs.iter_rows(named=True)]
    return Figure(
        "money-packages",
        _title(costs),
        "Bar: cost to the public on the budget basis, at Treasury rates; left of zero, what it brings. Thin bar: from "
        "there to its fair value. Dashed mark: money that it moves now. Parts of one package are taken together or not "
        "at all.",
        "Packages, part by part. " + "; ".join(f"{row.label}, {row.note}: {row.words}" for row in rows) + ".",
        result_grid(page.results, "fund_bundles", frame, COLUMNS, page.by_key, "Packages, part by part", spoken=True),
        page.cite(_sources(page, frame)),
        "OUT/tables/fund_bundles.csv",
        tracks(rows[:ROWS], axis, lambda value: written(value, USD),
               (("solid", "budget cost, in the plan"), ("pale", "budget cost, not in the plan"),
                ("thin", "to fair value"), ("bound", "money now")), rule=0.0, after=_after(frame),
               more=max(0, len(rows) - ROWS)),
    )  # fmt: skip


def _sources(page: Page, frame: pl.DataFrame) -> list[str]:
    rows = page.results.package["instruments"].filter(pl.col("instrument").is_in(frame["instrument"].to_list()))
    return rows["source"].drop_nulls().to_list()


def _row(row: dict[str, Any], axis: Scale, names: dict[str, str]) -> Track:
    nil, cost, fair = (axis.at(value) for value in (0.0, row["budget_usd"], row["fair_usd"]))
    start, end = sorted((nil, cost))
    marks = [Mark("solid" if row["chosen"] else "pale", start, end)] if end > start else []
    low, high = sorted((cost, fair))
    marks += [Mark("thin", low, high)] if high > low else []
    if row["face_usd"]:
        marks.append(Mark("bound", axis.at(row["face_usd"]), axis.at(row["face_usd"])))
    moves = f"moves {usd(row['face_usd'])}" if row["face_usd"] else "moves no money now"
    stated = ", as its authority states" if row["cost_from"] == "stated" else ""
    return Track(
        f"{first_upper(row['kind'])}: {row['label']}", tuple(marks), f"{_costs(row['budget_usd'])}{stated}",
        names.get(row["instrument"], "of the whole package"),
        f"{moves}; at fair value it {_costs(row['fair_usd'])}", row["chosen"],
    )  # fmt: skip


def _costs(value: float) -> str:
    return f"{'brings' if value < 0 else 'costs'} {usd(abs(value))}"


def _title(costs: pl.DataFrame) -> str:
    """The first package with what it moves and costs in all; how many more there are."""
    first = costs.row(0, named=True)
    own = costs.filter((pl.col("project") == first["project"]) & (pl.col("bundle") == first["bundle"]))
    face = math.fsum(own["face_usd"].drop_nulls())
    budget, fair = math.fsum(own["budget_usd"]), math.fsum(own["fair_usd"])
    more = costs.select("project", "bundle").n_unique() - 1
    taken = "is in the plan" if first["chosen"] else "is not in the plan"
    others = f"; {more} more {'was' if more == 1 else 'were'} offered" if more else ""
    return (
        f"{first['bundle_label']} {taken}: it moves {usd(face)} and {_costs(budget)}; at fair value it {_costs(fair)}"
        f"{others}"
    )


def _after(frame: pl.DataFrame) -> list[str]:
    """Per package, what the other side owes beside money, where its terms are from, and which of them are assumed."""
    found = []
    for (_, _), own in frame.group_by(["project", "bundle"], maintain_order=True):
        row = own.row(0, named=True)
        owed = own.filter(pl.col("budget_usd").is_null())
        words = [f"{one['kind']} ({one['terms']})" for one in owed.iter_rows(named=True)]
        parts = [f"{row['bundle_label']} for {row['label']}"]
        parts += [f"with {in_words(words, 6)}"] if words else []
        parts += [f"terms from {row['terms_from']}"]
        parts += [f"assumed: {row['assumed']}"] if row["assumed"] else []
        found.append("; ".join(parts) + ".")
    return found
