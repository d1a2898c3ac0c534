"""Tables of the report: result tables as rows of text, with headings from their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from reshore.countries import country_name
from reshore.report.goods import GoodView
from reshore.study.results import Results
from reshore.study.words import reading
from reshore.tables import Column
from reshore.units import written

LONGEST = 200
LONG = 60

Cell = tuple[str, str]
"""Text and class: ``unknown`` cells are hatched, ``muted`` ones soft, ``long`` ones wide."""


@dataclass(frozen=True)
class Grid:
    """A table: what it holds, headings, cells, and how many rows were left out."""

    label: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[bool, ...]
    left_out: int = 0


def grid(label: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]], numeric: Sequence[int] = ()) -> Grid:
    """A table of ready-made cells, cut at `LONGEST` rows; `numeric` columns stand to the right."""
    kept = tuple(tuple(row) for row in rows[:LONGEST])
    places = tuple(place in numeric for place in range(len(headings)))
    return Grid(label, tuple(headings), kept, places, max(0, len(rows) - LONGEST))


def result_grid(
    results: Results,
    table: str,
    frame: pl.DataFrame,
    names: Sequence[str],
    goods: Mapping[str, GoodView],
    label: str,
    *,
    spoken: bool = False,
) -> Grid:
    """Columns of a result table, with headings from their records.

    ``spoken`` is for tables whose ranges stand around a figure, by draws or odds, instead of in its place: the range
    then stands behind the figure, and words of a category for its key.
    """
    columns = [results.columns[table].column(name) for name in names]
    intervals = {column.name for column in results.columns[table].columns if column.interval}
    rows = [
        [
            (_spoken(row, column, column.name in intervals) if spoken else None)
            or _cell(row, column, column.name in intervals, goods)
            for column in columns
        ]
        for row in frame.head(LONGEST).iter_rows(named=True)
    ]
    numeric = [place for place, column in enumerate(columns) if column.kind in ("number", "integer", "year")]
    made = grid(label, [column.label for column in columns], rows, numeric)
    return Grid(made.label, made.headings, made.rows, made.numeric, max(0, frame.height - LONGEST))


def _spoken(row: Mapping[str, Any], column: Column, is_interval: bool) -> Cell | None:
    """A figure with its range behind it, a category in words, or a long text; ``None`` for everything else."""
    value = row[column.name]
    if column.kind == "number":
        ends = [row[f"{column.name}_{end}"] for end in ("low", "high")] if is_interval else [None, None]
        words = [written(end, column.unit) for end in ends if end is not None]
        behind = f" ({words[0]} to {words[1]})" if len(words) == 2 and words[0] != words[1] else ""
        if value is None:
            absent = column.absent or "unknown"
            return f"{absent}{behind}", "unknown" if "known" in absent else "muted"
        return f"{written(value, column.unit)}{behind}", ""
    if value is None:
        return None
    if column.kind == "category" and isinstance(column.choices, Mapping):
        return column.choices.get(value) or value, ""
    return (value, "long") if column.kind == "text" and len(value) > LONG else None


def _cell(row: Mapping[str, Any], column: Column, is_interval: bool, goods: Mapping[str, GoodView]) -> Cell:
    value = row[column.name]
    if column.kind == "number":
        low, high = (row[f"{column.name}_low"], row[f"{column.name}_high"]) if is_interval else (None, None)
        return figure_cell(value, low, high, column)
    if value is None:
        return column.absent or "", "muted"
    if isinstance(value, bool):
        return ("yes" if value else "no"), ""
    if column.name in ("good", "begins_with", "bound_by", "first_use") and value in goods:
        return goods[value].label, ""
    if column.name == "members":
        return ", ".join(country_name(code) for code in value.split(";")), ""
    if column.kind == "country":
        return country_name(value), ""
    return str(value), ""


def figure_cell(point: float | None, low: float | None, high: float | None, column: Column) -> Cell:
    """A number with what is known of its range; hatched where it is not one figure."""
    if column.unit is not None and column.unit.dimension == "share":
        words = reading(point, low, high)
        return words, "" if point is not None and words == reading(point, None, None) else "unknown"
    if point is not None:
        return written(point, column.unit), ""
    if low is not None and high is not None:
        return f"{written(low, column.unit)} to {written(high, column.unit)}", "unknown"
    return (f"at least {written(low, column.unit)}" if low is not None else "unknown"), "unknown"
