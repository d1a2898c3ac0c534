"""The commands about money as people use them, on a chain worked out by hand (see `tests.money`)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reshore.cli import group
from reshore.data import write_package
from reshore.study import make_study, read_study
from tests.journeys.test_command_line import reshore
from tests.money import PAIR_USD, money_package, money_settings

STUDY = """
[study]
title = "Loans for a small chain"
question = "Which loans buy most?"
package = "money"
home = "USA"
allies = ["JPN"]
concern = ["CHN"]
at = "2026-11-01"
seed = 7

[stress]
draws = 0
unknown_stock_months = { low = 0.0, point = 0.0, high = 1.0 }
values = [{ good = "magnet", usd_per_year = 1e9, source = "round number" }]
use_shares = [
  { country = "USA", good = "magnet", share = 0.4, source = "round number" },
  { country = "CHN", good = "magnet", share = 0.6, source = "round number" },
]

[[scenarios]]
name = "cut"
label = "China stops"
odds = [0.1, 0.3]
months = 12

[[scenarios.shocks]]
shock = "supply-cut"
countries = ["CHN"]

[fund]
draws = 2
cut_after_months = 36
gap_share = 1e-6
compare_with = ["Office"]
frontier = [0.5, 1.0, 2.5]

[[fund.budgets]]
instrument = "plant-loan"
"""

PACKAGES = """face_usd = 40e6

[[fund.budgets]]
instrument = "chip-loan"
alone = false

[[fund.budgets]]
instrument = "old-grant"
alone = false

[[fund.bundles]]
file = "two-loans.toml"
projects = ["magnet-plant"]

[[fund.bundles]]
bundle = "closed"
label = "A grant that has ended"
source = "round numbers"
projects = ["oxide-plant"]
parts = [{ part = "grant", instrument = "old-grant", amount_usd = 30e6 }]
"""
TWO_LOANS = """
bundle = "two-loans"
label = "Two loans"
source = "round numbers"
parts = [
  { part = "loan", instrument = "plant-loan", amount_usd = 10e6, spread = 0.01, tenor_years = 10 },
  { part = "loan", instrument = "chip-loan", amount_usd = 30e6, spread = 0.01, tenor_years = 10 },
]
conditions = [{ condition = "production promise", years = 5 }]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("money")
    write_package(money_package(), folder / "money")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    (folder / "impossible.toml").write_text(
        STUDY.replace("[fund]\n", '[fund]\nmust = ["oxide-large", "magnet-plant"]\n'), encoding="utf-8"
    )
    (folder / "packages.toml").write_text(STUDY + PACKAGES, encoding="utf-8")
    (folder / "two-loans.toml").write_text(TWO_LOANS, encoding="utf-8")
    (folder / "plain.toml").write_text(STUDY.split("[fund]")[0], encoding="utf-8")
    return folder


def asked(place: Path, command: str, study: str, *words: str) -> Result:
    return CliRunner().invoke(group, [command, str(place / study), *words], catch_exceptions=False)


def test_the_file_is_the_study_that_the_figures_by_hand_speak_of(place: Path):
    assert read_study(place / "study.toml").digest == make_study(money_settings()).digest


def test_fund_says_what_to_do_what_it_is_worth_and_how_sure_that_is(place: Path):
    done = asked(place, "fund", "study.toml")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == (
        "Fund 2 of 5 projects with USD 70 M (subsidy cost USD 7 M): they avoid USD 18.7 M (9.34 M to 28 M) of "
        "expected loss."
    )
    assert re.match(r"Proof: no plan under these rules avoids more than USD 18\.7 M, a gap of (0|<0\.1) %", lines[1])
    assert lines[2].startswith("Second best: USD 9.34 M")
    assert lines[3] == "Best if odds are low: USD 18.7 M (9.34 M to 28 M) for USD 70 M, the same projects."
    assert lines[4] == "Really awarded: USD 2.33 M (1.17 M to 3.5 M) for USD 35 M, the same projects."
    assert any("Magnet plant" in line and "40 M" in line and "18.7 M" in line for line in lines)
    assert any("Risky magnet plant; Large oxide plant" in line and "Oxide plant" in line for line in lines)  # frontier
    assert "Odds: China stops" in done.stdout
    assert "--budget 300e6" in done.stderr  # more money still buys more: half as much again is the next question
    assert "reshore price" in done.stderr


def test_fund_takes_packages_apart_and_says_which_are_not_offered(place: Path):
    # 30 for oxide and 40 for magnets do not fit into 40 million of loans; with 30 of the latter from elsewhere they do
    done = asked(place, "fund", "packages.toml")
    assert done.exit_code == 0
    assert "with USD 70 M (subsidy cost USD 10 M)" in done.stdout  # a tenth of 40, a fifth of 30
    assert "Package closed is not offered to oxide-plant: Old grant: not open on 2026-11-01." in done.stdout
    lines = [re.split(r"  +", line.strip()) for line in done.stdout.splitlines()]
    assert ["two-loans", "Magnet plant", "yes", "loan, chip-loan", "30 M", "6 M"] in [line[:6] for line in lines]
    assert ["two-loans", "Magnet plant", "yes", "production promise"] in lines


def test_a_package_that_cannot_be_is_refused_with_3_and_its_place(place: Path, tmp_path: Path):
    text = (STUDY + PACKAGES).replace('"money"', f'"{place / "money"}"').replace("oxide-plant", "oxide-plan")
    (tmp_path / "study.toml").write_text(text.replace("alone", "alnoe"), encoding="utf-8")
    (tmp_path / "two-loans.toml").write_text(TWO_LOANS.replace("spread", "spraed"), encoding="utf-8")
    done = reshore("fund", "study.toml", cwd=tmp_path)
    assert done.returncode == 3
    for words in (
        "fund.bundles[1].parts[1].spraed",
        "fund.bundles[1].parts[2].spread",
        "fund.budgets[2].alnoe",
        "did you mean 'alone'?",
    ):
        assert words in done.stderr
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    (tmp_path / "two-loans.toml").write_text(TWO_LOANS.replace("10e6", "1e6"), encoding="utf-8")
    done = reshore("fund", "study.toml", cwd=tmp_path)
    assert done.returncode == 3
    assert "'two-loans' for 'magnet-plant': Plant loan: 1 million is outside its ticket" in done.stderr
    assert "did you mean 'oxide-plant'" in done.stderr


def test_a_larger_budget_is_asked_for_in_one_word(place: Path):
    done = asked(place, "fund", "study.toml", "--budget", "200e6", "--json")
    plans = {row["plan"]: row for row in json.loads(done.stdout)["tables"]["fund_plans"]}
    assert plans["chosen"]["worth_usd"] == pytest.approx(1.5 * PAIR_USD, rel=1e-6)


def test_a_budget_that_buys_nothing_is_said_so(place: Path):
    done = asked(place, "fund", "study.toml", "--budget", "20e6")
    assert done.exit_code == 0
    assert done.stdout.startswith("Fund nothing: no plan of 5 projects under these rules adds to service.")


def test_price_shows_goods_payments_bundles_and_odds(place: Path):
    done = asked(place, "price", "study.toml")
    assert done.exit_code == 0
    text = done.stdout
    assert "Of 2 goods that projects make, capacity of 2 has a security price." in text
    assert "0 to 187 M" in text  # one unit more adds nothing, one less takes the chain: 1 bn x 0.2 odds, discounted
    assert "Payments for security; they add up to the worth of the plan:" in text
    assert "Magnet plant and Oxide plant add 18.7 M USD together and nothing one by one." in text
    assert "No odds of any scenario make a project pay on its own." in text
    assert "next: reshore fund" in done.stderr


@pytest.mark.parametrize(("command", "table"), [("fund", "fund_deals"), ("price", "security_prices")])
def test_answers_are_written_as_files_and_spoken_as_json(place: Path, tmp_path: Path, command: str, table: str):
    written = tmp_path / "answer.csv"
    assert asked(place, command, "study.toml", "-o", str(written)).exit_code == 0
    heading = written.read_text(encoding="utf-8").splitlines()[0].split(",")
    found = json.loads(asked(place, command, "study.toml", "--json").stdout)
    assert list(found) == ["command", "manifest", "tables", "problems"]
    assert list(found["tables"][table][0]) == heading
    whole = tmp_path / "answer.json"
    assert asked(place, command, "study.toml", "-o", str(whole)).exit_code == 0
    assert json.loads(whole.read_text(encoding="utf-8"))["tables"] == found["tables"]


def test_an_impossible_study_ends_with_4_the_conflict_and_the_cheapest_way_out(place: Path):
    done = reshore("fund", "impossible.toml", cwd=place)
    assert done.returncode == 4
    assert done.stdout == ""
    assert "these requirements cannot all be met:" in done.stderr
    assert "at most 80 million of face value from plant-loan" in done.stderr
    # 90 + 40 million are asked for
    assert "at most 80 million of face value from plant-loan: 50 more (62.5 %)" in done.stderr.split("way out:")[1]


def test_a_study_without_a_plan_is_told_what_to_add(place: Path):
    done = reshore("price", "plain.toml", cwd=place)
    assert done.returncode == 2
    assert "add [fund]" in done.stderr


def test_a_format_that_cannot_be_written_is_refused_before_anything_is_solved(place: Path, tmp_path: Path):
    done = reshore("fund", "study.toml", "-o", str(tmp_path / "plan.docx"), cwd=place)
    assert done.returncode == 2
    assert ".csv, .parquet, .json" in done.stderr
