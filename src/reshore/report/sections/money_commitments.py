"""Deals that are made already: what they cost, what is known of them, and what would be lost without each."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from reshore.funding.commitments import OUTCOMES
from reshore.report.grid import result_grid
from reshore.report.page import Figure, Page
from reshore.report.sections.money_decision import instrument_labels, made_already
from reshore.report.sections.tracks import Mark, Track, scale, tracks
from reshore.report.words import usd
from reshore.units import USD, written

ROWS = 24
_COLUMNS = (
    "label", "instrument", "date", "budget_year", "amount_usd", "subsidy_usd", "part_share", "outcome", "late_months",
    "stands", "ready_months", "lost_usd",
)  # fmt: skip


def commitments(page: Page) -> Figure | None:
    """Deals made before the plan; ``None`` where there are none."""
    frame = made_already(page)
    if frame.is_empty():
        return None
    names = instrument_labels(page)
    axis = scale(0.0, max(1.0, *frame["amount_usd"], *frame["lost_usd"].fill_null(0.0)))
    rows = []
    for row in frame.iter_rows(named=True):
        lost, paid = row["lost_usd"] or 0.0, axis.at(row["amount_usd"])
        marks = (*((Mark("pale", 0.0, axis.at(lost)),) if lost > 0 else ()), Mark("bound", paid, paid))
        words = usd(row["amount_usd"]) if row["lost_usd"] is None else f"{usd(row['amount_usd'])} → {usd(lost)}"
        note = f"{names.get(row['instrument'], row['instrument'])}, {row['date']}"
        rows.append(Track(row["label"], marks, words, note, known(row)))
    total = math.fsum(frame["amount_usd"])
    failed = frame.filter(pl.col("outcome") == "failed").height
    lost = f", of which {failed} failed" if failed else ""
    sources = page.results.package["projects"].filter(pl.col("project").is_in(frame["project"].to_list()))
    return Figure(
        "money-commitments",
        f"Made already: {frame.height} deal{'s' if frame.height != 1 else ''} for {usd(total)}{lost}",
        "Not a part of this plan: it is chosen beside them, and its worth is what it adds to them. Bar: what is lost "
        "when the project brings nothing and everything else stays. Dashed mark: face value of the deal.",
        "Deals made already. " + "; ".join(f"{row.label}, {row.note}: {row.words}, {row.below}" for row in rows) + ".",
        result_grid(page.results, "fund_commitments", frame, _COLUMNS, page.by_key, "Deals that are made already",
                    spoken=True),
        page.cite(sources["source"]),
        "OUT/tables/fund_commitments.csv",
        tracks(rows[:ROWS], axis, lambda value: written(value, USD),
               (("pale", "lost without it"), ("bound", "face value")), more=max(0, len(rows) - ROWS)),
    )  # fmt: skip


def known(row: dict[str, Any]) -> str:
    """What is known of a project, in words."""
    parts = [OUTCOMES[row["outcome"]]]
    if row["late_months"] is not None:
        parts.append(f"{row['late_months']:g} months late" if row["late_months"] else "on time")
    if row["outcome"] != "failed" and not row["stands"]:
        parts.append("nothing of it stands until it has got what is missing")
    return "; ".join(parts)
