"""Loops that have no answer: goods that eat all that is made of them, owners who own nothing but each other."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import rustworkx as rx

from reshore.errors import Place, Problem, shown
from reshore.tables import ROW

_STEPS = 2_000
_CLOSE = 1e-9


def input_loops(inputs: pl.DataFrame, file: str) -> Iterator[Problem]:
    """Recycling is allowed; goods that together eat at least as much of themselves as is made are not.

    Amounts that are not stated count as none, so that nothing is refused for what is unknown.
    """
    consumed = inputs.filter(pl.col("role") == "consumed").drop_nulls(["good", "input"]).sort(ROW)
    amount = pl.col("amount_per_unit").fill_null(0.0) / pl.col("yield_share").fill_null(1.0)
    edges = consumed.select("input", "good", ROW, amount.alias("amount"))
    hungry: set[str] = set()
    for part in _loops(_graph(edges.filter(pl.col("amount") > 0))):
        gain = _gain(part)
        if gain >= 1 - _CLOSE:
            hungry |= set(part.nodes())
            row, path = _cycle(part)
            yield Problem(
                "no-net-output",
                Place(file, row, "amount_per_unit"),
                f"{path} uses {gain:.4g} units per unit made",
                "less than 1",
                "correct the amounts",
            )
    for part in _loops(_graph(edges)):
        if not hungry & set(part.nodes()):
            row, path = _cycle(part)
            yield Problem(
                "input-cycle",
                Place(file, row, "input"),
                path,
                "a chain, or recycling on purpose",
                "none needed: cycles are allowed",
                "note",
            )


def _loops(graph: rx.PyDiGraph[str, tuple[int, float]]) -> Iterator[rx.PyDiGraph[str, tuple[int, float]]]:
    """The parts of `graph` in which every node reaches every node, itself included."""
    for component in rx.strongly_connected_components(graph):
        if len(component) > 1 or graph.has_edge(component[0], component[0]):
            yield graph.subgraph(sorted(component))


def _cycle(part: rx.PyDiGraph[str, tuple[int, float]]) -> tuple[int, str]:
    """The first row of one cycle of `part`, and the cycle in words."""
    alone = len(part) == 1
    pairs = [(0, 0)] if alone else list(rx.digraph_find_cycle(part))
    row = min(part.get_edge_data(source, target)[0] for source, target in pairs)
    names = [part[source] for source, _ in pairs]
    return row, f"'{names[0]}' in itself" if alone else shown(f"cycle {' → '.join([*names, names[0]])}")


def owner_loops(stakes: pl.DataFrame, file: str) -> Iterator[Problem]:
    """A group that owns itself to the last share has no owner at all: look-through has no answer there."""
    least = pl.coalesce("equity_share", "equity_share_low")
    held = stakes.select("owner", "owned", ROW, least.alias("share"), "start", "end").drop_nulls(
        ["owner", "owned", "share"]
    )
    everything = _graph(held.select("owner", "owned", ROW, "share"))
    suspects = [c for c in rx.strongly_connected_components(everything) if len(c) > 1]
    members = sorted({everything[node] for component in suspects for node in component})
    inside = held.filter(pl.col("owner").is_in(members) & pl.col("owned").is_in(members))
    seen: set[tuple[str, ...]] = set()
    for date in sorted({"", *inside["start"].drop_nulls()}):
        now = inside.filter(
            (pl.col("start").fill_null("") <= date)
            & (pl.col("end").is_null() | (pl.col("end") > date) | (pl.col("start") == date))
        )
        now = now.group_by("owner", "owned").agg(pl.col(ROW).min(), pl.col("share").min()).sort(ROW)
        graph = _graph(now)
        for component in rx.strongly_connected_components(graph):
            nodes = set(component)
            group = tuple(sorted(graph[node] for node in nodes))
            if len(nodes) < 2 or group in seen:
                continue
            edges = [edge for node in nodes for edge in graph.in_edges(node) if edge[0] in nodes]
            totals = dict.fromkeys(nodes, 0.0)
            for _, target, (_, share) in edges:
                totals[target] += share
            if min(totals.values()) >= 1 - _CLOSE:
                seen.add(group)
                yield Problem(
                    "orphan-group",
                    Place(file, min(row for *_, (row, _) in edges), "equity_share"),
                    shown(f"{', '.join(group)} own each other entirely"),
                    "an owner outside the group",
                    "add the outside owners or correct the shares",
                )


def _graph(edges: pl.DataFrame) -> rx.PyDiGraph[str, tuple[int, float]]:
    """The graph of rows: from, to, row of the file, size."""
    source, target = edges.columns[:2]
    graph: rx.PyDiGraph[str, tuple[int, float]] = rx.PyDiGraph()
    names = pl.concat([edges[source].alias("name"), edges[target].alias("name")]).unique().sort().to_list()
    nodes = dict(zip(names, graph.add_nodes_from(names), strict=True))
    graph.add_edges_from([(nodes[a], nodes[b], (row, size)) for a, b, row, size in edges.iter_rows()])
    return graph


def _gain(part: rx.PyDiGraph[str, tuple[int, float]]) -> float:
    """How much of itself a group of goods uses per unit made: the largest eigenvalue of its matrix of amounts.

    Found by steps x → (A + 1)x, of which the slowest-growing entry bounds the eigenvalue from below (Collatz and
    Wielandt); plain sums in a fixed order, so that the same input gives the same number.
    """
    edges = sorted((source, target, amount) for source, target, (_, amount) in part.weighted_edge_list())
    size = dict.fromkeys(sorted(part.node_indices()), 1.0)
    low = 0.0
    for _ in range(_STEPS):
        grown = dict(size)
        for source, target, amount in edges:
            grown[source] += amount * size[target]
        ratios = [grown[node] / size[node] - 1 for node in size]
        low, high = min(ratios), max(ratios)
        if high - low <= _CLOSE or high < 1 - _CLOSE or low >= 1:
            return low
        most = max(grown.values())
        size = {node: max(value / most, 1e-300) for node, value in grown.items()}
    return low
