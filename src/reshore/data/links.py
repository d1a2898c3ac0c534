"""Rules across tables: references, dates of sources, the graph of goods, units, and chains of owners."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import polars as pl
import rustworkx as rx

from reshore.data import schema
from reshore.data.loops import input_loops, owner_loops
from reshore.errors import LISTED_PROBLEMS, Place, Problem, limited, more_problems, shown
from reshore.tables import ROW, Table, is_country
from reshore.tables.cells import nearest
from reshore.units import UNITS, convert, convertible

Frames = Mapping[str, pl.DataFrame]
Files = Mapping[str, str]

_CHAIN = frozenset({"goods", "inputs", "supply", "projects", "demand"})
_SUGGESTIONS = 200
"""For how many unknown keys the nearest known ones are looked up."""


def check_links(frames: Frames, files: Files, broken: Collection[str] = ()) -> list[Problem]:
    """Every problem that shows only when tables are read together.

    `frames` holds a frame with ``_row`` for each table of the schema, `files` the file that each came from, `broken`
    the tables of which rows are lost: what they would have said is not held against the others.
    """
    problems = [p for table in schema.TABLES for p in _references(table, frames, files, broken)]
    problems += limited(_retrieved(frames, files))
    problems += limited(_kinds(frames, files))
    if not broken:
        problems += limited(_unused_sources(frames, files))
    if not _CHAIN & set(broken):
        problems += limited(_goods_can_be_made(frames, files))
    problems += limited(input_loops(frames["inputs"], files["inputs"]))
    problems += limited(_units(frames, files))
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
                fixes[cell] = _unknown_key(cell, target_table, known, frames, search=len(fixes) < _SUGGESTIONS)
            code, found, fix = fixes[cell]
            place = Place(files[table.name], row, column.name)
            problem = Problem(code, place, found, f"a key of {target_table}", fix)
            yield problem
        if wrong.height > LISTED_PROBLEMS:
            yield more_problems(problem, wrong.height - LISTED_PROBLEMS)


def _unknown_key(cell: str, target: str, known: pl.Series, frames: Frames, *, search: bool) -> tuple[str, str, str]:
    """Code, found and fix for a key that the table `target` does not have."""
    for table in schema.TABLES:
        if len(table.key) == 1 and (frames[table.name][table.key[0]] == cell).any():
            return (
                "wrong-kind-of-reference",
                f"'{shown(cell)}', which is in {table.name}",
                f"point to a row of {target}",
            )
    near = nearest(cell, known) if search else []
    fix = f"did you mean {' or '.join(map(repr, near))}?" if near else f"add the row to {target}"
    return "dangling-reference", f"'{shown(cell)}'", fix


def _retrieved(frames: Frames, files: Files) -> Iterator[Problem]:
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


def _unused_sources(frames: Frames, files: Files) -> Iterator[Problem]:
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


def _kinds(frames: Frames, files: Files) -> Iterator[Problem]:
    goods = frames["goods"].select(ROW, "good", "parent").drop_nulls()
    parents = {good: parent for _, good, parent in goods.iter_rows()}
    ends: set[str] = set()
    for row, good, _ in goods.iter_rows():
        seen = dict.fromkeys([good])
        while (parent := parents.get(next(reversed(seen)))) is not None and parent not in ends:
            if parent in seen:
                yield Problem(
                    "kind-cycle",
                    Place(files["goods"], row, "parent"),
                    shown(" → ".join([*seen, parent])),
                    "kinds that end",
                    "remove one of the links",
                )
                break
            seen[parent] = None
        ends.update(seen)
    links = frames["goods"].select("good", pl.col("parent").alias("input")).drop_nulls()
    links = pl.concat([links, links.select(pl.col("input").alias("good"), pl.col("good").alias("input"))])
    both = frames["inputs"].select(ROW, "good", "input").join(links, on=["good", "input"], how="semi").sort(ROW)
    for row, good, used in both.iter_rows():
        yield Problem(
            "kind-is-not-input",
            Place(files["inputs"], row, "input"),
            f"'{used}' is both a kind of and an input to '{good}'",
            "one of the two relations",
            "remove the row, or the parent",
        )


def _goods_can_be_made(frames: Frames, files: Files) -> Iterator[Problem]:
    goods = frames["goods"]
    made = set(frames["inputs"]["good"].drop_nulls().unique())
    parents = set(goods["parent"].drop_nulls().unique())
    with_parent = set(goods.filter(pl.col("parent").is_not_null())["good"].drop_nulls())
    supplied = {good for name in ("supply", "projects") for good in frames[name]["good"].drop_nulls().unique()}
    used = set(frames["inputs"]["input"].drop_nulls().unique())
    wanted = (
        frames["demand"].filter((pl.col("use_per_year") > 0) | (pl.col("use_share") > 0)).sort(ROW, descending=True)
    )
    demanded = dict(wanted.select("good", ROW).iter_rows())
    final = {good for good, is_final in goods.select("good", "final").iter_rows() if is_final}
    for row, good, origin in goods.select(ROW, "good", "origin").iter_rows():
        if good is None:
            continue
        place = Place(files["goods"], row, "origin")
        if origin is None and good not in made | parents | with_parent:
            yield Problem(
                "no-inputs",
                place,
                f"'{good}' without inputs or variants",
                "inputs, or a word on where its chain begins",
                "add inputs, or write primary or boundary",
            )
        if origin is not None and good in made:
            yield Problem(
                "origin-has-inputs",
                place,
                f"{origin} '{good}' with inputs",
                "no inputs for goods whose chain begins here",
                "empty the cell or remove the inputs",
            )
        if good in demanded and good not in supplied | made | parents:
            yield Problem(
                "cannot-be-made",
                Place(files["demand"], demanded[good], "good"),
                f"demand for '{good}', which nobody supplies or makes",
                "supply or inputs",
                "add supply rows (an empty share is allowed)",
            )
        if not any(good in group for group in (used, made, parents, with_parent, supplied, demanded, final)):
            yield Problem(
                "unused-row",
                Place(files["goods"], row, "good"),
                f"'{good}' that nothing refers to",
                "goods that are part of a chain",
                "none needed, or remove it",
                "note",
            )
    yield from _parts(frames, files)


def _parts(frames: Frames, files: Files) -> Iterator[Problem]:
    goods = [good for good in frames["goods"]["good"] if good is not None]
    index = {good: number for number, good in enumerate(goods)}
    graph: rx.PyGraph[str, None] = rx.PyGraph()
    graph.add_nodes_from(goods)
    pairs = [
        *frames["inputs"].select("good", "input").iter_rows(),
        *frames["goods"].select("good", "parent").iter_rows(),
    ]
    graph.add_edges_from([(index[a], index[b], None) for a, b in pairs if a in index and b in index])
    parts = rx.number_connected_components(graph)
    if parts > 1 and pairs:
        yield Problem(
            "separate-parts",
            Place(files["goods"]),
            f"{parts} parts that no input joins",
            "one connected chain, or several on purpose",
            "none needed: each part is measured on its own",
            "note",
        )


def _units(frames: Frames, files: Files) -> Iterator[Problem]:
    """Every amount has a unit, and it is the unit of its good."""
    own = frames["goods"].select("good", pl.col("unit").alias("own")).drop_nulls("good").unique("good", keep="first")
    for name, amount in (
        ("supply", "capacity_per_year"),
        ("projects", "capacity_per_year"),
        ("needs", "volume_per_year"),
    ):
        rows = _with_amount(frames[name], amount).join(own, on="good", how="left", validate="m:1").sort(ROW)
        for row, good_unit in rows.filter(pl.col("unit").is_null()).select(ROW, "own").iter_rows():
            yield Problem(
                "no-unit",
                Place(files[name], row, "unit"),
                f"{amount} without a unit",
                "a unit",
                f"write {good_unit or 'the unit of the good'}",
            )
        other = rows.filter(pl.col("unit") != pl.col("own")).select(ROW, "good", amount, "unit", "own")
        for row, good, value, unit, good_unit in other.iter_rows():
            yield _other_unit(Place(files[name], row, "unit"), good, value, unit, good_unit)
    for name, amount in (("goods", "world_output_per_year"), ("demand", "use_per_year")):
        rows = _with_amount(frames[name], amount).join(own, on="good", how="left", validate="m:1").sort(ROW)
        for row, good in rows.filter(pl.col("own").is_null()).select(ROW, "good").iter_rows():
            yield Problem(
                "no-unit",
                Place(files[name], row, "unit" if name == "goods" else amount),
                f"{amount} of '{good}', which has no unit",
                "a unit",
                "name the unit of the good in goods",
            )
    without = own.filter(pl.col("own").is_null())["good"].implode()
    rows = _with_amount(frames["inputs"], "amount_per_unit").sort(ROW)
    lacking = rows.filter(pl.col("good").is_in(without) | pl.col("input").is_in(without))
    for row, good, used in lacking.select(ROW, "good", "input").iter_rows():
        yield Problem(
            "no-unit",
            Place(files["inputs"], row, "amount_per_unit"),
            f"an amount of '{used}' per unit of '{good}', one of which has no unit",
            "units for both goods",
            "name the units of the goods in goods",
        )


def _with_amount(frame: pl.DataFrame, amount: str) -> pl.DataFrame:
    """Rows of goods that are known, with a number or an end of its range."""
    return frame.filter(
        pl.col("good").is_not_null()
        & pl.any_horizontal(pl.col(f"{amount}{end}").is_not_null() for end in ("", "_low", "_high"))
    )


def _other_unit(place: Place, good: str, value: float | None, unit: str, own: str) -> Problem:
    here, there = UNITS[unit], UNITS[own]
    found = f"{unit} for '{good}', which is counted in {own}"
    if here.dimension != there.dimension:
        return Problem(
            "wrong-dimension",
            place,
            found,
            f"a unit of {there.dimension}",
            f"convert to {own}, or give the good another unit",
        )
    if not convertible(here, there):
        return Problem(
            "wrong-content", place, found, "one content basis", "convert the content (gross, contained, oxide) first"
        )
    hint = f"write {convert(value, here, there):g} {own}" if value is not None else f"convert to {own}"
    return Problem("mixed-units", place, found, own, hint)
