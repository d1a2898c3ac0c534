"""From cuts to situations, and from chains to worlds at rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reshore.errors import InputError
from reshore.flow import Assumptions, Cut, Project, Terms, at_rest, build_world, cut_off, mirror, run_flow
from reshore.flow.situation import rise
from tests.chains import chain_of, edge, good_named, shares
from tests.unit.flow.random_worlds import demand_frame


def small_world(stock: float = 0.0, **assumptions):
    """Alloy → magnet → motor; China makes 80 % of alloy and 90 % of magnets and uses half of the motors."""
    chain = chain_of(
        [good_named("alloy"), good_named("magnet"), good_named("motor", final=True)],
        [edge("magnet", "alloy"), edge("motor", "magnet")],
        [
            *shares("alloy", CHN=0.8, USA=0.2), *shares("magnet", CHN=0.9, JPN=0.1),
            *shares("motor", CHN=0.5, USA=0.3, JPN=0.2),
        ],
    )  # fmt: skip
    rows = [{"good": name, "country": "WLD", "stock_months": stock} for name in ("alloy", "magnet", "motor")]
    rows += [{"good": "motor", "country": c, "use_share": s} for c, s in (("CHN", 0.5), ("USA", 0.3), ("JPN", 0.2))]
    return build_world(chain, demand_frame(rows), assumptions=Assumptions(**assumptions))


def share_of(world, cuts, terms=None) -> np.ndarray:
    return run_flow(world, cut_off(world, cuts, terms)).served_share[0]


def test_a_part_of_the_world_at_rest_makes_uses_brings_in_and_gives():
    # Without China: motors 50 % made and used; magnets 10 % made, 50 % used; alloy 20 % made, 10 % used.
    rest = at_rest(small_world(), ("CHN",))
    assert rest.makes == pytest.approx([0.2, 0.1, 0.5])
    assert rest.uses == pytest.approx([0.1, 0.5, 0.5])
    assert rest.brings_in == pytest.approx([0, 0.4, 0])
    assert rest.gives == pytest.approx([0.1, 0, 0])


@pytest.mark.parametrize("severity", [0.0, 0.25, 0.5, 1.0])
def test_a_partial_cut_lets_the_rest_of_what_is_brought_in_arrive(severity: float):
    # 10 % made and (1 - severity) × 40 % brought in, of 50 % needed.
    share = share_of(small_world(), [Cut(("CHN",), severity=severity)])
    assert share == pytest.approx(np.full(24, (0.1 + (1 - severity) * 0.4) / 0.5), abs=1e-9)


def test_a_cut_that_ramps_over_two_months_bites_by_a_quarter_three_quarters_and_all():
    assert rise(4, 1.0, 2.0).tolist() == [0.0, 0.25, 0.75, 1.0]
    share = share_of(small_world(), [Cut(("CHN",), start_month=1, ramp_months=2)], Terms(months=5))
    assert share == pytest.approx([1, 1 - 0.25 * 0.8, 1 - 0.75 * 0.8, 0.2, 0.2], abs=1e-9)


def test_lost_plants_are_lost_for_everyone():
    # A tenth of all magnets is Japanese; nobody withholds anything, and the whole world shares nine tenths.
    assert share_of(small_world(), [Cut(("JPN",), ("magnet",), is_lost=True)]) == pytest.approx(np.full(24, 0.9))


def test_home_alone_has_what_it_makes():
    # The United States make no magnets. Pooled, the others have 10 of 50; alone, home has none once China cuts.
    cut = [Cut(("CHN",), ("magnet",))]
    assert share_of(small_world(), cut, Terms(home="USA")) == pytest.approx(np.full(24, 0.2))
    assert share_of(small_world(), cut, Terms(home="USA", rationing="own_only")) == pytest.approx(np.zeros(24))
    assert share_of(small_world(), [replace(cut[0], severity=0.0)], Terms(home="USA", rationing="own_only")) == (
        pytest.approx(np.ones(24))
    )


def test_home_is_served_before_its_allies():
    # 10 of the 50 that are asked for are left; home asks for 30, Japan for 20: home gets all 10.
    world = small_world()
    terms = Terms(home="USA", allies=("JPN",), rationing="home_first")
    found = run_flow(world, cut_off(world, [Cut(("CHN",))], terms))
    assert found.tier_share("home")[0] == pytest.approx(np.full(24, 1 / 3))
    assert found.tier_share("allies")[0] == pytest.approx(np.zeros(24))
    alike = run_flow(world, cut_off(world, [Cut(("CHN",))], replace(terms, rationing="pro_rata")))
    assert alike.tier_share("allies")[0] == pytest.approx(np.full(24, 0.2))


def test_what_the_other_side_needs_from_us():
    # We give 10 % of the world's alloy, and China brings in just that: it makes 80 and turns 90 into magnets. While we
    # withhold it, China makes 80 of 90 magnets, which is plenty for its own 50 % of motors.
    world = small_world()
    ours = at_rest(world, ("CHN",)).gives
    theirs = at_rest(world, ("USA", "JPN")).brings_in
    assert ours == pytest.approx(theirs)
    answer = mirror(world, [Cut(("CHN",), months=12)], Terms(home="USA"))
    assert answer.arriving[0] * 12 == pytest.approx([0.0] * 12 + [0.1] * 12)
    assert run_flow(world, answer).loss == 0


def test_plants_surge_after_a_delay_and_projects_come_in_order():
    # Magnets are short at 10 of 50. A surge of a tenth from month 3 on adds 1; a plant of 10 %, of which 90 % is good,
    # is built in two months, accepted after one more and ramps over two: a quarter, three quarters, all of 9.
    cut = [Cut(("CHN",), ("magnet",))]
    surged = share_of(small_world(), cut, Terms(months=4, surge_share=0.1, surge_delay_months=2))
    assert surged == pytest.approx([0.2, 0.2, 0.22, 0.22])
    plant = Project("magnet", 0.1, build_months=2, qualify_months=1, ramp_months=2, yield_share=0.9)
    built = share_of(small_world(), cut, Terms(months=6, projects=(plant,)))
    assert built == pytest.approx([0.2] * 3 + [(10 + x * 9) / 50 for x in (0.25, 0.75, 1)])


def test_a_cut_that_hits_nobody_says_why():
    world = small_world()
    assert "is not known to make" in " ".join(cut_off(world, [Cut(("RUS",))]).notes)
    # The others make the motors that they use, so they bring in none of Japan's.
    assert "has to be brought in" in " ".join(cut_off(world, [Cut(("JPN",), ("motor",))]).notes)


def test_everything_wrong_with_cuts_is_said_at_once():
    with pytest.raises(InputError) as caught:
        cut_off(small_world(), [Cut(("CHN",), ("magnets",), severity=2.0), Cut(("Chine",))], Terms(home="USA"))
    assert sorted(problem.code for problem in caught.value.problems) == [
        "out-of-range",
        "unknown-good",
        "unknown-place",
    ]
    assert "magnet" in next(p.fix for p in caught.value.problems if p.code == "unknown-good")


def test_a_world_at_rest_uses_exactly_what_it_makes():
    # Kinds, an important input, recycling, a tool: with everyone inside, use is 1 of every good that matters.
    chain = chain_of(
        [
            good_named("nmc", parent="cathode"), good_named("lfp", parent="cathode"), good_named("cathode"),
            good_named("cell", final=True), good_named("line"), good_named("scrap"), good_named("aside"),
        ],
        [
            edge("cell", "cathode"), edge("nmc", "scrap", need="important"), edge("scrap", "cell", output_share=0.2),
            edge("cell", "line", role="capital", life_years=8.0), edge("cell", "aside", need="minor"),
        ],
        [*shares("nmc", CHN=0.7, KOR=0.3), *shares("lfp", CHN=1.0)],
    )  # fmt: skip
    world = build_world(chain)
    rest = at_rest(world, ())
    use = dict(zip(world.goods, rest.uses.tolist(), strict=True))
    assert use.pop("aside") == 0
    assert use == pytest.approx(dict.fromkeys(use, 1.0))
    assert run_flow(world, cut_off(world, [])).loss == 0
    assert any("even parts" in sentence for sentence in world.assumed)


def test_amounts_come_from_quantities_and_yields_where_they_are_known():
    # 50 motors of 2 kg at 80 % yield take 125 of 1000 kg of magnets; the rest goes to the magnets' own final users.
    chain = chain_of(
        [
            good_named("magnet", unit="kg", world_output_per_year=1000.0, final=True),
            good_named("motor", unit="units", world_output_per_year=50.0, final=True),
        ],
        [edge("motor", "magnet", amount_per_unit=2.0, yield_share=0.8)],
    )
    world = build_world(chain)
    assert world.consumed.amount == pytest.approx([0.125])
    assert dict(zip(world.final.tolist(), world.final_share.tolist(), strict=True)) == pytest.approx({0: 0.875, 1: 1.0})


def test_shares_of_more_than_all_are_refused():
    chain = chain_of(
        [good_named("a"), good_named("b", final=True), good_named("c", final=True)],
        [edge("b", "a", output_share=0.7), edge("c", "a", output_share=0.6)],
    )
    with pytest.raises(InputError) as caught:
        build_world(chain)
    assert caught.value.problems[0].code == "shares-do-not-add-up"


@pytest.mark.parametrize(("unknown", "left"), [("shared", 0.4), ("spared", 1.0)])
def test_output_of_unknown_origin_goes_where_the_assumption_says(unknown: str, left: float):
    # One firm list knows 60 %, all Chinese. The others use 40 % and make 40 % of the unknown 40 %, 16 of 40; or all of
    # it, if nobody who is cut makes it.
    chain = chain_of(
        [good_named("film", final=True)],
        supply=[{"good": "film", "supplier": "maker", "share": 0.6, "coverage": "partial", "basis": "seat"}],
        organizations=[{"organization": "maker", "seat": "CHN", "kind": "firm"}],
    )
    use = demand_frame([{"good": "film", "country": "CHN", "use_share": 0.6, "stock_months": 0.0}])
    world = build_world(chain, use, assumptions=Assumptions(unknown=unknown))
    assert share_of(world, [Cut(("CHN",))]) == pytest.approx(np.full(24, left), abs=1e-9)


@pytest.mark.parametrize("kilograms", [1e-3, 1.0, 1e6])
def test_the_unit_of_a_good_does_not_matter(kilograms: float):
    # The same magnets counted in grams, kilograms or thousands of tonnes.
    chain = chain_of(
        [
            good_named("magnet", unit="u", world_output_per_year=1000.0 / kilograms, final=True),
            good_named("motor", unit="units", world_output_per_year=50.0, final=True),
        ],
        [edge("motor", "magnet", amount_per_unit=2.0 / kilograms, yield_share=0.8)],
        [*shares("magnet", CHN=0.9, JPN=0.1), *shares("motor", CHN=0.5, JPN=0.5)],
    )
    world = build_world(chain, demand_frame([{"good": "motor", "country": "CHN", "use_share": 0.5}]))
    assert world.consumed.amount == pytest.approx([0.125], rel=1e-12)
    # The coalition makes 10 of the 50 percent of magnets that it uses: 43.75 themselves, 6.25 in motors.
    situation = cut_off(world, [Cut(("CHN",))])
    assert 1200 * situation.room[world.index["magnet"], 0] == pytest.approx(10)
    assert situation.use_share == pytest.approx([0.5, 0.5])


def test_home_uses_what_it_uses_even_where_guesses_about_others_leave_less():
    # China uses 0.6 as stated, Japan half as it usually does: 1.1 in all. The United States still use their 0.2.
    chain = chain_of([good_named("motor", final=True)], [], shares("motor", CHN=0.5, USA=0.3, JPN=0.2))
    stated = [{"good": "motor", "country": c, "use_share": s} for c, s in (("CHN", 0.6), ("USA", 0.2))]
    world = build_world(chain, demand_frame(stated), assumptions=Assumptions(use_shares={"JPN": 0.5}))
    alone = cut_off(world, [Cut(("CHN",))], Terms(home="USA", months=1, rationing="own_only"))
    assert alone.demand.tolist() == [[pytest.approx(0.2)]]
    assert at_rest(world, ("CHN",), home="USA").demand == pytest.approx([0.4])
    assert at_rest(world, ("CHN", "USA"), home="USA").demand == pytest.approx([0.2])  # home may be outside itself


def test_the_european_union_is_counted_once_in_europe():
    chain = chain_of([good_named("motor", final=True)], [], shares("motor", CHN=1.0))
    stated = [{"good": "motor", "country": c, "use_share": s} for c, s in (("EUR", 0.3), ("EUU", 0.2))]
    world = build_world(chain, demand_frame(stated))
    assert world.use_of(("EUR", "EUU")) == pytest.approx([0.3])
    assert world.use_of(("EUU",)) == pytest.approx([0.2])
