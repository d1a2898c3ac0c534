"""Lost inputs as compiled loops over slots: no threads, no chance, no order but their own.

The loss of a firm is the largest of its inputs' losses. Each input is a **slot** (one per essential supplying sector,
one for all non-essential inputs together), and a firm that loses production sends ``share x loss`` to a slot of each of
its buyers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reshore.stress.cascade.compiled import Flags, Floats, Ints, Longs, compiled, inlined

CONVERGED, OUT_OF_ROUNDS = 0, 1


class Push(NamedTuple):
    """Who feels the loss of a firm: for firm i entries ``start[i]:start[i + 1]`` of ``slot`` and ``share``.

    ``firm`` is the buyer that owns each slot. ``market``, ``output``, ``high`` and ``low`` hold market sizes (a sum
    in two parts, so that a market that empties ends at zero exactly); without replaceability ``high`` has length 0.
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
    ``counts``: affected and changed firms, touched slots.
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
    counts: Longs


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
        counts=np.zeros(3, np.int64),
    )


@inlined
def _added(high: float, low: float, value: float) -> tuple[float, float]:
    """The sum ``high + low + value`` in two parts (Knuth's exact addition)."""
    total = high + value
    part = total - high
    error = (high - (total - part)) + (value - part)
    return total, low + error


@compiled
def market_sizes(market: Ints, output: Floats, count: int) -> tuple[Floats, Floats]:
    """Sum of the output of each market, in two parts."""
    high, low = np.zeros(count), np.zeros(count)
    for firm in range(len(market)):
        m = market[firm]
        high[m], low[m] = _added(high[m], low[m], output[firm])
    return high, low


@compiled
def raise_loss(push: Push, front: Front, firm: int, loss: float, slot: int) -> None:
    """Sets the loss of `firm` to the larger `loss` that arrived through `slot`."""
    if front.is_changed[firm] == 0:
        front.is_changed[firm] = 1
        front.before[firm] = front.loss[firm]
        front.changed[front.counts[1]] = firm
        front.counts[1] += 1
        if front.is_affected[firm] == 0:
            front.is_affected[firm] = 1
            front.affected[front.counts[0]] = firm
            front.counts[0] += 1
            if len(push.high) > 0:
                m = push.market[firm]
                front.following[firm] = front.head[m]
                front.head[m] = firm
    front.loss[firm] = loss
    front.choice[firm] = slot


@compiled
def replaceability(push: Push, front: Front, firm: int) -> float:
    """Share of the loss of `firm` that its market cannot take over: its output over the output that survives."""
    m = push.market[firm]
    left = front.high[m] + front.low[m]
    return 1.0 if left <= push.output[firm] else push.output[firm] / left


@compiled
def _settle(push: Push, front: Front, least: float) -> tuple[int, float]:
    """Queues what changed firms have to pass on; returns how many, and the largest rise of a loss this round."""
    loss, sent, goal, before = front.loss, front.sent, front.goal, front.before
    is_changed, changed, queue = front.is_changed, front.changed, front.queue
    with_markets = len(push.high) > 0
    market, output, high, low = push.market, push.output, front.high, front.low
    is_dirty, dirty, head, following = front.is_dirty, front.dirty, front.head, front.following
    largest = 0.0
    queued = dirty_count = 0
    for position in range(front.counts[1]):
        firm = changed[position]
        is_changed[firm] = 0
        largest = max(largest, loss[firm] - before[firm])
        if not with_markets:
            if loss[firm] - sent[firm] > least:
                goal[firm] = loss[firm]
                queue[queued] = firm
                queued += 1
            continue
        m = market[firm]
        total, rest = _added(high[m], low[m], output[firm] * (1.0 - loss[firm]))
        high[m], low[m] = _added(total, rest, -output[firm] * (1.0 - before[firm]))
        if is_dirty[m] == 0:
            is_dirty[m] = 1
            dirty[dirty_count] = m
            dirty_count += 1
    front.counts[1] = 0
    for position in range(dirty_count):
        m = dirty[position]
        is_dirty[m] = 0
        left = high[m] + low[m]
        firm = head[m]
        while firm >= 0:
            due = loss[firm] if left <= output[firm] else loss[firm] * (output[firm] / left)
            if due - sent[firm] > least:
                goal[firm] = due
                queue[queued] = firm
                queued += 1
            firm = following[firm]
    return queued, largest


@compiled
def spread(push: Push, front: Front, least: float, rounds: int) -> tuple[int, float]:
    """Passes losses on for at most `rounds` rounds, or until nothing above `least` is left to pass.

    Rounds are simultaneous: a round passes on the losses at its start, as ``h(t+1) = F(h(t))`` does. Returns
    `OUT_OF_ROUNDS` or `CONVERGED`, and the largest rise of a loss in the last round.
    """
    # Tuples of arrays are taken apart outside the loops: a call that hands one over counts references of every member.
    start, slots, shares, owner, market = push.start, push.slot, push.share, push.firm, push.market
    loss, sent, goal, filled = front.loss, front.sent, front.goal, front.filled
    before, choice, is_affected, is_changed = front.before, front.choice, front.is_affected, front.is_changed
    affected, changed, queue, touched = front.affected, front.changed, front.queue, front.touched
    head, following = front.head, front.following
    with_markets = len(push.high) > 0
    done = 0
    queued, _ = _settle(push, front, least)
    largest = 0.0
    affected_count, changed_count, touched_count = front.counts[0], 0, front.counts[2]
    while queued > 0:
        if done == rounds:
            # What is queued was not sent: the next call has to find it again.
            for position in range(queued):
                firm = queue[position]
                is_changed[firm] = 1
                before[firm] = loss[firm]
                changed[position] = firm
            front.counts[1] = queued
            return OUT_OF_ROUNDS, largest
        done += 1
        for position in range(queued):
            firm = queue[position]
            change = goal[firm] - sent[firm]
            sent[firm] = goal[firm]
            for link in range(start[firm], start[firm + 1]):
                slot = slots[link]
                old = filled[slot]
                new = old + shares[link] * change
                if new == 0.0:  # too small for a number
                    continue
                if old == 0.0:
                    touched[touched_count] = slot
                    touched_count += 1
                filled[slot] = new
                buyer = owner[slot]
                if new <= loss[buyer]:
                    continue
                if is_changed[buyer] == 0:
                    is_changed[buyer] = 1
                    before[buyer] = loss[buyer]
                    changed[changed_count] = buyer
                    changed_count += 1
                    if is_affected[buyer] == 0:
                        is_affected[buyer] = 1
                        affected[affected_count] = buyer
                        affected_count += 1
                        if with_markets:
                            following[buyer] = head[market[buyer]]
                            head[market[buyer]] = buyer
                loss[buyer] = min(new, 1.0)
                choice[buyer] = slot
        front.counts[0], front.counts[1], front.counts[2] = affected_count, changed_count, touched_count
        queued, largest = _settle(push, front, least)
        changed_count = 0
    return CONVERGED, largest


@compiled
def clear(push: Push, front: Front) -> None:
    """Takes everything back to zero, at the cost of what was touched."""
    for position in range(front.counts[0]):
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
    for position in range(front.counts[2]):
        front.filled[front.touched[position]] = 0.0
    front.counts[:] = 0


@compiled
def strong_components(start: Longs, target: Ints) -> tuple[Ints, int]:
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
