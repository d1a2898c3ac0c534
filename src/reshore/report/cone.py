"""The cone of one good: what it is made of and what hangs on it, as a layered drawing without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reshore.data import DataPackage
from reshore.report.board import Tile, tile
from reshore.report.goods import GoodView

MAX_NODES = 40
UPSTREAM, DOWNSTREAM = 3, 2
WIDTH, HEIGHT = 152, 46
GAP_X, GAP_Y = 44, 12
MARGIN = 8
LINE = 21


@dataclass(frozen=True)
class Node:
    """A good in the drawing: where its box stands and what it says."""

    view: GoodView
    tile: Tile
    layer: int
    x: int
    y: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Edge:
    """A line from what is needed to what needs it; ``dashed``: a kind of it, or not essential."""

    path: str
    dashed: bool


@dataclass(frozen=True)
class Cone:
    """The drawing of one good's cone, ready for SVG."""

    view: GoodView
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    width: int
    height: int
    left_out: int
    alt: str


Link = tuple[str, str, bool]


def cone(center: GoodView, views: Mapping[str, GoodView], package: DataPackage) -> Cone:
    """The cone of `center`: up to three steps upstream and two downstream, at most 40 boxes."""
    links = _links(views, package)
    layers = _layers(center.good, links)
    kept = sorted(layers, key=lambda good: (abs(layers[good]), layers[good] > 0, -views[good].low, good))[:MAX_NODES]
    shown = {good: layers[good] for good in kept}
    drawn = [
        (start, end, dashed)
        for start, end, dashed in links
        if start in shown and end in shown and shown[start] < shown[end]
    ]
    columns = _ordered(shown, drawn)
    nodes, width, height = _placed(columns, views)
    places = {node.view.good: node for node in nodes}
    edges = tuple(_edge(places[start], places[end], dashed) for start, end, dashed in drawn)
    up = [views[good].label for good, layer in shown.items() if layer < 0]
    down = [views[good].label for good, layer in shown.items() if layer > 0]
    alt = (
        f"Cone of {center.label}: made with {', '.join(up) or 'nothing that is mapped'}; goes into "
        f"{', '.join(down) or 'nothing that is mapped'}."
    )
    return Cone(center, nodes, edges, width, height, len(layers) - len(kept), alt)


def _links(views: Mapping[str, GoodView], package: DataPackage) -> list[Link]:
    inputs = package["inputs"].select("good", "input", "need").iter_rows()
    links = [(used, good, need != "essential") for good, used, need in inputs if used in views and good in views]
    kinds = package["goods"].select("good", "parent").drop_nulls().iter_rows()
    return links + [(good, parent, True) for good, parent in kinds if good in views and parent in views]


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


def _ordered(layers: Mapping[str, int], links: Sequence[Link]) -> list[list[str]]:
    """Goods by layer; within a layer by the mean place of their neighbors, swept both ways (Sugiyama et al. 1981)."""
    columns = [sorted(good for good in layers if layers[good] == layer) for layer in sorted(set(layers.values()))]
    near: dict[str, list[str]] = {good: [] for good in layers}
    for start, end, _ in links:
        near[start].append(end)
        near[end].append(start)
    for _ in range(4):
        for sweep in (columns, columns[::-1]):
            place = {good: row - len(column) / 2 for column in columns for row, good in enumerate(column)}
            for column in sweep:
                means = {
                    good: sum(place[n] for n in near[good]) / len(near[good]) if near[good] else 0.0 for good in column
                }
                column.sort(key=lambda good: (means[good], good))
                place |= {good: row - len(column) / 2 for row, good in enumerate(column)}
    return columns


def _placed(columns: Sequence[Sequence[str]], views: Mapping[str, GoodView]) -> tuple[tuple[Node, ...], int, int]:
    tallest = max(len(column) for column in columns)
    height = 2 * MARGIN + tallest * HEIGHT + (tallest - 1) * GAP_Y
    width = 2 * MARGIN + len(columns) * WIDTH + (len(columns) - 1) * GAP_X
    nodes = []
    for number, column in enumerate(columns):
        used = len(column) * HEIGHT + (len(column) - 1) * GAP_Y
        top = (height - used) // 2
        for row, good in enumerate(column):
            view = views[good]
            x, y = MARGIN + number * (WIDTH + GAP_X), top + row * (HEIGHT + GAP_Y)
            share = "unknown" if not view.has_figures else f"{view.concern} from concern"
            nodes.append(
                Node(view, tile(view), number, x, y, (abbreviated(view.label, LINE), abbreviated(share, LINE + 3)))
            )
    return tuple(nodes), width, height


def _edge(start: Node, end: Node, dashed: bool) -> Edge:
    x1, y1 = start.x + WIDTH, start.y + HEIGHT // 2
    x2, y2 = end.x, end.y + HEIGHT // 2
    bend = x2 - GAP_X // 2
    return Edge(f"M{x1} {y1}H{bend}V{y2}H{x2}", dashed)


def abbreviated(text: str, length: int) -> str:
    """`text` cut at a word where it is longer than `length`, with an ellipsis."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > length // 2 else head).rstrip(" ,(-") + "…"
