"""What holds for every chain: shares add up, cut sets equal trying every set, more knowledge never widens a range."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.chain import Share
from reshore.chain.availability import structure_of
from reshore.exposure import measure
from reshore.exposure.concentration import herfindahl, herfindahl_bounds, split_herfindahl
from reshore.exposure.ranges import ROLES
from tests.chains import case_of, chain_of, edge, good_named, shares

COUNTRIES = ("AUS", "BRA", "CHN", "DEU", "JPN", "USA")
SLACK = 1e-9


@st.composite
def markets(draw, names=COUNTRIES):
    """A whole market: shares of some countries in thousandths, that add up to one."""
    count = draw(st.integers(1, len(names)))
    weights = draw(st.lists(st.integers(1, 50), min_size=count, max_size=count))
    chosen = draw(st.permutations(names))[:count]
    total = sum(weights)
    return {name: weight / total for name, weight in zip(chosen, weights, strict=True)}


@st.composite
def partly_known(draw):
    """A true market, and rows that a source gives of it: some named with a size, some without, some left out."""
    truth = draw(markets())
    kinds = {name: draw(st.sampled_from(("sized", "unsized", "left out"))) for name in truth}
    rows = {name: truth[name] if kind == "sized" else None for name, kind in kinds.items() if kind != "left out"}
    return truth, rows


@given(partly_known())
def test_ranges_of_roles_contain_the_truth(sample):
    truth, rows = sample
    case = case_of(chain_of([good_named("a")], [], shares("a", coverage="partial", **rows)))
    found = case.ranges["a"]
    for role in ("home", "ally", "concern", "other"):
        true = sum(share for name, share in truth.items() if case.role(name) == role)
        point, low, high = found[role]
        assert low - SLACK <= true <= high + SLACK
        assert point is None or low - SLACK <= point <= high + SLACK


@given(partly_known())
def test_shares_of_roles_add_up_to_one_as_ranges(sample):
    _, rows = sample
    found = case_of(chain_of([good_named("a")], [], shares("a", coverage="partial", **rows))).ranges["a"]
    assert sum(found[role][1] for role in ROLES) <= 1 + SLACK
    assert sum(found[role][2] for role in ROLES) >= 1 - SLACK
    assert sum(found[role][0] or 0 for role in ROLES) <= 1 + SLACK


@given(partly_known())
def test_bounds_of_the_herfindahl_index_contain_that_of_the_true_market(sample):
    truth, rows = sample
    if not rows:
        return
    split = chain_of([good_named("a")], [], shares("a", coverage="partial", **rows)).choose().countries["a"]
    point, low, high = split_herfindahl(split)
    true = herfindahl(list(truth.values()))
    assert low - SLACK <= true <= high + SLACK
    assert point is None or abs(point - true) <= SLACK


@given(partly_known(), st.data())
def test_learning_a_share_never_widens_the_bounds(sample, data):
    truth, rows = sample
    unknown = sorted(name for name in rows if rows[name] is None)
    if not unknown:
        return
    learned = {**rows, (name := data.draw(st.sampled_from(unknown))): truth[name]}
    (_, low, high), (_, new_low, new_high) = (
        split_herfindahl(
            chain_of([good_named("a")], [], shares("a", coverage="partial", **known)).choose().countries["a"]
        )
        for known in (rows, learned)
    )
    assert low - SLACK <= new_low
    assert new_high <= high + SLACK


@given(st.lists(st.tuples(st.floats(0, 0.3), st.floats(0, 0.3)), min_size=1, max_size=6), st.data())
def test_bounds_over_ranges_contain_every_market_within_them(ranges, data):
    lows = [min(pair) for pair in ranges]
    highs = [max(pair) for pair in ranges]
    if sum(lows) > 1:
        return
    found = [data.draw(st.floats(low, high)) for low, high in zip(lows, highs, strict=True)]
    rest = 1 - sum(found)
    if rest < 0:
        return
    low, high = herfindahl_bounds(lows, highs, 1 - sum(lows))
    assert low - SLACK <= herfindahl([*found, rest]) <= high + SLACK


@given(markets(), st.sampled_from(COUNTRIES), st.floats(0.1, 0.9))
def test_splitting_a_firm_in_two_of_one_country_changes_nothing_by_country(truth, country, part):
    def measured(parts):
        supply, organizations = [], []
        for name, share in truth.items():
            pieces = parts if name == country else (1.0,)
            for number, piece in enumerate(pieces):
                organizations.append({"organization": f"{name}-{number}", "seat": name})
                supply.append({"good": "a", "supplier": f"{name}-{number}", "share": share * piece, "basis": "seat"})
        return chain_of([good_named("a")], [], supply, organizations).choose().countries["a"].shares

    one, two = measured((1.0,)), measured((part, 1 - part))
    assert [share.supplier for share in one] == [share.supplier for share in two]
    assert all(abs(a.point - b.point) < SLACK for a, b in zip(one, two, strict=True))


GOODS = ("a", "b", "c", "d", "e", "f")


@st.composite
def chains(draw):
    """Chains of six goods, with cycles, variants, whole and partial markets, and goods without suppliers."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(GOODS), st.sampled_from(GOODS)), max_size=7, unique=True))
    needs = draw(st.lists(st.sampled_from(("essential", "essential", "important")), min_size=7, max_size=7))
    parents = {good: draw(st.sampled_from((None, *GOODS[:place]))) for place, good in enumerate(GOODS)}
    goods = [good_named(good, parent=parent if draw(st.booleans()) else None) for good, parent in parents.items()]
    supply = []
    for good in GOODS:
        kind = draw(st.sampled_from(("none", "whole", "partial")))
        if kind != "none":
            market = draw(markets(COUNTRIES[:4]))
            hidden = draw(st.sampled_from(sorted(market))) if kind == "partial" else None
            rows = {name: None if name == hidden else share for name, share in market.items()}
            supply += shares(good, coverage="complete" if kind == "whole" else "partial", **rows)
    return goods, [edge(good, input_, need=need) for (good, input_), need in zip(pairs, needs, strict=False)], supply


@settings(max_examples=150, deadline=None)
@given(chains(), st.sampled_from(("certain", "possible")), st.sampled_from((0.0, 0.05, 0.4)))
def test_minimal_cut_sets_are_those_of_trying_every_set(sample, reading, least):
    chain = chain_of(*sample)
    logic = structure_of(chain, chain.choose().countries, least, reading)
    names = sorted({row["supplier"] for row in sample[2]})
    sets = [frozenset(one) for size in range(4) for one in combinations(names, size)]
    lost = {one: logic.lost(one) for one in sets}
    found = logic.cut_sets(GOODS, 3)
    for good in GOODS:
        cutting = [one for one in sets if good in lost[one]]
        smallest = [one for one in cutting if not any(other < one for other in cutting)]
        assert found[good] == sorted((tuple(sorted(one)) for one in smallest), key=lambda one: (len(one), one))


@settings(max_examples=60, deadline=None)
@given(chains())
def test_cutting_more_never_saves_a_good_and_what_is_certain_is_possible(sample):
    chain = chain_of(*sample)
    splits = chain.choose().countries
    certain, possible = (structure_of(chain, splits, 0.05, reading) for reading in ("certain", "possible"))
    names = sorted({row["supplier"] for row in sample[2]})
    for size in range(len(names)):
        assert set(certain.lost(names[:size])) <= set(certain.lost(names[: size + 1]))
        assert set(certain.lost(names[:size])) <= set(possible.lost(names[:size]))


@settings(max_examples=30, deadline=None)
@given(chains())
def test_an_unrelated_good_changes_nothing_for_the_others(sample):
    goods, edges, supply = sample
    without = measure(case_of(chain_of(goods, edges, supply)))
    added = measure(case_of(chain_of([*goods, good_named("zz")], edges, [*supply, *shares("zz", CHN=1.0)])))
    for name in ("exposure", "suppliers", "flags", "look_through", "gaps"):
        assert added[name].filter(added[name]["good"] != "zz").equals(without[name])


@settings(max_examples=30, deadline=None)
@given(chains())
def test_new_keys_of_goods_change_nothing_but_the_keys(sample):
    goods, edges, supply = sample
    new = {good: f"{good}-{place}" for place, good in enumerate(GOODS)}
    renamed = measure(
        case_of(
            chain_of(
                [
                    {**row, "good": new[row["good"]], "label": row["good"], "parent": new.get(row["parent"])}
                    for row in goods
                ],
                [{**row, "good": new[row["good"]], "input": new[row["input"]]} for row in edges],
                [{**row, "good": new[row["good"]]} for row in supply],
            )
        )
    )["exposure"]
    plain = measure(case_of(chain_of(goods, edges, supply)))["exposure"]
    assert renamed.drop("good").equals(plain.drop("good"))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_ranges_of_a_split_contain_a_market_that_adds_up(stated):
    total = sum(stated) or 1.0
    rows = {name: share / total for name, share in zip(COUNTRIES, stated, strict=False)}
    split = chain_of([good_named("a")], [], shares("a", coverage="partial", **rows)).choose().countries["a"]
    low = sum(share.low for share in split.shares) + split.remainder_low
    high = sum(share.high for share in split.shares) + split.remainder_high
    assert low <= 1 + SLACK
    assert high >= 1 - SLACK
    assert all(isinstance(share, Share) and 0 <= share.low <= share.high <= 1 for share in split.shares)
