"""The Mineral Commodity Summaries: what each sort of cell says, and how shares of production are made."""

from __future__ import annotations

import polars as pl
import pytest

from reshore.errors import InputError
from reshore.importers.usgs.amounts import amount
from reshore.importers.usgs.units import amount_unit, content, data_in, published_unit
from tests.unit.importers.changed import SAMPLES, import_sample, note_counts, table_bytes, table_rows

HEADINGS = table_rows((SAMPLES / "usgs" / "MCS2026_Commodities_Data.csv").read_bytes())[0][0]


def release(tmp_path, *rows):
    """A release with invented rows: section, commodity, country, statistic, detail, unit, year, value, notes."""
    file = tmp_path / "MCS2026_Commodities_Data.csv"
    full = [["INVENTED", *row[:7], row[7], row[8] if len(row) > 8 else "", "No", ""] for row in rows]
    file.write_bytes(table_bytes([HEADINGS, *full], "utf-8"))
    return import_sample("usgs", file)


def mined(country, value, notes="", year="2025", detail="Mine production"):
    detail = f"{detail}: rounded" if country == "World total" else detail
    return ("World Mine Production", "Unobtainium", country, "Production", detail, "metric tons", year, value, notes)


def shares(package):
    frame = package["supply"].filter(pl.col("market") == "WLD")
    return {row["supplier"]: row for row in frame.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("text", "unit", "notes", "found"),
    [
        ("10,000", "metric tons", "", (10_000.0, None, None, "")),
        ("68\xa0", "number", "", (68.0, None, None, "")),
        ("—", "metric tons", "", (0.0, None, None, "")),
        ("NA", "metric tons", "", (None, None, None, "")),
        ("W", "metric tons", "", (None, None, None, "n/d")),
        (">95", "percent", "", (None, 95.0, 100.0, "")),
        (">2,000,000", "metric tons", "", (None, 2e6, None, "")),
        ("<25", "percent", "", (None, 0.0, 25.0, "")),
        ("500–16,000", "dollars per metric ton", "", (None, 500.0, 16_000.0, "")),
        ("10,000 - 15,000", "metric tons", "Yes", (None, 10_000.0, 15_000.0, "")),
        ("s", "metric tons", "Estimated. -- Less than ½ unit.", (None, 0.0, 0.5, "")),
        ("s", "million carats", "Less than 500 carats.", (None, 0.0, 0.0005, "")),
        ("s", "million metric tons", "Less than 100,000 tons.", (None, 0.0, 0.1, "")),
        ("s", "metric tons", "Included in “World total.”", (None, None, None, "")),
        ("Large", "thousand metric tons", "", (None, None, None, "")),
        ("Moderate to large", "thousand metric tons", "", (None, None, None, "")),
    ],
)
def test_a_cell_is_a_number_a_range_or_a_reason(text, unit, notes, found):
    amount_ = amount(text, unit, notes)
    assert amount_ is not None
    assert (amount_.value, amount_.low, amount_.high, amount_.missing) == found


def test_a_net_exporter_relies_on_imports_by_nothing_or_less():
    exporter = amount("E", "percent", "", is_reliance=True)
    assert exporter is not None
    assert (exporter.value, exporter.low, exporter.high) == (None, None, 0.0)


@pytest.mark.parametrize("text", ["XX", "?1", "10,00", "1 000", "<", "5%"])
def test_other_cells_are_not_guessed(text):
    assert amount(text, "metric tons", "") is None


def test_units_become_those_of_packages_and_contents_are_kept_apart():
    assert published_unit("dollars per kilogram") == "USD/kg"
    assert published_unit("cents per pound") == "US cents/lb"
    assert published_unit("dollars per 25 grams") == "USD/25 grams"
    assert amount_unit("kilograms", "Primary production", "", "kilograms, gallium content") == "kg contained"
    assert amount_unit("metric tons", "", "", "metric tons, rare-earth-oxide (REO) equivalent") == "t REO"
    assert amount_unit("metric tons", "Production (arsenic trioxide, gross weight)", "", "metric tons, content") == "t"
    assert amount_unit("percent") is None
    assert content("metric tons") == ""
    assert (
        data_in("(Data in kilograms, gallium content, unless otherwise specified) -- More.")
        == "kilograms, gallium content"
    )


def test_where_every_country_has_a_number_the_shares_add_up_to_one(tmp_path):
    # the world total of 1,000 is rounded on its own; 600 + 300 + 110 = 1,010
    package = release(tmp_path, mined("China", "600"), mined("Chile", "300"), mined("Other countries", "110"),
                      mined("World total", "1,000"))  # fmt: skip
    found = shares(package)
    assert found["CHN"]["share"] == pytest.approx(600 / 1010)
    assert sum(row["share"] for row in found.values()) == pytest.approx(1)
    assert {row["coverage"] for row in found.values()} == {"complete"}
    assert {row["basis"] for row in found.values()} == {"site"}


def test_what_the_total_has_beyond_the_countries_named_stays_open(tmp_path):
    package = release(tmp_path, mined("China", "600"), mined("Chile", "300"), mined("World total", "1,000"))
    found = shares(package)
    assert found["CHN"]["share"] == pytest.approx(0.6)
    assert {row["coverage"] for row in found.values()} == {"partial"}


def test_a_withheld_country_has_what_the_others_leave(tmp_path):
    package = release(tmp_path, mined("China", "600"), mined("United States", "W"), mined("World total", "1,000"))
    found = shares(package)
    assert found["CHN"]["share"] == pytest.approx(0.6)
    assert (found["USA"]["share"], found["USA"]["share_missing"]) == (None, "withheld")


def test_where_the_total_leaves_out_the_united_states_shares_are_upper_ends(tmp_path):
    package = release(tmp_path, mined("China", "600"), mined("Chile", "400"), mined("United States", "W"),
                      mined("World total", "1,000", "Excludes U.S. production."))  # fmt: skip
    found = shares(package)
    assert (found["CHN"]["share"], found["CHN"]["share_high"]) == (None, pytest.approx(0.6))
    assert found["USA"]["share_missing"] == "withheld"
    assert note_counts(package)["total-leaves-out"] == 1


def test_a_withheld_country_is_not_nothing_because_the_others_add_up_to_the_rounded_total(tmp_path):
    package = release(tmp_path, mined("China", "600"), mined("Chile", "410"), mined("United States", "W"),
                      mined("World total", "1,000"))  # fmt: skip
    found = shares(package)
    assert (found["CHN"]["share"], found["CHN"]["share_high"]) == (None, pytest.approx(600 / 1010))
    assert (found["USA"]["share"], found["USA"]["share_high"]) == (None, None)
    assert note_counts(package)["total-leaves-out"] == 1


def test_stages_of_one_commodity_are_goods_of_their_own(tmp_path):
    package = release(
        tmp_path,
        mined("China", "6"), mined("Chile", "4"), mined("World total", "10"),
        mined("China", "9", detail="Refinery production"), mined("Chile", "1", detail="Refinery production"),
        mined("World total", "10", detail="Refinery production"),
    )  # fmt: skip
    china = package["supply"].filter(pl.col("supplier") == "CHN")
    assert dict(china.select("good", "share").iter_rows()) == {
        "unobtainium.mine-production": pytest.approx(0.6),
        "unobtainium.refinery-production": pytest.approx(0.9),
    }


def test_a_remark_on_one_country_belongs_to_the_series(tmp_path):
    package = release(tmp_path, mined("China", "6"), mined("Peru", "4", detail="Mine production: crude"),
                      mined("World total", "10"))  # fmt: skip
    assert {name: row["share"] for name, row in shares(package).items()} == pytest.approx({"CHN": 0.6, "PER": 0.4})
    assert set(package["supply"]["good"]) == {"unobtainium"}


def test_figures_under_one_name_are_merged_when_equal_and_numbered_when_not(tmp_path):
    row = (
        "Salient Statistics—United States",
        "Unobtainium",
        "United States",
        "Import",
        "Imports",
        "metric tons",
        "2021",
    )
    package = release(tmp_path, (*row, "500"), (*row, "7"), (*row, "500"))
    found = package["indicators"].select("detail", "value").sort("value").rows()
    assert found == [("Imports (1 of 2)", 7.0), ("Imports (2 of 2)", 500.0)]
    assert {"duplicate-row", "same-key"} <= set(note_counts(package))


def test_stocks_over_use_are_months(tmp_path):
    us = "Salient Statistics—United States"
    package = release(
        tmp_path,
        mined("China", "100"), mined("World total", "100"),
        (us, "Unobtainium", "United States", "Consumption", "Consumption, apparent", "metric tons", "2025", "48"),
        (us, "Unobtainium", "United States", "Stock", "Stocks, consumer, yearend", "metric tons", "2025", "12"),
    )  # fmt: skip
    # 12 tonnes of stock at 48 tonnes a year last 3 months
    assert package["demand"].select("use_per_year", "stock_months").rows() == [(48.0, 3.0)]


def test_import_sources_are_supply_of_the_american_market():
    sources = import_sample("usgs")["supply"].filter(pl.col("market") == "USA")
    assert set(sources["basis"]) == {"origin"}
    assert dict(sources.select("supplier", "share").iter_rows()) == {"CAN": 0.28, "CHN": 0.18, "XX-ROW": 0.16}
    assert set(sources["series"]) == {"Metal, imports of 2021–24"}
    assert set(sources["coverage"]) == {"partial"}


def test_a_year_that_is_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="bad-date"):
        release(tmp_path, mined("China", "6", year="early"))
