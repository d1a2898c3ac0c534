"""Rolling a plan forward: with nothing learned the rest of it is found again, on the chain of `tests.money`."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from reshore.data import write_package
from reshore.errors import InputError
from reshore.seeds import stream
from reshore.study import make_study, read_study, run
from reshore.study.money.roll import rolled
from reshore.study.write import study_text
from tests.journeys.test_command_line import reshore
from tests.journeys.test_money_commands import STUDY
from tests.money import money_package, money_settings
from tests.unit.study.test_money import plan, question_of
from tests.unit.study.test_money_years import by_year

DELAY = {"low": 1, "point": 1.2, "high": 2, "source": "round number"}


def answered(package=None, **fund: Any):
    return run(make_study(money_settings(**{"frontier": [1.0], "samples": 0} | fund)), package or money_package())


def deals_of(results, first: int | None = None) -> list[tuple[object, ...]]:
    """Deals as they are told, without those of the year `first`."""
    rows = results["fund_deals"].select("project", "instrument", "award_year", pl.col("amount_usd").round(0))
    return [row for row in rows.rows() if row[2] != first]


CASES: dict[str, dict[str, Any]] = {
    "money that lapses": {"budgets": by_year(30, 40, 0, carries_over=False)},
    "money that carries over": {"budgets": by_year(45, 60, 70), "must": ["magnet-risky"]},
    "late projects": {"budgets": by_year(80, 60, 60), "delay": DELAY, "draws": 4},
    "parts of projects": {"budgets": by_year(50, 30, 30, carries_over=False), "divisible": True},
    "a quota": {"budgets": by_year(80, 60), "quotas": [{"group": "firm new-firm", "low": 0.3}]},
}


@pytest.mark.parametrize("name", CASES)
def test_with_nothing_learned_the_rest_of_the_plan_is_found_again(name):
    before = answered(**CASES[name])
    later = rolled(before.study, before.tables)
    after = run(later, money_package())
    assert deals_of(after) == deals_of(before, first=2027)
    made = before["fund_deals"].filter(pl.col("award_year") == 2027)
    assert after["fund_commitments"]["project"].to_list() == made["project"].to_list()
    # Worth is that of the day of decision, 14 months later: the rest of the plan is worth what it added.
    question_worth = plan(before, "chosen")["worth_usd"]
    if made.is_empty():
        assert plan(after, "chosen")["worth_usd"] == pytest.approx(question_worth * 1.02 ** (14 / 12), rel=1e-5)
    else:
        assert after["fund_commitments"]["stands"].all()


@pytest.mark.parametrize("seed", range(6))
def test_what_was_awarded_and_what_is_planned_anew_are_worth_the_whole_plan(seed):
    amounts = [float(amount) for amount in stream(seed, "rolled", 0).integers(0, 90, 3)]
    before = answered(**before_settings(amounts, seed))
    later = rolled(before.study, before.tables)
    after = run(later, money_package())
    question = question_of(**before_settings(amounts, seed))
    first = {row["project"]: row["part_share"] for row in before["fund_deals"].to_dicts() if row["award_year"] == 2027}
    of_first = question.fund.worth(question.fund.parts({f"{name} in 2027": part for name, part in first.items()}))[0]
    rest = plan(after, "chosen")["worth_usd"] / 1.02 ** (14 / 12)
    assert 1e6 * of_first + rest == pytest.approx(plan(before, "chosen")["worth_usd"], rel=3e-4, abs=100)


def before_settings(amounts: list[float], seed: int) -> dict[str, Any]:
    return {"budgets": by_year(*amounts, carries_over=bool(seed % 2)), "gap_share": 1e-4, "draws": 4}


def test_budgets_are_what_is_left_and_the_scenarios_begin_when_they_did():
    def fund_after(*amounts: float, carries_over: bool = True):
        before = answered(budgets=by_year(*amounts, carries_over=carries_over))
        return rolled(before.study, before.tables)

    # 70 of 75 million are awarded in 2027; 5 carry over.
    later = fund_after(75, 10, 20)
    assert later.at == "2028-01-01"
    assert [(one.year, one.face_usd) for one in later.fund.budgets[0].years] == [(2028, 15e6), (2029, 20e6)]
    assert later.fund.cut_after_months == 36 - 14
    assert later.fund.budgets_are_left
    assert later.fund.compare_with == ()
    assert [(one.project, one.amount_usd, one.date, one.year, one.outcome) for one in later.fund.commitments] == [
        ("magnet-plant", 40e6, "2027-01-01", 2027, "open"), ("oxide-plant", 30e6, "2027-01-01", 2027, "open"),
    ]  # fmt: skip
    lapsed = fund_after(75, 10, 20, carries_over=False)
    assert [one.face_usd for one in lapsed.fund.budgets[0].years] == [10e6, 20e6]


def test_a_budget_for_all_years_keeps_what_is_left_of_it():
    package = money_package()
    tables = dict(package.tables)
    opened = tables["instruments"].with_columns(expiry=pl.lit(None, pl.String))
    package = replace(package, tables={**tables, "instruments": opened})
    budgets = [*by_year(40, 0), {"instrument": "old-grant", "face_usd": 50e6}]
    before = answered(package, budgets=budgets)
    granted = sum(
        amount for _, instrument, year, amount in deals_of(before) if (instrument, year) == ("old-grant", 2027)
    )
    assert 30e6 <= granted <= 50e6  # of the 70 million of a pair, 40 can be lent
    later = rolled(before.study, before.tables)
    assert [one.face_usd for one in later.fund.budgets if one.instrument == "old-grant"] == [50e6 - granted]
    assert later.fund.budgets[0].years[0].face_usd == pytest.approx(40e6 - (70e6 - granted))


def test_a_bundle_is_committed_by_its_name():
    package = money_package()
    opened = package["instruments"].with_columns(expiry=pl.lit(None, pl.String))
    package = replace(package, tables={**package.tables, "instruments": opened})
    parts = [
        {"part": "grant", "instrument": "old-grant", "amount_usd": 25e6},
        {"part": "loan", "instrument": "plant-loan", "amount_usd": 15e6, "spread": 0.01, "tenor_years": 10},
    ]
    bundle = {"bundle": "package", "label": "Grant and loan", "projects": ["magnet-plant"], "source": "round numbers",
              "parts": parts}  # fmt: skip
    years = [{"year": 2027, "face_usd": 25e6}, {"year": 2028, "face_usd": 0}]
    budgets = [*by_year(15, 30, carries_over=False), {"instrument": "old-grant", "years": years, "alone": False}]
    before = answered(package, budgets=budgets, bundles=[bundle])
    later = rolled(before.study, before.tables)
    (made,) = later.fund.commitments
    assert (made.instrument, made.amount_usd, made.part_share) == ("package", None, 1.0)
    read = make_study(tomllib.loads(study_text(later)))
    assert read == later
    after = run(read, package)
    assert deals_of(after) == [("oxide-plant", "plant-loan", 2028, 30e6)]


def test_there_must_be_a_later_year_and_the_scenarios_must_not_have_begun():
    for fund, words in (
        ({}, "all money on the day of the decision"),
        ({"budgets": by_year(80)}, "money of 2027 alone"),
        ({"budgets": by_year(40, 40), "cut_after_months": 12}, "scenarios that begin on 2028-01-01 or later"),
    ):
        with pytest.raises(InputError, match=words):
            rolled(make_study(money_settings(**fund)), {})


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[3] / "studies").glob("*.toml")), ids=lambda one: one.name
)
def test_every_shipped_study_is_written_as_it_is_read(path):
    study = read_study(path)
    text = study_text(study, ["A line"])
    assert make_study(tomllib.loads(text), folder=path.parent) == study
    assert text == study_text(study, ["A line"])
    assert text.startswith("# A line\n\n[study]\n")


def test_texts_are_written_with_every_sign_that_they_hold():
    study = replace(make_study(money_settings()), title='A "loan" \\ für ünïts')
    scenario = replace(study.scenarios[0], label="line\nbreak\x7f and\ttab")
    study = replace(study, scenarios=(scenario,))
    assert make_study(tomllib.loads(study_text(study))).title == study.title
    assert tomllib.loads(study_text(study))["scenarios"][0]["label"] == scenario.label


def test_the_command_writes_the_next_year_and_that_the_one_after_it(tmp_path):
    write_package(money_package(), tmp_path / "money")
    years = [f"{{ year = {year}, face_usd = {face}e6 }}" for year, face in ((2027, 30), (2028, 40), (2029, 10))]
    text = f"{STUDY}years = [{', '.join(years)}]\ncarries_over = false\n"
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    done = reshore("fund", "study.toml", "--roll", "later/next.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert "next.toml written" in done.stderr
    written = (tmp_path / "later" / "next.toml").read_text(encoding="utf-8")
    assert "Comments of the study that this was made from are not kept." in written
    assert read_study(tmp_path / "later" / "next.toml").package == "../money"
    again = reshore("fund", "study.toml", "--roll", "later/next.toml", cwd=tmp_path)
    assert again.returncode != 0  # something is there
    assert reshore("fund", "study.toml", "--roll", "later/next.toml", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "later" / "next.toml").read_text(encoding="utf-8") == written
    # Then it is known that the oxide plant runs, three months late.
    known = written.replace('\noutcome = "open"', '\noutcome = "running"\nlate_months = 3')
    (tmp_path / "later" / "next.toml").write_text(known, encoding="utf-8")
    second = reshore("fund", "later/next.toml", "--roll", "last.toml", cwd=tmp_path)
    assert second.returncode == 0
    assert "Made already, whatever this plan does:" in second.stdout
    assert "running, 3 months late" in second.stdout
    assert [one.project for one in read_study(tmp_path / "last.toml").fund.commitments] == [
        "oxide-plant",
        "magnet-plant",
    ]
    last = reshore("fund", "last.toml", "--roll", "never.toml", cwd=tmp_path)
    assert last.returncode == 3
    assert "money of 2029 alone" in last.stderr + last.stdout
    assert not (tmp_path / "never.toml").exists()
    assert reshore("fund", "study.toml", "--roll", "next.json", cwd=tmp_path).returncode == 2


def test_the_command_says_what_waiting_is_worth(tmp_path):
    write_package(money_package(oxide_at_home=0.15), tmp_path / "money")
    years = "years = [{ year = 2027, face_usd = 45e6 }, { year = 2028, face_usd = 40e6 }]\ncarries_over = false\n"
    text = STUDY.replace("[fund]\n", '[fund]\nreplan = true\nmust = ["magnet-risky"]\n') + years
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    done = reshore("fund", "study.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert "Waiting to see is worth USD 3.88 M (0 to 7.77 M)" in done.stdout


def test_months_to_award_of_the_slowest_deal_are_kept():
    # A grant of 20 million takes five months; without it the loans of 2027 do not reach for both plants.
    package = money_package()
    terms = package["instruments"].with_columns(
        expiry=pl.lit(None, pl.String),
        award_months=pl.when(pl.col("instrument") == "old-grant").then(5.0).otherwise(pl.col("award_months")),
    )
    package = replace(package, tables={**package.tables, "instruments": terms})
    years = [{"year": 2027, "face_usd": 20e6}, {"year": 2028, "face_usd": 0}]
    budgets = [*by_year(50, 20, carries_over=False), {"instrument": "old-grant", "years": years}]
    before = answered(package, budgets=budgets, replan=True)
    assert 5.0 in before["fund_deals"]["award_months"].to_list()
    later = rolled(before.study, before.tables)
    after = run(replace(later, fund=replace(later.fund, replan=False)), package)
    waited = {row["project"]: row["ready_months"] - 14 for row in before["fund_deals"].iter_rows(named=True)}
    stands = {row["project"]: row["ready_months"] for row in after["fund_commitments"].iter_rows(named=True)}
    assert stands == {project: waited[project] for project in stands}
    assert deals_of(after) == deals_of(before, first=2027)
    mean = before["fund_replan"].filter(pl.col("odds_share").is_null())
    assert mean["gain_usd"].item() == pytest.approx(0, abs=100)
