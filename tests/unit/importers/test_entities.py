"""Entity lists in the simple form of OpenSanctions."""

from __future__ import annotations

import pytest

from tests.unit.importers.changed import import_sample, note_counts


@pytest.fixture(scope="module")
def package():
    return import_sample("entities")


@pytest.fixture(scope="module")
def found(package):
    return {row["organization"]: row for row in package["organizations"].iter_rows(named=True)}


def test_schemas_become_kinds_and_vessels_are_left_out(package, found):
    assert found["inv-102"]["kind"] == "state body"
    assert found["inv-101"]["kind"] == "person"
    assert found["inv-103"]["kind"] == found["inv-104"]["kind"] == "firm"
    assert "inv-105" not in found
    assert note_counts(package)["other-schema"] == 1


def test_one_country_is_the_seat_and_several_are_none(package, found):
    assert found["inv-001"]["seat"] == "CHN"
    assert found["inv-002"]["seat"] == "RUS"
    assert found["inv-100"]["seat"] is None
    assert "Countries: cy;ae" in found["inv-100"]["note"]
    assert note_counts(package)["several-countries"] == 1


def test_a_part_of_a_country_is_that_country_and_countries_of_the_past_are_none(found):
    assert found["inv-103"]["seat"] == "UKR"
    assert found["inv-104"]["seat"] is None


def test_an_entity_on_several_lists_is_one_with_the_names_of_all(package, found):
    assert found["inv-001"]["label"] == "Invented Works 1"
    assert found["inv-001"]["aliases"] == "IW 1 ; Invented Works One ; Изобретение 1"
    assert note_counts(package)["duplicate-row"] == 1


def test_lists_and_programmes_are_told(found):
    assert "Lists: Invented List" in found["inv-001"]["note"]
    assert "Programmes: INV-1" in found["inv-001"]["note"]


def test_identifiers_are_kept_and_legal_entity_identifiers_known_by_their_form(found):
    assert found["inv-100"]["lei"] == "549300INVENTED000012"
    assert found["inv-100"]["register_id"] == "unnamed:123"


def test_a_name_over_two_lines_becomes_one(found):
    assert found["inv-106"]["label"] == "“Quoted” Works"
