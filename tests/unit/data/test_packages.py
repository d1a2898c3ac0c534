"""Packages in and out: descriptors by the rules of Data Package v2, archives, places that cannot be read or written."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from reshore.data import About, archive, build_package, check_package, package_files, read_package, write_package
from reshore.data.diff import diff_packages
from reshore.errors import FilesError, InputError, Place, Problem, limited, shown
from tests.corpus.packages import described, descriptor, file, folder, good, zipped
from tests.small import rows, small_package

TYPES = {"string", "number", "integer", "boolean", "date", "year"}
BOUNDED = {"number", "integer", "date", "year"}


def assert_follows_data_package_v2(files: dict[str, bytes]) -> None:
    """The rules of the Data Package and Table Schema specifications, version 2.0, that apply to what we write."""
    package = json.loads(files["datapackage.json"])
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert re.fullmatch(r"[a-z0-9._-]+", package["name"])
    assert package["resources"]
    names = [resource["name"] for resource in package["resources"]]
    assert len(names) == len(set(names))
    fields_of = {r["name"]: [field["name"] for field in r["schema"]["fields"]] for r in package["resources"]}
    for resource in package["resources"]:
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        assert resource["type"] == "table"
        path = resource["path"]
        assert not path.startswith(("/", "http"))
        assert ".." not in path.split("/")
        assert resource["bytes"] == len(files[path])
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", resource["hash"])
        assert_is_table_schema(resource["schema"], resource["name"], fields_of)
        if resource["format"] == "csv":
            header = next(csv.reader(io.StringIO(files[path].decode())))
            assert header == fields_of[resource["name"]]


def assert_is_table_schema(schema: dict[str, Any], name: str, fields_of: dict[str, list[str]]) -> None:
    own = fields_of[name]
    assert len(own) == len(set(own))
    for field in schema["fields"]:
        assert field["type"] in TYPES
        limits = set(field.get("constraints", {}))
        assert limits <= {"required", "minimum", "maximum"}
        assert not limits & {"minimum", "maximum"} or field["type"] in BOUNDED
        if "categories" in field:
            assert field["type"] in {"string", "integer"}
            words = [category["value"] for category in field["categories"]]
            assert len(words) == len(set(words))
    missing = [entry["value"] for entry in schema["missingValues"]]
    assert len(missing) == len(set(missing))
    assert set(schema.get("primaryKey", [])) <= set(own)
    for key in schema.get("foreignKeys", []):
        other = key["reference"].get("resource", name)
        assert other != name or "resource" not in key["reference"]
        assert other in fields_of
        assert set(key["fields"]) <= set(own)
        assert set(key["reference"]["fields"]) <= set(fields_of[other])
        assert len(key["fields"]) == len(key["reference"]["fields"])


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_written_follows_the_rules_of_data_package_v2(form: Any):
    assert_follows_data_package_v2(package_files(small_package(), form))
    assert_follows_data_package_v2(package_files(build_package({"sources": rows()["sources"]}, "alone"), form))


def test_the_descriptor_keeps_what_the_package_says_of_itself(tmp_path: Path):
    package = build_package(
        rows(), "x", "A title", version="1.2", description="Two\nlines", licence="CC0-1.0", price_year=2024
    )
    write_package(package, tmp_path / "x")
    assert read_package(tmp_path / "x").about == About("x", "A title", "1.2", "Two\nlines", "CC0-1.0", 2024)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "../x"}, "bad-name"),
        ({"title": 5}, "not-text"),
        ({"title": "a\x1b[31m"}, "control-character"),
        ({"reshore:price_year": 20240}, "bad-year"),
        ({"reshore:price_year": True}, "bad-year"),
        ({"reshore:schema": "1"}, "newer-schema"),
    ],
)
def test_a_descriptor_that_says_nonsense_is_refused(change: dict[str, Any], code: str, tmp_path: Path):
    files = good()
    descriptor(lambda value: value.update(change))(files)
    _, problems = check_package(folder(files, tmp_path))
    assert code in [problem.code for problem in problems]


def test_labels_of_missing_numbers_are_translated(tmp_path: Path):
    files = good()
    labels = [{"value": "..", "label": "withheld"}, {"value": "-", "label": "unknown"}, ""]
    descriptor(lambda value: value["resources"][5]["schema"].update(missingValues=labels))(files)
    value = json.loads(files["datapackage.json"])
    del value["resources"][5]["bytes"], value["resources"][5]["hash"]
    files["datapackage.json"] = json.dumps(value).encode()
    files["supply.csv"] = files["supply.csv"].replace(b"magnet,CHN,0.9", b"magnet,CHN,..")
    package, problems = check_package(folder(files, tmp_path))
    assert package is not None, problems
    assert package["supply"]["share_missing"].to_list()[0] == "withheld"


def test_a_label_that_means_something_else_here_is_refused(tmp_path: Path):
    files = good()
    labels = [{"value": "n/d", "label": "negligible"}]
    descriptor(lambda value: value["resources"][5]["schema"].update(missingValues=labels))(files)
    _, problems = check_package(folder(files, tmp_path))
    assert "unknown-word" in [problem.code for problem in problems]


def test_a_folder_a_descriptor_and_an_archive_are_the_same_package(tmp_path: Path):
    path = folder(described(), tmp_path)
    digests = {read_package(p).digest for p in (path, path / "datapackage.json", zipped(described(), tmp_path))}
    assert len(digests) == 1


def test_hidden_files_and_those_of_operating_systems_are_passed_over(tmp_path: Path):
    files = good() | {".DS_Store": b"x", "__MACOSX/._goods.csv": b"x", ".git/config.csv": b"x"}
    for path in (folder(files, tmp_path), zipped(files, tmp_path)):
        package, problems = check_package(path)
        assert package is not None
        assert [problem.code for problem in problems] == ["no-descriptor"]


def test_an_archive_is_inflated_no_further_than_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "MAX_TOTAL", 2_000)
    files = good()
    file("more.txt", b"".join(bytes([n % 251]) for n in range(1_500)))(files)
    _, problems = check_package(zipped(files, tmp_path))
    assert [problem.code for problem in problems] == ["zip-bomb"]


def test_an_archive_entry_is_never_written_anywhere(tmp_path: Path):
    path = tmp_path / "in" / "x.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("../../outside.csv", "x")
    check_package(path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["in", "x.zip"]


def test_a_path_that_is_not_there_is_a_matter_of_files_and_not_of_data(tmp_path: Path):
    with pytest.raises(FilesError, match="nowhere does not exist"):
        read_package(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FilesError, match="cannot write"):
        write_package(small_package(), tmp_path / "taken")


def test_a_package_from_a_program_lists_every_problem():
    with pytest.raises(InputError) as refused:
        build_package({"goods": [{"good": "a b"}], "god": []}, "x")
    assert {"unknown-table", "missing-table", "bad-id", "missing-column"} <= {p.code for p in refused.value.problems}


def test_the_digest_is_of_the_content_and_the_price_year_alone():
    package = build_package(rows(), "x", price_year=2025)
    assert build_package(rows(), "y", "Another title", price_year=2025).digest == package.digest
    assert build_package(rows(), "x", price_year=2024).digest != package.digest
    changed = rows(supply=[row | ({"share": 0.61} if row.get("share") == 0.6 else {}) for row in rows()["supply"]])
    assert build_package(changed, "x", price_year=2025).digest != package.digest


def test_a_difference_is_named_by_table_row_and_column():
    after = [{**row, "step": "Quarry"} if row["good"] == "ore" else row for row in rows()["goods"]]
    found = diff_packages(small_package(), small_package(goods=after, stakes=rows()["stakes"][:1]))
    assert found.rows() == [
        ("goods", "ore", "step", "changed", "Mine", "Quarry"),
        ("stakes", "holding | film-maker | 2020 | survey", None, "removed", None, None),
    ]


# Problems ------------------------------------------------------------------------------------------------------------


def problem(row: int = 2, code: str = "x", file: str = "a.csv") -> Problem:
    return Problem(code, Place(file, row, "c"), "found", "expected", "fix")


def test_a_problem_says_place_found_expected_and_fix_in_one_line():
    assert str(problem()) == "x  a.csv, row 2, column c: found found; expected expected; fix: fix"


def test_what_is_shown_is_short_and_safe():
    assert shown("a\x1b[31m\u202e\n") == "a\\x1b[31m\\u202e\\n"
    assert len(shown("x" * 1_000_000)) == 80
    assert shown("x" * 81).endswith("…")


def test_an_error_lists_its_problems_in_order_once_and_counts_them_first():
    error = InputError([problem(3), problem(2), problem(3), problem(9, file="A.csv")])
    assert [p.place.row for p in error.problems] == [9, 2, 3]
    assert str(error).splitlines()[0] == "3 problems"
    long = InputError([problem(n) for n in range(500)])
    assert long.report().splitlines()[0] == "500 problems"
    assert long.report().splitlines()[-1] == "… and 300 more"


def test_an_error_without_problems_cannot_be_made():
    with pytest.raises(AssertionError):
        InputError([])


def test_a_limited_list_keeps_each_kind_and_counts_what_it_leaves_out():
    found = limited([problem(n) for n in range(5)] + [problem(7, "y")], most=3)
    assert [(p.code, p.place.row) for p in found] == [("x", 0), ("x", 1), ("x", 2), ("y", 7), ("more-problems", 3)]
    assert found[-1].found == "2 more of the kind x, from here on"
