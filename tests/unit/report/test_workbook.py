"""The workbook: the same bytes, text that stays text, sums that agree with what is reported."""

from __future__ import annotations

import io

import openpyxl
import pytest

from reshore.report import workbook_bytes
from reshore.study import make_study, run
from tests.small import rows, settings, small_package


@pytest.fixture(scope="module")
def results():
    return run(make_study(settings()), small_package())


@pytest.fixture(scope="module")
def book(results):
    return openpyxl.load_workbook(io.BytesIO(workbook_bytes(results)))


def test_the_same_results_give_the_same_bytes(results):
    assert workbook_bytes(results) == workbook_bytes(results)


def test_every_result_table_has_a_sheet_and_every_sheet_stands_in_the_index(results, book):
    assert book.sheetnames[:2] == ["findings", "index"]
    assert set(results.tables) | {"sources", "checks"} <= set(book.sheetnames)
    listed = {row[0].value for row in book["index"].iter_rows(min_row=2) if row[0].value}
    assert listed == set(results.tables) | {"sources"}


def test_every_column_of_every_sheet_is_explained_with_its_unit(results, book):
    names = [row[2].value for row in book["index"].iter_rows(min_row=2) if row[2].value]
    for table in (results.columns[name] for name in results.tables):
        assert {column.name for column in table.file_columns} <= set(names)
    units = {row[2].value: row[4].value for row in book["index"].iter_rows(min_row=2)}
    assert units["concern_share"] == "share of 1"
    assert units["data_age_years"] == "years"


def test_sheets_are_filtered_and_their_headings_stay(book):
    for name in ("exposure", "suppliers", "flags"):
        assert book[name].auto_filter.ref
        assert book[name].freeze_panes


def test_an_unknown_number_is_a_hatched_word_and_not_a_zero(book):
    sheet = book["exposure"]
    headings = {cell.value: cell.column for cell in sheet[1]}
    motor = next(row[0].row for row in sheet.iter_rows(min_row=2) if row[0].value == "motor")
    cell = sheet.cell(motor, headings["Concern"])
    assert isinstance(cell.value, str)
    assert cell.fill.patternType is not None


def test_checks_add_up_to_what_is_reported():
    # Ore: China 0.6, United States 0.3, rest 0.1. Oxide: China 0.9, Malaysia 0.1: 0.81 + 0.01 = 0.82.
    data = workbook_bytes(run(make_study(settings()), small_package()))
    cells = openpyxl.load_workbook(io.BytesIO(data), data_only=True)["checks"]
    formulas = openpyxl.load_workbook(io.BytesIO(data))["checks"]
    by_good = {row[0].value: row for row in cells.iter_rows(min_row=2)}
    oxide = by_good["oxide"]
    assert (oxide[2].value, oxide[3].value) == (pytest.approx(0.9), pytest.approx(0.9))
    assert (oxide[5].value, oxide[6].value) == (pytest.approx(0.82), pytest.approx(0.82))
    assert (oxide[4].value, oxide[7].value) == (pytest.approx(0), pytest.approx(0))
    text = {row[0].value: row for row in formulas.iter_rows(min_row=2)}["oxide"]
    assert text[2].value.startswith("=SUMIFS(suppliers!$")
    assert text[5].value.startswith("=SUMPRODUCT((suppliers!$")


def test_text_that_looks_like_a_formula_stays_text():
    tables = rows()
    tables["goods"] = [{**row, "label": f'=HYPERLINK("http://e.org","{row["label"]}")'} for row in tables["goods"]]
    data = workbook_bytes(run(make_study(settings()), small_package(**tables)))
    book = openpyxl.load_workbook(io.BytesIO(data))
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    assert sheet.title == "checks", (sheet.title, cell.coordinate)
                    assert cell.value.startswith(("=SUMIFS(suppliers!", "=SUMPRODUCT((suppliers!", "=C", "=F"))
