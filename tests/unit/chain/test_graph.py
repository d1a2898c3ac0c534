import pytest

from tests.chains import chain_of, edge, good_named

MAGNETS = chain_of(
    [
        good_named("motor", chain="motors"),
        good_named("magnet", chain="magnets"),
        good_named("ndfeb", chain="magnets", parent="magnet"),
        good_named("ferrite", chain="magnets", parent="magnet"),
        good_named("alloy", chain="metals"),
        good_named("oxide", chain="metals"),
        good_named("lens", chain="optics"),
    ],
    [edge("motor", "magnet"), edge("ndfeb", "alloy"), edge("alloy", "oxide")],
)


def test_upstream_runs_along_inputs_and_through_variants():
    assert MAGNETS.ancestors("motor") == {"magnet", "ndfeb", "ferrite", "alloy", "oxide"}
    assert MAGNETS.ancestors("oxide") == frozenset()


def test_downstream_is_the_reverse_of_upstream():
    assert MAGNETS.descendants("oxide") == {"alloy", "ndfeb", "magnet", "motor"}


def test_a_chain_is_selected_with_everything_upstream_of_it():
    assert {good.good for good in MAGNETS.select("magnets").goods} == {"magnet", "ndfeb", "ferrite", "alloy", "oxide"}
    assert {good.good for good in MAGNETS.select("metals").goods} == {"alloy", "oxide"}


def test_an_unknown_chain_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match="magnets, metals, motors, optics"):
        MAGNETS.select("magnet")


def test_goods_come_after_what_they_need():
    place = {good: position for position, good in enumerate(MAGNETS.order)}
    assert all(place[edge.input] < place[edge.good] for edge in MAGNETS.inputs)
    assert place["ndfeb"] < place["magnet"]
    assert sorted(place) == sorted(MAGNETS.index)


def test_recycling_is_a_note_with_names_and_no_error():
    chain = chain_of(
        [good_named(name) for name in ("ore", "metal", "magnet", "scrap")],
        [edge("metal", "ore"), edge("magnet", "metal"), edge("scrap", "magnet"), edge("metal", "scrap")],
    )
    assert chain.cycles == (("magnet", "scrap", "metal"),)
    assert chain.notes[0].severity == "note"
    assert chain.notes[0].found == "magnet → scrap → metal → magnet"
    assert chain.layers == (("ore",), ("magnet", "metal", "scrap"))


def test_a_good_that_is_its_own_input_is_a_cycle_of_one():
    assert chain_of([good_named("a")], [edge("a", "a")]).cycles == (("a",),)


def test_final_goods_are_those_marked_and_otherwise_those_that_go_into_nothing():
    assert MAGNETS.final_goods == ("lens", "motor")
    marked = chain_of([good_named("a", final=True), good_named("b")])
    assert marked.final_goods == ("a",)


def test_the_order_of_rows_changes_nothing():
    goods = [good_named(name) for name in ("b", "a", "c")]
    edges = [edge("c", "a"), edge("c", "b")]
    one, other = chain_of(goods, edges), chain_of(goods[::-1], edges[::-1])
    assert one.goods == other.goods
    assert one.inputs == other.inputs
    assert one.order == other.order
