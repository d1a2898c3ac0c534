"""Worked examples on the pages about money: the numbers on the page are what the engines give."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from reshore.errors import InfeasibleError
from reshore.funding.bundles import Bundle
from reshore.funding.instruments import Market
from reshore.funding.parts import EarningsPart, FloorPart, GuaranteePart, LoanPart, OfftakePart, PreferredPart
from reshore.funding.payoffs import (
    equity_cost_rate,
    expected_excess_above,
    expected_shortfall_below,
    stockpile_cost_rate,
)
from reshore.optimize.two_stage import solve_two_stage
from reshore.pricing.payments import blocking_coalition, coalition_worths, pivotal, shapley
from reshore.study import make_study, run
from reshore.units import USD, written
from tests.docs.test_concepts import line_with, numbers, page
from tests.money import ODDS, PAIR_USD, money_package, money_settings
from tests.unit.funding.test_bundles import sample
from tests.unit.optimize.test_two_stage import two_links


def flat(name: str) -> str:
    return re.sub(r"\s+", " ", page(name))


def said(pattern: str, text: str) -> list[float]:
    """The numbers that a sentence of the page holds."""
    return [float(number) for number in re.search(pattern, text).groups()]


@pytest.fixture(scope="module")
def market() -> Market:
    treasury, premium = numbers(line_with(page("instruments"), "Money costs the state"))[:2]
    assert (treasury, premium) == (4, 3)
    return Market(treasury_rate=treasury / 100, risk_premium=premium / 100)


def both(part, market: Market) -> list[float]:
    return [part.cost_usd(market, basis) for basis in ("budget", "fair")]


def row(words: str) -> list[float]:
    return numbers(line_with(page("instruments"), f"| {words} |"))


def lent(market: Market, kind=LoanPart, **more) -> LoanPart:
    amount, coupon, years, default, recovery = row("loan")[:5]
    return kind("loan", amount, coupon / 100 - market.treasury_rate, int(years), repayment="bullet",
                default_rate=default / 100, recovery_share=recovery / 100, **more)  # fmt: skip


def test_the_loan_of_the_page(market):
    costs = both(lent(market), market)
    assert costs == pytest.approx(row("loan")[5:7], abs=5e-4)
    text = flat("instruments")
    first, second, today, cost = re.search(
        r"0\.05 · 40 = ([0-9.]+)\. Of .*? = ([0-9.]+)\. Today that is .*? = ([0-9.]+), so .*? = ([0-9.]+)\.", text
    ).groups()
    assert float(first) == pytest.approx(0.95 * 6 + 0.05 * 40)
    assert float(second) == pytest.approx(0.95 * (0.95 * 106 + 0.05 * 40))
    assert float(today) == pytest.approx(100 - costs[0], abs=5e-4)
    assert float(cost) == pytest.approx(costs[0], abs=5e-4)
    assert 100 - costs[1] == pytest.approx(float(re.search(r"same money is worth ([0-9.]+)\.", text)[1]), abs=5e-4)


def test_the_guarantee_of_the_page(market):
    covered, _, fee, *costs = row("guarantee")
    part = lent(market, GuaranteePart, covered_share=covered / 100, fee_share_per_year=fee / 100)
    assert both(part, market) == pytest.approx(costs, abs=5e-4)
    loan = both(lent(market), market)
    assert costs[1] - costs[0] == pytest.approx(0.8 * (loan[1] - loan[0]), abs=2e-3)


def test_the_equity_of_the_page():
    amount, odds, multiple, years, *costs = row("equity")
    found = [amount * equity_cost_rate(odds / 100, multiple, years, rate) for rate in (0.04, 0.07)]
    assert found == pytest.approx(costs, abs=5e-4)
    worth = numbers(line_with(page("instruments"), "**Equity.**"))[3:6]
    assert [amount - cost for cost in costs] == pytest.approx([worth[0], worth[2]], abs=1e-3)


def test_the_offtake_and_the_floor_of_the_page(market):
    each, years, paid, price, *costs = row("offtake")
    assert both(OfftakePart("o", paid, price, (each,) * int(years)), market) == pytest.approx(costs, abs=5e-4)
    each, years, floor, price, spread, share, from_year, *costs = row("price floor")
    part = FloorPart("f", floor, price, spread, (each,) * int(years), share / 100, int(from_year))
    assert both(part, market) == pytest.approx(costs, abs=5e-4)
    text = flat("instruments")
    first, second, above = re.search(
        r"([0-9.]+) in the first year, s = 30, and ([0-9.]+) in the .*? comes back: 0\.3 · ([0-9.]+)\.", text
    ).groups()
    assert expected_shortfall_below(floor, price, spread) == pytest.approx(float(first), abs=5e-4)
    assert expected_shortfall_below(floor, price, spread * math.sqrt(2)) == pytest.approx(float(second), abs=5e-4)
    assert expected_excess_above(floor, price, spread * math.sqrt(2)) == pytest.approx(float(above), abs=5e-4)


def test_the_stockpile_of_the_page():
    amount, years, carry, resale, *costs = row("stockpile")
    found = [amount * stockpile_cost_rate(carry / 100, int(years), resale / 100, 0.04, rate) for rate in (0.04, 0.07)]
    assert found == pytest.approx(costs, abs=5e-4)


def part_of(bundle: Bundle, kind: type):
    return next(part for part in bundle.parts if type(part) is kind)


def test_the_two_packages_of_the_page():
    text = flat("instruments")
    package, award = sample("mp-materials"), sample("tsmc-arizona")
    shares = float(re.search(r"into ([0-9.]+) million shares", text)[1])
    assert part_of(package, PreferredPart).shares_count / 1e6 == pytest.approx(shares, abs=5e-3)
    outstanding, stake = map(
        float, re.search(r"about ([0-9.]+) million shares outstanding that is ([0-9.]+) %", text).groups()
    )
    assert 100 * package.stake_share(outstanding * 1e6) == pytest.approx(stake, abs=0.05)
    due, price, tonnes = map(
        float, re.search(r"USD ([0-9]+) million fell due .*? USD ([0-9]+) is ([0-9]+) tonnes", text).groups()
    )
    assert part_of(package, FloorPart).due_usd(price * 1000, tonnes) == pytest.approx(due * 1e6)
    second, third = map(
        float, re.search(r"2 % a year: ([0-9.]+) in the second year, ([0-9.]+) in the third", text).groups()
    )
    assert [floor / 1e6 for floor in part_of(package, EarningsPart).floors[1:3]] == pytest.approx(
        [second, third], abs=0.05
    )
    grant, whole = said(r"65 billion is ([0-9.]+) %; .*? is ([0-9.]+) %", text)
    assert 100 * award.parts[0].face_usd / award.project_usd == pytest.approx(grant, abs=0.05)
    assert 100 * award.face_usd / award.project_usd == pytest.approx(whole, abs=0.05)


def test_the_bundle_of_the_page_builds_what_loans_alone_do_not_reach():
    text = page("instruments")
    fund = tomllib.loads(re.sub(r"(?m)^    ", "", re.search(r"\n(    \[\[fund\.budgets\]\].*?)\n\n- ", text, re.S)[1]))[
        "fund"
    ]
    tables = dict(money_package().tables)
    opened = tables["instruments"].with_columns(expiry=pl.lit(None, pl.String))
    package = replace(money_package(), tables={**tables, "instruments": opened})

    def chosen(**changes):
        study = make_study(money_settings(frontier=[1.0], samples=0, **(fund | changes)))
        return run(study, package)["fund_plans"].row(by_predicate=pl.col("plan") == "chosen", named=True)

    assert chosen(bundles=[])["built_count"] == 0
    worth, cost = said(r"which is worth ([0-9.]+) M for ([0-9.]+) M of cost to the public", flat("instruments"))
    assert chosen()["worth_usd"] == pytest.approx(worth * 1e6, rel=5e-3)
    assert chosen()["subsidy_usd"] == pytest.approx(cost * 1e6)
    large = [fund["budgets"][0] | {"face_usd": 80e6}, fund["budgets"][1]]
    assert chosen(budgets=large)["subsidy_usd"] == pytest.approx(said(r"the loans cost ([0-9.]+) M", text)[0] * 1e6)


def test_the_chain_of_two_links_on_the_page():
    rows = [numbers(line) for line in page("pricing").splitlines() if re.match(r"\| [0-9]+ \| [0-9]+ \|", line)]
    assert len(rows) == 5
    for first, second, *plan, objective in rows:
        found = solve_two_stage(two_links((first, second)))
        assert found.x == pytest.approx(plan, abs=1e-6)
        assert -found.objective == pytest.approx(objective)


def test_payments_by_four_rules_on_the_page():
    text = page("pricing")
    chain = coalition_worths(4, lambda members: 100.0 if len(members) == 4 else 0.0)
    assert numbers(line_with(text, "| four links of one chain |")) == pytest.approx(
        [shapley(chain)[0], shapley(chain).sum(), pivotal(chain)[0], pivotal(chain).sum()]
    )
    both_feed = coalition_worths(3, lambda members: 100.0 if 2 in members and len(members) > 1 else 0.0)
    found = numbers(line_with(text, "| two substitutes and what both feed |"))
    assert found[:3] == pytest.approx(shapley(both_feed), abs=5e-4)
    assert found[3:] == pytest.approx(pivotal(both_feed))
    assert blocking_coalition(shapley(both_feed), both_feed) is not None


@pytest.fixture(scope="module")
def answered():
    return run(make_study(money_settings()), money_package())


def test_prices_of_the_small_chain_on_the_page(answered):
    text = flat("pricing")
    paid, pivot = re.search(r"are paid ([0-9.]+) M each.*?without either ([0-9.]+) M", text).groups()
    assert answered["security_payments"]["payment_usd"].to_list() == pytest.approx([float(paid) * 1e6] * 2, rel=5e-3)
    assert answered["security_payments"]["pivotal_usd"].to_list() == pytest.approx([float(pivot) * 1e6] * 2, rel=5e-3)
    top = float(re.search(r"from 0 to ([0-9.]+) M", text)[1])
    assert answered["security_prices"]["price_usd_per_year_high"].to_list() == pytest.approx([top * 1e6] * 2, rel=5e-3)
    assert (
        answered["security_bundles"].filter(pl.col("members") == "magnet-plant;oxide-plant")["sentence"].item() in text
    )
    gain, asked, odds = map(
        float, re.search(r"adds ([0-9.]+) M if .*? asks for ([0-9.]+) M, .*? from ([0-9.]+) %", text).groups()
    )
    helped = run(make_study(money_settings()), money_package(oxide_at_home=0.2))["break_even_odds"]
    alone = helped.row(by_predicate=pl.col("project") == "magnet-plant", named=True)
    assert alone["gain_usd"] == pytest.approx(gain * 1e6, rel=5e-3)
    assert 100 * alone["break_even_odds_share"] == pytest.approx(odds, abs=0.05)
    assert asked == 40


def test_the_frontier_and_the_plan_on_the_page(answered):
    rows = [line for line in page("funding").splitlines() if re.match(r"\| [0-9]+ M \|", line)]
    found = answered["fund_frontier"]
    assert len(rows) == found.height
    for line, step in zip(rows, found.iter_rows(named=True), strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = [written(step["budget_usd"], USD), written(step["worth_usd"], USD)]
        assert cells[:2] == names
        assert cells[2:] == [(step[key] or "").replace(";", ", ") for key in ("enters", "leaves")]
    text = flat("funding")
    assert f"{PAIR_USD / 1e6:.1f} M" in text
    low, high = said(r"from ([0-9.]+) M to ([0-9.]+) M over the range", text)
    assert np.array([low, high]) * 1e6 == pytest.approx(np.array([0.1, 0.3]) / ODDS * PAIR_USD, rel=5e-3)
    real = float(re.search(r"really awarded avoids ([0-9.]+) M", text)[1])
    assert real * 1e6 == pytest.approx(PAIR_USD / 8, rel=5e-3)


def test_what_cannot_be_funded_is_said_as_on_the_page():
    with pytest.raises(InfeasibleError) as refused:
        run(make_study(money_settings(must=["oxide-large", "magnet-plant"])), money_package())
    for line in str(refused.value).splitlines():
        assert line.strip() in page("funding"), line
