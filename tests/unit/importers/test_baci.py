"""BACI: codes as text, areas beside ISO, unknown quantities."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.errors import InputError, UsageError
from reshore.importers import IMPORTERS, import_package
from tests.unit.importers.changed import accounts, import_sample, note_counts


def trade(tmp_path, *lines, name="BACI_HS22_Y2023_V202501.csv"):
    """A package of invented lines of trade."""
    (tmp_path / name).write_text("\n".join(["t,i,j,k,v,q", *lines]) + "\n", encoding="utf-8")
    return import_sample("baci", tmp_path)


def test_values_are_dollars_and_quantities_tonnes(tmp_path):
    package = trade(tmp_path, "2023,156,842,850511,1234.567,        89.5")
    row = package["trade"].row(0, named=True)
    assert (row["good"], row["exporter"], row["importer"], row["year"]) == ("hs22-850511", "CHN", "USA", 2023)
    assert (row["value_usd"], row["quantity_tonnes"]) == (1_234_567.0, 89.5)
    assert package.price_year == 2023


def test_codes_are_text_and_keep_or_get_back_their_zero(tmp_path):
    package = trade(tmp_path, "2023,4,24,081310,1,1", "2023,4,24,10121,1,1")
    assert package["goods"].select("good", "hs_codes").rows() == [("hs22-010121", "010121"), ("hs22-081310", "081310")]
    assert note_counts(package)["lost-zero"] == 1


def test_a_quantity_that_is_not_available_is_unknown_never_zero(tmp_path):
    package = trade(tmp_path, "2023,4,24,081310,1,NA", "2023,4,32,081310,1,0")
    assert package["trade"].select("importer", "quantity_tonnes").rows() == [("AGO", None), ("ARG", 0.0)]


@pytest.mark.parametrize(
    ("code", "place"),
    [("490", "TWN"), ("842", "USA"), ("757", "CHE"), ("699", "IND"), ("251", "FRA"), ("579", "NOR"), ("004", "AFG"),
     ("8", "ALB"), ("710", "ZAF"), ("711", "XX-VAR"), ("899", "XX-UNK"), ("999", "XX-UNK")],
)  # fmt: skip
def test_areas_are_read_as_they_are_described(tmp_path, code, place):
    package = trade(tmp_path, f"2023,156,{code},850511,1,1")
    assert package["trade"]["importer"].to_list() == [place]


def test_areas_that_become_one_place_are_added_up(tmp_path):
    package = trade(tmp_path, "2023,58,156,850511,1,2", "2023,200,156,850511,3,NA", "2023,810,156,850511,4,1")
    row = package["trade"].row(0, named=True)
    assert package["trade"].height == 1
    assert (row["exporter"], row["value_usd"], row["quantity_tonnes"]) == ("XX-VAR", 8_000.0, None)
    assert note_counts(package)["added-up"] == 2


def test_a_table_of_countries_beside_the_trade_names_further_codes(tmp_path):
    (tmp_path / "country_codes_V202501.csv").write_text(
        "country_code,country_name,country_iso2,country_iso3\n999,Made up,NA,NAM\n", encoding="utf-8"
    )
    assert trade(tmp_path, "2023,156,999,850511,1,1")["trade"]["importer"].to_list() == ["NAM"]


def test_codes_of_another_edition_are_not_said_to_be_of_2022(tmp_path):
    package = trade(tmp_path, "2021,156,842,850511,1,1", name="BACI_HS17_Y2021_V202301.csv")
    assert package["goods"].select("good", "hs_codes").rows() == [("hs17-850511", None)]
    assert note_counts(package)["other-edition"] == 1


def test_two_editions_are_not_mixed(tmp_path):
    (tmp_path / "BACI_HS17_Y2021_V202301.csv").write_text("t,i,j,k,v,q\n2021,4,24,081310,1,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="mixed-editions"):
        trade(tmp_path, "2023,156,842,850511,1,1")


@pytest.mark.parametrize(
    "line", ["2023,156,842,85,1,1", "23,156,842,850511,1,1", "2023,156,842,850511,-1,1", "2023,156,842,850511,1,inf",
             "2023,156,842,850511,nan,1", "2023,156,842,850511,,1"],
)  # fmt: skip
def test_numbers_that_are_none_are_refused_with_their_place(tmp_path, line):
    with pytest.raises(InputError) as caught:
        trade(tmp_path, "2023,156,842,850519,1,1", line)
    assert [problem.place.row for problem in caught.value.problems] == [3]


def test_several_years_have_no_year_of_prices(tmp_path):
    (tmp_path / "BACI_HS22_Y2022_V202501.csv").write_text("t,i,j,k,v,q\n2022,4,24,081310,1,1\n", encoding="utf-8")
    package = trade(tmp_path, "2023,4,24,081310,1,1")
    assert package.price_year is None
    assert package["trade"].select(pl.col("year").sort()).to_series().to_list() == [2022, 2023]


def test_products_can_be_selected_by_how_their_codes_begin(tmp_path):
    lines = ("2023,4,24,811300,1,1", "2023,4,24,081190,2,2", "2023,4,24,81190,3,3", "2023,4,24,850511,4,4",
             "2023,4,24,85051,5,5", "2023,4,32,850511,6,6")  # fmt: skip
    trade(tmp_path, *lines)
    importer = next(importer for importer in IMPORTERS if importer.name == "baci")
    package = import_package(importer, tmp_path, ["0811", "8505"])
    # 81190 has lost its zero and is added to 081190; 811300 and 085051 begin otherwise
    assert package["trade"].select("good", "importer", "value_usd").rows() == [
        ("hs22-081190", "AGO", 5_000.0),
        ("hs22-850511", "AGO", 4_000.0),
        ("hs22-850511", "ARG", 6_000.0),
    ]
    assert accounts(package)["BACI_HS22_Y2023_V202501.csv"] == (6, 3, 1, 2)
    added = next(note for note in package.notes if note.code == "added-up")
    assert added.place.row == 4


def test_a_selection_is_checked_and_other_importers_have_none(tmp_path):
    trade(tmp_path, "2023,4,24,811300,1,1")
    importers = {importer.name: importer for importer in IMPORTERS}
    with pytest.raises(InputError, match="bad-code"):
        import_package(importers["baci"], tmp_path, ["85.05"])
    with pytest.raises(InputError, match="no-rows"):
        import_package(importers["baci"], tmp_path, ["8505"])
    with pytest.raises(UsageError):
        import_package(importers["usgs"], tmp_path, ["8505"])


LINES = st.lists(
    st.tuples(
        st.sampled_from(("156", "842", "490", "58", "200", "999", "4")),
        st.sampled_from(("842", "710", "810")),
        st.sampled_from(("850511", "81310", "081310")),
        st.integers(0, 10**9),
        st.one_of(st.just("NA"), st.integers(0, 10**6).map(str)),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(LINES, st.randoms(use_true_random=False))
def test_no_dollar_is_lost_and_the_order_of_lines_carries_no_meaning(lines, order):
    texts = [f"2023,{i},{j},{k},{v / 1000:.3f},{q}" for i, j, k, v, q in lines]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        package = trade(Path(one), *texts)
        order.shuffle(texts)
        assert trade(Path(other), *texts).digest == package.digest
    assert package["trade"]["value_usd"].sum() == pytest.approx(sum(line[3] for line in lines))
    read, kept, merged, dropped = accounts(package)["BACI_HS22_Y2023_V202501.csv"]
    assert (read, kept + merged, dropped) == (len(lines), len(lines), 0)
    assert package["trade"].height == kept
