"""Costs of promises against hand calculations, published closed forms and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reshore.funding import payoffs
from reshore.funding.payoffs import Credit, Prices
from reshore.seeds import stream


def test_a_safe_loan_at_the_treasury_rate_costs_nothing():
    for repayment in ("level", "bullet", "accrual"):
        credit = Credit(0.04, 12, repayment=repayment)
        assert payoffs.loan_subsidy_rate(credit, 0.04) == pytest.approx(0, abs=1e-12)


def test_two_years_of_a_risky_bullet_loan_by_hand():
    # d = 0.1, recovery 0.4, rate 0.06, money at 0.05
    # year 1: 0.9 × 0.06 + 0.1 × 0.4 × 1 = 0.094; year 2, alive 0.9: 0.9 × (0.9 × 1.06 + 0.1 × 0.4) = 0.8946
    credit = Credit(0.06, 2, repayment="bullet", default_rate=0.1, recovery_share=0.4)
    assert payoffs.loan_subsidy_rate(credit, 0.05) == pytest.approx(1 - 0.094 / 1.05 - 0.8946 / 1.05**2)


def test_level_payments_pay_the_balance_off():
    credit = Credit(0.05, 3)
    # 0.05 / (1 − 1.05⁻³) = 0.367209
    assert [payment for _, payment in credit.schedule()] == pytest.approx([0.3672085646] * 3)
    balance, payment = credit.schedule()[-1]
    assert balance * 1.05 == pytest.approx(payment)


def test_interest_compounds_where_nothing_is_paid_before_the_end():
    # SBIC accrual terms: ten years, all due at the end: 1.06¹⁰ = 1.790848
    assert Credit(0.06, 10, repayment="accrual").schedule()[-1][1] == pytest.approx(1.7908476965)


def test_grace_years_pay_interest_only():
    credit = Credit(0.05, 5, grace_years=2)
    assert [payment for _, payment in credit.schedule()][:2] == pytest.approx([0.05, 0.05])


def test_the_default_rate_of_a_budgeted_subsidy_of_7_9_percent_is_found_and_is_another_number():
    # GAO-15-438: subsidy 2.2bn on about 28bn, 7.9 percent, with 5 defaults in 30 projects; loss rate 2.28 percent.
    # With 24 years at the Treasury rate and half recovered, the yearly default rate that costs 7.9 percent:
    def cost(rate: float) -> float:
        return payoffs.loan_subsidy_rate(Credit(0.04, 24, default_rate=rate, recovery_share=0.5), 0.04)

    low, high = 0.0, 0.2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(middle) < 2.2 / 28 else (low, middle)
    assert cost(low) == pytest.approx(0.0786, abs=1e-4)
    failing = 1 - (1 - low) ** 24
    assert failing > 2 * 0.0786  # half is recovered, so at least twice as many fail as is lost: three different numbers


def test_a_guarantee_costs_what_the_loan_would_lose():
    # one year, d = 0.1, nothing recovered, money at 4 percent: 0.1 / 1.04 on the balance of 1
    credit = Credit(0.05, 1, default_rate=0.1)
    assert payoffs.guarantee_cost_rate(credit, 0.04) == pytest.approx(0.1 / 1.04)
    assert payoffs.guarantee_cost_rate(credit, 0.04, covered_share=0.8) == pytest.approx(0.08 / 1.04)
    # a fee of 2 percent a year from the nine in ten that stay: 0.02 × 0.9 / 1.04 less
    with_fee = payoffs.guarantee_cost_rate(credit, 0.04, fee_share_per_year=0.02)
    assert with_fee == pytest.approx((0.1 - 0.018) / 1.04)


def test_shares_bought_at_even_odds_of_three_times_the_money():
    # 1 − 0.5 × 3 / 1.2³ = 0.131944
    assert payoffs.equity_cost_rate(0.5, 3.0, 3, 0.20) == pytest.approx(0.1319444444)
    assert payoffs.equity_cost_rate(0.5, 3.0, 3, 0.04) < 0  # on the budget basis the state gains


@pytest.mark.parametrize(("strike", "mean", "deviation"), [(110, 60, 25), (100, 100, 10), (80, 95, 15)])
def test_the_floor_is_what_simulated_prices_pay(strike, mean, deviation):
    draws = mean + deviation * stream(1, "floor", 0).standard_normal(400_000)
    simulated = np.maximum(strike - draws, 0).mean()
    assert payoffs.expected_shortfall_below(strike, mean, deviation) == pytest.approx(simulated, rel=0.01)


def test_floor_and_excess_differ_by_the_forward():
    below, above = (f(110, 60, 25) for f in (payoffs.expected_shortfall_below, payoffs.expected_excess_above))
    assert above - below == pytest.approx(60 - 110)


def test_a_floor_without_doubt_pays_the_difference():
    # 110 − 59 = 51 USD per kg on 1,000 kg, one year at 5 percent
    assert payoffs.price_floor_cost(110, Prices(59, 0), [1000], 0.05) == pytest.approx(51_000 / 1.05)
    # above the floor the state keeps 30 percent of 20 USD
    kept = payoffs.price_floor_cost(110, Prices(130, 0), [1000], 0.05, upside_share=0.3)
    assert kept == pytest.approx(-6_000 / 1.05)


def test_a_warrant_at_textbook_terms():
    # Hull, Options, Futures and Other Derivatives: S 42, K 40, 20 percent, half a year, 10 percent: 4.76
    assert payoffs.warrant_value(42, 40, 0.2, 0.5, 0.1) == pytest.approx(4.76, abs=0.005)


def test_an_earnings_guarantee_that_rises_two_percent_a_year():
    # floors 140 and 142.8, earnings surely 100: 40 / 1.05 + 42.8 / 1.05²
    cost = payoffs.earnings_guarantee_cost([140, 140 * 1.02], 100, 0, 0.05)
    assert cost == pytest.approx(40 / 1.05 + 42.8 / 1.05**2)


def test_a_production_credit_phases_out():
    # 35 USD per kWh, 1 GWh a year, full, three quarters, half: no discount
    cost = payoffs.production_credit_cost(35, [1e6] * 3, [1, 0.75, 0.5], 0.0)
    assert cost == pytest.approx(35e6 * 2.25)


def test_a_stockpile_costs_its_carry_and_what_it_does_not_fetch():
    # 2 percent carry for two years, sold at 0.9, no discount: 1 + 0.04 − 0.9
    assert payoffs.stockpile_cost_rate(0.02, 2, 0.9, 0.0) == pytest.approx(0.14)


rates = st.floats(0, 0.3)


@given(rate=rates, discount=rates, default=st.floats(0, 0.5), recovery=st.floats(0, 0.5), years=st.integers(1, 30))
def test_more_default_and_less_recovery_never_make_a_loan_cheaper(rate, discount, default, recovery, years):
    base = payoffs.loan_subsidy_rate(Credit(rate, years, default_rate=default, recovery_share=recovery), discount)
    better = payoffs.loan_subsidy_rate(
        Credit(rate, years, default_rate=default, recovery_share=min(1.0, recovery + 0.5)), discount
    )
    assert better <= base + 1e-12
    assert base <= 1.0 + 1e-12


@given(strike=st.floats(0, 500), mean=st.floats(0, 500), deviation=st.floats(0, 100))
def test_a_floor_is_worth_at_least_its_payment_without_doubt(strike, mean, deviation):
    value = payoffs.expected_shortfall_below(strike, mean, deviation)
    assert value >= max(0.0, strike - mean) - 1e-9
    assert math.isfinite(value)


@given(
    rate=st.floats(0, 0.12), default=st.floats(0, 0.2), recovery=st.floats(0, 1), years=st.integers(1, 30),
    covered=st.floats(0, 1), premium=st.floats(0, 0.1),
)  # fmt: skip
def test_a_guarantee_costs_more_where_markets_ask_for_risk(rate, default, recovery, years, covered, premium):
    credit = Credit(rate, years, default_rate=default, recovery_share=recovery)
    budget = payoffs.guarantee_cost_rate(credit, 0.04, covered, 0.005)
    assert payoffs.guarantee_fair_cost_rate(credit, 0.04, 0.04, covered, 0.005) == pytest.approx(budget)
    assert payoffs.guarantee_fair_cost_rate(credit, 0.04, 0.04 + premium, covered, 0.005) >= budget - 1e-12


def test_a_guarantee_of_all_of_a_loan_costs_at_fair_value_what_the_loan_would_at_the_rate_of_money():
    # the coupon is the Treasury rate, so what is promised is worth 1
    credit = Credit(0.04, 1, default_rate=0.1, recovery_share=0.5)
    # by hand, one year: called 0.1 · 0.5 / 1.04; bearing (0.9 · 1.04 + 0.1 · 0.5) · (1 / 1.04 − 1 / 1.07)
    expected = 0.05 / 1.04 + 0.986 * (1 / 1.04 - 1 / 1.07)
    assert payoffs.guarantee_fair_cost_rate(credit, 0.04, 0.07) == pytest.approx(expected)


def test_a_risky_price_counts_for_less_so_that_a_floor_and_an_offtake_cost_more():
    # 90 in one year at a premium of 2 percent sells today for 90 / 1.02 = 88.235: the offtake at 100 costs 11.765
    prices = Prices(90, 0.0, premium=0.02)
    assert payoffs.offtake_cost(100, prices, [1], 0.04) == pytest.approx((100 - 90 / 1.02) / 1.04)
    assert payoffs.price_floor_cost(100, prices, [1], 0.04) == pytest.approx((100 - 90 / 1.02) / 1.04)
    assert payoffs.earnings_guarantee_cost([100], 90, 0.0, 0.04, premium=0.02) == pytest.approx(
        (100 - 90 / 1.02) / 1.04
    )
