"""Good packages written differently are the same package: 300 variants, none refused, one digest."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import polars as pl

from reshore.data import check_package
from reshore.data.schema import table
from reshore.seeds import stream
from tests.corpus.packages import TABLES, Files, descriptor, folder, good, rows_of, zipped

COUNT = 300
SPELLINGS = {"0.6": "6e-1", "0.9": "0.90", "6000": "6000.0", "NAM": "NA", "JPN": "JP", "false": ""}
"""Other texts for the same value."""


def shuffled(random: np.random.Generator, rows: list[list[str]]) -> list[list[str]]:
    header, *body = rows
    body = [body[place] for place in random.permutation(len(body))]
    order = random.permutation(len(header))
    return [[row[place] for place in order] for row in [header, *body]]


def respelled(random: np.random.Generator, rows: list[list[str]]) -> list[list[str]]:
    return [[SPELLINGS.get(cell, cell) if random.random() < 0.5 else cell for cell in row] for row in rows]


def with_blank_columns(random: np.random.Generator, name: str, rows: list[list[str]]) -> list[list[str]]:
    """Optional columns of the table, all empty."""
    unused = sorted(table(name).optional - set(rows[0]))
    extra = [unused[place] for place in random.permutation(len(unused))[: random.integers(0, 4)]]
    return [rows[0] + extra, *(row + [""] * len(extra) for row in rows[1:])]


def as_csv(random: np.random.Generator, rows: list[list[str]]) -> bytes:
    always = random.random() < 0.5
    newline = "\r\n" if random.random() < 0.5 else "\n"
    lines = [
        ",".join('"' + cell.replace('"', '""') + '"' if always or '"' in cell or "," in cell else cell for cell in row)
        for row in rows
    ]
    ends = (newline, "", newline * 3, newline + "," * (len(rows[0]) - 1) + newline)
    text = newline.join(lines) + ends[random.integers(0, len(ends))]
    return (b"\xef\xbb\xbf" if random.random() < 0.3 else b"") + text.encode()


def as_parquet(random: np.random.Generator, name: str, rows: list[list[str]]) -> bytes:
    """The table with texts, or with numbers as numbers and truth values as truth values."""
    frame = pl.DataFrame([dict(zip(rows[0], row, strict=True)) for row in rows[1:]])
    if random.random() < 0.7:
        kinds = {column.name: column.kind for column in table(name).file_columns}
        typed = {"number": pl.Float64, "integer": pl.Int64, "year": pl.Int32, "boolean": pl.Boolean}
        for column in frame.columns:
            values = frame[column].replace("", None)
            if kinds[column] == "boolean":
                values = values.replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
            elif kinds[column] in typed:
                values = values.cast(pl.Float64).cast(typed[kinds[column]])
            frame = frame.with_columns(values.alias(column))
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def variant(number: int, place: Path) -> Path:
    random = stream(20260, "variants of a package", number)
    files: Files = {}
    for name in TABLES:
        rows = rows_of(good()[f"{name}.csv"])
        rows = with_blank_columns(random, name, shuffled(random, respelled(random, rows)))
        if random.random() < 0.25:
            files[f"{name}.parquet"] = as_parquet(random, name, rows)
        else:
            files[f"{name}.csv"] = as_csv(random, rows)
    style = random.integers(0, 3)
    if style == 1:
        resources = [{"name": file.split(".")[0], "path": file} for file in files]
        files["datapackage.json"] = json.dumps({"name": "variant", "resources": resources}).encode()
    if random.random() < 0.2:
        files["README.md"] = b"what it is"
    if style == 2:
        return zipped({f"package/{name}": data for name, data in files.items()}, place)
    return folder(files, place)


def test_variants_of_one_package_are_not_refused_and_have_one_digest(tmp_path: Path, capsys):
    expected, _ = check_package(folder(good(), tmp_path))
    assert expected is not None
    refused, different = [], []
    for number in range(COUNT):
        place = tmp_path / str(number)
        place.mkdir()
        package, problems = check_package(variant(number, place))
        if package is None:
            refused.append((number, [str(p) for p in problems if p.severity == "error"]))
        elif package.digest != expected.digest:
            different.append(number)
    with capsys.disabled():
        print(f"\nvariants: {len(refused)} of {COUNT} refused, {len(different)} read differently")
    assert not refused
    assert not different


def test_a_package_with_and_without_its_descriptor_is_the_same(tmp_path: Path):
    files = good()
    descriptor()(files)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, _ = check_package(folder(good(), tmp_path / "a"))
    second, notes = check_package(folder(files, tmp_path / "b"))
    assert first is not None
    assert second is not None
    assert first.digest == second.digest
    assert not notes
