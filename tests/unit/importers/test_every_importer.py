"""What every importer keeps: nothing in silence, the same bytes for the same rows, and a word for everything wrong."""

from __future__ import annotations

import contextlib
import csv
import json
import random
import zipfile

import pytest

from reshore.data import check_package, package_files, write_package
from reshore.errors import FilesError, InputError
from reshore.importers import IMPORTERS
from reshore.tables import ROW
from tests.unit.importers.changed import (
    SAMPLES,
    accounts,
    import_sample,
    note_counts,
    shuffled,
    table_bytes,
    table_rows,
)

NAMES = [importer.name for importer in IMPORTERS]
each = pytest.mark.parametrize("name", NAMES)


def copied(name, folder):
    """The files of a sample in a folder of their own."""
    target = folder / name
    target.mkdir()
    for file in sorted((SAMPLES / name).iterdir()):
        (target / file.name).write_bytes(file.read_bytes())
    return target


@each
def test_there_is_a_sample_of_about_twenty_rows(name):
    sizes = [
        len(json.loads(file.read_bytes())) if file.suffix == ".json" else len(table_rows(file.read_bytes())[0]) - 1
        for file in (SAMPLES / name).iterdir()
    ]
    assert 15 <= sum(sizes) <= 60


@each
def test_every_row_read_is_kept_merged_or_dropped_and_the_last_two_have_notes(name):
    package = import_sample(name)
    told = accounts(package)
    assert told
    for file in (SAMPLES / name).iterdir():
        data = file.read_bytes()
        rows = len(json.loads(data)) if file.suffix == ".json" else len(table_rows(data)[0]) - 1
        read, kept, merged, dropped = told[file.name]
        assert read == rows
        assert read == kept + merged + dropped
    lost = sum(merged + dropped for _, _, merged, dropped in told.values())
    assert lost <= sum(count for code, count in note_counts(package).items() if code != "rows-accounted")


@each
def test_the_same_bytes_give_the_same_files_and_the_same_notes(name):
    first, second = import_sample(name), import_sample(name)
    assert package_files(first) == package_files(second)
    assert first.notes == second.notes


@each
@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_carries_no_meaning(name, seed, tmp_path):
    folder = copied(name, tmp_path)
    for number, file in enumerate(sorted(folder.iterdir())):
        file.write_bytes(shuffled(file.read_bytes(), file.name, 10 * seed + number))
    package, whole = import_sample(name, folder), import_sample(name)
    assert package.digest == whole.digest
    assert note_counts(package) == note_counts(whole)


@each
def test_what_was_imported_passes_the_door_again(name, tmp_path):
    package = import_sample(name)
    write_package(package, tmp_path / "made")
    again, problems = check_package(tmp_path / "made")
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    assert again is not None
    assert again.digest == package.digest


@each
def test_an_archive_of_the_files_is_read_like_the_folder(name, tmp_path):
    archive = tmp_path / "sample.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for file in sorted((SAMPLES / name).iterdir()):
            made.write(file, f"data/{file.name}")
    assert import_sample(name, archive).digest == import_sample(name).digest


@each
def test_every_note_says_what_to_do_and_sits_somewhere(name):
    for note in import_sample(name).notes:
        assert note.severity == "note"
        assert all((note.code, note.place.file, note.found, note.expected, note.fix))


WRONG = {
    "web page": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
    "nothing": b"",
    "zeros": b"\0" * 64,
    "other table": b"a,b,c\n1,2,3\n",
    "open quote": b'a,b\n"1,2\n',
    "other json": b'{"a": 1, "a": 2}',
}


@each
@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_refused_with_reasons(name, kind, tmp_path):
    file = tmp_path / ("statements.json" if name == "bods" else "data.csv")
    file.write_bytes(WRONG[kind])
    with pytest.raises(InputError) as caught:
        import_sample(name, file)
    assert caught.value.problems
    assert all(problem.severity == "error" and problem.fix for problem in caught.value.problems)


@each
def test_an_empty_folder_is_refused_and_a_missing_one_is_not_there(name, tmp_path):
    with pytest.raises(InputError, match="missing-file"):
        import_sample(name, tmp_path)
    with pytest.raises(FilesError):
        import_sample(name, tmp_path / "nowhere")


@each
def test_a_damaged_file_is_refused_or_read_but_never_crashes(name, tmp_path):
    folder = copied(name, tmp_path)
    order = random.Random(7)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for _ in range(12):
            place = order.randrange(1, len(whole))
            for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :]):
                file.write_bytes(data)
                with contextlib.suppress(InputError):
                    import_sample(name, folder)
        file.write_bytes(whole)


ODD = ["", "NaN", "-1", "1e999", "²", "９", "\u202e", "=1+1", '"', "2025-02-30", "W", "—", "<½", "a;b", "\xa0", "true"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bods"])
def test_odd_cells_are_refused_or_read_but_never_crash(name, tmp_path):
    folder = copied(name, tmp_path)
    order = random.Random(11)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for _ in range(6):
            rows, _ = table_rows(whole)
            for _ in range(3):
                row = order.choice(rows[1:])
                row[order.randrange(len(row))] = order.choice([*ODD, order.choice(order.choice(rows))])
            file.write_bytes(table_bytes(rows, "utf-8"))
            with contextlib.suppress(InputError):
                import_sample(name, folder)
        file.write_bytes(whole)


def test_a_row_of_figures_that_stands_twice_is_told_for_each_figure(tmp_path):
    folder = copied("usgs", tmp_path)
    file = folder / "MCS2025_World_Data.csv"
    rows, encoding = table_rows(file.read_bytes())
    file.write_bytes(table_bytes([*rows, rows[2], rows[9]], encoding))
    package, whole = import_sample("usgs", folder), import_sample("usgs")
    assert package["indicators"].equals(whole["indicators"])
    assert accounts(package)[file.name][0] == accounts(whole)[file.name][0] + 2


@pytest.mark.parametrize("name", [name for name in NAMES if name != "bods"])
def test_a_file_without_one_of_its_columns_is_refused_by_name_or_does_without(name, tmp_path):
    folder = copied(name, tmp_path)
    found = {}
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        rows, encoding = table_rows(whole)
        for place, heading in enumerate(rows[0]):
            file.write_bytes(table_bytes([row[:place] + row[place + 1 :] for row in rows], encoding))
            try:
                import_sample(name, folder)
            except InputError as error:
                found[heading] = {problem.code for problem in error.problems}
        file.write_bytes(whole)
    assert found
    for heading, codes in found.items():
        assert codes <= {"missing-column", "missing-file"}, heading


@each
def test_two_wrong_things_are_told_at_once(name, tmp_path):
    folder = copied(name, tmp_path)
    file = sorted(folder.iterdir())[0]
    if name == "bods":
        values = json.loads(file.read_bytes())
        values[0]["recordType"] = "thing"
        values[1]["publicationDetails"]["bodsVersion"] = "0.2"
        file.write_bytes(json.dumps(values).encode())
        expected = {"bad-statement", "wrong-version"}
    else:
        required = {
            "eto": ("input_name", "type"),
            "usgs": ("COUNTRY", "TYPE"),
            "baci": ("v", "q"),
            "usaspending": ("awarding_agency_name", "recipient_name"),
            "sbir": ("Agency", "Phase"),
            "entities": ("schema", "name"),
        }[name]
        rows, encoding = table_rows(file.read_bytes())
        rows[0] = [f"not {heading}" if heading in required else heading for heading in rows[0]]
        file.write_bytes(table_bytes(rows, encoding))
        folder = folder if name == "eto" else file
        expected = {"missing-column"}
    with pytest.raises(InputError) as caught:
        import_sample(name, folder)
    assert {problem.code for problem in caught.value.problems} == expected
    assert len(caught.value.problems) == 2


def test_no_cell_of_a_package_is_a_row_number():
    for name in NAMES:
        assert all(ROW not in frame.columns for frame in import_sample(name).tables.values())


def test_samples_are_read_as_text_by_anyone():
    for file in SAMPLES.rglob("*.csv"):
        rows, _ = table_rows(file.read_bytes())
        assert all(len(row) == len(rows[0]) for row in rows), file
    assert csv.field_size_limit() > 0
