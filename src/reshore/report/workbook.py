"""The workbook: every result table on a sheet of its own, with the data's sources; unknown is a word, never a zero."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from reshore.data import table as data_table
from reshore.data import write_files
from reshore.study.results import Results
from reshore.tables import Column, Table

_CREATED = datetime.datetime(2000, 1, 1)  # a fixed date: the same results give the same bytes
_MAX_TEXT = 32_000


def write_workbook(results: Results, path: Path) -> None:
    """Writes every table of `results` as a workbook to `path`."""
    write_files({path.name: workbook_bytes(results)}, path.parent)


def workbook_bytes(results: Results) -> bytes:
    """The workbook as bytes."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": results.title, "comments": f"run {results.run}", "created": _CREATED})
        forms = {
            "head": book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "top"}),
            "text": book.add_format({"valign": "top"}),
            "share": book.add_format({"num_format": "0.0%", "valign": "top"}),
            "number": book.add_format({"num_format": "#,##0.###", "valign": "top"}),
            "year": book.add_format({"num_format": "0", "valign": "top"}),
            "unknown": book.add_format(
                {"pattern": 14, "fg_color": "#9AA4AE", "bg_color": "#FFFFFF", "italic": True, "valign": "top"}
            ),
        }
        _front(book, results, forms)
        for name, frame in results.tables.items():
            _sheet(book, results.columns[name], frame, forms)
        _sheet(book, data_table("sources"), results.package["sources"], forms)
    return buffer.getvalue()


def _front(book: Any, results: Results, forms: dict[str, Any]) -> None:
    sheet = book.add_worksheet("findings")
    sheet.set_column(0, 0, 120, book.add_format({"text_wrap": True, "valign": "top"}))
    lines = [
        results.title,
        results.study.question,
        *results.findings,
        f"run {results.run}, data {results.package.digest}",
    ]
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, forms["head"] if row == 0 else None)


def _sheet(book: Any, table: Table, frame: pl.DataFrame, forms: dict[str, Any]) -> None:
    sheet = book.add_worksheet(table.name[:31])
    sheet.freeze_panes(1, 1)
    columns = table.file_columns
    for place, column in enumerate(columns):
        unit = (
            f", {column.unit}"
            if column.unit is not None and column.unit.name not in ("share", "number", "index")
            else ""
        )
        sheet.write_string(0, place, f"{column.label}{unit}", forms["head"])
        sheet.write_comment(0, place, f"{column.name}: {column.description}", {"visible": False})
        sheet.set_column(place, place, 34 if column.kind == "text" else 14)
        for row, value in enumerate(frame[column.name], 1):
            _write(sheet, row, place, column, value, forms)
    if frame.height:
        sheet.autofilter(0, 0, frame.height, len(columns) - 1)


def _write(sheet: Any, row: int, place: int, column: Column, value: object, forms: dict[str, Any]) -> None:
    if value is None:
        if column.kind == "number":
            sheet.write_string(
                row, place, "unknown" if column.absent in (None, "unknown") else str(column.absent), forms["unknown"]
            )
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value, forms["text"])
    elif isinstance(value, int | float):
        is_share = column.unit is not None and column.unit.dimension == "share"
        form = "year" if column.kind == "year" else "share" if is_share else "number"
        sheet.write_number(row, place, value, forms[form])
    else:
        sheet.write_string(row, place, str(value)[:_MAX_TEXT], forms["text"])
