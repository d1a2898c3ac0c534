"""Samples with changed files: rows in another order, columns left out, bytes cut off."""

from __future__ import annotations

import codecs
import csv
import io
import json
import random
from pathlib import Path

from reshore.data import DataPackage
from reshore.importers import IMPORTERS, import_package

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def import_sample(name: str, path: Path | None = None) -> DataPackage:
    """The package that the importer called `name` makes of its sample, or of what is at `path`."""
    importer = next(importer for importer in IMPORTERS if importer.name == name)
    return import_package(importer, path or SAMPLES / name)


def table_rows(data: bytes) -> tuple[list[list[str]], str]:
    """Records of a CSV file and its encoding."""
    encoding = "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = data.decode(encoding)
    return list(csv.reader(io.StringIO(text, newline=""))), encoding


def table_bytes(rows: list[list[str]], encoding: str) -> bytes:
    """Records as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(encoding)


def shuffled(data: bytes, name: str, seed: int) -> bytes:
    """A file with its rows, or the items of its array, in another order."""
    order = random.Random(seed)
    if name.endswith(".json"):
        values = json.loads(data)
        order.shuffle(values)
        return json.dumps(values).encode()
    rows, encoding = table_rows(data)
    body = rows[1:]
    order.shuffle(body)
    return table_bytes([rows[0], *body], encoding)


def note_counts(package: DataPackage) -> dict[str, int]:
    """How many notes of each kind."""
    counts: dict[str, int] = {}
    for note in package.notes:
        counts[note.code] = counts.get(note.code, 0) + 1
    return counts


def accounts(package: DataPackage) -> dict[str, tuple[int, int, int, int]]:
    """Rows read, kept, merged and dropped, by file, as the notes tell them."""
    found = {}
    for note in package.notes:
        if note.code == "rows-accounted":
            numbers = [int(word.replace(",", "")) for word in note.found.split() if word[0].isdigit()]
            found[Path(note.place.file).name] = (numbers[0], numbers[1], numbers[2], numbers[3])
    return found
