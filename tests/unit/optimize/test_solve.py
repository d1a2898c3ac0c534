"""The solver contract: poisoned programs are refused, answers are verified, conflicts are named."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from reshore.errors import InfeasibleError, InputError, UnboundedError
from reshore.optimize import Builder, Program, rank_weights, screen, solve, verify

POISONS = (float("nan"), float("inf"), -float("inf"), 1e15, 1e-12)


def blend(count: int = 3) -> Program:
    """Buy at least 2 of each of two nutrients from `count` foods; feasible, bounded, no integers."""
    builder = Builder()
    foods = builder.variables("food", count, high=10, cost=np.arange(1, count + 1), says=lambda k: f"food {k}")
    amounts = np.array([[1.0, 2.0, 0.5] + [1.0] * (count - 3), [2.0, 1.0, 1.5] + [1.0] * (count - 3)])
    rows = np.arange(2)[:, None]
    builder.require("nutrient", [(rows, foods, amounts)], 2, low=2, says=lambda k: f"at least 2 of nutrient {k}")
    return builder.build()


def poisoned() -> list[tuple[str, Program]]:
    """Sixty programs with one bad number each."""
    sound = blend()
    cases = []
    for value in POISONS:
        for column in range(3):
            cost = sound.cost.copy()
            cost[column] = value
            cases.append((f"cost {column} {value}", replace(sound, cost=cost)))
        for entry in range(6):
            matrix = sound.matrix.copy()
            matrix.data[entry] = value
            cases.append((f"coefficient {entry} {value}", replace(sound, matrix=matrix)))
        row_low = sound.row_low.copy()
        row_low[0] = value if value != 1e-12 and value != -float("inf") else float("nan")
        cases.append((f"side {value}", replace(sound, row_low=row_low)))
        low = sound.low.copy()
        low[1] = value if value != 1e-12 and value != -float("inf") else 20.0
        cases.append((f"bound {value}", replace(sound, low=low)))
    crossed = sound.row_high.copy()
    crossed[0] = 1.0
    cases.append(("sides crossed", replace(sound, row_high=crossed)))
    for row in range(2):
        matrix = sound.matrix.tolil()
        matrix[row, :] = 0
        cases.append((f"empty demanded row {row}", replace(sound, matrix=matrix.tocsr())))
    for column in range(2):
        high = sound.high.copy()
        high[column] = float("nan")
        cases.append((f"upper bound {column}", replace(sound, high=high)))
    return cases


def test_no_poisoned_program_is_reported_optimal():
    cases = poisoned()
    assert len(cases) == 60
    accepted = []
    for name, program in cases:
        try:
            solve(program)
        except InputError:
            continue
        accepted.append(name)
    print(f"{len(accepted)} of {len(cases)} poisoned programs reported optimal")
    assert accepted == []


def test_a_sound_program_passes_the_screen():
    assert screen(blend()) == []


def test_the_blend_costs_what_the_hand_calculation_says():
    # Foods 0 and 1: x0 + 2 x1 >= 2, 2 x0 + x1 >= 2 meet at x0 = x1 = 2/3: cost 2/3 + 2 * 2/3 = 2.
    # Food 0 alone: x0 = 2, cost 2. Every mix between costs 2 as well: the dual is y = (1, 0), 1 * 2 = 2.
    assert solve(blend()).objective == pytest.approx(2.0)


def test_ties_are_broken_the_same_way_whatever_the_column_order():
    # Ten equal plants, need 5: any split costs 5. The least weighted sum takes the plant of the smallest weight alone.
    weights = rank_weights(10)
    for order in (range(10), reversed(range(10))):
        ids = np.array(list(order))
        builder = Builder()
        plants = builder.variables("plant", 10, high=5, cost=1)
        builder.require("need", [(0, plants, 1.0)], 1, low=5, says=lambda k: "need 5")
        solution = solve(builder.build(), ties=weights[ids])
        built = np.zeros(10)
        built[ids] = solution.x
        expected = np.zeros(10)
        expected[np.argmin(weights)] = 5
        assert built == pytest.approx(expected, abs=1e-5)


def test_nothing_to_do_costs_nothing():
    builder = Builder()
    builder.variables("plant", 2, cost=1)
    assert solve(builder.build()).objective == 0


def test_an_unbounded_program_names_what_grows():
    builder = Builder(maximize=True)
    goods = builder.variables("sold", 2, cost=1.0, says=lambda k: f"sales of good {k}")
    builder.require("cap", [(0, goods[0], 1.0)], 1, high=3, says=lambda k: "at most 3")
    with pytest.raises(UnboundedError, match="sales of good 1"):
        solve(builder.build())


def infeasible(seed: int) -> tuple[Program, set[str]]:
    """A feasible random program with one clash put in: the sentences of the clash are known."""
    random = np.random.default_rng(seed)
    count = int(random.integers(4, 12))
    builder = Builder()
    x = builder.variables("x", count, high=10, cost=random.uniform(1, 2, count), says=lambda k: f"x{k}")
    rows = int(random.integers(3, 10))
    terms = random.uniform(0.1, 1, (rows, count))
    builder.require("ordinary", [(np.arange(rows)[:, None], x, terms)], rows, low=0.5, says=lambda k: f"ordinary {k}")
    chosen = random.choice(count, int(random.integers(1, 4)), replace=False)
    need = float(random.uniform(3, 6))
    zeros = np.zeros(chosen.size, int)
    builder.require("need", [(zeros, x[chosen], 1.0)], 1, low=need, says=lambda k: "the need", soft=True)
    builder.require("cap", [(zeros, x[chosen], 1.0)], 1, high=need / 2, says=lambda k: "the cap", soft=True)
    return builder.build(), {"the need", "the cap"}


def test_the_culprit_is_named_in_every_infeasible_case():
    named = 0
    for seed in range(120):
        program, culprits = infeasible(seed)
        with pytest.raises(InfeasibleError) as caught:
            solve(program)
        assert set(caught.value.conflict) == culprits, seed
        assert caught.value.relaxation, seed
        named += 1
    print(f"culprit named in {named} of 120 infeasible cases")


def test_the_cheapest_relaxation_is_the_hand_calculated_one():
    # Need 6, cap 2 (both soft): give 4 in all. Per unit the need costs 1/6 and the cap 1/2, so the need gives all 4.
    builder = Builder()
    x = builder.variables("x", 1)
    builder.require("need", [(0, x, 1.0)], 1, low=6, says=lambda k: "make 6", soft=True)
    builder.require("cap", [(0, x, 1.0)], 1, high=2, says=lambda k: "at most 2", soft=True)
    with pytest.raises(InfeasibleError) as caught:
        solve(builder.build())
    assert caught.value.relaxation == ("make 6: 4 less (66.7 %)",)


def random_program(seed: int) -> Program:
    random = np.random.default_rng([seed, 7])
    columns, rows = int(random.integers(2, 15)), int(random.integers(1, 12))
    maximize = bool(seed % 2)
    builder = Builder(maximize=maximize)
    x = builder.variables(
        "x", columns, high=random.uniform(1, 5, columns), cost=random.uniform(-1, 1, columns), integer=seed % 5 == 0
    )
    matrix = random.uniform(0.1, 1, (rows, columns)) * (random.random((rows, columns)) < 0.6)
    builder.require(
        "row",
        [(np.arange(rows)[:, None], x, matrix)],
        rows,
        high=random.uniform(1, 10, rows),
        says=lambda k: f"row {k}",
    )
    return builder.build()


def test_random_optima_pass_the_independent_verifier():
    failed = 0
    for seed in range(2000):
        solution = solve(random_program(seed))
        failed += not solution.verdict.holds
    print(f"{failed} of 2000 random optima fail the verifier")
    assert failed == 0


@pytest.mark.parametrize("change", ["value", "objective", "integer"])
def test_the_verifier_catches_a_planted_error(change: str):
    program = random_program(5)
    solution = solve(program)
    x, claimed = solution.x.copy(), solution.objective
    if change == "value":
        x[0] = program.high[0] + 1e-3
    elif change == "objective":
        claimed += 1e-5
    else:
        x[int(np.argmax(x))] -= 0.3
    assert not verify(program, x, claimed).holds


def test_the_verifier_refuses_duals_that_prove_too_little():
    program = blend()
    solution = solve(program)
    assert solution.duals is not None
    assert verify(program, solution.x, solution.objective, solution.duals).holds
    assert not verify(program, solution.x, solution.objective, solution.duals * 0.9).holds


def test_small_integer_programs_equal_the_exhaustive_search():
    for seed in range(40):
        random = np.random.default_rng([seed, 11])
        count = int(random.integers(3, 9))
        value, weight = random.integers(1, 20, count), random.integers(1, 10, count)
        room = int(weight.sum() // 2)
        builder = Builder(maximize=True)
        pick = builder.variables("pick", count, high=1, cost=value, integer=True)
        builder.require("room", [(0, pick, weight)], 1, high=room, says=lambda k: "room")
        best = max(
            sum(v for v, on in zip(value, choice, strict=True) if on)
            for choice in itertools.product((0, 1), repeat=count)
            if sum(w for w, on in zip(weight, choice, strict=True) if on) <= room
        )
        assert solve(builder.build()).objective == pytest.approx(best)
