"""Lost demand round by round: simultaneous rounds, for the index where a stopping rule ends them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reshore.stress.cascade.compiled import Floats, Ints, Longs, compiled
from reshore.stress.cascade.upstream import Demand

_WIDE = 0.01
"""Share of all firms in the queue from which on every firm is looked at, in the order in which they lie in memory."""


class Wave(NamedTuple):
    """Working arrays of one thread for rounds of lost demand, by position; all zero between shocks.

    ``loss`` is the state, ``gain`` what customers pass on in this round, ``unsent`` what a firm has still to pass on
    itself. Firms at ``hit`` were hit by the shock: they lose more only once ``arrived``, what customers passed on so
    far, exceeds that. ``counts``: affected firms (-1: nobody counted), firms in the queue, hit firms.
    """

    loss: Floats
    gain: Floats
    unsent: Floats
    arrived: Floats
    hit: Ints
    affected: Ints
    queue: Ints
    reached: Ints
    counts: Longs


def new_wave(demand: Demand) -> Wave:
    """Working arrays for `demand`."""
    firms = len(demand.rest)
    return Wave(
        loss=np.zeros(firms),
        gain=np.zeros(firms),
        unsent=np.zeros(firms),
        arrived=np.zeros(firms),
        hit=np.zeros(firms, np.int32),
        affected=np.zeros(firms + 1, np.int32),
        queue=np.zeros(firms + 1, np.int32),
        reached=np.zeros(firms + 1, np.int32),
        counts=np.zeros(3, np.int64),
    )


@compiled
def start_wave(wave: Wave, positions: Ints, shock: Floats) -> None:
    """Hits the firms at `positions`, each once."""
    for k in range(len(positions)):
        i = positions[k]
        wave.loss[i] = wave.unsent[i] = shock[k]
        wave.hit[k] = wave.affected[k] = wave.queue[k] = i
    wave.counts[:] = len(positions)


@compiled
def spread_demand(demand: Demand, wave: Wave, least: float) -> float:
    """One simultaneous round of lost demand; returns the largest rise of a loss.

    A firm waits until what it has to pass on moves the index by more than `least`.
    """
    start, target, share, own = demand.purchases.start, demand.purchases.target, demand.purchases.share, demand.own
    loss, gain, unsent, hit, arrived = wave.loss, wave.gain, wave.unsent, wave.hit, wave.arrived
    affected, queue, reached, worth = wave.affected, wave.queue, wave.reached, demand.worth
    count, queued, hits = wave.counts
    is_wide = queued > _WIDE * len(loss)
    reached_count = 0
    for position in range(queued):
        j = queue[position]
        part = unsent[j]
        unsent[j] = 0.0
        if is_wide:
            for link in range(start[j], start[j + 1]):
                gain[np.uint64(target[link])] += share[link] * part
        else:
            for link in range(start[j], start[j + 1]):
                supplier = np.uint64(target[link])
                old = gain[supplier]
                gain[supplier] = old + share[link] * part
                reached[reached_count] = supplier
                reached_count += int(old == 0.0) & int(gain[supplier] > 0.0)
        more = own[j] * part
        if more > 0.0:
            if gain[j] == 0.0 and not is_wide:
                reached[reached_count] = j
                reached_count += 1
            gain[j] += more
    for k in range(hits):
        i = hit[k]
        if gain[i] > 0.0:  # else nobody looks at it in this round
            arrived[i] += gain[i]
            gain[i] = max(arrived[i] - loss[i], 0.0)
    largest = 0.0
    queued = 0
    if is_wide:
        largest = _take(loss, gain, unsent)
        for i in range(len(loss)):
            queue[queued] = i
            queued += int(unsent[i] * worth[i] > least)
        count = -1
    else:
        for position in range(reached_count):
            i = reached[position]
            old = loss[i]
            rise = min(gain[i], 1.0 - old)
            gain[i] = 0.0
            largest = max(largest, rise)
            loss[i] = old + rise
            unsent[i] += rise
            if count >= 0:
                affected[count] = i
                count += int(old == 0.0)
            queue[queued] = i
            queued += int(unsent[i] * worth[i] > least)
    wave.counts[0], wave.counts[1] = count, queued
    return largest


@compiled
def _take(loss: Floats, gain: Floats, unsent: Floats) -> float:
    """Adds ``gain`` to the losses of all firms, as far as they have something left; returns the largest rise."""
    largest = 0.0
    for i in range(len(loss)):
        rise = min(gain[i], 1.0 - loss[i])
        gain[i] = 0.0
        loss[i] += rise
        unsent[i] += rise
        largest = max(largest, rise)
    return largest


@compiled
def weigh(demand: Demand, wave: Wave) -> float:
    """The loss of demand of the whole network, in the order in which firms lie in memory."""
    loss, weight, affected, total = wave.loss, demand.weight, wave.affected, 0.0
    if wave.counts[0] < 0:
        return _product(weight, loss)
    for position in range(wave.counts[0]):
        total += weight[affected[position]] * loss[affected[position]]
    return total


@compiled
def _product(a: Floats, b: Floats) -> float:
    """Sum of products, in four sums side by side."""
    first = second = third = fourth = 0.0
    whole = len(a) // 4 * 4
    for i in range(0, whole, 4):
        first += a[i] * b[i]
        second += a[i + 1] * b[i + 1]
        third += a[i + 2] * b[i + 2]
        fourth += a[i + 3] * b[i + 3]
    for i in range(whole, len(a)):
        first += a[i] * b[i]
    return (first + second) + (third + fourth)


@compiled
def calm(wave: Wave) -> None:
    """Takes everything back to zero, at the cost of what was touched."""
    loss, unsent, affected = wave.loss, wave.unsent, wave.affected
    if wave.counts[0] < 0:
        loss[:], unsent[:] = 0.0, 0.0
    for position in range(wave.counts[0]):
        i = affected[position]
        loss[i] = unsent[i] = 0.0
    for k in range(wave.counts[2]):
        wave.arrived[wave.hit[k]] = 0.0
    wave.counts[:] = 0
