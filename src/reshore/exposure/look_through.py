"""Suppliers of suppliers: how much of a good comes from a country once its inputs are counted too.

The same definition as for input-output tables (`input_output`), on a table whose rows are goods by country. Who buys a
good uses what its suppliers make, and what goes into that, and so on: with ``s`` the shares of the good's suppliers and
``a`` the value of each input per value of the good, ``T = s + Σ a · T(input)``, and the look-through share is ``T``
divided by its total. The face-value share is ``s``; the difference is hidden.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from reshore.chain import Input, Split
from reshore.exposure.case import Case, Metric
from reshore.exposure.frames import Cell, per_good
from reshore.exposure.ranges import Role
from reshore.tables import Column
from reshore.units import SHARE

INPUT_COST_SHARE = 0.5
"""Value of all inputs per value of a good where it is not known: assumed, about half in input-output tables."""

UNKNOWN = "XX-UNK"

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """Value of each input per value of a good, and whether these weights are assumed."""

    weights: Mapping[str, float]
    is_assumed: bool


def recipe_of(case: Case, good: str) -> Recipe:
    """The weights of the essential consumed inputs of `good`.

    From amounts and market sizes where all are known; otherwise equal weights, marked as assumed. A good without
    inputs of its own has those of its variants, weighted by market size.
    """
    chain = case.chain
    edges = [edge for edge in chain.inputs_of[good] if edge.is_essential and edge.role == "consumed"]
    if edges:
        size = chain[good].market_size_usd_per_year
        values = [_input_value(case, edge) for edge in edges]
        known = [value for value in values if value is not None]
        if len(known) == len(values) and size and math.fsum(known) < size:
            return Recipe({edge.input: value / size for edge, value in zip(edges, known, strict=True)}, False)
        return Recipe({edge.input: INPUT_COST_SHARE / len(edges) for edge in edges}, True)
    kinds = chain.variants_of[good]
    recipes = [recipe_of(case, kind) for kind in kinds]
    if not any(recipe.weights for recipe in recipes):
        return Recipe({}, False)
    sizes = [chain[kind].market_size_usd_per_year for kind in kinds]
    known_sizes = [value for value in sizes if value is not None]
    is_sized = len(known_sizes) == len(sizes) and math.fsum(known_sizes) > 0
    parts = [value / math.fsum(known_sizes) for value in known_sizes] if is_sized else [1 / len(kinds)] * len(kinds)
    terms: dict[str, list[float]] = {}
    for part, recipe in zip(parts, recipes, strict=True):
        for name, weight in recipe.weights.items():
            terms.setdefault(name, []).append(part * weight)
    is_assumed = not is_sized or any(recipe.is_assumed for recipe in recipes)
    return Recipe({name: math.fsum(terms[name]) for name in sorted(terms)}, is_assumed)


def _input_value(case: Case, edge: Input) -> float | None:
    """Value of the input that goes into the good in a year, in US dollars."""
    used, size = edge.output_share, case.chain[edge.input].market_size_usd_per_year
    made, output = case.chain[edge.good].world_output_per_year, case.chain[edge.input].world_output_per_year
    if used is None and edge.amount_per_unit is not None and made is not None and output:
        used = edge.amount_per_unit * made / output
    return used * size if used is not None and size is not None else None


_ENDS = ("known", "low", "high")
_ROLES: tuple[Role, ...] = ("home", "concern")


@dataclass(frozen=True)
class LookThrough:
    """Face-value and look-through shares of every good.

    Matrices have shape (n_goods, n_columns): one column per country and end, then one per role and end.
    """

    case: Case

    @cached_property
    def countries(self) -> tuple[str, ...]:
        """Countries that supply anything, and the unknown."""
        named = {share.supplier for split in self.case.splits.values() for share in split.named}
        return (*sorted(named), UNKNOWN)

    @cached_property
    def recipes(self) -> tuple[Recipe, ...]:
        """The weights of each good's inputs."""
        return tuple(recipe_of(self.case, good.good) for good in self.case.chain.goods)

    @cached_property
    def assumed(self) -> tuple[bool, ...]:
        """Whether the weights of a good, or of anything upstream of it, are assumed."""
        index = self.case.chain.index
        found = [recipe.is_assumed for recipe in self.recipes]
        for layer in self.case.chain.layers:
            for _ in layer:
                for good in layer:
                    place = index[good]
                    found[place] = found[place] or any(found[index[name]] for name in self.recipes[place].weights)
        return tuple(found)

    @cached_property
    def face_value(self) -> Matrix:
        """Shares of the suppliers of the good itself."""
        width = len(_ENDS) * (len(self.countries) + len(_ROLES))
        shares = np.zeros((len(self.case.chain), width))
        place = {country: position for position, country in enumerate(self.countries)}
        for row, good in enumerate(self.case.chain.goods):
            ends = shares[row, : len(_ENDS) * len(self.countries)].reshape(len(self.countries), len(_ENDS))
            _fill(ends, self.case.splits.get(good.good), place)
            ranges = self.case.ranges[good.good]
            ends[place[UNKNOWN]] = ranges["unknown"]
            for number, role in enumerate(_ROLES):
                point, low, high = ranges[role]
                start = len(_ENDS) * (len(self.countries) + number)
                shares[row, start : start + len(_ENDS)] = (low if point is None else point, low, high)
        return shares

    @cached_property
    def total(self) -> tuple[Matrix, Matrix]:
        """``T`` for every column, and its sum over all suppliers, shape (n_goods,)."""
        chain = self.case.chain
        result, size = self.face_value.copy(), np.ones(len(chain))
        for layer in chain.layers:
            rows = [chain.index[good] for good in layer]
            is_cycle = len(rows) > 1 or layer[0] in self.recipes[rows[0]].weights
            while True:
                change = 0.0
                for row in rows:
                    old, mass = size[row], 1.0
                    total = self.face_value[row].copy()
                    for name, weight in self.recipes[row].weights.items():
                        other = chain.index[name]
                        total += weight * result[other]
                        mass += weight * float(size[other])
                    change = max(change, abs(mass - old), float(np.abs(total - result[row]).max(initial=0.0)))
                    result[row], size[row] = total, mass
                if not is_cycle or change < 1e-15 * max(1.0, float(size[rows].max())):
                    break
        return result, size

    @cached_property
    def shares(self) -> Matrix:
        """Look-through shares."""
        total, size = self.total
        return np.minimum(total / size[:, None], 1.0)

    def frame(self) -> pl.DataFrame:
        """One row per good and country that has a share in it: face value, look-through and hidden share."""
        count = len(self.countries)
        face, through = (
            matrix[:, : len(_ENDS) * count].reshape(-1, count, len(_ENDS)) for matrix in (self.face_value, self.shares)
        )
        goods, places = np.nonzero((face[:, :, 0] > 0) | (through[:, :, 0] > 0))
        names = np.array([good.good for good in self.case.chain.goods], dtype=object)
        columns: dict[str, object] = {
            "good": names[goods].tolist(),
            "country": np.array(self.countries, dtype=object)[places].tolist(),
        }
        for name, matrix in (("face_value_share", face), ("look_through_share", through)):
            for end, suffix in enumerate(("", "_low", "_high")):
                columns[f"{name}{suffix}"] = matrix[goods, places, end]
        columns["hidden_share"] = (through[:, :, 0] - face[:, :, 0])[goods, places]
        columns["weights_assumed"] = np.array(self.assumed, dtype=bool)[goods]
        return pl.DataFrame(columns).sort("good", "country")


def _fill(ends: Matrix, split: Split | None, place: Mapping[str, int]) -> None:
    """Known, least and greatest share of each country; unlisted countries may have any of what is not named."""
    if split is None:
        ends[:, 2] = 1.0
        return
    hidden = math.fsum([split.remainder_high, *(share.high for share in split.unnamed)])
    ends[:, 2] = min(1.0, hidden)
    for share in split.named:
        high = share.high + (hidden if split.remainder_may_be_listed else 0.0)
        ends[place[share.supplier]] = (share.low if share.point is None else share.point, share.low, min(1.0, high))


def look_through(case: Case) -> pl.DataFrame:
    """Shares of home and of countries of concern with suppliers of suppliers counted."""
    found = LookThrough(case)
    start = len(_ENDS) * len(found.countries)
    index = case.chain.index

    def row(good: str) -> list[Cell]:
        place = index[good]
        cells: list[Cell] = [float(cell) for cell in found.shares[place, start:]]
        return [*cells, found.assumed[place]]

    return per_good(case, LOOK_THROUGH.columns, row)


LOOK_THROUGH = Metric(
    name="look_through",
    label="Suppliers of suppliers",
    question="How much comes from home and from countries of concern once inputs are counted?",
    unit=SHARE,
    formula=(
        "Σ over inputs of country r of (I - A)⁻¹ - I, column by column, as a share of the column sum; A from supply "
        "shares and input weights"
    ),
    reads=("look_through", "inputs",),
    source="Baldwin, Freeman and Theodorakopoulos (2023), Brookings Papers on Economic Activity 54(2)",
    columns=(
        Column("home_look_through_share", "number", "Home, look-through",
               "Known share from home in the good and everything upstream.", unit=SHARE, low=0, high=1, interval=True),
        Column("concern_look_through_share", "number", "Concern, look-through",
               "Known share from countries of concern in the good and everything upstream.", unit=SHARE, low=0, high=1,
               interval=True),
        Column("look_through_assumed", "boolean", "Weights assumed",
               "Whether some inputs upstream are weighted equally because their value is not known."),
    ),
    compute=look_through,
)  # fmt: skip
