"""Parquet files in, as text: they pass the same door as CSV."""

from __future__ import annotations

import io

import polars as pl

from reshore.errors import Place, Problem, shown
from reshore.tables import ROW, Cells, Table, text_cells
from reshore.tables.text import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, not_a_table, too_large, too_many_rows


def read_parquet(table: Table, file: str, data: bytes) -> tuple[Cells | None, list[Problem]]:
    """The cells of a Parquet file of `table`, or why it cannot be read.

    Columns that the table does not have stay unread.
    """
    if not data.startswith(b"PAR1"):
        wrong = not_a_table(file, data)
        return None, [wrong or _broken(file, "no Parquet file", table)]
    try:
        scan = pl.scan_parquet(io.BytesIO(data))
        names = scan.collect_schema().names()
        if ROW in names:
            place = Place(file, 1, ROW)
            return None, [Problem("unknown-column", place, f"column {ROW!r}", "columns of the table", "remove it")]
        if len(names) > MAX_COLUMNS:
            found = f"{len(names)} columns"
            return None, [Problem("too-large", Place(file), found, f"at most {MAX_COLUMNS} columns", "remove columns")]
        if scan.select(pl.len()).collect().item() > MAX_ROWS:
            return None, [too_many_rows(file)]
        known = _known(table)
        frame = scan.select(name for name in names if name in known).collect()
        cells = text_cells(table, frame, file)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, OverflowError) as error:
        return None, [_broken(file, str(error) or type(error).__name__, table)]
    size = sum(int(cells.frame[name].str.len_bytes().sum()) for name in cells.frame.columns if name in known)
    if size > MAX_BYTES:
        return None, [too_large(file, size)]
    unread = [pl.lit("").alias(name) for name in names if name not in known]
    return Cells(file, cells.frame.with_columns(unread)), []


def _known(table: Table) -> set[str]:
    return {
        name
        for column in table.file_columns
        for name in ((column.name, f"{column.name}_missing") if column.labelled else (column.name,))
    }


def _broken(file: str, found: str, table: Table) -> Problem:
    return Problem(
        "broken-parquet", Place(file), shown(found), f"a whole Parquet file of {table.name}", "write it again"
    )
