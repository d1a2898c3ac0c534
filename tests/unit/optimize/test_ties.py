"""Plans of equal cost are not a matter of luck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from reshore.errors import InputError
from reshore.optimize import Builder, Program, highs, rank_weights, solve

WAYS = (
    {},
    {"random_seed": 7},
    {"random_seed": 99},
    {"presolve": "off"},
    {"solver": "ipm"},
    {"simplex_strategy": 4},
)
"""Seeds, presolve, interior point, primal simplex."""


def plan(seed: int, integer: bool = False) -> Program:
    """Six goods on eight sites at costs of 1, 2 or 3 per good: full of plans of equal cost."""
    random = np.random.default_rng(seed)
    builder = Builder()
    built = builder.variables(
        "built", (6, 8), high=random.integers(5, 20, (6, 8)), cost=random.integers(1, 4, (6, 1)), integer=integer
    )
    need = random.integers(20, 40, 6)
    builder.require("need", [(np.arange(6)[:, None], built, 1.0)], 6, low=need, says=lambda k: f"need {k}")
    room = np.ceil(need.sum() / 8 * 1.6)
    builder.require("site", [(np.arange(8)[None, :], built, 1.0)], 8, high=room, says=lambda k: f"site {k}")
    return builder.build()


@pytest.mark.parametrize("integer", [False, True])
def test_plans_agree_whatever_the_solver_does_inside(integer: bool, monkeypatch: pytest.MonkeyPatch):
    luck = 0.0
    for seed in range(5):
        program = plan(seed, integer)
        loose, fixed = [], []
        for options in WAYS:
            with monkeypatch.context() as patch:
                for name, value in options.items():
                    patch.setitem(highs.OPTIONS, name, value)
                loose.append(solve(program).x)
                fixed.append(solve(program, ties=rank_weights(program.n_columns)).x)
        luck = max(luck, *(np.abs(x - loose[0]).max() for x in loose))
        assert max(np.abs(x - fixed[0]).max() for x in fixed) < 1e-6, seed
    assert luck > 1  # without the choice among equals plans do differ


def shuffled(program: Program, columns: np.ndarray, rows: np.ndarray) -> Program:
    matrix = sparse.csr_array(program.matrix[rows][:, columns])
    matrix.sort_indices()
    return replace(
        program, cost=program.cost[columns], low=program.low[columns], high=program.high[columns],
        integer=program.integer[columns], matrix=matrix, row_low=program.row_low[rows], row_high=program.row_high[rows],
        columns=(), rows=(),
    )  # fmt: skip


@pytest.mark.parametrize("integer", [False, True])
def test_plans_agree_whatever_the_order_of_rows_and_columns(integer: bool):
    # Weights go with the names of the variables, not with their places.
    for seed in range(8):
        program, random = plan(seed, integer), np.random.default_rng(seed)
        ties = rank_weights(program.n_columns)
        x = solve(program, ties=ties).x
        columns, rows = random.permutation(program.n_columns), random.permutation(program.n_rows)
        other = solve(shuffled(program, columns, rows), ties=ties[columns]).x
        assert other == pytest.approx(x[columns], abs=1e-6), seed


def test_of_fifty_identical_plants_the_one_of_least_weight_is_built_first():
    # Need 12 at 5 each: the two of least weight in full, the third makes 2.
    ties = rank_weights(50)
    for order in (np.arange(50), np.arange(50)[::-1]):
        builder = Builder()
        plants = builder.variables("plant", 50, high=5, cost=1)
        builder.require("need", [(0, plants, 1.0)], 1, low=12, says=lambda k: "need 12")
        solution = solve(builder.build(), ties=ties[order])
        assert solution.ties_broken
        built = np.zeros(50)
        built[order] = solution.x
        expected = np.zeros(50)
        expected[np.argsort(ties)[:3]] = [5, 5, 2]
        assert built == pytest.approx(expected, abs=1e-6)


def test_choosing_among_equals_does_not_cost_anything():
    for seed in range(5):
        program = plan(seed)
        assert solve(program, ties=rank_weights(program.n_columns)).objective == pytest.approx(
            solve(program).objective, rel=2e-9
        )


@pytest.mark.parametrize("ties", [np.full(48, np.nan), np.ones(3)])
def test_weights_that_are_no_numbers_or_too_few_are_refused(ties: np.ndarray):
    with pytest.raises(InputError, match="weights that choose among equals"):
        solve(plan(0), ties=ties)


def test_exchanges_between_ranks_are_no_ties():
    # w[a] + w[d] differs from w[b] + w[c] for all a + d = b + c: multiples of an irrational number would all be equal.
    weights = rank_weights(400)
    assert ((weights >= 1) & (weights < 2)).all()
    assert np.unique(weights).size == 400
    square = weights.reshape(20, 20)
    exchange = square[:-1, :-1] + square[1:, 1:] - square[:-1, 1:] - square[1:, :-1]
    assert np.abs(exchange).min() > 1e-6


def test_parallel_ways_of_one_kind_merge_into_one():
    # Two ways of 3 at cost 2 serve as one way of 6 does.
    def cost(highs_: list[float]) -> float:
        builder = Builder()
        way = builder.variables("way", len(highs_), high=highs_, cost=2.0)
        dear = builder.variables("dear", 1, cost=5.0)
        builder.require("need", [(0, way, 1.0), (0, dear, 1.0)], 1, low=8, says=lambda k: "need 8")
        return solve(builder.build()).objective

    assert cost([3, 3]) == pytest.approx(cost([6]), rel=1e-9) == 6 * 2 + 2 * 5
