"""The sheet ``money`` of the workbook: the arithmetic of a plan as live formulas over the sheets of deals and plans.

Change an amount on the sheet ``fund_deals``, or a rate here, and see what it does. Beside every result stands what the
run reported, and the difference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from reshore.funding.instruments import read_instruments, subsidy_rate
from reshore.funding.records import DEALS, PLANS, YEARS
from reshore.study.results import Results
from reshore.tables import Table

_DEAL_HEADINGS = (
    "Deal", "Instrument", "Face value, USD", "Subsidy cost per dollar", "Subsidy cost, USD", "as reported",
    "difference",
)  # fmt: skip
_PLAN_HEADINGS = (
    "Plan", "Worth per dollar of face value", "Worth, USD", "Bound, USD", "Gap, (bound − worth) / worth", "as reported",
    "difference",
)  # fmt: skip
_YEAR_HEADINGS = (
    "Budget", "Year", "Face value there, USD", "Left, USD", "Spent, USD", "as reported", "difference",
)  # fmt: skip
_RESULT = 4
"""The column of results; what was reported and the difference stand to its right."""


@dataclass(frozen=True)
class _Sheet:
    """A sheet that is written by row and column, from zero."""

    sheet: Any
    forms: Mapping[str, Any]

    def head(self, row: int, headings: Sequence[str]) -> None:
        for column, heading in enumerate(headings):
            self.sheet.write_string(row, column, heading, self.forms["head"])

    def text(self, row: int, column: int, text: str, form: str = "text") -> None:
        self.sheet.write_string(row, column, text, self.forms[form])

    def formula(self, row: int, column: int, formula: str, value: float, form: str = "number") -> None:
        self.sheet.write_formula(row, column, f"={formula}", self.forms[form], value)

    def beside(self, row: int, reported_at: str, value: float, reported: float, form: str = "number") -> None:
        """What was reported, right of a result, and the difference."""
        result, told = (xl_rowcol_to_cell(row, _RESULT + step) for step in (0, 1))
        self.formula(row, _RESULT + 1, reported_at, reported, form)
        self.formula(row, _RESULT + 2, f"{result}-{told}", value - reported, form)


def money_sheet(book: Any, results: Results, forms: Mapping[str, Any]) -> None:
    """Adds the sheet where the study speaks of money."""
    if "fund_plans" not in results.tables:
        return
    sheet = book.add_worksheet("money")
    sheet.set_column(0, 1, 34)
    sheet.set_column(2, len(_DEAL_HEADINGS) - 1, 18)
    writer = _Sheet(sheet, forms)
    _years(writer, results, _plans(writer, results, _deals(writer, results) + 1) + 1)


def _deals(writer: _Sheet, results: Results) -> int:
    """Deals with their subsidy, and both sums beside those of the plan; the next free row."""
    writer.head(0, _DEAL_HEADINGS)
    known = read_instruments(results.package["instruments"])
    market = results.study.fund.market if results.study.fund is not None else None
    faces, costs = [], []
    for row, deal in enumerate(results["fund_deals"].iter_rows(named=True), 1):
        instrument = known.get(deal["instrument"])
        rate = subsidy_rate(instrument, market).value if instrument is not None and market is not None else None
        face, reported = deal["amount_usd"], deal["subsidy_usd"]
        writer.text(row, 0, deal["label"])
        writer.text(row, 1, deal["instrument"])
        writer.formula(row, 2, _at(DEALS, "amount_usd", row), face)
        faces.append(face)
        if rate is None:
            writer.text(row, 3, "cannot be told", "unknown")
            writer.formula(row, _RESULT, _at(DEALS, "subsidy_usd", row), reported)
            costs.append(reported)
            continue
        writer.sheet.write_number(row, 3, rate, writer.forms["index"])
        writer.formula(row, _RESULT, f"C{row + 1}*D{row + 1}", face * rate)
        writer.beside(row, _at(DEALS, "subsidy_usd", row), face * rate, reported)
        costs.append(face * rate)
    chosen = next(
        row for row in enumerate(results["fund_plans"].iter_rows(named=True), 1) if row[1]["plan"] == "chosen"
    )
    row = len(faces) + 1
    for name, column, parts in (("subsidy_usd", "E", costs), ("face_usd", "C", faces)):
        writer.text(row, 0, "All deals, subsidy cost" if name == "subsidy_usd" else "All deals, face value", "head")
        total = f"SUM({column}2:{column}{len(faces) + 1})" if faces else "0"
        writer.formula(row, _RESULT, total, math.fsum(parts))
        writer.beside(row, _at(PLANS, name, chosen[0]), math.fsum(parts), chosen[1][name])
        row += 1
    return row


def _plans(writer: _Sheet, results: Results, top: int) -> int:
    """Plans with their gap from worth and bound, and what a dollar of face value buys; the next free row."""
    writer.head(top, _PLAN_HEADINGS)
    for number, plan in enumerate(results["fund_plans"].iter_rows(named=True), 1):
        row = top + number
        worth, bound, face = plan["worth_usd"], plan["bound_usd"], plan["face_usd"]
        writer.text(row, 0, plan["plan"])
        if face > 0:
            writer.formula(row, 1, f"C{row + 1}/{_at(PLANS, 'face_usd', number)}", worth / face)
        else:
            writer.text(row, 1, "no face value")
        writer.formula(row, 2, _at(PLANS, "worth_usd", number), worth)
        if bound is None or plan["gap_share"] is None:
            for column in (3, _RESULT):
                writer.text(row, column, "not a search", "unknown")
            continue
        gap = max(0.0, bound - worth) / abs(worth) if worth else 0.0
        writer.formula(row, 3, _at(PLANS, "bound_usd", number), bound)
        formula = f"IF(C{row + 1}=0,0,MAX(0,D{row + 1}-C{row + 1})/ABS(C{row + 1}))"
        writer.formula(row, _RESULT, formula, gap, "share")
        writer.beside(row, _at(PLANS, "gap_share", number), gap, plan["gap_share"], "share")
    return top + results["fund_plans"].height + 1


def _years(writer: _Sheet, results: Results, top: int) -> None:
    """What the deals of each year come to, beside what is there; nothing where money does not come by year."""
    deals, last = results["fund_deals"], results["fund_deals"].height
    if results["fund_years"].is_empty() or not last:
        return
    writer.head(top, _YEAR_HEADINGS)
    amounts, instruments, years = (
        f"{_at(DEALS, name, 1)}:{_at(DEALS, name, last).split('!')[1]}"
        for name in ("amount_usd", "instrument", "award_year")
    )
    for number, year in enumerate(results["fund_years"].iter_rows(named=True), 1):
        row = top + number
        mine = (pl.col("instrument") == year["instrument"]) & (pl.col("award_year") == year["year"])
        spent = math.fsum(deals.filter(mine)["amount_usd"])
        writer.text(row, 0, year["instrument"])
        writer.formula(row, 1, _at(YEARS, "year", number), year["year"], "year")
        if year["face_there_usd"] is None:
            writer.text(row, 2, "no limit", "unknown")
        else:
            writer.formula(row, 2, _at(YEARS, "face_there_usd", number), year["face_there_usd"])
            writer.formula(row, 3, f"C{row + 1}-E{row + 1}", year["face_there_usd"] - spent)
        writer.formula(row, _RESULT, f"SUMIFS({amounts},{instruments},A{row + 1},{years},B{row + 1})", spent)
        writer.beside(row, _at(YEARS, "face_spent_usd", number), spent, year["face_spent_usd"])


def _at(table: Table, name: str, row: int) -> str:
    """The cell of a column on the sheet of a table; its first row of data is 1."""
    names = [column.name for column in table.file_columns]
    return f"{table.name}!{xl_col_to_name(names.index(name))}{row + 1}"
