import pytest

from tests.chains import chain_of, good_named, shares

KINDS = [
    good_named("a1", parent="a", market_size_usd_per_year=3e6),
    good_named("a2", parent="a", market_size_usd_per_year=1e6),
]


def split_of(goods, supply, good="a"):
    return chain_of(goods, supply=supply).choose().countries[good]


def by_name(split):
    return {s.supplier: s for s in split.shares}


def test_a_good_without_figures_is_divided_as_its_variants_by_market_size():
    # 3 of 4 × 0.8 + 1 of 4 × 0.4 = 0.7
    split = split_of([good_named("a"), *KINDS], [*shares("a1", CHN=0.8, USA=0.2), *shares("a2", CHN=0.4, JPN=0.6)])
    found = by_name(split)
    assert found["CHN"].point == pytest.approx(0.7)
    assert found["USA"].point == pytest.approx(0.15)
    assert found["JPN"].point == pytest.approx(0.15)
    assert split.kinds == ("a1", "a2")
    assert split.coverage == "complete"


def test_a_good_with_figures_keeps_them_so_that_nothing_is_counted_twice():
    supply = [*shares("a", CHN=0.5, USA=0.5), *shares("a1", CHN=1.0), *shares("a2", CHN=1.0)]
    split = split_of([good_named("a"), *KINDS], supply)
    assert by_name(split)["CHN"].point == 0.5
    assert split.kinds == ()


def test_a_variant_without_figures_leaves_its_part_unknown():
    split = split_of([good_named("a"), *KINDS], shares("a1", CHN=1.0))
    assert by_name(split)["CHN"].low == pytest.approx(0.75)
    assert split.remainder_high == pytest.approx(0.25)
    assert split.unknown_share == pytest.approx(0.25)


def test_variants_smaller_than_the_whole_leave_the_rest_unknown():
    # sized 4 of 8: half of the market is in kinds that are not listed
    goods = [good_named("a", market_size_usd_per_year=8e6), *KINDS]
    split = split_of(goods, [*shares("a1", CHN=1.0), *shares("a2", CHN=1.0)])
    assert by_name(split)["CHN"].point == pytest.approx(0.5)
    assert split.unknown_share == pytest.approx(0.5)


def test_missing_market_sizes_are_not_guessed():
    goods = [good_named("a"), good_named("a1", parent="a"), good_named("a2", parent="a", market_size_usd_per_year=1e6)]
    china = by_name(split_of(goods, [*shares("a1", CHN=0.8, USA=0.2), *shares("a2", CHN=0.4, USA=0.6)]))["CHN"]
    assert china.point is None
    assert (china.low, china.high) == (0.4, 0.8)


def test_bases_that_differ_between_variants_are_named():
    supply = [*shares("a1", CHN=1.0), *({**row, "basis": "seat"} for row in shares("a2", CHN=1.0))]
    assert split_of([good_named("a"), *KINDS], supply).basis == "seat + site"


def test_shares_roll_up_over_several_levels():
    goods = [good_named("top"), good_named("a", parent="top", market_size_usd_per_year=4e6), *KINDS]
    split = split_of(goods, [*shares("a1", CHN=0.8, USA=0.2), *shares("a2", CHN=0.4, JPN=0.6)], "top")
    assert by_name(split)["CHN"].point == pytest.approx(0.7)
