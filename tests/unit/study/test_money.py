"""Money in a study, from the tables of a package to decisions, against figures worked out by hand: `tests.money`."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.chain import build_chain
from reshore.errors import InfeasibleError, InputError
from reshore.funding.candidates import _taken
from reshore.funding.records import FUND_TABLES
from reshore.pricing.records import PRICING_TABLES
from reshore.study import make_study, read_results, run, write_results
from reshore.study.control import control_at
from reshore.study.money.question import ask
from reshore.study.settings import settings_of
from reshore.study.stress import stress_case
from tests.money import LATER, MEAN, ODDS, PAIR_USD, money_package, money_settings


def answered(**fund: object):
    return run(make_study(money_settings(**fund)), money_package())


def question_of(**fund: object):
    study, package = make_study(money_settings(**fund)), money_package()
    chain = build_chain(package, *study.chains)
    return ask(study, package, stress_case(study, package, chain, control_at(package, study.at)))


@pytest.fixture(scope="module")
def results():
    return answered()


def plan(results, name: str) -> dict[str, object]:
    return results["fund_plans"].row(by_predicate=pl.col("plan") == name, named=True)


def test_a_study_about_money_has_every_table_of_prices_and_plans(results):
    assert {table.name for table in (*PRICING_TABLES, *FUND_TABLES)} <= set(results.tables)


def test_the_plan_builds_both_links_and_is_worth_a_tenth_of_the_use_by_the_odds(results):
    # 30 + 40 million for the pair, which adds 0.1 of USD 1 billion one time in five; nothing else fits into 80 million
    chosen = plan(results, "chosen")
    assert chosen["built"] == "magnet-plant;oxide-plant"
    assert chosen["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    assert (chosen["face_usd"], chosen["subsidy_usd"]) == (pytest.approx(70e6), pytest.approx(0.1 * 70e6))
    # over the range of odds, 0.1 to 0.3
    assert chosen["worth_usd_low"] == pytest.approx(PAIR_USD * 0.1 / ODDS, rel=1e-6)
    assert chosen["worth_usd_high"] == pytest.approx(PAIR_USD * 0.3 / ODDS, rel=1e-6)


def test_the_certified_gap_is_the_distance_to_the_bound(results):
    for name in ("chosen", "second best"):
        row = plan(results, name)
        assert row["bound_usd"] >= row["worth_usd"] * (1 - 1e-12)
        assert row["gap_share"] <= 1e-4
    assert "no other plan under these rules is worth more than 18.7 M" in plan(results, "chosen")["sentence"]


def test_the_second_best_plan_builds_another_set_and_is_worth_no_more(results):
    second = plan(results, "second best")
    # not both plants that were chosen: 30 + 45 million for oxide and the risky plant, which succeeds half of the time
    assert second["built"] == "magnet-risky;oxide-plant"
    assert second["worth_usd"] == pytest.approx(0.5 * PAIR_USD, rel=1e-6)
    assert second["face_usd"] <= 80e6


def test_where_parts_can_be_built_the_plan_without_the_project_that_matters_most_is_called_so():
    found = answered(divisible=True)
    assert "second best" not in found["fund_plans"]["plan"].to_list()
    lost = found["fund_deals"].sort("lost_usd", "project", descending=[True, False])["project"][0]
    without = plan(found, "without first")
    assert lost not in (without["built"] or "").split(";")
    assert without["worth_usd"] <= plan(found, "chosen")["worth_usd"] + 1


def test_each_deal_says_what_is_lost_without_it(results):
    deals = results["fund_deals"]
    assert deals["amount_usd"].to_list() == pytest.approx([40e6, 30e6])
    assert deals["subsidy_usd"].to_list() == pytest.approx([4e6, 3e6])
    assert deals["lost_usd"].to_list() == pytest.approx([PAIR_USD, PAIR_USD], rel=1e-6)  # one link alone adds nothing


def test_real_awards_go_through_the_same_flow(results):
    # 30 of 30 million for oxide and 5 of 40 million for magnets: an eighth of the pair. Awards that were withdrawn, and
    # those of another programme, are not among them.
    real = plan(results, "real awards")
    assert real["worth_usd"] == pytest.approx(PAIR_USD / 8, rel=1e-6)
    assert real["face_usd"] == pytest.approx(35e6)
    assert real["gap_share"] is None
    assert real["subsidy_usd"] is None  # nobody states it: not nothing


def test_a_rule_about_the_size_of_a_deal_is_read_for_every_deal_that_the_terms_allow():
    # An Act of Congress above 50 million: the plant that asks for 90 may get less, the one that asks for 40 cannot.
    data = dict(money_package().tables)
    act = data["rules"].with_columns(
        clause=pl.lit("threshold"), measure=pl.lit("award_usd"), operator=pl.lit("at most"), threshold=pl.lit(50e6)
    )
    package = replace(money_package(), tables={**data, "rules": act})
    found = run(make_study(money_settings(budgets=[{"instrument": "chip-loan"}])), package)
    barred = found["fund_left_out"].filter(pl.col("instrument") == "chip-loan")["project"].to_list()
    assert barred == []
    study = make_study(money_settings(budgets=[{"instrument": "chip-loan"}]))
    case = stress_case(study, package, build_chain(package, *study.chains), control_at(package, study.at))
    asked = ask(study, package, case).options.needs_person
    assert {one.project for one in asked} == {"oxide-large"}


def test_an_award_that_names_no_one_candidate_is_not_given_to_any():
    # Two candidates of one firm make magnets: 45 million for magnets of that firm could be for either.
    found = answered(compare_with=["Office", "Another office"])
    real = plan(found, "real awards")
    assert real["face_usd"] == pytest.approx(35e6)
    assert "45 M USD more went to projects that are no candidate, or cannot be told apart" in real["sentence"]


def test_the_frontier_names_who_enters_and_leaves(results):
    # 40 million: no pair. 80: the pair. 200: the larger oxide plant carries two magnet plants, one of which succeeds
    # in a half of its draws: 1.5 pairs
    frontier = results["fund_frontier"]
    assert frontier["budget_usd"].to_list() == pytest.approx([40e6, 80e6, 200e6])
    assert frontier["worth_usd"].to_list() == pytest.approx([0, PAIR_USD, 1.5 * PAIR_USD], rel=1e-6, abs=1)
    assert frontier["enters"].to_list() == [None, "magnet-plant;oxide-plant", "magnet-risky;oxide-large"]
    assert frontier["leaves"].to_list() == [None, None, "oxide-plant"]


def test_candidates_are_listed_with_what_was_assumed_and_why_others_were_left_out(results):
    rows = {row["project"]: row for row in results["fund_candidates"].iter_rows(named=True)}
    assert rows["oxide-plant"]["capacity_share"] == pytest.approx(0.1)  # 100 of 1,000 t
    assert rows["magnet-late"]["ready_months"] == 72
    assert not rows["no-size"]["considered"]
    assert "capacity" in rows["no-size"]["reason"]


def test_of_a_range_without_a_point_the_middle_is_taken_and_named():
    row = {"build_months": None, "build_months_low": 24, "build_months_high": 48}
    assumed: list[str] = []
    assert _taken(row, "build_months", assumed) == 36
    assert _taken({**row, "build_months_high": None}, "build_months", assumed) == 24
    assert _taken({**row, "build_months": 30}, "build_months", assumed) == 30
    assert assumed == ["build months 36, the middle of its range", "build months 24, at least"]


def test_an_offer_that_no_deal_fits_is_left_out_with_the_reason(results):
    # An instrument that pays at most half of a cost can say nothing of a plant whose cost nobody knows.
    data = dict(money_package().tables)
    half = data["instruments"].with_columns(cost_cap_share=pl.lit(0.5))
    package = replace(money_package(), tables={**data, "instruments": half})
    found = run(make_study(money_settings()), package)["fund_left_out"]
    row = found.row(by_predicate=pl.col("project") == "magnet-risky", named=True)
    assert row["reason"] == "it may pay a share of the cost, which is not known"


def test_the_ledger_balances_in_every_outlook(results):
    ledger = results["security_ledger"]
    for (_,), rows in ledger.group_by(["outlook"]):
        total = rows.filter(pl.col("party") == "total")["value_usd"].item()
        parts = math.fsum(rows.filter(pl.col("party") != "total")["value_usd"])
        assert parts == pytest.approx(total, rel=1e-6, abs=1)
    # in the cut two tenths of the world's use are served: a tenth that stood, and a tenth that was built
    served = ledger.filter((pl.col("outlook") == "China stops") & (pl.col("party") == "total"))["value_usd"].item()
    assert served == pytest.approx(0.2e9 * MEAN, rel=1e-6)


def test_payments_add_up_to_the_worth_of_the_plan_and_each_link_is_pivotal_for_all_of_it(results):
    payments = results["security_payments"]
    assert payments["payment_usd"].to_list() == pytest.approx([PAIR_USD / 2, PAIR_USD / 2], rel=1e-6)
    assert payments["pivotal_usd"].to_list() == pytest.approx([PAIR_USD, PAIR_USD], rel=1e-6)
    assert (payments["owen_usd"] <= payments["pivotal_usd"] * (1 + 1e-9)).all()
    assert (payments["pivotal_usd"] <= payments["bracket_usd"] * (1 + 1e-6)).all()


def test_the_price_of_a_link_is_an_interval_from_nothing_to_all_of_it(results):
    # at the plan both links are equally scarce: one more of either adds nothing, one less takes the whole chain
    for row in results["security_prices"].iter_rows(named=True):
        assert row["price_usd_per_year_low"] == pytest.approx(0, abs=1)
        assert row["price_usd_per_year_high"] == pytest.approx(1e9 * MEAN * ODDS, rel=1e-6)


def test_bundles_are_sentences_with_what_only_they_bring(results):
    bundles = {row["members"]: row for row in results["security_bundles"].iter_rows(named=True)}
    pair = bundles["magnet-plant;oxide-plant"]
    assert (pair["together_usd"], pair["alone_usd"]) == (pytest.approx(PAIR_USD, rel=1e-6), pytest.approx(0, abs=1))
    assert pair["sentence"] == "Magnet plant and Oxide plant add 18.7 M USD together and nothing one by one"
    half = bundles["magnet-risky;oxide-plant"]  # succeeds half of the time
    assert half["together_usd"] == pytest.approx(PAIR_USD / 2, rel=1e-6)
    assert not [members for members in bundles if "magnet-late" in members]


def test_no_odds_make_a_link_alone_pay(results):
    assert results["break_even_odds"]["break_even_odds_share"].null_count() == results["break_even_odds"].height


def test_break_even_odds_are_cost_over_gain_where_a_project_helps_alone():
    # with oxide for two tenths at home a magnet plant adds 0.1 of USD 1 billion in the cut: 40 million pay from 42.8 %
    found = run(make_study(money_settings()), money_package(oxide_at_home=0.2))
    row = found["break_even_odds"].row(by_predicate=pl.col("project") == "magnet-plant", named=True)
    assert row["gain_usd"] == pytest.approx(0.1e9 * MEAN, rel=1e-6)
    assert row["break_even_odds_share"] == pytest.approx(40e6 / (0.1e9 * MEAN), rel=1e-6)


def test_the_tornado_moves_one_assumption_at_a_time(results):
    rows = {row["assumption"]: row for row in results["fund_tornado"].iter_rows(named=True)}
    early = rows["When scenarios begin"]
    # 18 months on both plants still need 6 months: half a year of service; 54 months on, as at 36
    half = 0.1e9 * ODDS * math.fsum(1.02 ** (-(18 + month) / 12) for month in range(6, 12)) / 12
    assert (early["worth_usd_low"], early["worth_usd_high"]) == (
        pytest.approx(half, rel=1e-6), pytest.approx(PAIR_USD, rel=1e-6),
    )  # fmt: skip
    odds = rows["Odds: China stops"]
    assert odds["worth_usd_low"] == pytest.approx(PAIR_USD / 2, rel=1e-6)
    assert odds["worth_usd_high"] == pytest.approx(PAIR_USD * 1.5, rel=1e-6)
    assert odds["swing_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    assert {"Stocks", "Odds that projects succeed"} <= set(rows)


def test_regret_is_nil_where_one_scenario_is_all_there_is(results):
    assert results["fund_regret"]["regret_usd"].to_list() == pytest.approx([0, 0], abs=1)
    assert results["fund_regret"]["worth_usd"].to_list() == pytest.approx([PAIR_USD / ODDS, 0], rel=1e-6, abs=1)


def test_what_is_closed_barred_or_without_a_known_cost_is_left_out_with_its_reason():
    found = answered(budgets=[{"instrument": name} for name in ("chip-loan", "plant-loan", "old-grant", "oxide-floor")])
    reasons = {
        (row["project"], row["instrument"]): row["reason"] for row in found["fund_left_out"].iter_rows(named=True)
    }
    assert "not open on 2026-11-01" in reasons[None, "old-grant"]
    assert "cannot be told" in reasons[None, "oxide-floor"]
    assert reasons["oxide-plant", "chip-loan"] == (
        "small-firms: fail: At most 500 employees (employees 900)"
    )  # fmt: skip
    chip = found["fund_deals"].filter(pl.col("instrument") == "chip-loan")
    assert all("employees is not known" in words for words in chip["needs_person"])


def test_a_larger_budget_of_the_study_replaces_that_of_the_data():
    found = answered(budgets=[{"instrument": "plant-loan", "face_usd": 200e6}], frontier=[1.0])
    assert plan(found, "chosen")["worth_usd"] == pytest.approx(1.5 * PAIR_USD, rel=1e-6)


def test_a_project_succeeds_in_as_many_draws_as_its_odds_say():
    question = question_of(draws=5)
    succeeded = np.array([question.draws().succeeds(draw) for draw in range(5)]).sum(axis=0)
    odds = {option.project: option.odds for option in question.options.options}
    for count, (project, stated) in zip(succeeded, odds.items(), strict=True):
        assert abs(count - 5 * stated) < 1, project
    # Whoever else is there changes nobody's luck.
    fewer = replace(question, options=replace(question.options, options=question.options.options[1:]))
    assert (fewer.draws().luck == question.draws().luck[:, 1:]).all()


def test_fresh_draws_show_the_worth_that_the_odds_say_whatever_the_luck_of_the_choice():
    # Oxide and the risky plant, decided: with one draw, each sample brings the pair or nothing, at odds of one half.
    found = answered(draws=1, samples=12, must=["oxide-plant", "magnet-risky"], must_not=["magnet-plant"])
    drawn = found["fund_samples"]["worth_usd"].to_numpy() / PAIR_USD
    assert set(drawn.round(6)) == {0.0, 1.0}
    row = plan(found, "chosen")
    # Student's t with 11 degrees of freedom: 2.201 for 95 %
    wide = 2.201 * drawn.std(ddof=1) / math.sqrt(12)
    assert row["fresh_usd"] == pytest.approx(drawn.mean() * PAIR_USD, rel=1e-6)
    assert row["fresh_usd_low"] == pytest.approx((drawn.mean() - wide) * PAIR_USD, rel=1e-3)
    assert row["fresh_usd_low"] < 0.5 * PAIR_USD < row["fresh_usd_high"]
    assert row["sampling_gap_usd"] == pytest.approx(0, abs=1e3)  # what is decided leaves no better plan


def test_luck_and_bad_luck_of_the_draws_are_found_out():
    # One draw shows the risky plant as sure or as hopeless. Sure, its plan looks twice as good as it is; hopeless,
    # nothing is built, though over all draws the pair brings half its worth.
    settings = money_settings(draws=1, samples=12, must_not=["magnet-plant"])
    seen = set()
    for seed in range(6):
        row = plan(run(make_study(settings | {"study": settings["study"] | {"seed": seed}}), money_package()), "chosen")
        lucky = row["worth_usd"] > 0
        seen.add(lucky)
        if lucky:
            assert row["fresh_usd_high"] < row["worth_usd"]
            assert row["sampling_gap_usd"] == pytest.approx(0, abs=1e3)
        else:
            assert row["fresh_usd"] == 0
            assert row["sampling_gap_usd"] > 0.5 * PAIR_USD
    assert seen == {True, False}


def test_without_samples_nothing_is_said_of_fresh_draws():
    found = answered(samples=0)
    assert found["fund_samples"].is_empty()
    assert plan(found, "chosen")["fresh_usd"] is None
    with pytest.raises(InputError, match="2 and more"):
        answered(samples=1)


def test_a_quota_for_a_group_without_a_project_is_refused():
    with pytest.raises(InputError) as refused:
        answered(quotas=[{"group": "chain magnet", "high": 0.5}])
    (problem,) = refused.value.problems
    assert (problem.place.column, problem.fix) == ("fund.quotas", "did you mean 'chain magnets'?")


def test_final_uses_of_unknown_value_are_refused_where_there_is_no_other_and_named_where_there_is():
    study = money_settings()
    with pytest.raises(InputError, match="no known value of magnet") as refused:
        run(make_study({**study, "stress": {**study["stress"], "values": []}}), money_package())
    assert [problem.place.column for problem in refused.value.problems] == ["stress.values"]
    tables = dict(money_package().tables)
    final = tables["goods"].with_columns(final=pl.lit(value=True))  # oxide has users of its own, of unknown value
    found = run(make_study(study), replace(money_package(), tables={**tables, "goods": final}))
    assert "nobody knows the value of Oxide, which count for nothing here" in str(plan(found, "chosen")["sentence"])


def test_scenarios_that_cannot_be_told_apart_are_refused():
    study = money_settings()
    (one,) = study["scenarios"]
    twice = [{**one, "odds": 0.1}, {**one, "name": "again", "odds": 0.1}]
    with pytest.raises(InputError, match="a label of its own"):
        run(make_study({**study, "scenarios": twice}), money_package())


def test_subsidy_can_be_the_scarce_budget():
    # 6 million of subsidy at a tenth of face value lend 60 million: no pair
    found = answered(budgets=[{"instrument": "plant-loan", "subsidy_usd": 6e6}], frontier=[1.0])
    assert plan(found, "chosen")["built_count"] == 0


def test_decided_projects_are_built_and_what_cannot_be_met_is_answered_in_words():
    found = answered(must=["magnet-late"], frontier=[1.0])
    assert "magnet-late" in plan(found, "chosen")["built"].split(";")
    with pytest.raises(InfeasibleError) as refused:
        answered(must=["oxide-large", "magnet-plant"])
    assert any("at most 80 million of face value from plant-loan" in sentence for sentence in refused.value.conflict)
    assert refused.value.relaxation


def test_every_problem_of_the_settings_is_found_at_once_with_its_key():
    value = money_settings(
        budgets=[{"instrument": "plant-loan", "face_usd": -1.0}, {"face_usd": 1e6}], stack_cap_share=1.5,
        statuses=["announcd"], draw=3, must=["a"], must_not=["a"], defaults={"odds_share": "half"},
    )  # fmt: skip
    with pytest.raises(InputError) as refused:
        make_study(value)
    assert {(p.place.column, p.code) for p in refused.value.problems} == {
        ("fund.budgets[1].face_usd", "out-of-range"),
        ("fund.budgets[2].instrument", "missing-key"),
        ("fund.stack_cap_share", "out-of-range"),
        ("fund.draw", "unknown-key"),
        ("fund.defaults.odds_share", "wrong-type"),
    }
    assert "draws" in next(p.fix for p in refused.value.problems if p.place.column == "fund.draw")


def test_words_and_contradictions_of_sound_settings_are_found_too():
    with pytest.raises(InputError) as refused:
        make_study(money_settings(statuses=["announcd"], must=["a"], must_not=["a"], counts="homes"))
    assert [p.place.column for p in refused.value.problems] == ["fund.counts", "fund.must_not", "fund.statuses"]


def test_what_the_data_do_not_hold_is_refused_with_the_key():
    value = money_settings(budgets=[{"instrument": "plant-lone"}])
    del value["scenarios"][0]["odds"]
    with pytest.raises(InputError) as refused:
        run(make_study(value), money_package())
    assert {p.place.column for p in refused.value.problems} == {"fund.budgets", "scenarios.cut.odds"}
    assert "plant-loan" in next(p.fix for p in refused.value.problems if p.place.column == "fund.budgets")
    with pytest.raises(InputError) as refused:
        answered(must=["oxide-plan"], must_not=["no-size"])
    fixes = {p.place.column: p.fix for p in refused.value.problems}
    assert "oxide-plant" in fixes["fund.must"]
    assert "capacity" in fixes["fund.must_not"]  # it is there, and was left out


JUNK = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(-5, 100), st.text(max_size=5), st.lists(st.floats(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.floats(), max_size=2),
)  # fmt: skip


def read_or_refused(value):
    """The study, or the keys of its problems."""
    try:
        return make_study(value), []
    except InputError as refused:
        return None, [problem.place.column for problem in refused.problems]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_one_setting_is_a_study_is_refused_with_its_key_or_reads_back(data):
    value = money_settings(
        quotas=[{"group": "region TX", "high": 0.5}], defaults={"odds_share": 0.4}, market={"treasury_rate": 0.05},
        must=["oxide-plant"], statuses=["announced"], discount={"rate": 0.03, "source": "round number"},
        delay={"low": 1, "point": 1.2, "high": 2, "source": "round number"},
        budgets=[{"instrument": "plant-loan", "carries_over": False, "years": [{"year": 2027, "face_usd": 1e6}]}],
    )  # fmt: skip
    fund = value["fund"]
    budget = fund["budgets"][0]
    places = [fund, budget, budget["years"][0], *(fund[name] for name in ("defaults", "market", "delay", "discount")),
              fund["quotas"][0]]  # fmt: skip
    row = data.draw(st.sampled_from(places))
    row[data.draw(st.sampled_from(sorted(row)))] = data.draw(JUNK)
    found, places = read_or_refused(value)
    assert all(place.startswith("fund") for place in places)
    if found is not None:
        assert make_study(settings_of(found)).fund == found.fund


def test_settings_read_back_as_they_are():
    study = make_study(
        money_settings(quotas=[{"group": "region TX", "high": 0.5}], must=["oxide-plant"],
                       defaults={"odds_share": 0.4}, market={"treasury_rate": 0.05})
    )  # fmt: skip
    again = make_study(settings_of(study))
    assert again.fund == study.fund
    assert again.digest == study.digest


def test_the_same_study_gives_the_same_bytes_and_is_read_back_whole(results, tmp_path: Path):
    again = answered()
    for name, folder in (("one", results), ("two", again)):
        write_results(folder, tmp_path / name, None)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert files
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), file
    read = read_results(tmp_path / "one")
    assert read["fund_plans"].equals(results["fund_plans"])


def test_building_begins_when_the_money_is_awarded():
    # Decided 36 months ahead, both links stand after 24. A year to the award brings them in time, 13 months do not:
    # the cut then begins a month before they stand.
    def asked(months: float | None) -> dict[str, object]:
        package = money_package()
        rows = package["instruments"].with_columns(pl.lit(months, pl.Float64).alias("award_months"))
        study = make_study(money_settings())
        return plan(run(study, replace(package, tables={**package.tables, "instruments": rows})), "chosen")

    assert asked(12)["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    assert asked(None)["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)  # taken as a year, and said so
    late = asked(13)["worth_usd"]
    first = LATER[0] / LATER.sum()
    assert late == pytest.approx(PAIR_USD * (1 - first), rel=1e-6)


def test_assumed_months_to_award_are_named():
    package = money_package()
    rows = package["instruments"].with_columns(pl.lit(None, pl.Float64).alias("award_months"))
    found = run(make_study(money_settings()), replace(package, tables={**package.tables, "instruments": rows}))
    row = found["fund_candidates"].row(by_predicate=pl.col("project") == "oxide-plant", named=True)
    assert row["ready_months"] == 12 + 24
    assert "award months 12" in row["assumed"]
