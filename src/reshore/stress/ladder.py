"""The ladder of what runs out: when each good falls below usual use if all its users share alike.

A second reading beside the flow program, which serves final uses as well as can be and so hides who stops whom. Month
by month and good by good, from the mine on:

- what can be made is the usual output times the scarcest essential input, or less where capacity is lost; important
  inputs cost half when they are wholly lost; tools that are not replaced wear out;
- stocks give what is missing until they are empty;
- every user of a good gets the same share of usual use.

Sharing alike is one of the plans open to the flow program, so this reading never serves more than it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from reshore.flow import Edges, Rest, Situation, World
from reshore.stress.spans import Floats

SHORT = 1e-6


@dataclass(frozen=True)
class Ladder:
    """Shapes (n_goods, n_months): ``share`` of usual use to be had, and ``root``, the good at which the want begins.

    ``root`` is -1 where nothing is missing. ``own`` (n_goods, n_months) is what can be had of usual use with all inputs
    at hand and no stock.
    """

    share: Floats
    root: NDArray[np.int64]
    own: Floats


def ladder(world: World, situation: Situation, rest: Rest, layers: Sequence[Sequence[int]]) -> Ladder:
    """The ladder of `situation`; `layers` lists the goods from the mine on, those of one cycle together.

    Goods in a cycle see what the others of it had the month before.
    """
    n, months = len(world.goods), situation.n_months
    use, live = rest.uses, rest.uses > 1e-12
    # Users outside the chain share alike too: what they take does not give way.
    capacity, arriving = situation.plants, 12 * situation.arriving
    own = np.ones((n, months))
    own[live] = (capacity[live] + arriving[live]) / use[live][:, None]
    share, root = np.ones((n, months)), np.full((n, months), -1, dtype=np.int64)
    uses = _uses_of(world)
    for layer in layers:
        inside = frozenset(layer)
        is_cycle = any(row.input in inside for g in layer for row in uses[g])
        for _ in range(months if is_cycle else 1):  # each pass settles one more month of a cycle
            before = {g: (_earlier(share[g], 1.0), _earlier(root[g], -1)) for g in layer} if is_cycle else {}
            for g in layer:
                if not live[g]:
                    continue
                limit, cause = _scarcest(world, uses[g], share, root, before, situation)
                most = rest.makes[g] * limit
                made = np.minimum(capacity[g], most)
                share[g] = _from_stock((made + arriving[g]) / use[g], float(world.stock_months[g]))
                is_own = (cause < 0) | (capacity[g] < most * (1 - 1e-12))
                root[g] = np.where(share[g] >= 1 - SHORT, -1, np.where(is_own, g, cause))
    return Ladder(share, root, own)


@dataclass(frozen=True)
class _Use:
    """One row of what a good is made with: how its lack limits output, and the row of its table."""

    how: Literal["full", "half", "tool", "design", "kind"]
    input: int
    row: int


def _uses_of(world: World) -> list[list[_Use]]:
    found: list[list[_Use]] = [[] for _ in world.goods]
    c = world.consumed
    for row, (good, used, half) in enumerate(zip(c.good.tolist(), c.input.tolist(), c.half.tolist(), strict=True)):
        found[good].append(_Use("half" if half else "full", used, row))
    tables: tuple[tuple[Literal["tool", "design"], Edges], ...] = (("tool", world.capital), ("design", world.design))
    for how, edges in tables:
        for row, (good, used) in enumerate(zip(edges.good.tolist(), edges.input.tolist(), strict=True)):
            found[good].append(_Use(how, used, row))
    for row, (good, used) in enumerate(zip(world.parent.tolist(), world.variant.tolist(), strict=True)):
        found[good].append(_Use("kind", used, row))
    return found


def _earlier(values: NDArray[Any], first: float) -> NDArray[Any]:
    return np.concatenate([[first], values[:-1]]).astype(values.dtype)


def _scarcest(world: World, uses: Sequence[_Use], share: Floats, root: NDArray[np.int64],
              before: Mapping[int, tuple[Floats, NDArray[np.int64]]], situation: Situation,
              ) -> tuple[Floats, NDArray[np.int64]]:  # fmt: skip
    """The share of usual output that inputs allow in each month, and the good at the root of it; -1 when none lacks.

    Kinds stand in for one another, so they allow what they have together; of these the scarcest is named.
    """
    months = situation.n_months
    limit, cause = np.ones(months), np.full(months, -1, dtype=np.int64)
    together, weights, least = np.zeros(months), 0.0, np.ones(months)
    scarce = np.full(months, -1, dtype=np.int64)
    age = np.maximum(0, np.arange(months) - situation.design_lag_months)
    for use in uses:
        had, why = before.get(use.input, (share[use.input], root[use.input]))
        if use.how == "kind":
            weight = float(world.weight[use.row] * world.passed[use.row])
            together, weights = together + weight * had, weights + weight
            scarce = np.where(had < least - SHORT, why, scarce)
            least = np.minimum(least, had)
            continue
        if use.how == "half":
            allowed = (1 + had) / 2
        elif use.how == "tool":
            allowed = np.maximum(0.0, 1 - np.cumsum(1 - had) / world.capital.life_months[use.row])
            why = np.where(why < 0, use.input, why)
        elif use.how == "design":
            allowed = np.minimum(1.0, np.maximum(0.0, 1 - age / world.design.life_months[use.row]) + had)
        else:
            allowed = had
        cause = np.where(allowed < limit - SHORT, why, cause)
        limit = np.minimum(limit, allowed)
    if weights > 0:
        allowed = together / weights
        cause = np.where(allowed < limit - SHORT, scarce, cause)
        limit = np.minimum(limit, allowed)
    return limit, cause


def _from_stock(came: Floats, most: float) -> Floats:
    """What is to be had of usual use in each month when stocks, never above `most` months, give what is missing."""
    found, stock = np.ones(came.size), most
    for t, one in enumerate(came.tolist()):
        given = min(1.0, one + stock)
        stock = min(most, stock + one - given)
        found[t] = given
    return found


def survival(own: Floats, stock_months: Floats) -> Floats:
    """How many months stocks cover what no longer arrives, shape (n_goods,); NaN where they outlast the months.

    The want of a month is ``1 - own``, spread evenly over it; stocks end where the wants add up to them.
    """
    want = np.maximum(0.0, 1.0 - own)
    total = np.cumsum(want, axis=1)
    found = np.full(own.shape[0], np.nan)
    for g in range(own.shape[0]):
        over = np.flatnonzero(total[g] > stock_months[g] + 1e-9)
        if over.size:
            t = int(over[0])
            before = total[g, t] - want[g, t]
            found[g] = t + max(0.0, stock_months[g] - before) / want[g, t]
    return found


def recovery(own: Floats) -> Floats:
    """When supply is whole again, shape (n_goods,): months until the last want is over; NaN when it never is."""
    months = own.shape[1]
    found = np.zeros(own.shape[0])
    for g in range(own.shape[0]):
        gone = np.flatnonzero(own[g] < 1 - SHORT)
        if gone.size:
            found[g] = np.nan if gone[-1] == months - 1 else gone[-1] + 1.0
    return found
