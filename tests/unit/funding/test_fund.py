"""The funded plan against every plan that could be made, on a chain with complements and substitutes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from reshore.errors import InfeasibleError
from reshore.flow import Project
from reshore.flow.security import Outlook, Security
from reshore.funding.budgets import Pool
from reshore.funding.fund import Fund, extreme_odds
from reshore.funding.portfolio import Candidate, Offer, Rules
from reshore.seeds import stream
from tests.unit.flow.test_flow import edges, situation, world

CHAIN = world(3, consumed=edges((1, 0, 1.0), (2, 1, 1.0)), stock=1.0)


def cut(capacity):
    """A year in which capacity is left as given; a year of the whole final use is worth 1.2 billion dollars."""
    one = situation(capacity, 12, n=3, demand=0.35, use=0.35)
    return replace(one, value=np.array([1.2e9]))


def case(seed: int, n: int = 6, budget: float = 100.0, method=None) -> Fund:
    """Oxide, metal and magnet plants of random size and ask; a cut of the last two, a cut of all, and calm."""
    random = stream(seed, "fund", 0)
    projects, candidates, offers = [], [], []
    for number in range(n):
        projects.append(Project(f"g{number % 3}", float(random.uniform(0.02, 0.12)), ramp_months=3))
        candidates.append(Candidate(f"p{number}", f"Project {number}", float(random.integers(20, 60))))
        offers.append(Offer(f"p{number}", "loan", 5, 150, 0.1, "loans"))
    outlooks = (
        Outlook("two cut", 0.2, cut([0.3, 0.06, 0.06])),
        Outlook("all cut", 0.1, cut([0.05, 0.06, 0.06])),
        Outlook("calm", 0.7, cut([0.4, 0.4, 0.4])),
    )
    rules = Rules((Pool("loans", face=budget),))
    return Fund(Security(CHAIN, outlooks, tuple(projects)), candidates, offers, rules, gap_share=1e-7, method=method)


def profiles_of(security: Security, months: int = 12) -> np.ndarray:
    """Capacity of the projects by month as they are planned."""
    return np.array([project.by_month(months) for project in security.projects])


def best_of_all(fund: Fund, budget: float) -> float:
    best = 0.0
    for mask in product((0.0, 1.0), repeat=len(fund.candidates)):
        asks = sum(part * candidate.asks for part, candidate in zip(mask, fund.candidates, strict=True))
        if asks <= budget + 1e-9:
            best = max(best, fund.worth(np.array(mask))[0])
    return best


@pytest.mark.parametrize("seed", range(30))
def test_the_plan_is_the_best_of_all_plans_and_its_bound_holds_it(seed):
    fund = case(seed, method="cuts" if seed % 2 else "extensive")
    found = fund.best()
    best = best_of_all(fund, 100.0)
    assert found.worth == pytest.approx(best, rel=1e-5, abs=1e-9)
    assert found.bound >= best - 1e-9
    assert found.gap_share <= 1e-4
    assert found.plan.face <= 100.0 + 1e-6


def test_more_money_never_buys_less_and_who_enters_is_named():
    fund = case(3)
    steps = fund.frontier([30, 60, 100, 160], "loans")
    worth = [step.funded.worth for step in steps]
    assert worth == sorted(worth)
    assert set(steps[-1].funded.plan.built) >= set(steps[-1].enters)
    for before, after in pairwise(steps):
        now, was = set(after.funded.plan.built), set(before.funded.plan.built)
        assert (set(after.enters), set(after.leaves)) == (now - was, was - now)


def test_the_second_best_plan_is_another_and_not_better():
    fund = case(5)
    first = fund.best()
    second = fund.second_best(first)
    assert second is not None
    assert set(second.plan.built) != set(first.plan.built)
    assert second.worth <= first.worth + 1e-9


def test_taking_a_project_out_costs_what_the_flow_says():
    fund = case(1)
    found = fund.best()
    for name, lost in fund.removals(found).iter_rows():
        without = fund.parts(dict.fromkeys(set(found.plan.built) - {name}, 1.0))
        assert lost == pytest.approx(found.worth - fund.worth(without)[0], abs=1e-12)
        assert lost >= -1e-12


def test_regret_is_nil_where_the_plan_is_best_and_never_negative():
    fund = case(2)
    table = fund.regret(fund.best())
    assert (table["regret_usd_m"] >= 0).all()
    assert table.filter(table["outlook"] == "calm")["regret_usd_m"].item() == pytest.approx(0, abs=1e-9)


def test_odds_in_a_range_give_a_range_of_worth_that_holds_the_point():
    fund = case(4)
    found = fund.best()
    low, high = fund.odds_range(found.built, np.array([0.1, 0.05]), np.array([0.3, 0.2]))
    assert low <= found.worth <= high
    # by hand: gains above calm times the ends of the odds
    gains = found.by_outlook - found.by_outlook[-1]
    assert low == pytest.approx(found.by_outlook[-1] + 0.1 * gains[0] + 0.05 * gains[1])
    assert high == pytest.approx(found.by_outlook[-1] + 0.3 * gains[0] + 0.2 * gains[1])


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 2, st.floats(-5, 5)), min_size=1, max_size=4))
def test_the_odds_that_gain_most_are_those_of_a_linear_program(rows):
    ends = np.sort(np.array([row[:2] for row in rows]), axis=1)
    low, high = ends[:, 0] / len(rows), ends[:, 1]  # lows that leave room for each other
    gains = np.array([row[2] for row in rows])
    odds = extreme_odds(gains, low, high)
    best = linprog(-gains, A_ub=np.ones((1, len(rows))), b_ub=[1.0], bounds=list(zip(low, high, strict=True)))
    assert ((odds >= low - 1e-12) & (odds <= high + 1e-12)).all()
    assert odds.sum() <= 1 + 1e-9
    assert gains @ odds == pytest.approx(-best.fun, abs=1e-7)


def test_odds_of_draws_of_one_scenario_rise_together():
    # Four draws of one scenario, of which one gains 8 and the others nothing: its odds of 0.2 to 1 gain 2 each.
    fund = case(4)
    one = fund.security.outlooks[0]
    whole = profiles_of(fund.security)
    draws = tuple(replace(one, odds=0.1, profiles=share * whole) for share in (1.0, 0.0, 0.0, 0.0))
    calm = replace(fund.security.outlooks[2], odds=0.6)
    drawn = Fund(replace(fund.security, outlooks=(*draws, calm), kin=None), fund.candidates, fund.offers, fund.rules)
    built = fund.best().built
    gain = drawn.worth(built)[1][0]
    assert gain > 0
    low, high = drawn.odds_range(built, np.array([0.2]), np.array([1.0]))
    assert (low, high) == (pytest.approx(0.2 * gain / 4), pytest.approx(gain / 4))


def test_with_a_weight_on_risk_the_same_assumptions_give_the_same_worth():
    plain = case(4)
    fund = Fund(replace(plain.security, risk_weight=0.5, risk_level=0.8, kin=None), plain.candidates, plain.offers,
                plain.rules)  # fmt: skip
    found = fund.best()
    assert found.worth != pytest.approx(plain.worth(found.built)[0], rel=1e-3)
    whole = [profiles_of(fund.security)] * len(fund.security.outlooks)
    assert fund.worth_if(found.built, whole) == pytest.approx(found.worth, rel=1e-9)
    odds = np.array([outlook.odds for outlook in fund.security.outlooks])
    assert fund.worth_at_odds(found.by_outlook, odds) == pytest.approx(found.worth, rel=1e-9)
    low, high = fund.odds_range(found.built, odds[:-1], odds[:-1])
    assert low == pytest.approx(high)
    assert low <= found.worth <= high


def test_other_assumptions_about_projects_count_their_wear_like_the_plan_itself():
    # Parts (g1) are made with tools (g0) that last a year and are not made any more: new plants wear out as well.
    chain = world(2, capital=edges((1, 0, 1.0), life_months=12.0))
    one = Outlook("cut", 1.0, situation([0.0, 0.1], 24, n=2, demand=0.35))
    security = Security(chain, (one,), (Project("g1", 0.2, build_months=3),))
    fund = Fund(security, [Candidate("p", "Parts", 10)], [Offer("p", "loan", 0, 50, 0.1, "loans")], Rules(()))
    worth = fund.worth(np.ones(1))[0]
    assert worth > 0
    assert fund.worth_if(np.ones(1), [profiles_of(security, 24)]) == pytest.approx(worth, rel=1e-9)


def test_budgets_with_which_decided_projects_cannot_be_paid_are_left_out_of_the_frontier():
    plain = case(0)
    rules = replace(plain.rules, must=frozenset({"p0"}))
    fund = Fund(plain.security, plain.candidates, plain.offers, rules)
    assert [step.budget for step in fund.frontier([10.0, 100.0], "loans")] == [100.0]


@pytest.mark.parametrize("seed", range(8))
def test_the_best_plan_at_low_odds_has_the_greatest_least_worth_of_all_plans(seed):
    fund = case(seed)
    low, high = np.array([0.02, 0.08]), np.array([0.6, 0.12])
    robust = fund.best_at(fund.spread(low), fund.best())
    least = 0.0
    for mask in product((0.0, 1.0), repeat=len(fund.candidates)):
        asks = sum(part * candidate.asks for part, candidate in zip(mask, fund.candidates, strict=True))
        if asks <= 100.0 + 1e-9:
            gains = fund.worth(np.array(mask))[1]
            corners = product(*np.stack([low, high], axis=1))
            ends = [fund.worth_at_odds(gains, fund.spread(np.array(odds))) for odds in corners]
            least = max(least, min(ends))
    assert robust.worth == pytest.approx(least, rel=1e-5, abs=1e-9)
    assert robust.bound >= least - 1e-9


def test_parts_of_projects_buy_at_least_as_much():
    whole = case(6)
    parts = whole.best(replace(whole.rules, divisible=True))
    assert parts.worth >= whole.best().worth - 1e-9
    assert all(0 < part <= 1 + 1e-9 for part in parts.plan.parts)


def test_a_project_that_asks_for_more_than_any_deal_brings_is_built_in_the_part_that_the_deal_pays():
    chain, asks = case(6), 300.0
    candidates = [replace(chain.candidates[2], asks=asks)]
    offers = [Offer("p2", "loan", 5, 150, 0.1, "loans")]
    outlooks = (Outlook("metal cut", 0.2, cut([0.5, 0.5, 0.06])), Outlook("calm", 0.8, cut([0.4, 0.4, 0.4])))
    security = Security(CHAIN, outlooks, (Project("g2", 0.1, ramp_months=3),))
    fund = Fund(security, candidates, offers, Rules((Pool("loans", face=200.0),), divisible=True))
    plan = fund.best().plan
    assert [(deal.candidate, deal.amount) for deal in plan.deals] == [("p2", pytest.approx(150.0))]
    assert plan.parts == (pytest.approx(150.0 / asks),)
    assert not fund.best(replace(fund.rules, divisible=False)).plan.built


def test_an_impossible_budget_is_answered_with_the_conflict_and_the_cheapest_way_out():
    fund = case(0)
    rules = Rules((Pool("loans", face=10.0),), must=frozenset({"p0"}))
    with pytest.raises(InfeasibleError) as refused:
        fund.best(rules)
    assert "at most 10 million of face value from loans" in str(refused.value)
    assert refused.value.relaxation
