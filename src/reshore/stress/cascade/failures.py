"""Compiled loops over firms that fail alone; each thread brings its own working arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reshore.stress.cascade.compiled import Floats, Ints, compiled, inlined
from reshore.stress.cascade.downstream import ROUNDS
from reshore.stress.cascade.hits import Row, Watch, close_in, end_row, read_watch, start_row
from reshore.stress.cascade.lanes import LANES
from reshore.stress.cascade.push import (
    CONVERGED,
    OUT_OF_ROUNDS,
    Front,
    Push,
    clear,
    held_back,
    raise_loss,
    spread,
    spread_closely,
)
from reshore.stress.cascade.upstream import Demand, Visits
from reshore.stress.cascade.wave import Wave, calm, spread_demand, start_wave, weigh

SLOW = -1.0
"""Stands in the residual column of a firm whose cascade needs `downstream.finish` or a longer upstream solution."""

Rough = NDArray[np.float32]
_SINGLE = 2.0**-24
HELD_BACK, _AIM, _CLOSER = 0.4, 0.4, 20
"""Parts of the tolerance: what losses of inputs hold back, and what the chances of coming back may still move."""

_ROUNDING = 1e-15
"""Relative rounding of a solved return; times the visits it is what an index can lose to it."""


@compiled
def fail_each(
    push: Push, front: Front, demand: Demand, common: Visits, position_of: Ints, share: Floats, firms: Ints, row: Row,
    rough: Rough, fine: Floats, tolerance: float, result: Floats,
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
            push, front, demand, common, position_of, share, firms[begin:end], row, rough, fine, tolerance,
            result[begin:end],
        )  # fmt: skip
        begin = end


@compiled
def _fail_some(
    push: Push, front: Front, demand: Demand, common: Visits, position_of: Ints, share: Floats, firms: Ints, row: Row,
    rough: Rough, fine: Floats, tolerance: float, result: Floats,
) -> None:  # fmt: skip
    """`fail_each` for at most LANES firms of one component."""
    columns = len(firms)
    c = demand.component[position_of[firms[0]]]
    low, high = demand.edge[c], demand.edge[c + 1]
    is_closed = demand.closed[c] == 1
    is_group = high - low > 1 and not is_closed
    is_fine = False
    if is_group:
        start_row(demand, common, row, position_of[firms], rough)
        is_fine = _close_in(demand, common, row, columns, rough, fine, is_fine, _AIM * tolerance)
    loss, affected, rest, watched = front.loss, front.affected, demand.rest, row.watched
    at, column, cap, weight = np.zeros(LANES, np.int32), np.zeros(LANES, np.int32), np.zeros(LANES), np.zeros(LANES)
    count = 0
    for k in range(columns):
        raise_loss(front, firms[k], 1.0, -1)
        state = spread_closely(push, front, HELD_BACK * tolerance, ROUNDS)
        down = both = 0.0
        few = 0
        for position in range(front.counts[0]):
            other = affected[position]
            part = share[other] * loss[other]
            down += part
            q = position_of[other]
            if q < low or q >= high:
                continue
            if is_closed or other == firms[k]:
                both += part
            elif is_group:
                if (fine[q, k] if is_fine else rough[q, k]) >= 2.0 * loss[other]:
                    both += part
                    continue
                watched[few] = other
                few += 1
        while count + few > len(at):
            at, column, cap, weight = _twice(at), _twice(column), _twice(cap), _twice(weight)
        for place in range(few):
            other = watched[place]
            q = position_of[other]
            at[count], column[count] = q, k
            cap[count], weight[count] = loss[other] * rest[q], share[other] / rest[q]
            count += 1
        result[k, 0] = -both
        result[k, 2] = down
        result[k, 3] = held_back(push, front) if state == CONVERGED else np.inf
        clear(push, front)
    if is_group:
        value = np.zeros(count)
        seen = Watch(at[:count], column[:count], cap[:count], weight[:count], value)
        residual = np.zeros(LANES)
        aim = _AIM * tolerance
        for _ in range(_CLOSER):
            if is_fine:
                read_watch(demand, common, row, seen, fine, 0.0, residual)
            else:
                read_watch(demand, common, row, seen, rough, _SINGLE, residual)
            if residual.max() <= (0.95 - HELD_BACK) * tolerance:
                break
            aim *= 0.25
            is_fine = _close_in(demand, common, row, columns, rough, fine, is_fine, aim)
        end_row(row, columns)
        result[:, 3] += residual[:columns]
        for entry in range(count):
            result[column[entry], 0] -= weight[entry] * value[entry]
    for k in range(columns):
        p = position_of[firms[k]]
        visits = common.visits[p]
        up = common.drawn[c] if is_closed else visits * (rest[p] - (row.back[k] if is_group else 0.0))
        result[k, 0] += up + result[k, 2]
        result[k, 1] = up
        result[k, 3] += _ROUNDING * visits
        if not result[k, 3] <= tolerance:
            result[k, 3] = SLOW


@inlined
def _twice(values: NDArray[Any]) -> NDArray[Any]:
    """The same with as much room again."""
    more = np.zeros(2 * len(values), values.dtype)
    more[: len(values)] = values
    return more


@compiled
def _close_in(
    demand: Demand, common: Visits, row: Row, columns: int, rough: Rough, fine: Floats, is_fine: bool, tolerance: float
) -> bool:
    """`close_in` on rough chances as far as they go, then on fine ones; returns whether these are now in use."""
    if not is_fine:
        if close_in(demand, common, row, columns, rough, _SINGLE, tolerance):
            return False
        c = demand.component[row.position[0]]
        fine[demand.edge[c] : demand.edge[c + 1]] = rough[demand.edge[c] : demand.edge[c + 1]]
        row.floor[:] = 0.0
        row.moved[:columns] = np.inf  # how the rough ones last moved says nothing of their rounding
    close_in(demand, common, row, columns, fine, 0.0, tolerance)
    return True


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
def fail_each_downstream(
    push: Push, front: Front, share: Floats, firms: Ints, tolerance: float, result: Floats
) -> None:  # fmt: skip
    """Fails each of `firms` alone and writes the downstream index, or `SLOW`, into ``result``, shape (n,)."""
    for number in range(len(firms)):
        raise_loss(front, firms[number], 1.0, -1)
        state = spread_closely(push, front, HELD_BACK * tolerance, ROUNDS)
        down = 0.0
        for position in range(front.counts[0]):
            down += share[front.affected[position]] * front.loss[front.affected[position]]
        result[number] = down if state == CONVERGED else SLOW
        clear(push, front)
