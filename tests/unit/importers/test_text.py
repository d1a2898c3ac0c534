"""Numbers, amounts, dates, names and keys from the text of sources."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reshore.importers.text import date_text, key, money, number, one_line, place_code, slug
from reshore.tables.keys import explain_key


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0.0), ("10,000", 10_000.0), ("1,234,567.5", 1_234_567.5), ("-4", -4.0), (".5", 0.5), ("007", 7.0)],
)
def test_a_number_may_have_thousands_commas_in_their_places(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "1,00", "1,0000", "1e5", "NaN", "inf", "--1", "1.2.3", "１２", "1 000", "½"])
def test_anything_else_is_no_number(text):
    assert number(text) is None


@given(st.integers(-(10**14), 10**14))
def test_a_number_printed_with_commas_reads_back(value):
    assert number(f"{value:,}") == value


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$149,999.50", "149999.50"),
        ("140001.0000", "140001.00"),
        ("(250.00)", "-250.00"),
        ("-0.005", "0.00"),
        ("0.015", "0.02"),
    ],
)
def test_money_is_exact_to_the_cent(text, amount):
    assert money(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "$", "five", "1,2", "USD 5"])
def test_other_words_are_no_money(text):
    assert money(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02-29", "2024-02-29"),
        ("2024-05-31 00:00:00", "2024-05-31"),
        ("2026-10-02T06:00:00+00:00", "2026-10-02"),
        ("5/31/2024", "2024-05-31"),
        ("2023-02-29", None),
        ("2020-02-30", None),
        ("31/05/2024", None),
        ("2024", None),
        ("", None),
    ],
)
def test_a_day_is_iso_or_american_and_in_the_calendar(text, day):
    assert date_text(text) == day


def test_white_space_and_broken_quotes_become_plain():
    assert one_line(" a\u00a0b\nc\td ") == "a b c d"
    assert one_line("\x93quoted\x94") == "“quoted”"
    assert one_line("a\u202eb") == "a b"


@pytest.mark.parametrize(
    ("text", "code"),
    [("Korea, Republic of", "KOR"), ("cn", "CHN"), ("na", "NAM"), ("NO", "NOR"), ("suhh", None), ("Turkey ", "TUR")],
)
def test_a_place_is_known_by_code_or_name_in_any_case(text, code):
    assert place_code(text) == code


def test_a_slug_is_made_of_words():
    assert slug("Nitrogen (Fixed)—Ammonia") == "nitrogen-fixed-ammonia"
    assert slug("Sociétés Générales, S.A.") == "societes-generales-s-a"
    assert slug("华海清科") != slug("华虹")


@given(st.text(max_size=300))
def test_every_key_and_slug_is_a_key_and_always_the_same(text):
    assert explain_key(key(text)) is None
    assert explain_key(slug(text)) is None
    assert slug(text) == slug(text)


@given(st.text(max_size=300))
def test_what_is_on_one_line_stays_so(text):
    line = one_line(text)
    assert "\n" not in line
    assert one_line(line) == line
