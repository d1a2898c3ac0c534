"""`World`: what a chain can make and what it needs, as arrays in one normalised unit per good.

The unit of every good is its world output of a year: 1. An input row then needs one number: the share of the world
output of the input that goes into the good when everything runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reshore.chain import Choice, Input, ValueChain
from reshore.errors import InputError, Place, Problem

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

UNKNOWN = "XX-UNK"


@dataclass(frozen=True)
class Edges:
    """Uses of inputs of one role, all arrays of one length.

    ``good`` uses ``amount`` of ``input`` per unit; ``half`` marks inputs whose loss costs only half of the output.
    ``life_months`` is the life of capital inputs and the turnover of designs.
    """

    good: Indices
    input: Indices
    amount: Floats
    half: NDArray[np.bool_]
    life_months: Floats

    def __len__(self) -> int:
        return self.good.size


@dataclass(frozen=True)
class World:
    """A chain at rest: everything runs, everyone is served.

    ``supply_good``, ``supply_place``, ``supply_share`` list who makes which share of the world output of what; the
    shares of a good sum to 1, with the place ``XX-UNK`` for what nobody names. ``variant``, ``parent`` and ``weight``
    say which goods are kinds of which, and what share of the parent each is. ``final`` are goods with demand of their
    own, ``final_share`` the share of their output that final users take; ``stock_months`` (n_goods,) is how long stocks
    last. ``assumed`` are the figures that the data do not hold.
    """

    goods: tuple[str, ...]
    supply_good: Indices
    supply_place: tuple[str, ...]
    supply_share: Floats
    consumed: Edges
    capital: Edges
    design: Edges
    variant: Indices
    parent: Indices
    weight: Floats
    final: Indices
    final_share: Floats
    stock_months: Floats
    assumed: tuple[str, ...] = ()

    @property
    def index(self) -> Mapping[str, int]:
        """Position of each good."""
        return {good: position for position, good in enumerate(self.goods)}


@dataclass(frozen=True)
class Assumptions:
    """What a flow takes for granted where the data are silent; each one that is used is named in the result.

    ``stock_months`` and ``life_years`` stand in for unknown stocks and lives, ``design_years`` is how long it takes
    until all output is of a new design. ``unknown`` says where output of unknown origin belongs: shared like the known
    suppliers, ``cut`` with the countries that stop, or ``spared``.
    """

    stock_months: float = 1.0
    life_years: float = 10.0
    design_years: float = 4.0
    unknown: str = "shared"


def build_world(chain: ValueChain, choice: Choice, stock_months: Mapping[str, float] | None = None,
                assumptions: Assumptions | None = None) -> World:  # fmt: skip
    """The world of `chain`, with the figures of supply that `choice` picked.

    Parameters
    ----------
    chain, choice
        Goods, inputs, and one division of each market among countries.
    stock_months
        Months that stocks of a good last, by good, where known.
    assumptions
        What stands in for unknown figures.

    Raises
    ------
    InputError
        When more than the whole output of an input is used up by the goods that name a share of it.
    """
    taken = assumptions or Assumptions()
    index = chain.index
    assumed: list[str] = []
    supply = _supply(chain, choice, taken, assumed)
    amounts = _amounts(chain, assumed)
    stocks = np.array([(stock_months or {}).get(good.good, taken.stock_months) for good in chain.goods])
    unstocked = [good.good for good in chain.goods if good.good not in (stock_months or {})]
    if unstocked:
        assumed.append(f"stocks of {len(unstocked)} goods are unknown: {taken.stock_months:g} months assumed")
    edges = {
        role: _edges(
            [edge for edge in chain.inputs if edge.role == role and edge.need != "minor"], index, amounts, taken
        )
        for role in ("consumed", "capital", "design")
    }
    lifeless = sum(edge.role == "capital" and edge.life_years is None for edge in chain.inputs)
    if lifeless:
        assumed.append(f"the life of {lifeless} capital inputs is unknown: {taken.life_years:g} years assumed")
    variants = [
        (index[kind], index[good], share)
        for good, kinds in chain.variants_of.items()
        for kind, share in _kind_weights(chain, kinds, assumed)
    ]
    final = np.array([index[good] for good in chain.final_goods], dtype=np.int64)
    used = {
        good.good: math.fsum(amounts[edge.good, edge.input] for edge in chain.uses_of[good.good])
        for good in chain.goods
    }
    left = np.array([max(0.0, 1.0 - used[chain.goods[f].good]) for f in final])
    keep = left > 1e-9
    return World(
        goods=tuple(good.good for good in chain.goods),
        supply_good=np.array([row[0] for row in supply], dtype=np.int64),
        supply_place=tuple(row[1] for row in supply),
        supply_share=np.array([row[2] for row in supply]),
        consumed=edges["consumed"],
        capital=edges["capital"],
        design=edges["design"],
        variant=np.array([row[0] for row in variants], dtype=np.int64),
        parent=np.array([row[1] for row in variants], dtype=np.int64),
        weight=np.array([row[2] for row in variants]),
        final=final[keep],
        final_share=left[keep],
        stock_months=stocks,
        assumed=tuple(assumed),
    )


def _supply(chain: ValueChain, choice: Choice, taken: Assumptions, assumed: list[str]) -> list[tuple[int, str, float]]:
    rows: list[tuple[int, str, float]] = []
    unsized = 0
    for position, good in enumerate(chain.goods):
        if chain.variants_of[good.good]:
            continue
        split = choice.countries.get(good.good)
        known = {} if split is None else {s.supplier: s.point if s.point is not None else s.low for s in split.named}
        total = math.fsum(known.values())
        if total > 1:
            known, total = {place: share / total for place, share in known.items()}, 1.0
        rest = max(0.0, 1.0 - total)
        if rest > 1e-12 and taken.unknown == "shared" and total > 0.5:
            known, rest = {place: share / total for place, share in known.items()}, 0.0
        if rest > 1e-12:
            unsized += 1
            known = {**known, UNKNOWN: rest}
        rows += [(position, place, share) for place, share in sorted(known.items()) if share > 0]
    if unsized:
        assumed.append(f"{unsized} goods have output of unknown origin")
    return rows


def _amounts(chain: ValueChain, assumed: list[str]) -> dict[tuple[str, str], float]:
    """Share of each input's world output that goes into each good: as stated, the rest split evenly."""
    amounts: dict[tuple[str, str], float] = {}
    problems = []
    split = 0
    for good in chain.goods:
        uses = [edge for edge in chain.uses_of[good.good] if edge.need != "minor"]
        stated = {edge.good: edge.output_share for edge in uses if edge.output_share is not None}
        total = math.fsum(stated.values())
        if total > 1 + 1e-9:
            problems.append(
                Problem(
                    "shares-do-not-add-up",
                    Place("inputs.csv", 0, "output_share"),
                    f"{total:g} of '{good.good}' used by {', '.join(stated)}",
                    "at most 1 in all",
                    "correct the shares",
                )
            )
        open_uses = [edge.good for edge in uses if edge.output_share is None]
        own = 1 if good.final and uses else 0
        for user in open_uses:
            amounts[user, good.good] = max(0.0, 1.0 - total) / (len(open_uses) + own)
        split += bool(open_uses) and len(open_uses) + own > 1
        amounts |= {(user, good.good): share for user, share in stated.items()}
        amounts |= {(edge.good, good.good): 0.0 for edge in chain.uses_of[good.good] if edge.need == "minor"}
    if problems:
        raise InputError(problems)
    if split:
        assumed.append(f"how {split} goods divide among their uses is unknown: even parts assumed")
    return amounts


def _edges(
    rows: Sequence[Input], index: Mapping[str, int], amounts: Mapping[tuple[str, str], float], taken: Assumptions
) -> Edges:
    edges = [row for row in rows if amounts[row.good, row.input] > 0]
    life = [
        12 * (edge.life_years or (taken.life_years if edge.role == "capital" else taken.design_years)) for edge in edges
    ]
    return Edges(
        good=np.array([index[edge.good] for edge in edges], dtype=np.int64),
        input=np.array([index[edge.input] for edge in edges], dtype=np.int64),
        amount=np.array([amounts[edge.good, edge.input] for edge in edges]),
        half=np.array([edge.need == "important" for edge in edges], dtype=bool),
        life_months=np.array(life, dtype=np.float64),
    )


def _kind_weights(chain: ValueChain, kinds: Sequence[str], assumed: list[str]) -> list[tuple[str, float]]:
    """What share of a good each of its kinds is: by market size, else by world output in one unit, else evenly."""
    if not kinds:
        return []
    for sizes in (
        [chain[kind].market_size_usd_per_year for kind in kinds],
        [chain[kind].world_output_per_year for kind in kinds]
        if len({chain[kind].unit for kind in kinds}) == 1
        else [None],
    ):
        if all(size is not None and size > 0 for size in sizes):
            total = math.fsum(size for size in sizes if size is not None)
            return [(kind, size / total) for kind, size in zip(kinds, sizes, strict=True) if size is not None]
    assumed.append(f"the parts of {', '.join(kinds)} are unknown: even parts assumed")
    return [(kind, 1 / len(kinds)) for kind in kinds]
