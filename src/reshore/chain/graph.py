"""`ValueChain`: the immutable AND/OR graph of goods.

A good is made with **all** its essential inputs (AND) by **any** of its suppliers (OR), and a need for a good is met by
any of its variants (OR). Loss travels along inputs; shares roll up along kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import rustworkx as rx

from reshore.chain.choice import Choice, Preference, choose
from reshore.chain.records import Good, Input, Organization, Series
from reshore.errors import Place, Problem


@dataclass(frozen=True)
class ValueChain:
    """Goods, what goes into what, and every figure of who supplies them.

    Goods and inputs are in key order and every input is a good of the chain. ``series`` holds, per good, all figures
    side by side; `choose` decides which are used.
    """

    goods: tuple[Good, ...]
    inputs: tuple[Input, ...]
    organizations: Mapping[str, Organization] = field(default_factory=dict)
    series: Mapping[str, tuple[Series, ...]] = field(default_factory=dict)

    def __getitem__(self, good: str) -> Good:
        return self.goods[self.index[good]]

    def __contains__(self, good: object) -> bool:
        return good in self.index

    def __len__(self) -> int:
        return len(self.goods)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Position of each good among ``goods``."""
        return {good.good: position for position, good in enumerate(self.goods)}

    @cached_property
    def inputs_of(self) -> Mapping[str, tuple[Input, ...]]:
        """What each good is made with; every good has an entry."""
        found: dict[str, list[Input]] = {good.good: [] for good in self.goods}
        for edge in self.inputs:
            found[edge.good].append(edge)
        return {good: tuple(edges) for good, edges in found.items()}

    @cached_property
    def uses_of(self) -> Mapping[str, tuple[Input, ...]]:
        """What each good goes into; every good has an entry."""
        found: dict[str, list[Input]] = {good.good: [] for good in self.goods}
        for edge in self.inputs:
            found[edge.input].append(edge)
        return {good: tuple(edges) for good, edges in found.items()}

    @cached_property
    def variants_of(self) -> Mapping[str, tuple[str, ...]]:
        """The kinds of each good, in key order; every good has an entry."""
        found: dict[str, list[str]] = {good.good: [] for good in self.goods}
        for good in self.goods:
            if good.parent in found:
                found[good.parent].append(good.good)
        return {good: tuple(kinds) for good, kinds in found.items()}

    @cached_property
    def final_goods(self) -> tuple[str, ...]:
        """Goods that people depend on directly; where none is marked, goods that go into nothing else."""
        marked = tuple(good.good for good in self.goods if good.final)
        return marked or tuple(
            good.good for good in self.goods if not self.uses_of[good.good] and good.parent not in self.index
        )

    @cached_property
    def _graph(self) -> rx.PyDiGraph[str, None]:
        """Edges run from what is needed to what needs it: input to good, variant to the good it is a kind of."""
        graph: rx.PyDiGraph[str, None] = rx.PyDiGraph(multigraph=False)
        graph.add_nodes_from([good.good for good in self.goods])
        pairs = {(self.index[edge.input], self.index[edge.good]) for edge in self.inputs}
        pairs |= {(self.index[kind], self.index[good]) for good, kinds in self.variants_of.items() for kind in kinds}
        graph.add_edges_from_no_data(sorted(pairs))
        return graph

    @cached_property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """Goods in topological order, upstream first; goods that feed one another in a cycle share a layer.

        Ties are broken by key, so the order depends on nothing but the goods and their inputs.
        """
        graph = self._graph
        groups = [sorted(group) for group in rx.strongly_connected_components(graph)]
        groups.sort()
        place = {node: number for number, group in enumerate(groups) for node in group}
        condensed: rx.PyDiGraph[int, None] = rx.PyDiGraph(multigraph=False)
        condensed.add_nodes_from(list(range(len(groups))))
        crossing = {(place[start], place[end]) for start, end in graph.edge_list() if place[start] != place[end]}
        condensed.add_edges_from_no_data(sorted(crossing))
        width = len(str(len(groups)))
        order = rx.lexicographical_topological_sort(condensed, key=lambda number: f"{number:0{width}d}")
        return tuple(tuple(self.goods[node].good for node in groups[number]) for number in order)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Goods in topological order, upstream first."""
        return tuple(good for layer in self.layers for good in layer)

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """One closed path per group of goods that feed one another, from its first key on: recycling, or a mistake."""
        graph = self._graph
        found = []
        for layer in self.layers:
            first = self.index[layer[0]]
            if len(layer) > 1:
                part = graph.subgraph([self.index[good] for good in layer])
                start = next(node for node in part.node_indices() if part[node] == layer[0])
                path = [part[tail] for tail, _ in rx.digraph_find_cycle(part, start)]
                turn = path.index(min(path))
                found.append((*path[turn:], *path[:turn]))
            elif graph.has_edge(first, first):
                found.append((layer[0],))
        return tuple(sorted(found))

    @cached_property
    def notes(self) -> tuple[Problem, ...]:
        """What is worth knowing about the shape of the chain."""
        return tuple(
            Problem(
                "cycle",
                Place("inputs.csv"),
                " → ".join([*cycle, cycle[0]]),
                "recycling, or goods of which each needs the other",
                "check that the cycle is meant; goods in it are taken to run as long as nothing in it is lost",
                "note",
            )
            for cycle in self.cycles
        )

    def ancestors(self, *goods: str) -> frozenset[str]:
        """Everything upstream of `goods`: inputs, variants, and theirs; not `goods` unless they are in a cycle."""
        return self._reached(goods, up=True)

    def descendants(self, *goods: str) -> frozenset[str]:
        """Everything downstream of `goods`: what they go into or are a kind of, and so on."""
        return self._reached(goods, up=False)

    def _reached(self, goods: Iterable[str], *, up: bool) -> frozenset[str]:
        graph = self._graph
        step = graph.predecessor_indices if up else graph.successor_indices
        seen: set[int] = set()
        stack = [self.index[good] for good in goods]
        while stack:
            for node in step(stack.pop()):
                if node not in seen:
                    seen.add(node)
                    stack.append(node)
        return frozenset(self.goods[node].good for node in seen)

    def select(self, *chains: str) -> ValueChain:
        """The goods of `chains` with everything upstream of them.

        Raises
        ------
        KeyError
            When no good is in one of `chains`.
        """
        known = sorted({good.chain for good in self.goods})
        unknown = [chain for chain in chains if chain not in known]
        if unknown:
            raise KeyError(f"no good is in chain {', '.join(unknown)}; there are {', '.join(known)}")
        return self.only(good.good for good in self.goods if good.chain in chains)

    def only(self, goods: Iterable[str]) -> ValueChain:
        """`goods` with everything upstream of them."""
        wanted = frozenset(goods)
        kept = wanted | self.ancestors(*sorted(wanted))
        return ValueChain(
            tuple(good for good in self.goods if good.good in kept),
            tuple(edge for edge in self.inputs if edge.good in kept),
            self.organizations,
            {good: series for good, series in self.series.items() if good in kept},
        )

    def choose(self, preference: Preference | None = None) -> Choice:
        """The figures to use where several stand side by side; see `reshore.chain.choice`."""
        return choose(self.goods, self.series, preference or Preference())
