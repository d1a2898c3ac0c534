"""Bundles as offers of a plan: chosen against single instruments, budgets of several pools, exclusions, refusals.

The chain is that of `tests.money`: oxide (asks 30 million) and magnets (40) are worth something together only, and
loans cost a tenth of their face value.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.data import DataPackage
from reshore.errors import InfeasibleError, InputError
from reshore.funding.budgets import Pool
from reshore.funding.bundles import Bundle
from reshore.funding.choice import build_choice, read_plan
from reshore.funding.instruments import Instrument, Market
from reshore.funding.offered import OfferedBundle
from reshore.funding.parts import Clawback, GrantPart, LoanPart, OfftakePart, UpsideShare
from reshore.funding.portfolio import Candidate, Draw, Offer, Rules
from reshore.optimize import solve
from reshore.study import make_study, read_study, run
from reshore.study.settings import settings_of
from tests.money import LATER, PAIR_USD, money_package, money_settings
from tests.unit.funding.test_bundles import SAMPLES
from tests.unit.funding.test_portfolio import best_by_trying, random_case, valued

GRANT = {"part": "grant", "instrument": "old-grant", "amount_usd": 25e6}
LOAN = {"part": "loan", "instrument": "plant-loan", "amount_usd": 15e6, "spread": 0.01, "tenor_years": 10}
FLOOR = {
    "part": "price floor", "instrument": "oxide-floor", "floor_usd": 110.0, "price_usd": 90.0, "deviation_usd": 30.0,
    "units_per_year": [1e5, 1e5], "upside_share": 0.3, "upside_from_year": 2,
}  # fmt: skip
FLOOR_USD = 47.758e5
"""What 100,000 units a year cost: the floor worked out by hand on the page about instruments, at 4 percent."""


def bundle(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "bundle": "package", "label": "Package", "source": "round numbers", "projects": ["magnet-plant"],
        "parts": list(parts), **more,
    }  # fmt: skip


def data(**changes: Any) -> DataPackage:
    """The chain with the grant open again; `changes` of columns of all instruments."""
    package = money_package()
    rows = package["instruments"].with_columns(pl.lit(None, pl.String).alias("expiry"))
    rows = rows.with_columns(pl.lit(value).alias(name) for name, value in changes.items())
    return replace(package, tables={**package.tables, "instruments": rows})


def asked(*bundles: dict[str, Any], loans: float = 50e6, grants: float | None = 30e6, **more: Any):
    """A study with so much of loans, and of grants and floors that only bundles draw on."""
    floors = more.pop("floors", None)
    budgets = [
        {"instrument": "plant-loan", "face_usd": loans},
        {"instrument": "old-grant", "alone": False, **({} if grants is None else {"face_usd": grants})},
        {"instrument": "oxide-floor", "alone": False, **({} if floors is None else {"subsidy_usd": floors})},
    ]
    market = {"treasury_rate": 0.04}
    return make_study(
        money_settings(budgets=budgets, bundles=list(bundles), market=market, frontier=[1.0], samples=0, **more)
    )


def deals(results) -> dict[str, tuple[str, float, float]]:
    return {
        row["project"]: (row["instrument"], row["amount_usd"], row["subsidy_usd"])
        for row in results["fund_deals"].iter_rows(named=True)
    }


def worth(results) -> float:
    return results["fund_plans"].row(by_predicate=pl.col("plan") == "chosen", named=True)["worth_usd"]


def test_a_bundle_builds_with_two_budgets_what_one_does_not_reach():
    # 30 + 40 million of loans do not fit into 50. With 25 of grants the magnet plant takes 15 of loans: 45 in all.
    assert worth(run(asked(), data())) == pytest.approx(0, abs=1)
    found = run(asked(bundle(GRANT, LOAN)), data())
    assert worth(found) == pytest.approx(PAIR_USD, rel=1e-6)
    assert deals(found) == {
        "oxide-plant": ("plant-loan", 30e6, pytest.approx(3e6)),
        "magnet-plant": ("package", 40e6, pytest.approx(25e6 + 1.5e6)),
    }


def test_where_loans_alone_reach_the_dearer_bundle_is_left():
    found = run(asked(bundle(GRANT, LOAN), loans=80e6), data())
    assert deals(found)["magnet-plant"] == ("plant-loan", 40e6, pytest.approx(4e6))
    assert not found["fund_bundles"]["chosen"].any()


@pytest.mark.parametrize(
    ("loans", "grants", "fits"), [(45e6, 25e6, True), (44.9e6, 25e6, False), (45e6, 24.9e6, False)]
)
def test_each_part_draws_on_the_budget_of_its_own_instrument(loans, grants, fits):
    found = run(asked(bundle(GRANT, LOAN), loans=loans, grants=grants), data())
    assert worth(found) == pytest.approx(PAIR_USD if fits else 0, rel=1e-6, abs=1)


@pytest.mark.parametrize(("floors", "fits"), [(FLOOR_USD * 1.0001, True), (FLOOR_USD * 0.9999, False)])
def test_a_floor_moves_no_money_and_takes_its_cost_from_the_subsidy_of_its_budget(floors, fits):
    # with the floor the plant is taken to ask for 10 million instead of 40: 30 + 10 fit into 40 of loans
    said = "asks for 10 M USD up front under it"
    row = bundle(LOAN | {"amount_usd": 10e6}, FLOOR, asked_usd=10e6)
    found = run(asked(row, loans=40e6, floors=floors), data())
    assert worth(found) == pytest.approx(PAIR_USD if fits else 0, rel=1e-6, abs=1)
    if fits:
        assert deals(found)["magnet-plant"] == ("package", 10e6, pytest.approx(1e6 + FLOOR_USD, rel=1e-4))
        assert set(found["fund_bundles"]["assumed"]) == {said}


def test_money_below_what_is_asked_has_to_be_made_up_by_another_offer():
    # 25 million of grants leave 15 of 40 to a loan beside the bundle
    found = run(asked(bundle(GRANT)), data())
    assert found["fund_deals"].select("project", "instrument", "amount_usd").rows() == [
        ("magnet-plant", "package", 25e6), ("magnet-plant", "plant-loan", pytest.approx(15e6)),
        ("oxide-plant", "plant-loan", pytest.approx(30e6)),
    ]  # fmt: skip


def test_a_bundle_larger_than_what_is_asked_builds_a_divisible_project_whole():
    found = run(asked(bundle(GRANT, LOAN | {"amount_usd": 25e6}), loans=60e6, divisible=True), data())
    row = found["fund_deals"].row(by_predicate=pl.col("instrument") == "package", named=True)
    assert (row["amount_usd"], row["part_share"]) == (50e6, 1.0)


def test_the_account_of_a_bundle_has_a_line_for_each_part_and_condition():
    found = run(
        asked(bundle(GRANT, LOAN, FLOOR, conditions=[{"condition": "production promise", "years": 5}],
                     assumed=["the floor"])),
        data(),
    )  # fmt: skip
    rows = found["fund_bundles"]
    assert rows["kind"].to_list() == ["grant", "loan", "price floor", "production promise"]
    assert rows["instrument"].to_list() == ["old-grant", "plant-loan", "oxide-floor", None]
    assert rows["face_usd"].to_list() == [25e6, 15e6, 0.0, None]
    assert rows["budget_usd"].to_list() == [25e6, pytest.approx(1.5e6), pytest.approx(FLOOR_USD, rel=1e-4), None]
    assert rows["cost_from"].to_list() == ["computed", "stated", "computed", None]
    assert rows["fair_usd"][2] > rows["budget_usd"][2]
    assert rows["terms"][3] == "for 5 years"
    assert rows["chosen"].all()
    assert set(rows["assumed"]) == {"the floor"}
    row = found["fund_deals"].row(by_predicate=pl.col("instrument") == "package", named=True)
    assert row["parts"] == "old-grant;plant-loan;oxide-floor"
    assert row["subsidy_usd"] == pytest.approx(rows["budget_usd"].sum())


def test_what_conditions_bring_relieves_the_budget_they_name_or_all_by_their_money():
    # 60 of grants and 40 of loans. One year in ten the grant is given back: 60 · 0.1 / 1.04 relieve its budget. Half of
    # what cash, 10 for certain, exceeds 8 by is 1 / 1.04, of which 60 % relieve the grants.
    whole = OfferedBundle(
        "b", "B", (GrantPart("grant", 60e6), LoanPart("loan", 40e6, 0.0, 1, default_rate=0.0)),
        (Clawback(1, "grant", 0.1), UpsideShare(1, 0.5, 8e6, 10e6, 1e-3)), projects=("p",),
    )  # fmt: skip
    market = Market(treasury_rate=0.04)
    terms = {name: Instrument(name, name, "USA", name) for name in ("grant", "loan")}
    offer = whole.offer(Candidate("p", "P", 100.0), terms, market)
    grant, loan = offer.draws
    assert (100 * grant.face, 100 * loan.face) == (60, 40)
    assert float(100 * grant.subsidy) == pytest.approx(60 - 6 / 1.04 - 0.6 / 1.04)
    assert float(100 * loan.subsidy) == pytest.approx(-0.4 / 1.04, abs=1e-6)
    assert 100 * offer.subsidy_rate == pytest.approx(whole.cost_usd(market) / 1e6)
    # what the loans are expected to gain pays for no other deal out of their budget
    assert offer.takes("loan") == (loan.face, 0)


def test_a_gain_on_one_deal_makes_no_room_for_the_cost_of_another():
    # a grant of 10 does not fit into 5 of subsidy, whatever a loan beside it is expected to gain
    offers = [Offer("p", "loan", 0, 50, -0.5, "budget"), Offer("q", "grant", 10, 10, 1.0, "budget")]
    rules = Rules((Pool("budget", subsidy=5.0),), must=frozenset({"p", "q"}))
    with pytest.raises(InfeasibleError, match="at most 5 million of subsidy"):
        solve(build_choice([Candidate("p", "P", 50.0), Candidate("q", "Q", 10.0)], offers, rules).program)


def test_offers_exclude_each_other_whichever_of_them_says_so():
    loan, grant, credit = (Offer("p", name, 0, 10, 0.1) for name in ("loan", "grant", "credit"))
    both = Offer("p", "both", 10, 10, 0.1, holds=frozenset({"loan", "grant"}), excludes=frozenset({"loan", "grant"}))
    other = replace(both, instrument="other", holds=frozenset({"loan", "floor"}))
    proud = replace(credit, excludes=frozenset({"grant"}))
    for one, two, beside in (
        (both, loan, False), (both, grant, False), (both, credit, True), (both, proud, False), (both, other, False),
    ):  # fmt: skip
        assert one.stands_beside(two) is beside
        assert two.stands_beside(one) is beside


def test_a_single_instrument_does_not_stand_beside_a_bundle_that_holds_it():
    # 20 of loans and 20 of grants are asked for as a bundle of 30: the missing 10 cannot be another such loan
    row = bundle(LOAN, GRANT | {"amount_usd": 15e6})
    found = run(asked(row), data())
    assert worth(found) == pytest.approx(0, abs=1)


def test_all_public_money_stays_under_the_least_cap_of_the_offers_that_are_taken():
    # a cost of 100: alone the loan pays the 50 asked for; beside the grant, under a cap of 40, nothing more than 40
    candidate = Candidate("p", "Plant", 50.0, cost=100.0)
    loan = Offer("p", "loan", 0, 60, 0.1)
    grant = Offer("p", "grant", 30, 30, 1.0, stack_cap=0.4)
    rules = Rules((), must=frozenset({"p"}))
    choice = build_choice([candidate], [loan, grant], rules)
    assert [d.instrument for d in read_plan(choice, solve(choice.program).x).deals] == ["loan"]
    small = build_choice([candidate], [replace(loan, high=20), grant], rules)
    with pytest.raises(InfeasibleError, match="all public money pays at most 40 % beside grant for Plant"):
        solve(small.program)
    wider = build_choice([candidate], [replace(loan, high=20), replace(grant, stack_cap=0.5)], rules)
    assert [d.amount for d in read_plan(wider, solve(wider.program).x).deals] == pytest.approx([30, 20])


def with_bundles(seed: int, n: int = 3):
    """The random case with a bundle of loan and grant for each candidate, and caps on all money beside some."""
    candidates, offers, rules, values = random_case(seed, n)
    random = np.random.default_rng(seed)
    more = []
    for candidate in candidates:
        lent, given = (int(random.integers(5, 40)) for _ in range(2))
        whole = lent + given
        draws = (
            Draw("loans", Fraction(lent, whole), Fraction(lent, 10 * whole)),
            Draw("grants", Fraction(given, whole), Fraction(given, whole)),
        )
        cap = float(random.choice([1.0, 0.35])) if candidate.cost is not None else 1.0
        rate = float(sum(draw.subsidy for draw in draws))
        more.append(
            Offer(candidate.name, "both", whole, whole, rate, draws=draws, holds=frozenset({"loan", "grant"}),
                  excludes=frozenset({"loan", "grant"}), stack_cap=cap,
                  counts=candidate.asks / max(whole, candidate.asks * float(random.choice([1.0, 0.5]))))
        )  # fmt: skip
    return candidates, offers, more, rules, values


@pytest.mark.parametrize("seed", range(12))
def test_with_bundles_the_chosen_plan_is_as_good_as_the_best_of_all(seed):
    candidates, offers, more, rules, values = with_bundles(seed)
    choice = build_choice(candidates, offers + more, rules)
    plan = read_plan(choice, solve(valued(choice.program, choice, values)).x)
    worth = sum(value for candidate, value in zip(candidates, values, strict=True) if candidate.name in plan.built)
    assert worth == pytest.approx(best_by_trying(candidates, offers + more, rules, values), abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 6))
def test_one_more_bundle_never_lowers_the_optimum(seed, n):
    candidates, offers, more, rules, values = with_bundles(seed, n)
    best = None
    for count in range(n + 1):
        choice = build_choice(candidates, offers + more[:count], rules, thrift=0.0)
        found = -solve(valued(choice.program, choice, values)).objective
        assert best is None or found >= best - 1e-6 * max(1.0, abs(best))
        best = found


@pytest.mark.parametrize("seed", range(20))
def test_no_budget_is_exceeded_by_a_cent_and_bundles_stay_whole(seed):
    candidates, offers, more, rules, values = with_bundles(seed, 8)
    choice = build_choice(candidates, offers + more, rules)
    plan = read_plan(choice, solve(valued(choice.program, choice, values)).x)
    by_name = {(offer.candidate, offer.instrument): offer for offer in offers + more}
    for pool in rules.pools:
        for limit, kind in ((pool.face, 0), (pool.subsidy, 1)):
            taken = sum(
                Fraction(str(deal.amount)) * by_name[deal.candidate, deal.instrument].takes(pool.name)[kind]
                for deal in plan.deals
            )
            assert limit is None or taken <= Fraction(str(limit))
    for deal in plan.deals:
        if deal.instrument == "both":
            assert deal.amount == by_name[deal.candidate, "both"].high


def test_budgets_that_a_bundle_fills_to_the_dollar_hold_it_whole():
    # 400 of 550 and 150 of 550: shares that no decimal holds
    parts = {"shares": 400, "loans": 150}
    draws = tuple(Draw(name, Fraction(part, 550), Fraction(part, 1100)) for name, part in parts.items())
    offer = Offer("p", "package", 550, 550, 0.5, draws=draws)
    pools = tuple(Pool(name, face=float(part), subsidy=part / 2) for name, part in parts.items())
    choice = build_choice([Candidate("p", "P", 550)], [offer], Rules(pools, must=frozenset({"p"})))
    (deal,) = read_plan(choice, solve(choice.program).x).deals
    assert deal.amount == 550


def test_a_part_whose_rule_bars_the_firm_leaves_the_bundle_out_with_the_clause():
    chip = {"part": "loan", "instrument": "chip-loan", "amount_usd": 20e6, "spread": 0.01, "tenor_years": 10}
    row = bundle(chip, GRANT, projects=["oxide-plant", "magnet-plant"])
    value = settings_of(asked(row | {"parts": [GRANT]}))
    value["fund"]["budgets"].append({"instrument": "chip-loan", "alone": False})
    value["fund"]["bundles"] = [row]
    found = run(make_study(value), data())
    left = found["fund_left_out"].row(by_predicate=pl.col("project") == "oxide-plant", named=True)
    assert left["instrument"] == "package"
    assert left["reason"] == "Loan under a rule: small-firms: fail: At most 500 employees (employees 900)"
    deal = found["fund_deals"].row(by_predicate=pl.col("instrument") == "package", named=True)
    assert deal["needs_person"].startswith("Loan under a rule: small-firms: needs a person")


def test_a_rule_about_the_size_of_an_award_reads_the_amount_of_the_part():
    package = data(rules="small-firms")
    limit = package["rules"].with_columns(
        measure=pl.lit("award_usd"), operator=pl.lit("at most"), threshold=pl.lit(20e6)
    )
    package = replace(package, tables={**package.tables, "rules": limit})
    found = run(asked(bundle(GRANT, LOAN)), package)
    (reason,) = found["fund_left_out"].filter(pl.col("instrument") == "package")["reason"].to_list()
    assert reason.startswith("Old grant: small-firms: fail")
    # what a floor comes to is not known, so a person has to say
    found = run(asked(bundle(GRANT | {"amount_usd": 20e6}, LOAN, FLOOR, asked_usd=35e6)), package)
    person = found["fund_deals"].row(by_predicate=pl.col("instrument") == "package", named=True)["needs_person"]
    assert person.startswith("Oxide floor: small-firms: needs a person")


def test_a_bundle_with_a_closed_authority_is_left_out():
    found = run(asked(bundle(GRANT, LOAN)), money_package())
    assert found["fund_left_out"].rows() == [("magnet-plant", "package", "Old grant: not open on 2026-11-01")]
    assert found["fund_bundles"].is_empty()


def test_a_bundle_is_awarded_with_the_slowest_of_its_instruments():
    package = data()
    months = package["instruments"].with_columns(
        pl.when(pl.col("instrument") == "old-grant").then(20.0).otherwise(pl.col("award_months")).alias("award_months")
    )
    package = replace(package, tables={**package.tables, "instruments": months})
    value = settings_of(asked(bundle(GRANT, LOAN)))
    value["fund"]["budgets"][0]["alone"] = False
    found = run(make_study(value), package)["fund_candidates"]
    ready = dict(found.filter(pl.col("considered")).select("project", "ready_months").iter_rows())
    assert (ready["magnet-plant"], ready["oxide-plant"]) == (20 + 24, 24)
    value["fund"]["bundles"][0]["award_months"] = 3
    found = run(make_study(value), package)["fund_candidates"]
    assert found.row(by_predicate=pl.col("project") == "magnet-plant", named=True)["ready_months"] == 3 + 24
    del value["fund"]["bundles"][0]["award_months"]
    value["fund"]["budgets"][0]["alone"] = True
    found = run(make_study(value), package)["fund_candidates"]
    row = found.row(by_predicate=pl.col("project") == "magnet-plant", named=True)
    assert (row["ready_months"], row["ready_months_low"], row["ready_months_high"]) == (24, 24, 20 + 24)
    assert row["assumed"] is None


def test_building_begins_with_the_slowest_deal_that_the_plan_takes():
    # Decided 36 months ahead, both plants stand after 24 by loans, which are awarded at once. With 50 million of loans
    # one of them needs the grant, which takes 20 months: it stands eight months into the cut, and four of its twelve
    # months are served.
    package = data()
    months = package["instruments"].with_columns(
        pl.when(pl.col("instrument") == "old-grant").then(20.0).otherwise(pl.col("award_months")).alias("award_months")
    )
    package = replace(package, tables={**package.tables, "instruments": months})

    def taken(loans: float, grants: float) -> tuple[float, list[tuple[str, float]]]:
        budgets = [{"instrument": "plant-loan", "face_usd": loans}, {"instrument": "old-grant", "face_usd": grants}]
        found = run(make_study(money_settings(budgets=budgets, samples=0, frontier=[1.0])), package)
        deals = found["fund_deals"].select("project", "instrument", "ready_months")
        ready = deals.group_by("project").agg(pl.col("instrument").sort(), pl.col("ready_months").unique())
        ways = sorted((";".join(row["instrument"]), *row["ready_months"]) for row in ready.iter_rows(named=True))
        return found["fund_plans"].row(by_predicate=pl.col("plan") == "chosen", named=True)["worth_usd"], ways

    worth, ways = taken(80e6, 80e6)
    assert worth == pytest.approx(PAIR_USD, rel=1e-6)
    assert ways == [("plant-loan", 24), ("plant-loan", 24)]
    worth, ways = taken(50e6, 20e6)
    assert ways == [("old-grant;plant-loan", 44), ("plant-loan", 24)]
    assert worth == pytest.approx(PAIR_USD * LATER[8:].sum() / LATER.sum(), rel=1e-6)


def refusals(act) -> dict[str, Any]:
    with pytest.raises(InputError) as refused:
        act()
    return {problem.place.column: problem for problem in refused.value.problems}


def test_terms_that_a_bundle_breaks_refuse_it_in_their_sentences():
    package = data(cost_cap_share=0.2, clawback=True)
    found = refusals(lambda: run(asked(bundle(GRANT, LOAN)), package))
    problem = found["fund.bundles[1]"]
    assert problem.code == "breached-term"
    with pytest.raises(InputError) as refused:
        run(asked(bundle(GRANT, LOAN)), package)
    sentences = [problem.found for problem in refused.value.problems]
    assert sentences == [
        "'package' for 'magnet-plant': Old grant: comes with a clawback",
        "'package' for 'magnet-plant': Old grant: pays at most 20 % of the project",
        "'package' for 'magnet-plant': Plant loan: comes with a clawback",
    ]
    with pytest.raises(InputError, match="is outside its ticket"):
        run(asked(bundle(GRANT, LOAN | {"amount_usd": 4e6})), data())


def test_the_cost_of_the_project_stands_in_where_the_bundle_states_none():
    # magnet-risky has no known cost: half of it cannot be told
    package = data(cost_cap_share=0.5)
    row = bundle(GRANT, LOAN, projects=["magnet-plant", "magnet-risky"])
    found = refusals(lambda: run(asked(row), package))
    assert "whose cost is not known" in found["fund.bundles[1]"].found
    assert "magnet-risky" in found["fund.bundles[1]"].found
    run(asked(row | {"project_usd": 100e6}), package)


def test_every_problem_of_the_bundles_of_a_study_is_found_at_once_with_its_key():
    rows = [
        bundle(GRANT, {**LOAN, "instrument": "plant-lone"}, projects=[]),
        bundle(FLOOR, bundle="floor"),
        bundle(GRANT, bundle="unsourced", source=""),
        bundle(GRANT, bundle="odd", colour="red", asked_usd=-1, award_months=601),
        bundle(GRANT, bundle="twice"),
        bundle(LOAN, bundle="twice", projects=["magnet-plant", "magnet-plant"]),
        {"file": "nowhere.toml", "label": "Beside a file", "projects": ["magnet-plant"]},
    ]
    found = refusals(lambda: asked(*rows))
    assert {key: problem.code for key, problem in found.items()} == {
        "fund.bundles[1].projects": "wrong-type",
        "fund.bundles[2].parts": "out-of-range",
        "fund.bundles[3].source": "missing-key",
        "fund.bundles[4].colour": "unknown-key",
        "fund.bundles[4].asked_usd": "out-of-range",
        "fund.bundles[4].award_months": "out-of-range",
        "fund.bundles[6].projects": "duplicate-key",
        "fund.bundles[7].label": "contradiction",
        "fund.bundles[7].file": "no-such-file",
    }
    again = refusals(lambda: asked(bundle(GRANT, bundle="twice"), bundle(LOAN, bundle="twice")))
    assert again["fund.bundles[2].bundle"].code == "duplicate-key"
    unpaid = refusals(lambda: asked(bundle(GRANT, {**LOAN, "instrument": "plant-lone"})))
    assert "alone = false" in unpaid["fund.bundles[1].parts[2].instrument"].fix
    value = settings_of(asked())
    value["fund"]["bundles"] = "all"
    assert refusals(lambda: make_study(value))["fund.bundles"].code == "wrong-type"


def test_projects_and_names_that_the_data_know_otherwise_are_refused():
    row = bundle(GRANT, bundle="chip-loan", projects=["magnet-plan", "no-size"])
    with pytest.raises(InputError) as refused:
        run(asked(row), data())
    found = {problem.found: problem for problem in refused.value.problems}
    assert "magnet-plant" in found["'magnet-plan'"].fix
    assert "capacity" in found["'no-size'"].fix
    assert found["'chip-loan', which is an instrument"].code == "duplicate-key"


def test_a_bundle_in_a_file_is_sought_beside_the_study_and_travels_with_the_results(tmp_path: Path):
    value = settings_of(asked())
    package = {"bundle": "package", "label": "Package", "source": "round numbers", "parts": [GRANT, LOAN]}
    (tmp_path / "deals").mkdir()
    (tmp_path / "deals" / "package.toml").write_text(toml(package), encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        toml(value) + '\n[[fund.bundles]]\nfile = "deals/package.toml"\nprojects = ["magnet-plant"]\n', encoding="utf-8"
    )
    study = read_study(tmp_path / "study.toml")
    inline = asked(bundle(GRANT, LOAN))
    assert study.fund == inline.fund
    assert study.digest == inline.digest
    assert make_study(settings_of(study)).fund == inline.fund
    (tmp_path / "deals" / "package.toml").write_text("bundle =", encoding="utf-8")
    assert refusals(lambda: read_study(tmp_path / "study.toml"))["fund.bundles[1].file"].code == "not-toml"


def toml(value: dict[str, Any]) -> str:
    """Settings as TOML: tables at the top, everything below them in one line."""

    def of(entry: Any) -> str:
        if isinstance(entry, bool):
            return str(entry).lower()
        if isinstance(entry, dict):
            return "{" + ", ".join(f"{key} = {of(one)}" for key, one in entry.items()) + "}"
        return "[" + ", ".join(map(of, entry)) + "]" if isinstance(entry, list | tuple) else repr(entry)

    tables = {key: entry for key, entry in value.items() if isinstance(entry, dict)}
    lines = [f"{key} = {of(entry)}" for key, entry in value.items() if key not in tables]
    for key, entries in tables.items():
        lines += [f"[{key}]", *(f"{name} = {of(entry)}" for name, entry in entries.items() if entry != [])]
    return "\n".join(lines) + "\n"


def test_the_published_packages_read_as_offers_from_their_files():
    budgets = [
        {"instrument": name, "alone": False}
        for name in ("mp-convertible-preferred", "osc-critical-minerals", "mp-price-floor", "mp-10x-offtake",
                     "chips-direct-funding", "chips-loan")
    ]  # fmt: skip
    rows = [{"file": f"{name}.toml", "projects": ["somewhere"]} for name in ("mp-materials", "tsmc-arizona")]
    fund = make_study(money_settings(budgets=budgets, bundles=rows), folder=SAMPLES).fund
    assert fund is not None
    assert [offered.face_usd for offered in fund.bundles] == [550e6, 11.6e9]
    assert all(offered.source and offered.assumed for offered in fund.bundles)
    assert all(isinstance(offered, Bundle) for offered in fund.bundles)


def test_a_bundle_without_money_up_front_is_no_offer():
    promise = OfftakePart("oxide-floor", 90.0, 70.0, (1e5,))
    assert OfferedBundle("b", "B", (promise,)).face_usd == 0
    row = bundle({"part": "offtake", "instrument": "oxide-floor", "paid_usd": 90.0, "price_usd": 70.0,
                  "units_per_year": [1e5]})  # fmt: skip
    assert "no money up front" in refusals(lambda: asked(row))["fund.bundles[1].parts"].found


JUNK = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(-5, 100), st.text(max_size=5), st.lists(st.floats(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.floats(), max_size=2),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(drawn=st.data())
def test_whatever_one_entry_of_a_bundle_is_a_study_is_refused_with_its_key_or_reads_back(drawn):
    clawback = {"condition": "clawback", "years": 5, "instrument": "old-grant", "breach_rate": 0.1}
    row = bundle(dict(GRANT), dict(LOAN), dict(FLOOR), conditions=[clawback], asked_usd=30e6, award_months=2,
                 project_usd=100e6, assumed=["the floor"])  # fmt: skip
    place = drawn.draw(st.sampled_from([row, *row["parts"], *row["conditions"]]))
    place[drawn.draw(st.sampled_from([*sorted(place), "file"]))] = drawn.draw(JUNK)
    found, places = read_or_refused(row)
    assert all(place.startswith("fund.bundles") for place in places)
    assert bool(places) == (found is None)
    if found is not None:
        assert make_study(settings_of(found)).fund == found.fund


def read_or_refused(row: dict[str, Any]):
    """A study with the bundle, or the keys of its problems."""
    try:
        return asked(row), []
    except InputError as refused:
        return None, [problem.place.column for problem in refused.problems]


def test_a_cap_on_all_public_money_needs_a_known_cost_for_single_offers_too():
    # 40 of 100 million may be public: the plant that asks for 40 fits, the risky one of unknown cost cannot be told
    found = run(asked(), data(stack_cap_share=0.4))
    rows = dict(found["fund_left_out"].filter(pl.col("project").is_not_null()).select("project", "reason").iter_rows())
    assert rows == {"magnet-risky": "it may pay a share of the cost, which is not known"}
