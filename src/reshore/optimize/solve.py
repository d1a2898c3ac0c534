"""`solve`: screened before, verified after, with ties broken inside the model and conflicts answered in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reshore.errors import InfeasibleError, InputError, SolverError, UnboundedError
from reshore.optimize import conflict
from reshore.optimize.highs import Answer, Limits, Session
from reshore.optimize.program import Floats, Program
from reshore.optimize.screen import screen
from reshore.optimize.verify import Verdict, objective, verify

TIE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Solution:
    """A verified answer.

    ``x`` has shape (n_columns,); ``bound`` is what the objective cannot pass; ``gap_share`` is their distance relative
    to the objective. ``duals`` (n_rows,) are the change of the objective per unit of each row's side, for programs
    without integers; they belong to the optimum before ties were broken, and ``verdict`` to the answer after.
    """

    x: Floats
    objective: float
    bound: float
    gap_share: float
    proved: bool
    duals: Floats | None
    reduced: Floats | None
    verdict: Verdict


def solve(
    program: Program, limits: Limits | None = None, *, ties: Floats | None = None, start: Floats | None = None
) -> Solution:
    """The verified optimum of `program`.

    Parameters
    ----------
    program
        What to solve.
    limits
        When to stop; by default only at the optimum.
    ties
        Weights, shape (n_columns,), that choose among answers of equal objective: the weighted sum is minimized.
        ``None``: ties stay as the solver left them.
    start
        A first answer to improve on, for programs with integers.

    Raises
    ------
    InputError
        The program is poisoned: not-a-number, magnitudes that a solver would drop, rows that nothing can meet.
    InfeasibleError
        Nothing meets all requirements; ``conflict`` names those that clash, ``relaxation`` the cheapest way out.
    UnboundedError
        The objective has no limit; names a variable that grows without one.
    SolverError
        The solver failed, or its answer did not pass verification.
    """
    problems = screen(program)
    if problems:
        raise InputError(problems)
    session = Session(program, limits)
    if start is not None and program.is_mixed_integer:
        session.start_from(start)
    answer = session.solve()
    if answer.status == "infeasible":
        raise InfeasibleError(*conflict.explain(program, answer.ray))
    if answer.status == "unbounded":
        raise UnboundedError(_growing(program))
    if answer.x is None:
        raise SolverError("the solver stopped at its limit before it found any answer")
    verdict = _verified(program, answer, answer.x)
    x = answer.x
    if ties is not None and answer.status == "optimal":
        x, verdict = _break_ties(program, session, answer, ties)
    value = objective(program, x)
    bound = program.sign * answer.bound + program.constant
    gap = abs(value - bound) / max(1e-9, abs(value)) if np.isfinite(bound) else float("inf")
    sign = program.sign
    return Solution(
        x,
        value,
        bound,
        0.0 if gap < 1e-9 else gap,
        answer.status == "optimal",
        None if answer.duals is None else sign * answer.duals,
        None if answer.reduced is None else sign * answer.reduced,
        verdict,
    )


def _verified(program: Program, answer: Answer, x: Floats) -> Verdict:
    claimed = program.sign * answer.objective + program.constant
    verdict = verify(program, x, claimed, answer.duals if answer.status == "optimal" else None)
    if not verdict.holds:
        raise SolverError("the solver's answer does not hold: " + "; ".join(verdict.reasons))
    return verdict


def _break_ties(program: Program, session: Session, answer: Answer, ties: Floats) -> tuple[Floats, Verdict]:
    """Among the answers within ``1e-9`` of the best objective, the one with the least weighted sum."""
    columns = np.flatnonzero(program.cost)
    best = answer.objective
    if columns.size:
        session.add_row(-np.inf, best + TIE_TOLERANCE * max(1.0, abs(best)), columns, program.cost[columns])
    everything = np.arange(program.n_columns)
    session.set_costs(everything, np.asarray(ties, float))
    second = session.solve()
    if second.x is None or second.status != "optimal":
        raise SolverError("the solver found an optimum but could not choose among its equals")
    chosen = replace(program, cost=np.asarray(ties, float), sign=1.0, constant=0.0)
    for checked, value in ((chosen, second.objective), (program, objective(program, second.x))):
        verdict = verify(checked, second.x, value)
        if not verdict.holds:
            raise SolverError("the answer chosen among equals does not hold: " + "; ".join(verdict.reasons))
    return second.x, verdict


def rank_weights(count: int) -> Floats:
    """Weights ``1 + frac((j + 1) φ)`` by rank, φ the golden ratio: no two ranks have the same weight.

    (Square roots would not do: 4, 9, 16 … all have the fraction zero.)
    """
    turns = np.asarray((np.arange(count) + 1.0) * 0.6180339887498949, dtype=np.float64)
    return 1.0 + turns - np.floor(turns)


def _growing(program: Program) -> str:
    """A variable that can grow without limit while the objective improves: found by boxing every variable."""
    box = 1e6
    boxed = replace(program, low=np.maximum(program.low, -box), high=np.minimum(program.high, box))
    answer = Session(boxed).solve()
    if answer.x is None:
        return "the objective has no limit"
    free = ((answer.x >= box * (1 - 1e-9)) & ~np.isfinite(program.high)) | (
        (answer.x <= -box * (1 - 1e-9)) & ~np.isfinite(program.low)
    )
    names = [program.column_says(int(column)) for column in np.flatnonzero(free)[:3]]
    return f"nothing limits {' and '.join(names)}" if names else "the objective has no limit"
