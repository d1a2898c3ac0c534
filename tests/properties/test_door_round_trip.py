"""Packages that are sound by construction: written, read and written again, they are the same bytes."""

from __future__ import annotations

import csv
import datetime
import io
import string
import unicodedata
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reshore.countries import COUNTRIES
from reshore.data import build_package, package_files, read_package, write_package
from reshore.data.schema import MEASURES, ORGANIZATIONS, SUPPLY, TRADE, table
from reshore.tables import Column

MANY = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LETTERS = st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u115f\u1160\u3164\uffa0")
FORMULAS = st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "'=1", "''@x", "＝1", '="a"', "'", "a,b", 'a"b', "NA", "None", "1e5"]
)
TEXTS = (st.text(LETTERS, min_size=1, max_size=12) | FORMULAS).map(
    lambda text: unicodedata.normalize("NFC", text.strip())
)
KEYS = st.text(string.ascii_lowercase, min_size=1, max_size=6)
DATES = st.dates(datetime.date(1990, 1, 1), datetime.date(2025, 12, 31))


def numbers(column: Column) -> st.SearchStrategy[float]:
    low = column.low if column.low is not None else -1e12
    high = column.high if column.high is not None else 1e12
    if column.unit is not None and column.unit.dimension == "money":
        return st.integers(int(low), int(high)).map(lambda cents: cents / 100)
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


def values(column: Column) -> st.SearchStrategy[object]:
    """Sound values of a column of any kind that stands alone."""
    match column.kind:
        case "text":
            lines = st.lists(TEXTS.filter(bool), min_size=1, max_size=2).map("\n".join) if column.multiline else TEXTS
            found: st.SearchStrategy[Any] = lines.filter(lambda text: text == text.strip() != "")
        case "number":
            found = numbers(column)
        case "integer" | "year":
            found = st.integers(1900, 2100)
        case "boolean":
            found = st.booleans()
        case "date" | "period":
            found = DATES.map(str) if column.kind == "date" else st.sampled_from(["2024", "2024-02", "2024-02-29"])
        case "category":
            found = st.sampled_from(sorted(column.choices))
        case "country":
            found = st.sampled_from(sorted(COUNTRIES))
        case "id":
            found = KEYS.map(lambda key: f"k-{key}")
        case kind:
            raise AssertionError(kind)
    if column.labelled:
        found |= st.sampled_from(["", "n/d", "neg"])
    elif column.absent is not None:
        found |= st.none()
    return found


@st.composite
def rows(draw: st.DrawFn, name: str, fixed: dict[str, st.SearchStrategy[object]]) -> list[dict[str, object]]:
    """Rows of a table; `fixed` says how columns are filled that have to agree with others."""
    found: dict[tuple[object, ...], dict[str, object]] = {}
    of = table(name)
    for _ in range(draw(st.integers(1, 3))):
        row: dict[str, object] = {}
        for column in of.columns:
            if column.name in fixed:
                row[column.name] = draw(fixed[column.name])
                continue
            if column.refers:
                row[column.name] = None
                continue
            row[column.name] = draw(values(column))
            if column.interval and draw(st.booleans()):
                low, high = sorted(draw(st.tuples(numbers(column), numbers(column))))
                row |= {f"{column.name}_low": low, f"{column.name}_high": high}
                row[column.name] = draw(st.sampled_from([low, high, (low + high) / 2, ""]))
                if column.unit is not None and column.unit.dimension == "money" and row[column.name]:
                    row[column.name] = low
        found[tuple(str(row[key]) for key in of.key)] = row
    return list(found.values())


@st.composite
def packages(draw: st.DrawFn) -> dict[str, list[dict[str, object]]]:
    """Rows of a whole package, by table."""
    fact = {"source": st.just("s"), "as_of": st.just("2024")}
    organizations = draw(rows(ORGANIZATIONS.name, fact | {"lei": st.none(), "uei": st.none()}))
    firm = st.sampled_from([row["organization"] for row in organizations])
    good = {
        "good": "ore", "chain": "c", "step": "Mine", "step_order": 0, "kind": "material", "origin": "primary",
        "unit": "t", "label": draw(values(table("goods").column("label"))),
        "note": draw(values(table("goods").column("note"))),
        "final": draw(st.booleans()), "hs_codes": draw(st.sampled_from([None, "010121", "2530;850511"])),
        "source": "s", "confidence": "high",
    }  # fmt: skip
    here = fact | {"good": st.just("ore")}
    share = st.one_of(st.floats(0, 0.3), st.sampled_from(["", "n/d", "neg"]))
    supply = here | {
        "supplier": firm | st.sampled_from(["CHN", "XX-ROW"]), "share": share, "unit": st.just("t"),
        "coverage": st.just("partial"),
    }  # fmt: skip
    return {
        "sources": [{"source": "s", "title": draw(values(table("sources").column("title"))), "retrieved": "2026"}],
        "goods": [good],
        "organizations": organizations,
        "supply": draw(rows(SUPPLY.name, supply)),
        "trade": draw(rows(TRADE.name, here)),
        "measures": draw(rows(MEASURES.name, fact | {"organization": firm})),
    }


@MANY
@given(packages(), st.randoms(use_true_random=False))
def test_written_read_and_written_again_is_the_same_bytes(tmp_path: Path, given_rows: Any, random: Any):
    package = build_package(given_rows, "generated", price_year=2025, version="1.0")
    for form in ("csv", "parquet"):
        files = package_files(package, form)
        folder = tmp_path / form
        for old in folder.glob("*"):
            old.unlink()
        write_package(package, folder, form)
        again = read_package(folder)
        assert again.digest == package.digest
        assert again.about == package.about
        assert package_files(again, form) == files
        assert all(again[name].equals(package[name]) for name in package.tables)
    for table_rows in given_rows.values():
        random.shuffle(table_rows)
    assert build_package(given_rows, "generated", price_year=2025).digest == package.digest
    frames = {name: package[name] for name in given_rows}
    assert build_package(frames, "frames", price_year=2025).digest == package.digest


@MANY
@given(packages())
def test_no_cell_that_is_written_is_a_formula_and_no_text_is_lost(given_rows: Any):
    package = build_package(given_rows, "generated", price_year=2025)
    for name, data in package_files(package).items():
        if not name.endswith(".csv"):
            continue
        of = table(name[:-4])
        texts = {column.name for column in of.file_columns if column.kind == "text"}
        for row in csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")):
            for key in texts:
                assert not row[key].startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    said = {row["label"] for row in given_rows["organizations"]}
    assert set(package["organizations"]["label"]) == said
    assert package["organizations"].schema["label"] == pl.String
