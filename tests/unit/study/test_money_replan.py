"""Planning anew after the first year, against every way through the tree of what may come, worked out by hand.

On the chain of `tests.money` with 0.15 of world oxide at home: the risky magnet plant must be built, and only 2027 has
the money for it. If it succeeds magnets are 0.2 and oxide is short; if it fails magnets are 0.1 and are short. In 2028
there is money for one more plant: oxide serves in the first case, magnets in the second.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest

from reshore.errors import InputError
from reshore.report.page import Page
from reshore.report.sections.money_decision import money_decision
from reshore.report.sections.money_replan import replan
from reshore.study import make_study, run
from tests.money import LATER, ODDS, PAIR_USD, money_package, money_settings
from tests.unit.study.test_money_years import LATE_PAIR_USD, by_year

PLANTS = {"oxide-plant": ("oxide", 0.1, 30, 24), "magnet-plant": ("magnet", 0.1, 40, 24),
          "oxide-large": ("oxide", 0.2, 90, 36), "magnet-risky": ("magnet", 0.1, 45, 24)}  # fmt: skip
"""What each makes, how much of it, what it asks for, and how long it is built."""
WAIT = {2027: 2, 2028: 14}
RISKY = "magnet-risky"
Plan = dict[str, int]
"""Years of award."""


def answered(second: float, **fund: Any):
    fund = {"must": ["magnet-risky"], "replan": True, "frontier": [1.0], "samples": 0, **fund}
    budgets = by_year(45, second, carries_over=False)
    return run(make_study(money_settings(budgets=budgets, **fund)), money_package(oxide_at_home=0.15))


def served(plan: Plan, succeeds: bool) -> float:
    """What is avoided: the scarcer of both goods serves, month by month, above the 0.1 of today."""
    made = {"oxide": np.full(12, 0.15), "magnet": np.full(12, 0.1)}
    for name, year in plan.items():
        good, size, _, months = PLANTS[name]
        stands = np.arange(12) >= WAIT[year] + months - 36
        made[good] = made[good] + size * stands * (succeeds or name != RISKY)
    gain = np.minimum(np.minimum(made["oxide"], made["magnet"]), 0.4) - 0.1
    return float(1e9 * ODDS * (gain * LATER).sum() / 12)


def later_plans(first: Plan, money: float) -> list[Plan]:
    """Every way to go on: the risky plant has to be built at last."""
    rest = [name for name in PLANTS if name not in first]
    subsets = [one for size in range(len(rest) + 1) for one in combinations(rest, size)]
    return [
        {**first, **dict.fromkeys(one, 2028)}
        for one in subsets
        if sum(PLANTS[name][2] for name in one) <= money and RISKY in {*first, *one}
    ]


def mean_of(results) -> dict[str, Any]:
    return results["fund_replan"].row(by_predicate=pl.col("odds_share").is_null(), named=True)


@pytest.fixture(scope="module")
def results():
    return answered(40)


def test_where_the_first_fails_the_second_is_built_and_where_it_succeeds_what_goes_with_it(results):
    rows = {row["outcome"]: row for row in results["fund_replan"].iter_rows(named=True)}
    assert rows["Risky magnet plant fails"]["built"] == "magnet-plant"
    assert rows["Risky magnet plant succeeds"]["built"] == "oxide-plant"
    assert [row["odds_share"] for row in rows.values() if row["odds_share"] is not None] == [0.5, 0.5]


def test_waiting_to_see_is_worth_the_half_of_the_draws_in_which_the_other_plant_is_right(results):
    # Half of a pair is 0.05 of the use. In the good half of the draws the first year serves it in all months; a plant
    # of 2028 serves 0.05 more in ten months: in one half of the draws when the plan is kept, in all when made anew.
    row = mean_of(results)
    assert row["kept_usd"] == pytest.approx(0.5 * PAIR_USD / 2 + 0.5 * LATE_PAIR_USD / 2, rel=1e-6)
    assert row["anew_usd"] == pytest.approx(0.5 * PAIR_USD / 2 + LATE_PAIR_USD / 2, rel=1e-6)
    assert row["gain_usd"] == pytest.approx(LATE_PAIR_USD / 4, rel=1e-6)
    assert row["gain_usd_low"] == pytest.approx(0, abs=1)
    assert row["gain_usd_high"] == pytest.approx(LATE_PAIR_USD / 2, rel=1e-6)
    chosen = results["fund_plans"].row(by_predicate=pl.col("plan") == "chosen", named=True)
    assert row["kept_usd"] == pytest.approx(chosen["worth_usd"], rel=1e-6)  # nothing else is drawn here


@pytest.mark.parametrize("money", [0, 30, 65, 95, 125, 160])
def test_made_anew_it_is_the_best_way_through_the_tree(money):
    results = answered(money)
    row, deals = mean_of(results), results["fund_deals"]
    first = dict(deals.filter(pl.col("award_year") == 2027).select("project", "award_year").iter_rows())
    ways, worlds = later_plans(first, money), (True, False)
    fixed = max(sum(0.5 * served(one, world) for world in worlds) for one in ways)
    known = RISKY in first  # else the first year tells nothing
    tree = sum(0.5 * max(served(one, world) for one in ways) for world in worlds) if known else fixed
    assert row["anew_usd"] == pytest.approx(tree, rel=1e-5)
    assert row["kept_usd"] == pytest.approx(fixed, rel=1e-5)
    assert row["anew_usd"] >= row["kept_usd"]
    assert row["bound_usd"] >= row["anew_usd"] * (1 - 1e-9)


def test_with_late_projects_made_anew_is_never_worth_less_in_any_outcome():
    delay = {"low": 1, "point": 1.1, "high": 1.5, "source": "round number"}
    table = answered(70, draws=8, delay=delay, must=[], gap_share=1e-4)["fund_replan"]
    assert (table["gain_usd"] >= 0).all()
    assert table["odds_share"].sum() == pytest.approx(1)


def test_where_nothing_is_learned_nothing_is_gained():
    # Without the risky plant both plants of the pair succeed surely.
    row = mean_of(answered(40, must=[], must_not=["magnet-risky"]))
    assert row["gain_usd"] == pytest.approx(0, abs=1)


def test_a_part_that_was_awarded_is_not_topped_up_as_if_that_were_learned():
    # Parts can be built, and nothing is uncertain: the plan awards parts of the pair in both years.
    row = mean_of(answered(40, divisible=True, must=[], must_not=["magnet-risky"]))
    assert row["gain_usd"] == pytest.approx(0, abs=100)


def test_page_one_says_what_waiting_is_worth(results):
    decision = money_decision(Page(results))
    assert decision is not None
    assert dict(decision.lines)["What waiting to see is worth"].startswith("3.88 M USD (0 to 7.77 M): kept")
    figure = replan(Page(results))
    assert figure is not None
    assert [(row.label, row.words, row.below) for row in figure.drawing.rows] == [
        ("Risky magnet plant succeeds", "9.34 M USD → 17.1 M USD", "then Oxide plant"),
        ("Risky magnet plant fails", "7.77 M USD", "then Magnet plant"),
    ]
    without = answered(40, replan=False, must=[])
    assert without["fund_replan"].is_empty()
    assert replan(Page(without)) is None


def test_it_is_refused_in_words_where_there_is_no_later_year_or_worth_does_not_add_up():
    with pytest.raises(InputError, match="money of two years or more"):
        run(make_study(money_settings(replan=True)), money_package())
    with pytest.raises(InputError, match=r"fund\.replan"):
        make_study(money_settings(replan=True, budgets=by_year(40, 40), risk_weight=0.5))
