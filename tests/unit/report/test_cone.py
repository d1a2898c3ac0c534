"""The cone: boxes stand apart, lines run forward, never more than forty boxes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.data import DataPackage, build_package
from reshore.report.cone import HEIGHT, LINE_WIDTH, MAX_NODES, WIDTH, Cone, cone, text_width, wrapped
from reshore.report.goods import GoodView
from tests.small import FACT

EMPTY = {
    "concern_share": None, "concern_share_low": None, "concern_share_high": None, "largest_supplier": None,
    "basis": None, "year": None, "confidence": None, "single_points": None, "sources": None,
}  # fmt: skip


def package(links: list[tuple[int, int]], count: int) -> tuple[Mapping[str, GoodView], DataPackage]:
    """A chain of `count` goods in which ``(a, b)`` says that good a goes into good b."""
    good = {"chain": "c", "step": "s", "step_order": 0, "kind": "material", "final": False, **FACT}
    made = {end for _, end in links}
    tables = {
        "sources": [{"source": "survey", "title": "A survey"}],
        "goods": [
            {**good, "good": f"g{n}", "label": f"Good {n}", "origin": None if n in made else "primary"}
            for n in range(count)
        ],
        "inputs": [
            {"good": f"g{end}", "input": f"g{start}", "need": "essential", "role": "consumed", **FACT}
            for start, end in links
        ],
    }
    views = {
        f"g{n}": GoodView(f"g{n}", f"Good {n}", "c", "s", 0, False, True, EMPTY, (), ()) for n in range(count)
    }  # fmt: skip
    return views, build_package(tables, "cone", "Cone", price_year=2025)


def check(drawn: Cone) -> None:
    assert len(drawn.nodes) <= MAX_NODES
    for one, other in combinations(drawn.nodes, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT, (one.view.good, other.view.good)
    for node in drawn.nodes:
        assert 0 <= node.x <= drawn.width - WIDTH
        assert 0 <= node.y <= drawn.height - HEIGHT
    for edge in drawn.edges:
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", edge.path)]
        assert numbers[0] + 30 <= numbers[-2], "lines run from left to right"


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[int, int]], int]:
    count = draw(st.integers(1, 60))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1])
    links = draw(st.lists(pairs, max_size=120, unique=True)) if count > 1 else []
    return links, count


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(0, 59))
def test_boxes_never_overlap_and_there_are_at_most_forty(graph: tuple[list[tuple[int, int]], int], center: int):
    links, count = graph
    views, data = package(links, count)
    check(cone(views[f"g{center % count}"], views, data))


def test_a_good_with_a_hundred_inputs_shows_forty_boxes_and_says_how_many_are_left_out():
    views, data = package([(n, 0) for n in range(1, 101)], 101)
    drawn = cone(views["g0"], views, data)
    check(drawn)
    # 101 goods, 40 drawn.
    assert (len(drawn.nodes), drawn.left_out) == (40, 61)


def test_what_goes_in_stands_to_the_left_of_what_comes_out():
    views, data = package([(0, 1), (1, 2), (0, 2)], 3)
    drawn = cone(views["g2"], views, data)
    places = {node.view.good: node.x for node in drawn.nodes}
    assert places["g0"] < places["g1"] < places["g2"]
    assert (len(drawn.edges), drawn.undrawn) == (3, 0)


def test_a_line_over_two_layers_passes_beside_the_box_between_them():
    views, data = package([(0, 1), (1, 2), (0, 2)], 3)
    drawn = cone(views["g2"], views, data)
    middle = next(node for node in drawn.nodes if node.view.good == "g1")
    long = next(edge for edge in drawn.edges if "H" in edge.path)
    lane = float(re.findall(r" (\d+(?:\.\d+)?)H", long.path)[0])
    assert not middle.y <= lane <= middle.y + HEIGHT


def test_a_loop_does_not_draw_lines_backward():
    views, data = package([(0, 1), (1, 2)], 3)
    drawn = cone(views["g1"], views, data)
    assert drawn.undrawn == 0
    check(drawn)


@pytest.mark.parametrize(
    "label",
    [
        "Gallium",
        "Battery-grade phosphoric acid and iron phosphate",
        "Neodymium-praseodymium oxide",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        "W" * 60,
        "",
    ],
)
def test_words_fit_their_box(label: str):
    lines = wrapped(label, LINE_WIDTH, 2)
    assert 1 <= len(lines) <= 2
    assert all(text_width(line) <= LINE_WIDTH + 9 for line in lines)
    assert "".join(lines).replace("…", "").replace(" ", "")[:10] == label.replace(" ", "")[:10]
