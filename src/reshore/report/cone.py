"""The cone of one good: what it is made of and what hangs on it, as a layered drawing without a script.

Layers by the longest way from the good; order within a layer by the mean place of neighbors (Sugiyama, Tagawa and Toda
1981); lines over several layers run through places kept free for them; heights by least squares with the order kept
(pool adjacent violators).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reshore.data import DataPackage
from reshore.report.board import Tile, tile
from reshore.report.goods import GoodView

MAX_NODES = 40
UPSTREAM, DOWNSTREAM = 3, 2
WIDTH, HEIGHT = 176, 62
GAP_X, GAP_Y = 36, 13
MARGIN = 6
LINE_WIDTH = WIDTH - 18
LANE = 12
SWEEPS = 8

_WORDS = re.compile(r"[^\s-]+(?:-|\s+|$)|[-\s]+")
_NARROW, _WIDE = frozenset("iljtfrI.,;:'|()[]-–/! "), frozenset("mwMW%@—")


@dataclass(frozen=True)
class Node:
    """A good in the drawing: where its box stands and what it says."""

    view: GoodView
    tile: Tile
    x: int
    y: int
    lines: tuple[str, ...]
    share: str

    @property
    def plate(self) -> int:
        """Width of the white ground that words need on a hatched box."""
        return min(WIDTH - 8, round(max(map(text_width, (*self.lines, self.share)))) + 8)


@dataclass(frozen=True)
class Edge:
    """A line from what is needed to what needs it; ``dashed``: a kind of it, or not essential."""

    path: str
    dashed: bool


@dataclass(frozen=True)
class Cone:
    """The drawing of one good's cone, ready for SVG. ``undrawn`` links would run against the direction of reading."""

    view: GoodView
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int
    left_out: int
    undrawn: int
    upstream: tuple[GoodView, ...]
    downstream: tuple[GoodView, ...]


Link = tuple[str, str, bool]
Place = tuple[str, int]
"""A good, or a lane of the link with this number: ``("good", -1)`` or ``("", link)``, within its layer."""


def cone(center: GoodView, views: Mapping[str, GoodView], package: DataPackage) -> Cone:
    """The cone of `center`: up to three steps upstream and two downstream, at most 40 boxes."""
    links = _links(views, package)
    layers = _layers(center.good, links)
    kept = sorted(layers, key=lambda good: (abs(layers[good]), layers[good] > 0, -views[good].low, good))[:MAX_NODES]
    shown = {good: layers[good] for good in kept}
    among = [link for link in links if link[0] in shown and link[1] in shown]
    drawn = [link for link in among if shown[link[0]] < shown[link[1]]]
    columns, ways = _columns(shown, drawn)
    tops, height = _tops(columns, ways)
    first = min(shown.values())
    nodes = tuple(
        _node(views[good], MARGIN + (layer - first) * (WIDTH + GAP_X), round(tops[layer, good, -1]))
        for good, layer in sorted(shown.items(), key=lambda item: (item[1], tops[item[1], item[0], -1]))
    )
    edges = tuple(
        Edge(_path([(layer - first, tops[layer, *place] + _height(place) / 2) for layer, place in way]), link[2])
        for link, way in zip(drawn, ways, strict=True)
    )
    width = 2 * MARGIN + len(columns) * (WIDTH + GAP_X) - GAP_X
    up, down = (
        tuple(views[good] for good, layer in shown.items() if (layer < 0) == is_up and layer) for is_up in (True, False)
    )
    return Cone(center, nodes, edges, width, height, len(layers) - len(kept), len(among) - len(drawn), up, down)


def _links(views: Mapping[str, GoodView], package: DataPackage) -> list[Link]:
    inputs = package["inputs"].select("good", "input", "need").iter_rows()
    links = [(used, good, need != "essential") for good, used, need in inputs if used in views and good in views]
    kinds = package["goods"].select("good", "parent").drop_nulls().iter_rows()
    return sorted(links + [(good, parent, True) for good, parent in kinds if good in views and parent in views])


def _layers(center: str, links: Sequence[Link]) -> dict[str, int]:
    """Goods near the center by step: the longest way, so that lines run in one direction."""
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for start, end, _ in links:
        before.setdefault(end, []).append(start)
        after.setdefault(start, []).append(end)
    layers = {center: 0}
    for neighbors, sign, steps in ((before, -1, UPSTREAM), (after, 1, DOWNSTREAM)):
        front = [center]
        for step in range(1, steps + 1):
            front = sorted({near for good in front for near in neighbors.get(good, ())} - {center})
            for good in front:
                if sign * layers.get(good, sign) > 0:
                    layers[good] = sign * step
    return layers


Way = list[tuple[int, Place]]


def _columns(layers: Mapping[str, int], links: Sequence[Link]) -> tuple[dict[int, list[Place]], list[Way]]:
    """What stands in each layer from top to bottom, and the places that each link passes."""
    columns: dict[int, list[Place]] = {layer: [] for layer in range(min(layers.values()), max(layers.values()) + 1)}
    for good, layer in sorted(layers.items()):
        columns[layer].append((good, -1))
    ways: list[Way] = []
    for number, (start, end, _) in enumerate(links):
        lanes = [(layer, ("", number)) for layer in range(layers[start] + 1, layers[end])]
        for layer, lane in lanes:
            columns[layer].append(lane)
        ways.append([(layers[start], (start, -1)), *lanes, (layers[end], (end, -1))])
    _order(columns, ways)
    return columns, ways


def _neighbors(ways: Sequence[Way]) -> dict[tuple[int, Place], list[tuple[int, Place]]]:
    near: dict[tuple[int, Place], list[tuple[int, Place]]] = {}
    for way in ways:
        for one, other in pairwise(way):
            near.setdefault(one, []).append(other)
            near.setdefault(other, []).append(one)
    return near


def _order(columns: Mapping[int, list[Place]], ways: Sequence[Way]) -> None:
    """Sorts each column by the mean place of neighbors, swept from left to right and back."""
    near = _neighbors(ways)
    place = {(layer, one): row - len(column) / 2 for layer, column in columns.items() for row, one in enumerate(column)}
    for sweep in range(SWEEPS):
        for layer in sorted(columns, reverse=sweep % 2 == 1):
            column = columns[layer]
            means = {
                one: sum(place[other] for other in near[layer, one]) / len(near[layer, one])
                if (layer, one) in near
                else place[layer, one]
                for one in column
            }
            column.sort(key=lambda one, means=means: (means[one], one))  # type: ignore[misc]
            place |= {(layer, one): row - len(column) / 2 for row, one in enumerate(column)}


def _height(place: Place) -> int:
    return HEIGHT if place[1] < 0 else LANE


def _tops(columns: Mapping[int, list[Place]], ways: Sequence[Way]) -> tuple[dict[tuple[int, str, int], float], int]:
    """The upper edge of everything that stands in a column, and the height of the drawing."""
    near = _neighbors(ways)
    middle: dict[tuple[int, Place], float] = {}
    for layer, column in columns.items():
        total = sum(_height(one) + GAP_Y for one in column)
        at = -total / 2
        for one in column:
            middle[layer, one] = at + _height(one) / 2
            at += _height(one) + GAP_Y
    for sweep in range(SWEEPS):
        for layer in sorted(columns, reverse=sweep % 2 == 1):
            column = columns[layer]
            wanted = [
                sum(middle[other] for other in near[layer, one]) / len(near[layer, one])
                if (layer, one) in near
                else middle[layer, one]
                for one in column
            ]
            for one, value in zip(column, _apart(wanted, [_height(one) for one in column]), strict=True):
                middle[layer, one] = value
    top = min(value - _height(one) / 2 for (_, one), value in middle.items())
    bottom = max(value + _height(one) / 2 for (_, one), value in middle.items())
    tops = {(layer, *one): value - _height(one) / 2 - top + MARGIN for (layer, one), value in middle.items()}
    return tops, round(bottom - top) + 2 * MARGIN


def _apart(wanted: Sequence[float], heights: Sequence[int]) -> list[float]:
    """Middles in order and without overlap, as near to `wanted` as can be in the sense of least squares."""
    offsets = [0.0]
    for one, other in pairwise(heights):
        offsets.append(offsets[-1] + (one + other) / 2 + GAP_Y)
    pools: list[tuple[float, int]] = []
    for value, offset in zip(wanted, offsets, strict=True):
        mean, count = value - offset, 1
        while pools and pools[-1][0] >= mean:
            before, size = pools.pop()
            mean, count = (before * size + mean * count) / (size + count), size + count
        pools.append((mean, count))
    free = [mean for mean, count in pools for _ in range(count)]
    return [value + offset for value, offset in zip(free, offsets, strict=True)]


def _node(view: GoodView, x: int, y: int) -> Node:
    share = f"{view.concern} · {view.leader_name}" if view.leader_name else view.concern
    if text_width(share) > LINE_WIDTH:
        share = f"{view.concern} · {view.row['largest_supplier']}"
    return Node(view, tile(view), x, y, wrapped(view.label, LINE_WIDTH, 2), cut(share, LINE_WIDTH))


def _path(points: Sequence[tuple[int, float]]) -> str:
    """A smooth line through the middles of places, straight beneath lanes."""
    parts = []
    for number, ((layer, y), (after, other)) in enumerate(pairwise(points)):
        x1 = MARGIN + layer * (WIDTH + GAP_X) + WIDTH
        x2 = MARGIN + after * (WIDTH + GAP_X)
        bend = (x1 + x2) / 2
        parts.append(f"M{x1} {y:.1f}" if number == 0 else f"H{x1}")
        parts.append(f"C{bend:.0f} {y:.1f} {bend:.0f} {other:.1f} {x2} {other:.1f}")
    return "".join(parts)


def text_width(text: str) -> float:
    """The width of `text` in a bold sans-serif of 11.5 px: an upper estimate for the fonts that systems bring."""
    return sum(4.7 if c in _NARROW else 11.5 if c in _WIDE else 9.2 if c.isupper() else 7.9 for c in text)


def wrapped(text: str, width: float, most: int) -> tuple[str, ...]:
    """`text` in at most `most` lines of `width` pixels, broken at spaces and hyphens; cut where it must be."""
    words = _WORDS.findall(text)
    lines = [""]
    for number, word in enumerate(words):
        longer = lines[-1] + word
        if text_width(longer.rstrip()) <= width or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < most:
            lines.append(word)
        else:
            lines[-1] += "".join(words[number:])
            break
    return tuple(cut(line.rstrip(), width) for line in lines)


def cut(text: str, width: float) -> str:
    """`text` with an ellipsis where it is wider than `width` pixels."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) + 9 > width:
        text = text[:-1]
    return text.rstrip(" ,(-") + "…"
