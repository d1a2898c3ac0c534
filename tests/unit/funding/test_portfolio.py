"""Portfolios against exhaustive search: every set of projects and instruments is tried, amounts by another solver."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from reshore.errors import InfeasibleError
from reshore.funding.budgets import Pool
from reshore.funding.choice import build_choice, read_plan
from reshore.funding.portfolio import Candidate, Offer, Quota, Rules
from reshore.optimize import solve
from reshore.optimize.program import Program
from reshore.seeds import stream


def valued(program: Program, choice, values) -> Program:
    """The program with a worth per project, as if worth were additive: enough to check the rules."""
    cost = program.cost.copy()
    cost[choice.built] -= values
    return replace(program, cost=cost)


def random_case(seed: int, n: int = 5):
    random = stream(seed, "portfolio", 0)
    candidates = [
        Candidate(f"p{i}", f"Project {i}", float(random.integers(10, 60)),
                  None if random.random() < 0.2 else float(random.integers(80, 200)),
                  frozenset({f"region {'AB'[i % 2]}"}))
        for i in range(n)
    ]  # fmt: skip
    offers = []
    for candidate in candidates:
        offers.append(Offer(candidate.name, "loan", 10, 150, 0.1, "loans", cost_share_cap=0.5))
        offers.append(Offer(candidate.name, "grant", 5, 30, 1.0, "grants", excludes=frozenset({"credit"})))
        offers.append(Offer(candidate.name, "credit", 1, 40, 1.0, "grants", cost_share_cap=0.3))
    rules = Rules(
        (Pool("loans", face=float(random.integers(60, 120)), subsidy=9.0),
         Pool("grants", face=float(random.integers(20, 60)))),
        quotas=(Quota("region A", high=0.8),),
        stack_cap=0.6,
        least_leverage=0.25 if seed % 2 else 0.0,
    )  # fmt: skip
    return candidates, offers, rules, random.uniform(1, 10, n)


def can_be_paid(candidates, offers, rules, built, taken) -> bool:
    """Whether amounts exist for the deals in `taken`: written anew, as one dense program for another solver."""
    names = {candidate.name: candidate for candidate in candidates}
    deals = [offer for offer, is_taken in zip(offers, taken, strict=True) if is_taken]
    if any(offer.candidate not in built for offer in deals):
        return False
    for one, other in product(deals, deals):
        if one is other or one.candidate != other.candidate:
            continue
        if one.excludes & {other.instrument, *other.holds}:
            return False
    if not deals:
        return not any(names[name].asks > 0 for name in built)
    bounds, rows, sides = [], [], []
    for offer in deals:
        cost = names[offer.candidate].cost
        cap = (
            offer.high
            if offer.cost_share_cap >= 1 and cost is None
            else 0
            if cost is None
            else min(offer.high, offer.cost_share_cap * cost)
        )
        if cap < offer.low:
            return False
        bounds.append((offer.low, cap))
        if offer.stack_cap < 1:
            rows.append(np.array([1.0 if other.candidate == offer.candidate else 0.0 for other in deals]))
            sides.append(offer.stack_cap * cost)
    for name in built:
        mine = np.array([1.0 if offer.candidate == name else 0.0 for offer in deals])
        rows.append(-mine * [offer.counts for offer in deals])
        sides.append(-names[name].asks)
        if names[name].cost is not None:
            rows.append(mine)
            sides.append(rules.stack_cap * names[name].cost)
    for pool in rules.pools:
        rows.append(np.array([taken_from(pool.name, offer)[0] for offer in deals]))
        sides.append(pool.face)
        if pool.subsidy is not None:
            rows.append(np.array([taken_from(pool.name, offer)[1] for offer in deals]))
            sides.append(pool.subsidy)
    for quota in rules.quotas:
        inside = np.array([1.0 if quota.group in names[offer.candidate].groups else 0.0 for offer in deals])
        rows.append(inside - quota.high)
        sides.append(0.0)
    if rules.least_leverage:
        rows.append(np.full(len(deals), 1 + rules.least_leverage))
        sides.append(sum(names[name].cost or 0.0 for name in built))
    return linprog(np.zeros(len(deals)), A_ub=np.array(rows), b_ub=sides, bounds=bounds, method="highs").status == 0


def taken_from(pool: str, offer: Offer) -> tuple[float, float]:
    """Face and subsidy that a dollar of an offer takes from a pool."""
    if not offer.draws:
        return (1.0, offer.subsidy_rate) if offer.pool == pool else (0.0, 0.0)
    mine = [draw for draw in offer.draws if draw.pool == pool]
    return sum(float(draw.face) for draw in mine), sum(float(draw.subsidy) for draw in mine)


def best_by_trying(candidates, offers, rules, values) -> float:
    best = 0.0
    for mask in product((False, True), repeat=len(candidates)):
        built = {candidate.name for candidate, is_in in zip(candidates, mask, strict=True) if is_in}
        worth = float(sum(v for v, is_in in zip(values, mask, strict=True) if is_in))
        if worth <= best:
            continue
        mine = [place for place, offer in enumerate(offers) if offer.candidate in built]
        for deals in product((False, True), repeat=len(mine)):
            taken = [False] * len(offers)
            for place, is_taken in zip(mine, deals, strict=True):
                taken[place] = is_taken
            if can_be_paid(candidates, offers, rules, built, taken):
                best = worth
                break
    return best


@pytest.mark.parametrize("seed", range(30))
def test_the_chosen_plan_is_as_good_as_the_best_of_all(seed):
    candidates, offers, rules, values = random_case(seed, 3)
    choice = build_choice(candidates, offers, rules)
    found = solve(valued(choice.program, choice, values))
    plan = read_plan(choice, found.x)
    worth = sum(value for candidate, value in zip(candidates, values, strict=True) if candidate.name in plan.built)
    assert worth == pytest.approx(best_by_trying(candidates, offers, rules, values), abs=1e-4)


def test_budgets_are_never_exceeded_in_exact_decimals():
    for seed in range(20):
        candidates, offers, rules, values = random_case(seed, 8)
        choice = build_choice(candidates, offers, rules)
        plan = read_plan(choice, solve(valued(choice.program, choice, values)).x)
        for pool in rules.pools:
            names = {(o.candidate, o.instrument) for o in offers if o.pool == pool.name}
            mine = [d for d in plan.deals if (d.candidate, d.instrument) in names]
            assert sum(Decimal(str(d.amount)) for d in mine) <= Decimal(str(pool.face))


def test_a_dollar_that_rounding_puts_over_a_budget_comes_off_the_largest_deal():
    # Thirds of a budget of 100 dollars; the solver may also miss it by its tolerance.
    candidates = [Candidate(name, name, 1.0) for name in "abc"]
    offers = [Offer(name, "loan", 0.0, 1.0, 0.5, "loans") for name in "abc"]
    choice = build_choice(candidates, offers, Rules((Pool("loans", face=1e-4, subsidy=0.495e-4),), divisible=True))
    x = np.zeros(choice.program.n_columns)
    x[choice.built], x[choice.taken] = 0.1, 1.0
    x[choice.amount] = [33.6e-6, 33.4e-6, 33.6e-6]
    plan = read_plan(choice, x)
    # 34, 33 and 34 dollars are one too many; 100 of face cost 50, and 49.5 are there
    assert sum(Decimal(str(deal.amount)) for deal in plan.deals) == Decimal("0.000099")
    assert {deal.candidate: round(1e6 * deal.amount) for deal in plan.deals} == {"a": 33, "b": 33, "c": 33}


def test_nobody_gets_money_without_being_built_and_nobody_is_built_without_what_it_asks_for():
    candidates, offers, rules, values = random_case(3, 8)
    choice = build_choice(candidates, offers, rules)
    plan = read_plan(choice, solve(valued(choice.program, choice, values)).x)
    assert {deal.candidate for deal in plan.deals} == set(plan.built)
    for candidate in candidates:
        if candidate.name in plan.built:
            got = math.fsum(deal.amount for deal in plan.deals if deal.candidate == candidate.name)
            assert got >= candidate.asks - 1e-6


def test_an_instrument_with_a_cap_on_cost_needs_a_known_cost():
    candidate = Candidate("p", "Project", 10, cost=None)
    capped, free = Offer("p", "credit", 1, 40, 1.0, cost_share_cap=0.3), Offer("p", "grant", 1, 40, 1.0)
    assert [offer.instrument for offer in build_choice([candidate], [capped, free], Rules(())).offers] == ["grant"]


def test_what_cannot_be_funded_is_refused_in_words():
    candidate = Candidate("plant", "Magnet plant", 200, cost=400)
    offers = [Offer("plant", "loan", 10, 150, 0.02, "loans")]
    choice = build_choice([candidate], offers, Rules((Pool("loans", face=1000),), must=frozenset({"plant"})))
    with pytest.raises(InfeasibleError) as refused:
        solve(choice.program)
    text = str(refused.value)
    assert "Magnet plant gets the 200 million that it asks for" in text
    assert "at most 150 million: loan for Magnet plant" in text


def test_a_plan_that_was_found_is_not_taken_again():
    candidates, offers, rules, values = random_case(1, 5)
    choice = build_choice(candidates, offers, rules)
    first = read_plan(choice, solve(valued(choice.program, choice, values)).x)
    again = build_choice(choice.candidates, choice.offers, replace(choice.rules, forbidden=(frozenset(first.built),)))
    second = read_plan(again, solve(valued(again.program, again, values)).x)
    assert set(second.built) != set(first.built)


def knapsack(seed: int, n: int):
    """Projects that each ask one sum of one budget, which pays for a third of them."""
    random = stream(seed, "knapsack", n)
    asks, values = random.integers(5, 60, n).astype(float), random.uniform(1, 10, n)
    candidates = [Candidate(f"p{k:02d}", f"Project {k}", ask) for k, ask in enumerate(asks)]
    offers = [Offer(candidate.name, "loan", 0, 60, 0.1, "loans") for candidate in candidates]
    pools = (Pool("loans", face=float(round(asks.sum() / 3))),)
    return candidates, offers, Rules(pools), asks, values


def test_eighteen_projects_are_chosen_as_well_as_by_trying_all_262144_sets():
    for seed in range(4):
        candidates, offers, rules, asks, values = knapsack(seed, 18)
        choice = build_choice(candidates, offers, rules, thrift=0.0)
        plan = read_plan(choice, solve(valued(choice.program, choice, values)).x)
        sets = (np.arange(1 << 18)[:, None] >> np.arange(18) & 1).astype(float)
        best = (sets @ values)[sets @ asks <= rules.pools[0].face].max()
        assert sum(values[int(name[1:])] for name in plan.built) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(10))
def test_the_relaxed_plan_is_at_most_one_project_better_and_greedy_at_least_half_as_good(seed):
    # Dantzig (1957): one budget leaves one project in part; the better of greedy and the best single is at least half
    candidates, offers, rules, asks, values = knapsack(seed, 14)
    choice = build_choice(candidates, offers, rules, thrift=0.0)
    program = valued(choice.program, choice, values)
    whole = solve(program)
    relaxed = solve(replace(program, integer=np.zeros_like(program.integer)))
    parts = relaxed.x[choice.built]
    assert ((parts > 1e-6) & (parts < 1 - 1e-6)).sum() <= 1
    assert -relaxed.objective <= -whole.objective + values.max() + 1e-9
    left, taken = rules.pools[0].face, 0.0
    for k in np.argsort(-values / asks):
        if asks[k] <= left:
            left, taken = left - asks[k], taken + values[k]
    fits = values[asks <= rules.pools[0].face]
    assert max(taken, fits.max()) >= -whole.objective / 2
