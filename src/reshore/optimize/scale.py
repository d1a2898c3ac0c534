"""Units for the solver: its tolerances are absolute, so a program is handed over in units in which numbers are near 1.

Scales are powers of two, so that nothing is rounded on the way. The same program stated in other units (tonnes or
kilograms, dollars or millions) comes to the same scaled program, up to a factor of two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from reshore.optimize.program import Floats, Program

SWEEPS = 8
EVEN = 10.0
"""Spread of coefficients, in powers of two either way, within which rows and columns keep their units."""


LARGEST_COST = 12.0
"""Power of two that the largest cost may have in the solver's units: tolerances on prices are absolute."""


@dataclass(frozen=True)
class Scales:
    """``row' = row · activity``, ``column' · x' = x``, ``money' · cost x = cost' x'``: all powers of two."""

    rows: Floats
    columns: Floats
    money: float

    def sides(self, values: Floats, rows: np.ndarray | slice = slice(None)) -> Floats:
        """Sides of rows in the solver's units."""
        return np.asarray(values * self.rows[rows])

    def bounds(self, values: Floats, columns: np.ndarray | slice = slice(None)) -> Floats:
        """Bounds or values of variables in the solver's units."""
        return np.asarray(values / self.columns[columns])

    def costs(self, values: Floats, columns: np.ndarray | slice = slice(None)) -> Floats:
        """Costs in the solver's units."""
        return np.asarray(values * self.columns[columns] * self.money)


def scales_of(program: Program) -> Scales:
    """Scales that bring coefficients, sides and costs of `program` near 1.

    Rows and columns by alternating geometric means (Curtis and Reid 1972, On the automatic scaling of matrices for
    Gaussian elimination); then one factor for all amounts and one for all money. Variables that must be whole keep
    their unit, and with them the amounts.
    """
    matrix = program.matrix
    entries = np.log2(np.abs(matrix.data))
    row, column = np.zeros(program.n_rows), np.zeros(program.n_columns)
    if np.abs(entries).max(initial=0.0) > EVEN:
        of_row = np.repeat(np.arange(program.n_rows), np.diff(matrix.indptr))
        of_column = matrix.indices
        per_row = np.maximum(np.diff(matrix.indptr), 1)
        per_column = np.maximum(np.bincount(of_column, minlength=program.n_columns), 1)
        for _ in range(SWEEPS):
            row = -np.bincount(of_row, entries + column[of_column], program.n_rows) / per_row
            column = -np.bincount(of_column, entries + row[of_row], program.n_columns) / per_column
            column[program.integer] = 0.0
    row, column = np.rint(row), np.rint(column)
    if not program.is_mixed_integer:
        amount = _middle(
            *(side + row for side in (_sizes(program.row_low), _sizes(program.row_high))),
            *(bound - column for bound in (_sizes(program.low), _sizes(program.high))),
        )
        row, column = row - amount, column + amount
    costs = _sizes(program.cost) + column
    largest = np.nanmax(costs) if np.isfinite(costs).any() else 0.0
    money = -max(_middle(costs), float(np.rint(largest)) - LARGEST_COST)
    return Scales(np.exp2(row), np.exp2(column), float(np.exp2(money)))


def unscaled(program: Program) -> Scales:
    """Scales that leave everything as it is."""
    return Scales(np.ones(program.n_rows), np.ones(program.n_columns), 1.0)


def scaled(program: Program, scales: Scales) -> Program:
    """`program` in the solver's units."""
    data = program.matrix.data * np.repeat(scales.rows, np.diff(program.matrix.indptr))
    data *= scales.columns[program.matrix.indices]
    return replace(
        program,
        cost=scales.costs(program.cost),
        low=scales.bounds(program.low),
        high=scales.bounds(program.high),
        matrix=sparse.csr_array((data, program.matrix.indices, program.matrix.indptr), shape=program.matrix.shape),
        row_low=scales.sides(program.row_low),
        row_high=scales.sides(program.row_high),
    )


def _sizes(values: Floats) -> Floats:
    """Binary logarithm of the size of each value; not-a-number where it is zero or infinite."""
    size = np.where(np.isfinite(values) & (values != 0), np.abs(values), np.nan)
    return np.asarray(np.log2(size))


def _middle(*logs: Floats) -> float:
    every = np.concatenate(logs)
    known = every[np.isfinite(every)]
    return float(np.rint(np.median(known))) if known.size else 0.0
