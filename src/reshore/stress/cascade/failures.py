"""Compiled loops over firms that fail alone; each thread brings its own working arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reshore.stress.cascade.compiled import Floats, Ints, compiled, inlined
from reshore.stress.cascade.fills import Flood, Lost, Slots, lose_inputs, new_flood
from reshore.stress.cascade.hits import Row, Watch, close_in, end_row, new_row, read_watch, start_row
from reshore.stress.cascade.lanes import LANES
from reshore.stress.cascade.push import (
    CONVERGED,
    OUT_OF_ROUNDS,
    Front,
    Push,
    clear,
    new_front,
    raise_loss,
    spread,
)
from reshore.stress.cascade.sweeps import Sweeps
from reshore.stress.cascade.upstream import Demand, Visits
from reshore.stress.cascade.wave import Wave, calm, spread_demand, start_wave, weigh

SLOW = -1.0
"""Stands in the residual column of a firm whose cascade needs `downstream.finish` or a longer upstream solution."""

Rough = NDArray[np.float32]
_SINGLE = 2.0**-24
HELD_BACK, _AIM, _CLOSER = 0.4, 0.4, 20
"""Parts of the tolerance: what losses of inputs hold back, and what the chances of coming back may still move."""

_SURE, _LEAST_FALL = 16.0, 0.05
"""A firm loses more through demand if it seems to lose so many times what it loses through inputs; sweeps before the
last have brought it closer than that."""

_ROUNDING = 1e-15
"""Relative rounding of a solved return; times the visits it is what an index can lose to it."""


class Shared(NamedTuple):
    """What all failures share: both directions, each firm's position in the upstream one, and its share of output."""

    push: Push
    slots: Slots
    demand: Demand
    visits: Visits
    sweeps: Sweeps
    position_of: Ints
    share: Floats


class Desk(NamedTuple):
    """Working arrays of one thread. Chances are kept rough as long as their rounding does not show, then fine."""

    front: Front
    flood: Flood
    row: Row
    rough: Rough
    fine: Floats


def new_desk(shared: Shared) -> Desk:
    """Working arrays for `shared`."""
    size = len(shared.share)
    return Desk(
        front=new_front(shared.push),
        flood=new_flood(shared.push, shared.slots),
        row=new_row(size),
        rough=np.zeros((size, LANES), np.float32),
        fine=np.zeros((size, LANES)),
    )


@compiled
def fail_each(shared: Shared, desk: Desk, firms: Ints, tolerance: float, result: Floats) -> None:
    """Fails each of `firms` alone, to the end; ``result`` takes index, upstream, downstream and residual, shape (n, 4).

    The index is upstream plus downstream less what both take from the same firms. A firm reached both ways lies in the
    component of the failed firm, so upstream losses are needed there alone; the rest of the upstream index comes from
    the visits. Neighbours in `firms` that are of one component are solved together.
    """
    component, position_of = shared.demand.component, shared.position_of
    edges, begin = [0], 0
    while begin < len(firms):
        c = component[position_of[firms[begin]]]
        end = begin + 1
        while end < min(len(firms), begin + LANES) and component[position_of[firms[end]]] == c:
            end += 1
        edges.append(end)
        begin = end
    # One direction after the other: each has arrays of its own, which stay near the processor while it is at work.
    lost = [
        lose_inputs(
            shared.push, shared.slots, desk.front, desk.flood, firms[edges[row] : edges[row + 1]], HELD_BACK * tolerance
        )
        for row in range(len(edges) - 1)
    ]
    for row in range(len(edges) - 1):
        some = slice(edges[row], edges[row + 1])
        _fail_some(shared, desk, firms[some], lost[row], tolerance, result[some])


@compiled
def _fail_some(shared: Shared, desk: Desk, firms: Ints, lost: Lost, tolerance: float, result: Floats) -> None:
    """`fail_each` for at most LANES firms of one component, what others lose of their inputs being known."""
    demand, common, position_of, share = shared.demand, shared.visits, shared.position_of, shared.share
    row, rough, fine = desk.row, desk.rough, desk.fine
    columns = len(firms)
    c = demand.component[position_of[firms[0]]]
    low, high = demand.edge[c], demand.edge[c + 1]
    is_closed = demand.closed[c] == 1
    is_group = high - low > 1 and not is_closed
    is_fine = False
    aim, fall, rounding = _AIM * tolerance, shared.sweeps.fall[c], _SINGLE * shared.sweeps.growth[c]
    if is_group:
        # Until about one sweep before the end: what the last one moves tells how far watched firms still are from it.
        start_row(demand, common, row, position_of[firms], rough)
        is_fine = _close_in(shared, desk, columns, is_fine, aim / max(fall, _LEAST_FALL), 0)
    loss, firm, rest, watched = lost.loss, lost.firm, demand.rest, row.watched
    at, column, cap, weight = np.zeros(LANES, np.int32), np.zeros(LANES, np.int32), np.zeros(LANES), np.zeros(LANES)
    count = 0
    for k in range(columns):
        down = both = 0.0
        few = 0
        for entry in range(lost.first[k], lost.last[k]):
            other = firm[entry]
            part = share[other] * loss[entry]
            down += part
            q = position_of[other]
            if q < low or q >= high:
                continue
            if is_closed or other == firms[k]:
                both += part
            elif is_group:
                if (fine[q, k] if is_fine else rough[q, k]) >= _SURE * loss[entry]:
                    both += part
                    continue
                watched[few] = entry
                few += 1
        while count + few > len(at):
            at, column, cap, weight = _twice(at), _twice(column), _twice(cap), _twice(weight)
        for place in range(few):
            other = firm[watched[place]]
            q = position_of[other]
            at[count], column[count] = q, k
            cap[count], weight[count] = loss[watched[place]], share[other]
            count += 1
        result[k, 0] = -both
        result[k, 2] = down
        result[k, 3] = lost.held[k]
    if is_group:
        watch = Watch(at[:count], column[:count], cap[:count], weight[:count], np.zeros(count))
        residual = np.full(LANES, np.inf)
        for reading in range(_CLOSER):
            if reading > 0:
                is_fine = _close_in(shared, desk, columns, is_fine, aim, 1 if count > 0 else 0)
            if is_fine:
                read_watch(common, row, watch, fine, 0.0, fall, residual)
            else:
                read_watch(common, row, watch, rough, rounding, fall, residual)
            if reading > 0:
                if residual.max() <= (0.95 - HELD_BACK) * tolerance:
                    break
                aim *= 0.25
        end_row(row, columns)
        result[:, 3] += residual[:columns]
        for entry in range(count):
            result[column[entry], 0] -= weight[entry] * min(cap[entry], watch.demand[entry])
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
def _close_in(shared: Shared, desk: Desk, columns: int, is_fine: bool, tolerance: float, at_least: int) -> bool:
    """`close_in` on rough chances as far as they go, then on fine ones; returns whether these are now in use."""
    demand, common, sweeps, row, rough, fine = (
        shared.demand, shared.visits, shared.sweeps, desk.row, desk.rough, desk.fine,
    )  # fmt: skip
    if not is_fine:
        c = demand.component[row.position[0]]
        if close_in(demand, common, sweeps, row, columns, rough, _SINGLE * sweeps.growth[c], tolerance, at_least):
            return False
        fine[demand.edge[c] : demand.edge[c + 1]] = rough[demand.edge[c] : demand.edge[c + 1]]
        row.floor[:] = 0.0
        row.moved[:columns] = np.inf  # how the rough ones last moved says nothing of their rounding
    close_in(demand, common, sweeps, row, columns, fine, 0.0, tolerance, at_least)
    return True


@compiled
def run_rounds(
    push: Push, front: Front, demand: Demand, wave: Wave, stop_rise: float, least: float, rounds: int
) -> int:
    """Rounds of both directions at once, until one in which neither raises a loss by more than `stop_rise`."""
    for _ in range(rounds):
        _, down = spread(push, front, least, 1, len(front.loss))
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
def fail_each_downstream(shared: Shared, desk: Desk, firms: Ints, tolerance: float, result: Floats) -> None:
    """Fails each of `firms` alone and writes the downstream index, or `SLOW`, into ``result``, shape (n,)."""
    for begin in range(0, len(firms), LANES):
        some = firms[begin : begin + LANES]
        lost = lose_inputs(shared.push, shared.slots, desk.front, desk.flood, some, HELD_BACK * tolerance)
        for k in range(len(some)):
            down = 0.0
            for entry in range(lost.first[k], lost.last[k]):
                down += shared.share[lost.firm[entry]] * lost.loss[entry]
            result[begin + k] = down if lost.held[k] < np.inf else SLOW
