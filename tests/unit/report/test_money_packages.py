"""Packages in report, workbook, command line and `why`: every part with its own figures, nothing made up."""

from __future__ import annotations

import io

import openpyxl
import polars as pl
import pytest

from reshore.errors import UsageError
from reshore.report import render, workbook_bytes
from reshore.report.page import Page
from reshore.report.sections.money import deals
from reshore.report.sections.money_decision import money_decision
from reshore.report.sections.money_packages import packages
from reshore.study import explain, run
from reshore.study.results import Results
from tests.unit.funding.test_offered import FLOOR, FLOOR_USD, GRANT, LOAN, asked, bundle, data

PROMISE = {"condition": "production promise", "years": 5}


@pytest.fixture(scope="module")
def results() -> Results:
    # The plan takes the package for the magnet plant; the same for the risky one is offered and left.
    row = bundle(GRANT, LOAN, FLOOR, conditions=[PROMISE], projects=["magnet-plant", "magnet-risky"],
                 assumed=["the floor"])  # fmt: skip
    return run(asked(row), data())


@pytest.fixture(scope="module")
def page(results) -> Page:
    return Page(results)


def test_the_decision_and_the_deals_name_the_package_and_its_parts(page):
    decision = money_decision(page)
    assert decision is not None
    assert "By Package: Magnet plant (40 M USD)." in decision.lines[0][1]
    figure = deals(page)
    assert figure is not None
    (row,) = [row for row in figure.drawing.rows if row.note == "Package"]
    assert (
        row.below == "made of Old grant, Plant loan and Oxide floor; cost to the public 31.3 M USD"
    )  # 25 + 1.5 + 4.78


def test_each_part_stands_at_its_cost_and_the_money_that_it_moves(page):
    figure = packages(page)
    assert figure is not None
    grant, loan, floor, *others = figure.drawing.rows
    assert figure.drawing.ticks[0] == "0"
    assert (grant.label, grant.note, grant.words) == ("Grant: Magnet plant", "Old grant", "costs 25 M USD")
    assert loan.words == "costs 1.5 M USD, as its authority states"
    assert floor.below.startswith("moves no money now; at fair value it costs")
    # the axis ends at 25 million: the loan costs 1.5 and moves 15
    assert [(mark.look, mark.start, mark.end) for mark in loan.marks if mark.look != "thin"] == [
        ("solid", 0, 60), ("bound", 600, 600),
    ]  # fmt: skip
    assert [mark.look for mark in floor.marks] == ["solid", "thin"]
    assert {row.strong for row in others} == {False}
    assert figure.title.startswith("Package is in the plan: it moves 40 M USD and costs 31.3 M USD")
    assert figure.title.endswith("1 more was offered")
    assert figure.drawing.after[0] == (
        "Package for Magnet plant; with production promise (for 5 years); terms from round numbers; assumed: the floor."
    )


def test_a_condition_without_money_has_words_instead_of_a_zero_in_every_table(page, results):
    figure = packages(page)
    assert figure is not None
    row = next(row for row in figure.table.rows if "production promise" in [cell[0] for cell in row])
    assert [cell[0] for cell in row].count("moves no money") == 3
    assert "production promise" in render(results)
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results)))["fund_bundles"]
    rows = [[cell.value for cell in row] for row in book.iter_rows()]
    assert "moves no money" in next(row for row in rows if "production promise" in row)


def test_the_workbook_adds_the_parts_of_a_package_up_in_live_formulas(results):
    live = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results)))["money"]
    shown = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results)), data_only=True)["money"]
    deal = next(row for row in live.iter_rows(max_row=4) if row[1].value == "package")
    first, last = deal[4].value.removeprefix("=SUM(E").removesuffix(")").split(":E")
    parts = [shown.cell(number, 5).value for number in range(int(first), int(last) + 1)]
    assert parts == [pytest.approx(25e6), pytest.approx(1.5e6), pytest.approx(FLOOR_USD, rel=1e-4)]
    assert shown.cell(deal[0].row, 5).value == pytest.approx(sum(parts))
    assert shown.cell(deal[0].row, 7).value == pytest.approx(0, abs=1e-6)
    assert live.cell(int(first), 5).value == f"=C{first}*D{first}"
    assert str(live.cell(int(last), 5).value).startswith("=fund_bundles!")


def test_why_takes_the_cost_of_a_package_apart(results):
    found = explain(results, "Magnet plant", "fund_deals")
    assert [(term.label, term.note) for term in found.terms] == [
        ("grant", "from its terms"), ("loan", "as its authority states"), ("price floor", "from its terms"),
    ]  # fmt: skip
    assert found.total == "31.3 M USD: its cost to the public"
    assert [part.table.name for part in found.evidence] == ["fund_deals", "fund_bundles", "projects", "instruments"]
    assert set(found.evidence[3].frame["instrument"]) == {"oxide-floor", "plant-loan", "old-grant"}
    single = explain(results, "oxide-plant", "fund_deals")
    assert single.terms == ()
    assert explain(results, "magnet-plant", "fund_bundles").terms == found.terms
    with pytest.raises(UsageError, match="no project 'magnet-plan'"):
        explain(results, "magnet-plan", "fund_candidates")
    with pytest.raises(UsageError, match="not taken apart by row"):
        explain(results, "magnet-plant", "fund_plans")


def test_a_study_without_packages_has_no_such_figure():
    assert packages(Page(run(asked(), data()))) is None


def test_packages_that_are_not_offered_are_told_with_the_reason(results):
    left = run(asked(bundle(GRANT, LOAN, projects=["magnet-plant"])), data(start="2030-01-01"))
    rows = left["fund_left_out"].filter(pl.col("instrument") == "package")
    assert rows["reason"].to_list() == ["Old grant: not open on 2026-11-01"]
