"""Rows of results into frames whose columns are exactly those of their records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import polars as pl

from reshore.exposure.case import Case
from reshore.tables import Column, Table, frame_schema
from reshore.tables.cells import dtype

Cell = str | float | int | bool | None


def per_good(case: Case, columns: Sequence[Column], row: Callable[[str], Sequence[Cell]]) -> pl.DataFrame:
    """One row per good of the chain in key order: ``good`` and what `row` gives for it, under `columns`."""
    schema = {"good": pl.String()} | {part.name: dtype(part) for column in columns for part in column.parts}
    rows = [(good.good, *row(good.good)) for good in case.chain.goods]
    return pl.DataFrame(rows, schema=schema, orient="row")


def as_frame(table: Table, rows: Iterable[Sequence[Cell]]) -> pl.DataFrame:
    """`rows` under the columns of `table`, sorted by its key."""
    return pl.DataFrame(list(rows), schema=frame_schema(table), orient="row").sort(*table.key, nulls_last=False)
