"""Cells of each kind: which texts are accepted, the value they give, and what is said of those that are not."""

from __future__ import annotations

import polars as pl
import pytest

from reshore.tables import Column
from reshore.tables.cells import parse
from reshore.units import SHARE, USD


def read(kind: str, *cells: str, **more: object) -> tuple[list[object], list[str]]:
    """Values of the cells, and the code for each that is refused, in order."""
    column = Column("x", kind, "X", "X.", **more)  # type: ignore[arg-type]  # the kinds under test
    series = pl.Series("x", list(cells), dtype=pl.String)
    values, refused = parse(column, series)
    codes = {position: part.verdict(position)[0] for part in refused for position in part.positions}
    return values.to_list(), [codes[position] for position in sorted(codes)]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0", 0.0),
        ("-0", 0.0),
        ("0.1", 0.1),
        ("-12.50", -12.5),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        ("9007199254740992", 2.0**53),
        ("1e22", 1e22),
        ("0.30000000000000004", 0.1 + 0.2),
    ],
)
def test_a_number_is_the_nearest_floating_point_number(cell: str, value: float):
    assert read("number", cell) == ([value], [])


@pytest.mark.parametrize("cell", [".5", "5.", "+5", "05", "1 000", "1,5", "0x10", "1_000", "１", "5%", "", "1e", "--5"])
def test_a_number_in_another_form_is_refused(cell: str):
    values, codes = read("number", cell)
    assert values == [None]
    assert len(codes) == 1


@pytest.mark.parametrize(
    "cell", ["0.07", "777.55", "1000000.25", "11289439.29", "2.26", "1e6", "12345678901234.57", "25e-2"]
)
def test_money_to_the_cent_is_accepted_whatever_floating_point_makes_of_it(cell: str):
    # 777.55 × 100 is 77754.99999999999 in floating point: cents are counted in the text
    assert read("number", cell, unit=USD) == ([float(cell)], [])


@pytest.mark.parametrize("cell", ["0.125", "0.30000000000000004", "1e-3", "2.5e-2", "1.001"])
def test_money_beyond_the_cent_is_refused(cell: str):
    assert read("number", cell, unit=USD)[1] == ["money-decimals"]


def test_bounds_belong_to_the_range():
    values, codes = read("number", "0", "1", "-0.01", "1.01", unit=SHARE, low=0, high=1)
    assert values == [0.0, 1.0, None, None]
    assert codes == ["out-of-range", "out-of-range"]


def test_a_percentage_gets_its_share_as_a_fix():
    column = Column("x", "number", "X", "X.", unit=SHARE, low=0, high=1)
    _, (refused,) = parse(column, pl.Series(["45"]))
    assert refused.verdict(0) == ("out-of-range", "a share between 0 and 1", "write 0.45 if this is 45 percent")


def test_labels_say_why_a_number_is_missing_and_zero_is_none_of_them():
    assert read("number", "", "n/d", "neg", "0", labelled=True, absent="unknown") == ([None, None, None, 0.0], [])
    assert read("number", "n/d", absent="unknown")[1] == ["not-a-number"]


@pytest.mark.parametrize(("cell", "code"), [("9223372036854775807", ""), ("9223372036854775808", "number-too-large"),
                                            ("1.0", "bad-number"), ("1e3", "bad-number")])  # fmt: skip
def test_whole_numbers_fit_64_bits(cell: str, code: str):
    assert read("integer", cell)[1] == ([code] if code else [])


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("year", ["1800", "2199"], ["1799", "2200", "24", "20240"]),
        ("date", ["2024-02-29"], ["2023-02-29", "2024-2-9", "2024", "2024-00-10", "20240229"]),
        ("period", ["2024", "2024-02", "2024-02-29"], ["2024-13", "2023-02-29", "2024-Q1", "FY2024"]),
        ("boolean", ["true", "false"], ["True", "1", "yes", ""]),
        (
            "hs",
            ["01", "0101", "010121", "0101210000", "010121;850511"],
            ["1", "00", "10121", "8541.40", "0101;", "; 01"],
        ),
        ("unit", ["t", "kt contained", "million units"], ["T", "tonnes", "t "]),
        ("currency", ["USD", "CNY"], ["US$", "usd", "RMB"]),
        ("url", ["https://a.b/c", "http://a ; https://b"], ["a.b", "ftp://a", "javascript:alert(1)", "https:// a"]),
        (
            "id",
            ["a", "A-1", "_x", "ÅSML", "東京電力", "a.b:c"],
            ["-a", "a/b", "a b", "..", "con", "null", " a", "АSML", ""],
        ),
        ("ids", ["a", "a;b"], ["a;", "a;;b", "a; b", "a,b"]),
        ("place", ["CHN", "XX-UNK", "mill"], ["a b", ""]),
        ("text", ["a", "=1", "NA", "é", " a"], [" ", "a\nb"]),
    ],
)
def test_each_kind_takes_its_form_and_no_other(kind: str, good: list[str], bad: list[str]):
    values, codes = read(kind, *good)
    assert codes == []
    assert None not in values
    values, codes = read(kind, *bad)
    assert values == [None] * len(bad)
    assert len(codes) == len(bad)


def test_countries_are_alpha_3_and_two_letter_codes_are_converted():
    values, codes = read("country", "CHN", "NA", "NO", "EUU", "XX-ROW", "UK", "China")
    assert values == ["CHN", "NAM", "NOR", "EUU", "XX-ROW", None, None]
    assert codes == ["unknown-country", "unknown-country"]


def test_a_category_names_its_words():
    column = Column("x", "category", "X", "X.", choices={"high": "", "low": ""})
    _, (refused,) = parse(column, pl.Series(["hihg"]))
    assert refused.verdict(0) == ("unknown-word", "one of high, low", "did you mean 'high'?")


@pytest.mark.parametrize(
    ("cell", "fix"),
    [
        ("20240105", "write 2024-01-05"),
        ("2024/1/5", "write 2024-01-05"),
        ("2024-01-05 00:00:00", "write 2024-01-05"),
        ("05/01/2024", "write the year first; which number is the day cannot be told"),
        ("45292", "write the day as text: this looks like the day number of a spreadsheet"),
    ],
)
def test_a_date_gets_a_fix_when_it_can_be_told(cell: str, fix: str):
    _, (refused,) = parse(Column("x", "date", "X", "X."), pl.Series([cell]))
    assert refused.verdict(0)[2] == fix
