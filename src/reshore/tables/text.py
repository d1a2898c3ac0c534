"""From bytes to cells: what every text table goes through before any column is looked at.

Nothing is guessed. The bytes are strict UTF-8, the separator is a comma, quotes close, rows are of one length. What is
not so is a `Problem`; rows that are whole are carried on, so that one run shows everything that is wrong.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from reshore.errors import Place, Problem, shown

MAX_BYTES = 2 * 1024**3
MAX_ROWS = 10_000_000
MAX_CELL = 32 * 1024
ROW = "_row"

_CHUNK = 100_000
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"


@dataclass(frozen=True)
class Cells:
    """The cells of one file as text.

    ``frame`` has one String column per heading and ``_row``, the record number as a spreadsheet counts it (header = 1).
    """

    file: str
    frame: pl.DataFrame


def read_cells(file: str, data: bytes) -> tuple[Cells | None, list[Problem]]:
    """The cells of a CSV file and what is wrong with it as a text; ``None`` when no cell can be trusted."""
    problems: list[Problem] = []
    text = _text(file, data, problems)
    if text is None:
        return None, problems
    frame = _records(file, text, problems)
    return (None if frame is None else Cells(file, frame)), problems


def _text(file: str, data: bytes, problems: list[Problem]) -> str | None:
    def refuse(code: str, found: str, expected: str, fix: str, row: int = 0, note: bool = False) -> None:
        problems.append(Problem(code, Place(file, row), found, expected, fix, "note" if note else "error"))

    if not data.strip():
        refuse("empty-file", f"{len(data)} bytes", "a header and rows", "fill the file or remove it")
        return None
    if len(data) > MAX_BYTES:
        refuse("too-large", f"{len(data)} bytes", f"at most {MAX_BYTES} bytes", "split the data or use Parquet")
        return None
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (len(data) >= 4 and data[1:4:2] == b"\0\0"):
        refuse("not-utf-8", "text that looks like UTF-16", "UTF-8", "save the file as UTF-8")
        return None
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        refuse("not-a-table", "a web page (HTML or XML)", "a CSV table", "download the data file itself")
        return None
    if head.startswith(b"version https://git-lfs"):
        refuse("lfs-pointer", "a Git LFS pointer", "the data it points to", "fetch the file with `git lfs pull`")
        return None
    if data[:2] == b"PK":
        refuse("not-a-table", "a zip archive or spreadsheet", "a CSV table", "export the sheet as CSV (UTF-8)")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        refuse(
            "not-utf-8",
            f"byte 0x{data[error.start]:02x} at offset {error.start}",
            "UTF-8",
            "save the file as UTF-8 (it may be Windows-1252 or Latin-1)",
            row,
        )
        return None
    if text.startswith("\ufeff"):
        text = text[1:]
        refuse(
            "byte-order-mark", "a byte order mark at the start", "plain UTF-8", "none needed: it was left out", 1, True
        )
    fatal = False
    for code, pattern, found, fix in (
        ("byte-order-mark", "\ufeff", "a byte order mark inside the file", "join the files without it"),
        ("nul-byte", "\0", "a NUL character", "remove it; the file may be damaged"),
    ):
        if pattern in text:
            row = text.count("\n", 0, text.index(pattern)) + 1
            refuse(code, found, "text", fix, row)
            fatal = True
    bare = re.search(r"\r(?!\n)", text) if "\r" in text else None
    if bare:
        row = text.count("\n", 0, bare.start()) + 1
        refuse("bare-carriage-return", "a carriage return alone", "line feeds", "save with LF or CRLF line ends", row)
        fatal = True
    return None if fatal else text


def _records(file: str, text: str, problems: list[Problem]) -> pl.DataFrame | None:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = _numbered(file, reader, problems)
    first = next(records, None)
    if first is None:
        if not problems:
            problems.append(Problem("empty-file", Place(file), "no header", "a header and rows", "add the header"))
        return None
    header = first[1]
    if not _header_is_sound(file, header, problems):
        return None
    width = len(header)
    frames: list[pl.DataFrame] = []
    blank: list[int] = []
    last_full = 1
    total = 0
    while chunk := list(itertools.islice(records, _CHUNK)):
        rows = [cells for _, cells in chunk]
        numbers = [number for number, _ in chunk]
        if set(map(len, rows)) != {width}:
            rows, numbers = _whole_rows(file, chunk, width, blank, problems)
        if numbers:
            last_full = numbers[-1]
            frames.append(_frame(header, rows, numbers))
        total += len(chunk)
        if total > MAX_ROWS:
            problems.append(
                Problem(
                    "too-large", Place(file), f"more than {MAX_ROWS} rows", f"at most {MAX_ROWS} rows", "split the data"
                )
            )
            return None
    for number in blank:
        inside = number < last_full
        problems.append(
            Problem(
                "blank-row",
                Place(file, number),
                "a blank row",
                "rows with data" if inside else "the end of the file",
                "remove the row" if inside else "none needed: it was left out",
                "error" if inside else "note",
            )
        )
    if any(problem.code == "unclosed-quote" for problem in problems):
        return None
    frame = pl.concat(frames) if frames else _frame(header, [], [])
    return _without_bad_text(file, frame, problems)


def _numbered(file: str, reader: Iterator[list[str]], problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            too_long = "field larger" in str(error)
            problems.append(
                Problem(
                    "cell-too-long" if too_long else "unclosed-quote",
                    Place(file, number + 1),
                    f"a cell of over {MAX_CELL} bytes" if too_long else f"a quote that does not close ({error})",
                    f"at most {MAX_CELL} bytes" if too_long else 'cells in "…" with inner quotes doubled',
                    "shorten the text" if too_long else "close the quote, or double the quote inside the cell",
                )
            )
            return
        number += 1
        yield number, cells


def _header_is_sound(file: str, header: list[str], problems: list[Problem]) -> bool:
    place = Place(file, 1)
    if len(header) == 1:
        for name, mark in (("semicolon", ";"), ("tab", "\t"), ("vertical bar", "|")):
            if mark in header[0]:
                problems.append(
                    Problem("wrong-separator", place, f"cells that look split by {name}", "commas", "save with commas")
                )
                return False
    seen: set[str] = set()
    sound = True
    for name in header:
        if name in seen:
            problems.append(
                Problem(
                    "duplicate-column",
                    Place(file, 1, shown(name)),
                    f"column {shown(name)!r} twice",
                    "each column once",
                    "rename or remove one of them",
                )
            )
            sound = False
        seen.add(name)
    return sound


def _whole_rows(
    file: str, chunk: list[tuple[int, list[str]]], width: int, blank: list[int], problems: list[Problem]
) -> tuple[list[list[str]], list[int]]:
    rows, numbers = [], []
    for number, cells in chunk:
        if len(cells) == width:
            rows.append(cells)
            numbers.append(number)
        elif not cells or (len(cells) == 1 and not cells[0].strip()):
            blank.append(number)
        else:
            short = len(cells) < width
            problems.append(
                Problem(
                    "short-row" if short else "long-row",
                    Place(file, number),
                    f"{len(cells)} cells",
                    f"{width} cells",
                    "add the missing cells (commas)" if short else "quote cells that contain commas",
                )
            )
    return rows, numbers


def _frame(header: list[str], rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    series = [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(header, columns, strict=True)]
    return pl.DataFrame([*series, pl.Series(ROW, numbers, dtype=pl.Int64)])


def _without_bad_text(file: str, frame: pl.DataFrame, problems: list[Problem]) -> pl.DataFrame:
    """Reports cells that are too long, rows that are empty from end to end, and control characters."""
    names = [name for name in frame.columns if name != ROW]
    if frame.is_empty() or not names:
        return frame
    empty = frame.select(pl.all_horizontal(pl.col(names).str.strip_chars() == "")).to_series()
    for number in frame.filter(empty)[ROW]:
        problems.append(
            Problem("blank-row", Place(file, number), "a row of empty cells", "rows with data", "remove the row")
        )
    frame = frame.filter(~empty)
    for name in names:
        cells = frame[name]
        for number in frame.filter(cells.str.len_bytes() > MAX_CELL)[ROW]:
            problems.append(
                Problem(
                    "cell-too-long",
                    Place(file, number, shown(name)),
                    f"a cell of over {MAX_CELL} bytes",
                    f"at most {MAX_CELL} bytes",
                    "shorten the text",
                )
            )
        odd = frame.filter(cells.str.contains(_CONTROL))
        for number, value in zip(odd[ROW], odd[name], strict=True):
            problems.append(
                Problem(
                    "control-character",
                    Place(file, number, shown(name)),
                    f"'{shown(value)}'",
                    "text without control characters",
                    "remove the character",
                )
            )
    return frame
