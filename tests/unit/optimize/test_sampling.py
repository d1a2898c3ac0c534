"""Sampled gaps on a plant whose best size and cost are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from reshore.errors import UsageError
from reshore.optimize import Builder
from reshore.optimize.sampling import sampled_gap
from reshore.optimize.two_stage import Scenario, TwoStage, evaluate, solve_two_stage
from reshore.seeds import stream

COST, WORTH = 1.0, 4.0


def plant(demands) -> TwoStage:
    """A plant of size x at 1 per unit; what it serves of each demand is worth 4."""
    first = Builder()
    first.variables("size", 1, cost=COST, high=1.0)
    scenarios = []
    for number, demand in enumerate(demands):
        builder = Builder(maximize=True)
        served = builder.variables("served", 1, high=float(demand), cost=WORTH)
        builder.require("size", [(0, served, 1.0)], 1, high=0.0, says=lambda _: "serve what is built")
        scenarios.append(Scenario(str(number), 1 / len(demands), builder.build(), sparse.csr_array([[-1.0]])))
    return TwoStage(first.build(), tuple(scenarios))


def sample(number: int, size: int = 40) -> TwoStage:
    return plant(stream(5, "sampled plant", number).random(size))


def cost_of(x: float) -> float:
    """Uniform demand on [0, 1]: x − 4 E[min(x, D)], and E[min(x, D)] = x − x² / 2."""
    return COST * x - WORTH * (x - x * x / 2)


def test_the_newsvendor_builds_where_the_odds_of_more_demand_are_cost_over_worth():
    # P(D > x) = 1/4: x = 3/4, at a cost of 3/4 − 4 (3/4 − 9/32) = −9/8
    assert cost_of(0.75) == pytest.approx(-9 / 8)
    found = solve_two_stage(plant((np.arange(400) + 0.5) / 400))
    assert found.x[0] == pytest.approx(0.75, abs=2e-3)
    assert found.objective == pytest.approx(-9 / 8, abs=1e-3)


@pytest.mark.parametrize("x", [0.4, 0.75, 1.0])
def test_the_interval_holds_the_true_gap_and_the_best_is_estimated_from_below(x):
    found = sampled_gap(sample, np.array([x]), 10)
    true = cost_of(x) - cost_of(0.75)
    assert (found.gaps >= 0).all()
    assert true <= found.most
    assert found.mean <= found.most
    assert found.least_cost <= cost_of(0.75) + 0.15  # ten samples of forty


def test_a_better_decision_has_a_smaller_gap_on_the_same_samples():
    near, far = (sampled_gap(sample, np.array([x]), 10).mean for x in (0.7, 0.3))
    assert near < far
    assert (
        sampled_gap(sample, np.array([0.7]), 10).gaps.tobytes()
        == sampled_gap(sample, np.array([0.7]), 10).gaps.tobytes()
    )


def test_one_sample_tells_no_interval():
    with pytest.raises(UsageError, match="two samples"):
        sampled_gap(sample, np.array([0.5]), 1)


def test_a_sample_judges_as_evaluating_it_does():
    one = sample(0)
    gap = sampled_gap(sample, np.array([0.5]), 2).gaps[0]
    assert gap == pytest.approx(evaluate(one, np.array([0.5])).objective - solve_two_stage(one).objective, abs=1e-9)
