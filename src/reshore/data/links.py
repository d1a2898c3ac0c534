"""Rules across tables: references, the graph of goods, units, and chains of owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl
import rustworkx as rx

from reshore.data import schema
from reshore.errors import Place, Problem, shown
from reshore.tables import ROW, Table, is_country
from reshore.tables.cells import nearest
from reshore.units import UNITS, convert, convertible

Frames = Mapping[str, pl.DataFrame]
Files = Mapping[str, str]


def check_links(frames: Frames, files: Files) -> list[Problem]:
    """Every problem that shows only when tables are read together.

    `frames` holds a frame with ``_row`` for each table of the schema, `files` the file that each came from.
    """
    problems = [problem for table in schema.TABLES for problem in _references(table, frames, files)]
    problems += _unused_sources(frames, files)
    problems += _kinds(frames, files)
    problems += _goods_can_be_made(frames, files)
    problems += _cycles(frames, files)
    problems += _units(frames, files)
    problems += _ownership_closes(frames, files)
    return problems


def _references(table: Table, frames: Frames, files: Files) -> Iterator[Problem]:
    frame = frames[table.name]
    for column in table.columns:
        if not column.refers or frame.is_empty():
            continue
        target_table, target_column = column.refers.split(".")
        known = set(frames[target_table][target_column].drop_nulls())
        cells = frame.select(ROW, pl.col(column.name).alias("cell")).drop_nulls()
        if column.kind == "ids":
            cells = cells.with_columns(pl.col("cell").str.split(";")).explode("cell")
        if column.kind == "place":
            cells = cells.filter(~is_country(pl.col("cell")))
        wrong = cells.filter(~pl.col("cell").is_in(sorted(known))).sort(ROW)
        for row, cell in wrong.iter_rows():
            elsewhere = next(
                (
                    t.name
                    for t in schema.TABLES
                    if len(t.key) == 1 and cell in set(frames[t.name][t.key[0]].drop_nulls())
                ),
                None,
            )
            place = Place(files[table.name], row, column.name)
            if elsewhere:
                yield Problem("wrong-kind-of-reference", place, f"'{shown(cell)}', which is in {elsewhere}",
                              f"a key of {target_table}", f"point to a row of {target_table}")  # fmt: skip
                continue
            near = nearest(cell, known)
            fix = f"did you mean {' or '.join(map(repr, near))}?" if near else f"add the row to {target_table}"
            yield Problem("dangling-reference", place, f"'{shown(cell)}'", f"a key of {target_table}", fix)


def _unused_sources(frames: Frames, files: Files) -> Iterator[Problem]:
    used = {
        source
        for table in schema.TABLES
        if table.name != "sources" and "source" in frames[table.name].columns
        for source in frames[table.name]["source"].drop_nulls().unique()
    }
    for row, source in frames["sources"].select(ROW, "source").iter_rows():
        if source is not None and source not in used:
            yield Problem("unused-row", Place(files["sources"], row, "source"), f"'{source}' that no row cites",
                          "sources that are cited", "none needed, or remove it", "note")  # fmt: skip


def _kinds(frames: Frames, files: Files) -> Iterator[Problem]:
    goods = frames["goods"].select(ROW, "good", "parent").drop_nulls()
    parents = {good: parent for _, good, parent in goods.iter_rows()}
    for row, good, _ in goods.iter_rows():
        seen = [good]
        while (parent := parents.get(seen[-1])) is not None:
            if parent in seen:
                yield Problem("kind-cycle", Place(files["goods"], row, "parent"), " → ".join([*seen, parent]),
                              "kinds that end", "remove one of the links")  # fmt: skip
                break
            seen.append(parent)
    for row, good, used in frames["inputs"].select(ROW, "good", "input").drop_nulls().iter_rows():
        if parents.get(good) == used or parents.get(used) == good:
            yield Problem("kind-is-not-input", Place(files["inputs"], row, "input"),
                          f"'{used}' is both a kind of and an input to '{good}'", "one of the two relations",
                          "remove the row, or the parent")  # fmt: skip


def _goods_can_be_made(frames: Frames, files: Files) -> Iterator[Problem]:
    goods = frames["goods"]
    made = set(frames["inputs"]["good"].drop_nulls())
    parents = set(goods["parent"].drop_nulls())
    with_parent = set(goods.filter(pl.col("parent").is_not_null())["good"].drop_nulls())
    supplied = set(frames["supply"]["good"].drop_nulls()) | set(frames["projects"]["good"].drop_nulls())
    used = set(frames["inputs"]["input"].drop_nulls())
    demanded = {
        good: row
        for row, good, use, share in frames["demand"].select(ROW, "good", "use_per_year", "use_share").iter_rows()
        if (use or 0) > 0 or (share or 0) > 0
    }
    final = {good for good, is_final in goods.select("good", "final").iter_rows() if is_final}
    for row, good, origin in goods.select(ROW, "good", "origin").iter_rows():
        if good is None:
            continue
        if origin is None and good not in made | parents | with_parent:
            yield Problem("no-inputs", Place(files["goods"], row, "origin"), f"'{good}' without inputs or variants",
                          "inputs, or a word on where its chain begins", "add inputs, or write primary or boundary")  # fmt: skip
        if origin is not None and good in made:
            yield Problem("origin-has-inputs", Place(files["goods"], row, "origin"), f"{origin} '{good}' with inputs",
                          "no inputs for goods whose chain begins here", "empty the cell or remove the inputs")  # fmt: skip
        if good in demanded and good not in supplied | made | parents:
            yield Problem("cannot-be-made", Place(files["demand"], demanded[good], "good"),
                          f"demand for '{good}', which nobody supplies or makes", "supply or inputs",
                          "add supply rows (an empty share is allowed)")  # fmt: skip
        if not ({good} & (used | made | parents | with_parent | supplied | set(demanded) | final)):
            yield Problem("unused-row", Place(files["goods"], row, "good"), f"'{good}' that nothing refers to",
                          "goods that are part of a chain", "none needed, or remove it", "note")  # fmt: skip
    yield from _components(frames, files)


def _components(frames: Frames, files: Files) -> Iterator[Problem]:
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
        yield Problem("separate-parts", Place(files["goods"]), f"{parts} parts that no input joins",
                      "one connected chain, or several on purpose", "none needed: each part is measured on its own", "note")  # fmt: skip


def _cycles(frames: Frames, files: Files) -> Iterator[Problem]:
    """Recycling is allowed; a good that eats at least as much of itself as is made is not."""
    inputs = (
        frames["inputs"]
        .filter(pl.col("role") == "consumed")
        .select(ROW, "good", "input", "amount_per_unit", "yield_share")
    )
    rows = [(row, good, used, (amount or 0.0) / (part or 1.0)) for row, good, used, amount, part in inputs.iter_rows()]
    graph: rx.PyDiGraph[str, tuple[int, float]] = rx.PyDiGraph()
    nodes = {good: graph.add_node(good) for good in sorted({g for _, g, _, _ in rows} | {u for _, _, u, _ in rows})}
    for row, good, used, amount in rows:
        graph.add_edge(nodes[used], nodes[good], (row, amount))
        if good == used and amount >= 1:
            yield Problem("no-net-output", Place(files["inputs"], row, "amount_per_unit"),
                          f"{amount:g} of '{good}' per unit of itself", "less than 1", "correct the amount")  # fmt: skip
    for component in rx.strongly_connected_components(graph):
        if len(component) < 2:
            continue
        cycle = rx.digraph_find_cycle(graph.subgraph(component))
        part = graph.subgraph(component)
        names = [part[source] for source, _ in cycle]
        edges = [part.get_edge_data(source, target) for source, target in cycle]
        gain = 1.0
        for _, amount in edges:
            gain *= amount
        place = Place(files["inputs"], min(row for row, _ in edges), "amount_per_unit")
        path = " → ".join([*names, names[0]])
        if gain >= 1:
            yield Problem("no-net-output", place, f"cycle {path} uses {gain:g} units per unit made", "less than 1",
                          "correct the amounts")  # fmt: skip
        else:
            yield Problem("input-cycle", place, f"cycle {path}", "a chain, or recycling on purpose",
                          "none needed: cycles are allowed", "note")  # fmt: skip


def _units(frames: Frames, files: Files) -> Iterator[Problem]:
    units = dict(frames["goods"].select("good", "unit").iter_rows())
    amounts = (("supply", "capacity_per_year"), ("projects", "capacity_per_year"), ("needs", "volume_per_year"))
    for name, amount in amounts:
        given = frames[name].filter(pl.col(amount).is_not_null() | pl.col(f"{amount}_low").is_not_null())
        for row, good, value, unit in given.select(ROW, "good", amount, "unit").iter_rows():
            if unit is None:
                yield Problem("no-unit", Place(files[name], row, "unit"), f"{amount} without a unit", "a unit",
                              f"write {units.get(good) or 'the unit of the good'}")  # fmt: skip
                continue
            own = units.get(good)
            if own is None or unit == own:
                continue
            here, there = UNITS[unit], UNITS[own]
            place = Place(files[name], row, "unit")
            if here.dimension != there.dimension:
                yield Problem("wrong-dimension", place, f"{unit} for '{good}', which is counted in {own}",
                              f"a unit of {there.dimension}", f"convert to {own}, or give the good another unit")  # fmt: skip
            elif not convertible(here, there):
                yield Problem("wrong-content", place, f"{unit} for '{good}', which is counted in {own}",
                              "one content basis", "convert the content (gross, contained, oxide) first")  # fmt: skip
            else:
                hint = f"write {convert(value, here, there):g} {own}" if value is not None else f"convert to {own}"
                yield Problem("mixed-units", place, f"{unit} for '{good}', which is counted in {own}", own, hint)
    yield from _amounts_have_units(frames, files, units)


def _amounts_have_units(frames: Frames, files: Files, units: Mapping[str, str | None]) -> Iterator[Problem]:
    for row, good, output in frames["goods"].select(ROW, "good", "world_output_per_year").iter_rows():
        if output is not None and units.get(good) is None:
            yield Problem("no-unit", Place(files["goods"], row, "unit"), "world output without a unit", "a unit",
                          "name the unit of the good")  # fmt: skip
    for row, good, use in frames["demand"].select(ROW, "good", "use_per_year").iter_rows():
        if use is not None and units.get(good) is None:
            yield Problem("no-unit", Place(files["demand"], row, "use_per_year"), f"use of '{good}', which has no unit", "a unit",
                          "name the unit of the good in goods")  # fmt: skip
    for row, good, used, amount in frames["inputs"].select(ROW, "good", "input", "amount_per_unit").iter_rows():
        lacking = [name for name in (good, used) if name in units and units[name] is None]
        if amount is not None and lacking:
            yield Problem("no-unit", Place(files["inputs"], row, "amount_per_unit"), f"an amount, but no unit of '{lacking[0]}'",
                          "units for both goods", "name the unit of the good in goods")  # fmt: skip


def _ownership_closes(frames: Frames, files: Files) -> Iterator[Problem]:
    """A group that owns itself to the last share has no owner at all: look-through has no answer there."""
    stakes = frames["stakes"].filter(pl.col("end").is_null())
    least = pl.coalesce(pl.col("equity_share"), pl.col("equity_share_low"))
    held = stakes.select(ROW, "owner", "owned", least.alias("share")).drop_nulls()
    held = held.group_by("owner", "owned", maintain_order=True).agg(pl.col(ROW).min(), pl.col("share").min())
    graph: rx.PyDiGraph[str, float] = rx.PyDiGraph()
    names = sorted(set(held["owner"]) | set(held["owned"]))
    nodes = {name: graph.add_node(name) for name in names}
    rows: dict[str, int] = {}
    for owner, owned, row, share in held.iter_rows():
        graph.add_edge(nodes[owner], nodes[owned], share)
        rows[owned] = min(row, rows.get(owned, row))
    for component in rx.strongly_connected_components(graph):
        inside = set(component)
        if len(inside) < 2:
            continue
        totals = [
            sum(share for source, _, share in graph.in_edges(node) if source in inside) for node in sorted(inside)
        ]
        if min(totals) >= 1 - 1e-9:
            members = sorted(graph[node] for node in inside)
            yield Problem("orphan-group", Place(files["stakes"], min(rows[m] for m in members), "equity_share"),
                          f"{', '.join(members)} own each other entirely", "an owner outside the group",
                          "add the outside owners or correct the shares")  # fmt: skip
