"""Compiled loops over firms that fail alone; each thread brings its own working arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reshore.stress.cascade.compiled import Floats, Ints, compiled, inlined
from reshore.stress.cascade.downstream import ROUNDS
from reshore.stress.cascade.hits import Places, Watch, find_hits
from reshore.stress.cascade.lanes import LANES
from reshore.stress.cascade.push import CONVERGED, OUT_OF_ROUNDS, Front, Push, clear, raise_loss, spread
from reshore.stress.cascade.upstream import Demand, Visits
from reshore.stress.cascade.wave import Wave, calm, spread_demand, start_wave, weigh

SLOW = -1.0
"""Stands in the residual column of a firm whose cascade needs `downstream.finish` or a longer upstream solution."""

Rough = NDArray[np.float32]
_SINGLE = 2.0**-24
_ROUNDING = 1e-15
"""Relative rounding of a solved return; times the visits it is what an index can lose to it."""


@compiled
def fail_each(
    push: Push, front: Front, demand: Demand, common: Visits, position_of: Ints, share: Floats, firms: Ints,
    rough: Rough, fine: Floats, held: Places, tolerance: float, least: float, result: Floats,
) -> None:  # fmt: skip
    """Fails each of `firms` alone, to the end; ``result`` takes index, upstream, downstream and residual, shape (n, 4).

    The index is upstream plus downstream less what both take from the same firms. A firm reached both ways lies in the
    component of the failed firm, so upstream losses are needed there alone; the rest of the upstream index comes from
    the visits. Neighbours in `firms` that are of one component are solved together.
    """
    begin = 0
    while begin < len(firms):
        c = demand.component[position_of[firms[begin]]]
        end = begin + 1
        while end < min(len(firms), begin + LANES) and demand.component[position_of[firms[end]]] == c:
            end += 1
        _fail_some(
            push, front, demand, common, position_of, share, firms[begin:end], rough, fine, held, tolerance,
            least, result[begin:end],
        )  # fmt: skip
        begin = end


@compiled
def _fail_some(
    push: Push, front: Front, demand: Demand, common: Visits, position_of: Ints, share: Floats, firms: Ints,
    rough: Rough, fine: Floats, held: Places, tolerance: float, least: float, result: Floats,
) -> None:  # fmt: skip
    """`fail_each` for at most LANES firms of one component."""
    columns = len(firms)
    c = demand.component[position_of[firms[0]]]
    is_closed = demand.closed[c] == 1
    is_group = demand.edge[c + 1] - demand.edge[c] > 1 and not is_closed
    loss, affected = front.loss, front.affected
    component, rest = demand.component, demand.rest
    capacity, entries = 4 * LANES, columns
    row, column = np.zeros(capacity, np.int32), np.zeros(capacity, np.int32)
    cap, weight = np.zeros(capacity), np.zeros(capacity)
    for k in range(columns):
        row[k], column[k] = position_of[firms[k]], k
        cap[k], weight[k] = np.inf, common.visits[row[k]]
    states = np.zeros(columns, np.int64)
    for k in range(columns):
        raise_loss(front, firms[k], 1.0, -1)
        states[k], _ = spread(push, front, least, ROUNDS)
        down = both = 0.0
        for position in range(front.counts[0]):
            other = affected[position]
            part = share[other] * loss[other]
            down += part
            q = position_of[other]
            if component[q] != c:
                continue
            if is_closed or other == firms[k]:
                both += part
            elif is_group:
                if entries == capacity:
                    capacity *= 2
                    row, column = _longer(row), _longer(column)
                    cap, weight = _longer(cap), _longer(weight)
                row[entries], column[entries] = q, k
                cap[entries], weight[entries] = loss[other] * rest[q], share[other] / rest[q]
                entries += 1
        result[k, 0] = -both
        result[k, 2] = down
        clear(push, front)
    value = np.zeros(entries)
    residuals = np.zeros(LANES)
    if is_group:
        watch = Watch(row[:entries], column[:entries], cap[:entries], weight[:entries], value)
        low, high = demand.edge[c], demand.edge[c + 1]
        rough[low:high] = 0.0
        if not find_hits(demand, common, watch, columns, rough, held, residuals, 0.5 * tolerance, _SINGLE):
            fine[low:high] = rough[low:high]
            find_hits(demand, common, watch, columns, fine, held, residuals, 0.5 * tolerance, 0.0)
        for entry in range(columns, entries):
            result[column[entry], 0] -= weight[entry] * value[entry]
    for k in range(columns):
        visits = common.visits[row[k]]
        up = common.drawn[c] if is_closed else visits * (rest[row[k]] - value[k])
        residual = residuals[k] + _ROUNDING * visits
        result[k, 0] += up + result[k, 2]
        result[k, 1] = up
        result[k, 3] = residual if states[k] == CONVERGED and residual <= tolerance else SLOW


@inlined
def _longer(values: NDArray[Any]) -> NDArray[Any]:
    more = np.zeros(2 * len(values), values.dtype)
    more[: len(values)] = values
    return more


@compiled
def run_rounds(
    push: Push, front: Front, demand: Demand, wave: Wave, stop_rise: float, least: float, rounds: int
) -> int:
    """Rounds of both directions at once, until one in which neither raises a loss by more than `stop_rise`."""
    for _ in range(rounds):
        _, down = spread(push, front, least, 1)
        if max(down, spread_demand(demand, wave, least)) <= stop_rise:
            return CONVERGED
    return OUT_OF_ROUNDS


@compiled
def fail_each_by_rounds(
    push: Push, front: Front, demand: Demand, wave: Wave, position_of: Ints, share: Floats, firms: Ints,
    stop_rise: float, least: float, rounds: int, result: Floats,
) -> None:  # fmt: skip
    """Fails each of `firms` alone, until a round raises no loss by more than `stop_rise`; see `fail_each`."""
    whole = np.ones(1)
    loss, affected, up_loss = front.loss, front.affected, wave.loss
    for number in range(len(firms)):
        firm = firms[number]
        raise_loss(front, firm, 1.0, -1)
        start_wave(wave, position_of[firm : firm + 1], whole)
        state = run_rounds(push, front, demand, wave, stop_rise, least, rounds)
        down = both = 0.0
        for position in range(front.counts[0]):
            other = affected[position]
            down += share[other] * loss[other]
            both += share[other] * min(loss[other], up_loss[position_of[other]])
        up = weigh(demand, wave)
        result[number, 0] = up + down - both
        result[number, 1] = up
        result[number, 2] = down
        result[number, 3] = np.nan if state == CONVERGED else SLOW
        clear(push, front)
        calm(wave)


@compiled
def fail_each_downstream(push: Push, front: Front, share: Floats, firms: Ints, least: float, result: Floats) -> None:
    """Fails each of `firms` alone and writes the downstream index, or `SLOW`, into ``result``, shape (n,)."""
    for number in range(len(firms)):
        raise_loss(front, firms[number], 1.0, -1)
        state, _ = spread(push, front, least, ROUNDS)
        down = 0.0
        for position in range(front.counts[0]):
            down += share[front.affected[position]] * front.loss[front.affected[position]]
        result[number] = down if state == CONVERGED else SLOW
        clear(push, front)
