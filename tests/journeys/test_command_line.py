"""The command line as people use it: what it prints, what it writes, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reshore.data import write_package
from tests.small import small_package

ROOT = Path(__file__).resolve().parents[2]

STUDY = """
[study]
title = "A small study"
question = "Who stops us?"
package = "data"
home = "USA"
allies = ["JPN"]
concern = ["CHN"]
at = "2026-11-01"
"""


def reshore(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reshore", *words], cwd=cwd, env={**os.environ, **environment}, check=False,
        capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journey")
    write_package(small_package(), folder / "data")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    done = reshore("run", "study.toml", "-o", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_run_writes_everything_and_prints_its_findings(place: Path):
    names = {path.relative_to(place / "out").as_posix() for path in (place / "out").rglob("*") if path.is_file()}
    assert {"report.html", "book.xlsx", "manifest.json", "tables/exposure.csv", "tables/exposure.parquet"} <= names
    again = reshore("run", "study.toml", "-o", "out2", cwd=place)
    assert again.stdout.startswith(" 1. United States: of ")


def test_nothing_is_overwritten_without_force(place: Path):
    before = (place / "out/manifest.json").read_bytes()
    refused = reshore("run", "study.toml", "-o", "out", cwd=place)
    assert refused.returncode == 7
    assert "--force" in refused.stderr
    assert (place / "out/manifest.json").read_bytes() == before


def test_nothing_of_an_earlier_run_stays_beside_a_new_one(place: Path, tmp_path: Path):
    stressed = STUDY + '\n[[scenarios]]\nname = "cut"\nlabel = "A cut"\n[[scenarios.shocks]]\nshock = "supply-cut"\n'
    (place / "stressed.toml").write_text(stressed + 'countries = ["CHN"]\n', encoding="utf-8")
    assert reshore("run", "stressed.toml", "-o", str(tmp_path), cwd=place).returncode == 0
    own = tmp_path / "tables/mine.csv"
    own.write_text("kept\n", encoding="utf-8")
    assert (tmp_path / "tables/stress_goods.csv").exists()
    assert reshore("run", "study.toml", "-o", str(tmp_path), "--force", cwd=place).returncode == 0
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {
        "mine.csv", *(path.name for path in (place / "out/tables").iterdir()),
    }  # fmt: skip


def test_a_package_written_over_another_leaves_none_of_its_tables(place: Path, tmp_path: Path):
    assert reshore("check", "data", "-o", str(tmp_path / "new"), "--format", "parquet", cwd=place).returncode == 0
    assert reshore("check", "data", "-o", str(tmp_path / "new"), "--force", cwd=place).returncode == 0
    assert list((tmp_path / "new").glob("*.parquet")) == []


def test_a_sound_package_has_no_problems(place: Path):
    done = reshore("check", "data", cwd=place)
    assert done.returncode == 0
    assert done.stdout.startswith("0 problems")


def test_a_broken_package_ends_with_3_and_says_where(place: Path, tmp_path: Path):
    write_package(small_package(), tmp_path / "bad")
    path = tmp_path / "bad/supply.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("0.94", "94"), encoding="utf-8")
    (tmp_path / "bad/datapackage.json").unlink()
    done = reshore("check", "bad", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout.startswith("1 problem")
    assert "out-of-range  supply.csv, row 3, column share: found '94'" in done.stdout
    assert "write 0.94 if this is 94 percent" in done.stdout


def test_every_command_speaks_one_json(place: Path):
    for words in (
        ("check", "data"),
        ("measure", "data", "--home", "USA"),
        ("why", "out", "ore"),
        ("compare", "out", "out"),
        ("diff", "data", "data"),
        ("run", "study.toml", "-o", "out-json", "--force"),
    ):
        done = reshore(*words, "--json", cwd=place)
        assert done.returncode == 0, (words, done.stderr)
        answer = json.loads(done.stdout)
        assert {"command", "manifest", "tables", "problems"} <= set(answer), words
        assert answer["command"] == words[0]


def test_why_prints_formula_rows_and_sources(place: Path):
    done = reshore("why", "out", "Ore", "concern_share", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "60 %" in done.stdout.splitlines()[0]
    for word in ("formula", "CHN", "A survey", "https://example.org/survey", "site", "2025"):
        assert word in done.stdout


def test_a_wrong_word_gets_the_nearest_right_one(place: Path):
    assert "did you mean 'check'" in reshore("chekc", "data", cwd=place).stderr
    done = reshore("why", "out", "magnett", cwd=place)
    assert (done.returncode, "magnet" in done.stderr) == (2, True)


def test_a_missing_file_ends_with_7(place: Path):
    done = reshore("check", "nowhere", cwd=place)
    assert (done.returncode, "nowhere" in done.stderr) == (7, True)


def test_a_changed_result_is_refused_with_3(place: Path, tmp_path: Path):
    assert reshore("run", str(place / "study.toml"), "-o", "out", cwd=tmp_path).returncode == 0
    table = tmp_path / "out/data/supply.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("0.9,", "0.8,"), encoding="utf-8")
    done = reshore("why", "out", "oxide", cwd=tmp_path)
    assert done.returncode == 3
    assert "changed-file" in done.stderr


def test_diff_names_the_cell_that_changed(place: Path, tmp_path: Path):
    tables = small_package()["supply"].to_dicts()
    for row in tables:
        if row["good"] == "magnet" and row["supplier"] == "CHN":
            row["share"] = 0.9
    write_package(small_package(supply=tables), tmp_path / "after")
    done = reshore("diff", str(place / "data"), "after", cwd=tmp_path)
    assert done.returncode == 0
    assert "supply: 1 cells changed" in done.stdout


def test_the_report_can_be_written_again_from_the_results(place: Path):
    done = reshore("report", "out", "-o", "again.html", cwd=place)
    assert done.returncode == 0, done.stderr
    assert (place / "again.html").read_bytes() == (place / "out/report.html").read_bytes()


def test_the_demo_folder_works_from_the_first_command_on(tmp_path: Path):
    done = reshore("demo", "demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "goods" in done.stdout
    assert reshore("check", "demo/packages/critical-2026", cwd=tmp_path).stdout.startswith("0 problems")
