"""Awards of USAspending and of SBIR.gov: one row for each award, whatever the rows of the download."""

from __future__ import annotations

import csv

import polars as pl
import pytest

from reshore.errors import InputError
from tests.unit.importers.changed import SAMPLES, import_sample, note_counts


@pytest.fixture(scope="module")
def spending():
    return import_sample("usaspending")


@pytest.fixture(scope="module")
def sbir():
    return import_sample("sbir")


def award(package, word):
    return package["awards"].filter(pl.col("award").str.contains(word, literal=True)).row(0, named=True)


def test_changes_of_an_award_become_one_row_with_the_total_of_the_newest(spending):
    row = award(spending, "FA0001")
    # 1,000,000 + 500,000 - 250,000 = 1,250,000, as the newest row states; the older copy of P00002 is left out
    assert row["amount_usd"] == 1_250_000
    assert (row["announced"], row["as_of"]) == ("2024-01-15", "2025-02-01")
    assert note_counts(spending)["duplicate-row"] == 1


def test_without_a_total_the_rows_are_added_up_to_the_cent(spending):
    assert award(spending, "FA0002")["amount_usd"] == 75_000.5


def test_an_award_of_which_only_a_part_was_downloaded_has_the_total_that_is_stated(spending):
    assert award(spending, "FA0004")["amount_usd"] == 990_010
    assert note_counts(spending)["part-of-history"] == 1


def test_more_taken_back_than_given_is_unknown_never_negative(spending):
    row = award(spending, "FA0003")
    assert (row["amount_usd"], row["amount_usd_missing"]) == (None, "unknown")
    assert note_counts(spending)["negative-amount"] == 1


def test_loans_count_their_face_value_and_grants_their_obligation(spending):
    loan = award(spending, "DE0001")
    # 2,260,000,000 + 10,000,000
    assert (loan["kind"], loan["amount_usd"]) == ("loan", 2_270_000_000)
    assert (award(spending, "DE0004")["kind"], award(spending, "DE0004")["amount_usd"]) == ("guarantee", 8_000_000)
    grant = award(spending, "DE0002")
    assert (grant["kind"], grant["amount_usd"], grant["product"]) == ("grant", 100_000_000, "INVENTED PROGRAMME")


def test_contracts_do_not_say_how_they_pay(spending):
    assert award(spending, "FA0001")["kind"] is None


def test_recipients_are_told_apart_by_uei_then_duns_then_name(spending):
    assert award(spending, "FA0001")["organization"] == award(spending, "FA0007")["organization"] == "uei-AAAA1111BBBB"
    assert award(spending, "FA0002")["organization"] == "duns-222222222"
    assert award(spending, "FA0005")["organization"] == "name-name-only-gmbh"
    firms = {row["organization"]: row for row in spending["organizations"].iter_rows(named=True)}
    chips = firms["uei-AAAA1111BBBB"]
    assert (chips["label"], chips["aliases"]) == ("INVENTED CHIPS INC", "INVENTED CHIPS, INC.")
    assert (chips["uei"], chips["register_id"], chips["seat"]) == ("AAAA1111BBBB", "DUNS:111111111", "USA")
    assert firms["name-name-only-gmbh"]["seat"] == "DEU"
    assert note_counts(spending)["merged-names"] == 1


def test_names_that_hide_recipients_are_placeholders(spending):
    kinds = dict(spending["organizations"].select("organization", "kind").iter_rows())
    assert kinds["name-redacted-due-to-pii"] == "placeholder"
    assert kinds["name-miscellaneous-foreign-awardees"] == "placeholder"


def test_a_table_of_codes_names_what_was_bought(spending):
    assert award(spending, "FA0006")["product"].startswith("R&D-DEFENSE SYS: AIRCRAFT")
    assert award(spending, "FA0007")["product"] == "SEMICONDUCTOR AND RELATED DEVICE MANUFACTURING"


def test_award_summaries_are_read_too(tmp_path):
    headings = ["contract_award_unique_key", "award_id_piid", "total_obligated_amount", "award_base_action_date",
                "awarding_agency_name", "recipient_name", "recipient_uei"]  # fmt: skip
    with open(tmp_path / "Contracts_PrimeAwardSummaries_1.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [headings, ["CONT_AWD_1", "1", "$1,000.00", "2024-02-01", "Department of Energy", "A", "AAAA1111BBBB"]]
        )
    row = import_sample("usaspending", tmp_path)["awards"].row(0, named=True)
    assert (row["award"], row["amount_usd"], row["announced"], row["site"]) == (
        "CONT_AWD_1",
        1000,
        "2024-02-01",
        "XX-UNK",
    )


def test_subawards_are_not_read_and_that_is_said(tmp_path):
    for file in (SAMPLES / "usaspending").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "Contracts_Subawards_1.csv").write_text(
        "prime_award_unique_key,subaward_amount\nx,1\n", encoding="utf-8"
    )
    assert note_counts(import_sample("usaspending", tmp_path))["unread-file"] == 1


def test_an_amount_that_is_none_is_refused_with_its_place(tmp_path):
    name = "Contracts_PrimeTransactions_1.csv"
    data = (SAMPLES / "usaspending" / name).read_text(encoding="utf-8")
    (tmp_path / name).write_text(data.replace('"75000.50"', '"much"'), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        import_sample("usaspending", tmp_path)
    place = caught.value.problems[0].place
    assert (place.row, place.column) == (6, "federal_action_obligation")


def test_small_firms_win_awards_with_a_date_a_place_and_an_amount(sbir):
    row = award(sbir, "F24-0100")
    assert (row["amount_usd"], row["announced"], row["region"]) == (149_999.5, "2024-05-31", "MA")
    assert row["programme"] == "SBIR Phase I, Department of Defense, Air Force"
    assert award(sbir, "F24-0101")["amount_usd"] == 1_249_000


def test_the_same_award_twice_is_merged_and_another_under_its_number_is_kept(sbir):
    assert sbir["awards"].filter(pl.col("award").str.starts_with("invented-alloys")).height == 1
    assert sbir["awards"].filter(pl.col("award").str.starts_with("T-2_C-2"))["amount_usd"].to_list() == [10, 20]
    assert {"duplicate-row", "same-key"} <= set(note_counts(sbir))


def test_staff_gives_the_size_and_none_stays_unknown(sbir):
    firms = {row["organization"]: row for row in sbir["organizations"].iter_rows(named=True)}
    assert (firms["duns-333333333"]["employees_count"], firms["duns-333333333"]["size"]) == (700, "medium")
    assert (firms["name-invented-alloys"]["employees_count"], firms["name-invented-alloys"]["size"]) == (None, None)


def test_a_day_that_is_not_in_the_calendar_leaves_the_year(sbir):
    assert award(sbir, "T-1_C-1")["announced"] == "2020"


def test_broken_quotes_are_mended_with_a_note(sbir):
    firms = sbir["organizations"].filter(pl.col("label").str.contains("Quote"))
    assert firms["label"].to_list() == ["Invented “Quote” Works"]
    assert note_counts(sbir)["broken-character"] == 1


def test_the_review_sample_of_real_awards_is_read(shared_data):
    package = import_sample("sbir", shared_data / "sbir_awards_sample")
    assert package["awards"].height == 226
    assert package["awards"]["amount_usd_missing"].to_list() == ["unknown"] * 226
    assert package["organizations"]["kind"].to_list() == ["placeholder"]
    phases = package["awards"]["programme"].str.extract("(Phase I+)").value_counts().sort("programme")
    assert phases.rows() == [("Phase I", 127), ("Phase II", 99)]
