"""Prices at a plan against hand calculations on a magnet chain: complements, kinks, ledger, brackets."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from reshore.errors import SolverError
from reshore.flow import Project
from reshore.flow.security import Outlook, Security
from reshore.pricing.prices import Pricing, check_ledger
from tests.unit.flow.test_flow import edges, situation, world

YEAR = 1200 / 1e6  # what a year of the whole final use is worth, USD million
MEAN = float(np.mean(0.999 ** np.arange(12)))  # discount of a year of even service


def chain_of_two(odds: float = 1.0, alloy: float = 0.06, magnet: float = 0.06) -> Security:
    """Alloy (g0) goes into magnets (g1); the coalition asks for 35 percent; a cut leaves little of either."""
    chain = world(2, consumed=edges((1, 0, 1.0)))
    cut = Outlook("cut", odds, situation([alloy, magnet], 12, n=2, demand=0.35))
    calm = Outlook("calm", 1 - odds, situation([1.0, 1.0], 12, n=2, demand=0.35))
    outlooks = (cut,) if odds == 1.0 else (cut, calm)
    return Security(chain, outlooks, (Project("g0", 0.04), Project("g1", 0.04)))


def test_complements_have_no_price_of_their_own_and_one_as_a_pair():
    found = Pricing(chain_of_two(), np.zeros(2))
    prices = {row["good"]: row for row in found.prices().iter_rows(named=True)}
    for good in ("g0", "g1"):
        assert prices[good]["price_usd_m_low"] == pytest.approx(0, abs=1e-9)  # one more of either alone adds nothing
        assert prices[good]["price_usd_m_high"] == pytest.approx(YEAR * MEAN, rel=1e-6)  # one less of either loses all
    (bundle,) = found.bundles(projects=[0, 1])
    assert bundle.members == (0, 1)
    assert bundle.alone == pytest.approx((0, 0), abs=1e-12)
    assert bundle.worth == pytest.approx(0.04 * YEAR * MEAN, rel=1e-6)


def test_the_scarce_good_alone_has_a_price():
    found = Pricing(chain_of_two(alloy=0.2), np.zeros(2))
    prices = {row["good"]: row["price_usd_m"] for row in found.prices().iter_rows(named=True)}
    assert prices["g0"] == pytest.approx(0, abs=1e-9)
    assert prices["g1"] == pytest.approx(YEAR * MEAN, rel=1e-6)


def test_where_there_is_no_capacity_the_price_is_what_the_first_unit_adds():
    none = situation([0.0], 12, n=1, demand=0.35)
    half = situation([[0.2] * 6 + [0.0] * 6], 12, n=1, demand=0.35)  # the plants stand still from the seventh month on
    for one in (none, half):
        security = Security(world(1), (Outlook("cut", 1.0, one),), (Project("g0", 0.04),))
        row = Pricing(security, np.zeros(1)).prices().row(0, named=True)
        prices = [row[f"price_usd_m{end}"] for end in ("", "_low", "_high")]
        assert prices == pytest.approx([YEAR * MEAN] * 3, rel=1e-6)


def test_prices_carry_the_odds_of_a_cut():
    half = Pricing(chain_of_two(odds=0.5, alloy=0.2), np.zeros(2)).prices(["g1"])["price_usd_m"].item()
    whole = Pricing(chain_of_two(odds=1.0, alloy=0.2), np.zeros(2)).prices(["g1"])["price_usd_m"].item()
    assert half == pytest.approx(whole / 2, rel=1e-6)


def test_the_ledger_balances_and_a_wrong_entry_is_found():
    ledger = Pricing(chain_of_two(odds=0.4), np.ones(2)).ledger()
    check_ledger(ledger)
    assert set(ledger["outlook"]) == {"cut", "calm"}
    entries = ledger.with_row_index().filter(pl.col("party") != "total")
    for row in entries["index"]:
        amounts = ledger["usd_m"].to_list()
        amounts[row] += 3e-8  # three cents in a world of 1,200 dollars
        with pytest.raises(SolverError, match="instead of"):
            check_ledger(ledger.with_columns(pl.Series("usd_m", amounts)))


def test_stocks_and_deliveries_have_their_lines():
    chain = world(1, stock=2.0)
    one = situation([0.06], 12, n=1, demand=0.35, use=0.35, bought=np.full((1, 12), 0.05))
    ledger = Pricing(Security(chain, (Outlook("cut", 1.0, one),), (Project("g0", 0.04),)), np.ones(1)).ledger()
    by_party = {party: sum(rows["usd_m"]) for (party,), rows in ledger.group_by(["party"])}
    # 0.06 made, 0.04 built, 0.05 delivered a year, and two months of 0.35 in stock are all short of demand: each
    # unit earns the price of the last month in which it is missing
    assert by_party["capacity"] / by_party["project"] == pytest.approx(0.06 / 0.04, rel=1e-6)
    assert by_party["delivery"] / by_party["project"] == pytest.approx(0.05 / 0.04, rel=1e-6)
    assert by_party["stock"] > 0


def test_payments_add_up_to_the_worth_of_the_plan_and_stand_in_their_bracket():
    found = Pricing(chain_of_two(odds=0.4), np.ones(2))
    payments = found.payments()
    worth = found.worth(np.ones(2))
    assert worth == pytest.approx(0.4 * 0.04 * YEAR * MEAN, rel=1e-6)
    assert payments["payment_usd_m"].to_list() == pytest.approx([worth / 2, worth / 2], rel=1e-6)  # links of one chain
    for row in payments.iter_rows(named=True):
        assert row["owen_usd_m"] <= row["pivotal_usd_m"] + 1e-12
        # without its partner a project's bracket is 0 or all of the chain, by which side of the kink is read
        assert row["pivotal_usd_m"] == pytest.approx(worth, rel=1e-6)  # each is pivotal for all of it


def test_substitutes_share_what_one_bottleneck_is_worth():
    # a plant of 0.2 and one of 0.1 where 0.15 is missing: together 0.15; along the way they are paid by capacity,
    # 2/3 and 1/3; without the first 0.1 is left, so it is pivotal for 0.05
    one = situation([0.20], 12, n=1, demand=0.35)
    security = Security(world(1), (Outlook("cut", 1.0, one),), (Project("g0", 0.2), Project("g0", 0.1)))
    payments = Pricing(security, np.ones(2)).payments()
    assert payments["payment_usd_m"].to_list() == pytest.approx([0.10 * YEAR * MEAN, 0.05 * YEAR * MEAN], rel=1e-6)
    assert payments["pivotal_usd_m"].to_list() == pytest.approx([0.05 * YEAR * MEAN, 0.0], rel=1e-6, abs=1e-12)
    for row in payments.iter_rows(named=True):
        assert row["owen_usd_m"] - 1e-12 <= row["pivotal_usd_m"] <= row["bracket_usd_m"] + 1e-12


def test_a_project_is_worth_its_cost_from_some_odds_on():
    security = chain_of_two(odds=0.5, alloy=0.2)
    gain = 0.04 * YEAR * MEAN
    found = Pricing(security, np.zeros(2)).break_even_odds(np.array([gain / 10, gain / 10]))
    rows = {(row["project"], row["outlook"]): row for row in found.iter_rows(named=True)}
    assert rows[1, "cut"]["break_even_odds"] == pytest.approx(0.1, rel=1e-6)
    assert rows[1, "calm"]["break_even_odds"] is None
    assert rows[0, "cut"]["break_even_odds"] is None  # alloy is not scarce


@pytest.mark.parametrize(("first", "second"), [(0.02, 0.05), (0.05, 0.05), (0.08, 0.01)])
def test_links_help_each_other_and_makers_of_one_good_stand_in_for_each_other(first, second):
    # across stages min(u, v) has increasing differences, within a stage a concave function of a sum has decreasing ones
    two = chain_of_two()
    links = Pricing(Security(two.world, two.outlooks, (Project("g0", first), Project("g1", second))), np.zeros(2))
    makers = Pricing(
        Security(world(1), (Outlook("cut", 1.0, situation([0.3], 12, n=1, demand=0.35)),),
                 (Project("g0", first), Project("g0", second))), np.zeros(2),
    )  # fmt: skip
    for found, sign in ((links, 1), (makers, -1)):
        both, one, other = (found.worth(np.array(built)) for built in ((1.0, 1.0), (1.0, 0.0), (0.0, 1.0)))
        assert sign * (both - one - other) >= -1e-12
