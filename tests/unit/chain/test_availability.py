from itertools import combinations

import networkx as nx
import pytest

from reshore.chain.availability import Gate, gate_of, structure_of
from tests.chains import chain_of, edge, good_named, shares

MAGNETS = [good_named("motor"), good_named("magnet"), good_named("alloy")]
EDGES = [edge("motor", "magnet"), edge("magnet", "alloy")]


def structure(chain, reading="certain", least=0.05, **more):
    return structure_of(chain, chain.choose().countries, least, reading, **more)


def cuts(chain, good, reading="certain", size=3, spared=()):
    return structure(chain, reading).cut_sets([good], size, spared)[good]


def test_a_loss_travels_along_essential_inputs_and_names_where_it_begins():
    chain = chain_of(MAGNETS, EDGES, [*shares("magnet", CHN=0.5, JPN=0.5), *shares("alloy", CHN=1.0)])
    assert structure(chain).lost(["CHN"]) == {"alloy": "alloy", "magnet": "alloy", "motor": "alloy"}
    assert structure(chain).lost(["JPN"]) == {}


def test_an_input_that_is_not_essential_carries_no_loss():
    edges = [edge("motor", "magnet", need="important"), edge("magnet", "alloy")]
    chain = chain_of(MAGNETS, edges, shares("alloy", CHN=1.0))
    assert "motor" not in structure(chain).lost(["CHN"])


def test_equipment_does_not_count_where_only_what_is_used_up_is_asked_for():
    edges = [edge("motor", "magnet", role="capital"), edge("magnet", "alloy")]
    chain = chain_of(MAGNETS, edges, shares("alloy", CHN=1.0))
    assert "motor" in structure(chain).lost(["CHN"])
    assert "motor" not in structure(chain, roles=frozenset({"consumed"})).lost(["CHN"])


def test_a_good_is_lost_when_less_than_the_least_share_is_left():
    # China leaves 0.04 < 0.05; at a least share of 0.03 it does not
    chain = chain_of([good_named("a")], [], shares("a", CHN=0.96, USA=0.04))
    assert structure(chain).lost(["CHN"]) == {"a": "a"}
    assert structure(chain, least=0.03).lost(["CHN"]) == {}


def test_exactly_the_least_share_is_enough():
    chain = chain_of([good_named("a")], [], shares("a", CHN=0.95, USA=0.05))
    assert structure(chain).lost(["CHN"]) == {}


def test_a_need_is_met_by_any_variant():
    goods = [good_named("cell"), good_named("lfp", parent="cell"), good_named("nmc", parent="cell"), good_named("car")]
    chain = chain_of(goods, [edge("car", "cell")], [*shares("lfp", CHN=1.0), *shares("nmc", KOR=1.0)])
    assert structure(chain).lost(["CHN"]) == {"lfp": "lfp"}
    assert cuts(chain, "car") == [("CHN", "KOR")]


def test_losing_the_only_variant_that_is_listed_does_not_lose_a_good_with_figures_of_its_own():
    goods = [good_named("cell"), good_named("lfp", parent="cell")]
    chain = chain_of(goods, [], [*shares("cell", CHN=0.7, KOR=0.3), *shares("lfp", CHN=1.0)])
    assert "cell" not in structure(chain).lost(["CHN"])
    assert "cell" in structure(chain, "possible").lost(["CHN"])


def test_unnamed_suppliers_elsewhere_keep_a_good_going():
    # others, who are not China, have 1 − 0.9 = 0.1
    chain = chain_of([good_named("a")], [], shares("a", coverage="partial", CHN=0.9))
    assert cuts(chain, "a") == []
    assert cuts(chain, "a", "possible") == []


def test_a_range_that_may_leave_nothing_makes_a_possible_cut():
    # China 0.9 to 1: what is left lies between 0 and 0.1
    supply = [{"good": "a", "supplier": "CHN", "share_low": 0.9, "share_high": 1.0, "coverage": "partial"}]
    chain = chain_of([good_named("a")], [], supply)
    assert cuts(chain, "a") == []
    assert cuts(chain, "a", "possible") == [("CHN",)]


def test_named_suppliers_of_unknown_size_may_step_in():
    chain = chain_of([good_named("a")], [], shares("a", coverage="partial", JPN=None, KOR=None))
    assert cuts(chain, "a", "possible") == [("JPN", "KOR")]


def test_firms_left_out_of_a_list_may_sit_in_the_country_that_is_cut():
    supply = [{"good": "a", "supplier": "x", "share": 0.9, "coverage": "partial", "basis": "seat"}]
    chain = chain_of([good_named("a")], [], supply, [{"organization": "x", "seat": "CHN"}])
    assert cuts(chain, "a", "possible") == [("CHN",)]
    assert cuts(chain, "a") == []


def test_a_placeholder_is_no_member_of_a_cut_set_and_stays():
    chain = chain_of([good_named("a")], [], shares("a", CHN=0.8, XX_VAR=0.2))
    assert cuts(chain, "a") == []


def test_goods_whose_suppliers_nobody_knows_are_not_lost_by_themselves():
    chain = chain_of(MAGNETS, EDGES, shares("magnet", CHN=0.5, JPN=0.5))
    assert cuts(chain, "motor") == [("CHN", "JPN")]


def test_home_does_not_cut_itself_off():
    chain = chain_of([good_named("a")], [], shares("a", CHN=0.6, USA=0.4))
    assert cuts(chain, "a", spared=["USA"]) == []
    assert cuts(chain, "a") == [("CHN", "USA")]


def test_goods_in_a_cycle_run_until_something_in_it_is_lost():
    goods = [good_named(name) for name in ("metal", "magnet", "scrap", "ore")]
    edges = [edge("metal", "scrap"), edge("magnet", "metal"), edge("scrap", "magnet"), edge("metal", "ore")]
    chain = chain_of(goods, edges, shares("ore", CHN=1.0))
    assert structure(chain).lost(["JPN"]) == {}
    assert set(structure(chain).lost(["CHN"])) == {"metal", "magnet", "scrap", "ore"}
    assert cuts(chain, "scrap") == [("CHN",)]


def test_minimal_cut_sets_of_a_gate_are_those_of_trying_every_set():
    gate = Gate(("A", "B", "C", "D"), (0.4, 0.3, 0.1, 0.0), (0.5, 0.4, 0.2, 0.1), 0.0, 0.02)
    lost = {
        frozenset(one)
        for size in (1, 2, 3)
        for one in combinations(gate.names, size)
        if gate.is_lost(frozenset(one), 0.25, "certain")
    }
    smallest = {one for one in lost if not any(other < one for other in lost)}
    assert set(gate.cut_sets(0.25, "certain", 3, frozenset())) == smallest
    # left without A and B: min(1 − 0.7, 1.2 − 0.9 + 0.02) = 0.30; without A, B and C 0.12; A, B and D 0.22
    assert smallest == {frozenset("ABC"), frozenset("ABD")}


def test_the_gate_of_a_split_takes_its_ranges():
    chain = chain_of([good_named("a")], [], shares("a", coverage="partial", CHN=0.7, JPN=None))
    gate = gate_of(chain.choose().countries["a"])
    assert gate.names == ("CHN", "JPN")
    assert gate.rest_low == 0
    assert gate.rest_high == pytest.approx(0.3)


def test_where_any_way_will_do_single_points_are_the_dominators():
    """Each place is reached by any road into it; a place has one supplier, so losing it closes the place."""
    roads = [("s", "a"), ("s", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("d", "e"), ("d", "f"), ("e", "t"), ("f", "t")]
    places = sorted({place for road in roads for place in road})
    countries = dict(zip(places, ("AUS", "BRA", "CAN", "DEU", "ESP", "FRA", "GBR", "HUN"), strict=True))
    goods, edges, supply = [], [], []
    for place in places:
        goods += [good_named(place), good_named(f"to-{place}")]
        supply += shares(place, **{countries[place]: 1.0})
        if any(end == place for _, end in roads):
            edges.append(edge(place, f"to-{place}"))
    for start, end in roads:
        goods.append(good_named(f"{start}-to-{end}", parent=f"to-{end}"))
        edges.append(edge(f"{start}-to-{end}", start))
    dominator = nx.immediate_dominators(nx.DiGraph(roads), "s")
    chain_to_start, place = {"t"}, "t"
    while place != "s":
        place = dominator[place]
        chain_to_start.add(place)
    assert chain_to_start == {"s", "c", "d", "t"}
    assert {one[0] for one in cuts(chain_of(goods, edges, supply), "t", size=1)} == {
        countries[p] for p in chain_to_start
    }
