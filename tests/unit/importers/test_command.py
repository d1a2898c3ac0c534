"""``reshore import`` on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from reshore.cli.import_ import command
from reshore.data import read_package
from reshore.errors import FilesError, InputError
from reshore.importers import IMPORTERS
from tests.unit.importers.changed import SAMPLES


def run(*words):
    return CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False, standalone_mode=False)


def test_every_importer_is_listed_with_its_terms():
    lines = CliRunner().invoke(command, ["--list"], catch_exceptions=False).output
    for importer in IMPORTERS:
        assert f"{importer.name:12}" in lines
        assert importer.licence in lines


def test_an_import_writes_a_package_and_says_what_became_of_the_rows(tmp_path):
    result = run("baci", SAMPLES / "baci", "-o", tmp_path / "trade")
    assert result.return_value == 0
    assert "20 rows: 20 kept, 0 merged, 0 dropped" in result.output
    assert "lost-zero" in result.output
    assert "next: reshore check" in result.output
    assert read_package(tmp_path / "trade")["trade"].height == 20


def test_only_the_first_note_of_each_kind_is_shown_unless_all_are_asked_for(tmp_path):
    short = run("eto", SAMPLES / "eto", "-o", tmp_path / "a").output
    full = run("eto", SAMPLES / "eto", "-o", tmp_path / "b", "--all").output
    assert short.count("  placeholder  ") == 1
    assert full.count("  placeholder  ") == 2
    assert "--all shows all" in short


def test_json_has_every_note(tmp_path):
    answer = json.loads(run("bods", SAMPLES / "bods", "-o", tmp_path / "owners", "--json").stdout)
    assert answer["command"] == "import"
    assert {"superseded", "told-by-components"} <= {problem["code"] for problem in answer["problems"]}


def test_wrong_files_and_taken_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="missing-file"):
        run("usgs", SAMPLES / "bods", "-o", tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FilesError):
        run("usgs", SAMPLES / "usgs", "-o", tmp_path / "b")


def test_a_wrong_name_gets_the_nearest_one():
    result = CliRunner().invoke(command, ["uspending", "x", "-o", "y"])
    assert result.exit_code == 2
    assert "usaspending" in result.output
