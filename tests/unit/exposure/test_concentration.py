import pytest

from reshore.exposure.concentration import CONCENTRATION, LARGEST_SUPPLIERS, herfindahl, herfindahl_bounds
from tests.chains import case_of, chain_of, good_named, shares


def row(metric, supply, organizations=()):
    return metric.compute(case_of(chain_of([good_named("a")], [], supply, organizations))).row(0, named=True)


def test_two_suppliers_at_75_and_25_percent():
    # 0.75² + 0.25² = 0.625; 1 / 0.625 = 1.6
    found = row(CONCENTRATION, shares("a", CHN=0.75, JPN=0.25))
    assert found["herfindahl_index"] == pytest.approx(0.625)
    assert found["effective_suppliers_count"] == pytest.approx(1.6)


def test_one_supplier_is_one_and_none_is_undefined():
    assert herfindahl([1.0]) == 1
    assert herfindahl([]) is None
    assert row(CONCENTRATION, [])["herfindahl_index"] is None


def test_an_unknown_remainder_makes_the_index_a_range():
    # known 0.5² + 0.25² = 0.3125; the unknown 0.25 adds between nothing and 0.25² = 0.0625
    found = row(CONCENTRATION, shares("a", coverage="partial", CHN=0.5, JPN=0.25))
    assert found["herfindahl_index"] is None
    assert (found["herfindahl_index_low"], found["herfindahl_index_high"]) == pytest.approx((0.3125, 0.375))
    assert (found["effective_suppliers_count_low"], found["effective_suppliers_count_high"]) == pytest.approx(
        (1 / 0.375, 3.2)
    )


def test_where_the_list_holds_the_largest_the_published_formula_bounds_the_index():
    # Σ s² + s_m R = 0.16 + 0.09 + 0.01 + 0.1 × 0.2 = 0.28
    low, high = herfindahl_bounds([0.4, 0.3, 0.1], [0.4, 0.3, 0.1], 0.2, largest_unknown_share=0.1)
    assert (low, high) == pytest.approx((0.26, 0.28))


def test_firms_left_out_may_sit_in_the_largest_country():
    # all of 0.3 in the country that has 0.6: 0.9² + 0.1² = 0.82
    low, high = herfindahl_bounds([0.6, 0.1], [0.6, 0.1], 0.3, unknown_may_be_listed=True)
    assert (low, high) == pytest.approx((0.37, 0.82))


def test_ranges_are_made_as_equal_as_they_allow_for_the_least_index():
    # A in [0.4, 0.6], B in [0.2, 0.6]: least at 0.5 and 0.5, greatest at 0.6 and 0.4
    low, high = herfindahl_bounds([0.4, 0.2], [0.6, 0.6])
    assert low == pytest.approx(0.5)
    assert high >= 0.52


def test_placeholders_and_blocs_never_are_the_largest_supplier():
    found = row(LARGEST_SUPPLIERS, shares("a", XX_VAR=0.6, EUR=0.25, CHN=0.15))
    assert (found["largest_supplier"], found["largest_supplier_share"]) == ("CHN", 0.15)
    assert found["largest_supplier_certain"] is False
    assert row(LARGEST_SUPPLIERS, shares("a", XX_VAR=1.0))["largest_supplier"] is None


def test_the_largest_supplier_is_sure_when_nobody_else_can_be_larger():
    assert row(LARGEST_SUPPLIERS, shares("a", coverage="partial", CHN=0.6, JPN=0.2))["largest_supplier_certain"] is True
    assert (
        row(LARGEST_SUPPLIERS, shares("a", coverage="partial", CHN=0.3, JPN=0.2))["largest_supplier_certain"] is False
    )


def test_countries_and_firms_are_ranked_separately():
    firms = [
        {"good": "a", "supplier": name, "share": share, "series": "firms"}
        for name, share in (("x", 0.3), ("y", 0.3), ("others", 0.4))
    ]
    organizations = [
        {"organization": "x", "seat": "CHN"},
        {"organization": "y", "seat": "CHN"},
        {"organization": "others", "kind": "placeholder"},
    ]
    found = row(LARGEST_SUPPLIERS, [*shares("a", CHN=0.8, JPN=0.2), *firms], organizations)
    assert (found["largest_supplier"], found["largest_firm"]) == ("CHN", "x")
    assert found["largest_firm_share"] == 0.3


def test_a_supplier_above_a_floor_counts_with_its_floor():
    supply = [{"good": "a", "supplier": "CHN", "share_low": 0.95, "share_high": 1.0, "coverage": "partial"}]
    found = row(LARGEST_SUPPLIERS, supply)
    assert (found["largest_supplier"], found["largest_supplier_share"], found["largest_supplier_share_low"]) == (
        "CHN",
        None,
        0.95,
    )
