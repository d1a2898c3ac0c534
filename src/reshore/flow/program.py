"""The flow program: how a chain produces month by month when part of it is cut off.

The coalition (home and everyone who is not cut) pools what survives. For every month ``t`` and good ``g``:

- balance: ``stock[t-1] + made + bought ≥ used + served + stock[t]``; stocks never exceed what is normally held;
- capacity: ``made ≤ surviving capacity + projects``, and where tools wear out without replacement, less;
- inputs bind at once when they are consumed; important ones cost half the output when they are wholly lost;
- goods that come in kinds are made of any of their kinds;
- final users are served in tiers of falling value; among equal values, earlier is better by a small stated discount.

Every figure of a scenario stands in a bound or a side, none in the matrix: scenarios of one world and horizon share
their program, and are solved one after the other from the last basis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from reshore.flow.situation import Situation
from reshore.flow.world import Edges, Floats, Indices, World
from reshore.optimize import Builder, Program, Term

ORDER = 1e-5
"""How much less a unit counts in the choice of whom to serve per place in the order of tiers: breaks equal values."""

ROUNDING = 1e-14
"""Part of capacity that rounding may take from sides that add up: far below any tolerance, far above the last bit."""


@dataclass(frozen=True)
class Layout:
    """Where the variables and requirements of a flow program are.

    Columns: ``made``, ``stock`` (n_goods, n_months), ``served`` (n_final, n_groups, n_months), ``passed`` (n_kinds,
    n_months), ``used`` (important inputs), ``designed`` (design inputs), ``fit`` and ``replaced`` (capital inputs).
    Rows: ``balance`` (n_goods, n_months), ``kinds`` (n_parents, n_months), ``half``, ``old``, ``wear``, ``worn``.
    """

    made: Indices
    stock: Indices
    served: Indices
    passed: Indices
    used: Indices
    designed: Indices
    fit: Indices
    replaced: Indices
    balance: Indices
    kinds: Indices
    half: Indices
    old: Indices
    wear: Indices
    worn: Indices


@dataclass(frozen=True)
class FlowProgram:
    """The linear program of a situation, and where its variables are."""

    world: World
    situation: Situation
    program: Program
    at: Layout


@dataclass(frozen=True)
class Figures:
    """What a situation puts into bounds, sides and costs of a flow program.

    ``high`` (n_columns,) are upper bounds, ``low`` (n_rows,) and ``top`` (n_rows,) sides of requirements, ``cost``
    (n_columns,) what is maximized.
    """

    high: Floats
    low: Floats
    top: Floats
    cost: Floats


@dataclass(frozen=True, eq=False)
class Words:
    """The sentence about the k-th place of a block in which months run fastest, then `groups` of users, then goods.

    A record, not a closure, so that programs and outcomes can be sent to other processes and kept in caches.
    """

    text: str
    names: Sequence[str]
    months: int
    good: Indices
    input: Indices | None = None
    groups: int = 1

    def __call__(self, k: int) -> str:
        """The sentence."""
        place = k // (self.groups * self.months)
        used = "" if self.input is None else self.names[self.input[place]]
        return self.text.format(good=self.names[self.good[place]], input=used, month=k % self.months + 1)


def build_flow(world: World, situation: Situation) -> FlowProgram:
    """The flow program of `world` in `situation`; nothing is solved yet."""
    groups = 1 if situation.rationing == "pro_rata" else len(situation.tiers)
    months = situation.n_months
    builder = Builder(maximize=True)
    at = _layout(builder, world, groups, months)
    program = builder.build()
    figures = figures_of(world, situation, at, program.n_columns, program.n_rows)
    return FlowProgram(world, situation, with_figures(program, figures), at)


def with_figures(program: Program, figures: Figures) -> Program:
    """`program` with the bounds, sides and costs of a situation."""
    return replace(
        program, high=figures.high, row_low=figures.low, row_high=figures.top, cost=program.sign * figures.cost
    )


def _layout(builder: Builder, world: World, groups: int, months: int) -> Layout:
    """Variables and requirements without figures: the matrix is that of the world alone."""
    names, n = world.goods, len(world.goods)
    t = np.arange(months)

    def of(goods: Indices, what: str, groups: int = 1) -> Words:
        return Words(f"{{good}} {what} in month {{month}}", names, months, goods, groups=groups)

    every = np.arange(n)
    half = np.flatnonzero(world.consumed.half)
    full = np.flatnonzero(~world.consumed.half)
    made = builder.variables("made", (n, months), says=of(every, "made"))
    stock = builder.variables("stock", (n, months), says=of(every, "in stock after"))
    served = builder.variables("served", (world.final.size, groups, months), says=of(world.final, "served", groups))
    passed = builder.variables("passed", (world.variant.size, months), says=of(world.variant, "used as its parent"))
    used = builder.variables("used", (half.size, months), says=of(world.consumed.input[half], "used"))
    designed = builder.variables("designed", (len(world.design), months), says=of(world.design.input, "used"))
    fit = builder.variables("fit", (len(world.capital), months), says=of(world.capital.good, "fit to run"))
    replaced = builder.variables("replaced", (len(world.capital), months), says=of(world.capital.input, "replaced"))

    row = np.arange(n)[:, None] * months + t
    c, k, d = world.consumed, world.capital, world.design
    terms: list[Term] = [
        (row, made, 1.0),
        (row, stock, -1.0),
        (row[:, 1:], stock[:, :-1], 1.0),
        (row[world.final][:, None, :], served, -world.final_share[:, None, None]),
        (row[world.variant], passed, -1.0),
        (row[c.input[full]], made[c.good[full]], -c.amount[full][:, None]),
        (row[c.input[half]], used, -1.0),
        (row[d.input], designed, -1.0),
        # Replacing all wear of a year takes the tools that go into the good in a year.
        (row[k.input], replaced, -(k.amount * k.life_months)[:, None]),
    ]
    balance = builder.require(
        "balance", terms, n * months,
        says=Words("what is used and served of {good} in month {month} is made or in stock", names, months, every),
        structural=True,
    ).reshape(n, months)  # fmt: skip
    parents = world.parents
    place = {int(parent): position for position, parent in enumerate(parents)}
    own = np.array([place[int(parent)] for parent in world.parent], dtype=np.int64)
    kinds = builder.require(
        "kinds",
        [
            (np.arange(parents.size)[:, None] * months + t, made[parents], -1.0),
            (own[:, None] * months + t, passed, world.weight[:, None]),
        ],
        parents.size * months,
        says=Words("{good} comes in its kinds", names, months, parents),
        structural=True,
    ).reshape(parents.size, months)
    half_rows = _with_input(builder, "important", world, c.good[half], c.input[half], made, 2.0, used, c.amount[half],
                            "{good} without {input} falls to half")  # fmt: skip
    old = _with_input(builder, "design", world, d.good, d.input, made, 1.0, designed, d.amount,
                      "new versions of {good} need {input}")  # fmt: skip
    wear, worn = _wear(builder, world, k, made, fit, replaced)
    return Layout(
        made, stock, served, passed, used, designed, fit, replaced, balance, kinds, half_rows, old, wear, worn
    )


def _with_input(
    builder: Builder, name: str, world: World, good: Indices, input_: Indices, made: Indices, factor: float,
    used: Indices, amount: Floats, words: str,
) -> Indices:  # fmt: skip
    """``factor · made ≤ used / amount + …``, one row per use and month."""
    count, months = good.size, made.shape[1]
    local = np.arange(count)[:, None] * months + np.arange(months)
    return builder.require(
        name,
        [(local, made[good], factor), (local, used, -1.0 / amount[:, None])],
        count * months,
        says=Words(words, world.goods, months, good, input_),
    ).reshape(count, months)


def _wear(
    builder: Builder, world: World, edges: Edges, made: Indices, fit: Indices, replaced: Indices
) -> tuple[Indices, Indices]:
    """``fit[t] ≤ fit[t-1] + replaced[t] - replaced[t - life] + …`` and ``made ≤ fit``: tools wear and are replaced."""
    count, months = len(edges), made.shape[1]
    local = np.arange(count)[:, None] * months + np.arange(months)
    use, worn_out = np.nonzero(np.arange(months)[None, :] >= edges.life_months[:, None])
    bought = worn_out - edges.life_months[use].astype(np.int64)
    says = Words("{good} wears out without {input}", world.goods, months, edges.good, edges.input)
    wear = builder.require(
        "wear",
        [
            (local, fit, 1.0),
            (local[:, 1:], fit[:, :-1], -1.0),
            (local, replaced, -1.0),
            (local[use, worn_out], replaced[use, bought], 1.0),
        ],
        count * months,
        says=says,
    )
    worn = builder.require("worn", [(local, made[edges.good], 1.0), (local, fit, -1.0)], count * months, says=says)
    return wear.reshape(count, months), worn.reshape(count, months)


def figures_of(world: World, situation: Situation, at: Layout, n_columns: int, n_rows: int) -> Figures:
    """Bounds, sides and costs of `situation`."""
    room = situation.room
    high = np.full(n_columns, np.inf)
    most = room.copy()
    most[world.parents] = np.inf
    high[at.made] = most
    start, hold = stocks_of(world, situation)
    high[at.stock] = hold[:, None]
    asked = situation.asked
    high[at.served] = asked.sum(axis=1, keepdims=True) if situation.rationing == "pro_rata" else asked
    low = np.full(n_rows, -np.inf)
    top = np.full(n_rows, np.inf)
    opening = np.zeros_like(room)
    opening[:, 0] = start
    low[at.balance] = -(opening + situation.arriving)
    low[at.kinds] = 0.0
    top[at.half] = room[world.consumed.good[world.consumed.half]]
    top[at.old] = _old_designs(world.design, room, situation.design_lag_months)
    base = np.maximum.accumulate(room, axis=1)[world.capital.good]
    high[at.fit] = base
    top[at.wear] = wear_sides(base, world.capital.life_months)
    top[at.worn] = 0.0
    cost = np.zeros(n_columns)
    cost[at.served] = worth_of(situation)
    return Figures(high, low, top, cost)


def stocks_of(world: World, situation: Situation) -> tuple[Floats, Floats]:
    """Stocks at the beginning, and the most that is ever held: what is normal, or what there was, (n_goods,)."""
    normal = world.stock_months * situation.use_share / 12
    start = normal if situation.start is None else situation.start
    return start, np.maximum(start, normal)


def wear_sides(base: Floats, life_months: Floats) -> Floats:
    """How capacity that is fit to run changes by itself in a month, (n_uses, n_months): what comes less what wears out.

    Tools in `base` are of all ages alike: of what has come to stand in one month, ``1 / life`` wears out in every month
    from that one on.
    """
    months = np.arange(base.shape[1])
    before = months[None, :] - life_months[:, None].astype(np.int64)
    gone = np.where(before >= 0, np.take_along_axis(base, np.maximum(before, 0), axis=1), 0.0)
    sides = np.diff(base, axis=1, prepend=0.0) - (base - gone) / life_months[:, None]
    # What is left of worn out tools adds up to nothing, not to -1e-17: without replacement that would be infeasible.
    return np.asarray(sides + ROUNDING * base, dtype=np.float64)


def _old_designs(edges: Edges, room: Floats, lag: int) -> Floats:
    """Output that goes on in old designs: all of it for a lag, then less and less over the turnover of designs."""
    age = np.clip(np.arange(room.shape[1])[None, :] - lag, 0, None) / edges.life_months[:, None]
    return np.asarray(np.clip(1.0 - age, 0.0, 1.0) * room[edges.good], dtype=np.float64)


def worth_of(situation: Situation) -> Floats:
    """What a unit served counts, (n_final, n_groups, n_months): the greatest value of a use is 1."""
    scale = situation.value / max(float(situation.value.max(initial=0.0)), 1e-300)
    later = (1.0 - situation.discount_per_month) ** np.arange(situation.n_months)
    values = np.array([tier.value for tier in situation.tiers])
    if situation.rationing == "pro_rata":
        asked = situation.asked
        total = asked.sum(axis=1, keepdims=True)
        mean = (asked * values[None, :, None]).sum(axis=1, keepdims=True)
        per_unit = np.divide(mean, total, out=np.ones_like(total), where=total > 0)
    else:
        per_unit = (values * (1.0 - ORDER * np.arange(values.size)))[None, :, None]
    return np.asarray(scale[:, None, None] * per_unit * later[None, None, :], dtype=np.float64)
