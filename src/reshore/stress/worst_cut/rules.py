"""`Rules`: which sets of strikers count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from reshore.errors import InputError, Place, Problem
from reshore.optimize.program import Floats
from reshore.stress.worst_cut.strikes import Members, Strikes, members_of
from reshore.tables.explain import did_you_mean


@dataclass(frozen=True)
class Rules:
    """Which sets of strikers count.

    Attributes
    ----------
    size
        The most members; ``None``: any number.
    weights, budget
        What striking each costs, by name (1 where not named), and the most that a set may cost.
    spared
        Strikers that are never struck.
    apart
        Sets of which not all members may be struck together.
    evaluations
        The most sets whose loss is computed: a limit of work. Greedy, the start, is always finished. When the limit
        comes before the proof, the answer says best found and bound.
    """

    size: int | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    budget: float | None = None
    spared: tuple[str, ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()
    evaluations: int = 5_000


@dataclass(frozen=True)
class Allowed:
    """The rules, read for some strikers: positions in place of names.

    ``weights`` (n_strikers,); ``most`` is the most members that any allowed set can have.
    """

    count: int
    most: int
    weights: Floats
    budget: float
    spared: frozenset[int]
    apart: tuple[frozenset[int], ...]

    def __call__(self, members: Members) -> bool:
        """Whether the rules allow the set."""
        inside = frozenset(members)
        return (
            len(members) <= self.most
            and self.weights[list(members)].sum() <= self.budget * (1 + 1e-12)
            and not inside & self.spared
            and not any(group <= inside for group in self.apart)
        )


def allowed_by(rules: Rules, strikes: Strikes) -> Allowed:
    """The rules, read for `strikes`.

    Raises
    ------
    InputError
        When the rules name strikers that are not there, or weights that are not positive.
    """
    _check(strikes, rules)
    weights = np.array([rules.weights.get(name, 1.0) for name in strikes.strikers])
    spared = frozenset(members_of(strikes, rules.spared))
    free = np.sort(np.delete(weights, list(spared)))
    budget = np.inf if rules.budget is None else rules.budget
    affordable = int((np.cumsum(free) <= budget * (1 + 1e-12)).sum())
    most = min(affordable, affordable if rules.size is None else rules.size)
    apart = tuple(frozenset(members_of(strikes, group)) for group in rules.apart)
    return Allowed(weights.size, most, weights, budget, spared, apart)


def _check(strikes: Strikes, rules: Rules) -> None:
    named = [*rules.weights, *rules.spared, *(name for group in rules.apart for name in group)]
    problems = [
        Problem("unknown-striker", Place("rules", 0, ""), f"'{name}'", "somebody who can be struck",
                did_you_mean(name, strikes.strikers))
        for name in named
        if name not in strikes.strikers
    ]  # fmt: skip
    for name, weight in rules.weights.items():
        if not (np.isfinite(weight) and weight > 0):
            problems.append(Problem("out-of-range", Place("rules", 0, "weights"), f"{weight:g} for {name}",
                                    "a positive number", "correct the weight"))  # fmt: skip
    if problems:
        raise InputError(problems)
