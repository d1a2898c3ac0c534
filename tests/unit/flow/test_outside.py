"""Users outside the chain: who of them and the chain gets what is left of a good that both need."""

from __future__ import annotations

import numpy as np
import pytest

from reshore.flow import Cut, Project, Terms, World, build_world, cut_off, run_flow
from tests.chains import chain_of, edge, good_named, shares
from tests.unit.flow.random_worlds import demand_frame


def silicon(left: float) -> World:
    """Chips take 1 % of silicon metal, alloys and silicones the rest; all but `left` of the metal is Chinese."""
    chain = chain_of(
        [good_named("silicon"), good_named("chip", final=True)],
        [edge("chip", "silicon", output_share=0.01)],
        [*shares("silicon", CHN=1 - left, NOR=left), *shares("chip", TWN=1.0)],
    )
    rows = [{"good": name, "country": "WLD", "stock_months": 0.0} for name in ("silicon", "chip")]
    return build_world(chain, demand_frame([*rows, {"good": "chip", "country": "CHN", "use_share": 0.0}]))


def served(left: float, rule: str, **terms: object) -> float:
    situation = cut_off(silicon(left), [Cut(("CHN",))], Terms(home="TWN", months=3, rationing=rule, **terms))  # type: ignore[arg-type]
    return float(run_flow(silicon(left), situation).served_share[0, -1])


@pytest.mark.parametrize("rule", ["best", "home_first"])
@pytest.mark.parametrize(("left", "share"), [(0.13, 1.0), (0.01, 1.0), (0.005, 0.5), (0.0, 0.0)])
def test_what_is_left_goes_to_the_chain_before_users_outside(rule: str, left: float, share: float):
    # 13 % or 1 % of the metal is all that chips need, 0.5 % is half of it.
    assert served(left, rule) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("left", [0.13, 0.005])
def test_pro_rata_users_outside_keep_their_share(left: float):
    assert served(left, "pro_rata") == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize(("rule", "share"), [("best", 0.7), ("pro_rata", 0.007)])
def test_a_plant_serves_whom_the_rule_names(rule: str, share: float):
    # 0.5 % is left and 0.2 % is added, of which chips need 1 %: 70 % of them if they come first, 0.7 % if all share.
    assert served(0.005, rule, projects=(Project("silicon", 0.002),)) == pytest.approx(share, abs=1e-9)


def test_the_rule_is_stated_with_the_goods():
    for rule, said in (("best", "give way: what the chain makes is worth more"), ("pro_rata", "keep their share")):
        notes = cut_off(silicon(0.1), [Cut(("CHN",))], Terms(rationing=rule)).notes  # type: ignore[arg-type]
        assert f"users outside the chain of silicon {said}" in notes
    assert any(line.startswith("only part of the output of 1 goods is used in the chain (silicon)")
               for line in silicon(0.1).assumed)  # fmt: skip


def test_users_outside_take_their_part_of_all_that_is_upstream():
    # Ore goes half into powder, of which the chain uses a fifth, and half into final coins: it uses 0.5 × 0.2 + 0.5 =
    # 0.6 of all ore, a sixth of that in powder and five sixths in coins.
    chain = chain_of(
        [good_named("ore"), good_named("powder"), good_named("coin", final=True), good_named("part", final=True)],
        [edge("powder", "ore", output_share=0.5), edge("coin", "ore", output_share=0.5),
         edge("part", "powder", output_share=0.2)],
        shares("ore", CHN=0.5, AUS=0.5),
    )  # fmt: skip
    world = build_world(chain)
    assert world.outside is not None
    assert dict(zip(world.goods, world.outside, strict=True)) == pytest.approx(
        {"ore": 0.4, "powder": 0.8, "coin": 0.0, "part": 0.0}
    )
    ore = world.consumed.input == world.index["ore"]
    into = [world.goods[g] for g in world.consumed.good[ore]]
    assert dict(zip(into, world.consumed.amount[ore], strict=True)) == pytest.approx({"coin": 5 / 6, "powder": 1 / 6})


def test_kinds_of_a_good_that_others_use_too_keep_their_proportions():
    # The chain uses 0.4 of cathodes, which are NMC and LFP in parts of 3 and 1: it uses 0.4 of each of them.
    sizes = {"lfp": 1.0, "nmc": 3.0}
    kinds = [good_named(kind, parent="cathode", market_size_usd_per_year=size) for kind, size in sizes.items()]
    goods = [good_named("cathode"), good_named("cell", final=True), *kinds]
    world = build_world(chain_of(goods, [edge("cell", "cathode", output_share=0.4)]))
    assert world.outside is not None
    assert world.outside[[world.index[k] for k in ("cathode", "lfp", "nmc")]] == pytest.approx(0.6)
    assert world.weight * world.passed == pytest.approx([0.25, 0.75])
    use, made = world.use_at_rest(np.ones(4), np.ones(1))
    assert use == pytest.approx(np.ones(4))
    assert made == pytest.approx(np.ones(4))
