"""Linear and mixed-integer programs as plain records, built from arrays.

Variables and requirements come in blocks. A block of requirements carries the sentence that explains each of its rows,
so that a plan that cannot be made is refused in words. Nothing here knows a solver.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Says = Callable[[int], str]
Term = tuple[ArrayLike, ArrayLike, ArrayLike]
"""Rows within a block, columns and coefficients: three arrays that broadcast against each other."""

INFINITY = float("inf")


@dataclass(frozen=True)
class Block:
    """A run of columns or rows that say one thing: ``says(k)`` explains the ``k``-th of them.

    ``soft`` rows may be relaxed in a way out of a conflict; ``structural`` ones hold by nature (balances, definitions):
    they are never named in a conflict and never relaxed.
    """

    name: str
    start: int
    stop: int
    says: Says
    soft: bool = False
    structural: bool = False

    def __contains__(self, index: int) -> bool:
        return self.start <= index < self.stop


@dataclass(frozen=True)
class Program:
    """``min cost · x`` subject to ``row_low ≤ matrix x ≤ row_high`` and ``low ≤ x ≤ high``, some x integer.

    A program that maximizes is stored with ``sign = -1``: its objective is ``sign · cost · x + constant``.

    Shapes: ``cost``, ``low``, ``high``, ``integer`` (n_columns,); ``row_low``, ``row_high`` (n_rows,); ``matrix``
    (n_rows, n_columns) in compressed rows without repeated or zero entries.
    """

    cost: Floats
    low: Floats
    high: Floats
    integer: NDArray[np.bool_]
    matrix: sparse.csr_array
    row_low: Floats
    row_high: Floats
    columns: tuple[Block, ...]
    rows: tuple[Block, ...]
    sign: float = 1.0
    constant: float = 0.0

    @property
    def n_columns(self) -> int:
        """Number of variables."""
        return self.cost.size

    @property
    def n_rows(self) -> int:
        """Number of requirements."""
        return self.row_low.size

    @property
    def is_mixed_integer(self) -> bool:
        """Whether some variable must be whole."""
        return bool(self.integer.any())

    def row_says(self, row: int) -> str:
        """The sentence of requirement `row`."""
        return _says(self.rows, row, "requirement")

    def column_says(self, column: int) -> str:
        """The sentence of variable `column`."""
        return _says(self.columns, column, "variable")

    def row_block(self, row: int) -> Block | None:
        """The block that requirement `row` belongs to."""
        return next((block for block in self.rows if row in block), None)

    def rows_where(self, holds: Callable[[Block], bool]) -> Indices:
        """Rows of the blocks for which `holds`."""
        return np.concatenate(
            [np.zeros(0, np.int64), *(np.arange(block.start, block.stop) for block in self.rows if holds(block))]
        )


def _says(blocks: Sequence[Block], index: int, word: str) -> str:
    for block in blocks:
        if index in block:
            return block.says(index - block.start)
    return f"{word} {index}"


@dataclass
class Builder:
    """Collects blocks of variables and requirements and makes a `Program` of them.

    Coefficients are given as arrays; there is no loop per coefficient.
    """

    maximize: bool = False
    _cost: list[Floats] = field(default_factory=list)
    _low: list[Floats] = field(default_factory=list)
    _high: list[Floats] = field(default_factory=list)
    _integer: list[NDArray[np.bool_]] = field(default_factory=list)
    _row_low: list[Floats] = field(default_factory=list)
    _row_high: list[Floats] = field(default_factory=list)
    _entries: list[tuple[Indices, Indices, Floats]] = field(default_factory=list)
    _columns: list[Block] = field(default_factory=list)
    _rows: list[Block] = field(default_factory=list)
    n_columns: int = 0
    n_rows: int = 0
    constant: float = 0.0

    def variables(self, name: str, shape: int | tuple[int, ...], *, low: ArrayLike = 0.0, high: ArrayLike = INFINITY,
                  cost: ArrayLike = 0.0, integer: bool = False, says: Says | None = None) -> Indices:  # fmt: skip
        """A block of variables; returns their column numbers in the given shape.

        `low`, `high` and `cost` are broadcast to the shape. `says` explains the ``k``-th variable in C order.
        """
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        count = int(np.prod(sizes, dtype=np.int64))
        for store, given in ((self._low, low), (self._high, high), (self._cost, cost)):
            store.append(np.broadcast_to(np.asarray(given, dtype=np.float64), sizes).ravel().copy())
        self._integer.append(np.full(count, integer))
        start = self.n_columns
        self.n_columns += count
        self._columns.append(Block(name, start, self.n_columns, says or (lambda k: f"{name} {k}")))
        return np.arange(start, self.n_columns, dtype=np.int64).reshape(sizes)

    def require(
        self,
        name: str,
        terms: Sequence[Term],
        count: int,
        *,
        low: ArrayLike = -INFINITY,
        high: ArrayLike = INFINITY,
        says: Says,
        soft: bool = False,
        structural: bool = False,
    ) -> Indices:
        """A block of `count` requirements ``low ≤ Σ coefficient · variable ≤ high``; returns their row numbers.

        Entries of the terms that meet in one place add up. A `soft` block may be relaxed to say what the cheapest way
        out of a conflict is; a `structural` one holds by nature and is not named in conflicts.
        """
        start = self.n_rows
        self.n_rows += count
        for rows, columns, values in terms:
            r, c, v = np.broadcast_arrays(
                np.asarray(rows, np.int64), np.asarray(columns, np.int64), np.asarray(values, np.float64)
            )
            if r.size and not (r.min() >= 0 and r.max() < count):
                raise IndexError(f"'{name}' has {count} rows; its terms name rows {r.min()} to {r.max()}")
            self._entries.append((r.ravel() + start, c.ravel(), v.ravel()))
        for store, given in ((self._row_low, low), (self._row_high, high)):
            store.append(np.broadcast_to(np.asarray(given, dtype=np.float64), (count,)).copy())
        self._rows.append(Block(name, start, self.n_rows, says, soft, structural))
        return np.arange(start, self.n_rows, dtype=np.int64)

    def build(self) -> Program:
        """The finished program."""
        if self._entries:
            rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        else:
            rows = columns = np.zeros(0, np.int64)
            values = np.zeros(0)
        shape = (self.n_rows, self.n_columns)
        matrix = sparse.coo_array((values, (rows, columns)), shape=shape).tocsr()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        matrix.sort_indices()
        sign = -1.0 if self.maximize else 1.0
        return Program(
            cost=sign * _joined(self._cost),
            low=_joined(self._low),
            high=_joined(self._high),
            integer=np.concatenate(self._integer) if self._integer else np.zeros(0, bool),
            matrix=matrix,
            row_low=_joined(self._row_low),
            row_high=_joined(self._row_high),
            columns=tuple(self._columns),
            rows=tuple(self._rows),
            sign=sign,
            constant=self.constant,
        )


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)
