import numpy as np
import pytest

from reshore.exposure.input_output import face_value_share, leontief_inverse, look_through_share, value_added_share
from reshore.exposure.look_through import LOOK_THROUGH, LookThrough
from tests.chains import case_of, chain_of, edge, good_named, shares

# A = [[.2, .3], [.1, .4]]: B = (I − A)⁻¹ = 1/.45 · [[.6, .3], [.1, .8]]
TABLE = np.array([[0.2, 0.3], [0.1, 0.4]])


def test_face_value_is_the_share_in_direct_inputs():
    # columns add up to .3 and .7
    names, shares_ = face_value_share(TABLE, ["A", "B"])
    assert names == ("A", "B")
    assert shares_ == pytest.approx(np.array([[2 / 3, 3 / 7], [1 / 3, 4 / 7]]))


def test_look_through_counts_suppliers_of_suppliers():
    # B − I = 1/.45 · [[.15, .3], [.1, .35]]: columns .15 : .1 and .3 : .35
    _, found = look_through_share(TABLE, ["A", "B"])
    assert found == pytest.approx(np.array([[0.6, 30 / 65], [0.4, 35 / 65]]))


def test_value_added_shares_add_up_to_one():
    # v = (.7, .3): v'B = 1/.45 · [.42, .21; .03, .24]
    _, found = value_added_share(TABLE, ["A", "B"])
    assert found == pytest.approx(np.array([[42 / 45, 21 / 45], [3 / 45, 24 / 45]]))
    assert found.sum(axis=0) == pytest.approx([1, 1])


def test_sectors_of_one_country_are_added_up():
    names, found = face_value_share(np.array([[0.1, 0.2], [0.3, 0.2]]), ["A", "A"])
    assert names == ("A",)
    assert found == pytest.approx(np.ones((1, 2)))


def test_a_table_that_uses_more_than_it_makes_is_refused():
    with pytest.raises(ValueError, match="no inverse"):
        leontief_inverse(np.array([[1.0]]))


GOODS = [good_named("motor"), good_named("magnet"), good_named("oxide")]
EDGES = [edge("motor", "magnet"), edge("magnet", "oxide")]
SUPPLY = [*shares("motor", USA=1.0), *shares("magnet", CHN=0.8, JPN=0.2), *shares("oxide", CHN=1.0)]


def found(goods=GOODS, edges=EDGES, supply=SUPPLY):
    frame = LookThrough(case_of(chain_of(goods, edges, supply))).frame()
    return {(row["good"], row["country"]): row for row in frame.iter_rows(named=True)}


def test_hidden_exposure_is_what_inputs_add():
    # T = s + 0.5 · T(input): motor: USA 1, CHN .5 · (.8 + .5 · 1) = .65, JPN .5 · .2 = .1; total 1.75
    rows = found()
    assert rows["motor", "CHN"]["face_value_share"] == 0
    assert rows["motor", "CHN"]["look_through_share"] == pytest.approx(0.65 / 1.75)
    assert rows["motor", "USA"]["look_through_share"] == pytest.approx(1 / 1.75)
    assert rows["motor", "JPN"]["hidden_share"] == pytest.approx(0.1 / 1.75)
    assert rows["motor", "CHN"]["weights_assumed"] is True


def test_a_good_without_inputs_hides_nothing():
    rows = found()
    assert rows["oxide", "CHN"]["look_through_share"] == 1
    assert rows["oxide", "CHN"]["hidden_share"] == 0
    assert rows["oxide", "CHN"]["weights_assumed"] is False


def test_amounts_and_market_sizes_give_weights_that_are_not_assumed():
    # a quarter of oxide sales of 40 goes into magnets of 100: a = 0.1, so T = .8 + .1 = .9 of 1.1
    goods = [good_named("magnet", market_size_usd_per_year=100.0), good_named("oxide", market_size_usd_per_year=40.0)]
    rows = found(goods, [edge("magnet", "oxide", output_share=0.25)], SUPPLY[1:])
    assert rows["magnet", "CHN"]["look_through_share"] == pytest.approx(0.9 / 1.1)
    assert rows["magnet", "CHN"]["weights_assumed"] is False


def test_inputs_worth_more_than_the_good_are_not_believed():
    # all of oxide sales of 40 into magnets of 30 cannot be: equal weights, marked as assumed
    goods = [good_named("magnet", market_size_usd_per_year=30.0), good_named("oxide", market_size_usd_per_year=40.0)]
    rows = found(goods, [edge("magnet", "oxide", output_share=1.0)], SUPPLY[1:])
    assert rows["magnet", "CHN"]["look_through_share"] == pytest.approx((0.8 + 0.5) / 1.5)
    assert rows["magnet", "CHN"]["weights_assumed"] is True


def test_unknown_supply_stays_unknown_upstream():
    rows = found(supply=[*shares("motor", USA=1.0), *shares("magnet", coverage="partial", CHN=0.8)])
    # motor: 1 USA, .5 of magnet (.8 CHN, .2 unknown), .25 of oxide unknown: (.1 + .25) / 1.75
    assert rows["motor", "XX-UNK"]["look_through_share"] == pytest.approx(0.35 / 1.75)
    assert rows["motor", "CHN"]["look_through_share_high"] == pytest.approx((0.4 + 0.25) / 1.75)


def test_recycling_converges():
    # magnet ← metal ← scrap ← magnet, and T = s + .5 T(input) for each
    goods = [good_named(name) for name in ("magnet", "metal", "scrap")]
    edges = [edge("magnet", "metal"), edge("metal", "scrap"), edge("scrap", "magnet")]
    rows = found(goods, edges, [*shares("magnet", CHN=1.0), *shares("metal", JPN=1.0), *shares("scrap", USA=1.0)])
    # x = 1 / (1 − .125): CHN x, JPN .5 x, USA .25 x of a total of 1.75 x
    assert rows["magnet", "JPN"]["look_through_share"] == pytest.approx(0.5 / 1.75)


def test_the_metric_gives_the_share_of_concern():
    frame = LOOK_THROUGH.compute(case_of(chain_of(GOODS, EDGES, SUPPLY)))
    row = frame.filter(frame["good"] == "motor").row(0, named=True)
    assert row["concern_look_through_share"] == pytest.approx(0.65 / 1.75)
    assert row["home_look_through_share"] == pytest.approx(1 / 1.75)


def test_the_definition_agrees_with_an_input_output_table_of_goods_by_country():
    """The buyer of a good is a user whose only direct inputs are the good's suppliers."""
    order = [("magnet", "CHN"), ("magnet", "JPN"), ("oxide", "CHN")]
    supply = {("magnet", "CHN"): 0.8, ("magnet", "JPN"): 0.2, ("oxide", "CHN"): 1.0}
    table = np.zeros((4, 4))
    for column, (good, _) in enumerate(order):
        for line, (input_, country) in enumerate(order):
            if (good, input_) == ("magnet", "oxide"):
                table[line, column] = 0.5 * supply[input_, country]
    for line, (good, country) in enumerate(order):
        table[line, 3] = supply[good, country] if good == "magnet" else 0.0
    names, shares_ = look_through_share(table, [country for _, country in order] + ["buyer"])
    assert found()["magnet", "CHN"]["look_through_share"] == pytest.approx(shares_[names.index("CHN"), 3])
