"""How to sweep over lost demand: in which order, how often each firm, and what is then left of an error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reshore.stress.cascade.compiled import Floats, Ints, Longs, compiled
from reshore.stress.cascade.order import sweep_order
from reshore.stress.cascade.upstream import Demand, Visits

_STICKY, _MOST_RETURNS = 0.1, 40
"""Part of an error that two firms may hand to each other and back before they are visited again; how often at most."""

_GROWTH = 4.0
"""Roundings that are allowed for in a number which nobody hands on."""

_SWEEPS, _MOST_RATE = 96, 0.98
"""Sweeps in which the fall of an error is measured, and the most that one is taken to leave."""


class Sweeps(NamedTuple):
    """Sweeps over each component, in an order in which firms come after their customers as far as circles allow.

    Visit v, of those ``edge[c]:edge[c + 1]`` of component c, is of the firm at position ``at[v]``; what it passes on of
    its sales stays in the component along links ``first[v]:last[v]``, to ``target``, in parts ``share`` of ``rest``.
    ``late`` is what a unit of the slow error adds through customers who are not renewed before; ``gap`` what a unit at
    the firm leaves of it, in the last visit of the sweep. Two firms that sell most of their output to each other are
    visited in turn, several times.

    ``fall`` is what a sweep leaves of other errors in each component, as measured: twice that where it is little, half
    way between it and all where it is much. ``growth`` is how many roundings of a number add up to its error, at most:
    sweeps hand them on, and two firms that mostly sell to each other hand them to and fro.
    """

    edge: Longs
    at: Ints
    first: Longs
    last: Longs
    target: Ints
    share: Floats
    late: Floats
    gap: Floats
    fall: Floats
    growth: Floats


def order_sweeps(demand: Demand, visits: Visits) -> Sweeps:
    """Sweeps over `demand`; links count by how much of the slow error runs along them."""
    count, sales, mode = len(demand.rest), demand.sales, visits.mode
    row = np.repeat(np.arange(count), np.diff(sales.start))
    inside = demand.component[row] == demand.component[sales.target]
    row, target, share = row[inside], sales.target[inside], sales.share[inside]
    order = sweep_order(row, target, mode.left[row] * share * mode.right[target], count)
    order = order[np.argsort(demand.component[order], kind="stable")]
    share = share / demand.rest[row]
    pair_row, pair_target, to_and_fro = _pairs(row, target, share, count)
    at = _with_returns(order, pair_row, pair_target, to_and_fro)

    visit = np.arange(len(at))
    first_visit, last_visit = np.empty(count, np.int64), np.empty(count, np.int64)
    first_visit[at[::-1]], last_visit[at] = visit[::-1], visit
    by_visit = np.argsort(first_visit[row], kind="stable")
    row, target, share = row[by_visit], target[by_visit], share[by_visit]
    links = np.bincount(row, minlength=count)
    start = np.cumsum(links[order]) - links[order]
    first = start[np.argsort(order)][at]
    lengths = links[at]
    link = np.arange(lengths.sum()) + np.repeat(first - np.cumsum(lengths) + lengths, lengths)
    by = np.repeat(visit, lengths)
    waits = first_visit[target[link]] > by
    late = np.bincount(by, np.where(waits, share[link] * mode.right[target[link]], 0.0), len(at))
    sweeps = Sweeps(
        edge=np.searchsorted(demand.component[at], np.arange(len(demand.closed) + 1)).astype(np.int64),
        at=at.astype(np.int32),
        first=first,
        last=first + lengths,
        target=target.astype(np.int32),
        share=share,
        late=late.astype(np.float64),
        gap=np.where(last_visit[at] == visit, visits.mode_gap[at], 0.0),
        fall=np.zeros(len(demand.closed)),
        growth=np.zeros(len(demand.closed)),
    )
    _measure_falls(demand, visits, sweeps)
    kept = np.zeros(len(demand.closed))
    np.maximum.at(kept, demand.component[pair_row], np.minimum(to_and_fro, _MOST_RATE))
    sweeps.growth[:] = _GROWTH / ((1.0 - sweeps.fall) * (1.0 - kept))
    return sweeps


def _pairs(row: Longs, target: Ints, share: Floats, count: int) -> tuple[Longs, Ints, Floats]:
    """Firms that sell to each other, each pair once, and what is left of an error when it has gone to and fro."""
    key, back = row * count + target, target.astype(np.int64) * count + row
    if not len(key):
        return row, target, share
    by_key = np.argsort(key)
    found = by_key[np.minimum(np.searchsorted(key[by_key], back), len(key) - 1)]
    pair = np.flatnonzero((key[found] == back) & (row < target))
    pair = pair[np.argsort(key[pair])]
    return row[pair], target[pair], share[pair] * share[found[pair]]


def _with_returns(order: Longs, one: Longs, other: Ints, to_and_fro: Floats) -> Longs:
    """`order`, with two firms that mostly sell to each other visited in turn until little is left between them."""
    place = np.argsort(order)
    after: list[int] = []
    again: list[int] = []
    for pair in np.flatnonzero(to_and_fro > _STICKY).tolist():
        left = min(float(to_and_fro[pair]), _MOST_RATE)
        times = min(int(np.ceil(np.log(_STICKY) / np.log(left))), _MOST_RETURNS)
        early, later = sorted((int(one[pair]), int(other[pair])), key=lambda firm: int(place[firm]))
        after += [int(place[later]) + 1] * 2 * times
        again += [early, later] * times
    return np.insert(order, np.array(after, np.int64), np.array(again, np.int64))


@compiled
def _measure_falls(demand: Demand, visits: Visits, sweeps: Sweeps) -> None:
    """Fills ``sweeps.fall``: the mean over later sweeps of what is left, without the slow error, of a ragged start."""
    at, first, last, target, share = sweeps.at, sweeps.first, sweeps.last, sweeps.target, sweeps.share
    late, gap, left, right = sweeps.late, sweeps.gap, visits.mode.left, visits.mode.right
    x = np.zeros(len(demand.rest))
    for c in range(len(demand.closed)):
        low, high = demand.edge[c], demand.edge[c + 1]
        if demand.closed[c] or high - low == 1:
            continue
        weight = visits.mode_weight[c]
        total = 0.0
        for i in range(low, high):
            x[i] = right[i] * (((i - low) * 0.6180339887498949) % 1.0 - 0.5)
            total += visits.mode_gap[i] * x[i]
        early = size = 0.0
        for sweep in range(_SWEEPS):
            step = total / weight if weight > 0.0 else 0.0
            total = size = 0.0
            for visit in range(sweeps.edge[c], sweeps.edge[c + 1]):
                i = at[visit]
                new = late[visit] * step
                for link in range(first[visit], last[visit]):
                    new += share[link] * x[target[link]]
                x[i] = new
                total += gap[visit] * new
            for i in range(low, high):
                size += left[i] * abs(x[i])
            if sweep == _SWEEPS // 2:
                early = size
        rate = (size / early) ** (1.0 / (_SWEEPS - 1 - _SWEEPS // 2)) if early > 0.0 else 0.0
        sweeps.fall[c] = min(2.0 * rate, 0.5 + 0.5 * min(rate, _MOST_RATE))
