"""Lost inputs: the downstream half of the cascade as slots that fill, and its exact end where pushing is slow.

For buyer j, the inputs from sector k are one slot. If they are essential, the slot's share of supplier i is its part
of all that j buys from k, and the slot's sum is the loss of j; non-essential inputs share one slot, in parts of all
costs. With replaceability a supplier's loss counts by its share of what survives of its market.

The losses are the least fixed point of a monotone map, reached from the shock upward (`push.spread`). Where inputs
depend on one another in circles this can take for ever. `finish` then freezes which slot sets each firm's loss, and
the market shares, both of which can only understate the end; solves what is then a linear system exactly; and goes on
from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reshore.errors import SolverError
from reshore.stress.cascade import blocks
from reshore.stress.cascade.blocks import Mode, Rows
from reshore.stress.cascade.compiled import Floats, Ints, Longs, compiled
from reshore.stress.cascade.network import Network
from reshore.stress.cascade.push import (
    CONVERGED,
    ROUNDS,
    Front,
    Push,
    market_sizes,
    raise_loss,
    replaceability,
    spread_closely,
    strong_components,
)

_FINISHES = 500


@dataclass(frozen=True)
class DownstreamSystem:
    """What a loss of inputs does: the `push`, and per slot the share of costs that never stops (``slot_leak``)."""

    push: Push
    slot_leak: Floats

    @cached_property
    def by_slot(self) -> tuple[Longs, Ints, Floats]:
        """The entries of ``push`` by slot: starts, suppliers, shares."""
        push = self.push
        supplier = np.repeat(np.arange(len(push.start) - 1, dtype=np.int32), np.diff(push.start))
        order = np.argsort(push.slot, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(push.slot, minlength=len(push.firm)))]).astype(np.int64)
        return start, supplier[order], push.share[order]


def downstream_system(network: Network, *, with_replaceability: bool) -> DownstreamSystem:
    """The downstream system of `network`."""
    count = network.firm_count
    supplier, buyer, value, need = network.supplier, network.buyer, network.value, network.need
    cost = np.bincount(buyer, value, count) + network.value_added
    kinds = len(network.sectors) + 1
    kind = np.where(need == 2, network.sector[supplier].astype(np.int64) + 1, 0)
    counts = need > 0
    keys, slot = np.unique(buyer[counts].astype(np.int64) * kinds + kind[counts], return_inverse=True)
    firm = (keys // kinds).astype(np.int32)
    bought = np.bincount(slot, value[counts], len(keys))
    total = np.where(keys % kinds == 0, cost[firm], bought)
    other = network.value_added[firm] + np.bincount(buyer, np.where(need == 1, 0.0, value), count)[firm]
    leak = np.where(keys % kinds == 0, other / cost[firm], 0.0)
    start = np.concatenate([[0], np.cumsum(np.bincount(supplier[counts], minlength=count))]).astype(np.int64)
    share = value[counts] / total[slot]
    markets = len(network.markets) if with_replaceability else 0
    if with_replaceability:
        high, low = market_sizes(network.market, network.output, markets)
    else:
        high, low = np.zeros(0), np.zeros(0)
    members = np.bincount(network.market, minlength=markets)[:markets]
    push = Push(
        start=start,
        slot=slot.astype(np.int32),
        buyer=buyer[counts],
        share=share,
        firm=firm,
        worth=np.bincount(supplier[counts], share * network.standing[buyer[counts]], count).astype(np.float64),
        market=network.market,
        output=network.output,
        first=np.concatenate([[0], np.cumsum(members)]).astype(np.int64),
        high=high,
        low=low,
    )
    return DownstreamSystem(push, leak)


def settle(system: DownstreamSystem, front: Front, most: float) -> float:
    """Brings `front` from its shock to the end, save what moves the index by no more than `most`; returns how much.

    Raises
    ------
    SolverError
        When the end was not found.
    """
    for _ in range(_FINISHES):
        state, held = spread_closely(system.push, front, most, ROUNDS, len(front.loss))
        if state == CONVERGED:
            return held
        finish(system, front)
    raise SolverError(f"the loss of inputs did not settle in {_FINISHES * ROUNDS} rounds")


def finish(system: DownstreamSystem, front: Front) -> None:
    """Raises the losses to the exact end of what now sets them; never above the end of the cascade."""
    start, supplier, share = system.by_slot
    affected = np.sort(front.affected[: front.counts[0]])
    active = affected[(front.choice[affected] >= 0) & (front.loss[affected] < 1.0)]
    if len(active) == 0:
        return
    rank = np.full(len(front.loss), -1, np.int64)
    rank[active] = np.arange(len(active))
    slot = front.choice[active]
    lengths = start[slot + 1] - start[slot]
    row = np.repeat(np.arange(len(active)), lengths)
    link = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(start[slot], lengths)
    source = supplier[link]
    kept = _kept(system.push, front, source)
    part = share[link] * kept
    column = rank[source]
    own = column == row
    inside = (column >= 0) & ~own
    b = np.bincount(row, np.where(column < 0, part * front.loss[source], 0.0), len(active)).astype(np.float64)
    leak = system.slot_leak[slot] + np.bincount(row, share[link] * (1.0 - kept), len(active))
    leak += np.bincount(row, np.where(column < 0, part, 0.0), len(active))
    rest = leak + np.bincount(row, np.where(inside, part, 0.0), len(active))
    x = _solve_policy(row[inside], column[inside], part[inside], rest, leak, b)
    for firm, loss in zip(active.tolist(), x.tolist(), strict=True):
        if loss > front.loss[firm]:
            raise_loss(front, firm, min(loss, 1.0), front.choice[firm])


@compiled
def _kept(push: Push, front: Front, firms: Ints) -> Floats:
    kept = np.ones(len(firms))
    if len(push.high) > 0:
        for position in range(len(firms)):
            kept[position] = replaceability(push, front, firms[position])
    return kept


def _solve_policy(row: Longs, column: Longs, share: Floats, rest: Floats, leak: Floats, b: Floats) -> Floats:
    """The least solution of ``rest * x = b + M x``, component by component."""
    count = len(rest)
    order = np.lexsort((column, row))
    row, column, share = row[order], column[order], share[order]
    starts = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=count))]).astype(np.int64)
    label, found = strong_components(starts, column.astype(np.int32))
    at = np.argsort(label, kind="stable")
    place = np.empty(count, np.int64)
    place[at] = np.arange(count)
    i, j = place[row], place[column]
    order = np.lexsort((j, i))
    i, j, share = i[order], j[order], share[order]
    component = label[at]
    start = np.concatenate([[0], np.cumsum(np.bincount(i, minlength=count))]).astype(np.int64)
    first = start[:-1] + np.bincount(i, component[j] < component[i], count).astype(np.int64)
    last = first + np.bincount(i, component[j] == component[i], count).astype(np.int64)
    edge = np.concatenate([[0], np.cumsum(np.bincount(component, minlength=found))]).astype(np.int64)
    passed = np.bincount(j, np.where(component[i] == component[j], share, 0.0), count).astype(np.float64)
    mode = Mode(np.ones(count), np.ones(count), passed)
    x = _solve_components(Rows(start, first, last, j.astype(np.int32), share), rest[at], leak[at], b[at], edge, mode)
    return x[place]


@compiled
def _solve_components(rows: Rows, rest: Floats, leak: Floats, b: Floats, edge: Longs, mode: Mode) -> Floats:
    count = len(rest)
    x = np.zeros(count)
    held = np.zeros(count, np.uint8)
    full = np.zeros(count)
    none = np.zeros(0, np.int64)
    for c in range(len(edge) - 1):
        low, high = edge[c], edge[c + 1]
        for i in range(low, high):
            full[i] = b[i] + blocks.outer_product(rows, i, x)
        if high - low == 1:
            x[low] = full[low] / rest[low] if rest[low] > 0.0 else 0.0
        elif high - low <= blocks.DENSE_FIRMS:
            blocks.eliminate(rows, leak, low, high, held, full, x, False)
        else:
            change = blocks.relax(rows, rest, low, high, held, none, full, x, mode, 4e-15, False, blocks.QUICK_SWEEPS)
            if change > 4e-15:
                for i in range(low, high):
                    x[i] = 0.0
    return x
