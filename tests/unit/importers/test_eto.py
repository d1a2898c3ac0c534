"""The chip explorer: kinds and inputs, placeholders, blanks, bases, aliases, and the share formats of its history."""

from __future__ import annotations

import polars as pl
import pytest

from reshore.errors import InputError
from tests.unit.importers.changed import SAMPLES, import_sample, note_counts, table_bytes, table_rows


@pytest.fixture(scope="module")
def package():
    return import_sample("eto")


def checkout(folder, **changes):
    """A checkout with the files of the sample in its data folder, some of them changed row by row."""
    data = folder / "data"
    data.mkdir()
    for file in (SAMPLES / "eto").iterdir():
        rows, encoding = table_rows(file.read_bytes())
        change = changes.get(file.stem)
        (data / file.name).write_bytes(table_bytes(change(rows) if change else rows, encoding))
    return folder


def shares_changed(change):
    """A change of every share of provision.csv."""
    return lambda rows: [rows[0]] + [[*row[:4], change(row[4]), *row[5:]] for row in rows[1:]]


def supply(package, good):
    frame = package["supply"].filter(pl.col("good") == good)
    return {row["supplier"]: row for row in frame.iter_rows(named=True)}


def test_kinds_are_parents_and_what_goes_in_is_an_input(package):
    parents = dict(package["goods"].select("good", "parent").drop_nulls().iter_rows())
    assert parents == {"N904": "N903", "N905": "N903"}
    inputs = {(good, used): role for good, used, role in package["inputs"].select("good", "input", "role").iter_rows()}
    assert inputs == {
        ("N901", "N903"): "capital",
        ("N901", "N907"): "consumed",
        ("N900", "N906"): "design",
        ("N901", "N900"): "consumed",
        ("N902", "N901"): "consumed",
        ("N999", "N902"): "consumed",
    }


def test_stages_are_processes_beside_the_chain(package):
    goods = package["goods"]
    assert goods.filter(pl.col("chain") == "semiconductors").height == 9
    assert goods.filter(pl.col("chain") == "semiconductor-stages")["good"].to_list() == ["S1", "S2", "S3"]
    assert goods.filter(pl.col("final"))["good"].to_list() == ["N999"]


def test_a_good_belongs_to_the_stage_that_it_reaches_first(package):
    steps = dict(package["goods"].select("good", "step").iter_rows())
    assert steps["N900"] == "Design"
    assert steps["N906"] == "Goes into design"
    assert steps["N904"] == steps["N907"] == "Goes into fabrication"


def test_a_blank_share_is_unknown_and_a_zero_is_zero(package):
    sand = supply(package, "N907")
    assert sand["USA"]["share"] is None
    assert sand["USA"]["share_missing"] == "unknown"
    assert sand["P13"]["coverage"] == "partial"
    assert supply(package, "N904")["JPN"]["share"] == 0


def test_placeholders_are_typed(package):
    ovens = supply(package, "N903")
    assert ovens["XX-VAR"]["share"] == pytest.approx(0.005)
    kinds = dict(package["organizations"].select("organization", "kind").iter_rows())
    assert kinds == {"P10": "firm", "P11": "firm", "P12": "placeholder", "P13": "firm"}


def test_aliases_share_one_id_and_names_are_never_joined_on(package):
    firms = {row["organization"]: row for row in package["organizations"].iter_rows(named=True)}
    assert firms["P10"]["aliases"] == "Ovenwright Tools"
    # provision.csv calls it Sandbar, providers.csv Sandbar Minerals
    assert firms["P13"]["label"] == "Sandbar Minerals"
    assert note_counts(package)["other-name"] == 1


def test_fabrication_and_assembly_are_site_capacity_and_the_rest_the_seat_of_the_owner(package):
    bases = dict(package["supply"].select("good", "basis").unique().iter_rows())
    assert {good for good, basis in bases.items() if basis == "capacity"} == {"S2", "S3"}
    assert set(package["supply"].filter(pl.col("basis") == "capacity")["measure"]) == {"volume"}


def test_countries_and_firms_of_a_good_are_two_series(package):
    ovens = package["supply"].filter(pl.col("good") == "N903")
    sums = ovens.group_by("series").agg(pl.col("share").sum()).sort("series")
    assert sums["series"].to_list() == ["market share by country", "market share by firm"]
    assert sums["share"].to_list() == pytest.approx([1.0, 1.0])
    assert set(ovens["coverage"]) == {"complete"}


def test_sums_beside_100_are_kept_as_they_are_never_scaled(package):
    assert sum(row["share"] for row in supply(package, "N906").values()) == pytest.approx(1.02)
    assert sum(row["share"] for row in supply(package, "S1").values()) == pytest.approx(1.01)
    assert sum(row["share"] for row in supply(package, "S3").values()) == pytest.approx(0.99)


def test_market_sizes_are_read_with_their_year_and_scope(package):
    goods = {row["good"]: row for row in package["goods"].iter_rows(named=True)}
    assert goods["N903"]["market_size_usd_per_year"] == 1.2e9
    assert goods["N903"]["as_of"] == "2025"
    assert (goods["N905"]["market_size_usd_per_year"], goods["N905"]["as_of"]) == (4e8, "2025")
    assert goods["N906"]["note"] == "World sales of all drawing software"
    assert goods["N907"]["market_size_usd_per_year"] is None
    assert {"no-number", "year-from-column"} <= set(note_counts(package))


def test_a_supplier_of_a_good_that_is_gone_is_left_out_with_a_note(package):
    notes = [note for note in package.notes if note.code == "dangling-reference"]
    assert [(note.place.file, note.place.row) for note in notes] == [("provision.csv", 21)]


def test_fractions_and_percent_signs_give_the_same_package(package, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    signs = checkout(tmp_path / "a", provision=shares_changed(lambda share: f"{share}%" if share else ""))
    parts = checkout(tmp_path / "b", provision=shares_changed(lambda share: str(float(share) / 100) if share else ""))
    for folder in (signs, parts):
        again = import_sample("eto", folder)
        assert again["supply"].drop("share").equals(package["supply"].drop("share"))
        assert again["supply"]["share"].to_list() == pytest.approx(package["supply"]["share"].to_list(), abs=1e-12)


def test_the_vintage_of_2022_flags_what_is_negligible(tmp_path):
    def older(rows):
        flags = ["negligible_market_share"] + ["" if row[4] else "negligible" for row in rows[1:]]
        return [[*row[:5], flag] for row, flag in zip(rows, flags, strict=True)]

    sand = supply(import_sample("eto", checkout(tmp_path, provision=older)), "N907")
    assert {row["share_missing"] for row in sand.values()} == {"negligible"}
    assert {row["year"] for row in sand.values()} == {None}


def test_the_word_minor_is_negligible_and_major_is_unknown(tmp_path):
    words = {"P1": "Major", "P13": "Minor"}

    def worded(rows):
        return [[*row[:4], words.get(row[1], row[4]) if row[3] == "N907" else row[4], *row[5:]] for row in rows]

    sand = supply(import_sample("eto", checkout(tmp_path, provision=worded)), "N907")
    assert sand["USA"]["share_missing"] == "unknown"
    assert sand["P13"]["share_missing"] == "negligible"


def test_a_pair_that_stands_twice_becomes_one_row_and_two_numbers_a_range(tmp_path):
    def doubled(rows):
        other = [*rows[8][:4], "3", *rows[8][5:]]
        return [*rows, rows[7], other]

    package = import_sample("eto", checkout(tmp_path, provision=doubled))
    large = supply(package, "N904")
    assert large["NLD"]["share"] == 1
    assert (large["JPN"]["share"], large["JPN"]["share_low"], large["JPN"]["share_high"]) == (None, 0, 0.03)
    assert note_counts(package)["duplicate-row"] == 2


def test_shares_that_rounding_lifts_far_above_the_market_become_ranges(tmp_path):
    def lifted(rows):
        return [[*row[:4], "10", *row[5:]] if row[3] == "N906" and row[0] == "EUR" else row for row in rows]

    software = supply(import_sample("eto", checkout(tmp_path, provision=lifted)), "N906")
    # 96 + 10 = 106: each share may be up to 6 points less
    assert (software["USA"]["share_low"], software["USA"]["share_high"]) == (pytest.approx(0.90), 0.96)
    assert (software["EUR"]["share_low"], software["EUR"]["share_high"]) == (pytest.approx(0.04), 0.10)


def test_what_is_a_kind_and_an_input_at_once_stays_a_kind(tmp_path):
    def both(rows):
        return [*rows, ["Large disc ovens", "N904", "Disc ovens", "N903", "", ""]]

    package = import_sample("eto", checkout(tmp_path, sequence=both))
    assert package["inputs"].height == 6
    assert note_counts(package)["kind-is-not-input"] == 1


def test_a_good_that_stands_twice_is_merged_when_equal_and_refused_when_not(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    again = import_sample("eto", checkout(tmp_path / "a", inputs=lambda rows: [*rows, rows[4]]))
    assert again["goods"].height == 12
    with pytest.raises(InputError, match="conflicting-rows"):
        import_sample("eto", checkout(tmp_path / "b", inputs=lambda rows: [*rows, [rows[4][0], "Other", *rows[4][2:]]]))


def test_all_that_is_missing_is_told_at_once(tmp_path):
    folder = checkout(tmp_path)
    (folder / "data" / "inputs.csv").unlink()
    (folder / "data" / "stages.csv").unlink()
    with pytest.raises(InputError) as caught:
        import_sample("eto", folder)
    assert [problem.expected for problem in caught.value.problems] == ["inputs.csv", "stages.csv"]


@pytest.mark.parametrize("share", ["120", "-1", "about half"])
def test_a_share_that_is_none_is_refused_with_its_place(tmp_path, share):
    def wrong(rows):
        return [*rows[:1], [*rows[1][:4], share, *rows[1][5:]], *rows[2:]]

    with pytest.raises(InputError) as caught:
        import_sample("eto", checkout(tmp_path, provision=wrong))
    place = caught.value.problems[0].place
    assert (place.file, place.row, place.column) == ("data/provision.csv", 2, "share_provided")
