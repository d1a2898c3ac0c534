"""Faults at random: what is accepted reads exactly as it is written, all else is refused with listed problems.

The oracle is a reader of its own: the ``csv`` module, ``float`` and the letters as they are. ``RESHORE_FUZZ`` sets how
many faults are tried.
"""

from __future__ import annotations

import csv
import io
import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reshore.countries import COUNTRIES
from reshore.data import DataPackage, check_package
from reshore.data import descriptor as descriptors
from reshore.data.schema import TABLES, table
from reshore.errors import Problem
from reshore.seeds import stream
from reshore.tables import MISSING, ROW, Table, check_table, read_cells
from tests.corpus.packages import Files, csv_of, folder, rows_of, zipped

TRIES = int(os.environ.get("RESHORE_FUZZ", "120"))
ALPHA3 = {country.alpha2: code for code, country in COUNTRIES.items()}

SMALL: Files = {
    "sources.csv": b"source,title,url,retrieved\ns,A survey,https://example.org/s,2026-01-05\n",
    "goods.csv": b"good,label,chain,step,step_order,kind,origin,unit,hs_codes,source,as_of,confidence,note\n"
    b'ore,"Ore, raw",m,Mine,0,material,primary,t,2530,s,2025-06,high,"said ""so""\nand more"\n',
    "supply.csv": b"good,supplier,share,share_low,share_high,market,basis,measure,coverage,year,source,confidence\n"
    b"ore,CHN,0.6,0.5,0.7,WLD,site,volume,partial,2024,s,high\nore,NOR,n/d,,,NO,site,volume,partial,2024,s,low\n",
}
WORDS = (
    "", " ", "x", "-1", "2", "0.5", "1e400", "nan", "true", "TRUE", "2025-01-01", "2025", "ore", "CHN", "NA", "n/d",
    "=1+1", "\x00", "a,b", 'a"b', "a\nb", "\u200b", "é", "e\u0301", "１", "t", "high", "complete", "https://example.org",
)  # fmt: skip


# The second reader ---------------------------------------------------------------------------------------------------


def plain_reading(name: str, data: bytes) -> list[tuple[tuple[str, object], ...]]:
    """What a file says: for each row the columns that say something."""
    text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    header, *body = csv.reader(io.StringIO(text, newline="\n"))
    rows = [dict(zip(header, row, strict=True)) for row in body if any(cell.strip() for cell in row)]
    return sorted(
        (tuple(sorted((key, plain_value(table(name), key, cell)) for key, cell in row.items())) for row in rows),
        key=repr,
    )


def plain_value(of: Table, name: str, cell: str) -> object:
    column = of.column(name)
    if column.labelled and cell in MISSING:
        return MISSING[cell]
    if cell == "":
        return None
    match column.kind:
        case "number":
            return float(cell) + 0.0
        case "integer" | "year":
            return int(cell)
        case "boolean":
            return {"true": True, "false": False}[cell]
        case "country":
            return ALPHA3.get(cell, cell)
        case "text":
            guarded = cell.startswith("'") and cell.lstrip("'")[:1] in tuple("=+-@\t\r\n＝＋－＠")
            return unicodedata.normalize("NFC", cell[1:] if guarded else cell)
        case _:
            return cell


def our_reading(package: DataPackage, name: str, data: bytes) -> list[tuple[tuple[str, object], ...]]:
    """What the package says in the columns that the file has."""
    header = next(csv.reader(io.StringIO(data.decode("utf-8-sig").replace("\r\n", "\n"), newline="\n")))
    labelled = {column.name for column in table(name).columns if column.labelled}

    def value(row: dict[str, object], key: str) -> object:
        return row[f"{key}_missing"] if key in labelled and row[key] is None else row[key]

    rows = package[name].to_dicts()
    return sorted((tuple(sorted((key, value(row, key)) for key in header)) for row in rows), key=repr)


def judge(package: DataPackage | None, problems: list[Problem], files: Files) -> str:
    """``refused`` or ``accepted``; fails when the answer is neither sound."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if package is None:
        assert errors, "refused without a word"
        assert all(p.code and p.place.file and p.found and p.expected and p.fix for p in errors)
        assert all(str(p).isprintable() for p in errors)
        return "refused"
    assert not errors
    for name in (known.name for known in TABLES):
        data = files.get(f"{name}.csv")
        if data is not None:
            ours, theirs = our_reading(package, name, data), plain_reading(name, data)
            blank_final = [tuple((k, False if k == "final" and v is None else v) for k, v in row) for row in theirs]
            assert ours == blank_final
    return "accepted"


# Faults ---------------------------------------------------------------------------------------------------------------


def spoiled(random: np.random.Generator, data: bytes) -> bytes:
    """`data` with one fault."""
    kind = random.integers(0, 8)
    if kind == 0:
        place = int(random.integers(0, len(data)))
        return data[:place] + bytes([data[place] ^ (1 << int(random.integers(0, 8)))]) + data[place + 1 :]
    if kind == 1:
        place = int(random.integers(0, len(data)))
        return data[:place] + bytes([int(random.integers(0, 256))]) + data[place + 1 :]
    if kind == 2:
        place = int(random.integers(0, len(data)))
        return data[:place] + data[place + 1 :]
    rows = rows_of(data)
    row = int(random.integers(0, len(rows)))
    one, other = (int(n) for n in random.integers(0, len(rows[0]), 2))
    if kind == 3:
        del rows[row][one]
    elif kind == 4:
        rows[row][one], rows[row][other] = rows[row][other], rows[row][one]
    elif kind == 5:
        rows.append(rows[row])
    else:
        rows[row][one] = WORDS[int(random.integers(0, len(WORDS)))]
    return csv_of(rows)


def test_single_faults_in_tables_are_refused_or_read_as_written(tmp_path: Path, capsys):
    counts = {"refused": 0, "accepted": 0}
    for number in range(TRIES):
        random = stream(4, "faults in packages", number)
        name = list(SMALL)[int(random.integers(0, len(SMALL)))]
        files = SMALL | {name: spoiled(random, SMALL[name])}
        counts[judge(*check_package(folder(files, tmp_path)), files)] += 1
    with capsys.disabled():
        print(f"\nfaults in packages: {counts['refused']} refused, {counts['accepted']} read as written, of {TRIES}")
    assert min(counts.values()) > TRIES / 20


@pytest.mark.parametrize("name", ["supply", "goods"])
def test_single_faults_in_one_table_are_refused_or_read_as_written(name: str):
    data = SMALL[f"{name}.csv"]
    for number in range(5 * TRIES):
        spoilt = spoiled(stream(5, f"faults in {name}", number), data)
        cells, problems = read_cells(f"{name}.csv", spoilt)
        if cells is None:
            assert any(p.severity == "error" for p in problems)
            continue
        frame, found = check_table(table(name), cells)
        if not any(p.severity == "error" for p in problems + found):
            package = DataPackage(None, {name: frame.drop(ROW)}, "")  # type: ignore[arg-type]  # only tables are read
            ours = our_reading(package, name, spoilt)
            assert ours == plain_reading(name, spoilt)


def described(files: Files) -> Files:
    """With a descriptor that names, sizes and signs each file."""
    import hashlib

    resources = [
        {"name": name[:-4], "path": name, "bytes": len(data), "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        for name, data in files.items()
    ]
    return files | {"datapackage.json": json.dumps({"name": "x", "resources": resources}).encode()}


@pytest.mark.parametrize("name", list(SMALL))
def test_a_table_cut_at_any_byte_is_refused_or_read_as_written(name: str, tmp_path: Path):
    others = {other: data for other, data in SMALL.items() if other != "supply.csv" or name == other}
    for length in range(len(SMALL[name])):
        files = others | {name: SMALL[name][:length]}
        judge(*check_package(folder(files, tmp_path)), files)


def test_a_signed_table_cut_at_any_byte_is_refused(tmp_path: Path):
    path = folder(described(SMALL), tmp_path)
    for length in range(0, len(SMALL["supply.csv"]), 3):
        (path / "supply.csv").write_bytes(SMALL["supply.csv"][:length])
        package, problems = check_package(path)
        assert package is None
        assert "changed-file" in {problem.code for problem in problems}


def test_a_descriptor_cut_at_any_byte_is_refused(tmp_path: Path):
    files = described(SMALL)
    path = folder(files, tmp_path)
    for length in range(len(files["datapackage.json"])):
        (path / "datapackage.json").write_bytes(files["datapackage.json"][:length])
        package, problems = check_package(path)
        assert package is None
        assert {problem.place.file for problem in problems} == {"datapackage.json"}


def test_an_archive_cut_at_any_byte_is_refused(tmp_path: Path):
    data = zipped(SMALL, tmp_path).read_bytes()
    path = tmp_path / "cut.zip"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        package, problems = check_package(path)
        assert package is None, length
        assert {problem.code for problem in problems} == {"broken-archive"}


def test_faults_in_a_descriptor_never_change_what_tables_say(tmp_path: Path):
    files = described(SMALL)
    path = folder(files, tmp_path)
    whole, _ = check_package(path)
    assert whole is not None
    for number in range(TRIES):
        random = stream(6, "faults in descriptors", number)
        data = bytearray(files["datapackage.json"])
        data[int(random.integers(0, len(data)))] = int(random.integers(32, 127))
        (path / "datapackage.json").write_bytes(data)
        package, problems = check_package(path)
        judge(package, problems, {})
        if package is not None:
            assert all(package[known.name].equals(whole[known.name]) for known in TABLES), data


def test_faults_in_an_archive_never_change_what_tables_say(tmp_path: Path):
    path = zipped(SMALL, tmp_path)
    data = path.read_bytes()
    whole, _ = check_package(path)
    assert whole is not None
    for number in range(2 * TRIES):
        random = stream(7, "faults in archives", number)
        spoilt = bytearray(data)
        spoilt[int(random.integers(0, len(data)))] = int(random.integers(0, 256))
        path.write_bytes(spoilt)
        package, problems = check_package(path)
        judge(package, problems, {})
        if package is not None:
            assert all(package[known.name].equals(whole[known.name]) for known in TABLES), number


# Bytes of any kind ---------------------------------------------------------------------------------------------------

ANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60).map(str.encode)
TABLE_WORDS = [b"good", b"ore", b",", b'"', b"\n", b"\r", b"\0", b"=", b"\xef\xbb\xbf"]
TABLE_BYTES = st.one_of(st.binary(max_size=200), TEXTS, st.lists(st.sampled_from(TABLE_WORDS)).map(b"".join))
KEYS = [
    "name",
    "title",
    "description",
    "version",
    "licenses",
    "resources",
    "path",
    "bytes",
    "hash",
    "schema",
    "missingValues",
    "value",
    "label",
    "reshore:schema",
    "reshore:price_year",
]
JSON_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON_VALUES = st.recursive(
    JSON_LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)
JSON_BYTES = st.one_of(st.binary(max_size=200), TEXTS, JSON_VALUES.map(lambda value: json.dumps(value).encode()))


@ANY
@given(TABLE_BYTES)
def test_any_bytes_for_a_table_are_refused_or_read(data: bytes):
    cells, problems = read_cells("goods.csv", data)
    assert cells is not None or any(problem.severity == "error" for problem in problems)
    if cells is not None:
        _, found = check_table(table("goods"), cells)
        assert all(str(problem).isprintable() for problem in problems + found)


@ANY
@given(JSON_BYTES)
def test_any_bytes_for_a_descriptor_are_refused_or_read(data: bytes):
    value, problems = descriptors.read_json(data)
    if value is None:
        assert problems
        return
    about, found = descriptors.about(value, descriptors.About("x"))
    _, more = descriptors.resources(value, ["goods.csv"])
    assert about.name
    assert all(str(problem).isprintable() for problem in found + more)


@ANY
@given(JSON_BYTES)
def test_any_descriptor_in_a_folder_is_refused_or_read(tmp_path: Path, data: bytes):
    judge(*check_package(folder({"datapackage.json": data, "goods.csv": b"good\n"}, tmp_path)), {})


@ANY
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_for_an_archive_are_refused(tmp_path: Path, data: bytes, with_mark: bool):
    path = tmp_path / "any.zip"
    path.write_bytes((b"PK\x03\x04" if with_mark else b"") + data)
    package, problems = check_package(path)
    assert package is None
    assert problems


@ANY
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_for_a_parquet_file_are_refused(tmp_path: Path, data: bytes, with_mark: bool):
    files = SMALL | {"demand.parquet": b"PAR1" + data + b"PAR1" if with_mark else data}
    files.pop("supply.csv")
    package, problems = check_package(folder(files, tmp_path))
    assert package is None
    assert "demand.parquet" in {problem.place.file for problem in problems}
