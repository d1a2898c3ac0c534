"""The Mineral Commodity Summaries of 2026 as released: every row accounted for, figures as the publication prints them.

Expected numbers are those of the printed summaries (gallium, graphite, rare earths, tungsten …, U.S. Geological Survey
2026), and counts come from a second reading of the file with the csv module.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from pathlib import Path

import polars as pl
import pytest

from reshore.data import read_package
from reshore.importers import IMPORTERS, import_package

ROOT = Path(__file__).resolve().parents[2]
USGS = next(importer for importer in IMPORTERS if importer.name == "usgs")
ROWS = 8_886


@pytest.fixture(scope="module")
def folder(request):
    return request.getfixturevalue("shared_data") / "usgs_mcs2026"


@pytest.fixture(scope="module")
def package(folder):
    return import_package(USGS, folder / "MCS2026_Commodities_Data.csv")


@pytest.fixture(scope="module")
def rows(folder):
    text = (folder / "MCS2026_Commodities_Data.csv").read_bytes().decode("cp1252")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def notes(package, code):
    return [note for note in package.notes if note.code == code]


def told(package, code):
    """How many cells a counted note stands for."""
    counts = [re.match(r"([\d,]+) such cells", note.found) for note in notes(package, code)]
    return sum(int(count[1].replace(",", "")) if count else 1 for count in counts)


def world_shares(package, good, year=2025):
    frame = package["supply"].filter((pl.col("good") == good) & (pl.col("market") == "WLD") & (pl.col("year") == year))
    return {row["supplier"]: row for row in frame.iter_rows(named=True)}


def reliance(package, good, year, detail=""):
    frame = package["indicators"].filter(
        (pl.col("good") == good)
        & (pl.col("indicator") == "net import reliance")
        & (pl.col("period") == str(year))
        & pl.col("detail").str.contains(detail, literal=True)
    )
    return frame.row(0, named=True)


def test_every_one_of_the_8886_rows_is_kept_merged_or_dropped_with_a_note(package, rows):
    assert len(rows) == ROWS
    imported = package["indicators"].height + package["supply"].filter(pl.col("basis") == "origin").height
    dropped = len(notes(package, "not-applicable"))
    merged = len(notes(package, "duplicate-row"))
    assert (imported, merged, dropped) == (8_870, 8, 8)
    assert imported + merged + dropped == ROWS
    assert dropped == sum(row["Value"] == "XX" for row in rows)
    assert notes(package, "rows-accounted")[0].found == "8,886 rows: 8,870 kept, 8 merged, 8 dropped"


def test_every_oddity_of_the_file_is_told_as_often_as_it_occurs(package, rows):
    values = [row["Value"] for row in rows]
    assert told(package, "thousands-comma") == sum("," in value and value[0].isdigit() for value in values) + sum(
        "," in value and not value[0].isdigit() for value in values
    )
    assert told(package, "converted-symbol") == values.count("—") == 313
    assert told(package, "read-as-withheld") == values.count("W") == 224
    assert told(package, "no-break-space") == 1
    assert told(package, "shifted-row") == 1
    assert told(package, "empty-cell") == 2
    assert told(package, "ambiguous-number") == sum(value.startswith("?") for value in values) == 2
    assert len(notes(package, "same-key")) == 20
    assert notes(package, "converted-encoding")[0].found == "text in cp1252"


def test_withheld_and_unknown_figures_are_never_zero(package, rows):
    shown = Counter(row["Value"] for row in rows if not row["Statistics"].startswith("Import sources"))
    missing = Counter(package["indicators"]["value_missing"].drop_nulls())
    merged = [rows[note.place.row - 2]["Value"] for note in notes(package, "duplicate-row")]
    assert missing["withheld"] == shown["W"] - merged.count("W")
    zeros = package["indicators"].filter(pl.col("value") == 0).height
    assert zeros <= shown["—"] + shown["0"]


def test_units_are_those_of_packages(package):
    units = set(package["indicators"]["unit"])
    assert {"t", "kt", "kg", "share", "USD/kg", "USD/t"} <= units
    assert not any(unit.startswith((" ", "metric", "dollars per kilogram")) for unit in units)


def test_gallium(package):
    found = world_shares(package, "gallium")
    # China 900,000 kg of 900,000 + 3,000 + 6,000
    assert found["CHN"]["share"] == pytest.approx(900_000 / 909_000)
    assert round(100 * found["CHN"]["share"]) == 99
    assert found["USA"]["share"] == 0
    assert reliance(package, "gallium", 2025)["value"] == 1
    prices = package["indicators"].filter((pl.col("good") == "gallium") & (pl.col("indicator") == "price"))
    assert dict(prices.select("period", "value").iter_rows()) == {
        "2021": 277, "2022": 432, "2023": 365, "2024": 439, "2025": 580,
    }  # fmt: skip
    demand = package["demand"].filter((pl.col("good") == "gallium") & (pl.col("year") == 2025)).row(0, named=True)
    assert demand["use_per_year"] == 19_000
    # 3,400 kg at 19,000 kg a year: 0.179 years, 65 days
    assert demand["stock_months"] * 365 / 12 == pytest.approx(65.3, abs=0.1)
    sources = package["supply"].filter((pl.col("good") == "gallium") & (pl.col("basis") == "origin"))
    assert dict(sources.select("supplier", "share").iter_rows()) == {
        "CAN": 0.28, "JPN": 0.22, "CHN": 0.18, "DEU": 0.16, "XX-ROW": 0.16,
    }  # fmt: skip


def test_graphite(package):
    found = world_shares(package, "graphite-natural")
    # China 1,400,000 t of a world total of 1,800,000, of which 58,000 t are not broken down
    assert found["CHN"]["share"] == pytest.approx(1_400_000 / 1_800_000)
    assert found["CHN"]["coverage"] == "partial"
    assert reliance(package, "graphite-natural", 2025)["value"] == 1
    reserves = package["indicators"].filter(
        (pl.col("good") == "graphite-natural") & (pl.col("indicator") == "reserves")
    )
    known = dict(reserves.select("country", "value").iter_rows())
    assert known["CHN"] == 100_000_000
    assert known["DEU"] is None
    sources = package["supply"].filter(
        (pl.col("good") == "graphite-natural") & (pl.col("basis") == "origin") & (pl.col("supplier") == "CHN")
    )
    assert sources["share"].to_list() == [0.46]


def test_rare_earths(package):
    found = world_shares(package, "rare-earths")
    assert round(100 * found["CHN"]["share"]) == 69
    assert found["CHN"]["coverage"] == "complete"
    compounds = {year: reliance(package, "rare-earths", year, "ompounds") for year in (2022, 2024, 2025)}
    assert (compounds[2025]["value"], compounds[2024]["value"]) == (0.67, 0.53)
    assert (compounds[2022]["value"], compounds[2022]["value_low"]) == (None, 0.95)
    output = package["goods"].filter(pl.col("good") == "rare-earths").row(0, named=True)
    assert (output["world_output_per_year"], output["unit"]) == (390_000, "t REO")


def test_the_release_has_no_figures_on_magnets(package):
    words = package["goods"]["label"].to_list() + package["indicators"]["detail"].drop_nulls().to_list()
    assert not [word for word in words if re.search(r"\bmagnets?\b", word, re.IGNORECASE)]


@pytest.mark.parametrize(
    ("good", "country", "percent"),
    [
        ("niobium-columbium", "BRA", 93),
        ("bismuth", "CHN", 86),
        ("tungsten", "CHN", 79),
        ("cobalt", "COD", 73),
        ("vanadium", "CHN", 72),
        ("nickel", "IDN", 67),
        ("tantalum", "COD", 52),
    ],
)
def test_largest_producers_are_those_of_an_independent_count(package, good, country, percent):
    found = world_shares(package, good)
    share = found[country]["share"] if found[country]["share"] is not None else found[country]["share_high"]
    assert round(100 * share) == percent


def test_shares_are_of_the_sum_of_the_parts_where_all_are_known_not_of_the_rounded_total(package):
    # indium: 760 of 19 + 40 + 760 + 21 + 65 + 180 + 5 + 1 = 1,091, printed as 1,100
    assert world_shares(package, "indium")["CHN"]["share"] == pytest.approx(760 / 1_091)
    # magnesium: 950 of 20 + 950 + 5 + 20 + 13 + 60 + 15 = 1,083, printed as 1,100
    assert world_shares(package, "magnesium-metal")["CHN"]["share"] == pytest.approx(950 / 1_083)


def test_silicon_metal_is_a_ceiling_because_the_total_leaves_the_united_states_out(package):
    china = world_shares(package, "silicon.silicon-metal")["CHN"]
    assert china["share"] is None
    assert round(100 * china["share_high"]) == 87


def test_reliance_is_a_range_where_it_is_printed_as_one(package):
    tungsten = reliance(package, "tungsten", 2025)
    assert (tungsten["value"], tungsten["value_low"], tungsten["value_high"]) == (None, 0.5, 1)
    boron = reliance(package, "boron", 2025)
    assert (boron["value"], boron["value_low"], boron["value_high"]) == (None, None, 0)


def test_yttrium_keeps_its_range_though_its_row_is_shifted(package):
    row = package["indicators"].filter((pl.col("good") == "yttrium") & (pl.col("indicator") == "production"))
    world = row.filter(pl.col("country") == "WLD").row(0, named=True)
    assert (world["value"], world["value_low"], world["value_high"]) == (None, 10_000, 15_000)
    assert "Yes" not in (world["note"] or "")


def test_shares_of_one_series_never_exceed_the_market(package):
    sums = package["supply"].group_by("good", "market", "series", "year", "source").agg(pl.col("share").sum())
    assert sums["share"].max() <= 1.025 + 1e-9


SHIPPED = {
    "gallium": "gallium",
    "natural-graphite": "graphite-natural",
    "rare-earth-ore": "rare-earths",
    "rare-earth-compounds": "rare-earths",
    "fluorspar": "fluorspar",
    "cobalt-mined": "cobalt",
}
"""Goods of the shipped package and the goods of the import that they were read from."""


def test_the_shipped_package_agrees_with_the_import(package):
    shipped = read_package(ROOT / "packages" / "critical-2026")
    imported = defaultdict(list)
    for row in (
        package["supply"].with_columns(pl.coalesce("share", "share_high")).drop_nulls("share").iter_rows(named=True)
    ):
        imported[(row["good"], row["market"], row["supplier"], row["year"])].append(row["share"])
    compared = 0
    own = shipped["supply"].filter(pl.col("source").str.contains("usgs-mineral-commodity-summaries-2026"))
    for row in own.filter(pl.col("good").is_in(list(SHIPPED)) & pl.col("share").is_not_null()).iter_rows(named=True):
        place = (SHIPPED[row["good"]], row["market"], row["supplier"], row["year"])
        # the shipped package divides by the printed total, which is rounded on its own, and rounds to four places
        assert any(abs(share - row["share"]) <= 0.01 for share in imported[place]), (place, row["share"])
        compared += 1
    assert compared > 60
    months = {
        frame.filter((pl.col("good") == "gallium") & (pl.col("year") == 2025))["stock_months"].item()
        for frame in (shipped["demand"], package["demand"])
    }
    # 65 days: the shipped package rounds to days first
    assert max(months) - min(months) < 0.02


def test_both_releases_together(folder):
    package = import_package(USGS, folder)
    assert package["sources"]["source"].to_list() == ["usgs-mcs-2025", "usgs-mcs-2026"]
    # one good under both releases, although the names differ
    graphite = package["supply"].filter((pl.col("good") == "graphite-natural") & (pl.col("market") == "WLD"))
    assert sorted(set(graphite["year"])) == [2023, 2024, 2025]
    assert graphite.group_by("source").len().height == 2
    accounts = sorted(note.found for note in notes(package, "rows-accounted"))
    assert accounts == [
        "1,250 rows: 1,240 kept, 0 merged, 10 dropped",
        "8,886 rows: 8,870 kept, 8 merged, 8 dropped",
    ]
