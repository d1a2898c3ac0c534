"""How cells of each kind are read: the text that is accepted and the typed value.

Checks run on whole columns; only cells that fail are looked at one by one, to say what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal

import polars as pl

from reshore.countries import COUNTRIES, CURRENCIES, PLACE_CODES
from reshore.tables.columns import MISSING, Column, Kind
from reshore.tables.explain import did_you_mean, explain, nearest, no_such_file, out_of_range
from reshore.tables.keys import Verdict, are_keys
from reshore.units import UNITS

__all__ = ["Refused", "did_you_mean", "dtype", "nearest", "no_such_file", "parse"]

_HS_CODE = "(?:0[1-9]|[1-9][0-9])(?:[0-9]{2}){0,4}"
_URL_ADDRESS = r"https?://[^\s/][^\s]*"
_PATTERNS: dict[Kind, str] = {
    "number": r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$",
    "integer": r"^-?(?:0|[1-9][0-9]*)$",
    "year": r"^(?:1[89]|2[01])[0-9]{2}$",
    "date": r"^(?:1[89]|2[01])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$",
    "period": r"^(?:1[89]|2[01])[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?$",
    "hs": f"^{_HS_CODE}(?:;{_HS_CODE})*$",
    "url": f"^{_URL_ADDRESS}(?: ; {_URL_ADDRESS})*$",
}
_ALPHA2 = {country.alpha2: code for code, country in COUNTRIES.items()}
_ALPHA2_CELLS = sorted(_ALPHA2)
_COUNTRY_CELLS = sorted({*PLACE_CODES, *_ALPHA2})
_UNIT_CELLS = sorted(UNITS)
_CURRENCY_CELLS = sorted(CURRENCIES)
_DAY_LENGTH = len("2025-01-31")
_EXACT = Context(prec=1_000)
_EXACT_BELOW = 2.0**53
"""Whole numbers from here on need not have a floating point number of their own."""

DTYPES: dict[Kind, pl.DataType] = {
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "year": pl.Int64(),
    "boolean": pl.Boolean(),
}


@dataclass(frozen=True)
class Refused:
    """Cells that are not accepted, by position, and what to say about each."""

    positions: pl.Series
    verdict: Callable[[int], Verdict]


def dtype(column: Column) -> pl.DataType:
    """The polars type of the values of `column`."""
    return DTYPES.get(column.kind, pl.String())


def parse(column: Column, cells: pl.Series) -> tuple[pl.Series, list[Refused]]:
    """Typed values of `column`, and the cells that are not accepted.

    `cells` is a String series without nulls in which ``""`` stands for an empty cell. Refused and empty cells are null
    in the values. Labels of missing numbers (`MISSING`) are empty cells here.
    """
    empty = cells.is_in(list(MISSING)) if column.labelled else cells == ""
    filled = cells.set(empty, None) if empty.any() else cells
    if filled.null_count() == filled.len():
        values = pl.Series(filled.name, [None], dtype=dtype(column)).new_from_index(0, filled.len())
        return values, _refused_if_needed(column, empty)
    wrong = ~_accepts(column, filled).fill_null(False) & ~empty
    refused: list[Refused] = []
    if wrong.any():
        refused.append(Refused(wrong.arg_true(), lambda position: explain(column, cells[position])))
        filled = filled.set(wrong, None)
    values = _values(column, filled)
    if column.kind in ("number", "integer"):
        for wrong, verdict in _wrong_values(column, filled, values):
            if wrong.any():
                refused.append(Refused(wrong.arg_true(), verdict))
                values = values.set(wrong, None)
    return values, refused + _refused_if_needed(column, empty)


def _refused_if_needed(column: Column, empty: pl.Series) -> list[Refused]:
    if column.absent is not None or not empty.any():
        return []
    return [
        Refused(
            empty.arg_true(), lambda _: ("empty-cell", f"a value: {column.description.rstrip('.')}", "fill the cell")
        )
    ]


def _accepts(column: Column, cells: pl.Series) -> pl.Series:
    """Whether each filled cell has the form of its kind; null stays null."""
    match column.kind:
        case "text":
            sound = cells.str.strip_chars() != ""
            return sound if column.multiline else sound & ~cells.str.contains("\n", literal=True)
        case "id" | "place":
            return are_keys(cells)
        case "ids":
            return _all_keys(cells)
        case "boolean":
            return cells.is_in(["true", "false"])
        case "category":
            return cells.is_in(sorted(column.choices))
        case "country":
            return cells.is_in(_COUNTRY_CELLS)
        case "unit":
            return cells.is_in(_UNIT_CELLS)
        case "currency":
            return cells.is_in(_CURRENCY_CELLS)
        case "date" | "period":
            return cells.str.contains(_PATTERNS[column.kind]) & _in_calendar(cells)
        case _:
            return cells.str.contains(_PATTERNS[column.kind])


def _all_keys(cells: pl.Series) -> pl.Series:
    parts = pl.DataFrame({"cell": cells.str.split(";")}).with_row_index().explode("cell")
    wrong = parts.filter((~are_keys(parts["cell"])).fill_null(False))["index"]
    return cells.is_not_null().scatter(wrong, [False] * len(wrong)) if len(wrong) else cells.is_not_null()


def _in_calendar(cells: pl.Series) -> pl.Series:
    is_day = cells.str.len_bytes() == _DAY_LENGTH
    if not is_day.any():
        return cells.is_not_null()
    return ~is_day | cells.str.to_date("%Y-%m-%d", strict=False).is_not_null()


def _values(column: Column, cells: pl.Series) -> pl.Series:
    match column.kind:
        case "number":
            return cells.cast(pl.Float64, strict=False) + 0.0
        case "integer" | "year":
            return cells.cast(pl.Int64, strict=False)
        case "boolean":
            return cells == "true"
        case "country":
            return cells.replace(_ALPHA2) if cells.is_in(_ALPHA2_CELLS).any() else cells
        case _:
            return cells


def _wrong_values(
    column: Column, cells: pl.Series, values: pl.Series
) -> list[tuple[pl.Series, Callable[[int], Verdict]]]:
    """Masks of numbers whose text has the right form but whose value is not accepted, each with its verdict."""
    wrong: list[tuple[pl.Series, Callable[[int], Verdict]]] = []

    def add(mask: pl.Series, code: str, expected: str, fix: str) -> None:
        wrong.append((mask.fill_null(False), lambda _: (code, expected, fix)))

    if column.kind == "integer":
        add(
            cells.is_not_null() & values.is_null(), "number-too-large", "a whole number below 2^63", "use a larger unit"
        )
    else:
        add(values.is_infinite(), "not-finite", "a number below 1e308", "use a larger unit")
        if (values == 0).any():
            add(
                (values == 0) & cells.str.contains("^[^eE]*[1-9]"),
                "underflow",
                "0 or a number above 1e-307",
                "write 0 or use a smaller unit",
            )
        if (values.abs() >= _EXACT_BELOW).any():
            add(_imprecise(cells, values), "loses-precision", "at most 15 digits", "round it or use a larger unit")
    for outside in (
        values < column.low if column.low is not None else None,
        values > column.high if column.high is not None else None,
    ):
        if outside is not None:
            finite = outside & values.is_finite() if column.kind == "number" else outside
            wrong.append((finite.fill_null(False), lambda position: out_of_range(column, values[position])))
    if column.unit is not None and column.unit.dimension == "money":
        add(_beyond_cents(cells), "money-decimals", "money with at most two decimals", "round to cents")
    return wrong


def _imprecise(cells: pl.Series, values: pl.Series) -> pl.Series:
    """Whole numbers that the nearest floating point number does not give back."""
    places = ((values.abs() >= _EXACT_BELOW) & values.is_finite()).fill_null(False).arg_true()
    lost = [
        Decimal(repr(value)) != Decimal(cell)
        for cell, value in zip(cells.gather(places), values.gather(places), strict=True)
    ]
    mask = pl.Series([False], dtype=pl.Boolean).new_from_index(0, cells.len())
    return mask.scatter(places, lost) if len(places) else mask


def _beyond_cents(cells: pl.Series) -> pl.Series:
    """Amounts with a third decimal, by their text: in floating point 777.55 times 100 is not a whole number."""
    beyond = cells.str.contains(r"\.[0-9]{2}[0-9]*[1-9]").fill_null(False)
    places = cells.str.contains("[eE]").fill_null(False).arg_true()
    if not len(places):
        return beyond
    return beyond.scatter(places, [_decimals(cell) > 2 for cell in cells.gather(places)])


def _decimals(cell: str) -> int:
    """How many digits `cell` has behind the point when it is written without an exponent."""
    exponent = Decimal(cell).normalize(_EXACT).as_tuple().exponent
    return -int(exponent)
