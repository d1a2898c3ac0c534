"""Masters: which set should be looked at next, given what all plans so far say that sets can cost at the most.

Where the allowed sets are few they are listed, each with its bound. Where they are many a program over whole numbers
finds the set of the highest bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb
from typing import Protocol

import numpy as np

from reshore.errors import InfeasibleError
from reshore.optimize import Builder, Limits, Session, solve
from reshore.optimize.program import Floats, Indices
from reshore.stress.worst_cut.bound import PlanCut
from reshore.stress.worst_cut.rules import Allowed
from reshore.stress.worst_cut.strikes import Members

MOST_LISTED = 300_000


class Master(Protocol):
    """Proposes the set of the highest bound; with a target, the set of least weight whose bound reaches it."""

    def exclude(self, members: Members) -> None:
        """Never proposes the set again."""

    def propose(self, cuts: Sequence[PlanCut], best: float, /) -> tuple[float, Members] | None:
        """A set and what none can exceed (with a target: the least weight); ``None`` when no set is left.

        `best` is what the worst set that is known costs; a master may propose any set that can cost more.
        """


def master_of(allowed: Allowed, scale: float, target: float | None = None) -> Master:
    """The master that suits how many sets there are; losses are about `scale`."""
    free = allowed.count - len(allowed.spared)
    number = sum(comb(free, size) for size in range(allowed.most + 1))
    return Listed(allowed, target) if number <= MOST_LISTED else Programmed(allowed, scale, target)


class Listed:
    """Every allowed set with its bound."""

    def __init__(self, allowed: Allowed, target: float | None = None) -> None:
        self._target = target
        free = [member for member in range(allowed.count) if member not in allowed.spared]
        listed = [
            members for size in range(allowed.most + 1) for members in combinations(free, size) if allowed(members)
        ]
        self._place = {members: place for place, members in enumerate(listed)}
        self._sets = listed
        # Sets are rows of positions; the position after the last stands for nobody.
        self._rows: Indices = np.full((len(listed), allowed.most), allowed.count, dtype=np.int64)
        for place, members in enumerate(listed):
            self._rows[place, : len(members)] = members
        self._weights = np.append(allowed.weights, 0.0)[self._rows].sum(axis=1)
        self._bounds: Floats = np.full(len(listed), np.inf)
        self._seen = 0

    def exclude(self, members: Members) -> None:
        """Never proposes the set again."""
        if members in self._place:
            self._bounds[self._place[members]] = -np.inf

    def propose(self, cuts: Sequence[PlanCut], _best: float, /) -> tuple[float, Members] | None:
        """The set of the highest bound, or with a target the lightest that can reach it; the first of equals."""
        for cut in cuts[self._seen :]:
            bound = cut.constant + np.append(cut.slope, 0.0)[self._rows].sum(axis=1)
            np.minimum(self._bounds, bound, out=self._bounds)
        self._seen = len(cuts)
        if not self._sets:
            return None
        if self._target is not None:
            able = np.flatnonzero(self._bounds >= self._target)
            if not able.size:
                return None
            place = int(able[np.lexsort((-self._bounds[able], self._weights[able]))[0]])
            return float(self._weights[place]), self._sets[place]
        place = int(np.argmax(self._bounds))
        return None if self._bounds[place] == -np.inf else (float(self._bounds[place]), self._sets[place])


class Programmed:
    """A mixed-integer program: who is struck, and the loss that all plans allow."""

    def __init__(self, allowed: Allowed, scale: float, target: float | None = None) -> None:
        self._target = target
        self._scale = max(scale, 1e-300)
        self._count = allowed.count
        self._seen = 0
        self._last = 0.0
        builder = Builder(maximize=target is None)
        high = np.ones(self._count)
        high[list(allowed.spared)] = 0.0
        cost = 0.0 if target is None else allowed.weights
        self._struck = builder.variables("struck", self._count, high=high, cost=cost, integer=True)
        if target is None:
            builder.variables("loss", 1, high=2.0, cost=1.0)
        builder.require("size", [(0, self._struck, 1.0)], 1, high=allowed.most, says=lambda _: "the size of a set")
        if np.isfinite(allowed.budget):
            builder.require(
                "budget", [(0, self._struck, allowed.weights)], 1, high=allowed.budget, says=lambda _: "the budget"
            )
        for group in allowed.apart:
            builder.require("apart", [(0, self._struck[sorted(group)], 1.0)], 1, high=len(group) - 1,
                            says=lambda _: "sets that are not struck together")  # fmt: skip
        self._session = Session(builder.build())

    def exclude(self, members: Members) -> None:
        """Never proposes the set again."""
        sign = -np.ones(self._count)
        sign[list(members)] = 1.0
        self._session.add_row(-np.inf, len(members) - 1.0, self._struck, sign, "a set that was found before")

    def propose(self, cuts: Sequence[PlanCut], best: float, /) -> tuple[float, Members] | None:
        """A set whose bound is the highest or, while bounds are far above `best`, high enough."""
        for cut in cuts[self._seen :]:
            self._add(cut)
        self._seen = len(cuts)
        gap = 0.0
        if self._target is None and np.isfinite(best) and self._last > 0:
            # Half way down to what is known: such a set is new, and found sooner than the one of the highest bound.
            gap = max(0.0, (1 - best / self._scale / self._last) / 2)
        try:
            solution = solve(self._session, Limits(gap_share=gap if gap > 1e-4 else 0.0))
        except InfeasibleError:
            return None
        members = tuple(np.flatnonzero(solution.x[self._struck] > 0.5).tolist())
        self._last = solution.bound
        return (solution.bound if self._target is not None else solution.bound * self._scale), members

    def _add(self, cut: PlanCut) -> None:
        slope, constant = cut.slope / self._scale, cut.constant / self._scale
        small = np.abs(slope) < 1e-8
        constant += float(np.maximum(slope[small], 0.0).sum())
        slope = np.where(small, 0.0, slope)
        if self._target is None:
            columns = np.append(self._struck, self._count)
            self._session.add_row(-np.inf, constant, columns, np.append(-slope, 1.0), "the bound of a plan")
        else:
            least = self._target / self._scale - constant
            self._session.add_row(least, np.inf, self._struck, slope, "the bound of a plan reaches the target")
