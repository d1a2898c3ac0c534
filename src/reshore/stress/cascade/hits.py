"""Chances of ever coming to a firm, for as many firms at once as there are lanes.

If firm k fails, what firm i loses of its demand is the probability that a walker who follows a unit of its sales ever
comes to k: 1 at k, and elsewhere the mean over the customers. Sweeps over the component bring it about for a whole row
of firms k; after each the slow error, a multiple of the component's leading vector, is taken away.

What has to be exact is small: the chance of coming back to k, and the losses of the few firms that lose inputs too.
The chances themselves can be kept in single precision as long as what that costs the index stays below the tolerance.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reshore.stress.cascade import blocks
from reshore.stress.cascade.compiled import Floats, Ints, compiled
from reshore.stress.cascade.lanes import LANES, add_multiples, sum_links, sum_rows
from reshore.stress.cascade.upstream import Demand, Visits

Places = NDArray[np.int8]
_GROWTH = 16.0
"""Rounding of a row, times this, bounds what it does to a value: errors off the leading vector halve in every sweep."""


class Watch(NamedTuple):
    """What is read of the probabilities that `find_hits` solves: ``(L x)`` of entry e's row, in its column.

    The first entries are the failing firms themselves, one per column. Of the others no more than ``cap`` counts; an
    index moves by ``weight`` times what an entry's ``value`` moves.
    """

    row: Ints
    column: Ints
    cap: Floats
    weight: Floats
    value: Floats


@compiled
def find_hits(
    demand: Demand,
    common: Visits,
    watch: Watch,
    columns: int,
    x: NDArray[Any],
    held: Places,
    residual: Floats,
    tolerance: float,
    rounding: float,
) -> bool:
    """Probabilities of ever coming to the first `columns` firms of `watch`, all of one open component of several firms.

    Column k of ``x``, shape (n_firms, LANES), holds a first guess and takes the probabilities of coming to firm k.
    ``watch.value`` takes what is read of them, the chances of coming back first; `residual` by how much the last steps
    moved each index, and what numbers of relative error `rounding` in ``x`` can do to it. Returns whether all are
    within `tolerance`.
    """
    rest, onward = demand.rest, demand.onward
    first, last, target, share = demand.sales.first, demand.sales.last, demand.sales.target, demand.sales.share
    right, left, gap = common.mode.right, common.mode.left, common.mode_gap
    row, column, cap, value = watch.row, watch.column, watch.cap, watch.value
    low, high = demand.edge[demand.component[row[0]]], demand.edge[demand.component[row[0]] + 1]
    weight, echo, known = np.zeros(LANES), np.zeros(LANES), np.full(LANES, np.inf)
    moved, floor, step = np.zeros(LANES), np.zeros(LANES), np.zeros((1, LANES))
    value[:] = 0.0
    for k in range(columns):
        p = row[k]
        held[p] = k
        x[p, k] = 1.0
        for link in range(first[p], last[p]):
            echo[k] += share[link] * right[target[link]]
        weight[k] = common.mode_weight[demand.component[p]] + right[p] * gap[p] + left[p] * echo[k]
    is_met = is_stuck = False
    for _ in range(blocks.QUICK_SWEEPS):
        sum_rows(x, gap, low, high, step)
        for k in range(columns):
            p = row[k]
            back = 0.0
            for link in range(first[p], last[p]):
                back += share[link] * x[target[link], k]
            step[0, k] += left[p] * (rest[p] - back)
            step[0, k] = step[0, k] / weight[k] if weight[k] > 0.0 else 0.0
            value[k] = back + step[0, k] * echo[k]
            moved[k] = watch.weight[k] * abs(value[k] - known[k])
            floor[k] = _GROWTH * rounding * watch.weight[k] * value[k]
            known[k] = value[k]
        if (moved + floor).max() <= tolerance:
            for entry in range(columns, len(row)):
                i, k = row[entry], column[entry]
                here = x[i, k] + step[0, k] * right[i]
                if rest[i] * here >= 2.0 * cap[entry]:
                    value[entry] = cap[entry]
                    continue
                arrives = 0.0
                for link in range(first[i], last[i]):
                    j = target[link]
                    arrives += share[link] * (x[j, k] + (step[0, k] * right[j] if j != row[k] else 0.0))
                value[entry] = min(arrives, cap[entry])
                moved[k] += watch.weight[entry] * abs(arrives - rest[i] * here)
                floor[k] += watch.weight[entry] * _GROWTH * rounding * arrives
        residual[:] = moved + floor
        is_met, is_stuck = residual.max() <= tolerance, (moved - floor).max() <= 0.0
        if is_met or is_stuck:
            break
        add_multiples(x, right, low, high, step)
        for k in range(columns):
            x[row[k], k] = 1.0
        for i in range(low, high):
            sum_links(x, target, onward, first[i], last[i], x, i)
            if held[i] >= 0:
                x[i, held[i]] = 1.0
    for k in range(columns):
        held[row[k]] = -1
    return is_met
