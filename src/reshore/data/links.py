"""Rules across tables: references between them, and every other check that reads several at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from reshore.countries import country_code
from reshore.data import schema
from reshore.data.amounts import units
from reshore.data.goods import Files, Frames, goods_can_be_made, kinds
from reshore.data.loops import input_loops, owner_loops
from reshore.data.provenance import cell_origins, retrieved, unused_sources
from reshore.errors import LISTED_PROBLEMS, Place, Problem, limited, more_problems, shown
from reshore.tables import ROW, Column, Table, is_country
from reshore.tables.cells import nearest

_CHAIN = frozenset({"goods", "inputs", "supply", "projects", "demand"})
_SUGGESTIONS = 200
"""For how many unknown keys the nearest known ones are looked up."""


def check_links(frames: Frames, files: Files, broken: Collection[str] = ()) -> list[Problem]:
    """Every problem that shows only when tables are read together.

    `frames` holds a frame with ``_row`` for each table of the schema, `files` the file that each came from, `broken`
    the tables of which rows are lost: what they would have said is not held against the others.
    """
    problems = [p for table in schema.TABLES for p in _references(table, frames, files, broken)]
    problems += limited(retrieved(frames, files))
    problems += limited(cell_origins(frames, files, broken))
    problems += limited(kinds(frames, files))
    if not broken:
        problems += limited(unused_sources(frames, files))
    if not _CHAIN & set(broken):
        problems += limited(goods_can_be_made(frames, files))
    problems += limited(input_loops(frames["inputs"], files["inputs"]))
    problems += limited(units(frames, files))
    problems += limited(owner_loops(frames["stakes"], files["stakes"]))
    return problems


def _references(table: Table, frames: Frames, files: Files, broken: Collection[str]) -> Iterator[Problem]:
    frame = frames[table.name]
    for column in table.columns:
        if not column.refers or frame.is_empty():
            continue
        target_table, target_column = column.refers.split(".")
        if target_table in broken:
            continue
        known = frames[target_table][target_column].drop_nulls()
        cells = frame.select(ROW, pl.col(column.name).alias("cell")).drop_nulls()
        if column.kind == "ids":
            cells = cells.with_columns(pl.col("cell").str.split(";")).explode("cell")
        if column.kind == "place":
            cells = cells.filter(~is_country(pl.col("cell")))
        wrong = cells.filter(~pl.col("cell").is_in(known.implode())).sort(ROW)
        fixes: dict[str, tuple[str, str, str]] = {}
        for row, cell in wrong.head(LISTED_PROBLEMS).iter_rows():
            if cell not in fixes:
                fixes[cell] = _unknown_key(cell, column, known, frames, search=len(fixes) < _SUGGESTIONS)
            code, found, fix = fixes[cell]
            place = Place(files[table.name], row, column.name)
            problem = Problem(code, place, found, f"a key of {target_table}", fix)
            yield problem
        if wrong.height > LISTED_PROBLEMS:
            yield more_problems(problem, wrong.height - LISTED_PROBLEMS)


def _unknown_key(cell: str, column: Column, known: pl.Series, frames: Frames, *, search: bool) -> tuple[str, str, str]:
    """Code, found and fix for a key that the table to which `column` refers does not have."""
    target = column.refers.split(".")[0]
    for table in schema.TABLES:
        if len(table.key) == 1 and (frames[table.name][table.key[0]] == cell).any():
            return (
                "wrong-kind-of-reference",
                f"'{shown(cell)}', which is in {table.name}",
                f"point to a row of {target}",
            )
    near = nearest(cell, known) if search else []
    fix = f"did you mean {' or '.join(map(repr, near))}?" if near else f"add the row to {target}"
    if column.kind == "place" and (country := country_code(cell)) is not None:
        fix = f"write {country} if the country is meant, or add the row to {target}"
    return "dangling-reference", f"'{shown(cell)}'", fix
