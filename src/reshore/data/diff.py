"""What changed between two data packages: rows that came, went, or read differently."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from reshore.data import schema
from reshore.data.package import DataPackage
from reshore.tables import Column, Table
from reshore.tables.write import csv_columns, row_keys

DIFF = Table(
    "diff",
    "What changed",
    "Differences between two data packages, cell by cell.",
    key=("table", "row_key", "column"),
    columns=(
        Column("table", "id", "Table", "The table."),
        Column("row_key", "text", "Row", "Key of the row, its parts joined by ` | `."),
        Column("column", "id", "Column", "The column; empty when the whole row came or went.", absent="the whole row"),
        Column(
            "change",
            "category",
            "Change",
            "What happened.",
            choices={"added": "only in the second", "removed": "only in the first", "changed": "reads differently"},
        ),
        Column("before", "text", "Before", "What the first package says.", absent="nothing", multiline=True),
        Column("after", "text", "After", "What the second package says.", absent="nothing", multiline=True),
    ),
)


def diff_packages(before: DataPackage, after: DataPackage) -> pl.DataFrame:
    """Every difference between two packages, one row each, under the columns of `DIFF`."""
    rows = [row for table in schema.TABLES for row in _differences(table, before[table.name], after[table.name])]
    return pl.DataFrame(rows, schema=["table", "row_key", "column", "change", "before", "after"], orient="row").cast(
        pl.String
    )


def _differences(table: Table, before: pl.DataFrame, after: pl.DataFrame) -> Iterator[tuple[str | None, ...]]:
    old, new = _by_key(table, before), _by_key(table, after)
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            yield (table.name, key, None, "removed", None, None)
        elif key not in old:
            yield (table.name, key, None, "added", None, None)
        else:
            for column, value in old[key].items():
                if value != new[key][column]:
                    yield (table.name, key, column, "changed", value or None, new[key][column] or None)


def _by_key(table: Table, frame: pl.DataFrame) -> dict[str, dict[str, str]]:
    names, cells = zip(*csv_columns(table, frame), strict=True)
    rows = (dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True))
    return dict(zip(row_keys(table, frame), rows, strict=True))
