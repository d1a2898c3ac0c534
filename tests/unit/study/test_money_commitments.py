"""Deals that are made already, against figures worked out by hand: `tests.money`.

The day of decision is the first of November 2026. A plant awarded in 2027 stands 26 months after it, before China stops
after 36; one of 2028 stands in ten of the twelve months of the cut.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pytest

from reshore.errors import InfeasibleError, InputError
from reshore.report.page import Page
from reshore.report.sections.money_commitments import commitments
from reshore.report.sections.money_decision import money_decision
from reshore.report.sections.money_years import money_by_year
from reshore.report.workbook import workbook_bytes
from reshore.study import make_study, run
from reshore.study.settings import settings_of
from reshore.study.why import explain
from tests.money import LATER, ODDS, PAIR_USD, money_package, money_settings
from tests.unit.study.test_money import plan, question_of
from tests.unit.study.test_money_years import LATE_PAIR_USD, by_year


def made(project: str, face: float, date: str = "2027-01-01", **more: Any) -> dict[str, Any]:
    return {"project": project, "instrument": "plant-loan", "amount_usd": face * 1e6, "date": date, **more}


def answered(*deals: dict[str, Any], years: tuple[float, ...] = (40, 40), **fund: Any):
    asked = money_settings(
        commitments=list(deals), **{"budgets": by_year(*years), "frontier": [1.0], "samples": 0} | fund
    )
    return run(make_study(asked), money_package())


def best_of(*deals: dict[str, Any], **fund: Any):
    return question_of(commitments=list(deals), **{"budgets": by_year(40, 40), **fund}).fund.best()


@pytest.fixture(scope="module")
def results():
    return answered(made("oxide-plant", 30, outcome="running"))


def test_what_is_committed_stands_and_the_plan_is_worth_what_it_adds_to_it(results):
    chosen = plan(results, "chosen")
    assert chosen["built"] == "magnet-plant"
    # Oxide of 2027 stands; 10 million are left of that year, so its partner is awarded in 2028.
    assert chosen["worth_usd"] == pytest.approx(LATE_PAIR_USD, rel=1e-6)
    assert results["fund_deals"].select("project", "award_year").rows() == [("magnet-plant", 2028)]
    candidates = {row["project"]: row for row in results["fund_candidates"].iter_rows(named=True)}
    assert not candidates["oxide-plant"]["considered"]
    assert candidates["oxide-plant"]["reason"] == "its deal of 2027-01-01 is made: nothing is missing"


def test_what_is_committed_takes_its_money_from_the_budget_of_its_year(results):
    table = results["fund_years"]
    assert table["face_committed_usd"].to_list() == pytest.approx([30e6, 0])
    assert table["subsidy_committed_usd"].to_list() == pytest.approx([3e6, 0])
    assert table["face_left_usd"].to_list() == pytest.approx([10e6, 10e6])
    assert best_of(made("oxide-plant", 30), budgets=by_year(69, 0)).plan.deals == ()
    at_once = best_of(made("oxide-plant", 30), budgets=by_year(70, 0))
    assert at_once.worth * 1e6 == pytest.approx(PAIR_USD, rel=1e-6)
    # Paid from the money of 2028, nothing is left there for its partner, but 2027 has enough.
    of_next = best_of(made("oxide-plant", 30, year=2028), budgets=by_year(40, 30, carries_over=False))
    assert [(deal.candidate, deal.year) for deal in of_next.plan.deals] == [("magnet-plant in 2027", 2027)]


def test_a_budget_that_states_what_is_left_is_not_charged_again():
    assert best_of(made("oxide-plant", 30), budgets=by_year(39, 0)).worth == pytest.approx(0, abs=1e-9)
    found = best_of(made("oxide-plant", 30), budgets=by_year(40, 0), budgets_are_left=True)
    assert found.worth * 1e6 == pytest.approx(PAIR_USD, rel=1e-6)


def test_the_money_of_a_year_that_is_over_is_known_by_what_was_committed():
    # 2025 left 10 of 40 million, which carry over to the 30 of 2027: enough for the partner.
    old = made("oxide-plant", 30, "2025-03-01")
    years = [{"year": 2025, "face_usd": 40e6}, {"year": 2027, "face_usd": 30e6}]
    budget = [{"instrument": "plant-loan", "years": years}]
    found = answered(old, budgets=budget)
    assert plan(found, "chosen")["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    assert found["fund_years"]["face_left_usd"].to_list() == pytest.approx([10e6, 0])
    assert plan(answered(old, budgets=[{**budget[0], "carries_over": False}]), "chosen")["built_count"] == 0
    with pytest.raises(InputError, match="not over on 2026-11-01"):
        answered(budgets=budget)


def test_what_has_failed_brings_nothing_its_money_is_gone_and_it_is_not_offered_again():
    found = answered(made("oxide-plant", 30, outcome="failed"), years=(100, 0))
    assert plan(found, "chosen")["built_count"] == 0  # 70 million are left, and its only other partner asks for 90
    row = found["fund_commitments"].row(0, named=True)
    assert (row["stands"], row["lost_usd"], row["ready_months"]) == (False, None, None)
    assert "nothing stands" not in str(row)
    richer = answered(made("oxide-plant", 30, outcome="failed"), years=(160, 0))
    assert plan(richer, "chosen")["built"] == "magnet-plant;oxide-large"


def test_what_is_running_comes_in_every_draw_and_what_is_open_in_as_many_as_its_odds_say():
    risky = made("magnet-risky", 45)
    years = {"budgets": by_year(75, 0)}
    assert best_of(risky, **years).worth * 1e6 == pytest.approx(PAIR_USD / 2, rel=1e-6)
    running = best_of({**risky, "outcome": "running"}, **years)
    assert running.worth * 1e6 == pytest.approx(PAIR_USD, rel=1e-6)
    # What is known does not turn on what is supposed of odds.
    question = question_of(commitments=[{**risky, "outcome": "running"}], **years)
    assert question.supposing(running.built, 0.5) * 1e6 == pytest.approx(
        0.5 * PAIR_USD, rel=1e-6
    )  # oxide in one of two
    assert question.supposing(running.built, 1.0) * 1e6 == pytest.approx(PAIR_USD, rel=1e-6)


@pytest.mark.parametrize(("late", "months"), [(0, 12), (10, 12), (14, 8), (22, 0)])
def test_a_known_delay_moves_what_stands(late, months):
    # Ready 26 months after the decision and as many later; the cut lasts from month 36 to 48.
    found = best_of(made("oxide-plant", 30, late_months=late), budgets=by_year(70, 0))
    assert found.worth * 1e6 == pytest.approx(0.1e9 * ODDS * LATER[12 - months :].sum() / 12, rel=1e-6, abs=1e-3)


def test_a_known_delay_is_not_drawn_and_an_unknown_one_is():
    delay = {"low": 1, "point": 1.2, "high": 2, "source": "round number"}
    found = answered(made("oxide-plant", 30, late_months=3), made("magnet-plant", 40), years=(80,), delay=delay)
    rows = {row["project"]: row for row in found["fund_commitments"].iter_rows(named=True)}
    ready = [[rows[name][f"ready_months{end}"] for end in ("", "_low", "_high")] for name in sorted(rows)]
    assert ready == [[26, 26, 50], [29, 29, 29]]  # 2 to wait, and 24 times 1 to 2; 2 + 24 + 3


def test_months_to_award_are_those_of_the_deal_where_it_states_them():
    found = answered(made("oxide-plant", 30, award_months=5), made("magnet-plant", 40, "2026-12-15", year=2027),
                     years=(80,))  # fmt: skip
    rows = {row["project"]: row["ready_months"] for row in found["fund_commitments"].iter_rows(named=True)}
    assert rows == {"oxide-plant": 2 + 5 + 24, "magnet-plant": 1 + 24}


def test_a_project_that_has_got_a_part_is_offered_what_is_missing():
    found = answered(made("oxide-plant", 20), years=(90, 0))
    assert plan(found, "chosen")["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    deals = dict(found["fund_deals"].select("project", "amount_usd").iter_rows())
    assert deals == {"magnet-plant": pytest.approx(40e6), "oxide-plant": pytest.approx(10e6)}
    assert not found["fund_commitments"]["stands"].item()  # built whole or not at all
    # What it has got may be awarded later than the rest: it is then built for neither before.
    slow = answered(made("oxide-plant", 20, award_months=20), years=(90, 0))
    ready = dict(slow["fund_deals"].select("project", "ready_months").iter_rows())
    assert ready["oxide-plant"] == 2 + 20 + 24
    # Said to build all of it, it stands.
    whole = best_of(made("oxide-plant", 20, part_share=1.0), budgets=by_year(60, 0))
    assert whole.plan.projects == ("magnet-plant",)


def test_where_parts_can_be_built_the_part_that_is_paid_stands():
    # Two thirds of the oxide plant stand, and two thirds of a magnet plant for 26.7 million serve two thirds.
    found = answered(
        made("oxide-plant", 20), divisible=True, budgets=by_year(20 + 40 * 2 / 3, 0), must_not=["oxide-large"]
    )
    chosen = plan(found, "chosen")
    assert chosen["worth_usd"] == pytest.approx(PAIR_USD * 2 / 3, rel=1e-4)
    more = answered(made("oxide-plant", 20), divisible=True, budgets=by_year(70, 0), must_not=["oxide-large"])
    assert plan(more, "chosen")["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    parts = dict(more["fund_deals"].select("project", "part_share").iter_rows())
    assert parts == {"magnet-plant": pytest.approx(1), "oxide-plant": pytest.approx(1 / 3)}


def test_what_is_offered_beside_a_commitment_keeps_to_its_terms():
    tables = dict(money_package().tables)
    terms = tables["instruments"].with_columns(
        expiry=pl.lit(None, pl.String),
        excludes=pl.when(pl.col("instrument") == "old-grant").then(pl.lit("plant-loan")).cast(pl.String),
        cost_cap_share=pl.when(pl.col("instrument") == "plant-loan").then(0.45).cast(pl.Float64),
    )
    package = replace(money_package(), tables={**tables, "instruments": terms})
    budgets = [{"instrument": name, "face_usd": 500e6} for name in ("plant-loan", "old-grant")]

    def left_out(instrument: str, face: float) -> dict[tuple[str | None, str], str]:
        deal = {**made("oxide-plant", face), "instrument": instrument}
        asked = money_settings(budgets=budgets, commitments=[deal], frontier=[1.0], must_not=["oxide-large"])
        found = run(make_study(asked), package)
        chosen = set(found["fund_deals"].filter(pl.col("project") == "oxide-plant")["instrument"])
        return {(row["project"], row["instrument"]): row["reason"] for row in found["fund_left_out"].to_dicts()} | {
            ("chosen", name): "" for name in chosen
        }

    # 20 million granted: the loan is excluded, and the grant may pay the rest.
    found = left_out("old-grant", 20)
    assert found["oxide-plant", "plant-loan"] == "it does not stand beside old-grant, which the project has got"
    assert ("chosen", "old-grant") in found
    # 24 of the 60 million that it costs are lent; a loan of 5 or more would pass 45 percent.
    found = left_out("plant-loan", 24)
    assert ("chosen", "plant-loan") not in found


def test_public_money_that_has_been_paid_counts_under_the_cap_on_all_of_it():
    # 20 of 60 million are lent; with the 10 that are missing public money pays half of the cost.
    deal = made("oxide-plant", 20)
    assert best_of(deal, budgets=by_year(80, 0), stack_cap_share=0.5).plan.projects == ("magnet-plant", "oxide-plant")
    assert best_of(deal, budgets=by_year(80, 0), stack_cap_share=0.45).plan.projects == ()


def test_quotas_and_leverage_are_those_of_all_deals():
    deal = made("oxide-plant", 30)
    year = {"budgets": by_year(80, 0)}
    firm = "firm oxide-firm"
    # 30 of 70 million went to the oxide firm: 43 percent.
    assert best_of(deal, **year, quotas=[{"group": firm, "low": 0.42}]).plan.projects == ("magnet-plant",)
    assert best_of(deal, **year, quotas=[{"group": firm, "low": 0.44}]).plan.projects == ()
    with pytest.raises(InfeasibleError):
        best_of(deal, budgets=by_year(69, 0), quotas=[{"group": firm, "high": 0.4}])
    # Plants for 60 + 100 million with 70 of public money: 90/70 private dollars for each public one.
    assert best_of(deal, **year, least_leverage=1.28, must_not=["magnet-late"]).plan.projects == ("magnet-plant",)
    with pytest.raises(InfeasibleError, match="private dollars"):  # and 30 more with the oxide plant alone
        best_of(deal, **year, least_leverage=1.29, must_not=["magnet-late"])


def test_a_bundle_is_committed_whole_and_draws_on_each_of_its_budgets():
    tables = dict(money_package().tables)
    opened = tables["instruments"].with_columns(expiry=pl.lit(None, pl.String))
    package = replace(money_package(), tables={**tables, "instruments": opened})
    parts = [
        {"part": "grant", "instrument": "old-grant", "amount_usd": 25e6},
        {"part": "loan", "instrument": "plant-loan", "amount_usd": 15e6, "spread": 0.01, "tenor_years": 10},
    ]
    bundle = {"bundle": "package", "label": "Grant and loan", "projects": ["magnet-plant"], "source": "round numbers",
              "parts": parts}  # fmt: skip
    budgets = [
        *by_year(45, 0),
        {"instrument": "old-grant", "years": [{"year": 2027, "face_usd": 25e6}, {"year": 2028, "face_usd": 5e6}],
         "alone": False},
    ]  # fmt: skip
    deal = {"project": "magnet-plant", "instrument": "package", "date": "2027-01-01"}
    asked = money_settings(budgets=budgets, bundles=[bundle], commitments=[deal], frontier=[1.0])
    found = run(make_study(asked), package)
    assert plan(found, "chosen")["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    spent = {(row["instrument"], row["year"]): row["face_committed_usd"] for row in found["fund_years"].to_dicts()}
    assert spent == {("plant-loan", 2027): pytest.approx(15e6), ("plant-loan", 2028): 0,
                     ("old-grant", 2027): pytest.approx(25e6), ("old-grant", 2028): 0}  # fmt: skip
    assert found["fund_commitments"]["amount_usd"].item() == 40e6
    with pytest.raises(InputError, match="a bundle is made whole"):
        run(make_study(money_settings(**asked["fund"] | {"commitments": [{**deal, "amount_usd": 30e6}]})), package)
    poor = [
        {**budgets[0]},
        {**budgets[1], "years": [{"year": 2027, "face_usd": 24e6}, {"year": 2028, "face_usd": 5e6}]},
    ]
    with pytest.raises(InputError, match="25 M USD of face value from old-grant in 2027"):
        run(make_study(money_settings(**asked["fund"] | {"budgets": poor})), package)


def test_a_study_of_which_everything_is_committed_has_nothing_left_to_choose():
    asks = {"oxide-plant": 30, "magnet-plant": 40, "magnet-late": 10, "oxide-large": 90, "magnet-risky": 45}
    found = answered(*(made(name, face) for name, face in asks.items()), years=(215, 0))
    assert plan(found, "chosen")["built_count"] == 0
    assert found["fund_commitments"]["stands"].all()
    assert found.findings[0].startswith("Fund nothing, beside 215 M USD of deals that are made already")


BAD = [
    ([made("oxid-plant", 30)], "fund.commitments[1].project", "dangling-reference"),
    ([made("no-size", 30)], "fund.commitments[1].project", "dangling-reference"),
    ([{**made("oxide-plant", 30), "instrument": "plant-lone"}], "fund.commitments[1].instrument", "dangling-reference"),
    ([{**made("oxide-plant", 9), "instrument": "oxide-floor"}], "fund.commitments[1].instrument", "dangling-reference"),
    ([{"project": "oxide-plant", "instrument": "plant-loan", "date": "2027-01-01"}], "fund.commitments[1].amount_usd",
     "missing-key"),
    ([made("oxide-plant", 41)], "fund.commitments", "out-of-range"),
    ([made("oxide-plant", 30, "2029-01-01")], "fund.commitments", "out-of-range"),
    ([made("oxide-plant", 20, outcome="running")], "fund.commitments", "contradiction"),
    ([made("oxide-plant", 30, "2027-02-30")], "fund.commitments[1].date", "bad-date"),
    ([made("oxide-plant", 30, outcome="runs")], "fund.commitments[1].outcome", "unknown-word"),
    ([made("oxide-plant", 30, outcome="failed", late_months=2)], "fund.commitments[1].late_months", "contradiction"),
    ([made("oxide-plant", 15), made("oxide-plant", 15)], "fund.commitments[2]", "duplicate-key"),
    ([made("oxide-plant", 15), made("oxide-plant", 15, "2027-02-01", outcome="failed")], "fund.commitments[2]",
     "contradiction"),
    ([made("oxide-plant", 15, part_share=0.5), made("oxide-plant", 15, "2027-02-01")],
     "fund.commitments[2].part_share", "missing-key"),
    ([made("oxide-plant", 15, part_share=0.6), made("oxide-plant", 15, "2027-02-01", part_share=0.6)],
     "fund.commitments", "out-of-range"),
    ([made("oxide-plant", -1)], "fund.commitments[1].amount_usd", "out-of-range"),
    ([made("oxide-plant", 30, late_months=-1)], "fund.commitments[1].late_months", "out-of-range"),
    ([made("oxide-plant", 30, year=2027.5)], "fund.commitments[1].year", "wrong-type"),
    ([made("oxide-plant", 30, status="running")], "fund.commitments[1].status", "unknown-key"),
    ([{"project": "oxide-plant", "instrument": "plant-loan", "amount_usd": 30e6}], "fund.commitments[1].date",
     "missing-key"),
]  # fmt: skip


@pytest.mark.parametrize(("deals", "key", "code"), BAD, ids=[f"{key}, {code}" for _, key, code in BAD])
def test_what_is_wrong_with_commitments_is_refused_with_its_key(deals, key, code):
    with pytest.raises(InputError) as refused:
        question_of(budgets=by_year(40, 40), commitments=deals)
    assert (key, code) in [(problem.place.column, problem.code) for problem in refused.value.problems]


def test_a_project_that_failed_cannot_be_decided():
    with pytest.raises(InputError, match="whose deal has not failed"):
        question_of(budgets=by_year(40, 40), commitments=[made("oxide-plant", 30, outcome="failed")],
                    must=["oxide-plant"])  # fmt: skip
    # One that stands is built already, whatever the plan does.
    found = best_of(made("oxide-plant", 30), must=["oxide-plant", "magnet-plant"])
    assert found.plan.projects == ("magnet-plant",)


def test_commitments_read_back_as_they_are():
    deals = [
        made("oxide-plant", 20, year=2028, late_months=2.5, outcome="running", part_share=1.0),
        made("magnet-plant", 5),
    ]
    study = make_study(money_settings(budgets=by_year(40, 40), commitments=deals, budgets_are_left=True))
    assert make_study(settings_of(study)).fund == study.fund


def test_what_stands_is_what_would_stand_if_the_plan_had_built_it():
    # Standing or built, a project moves the same sides: what others add to it is the same.
    question = question_of(budgets=by_year(200, 0))
    names = ["oxide-plant in 2027", "magnet-plant in 2027", "magnet-risky in 2027"]
    built = question.fund.parts(dict.fromkeys(names, 1.0))
    alone = question.fund.worth(question.fund.parts({names[0]: 1.0}))
    beside = question_of(budgets=by_year(200, 0), commitments=[made("oxide-plant", 30)]).fund
    added = beside.worth(beside.parts(dict.fromkeys(names[1:], 1.0)))
    assert added[0] == pytest.approx(question.fund.worth(built)[0] - alone[0], rel=1e-9)
    assert np.allclose(added[1], question.fund.worth(built)[1] - alone[1])


def test_page_one_the_figures_and_the_workbook_show_commitments_apart_from_new_deals(results):
    page = Page(results)
    decision = money_decision(page)
    assert decision is not None
    lines = dict(decision.lines)
    assert lines["Beside what is made already"].startswith("Oxide plant (30 M USD on 2027-01-01, running)")
    assert "10 M USD of 80 M USD stays unspent" in lines["Decision"]
    assert "beside 30 M USD of deals that are made already" in results.findings[0]
    figure = commitments(page)
    assert figure is not None
    assert figure.title == "Made already: 1 deal for 30 M USD"
    assert figure.drawing.rows[0].words == "30 M USD → 15.5 M USD"
    years = money_by_year(page)
    assert years is not None
    assert "30 M USD is committed already" in years.drawing.rows[0].below
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(results)))
    assert "fund_commitments" in book.sheetnames
    formulas = [str(cell.value) for row in book["money"].iter_rows() for cell in row]
    assert any(text.startswith("=C") and "-fund_years!" in text for text in formulas)
    said = results["fund_assumptions"].filter(pl.col("assumption") == "Deals made already")["says"].item()
    assert "by outcome: 1 running" in said
    assert commitments(Page(run(make_study(money_settings(frontier=[1.0])), money_package()))) is None


def test_why_a_commitment_stands_where_it_does(results):
    found = explain(results, "oxide-plant", "fund_commitments")
    assert [part.table.name for part in found.evidence] == ["fund_commitments", "projects", "instruments"]
