"""`World`: what a chain can make and what it needs, as arrays in one normalised unit per good.

The unit of every good is its world output of a year that the chain uses: 1. An input then needs one number: the share
of the output of the input that goes into the good when everything runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

By = Literal["site", "seat", "control", "organization"]
"""What ties output to who can stop it: the country of the plant, of the owner's head office, of whoever controls the
owner, or the owner itself."""

BYS: tuple[By, ...] = ("site", "seat", "control", "organization")

UNKNOWN = "XX-UNK"
EUROPE, UNION = "EUR", "EUU"


@dataclass(frozen=True)
class Edges:
    """Uses of inputs of one role, all arrays of one length.

    ``good`` uses ``amount`` of ``input`` per unit; ``half`` marks inputs whose loss costs only half of the output.
    ``life_months`` is the life of capital inputs and the turnover of designs, in whole months.
    """

    good: Indices
    input: Indices
    amount: Floats
    half: NDArray[np.bool_]
    life_months: Floats

    def __len__(self) -> int:
        return self.good.size


@dataclass(frozen=True)
class Shares:
    """Who has which share of what: row ``k`` says that ``places[k]`` have ``share[k]`` of ``good[k]``.

    A row with several places is in the hands of each of them: any of them can stop it. The rows of a good sum to 1,
    with ``XX-UNK`` for what nobody is known to have, unless said otherwise.
    """

    good: Indices
    places: tuple[tuple[str, ...], ...]
    share: Floats

    def of(self, places: Collection[str], n_goods: int) -> Floats:
        """Share of each good that is in the hands of `places`, shape (n_goods,)."""
        hit = self.touch(places)
        total = np.zeros(n_goods)
        np.add.at(total, self.good[hit], self.share[hit])
        return total

    def touch(self, places: Collection[str]) -> NDArray[np.bool_]:
        """Which rows are in the hands of `places`, shape (n_rows,)."""
        wanted = frozenset(places)
        return np.array([not wanted.isdisjoint(row) for row in self.places], dtype=bool)

    @cached_property
    def everyone(self) -> tuple[str, ...]:
        """All places that are named, sorted."""
        return tuple(sorted({place for row in self.places for place in row} - {UNKNOWN}))


NOBODY = Shares(np.zeros(0, np.int64), (), np.zeros(0))


@dataclass(frozen=True)
class World:
    """A chain at rest: everything runs, everyone is served.

    Attributes
    ----------
    goods
        Keys, in the order of every array.
    supply
        Who makes which share of what, by each of `BYS`.
    consumed, capital, design
        Uses of inputs by role.
    variant, parent, weight, passed
        Kinds: a unit of good ``variant`` stands in for ``weight`` units of ``parent``; at rest ``passed`` units of it
        do so per unit of the parent.
    final, final_share
        Goods with users outside the chain, and the share of their output that these take.
    stock_months
        Shape (n_goods,): how long stocks last at normal use.
    use
        Who uses which share of what, as far as known.
    value_usd
        Shape (n_final,): what a year's final use of the world is worth; NaN where unknown.
    default_use
        What share of a final use a place has where nothing is known of it.
    outside
        Shape (n_goods,): the part of all world output that goes to users outside the chain; ``None``: nothing.
    assumed
        Sentences: the figures that the data do not hold.
    """

    goods: tuple[str, ...]
    supply: Mapping[By, Shares]
    consumed: Edges
    capital: Edges
    design: Edges
    variant: Indices
    parent: Indices
    weight: Floats
    passed: Floats
    final: Indices
    final_share: Floats
    stock_months: Floats
    use: Shares
    value_usd: Floats
    default_use: Mapping[str, float]
    outside: Floats | None = None
    assumed: tuple[str, ...] = ()

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Position of each good."""
        return {good: position for position, good in enumerate(self.goods)}

    @cached_property
    def parents(self) -> Indices:
        """Goods that come only in kinds."""
        return np.unique(self.parent)

    @cached_property
    def spare(self) -> Floats:
        """What is made for users outside the chain per unit that is made for it, shape (n_goods,)."""
        return np.zeros(len(self.goods)) if self.outside is None else self.outside / (1.0 - self.outside)

    @cached_property
    def sold(self) -> Floats:
        """Part of the world output of each final good that final users take, shape (n_final,)."""
        return np.asarray(self.final_share / (1.0 + self.spare[self.final]), dtype=np.float64)

    @cached_property
    def output_use(self) -> sparse.csr_array:
        """Consumed and design inputs and kinds per unit of each good, (n_goods, n_goods): input by good."""
        c, d = self.consumed, self.design
        return self._by_input(
            np.concatenate([c.good, d.good, self.parent]),
            np.concatenate([c.input, d.input, self.variant]),
            np.concatenate([c.amount, d.amount, self.passed]),
        )

    @cached_property
    def capital_use(self) -> sparse.csr_array:
        """Tools that replace the wear of a unit of capacity, (n_goods, n_goods): tool by good."""
        return self._by_input(self.capital.good, self.capital.input, self.capital.amount)

    def _by_input(self, good: Indices, input_: Indices, amount: Floats) -> sparse.csr_array:
        n = len(self.goods)
        return sparse.csr_array(sparse.coo_array((amount, (input_, good)), shape=(n, n)))

    def supply_of(self, places: Collection[str], by: By = "site") -> Floats:
        """Share of each good that `places` make, shape (n_goods,)."""
        return self.supply[by].of(places, len(self.goods))

    def use_of(self, places: Collection[str]) -> Floats:
        """Share of each final use that `places` have, shape (n_final,).

        What is not known of a place is its usual share of uses (``default_use``), else its share of the making of the
        good: everyone uses what it makes.
        """
        n = len(self.goods)
        if EUROPE in places:  # the Union is in Europe: its use is not another one
            places = [place for place in places if place != UNION]
        known = self.use.of(places, n)
        for place in sorted(set(places)):
            usual = self.default_use.get(place)
            guess = np.full(n, usual) if usual is not None else self.supply_of((place,), "site")
            guess[self.use.good[self.use.touch((place,))]] = 0.0  # stated, if only as nothing
            known += guess
        return np.asarray(np.clip(known[self.final], 0.0, 1.0), dtype=np.float64)

    def use_at_rest(self, own: Floats, demand: Floats, unknown: Floats | None = None) -> tuple[Floats, Floats]:
        """What a part of the world uses of each good in a year when everything runs, and what it makes.

        ``use = Σ (amount of the good in what it makes) + its demand``; it makes ``own``, of `unknown` output as much
        as it uses, and of goods that come in kinds what it uses. Shapes: ``own``, ``unknown`` (n_goods,), ``demand``
        (n_final,) in shares of the final use of the world.
        """
        n = len(self.goods)
        loose = np.zeros(n) if unknown is None else unknown.copy()
        loose[self.parents] = 1.0
        fixed = own.copy()
        fixed[self.parents] = 0.0
        ends = np.zeros(n)
        ends[self.final] = self.final_share * demand
        per_unit = self.output_use + self.capital_use
        use = ends
        # Exact after as many steps as the chain is deep; cycles converge because final users take part of the output.
        for _ in range(10_000):
            step = ends + per_unit @ (fixed + loose * use)
            done = np.abs(step - use).max(initial=0.0) <= 1e-15
            use = step
            if done:
                break
        return use, fixed + loose * use


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names as they stand in a note, the first `most` of them."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
