"""What a further strike can cost at the most, read from a plan: the bound that certifies a worst cut.

Take the best plan ``x`` when a set ``P`` is struck. When strikers ``S`` are struck besides, whoever lives on what they
gave can do less in proportion, and so can whoever lives on that: scale every activity ``j`` by ``1 - δ_j`` with

    δ_j = max(own_j, max over requirements r that j draws on of δ_r),    δ_r = Σ (share of r's supply that j gives) δ_j

where ``own_j`` is the part of the activity's capacity in use that the strikers take. The scaled plan meets every
requirement, so at most ``Σ_j value_j x_j δ_j`` is lost. ``δ`` of a set is at most the sum of those of its members
(sums, maxima of sums and ``min(1, ·)`` keep that), hence

    loss(Z) ≤ loss(P) + Σ_{i in Z, not in P} ℓ_i(x) + Σ_{i in P, not in Z} forgone_i

for every set ``Z``, with equality at ``P``: no multiplier has to be bounded by a guess. Two suppliers that stand in for
one another get a high ℓ only where the plan uses them, so pairs that hide behind each other are not missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from reshore.optimize import Program
from reshore.optimize.program import Floats, Indices
from reshore.stress.worst_cut.strikes import Members, Strikes, indices

TINY = 1e-13
MOST_SWEEPS = 2_000


@dataclass(frozen=True)
class PlanCut:
    """``loss(Z) ≤ constant + Σ_{i in Z} slope_i``, for every set Z of strikers."""

    constant: float
    slope: Floats


@dataclass(frozen=True)
class _Layer:
    """Requirements and activities whose losses depend on earlier layers alone, with their entries."""

    rows: Indices
    gives: Indices
    row_starts: Indices
    columns: Indices
    draws: Indices
    column_starts: Indices
    in_cycle: bool


class Follow:
    """How losses travel through a program: prepared once, followed for any plan."""

    def __init__(self, strikes: Strikes) -> None:
        self._strikes = strikes
        matrix = strikes.program.matrix.tocoo()
        self._row, self._column = matrix.row.astype(np.int64), matrix.col.astype(np.int64)
        self._value = matrix.data * strikes.sign[matrix.row]
        self._layers = _layers(self._row, self._column, self._value, strikes.program)

    def cut(self, members: Members, program: Program, x: Floats, loss: float) -> PlanCut:
        """The bound that the plan `x` of `program`, with `members` struck, gives for every other set.

        `loss` is the loss of `members`.
        """
        strikes = self._strikes
        others = indices(strikes, members)
        x = np.maximum(x, 0.0)
        given = np.where(self._value < 0, -self._value * x[self._column], 0.0)
        side = strikes.sides(program)
        net = np.bincount(self._row, given, program.n_rows) + np.where(np.isfinite(side), side, 0.0)
        runs = net > 0
        share = np.where(runs[self._row], given / np.where(runs, net, 1.0)[self._row], 0.0)
        row_hit = np.where(runs, strikes.rows[others] / np.where(runs, net, 1.0), 0.0).T
        lost = self._follow(share, row_hit, self._own(others, program, x))
        gain = np.maximum(-program.cost, 0.0) * x
        served = float(gain.sum())
        slope = np.zeros(len(strikes.strikers))
        slope[others] = np.minimum(gain @ lost, served) - strikes.forgone[others]
        inside = list(members)
        slope[inside] = -strikes.forgone[inside]
        return PlanCut(loss + float(strikes.forgone[inside].sum()), slope)

    def _own(self, others: Indices, program: Program, x: Floats) -> Floats:
        """Part of each activity that a striker's own capacity carries, (n_columns, n_others).

        Capacity that nobody can strike is used first; the rest is shared by size.
        """
        taken = self._strikes.columns[others]
        total = taken.sum(axis=0)
        safe = np.maximum(np.where(total > 0, program.high, 0.0) - total, 0.0)
        whole = np.minimum(total, program.high)  # where shares overlap, their sum exceeds what there is
        runs = (whole > 0) & (x > 0)
        exposed = np.where(runs, np.maximum(x - safe, 0.0) / np.where(runs, x * whole, 1.0), 0.0)
        return np.asarray((taken * exposed).T)

    def _follow(self, share: Floats, row_hit: Floats, own: Floats) -> Floats:
        """Part of each activity that is lost, (n_columns, n_others): the least fixed point."""
        lost, short = np.minimum(own, 1.0), np.zeros(row_hit.shape)

        def pass_on(layer: _Layer) -> float:
            change = 0.0
            if layer.rows.size:
                sums = row_hit[layer.rows]
                if layer.gives.size:
                    parts = share[layer.gives, None] * lost[self._column[layer.gives]]
                    sums = sums + _by_group(np.add, parts, layer.row_starts)
                short[layer.rows] = np.minimum(sums, 1.0)
            if layer.columns.size:
                worst = np.maximum.reduceat(short[self._row[layer.draws]], layer.column_starts, axis=0)
                new = np.maximum(lost[layer.columns], worst)
                change = float((new - lost[layer.columns]).max(initial=0.0))
                lost[layer.columns] = new
            return change

        for layer in self._layers:
            sweeps = MOST_SWEEPS if layer.in_cycle else 1
            if not any(pass_on(layer) <= TINY or not layer.in_cycle for _ in range(sweeps)):
                lost[layer.columns] = 1.0  # a loop that hardly loses anything: everything in it may be lost
        return lost


def _by_group(function: np.ufunc, values: Floats, starts: Indices) -> Floats:
    """Sums of runs of rows; a run that is empty has the sum zero."""
    ends = np.append(starts[1:], values.shape[0])
    filled = ends > starts
    result = np.zeros((starts.size, values.shape[1]))
    result[filled] = function.reduceat(values, starts[filled], axis=0)
    return result


def _layers(row: Indices, column: Indices, value: Floats, program: Program) -> list[_Layer]:
    """Requirements and activities in the order in which losses reach them; the last is all in or behind a loop."""
    gives, draws = np.flatnonzero(value < 0), np.flatnonzero(value > 0)
    rows, count = program.n_rows, program.n_rows + program.n_columns
    source = np.concatenate([column[gives] + rows, row[draws]])
    target = np.concatenate([row[gives], column[draws] + rows])
    follows = sparse.csr_array(sparse.coo_array((np.ones(source.size), (source, target)), shape=(count, count)))
    waits = np.bincount(target, minlength=count)
    ready, seen = np.flatnonzero(waits == 0), np.zeros(count, bool)
    layers = []
    while ready.size:
        seen[ready] = True
        layers.append(_layer(row, column, gives, draws, ready[ready < rows], ready[ready >= rows] - rows, False))
        after, fewer = np.unique(follows[ready].indices, return_counts=True)
        waits[after] -= fewer
        ready = after[waits[after] == 0]
    left = np.flatnonzero(~seen)
    if left.size:
        layers.append(_layer(row, column, gives, draws, left[left < rows], left[left >= rows] - rows, True))
    return layers


def _layer(
    row: Indices, column: Indices, gives: Indices, draws: Indices, rows: Indices, columns: Indices, is_loop: bool
) -> _Layer:
    mine = gives[np.isin(row[gives], rows)]
    mine = mine[np.argsort(row[mine], kind="stable")]
    drawn = draws[np.isin(column[draws], columns)]
    drawn = drawn[np.argsort(column[drawn], kind="stable")]
    drawing, starts = np.unique(column[drawn], return_index=True)
    return _Layer(rows, mine, np.searchsorted(row[mine], rows), drawing, drawn, starts.astype(np.int64), is_loop)
