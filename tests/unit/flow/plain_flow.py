"""The flow of a situation a second time: one dense linear program, written out good by good and month by month."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.optimize import linprog


def best_value(world, situation) -> float:
    """The greatest discounted value of what can be served; ties and orders between tiers are left out.

    Balances are equations with waste; tools are followed one by one from the month in which they are put in.
    """
    n, months = len(world.goods), situation.n_months
    columns: dict[tuple, int] = {}
    high: list[float] = []
    gain: list[float] = []

    def column(*key, most=np.inf, worth=0.0) -> int:
        if key not in columns:
            columns[key] = len(high)
            high.append(most)
            gain.append(worth)
        return columns[key]

    equal, less = [], []  # (terms, right-hand side)
    parents = set(world.parent.tolist())
    room = situation.capacity if situation.added is None else situation.capacity + situation.added
    room = room / 12
    bought = np.zeros_like(room) if situation.bought is None else situation.bought / 12
    normal = world.stock_months * situation.use_share / 12
    start = normal if situation.start is None else situation.start
    base = np.array([[max(room[g, : t + 1]) for t in range(months)] for g in range(n)])
    for t in range(months):
        uses = defaultdict(list)
        for good, used, amount, half in zip(
            world.consumed.good, world.consumed.input, world.consumed.amount, world.consumed.half, strict=True
        ):
            if not half:
                uses[used].append((column("made", good, t), amount))
                continue
            taken = column("half", good, used, t)
            uses[used].append((taken, 1.0))
            # made ≤ (taken / amount + room) / 2
            less.append(({column("made", good, t): 1.0, taken: -0.5 / amount}, room[good, t] / 2))
        for good, used, amount, life in zip(
            world.design.good, world.design.input, world.design.amount, world.design.life_months, strict=True
        ):
            old = max(0.0, 1 - max(0, t - situation.design_lag_months) / life)
            taken = column("design", good, used, t)
            uses[used].append((taken, 1.0))
            less.append(({column("made", good, t): 1.0, taken: -1.0 / amount}, old * room[good, t]))
        for good, tool, amount, life in zip(
            world.capital.good, world.capital.input, world.capital.amount, world.capital.life_months, strict=True
        ):
            life = int(life)
            put = column("tool", good, tool, t)
            uses[tool].append((put, amount * life))
            came = np.diff(base[good], prepend=0.0)
            left = sum(came[s] * max(0.0, 1 - (t - s + 1) / life) for s in range(t + 1))
            terms = {column("made", good, t): 1.0}
            for s in range(max(0, t - life + 1), t + 1):
                terms[column("tool", good, tool, s)] = terms.get(column("tool", good, tool, s), 0.0) - 1.0
            less.append((terms, left))
            fitted = {place: -value for place, value in terms.items() if value < 0}
            less.append((fitted, base[good, t] - left))  # no more tools than plants
        for kind, parent in zip(world.variant, world.parent, strict=True):
            uses[kind].append((column("pass", kind, parent, t), 1.0))
        for parent in parents:
            terms = {column("made", parent, t): 1.0}
            for kind, other, weight in zip(world.variant, world.parent, world.weight, strict=True):
                if other == parent:
                    terms[column("pass", kind, parent, t)] = -weight
            less.append((terms, 0.0))
        for place, good in enumerate(world.final):
            for k, tier in enumerate(situation.tiers):
                share = tier.share[place] if isinstance(tier.share, tuple) else tier.share
                worth = situation.value[place] * tier.value * (1 - situation.discount_per_month) ** t
                most = situation.demand[place, t] * share / 12
                uses[good].append((column("served", place, k, t, most=most, worth=worth), world.final_share[place]))
        for good in range(n):
            terms = defaultdict(float)
            terms[column("made", good, t, most=np.inf if good in parents else room[good, t])] += 1.0
            high[columns["made", good, t]] = np.inf if good in parents else room[good, t]
            terms[column("stock", good, t, most=max(start[good], normal[good]))] -= 1.0
            terms[column("waste", good, t)] -= 1.0
            if t:
                terms[columns["stock", good, t - 1]] += 1.0
            for taken, amount in uses[good]:
                terms[taken] -= amount
            equal.append((terms, -bought[good, t] - (start[good] if t == 0 else 0.0)))

    def dense(rows):
        matrix = np.zeros((len(rows), len(high)))
        for row, (terms, _) in enumerate(rows):
            for place, value in terms.items():
                matrix[row, place] += value
        return matrix, np.array([side for _, side in rows])

    (a, b), (c, d) = dense(equal), dense(less)
    answer = linprog(-np.array(gain), c if len(less) else None, d if len(less) else None, a, b,
                     [(0, top) for top in high], method="highs-ds")  # fmt: skip
    assert answer.status == 0, answer.message
    return -float(answer.fun)
