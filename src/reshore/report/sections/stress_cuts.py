"""Worst cuts: the few whose loss hurts most, and the fewest whose loss hurts so much, each with its proof."""

from __future__ import annotations

from typing import Any

import polars as pl

from reshore.countries import country_name
from reshore.report.grid import grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.tracks import Mark, Track, scale, tracks
from reshore.study.words import first_upper
from reshore.units import SHARE, written

ROWS = 15
_LEVELS = {"country": "countries", "organization": "firms"}


def stress_cuts(page: Page) -> Block | None:
    """The worst cuts by countries and by firms; none where the study does not ask."""
    if "stress_cuts" not in page.results.tables or page.results["stress_cuts"].is_empty():
        return None
    frame = page.results["stress_cuts"]
    figures = tuple(
        worst_cuts(page, frame.filter(pl.col("level") == level), level)
        for level in _LEVELS
        if (frame["level"] == level).any()
    )
    intro = (
        "Whose loss an adversary would choose, or an accident should not take: found by search over all sets, with a "
        "bound that no other set can pass. Taking the worst one after the other stands beside it; it carries no proof."
    )
    return Block("Worst cuts", intro, figures)


def worst_cuts(page: Page, frame: pl.DataFrame, level: str) -> Figure:
    """Sets as bars of what they cost, with what no other can cost more than."""
    frame = frame.sort("question", "size", "position", descending=[True, False, False])
    top = max(float(frame["loss_share"].max() or 0.0), float(frame["bound_share"].max() or 0.0))  # type: ignore[arg-type]
    axis = scale(0.0, min(1.0, max(top, 1e-3)))
    rows = []
    for row in frame.iter_rows(named=True):
        marks = [Mark("short", 0.0, axis.at(row["loss_share"]))] if row["loss_share"] > 0 else []
        if row["bound_share"] is not None:
            marks.append(Mark("point", axis.at(row["bound_share"]), axis.at(row["bound_share"])))
        rows.append(Track(_names(row), tuple(marks), written(row["loss_share"], SHARE), _asked(row), _proof(row)))
    cells = [
        [
            (_asked(row), ""), (_names(row), ""), (written(row["loss_share"], SHARE), ""),
            (written(row["bound_share"], SHARE) if row["bound_share"] is not None else "not sought", ""),
            (written(row["gap_share"], SHARE), ""), ("yes" if row["is_proved"] else "no", ""),
            (str(row["evaluations_count"]), ""), (_greedy(row), ""),
        ]
        for row in frame.iter_rows(named=True)
    ]  # fmt: skip
    headings = ("Asked", "Who", "Lost", "At most", "Gap", "Proved", "Sets tried", "One after the other")
    return Figure(
        f"stress-cuts-{level}",
        _title(frame, level),
        "Bar: share of the value of demand that is lost when all of them stop, what is left used as well as can be. "
        "Upright mark: what no other set of that size can cost more than. Uses without a known value weigh as the "
        "middle one.",
        "Worst cuts. " + "; ".join(f"{row.label}: {row.words}, {row.below}" for row in rows[:ROWS]) + ".",
        grid(f"Worst cuts by {_LEVELS[level]}", headings, cells, (2, 3, 4, 6)),
        page.sources_upstream([view.good for view in page.views if view.is_final]),
        "OUT/tables/stress_cuts.csv",
        tracks(rows[:ROWS], axis, lambda share: written(share, SHARE),
               (("short", "lost"), ("point", "no other set costs more")), more=max(0, len(rows) - ROWS)),
    )  # fmt: skip


def _names(row: dict[str, Any]) -> str:
    if row["level"] == "country":
        return ", ".join(country_name(code) for code in str(row["members"]).split(";"))
    return str(row["label"])


def _asked(row: dict[str, Any]) -> str:
    size = f"{row['size']} at most" if row["size"] > 1 else "one alone"
    if row["question"] == "fewest":
        return f"fewest that cost {written(row['threshold_share'], SHARE)}"
    return size if row["position"] == 1 else f"{size}, place {row['position']}"


def _proof(row: dict[str, Any]) -> str:
    if row["is_proved"]:
        return "proved"
    return f"gap {written(row['gap_share'], SHARE)}: not proved"


def _greedy(row: dict[str, Any]) -> str:
    if row["greedy"] is None:
        return "not sought"
    names = [country_name(code) if row["level"] == "country" else code for code in str(row["greedy"]).split(";")]
    return f"{', '.join(names)}: {written(row['greedy_loss_share'], SHARE)}"


def _title(frame: pl.DataFrame, level: str) -> str:
    worst = frame.filter((pl.col("question") == "worst") & (pl.col("position") == 1)).sort("size")
    if worst.is_empty():
        row = frame.row(0, named=True)
        return f"Without {_names(row)}, {written(row['loss_share'], SHARE)} of the value of demand is lost"
    unproved = worst.height - int(worst["is_proved"].sum())
    proof = "all proved" if not unproved else f"{unproved} of {worst.height} not proved"
    parts = []
    for row in worst.iter_rows(named=True):
        of = f"single {_LEVELS[level]}" if row["size"] == 1 else f"sets of up to {row['size']}"
        parts.append(f"of {of} {_names(row).replace(', ', ' with ')}, {written(row['loss_share'], SHARE)}")
    return first_upper(f"{parts[0]} of the value of demand{''.join(f'; {part}' for part in parts[1:])} ({proof})")
