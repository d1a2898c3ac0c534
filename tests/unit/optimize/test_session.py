"""Families of programs, changed and solved again from the last basis, under one contract; and units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from reshore.errors import InfeasibleError, InputError
from reshore.optimize import Builder, Program, Session, rank_weights, solve
from reshore.optimize.scale import scaled, scales_of
from reshore.seeds import stream


def supply(months: int = 12, goods: int = 6) -> Program:
    """Needs of goods over months, from capacity and stock, at differing costs."""
    random = stream(1, "supply")
    builder = Builder()
    shape = (goods, months)
    made = builder.variables("made", shape, high=random.uniform(2, 4, shape), cost=random.uniform(1, 2, shape))
    short = builder.variables("short", shape, cost=10.0)
    kept = builder.variables("kept", shape, cost=0.01)
    row = np.arange(goods * months).reshape(shape)
    terms = [(row, made, 1.0), (row, short, 1.0), (row, kept, -1.0), (row[:, 1:], kept[:, :-1], 1.0)]
    need = random.uniform(1, 4, goods * months)
    builder.require("need", terms, goods * months, low=need, says=lambda k: f"need {k}")
    return builder.build()


def test_a_family_solved_from_the_last_basis_equals_each_solved_anew():
    program, random = supply(), stream(2, "changes")
    session = Session(program)
    for step in range(30):
        columns = random.choice(72, 10, replace=False)
        rows = random.choice(72, 5, replace=False)
        session.set_bounds(columns, np.zeros(10), random.uniform(0, 4, 10))
        session.set_sides(rows, random.uniform(0, 5, 5), np.full(5, np.inf))
        session.set_costs(columns, random.uniform(1, 3, 10))
        ties = rank_weights(program.n_columns) if step % 3 == 0 else None
        warm, cold = solve(session, ties=ties), solve(session.program, ties=ties)
        assert warm.objective == pytest.approx(cold.objective, rel=1e-9)
        assert warm.verdict.holds
        if ties is not None:
            assert warm.x == pytest.approx(cold.x, abs=1e-6)


def test_a_warm_start_takes_less_work():
    session = Session(supply(24, 20))
    first = session.solve()
    session.set_bounds(np.array([3, 40]), np.zeros(2), np.array([0.5, 0.5]))
    assert session.solve().iterations < first.iterations / 4


def test_a_session_is_left_as_it_was_found():
    program = supply()
    session = Session(program)
    solve(session, ties=rank_weights(program.n_columns))
    assert session.program.n_rows == program.n_rows
    assert (session.program.cost == program.cost).all()
    assert solve(session).objective == solve(program).objective


def test_poison_in_a_change_is_refused():
    session = Session(supply())
    session.set_bounds(np.array([0]), np.zeros(1), np.array([np.nan]))
    with pytest.raises(InputError, match="upper bound nan"):
        solve(session)


def test_a_change_that_leaves_no_answer_names_the_clash():
    session = Session(supply())
    session.set_bounds(np.arange(72, 144), np.zeros(72), np.zeros(72))
    with pytest.raises(InfeasibleError, match="need"):
        solve(session)


def test_an_added_row_counts_and_is_taken_out_again():
    session = Session(supply())
    before = solve(session).objective
    session.add_row(100.0, np.inf, np.arange(72, 144), np.ones(72), "let 100 go short")
    tight = solve(session)
    assert tight.x[72:144].sum() == pytest.approx(100)
    assert tight.duals is not None
    assert tight.duals.size == 73
    session.drop_row()
    assert solve(session).objective == pytest.approx(before, rel=1e-12)


def in_units(program: Program, rows: np.ndarray, columns: np.ndarray) -> Program:
    """The same program with variables counted in units of `columns` and requirements in units of `rows`."""
    matrix = sparse.csr_array(sparse.diags_array(1 / rows) @ program.matrix @ sparse.diags_array(columns))
    return replace(
        program, cost=program.cost * columns, low=program.low / columns, high=program.high / columns, matrix=matrix,
        row_low=program.row_low / rows, row_high=program.row_high / rows,
    )  # fmt: skip


@pytest.mark.parametrize("size", [1.0, 1e-8, 1e-4, 1e4, 1e7])
def test_one_unit_for_all_amounts_scales_out(size: float):
    program = supply()
    small = replace(program, low=program.low * size, high=program.high * size, row_low=program.row_low * size,
                    row_high=program.row_high * size)  # fmt: skip
    ties = rank_weights(program.n_columns)
    one, other = solve(program, ties=ties), solve(small, ties=ties)
    assert other.objective / size == pytest.approx(one.objective, rel=1e-9)
    assert other.x / size == pytest.approx(one.x, abs=1e-7)


def test_units_of_single_goods_scale_out():
    program, random = supply(), stream(3, "units")
    for _ in range(10):
        rows = 10.0 ** random.integers(-3, 4, program.n_rows)
        columns = 10.0 ** random.integers(-3, 4, program.n_columns)
        assert solve(in_units(program, rows, columns)).objective == pytest.approx(solve(program).objective, rel=1e-9)


def test_a_need_smaller_than_the_solvers_tolerance_is_met():
    # A solver with an absolute tolerance of 1e-7 calls 0 an answer to x ≥ 1.5e-9.
    builder = Builder()
    x = builder.variables("x", 2, high=1e-8, cost=[1, 2])
    builder.require("need", [(0, x, 1.0)], 1, low=1.5e-9, says=lambda k: "need")
    assert solve(builder.build()).x == pytest.approx([1.5e-9, 0], rel=1e-9)


def test_the_solvers_units_are_powers_of_two_and_bring_coefficients_near_one():
    program = in_units(supply(), np.full(72, 1e-4), 10.0 ** np.resize([-3, 0, 3], 216))
    scales = scales_of(program)
    for scale in (scales.rows, scales.columns, np.array([scales.money])):
        assert (np.frexp(scale)[0] == 0.5).all()
    inside = np.abs(scaled(program, scales).matrix.data)
    assert 0.25 <= inside.min() <= inside.max() <= 4
    assert np.abs(program.matrix.data).max() / np.abs(program.matrix.data).min() >= 1e5
