"""How production falls and recovers day by day: firms live on stocks, order more or less, and share out what is short.

The adaptive input-output model in the form of Inoue and Todo. Firm i makes ``P0_i`` when nothing is wrong and then uses
``A_ij`` of supplier j, of which it holds ``n_i`` days in stock. Every day, in this order:

- it takes in what was delivered and uses up stock: of sector s, ``A_is P_i / P0_i``, from each stock alike;
- it orders ``O_ij = max(0, A_ij P_i / P0_i + (n_i A_ij P_i / P0_i - S_ij) / tau)``, ``P_i`` being its last production;
- its demand is ``D_i``, the orders of its customers and final demand (a change below 1e-12 of normal is rounding, and
  left out: firms order ``1 + n / tau`` times what their production falls, so that rounding would grow);
- it makes ``P_i = min(D_i, capacity_i, what its stocks allow)``, and shares it out by a rule of `RATIONING`.

References
----------
Hallegatte (2008), An adaptive regional input-output model, Risk Analysis 28(3):779-799.
Inoue, Todo (2019), Firm-level propagation of shocks through supply-chain networks, Nature Sustainability 2:841-847.
Pichler, Pangallo, del Rio-Chanona, Lafond, Farmer (2022), Forecasting the propagation of pandemic shocks with a dynamic
input-output model, Journal of Economic Dynamics and Control 144:104527 (important inputs bind by half).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import polars as pl

from reshore.errors import InputError, Place, Problem, shown
from reshore.stress.cascade.compiled import Flags, Floats, Ints, Longs, compiled
from reshore.stress.cascade.index import Cascade, Rule, Shock, losses_by_number, propagate
from reshore.stress.cascade.network import Network, network_from_arrays

RATIONING: dict[str, str] = {
    "proportional": "every order and final demand get the same share of what they ask for",
    "final_demand_last": "orders of firms first, in the same share; final demand gets what is left",
    "equal_ratio": "nobody gets more of its usual quantity than others while they want more (Inoue and Todo)",
    "equal_ratio_final_demand_last": "the same among orders of firms; final demand gets what is left",
}
"""How a firm shares out less than is asked of it."""

BINDING: dict[str, str] = {
    "every_input": "production falls as far as the stock of any input allows (Leontief)",
    "by_need": "essential inputs bind, non-essential ones by half (partially binding), negligible ones never",
}
"""Which inputs limit production."""

_CODES = {name: code for code, name in enumerate(RATIONING)}
_NO_RATIONING = -1
_OVERSHOOT = 1.5
_STEADY = 1e-12


@dataclass(frozen=True)
class Disruption:
    """Capacity that firms lose, and for how long.

    Parameters
    ----------
    name
        Key of the disruption.
    loss_share
        Firm to share of its capacity lost, 0 to 1.
    start_day, duration_days
        From which day, for how many; ``None``: to the end.
    recovery_days
        Days after that over which capacity comes back, evenly.
    """

    name: str
    loss_share: dict[str, float]
    start_day: int = 0
    duration_days: int | None = None
    recovery_days: int = 0

    def remaining_loss(self, day: int) -> float:
        """Share of the loss that holds on `day`."""
        if day < self.start_day:
            return 0.0
        if self.duration_days is None or day < self.start_day + self.duration_days:
            return 1.0
        gone = day - self.start_day - self.duration_days + 1
        return max(0.0, 1.0 - gone / (self.recovery_days + 1))


@dataclass(frozen=True)
class Habits:
    """How firms keep stocks and share out.

    Parameters
    ----------
    stock_days
        Stock that firms hold and aim for, in days of normal use.
    adjustment_days
        Days over which a gap in stocks is made good.
    rationing, binding
        Of `RATIONING` and `BINDING`.
    """

    stock_days: float = 15.0
    adjustment_days: float = 6.0
    rationing: str = "proportional"
    binding: str = "every_input"

    def __post_init__(self) -> None:
        expectations = (
            ("stock_days", self.stock_days, 1 <= self.stock_days <= 10_000, "from 1 to 10,000 days"),
            ("adjustment_days", self.adjustment_days, 1 <= self.adjustment_days <= 10_000, "from 1 to 10,000 days"),
            ("rationing", self.rationing, self.rationing in RATIONING, " or ".join(RATIONING)),
            ("binding", self.binding, self.binding in BINDING, " or ".join(BINDING)),
        )
        problems = [
            Problem("out-of-range", Place(place), f"'{shown(found)}'", expected, "correct it")
            for place, found, holds, expected in expectations
            if not holds
        ]
        if problems:
            raise InputError(problems)


@dataclass(frozen=True)
class Course:
    """The days of a disruption: ``frame`` under the record `COURSE`, and what to think of them.

    ``production`` holds every day's production of every firm, shape (n_days, n_firms). ``worst_residual_share`` is the
    largest gap, of any firm and day, between what is made and what is handed out, as a share of normal production.
    """

    disruption: Disruption
    habits: Habits
    frame: pl.DataFrame
    production: Floats
    worst_residual_share: float
    notes: tuple[Problem, ...] = field(default=())


class _Links(NamedTuple):
    """Purchases by buyer and sector: slot s holds links ``edge[s]:edge[s + 1]``, firm i slots ``own[i]:own[i + 1]``.

    ``by_supplier`` lists links by supplier, firm i those at ``sold[i]:sold[i + 1]``. ``bind`` is 1 for slots that bind
    in full, 2 by half, 0 never.
    """

    supplier: Ints
    use: Floats
    edge: Longs
    own: Longs
    slot_use: Floats
    bind: Flags
    by_supplier: Longs
    sold: Longs
    final: Floats
    normal: Floats


class _State(NamedTuple):
    """Stocks and orders per link; production, demand and what of final demand is served per firm.

    Of an order, firm i delivers the part ``part[i]`` or, by a rule of equal ratios, at most ``level[i]`` times its
    usual quantity.
    """

    stock: Floats
    order: Floats
    slot_stock: Floats
    production: Floats
    demand: Floats
    served: Floats
    part: Floats
    level: Floats


def simulate(network: Network, disruption: Disruption, days: int, habits: Habits | None = None) -> Course:
    """The days of `disruption`, with the same days without any rationing beside them.

    Raises
    ------
    InputError
        When the disruption names unknown firms, or numbers outside their ranges.
    """
    habits = habits or Habits()
    problems = [
        Problem("out-of-range", Place(disruption.name, 0, name), f"'{found}'", "not negative", "correct it")
        for name, found in (
            ("start_day", disruption.start_day),
            ("duration_days", disruption.duration_days or 0),
            ("recovery_days", disruption.recovery_days),
        )
        if found < 0
    ]
    if days < 1:
        problems.append(Problem("out-of-range", Place("days"), f"'{days}'", "at least 1", "correct it"))
    if problems:
        raise InputError(problems)
    loss = np.zeros(network.firm_count)
    shock = Shock(disruption.name, disruption.loss_share)
    for firm, share in losses_by_number(network, shock)[0].items():
        loss[firm] = share
    links = _links(network, habits.binding)
    remaining = np.array([disruption.remaining_loss(day) for day in range(days)])
    production, served, residual = _run(links, loss, remaining, habits, _CODES[habits.rationing])
    unrationed, unrationed_served, _ = _run(links, loss, remaining, habits, _NO_RATIONING)
    normal, final = math.fsum(network.output), math.fsum(network.final_demand)
    frame = pl.DataFrame(
        {
            "day": np.arange(days),
            "production_share": production.sum(1) / normal,
            "final_demand_served_share": _ratio(served, final),
            "unrationed_production_share": unrationed.sum(1) / normal,
            "unrationed_served_share": _ratio(unrationed_served, final),
        }
    )
    notes = _overshoot(network, shock, production, habits)
    return Course(disruption, habits, frame, production, residual, notes)


def next_days(network: Network, loss: Floats, days: int, habits: Habits) -> Floats:
    """Production of every firm on `days` days of which all lose `loss` of capacity, shape (n_days, n_firms)."""
    links = _links(network, habits.binding)
    return _run(links, loss, np.ones(days), habits, _CODES[habits.rationing])[0]


def _ratio(served: Floats, final: float) -> list[float | None]:
    return [float(value) / final if final > 0 else None for value in served]


def _overshoot(network: Network, shock: Shock, production: Floats, habits: Habits) -> tuple[Problem, ...]:
    """A note when production falls half again as far as where the same network would come to rest."""
    binding = network if habits.binding == "by_need" else _all_essential(network)
    rest = propagate(Cascade(binding, Rule(replaceability=False)), shock).index
    total = math.fsum(network.output)
    worst = int(production.sum(1).argmin())
    fall = 1.0 - float(production[worst].sum()) / total
    if fall <= rest * _OVERSHOOT + _STEADY:
        return ()
    return (
        Problem(
            "order-feedback",
            Place(shock.name, 0, "production_share"),
            f"a loss of {fall:.1%} on day {worst}",
            f"about {rest:.1%}, where the same shock comes to rest without stocks and orders",
            "read the fall as the work of the ordering rule: firms order less because they make less, in circles",
            "note",
        ),
    )


def _all_essential(network: Network) -> Network:
    return network_from_arrays(
        supplier=network.supplier,
        buyer=network.buyer,
        value=network.value,
        need=np.full(network.flow_count, 2),
        sector=network.sector,
        final_demand=network.final_demand,
        firms=network.firms,
    )


def _links(network: Network, binding: str) -> _Links:
    count = network.firm_count
    sectors = len(network.sectors)
    key = network.buyer.astype(np.int64) * sectors + network.sector[network.supplier]
    order = np.lexsort((network.supplier, key))
    keys, slot = np.unique(key[order], return_inverse=True)
    use, supplier = network.value[order], network.supplier[order]
    need = np.zeros(len(keys), np.uint8)
    need[slot] = network.need[order]
    bind = np.ones(len(keys), np.uint8) if binding == "every_input" else np.array([0, 2, 1], np.uint8)[need]
    return _Links(
        supplier=np.ascontiguousarray(supplier),
        use=use,
        edge=_edges(slot, len(keys)),
        own=_edges((keys // sectors).astype(np.int64), count),
        slot_use=np.bincount(slot, use, len(keys)).astype(np.float64),
        bind=bind,
        by_supplier=np.argsort(supplier, kind="stable"),
        sold=_edges(supplier, count),
        final=network.final_demand,
        normal=network.output,
    )


def _edges(codes: Longs | Ints, count: int) -> Longs:
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=count))]).astype(np.int64)


def _run(links: _Links, loss: Floats, remaining: Floats, habits: Habits, rule: int) -> tuple[Floats, Floats, float]:
    """Production by day and firm, final demand served by day, worst residual."""
    state = _State(
        stock=habits.stock_days * links.use,
        order=links.use.copy(),
        slot_stock=habits.stock_days * links.slot_use,
        production=links.normal.copy(),
        demand=links.normal.copy(),
        served=links.final.copy(),
        part=np.ones(len(loss)),
        level=np.full(len(loss), np.inf),
    )
    production, served = np.zeros((len(remaining), len(loss))), np.zeros(len(remaining))
    worst = 0.0
    for day, share in enumerate(remaining.tolist()):
        capacity = links.normal * (1.0 - loss * share)
        gap = _next_day(links, state, capacity, habits.stock_days, 1.0 / habits.adjustment_days, rule)
        worst = max(worst, gap)
        production[day] = state.production
        served[day] = state.served.sum()
    return production, served, worst


@compiled
def _next_day(links: _Links, state: _State, capacity: Floats, stock_days: float, speed: float, rule: int) -> float:
    """One day; returns the worst gap between what is made and what is handed out, as a share of normal production."""
    supplier, use, edge, own, slot_use = links.supplier, links.use, links.edge, links.own, links.slot_use
    normal, final, bind = links.normal, links.final, links.bind
    stock, order, slot_stock, part, level = state.stock, state.order, state.slot_stock, state.part, state.level
    production, demand, served = state.production, state.demand, state.served
    most, orders = np.empty(len(normal)), final.copy()
    by_part = rule < 2
    for i in range(len(normal)):
        most[i] = capacity[i]
        if normal[i] == 0.0:  # makes nothing and so uses no stock: it orders what it always did
            for link in range(edge[own[i]], edge[own[i + 1]]):
                orders[supplier[link]] += order[link]
            continue
        pace = production[i] / normal[i]
        for slot in range(own[i], own[i + 1]):
            kept = 1.0 - min(1.0, pace * slot_use[slot] / slot_stock[slot]) if slot_stock[slot] > 0.0 else 1.0
            total = 0.0
            for link in range(edge[slot], edge[slot + 1]):
                j = supplier[link]
                received = order[link] * part[j] if by_part else min(order[link], level[j] * use[link])
                held = stock[link] * kept + received
                wanted = use[link] * pace
                asked = max(0.0, wanted + speed * (stock_days * wanted - held))
                stock[link], order[link] = held, asked
                total += held
                orders[j] += asked
            slot_stock[slot] = total
            possible = total / slot_use[slot] * normal[i]
            if bind[slot] == 1:
                most[i] = min(most[i], possible)
            elif bind[slot] == 2:
                most[i] = min(most[i], 0.5 * (possible + capacity[i]))
    worst = 0.0
    for i in range(len(normal)):
        if abs(orders[i] - demand[i]) > _STEADY * normal[i]:
            demand[i] = orders[i]
        production[i] = min(most[i], demand[i])
        served[i], part[i], level[i] = final[i], 1.0, np.inf
        if rule >= 0 and production[i] < demand[i]:
            handed_out = _share_out(links, state, i, rule)
            if normal[i] > 0.0:
                worst = max(worst, abs(handed_out - production[i]) / normal[i])
    return worst


@compiled
def _share_out(links: _Links, state: _State, i: int, rule: int) -> float:
    """Shares out the production of firm i, less than is asked of it; returns what is handed out."""
    made, final = state.production[i], links.final[i]
    asked = state.demand[i] - final
    to_final = 0.0
    if rule == 1 or rule == 3:
        to_final = max(0.0, min(final, made - asked))
    if rule < 2:
        whole = state.demand[i] if rule == 0 else asked
        state.part[i] = min(1.0, (made - to_final) / whole) if whole > 0.0 else 0.0
        state.served[i] = final * state.part[i] if rule == 0 else to_final
        return float(asked * state.part[i] + state.served[i])
    level = _water_level(links, state, i, made - to_final, rule == 2)
    state.level[i] = level
    state.served[i] = final * min(1.0, level) if rule == 2 else to_final
    handed_out = state.served[i]
    for position in range(links.sold[i], links.sold[i + 1]):
        link = links.by_supplier[position]
        handed_out += min(state.order[link], level * links.use[link])
    return float(handed_out)


@compiled
def _water_level(links: _Links, state: _State, i: int, made: float, with_final: bool) -> float:
    """The level at which ``Σ min(order, level x usual quantity)``, with final demand or without, is what was made."""
    low, high = links.sold[i], links.sold[i + 1]
    count = high - low + (1 if with_final else 0)
    ratio, size = np.empty(count), np.empty(count)
    for position in range(low, high):
        link = links.by_supplier[position]
        ratio[position - low], size[position - low] = state.order[link] / links.use[link], links.use[link]
    if with_final:
        ratio[count - 1], size[count - 1] = 1.0, links.final[i]
    ranked = np.argsort(ratio, kind="mergesort")
    width = size.sum()
    full = 0.0
    for k in range(count):
        entry = ranked[k]
        if full + ratio[entry] * width >= made:
            return float(max(0.0, (made - full) / width))
        full += ratio[entry] * size[entry]
        width -= size[entry]
    return math.inf
