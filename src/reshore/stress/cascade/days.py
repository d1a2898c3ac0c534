"""`follow_days`: the days of the model with stocks, in machine code.

Everything about a purchase is written in its usual quantity: its stock in days of normal use, its order and delivery
as parts of the usual one; production is a part of normal production, the *pace*. One number per purchase then tells the
whole of it, because what was ordered follows from the stock and from the pace at which the buyer then worked:
``order = max(0, pace (1 + n / tau) - stock / tau)``. Purchases stand in the order in which the day passes over them.

What firms order and what final demand asks for are kept apart: where orders have nearly ceased, their sum could no
longer be told from demand less final demand, and firms that order ``1 + n / tau`` times what they make less would make
the rounding grow.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reshore.stress.cascade.compiled import Flags, Floats, Ints, compiled, inlined
from reshore.stress.cascade.network import Network

Numbers = NDArray[np.uint32]
STEADY = 1e-13
"""A change of what customers order by less than this part of it is rounding."""

NO_RATIONING, PROPORTIONAL, FINAL_DEMAND_LAST, EQUAL_RATIO = -1, 0, 1, 2


class Purchases(NamedTuple):
    """Purchases by buyer and sector.

    Inputs of firm i that come from one supplier are purchases ``alone[i]:alone[i + 1]``; those from several are slots
    ``own[i]:own[i + 1]``, of which slot s holds purchases ``edge[s]:edge[s + 1]``. ``alone_bind`` and ``bind`` are 2
    where an input binds in full, 1 by half, 0 never. Firm i sells by purchases ``sale[sold[i]:sold[i + 1]]`` to firms
    ``customer[sold[i]:sold[i + 1]]``. Firms that make nothing use no stock and order what they always did: these are
    ``standing`` orders by supplier. Firm i makes ``normal[i]`` when nothing is wrong: ``usual[i]`` for firms and
    ``final[i]`` for final demand.
    """

    supplier: Numbers
    use: Floats
    alone: Ints
    own: Ints
    edge: Ints
    slot_use: Floats
    alone_bind: Flags
    bind: Flags
    sold: Ints
    sale: Ints
    customer: Ints
    standing: Floats
    usual: Floats
    final: Floats
    normal: Floats


class _State(NamedTuple):
    """Days of stock per purchase and per slot; per firm, what moves from day to day.

    Firm i made ``pace[i]`` of normal last, and ordered what it ordered last at pace ``before[i]``; today it can make
    ``most[i]``, firms order ``orders[i]`` of it, and it takes that to be ``asked[i]``. Of an order it delivers the part
    ``share[i]`` or, by a rule of equal ratios, at most ``share[i]`` times its usual quantity.
    """

    stock: Floats
    slot_stock: Floats
    pace: Floats
    before: Floats
    most: Floats
    orders: Floats
    asked: Floats
    share: Floats


def purchases(network: Network, every_input_binds: bool) -> Purchases:
    """The purchases of `network` in the order of the days."""
    count, sectors = network.firm_count, len(network.sectors)
    idle = network.output[network.buyer] == 0.0
    supplier, buyer, value = (column[~idle] for column in (network.supplier, network.buyer, network.value))
    key = buyer.astype(np.int64) * sectors + network.sector[supplier]
    _, slot, size = np.unique(key, return_inverse=True, return_counts=True)
    several = size[slot] > 1
    order = np.lexsort((supplier, key, several))
    supplier, buyer, value, key = supplier[order], buyer[order], value[order], key[order]
    bind = np.full(len(order), 2, np.uint8) if every_input_binds else network.need[~idle][order]
    single = len(order) - int(several.sum())
    first = single + np.flatnonzero(np.diff(key[single:], prepend=-1))
    by_supplier = np.argsort(supplier, kind="stable")
    standing = np.bincount(network.supplier[idle], network.value[idle], count).astype(np.float64)
    usual = np.bincount(supplier, value, count) + standing
    return Purchases(
        supplier=supplier.astype(np.uint32),
        use=value,
        alone=_edges(buyer[:single], count),
        own=_edges(buyer[first], count),
        edge=np.append(first, len(order)).astype(np.int32),
        slot_use=np.add.reduceat(value, first) if len(first) else np.zeros(0),
        alone_bind=bind[:single],
        bind=bind[first],
        sold=_edges(supplier, count),
        sale=by_supplier.astype(np.int32),
        customer=buyer[by_supplier],
        standing=standing,
        usual=usual,
        final=network.final_demand,
        normal=usual + network.final_demand,
    )


def _edges(codes: Ints, count: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=count))]).astype(np.int32)


def follow_days(
    links: Purchases, loss: Floats, remaining: Floats, stock_days: float, adjustment_days: float, rule: int, keep: bool
) -> tuple[Floats, Floats, Floats, float]:
    """Production by day and firm (of the last day alone, if not `keep`), its sum and what final demand gets by day.

    On day t, firm i has lost ``loss[i] * remaining[t]`` of its capacity. `rule` is `NO_RATIONING` or the place of a
    rule in `RATIONING`. Last comes the largest gap, of any firm and day, between what is made and what is handed out,
    as a share of normal production.
    """
    count, stock_days, speed = len(loss), float(stock_days), 1.0 / adjustment_days
    state = _State(
        stock=np.full(len(links.use), stock_days),
        slot_stock=np.full(len(links.slot_use), stock_days),
        pace=np.ones(count),
        before=np.ones(count),
        most=np.ones(count),
        orders=links.usual.copy(),
        asked=links.usual.copy(),
        share=np.full(count, math.inf if rule >= EQUAL_RATIO else 1.0),
    )
    production = np.zeros((len(remaining) if keep else 1, count))
    total, served = np.zeros(len(remaining)), np.zeros(len(remaining))
    worst = _follow(links, state, loss, remaining, stock_days, speed, rule, production, total, served)
    return production, total, served, worst


@compiled
def _follow(
    links: Purchases, state: _State, loss: Floats, remaining: Floats, stock_days: float, speed: float, rule: int,
    production: Floats, total: Floats, served: Floats,
) -> float:  # fmt: skip
    sales = np.diff(links.sold).max() + 1
    ratio, size = np.empty(sales), np.empty(sales)
    worst = 0.0
    for day in range(len(remaining)):
        _take_in_and_order(links, state, loss, remaining[day], stock_days, speed, rule < EQUAL_RATIO)
        made = production[day % len(production)]
        gap, served[day] = _make_and_share_out(links, state, 1.0 + speed * stock_days, speed, rule, made, ratio, size)
        total[day] = made.sum()
        worst = max(worst, gap)
    return worst


@compiled
def _take_in_and_order(
    links: Purchases, state: _State, loss: Floats, remaining: float, stock_days: float, speed: float, by_part: bool
) -> None:
    """Every firm uses up stock, takes in what was delivered, and orders; sets what stocks and capacity allow."""
    supplier, use, alone, own, edge = links.supplier, links.use, links.alone, links.own, links.edge
    slot_use, alone_bind, bind = links.slot_use, links.alone_bind, links.bind
    stock, slot_stock, orders, share = state.stock, state.slot_stock, state.orders, state.share
    reach = 1.0 + speed * stock_days
    orders[:] = links.standing
    for i in range(len(orders)):
        pace, ordered, wanted = state.pace[i], reach * state.before[i], reach * state.pace[i]
        state.before[i] = pace
        most = capacity = 1.0 - loss[i] * remaining
        for link in range(alone[i], alone[i + 1]):
            j = supplier[link]
            order = max(0.0, ordered - speed * stock[link])
            held = max(0.0, stock[link] - pace) + (order * share[j] if by_part else min(order, share[j]))
            stock[link] = held
            orders[j] += use[link] * max(0.0, wanted - speed * held)
            most = min(most, _allowed(held, capacity, alone_bind[link]))
        for slot in range(own[i], own[i + 1]):
            kept = max(0.0, slot_stock[slot] - pace) / slot_stock[slot] if slot_stock[slot] > 0.0 else 1.0
            total = 0.0
            for link in range(edge[slot], edge[slot + 1]):
                j = supplier[link]
                order = max(0.0, ordered - speed * stock[link])
                held = stock[link] * kept + (order * share[j] if by_part else min(order, share[j]))
                stock[link] = held
                orders[j] += use[link] * max(0.0, wanted - speed * held)
                total += use[link] * held
            slot_stock[slot] = total / slot_use[slot]
            most = min(most, _allowed(slot_stock[slot], capacity, bind[slot]))
        state.most[i] = most


@compiled
def _allowed(held: float, capacity: float, bind: int) -> float:
    """The pace that days of stock of an input allow: them, half of them and of capacity, or all of capacity."""
    return held if bind == 2 else 0.5 * (bind * held + (2 - bind) * capacity)


@compiled
def _make_and_share_out(
    links: Purchases, state: _State, reach: float, speed: float, rule: int, made: Floats, ratio: Floats, size: Floats
) -> tuple[float, float]:
    """Writes production to `made`; returns the worst gap between it and what is handed out, and final demand served."""
    normal, final, asked, pace, share = links.normal, links.final, state.asked, state.pace, state.share
    worst, served = 0.0, 0.0
    for i in range(len(normal)):
        share[i], to_final = math.inf if rule >= EQUAL_RATIO else 1.0, final[i]
        if normal[i] > 0.0:
            if abs(state.orders[i] - asked[i]) > STEADY * asked[i]:
                asked[i] = state.orders[i]
            demand = asked[i] + final[i]
            pace[i] = min(state.most[i], demand / normal[i])
            made[i] = min(state.most[i] * normal[i], demand)
            if rule > NO_RATIONING and made[i] < demand:
                to_final = max(0.0, made[i] - asked[i])
                if rule == PROPORTIONAL:
                    share[i] = made[i] / demand
                    to_final = final[i] * share[i]
                elif rule == FINAL_DEMAND_LAST and made[i] < asked[i]:
                    share[i] = made[i] / asked[i]
                handed_out = asked[i] * min(1.0, share[i]) + to_final
                if rule == EQUAL_RATIO or (rule > EQUAL_RATIO and made[i] < asked[i]):
                    count = _ratios(links, state, i, reach, speed, ratio, size)
                    if rule == EQUAL_RATIO:
                        size[count - 1] += final[i]
                    share[i], handed_out = water_level(ratio[:count], size[:count], made[i])
                    if rule == EQUAL_RATIO:
                        to_final = final[i] * min(1.0, share[i])
                worst = max(worst, abs(handed_out - made[i]) / normal[i])
        served += to_final
    return worst, served


@inlined
def _ratios(links: Purchases, state: _State, i: int, reach: float, speed: float, ratio: Floats, size: Floats) -> int:
    """Into `ratio` and `size`: what customers of firm i ordered, in usual quantities, and these; how many there are."""
    count = 0
    for position in range(links.sold[i], links.sold[i + 1]):
        link = links.sale[position]
        ratio[count] = max(0.0, reach * state.before[links.customer[position]] - speed * state.stock[link])
        size[count] = links.use[link]
        count += 1
    ratio[count], size[count] = 1.0, links.standing[i]
    return count + 1


@compiled
def water_level(ratio: Floats, size: Floats, made: float) -> tuple[float, float]:
    """The level at which ``Σ size x min(ratio, level)`` is `made`, infinite where that is enough for all; and the sum.

    The sum is concave in the level, so Newton's steps from a level that is too low never go beyond the solution, and
    each but the last leaves behind one ratio at least.
    """
    width, full = size.sum(), 0.0
    level = -1.0
    while width > 0.0:
        step = max(0.0, (made - full) / width)
        if step <= level:
            break
        level, width, full = step, 0.0, 0.0
        for k in range(len(ratio)):
            if ratio[k] > level:
                width += size[k]
            else:
                full += ratio[k] * size[k]
    if width <= 0.0:
        level = math.inf
    handed_out = 0.0
    for k in range(len(ratio)):
        handed_out += size[k] * min(ratio[k], level)
    return level, handed_out
