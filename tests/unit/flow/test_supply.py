"""Who makes what: known shares are passed on as they are, and what is unknown stays unknown."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.flow import BYS, UNKNOWN, Assumptions, By, World, build_world
from tests.chains import chain_of, edge, good_named, shares

MAKER = {"organization": "maker", "seat": "JPN"}


def found(world: World, good: str, by: By) -> dict[tuple[str, ...], float]:
    """Shares of `good` by place."""
    supply, k = world.supply[by], world.index[good]
    return {supply.places[row]: float(supply.share[row]) for row in np.flatnonzero(supply.good == k)}


@pytest.mark.parametrize("by", BYS)
def test_figures_of_one_country_leave_the_rest_to_others_whatever_ties_output_to_it(by: By):
    # China has 0.615 and no firm is named: no reading makes that more.
    chain = chain_of([good_named("nacelle", final=True)], [], shares("nacelle", coverage="partial", CHN=0.615))
    assert found(build_world(chain), "nacelle", by) == pytest.approx({("CHN",): 0.615, ("XX-ROW",): 0.385})


def test_control_is_known_for_the_firms_that_are_named_and_for_nothing_else():
    # The maker has 0.6 and is controlled from China; another firm has its seat in Korea; nobody names the other 0.3.
    supply = shares("film", coverage="partial", maker=0.6, other=0.1)
    bodies = [MAKER, {"organization": "other", "seat": "KOR"}]
    chain = chain_of([good_named("film", final=True)], [], supply, bodies)
    world = build_world(chain, controlled_by={"maker": ("CHN",)})
    assert found(world, "film", "control") == pytest.approx({("CHN",): 0.6, ("KOR",): 0.1, (UNKNOWN,): 0.3})
    assert found(world, "film", "organization") == pytest.approx({("maker",): 0.6, ("other",): 0.1, (UNKNOWN,): 0.3})
    assert found(world, "film", "seat") == pytest.approx({("JPN",): 0.6, ("KOR",): 0.1, (UNKNOWN,): 0.3})


def test_control_by_the_country_of_seat_or_plant_is_said():
    supply = [*shares("tower", coverage="partial", CHN=0.7), *shares("film", coverage="partial", maker=0.6)]
    chain = chain_of([good_named("tower", final=True), good_named("film", final=True)], [], supply, [MAKER])
    said = [line for line in build_world(chain).assumed if line.startswith("firms behind")]
    assert said == ["firms behind most of what is known are not named for 1 goods (tower): "
                    "by control, they count to the country of their seat or plant"]  # fmt: skip


@pytest.mark.parametrize("by", BYS)
def test_a_kind_without_sizes_takes_the_shares_of_its_parent_as_they_are(by: By):
    # Of generators 0.7 is Chinese. One maker of the kind is named, without a size: it is 0.7 as well, not 1.
    supply = [*shares("generator", coverage="partial", CHN=0.7), *shares("magnetic", coverage="partial", maker=None)]
    goods = [good_named("generator", final=True), good_named("magnetic", parent="generator"),
             good_named("induction", parent="generator")]  # fmt: skip
    world = build_world(chain_of(goods, [], supply, [MAKER]))
    for kind in ("magnetic", "induction"):
        assert found(world, kind, by) == pytest.approx({("CHN",): 0.7, ("XX-ROW",): 0.3})


def test_a_kind_learns_nothing_from_its_siblings():
    # What is known of the parent is that of the other kind, rolled up: it says nothing about this one.
    goods = [
        good_named("magnet", final=True),
        good_named("neodymium", parent="magnet", market_size_usd_per_year=3.0),
        good_named("ferrite", parent="magnet", market_size_usd_per_year=1.0),
    ]
    world = build_world(chain_of(goods, [], shares("neodymium", CHN=0.9, JPN=0.1)))
    assert found(world, "ferrite", "site") == {(UNKNOWN,): 1.0}


@settings(max_examples=60, deadline=None)
@given(
    known=st.lists(st.floats(0.01, 0.3), min_size=1, max_size=3),
    level=st.sampled_from(["country", "organization", "mixed"]),
    unknown=st.sampled_from(["shared", "spared", "unknown"]),
    by=st.sampled_from(BYS),
)
def test_no_known_share_ever_grows_and_all_shares_sum_to_one(known: list[float], level: str, unknown: str, by: By):
    places, firms = ("CHN", "JPN", "USA"), ("a", "b", "c")
    names = firms if level == "organization" else places if level == "country" else ("a", "JPN", "USA")
    supply = shares("g", coverage="partial", **dict(zip(names, known, strict=False)))
    bodies = [{"organization": firm, "seat": seat} for firm, seat in zip(firms, places, strict=True)]
    chain = chain_of([good_named("g", final=True), good_named("h")], [edge("g", "h")], supply, bodies)
    one = found(build_world(chain, assumptions=Assumptions(unknown=unknown)), "g", by)
    assert math.fsum(one.values()) == pytest.approx(1)
    stated = {**dict(zip(places, known, strict=False)), **dict(zip(firms, known, strict=False))}
    for row, share in one.items():
        if row not in ((UNKNOWN,), ("XX-ROW",)):
            assert share <= stated[row[0]] + 1e-12


def test_a_country_that_is_known_to_use_nothing_uses_nothing():
    # Japan uses none of the magnets, as stated, and half of the motors; of pumps nothing is stated: its usual half.
    goods = [good_named(name, final=True) for name in ("magnet", "motor", "pump")]
    chain = chain_of(goods, [], [row for name in ("magnet", "motor", "pump") for row in shares(name, CHN=0.9, JPN=0.1)])
    stated = {"good": ["magnet", "motor"], "country": ["JPN"] * 2, "year": [2025] * 2, "use_share": [0.0, 0.5]}
    empty = dict.fromkeys(("use_share_low", "use_share_high", "stock_months", "stock_months_low", "stock_months_high"))
    demand = pl.DataFrame(stated).with_columns(pl.lit(value, pl.Float64).alias(name) for name, value in empty.items())
    world = build_world(chain, demand, assumptions=Assumptions(use_shares={"JPN": 0.5}))
    assert world.use_of(("JPN",)).tolist() == [0.0, 0.5, 0.5]


def test_final_users_are_worth_what_they_buy_and_not_what_other_makers_do():
    # Three fifths of magnets go into motors: of sales of 1,000, final users pay 400.
    goods = [good_named("magnet", final=True, market_size_usd_per_year=1000.0), good_named("motor", final=True)]
    chain = chain_of(goods, [edge("motor", "magnet", output_share=0.6)], shares("magnet", CHN=1.0))
    assert build_world(chain).value_usd.tolist() == pytest.approx([400.0, math.nan], nan_ok=True)
