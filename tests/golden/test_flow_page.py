"""The worked example of the page on flow, recomputed from the numbers on the page."""

from __future__ import annotations

import re
from itertools import pairwise, takewhile
from pathlib import Path

import pytest

from reshore.flow import Cut, Project, Terms, build_world, cut_off, run_flow
from tests.chains import chain_of, edge, good_named, shares
from tests.unit.flow.random_worlds import demand_frame

PAGE = (Path(__file__).parents[2] / "docs" / "concepts" / "flow.md").read_text(encoding="utf-8")
CHAIN = ("ore", "oxide", "metal", "alloy", "magnet", "motor")


def number(pattern: str) -> float:
    """The number that the page gives where `pattern` says."""
    found = re.search(pattern.replace(" ", r"\s+"), PAGE)
    assert found, pattern
    return float(found[1])


def table(head: str) -> list[list[str]]:
    """Rows of the table whose first heading is `head`."""
    rows = takewhile(lambda line: line.startswith("|"), PAGE[PAGE.index(f"| {head} |") :].splitlines())
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows][2:]


@pytest.fixture(scope="module")
def served():
    """What is served by month in percent of the world's month, with `plants`."""
    use = number(r"uses (\d+) percent of the world's motors") / 100
    own = number(r"makes (\d+) percent of the magnets") / 100
    cut = number(r"the other (\d+) percent are cut") / 100
    months = int(number(r"are cut for (\d+) months"))
    stock = number(r"Of magnets (\d+) months are in stock")
    alloy = number(r"alloy for ([\d.]+) percent survives") / 100
    assert own + cut == pytest.approx(1)
    supply = [
        *shares("ore", CHN=0.6, AUS=0.4), *shares("oxide", CHN=0.8, MYS=0.2), *shares("metal", CHN=0.8, VNM=0.2),
        *shares("alloy", CHN=1 - alloy, JPN=alloy), *shares("magnet", CHN=cut, JPN=own),
        *shares("motor", CHN=1 - use, DEU=use),
    ]  # fmt: skip
    rows = [{"good": name, "country": "WLD", "stock_months": stock * (name == "magnet")} for name in CHAIN]
    rows += [{"good": "motor", "country": "CHN", "use_share": 1 - use}]
    goods = [good_named(name, final=name == "motor") for name in CHAIN]
    world = build_world(
        chain_of(goods, [edge(good, used) for used, good in pairwise(CHAIN)], supply), demand_frame(rows)
    )

    def by_month(*plants: Project):
        situation = cut_off(world, [Cut(("CHN",), ("magnet",), months=months)], Terms(projects=plants))
        return 1200 * run_flow(world, situation).served.sum(axis=(0, 1))

    return by_month


def test_the_months_of_the_page(served):
    rows = table("month")
    assert [int(row[0]) for row in rows] == [1, 2, 3, 4]
    for row, found in zip(rows, served(), strict=False):
        made, stock, total, share = float(row[1]), float(row[2]), float(row[3]), float(row[4].split()[0])
        assert made + stock == total == pytest.approx(found)
        assert share == round(100 * total / 35)


def test_the_plants_of_the_page(served):
    def plants(text: str) -> list[Project]:
        found = []
        for good, size, twice in re.findall(r"(magnets|alloy) (\d+) %( twice)?", text):
            found += [Project(good.removesuffix("s"), float(size) / 100)] * (2 if twice else 1)
        return found

    rows = table("plants added")
    assert len(rows) == 3
    for text, more, points in rows:
        added = plants(text)
        before = added[:-1] if "then" in text else []
        gain = served(*added).sum() - served(*before).sum()
        assert gain == pytest.approx(float(more), abs=1e-6)
        assert round(100 * gain / 840, 1) == float(points)
