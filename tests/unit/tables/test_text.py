"""From bytes to cells: rows are counted as a spreadsheet counts them, and everything wrong is said at once."""

from __future__ import annotations

import pytest

from reshore.tables import ROW, read_cells
from reshore.tables import text as text_module


def codes(data: bytes) -> list[tuple[str, int]]:
    _, problems = read_cells("x.csv", data)
    return [(problem.code, problem.place.row) for problem in problems]


def test_a_record_over_several_lines_counts_once():
    cells, problems = read_cells("x.csv", b'a,b\n1,"two\nlines"\n3,4\n')
    assert cells is not None
    assert not problems
    assert cells.frame.to_dicts() == [{"a": "1", "b": "two\nlines", ROW: 2}, {"a": "3", "b": "4", ROW: 3}]


def test_line_ends_become_line_feeds_in_cells_too():
    one, _ = read_cells("x.csv", b'a,b\r\n1,"two\r\nlines"\r\n')
    other, _ = read_cells("x.csv", b'a,b\n1,"two\nlines"')
    assert one is not None
    assert other is not None
    assert one.frame.equals(other.frame)


def test_short_and_long_rows_are_all_listed_and_whole_rows_are_carried_on():
    cells, problems = read_cells("x.csv", b"a,b\n1\n2,3\n4,5,6\n7,8\n")
    assert [(p.code, p.place.row) for p in problems] == [("short-row", 2), ("long-row", 4)]
    assert cells is not None
    assert not cells.whole
    assert cells.frame[ROW].to_list() == [3, 5]


def test_blank_rows_are_problems_between_rows_and_a_note_behind_them():
    _, problems = read_cells("x.csv", b"a,b\n1,2\n\n , \n3,4\n,\n\n")
    assert [(p.code, p.place.row, p.severity) for p in problems] == [
        ("blank-row", 3, "error"), ("blank-row", 4, "error"), ("blank-row", 6, "note"),
    ]  # fmt: skip
    assert problems[-1].found == "2 blank rows at the end"


def test_a_bad_byte_is_placed_by_row_column_and_offset():
    _, (problem,) = read_cells("x.csv", b"a,b\n1,2\n3,caf\xe9\n")
    assert (problem.code, problem.place.row, problem.place.column) == ("not-utf-8", 3, "b")
    assert problem.found == "byte 0xe9 at offset 13"


def test_a_letter_on_the_border_of_blocks_is_whole():
    # the check reads 16 MB at a time; é has two bytes, and the border lies between them
    data = b"a\n" + b"x" * (16 * 1024**2 - 3) + "é\n".encode()
    assert ("not-utf-8", 1) not in codes(data)
    broken = data[:-3] + b"\xc3\n"
    _, problems = read_cells("x.csv", broken)
    assert problems[0].code == "not-utf-8"
    assert f"offset {len(broken) - 2}" in problems[0].found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"\xef\xbb\xbf\n", "empty-file"),
        (b"a;b\n1;2\n", "wrong-separator"),
        (b"a\tb\n", "wrong-separator"),
        (b"a,a\n", "duplicate-column"),
        (b'a,b\n"1,2\n', "unclosed-quote"),
        (b'a,b\n1,"2"3\n', "unclosed-quote"),
        (b"a,b\n1,2\r3,4\n", "bare-carriage-return"),
        (b"PK\x03\x04", "not-a-table"),
        (b"<?xml version='1.0'?>", "not-a-table"),
        (b"\xff\xfea\x00", "not-utf-8"),
    ],
)
def test_what_is_no_table_is_refused_for_its_reason(data: bytes, code: str):
    assert code in [found for found, _ in codes(data)]


def test_a_quote_that_closes_and_two_inside_are_sound():
    cells, problems = read_cells("x.csv", b'a\n"said ""so"""\n')
    assert cells is not None
    assert not problems
    assert cells.frame["a"].to_list() == ['said "so"']


def test_more_lines_than_the_limit_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text_module, "MAX_ROWS", 3)
    assert codes(b"a\n1\n2\n3\n") == []
    assert codes(b"a\n1\n2\n3\n4\n") == [("too-large", 0)]


def test_a_cell_up_to_the_limit_is_read():
    assert codes(b"a\n" + b"x" * text_module.MAX_CELL + b"\n") == []


def test_a_wrong_column_of_a_long_table_is_a_thousand_problems_and_one_more():
    _, problems = read_cells("x.csv", b"a,b\n" + b"1\n" * 1_500)
    assert len(problems) == 1_001
    assert problems[-1].code == "more-problems"
    assert problems[-1].place.row == 1_002
    assert problems[-1].found == "500 more of the kind short-row, from here on"
