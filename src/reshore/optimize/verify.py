"""Independent verification: an answer is looked at by code that did not produce it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reshore.optimize.program import Floats, Program

FEASIBILITY = 1e-6
INTEGRALITY = 1e-6
OBJECTIVE = 1e-9
GAP = 1e-6
ROUNDING = 1e-14


@dataclass(frozen=True)
class Verdict:
    """How far an answer is from what it claims; ``reasons`` is empty when it holds.

    Each ``worst`` is relative to ``unit +`` the size of what it is measured on, where the unit is 1 or, in a program
    that is all in small numbers, its largest side or bound. ``worst_dual`` and ``gap_share``, the
    distance between the objective and what the duals prove, are there for programs without integers.
    """

    worst_row: float
    worst_bound: float
    worst_integer: float
    objective: float
    gap_share: float | None
    reasons: tuple[str, ...]
    worst_dual: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the answer is what it claims to be."""
        return not self.reasons


def objective(program: Program, x: Floats) -> float:
    """The value of `x`, summed exactly: ``sign · Σ cost_j x_j + constant``."""
    return program.sign * math.fsum(program.cost * x) + program.constant


def verify(program: Program, x: Floats, claimed: float, duals: Floats | None = None) -> Verdict:
    """Checks `x` against every bound, row and integrality demand, its claimed objective, and for programs without
    integers the bound that the row duals prove.

    Rows are summed one by one; a row may miss its side by ``1e-6 (unit + size)``, where size is that of the row's terms
    and the unit is at most 1.
    """
    if x.shape != (program.n_columns,) or not np.isfinite(x).all():
        return Verdict(math.inf, math.inf, math.inf, math.nan, None, ("the answer is not a vector of finite numbers",))
    reasons: list[str] = []
    unit = _unit(program)
    off = np.maximum(program.low - x, x - program.high) / (unit + np.abs(x))
    bound = _worst(off)
    if bound > FEASIBILITY:
        column = int(np.argmax(off))
        reasons.append(f"{program.column_says(column)} = {x[column]:g} is outside its bounds")
    indptr, products = program.matrix.indptr, program.matrix.data * x[program.matrix.indices]
    activity = _row_sums(products, indptr)
    size = unit + _row_sums(np.abs(products), indptr)
    miss = np.maximum(program.row_low - activity, activity - program.row_high) / size
    row = _worst(miss)
    if row > FEASIBILITY:
        worst = int(np.argmax(miss))
        reasons.append(f"'{program.row_says(worst)}' is missed: {activity[worst]:g}")
    whole = np.abs(x[program.integer] - np.rint(x[program.integer]))
    integer = _worst(whole)
    if integer > INTEGRALITY:
        reasons.append(f"{int((whole > INTEGRALITY).sum())} variables that must be whole are not")
    value = objective(program, x)
    spread = math.fsum(np.abs(program.cost * x))
    if not abs(value - claimed) <= OBJECTIVE * max(spread, abs(program.constant), abs(claimed), 1e-300):
        reasons.append(f"the objective is {value:.12g}, not {claimed:.12g} as claimed")
    gap = dual = None
    if duals is not None and not program.is_mixed_integer:
        gap, dual = _dual_side(program, duals, program.sign * (value - program.constant), spread, reasons)
    return Verdict(row, bound, integer, value, gap, tuple(reasons), dual)


def _dual_side(program: Program, duals: Floats, value: float, spread: float, reasons: list[str]) -> tuple[float, float]:
    if duals.shape != (program.n_rows,) or not np.isfinite(duals).all():
        reasons.append("the duals are not a vector of finite numbers")
        return math.inf, math.inf
    worst = dual_infeasibility(program, duals)
    if worst > FEASIBILITY:
        reasons.append(f"the duals push against an absent side or bound by {worst:g}")
    proved = dual_bound(program, duals)
    # Relative to the objective; where its terms cancel, to a thousandth of them: sums are no better than that. Where it
    # is nil, to a thousandth of what a usual amount costs.
    floor = 1e-3 * max(spread, _usual_cost(program) * _usual_amount(program))
    gap = abs(value - proved) / max(abs(value), abs(proved), floor)
    if not gap <= GAP:
        reasons.append(f"the duals prove only {proved:.9g} of {value:.9g}")
    return gap, worst


def dual_infeasibility(program: Program, duals: Floats) -> float:
    """How far duals or reduced costs push against a side or bound that is absent.

    Both are costs of variables: relative to the usual cost of the program and the terms of that variable, the same in
    dollars as in millions.
    """
    reduced, size = reduced_costs(program, duals)
    size = size + _usual_cost(program)
    matrix = program.matrix
    wrong = np.where(_absent(duals, program.row_low, program.row_high), np.abs(duals), 0.0)
    rows = np.repeat(wrong, np.diff(matrix.indptr)) * np.abs(matrix.data) / size[matrix.indices]
    columns = np.where(_absent(reduced, program.low, program.high), np.abs(reduced), 0.0) / size
    return max(_worst(rows), _worst(columns))


def _usual_cost(program: Program) -> float:
    """The middle one of the costs that are not zero; 1 where there is none."""
    return _middle(program.cost)


def _usual_amount(program: Program) -> float:
    """The middle one of the sides and bounds that are not zero or infinite; 1 where there is none."""
    return _middle(np.concatenate([program.row_low, program.row_high, program.low, program.high]))


def _middle(values: Floats) -> float:
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(sizes)) if sizes.size else 1.0


def dual_bound(program: Program, duals: Floats) -> float:
    """A lower bound on ``cost · x`` over the program, from row duals ``y`` alone: weak duality with exact sums.

    ``Σ_i max(y_i row_low_i, y_i row_high_i) + Σ_j min(d_j low_j, d_j high_j)`` over the sides that the signs choose,
    with ``d = cost - matrix' y``. What pushes against an absent side counts as zero; `dual_infeasibility` says how much
    that is.
    """
    reduced, _ = reduced_costs(program, duals)
    return math.fsum([*_terms(duals, program.row_low, program.row_high), *_terms(reduced, program.low, program.high)])


def reduced_costs(program: Program, duals: Floats) -> tuple[Floats, Floats]:
    """Reduced costs ``cost - matrix' duals`` and the size of their terms; what is left of rounding is zero."""
    matrix = program.matrix
    products = matrix.data * np.repeat(duals, np.diff(matrix.indptr))
    count = program.n_columns
    sums = np.bincount(matrix.indices, products, count) if products.size else np.zeros(count)
    sizes = np.bincount(matrix.indices, np.abs(products), count) if products.size else np.zeros(count)
    reduced, size = program.cost - sums, np.abs(program.cost) + sizes
    return np.where(np.abs(reduced) <= ROUNDING * size, 0.0, reduced), np.asarray(size)


def _absent(weights: Floats, low: Floats, high: Floats) -> NDArray[np.bool_]:
    return ((weights > 0) & ~np.isfinite(low)) | ((weights < 0) & ~np.isfinite(high))


def _terms(weights: Floats, low: Floats, high: Floats) -> Floats:
    side = np.where(weights > 0, low, high)
    used = (weights != 0) & np.isfinite(side)
    return np.where(used, weights, 0.0) * np.where(used, side, 0.0)


def _unit(program: Program) -> float:
    """1, or the largest side or bound where all are smaller: tolerances may not swallow a program of small numbers."""
    sides = np.concatenate([program.row_low, program.row_high, program.low, program.high])
    largest = float(np.abs(sides[np.isfinite(sides)]).max(initial=0.0))
    return min(1.0, largest) if largest > 0 else 1.0


def _row_sums(data: Floats, indptr: np.ndarray) -> Floats:
    """Sum of each compressed row, in the order of its entries."""
    sums = np.zeros(indptr.size - 1)
    filled = np.diff(indptr) > 0
    if data.size:
        sums[filled] = np.add.reduceat(data, indptr[:-1][filled])
    return sums


def _worst(values: Floats) -> float:
    return float(max(values.max(initial=0.0), 0.0))
