"""Independent verification: an answer is looked at by code that did not produce it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from reshore.optimize.program import Floats, Program

FEASIBILITY = 1e-6
INTEGRALITY = 1e-6
OBJECTIVE = 1e-9
GAP = 1e-6


@dataclass(frozen=True)
class Verdict:
    """How far an answer is from what it claims; ``reasons`` is empty when it holds."""

    worst_row: float
    worst_bound: float
    worst_integer: float
    objective: float
    gap_share: float | None
    reasons: tuple[str, ...]

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

    Rows are summed one by one; a row may miss its side by ``1e-6 (1 + size)``, where size is that of the row's terms.
    """
    reasons: list[str] = []
    if x.shape != (program.n_columns,) or not np.isfinite(x).all():
        return Verdict(math.inf, math.inf, math.inf, math.nan, None, ("the answer is not a vector of finite numbers",))
    below = np.where(np.isfinite(program.low), program.low - x, -np.inf)
    above = np.where(np.isfinite(program.high), x - program.high, -np.inf)
    scale = 1 + np.abs(x)
    bound = _worst(np.maximum(below, above) / scale)
    if bound > FEASIBILITY:
        column = int(np.argmax(np.maximum(below, above) / scale))
        reasons.append(f"{program.column_says(column)} = {x[column]:g} is outside its bounds")
    products = program.matrix.multiply(x).tocsr()
    activity = _row_sums(products.data, products.indptr)
    size = 1 + _row_sums(np.abs(products.data), products.indptr)
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
    if abs(value - claimed) > OBJECTIVE * max(1.0, abs(value), math.fsum(np.abs(program.cost * x))):
        reasons.append(f"the objective is {value:.12g}, not {claimed:.12g} as claimed")
    gap = None
    if duals is not None and not program.is_mixed_integer:
        proved = dual_bound(program, duals)
        gap = abs(program.sign * (value - program.constant) - proved) / max(1.0, abs(value))
        if not gap <= GAP:
            reasons.append(f"the duals prove only {program.sign * proved + program.constant:.9g} of {value:.9g}")
    return Verdict(row, bound, integer, value, gap, tuple(reasons))


def dual_bound(program: Program, duals: Floats) -> float:
    """A lower bound on ``cost · x`` over the program, from row duals ``y`` alone: weak duality with exact sums.

    ``Σ_i max(y_i row_low_i, …) + Σ_j min(d_j low_j, …)`` with ``d = cost - matrix' y``; a dual of the wrong sign for an
    absent side, or a reduced cost towards an absent bound, counts as zero when it is tiny and as ``-inf`` otherwise.
    """
    reduced = program.cost - program.matrix.T @ duals
    tiny = 1e-7 * (1 + np.abs(program.cost).max(initial=0.0))
    return math.fsum(_terms(duals, program.row_low, program.row_high, tiny)) + math.fsum(
        _terms(reduced, program.low, program.high, tiny)
    )


def _terms(weights: Floats, low: Floats, high: Floats, tiny: float) -> Floats:
    side = np.where(weights > 0, low, high)
    absent = ~np.isfinite(side)
    with np.errstate(invalid="ignore"):
        terms = np.where(weights == 0, 0.0, weights * side)
    return np.where(absent, np.where(np.abs(weights) <= tiny, 0.0, -np.inf), terms)


def _row_sums(data: Floats, indptr: np.ndarray) -> Floats:
    """Sum of each compressed row, in the order of its entries."""
    sums = np.zeros(indptr.size - 1)
    filled = np.diff(indptr) > 0
    if data.size:
        sums[filled] = np.add.reduceat(data, indptr[:-1][filled])
    return sums


def _worst(values: Floats) -> float:
    return float(max(values.max(initial=0.0), 0.0))
