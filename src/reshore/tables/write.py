"""Checked frames back to text: the same frame always gives the same bytes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import polars as pl

from reshore.tables.columns import MISSING, Column, Table

_WORDS = {meaning: cell for cell, meaning in MISSING.items()}
_FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"
_FORMULA_START = re.compile(_FORMULA)
_NEVER_QUOTED = frozenset({"number", "integer", "year", "date", "period", "boolean", "country", "id"})
_CHUNK = 100_000
_WHOLE_BELOW = 1e15
_EXPONENT_BELOW = 1e-4


def number_text(value: float) -> str:
    """The shortest decimal text that reads back as the same number."""
    if math.isfinite(value) and value == int(value) and abs(value) < _WHOLE_BELOW:
        return str(int(value))
    return repr(value)


def number_texts(values: pl.Series) -> pl.Series:
    """`number_text` of each value; null stays null."""
    texts = values.cast(pl.String).str.strip_suffix(".0")
    size = values.abs()
    special = ((size >= _WHOLE_BELOW) | (size < _EXPONENT_BELOW) | ~values.is_finite()).fill_null(False).arg_true()
    if len(special):
        texts = texts.scatter(special, [number_text(value) for value in values.gather(special)])
    return texts


def csv_columns(table: Table, frame: pl.DataFrame) -> list[tuple[str, pl.Series]]:
    """Headings and cells of `frame` as text without nulls; missing numbers carry their label, formulas a guard."""
    return [(column.name, _cells(column, frame)) for column in table.file_columns]


def _cells(column: Column, frame: pl.DataFrame) -> pl.Series:
    return with_guard(_texts(column, frame)) if column.kind == "text" else _texts(column, frame)


def _texts(column: Column, frame: pl.DataFrame) -> pl.Series:
    values = frame[column.name]
    cells = number_texts(values.cast(pl.Float64)) if column.kind == "number" else values.cast(pl.String)
    if column.labelled:
        cells = cells.fill_null(frame[f"{column.name}_missing"].replace_strict(_WORDS, default=""))
    return cells.fill_null("")


def row_keys(table: Table, frame: pl.DataFrame) -> pl.Series:
    """The key of each row as one text, its parts as in a file and joined by `` | ``."""
    parts = [_texts(table.column(name), frame).alias(name) for name in table.key]
    return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator=" | ").alias("row_key")).to_series()


def csv_bytes(table: Table, frame: pl.DataFrame) -> bytes:
    """`frame` as the CSV file of `table`: UTF-8, LF, every column, in the order of the frame."""
    return b"".join(csv_chunks(table, frame))


def csv_chunks(table: Table, frame: pl.DataFrame) -> Iterator[bytes]:
    """The CSV file of `frame` in pieces, so that large tables need not be held as text."""
    alone = len(table.file_columns) == 1
    yield (",".join(column.name for column in table.file_columns) + "\n").encode("utf-8")
    for part in frame.iter_slices(_CHUNK):
        yield _lines(part.height, [_written(column, part, alone) for column in table.file_columns])


def _lines(height: int, columns: list[pl.Series | None]) -> bytes:
    """Rows of cells as lines of CSV; ``None`` is a column of empty cells."""
    filled = {str(number): cells.alias(str(number)) for number, cells in enumerate(columns) if cells is not None}
    cells = [pl.col(str(number)) if str(number) in filled else pl.lit("") for number in range(len(columns))]
    rows = pl.DataFrame(list(filled.values())).select(pl.concat_str(cells, separator=",")).to_series()
    return ("\n".join(rows) + "\n").encode("utf-8") if height else b""


def _written(column: Column, frame: pl.DataFrame, alone: bool) -> pl.Series | None:
    """The cells of `column`, quoted where they hold a comma, a quote or a line break, or would make a blank line.

    ``None`` when all are empty and other columns give the lines their number.
    """
    if column.name != frame.columns[0] and not column.labelled and frame[column.name].null_count() == frame.height:
        return None
    cells = _cells(column, frame)
    if column.kind in _NEVER_QUOTED and not alone:
        return cells
    special = cells.str.contains('[,"\r\n]')
    if alone:
        special |= cells == ""
    places = special.arg_true()
    if not len(places):
        return cells
    texts = cells.gather(places).str.replace_all('"', '""', literal=True)
    return cells.scatter(places, '"' + texts + '"')


def guarded(cell: str) -> str:
    """A text as no spreadsheet runs it as a formula (ASVS 1.2.10): with an apostrophe before ``= + - @``.

    `unguarded` takes the apostrophe off again, so that export and import are equal.
    """
    return f"'{cell}" if _FORMULA_START.match(cell) else cell


def with_guard(cells: pl.Series) -> pl.Series:
    """`guarded` of each text."""
    return cells.str.replace(f"({_FORMULA})", "'${1}")


def unguarded(cells: pl.Series) -> pl.Series:
    """Texts without the apostrophe that `guarded` puts before formulas."""
    return cells.str.replace(rf"^'({_FORMULA[1:]})", "${1}")
