"""Linear programs against exact rational arithmetic, and what must not change an answer."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.errors import InfeasibleError
from reshore.optimize import Builder, Program, Session, rank_weights, solve, verify
from reshore.optimize.verify import dual_bound

WHOLE = st.integers(-4, 6)


@st.composite
def small_programs(draw: st.DrawFn) -> Program:
    """Up to three variables in a box and three rows, all figures small whole numbers: exact in binary."""
    columns, rows = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    builder = Builder(maximize=draw(st.booleans()))
    low = np.array(draw(st.lists(st.integers(-3, 0), min_size=columns, max_size=columns)))
    high = np.array(draw(st.lists(st.integers(0, 5), min_size=columns, max_size=columns)))
    cost = draw(st.lists(WHOLE, min_size=columns, max_size=columns))
    x = builder.variables("x", columns, low=low, high=high, cost=cost)
    for number in range(rows):
        terms = draw(st.lists(st.integers(-3, 3), min_size=columns, max_size=columns).filter(any))
        start, width = draw(WHOLE), draw(st.integers(0, 6))
        row_low = start if draw(st.booleans()) else -np.inf
        row_high = start + width if draw(st.booleans()) else np.inf
        builder.require(
            f"row {number}", [(0, x, terms)], 1, low=row_low, high=row_high,
            says=lambda _, number=number: f"row {number}",
        )  # fmt: skip
    return builder.build()


def exact(program: Program) -> Fraction | None:
    """The optimum by trying every vertex in rational arithmetic; ``None`` when nothing is feasible."""
    count = program.n_columns
    planes: list[tuple[list[Fraction], Fraction]] = []
    rows = program.matrix.toarray()
    box = np.eye(count)
    limits = []
    for normal, low, high in (
        *zip(box, program.low, program.high, strict=True), *zip(rows, program.row_low, program.row_high, strict=True),
    ):  # fmt: skip
        exact_normal = [Fraction(value) for value in normal]
        limits.append((exact_normal, low, high))
        planes += [(exact_normal, Fraction(side)) for side in {low, high} if np.isfinite(side)]
    best: Fraction | None = None
    for chosen in combinations(planes, count):
        point = solved([normal for normal, _ in chosen], [side for _, side in chosen])
        if point is None:
            continue
        values = [(sum(a * b for a, b in zip(n, point, strict=True)), low, high) for n, low, high in limits]
        if all(low <= value <= high for value, low, high in values):
            value = sum(Fraction(c) * b for c, b in zip(program.cost, point, strict=True))
            best = value if best is None else min(best, value)
    return None if best is None else Fraction(program.sign) * best


def solved(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction] | None:
    """Gauss elimination in rational arithmetic; ``None`` for a singular system."""
    size = len(right)
    work = [[*row, side] for row, side in zip(matrix, right, strict=True)]
    for step in range(size):
        pivot = next((row for row in range(step, size) if work[row][step] != 0), None)
        if pivot is None:
            return None
        work[step], work[pivot] = work[pivot], work[step]
        work[step] = [value / work[step][step] for value in work[step]]
        for row in range(size):
            if row != step:
                factor = work[row][step]
                work[row] = [a - factor * b for a, b in zip(work[row], work[step], strict=True)]
    return [row[-1] for row in work]


@given(small_programs())
@settings(max_examples=200, deadline=None)
def test_small_programs_equal_the_search_of_all_vertices_in_exact_arithmetic(program: Program):
    best = exact(program)
    if best is None:
        with pytest.raises(InfeasibleError) as caught:
            solve(program)
        assert caught.value.conflict
    else:
        assert solve(program).objective == pytest.approx(float(best), rel=1e-9, abs=1e-9)


@given(small_programs(), st.data())
@settings(max_examples=100, deadline=None)
def test_no_duals_prove_more_than_the_optimum(program: Program, data: st.DataObject):
    # Weak duality, for any duals that push only against sides that are there.
    best = exact(program)
    if best is None:
        return
    duals = np.array(data.draw(st.lists(st.floats(-5, 5), min_size=program.n_rows, max_size=program.n_rows)))
    duals[(duals > 0) & np.isinf(program.row_low) | (duals < 0) & np.isinf(program.row_high)] = 0.0
    assert dual_bound(program, duals) <= program.sign * float(best) + 1e-9


@given(small_programs(), st.integers(0, 2), st.sampled_from([-0.5, 0.25, 3.0]))
@settings(max_examples=100, deadline=None)
def test_an_answer_passes_the_verifier_only_within_all_limits(program: Program, column: int, step: float):
    try:
        x = solve(program).x
    except InfeasibleError:
        return
    x = x.copy()
    x[column % x.size] += step
    inside = (
        (x >= program.low - 1e-9).all()
        and (x <= program.high + 1e-9).all()
        and (program.matrix @ x >= program.row_low - 1e-9).all()
        and (program.matrix @ x <= program.row_high + 1e-9).all()
    )
    claimed = program.sign * float(program.cost @ x) + program.constant
    assert verify(program, x, claimed).holds == inside


@given(small_programs(), st.data())
@settings(max_examples=100, deadline=None)
def test_units_scale_out(program: Program, data: st.DataObject):
    def units(count: int) -> np.ndarray:
        return 10.0 ** np.array(data.draw(st.lists(st.integers(-3, 3), min_size=count, max_size=count)), float)

    columns, rows, money = units(program.n_columns), units(program.n_rows), float(units(1)[0])
    matrix = program.matrix.copy()
    matrix.data = matrix.data * columns[matrix.indices] / np.repeat(rows, np.diff(matrix.indptr))
    other = replace(
        program, cost=program.cost * columns * money, low=program.low / columns, high=program.high / columns,
        matrix=matrix, row_low=program.row_low / rows, row_high=program.row_high / rows,
    )  # fmt: skip
    try:
        first = solve(program).objective
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            solve(other)
    else:
        assert solve(other).objective / money == pytest.approx(first, rel=1e-9, abs=1e-9)


@given(small_programs(), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_session_answers_as_a_new_program_does(program: Program, changes: list[tuple[int, int]]):
    session = Session(program)
    ties = rank_weights(program.n_columns)
    for column, high in changes:
        place = np.array([column % program.n_columns])
        session.set_bounds(place, session.program.low[place], np.array([float(high)]))
        try:
            new = solve(session.program, ties=ties)
        except InfeasibleError:
            with pytest.raises(InfeasibleError):
                solve(session, ties=ties)
        else:
            same = solve(session, ties=ties)
            assert same.objective == pytest.approx(new.objective, rel=1e-9, abs=1e-9)
            if program.low.min() >= 0:
                assert same.x == pytest.approx(new.x, abs=1e-6)
