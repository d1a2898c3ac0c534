"""Exposure in input-output tables: at face value, looking through suppliers of suppliers, and by value added.

Rows and columns of ``coefficients`` are country-sectors: what column ``j`` uses of row ``i`` per unit of its output.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def by_country(rows: Matrix, countries: Sequence[str]) -> tuple[tuple[str, ...], Matrix]:
    """Sums of `rows`, shape (n, n_users), by country of the row: names, and shape (n_countries, n_users)."""
    names = tuple(sorted(set(countries)))
    place = {name: position for position, name in enumerate(names)}
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, [place[country] for country in countries], rows)
    return names, sums


def leontief_inverse(coefficients: Matrix) -> Matrix:
    """``(I − A)⁻¹``: output needed, direct and indirect, per unit of final use.

    Raises
    ------
    ValueError
        When the table does not describe a viable economy: a negative entry, or one that no output can satisfy.
    """
    if not np.isfinite(coefficients).all() or (coefficients < 0).any():
        raise ValueError("coefficients must be finite and at least zero")
    radius = float(max(abs(np.linalg.eigvals(coefficients)), default=0.0))
    if radius >= 1:
        raise ValueError(f"the table has no inverse: more is used than made (spectral radius {radius:g})")
    return np.asarray(np.linalg.inv(np.eye(len(coefficients)) - coefficients), dtype=np.float64)


def face_value_share(coefficients: Matrix, countries: Sequence[str]) -> tuple[tuple[str, ...], Matrix]:
    """Share of each country in the direct inputs of each user: ``Σ_i A[ri, j] / Σ A[·, j]``.

    Returns
    -------
    tuple
        Countries, and shape (n_countries, n_users); not a number where nothing is used.
    """
    return _shares(coefficients, countries)


def look_through_share(coefficients: Matrix, countries: Sequence[str]) -> tuple[tuple[str, ...], Matrix]:
    """Share of each country in all inputs of each user, suppliers of suppliers included.

    ``Σ_i (B − I)[ri, j] / Σ (B − I)[·, j]`` with ``B = (I − A)⁻¹``. Gross: what crosses a border twice counts twice.

    References
    ----------
    Baldwin, Freeman and Theodorakopoulos (2023), Hidden exposure, Brookings Papers on Economic Activity 54(2).
    """
    return _shares(leontief_inverse(coefficients) - np.eye(len(coefficients)), countries)


def value_added_share(coefficients: Matrix, countries: Sequence[str]) -> tuple[tuple[str, ...], Matrix]:
    """Share of each country in the value added that ends up in each user's output: ``v' B`` by country.

    Value added is what columns leave: ``v = 1 − Σ A``; shares of each user add up to 1.
    """
    added = 1.0 - coefficients.sum(axis=0)
    return by_country(added[:, None] * leontief_inverse(coefficients), countries)


def _shares(used: Matrix, countries: Sequence[str]) -> tuple[tuple[str, ...], Matrix]:
    names, sums = by_country(used, countries)
    total = sums.sum(axis=0)
    return names, np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0)
