"""The ladder of what runs out, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from reshore.stress.outcomes import try_out
from tests.unit.stress.chains import cut, package, shares, stress_case


def alike(data, scenario, good: str) -> list[float]:
    case = stress_case(data)
    return try_out(case, scenario).ladder.share[case.chain.index[good]].tolist()


def stocks(**months: float) -> list[dict[str, object]]:
    return [{"good": good, "country": "WLD", "stock_months": stock} for good, stock in months.items()]


def test_a_loss_travels_down_and_each_stock_holds_it_up():
    # Oxide is lost whole with a month in stock; magnets have half a month: half of month 2, then nothing.
    data = package(
        [{"good": "oxide"}, {"good": "magnet", "final": True}],
        [{"good": "magnet", "input": "oxide"}],
        [*shares("oxide", CHN=1.0), *shares("magnet", JPN=1.0)],
        stocks(oxide=1.0, magnet=0.5),
    )
    assert alike(data, cut("CHN", months=4), "oxide") == pytest.approx([1, 0, 0, 0])
    assert alike(data, cut("CHN", months=4), "magnet") == pytest.approx([1, 0.5, 0, 0])
    case = stress_case(data)
    trial = try_out(case, cut("CHN", months=4))
    assert (
        trial.ladder.root[case.chain.index["magnet"]].tolist()
        == [-1, case.chain.index["oxide"]] + [case.chain.index["oxide"]] * 2
    )


def test_an_important_input_costs_half_when_it_is_wholly_lost():
    data = package(
        [{"good": "neon"}, {"good": "wafer", "final": True}],
        [{"good": "wafer", "input": "neon", "need": "important"}],
        [*shares("neon", CHN=0.5, USA=0.5), *shares("wafer", JPN=1.0)],
        stocks(neon=0.0, wafer=0.0),
    )
    # Half of the neon is left: (1 + 0.5) / 2.
    assert alike(data, cut("CHN", months=2), "wafer") == pytest.approx([0.75, 0.75])


def test_tools_that_are_not_replaced_wear_out():
    data = package(
        [{"good": "tool"}, {"good": "wafer", "final": True}],
        [{"good": "wafer", "input": "tool", "role": "capital", "life_years": 10}],
        [*shares("tool", CHN=1.0), *shares("wafer", JPN=1.0)],
        stocks(tool=0.0, wafer=0.0),
    )
    # A life of 120 months: after month t, 1 - t/120 is fit; the flow program says the same.
    expected = [1 - t / 120 for t in (1, 2, 3)]
    assert alike(data, cut("CHN", months=3), "wafer") == pytest.approx(expected)
    assert try_out(stress_case(data), cut("CHN", months=3)).served[0] == pytest.approx(expected, abs=1e-6)


def test_a_good_that_comes_in_kinds_keeps_the_kinds_that_are_left():
    data = package(
        [{"good": "cell", "final": True}, {"good": "anode"}, {"good": "graphite", "parent": "anode"},
         {"good": "silicon", "parent": "anode"}],
        [{"good": "cell", "input": "anode"}],
        [*shares("graphite", CHN=1.0), *shares("silicon", USA=1.0), *shares("cell", JPN=1.0)],
        stocks(cell=0.0, anode=0.0, graphite=0.0, silicon=0.0),
    )  # fmt: skip
    # Kinds of unknown size count alike: half is left.
    assert alike(data, cut("CHN", months=2), "cell") == pytest.approx([0.5, 0.5])


def test_goods_that_feed_each_other_see_one_another_a_month_later():
    # Scrap comes from magnets and half of it goes back into them; a tenth of what magnets need is cut with the oxide.
    data = package(
        [{"good": "oxide"}, {"good": "scrap"}, {"good": "magnet", "final": True}],
        [
            {"good": "magnet", "input": "oxide"},
            {"good": "magnet", "input": "scrap", "need": "important"},
            {"good": "scrap", "input": "magnet", "output_share": 0.1},
        ],
        [*shares("oxide", CHN=0.2, USA=0.8), *shares("magnet", USA=1.0), *shares("scrap", USA=1.0)],
        stocks(oxide=0.0, scrap=0.0, magnet=0.0),
    )
    found = alike(data, cut("CHN", months=4), "magnet")
    # Oxide falls to 0.8 at once. Scrap of month t comes from magnets of month t - 1 and never binds harder than 0.9.
    assert found == pytest.approx(np.full(4, 0.8))
