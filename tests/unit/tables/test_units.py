"""Units, countries and random streams: what everything else is counted with."""

from __future__ import annotations

import pytest

from reshore.countries import COUNTRIES, country_code, country_name
from reshore.seeds import stream
from reshore.units import SHARE, UNITS, USD, convert, convertible, written


def test_tonnes_convert_and_their_contents_do_not():
    assert convert(1.5, UNITS["kt"], UNITS["t"]) == 1500
    assert convert(2, UNITS["Mt REO"], UNITS["kt REO"]) == pytest.approx(2000)
    assert not convertible(UNITS["t"], UNITS["t contained"])
    with pytest.raises(ValueError, match="t REO does not convert to t LCE"):
        convert(1, UNITS["t REO"], UNITS["t LCE"])


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, None, "unknown"),
        (0, None, "0"),
        (0.0, SHARE, "0 %"),
        (0.9444, SHARE, "94.4 %"),
        (1, SHARE, "100 %"),
        (0.0004, SHARE, "<0.1 %"),
        (-0.0004, SHARE, ">-0.1 %"),
        (999.7, None, "1 k"),
        (1234, USD, "1.23 k"),
        (5_600_000_000, USD, "5.6 bn"),
        (2.5e12, USD, "2.5 tn"),
        (123.4, None, "123"),
        (-1500, None, "-1.5 k"),
    ],
)
def test_numbers_are_written_in_three_digits(value: float | None, unit: object, text: str):
    assert written(value, unit) == text  # type: ignore[arg-type]


def test_countries_are_the_249_of_iso_3166_1():
    # ISO 3166-1 as of 2024 has 249 entries; codes and numbers are unique
    assert len(COUNTRIES) == 249
    assert len({country.alpha2 for country in COUNTRIES.values()}) == 249
    assert len({country.numeric for country in COUNTRIES.values()}) == 249
    assert (COUNTRIES["NAM"].alpha2, COUNTRIES["NOR"].alpha2, COUNTRIES["GBR"].alpha2) == ("NA", "NO", "GB")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CHN", "CHN"), ("NA", "NAM"), ("NO", "NOR"), ("156", "CHN"), ("4", "AFG"), ("Korea, Republic of", "KOR"),
        ("Côte d’Ivoire", "CIV"), ("Burma", "MMR"), ("UK", "GBR"), ("u.s.", "USA"), ("XX-ROW", "XX-ROW"),
        ("Atlantis", None), ("", None),
    ],
)  # fmt: skip
def test_names_and_codes_of_countries_are_understood(text: str, code: str | None):
    assert country_code(text) == code


def test_a_code_without_a_country_is_its_own_name():
    assert (country_name("EUU"), country_name("CHN"), country_name("mill")) == ("European Union", "China", "mill")


def test_a_stream_depends_on_seed_name_and_index_and_on_nothing_else():
    first = stream(7, "draws", 3).random(4).tolist()
    stream(7, "others").random(100)
    assert stream(7, "draws", 3).random(4).tolist() == first
    keys = ((7, "draws", 3), (8, "draws", 3), (7, "draw", 3), (7, "draws", 4))
    assert len({stream(*key).random() for key in keys}) == 4
