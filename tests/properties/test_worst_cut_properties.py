"""On random chains with every kind of relation: every bound holds, the worst cut is that of trying every set."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.chain.availability import structure_of
from reshore.flow import Cut, Terms, build_world, cut_off, run_flow
from reshore.optimize import solve
from reshore.seeds import stream
from reshore.stress.worst_cut import Rules, Strikes, flow_strikes, smallest_cut, worst_cuts
from reshore.stress.worst_cut.bound import Follow
from tests.chains import chain_of, edge, good_named
from tests.unit.flow.random_worlds import PLACES, Case, demand_frame, random_case

SEEDS = st.integers(0, 10_000)
MONTHS = 4
OTHERS = tuple(place for place in PLACES if place != "USA")  # home does not withhold from itself


def strikes_of(case: Case, *, is_lost: bool) -> Strikes:
    return flow_strikes(case.world, OTHERS, case.terms, cut=Cut((), is_lost=is_lost))


def every_set(count: int, size: int) -> list[tuple[int, ...]]:
    return [members for most in range(size + 1) for members in combinations(range(count), most)]


def loss_of(strikes: Strikes, members: tuple[int, ...]) -> tuple[float, np.ndarray]:
    solution = solve(strikes.figures(members))
    return strikes.at_stake - float(strikes.forgone[list(members)].sum()) - solution.objective, solution.x


@given(SEEDS, st.booleans())
@settings(max_examples=25, deadline=None)
def test_what_a_plan_says_bounds_the_loss_of_every_set(seed: int, is_lost: bool):
    strikes = strikes_of(random_case(seed, MONTHS), is_lost=is_lost)
    follow = Follow(strikes)
    losses = {members: loss_of(strikes, members) for members in every_set(len(OTHERS), 4)}
    for members, (loss, x) in losses.items():
        cut = follow.cut(members, strikes.figures(members), x, loss)
        assert cut.constant + cut.slope[list(members)].sum() == pytest.approx(loss, abs=1e-9)
        for other, (value, _) in losses.items():
            assert value <= cut.constant + cut.slope[list(other)].sum() + 1e-7 * strikes.at_stake, (members, other)


@given(SEEDS, st.booleans(), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_the_worst_cut_is_that_of_trying_every_set_and_its_loss_that_of_the_flow(seed: int, is_lost: bool, size: int):
    case = random_case(seed, MONTHS)
    strikes = strikes_of(case, is_lost=is_lost)
    losses = [loss_of(strikes, members)[0] for members in every_set(len(OTHERS), size)]
    cuts = worst_cuts(strikes, Rules(size=size)).cuts
    if not cuts:
        assert max(losses) <= 1e-6 * strikes.at_stake
        return
    (worst,) = cuts
    assert worst.proved
    assert worst.loss == pytest.approx(max(losses) * strikes.unit, rel=1e-6)
    struck = (Cut(worst.members, is_lost=is_lost),)
    outcome = run_flow(case.world, cut_off(case.world, struck, replace(case.terms, discount_per_month=0.0)))
    # The order of tiers of one value counts for 1e-5 of a unit in the choice of whom to serve.
    assert worst.loss == pytest.approx(outcome.loss, rel=1e-4, abs=1e-6 * strikes.at_stake * strikes.unit)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_more_members_never_cost_less_and_the_order_of_strikers_does_not_matter(seed: int):
    case = random_case(seed, MONTHS)
    found = [
        next((cut.loss for cut in worst_cuts(strikes_of(case, is_lost=True), Rules(size=size)).cuts), 0.0)
        for size in (1, 2, 3)
    ]
    assert found == sorted(found)
    turned = flow_strikes(case.world, OTHERS[::-1], case.terms, cut=Cut((), is_lost=True))
    other = next((cut.loss for cut in worst_cuts(turned, Rules(size=2)).cuts), 0.0)
    assert other == pytest.approx(found[1], rel=1e-6, abs=1e-9)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_smallest_cut_that_loses_all_is_the_smallest_minimal_cut_set(seed: int):
    # Two codes that share nothing: sets combined upwards through the AND/OR graph, and amounts that flow.
    random = stream(seed, "chain without stocks")
    names = [f"g{k}" for k in range(int(random.integers(2, 6)))]
    goods = [good_named(name, final=name == names[-1]) for name in names]
    inputs = [edge(names[int(random.integers(k + 1, len(names)))], names[k]) for k in range(len(names) - 1)]
    supply = []
    for name in names:
        makers = sorted(random.choice(PLACES, int(random.integers(1, 5)), replace=False).tolist())
        parts = random.dirichlet(np.full(len(makers), 2.0)).tolist()
        supply += [{"good": name, "supplier": maker, "share": part} for maker, part in zip(makers, parts, strict=True)]
    chain = chain_of(goods, inputs, supply)
    logic = structure_of(chain, chain.choose().countries, 1e-6, "certain")
    sets = logic.cut_sets([names[-1]], len(PLACES))[names[-1]]
    rows = [{"good": name, "country": "WLD", "stock_months": 0.0} for name in names]
    strikes = flow_strikes(build_world(chain, demand_frame(rows)), PLACES, Terms(months=1), cut=Cut((), is_lost=True))
    found = smallest_cut(strikes, 1.0)
    assert len(found.members) == len(sets[0])
    assert tuple(sorted(found.members)) in sets
    assert found.proved


@given(SEEDS, st.sampled_from([1e-6, 1e3, 1e9]))
@settings(max_examples=15, deadline=None)
def test_the_unit_of_value_scales_out(seed: int, unit: float):
    case = random_case(seed, MONTHS)
    scaled = replace(case, world=replace(case.world, value_usd=case.world.value_usd * unit))
    first = worst_cuts(strikes_of(case, is_lost=True), Rules(size=2)).cuts
    second = worst_cuts(strikes_of(scaled, is_lost=True), Rules(size=2)).cuts
    assert [cut.members for cut in first] == [cut.members for cut in second]
    assert [cut.loss * unit for cut in first] == pytest.approx([cut.loss for cut in second], rel=1e-6)
