"""What must hold for every ownership network: monotone, blind to order and names, equal to brute force."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.chain.ownership import (
    build_ownership,
    control,
    fifty_percent_rule,
    look_through,
    twenty_five_percent_rule,
)

NAMES = "ABCDEFG"
STAKE = {
    "owner": pl.String,
    "owned": pl.String,
    "equity_share": pl.Float64,
    "equity_share_low": pl.Float64,
    "equity_share_high": pl.Float64,
    "source": pl.String,
}


@st.composite
def networks(draw, unknown=False):
    """Stakes as {(owner, owned): (low, high)} in twentieths; the owners of a firm hold less than all of it."""
    stakes = {}
    for owned in NAMES:
        left = 19
        for owner in draw(st.permutations(NAMES)):
            if owner == owned or not draw(st.booleans()):
                continue
            size = draw(st.integers(0, left))
            left -= size
            low = high = size / 20
            if unknown and draw(st.booleans()):
                low, high = 0.0, None
            stakes[owner, owned] = (low, high)
    return stakes


def frame_of(stakes):
    rows = [
        {
            "owner": owner,
            "owned": owned,
            "equity_share": low if low == high else None,
            "equity_share_low": low,
            "equity_share_high": high,
            "source": "s",
        }
        for (owner, owned), (low, high) in stakes.items()
    ]
    return pl.DataFrame(rows, schema=STAKE)


def build(stakes, names=NAMES):
    organizations = pl.DataFrame({"organization": list(names), "label": list(names)})
    return build_ownership({"organizations": organizations, "stakes": frame_of(stakes)})


def dense(stakes):
    matrix = np.zeros((len(NAMES), len(NAMES)))
    for (owner, owned), (low, _) in stakes.items():
        matrix[NAMES.index(owner), NAMES.index(owned)] = low
    return matrix


def brute_force_least(stakes, blocked):
    """The smallest of all subsets that hold the list and are closed under the rule, in exact fractions."""
    exact = {pair: Fraction(round(20 * low), 20) for pair, (low, _) in stakes.items()}
    smallest = None
    for size in range(len(NAMES) + 1):
        for chosen in itertools.combinations(NAMES, size):
            side = set(chosen)
            is_closed = side >= blocked and all(
                firm in side for firm in NAMES if sum(exact.get((owner, firm), 0) for owner in side) >= Fraction(1, 2)
            )
            if is_closed:
                smallest = side if smallest is None else smallest & side
    return smallest


@settings(max_examples=40, deadline=None)
@given(networks(), st.sets(st.sampled_from(NAMES), min_size=1, max_size=2))
def test_the_least_fixed_point_is_the_intersection_of_all_closed_sets(stakes, blocked):
    assert set(fifty_percent_rule(build(stakes), blocked).caught()) == brute_force_least(stakes, blocked)


@settings(max_examples=60, deadline=None)
@given(networks(), st.sets(st.sampled_from(NAMES), min_size=1, max_size=2), st.data())
def test_a_larger_stake_or_a_longer_list_never_frees_a_firm(stakes, blocked, data):
    before = fifty_percent_rule(build(stakes), blocked)
    quarter = twenty_five_percent_rule(build(stakes), blocked, seats="as votes")
    if stakes:
        pair = data.draw(st.sampled_from(sorted(stakes)))
        room = 1 - sum(low for (_, owned), (low, _) in stakes.items() if owned == pair[1])
        more = stakes[pair][0] + data.draw(st.integers(0, round(20 * room))) / 20
        stakes = {**stakes, pair: (more, more)}
    blocked = blocked | {data.draw(st.sampled_from(NAMES))}
    assert set(fifty_percent_rule(build(stakes), blocked).caught()) >= set(before.caught())
    assert set(twenty_five_percent_rule(build(stakes), blocked, seats="as votes").caught()) >= set(quarter.caught())


@settings(max_examples=60, deadline=None)
@given(networks(), st.permutations(NAMES), st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_firms_do_not_matter(stakes, names, random):
    renamed = dict(zip(NAMES, names, strict=True))
    shuffled = list(stakes.items())
    random.shuffle(shuffled)
    other = {(renamed[owner], renamed[owned]): ends for (owner, owned), ends in shuffled}
    one, two = build(stakes), build(other)
    assert {renamed[name] for name in fifty_percent_rule(one, ["A"]).caught()} == set(
        fifty_percent_rule(two, [renamed["A"]]).caught()
    )
    assert {(renamed[link.organization], renamed[link.controller]) for link in control(one).links} == {
        (link.organization, link.controller) for link in control(two).links
    }
    first = {(renamed[a], renamed[b]): share for a, b, _, share, *_ in look_through(one, NAMES).iter_rows()}
    second = {(a, b): share for a, b, _, share, *_ in look_through(two, NAMES).iter_rows()}
    assert first.keys() == second.keys()
    assert all(first[pair] == pytest.approx(second[pair], abs=1e-12) for pair in first)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_look_through_agrees_with_a_dense_inverse(stakes):
    inverse = np.linalg.inv(np.eye(len(NAMES)) - dense(stakes))
    found = look_through(build(stakes), NAMES)
    for owner, firm, integrated, once, low, high in found.iter_rows():
        i, j = NAMES.index(owner), NAMES.index(firm)
        assert integrated == pytest.approx(inverse[i, j], abs=1e-10)
        assert once == low == high == pytest.approx(inverse[i, j] / inverse[i, i], abs=1e-10)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_external_owners_of_fully_reported_firms_share_all_of_it(stakes):
    # Give each firm that has owners a last owner, who holds what the others leave.
    owned = {firm for _, firm in stakes}
    names = [*NAMES, *(f"owner of {firm}" for firm in NAMES)]
    rest = {
        (f"owner of {firm}", firm): 1 - sum(low for (_, other), (low, _) in stakes.items() if other == firm)
        for firm in owned
    }
    full = {**stakes, **{pair: (share, share) for pair, share in rest.items()}}
    found = look_through(build(full, names))
    totals = found.group_by("organization").agg(pl.col("look_through_share").sum())
    for firm, total in totals.iter_rows():
        if firm in owned:
            assert total == pytest.approx(1.0, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(networks(unknown=True), st.data())
def test_ranges_hold_for_every_network_inside_the_ranges(stakes, data):
    ownership = build(stakes)
    wide = {(a, b): (low, high) for a, b, _, _, low, high in look_through(ownership, NAMES).iter_rows()}
    rule = fifty_percent_rule(ownership, ["A"])
    quarter = twenty_five_percent_rule(ownership, ["A"], seats="as votes")
    control_links = {(link.organization, link.controller): link.is_certain for link in control(ownership).links}
    drawn = {}
    for owned in NAMES:
        left = 1 - sum(low for (_, other), (low, _) in stakes.items() if other == owned)
        for (owner, firm), (low, high) in stakes.items():
            if firm == owned:
                size = low if high is not None else data.draw(st.integers(0, int(19 * left))) / 20
                left -= size - low
                drawn[owner, firm] = (size, size)
    exact = build(drawn)
    inside = {(a, b): share for a, b, _, share, *_ in look_through(exact, NAMES).iter_rows()}
    for pair, share in inside.items():
        low, high = wide[pair]
        assert low - 1e-9 <= share <= high + 1e-9
    for answers, sharp in ((rule, fifty_percent_rule(exact, ["A"])),
                           (quarter, twenty_five_percent_rule(exact, ["A"], seats="as votes"))):  # fmt: skip
        for finding in sharp.findings:
            assert answers[finding.organization].answer in (finding.answer, "cannot be told")
    sharp_links = {(link.organization, link.controller) for link in control(exact).links}
    assert sharp_links <= control_links.keys()
    assert {pair for pair, is_certain in control_links.items() if is_certain} <= sharp_links
