"""Rules on where facts come from: dates of sources, sources that nothing cites, the origin of single figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

import polars as pl

from reshore.data import schema
from reshore.data.goods import Files, Frames
from reshore.errors import Place, Problem, shown
from reshore.tables import ROW
from reshore.tables.explain import did_you_mean
from reshore.tables.write import row_keys
from reshore.units import USD


def retrieved(frames: Frames, files: Files) -> Iterator[Problem]:
    """A source cannot speak of a time after it was read."""
    read = (
        frames["sources"].select("source", "retrieved").drop_nulls().unique("source", keep="first", maintain_order=True)
    )
    for table in schema.TABLES:
        frame = frames[table.name]
        if frame.is_empty() or "as_of" not in frame.columns:
            continue
        later = (
            frame.select(ROW, "source", "as_of")
            .join(read, on="source", how="inner", validate="m:1")
            .filter((pl.col("as_of") > pl.col("retrieved")) & ~pl.col("as_of").str.starts_with(pl.col("retrieved")))
            .sort(ROW)
        )
        for row, source, date, retrieved in later.iter_rows():
            yield Problem(
                "after-its-source",
                Place(files[table.name], row, "as_of"),
                f"'{date}', but '{shown(source)}' was read in {retrieved}",
                "a date up to then",
                "correct as_of, or the date on which the source was read",
            )


def unused_sources(frames: Frames, files: Files) -> Iterator[Problem]:
    """Sources that no row cites are worth a note."""
    used = {
        source
        for table in schema.TABLES
        if table.name != "sources" and "source" in frames[table.name].columns
        for source in frames[table.name]["source"].drop_nulls().unique()
    }
    for row, source in frames["sources"].select(ROW, "source").iter_rows():
        if source is not None and source not in used:
            yield Problem(
                "unused-row",
                Place(files["sources"], row, "source"),
                f"'{source}' that no row cites",
                "sources that are cited",
                "none needed, or remove it",
                "note",
            )


def cell_origins(frames: Frames, files: Files, broken: Collection[str]) -> Iterator[Problem]:
    """Rows of ``cells`` point to a figure that is there: a table, one of its columns, one of its rows."""
    tables = {table.name: table for table in schema.TABLES if table.name != "cells"}
    cells = frames["cells"].select(ROW, "table", "row_key", "column").drop_nulls().sort(ROW)
    keys: dict[str, pl.Series] = {}
    for row, name, key, column in cells.iter_rows():
        place = Place(files["cells"], row)
        if name not in tables:
            yield _unknown(place, "table", "unknown-table", name, tables, "a table of the schema")
            continue
        columns = [known.name for known in tables[name].file_columns]
        if column not in columns:
            yield _unknown(place, "column", "unknown-column", column, columns, f"a column of {name}")
        if name in broken:
            continue
        if name not in keys:
            keys[name] = row_keys(tables[name], frames[name])
        if not (keys[name] == key).any():
            expected = f"a row of {name}, as {' | '.join(tables[name].key)}"
            yield _unknown(place, "row_key", "dangling-reference", key, keys[name], expected)


def _unknown(place: Place, column: str, code: str, found: str, known: Iterable[str], expected: str) -> Problem:
    return Problem(code, replace(place, column=column), f"'{shown(found)}'", expected, did_you_mean(found, known))


def no_price_year(frames: Frames, files: Files) -> Iterator[Problem]:
    """Money needs a year of prices before it can be added up over time."""
    for table in schema.TABLES:
        for column in table.file_columns:
            if column.unit is USD and frames[table.name][column.name].count():
                yield Problem(
                    "no-price-year",
                    Place(files[table.name], 0, column.name),
                    "money, and no year of prices",
                    "the year in whose prices money is counted",
                    'write "reshore:price_year": 2025 (or another year) into datapackage.json',
                    "note",
                )
                return
