"""Checking a table: typed and sorted rows, or every problem with its place, what was found, expected and to be done."""

from __future__ import annotations

import polars as pl
import pytest

from reshore.data.schema import table
from reshore.errors import Problem
from reshore.tables import ROW, Column, Table, check_table, csv_bytes, guarded, number_text, read_cells, text_cells
from reshore.tables.write import row_keys, unguarded

FIRMS = Table(
    "firms",
    "Firms",
    "Firms.",
    key=("firm", "year"),
    columns=(
        Column("firm", "id", "Firm", "Key."),
        Column("year", "year", "Year", "Year.", absent="not stated"),
        Column("share", "number", "Share", "Share.", low=0, high=1, absent="unknown", interval=True, labelled=True),
        Column("name", "text", "Name", "Name."),
        Column("seat", "country", "Seat", "Seat.", absent="unknown"),
    ),
)


def check(text: str, of: Table = FIRMS) -> tuple[pl.DataFrame, list[Problem]]:
    cells, problems = read_cells(f"{of.name}.csv", text.encode())
    assert cells is not None
    frame, found = check_table(of, cells)
    return frame, problems + found


def test_rows_come_out_typed_and_in_key_order_with_every_column():
    frame, problems = check("name,firm,share,year\nB,b,0.5,2024\nA,a,n/d,\nA,a,,2023\n")
    assert not problems
    assert frame.drop(ROW).to_dicts() == [
        {"firm": "a", "year": None, "share": None, "share_missing": "withheld", "share_low": None, "share_high": None,
         "name": "A", "seat": None},
        {"firm": "a", "year": 2023, "share": None, "share_missing": "unknown", "share_low": None, "share_high": None,
         "name": "A", "seat": None},
        {"firm": "b", "year": 2024, "share": 0.5, "share_missing": None, "share_low": None, "share_high": None,
         "name": "B", "seat": None},
    ]  # fmt: skip
    assert frame[ROW].to_list() == [3, 4, 2]


def test_a_number_that_is_missing_has_a_reason_also_where_the_column_is_not_given():
    frame, _ = check("firm,name\na,A\n")
    assert frame["share_missing"].to_list() == ["unknown"]


def test_all_problems_of_a_table_are_found_at_once():
    _, problems = check("firm,share,name,saet\na b,2,A,X\na,x,,\na,0.5,A,\na,0.5,A,\n")
    assert sorted((p.code, p.place.row, p.place.column) for p in problems) == [
        ("bad-id", 2, "firm"),
        ("conflicting-rows", 4, "firm"),
        ("conflicting-rows", 5, "firm"),
        ("empty-cell", 3, "name"),
        ("not-a-number", 3, "share"),
        ("out-of-range", 2, "share"),
        ("unknown-column", 1, "saet"),
    ]
    assert all(p.found and p.expected and p.fix for p in problems)


def test_an_unknown_column_gets_the_nearest_one_that_is_not_there_yet():
    _, problems = check("firm,name,saet\na,A,CHN\n")
    assert problems[0].fix == "did you mean 'seat' or 'share'?"


def test_a_missing_column_is_one_problem_and_not_one_for_each_row():
    _, problems = check("firm,share\na,1\nb,1\n")
    assert [(p.code, p.place.column) for p in problems] == [("missing-column", "name")]


def test_the_same_key_again_is_told_apart_by_content():
    _, problems = check("firm,year,name\na,2024,A\nb,2024,B\na,2024,A\nb,2024,C\n")
    assert [(p.code, p.place.row) for p in problems] == [("duplicate-row", 4), ("conflicting-rows", 5)]
    assert "after row 2" in problems[0].found
    assert "name 'B' and 'C'" in problems[1].found


def test_countries_in_two_letters_are_one_note_for_each_code():
    frame, problems = check("firm,name,seat\na,A,CN\nb,B,CN\nc,C,NA\nd,D,JPN\n")
    assert frame["seat"].to_list() == ["CHN", "CHN", "NAM", "JPN"]
    assert [(p.code, p.severity, p.place.row, p.found) for p in problems] == [
        ("converted-country", "note", 2, "'CN' in 2 rows"),
        ("converted-country", "note", 4, "'NA'"),
    ]


def test_a_thousand_wrong_cells_are_listed_and_the_rest_counted():
    rows = "".join(f"f{number},X,2\n" for number in range(1_200))
    _, problems = check("firm,name,share\n" + rows)
    assert len(problems) == 1_001
    assert problems[-1].code == "more-problems"
    assert problems[-1].found.startswith("200 more of the kind out-of-range")


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("TSMC", "tsmc", "differs-by-case"),
        ("caf\u00e9", "cafe\u0301", "two-spellings"),
        ("CO", "\u0421\u041e", "confusable-id"),
        ("ASML", "ASMI", ""),
        ("STRASSE", "Straße", "differs-by-case"),
    ],
)
def test_keys_that_people_would_take_for_one_another(first: str, second: str, code: str):
    header, rest = "source,title\n", ",A title\n"
    _, problems = check(f"{header}{first}{rest}{second}{rest}", table("sources"))
    assert [p.code for p in problems] == ([code] if code else [])


def test_rows_from_a_program_pass_the_same_door():
    rows = [{"firm": "a", "year": 2024, "share": 0.25, "name": "A"}, {"firm": "b", "share": None, "name": "=B"}]
    frame, problems = check_table(FIRMS, text_cells(FIRMS, rows, "firms.csv"))
    assert not problems
    assert frame["share"].to_list() == [0.25, None]
    again, _ = check_table(FIRMS, text_cells(FIRMS, frame, "firms.csv"))
    assert again.drop(ROW).equals(frame.drop(ROW))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], b"x", object()])
def test_values_that_are_no_cell_are_refused_and_not_guessed(value: object):
    _, problems = check_table(FIRMS, text_cells(FIRMS, [{"firm": "a", "name": "A", "share": value}], "firms.csv"))
    assert [p.place.column for p in problems] == ["share"]


def test_a_formula_is_guarded_in_the_file_and_the_same_text_inside():
    for text in ("=1+1", "+1", "-1", "@x", "\tx", "'=1", "''=1", "＝1"):
        assert guarded(text) == f"'{text}"
        assert unguarded(pl.Series([guarded(text)])).to_list() == [text]
    for text in ("'", "'a", "a=1", "1", ""):
        assert guarded(text) == text
        assert unguarded(pl.Series([text])).to_list() == [text]


def test_a_written_table_has_every_column_and_quotes_only_where_needed():
    frame, _ = check('firm,name,share,share_low\nb,"x, y",neg,\na,"say ""so""",0.1,0.05\n')
    assert csv_bytes(FIRMS, frame).decode() == (
        "firm,year,share,share_low,share_high,name,seat\n"
        'a,,0.1,0.05,,"say ""so""",\n'
        'b,,neg,,,"x, y",\n'
    )  # fmt: skip


def test_a_table_of_one_column_has_no_line_that_reads_as_blank():
    one = Table("one", "One", "One.", key=("x",), columns=(Column("x", "number", "X", "X.", absent="unknown"),))
    frame = pl.DataFrame({"x": [None, 1.0]})
    assert csv_bytes(one, frame) == b'x\n""\n1\n'


def test_the_key_of_a_row_is_written_as_in_the_file():
    frame, _ = check("firm,name,year\na,A,\nb,B,2024\n")
    assert row_keys(FIRMS, frame).to_list() == ["a | ", "b | 2024"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e15, "1000000000000000.0"),
        (1e-5, "1e-05"),
        (123456789.5, "123456789.5"),
    ],
)
def test_numbers_are_written_in_the_shortest_text_that_reads_back(value: float, text: str):
    assert number_text(value) == text
    assert float(text) == value
