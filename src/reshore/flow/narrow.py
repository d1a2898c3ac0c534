"""Where want can arise at all: the part of a flow program that has to be solved, and the rest in closed form.

A good is *ample* when the coalition can make or buy in every month whatever its users could need at the most, and all
that it is made with is ample too. Ample goods never bind anything: they are made as needed, and their stocks stay as
they are. What remains is a smaller program whose optimum is that of the whole, because leaving requirements out can
only raise it and the whole plan is put together and checked afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reshore.flow.situation import Situation
from reshore.flow.world import Edges, Floats, World

SLACK = 1e-12
DEEPEST = 10_000

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Bounds:
    """What can be made and needed at the most in a month, shape (n_goods, n_months) each."""

    makes: Floats
    needs: Floats


def most(world: World, situation: Situation) -> Bounds:
    """The most that can be made and needed of each good in each month, whatever the plan.

    Users ask for inputs for what they can make; they make at most what their own users could need, save for kinds,
    which may have to stand in for others.
    """
    room = situation.room
    parents = world.parents
    ends = _ends(world, situation)
    makes = room.copy()
    makes[parents] = 0.0
    needs = ends
    for _ in range(DEEPEST):
        needs = ends + world.output_use @ makes
        new = np.minimum(room, needs)
        new[world.variant] = room[world.variant]
        new[parents] = needs[parents]
        done = np.abs(new - makes).max(initial=0.0) <= 1e-15
        makes = new
        if done:
            break
    return Bounds(makes, needs)


def can_want(world: World, situation: Situation, grown: Situation | None = None) -> Mask:
    """Which goods are not ample, shape (n_goods,).

    With `grown`, the same situation with all capacity that could be added: which goods are not ample whatever part of
    it is. Inputs are then needed for what could be made.
    """
    needs = most(world, situation if grown is None else grown).needs
    short: Mask = np.any(situation.room + situation.arriving < needs - SLACK, axis=1)
    short[world.parents] = False
    lists = (world.consumed, world.capital, world.design)
    good = np.concatenate([*(edges.good for edges in lists), world.parent])
    input_ = np.concatenate([*(edges.input for edges in lists), world.variant])
    while True:
        more = short.copy()
        more[good[short[input_]]] = True
        more[world.variant] |= more[world.parent]
        if (more == short).all():
            return short
        short = more


def narrowed(world: World, situation: Situation, kept: Mask) -> tuple[World, Situation]:
    """The part of `world` and `situation` that consists of the `kept` goods."""
    place = np.cumsum(kept) - 1
    kinds, finals = kept[world.parent], kept[world.final]

    def part(edges: Edges) -> Edges:
        inside = kept[edges.good] & kept[edges.input]
        return Edges(place[edges.good[inside]], place[edges.input[inside]], edges.amount[inside], edges.half[inside],
                     edges.life_months[inside])  # fmt: skip

    smaller = replace(
        world,
        goods=tuple(good for good, inside in zip(world.goods, kept.tolist(), strict=True) if inside),
        supply={},
        consumed=part(world.consumed),
        capital=part(world.capital),
        design=part(world.design),
        variant=place[world.variant[kinds]],
        parent=place[world.parent[kinds]],
        weight=world.weight[kinds],
        passed=world.passed[kinds],
        final=place[world.final[finals]],
        final_share=world.final_share[finals],
        stock_months=world.stock_months[kept],
        outside=None if world.outside is None else world.outside[kept],
        value_usd=world.value_usd[finals],
    )
    return smaller, replace(
        situation,
        capacity=situation.capacity[kept],
        demand=situation.demand[finals],
        use_share=situation.use_share[kept],
        value=situation.value[finals],
        bought=None if situation.bought is None else situation.bought[kept],
        added=None if situation.added is None else situation.added[kept],
        start=None if situation.start is None else situation.start[kept],
        yielded=None if situation.yielded is None else situation.yielded[kept],
        tiers=tuple(
            replace(tier, share=tuple(np.asarray(tier.share)[finals].tolist())) if np.ndim(tier.share) else tier
            for tier in situation.tiers
        ),
    )


def as_needed(world: World, situation: Situation, kept: Mask, made: Floats) -> Floats:
    """What is made of every good: `made` of those kept, and of ample ones what their users need beyond what arrives."""
    ends = _ends(world, situation) - situation.arriving
    plan = np.where(kept[:, None], made, 0.0)
    for _ in range(DEEPEST):
        new = np.where(kept[:, None], made, np.maximum(ends + world.output_use @ plan, 0.0))
        done = np.abs(new - plan).max(initial=0.0) <= 1e-15
        plan = new
        if done:
            break
    return plan


def _ends(world: World, situation: Situation) -> Floats:
    """What final users ask for, and tools that replace the wear of all that has stood so far."""
    ends = np.asarray(world.capital_use @ np.maximum.accumulate(situation.room, axis=1), dtype=np.float64)
    np.add.at(ends, world.final, situation.asked.sum(axis=1) * world.final_share[:, None])
    return ends
