"""Scenarios in a study: run, written, read again; the command line and the study take the same road."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from reshore.chain import build_chain
from reshore.cli import group
from reshore.data import read_package, write_package
from reshore.errors import InputError
from reshore.shipped import shipped
from reshore.stress.records import SCENARIO_TABLES
from reshore.study import make_study, read_results, read_study, run, write_results
from reshore.study.control import control_at
from reshore.study.stress import check_stress, known_until, stress_case
from tests.small import settings, small_package

CUT = {
    "name": "cut",
    "label": "If China stops",
    "shocks": [{"shock": "supply-cut", "countries": ["CHN"]}],
}


def stressed(*scenarios: dict[str, object], **stress: object):
    return make_study({**settings(), "scenarios": list(scenarios), "stress": {"draws": 3, **stress}})


@pytest.fixture(scope="module")
def results():
    return run(stressed(CUT), small_package())


def test_a_study_with_scenarios_has_the_tables_of_stress(results):
    assert {table.name for table in SCENARIO_TABLES} <= set(results.tables)
    assert results["stress_scenarios"]["scenario"].to_list() == ["cut"]


def test_a_study_without_scenarios_has_none():
    found = run(make_study(settings()), small_package())
    assert not [name for name in found.tables if name.startswith("stress")]


def test_the_loss_of_motors_is_that_of_the_magnets_in_them(results):
    # 94 % of magnets and 90 % of oxide are Chinese; nobody says who makes or uses motors, so the pool is the world.
    # The others make 6 of 100 magnets, and have 10 of 100 oxide for them: motors end at 6 %.
    uses = results["stress_uses"].filter(pl.col("good") == "motor").sort("month")
    assert uses["served_share"].to_list()[-1] == pytest.approx(0.06, abs=1e-6)
    assert uses["unserved_usd"].null_count() == uses.height


def test_results_with_stress_are_read_back_as_they_were_written(results, tmp_path: Path):
    write_results(results, tmp_path / "out", None)
    again = read_results(tmp_path / "out")
    assert again.study == results.study
    assert all(again[name].equals(results[name]) for name in results.tables)


def test_the_same_study_gives_the_same_stress(results):
    assert run(stressed(CUT), small_package()).manifest == results.manifest


def test_steps_of_a_stress_test_are_announced():
    from contextlib import nullcontext

    said: list[str] = []

    def step(words: str):
        said.append(words)
        return nullcontext()

    run(stressed(CUT), small_package(), step)
    assert [words for words in said if words.startswith("stress")] == [
        "stress: If China stops",
        "stress: If China stops, 3 draws",
        "stress: If China stops, taken apart",
    ]


def test_goods_and_firms_that_the_data_do_not_hold_are_refused_together():
    study = stressed(
        {"name": "a", "shocks": [{"shock": "supply-cut", "countries": ["CHN"], "goods": ["magnett"]},
                                 {"shock": "plant-loss", "organizations": ["film-makers"]}]},
        values=[{"good": "ore", "usd_per_year": 1.0, "source": "s"}],
        use_shares=[{"country": "CHN", "good": "moto", "share": 0.3, "source": "s"}],
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        run(study, small_package())
    assert [(problem.place.column, problem.code) for problem in caught.value.problems] == [
        ("scenarios.a.shocks[1].goods", "dangling-reference"),
        ("scenarios.a.shocks[2].organizations", "dangling-reference"),
        ("stress.use_shares", "dangling-reference"),
        ("stress.values", "dangling-reference"),
    ]
    assert "magnet" in caught.value.problems[0].fix


def asked(*words: str):
    return CliRunner().invoke(group, ["stress", *words], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data") / "small"
    write_package(small_package(), place)
    return place


def test_the_command_and_the_study_find_the_same(folder: Path, results):
    done = asked(str(folder), "--cut", "CHN", "--ally", "JPN", "--draws", "3", "--json")
    assert done.exit_code == 0
    tables = json.loads(done.stdout)["tables"]
    for name in ("stress_uses", "stress_goods", "stress_waterfall", "stress_scenarios"):
        assert tables[name] == results[name].to_dicts()


def test_the_command_says_what_stops_first_and_what_to_type_next(folder: Path):
    done = asked(str(folder), "--cut", "CHN")
    first, *rest = done.stdout.splitlines()
    assert first.startswith("If China stops: 1 of 1 final uses run short")
    assert "Motor" in done.stdout
    assert any(line.startswith("Runs out") for line in rest)
    assert "next: reshore worst-cut" in done.stderr


def test_a_cut_that_changes_nothing_says_why(folder: Path):
    done = asked(str(folder), "--cut", "KEN")
    assert "Why: Kenya makes nothing of known size here." in done.stdout


def test_a_study_on_the_command_line_takes_its_own_scenarios(folder: Path, tmp_path: Path):
    file = tmp_path / "study.toml"
    text = Path(shipped("studies") / "film-maker-loss.toml").read_text(encoding="utf-8")
    head = text.split("[exposure]")[0].replace("../packages/critical-2026", str(folder))
    file.write_text(
        head + '[stress]\ndraws = 0\n[[scenarios]]\nname = "film"\n[[scenarios.shocks]]\nshock = "plant-loss"\n'
        'organizations = ["film-maker"]\n',
        encoding="utf-8",
    )
    done = asked(str(file), "--csv", "scenarios")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].startswith("film,film,")
    refused = CliRunner().invoke(group, ["stress", str(file), "--cut", "CHN"])
    assert refused.exit_code == 2


def test_a_chain_that_is_not_there_is_refused(folder: Path):
    for words in (["stress", str(folder), "--cut", "CHN"], ["worst-cut", str(folder)]):
        with pytest.raises(InputError, match="magnets"):
            CliRunner().invoke(group, [*words, "--chain", "magnet"], catch_exceptions=False)


def test_a_command_without_anyone_who_stops_is_not_understood(folder: Path):
    assert CliRunner().invoke(group, ["stress", str(folder)]).exit_code == 2


@pytest.fixture(scope="module")
def critical():
    return read_package(shipped("packages") / "critical-2026")


@pytest.mark.parametrize("path", sorted(shipped("studies").rglob("*.toml")), ids=lambda path: path.stem)
def test_shipped_studies_name_goods_and_firms_that_the_data_hold(path: Path, critical):
    study = read_study(path)
    assert study.question.endswith("?")
    if study.package_path.name == "critical-2026":
        check_stress(study, critical, build_chain(critical, *study.chains))


def test_the_study_of_an_imported_chain_runs_on_the_import(tmp_path: Path):
    source = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "eto_chip_explorer"
    if not source.is_dir():
        pytest.skip("the ETO chip explorer is not beside the checkout")
    imported = CliRunner().invoke(group, ["import", "eto", str(source), "-o", str(tmp_path / "eto"), "--quiet"])
    assert imported.exit_code == 0
    text = (shipped("studies") / "chips-china.toml").read_text(encoding="utf-8")
    file = tmp_path / "study.toml"
    file.write_text(text.replace("../packages/eto", "eto").replace("draws = 40", "draws = 0"), encoding="utf-8")
    done = asked(str(file), "--json", "--quiet")
    found = json.loads(done.stdout)["tables"]["stress_scenarios"][0]
    assert found["uses_short_count"] >= 1
    assert found["pool"] == "China"


def test_figures_of_later_years_are_left_out_of_supply_stocks_and_use():
    table = pl.DataFrame({"good": ["a", "b", "c"], "year": [2019, 2021, None]})
    assert known_until(table, 2019)["good"].to_list() == ["a", "c"]
    assert known_until(table, None).equals(table)
    study = read_study(shipped("studies") / "history" / "japan-korea-2019.toml")
    package = read_package(shipped("packages") / "critical-2026")
    stated = package["demand"].filter((pl.col("good") == "packaged-chip") & pl.col("stock_months").is_not_null())
    assert stated["year"].to_list() == [2019]
    chain = build_chain(package, *study.chains)
    case = stress_case(study, package, chain, control_at(package, study.at))
    # The shortage of 2021 left less than five days of chips; two years before it was 1.3 months.
    assert case.stocks[chain.index["packaged-chip"]].low == stated["stock_months"].item()
