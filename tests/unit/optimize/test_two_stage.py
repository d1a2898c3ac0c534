"""Two-stage programs against the books: the farmer, capacity expansion, a chain of two links, and brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from reshore.errors import UsageError
from reshore.optimize import Builder
from reshore.optimize.two_stage import (
    Evaluator,
    Scenario,
    TwoStage,
    conditional_value_at_risk,
    evaluate,
    solve_two_stage,
    tail_weights,
    wait_and_see,
)

METHODS = ("extensive", "cuts")


def no_words(_: int) -> str:
    return "a requirement"


def farmer(yields=((3.0, 3.6, 24.0), (2.5, 3.0, 20.0), (2.0, 2.4, 16.0))) -> TwoStage:
    """Birge and Louveaux, Stochastic Programming, section 1.1: wheat, corn, sugar beets on 500 acres."""
    first = Builder()
    x = first.variables("acres", 3, cost=[150, 230, 260])
    first.require("land", [(0, x, 1.0)], 1, high=500, says=no_words)
    scenarios = []
    for number, tons in enumerate(yields):
        builder = Builder()
        bought = builder.variables("bought", 2, cost=[238, 210])
        sold = builder.variables("sold", 4, cost=[-170, -150, -36, -10], high=[np.inf, np.inf, 6000, np.inf])
        builder.require(
            "feed",
            [([0, 1], bought, 1.0), ([0, 1], sold[:2], -1.0), ([2, 2], sold[2:], -1.0)],
            3,
            low=[200, 240, 0],
            says=no_words,
        )
        scenarios.append(Scenario(f"year {number}", 1 / len(yields), builder.build(), sparse.csr_array(np.diag(tons))))
    return TwoStage(first.build(), tuple(scenarios))


@pytest.mark.parametrize("method", METHODS)
def test_the_farmer_plants_170_80_250_and_earns_108390(method):
    found = solve_two_stage(farmer(), method)
    assert -found.objective == pytest.approx(108_390)
    assert found.x == pytest.approx([170, 80, 250], abs=1e-4)
    assert found.gap_share <= 1e-6


def test_what_knowing_is_worth_to_the_farmer():
    # mean yields 2.5, 3, 20: EV 118,600; that plan in the three years earns 107,240, so VSS 1,150; WS 115,405.56
    mean = solve_two_stage(farmer(((2.5, 3.0, 20.0),)))
    assert -mean.objective == pytest.approx(118_600)
    assert -evaluate(farmer(), mean.x).objective == pytest.approx(108_390 - 1_150)
    assert -wait_and_see(farmer()) == pytest.approx(115_405.5556)


def land_s() -> TwoStage:
    """Louveaux and Smeers (1988): four technologies, three modes of demand, three levels of the first mode's demand."""
    first = Builder()
    x = first.variables("capacity", 4, cost=[10, 7, 16, 6])
    first.require("least capacity", [(0, x, 1.0)], 1, low=12, says=no_words)
    first.require("budget", [(0, x, [10.0, 7.0, 16.0, 6.0])], 1, high=120, says=no_words)
    operating = np.array([[40, 24, 4], [45, 27, 4.5], [32, 19.2, 3.2], [55, 33, 5.5]])
    scenarios = []
    for odds, level in ((0.3, 3.0), (0.4, 5.0), (0.3, 7.0)):
        builder = Builder()
        y = builder.variables("run", (4, 3), cost=operating)
        builder.require("capacity", [(np.arange(4)[:, None], y, -1.0)], 4, low=0, says=no_words)
        builder.require("demand", [(np.arange(3)[None, :], y, 1.0)], 3, low=[level, 3, 2], says=no_words)
        technology = sparse.csr_array(np.vstack([np.eye(4), np.zeros((3, 4))]))
        scenarios.append(Scenario(f"demand {level:g}", odds, builder.build(), technology))
    return TwoStage(first.build(), tuple(scenarios))


@pytest.mark.parametrize("method", METHODS)
def test_capacity_of_power_plants_costs_381_853(method):
    assert solve_two_stage(land_s(), method).objective == pytest.approx(381.853, abs=5e-4)


def two_links(costs) -> TwoStage:
    """A chain of two links, demand 10 worth 100 each; imports of either or both may be cut."""
    first = Builder()
    first.variables("built", 2, cost=costs, high=10)
    scenarios = []
    for name, odds, imports in (
        ("none", 0.8, (10, 10)), ("first", 0.1, (0, 10)), ("second", 0.06, (10, 0)), ("both", 0.04, (0, 0)),
    ):  # fmt: skip
        builder = Builder(maximize=True)
        served = builder.variables("served", 1, high=10, cost=100)
        builder.require("link", [([0, 1], served, 1.0)], 2, high=imports, says=no_words)
        scenarios.append(Scenario(name, odds, builder.build(), sparse.csr_array(-np.eye(2))))
    return TwoStage(first.build(), tuple(scenarios))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("costs", "plan", "objective"),
    [
        ((3, 3), (10, 10), 940),
        ((8, 3), (10, 10), 890),
        ((8, 8), (10, 10), 840),
        ((15, 5), (0, 10), 810),
        ((12, 9), (0, 0), 800),
    ],
)
def test_a_chain_of_two_links_is_built_where_it_pays(method, costs, plan, objective):
    # with neither built the chain runs in 80 of 100 cases: 0.8 × 1000 = 800; both built: 1000 − 10 (c1 + c2)
    found = solve_two_stage(two_links(costs), method)
    assert -found.objective == pytest.approx(objective)
    assert found.x == pytest.approx(plan, abs=1e-6)


def test_mean_imports_deceive_the_chain_of_two_links():
    # Costs (8, 8). Knowing the cut: 0.8 · 1000 + 0.16 · 920 + 0.04 · 840 = 980.8. Deciding before: 840. With the mean
    # imports of 8.6 and 9 one would build 1.4 and 1, at 19.2; that serves 10, 1.4, 1 and 1 of 10: 824 − 19.2.
    program = two_links((8, 8))
    assert -wait_and_see(program) == pytest.approx(980.8)
    assert -solve_two_stage(program).objective == pytest.approx(840)
    recourse = program.scenarios[0].recourse
    mean = sum(scenario.odds * scenario.recourse.row_high for scenario in program.scenarios)
    one = replace(program.scenarios[0], odds=1.0, recourse=replace(recourse, row_high=mean))
    deceived = solve_two_stage(replace(program, scenarios=(one,)))
    assert deceived.x == pytest.approx([1.4, 1.0])
    assert -evaluate(program, deceived.x).objective == pytest.approx(804.8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("odds", "cost"), [(0.3, 25.0), (0.3, 35.0), (0.05, 4.9), (0.05, 5.1)])
def test_one_good_is_built_where_odds_times_worth_exceed_cost_and_its_price_is_their_product(method, odds, cost):
    # served is worth 100; without capacity nothing is served in the cut, everything in calm
    first = Builder()
    first.variables("built", 1, cost=cost, high=7)
    scenarios = []
    for name, chance, imports in (("cut", odds, 0), ("calm", 1 - odds, 10)):
        builder = Builder(maximize=True)
        served = builder.variables("served", 1, high=10, cost=100)
        builder.require("supply", [(0, served, 1.0)], 1, high=imports, says=no_words)
        scenarios.append(Scenario(name, chance, builder.build(), sparse.csr_array([[-1.0]])))
    found = solve_two_stage(TwoStage(first.build(), tuple(scenarios)), method)
    assert found.x[0] == pytest.approx(7 if odds * 100 > cost else 0)
    price = -sum(weight * duals[0] for weight, duals in zip(found.weights, found.duals, strict=True))
    assert price == pytest.approx(odds * 100)


@pytest.mark.parametrize(("level", "expected"), [(0.90, 1.754983), (0.95, 2.062713), (0.99, 2.665214)])
def test_the_tail_of_a_normal_cost(level, expected):
    count = 200_000
    costs = np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])
    found = conditional_value_at_risk(costs, np.full(count, 1 / count), level)
    assert found == pytest.approx(expected, abs=2e-4)


def test_odds_must_sum_to_one():
    first = Builder()
    first.variables("x", 1)
    with pytest.raises(UsageError, match=r"0\.5, not to 1"):
        TwoStage(first.build(), (Scenario("s", 0.5, first.build(), sparse.csr_array((0, 1))),))


def random_program(seed: int, risk_weight: float = 0.0, integer: bool = False) -> TwoStage:
    """Three plants of which capacity is built, four scenarios of demand for two goods, shortage is costly."""
    random = np.random.default_rng(seed)
    first = Builder()
    x = first.variables("built", 3, cost=random.uniform(1, 4, 3), high=3 if integer else 5, integer=integer)
    first.require("budget", [(0, x, random.uniform(1, 2, 3))], 1, high=8, says=no_words)
    use = random.uniform(0, 1, (3, 2))
    scenarios = []
    for odds in random.dirichlet(np.ones(4)):
        builder = Builder()
        run = builder.variables("run", (3, 2), cost=random.uniform(0, 1, (3, 2)))
        short = builder.variables("short", 2, cost=random.uniform(5, 12, 2))
        builder.require(
            "capacity", [(np.arange(3)[:, None], run, -1.0)], 3, low=-random.uniform(0, 1, 3), says=no_words
        )
        builder.require("demand", [(np.arange(2)[None, :], run, 0.5 + use), ([0, 1], short, 1.0)], 2,
                        low=random.uniform(1, 6, 2), says=no_words)  # fmt: skip
        scenarios.append(
            Scenario(
                f"{odds:.3f}", float(odds), builder.build(), sparse.csr_array(np.vstack([np.eye(3), np.zeros((2, 3))]))
            )
        )
    total = sum(s.odds for s in scenarios)
    fixed = (*scenarios[:-1], Scenario("last", scenarios[-1].odds + 1 - total, *_rest(scenarios[-1])))
    return TwoStage(first.build(), fixed, risk_weight, 0.7)


def _rest(scenario: Scenario):
    return scenario.recourse, scenario.technology


@given(seed=st.integers(0, 10_000), risk=st.sampled_from([0.0, 0.3, 1.0]))
@settings(max_examples=25, deadline=None)
def test_cuts_and_the_program_in_full_agree(seed, risk):
    program = random_program(seed, risk)
    full, cut = (solve_two_stage(program, method) for method in METHODS)
    assert cut.objective == pytest.approx(full.objective, rel=2e-6)
    assert cut.bound <= full.objective + 1e-6 * abs(full.objective)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_knowing_more_never_costs_more(seed):
    program = random_program(seed)
    planned = solve_two_stage(program)
    nothing_built = evaluate(program, np.zeros(3))
    tolerance = 1e-6 * abs(planned.objective)
    assert wait_and_see(program) <= planned.objective + tolerance  # WS ≤ RP for costs
    assert planned.objective <= nothing_built.objective + tolerance  # RP ≤ any fixed decision, EEV among them


@pytest.mark.parametrize("risk", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(6))
def test_whole_number_decisions_are_the_best_of_all_tried(seed, risk):
    program = random_program(seed, risk, integer=True)
    matrix = program.first.matrix.toarray()
    tried = [
        evaluate(program, np.array(x, float)).objective
        for x in product(range(4), repeat=3)
        if (matrix @ x <= program.first.row_high + 1e-9).all()
    ]
    for method in METHODS:
        found = solve_two_stage(program, method)
        assert found.objective == pytest.approx(min(tried), rel=2e-6)
        assert found.bound <= min(tried) + 1e-6 * abs(min(tried))


def test_equal_costs_share_the_tail_whatever_their_order():
    costs, odds = np.array([2.0, 5.0, 5.0, 1.0]), np.array([0.4, 0.3, 0.1, 0.2])
    weights = tail_weights(costs, odds, 0.8)
    assert weights == pytest.approx([0, 0.75, 0.25, 0])
    assert tail_weights(costs[::-1], odds[::-1], 0.8)[::-1] == pytest.approx(weights)


def test_an_evaluator_keeps_sessions_of_no_other_recourse_than_its_own():
    # Sessions go by the identity of what a recourse program holds, and identities are used again once it is gone.
    one, other = (farmer() for _ in range(2))
    first = Evaluator(one)
    second = Evaluator(replace(one, scenarios=one.scenarios[:1] * 3), first)
    assert [warm.recourse for warm in second.warm.values()] == [one.scenarios[0].recourse]
    mine = [warm.recourse for warm in Evaluator(other, second).warm.values()]
    assert all(found is scenario.recourse for found, scenario in zip(mine, other.scenarios, strict=True))


def test_scenarios_that_differ_in_sides_alone_share_a_session_and_each_has_its_own_answer():
    one = farmer()
    first = one.scenarios[0]
    recourse = replace(first.recourse, row_low=first.recourse.row_low * 1.1, row_high=first.recourse.row_high * 1.1)
    moved = replace(one, scenarios=(replace(first, odds=0.5), replace(first, odds=0.5, recourse=recourse)))
    evaluator = Evaluator(moved)
    assert len(evaluator.warm) == 1
    x = np.zeros(one.first.n_columns)
    alone = [Evaluator(replace(moved, scenarios=(replace(s, odds=1.0),))).at(x).costs[0] for s in moved.scenarios]
    assert evaluator.at(x).costs == pytest.approx(alone)
    assert alone[0] != pytest.approx(alone[1])
