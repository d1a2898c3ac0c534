"""The magnet chain that the design of the flow program states, by hand calculation.

A chain of six goods: ore, oxide, metal, alloy, magnet, motor. The coalition uses 35 % of the world's motors and makes
6 % of magnets; 94 % are cut for a year, and two months of magnets are in stock. Amounts are in shares of the world's
month, in percent: the coalition needs 35 a month.

The design states the figures of magnets in full and those of alloy only through what plants are worth:

- A magnet plant of 4 % is worth 5.6 points of a two-year need (24 × 35 = 840): 47 units, where 12 × 4 = 48 would be
  5.7. So alloy for only 3.9 of the 4 % survives: alloy of 9.9 % of world output (9.89 to 9.95 all round to 5.6).
- An alloy plant alone is worth nothing, because magnets bind at 6 %.
- Once the magnet plants stand (here two of 4 %: 14 % in all), alloy binds at 9.9 %. 2.9 points are 24 units, 12 × 2:
  the alloy plant is one of 2 %.

The sizes of alloy, of the alloy plant and the number of magnet plants are therefore read back from the results; every
other number follows from what is stated.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from reshore.flow import Cut, Project, Terms, World, build_world, cut_off, run_flow, what_binds
from tests.chains import chain_of, edge, good_named, shares
from tests.unit.flow.random_worlds import demand_frame

CHAIN = ("ore", "oxide", "metal", "alloy", "magnet", "motor")
MAGNETS = Project("magnet", 0.04)
ALLOY = Project("alloy", 0.02)


@pytest.fixture(scope="module")
def world() -> World:
    goods = [good_named(name, final=name == "motor") for name in CHAIN]
    inputs = [edge(good, used) for used, good in pairwise(CHAIN)]
    supply = [
        *shares("ore", CHN=0.6, AUS=0.4), *shares("oxide", CHN=0.8, MYS=0.2), *shares("metal", CHN=0.8, VNM=0.2),
        *shares("alloy", CHN=0.901, JPN=0.099), *shares("magnet", CHN=0.94, JPN=0.06),
        *shares("motor", CHN=0.65, DEU=0.35),
    ]  # fmt: skip
    stocks = [{"good": name, "country": "WLD", "stock_months": 2.0 * (name == "magnet")} for name in CHAIN]
    use = [{"good": "motor", "country": "CHN", "use_share": 0.65}]
    return build_world(chain_of(goods, inputs, supply), demand_frame([*stocks, *use]))


def served(world: World, *projects: Project) -> np.ndarray:
    """What is served in each of 24 months, in percent of the world's month."""
    situation = cut_off(world, [Cut(("CHN",), ("magnet",), months=12)], Terms(projects=projects))
    return 1200 * run_flow(world, situation).served.sum(axis=(0, 1))


def test_full_service_for_two_months_then_half_and_then_a_sixth(world: World):
    # Months 1 and 2: 6 made + 29 of the 70 in stock = 35. Month 3: 6 + (70 - 58) = 18 of 35, 51 %. Then 6 of 35, 17 %.
    share = served(world) / 35
    assert share == pytest.approx([1, 1, 18 / 35, *[6 / 35] * 9, *[1] * 12], abs=1e-9)
    assert [round(100 * x) for x in share[:4]] == [100, 100, 51, 17]


def test_the_plants_of_the_design_are_worth_what_it_says(world: World):
    nothing = served(world).sum()
    need = 24 * 35
    assert nothing == pytest.approx(24 * 35 - (12 * 35 - 12 * 6 - 70))
    # One magnet plant: 3.9 more a month for a year, 46.8 of 840. The alloy plant alone: nothing.
    one = served(world, MAGNETS).sum() - nothing
    assert one == pytest.approx(12 * 3.9)
    assert round(100 * one / need, 1) == 5.6
    assert served(world, ALLOY).sum() == pytest.approx(nothing, abs=1e-9)
    # Once magnets stand at 14 %, alloy binds at 9.9 %, and the same alloy plant gives 2 more a month: 24 of 840.
    stand = served(world, MAGNETS, MAGNETS).sum()
    both = served(world, MAGNETS, MAGNETS, ALLOY).sum() - stand
    assert both == pytest.approx(12 * 2)
    assert round(100 * both / need, 1) == 2.9


def test_what_binds_is_magnets_and_then_alloy(world: World):
    cut = [Cut(("CHN",), ("magnet",), months=12)]
    alone = what_binds(run_flow(world, cut_off(world, cut)))
    assert {(row.good, row.reason) for row in alone if row.month == 6} == {("magnet", "capacity"), ("magnet", "stock")}
    standing = what_binds(run_flow(world, cut_off(world, cut, Terms(projects=(MAGNETS, MAGNETS)))))
    assert {row.good for row in standing if row.month == 6 and row.reason == "capacity"} == {"alloy"}
