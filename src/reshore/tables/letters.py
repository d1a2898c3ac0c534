"""Characters in cells: which no cell may hold, and the one form in which letters with marks are kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import polars as pl

from reshore.errors import Place, Problem, shown
from reshore.tables.columns import Column
from reshore.tables.text import MAX_CELL

_ODD = r"[^ -~]"
_LINE_BREAK = re.compile(r"\r\n")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_OVERRIDE = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain(file: str, column: Column, cells: pl.Series, rows: pl.Series) -> tuple[pl.Series, list[Problem]]:
    """`cells` with line ends as LF and letters with marks in composed form (NFC), and what is wrong with their letters.

    Keys are left as they are: whether two spellings meet is seen when keys are compared.
    """
    problems = list(_too_long(file, column, cells, rows))
    odd = cells.str.contains(_ODD)
    if not odd.any():
        return cells, problems
    places = odd.arg_true()
    old = cells.gather(places).to_list()
    new = [_LINE_BREAK.sub("\n", cell) for cell in old]
    row_numbers = rows.gather(places).to_list()
    for cell, row in zip(new, row_numbers, strict=True):
        place = Place(file, row, column.name)
        if _CONTROL.search(cell):
            problems.append(
                Problem(
                    "control-character",
                    place,
                    f"'{shown(cell)}'",
                    "text without control characters",
                    "remove the character",
                )
            )
        elif _OVERRIDE.search(cell) and column.kind == "text":
            problems.append(
                Problem(
                    "invisible-character",
                    place,
                    f"'{shown(cell)}'",
                    "text that reads in the order of its letters",
                    "remove the invisible character",
                )
            )
    if column.kind not in ("id", "ids", "place"):
        composed = [unicodedata.normalize("NFC", cell) for cell in new]
        problems += _composed(file, column, new, composed, row_numbers)
        new = composed
    return (cells if new == old else cells.scatter(places, new)), problems


def _too_long(file: str, column: Column, cells: pl.Series, rows: pl.Series) -> Iterator[Problem]:
    lengths = cells.str.len_bytes()
    if not len(cells) or lengths.max() <= MAX_CELL:  # type: ignore[operator]  # lengths are whole numbers
        return
    for row in rows.filter(lengths > MAX_CELL):
        yield Problem(
            "cell-too-long",
            Place(file, row, column.name),
            f"a cell of over {MAX_CELL} bytes",
            f"at most {MAX_CELL} bytes",
            "shorten the text",
        )


def _composed(file: str, column: Column, old: list[str], new: list[str], rows: list[int]) -> Iterator[Problem]:
    for before, after, row in zip(old, new, rows, strict=True):
        if before != after:
            yield Problem(
                "not-composed",
                Place(file, row, column.name),
                f"'{shown(before)}'",
                "letters in composed form (NFC)",
                "none needed: it was composed",
                "note",
            )
