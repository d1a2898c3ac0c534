"""Every case of the corpus, through the library and through the command line: the same words from both."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reshore.data import check_package, read_package
from reshore.errors import InputError, Problem
from tests.corpus.cases import ACCEPTED, REFUSED, Case

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 2.0
MEGABYTES = 300.0
README = Path(__file__).with_name("README.md")


def build(case: Case, place: Path) -> Path:
    return case.pack(case.files(), place)


def named(case: Case, problems: list[Problem], severity: str) -> Problem:
    """The problem that the case asks for."""
    same = [p for p in problems if p.code == case.code and p.severity == severity]
    assert same, f"no {case.code} among {[str(p) for p in problems]}"
    exact = [p for p in same if (p.place.file, p.place.row) == (case.file, case.row)]
    exact = [p for p in exact if not case.column or p.place.column == case.column]
    assert exact, f"{case.code} elsewhere: {[str(p) for p in same]}"
    return exact[0]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_bad_package_is_refused_with_place_and_fix(case: Case, tmp_path: Path):
    path = build(case, tmp_path)
    with pytest.raises(InputError) as refused:
        read_package(path)
    problem = named(case, list(refused.value.problems), "error")
    for word in case.words:
        assert word in str(problem), f"{word!r} is not in {problem}"
    assert problem.found
    assert problem.expected
    assert problem.fix
    assert str(problem).isprintable()


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_a_package_that_is_only_odd_is_accepted_with_a_note(case: Case, tmp_path: Path):
    package, problems = check_package(build(case, tmp_path))
    assert package is not None, [str(p) for p in problems]
    note = named(case, problems, "note")
    for word in case.words:
        assert word in str(note)
    assert package.notes == tuple(problems)


def commands(paths: list[Path], place: Path) -> list[dict[str, object]]:
    """What ``reshore check --json`` does with each path."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.child", str(place / "out.json")],
        input="".join(json.dumps(str(path)) + "\n" for path in paths), cwd=ROOT, check=True, capture_output=True,
        text=True, encoding="utf-8", timeout=600, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_command_line_refuses_what_the_library_refuses_in_time_and_memory(tmp_path: Path, capsys):
    paths = []
    for number, case in enumerate(REFUSED):
        (tmp_path / str(number)).mkdir()
        paths.append(build(case, tmp_path / str(number)))
    answers = commands(paths, tmp_path)
    assert len(answers) == len(REFUSED)
    faults: list[str] = []
    accepted = crashed = empty = 0
    for case, answer in zip(REFUSED, answers, strict=True):
        said = str(answer["stdout"])
        listed = json.loads(said)["problems"] if said.startswith("{") else []
        accepted += answer["code"] == 0
        crashed += answer["code"] not in (0, 3) or "Traceback" in str(answer["stderr"])
        empty += not listed
        told = {(p["code"], p["file"], p["row"] or 0) for p in listed}
        if answer["code"] != 3 or (case.code, case.file, case.row) not in told:
            faults.append(f"{case.name}: exit {answer['code']}, {sorted(told)}, {answer['stderr']}")
    slowest = max(float(answer["seconds"]) for answer in answers)
    largest = max(float(answer["megabytes"]) for answer in answers)
    refused = sum(answer["code"] == 3 for answer in answers)
    with capsys.disabled():
        print(
            f"\ncorpus: {refused} refused of {len(REFUSED)}, {accepted} accepted, {crashed} crashed, "
            f"{empty} empty lists, slowest {slowest:.2f} s, largest {largest:.0f} MB"
        )
    assert not faults, "\n".join(faults)
    assert (accepted, crashed, empty) == (0, 0, 0)
    late = {case.name: a["seconds"] for case, a in zip(REFUSED, answers, strict=True) if a["seconds"] > SECONDS}
    assert not late
    heavy = {case.name: a["megabytes"] for case, a in zip(REFUSED, answers, strict=True) if a["megabytes"] > MEGABYTES}
    assert not heavy


@pytest.mark.parametrize("name", ["B002 a Windows-1252 letter", "B037 a percent sign", "B102 a symbolic link"])
def test_the_command_line_says_in_words_what_is_wrong(name: str, tmp_path: Path):
    case = next(case for case in REFUSED if case.name == name)
    path = build(case, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "reshore", "check", str(path)], capture_output=True, text=True, encoding="utf-8",
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 3
    assert done.stdout.startswith("1 problem")
    problem = named(case, check_package(path)[1], "error")
    assert str(problem) in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_every_number_of_the_list_is_covered_or_explained():
    covered = {case.number for case in (*REFUSED, *ACCEPTED)}
    explained = set(re.findall(r"^\| (B\d{3}) ", README.read_text(encoding="utf-8"), re.MULTILINE))
    wanted = {f"B{number:03d}" for number in range(1, 115)}
    assert covered | explained == wanted
    assert not covered & explained
