"""`solve`: screened before, verified after, with ties broken inside the model and conflicts answered in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reshore.errors import InfeasibleError, InputError, Place, Problem, SolverError, UnboundedError
from reshore.optimize import conflict
from reshore.optimize.highs import Answer, Limits, Session
from reshore.optimize.program import Floats, Program
from reshore.optimize.screen import screen
from reshore.optimize.verify import Verdict, objective, reduced_costs, verify

TIE_TOLERANCE = 1e-9
PRICE_NOISE = 1e-12
PROVED = 1e-6
AT_END = 1e-7
"""How far from a bound or side, in the solver's units, a value is still at it."""


@dataclass(frozen=True)
class Solution:
    """A verified answer.

    ``x`` has shape (n_columns,); ``bound`` is what the objective cannot pass; ``gap_share`` is their distance relative
    to the objective, and ``proved`` that it is nil: a search that a limit stopped, or that was allowed a gap, gives the
    best that it found, not an optimum. ``duals`` (n_rows,) are the change of the objective per unit of each row's side
    and ``reduced`` (n_columns,) per unit of each bound, for programs without integers only: those that a search over
    integers leaves behind belong to its last relaxation and are no prices. They belong to the optimum before ties were
    broken, and ``verdict`` to the answer after. ``ties_broken`` says whether the answer is the one that `ties` choose.
    """

    x: Floats
    objective: float
    bound: float
    gap_share: float
    proved: bool
    duals: Floats | None
    reduced: Floats | None
    verdict: Verdict
    ties_broken: bool = False


def solve(
    program: Program | Session, limits: Limits | None = None, *, ties: Floats | None = None, start: Floats | None = None
) -> Solution:
    """The verified optimum of `program`.

    Parameters
    ----------
    program
        What to solve; or a session that holds it, which starts from its last basis and is left as it was found.
    limits
        When to stop; by default only at the optimum, or for a session at the limits it was opened with.
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
        The objective has no limit; names the variables that grow without one.
    SolverError
        The solver failed, or its answer did not pass verification.

    Examples
    --------
    Two mines and a need of 5; the cheap one gives at most 3:

    >>> from reshore.optimize import Builder
    >>> builder = Builder()
    >>> mined = builder.variables("mined", 2, high=[3, 10], cost=[1, 4])
    >>> _ = builder.require("need", [(0, mined, 1.0)], 1, low=5, says=lambda _: "mine 5")
    >>> solution = solve(builder.build())
    >>> solution.objective, solution.x.tolist(), solution.proved
    (11.0, [3.0, 2.0], True)
    """
    given = program.program if isinstance(program, Session) else program
    problems = [*screen(given), *([] if ties is None else _bad_weights(given, ties))]
    if problems:
        raise InputError(problems)
    if isinstance(program, Session):
        session = program
        if limits is not None:
            session.limit(limits)
    else:
        session = Session(program, limits)
    if start is not None and given.is_mixed_integer:
        session.start_from(start)
    answer = session.solve()
    if answer.status == "infeasible":
        raise InfeasibleError(*conflict.explain(given))
    if answer.status == "unbounded":
        raise UnboundedError(conflict.growing(given))
    if answer.x is None:
        raise SolverError("the solver stopped at its limit before it found any answer")
    x, verdict = answer.x, _verified(given, answer, answer.x)
    equal = _least_among_equals(session, answer, ties) if ties is not None and answer.status == "optimal" else None
    if equal is not None:
        x, verdict = equal, _checked(given, equal, objective(given, equal), "the answer chosen among equals")
        _no_worse(given, answer, x)
    value = verdict.objective
    bound = given.sign * answer.bound + given.constant
    gap = abs(value - bound) / max(abs(value), 1e-300) if np.isfinite(bound) and value != bound else abs(value - bound)
    gap = 0.0 if gap < TIE_TOLERANCE else gap
    return Solution(
        x,
        value,
        bound,
        gap,
        answer.status == "optimal" and gap <= PROVED,
        None if answer.duals is None else given.sign * answer.duals,
        None if answer.reduced is None else given.sign * answer.reduced,
        verdict,
        equal is not None,
    )


def solve_in_turn(session: Session, costs: Sequence[Floats], ties: Floats | None = None) -> tuple[Solution, ...]:
    """The verified optimum of each objective among the best answers for all objectives before it.

    For programs without integers; `costs` are those of the stored, minimizing program. The session is left at the best
    answers for all objectives but the last.
    """
    found: list[Solution] = []
    for cost in costs:
        if found and found[-1].duals is not None:
            _keep_to_the_best_face(session, found[-1].x, session.program.sign * found[-1].duals)
        session.set_costs(np.arange(cost.size), cost)
        found.append(solve(session, ties=ties if len(found) == len(costs) - 1 else None))
    return tuple(found)


def _bad_weights(program: Program, ties: Floats) -> list[Problem]:
    place, fix = Place("program", 0, "weights that choose among equals"), "give one weight per variable"
    if ties.shape != (program.n_columns,):
        return [Problem("wrong-shape", place, f"shape {ties.shape}", f"shape ({program.n_columns},)", fix)]
    if not np.isfinite(ties).all():
        return [Problem("not-finite", place, "weights that are not finite", "finite numbers", fix)]
    return []


def _verified(program: Program, answer: Answer, x: Floats) -> Verdict:
    claimed = program.sign * answer.objective + program.constant
    duals = answer.duals if answer.status == "optimal" else None
    if answer.status == "optimal" and duals is None and not program.is_mixed_integer:
        raise SolverError("the solver claims an optimum and has no proof of it")
    return _checked(program, x, claimed, "the solver's answer", duals)


def _checked(program: Program, x: Floats, claimed: float, what: str, duals: Floats | None = None) -> Verdict:
    verdict = verify(program, x, claimed, duals)
    if not verdict.holds:
        raise SolverError(f"{what} does not hold: " + "; ".join(verdict.reasons))
    return verdict


def _no_worse(program: Program, answer: Answer, x: Floats) -> None:
    loss = math.fsum(program.cost * x) - answer.objective
    if loss > 2 * TIE_TOLERANCE * max(abs(answer.objective), math.fsum(np.abs(program.cost * x))):
        raise SolverError(f"choosing among equal answers would cost {loss:g} of {answer.objective:g}")


def _least_among_equals(session: Session, answer: Answer, ties: Floats) -> Floats | None:
    """Among the best answers, the one with the least weighted sum.

    ``None`` when a search over integers was stopped by its limit before it knew.
    """
    program = session.program
    if answer.x is None:
        raise AssertionError("an optimum without values")
    if answer.duals is None:
        _keep_the_best(session, answer.objective)
        session.start_from(answer.x)
    else:
        _keep_to_the_best_face(session, answer.x, answer.duals)
    session.set_costs(np.arange(program.n_columns), np.asarray(ties, float))
    try:
        second = session.solve()
        if second.status == "optimal" and second.x is not None:
            chosen = replace(session.program, sign=1.0, constant=0.0)
            _checked(chosen, second.x, second.objective, "the choice among equals", second.duals)
    finally:
        session.back_to(program, answer.basis)
    if second.status == "stopped":
        return None
    if second.x is None:
        raise SolverError(f"the weights that choose among equal answers have no least sum ({second.status})")
    return second.x


def _keep_the_best(session: Session, best: float) -> None:
    """No answer is worse than the best by more than ``1e-9`` of it."""
    columns = np.flatnonzero(session.program.cost)
    if columns.size:
        most = best + TIE_TOLERANCE * abs(best)
        session.add_row(-np.inf, most, columns, session.program.cost[columns], "the best objective")


def _keep_to_the_best_face(session: Session, x: Floats, duals: Floats) -> None:
    """Complementary slackness: whatever has a price stays at its bound or side, in every best answer.

    It holds for all best answers and any duals that prove them, so the face does not depend on those that were found.
    Where the best answer `x` is elsewhere, the price is within the solver's tolerance and says nothing: so `x` is
    always on the face, and the face never empty.
    """
    program, scales = session.program, session.scales
    reduced, size = reduced_costs(program, duals)
    ends = np.where(reduced > 0, program.low, program.high)
    # A price that is only rounding of larger ones says nothing.
    least = np.maximum(TIE_TOLERANCE * size, PRICE_NOISE * np.abs(program.cost).max(initial=0.0))
    priced = np.flatnonzero((np.abs(reduced) > least) & np.isfinite(ends))
    priced = priced[np.abs(scales.bounds((x - ends)[priced], priced)) <= AT_END]
    session.set_bounds(priced, ends[priced], ends[priced])
    matrix = program.matrix
    part = np.abs(matrix.data * np.repeat(duals, np.diff(matrix.indptr))) > least[matrix.indices]
    rows = np.unique(np.repeat(np.arange(program.n_rows), np.diff(matrix.indptr))[part])
    sides = np.where(duals > 0, program.row_low, program.row_high)
    rows = rows[np.isfinite(sides[rows])]
    rows = rows[np.abs(scales.sides((matrix @ x - sides)[rows], rows)) <= AT_END]
    session.set_sides(rows, sides[rows], sides[rows])


def rank_weights(count: int) -> Floats:
    """Weights in [1, 2) by rank, as good as unrelated: integers 0, 1, 2 … through the finalizer of SplitMix64.

    Multiples of one irrational number would not do: exchanging two plants between two goods leaves their sum as it is
    (``w[a] + w[d] = w[b] + w[c]`` whenever ``a + d = b + c``), and all such exchanges would stay ties.

    References
    ----------
    Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators.
    """
    mixed = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray(1.0 + (mixed >> np.uint64(11)) * 2.0**-53, dtype=np.float64)
