"""`Situation`: what a scenario does to a world, month by month, and on which terms what is left is shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reshore.errors import Place, Problem
from reshore.flow.world import Floats, Indices

Rationing = Literal["best", "pro_rata", "home_first", "own_only"]


@dataclass(frozen=True)
class Rule:
    """A rule by which what is left is shared: a card for lists and documentation."""

    name: Rationing
    label: str
    says: str


RATIONING: tuple[Rule, ...] = (
    Rule("best", "By value", "What is left goes where it is worth most; among equals to the tier that is named first."),
    Rule("pro_rata", "Pro rata", "Within a final use, everyone gets the same share of what was asked for."),
    Rule("home_first", "Home first", "Tiers are served in their order: nobody gets what an earlier tier still needs."),
    Rule("own_only", "Own only", "Nobody shares: of goods that are cut, home has what it makes and what is in stock."),
)
"""Rationing rules, in the order in which they are offered."""


@dataclass(frozen=True)
class Tier:
    """A group of final users: its share of the coalition's demand and what a unit served to it is worth.

    ``share`` is one number for all final uses, or one per final use.
    """

    name: str
    share: float | tuple[float, ...]
    value: float = 1.0


ALL_USERS = (Tier("all users", 1.0),)


@dataclass(frozen=True)
class Project:
    """Capacity that is being added: ``capacity`` in shares of a year's world output, of which ``yield_share`` is good.

    It is decided in month ``start_month``, stands after ``build_months``, is accepted by buyers after
    ``qualify_months`` more, and then rises evenly to full output over ``ramp_months``.
    """

    good: str
    capacity: float
    build_months: float = 0.0
    qualify_months: float = 0.0
    ramp_months: float = 0.0
    yield_share: float = 1.0
    start_month: float = 0.0

    def by_month(self, months: int) -> Floats:
        """Capacity at a year's pace in each month, the mean of the month, shape (months,)."""
        ready = self.start_month + self.build_months + self.qualify_months
        return self.capacity * self.yield_share * rise(months, ready, self.ramp_months)


LARGEST = 100.0
"""Most that a project can be, in world outputs: more is a mistake of units, and too large for a solver's tolerances."""


def too_large(projects: Iterable[Project]) -> list[Problem]:
    """Projects whose capacity is no number, less than nothing, or more than `LARGEST` world outputs of their good."""
    return [
        Problem(
            "out-of-range",
            Place("projects", 0, "capacity"),
            f"{project.capacity:g} times the world output of '{project.good}'",
            f"0 to {LARGEST:g} times the world output",
            "compare the units of the project's capacity and of world_output_per_year",
        )
        for project in projects
        if not 0 <= project.capacity <= LARGEST
    ]


def rise(months: int, start: float, ramp: float) -> Floats:
    """Mean in each month, shape (months,), of what is 0 until ``start`` and rises evenly to 1 over ``ramp`` months.

    >>> rise(4, 1.0, 2.0).tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    past = np.maximum(np.arange(months + 1) - start, 0.0)
    area = np.where(past < ramp, past**2 / (2 * max(ramp, 1e-300)), past - ramp / 2)
    return np.asarray(np.diff(area), dtype=np.float64)


def capacity_of(projects: Iterable[Project], index: Mapping[str, int], months: int) -> Floats:
    """Capacity of `projects` by good and month, shape (n_goods, months)."""
    added = np.zeros((len(index), months))
    for project in projects:
        added[index[project.good]] += project.by_month(months)
    return added


@dataclass(frozen=True)
class Situation:
    """What a scenario does to a world, month by month.

    Attributes
    ----------
    capacity
        Shape (n_goods, n_months): what the coalition can make, in shares of a year's world output at a year's pace.
        Of goods that come in kinds, what it makes at rest.
    demand
        Shape (n_final, n_months): the coalition's demand at a year's pace, in shares of the whole final use.
    use_share
        Shape (n_goods,): what the coalition uses of each good at rest; its stocks are counted on it.
    value
        Shape (n_final,): what a year's whole final use is worth; any unit.
    bought
        Shape (n_goods, n_months): what still arrives from outside the coalition, at a year's pace; it is made there and
        takes none of the coalition's inputs. ``None``: nothing.
    added
        Shape (n_goods, n_months): capacity of projects and surges; ``None``: none.
    start
        Shape (n_goods,): stocks at the beginning in shares of a year's world output; ``None``: ``stock_months`` of use.
    yielded
        Shape (n_goods,): what is made for users outside the chain per unit that is made for it, and that gives way to
        the chain where it is short; ``None``: nothing does.
    tiers, rationing
        Who is served before whom, and by which rule.
    discount_per_month
        How much less a unit is worth when it is served a month later: earlier service is preferred.
    design_lag_months
        How long all output goes on in old designs after a design input is lost.
    notes
        Sentences: what was taken for granted, and what the scenario hits.
    """

    capacity: Floats
    demand: Floats
    use_share: Floats
    value: Floats
    bought: Floats | None = None
    added: Floats | None = None
    start: Floats | None = None
    yielded: Floats | None = None
    tiers: tuple[Tier, ...] = ALL_USERS
    rationing: Rationing = "best"
    discount_per_month: float = 1e-3
    design_lag_months: int = 12
    notes: tuple[str, ...] = ()

    @property
    def n_months(self) -> int:
        """Number of months."""
        return int(self.capacity.shape[1])

    @property
    def asked(self) -> Floats:
        """What each tier asks for in a month, shape (n_final, n_tiers, n_months), in shares of a year's final use."""
        n_final = self.demand.shape[0]
        shares = np.stack([np.broadcast_to(np.asarray(tier.share, float), (n_final,)) for tier in self.tiers], axis=1)
        return np.asarray(self.demand[:, None, :] * shares[:, :, None] / 12, dtype=np.float64)

    @property
    def arriving(self) -> Floats:
        """What arrives from outside in a month, shape (n_goods, n_months)."""
        return np.zeros_like(self.capacity) if self.bought is None else self.bought / 12

    @property
    def plants(self) -> Floats:
        """What can be made for the chain at a year's pace if users outside keep their share, (n_goods, n_months)."""
        return self.capacity if self.added is None else self.capacity + self.added

    @property
    def room(self) -> Floats:
        """What can be made for the chain in a month, shape (n_goods, n_months)."""
        return self.reached(np.arange(self.capacity.shape[0]), self.plants)

    def reached(self, goods: Indices, pace: Floats) -> Floats:
        """What capacity of `goods` at a year's pace, (n, n_months), gives the chain in a month."""
        factor = 1 / 12 if self.yielded is None else (1.0 + self.yielded[goods])[:, None] / 12
        return np.asarray(pace * factor, dtype=np.float64)
