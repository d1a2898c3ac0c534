"""The workbook: an index, every result table on a sheet of its own, sums that can be followed, and the sources.

Unknown is a hatched word, never a zero. Text is written as text, so that no cell of the data runs as a formula; the
only formulas are those of the sheets ``checks`` and ``money``.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from reshore.data import table as data_table
from reshore.data import write_files
from reshore.report.money_sheet import money_sheet
from reshore.study.results import Results
from reshore.tables import Column, Table

_CREATED = datetime.datetime(2000, 1, 1)  # a fixed date: the same results give the same bytes
_MAX_TEXT = 32_000
_WIDTHS = (9, 52)
_MEASURED_ROWS = 300
_PLAIN = frozenset({"share", "number", "index"})

Forms = Mapping[str, Any]


def write_workbook(results: Results, path: Path) -> None:
    """Writes every table of `results` as a workbook to `path`."""
    write_files({path.name: workbook_bytes(results)}, path.parent)


def workbook_bytes(results: Results) -> bytes:
    """The workbook as bytes."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": results.title, "comments": f"run {results.run}", "created": _CREATED})
        forms = _forms(book)
        sheets = [(results.columns[name], frame) for name, frame in results.tables.items()]
        sheets.append((data_table("sources"), results.package["sources"]))
        _front(book, results, forms)
        _index(book, sheets, forms)
        for table, frame in sheets[:-1]:
            _sheet(book, table, frame, forms)
        _checks(book, results, forms)
        money_sheet(book, results, forms)
        _sheet(book, *sheets[-1], forms)
    return buffer.getvalue()


def _forms(book: Any) -> Forms:
    top = {"valign": "top"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14, "text_wrap": True} | top),
        "wrap": book.add_format({"text_wrap": True} | top),
        "head": book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "bg_color": "#F4F6F8"} | top),
        "link": book.add_format({"font_color": "#1F4E79", "underline": 1} | top),
        "text": book.add_format(top),
        "share": book.add_format({"num_format": "0.0%"} | top),
        "number": book.add_format({"num_format": "#,##0.###"} | top),
        "index": book.add_format({"num_format": "0.000"} | top),
        "year": book.add_format({"num_format": "0"} | top),
        "unknown": book.add_format({"pattern": 14, "fg_color": "#9AA4AE", "bg_color": "#FFFFFF", "italic": True} | top),
    }


def _front(book: Any, results: Results, forms: Forms) -> None:
    sheet = book.add_worksheet("findings")
    sheet.set_column(0, 0, 120)
    sheet.write_string(0, 0, results.title, forms["title"])
    about = (
        f"Run {results.run}; data {results.package.title}, digest {results.package.digest}; as of {results.study.at}."
    )
    lines = (results.study.question, *results.findings, about, "Hatched cells are unknown: neither zero nor small.")
    for row, line in enumerate(lines, 1):
        sheet.write_string(row, 0, line, forms["wrap"])


def _index(book: Any, sheets: Sequence[tuple[Table, pl.DataFrame]], forms: Forms) -> None:
    """Every sheet and every column: what it means, in which unit, and what an empty cell says."""
    sheet = book.add_worksheet("index")
    sheet.freeze_panes(1, 0)
    for place, (heading, width) in enumerate(
        (("Sheet", 16), ("Heading", 30), ("Name", 34), ("Meaning", 70), ("Unit", 14), ("Empty means", 44), ("Rows", 8))
    ):
        sheet.write_string(0, place, heading, forms["head"])
        sheet.set_column(place, place, width)
    row = 1
    for table, frame in sheets:
        sheet.write_url(row, 0, f"internal:'{table.name[:31]}'!A1", forms["link"], table.name)
        for place, text in ((1, table.label), (3, table.description)):
            sheet.write_string(row, place, text, forms["head"])
        sheet.write_number(row, 6, frame.height, forms["year"])
        row += 1
        for column in table.file_columns:
            unit = column.unit.label or column.unit.name if column.unit else ""
            for place, text in enumerate((column.label, column.name, column.description, unit, column.absent or ""), 1):
                sheet.write_string(row, place, text, forms["wrap" if place in (3, 5) else "text"])
            row += 1
    sheet.autofilter(0, 0, row - 1, 6)


def _sheet(book: Any, table: Table, frame: pl.DataFrame, forms: Forms) -> None:
    sheet = book.add_worksheet(table.name[:31])
    sheet.freeze_panes(1, 2 if len(table.file_columns) > 2 else 1)
    columns = table.file_columns
    for place, column in enumerate(columns):
        heading = _heading(column)
        sheet.write_string(0, place, heading, forms["head"])
        sheet.write_comment(0, place, f"{column.name}: {column.description}", {"visible": False})
        texts = [str(value) for value in frame[column.name].head(_MEASURED_ROWS) if value is not None]
        longest = max([len(heading) // 2, *map(len, texts)]) if column.kind not in ("number", "integer") else 12
        sheet.set_column(place, place, min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1]))
        for row, value in enumerate(frame[column.name], 1):
            _write(sheet, row, place, column, value, forms)
    if frame.height:
        sheet.autofilter(0, 0, frame.height, len(columns) - 1)


def _heading(column: Column) -> str:
    unit = "" if column.unit is None or column.unit.name in _PLAIN else f", {column.unit}"
    return f"{column.label}{unit}"


def _write(sheet: Any, row: int, place: int, column: Column, value: object, forms: Forms) -> None:
    if value is None:
        if column.kind == "number":
            sheet.write_string(row, place, column.absent or "unknown", forms["unknown"])
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value, forms["text"])
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value, forms[_number_form(column)])
    else:
        sheet.write_string(row, place, str(value)[:_MAX_TEXT], forms["text"])


def _number_form(column: Column) -> str:
    if column.kind == "year":
        return "year"
    if column.unit is not None and column.unit.dimension in ("share", "index"):
        return column.unit.dimension
    return "number"


@dataclass(frozen=True)
class _Check:
    """A number that the sheet ``suppliers`` adds up to, beside the one reported; ``of`` takes rows of one good."""

    heading: str
    formula: str
    of: Callable[[pl.DataFrame], float]
    reported: str
    form: str


def _squares(rows: pl.DataFrame) -> float:
    return float((rows.filter(pl.col("named"))["share"].drop_nulls() ** 2).sum())


def _concern(rows: pl.DataFrame) -> float:
    return float(rows.filter(pl.col("role") == "concern")["share"].drop_nulls().sum())


_CHECKS = (
    _Check("Share from concern, added up", 'SUMIFS({share},{good},$A{row},{level},"country",{role},"concern")',
           _concern, "concern_share", "share"),
    _Check("Concentration, squares added up",
           'SUMPRODUCT(({good}=$A{row})*({level}="country")*({named}=TRUE),{share},{share})',
           _squares, "herfindahl_index", "index"),
)  # fmt: skip


def _checks(book: Any, results: Results, forms: Forms) -> None:
    """Live formulas over the sheet ``suppliers``: change a share there and see what it does."""
    suppliers, exposure = results["suppliers"], results["exposure"]
    by_country = suppliers.filter(pl.col("level") == "country")
    ranges = _ranges(results.columns["suppliers"], suppliers.height)
    sheet = book.add_worksheet("checks")
    sheet.freeze_panes(1, 2)
    sheet.set_column(0, 1, 30)
    headings = ["Good", "Name", *(text for check in _CHECKS for text in (check.heading, "as reported", "difference"))]
    sheet.set_column(2, len(headings) - 1, 16)
    for place, heading in enumerate(headings):
        sheet.write_string(0, place, heading, forms["head"])
    goods = set(by_country["good"])
    rows = [row for row in exposure.iter_rows(named=True) if row["good"] in goods]
    for number, row in enumerate(rows, 1):
        own = by_country.filter(pl.col("good") == row["good"])
        sheet.write_string(number, 0, row["good"], forms["text"])
        sheet.write_string(number, 1, row["label"], forms["text"])
        for which, check in enumerate(_CHECKS):
            place, reported = 2 + 3 * which, row[check.reported]
            if reported is None:
                sheet.write_string(number, place, "part of supply is unknown", forms["unknown"])
                continue
            value, form = check.of(own), forms[check.form]
            sheet.write_formula(number, place, "=" + check.formula.format(row=number + 1, **ranges), form, value)
            sheet.write_number(number, place + 1, reported, form)
            cells = f"{xl_col_to_name(place)}{number + 1}-{xl_col_to_name(place + 1)}{number + 1}"
            sheet.write_formula(number, place + 2, f"={cells}", form, value - reported)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(headings) - 1)


def _ranges(table: Table, height: int) -> dict[str, str]:
    """The cells of each column of a sheet, as formulas name them."""
    return {
        column.name: f"{table.name}!${xl_col_to_name(place)}$2:${xl_col_to_name(place)}${max(height, 1) + 1}"
        for place, column in enumerate(table.file_columns)
    }
