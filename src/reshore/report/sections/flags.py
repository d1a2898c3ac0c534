"""Flags of dependence with their margin: what fires, what nearly does, what cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from reshore.report.grid import grid
from reshore.report.page import Block, Figure, Page
from reshore.tables import Column
from reshore.units import written

NEAR = 0.1


@dataclass(frozen=True)
class Dot:
    """One good on a flag's line: where it lies from 0 to 1, and what it says."""

    low: float
    high: float
    fires: bool
    says: str


@dataclass(frozen=True)
class Line:
    """One flag: its words, its threshold, its goods that can be told, and how many cannot."""

    label: str
    source: str
    threshold: float
    dots: tuple[Dot, ...]
    fires: int
    near: int
    open: int


def flags(page: Page) -> Block:
    """All flags that can be told for any good."""
    frame = page.results["flags"]
    record = page.results.columns["flags"].column("flag")
    found = [_line(page, record, str(name), rows) for (name,), rows in frame.group_by("flag", maintain_order=True)]
    lines = sorted((line for line in found if line.dots), key=lambda line: (-line.fires, line.label))
    silent = [line.label for line in found if not line.dots]
    intro = (
        "Published thresholds are conventions, and goods near them change sides from year to year: read the distance "
        "to the line, not only the side. A good is drawn only where its range lies on one side."
    )
    after = f"Cannot be told for any good, for lack of data: {', '.join(silent)}." if silent else ""
    if not lines:
        return Block("Flags of dependence", intro, after=after)
    return Block("Flags of dependence", intro, (_figure(page, frame, lines),), after)


def _line(page: Page, record: Column, name: str, rows: pl.DataFrame) -> Line:
    words, _, source = record.choices[name].partition(": value above ")
    told = rows.filter(pl.col("margin").is_not_null())
    dots = []
    for row in told.sort("margin", "good").iter_rows(named=True):
        low, high = _ends(row)
        says = f"{page.by_key[row['good']].label}: {_value(row)}, margin {row['margin']:+.2g}"
        dots.append(Dot(min(low, 1.0), min(high, 1.0), row["fires"] == "yes", says))
    return Line(
        words,
        source.partition(" (")[2].removesuffix(")"),
        rows["threshold"][0],
        tuple(dots),
        rows.filter(pl.col("fires") == "yes").height,
        told.filter(pl.col("margin").abs() < NEAR).height,
        rows.filter(pl.col("fires") == "cannot be told").height,
    )


def _ends(row: dict[str, Any]) -> tuple[float, float]:
    low = row["value_low"] if row["value_low"] is not None else row["value"]
    high = row["value_high"] if row["value_high"] is not None else row["value"]
    return (low or 0.0), (high if high is not None else 1.0)


def _figure(page: Page, frame: pl.DataFrame, lines: list[Line]) -> Figure:
    told = frame.filter(pl.col("margin").is_not_null())
    told = told.sort("fires", "flag", "margin", "good", descending=[True, False, True, False])
    rows = [
        [
            (page.by_key[row["good"]].label, ""), (row["flag"].replace("-", " "), ""),
            (_value(row), "" if row["value"] is not None else "unknown"), (f"{row['threshold']:g}", ""),
            (f"{row['margin']:+.2g}", ""), (row["fires"], ""),
        ]
        for row in told.iter_rows(named=True)
    ]  # fmt: skip
    first = lines[0]
    goods = f"{first.fires} goods" if first.fires != 1 else "1 good"
    near = sum(line.near for line in lines)
    return Figure(
        "flags-margins",
        f"The flag “{first.label}” fires for {goods}; {near} verdicts in all lie within {NEAR} of their line",
        "A line per flag, from 0 to 1. A mark per good: the end of its range that decides; filled above the threshold, "
        "open below. Values beyond 1 are drawn at 1.",
        "Flags of dependence. "
        + "; ".join(f"{line.label}: fires for {line.fires}, {line.open} cannot be told" for line in lines) + ".",
        grid("Flags that can be told", ("Good", "Flag", "Value", "Threshold", "Margin", "Fires"), rows, (2, 3, 4)),
        page.sources_of(told["good"].unique().sort()),
        "reshore why OUT GOOD flags",
        tuple(lines),
    )  # fmt: skip


def _value(row: dict[str, Any]) -> str:
    if row["value"] is not None:
        return written(row["value"])
    if row["value_low"] is not None and row["value_high"] is not None:
        return f"{written(row['value_low'])} to {written(row['value_high'])}"
    return f"at least {written(row['value_low'])}" if row["value_low"] is not None else "unknown"
