"""Economic complexity: which goods a country makes, how rare they are, and which others lie near.

A country makes a good when it exports more of it than its size would suggest (revealed comparative advantage). The
economic complexity index orders countries, and the product complexity index goods, so that neighbors in the order make
similar baskets; density is the share of what surrounds a good that a country already makes. Density is a hint at
success and lead time of an entry, never at its value.

The indices are a spectral cut, not a grade: a country that makes one good that nobody else makes can come last.

References
----------
Hidalgo and Hausmann (2009), The building blocks of economic complexity, PNAS 106(26); Hausmann, Hidalgo et al. (2014),
The Atlas of Economic Complexity; Hidalgo, Klinger, Barabási and Hausmann (2007), The product space conditions the
development of nations, Science 317.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.linalg
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from reshore.errors import InputError, Place, Problem

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

THRESHOLD_SLACK = 1e-9
"""Relative room below the threshold of comparative advantage: equal export baskets give 1 but for rounding."""

TIED = 1e-9
"""Eigenvalues nearer than this are one: any mixture of their vectors would do, so there is no index."""

BLOCK_COUNT = 192
"""Goods per block in sums over proximities: enough for fast matrix products, few enough to stay small."""

NOT_DEFINED = {
    "too small": "fewer than two countries or goods",
    "disconnected": "countries fall into groups that have no good in common, so they cannot be put in one order",
    "tied": "two orders of the countries are equally good",
    "flat": "all countries make the same goods",
}


@dataclass(frozen=True, eq=False)
class Complexity:
    """Complexity of C countries and P goods. Rows and columns that have no trade are absent (NaN), not zero.

    Attributes
    ----------
    is_made
        Shape (C, P): whether the country makes the good.
    diversity_count, ubiquity_count
        Goods per country (C,), countries per good (P,).
    economic_complexity_index, product_complexity_index
        Shapes (C,) and (P,), both in standard deviations of the former from its mean, so that the index of a country is
        the mean of those of its goods.
    density_share
        Shape (C, P), in [0, 1].
    complexity_outlook_index
        Shape (C,): complexity of the goods that the country does not make, weighted by density; standardized.
    complexity_outlook_gain
        Shape (C, P): how far making the good would bring the country near to other complex goods; 0 for goods it makes.
    eigenvalues
        The greatest three, the first of which is 1.
    why_absent
        A key of `NOT_DEFINED` when the indices do not exist, else empty. Density exists in any case.
    """

    is_made: Booleans
    diversity_count: Integers
    ubiquity_count: Integers
    economic_complexity_index: Floats
    product_complexity_index: Floats
    density_share: Floats
    complexity_outlook_index: Floats
    complexity_outlook_gain: Floats
    eigenvalues: tuple[float, ...]
    why_absent: str = ""


def revealed_comparative_advantage(values: Any) -> Floats:
    """Share of a good in a country's exports over its share in world exports.

    ``(X_cp / X_c) / (X_p / X)``

    Parameters
    ----------
    values
        Exports by country and good, shape (C, P), dense or scipy sparse; not negative, none missing.

    Returns
    -------
    numpy.ndarray
        Shape (C, P); NaN in rows and columns without exports.

    Raises
    ------
    InputError
        ``not-a-value`` when an entry is missing, infinite or negative.

    References
    ----------
    Balassa (1965), Trade liberalisation and "revealed" comparative advantage, The Manchester School 33(2).
    """
    exports = _checked(values)
    by_country, by_good = exports.sum(axis=1), exports.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        advantage: Floats = (exports / by_country[:, np.newaxis]) / (by_good / by_good.sum())[np.newaxis, :]
    advantage[by_country == 0, :] = np.nan
    advantage[:, by_good == 0] = np.nan
    return advantage


def made(values: Any, threshold: float = 1.0) -> Booleans:
    """Which goods each country makes: revealed comparative advantage of at least `threshold`. Shape (C, P)."""
    advantage = revealed_comparative_advantage(values)
    with np.errstate(invalid="ignore"):
        found: Booleans = advantage >= threshold * (1 - THRESHOLD_SLACK)
    return found


def proximity(is_made: Any) -> Floats:
    """How often two goods are made together: the smaller of the two conditional shares.

    ``Σ_c M_cp M_cq / max(k_p, k_q)``

    Returns
    -------
    numpy.ndarray
        Shape (P, P), symmetric, in [0, 1], 1 on the diagonal; NaN for goods that nobody makes.
    """
    presence = _presence(is_made).astype(np.float64)
    ubiquity = presence.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        near: Floats = (presence.T @ presence) / np.maximum(ubiquity[:, np.newaxis], ubiquity[np.newaxis, :])
    near[ubiquity == 0, :] = np.nan
    near[:, ubiquity == 0] = np.nan
    return near


def measure_complexity(is_made: Any) -> Complexity:
    """Every measure of complexity from which goods countries make.

    The second eigenvector is taken of the symmetric form of ``Σ_p M_cp M_c'p / (k_c k_p)`` on the smaller side, and the
    P × P matrix of proximities is never formed: most sums over it turn into sums over countries.

    Parameters
    ----------
    is_made
        Shape (C, P) of booleans, or zeros and ones; dense or scipy sparse. See `made`.
    """
    presence = _presence(is_made)
    weights = presence.astype(np.float64)
    diversity, ubiquity = presence.sum(axis=1), presence.sum(axis=0)
    rows, columns = np.flatnonzero(diversity), np.flatnonzero(ubiquity)
    is_whole = presence.shape == (len(rows), len(columns))
    live: Any = (slice(None), slice(None)) if is_whole else np.ix_(rows, columns)
    inner = np.ascontiguousarray(weights[live])
    nearness = _Nearness.of(inner)
    total = nearness.sums(np.ones((1, len(columns))))[0]
    near = np.clip(nearness.sums(inner) / total, 0.0, 1.0)
    density, gain = np.full(presence.shape, np.nan), np.full(presence.shape, np.nan)
    density[live] = near
    country_index, good_index = np.full(len(diversity), np.nan), np.full(len(ubiquity), np.nan)
    outlook = np.full(len(diversity), np.nan)
    eigenvalues, vector, why = _second_vector(inner)
    if vector is not None:
        goods = (vector @ inner) / inner.sum(axis=0) / eigenvalues[1]
        middle, spread = vector.mean(), vector.std()
        country_index[rows] = (vector - middle) / spread
        good_index[columns] = (goods - middle) / spread
        missing = 1.0 - inner
        gain[live] = missing * nearness.sums(missing * (goods / spread / total))
        raw = (near * missing) @ goods
        if raw.std() > 0:
            outlook[rows] = (raw - raw.mean()) / raw.std()
    return Complexity(
        presence,
        diversity.astype(np.int64),
        ubiquity.astype(np.int64),
        country_index,
        good_index,
        density,
        outlook,
        gain,
        eigenvalues,
        why,
    )


def _checked(values: Any) -> Floats:
    exports: Floats = np.array(values.toarray() if sp.issparse(values) else values, dtype=np.float64)
    wrong = np.argwhere(~np.isfinite(exports) | (exports < 0))
    if len(wrong):
        row, column = (int(number) for number in wrong[0])
        raise InputError(
            [
                Problem(
                    "not-a-value",
                    Place("exports"),
                    f"{exports[row, column]} in row {row}, column {column}",
                    "a value of at least 0; what is not known cannot be taken for nothing",
                    "leave the country or the good out, or supply the value",
                )
            ]
        )
    return exports


def _presence(is_made: Any) -> Booleans:
    values = np.asarray(is_made.toarray() if sp.issparse(is_made) else is_made)
    if values.dtype != np.bool_ and not np.isin(values, (0, 1)).all():
        raise InputError(
            [
                Problem(
                    "not-a-presence",
                    Place("is_made"),
                    "numbers other than 0 and 1",
                    "whether each country makes each good",
                    "apply `made` to export values first",
                )
            ]
        )
    return values.astype(np.bool_)


def _second_vector(inner: Floats) -> tuple[tuple[float, ...], Floats | None, str]:
    """The greatest eigenvalues, the second eigenvector by country with its sign fixed, and why there is none."""
    countries, goods = inner.shape
    if countries < 2 or goods < 2:
        return (), None, "too small"
    diversity, ubiquity = inner.sum(axis=1), inner.sum(axis=0)
    links = sp.csr_matrix(inner)
    parts, _ = connected_components(sp.bmat([[None, links], [links.T, None]]), directed=False)
    scaled = inner / np.sqrt(diversity)[:, np.newaxis] / np.sqrt(ubiquity)[np.newaxis, :]
    on_countries = countries <= goods
    square = scaled @ scaled.T if on_countries else scaled.T @ scaled
    size = len(square)
    values, vectors = scipy.linalg.eigh(square, subset_by_index=[max(0, size - 3), size - 1])
    eigenvalues = tuple(float(value) for value in values[::-1])
    if parts > 1:
        return eigenvalues, None, "disconnected"
    if eigenvalues[1] < TIED:
        return eigenvalues, None, "flat"
    if len(eigenvalues) > 2 and eigenvalues[1] - eigenvalues[2] < TIED:
        return eigenvalues, None, "tied"
    second = vectors[:, -2]
    vector = second / np.sqrt(diversity) if on_countries else (inner @ (second / np.sqrt(ubiquity))) / diversity
    return eigenvalues, _sign(vector, diversity, inner @ ubiquity / diversity) * vector, ""


def _sign(vector: Floats, diversity: Floats, mean_ubiquity: Floats) -> float:
    """1 or −1: complex countries make many goods; failing that, rare ones; failing that, the largest entry counts."""
    centered = vector - vector.mean()
    for direction in (diversity, -mean_ubiquity):
        spread = direction - direction.mean()
        scale = math.sqrt(float(centered @ centered) * float(spread @ spread))
        product = float(centered @ spread)
        if scale > 0 and abs(product) > TIED * scale:
            return math.copysign(1.0, product)
    return math.copysign(1.0, float(vector[int(np.argmax(np.abs(vector).round(9)))]))


@dataclass(frozen=True, eq=False)
class _Nearness:
    """Weighted sums over the proximities of goods, without forming all of them.

    Goods are put in ``order`` of ubiquity and cut into blocks. Of a good and one of an earlier block, the later is at
    least as common, so the denominator ``max(k_p, k_q)`` is known and the sum over the block turns into one over
    countries. Only within a block are proximities formed (``inside``).
    """

    presence: Floats
    ubiquity: Floats
    order: npt.NDArray[np.intp]
    blocks: tuple[slice, ...]
    inside: tuple[Floats, ...]

    @classmethod
    def of(cls, presence: Floats) -> _Nearness:
        ubiquity = presence.sum(axis=0)
        order = np.argsort(ubiquity, kind="stable")
        presence, ubiquity = np.ascontiguousarray(presence[:, order]), ubiquity[order]
        blocks = tuple(slice(start, start + BLOCK_COUNT) for start in range(0, len(order), BLOCK_COUNT))
        inside = tuple(proximity(presence[:, block] > 0) for block in blocks)
        return cls(presence, ubiquity, order, blocks, inside)

    def sums(self, weights: Floats) -> Floats:
        """``Σ_q weights[r, q] · proximity[q, p]`` for weights of shape (R, P)."""
        weights = np.ascontiguousarray(weights[:, self.order])
        result = np.empty(weights.shape)
        later = np.zeros((len(weights), len(self.presence)))
        for block, near in zip(reversed(self.blocks), reversed(self.inside), strict=True):
            np.matmul(weights[:, block], near, out=result[:, block])
            result[:, block] += later @ self.presence[:, block]
            later += (weights[:, block] / self.ubiquity[block]) @ self.presence[:, block].T
        earlier = np.zeros_like(later)
        for block in self.blocks:
            result[:, block] += (earlier @ self.presence[:, block]) / self.ubiquity[block]
            earlier += weights[:, block] @ self.presence[:, block].T
        back = np.empty_like(self.order)
        back[self.order] = np.arange(len(self.order))
        return result[:, back]
