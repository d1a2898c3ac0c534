"""Instruments of the shipped package, and what their kinds cost."""

from __future__ import annotations

import pytest

from reshore.data import read_package
from reshore.data.schema import INSTRUMENT_KINDS
from reshore.funding.instruments import INSTRUMENTS, KINDS, Instrument, Market, read_instruments, subsidy_rate
from reshore.shipped import shipped


@pytest.fixture(scope="module")
def shipped_instruments():
    return read_instruments(read_package(shipped("packages") / "critical-2026")["instruments"])


def test_every_kind_of_the_vocabulary_has_a_card_and_no_other():
    assert list(KINDS) == [kind.name for kind in INSTRUMENTS]
    assert set(KINDS) == set(INSTRUMENT_KINDS)
    for kind in INSTRUMENTS:
        assert kind.question.endswith("?")
        assert kind.formula
        assert kind.source


def test_a_stated_rate_is_used_and_another_is_computed():
    market = Market(treasury_rate=0.04, risk_premium=0.0, default_rate=0.0, spread=0.0)
    stated = Instrument("a", "A", "USA", "loan", subsidy_rate_fcra=0.022)
    assert (subsidy_rate(stated, market).value, subsidy_rate(stated, market).origin) == (0.022, "stated")
    free = subsidy_rate(Instrument("b", "B", "USA", "loan"), market)
    assert free.origin == "computed"
    assert free.value == pytest.approx(0, abs=1e-12)  # lent at the Treasury rate, nobody fails


def test_a_loan_near_treasury_rates_gains_on_one_basis_and_costs_on_the_other():
    # Congressional Budget Office: federal credit of 2026 gains 12.5 billion by the budget and costs 52.6 at fair value
    market = Market(default_rate=0.005)
    loan = Instrument("c", "C", "USA", "loan")
    assert subsidy_rate(loan, market, "budget").value < 0 < subsidy_rate(loan, market, "fair").value


def test_what_needs_prices_is_not_guessed():
    assert subsidy_rate(Instrument("d", "D", "USA", "price floor"), Market()).origin == "cannot be told"
    # Assumptions are about Treasury bonds: what a loan at the rate of a central bank costs does not follow from them.
    relending = Instrument("e", "E", "CHN", "loan", rate_index="policy")
    assert subsidy_rate(relending, Market()).origin == "cannot be told"


def test_the_terms_of_the_first_loan_notice(shipped_instruments):
    # Bass Berry; 10 USC 149: 10 to 150 million, pool of 984 million, new loans end on 1 October 2028
    osc = shipped_instruments["osc-equipment-loan"]
    assert (osc.ticket_low_usd, osc.ticket_high_usd, osc.budget_face_usd) == (10e6, 150e6, 984e6)
    assert osc.rules == ("us-osc-loan",)
    assert osc.is_open("2026-11-01")
    assert not osc.is_open("2029-01-01")
    assert not osc.is_open("2024-01-01")


def test_instruments_exclude_each_other_both_ways(shipped_instruments):
    for name, instrument in shipped_instruments.items():
        for other in instrument.excludes:
            assert name in shipped_instruments[other].excludes, (name, other)


def test_titles_and_rights_are_no_money(shipped_instruments):
    paying = {one.kind for one in shipped_instruments.values() if KINDS[one.kind].is_money}
    assert paying.isdisjoint({"status", "governance right"})
