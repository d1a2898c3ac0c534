"""Lost inputs of as many firms at once as there are lanes, each failing alone: sweeps over the slots of every firm.

Pushing a loss along links costs what it reaches, and is the better way while that is little. Where it comes to much of
the network, whole sweeps are: they look at every link, but for all firms side by side, and a firm that is visited after
its suppliers takes on their new losses in the same sweep. Losses only rise, from below, to the same end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reshore.stress.cascade.compiled import Floats, Ints, Longs, compiled, inlined
from reshore.stress.cascade.lanes import LANES, add_rest, fill, hand_on
from reshore.stress.cascade.order import sweep_order
from reshore.stress.cascade.push import (
    ROUNDS,
    WIDE,
    Front,
    Push,
    clear,
    raise_loss,
    spread_closely,
)

_WIDE = 256
"""A round is wide when more than one in so many firms pass a loss on."""

_FEW = 4
"""Failures that spread wide, of one row, from which on sweeping them together is less work than pushing each on."""

_MOST_FIRMS = 32_768
"""Firms up to which losses are swept together: beyond, rows of losses lie too far from the processor to gain by it."""

_MOST_AGAIN = 0.98
"""What a sweep rises of what the one before rose, at most: losses that hardly tire are solved for."""

_ROOM = 1024


class Slots(NamedTuple):
    """Who fills the slots of a firm, in an order in which buyers come after their suppliers as far as circles allow.

    Visit v is of firm ``at[v]``, whose slots are ``slot[v]:slot[v + 1]``; slot s takes ``share`` of the losses of
    ``supplier`` along links ``start[s]:start[s + 1]``.
    """

    at: Ints
    slot: Longs
    start: Longs
    supplier: Ints
    share: Floats


class Flood(NamedTuple):
    """Working arrays of one thread, rows by firm and by market: column k is a shock of its own.

    ``loss`` is the state and ``due`` what each firm passes on of it; ``left``, zero between sweeps, and
    ``one_over_left`` are the output that survives in each market; ``held``, one row, is what rises that not all buyers
    have seen can move each index at once.
    """

    loss: Floats
    due: Floats
    left: Floats
    one_over_left: Floats
    held: Floats


def order_slots(push: Push) -> Slots:
    """The slots of `push`, none where there are too many firms to gain by sweeps.

    Links count by what the supplier's failure moves through them, markets still whole.
    """
    firms = len(push.start) - 1
    if firms > _MOST_FIRMS:
        return Slots(
            np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0)
        )
    supplier = np.repeat(np.arange(firms, dtype=np.int32), np.diff(push.start))
    if len(push.high):
        whole = push.high + push.low
        stays = push.output / np.where(whole > 0, whole, 1.0)[push.market]
    else:
        stays = np.ones(firms)
    weight = push.worth[push.buyer] * push.share * stays[supplier]
    at = sweep_order(push.buyer, supplier, weight, firms)
    counts = np.bincount(push.firm, minlength=firms)
    visit = np.empty(firms, np.int64)
    visit[at] = np.arange(firms)
    by_visit = np.argsort(visit[push.firm], kind="stable")
    place = np.empty(len(push.firm), np.int64)
    place[by_visit] = np.arange(len(push.firm))
    by_place = np.argsort(place[push.slot], kind="stable")
    lengths = np.bincount(place[push.slot], minlength=len(push.firm))
    return Slots(
        at=at.astype(np.int32),
        slot=np.concatenate([[0], np.cumsum(counts[at])]).astype(np.int64),
        start=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        supplier=supplier[by_place],
        share=push.share[by_place],
    )


def new_flood(push: Push, slots: Slots) -> Flood:
    """Working arrays for `push` and its `slots`."""
    firms, markets = len(slots.at), int(push.market.max()) + 1
    return Flood(
        loss=np.zeros((firms, LANES)),
        due=np.zeros((firms, LANES)),
        left=np.zeros((markets, LANES)),
        one_over_left=np.zeros((markets, LANES)),
        held=np.zeros((1, LANES)),
    )


@compiled
def fill_closely(push: Push, slots: Slots, flood: Flood, most: float, sweeps: int) -> None:
    """Sweeps, `sweeps` times at most, until what all firms hold back moves no index by more than `most`.

    Firms pass on what the markets left at the start of a sweep; what the sweep itself took from them counts as held
    back. That moves the index at once, and then again and again, by as much less each time as the sweep rose less than
    the one before.
    """
    at, slot, start, supplier, share = slots.at, slots.slot, slots.start, slots.supplier, slots.share
    loss, due, left, one_over_left, held = flood.loss, flood.due, flood.left, flood.one_over_left, flood.held
    output, worth, market = push.output, push.worth, push.market
    with_markets = len(push.high) > 0
    one_over_left[:] = np.inf  # nobody takes over: all is passed on
    if with_markets:
        for firm in range(len(output)):
            add_rest(left, market[firm], output[firm], loss, firm)
        _invert(left, one_over_left)
    _hand_on_all(push, flood)
    before = np.full(LANES, np.inf)
    for sweep in range(sweeps):
        held[:] = 0.0
        for visit in range(len(at)):
            firm = at[visit]
            for place in range(slot[visit], slot[visit + 1]):
                fill(due, supplier, share, start[place], start[place + 1], loss, firm)
            if with_markets:
                add_rest(left, market[firm], output[firm], loss, firm)
            hand_on(loss, due, firm, output[firm], one_over_left, market[firm], held, worth[firm])
        if with_markets:
            _invert(left, one_over_left)
        is_last = sweep == sweeps - 1
        if held.max() <= most or is_last:
            _hand_on_all(push, flood)
        for k in range(LANES):
            rose = max(held[0, k], 0.0)
            again = _MOST_AGAIN if rose >= _MOST_AGAIN * before[k] else rose / before[k]
            before[k] = rose
            held[0, k] = rose / (1.0 - again)
        if held.max() <= most:
            break


@compiled
def _hand_on_all(push: Push, flood: Flood) -> None:
    loss, due, one_over_left, held = flood.loss, flood.due, flood.one_over_left, flood.held
    output, worth, market = push.output, push.worth, push.market
    for firm in range(len(output)):
        hand_on(loss, due, firm, output[firm], one_over_left, market[firm], held, worth[firm])


@compiled
def _invert(left: Floats, one_over_left: Floats) -> None:
    """Moves what is left of each market, upside down, to `one_over_left`."""
    for m in range(len(left)):
        for k in range(LANES):
            one_over_left[m, k] = 1.0 / left[m, k] if left[m, k] > 0.0 else np.inf
            left[m, k] = 0.0


class Lost(NamedTuple):
    """What firms lose of their inputs while each of at most LANES firms fails alone.

    Entries ``first[k]:last[k]`` of ``firm`` and ``loss`` belong to the k-th failure; ``held[k]`` is what is held back,
    infinite where the end was not found.
    """

    first: Longs
    last: Longs
    firm: Ints
    loss: Floats
    held: Floats


@compiled
def lose_inputs(push: Push, slots: Slots, front: Front, flood: Flood, firms: Ints, most: float) -> Lost:
    """Fails each of `firms`, until what is held back moves no index by more than `most` at once.

    Losses that spread wide wait to be swept on together; where only a few do, each is pushed on alone.
    """
    everybody = len(front.loss)
    narrow = everybody // _WIDE if len(slots.at) > 0 else everybody
    first, last, held = np.zeros(LANES, np.int64), np.zeros(LANES, np.int64), np.full(LANES, np.inf)
    firm, loss = np.zeros(_ROOM, np.int32), np.zeros(_ROOM)
    waiting, wide, count = np.zeros(LANES, np.int64), 0, 0
    for k in range(len(firms)):
        raise_loss(front, firms[k], 1.0, -1)
        state, held[k] = spread_closely(push, front, most, ROUNDS, narrow)
        if state == WIDE:
            if wide == 0:
                flood.loss[:] = 0.0
            for position in range(front.counts[0]):
                other = front.affected[position]
                flood.loss[other, wide] = front.loss[other]
            waiting[wide] = k
            wide += 1
        else:
            firm, loss = _listed(front, firm, loss, count)
            first[k], last[k] = count, count + front.counts[0]
            count = last[k]
        clear(push, front)
    if wide >= _FEW:
        fill_closely(push, slots, flood, most, ROUNDS)
        firm, loss = _with_room(firm, loss, count + wide * everybody)
        for place in range(wide):
            k = waiting[place]
            first[k] = last[k] = count + place * everybody
            held[k] = flood.held[0, place] if flood.held[0, place] <= most else np.inf
        for other in range(everybody):
            for place in range(wide):
                if flood.loss[other, place] > 0.0:
                    entry = last[waiting[place]]
                    last[waiting[place]] += 1
                    firm[entry], loss[entry] = other, flood.loss[other, place]
        return Lost(first, last, firm, loss, held)
    for place in range(wide):
        k = waiting[place]
        for other in range(everybody):
            if flood.loss[other, place] > 0.0:
                raise_loss(front, other, flood.loss[other, place], -1)
        _, held[k] = spread_closely(push, front, most, ROUNDS, everybody)
        firm, loss = _listed(front, firm, loss, count)
        first[k], last[k] = count, count + front.counts[0]
        count = last[k]
        clear(push, front)
    return Lost(first, last, firm, loss, held)


@inlined
def _listed(front: Front, firm: Ints, loss: Floats, count: int) -> tuple[Ints, Floats]:
    """The losses in `front` written behind the first `count` entries."""
    firm, loss = _with_room(firm, loss, count + front.counts[0])
    for position in range(front.counts[0]):
        firm[count + position] = front.affected[position]
        loss[count + position] = front.loss[front.affected[position]]
    return firm, loss


@inlined
def _with_room(firm: Ints, loss: Floats, room: int) -> tuple[Ints, Floats]:
    """The same entries, in arrays that have place for `room`."""
    if room <= len(firm):
        return firm, loss
    more_firm, more_loss = np.zeros(2 * room, np.int32), np.zeros(2 * room)
    more_firm[: len(firm)] = firm
    more_loss[: len(loss)] = loss
    return more_firm, more_loss
