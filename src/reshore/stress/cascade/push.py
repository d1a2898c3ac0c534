"""Lost inputs as compiled loops over slots: no threads, no chance, no order but their own.

The loss of a firm is the largest of its inputs' losses. Each input is a **slot** (one per essential supplying sector,
one for all non-essential inputs together), and a firm that loses production sends ``share x loss`` to a slot of each of
its buyers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reshore.stress.cascade.compiled import Flags, Floats, Ints, Longs, compiled, inlined

CONVERGED, OUT_OF_ROUNDS, WIDE = 0, 1, 2
ROUNDS = 100
"""Rounds of pushing after which the end is solved for; errors that lose a quarter in every round are gone by then."""

_FIRST_LEAST, _NEXT_LEAST = 2.5e-3, 0.1


class Push(NamedTuple):
    """Who feels the loss of a firm: for firm i entries ``start[i]:start[i + 1]`` of ``slot``, ``buyer`` and ``share``.

    ``firm`` is the buyer that owns each slot. ``worth``, ``market`` and ``output`` are by firm: what passing on a unit
    of loss can do to the index at once, and who can take over. Market m has up to
    ``first[m + 1] - first[m]`` members; ``high`` and ``low`` hold market sizes (a sum in two parts, so that a market
    that empties ends at zero exactly). Without replaceability there are no markets.
    """

    start: Longs
    slot: Ints
    buyer: Ints
    share: Floats
    firm: Ints
    worth: Floats
    market: Ints
    output: Floats
    first: Longs
    high: Floats
    low: Floats


class Front(NamedTuple):
    """Working arrays of one thread for a push; everything is zero between shocks.

    ``loss`` is the state and ``settled`` what it was when the round began; ``sent`` what each firm has passed on,
    ``goal`` what it has to, ``filled`` the slots' sums, ``choice`` the slot that set the loss (-1: the shock itself).
    ``raised`` lists links of one firm whose buyers lose more, ``member`` the affected firms of each market, from
    ``push.first`` on. ``passed`` is by how much losses moved the index at once when they were passed on, in the first
    and in all rounds of a `spread`. ``counts``: affected firms, changed firms, touched slots, firms in the queue.
    """

    loss: Floats
    settled: Floats
    sent: Floats
    goal: Floats
    filled: Floats
    choice: Ints
    is_changed: Flags
    affected: Ints
    changed: Ints
    queue: Ints
    touched: Ints
    raised: Ints
    high: Floats
    low: Floats
    member: Ints
    members: Longs
    is_dirty: Flags
    dirty: Ints
    passed: Floats
    counts: Longs


def new_front(push: Push) -> Front:
    """Working arrays for `push`."""
    firms, slots, markets = len(push.start) - 1, len(push.firm), len(push.high)
    # Lists have a place more than they can have entries: what may be next is written before it is counted.
    return Front(
        loss=np.zeros(firms),
        settled=np.zeros(firms),
        sent=np.zeros(firms),
        goal=np.zeros(firms),
        filled=np.zeros(slots),
        choice=np.full(firms, -1, np.int32),
        is_changed=np.zeros(firms, np.uint8),
        affected=np.zeros(firms + 1, np.int32),
        changed=np.zeros(firms + 1, np.int32),
        queue=np.zeros(firms + 1, np.int32),
        touched=np.zeros(slots + 1, np.int32),
        raised=np.zeros(int(np.diff(push.start).max(initial=0)) + 1, np.int32),
        high=push.high.copy(),
        low=push.low.copy(),
        member=np.zeros(firms, np.int32),
        members=np.zeros(markets, np.int64),
        is_dirty=np.zeros(markets, np.uint8),
        dirty=np.zeros(markets + 1, np.int32),
        passed=np.zeros(2),
        counts=np.zeros(4, np.int64),
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
def raise_loss(front: Front, firm: int, loss: float, slot: int) -> None:
    """Sets the loss of `firm` to the larger `loss` that arrived through `slot`."""
    if front.is_changed[firm] == 0:
        front.is_changed[firm] = 1
        front.changed[front.counts[1]] = firm
        front.counts[1] += 1
    front.loss[firm] = loss
    front.choice[firm] = slot


@compiled
def replaceability(push: Push, front: Front, firm: int) -> float:
    """Share of the loss of `firm` that its market cannot take over: its output over the output that survives."""
    m = push.market[firm]
    left = front.high[m] + front.low[m]
    return 1.0 if left <= push.output[firm] else push.output[firm] / left


@compiled
def _settle(push: Push, front: Front, least: float) -> float:
    """Queues what firms have to pass on after a round, and ends the round; returns the largest rise of a loss."""
    loss, settled, sent, goal = front.loss, front.settled, front.sent, front.goal
    is_changed, affected, changed, queue = front.is_changed, front.affected, front.changed, front.queue
    worth, market, output, high, low = push.worth, push.market, push.output, front.high, front.low
    is_dirty, dirty, first, member, members = front.is_dirty, front.dirty, push.first, front.member, front.members
    with_markets = len(high) > 0
    affected_count, changed_count, queued = front.counts[0], front.counts[1], front.counts[3]
    largest = 0.0
    dirty_count = 0
    for position in range(queued):  # what was not sent yet has to be found again
        firm = queue[position]
        changed[changed_count] = firm
        changed_count += 1 - int(is_changed[firm])
        is_changed[firm] = 1
    queued = 0
    for position in range(changed_count):
        firm = changed[position]
        is_changed[firm] = 0
        now, old = loss[firm], settled[firm]
        settled[firm] = now
        largest = max(largest, now - old)
        affected[affected_count] = firm
        affected_count += int(old == 0.0)
        if not with_markets:
            goal[firm] = now
            queue[queued] = firm
            queued += int((now - sent[firm]) * worth[firm] > least)
            continue
        m = market[firm]
        if old == 0.0:
            member[first[m] + members[m]] = firm
            members[m] += 1
        total, rest = _added(high[m], low[m], output[firm] * (1.0 - now))
        high[m], low[m] = _added(total, rest, -output[firm] * (1.0 - old))
        dirty[dirty_count] = m
        dirty_count += 1 - int(is_dirty[m])
        is_dirty[m] = 1
    for position in range(dirty_count):
        m = dirty[position]
        is_dirty[m] = 0
        left = high[m] + low[m]
        whole = 1.0 / left if left > 0.0 else 0.0
        for place in range(first[m], first[m] + members[m]):
            firm = member[place]
            due = loss[firm] * (output[firm] * whole if left > output[firm] else 1.0)
            goal[firm] = due
            queue[queued] = firm
            queued += int((due - sent[firm]) * worth[firm] > least)
    front.counts[0], front.counts[1], front.counts[3] = affected_count, 0, queued
    return largest


@compiled
def spread(push: Push, front: Front, least: float, rounds: int, most: int) -> tuple[int, float]:
    """Passes losses on for at most `rounds` rounds, or until no firm has any left that moves the index by `least`.

    Rounds are simultaneous: a round passes on the losses at its start, as ``h(t+1) = F(h(t))`` does. Returns
    `OUT_OF_ROUNDS`, `CONVERGED` or, before a round in which more than `most` firms would pass something on, `WIDE`; and
    the largest rise of a loss in the last round.
    """
    # Tuples of arrays are taken apart outside the loops: a call that hands one over counts references of every member.
    # Links are followed without branches where a processor cannot guess them; counters move by what is true instead.
    start, slots, buyers, shares, worth = push.start, push.slot, push.buyer, push.share, push.worth
    loss, sent, goal, filled, choice = front.loss, front.sent, front.goal, front.filled, front.choice
    is_changed, changed, queue = front.is_changed, front.changed, front.queue
    touched, raised = front.touched, front.raised
    if front.counts[1] > 0:
        _settle(push, front, least)
    largest = 0.0
    front.passed[:] = 0.0
    for number in range(rounds):
        queued, changed_count, touched_count = front.counts[3], 0, front.counts[2]
        if queued == 0:
            return CONVERGED, largest
        if queued > most:
            return WIDE, largest
        passed = 0.0
        for position in range(queued):
            firm = queue[position]
            change = goal[firm] - sent[firm]
            passed += change * worth[firm]
            sent[firm] = goal[firm]
            raising = 0
            for link in range(start[firm], start[firm + 1]):
                slot, buyer = np.uint64(slots[link]), np.uint64(buyers[link])
                old = filled[slot]
                new = old + shares[link] * change
                filled[slot] = new
                touched[touched_count] = slot
                touched_count += int(old == 0.0) & int(new > 0.0)
                raised[raising] = link
                raising += int(new > loss[buyer])
            for place in range(raising):
                slot, buyer = np.uint64(slots[raised[place]]), np.uint64(buyers[raised[place]])
                loss[buyer] = min(filled[slot], 1.0)
                choice[buyer] = slot
                changed[changed_count] = buyer
                changed_count += 1 - int(is_changed[buyer])
                is_changed[buyer] = 1
        front.passed[0] = passed if number == 0 else front.passed[0]
        front.passed[1] += passed
        front.counts[1], front.counts[2], front.counts[3] = changed_count, touched_count, 0
        largest = _settle(push, front, least)
    return OUT_OF_ROUNDS if front.counts[3] > 0 else CONVERGED, largest


@compiled
def _held_back(push: Push, front: Front) -> float:
    """What the losses that were not passed on would still move the index at once."""
    goal, sent, worth, affected, total = front.goal, front.sent, push.worth, front.affected, 0.0
    for position in range(front.counts[0]):
        firm = affected[position]
        total += (goal[firm] - sent[firm]) * worth[firm]
    return total


@compiled
def spread_closely(push: Push, front: Front, most: float, rounds: int, most_firms: int) -> tuple[int, float]:
    """`spread`, until all that firms hold back moves the index by no more than `most`; returns how much that is.

    What is held back moves the index at once, and then through those whom it reaches, again and again: how much more
    in all is seen when the larger part is passed on after all. Infinite where the state is not `CONVERGED`.
    """
    least, in_all = _FIRST_LEAST * most, 1.0
    state, _ = spread(push, front, least, rounds, most_firms)
    while state == CONVERGED:
        held = _held_back(push, front) * in_all
        if held <= most:
            return CONVERGED, held
        least *= _NEXT_LEAST
        for position in range(front.counts[0]):  # everybody is looked at again
            firm = front.affected[position]
            raise_loss(front, firm, front.loss[firm], front.choice[firm])
        state, _ = spread(push, front, least, rounds, most_firms)
        first, total = front.passed
        in_all = total / first if first > 0.0 else 1.0
    return state, np.inf


@compiled
def clear(push: Push, front: Front) -> None:
    """Takes everything back to zero, at the cost of what was touched."""
    loss, settled, sent, choice, affected = front.loss, front.settled, front.sent, front.choice, front.affected
    filled, touched = front.filled, front.touched
    market, members = push.market, front.members
    with_markets = len(push.high) > 0
    for position in range(front.counts[0]):
        firm = affected[position]
        loss[firm] = settled[firm] = sent[firm] = 0.0
        choice[firm] = -1
        if with_markets:
            m = market[firm]
            members[m] = 0
            front.high[m], front.low[m] = push.high[m], push.low[m]
    for position in range(front.counts[2]):
        filled[touched[position]] = 0.0
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
