"""Study files that are wrong: each is refused with code 3, names the key, and says everything at once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reshore.errors import InputError, Problem
from reshore.study.settings import read_study

GOOD = """[study]
title = "A study"
question = "Who stops us?"
package = "data"
home = "USA"
allies = ["JPN", "DEU"]
concern = ["CHN"]
at = "2026-11-01"
seed = 7

[exposure]
basis = ["site", "seat"]
cut_set_size = 2
"""


@dataclass(frozen=True)
class Case:
    """An edit of the good study, and the problem that must name it."""

    number: str
    says: str
    old: str
    new: str
    code: str
    key: str
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.number} {self.says}"


CASES = (
    Case("B088", "odds, which no study has", "seed = 7", "odds = 0.5", "unknown-key", "study.odds"),
    Case("B018", "a misspelt key", "allies", "alies", "unknown-key", "study.alies", ("did you mean 'allies'",)),
    Case("B018", "a misspelt table", "[exposure]", "[exposre]", "unknown-key", "exposre", ("did you mean 'exposure'",)),
    Case("B017", "a missing key", 'home = "USA"\n', "", "missing-key", "study.home"),
    Case("B089", "an unknown home", '"USA"', '"UK"', "unknown-country", "study.home", ("write GBR",)),
    Case("B089", "an unknown ally", '"JPN"', '"JPX"', "unknown-country", "study.allies"),
    Case("B089", "a country on two lists", '"DEU"', '"CHN"', "duplicate-country", "study.concern", ("allies",)),
    Case("B089", "the world as a concern", '["CHN"]', '["WLD"]', "unknown-country", "study.concern"),
    Case("B089", "an unknown basis", '"seat"', '"seet"', "unknown-word", "exposure.basis", ("did you mean 'seat'",)),
    Case("B091", "cut sets of size 0", "size = 2", "size = 0", "out-of-range", "exposure.cut_set_size"),
    Case("B091", "cut sets of a huge size", "size = 2", "size = 1000000000000", "out-of-range",
         "exposure.cut_set_size", ("1, 2 or 3",)),
    Case("B091", "no basis", '["site", "seat"]', "[]", "out-of-range", "exposure.basis"),
    Case("B093", "a negative seed", "seed = 7", "seed = -1", "out-of-range", "study.seed"),
    Case("B033", "a seed of 2^63", "seed = 7", "seed = 9223372036854775808", "out-of-range", "study.seed"),
    Case("B050", "a day that does not exist", "2026-11-01", "2026-02-30", "bad-date", "study.at"),
    Case("B050", "a date of eight digits", "2026-11-01", "20261101", "bad-date", "study.at"),
    Case("B098", "a number for a text", '"A study"', "12", "wrong-type", "study.title", ("text in quotes",)),
    Case("B098", "a date for a text", '"2026-11-01"', "2026-11-01", "wrong-type", "study.at", ("text in quotes",)),
    Case("B098", "true for a number", "size = 2", "size = true", "wrong-type", "exposure.cut_set_size"),
    Case("B098", "a text for a list", '["CHN"]', '"CHN"', "wrong-type", "study.concern", ("a list of texts",)),
    Case("B098", "a number in a list of texts", '["CHN"]', '["CHN", 156]', "wrong-type", "study.concern"),
    Case("B098", "a text for a table", "[exposure]\n", "", "unknown-key", "study.basis"),
    Case("B094", "a key twice", "seed = 7", "seed = 7\nseed = 8", "not-toml", "", ("line 10",)),
    Case("B099", "broken text", "seed = 7", "seed = ", "not-toml", "", ("line 9",)),
    Case("B097", "lists 3,000 deep", "seed = 7", f"seed = {'[' * 3000}{']' * 3000}", "not-toml", ""),
    Case("B014", "an escape sequence in a title", '"A study"', '"\\u001b[31mA study"', "control-character",
         "study.title", ("\\x1b",)),
    Case("B099", "YAML", GOOD, "study:\n  title: A study\n", "not-toml", "", ("line 1",)),
)  # fmt: skip


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "study.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusals(path: Path) -> list[Problem]:
    with pytest.raises(InputError) as refused:
        read_study(path)
    return list(refused.value.problems)


def test_the_good_study_is_read(tmp_path: Path):
    study = read_study(write(tmp_path, GOOD))
    assert (study.home, study.allies, study.basis, study.seed) == ("USA", ("JPN", "DEU"), ("site", "seat"), 7)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_study_is_refused_by_its_key(case: Case, tmp_path: Path):
    assert case.old in GOOD
    problems = refusals(write(tmp_path, GOOD.replace(case.old, case.new)))
    found = [p for p in problems if (p.code, p.place.column) == (case.code, case.key)]
    assert found, [str(p) for p in problems]
    for word in case.words:
        assert word in str(found[0])
    assert str(found[0]).isprintable()


@pytest.mark.parametrize(
    ("says", "data"), [("Windows-1252", GOOD.encode().replace(b"A study", b"\xe9")), ("UTF-16", GOOD.encode("utf-16"))]
)
def test_a_study_that_is_not_utf8_is_refused(says: str, data: bytes, tmp_path: Path):
    (problem,) = refusals(write(tmp_path, data))
    assert problem.code == "not-utf-8"


def test_a_byte_order_mark_at_the_start_of_a_study_is_read_over(tmp_path: Path):
    assert read_study(write(tmp_path, GOOD.encode("utf-8-sig"))).home == "USA"


def test_all_problems_of_a_study_are_listed_at_once(tmp_path: Path):
    text = (
        GOOD.replace('"USA"', '"UK"').replace("size = 2", "size = 9").replace("seed", "sead").replace("title", "titel")
    )
    problems = refusals(write(tmp_path, text))
    assert {p.code for p in problems} == {"unknown-country", "out-of-range", "unknown-key", "missing-key"}
    assert len(problems) == 5
    assert {p.place.file for p in problems} == {"study.toml"}


def test_the_command_line_refuses_a_bad_study_with_3(tmp_path: Path):
    write(tmp_path, GOOD.replace('"USA"', '"UK"'))
    done = subprocess.run(
        [sys.executable, "-m", "reshore", "run", "study.toml", "-o", "out"], cwd=tmp_path, capture_output=True,
        text=True, encoding="utf-8", check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert "unknown-country  study.toml, column study.home: found UK" in done.stderr
    assert "Traceback" not in done.stderr
