import pytest

from reshore.chain import Preference
from tests.chains import chain_of, good_named, shares

GOOD = [good_named("a")]


def rows(**more):
    return [{**row, **more} for row in shares("a", CHN=0.6, USA=0.4)]


def chosen(supply, organizations=(), **preference):
    choice = chain_of(GOOD, supply=supply, organizations=organizations).choose(Preference(**preference))
    return choice.countries.get("a"), choice


def test_a_whole_market_is_divided_as_the_source_says():
    split, _ = chosen(rows())
    assert [(s.supplier, s.point, s.low, s.high) for s in split.shares] == [
        ("CHN", 0.6, 0.6, 0.6),
        ("USA", 0.4, 0.4, 0.4),
    ]
    assert split.unknown_share == 0
    assert (split.remainder_low, split.remainder_high) == (0, 0)


def test_the_rest_of_a_partial_series_is_unknown_and_not_zero():
    # 1 − 0.9 = 0.1 belongs to somebody who is not listed
    split, _ = chosen(shares("a", coverage="partial", CHN=0.9))
    assert split.unknown_share == pytest.approx(0.1)
    assert (split.remainder_low, split.remainder_high) == pytest.approx((0.1, 0.1))


def test_suppliers_of_unknown_size_share_what_the_others_leave():
    # 1 − 0.7 = 0.3 is between Japan, Korea and whoever is not listed
    split, _ = chosen(shares("a", coverage="partial", CHN=0.7, JPN=None, KOR=None))
    ranges = {s.supplier: (s.point, s.low, s.high) for s in split.shares}
    assert ranges == {
        "CHN": (0.7, 0.7, 0.7),
        "JPN": (None, 0, pytest.approx(0.3)),
        "KOR": (None, 0, pytest.approx(0.3)),
    }
    assert (split.remainder_low, split.remainder_high) == (0, pytest.approx(0.3))


def test_the_one_unsized_supplier_of_a_whole_market_has_what_is_left():
    split, _ = chosen(shares("a", CHN=0.7, JPN=None))
    japan = split.shares[1]
    assert (japan.point, japan.low, japan.high) == (None, pytest.approx(0.3), pytest.approx(0.3))


def test_a_negligible_share_lies_between_zero_and_half_a_percent():
    supply = [
        *shares("a", coverage="partial", CHN=0.7),
        {"good": "a", "supplier": "FRA", "share_missing": "negligible", "coverage": "partial"},
    ]
    split, _ = chosen(supply)
    france = split.shares[1]
    assert (france.point, france.low, france.high, france.missing) == (None, 0, 0.005, "negligible")


def test_a_stated_range_is_used_and_bounds_the_others():
    # China above 0.95, so that everybody else has at most 0.05
    supply = [
        {"good": "a", "supplier": "CHN", "share_low": 0.95, "share_high": 1.0, "coverage": "partial"},
        *shares("a", coverage="partial", USA=None),
    ]
    split, _ = chosen(supply)
    assert [(s.low, s.high) for s in split.shares] == [(0.95, 1.0), (0, pytest.approx(0.05))]


def test_shares_that_round_to_more_than_one_keep_their_points_and_widen_downwards():
    # 0.96 + 0.03 + 0.03 = 1.02: any of them may have been rounded up
    split, _ = chosen(shares("a", USA=0.96, JPN=0.03, EST=0.03))
    united_states = next(s for s in split.shares if s.supplier == "USA")
    assert united_states.point == 0.96
    assert united_states.low == pytest.approx(0.94)
    assert split.unknown_share == 0


def test_the_preferred_basis_wins_over_a_newer_figure():
    split, choice = chosen([*rows(basis="site", year=2020), *rows(basis="seat", year=2025, source="t")])
    assert split.basis == "site"
    assert choice.conflicts["a"][0].reason == "another basis is preferred"
    split, _ = chosen(
        [*rows(basis="site", year=2020), *rows(basis="seat", year=2025, source="t")], bases=("seat", "site")
    )
    assert split.basis == "seat"


def test_figures_by_country_win_over_firms_rolled_up_by_seat():
    firms = [{"good": "a", "supplier": "x", "share": 1.0, "basis": "seat", "series": "firms", "year": 2026}]
    organizations = [{"organization": "x", "seat": "DEU"}]
    split, choice = chosen([*firms, *rows(basis="seat", year=2020)], organizations)
    assert split.level == "country"
    assert split.series == ""
    assert choice.organizations["a"].shares[0].supplier == "x"


def test_firms_are_rolled_up_by_seat_where_nothing_else_is_known_and_the_basis_says_so():
    # x and y sit in Germany: 0.5 + 0.2 = 0.7
    supply = [
        {"good": "a", "supplier": name, "share": share, "basis": "capacity"}
        for name, share in (("x", 0.5), ("y", 0.2), ("z", 0.3))
    ]
    organizations = [
        {"organization": "x", "seat": "DEU"},
        {"organization": "y", "seat": "DEU"},
        {"organization": "z", "seat": None},
    ]
    split, _ = chosen(supply, organizations)
    assert split.basis == "seat"
    assert [(s.supplier, s.point, s.is_named) for s in split.shares] == [
        ("DEU", pytest.approx(0.7), True),
        ("XX-UNK", 0.3, False),
    ]


def test_seats_are_not_added_to_sites():
    supply = [*shares("a", CHN=0.6), {"good": "a", "supplier": "x", "share": 0.4}]
    split, _ = chosen(supply, [{"organization": "x", "seat": "CHN"}])
    assert {s.supplier: s.point for s in split.shares} == {"CHN": 0.6, "XX-UNK": 0.4}


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        ({"coverage": "complete"}, {"coverage": "partial"}, "a whole market is preferred to a part"),
        ({"confidence": "high"}, {"confidence": "low"}, "the other source is trusted more"),
        ({"year": 2025}, {"year": 2024}, "the other figure is newer"),
        ({"series": "a"}, {"series": "b"}, "comes later in the order of keys"),
    ],
)
def test_the_rule_decides_in_its_stated_order_whatever_the_order_of_rows(better, worse, reason):
    first, second = rows(source="t", **better), rows(source="u", **worse)
    for supply in ([*first, *second], [*second, *first]):
        split, choice = chosen(supply)
        assert split.sources == ("t",)
        assert choice.conflicts["a"][0].reason == reason


def test_figures_about_another_market_are_never_used_but_kept():
    split, choice = chosen(rows(market="EUU"))
    assert split is None
    assert choice.conflicts["a"][0].reason == "is about another market"
    split, _ = chosen([*rows(market="USA"), *rows()], markets=("USA", "WLD"))
    assert split.market == "USA"


def test_a_series_without_sizes_gives_way_to_one_with_sizes():
    split, choice = chosen([*shares("a", coverage="partial", JPN=None), *rows(basis="origin", source="t")])
    assert split.basis == "origin"
    assert choice.conflicts["a"][0].reason == "says nothing about sizes"


def test_suppliers_without_any_size_are_still_suppliers():
    split, _ = chosen(shares("a", coverage="partial", JPN=None, KOR=None))
    assert not split.has_figures
    assert [s.supplier for s in split.shares] == ["JPN", "KOR"]
    assert split.unknown_share == 1


def test_capacities_of_a_whole_market_become_shares_and_say_so():
    # 30 of 30 + 10 = 0.75
    supply = [
        {"good": "a", "supplier": name, "capacity_per_year": size, "unit": "t", "basis": "capacity"}
        for name, size in (("CHN", 30.0), ("USA", 10.0))
    ]
    split, _ = chosen(supply)
    assert split.shares[0].point == pytest.approx(0.75)
    assert "computed from capacities" in split.series


def test_placeholders_and_blocs_are_part_of_the_market_but_no_supplier():
    split, _ = chosen(shares("a", EUR=0.5, XX_VAR=0.2, CHN=0.3))
    assert [s.supplier for s in split.named] == ["CHN"]
    assert split.unknown_share == pytest.approx(0.7)


def test_what_suppliers_can_have_together_is_bounded_by_what_the_others_must_have():
    # Japan and Korea share the 0.3 that China leaves: together at most 0.3, not 0.6, and at least nothing
    split, _ = chosen(shares("a", coverage="partial", CHN=0.7, JPN=None, KOR=None))
    assert split.bounds(frozenset({"JPN", "KOR"})) == (0, pytest.approx(0.3))
    # in a whole market they have all of it
    split, _ = chosen(shares("a", CHN=0.7, JPN=None, KOR=None))
    assert split.bounds(frozenset({"JPN", "KOR"})) == pytest.approx((0.3, 0.3))
