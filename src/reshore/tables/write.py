"""Checked frames back to text: the same frame always gives the same bytes."""

from __future__ import annotations

import csv
import io
import re

import polars as pl

from reshore.tables.columns import MISSING, Table

_WORDS = {meaning: cell for cell, meaning in MISSING.items()}
_FORMULA = re.compile(r"^'*[=+\-@\t\r]")


def number_text(value: float) -> str:
    """The shortest decimal text that reads back as the same number."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def csv_columns(table: Table, frame: pl.DataFrame) -> list[tuple[str, list[str]]]:
    """Headings and cells of `frame` as text; missing numbers carry their label."""
    columns = []
    for column in table.file_columns:
        values = frame[column.name]
        if column.kind == "number":
            cells = ["" if value is None else number_text(value) for value in values]
        elif column.kind == "boolean":
            cells = ["" if value is None else str(value).lower() for value in values]
        else:
            cells = values.cast(pl.String).fill_null("").to_list()
        if column.kind == "text":
            cells = [guarded(cell) for cell in cells]
        if column.labelled:
            reasons = frame[f"{column.name}_missing"]
            cells = [cell or _WORDS.get(reason, "") for cell, reason in zip(cells, reasons, strict=True)]
        columns.append((column.name, cells))
    return columns


def csv_bytes(table: Table, frame: pl.DataFrame) -> bytes:
    """`frame` as the CSV file of `table`: UTF-8, LF, every column, in the order of the frame."""
    columns = csv_columns(table, frame)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([name for name, _ in columns])
    writer.writerows(zip(*(cells for _, cells in columns), strict=True))
    return out.getvalue().encode("utf-8")


def guarded(cell: str) -> str:
    """A text as no spreadsheet runs it as a formula (ASVS 1.2.10): with an apostrophe before ``= + - @``.

    `unguarded` takes the apostrophe off again, so that export and import are equal.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cells: pl.Series) -> pl.Series:
    """Texts without the apostrophe that `guarded` puts before formulas."""
    return cells.str.replace(r"^'('*[=+\-@\t\r])", "${1}")
