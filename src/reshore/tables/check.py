"""The door: cells become typed rows, or problems that say where, what, and what to do. All problems at once."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real

import polars as pl

from reshore.countries import PLACE_CODES
from reshore.errors import LISTED_PROBLEMS, Place, Problem, limited, more_problems, shown
from reshore.tables import cells as kinds
from reshore.tables.columns import MISSING, Column, Finding, Table
from reshore.tables.keys import look_alikes
from reshore.tables.letters import plain
from reshore.tables.text import ROW, Cells
from reshore.tables.write import number_text, unguarded, with_guard

_TOTALS = frozenset({"total", "totals", "sum", "grand total", "world total", "subtotal"})
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no text holds; they become a character that is refused."""


def empty_frame(table: Table) -> pl.DataFrame:
    """A frame of `table` without rows, with every column and its type."""
    return pl.DataFrame(schema=frame_schema(table))


def frame_schema(table: Table) -> dict[str, pl.DataType]:
    """Names and types of the frame of `table`: its file columns, and why a labelled number is missing."""
    schema: dict[str, pl.DataType] = {}
    for column in table.file_columns:
        schema[column.name] = kinds.dtype(column)
        if column.labelled:
            schema[f"{column.name}_missing"] = pl.String()
    return schema


def text_cells(table: Table, rows: Sequence[Mapping[str, object]] | pl.DataFrame, file: str) -> Cells:
    """Rows from a program as the cells of a file, so that they pass through the same door as text."""
    if isinstance(rows, pl.DataFrame):
        frame = (
            rows.select(_texts(table, rows[name]).fill_null("").alias(name) for name in rows.columns if name != ROW)
            if rows.columns
            else empty_frame(table)
        )
    elif rows:
        names = list(dict.fromkeys(name for row in rows for name in row))
        frame = pl.DataFrame(
            [pl.Series(str(name), [_as_text(row.get(name)) for row in rows], dtype=pl.String) for name in names]
        )
    else:
        frame = pl.DataFrame(schema=dict.fromkeys((column.name for column in table.file_columns), pl.String))
    for column in table.file_columns:
        if column.labelled and f"{column.name}_missing" in frame.columns and column.name in frame.columns:
            frame = _labels_in_cells(frame, column.name)
        if column.kind == "text" and column.name in frame.columns:
            frame = frame.with_columns(with_guard(frame[column.name]))
    return Cells(file, frame.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(ROW)))


def _labels_in_cells(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Numbers and the reasons of their absence in one column, as in a file; what does not fit is left to be refused."""
    reason = pl.col(f"{name}_missing")
    written = reason.replace({meaning: cell for cell, meaning in MISSING.items()})
    both = pl.when(reason == "").then(pl.col(name)).otherwise(pl.concat_str(name, pl.lit(" "), reason))
    return frame.with_columns(pl.when(pl.col(name) == "").then(written).otherwise(both).alias(name)).drop(
        f"{name}_missing"
    )


def _texts(table: Table, values: pl.Series) -> pl.Series:
    whole = {column.name for column in table.file_columns if column.kind in ("integer", "year")}
    if values.dtype.is_float() and values.name in whole and (values.round() == values).all():
        values = values.cast(pl.Int64, strict=False)
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        return pl.Series(values.name, [None if value is None else repr(value) for value in values], dtype=pl.String)
    return values.cast(pl.String)


def _as_text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return value if value.isascii() else _SURROGATE.sub("\0", value)
        case bool():
            return "true" if value else "false"
        case Integral():
            return str(int(value))
        case Real():
            return number_text(float(value))
        case datetime.date():
            return value.isoformat()
        case _:
            return str(value)


def check_table(table: Table, cells: Cells) -> tuple[pl.DataFrame, list[Problem]]:
    """The rows of `cells` as a typed frame of `table`, and every problem found.

    The frame carries ``_row`` for further rules and is sorted by key; where there are errors it holds what could be
    read, and must not be used for results.
    """
    problems: list[Problem] = []
    frame = _known_columns(table, cells, problems)
    if frame is None:
        return empty_frame(table).with_columns(pl.lit(0, pl.Int64).alias(ROW)), problems
    frame = _without_totals(table, cells.file, frame, problems)
    if frame.is_empty() and table.required:
        problems.append(Problem("no-rows", Place(cells.file), "a header and no rows", "at least one row", "add rows"))
    columns, refused = _typed(table, cells.file, frame, problems)
    del frame
    typed = _in_key_order(table, columns)
    with_key = typed.remove(pl.col(ROW).is_in(refused)) if refused else typed
    problems += limited(_repeated_keys(table, cells.file, with_key))
    problems += _confusable_keys(table, cells.file, typed)
    for rule in table.rules:
        problems += limited(_placed(cells.file, finding) for finding in rule(typed))
    return typed, problems


def _placed(file: str, finding: Finding) -> Problem:
    place = Place(file, finding.row, finding.column)
    severity = "note" if finding.note else "error"
    return Problem(finding.code, place, finding.found, finding.expected, finding.fix, severity)  # type: ignore[arg-type]  # the two words of Severity


def _known_columns(table: Table, cells: Cells, problems: list[Problem]) -> pl.DataFrame | None:
    """The columns of `table` that are there, or ``None`` when a part of the key is not."""
    known = [column.name for column in table.file_columns]
    present = [name for name in cells.frame.columns if name != ROW]
    for name in present:
        if name not in known:
            place = Place(cells.file, 1, shown(name))
            fix = kinds.did_you_mean(name, set(known) - set(present)) if name.strip() else "name the column"
            problems.append(
                Problem("unknown-column", place, f"column {shown(name)!r}", f"columns of {table.name}", fix)
            )
    missing = [name for name in known if name not in present and name not in table.optional]
    for name in missing:
        problems.append(
            Problem(
                "missing-column", Place(cells.file, 1, name), "no such column", f"column {name!r}", "add the column"
            )
        )
    if set(missing) & set(table.key):
        return None
    return cells.frame.select(*(name for name in known if name in present), ROW)


def _without_totals(table: Table, file: str, frame: pl.DataFrame, problems: list[Problem]) -> pl.DataFrame:
    first = frame[table.key[0]]
    total = first.str.strip_chars().str.to_lowercase().is_in(sorted(_TOTALS))
    if not total.any():
        return frame
    for row, cell in zip(frame.filter(total)[ROW], first.filter(total), strict=True):
        place = Place(file, row, table.key[0])
        problems.append(Problem("total-row", place, f"'{shown(cell)}'", "rows that are facts", "remove the total"))
    return frame.filter(~total)


def _typed(table: Table, file: str, frame: pl.DataFrame, problems: list[Problem]) -> tuple[list[pl.Series], list[int]]:
    """Typed columns, and the rows whose key could not be read."""
    rows = frame[ROW]
    series: list[pl.Series] = []
    without_key: list[int] = []
    for column in table.file_columns:
        if column.name not in frame.columns:
            series += _not_given(column, frame.height)
            continue
        raw, found = plain(file, column, frame[column.name], rows)
        problems += limited(found)
        if column.kind == "text":
            raw = unguarded(raw)
        values, refused = kinds.parse(column, raw)
        for cells in refused:
            problems += _refusals(file, column, raw, rows, cells)
            if column.name in table.key:
                without_key += rows.gather(cells.positions).to_list()
        if column.kind == "country":
            problems += limited(_converted(file, column, raw, values, rows))
        series.append(values.alias(column.name).cast(kinds.dtype(column)))
        if column.labelled:
            reasons = raw.replace_strict(MISSING, default=None, return_dtype=pl.String)
            series.append(reasons.alias(f"{column.name}_missing"))
    return [*series, rows], without_key


def _in_key_order(table: Table, columns: list[pl.Series]) -> pl.DataFrame:
    """The rows sorted by key, then by row of the file; column by column, as a copy of all at once takes its room."""
    keys = pl.DataFrame([column for column in columns if column.name in (*table.key, ROW)])
    order = keys.select(pl.arg_sort_by(*table.key, ROW, nulls_last=False)).to_series()
    del keys
    return pl.DataFrame([columns.pop(0).gather(order) for _ in range(len(columns))])


def _not_given(column: Column, height: int) -> list[pl.Series]:
    """The values of a column that the file does not have."""
    series = [pl.Series(column.name, [None], dtype=kinds.dtype(column))]
    if column.labelled:
        series.append(pl.Series(f"{column.name}_missing", [MISSING[""]], dtype=pl.String))
    return [values.new_from_index(0, height) for values in series]


def _refusals(file: str, column: Column, raw: pl.Series, rows: pl.Series, refused: kinds.Refused) -> Iterator[Problem]:
    """A problem for each refused cell, up to `LISTED_PROBLEMS`, and one for all that follow."""

    def problem(position: int) -> Problem:
        code, expected, fix = refused.verdict(position)
        found = f"'{shown(raw[position])}'" if raw[position] else "an empty cell"
        return Problem(code, Place(file, rows[position], column.name), found, expected, fix)

    yield from map(problem, refused.positions.head(LISTED_PROBLEMS))
    more = len(refused.positions) - LISTED_PROBLEMS
    if more > 0:
        yield more_problems(problem(refused.positions[LISTED_PROBLEMS]), more)


def _converted(file: str, column: Column, raw: pl.Series, values: pl.Series, rows: pl.Series) -> Iterator[Problem]:
    """A note for each two-letter code that was read as a country."""
    converted = (raw != values).fill_null(False)
    if not converted.any():
        return
    frame = pl.DataFrame([raw.alias("raw"), values.alias("value"), rows.alias(ROW)]).filter(converted)
    for cell, value, row, count in (
        frame.group_by("raw", "value").agg(pl.col(ROW).min(), pl.len()).sort(ROW).iter_rows()
    ):
        found = f"'{shown(cell)}'" + (f" in {count} rows" if count > 1 else "")
        yield Problem(
            "converted-country",
            Place(file, row, column.name),
            found,
            "an ISO 3166-1 alpha-3 code",
            f"none needed: read as {value}",
            "note",
        )


def _repeated_keys(table: Table, file: str, frame: pl.DataFrame) -> Iterator[Problem]:
    """Rows that repeat the key of an earlier one. `frame` is sorted by key."""
    again = frame.select(
        pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in table.key)
        & (pl.int_range(pl.len()) > 0)
    ).to_series()
    if not again.any():
        return
    contents = [name for name in frame.columns if name != ROW]
    repeated = frame.filter(again | again.shift(-1, fill_value=False))
    first: dict[str, object] = {}
    for other in repeated.iter_rows(named=True):
        if not first or any(first[name] != other[name] for name in table.key):
            first = other
            continue
        named = " | ".join("" if other[name] is None else str(other[name]) for name in table.key)
        differing = [name for name in contents if first[name] != other[name]]
        detail = ", ".join(
            f"{name} {shown(first[name], 20)!r} and {shown(other[name], 20)!r}" for name in differing[:3]
        )
        yield Problem(
            "conflicting-rows" if differing else "duplicate-row",
            Place(file, other[ROW], table.key[0]),
            f"key '{shown(named)}' again after row {first[ROW]} ({detail or 'the same content'})",
            "each key once",
            "keep one, or give each its own source or series" if differing else "remove one of the rows",
        )


_LOOKS = {
    "two-spellings": "written with other code points",
    "differs-by-case": "that differs only by case",
    "confusable-id": "that looks the same",
}


def _confusable_keys(table: Table, file: str, frame: pl.DataFrame) -> list[Problem]:
    own = table.columns[0]
    if own.kind != "id" or len(table.key) > 1:
        return []
    found = look_alikes(frame.select(own.name, ROW))
    return limited(
        Problem(
            code,
            Place(file, row, own.name),
            f"'{shown(key)}' beside '{shown(other)}' in row {other_row}, {_LOOKS[code]}",
            "keys that cannot be confused",
            "use one spelling",
        )
        for row, key, other, other_row, code in found
    )


def is_country(place: pl.Expr) -> pl.Expr:
    """Whether a supplier is written as a country, bloc or placeholder rather than as an organization."""
    return place.is_in(sorted(PLACE_CODES))
