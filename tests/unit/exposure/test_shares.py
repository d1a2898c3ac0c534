import pytest

from reshore.exposure.shares import CONTROLLED_SHARES, SUPPLY_SHARES
from tests.chains import case_of, chain_of, good_named, shares

FIRMS = [
    {"organization": "x", "seat": "USA"},
    {"organization": "y", "seat": "CHN"},
    {"organization": "fund", "seat": "CHN", "kind": "fund"},
    {"organization": "others", "seat": None, "kind": "placeholder"},
]


def row(metric, supply, goods=(), organizations=(), **more):
    case = case_of(chain_of(goods or [good_named("a")], [], supply, organizations), **more)
    return metric.compute(case).row(0, named=True)


def test_shares_of_the_roles_of_a_whole_market_add_up_to_one():
    found = row(SUPPLY_SHARES, shares("a", USA=0.1, JPN=0.2, CHN=0.3, BRA=0.4))
    assert [found[f"{role}_share"] for role in ("home", "ally", "concern", "other", "unknown")] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.0]
    )


def test_a_role_nobody_can_have_is_zero_and_one_somebody_may_have_is_absent():
    found = row(SUPPLY_SHARES, shares("a", CHN=1.0))
    assert found["home_share"] == 0
    found = row(SUPPLY_SHARES, shares("a", coverage="partial", CHN=0.9))
    assert found["home_share"] is None
    assert (found["home_share_low"], found["home_share_high"]) == (0, pytest.approx(0.1))
    assert found["unknown_share"] == pytest.approx(0.1)


def test_an_unlisted_supplier_is_not_a_country_that_is_listed():
    # China is the whole list of concern and is listed, so the unlisted 0.1 is not concern
    found = row(SUPPLY_SHARES, shares("a", coverage="partial", CHN=0.9))
    assert (found["concern_share"], found["concern_share_low"], found["concern_share_high"]) == pytest.approx(
        (0.9, 0.9, 0.9)
    )
    found = row(SUPPLY_SHARES, shares("a", coverage="partial", CHN=0.9), concern=("CHN", "RUS"))
    assert (found["concern_share_low"], found["concern_share_high"]) == pytest.approx((0.9, 1.0))


def test_suppliers_of_unknown_size_make_their_role_a_range():
    found = row(SUPPLY_SHARES, shares("a", coverage="partial", CHN=0.7, JPN=None))
    assert found["ally_share"] is None
    assert (found["ally_share_low"], found["ally_share_high"]) == (0, pytest.approx(0.3))


def test_a_bloc_is_an_ally_only_when_the_study_lists_it():
    supply = shares("a", EUR=0.5, CHN=0.5)
    assert row(SUPPLY_SHARES, supply)["unknown_share"] == 0.5
    found = row(SUPPLY_SHARES, supply, allies=("JPN", "EUR"))
    assert (found["ally_share"], found["unknown_share"]) == (0.5, 0)


def test_a_good_without_figures_is_unknown_and_not_zero():
    found = row(SUPPLY_SHARES, [])
    assert found["unknown_share"] == 1
    assert (found["home_share"], found["home_share_low"], found["home_share_high"]) == (None, 0, 1)


def test_control_follows_the_controllers_and_not_the_seat():
    supply = [{"good": "a", "supplier": "x", "share": 0.6}, {"good": "a", "supplier": "y", "share": 0.4}]
    found = row(CONTROLLED_SHARES, supply, organizations=FIRMS, controlled_by={"x": ("fund",)})
    assert (found["home_controlled_share"], found["concern_controlled_share"]) == pytest.approx((0, 1))
    found = row(CONTROLLED_SHARES, supply, organizations=FIRMS, controlled_by={"x": ("USA", "CHN")})
    assert found["concern_controlled_share"] == pytest.approx(1)
    found = row(CONTROLLED_SHARES, supply, organizations=FIRMS, controlled_by={})
    assert found["concern_controlled_share"] == pytest.approx(0.4)


def test_control_is_absent_where_ownership_was_not_looked_at():
    supply = [{"good": "a", "supplier": "x", "share": 1.0}]
    assert row(CONTROLLED_SHARES, supply, organizations=FIRMS)["home_controlled_share"] is None


def test_a_placeholder_firm_is_under_unknown_control():
    supply = [{"good": "a", "supplier": "x", "share": 0.6}, {"good": "a", "supplier": "others", "share": 0.4}]
    found = row(CONTROLLED_SHARES, supply, organizations=FIRMS, controlled_by={})
    assert (found["concern_controlled_share_low"], found["concern_controlled_share_high"]) == (0, pytest.approx(0.4))
