"""Compiled loops over shocks: one firm at a time, or several; each thread brings its own working arrays."""

from __future__ import annotations

import numpy as np
from numba import njit

from reshore.stress.cascade import blocks
from reshore.stress.cascade.downstream import ROUNDS
from reshore.stress.cascade.push import CONVERGED, clear, raise_loss, spread

SLOW = -1.0
"""Stands in the error column of a firm whose cascade needs `downstream.finish` or a longer upstream solution."""


@njit(cache=True, nogil=True)
def fail_each(push, front, demand, position_of, share, firms, x, held, b, tolerance, least, result):
    """Fails each of `firms` alone, to the end; ``result`` takes index, upstream, downstream and error, shape (n, 4).

    The index is upstream plus downstream less what both take from the same firms. A firm reached both ways lies in the
    component of the failed firm, so the upstream losses are needed there alone; the rest of the upstream index comes from
    the visits. Returns the number of links visited.
    """
    total = 0
    for number in range(len(firms)):
        firm = firms[number]
        raise_loss(push, front, firm, 1.0, -1)
        state, visits = spread(push, front, -1.0, least, ROUNDS)
        total += visits
        down = 0.0
        for position in range(front.count[0]):
            down += share[front.affected[position]] * front.loss[front.affected[position]]
        p = position_of[firm]
        c = demand.component[p]
        low, high = demand.edge[c], demand.edge[c + 1]
        error = least
        if demand.closed[c]:
            up = demand.drawn[c]
            both = 0.0
            for position in range(front.count[0]):
                other = front.affected[position]
                if demand.component[position_of[other]] == c:
                    both += share[other] * front.loss[other]
        elif high - low == 1:
            up = demand.visits[p] * demand.rest[p]
            both = share[firm]
        else:
            small = 0.5 * tolerance / front.count[0]
            weight = demand.visits[p] * demand.lifetime[p]
            for position in range(front.count[0]):
                other = front.affected[position]
                q = position_of[other]
                if demand.component[q] == c and share[other] * front.loss[other] > small:
                    weight += share[other] * demand.lifetime[q]
            stop = 0.5 * tolerance / weight
            if stop < 4e-15:
                state = 1
            x[low:high] = 0.0
            x[p] = 1.0
            held[p] = 1
            rows = np.full(1, p, np.int64)
            change, sweeps = blocks.relax(
                demand.sales, demand.rest, low, high, held, rows, b, x, demand.mode, stop, False,
                blocks.QUICK_SWEEPS if state == CONVERGED else 0,
            )  # fmt: skip
            held[p] = 0
            total += sweeps * (demand.sales.start[high] - demand.sales.start[low])
            if change > stop:
                state = 1
            up = demand.visits[p] * (demand.rest[p] - blocks.inner_product(demand.sales, p, x))
            both = 0.0
            for position in range(front.count[0]):
                other = front.affected[position]
                q = position_of[other]
                if demand.component[q] == c:
                    both += share[other] * min(front.loss[other], x[q])
            error += change * weight + 0.5 * tolerance
        result[number, 0] = up + down - both
        result[number, 1] = up
        result[number, 2] = down
        result[number, 3] = error if state == CONVERGED else SLOW
        clear(push, front)
    return total


@njit(cache=True, nogil=True)
def fail_each_by_rounds(push, front, up_push, up_front, share, firms, stop_rise, least, rounds, result):
    """Fails each of `firms` alone, until a round raises no loss by more than `stop_rise`; see `fail_each`."""
    total = 0
    for number in range(len(firms)):
        raise_loss(push, front, firms[number], 1.0, -1)
        raise_loss(up_push, up_front, firms[number], 1.0, -1)
        down_state, visits = spread(push, front, stop_rise, least, rounds)
        up_state, more = spread(up_push, up_front, stop_rise, least, rounds)
        total += visits + more
        merge(push, front, up_push, up_front, share, result[number])
        result[number, 3] = np.nan if down_state == CONVERGED and up_state == CONVERGED else SLOW
        clear(push, front)
        clear(up_push, up_front)
    return total


@njit(cache=True, nogil=True)
def merge(push, front, up_push, up_front, share, result):
    """Index, upstream and downstream part of two fronts."""
    down = up = both = 0.0
    for position in range(front.count[0]):
        firm = front.affected[position]
        down += share[firm] * front.loss[firm]
        both += share[firm] * min(front.loss[firm], up_front.loss[firm])
    for position in range(up_front.count[0]):
        firm = up_front.affected[position]
        up += share[firm] * up_front.loss[firm]
    result[0] = up + down - both
    result[1] = up
    result[2] = down


@njit(cache=True, nogil=True)
def fail_each_downstream(push, front, share, firms, least, result):
    """Fails each of `firms` alone and writes the downstream index, or `SLOW`, into ``result``, shape (n,)."""
    for number in range(len(firms)):
        raise_loss(push, front, firms[number], 1.0, -1)
        state, _ = spread(push, front, -1.0, least, ROUNDS)
        down = 0.0
        for position in range(front.count[0]):
            down += share[front.affected[position]] * front.loss[front.affected[position]]
        result[number] = down if state == CONVERGED else SLOW
        clear(push, front)
