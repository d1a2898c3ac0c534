"""The sheet ``money`` of the workbook: the arithmetic of a plan as live formulas over the sheets about it.

Change an amount on the sheets ``fund_deals`` and ``fund_bundles``, or a rate here, and see what it does. Beside every
result stands what the run reported, and the difference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from reshore.funding.instruments import read_instruments, subsidy_rate
from reshore.funding.records import BUNDLES, DEALS, PLANS, YEARS
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
_PART_HEADINGS = (
    "Package", "Part or condition", "Moves now, USD", "Cost per dollar that it moves", "Budget cost, USD",
    "as reported", "difference",
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
    plans = results["fund_deals"].height + 4
    packages = plans + results["fund_plans"].height + 2
    sums, free = _packages(writer, results, packages)
    _deals(writer, results, sums)
    _plans(writer, results, plans)
    _years(writer, results, free)


def _packages(writer: _Sheet, results: Results, top: int) -> tuple[dict[tuple[str, str], tuple[str, float]], int]:
    """Packages of the plan, part by part; for each the formula of its cost and its sum; and the next free row."""
    frame = results["fund_bundles"].with_row_index("at", 1) if "fund_bundles" in results.tables else pl.DataFrame()
    rows = [row for row in frame.iter_rows(named=True) if row["chosen"] and row["budget_usd"] is not None]
    if rows:
        writer.head(top, _PART_HEADINGS)
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for row, part in enumerate(rows, top + 1):
        face, cost = part["face_usd"], part["budget_usd"]
        writer.text(row, 0, f"{part['bundle_label']}: {part['label']}")
        writer.text(row, 1, f"{part['kind']}, {part['instrument']}" if part["instrument"] else part["kind"])
        reported = _at(BUNDLES, "budget_usd", part["at"])
        if face:
            writer.formula(row, 2, _at(BUNDLES, "face_usd", part["at"]), face)
            writer.sheet.write_number(row, 3, cost / face, writer.forms["index"])
            writer.formula(row, _RESULT, f"C{row + 1}*D{row + 1}", cost)
        else:
            writer.text(row, 2, "moves no money now")
            writer.formula(row, _RESULT, reported, cost)
        writer.beside(row, reported, cost, cost)
        found.setdefault((part["project"], part["bundle"]), []).append((row + 1, cost))
    sums = {
        key: (f"SUM(E{lines[0][0]}:E{lines[-1][0]})", math.fsum(cost for _, cost in lines))
        for key, lines in found.items()
    }
    return sums, top + (len(rows) + 2 if rows else 0)


def _deals(writer: _Sheet, results: Results, packages: Mapping[tuple[str, str], tuple[str, float]]) -> None:
    """Deals with their subsidy, and both sums beside those of the plan."""
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
        if (deal["project"], deal["instrument"]) in packages:
            formula, cost = packages[deal["project"], deal["instrument"]]
            writer.text(row, 3, "part by part, below")
            writer.formula(row, _RESULT, formula, cost)
            writer.beside(row, _at(DEALS, "subsidy_usd", row), cost, reported)
            costs.append(cost)
            continue
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


def _plans(writer: _Sheet, results: Results, top: int) -> None:
    """Plans with their gap from worth and bound, and what a dollar of face value buys."""
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
        mine = deals.filter(pl.col("award_year") == year["year"])
        spent = math.fsum(mine.filter(pl.col("instrument") == year["instrument"])["amount_usd"])
        in_packages = mine["parts"].fill_null("").str.split(";").list.contains(year["instrument"]).any()
        writer.text(row, 0, year["instrument"])
        writer.formula(row, 1, _at(YEARS, "year", number), year["year"], "year")
        reported = _at(YEARS, "face_spent_usd", number)
        if in_packages:  # what a package takes from one budget stands part by part
            spent, formula = year["face_spent_usd"], reported
        else:
            formula = f"SUMIFS({amounts},{instruments},A{row + 1},{years},B{row + 1})"
        if year["face_there_usd"] is None:
            writer.text(row, 2, "no limit", "unknown")
        else:
            writer.formula(row, 2, _at(YEARS, "face_there_usd", number), year["face_there_usd"])
            made = year["face_committed_usd"] or 0.0
            less = f"-{_at(YEARS, 'face_committed_usd', number)}" if made else ""
            writer.formula(row, 3, f"C{row + 1}{less}-E{row + 1}", year["face_there_usd"] - made - spent)
        writer.formula(row, _RESULT, formula, spent)
        writer.beside(row, reported, spent, year["face_spent_usd"])


def _at(table: Table, name: str, row: int) -> str:
    """The cell of a column on the sheet of a table; its first row of data is 1."""
    names = [column.name for column in table.file_columns]
    return f"{table.name}!{xl_col_to_name(names.index(name))}{row + 1}"
