"""The flow program: how a chain produces month by month when part of it is cut off.

The coalition (home and everyone who is not cut) pools what survives. For every month ``t`` and good ``g``:

- balance: ``stock[t-1] + made + bought + variants = used + served + stock[t]``;
- capacity: ``made ≤ surviving share / 12 + projects``, and where tools wear out without replacement, less;
- inputs bind at once when they are consumed; important ones cost half the output when they are wholly lost;
- final users are served in tiers of falling value; among equal values, earlier is better by a small stated discount.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from reshore.flow.world import Edges, Floats, Indices, World
from reshore.optimize import Builder, Program, Term

Rationing = Literal["best", "pro_rata"]


@dataclass(frozen=True)
class Tier:
    """A group of final users: its share of the coalition's demand and what a unit served to it is worth."""

    name: str
    share: float
    value: float = 1.0


ALL_USERS = (Tier("all users", 1.0),)


@dataclass(frozen=True)
class Situation:
    """What a scenario does to a world, month by month.

    Shapes: ``capacity`` (n_goods, n_months) is the share of a year's world output that the coalition can make in a year
    at that month's pace; ``demand`` (n_final, n_months) the coalition's demand at a year's pace, in shares of the final
    users' whole demand; ``use_share`` (n_goods,) the share of the world's use of each good that is the coalition's,
    on which its stocks are counted; ``value`` (n_final,) what a year's whole demand is worth; ``added`` (n_goods,
    n_months) capacity of projects and surges; ``bought`` (n_goods, n_months) the most that can be bought from outside of
    the coalition, at a year's pace: it arrives made and takes none of the coalition's inputs.
    """

    capacity: Floats
    demand: Floats
    use_share: Floats
    value: Floats
    added: Floats | None = None
    bought: Floats | None = None
    tiers: tuple[Tier, ...] = ALL_USERS
    rationing: Rationing = "best"
    discount_per_month: float = 1e-3
    design_lag_months: int = 12

    @property
    def n_months(self) -> int:
        """Number of months."""
        return int(self.capacity.shape[1])


@dataclass(frozen=True)
class FlowProgram:
    """The linear program of a situation, and where its variables are.

    ``made``, ``stock`` (n_goods, n_months) and ``served`` (n_final, n_tiers, n_months) hold column numbers; ``balance``
    and ``capacity`` (n_goods, n_months) row numbers.
    """

    world: World
    situation: Situation
    program: Program
    made: Indices
    stock: Indices
    served: Indices
    balance: Indices
    capacity: Indices
    start: Floats
    wear: Indices = field(default_factory=lambda: np.zeros((0, 0), np.int64))


def build_flow(world: World, situation: Situation) -> FlowProgram:
    """The flow program of `world` in `situation`; nothing is solved yet."""
    n, months = len(world.goods), situation.n_months
    names = world.goods
    builder = Builder(maximize=True)
    t = np.arange(months)
    added = np.zeros((n, months)) if situation.added is None else situation.added
    room = (situation.capacity + added) / 12
    made = builder.variables("made", (n, months), says=lambda k: f"{names[k // months]} made in month {k % months + 1}")
    stock = builder.variables(
        "stock", (n, months), says=lambda k: f"{names[k // months]} in stock after month {k % months + 1}"
    )
    tiers = situation.tiers
    worth = (1.0 - situation.discount_per_month) ** t
    values = np.array([tier.value for tier in tiers])
    cost = situation.value[:, None, None] * values[None, :, None] * worth[None, None, :]
    shares = np.array([tier.share for tier in tiers])
    # Served amounts are in units of the final users' yearly demand, so that their values are money.
    most = situation.demand[:, None, :] * shares[None, :, None] / 12
    n_final = world.final.size
    served = builder.variables(
        "served", (n_final, len(tiers), months), high=most, cost=cost,
        says=lambda k: f"{names[world.final[k // (len(tiers) * months)]]} served in month {k % months + 1}",
    )  # fmt: skip
    passed = builder.variables("passed", (world.variant.size, months))
    outside = np.zeros((n, months)) if situation.bought is None else situation.bought
    sellers = np.flatnonzero(outside.any(axis=1))
    bought = builder.variables("bought", (sellers.size, months), high=outside[sellers] / 12)
    start = _starting_stocks(world, situation)

    goods = np.arange(n)[:, None]
    row = goods * months + t
    terms: list[Term] = [
        (row, made, 1.0),
        (row, stock, -1.0),
        (row[:, 1:], stock[:, :-1], 1.0),
        (row[sellers], bought, 1.0),
        (row[world.parent], passed, world.weight[:, None]),
        (row[world.variant], passed, -1.0),
        (row[world.final][:, None, :], served, -world.final_share[:, None, None]),
        *_uses(world.consumed, made, row),
        *_important(builder, world, situation, made, row, room),
        *_designs(builder, world, situation, made, row, room),
    ]
    wear, wear_terms = _wear(builder, world, made, row, room)
    opening = np.zeros((n, months))
    opening[:, 0] = start
    balance = builder.require(
        "balance", [*terms, *wear_terms], n * months, low=-opening.ravel(), high=-opening.ravel(),
        says=lambda k: f"what is used and served of {names[k // months]} in month {k % months + 1} is made or in stock",
    ).reshape(n, months)  # fmt: skip
    capacity = builder.require(
        "capacity", [(row, made, 1.0)], n * months, high=room.ravel(),
        says=lambda k: f"at most the capacity for {names[k // months]} in month {k % months + 1}",
    ).reshape(n, months)  # fmt: skip
    if situation.rationing == "pro_rata" and len(tiers) > 1:
        _ration(builder, served, most)
    return FlowProgram(world, situation, builder.build(), made, stock, served, balance, capacity, start, wear)


def _starting_stocks(world: World, situation: Situation) -> Floats:
    """Stocks that last ``stock_months`` at the coalition's normal use."""
    return world.stock_months * situation.use_share / 12


def _uses(edges: Edges, made: Indices, row: Indices) -> list[Term]:
    """Essential inputs: each unit made takes its amount out of the balance of the input."""
    full = ~edges.half
    return [(row[edges.input[full]], made[edges.good[full]], -edges.amount[full][:, None])]


def _important(
    builder: Builder, world: World, situation: Situation, made: Indices, row: Indices, room: Floats
) -> list[Term]:
    """Important inputs (Pichler et al., partially binding): ``made ≤ (used / amount + capacity) / 2``."""
    edges = world.consumed
    part = np.flatnonzero(edges.half)
    if not part.size:
        return []
    months = situation.n_months
    names = world.goods
    used = builder.variables("used", (part.size, months))
    local = np.arange(part.size)[:, None] * months + np.arange(months)
    builder.require(
        "important",
        [(local, made[edges.good[part]], 2.0), (local, used, -1.0 / edges.amount[part][:, None])],
        part.size * months,
        high=room[edges.good[part]].ravel(),
        says=lambda k: (
            f"{names[edges.good[part[k // months]]]} without {names[edges.input[part[k // months]]]} falls to half"
        ),
    )
    return [(row[edges.input[part]], used, -1.0)]


def _designs(
    builder: Builder, world: World, situation: Situation, made: Indices, row: Indices, room: Floats
) -> list[Term]:
    """Design inputs: output of old designs goes on, and shrinks over the turnover of designs after a lag."""
    edges = world.design
    if not len(edges):
        return []
    months = situation.n_months
    names = world.goods
    age = np.clip(np.arange(months)[None, :] - situation.design_lag_months, 0, None) / edges.life_months[:, None]
    old = np.clip(1.0 - age, 0.0, 1.0) * room[edges.good]
    used = builder.variables("designed", (len(edges), months))
    local = np.arange(len(edges))[:, None] * months + np.arange(months)
    builder.require(
        "design",
        [(local, made[edges.good], 1.0), (local, used, -1.0 / edges.amount[:, None])],
        len(edges) * months,
        high=old.ravel(),
        says=lambda k: f"new versions of {names[edges.good[k // months]]} need {names[edges.input[k // months]]}",
    )
    return [(row[edges.input], used, -1.0)]


def _wear(builder: Builder, world: World, made: Indices, row: Indices, room: Floats) -> tuple[Indices, list[Term]]:
    """Capital inputs: what can be made falls by ``1 / life`` a year where replacement tools do not arrive.

    ``fit[t]`` is the share of capacity that is fit to run: ``fit[t] ≤ fit[t-1] - 1/life + replaced[t]``, life in
    months, and replacing all wear takes the share of the tool's output that goes here.
    """
    edges = world.capital
    months = room.shape[1]
    if not len(edges):
        return np.zeros((0, months), np.int64), []
    names = world.goods
    most = np.maximum(room.max(axis=1), 1e-9)[edges.good][:, None]
    fit = builder.variables("fit", (len(edges), months), high=1.0)
    replaced = builder.variables("replaced", (len(edges), months))
    local = np.arange(len(edges))[:, None] * months + np.arange(months)

    def says(k: int) -> str:
        return f"{names[edges.good[k // months]]} wears out without {names[edges.input[k // months]]}"

    fade = 1.0 / edges.life_months
    first = np.zeros((len(edges), months))
    first[:, 0] = 1.0
    # fit[t] - fit[t-1] - replaced[t] ≤ -fade, with fit[-1] = 1
    builder.require(
        "wear",
        [(local, fit, 1.0), (local[:, 1:], fit[:, :-1], -1.0), (local, replaced, -1.0)],
        len(edges) * months,
        high=(first - fade[:, None]).ravel(),
        says=says,
    )
    builder.require(
        "fit", [(local, made[edges.good], 1.0), (local, fit, -most)], len(edges) * months, high=0.0, says=says
    )
    # A tool's yearly output for this good replaces the wear of the whole world; the coalition holds `12 · most` of it.
    need = edges.amount[:, None] * edges.life_months[:, None] / 12 * most * 12
    return fit, [(row[edges.input], replaced, -need)]


def _ration(builder: Builder, served: Indices, most: Floats) -> None:
    """Every tier gets the same share of what it asked for: ``served[k] / most[k] = served[0] / most[0]``."""
    finals, tiers, months = served.shape
    count = finals * (tiers - 1) * months
    local = np.arange(count).reshape(finals, tiers - 1, months)
    builder.require(
        "pro rata",
        [
            (local, served[:, 1:, :], most[:, :1, :]),
            (local, np.broadcast_to(served[:, :1, :], local.shape), -most[:, 1:, :]),
        ],
        count,
        low=0.0,
        high=0.0,
        says=lambda _: "all users get the same share of what they ask for",
    )
