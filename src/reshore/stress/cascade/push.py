"""Compiled loops of the cascade. Every function is a plain loop over arrays: no threads, no chance, no order but its own.

Two kinds of systems appear. *Downstream*, the loss of a firm is the largest of its inputs' losses; each input is a
**slot** (one per essential supplying sector, one for all non-essential inputs together), and a firm that loses
production sends `share x loss` to a slot of each of its buyers. *Upstream*, a firm loses the shares of its sales that its
customers lose: one weighted sum per firm, a linear system except where a shock is larger than what travels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Flags = NDArray[np.uint8]

CONVERGED, OUT_OF_ROUNDS = 0, 1


class Push(NamedTuple):
    """Who feels the loss of a firm: for firm i entries ``start[i]:start[i + 1]`` of ``slot`` and ``share``.

    ``firm`` is the buyer that owns each slot. ``market``, ``output``, ``high`` and ``low`` hold market sizes (a sum in two
    parts, so that a market that empties ends at zero exactly); without replaceability ``high`` has length 0.
    """

    start: Longs
    slot: Ints
    share: Floats
    firm: Ints
    market: Ints
    output: Floats
    high: Floats
    low: Floats


class Front(NamedTuple):
    """Working arrays of one thread for a push; everything is zero between shocks.

    ``loss`` is the state; ``sent`` what each firm has passed on, ``goal`` what it has to, ``filled`` the slots' sums,
    ``before`` the loss at the start of a round, ``choice`` the slot that set the loss (-1: the shock itself).
    ``count``: affected, changed, queued, touched slots, dirty markets, touched markets.
    """

    loss: Floats
    sent: Floats
    goal: Floats
    filled: Floats
    before: Floats
    choice: Ints
    is_affected: Flags
    is_changed: Flags
    affected: Ints
    changed: Ints
    queue: Ints
    touched: Ints
    high: Floats
    low: Floats
    head: Ints
    following: Ints
    is_dirty: Flags
    dirty: Ints
    count: Longs


def new_front(push: Push) -> Front:
    """Working arrays for `push`."""
    firms, slots, markets = len(push.start) - 1, len(push.firm), len(push.high)
    return Front(
        loss=np.zeros(firms),
        sent=np.zeros(firms),
        goal=np.zeros(firms),
        filled=np.zeros(slots),
        before=np.zeros(firms),
        choice=np.full(firms, -1, np.int32),
        is_affected=np.zeros(firms, np.uint8),
        is_changed=np.zeros(firms, np.uint8),
        affected=np.zeros(firms, np.int32),
        changed=np.zeros(firms, np.int32),
        queue=np.zeros(firms, np.int32),
        touched=np.zeros(slots, np.int32),
        high=push.high.copy(),
        low=push.low.copy(),
        head=np.full(markets, -1, np.int32),
        following=np.full(firms, -1, np.int32),
        is_dirty=np.zeros(markets, np.uint8),
        dirty=np.zeros(markets, np.int32),
        count=np.zeros(4, np.int64),
    )


@njit(cache=True, nogil=True, inline="always")
def _added(high, low, value):
    """The sum ``high + low + value`` in two parts (Knuth's exact addition)."""
    total = high + value
    part = total - high
    error = (high - (total - part)) + (value - part)
    return total, low + error


@njit(cache=True, nogil=True)
def market_sizes(market, output, count):
    """Sum of the output of each market, in two parts."""
    high, low = np.zeros(count), np.zeros(count)
    for firm in range(len(market)):
        m = market[firm]
        high[m], low[m] = _added(high[m], low[m], output[firm])
    return high, low


@njit(cache=True, nogil=True)
def raise_loss(push, front, firm, loss, slot):
    """Sets the loss of `firm` to the larger `loss` that arrived through `slot`."""
    if front.is_changed[firm] == 0:
        front.is_changed[firm] = 1
        front.before[firm] = front.loss[firm]
        front.changed[front.count[1]] = firm
        front.count[1] += 1
        if front.is_affected[firm] == 0:
            front.is_affected[firm] = 1
            front.affected[front.count[0]] = firm
            front.count[0] += 1
            if len(push.high) > 0:
                m = push.market[firm]
                front.following[firm] = front.head[m]
                front.head[m] = firm
    front.loss[firm] = loss
    front.choice[firm] = slot


@njit(cache=True, nogil=True)
def replaceability(push, front, firm):
    """Share of the loss of `firm` that its market cannot take over: its output over the output that survives."""
    m = push.market[firm]
    left = front.high[m] + front.low[m]
    return 1.0 if left <= push.output[firm] else push.output[firm] / left


@njit(cache=True, nogil=True)
def _settle(push, front, least):
    """Queues what the firms that changed have to pass on; returns the largest rise of a loss in this round."""
    largest = 0.0
    queued = 0
    dirty = 0
    for position in range(front.count[1]):
        firm = front.changed[position]
        front.is_changed[firm] = 0
        rise = front.loss[firm] - front.before[firm]
        if rise > largest:
            largest = rise
        if len(push.high) == 0:
            if front.loss[firm] - front.sent[firm] > least:
                front.goal[firm] = front.loss[firm]
                front.queue[queued] = firm
                queued += 1
            continue
        m = push.market[firm]
        high, low = _added(front.high[m], front.low[m], push.output[firm] * (1.0 - front.loss[firm]))
        front.high[m], front.low[m] = _added(high, low, -push.output[firm] * (1.0 - front.before[firm]))
        if front.is_dirty[m] == 0:
            front.is_dirty[m] = 1
            front.dirty[dirty] = m
            dirty += 1
    front.count[1] = 0
    for position in range(dirty):
        m = front.dirty[position]
        front.is_dirty[m] = 0
        firm = front.head[m]
        left = front.high[m] + front.low[m]
        while firm >= 0:
            output = push.output[firm]
            goal = front.loss[firm] if left <= output else front.loss[firm] * (output / left)
            if goal - front.sent[firm] > least:
                front.goal[firm] = goal
                front.queue[queued] = firm
                queued += 1
            firm = front.following[firm]
    front.count[2] = queued
    return largest


@njit(cache=True, nogil=True)
def spread(push, front, stop_rise, least, rounds):
    """Passes losses on until nothing above `least` is left to pass, or a round raises no loss by more than `stop_rise`.

    Rounds are simultaneous: a round passes on the losses at its start, as ``h(t+1) = F(h(t))`` does. With
    ``stop_rise < 0`` only `least` stops. Returns the state (`CONVERGED` or, after `rounds` rounds, `OUT_OF_ROUNDS`) and
    the number of links visited.
    """
    visits = 0
    done = 0
    _settle(push, front, least)
    while front.count[2] > 0:
        if done == rounds:
            return OUT_OF_ROUNDS, visits
        done += 1
        for position in range(front.count[2]):
            firm = front.queue[position]
            change = front.goal[firm] - front.sent[firm]
            front.sent[firm] = front.goal[firm]
            visits += push.start[firm + 1] - push.start[firm]
            for link in range(push.start[firm], push.start[firm + 1]):
                slot = push.slot[link]
                old = front.filled[slot]
                if old == 0.0:
                    front.touched[front.count[3]] = slot
                    front.count[3] += 1
                new = old + push.share[link] * change
                front.filled[slot] = new
                buyer = push.firm[slot]
                if new > front.loss[buyer]:
                    raise_loss(push, front, buyer, min(new, 1.0), slot)
        if _settle(push, front, least) <= stop_rise:
            break
    return CONVERGED, visits


@njit(cache=True, nogil=True)
def clear(push, front):
    """Takes everything back to zero, at the cost of what was touched."""
    for position in range(front.count[0]):
        firm = front.affected[position]
        front.loss[firm] = 0.0
        front.sent[firm] = 0.0
        front.is_affected[firm] = 0
        front.is_changed[firm] = 0
        front.choice[firm] = -1
        if len(push.high) > 0:
            m = push.market[firm]
            front.head[m] = -1
            front.high[m] = push.high[m]
            front.low[m] = push.low[m]
    for position in range(front.count[3]):
        front.filled[front.touched[position]] = 0.0
    front.count[:] = 0


@njit(cache=True, nogil=True)
def strong_components(start, target):
    """Strongly connected components (Tarjan), each numbered after all components that it reaches."""
    firms = len(start) - 1
    label = np.full(firms, -1, np.int32)
    index = np.full(firms, -1, np.int32)
    lowest = np.zeros(firms, np.int32)
    link = start[:-1].copy()
    stack, path = np.zeros(firms, np.int32), np.zeros(firms, np.int32)
    stacked = depth = seen = found = 0
    for root in range(firms):
        if index[root] >= 0:
            continue
        path[0], depth = root, 1
        index[root] = lowest[root] = seen
        seen += 1
        stack[stacked] = root
        stacked += 1
        while depth > 0:
            node = path[depth - 1]
            if link[node] < start[node + 1]:
                other = target[link[node]]
                link[node] += 1
                if index[other] < 0:
                    index[other] = lowest[other] = seen
                    seen += 1
                    stack[stacked] = other
                    stacked += 1
                    path[depth] = other
                    depth += 1
                elif label[other] < 0:
                    lowest[node] = min(lowest[node], index[other])
                continue
            depth -= 1
            if depth > 0:
                lowest[path[depth - 1]] = min(lowest[path[depth - 1]], lowest[node])
            if lowest[node] == index[node]:
                while True:
                    stacked -= 1
                    label[stack[stacked]] = found
                    if stack[stacked] == node:
                        break
                found += 1
    return label, found
