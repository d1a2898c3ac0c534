"""Money by year in a study, against figures worked out by hand: `tests.money`.

The day of decision is the first of November 2026, so money of 2027 can be awarded after 2 months and that of 2028 after
14. Plants take 24 months, and China stops after 36: a plant of 2028 stands in ten of the twelve months.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import openpyxl
import polars as pl
import pytest
from click.testing import CliRunner

from reshore.cli import group
from reshore.errors import InputError
from reshore.report.page import Page
from reshore.report.sections.money_decision import money_decision
from reshore.report.sections.money_years import money_by_year
from reshore.report.workbook import workbook_bytes
from reshore.study import make_study, run
from reshore.study.settings import settings_of
from tests.money import LATER, ODDS, PAIR_USD, money_package, money_settings
from tests.unit.study.test_money import plan, question_of


def by_year(*faces: float, carries_over: bool = True, first: int = 2027) -> list[dict[str, Any]]:
    years = [{"year": first + place, "face_usd": face * 1e6} for place, face in enumerate(faces)]
    return [{"instrument": "plant-loan", "years": years, "carries_over": carries_over}]


def answered(*faces: float, carries_over: bool = True, **fund: Any):
    asked = money_settings(budgets=by_year(*faces, carries_over=carries_over), **{"frontier": [1.0, 2.5]} | fund)
    return run(make_study(asked), money_package())


@pytest.fixture(scope="module")
def results():
    return answered(40, 40)


LATE_PAIR_USD = 0.1e9 * ODDS * float(LATER[2:].sum()) / 12
"""The pair when its second plant is awarded in 2028."""


def test_a_pair_for_which_the_money_comes_in_two_years_is_worth_the_ten_months_in_which_both_stand(results):
    chosen = plan(results, "chosen")
    assert chosen["built"] == "magnet-plant;oxide-plant"
    assert chosen["worth_usd"] == pytest.approx(LATE_PAIR_USD, rel=1e-6)
    # One plant alone adds nothing, and a dollar of the second year costs less today: both wait.
    assert results["fund_deals"]["award_year"].to_list() == [2028, 2028]


def test_where_money_lapses_each_plant_is_awarded_in_the_year_that_can_pay_for_it():
    found = answered(30, 40, carries_over=False)
    assert plan(found, "chosen")["worth_usd"] == pytest.approx(LATE_PAIR_USD, rel=1e-6)
    years = dict(found["fund_deals"].select("project", "award_year").iter_rows())
    assert years == {"oxide-plant": 2027, "magnet-plant": 2028}


def test_money_that_is_all_there_in_the_first_year_is_not_waited_with():
    found = answered(70, 10)
    assert plan(found, "chosen")["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    assert found["fund_deals"]["award_year"].to_list() == [2027, 2027]


def test_what_lapses_is_not_there_later():
    # 25 and 55: with what the first year leaves over the pair can be had in 2028, without it no pair at all.
    assert plan(answered(25, 55), "chosen")["worth_usd"] == pytest.approx(LATE_PAIR_USD, rel=1e-6)
    assert plan(answered(25, 55, carries_over=False), "chosen")["built_count"] == 0


def test_money_by_year_is_counted_from_what_comes_to_what_is_left(results):
    table = results["fund_years"]
    assert table.select("instrument", "year", "carries_over").rows() == [
        ("plant-loan", 2027, True),
        ("plant-loan", 2028, True),
    ]
    spent = [
        sum(row["amount_usd"] for row in results["fund_deals"].iter_rows(named=True) if row["award_year"] == year)
        for year in (2027, 2028)
    ]
    assert table["face_spent_usd"].to_list() == pytest.approx(spent)
    assert table["face_comes_usd"].to_list() == pytest.approx([40e6, 40e6])
    assert table["face_left_usd"].to_list() == pytest.approx([40e6 - spent[0], 80e6 - sum(spent)])
    assert table["face_there_usd"].to_list() == pytest.approx([40e6, 80e6 - spent[0]])
    assert table["subsidy_comes_usd"].null_count() == 2  # nobody limits subsidy
    assert table["subsidy_spent_usd"].to_list() == pytest.approx([0.1 * amount for amount in spent])


def test_what_deals_cost_is_brought_to_the_day_of_the_decision(results):
    for row in results["fund_deals"].iter_rows(named=True):
        months = {2027: 2, 2028: 14}[row["award_year"]]
        assert row["present_usd"] == pytest.approx(0.1 * row["amount_usd"] * 1.02 ** (-months / 12), rel=1e-9)
    chosen = plan(results, "chosen")
    assert chosen["present_usd"] == pytest.approx(results["fund_deals"]["present_usd"].sum(), rel=1e-12)
    assert chosen["present_usd"] < chosen["subsidy_usd"]


def test_projects_are_listed_once_and_prices_are_read_where_they_are_awarded(results):
    candidates = results["fund_candidates"]["project"].to_list()
    assert len(candidates) == len(set(candidates)) == 6
    assert results["security_payments"]["payment_usd"].sum() == pytest.approx(LATE_PAIR_USD, rel=1e-6)
    pairs = results["security_bundles"]["members"].to_list()
    assert "magnet-plant;oxide-plant" in pairs
    odds = results["break_even_odds"]
    assert odds.select("project", "outlook").is_duplicated().sum() == 0


def test_the_frontier_scales_every_year_and_names_projects(results):
    frontier = results["fund_frontier"]
    assert frontier["budget_usd"].to_list() == pytest.approx([80e6, 200e6])
    assert frontier["enters"][0] == "magnet-plant;oxide-plant"
    assert frontier["worth_usd"][1] >= PAIR_USD * (1 - 1e-6)  # 100 in the first year pay for the pair at once


def test_a_project_keeps_its_luck_in_every_year():
    question = question_of(
        budgets=by_year(40, 40), delay={"low": 1, "point": 1.2, "high": 2, "source": "round number"}, draws=4
    )
    options, draws = question.options.options, question.draws()
    for place, (first, second) in enumerate(zip(options[::2], options[1::2], strict=True)):
        assert first.project == second.project
        assert (draws.luck[:, 2 * place] == draws.luck[:, 2 * place + 1]).all()
        assert (draws.lateness[:, 2 * place] == draws.lateness[:, 2 * place + 1]).all()
        # Waiting for the money of a year is not stretched by the delay of the project.
        delay = question.settings.delay
        assert second.ready_months(delay, 0.7) - first.ready_months(delay, 0.7) == pytest.approx(12)


def test_an_instrument_that_ends_before_a_year_is_not_offered_in_it():
    package = money_package()
    tables = dict(package.tables)
    ends = tables["instruments"].with_columns(expiry=pl.lit("2027-06-30"))
    found = run(make_study(money_settings(budgets=by_year(40, 40), frontier=[1.0])),
                type(package)(**{**vars(package), "tables": {**tables, "instruments": ends}}))  # fmt: skip
    assert plan(found, "chosen")["built_count"] == 0  # 40 million in 2027 pay for no pair


def test_one_year_in_which_all_money_comes_at_once_is_the_plan_without_years():
    # The year 2026 has begun: nobody waits.
    found, plain = answered_first(80), run(make_study(money_settings(frontier=[1.0, 2.5])), money_package())
    for name in ("worth_usd", "bound_usd", "face_usd", "subsidy_usd", "present_usd", "built"):
        one, other = plan(found, "chosen")[name], plan(plain, "chosen")[name]
        assert one == (other if name == "built" else pytest.approx(other, rel=1e-6)), name
    assert plain["fund_years"].is_empty()


def answered_first(face: float):
    asked = money_settings(budgets=by_year(face, first=2026), frontier=[1.0, 2.5])
    return run(make_study(asked), money_package())


def test_every_problem_of_years_is_found_with_its_key():
    rows = [{"year": 2028, "face_usd": 1e6}, {"year": 2027, "subsidy_usd": 1e6}]
    with pytest.raises(InputError) as refused:
        make_study(money_settings(budgets=[{"instrument": "plant-loan", "face_usd": 1e6, "years": rows}]))
    assert sorted((p.place.column, p.code) for p in refused.value.problems) == [
        ("fund.budgets[1].face_usd", "contradiction"),
        ("fund.budgets[1].years", "missing-key"),
        ("fund.budgets[1].years", "missing-key"),
        ("fund.budgets[1].years", "out-of-range"),
    ]
    with pytest.raises(InputError, match="no amounts"):
        make_study(money_settings(budgets=[{"instrument": "plant-loan", "years": [{"year": 2027}]}]))
    with pytest.raises(InputError, match="not over on 2026-11-01"):
        question_of(budgets=by_year(40, 40, first=2025))


def test_years_read_back_as_they_are():
    study = make_study(money_settings(budgets=by_year(40, 40, carries_over=False), year_begins_month=10))
    assert make_study(settings_of(study)).fund == study.fund


def test_the_command_shows_money_by_year(tmp_path):
    from reshore.data import write_package
    from tests.journeys.test_money_commands import STUDY

    write_package(money_package(), tmp_path / "money")
    years = "years = [{ year = 2027, face_usd = 40e6 }, { year = 2028, face_usd = 40e6 }]\n"
    (tmp_path / "study.toml").write_text(STUDY + years, encoding="utf-8")
    done = CliRunner().invoke(group, ["fund", str(tmp_path / "study.toml")], catch_exceptions=False)
    assert done.exit_code == 0
    assert "Money by year:" in done.stdout
    line = next(line for line in done.stdout.splitlines() if line.split()[:2] == ["plant-loan", "2028"])
    assert "40 M" in line
    more = CliRunner().invoke(
        group, ["fund", str(tmp_path / "study.toml"), "--budget", "140e6"], catch_exceptions=False
    )
    assert "USD 18.7 M" in more.stdout  # 70 million in each year: the pair at once


def test_what_is_appropriated_by_year_is_shown_where_that_is_what_is_limited(tmp_path):
    from reshore.data import write_package
    from tests.journeys.test_money_commands import STUDY

    write_package(money_package(), tmp_path / "money")
    # Loans cost a tenth: 4 million of subsidy a year carry 40 million of them.
    years = "years = [{ year = 2027, subsidy_usd = 4e6 }, { year = 2028, subsidy_usd = 4e6 }]\n"
    (tmp_path / "study.toml").write_text(STUDY + years, encoding="utf-8")
    done = CliRunner().invoke(group, ["fund", str(tmp_path / "study.toml")], catch_exceptions=False)
    line = next(line for line in done.stdout.splitlines() if line.split()[:2] == ["plant-loan", "2028"])
    # Both wait for the second, without which the first is worth nothing: 7 of 8 million for 70 million of loans.
    assert re.search(r"subsidy cost +4 M +8 M +7 M +1 M", line)
    assert "no limit" not in done.stdout


def test_the_report_and_the_workbook_show_money_by_year(results):
    page = Page(results)
    decision = money_decision(page)
    assert decision is not None
    text = dict(decision.lines)["Decision"]
    assert "Magnet plant (40 M USD in 2028) and Oxide plant (30 M USD in 2028)" in text
    assert "(70 M in 2028)" in results.findings[0]
    figure = money_by_year(page)
    assert figure is not None
    assert figure.title == "Awarded: 70 M USD in 2028"
    assert [(row.label, row.words) for row in figure.drawing.rows] == [
        ("2027", "0 USD of 40 M USD"), ("2028", "70 M USD of 80 M USD"),
    ]  # fmt: skip
    assert "40 M USD is left over for later years" in figure.drawing.rows[0].below
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results)))["money"]
    rows = {(row[0].value, row[1].value): [cell.value for cell in row] for row in sheet.iter_rows()}
    (formula,) = {row[4] for (first, _), row in rows.items() if first == "plant-loan" and "SUMIFS" in str(row[4])
                  and row[1] == "=fund_years!B3"}  # fmt: skip
    assert formula.startswith("=SUMIFS(fund_deals!")
    assert money_by_year(Page(run(make_study(money_settings(frontier=[1.0])), money_package()))) is None


def test_a_package_draws_on_each_budget_in_the_year_in_which_it_is_awarded():
    tables = dict(money_package().tables)
    opened = tables["instruments"].with_columns(expiry=pl.lit(None, pl.String))
    package = replace(money_package(), tables={**tables, "instruments": opened})

    def budget(name: str, first: float, second: float, **more: Any) -> dict[str, Any]:
        years = [{"year": year, "face_usd": 1e6 * face} for year, face in ((2027, first), (2028, second))]
        return {"instrument": name, "years": years, **more}

    parts = [
        {"part": "grant", "instrument": "old-grant", "amount_usd": 25e6},
        {"part": "loan", "instrument": "plant-loan", "amount_usd": 15e6, "spread": 0.01, "tenor_years": 10},
    ]
    bundle = {"bundle": "package", "label": "Grant and loan", "projects": ["magnet-plant"], "source": "round numbers",
              "parts": parts}  # fmt: skip

    def found(carries_over: bool):
        budgets = [budget("plant-loan", 20, 30, carries_over=carries_over), budget("old-grant", 0, 30, alone=False)]
        return run(make_study(money_settings(budgets=budgets, bundles=[bundle], frontier=[1.0])), package)

    # Loans of 20 and 30 million: 30 for oxide and 15 of the package in 2028, with the grant of that year.
    results = found(carries_over=True)
    assert plan(results, "chosen")["worth_usd"] == pytest.approx(LATE_PAIR_USD, rel=1e-6)
    spent = {(row["instrument"], row["year"]): row["face_spent_usd"] for row in results["fund_years"].to_dicts()}
    assert spent == {
        ("plant-loan", 2027): 0, ("plant-loan", 2028): pytest.approx(45e6), ("old-grant", 2027): 0,
        ("old-grant", 2028): pytest.approx(25e6),
    }  # fmt: skip
    assert results["fund_bundles"]["chosen"].all()
    figure = money_by_year(Page(results))
    assert figure is not None
    assert "Magnet plant" in figure.drawing.rows[1].below  # the grant of 2028 pays for a part of it
    workbook_bytes(results)
    assert plan(found(carries_over=False), "chosen")["built_count"] == 0
