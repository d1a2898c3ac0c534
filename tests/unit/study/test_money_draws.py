"""Draws of success and delay, and worth on the day of the decision, against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.errors import InputError
from reshore.flow import run_flow
from reshore.funding.candidates import triangular
from reshore.funding.settings import Discount
from reshore.study import make_study, run
from tests.money import AFTER, LATER, ODDS, PAIR_USD, money_package, money_settings
from tests.unit.study.test_money import plan, question_of

ROUND = "round number"


def late(low: float, point: float, high: float) -> dict[str, object]:
    return {"low": low, "point": point, "high": high, "source": ROUND}


def at_rate(rate: float) -> dict[str, object]:
    return {"rate": rate, "source": ROUND}


def worth(**fund: object) -> float:
    found = run(make_study(money_settings(samples=0, frontier=[1.0], **fund)), money_package())
    return float(plan(found, "chosen")["worth_usd"])


def test_every_project_meets_each_part_of_the_range_of_its_delay_once():
    draws = question_of(draws=8, delay=late(1, 1, 2)).draws()
    assert (np.sort(np.floor(8 * draws.lateness), axis=0) == np.arange(8)[:, None]).all()


def test_delay_says_nothing_of_success_and_other_samples_and_projects_nothing_of_either():
    question = question_of(draws=64, delay=late(1, 1, 2))
    draws = question.draws()
    correlation = [np.corrcoef(draws.luck[:, k], draws.lateness[:, k])[0, 1] for k in range(draws.luck.shape[1])]
    assert np.abs(correlation).max() < 0.5  # three standard errors of 64 pairs are 0.38
    assert not (draws.lateness == question.draws(1).lateness).any()
    fewer = replace(question, options=replace(question.options, options=question.options.options[1:]))
    assert (fewer.draws().lateness == draws.lateness[:, 1:]).all()
    # With delay drawn, nobody succeeds in other draws than without.
    assert (question_of(draws=64).draws().luck == draws.luck).all()


@given(
    ends=st.tuples(*[st.floats(0, 100)] * 3).map(sorted),
    quantiles=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
)
def test_quantiles_of_a_triangle_rise_within_its_ends(ends, quantiles):
    low, mode, high = ends
    first, second = (triangular(low, mode, high, at) for at in quantiles)
    assert low - 1e-9 <= first <= second + 1e-9
    assert second <= high + 1e-9
    assert triangular(low, mode, high, 1.0) == pytest.approx(high)


def test_quantiles_of_a_triangle_have_its_mean():
    drawn = [triangular(10, 12, 20, (k + 0.5) / 10_000) for k in range(10_000)]
    assert np.mean(drawn) == pytest.approx((10 + 12 + 20) / 3, rel=1e-5)


def test_a_plan_is_worth_what_its_plants_serve_from_the_month_in_which_the_later_one_stands():
    # Planned for 24 months, they stand after 24 to 48; the cut lasts from month 36 to 48. Two draws, each of the pair.
    fund = {"draws": 2, "delay": late(1, 1, 2), "must": ["oxide-plant", "magnet-plant"], "must_not": ["oxide-large"]}
    draws = question_of(**fund).draws()
    places = [[one.project for one in draws.options].index(name) for name in ("oxide-plant", "magnet-plant")]
    total = 0.0
    for draw in range(2):
        ready = max(24 * (2 - np.sqrt(1 - draws.lateness[draw, place])) for place in places)
        stands = np.clip(np.arange(1, 13) - (ready - AFTER), 0.0, 1.0)  # the part of each month in which both stand
        total += 0.5 * ODDS * 0.1e9 * float(stands @ LATER) / 12
    assert worth(**fund) == pytest.approx(total, rel=1e-6)
    assert total < PAIR_USD


@settings(max_examples=6, deadline=None)
@given(factor=st.floats(0.5, 2.0))
def test_a_range_of_no_width_is_the_plan_with_other_months(factor):
    # Every project takes so many times its months: with a factor of 1, the plan as it was without delay.
    tables = dict(money_package().tables)
    slower = tables["projects"].with_columns(pl.col("build_months") * factor)
    package = replace(money_package(), tables={**tables, "projects": slower})
    plain = run(make_study(money_settings(samples=0, frontier=[1.0])), package)
    assert worth(delay=late(factor, factor, factor)) == pytest.approx(plan(plain, "chosen")["worth_usd"], rel=1e-9)


def test_without_delay_and_with_one_of_no_width_all_tables_are_the_same():
    plain, drawn = (run(make_study(money_settings(**more)), money_package()) for more in ({}, {"delay": late(1, 1, 1)}))
    for name in ("fund_plans", "fund_deals", "fund_samples", "fund_frontier", "security_payments", "security_ledger"):
        assert plain[name].equals(drawn[name]), name


def test_ranges_that_the_data_state_are_drawn_in_place_of_the_factor():
    tables = dict(money_package().tables)
    stated = pl.col("project") == "magnet-plant"
    projects = tables["projects"].with_columns(
        build_months_low=pl.when(stated).then(20.0), build_months_high=pl.when(stated).then(30.0)
    )
    found = run(make_study(money_settings(delay=late(1, 1.2, 1.5))),
                replace(money_package(), tables={**tables, "projects": projects}))["fund_candidates"]  # fmt: skip
    rows = {row["project"]: row for row in found.iter_rows(named=True)}
    months = [rows["magnet-plant"][name] for name in ("ready_months_low", "ready_months", "ready_months_high")]
    assert months == [20, 24, 30]
    months = [rows["oxide-plant"][name] for name in ("ready_months_low", "ready_months", "ready_months_high")]
    assert months == pytest.approx([24, 24, 36])


def test_what_was_drawn_and_discounted_is_said_and_nothing_where_it_was_not():
    found = run(make_study(money_settings(delay=late(1, 1.2, 1.5))), money_package())["fund_assumptions"]
    says = dict(found.select("assumption", "says").iter_rows())
    assert says["Delay"].startswith("Drawn for each project")
    assert "1 to 1.5 times" in says["Delay"]
    assert dict(found.select("assumption", "source").iter_rows())["Delay"] == ROUND
    plain = run(make_study(money_settings()), money_package())["fund_assumptions"]
    says = dict(plain.select("assumption", "says").iter_rows())
    assert says["Delay"] == "None is drawn: every project comes as planned."
    assert says["Discount"].startswith("2 % a year")


def test_the_tornado_puts_all_projects_at_either_end_of_their_ranges():
    found = run(make_study(money_settings(delay=late(1, 1, 2))), money_package())["fund_tornado"]
    row = found.row(by_predicate=pl.col("assumption") == "How late projects come", named=True)
    # On time the pair serves all year; at twice their months, 48, the year is over.
    assert (row["worth_usd_low"], row["worth_usd_high"]) == (pytest.approx(0, abs=1), pytest.approx(PAIR_USD, rel=1e-6))


def test_ranges_of_delay_out_of_order_are_refused():
    with pytest.raises(InputError) as refused:
        make_study(money_settings(delay=late(1.2, 1.0, 1.5)))
    assert [(p.place.column, p.code) for p in refused.value.problems] == [("fund.delay", "out-of-range")]
    with pytest.raises(InputError) as refused:
        make_study(money_settings(delay={"low": 0, "point": 1, "high": 1}))
    assert {p.place.column for p in refused.value.problems} == {"fund.delay.low", "fund.delay.source"}


@settings(max_examples=6, deadline=None)
@given(rate=st.floats(0.0, 0.3))
def test_worth_on_the_day_of_the_decision_is_the_sum_of_discounted_months(rate):
    months = 0.1e9 * ODDS / 12 * (1 + rate) ** (-(AFTER + np.arange(12)) / 12)
    assert worth(discount=at_rate(rate)) == pytest.approx(float(months.sum()), rel=1e-6)


def test_without_discount_worth_is_the_difference_of_losses_that_the_stress_test_sums():
    question = question_of(discount=at_rate(0.0))
    chosen = question.fund.best()
    situation = question.situations["China stops"]
    index = question.case.world.index
    more = np.zeros_like(situation.capacity)
    for place in np.flatnonzero(chosen.built):
        more[index[question.options.options[place].capacity.good]] += 0.1
    before, after = (
        run_flow(question.case.world, one).loss / 1e6 for one in (situation, replace(situation, added=more))
    )
    assert chosen.worth == pytest.approx(ODDS * (before - after), rel=1e-6)
    assert chosen.worth == pytest.approx(0.1e3 * ODDS, rel=1e-9)


def test_a_higher_rate_never_makes_a_plan_worth_more():
    rates = [worth(discount=at_rate(rate)) for rate in (0.0, 0.02, 0.07)]
    assert rates == sorted(rates, reverse=True)


def test_the_factor_is_that_of_a_textbook():
    # 1.02^-1 = 0.98039, 1.02^-0.5 = 0.99015
    assert Discount(0.02, ROUND).factor(12) == pytest.approx(0.98039, abs=1e-5)
    assert Discount(0.02, ROUND).factor(6) == pytest.approx(0.99015, abs=1e-5)
    assert Discount(0.0, ROUND).factor(600) == 1


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.25])
def test_the_ledger_and_payments_add_up_at_any_rate(rate):
    found = run(make_study(money_settings(discount=at_rate(rate), delay=late(1, 1.2, 2))), money_package())
    for (_,), rows in found["security_ledger"].group_by(["outlook"]):
        total = rows.filter(pl.col("party") == "total")["value_usd"].item()
        assert rows.filter(pl.col("party") != "total")["value_usd"].sum() == pytest.approx(total, rel=1e-6, abs=1)
    # Payments are of the mean capacity of projects, so they add up to its worth.
    served = found["security_ledger"].filter((pl.col("outlook") == "China stops") & (pl.col("party") == "total"))
    standing = 0.1e9 / 12 * float(((1 + rate) ** (-(AFTER + np.arange(12)) / 12)).sum())
    gain = served["value_usd"].item() - standing
    assert found["security_payments"]["payment_usd"].sum() == pytest.approx(ODDS * gain, rel=1e-6)
