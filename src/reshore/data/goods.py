"""Rules on the graph of goods: kinds end, goods can be made, demand can be met, the chain hangs together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl
import rustworkx as rx

from reshore.errors import Place, Problem, shown
from reshore.tables import ROW

Frames = Mapping[str, pl.DataFrame]
"""The checked frame of each table, with ``_row``."""

Files = Mapping[str, str]
"""The file that each table came from."""


def kinds(frames: Frames, files: Files) -> Iterator[Problem]:
    """Kinds of kinds end, and no good is both a kind of and an input to another."""
    goods = frames["goods"].select(ROW, "good", "parent").drop_nulls().sort(ROW)
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


def goods_can_be_made(frames: Frames, files: Files) -> Iterator[Problem]:
    """Every good has inputs, variants or an origin; what is demanded can be had; what is listed is used."""
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
    told = {good for name in ("trade", "indicators") for good in frames[name]["good"].drop_nulls().unique()}
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
        if not any(good in group for group in (used, made, parents, with_parent, supplied, demanded, told, final)):
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
