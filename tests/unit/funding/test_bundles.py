"""Bundles against the published terms of two packages, their accounts against hand calculations, and how they are read.

Sources of the published figures: Form 8-K of MP Materials of July 10, 2025 (preferred, warrant, together 15 percent of
shares outstanding, cap of 19.9); results of MP Materials for the second and fourth quarter of 2025 (loss and loss per
share; tonnes made and sold; USD 51 million of price protection); US Commerce, November 2024 (TSMC Arizona).
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.data import read_package
from reshore.funding.bundles import Bundle, read_bundle
from reshore.funding.instruments import Market, read_instruments
from reshore.funding.parts import (
    CONDITIONS,
    PARTS,
    Clawback,
    EarningsPart,
    EquityPart,
    FloorPart,
    GrantPart,
    LoanPart,
    PreferredPart,
    WarrantPart,
)
from reshore.funding.payoffs import loan_subsidy_rate
from reshore.shipped import shipped

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "bundles"
MARKET = Market(treasury_rate=0.04, risk_premium=0.03, default_rate=0.02, recovery_share=0.5)


def read(value: dict[str, Any]) -> tuple[Bundle | None, list[tuple[str, str]]]:
    problems: list[tuple[str, str]] = []
    found = read_bundle(value, lambda code, key, *_: problems.append((key, code)))
    return found, problems


def sample(name: str) -> Bundle:
    found, problems = read(tomllib.loads((SAMPLES / f"{name}.toml").read_text(encoding="utf-8")))
    assert not problems
    assert found is not None
    return found


@pytest.fixture(scope="module")
def instruments():
    return read_instruments(read_package(shipped("packages") / "critical-2026")["instruments"])


@pytest.fixture(scope="module")
def package() -> Bundle:
    return sample("mp-materials")


@pytest.fixture(scope="module")
def award() -> Bundle:
    return sample("tsmc-arizona")


def part_of(bundle: Bundle, kind: type) -> Any:
    return next(part for part in bundle.parts if type(part) is kind)


def test_the_preferred_shares_and_the_warrant_are_about_15_percent_as_converted(package: Bundle):
    # 400 / 30.03 = 13.32 million shares, and 11.20 million by warrant. Shares outstanding from the quarter before: a
    # loss of USD 30.872 million was 0.19 per share, so between 30.872 / 0.195 and 30.872 / 0.185 million.
    assert part_of(package, PreferredPart).shares_count == pytest.approx(13_320_013, abs=1)
    assert part_of(package, WarrantPart).shares_count == 11_201_659
    most, least = (package.stake_share(30.872e6 / each) for each in (0.195, 0.185))
    assert round(100 * package.stake_share(30.872e6 / 0.19)) == 15
    assert least < 0.15 < most
    assert most < 0.199


def test_dividends_in_kind_double_the_claim_in_ten_years(package: Bundle):
    assert part_of(package, PreferredPart).claim_usd(10) == pytest.approx(400e6 * 1.967151, rel=1e-6)  # 1.07^10


def test_the_loan_runs_12_years_a_point_above_treasury_as_the_data_say(package: Bundle, instruments):
    loan = part_of(package, LoanPart)
    row = instruments[loan.instrument]
    assert (loan.amount_usd, loan.tenor_years, loan.spread) == (150e6, row.tenor_years, row.rate_spread)
    assert loan.credit(MARKET).rate == pytest.approx(0.05)
    # 150 million at 5 % over 12 level payments: 150 · 0.05 / (1 − 1.05⁻¹²) = 16.924
    assert 150 * loan.credit(MARKET).schedule()[0][1] == pytest.approx(16.9238, abs=1e-4)


def test_51_million_fell_due_for_the_last_quarter_of_2025_on_what_was_sold_and_stored(package: Bundle, instruments):
    # 110 less the 59 USD/kg that the quarter before fetched are 51,000 USD a tonne: 51 million are 1,000 t, of which
    # 562 t were sold in the quarter. The other 438 t lie within the 2,599 − 1,994 t that the year left in stock.
    floor = part_of(package, FloorPart)
    assert floor.floor_usd == 110_000
    assert floor.upside_share == instruments[floor.instrument].upside_share == 0.3
    assert floor.due_usd(59_000, 562 + 438) == pytest.approx(51e6)
    left_in_stock = 2599 - 1994
    assert floor.due_usd(59_000, 562) < 51e6 < floor.due_usd(59_000, 562 + left_in_stock)


def test_above_the_floor_the_state_keeps_three_tenths_once_output_is_full(package: Bundle):
    floor = part_of(package, FloorPart)
    assert floor.due_usd(120_000, 1000, year=1) == 0
    assert floor.due_usd(120_000, 1000, year=4) == pytest.approx(-0.3 * 10_000 * 1000)


def test_guaranteed_earnings_grow_two_percent_a_year(package: Bundle):
    floors = part_of(package, EarningsPart).floors
    assert len(floors) == 10
    assert floors[:3] == pytest.approx((140e6, 142.8e6, 145.656e6))


def test_the_package_keeps_the_terms_of_its_instruments(package: Bundle, instruments):
    assert package.breaches(instruments) == ()
    assert package.face_usd == 550e6
    more = replace(package, parts=(replace(part_of(package, PreferredPart), amount_usd=700e6), *package.parts[1:]))
    assert more.breaches(instruments) == ("the public side could hold more than 19.9 % of the shares",)


def test_the_award_is_a_tenth_of_the_project_and_within_the_cap_on_all_federal_money(award: Bundle, instruments):
    grant = part_of(award, GrantPart)
    assert grant.amount_usd / award.project_usd == pytest.approx(0.102, abs=5e-4)  # published: 10.2 %
    assert award.face_usd / award.project_usd == pytest.approx(11.6 / 65)  # 17.8 %, at most 35
    assert award.breaches(instruments) == ()


def test_what_the_award_would_break_is_named(award: Bundle, instruments):
    large = replace(award, project_usd=30e9)
    assert large.breaches(instruments) == (
        "CHIPS direct funding: pays at most 15 % of the project",
        "CHIPS direct funding: all public money together pays at most 35 % of the project",
    )
    bare = replace(award, conditions=())
    assert bare.breaches(instruments) == (
        "CHIPS direct funding: comes with an expansion bar of 10 years",
        "CHIPS direct funding: comes with a clawback",
        "CHIPS loan or guarantee: comes with an expansion bar of 10 years",
        "CHIPS loan or guarantee: comes with a clawback",
    )
    dear = replace(award, parts=(GrantPart("chips-direct-funding", 7e9), award.parts[1]))
    assert "CHIPS direct funding: 7,000 million is outside its ticket" in dear.breaches(instruments)
    unknown = replace(award, project_usd=None).breaches(instruments)
    assert "CHIPS direct funding: pays at most 15 % of the project, whose cost is not known" in unknown


def test_the_award_costs_its_grant_the_subsidy_of_its_loan_less_what_conditions_bring(award: Bundle):
    # by hand: grant 6.6; loan 5 at 4.5 % for 20 years, 5 of grace; clawback Σ 0.99^(t−1) · 0.01 · 6.6 / 1.04^t over ten
    # years; half of what lies above 4 of a cash flow of 3 ± 1: 0.5 · (φ(1) − Φ(−1)) = 0.5 · 0.0833155 a year, all in
    # billions
    annuity = (1 - 1.04**-10) / 0.04
    clawback = 6.6e9 * math.fsum(0.99 ** (t - 1) * 0.01 / 1.04**t for t in range(1, 11))
    upside = 0.5 * 0.0833155e9 * annuity
    loan = 5e9 * loan_subsidy_rate(part_of(award, LoanPart).credit(MARKET), 0.04)
    assert award.cost_usd(MARKET) == pytest.approx(6.6e9 + loan - clawback - upside, rel=1e-6)
    lines = award.account(MARKET)
    assert [line.kind for line in lines if line.moves_money] == ["grant", "loan", "clawback", "upside share"]
    assert math.fsum(line.fair_usd for line in lines) == pytest.approx(award.cost_usd(MARKET, "fair"))


def test_the_package_is_the_sum_of_its_parts_on_both_bases(package: Bundle):
    for basis in ("budget", "fair"):
        parts = math.fsum(part.cost_usd(MARKET, basis) for part in package.parts)
        assert package.cost_usd(MARKET, basis) == pytest.approx(parts)
    assert part_of(package, WarrantPart).cost_usd(MARKET, "budget") < 0  # the public side is paid in rights


def test_risk_never_makes_a_promise_cheaper(package: Bundle, award: Bundle):
    # at fair value receipts are worth less and risky prices count less; what the state owes does not shrink
    for bundle in (package, award):
        for line in bundle.account(MARKET):
            assert line.fair_usd >= line.budget_usd - 1e-6, line.kind


def test_preferred_shares_that_cannot_convert_are_a_loan_that_compounds():
    # at a price of a cent the right is worth nothing: one dollar at 7 % for two years, money at 4, no default:
    # 1 − 1.07² / 1.04²
    part = PreferredPart("p", 1.0, 0.07, 30.0, 0.01, 0.2, 2)
    safe = Market(treasury_rate=0.04, default_rate=0.0)
    assert part.cost_usd(safe, "budget") == pytest.approx(1 - 1.07**2 / 1.04**2, abs=1e-9)


def test_a_loan_within_a_bundle_costs_what_its_authority_states_as_it_would_alone(award: Bundle, instruments):
    # CHIPS loans: 0.08 per dollar, stated; of the grant nothing changes
    loan = next(line for line in award.account(MARKET, instruments) if line.kind == "loan")
    assert loan.budget_usd == pytest.approx(0.08 * 5e9)
    assert loan.is_stated
    grant, own = award.parts
    assert isinstance(own, LoanPart)
    sure = replace(award, parts=(grant, replace(own, default_rate=0.0)))
    computed = next(line for line in sure.account(MARKET, instruments) if line.kind == "loan")
    assert not computed.is_stated
    assert computed.budget_usd == pytest.approx(own.amount_usd * loan_subsidy_rate(sure.parts[1].credit(MARKET), 0.04))


def test_a_condition_that_moves_no_money_is_a_line_without_cost(award: Bundle):
    bar = next(line for line in award.account(MARKET) if line.kind == "expansion bar")
    assert not bar.moves_money
    assert (bar.instrument, bar.face_usd) == ("", 0.0)


def test_no_two_kinds_of_parts_or_conditions_have_the_same_terms():
    # so that settings with other kinds never have the same digest
    kinds = [*PARTS.values(), *CONDITIONS.values()]
    assert len({tuple(kind.__dataclass_fields__) for kind in kinds}) == len(kinds)


def test_every_problem_of_a_bundle_is_found_at_once():
    found, problems = read(
        {
            "bundle": "b", "lable": "B",
            "parts": [
                {"part": "grnt", "instrument": "g", "amount_usd": 1.0},
                {"part": "loan", "instrument": "l", "amount_usd": -1.0, "spread": 0.01, "tenor_years": 0},
                {"part": "loan", "instrument": "l", "amount_usd": 1.0, "spread": 0.01, "tenor_years": 5,
                 "grace_years": 5, "repayment": "balloon"},
            ],
            "conditions": [{"condition": "clawback", "years": 5}], "source": 1, "assumed": "all",
        }
    )  # fmt: skip
    assert found is None
    assert set(problems) == {
        ("source", "wrong-type"),
        ("assumed", "wrong-type"),
        ("lable", "unknown-key"),
        ("label", "missing-key"),
        ("parts[1].part", "unknown-word"),
        ("parts[2].amount_usd", "out-of-range"),
        ("parts[2].tenor_years", "out-of-range"),
        ("parts[3].repayment", "unknown-word"),
        ("parts[3].grace_years", "out-of-range"),
        ("conditions[1].instrument", "missing-key"),
        ("conditions[1].breach_rate", "missing-key"),
    }


def test_a_clawback_of_what_was_never_paid_is_refused():
    found, problems = read(
        {"bundle": "b", "label": "B", "parts": [{"part": "grant", "instrument": "grant", "amount_usd": 1e6}],
         "conditions": [{"condition": "clawback", "years": 5, "instrument": "loan", "breach_rate": 0.01}]}
    )  # fmt: skip
    assert found is None
    assert problems == [("conditions[1].instrument", "dangling-reference")]


def test_names_are_keys_and_texts_have_no_control_characters():
    grant = {"part": "grant", "instrument": "grant", "amount_usd": 1e6}
    found, problems = read({"bundle": "a bundle; of two", "label": "B\x1b[31m", "parts": [grant]})
    assert found is None
    assert set(problems) == {("bundle", "bad-id"), ("label", "control-character")}


def test_percent_written_as_such_and_prices_of_nothing_are_refused():
    terms = {"amount_usd": 1.0, "conversion_usd": 0.0, "share_usd": 30.0, "volatility": 0.5, "years": 0}
    found, problems = read(
        {
            "bundle": "b", "label": "B", "project_usd": "65 billion",
            "parts": [{"part": "preferred", "instrument": "p", "dividend_rate": 7.0, **terms}],
            "conditions": [{"condition": "ownership cap", "years": 10, "share": 19.9, "outstanding_count": 1e6}],
        }
    )  # fmt: skip
    assert found is None
    assert set(problems) == {
        ("parts[1].dividend_rate", "out-of-range"),
        ("parts[1].conversion_usd", "out-of-range"),
        ("parts[1].years", "out-of-range"),
        ("conditions[1].share", "out-of-range"),
        ("project_usd", "out-of-range"),
    }


JUNK = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(-5, 100), st.text(max_size=5), st.lists(st.floats())
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), name=st.sampled_from(["mp-materials", "tsmc-arizona"]))
def test_whatever_one_figure_is_a_bundle_is_refused_or_has_a_cost(data, name):
    value = tomllib.loads((SAMPLES / f"{name}.toml").read_text(encoding="utf-8"))
    row = data.draw(st.sampled_from([value, *value["parts"], *value["conditions"]]))
    row[data.draw(st.sampled_from(sorted(row)))] = data.draw(JUNK)
    found, problems = read(value)
    assert (found is None) == bool(problems)
    if found is not None:
        assert all(math.isfinite(found.cost_usd(MARKET, basis)) for basis in ("budget", "fair"))


def test_shares_cost_what_their_exit_does_not_bring_back():
    # 40 % of 3 times 50 after 6 years: 60, today 60 / 1.04^6 = 47.419; at fair value 60 / 1.07^6 = 39.981
    part = EquityPart("shares", 50.0, exit_odds=0.4, exit_multiple=3.0, exit_years=6.0)
    assert part.cost_usd(MARKET, "budget") == pytest.approx(50 - 47.419, abs=1e-3)
    assert part.cost_usd(MARKET, "fair") == pytest.approx(50 - 39.981, abs=1e-3)
    usual = EquityPart("shares", 50.0).cost_usd(MARKET, "budget")
    assert usual == pytest.approx(50 * (1 - 0.4 * 2 / 1.04**7))  # the assumptions of the market


def test_every_part_and_condition_says_what_it_is():
    for kind in (*PARTS.values(), *CONDITIONS.values()):
        assert (kind.__doc__ or "").strip().endswith(".")


@settings(max_examples=50)
@given(
    amount=st.floats(1e6, 1e9), breach=st.floats(0, 0.5), recovered=st.floats(0, 1), years=st.integers(1, 30),
)  # fmt: skip
def test_a_clawback_brings_between_nothing_and_what_was_given(amount, breach, recovered, years):
    grant = GrantPart("g", amount)
    back = Clawback(years, "g", breach, recovered).worth_usd((grant,), MARKET, "budget")
    assert -1e-9 <= back <= amount * recovered + 1e-6
