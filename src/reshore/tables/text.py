"""From bytes to cells: what every text table goes through before any column is looked at.

Nothing is guessed. The bytes are strict UTF-8, the separator is a comma, quotes close, rows are of one length. What is
not so is a `Problem`; rows that are whole are carried on, so that one run shows everything that is wrong. Line ends
are LF or CRLF and become LF, inside cells too.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from reshore.errors import Place, Problem, limited, shown

MAX_BYTES = 2 * 1024**3
MAX_ROWS = 10_000_000
MAX_CELL = 32 * 1024
MAX_COLUMNS = 1_000
ROW = "_row"

_CHUNK = 20_000
_BOM = codecs.BOM_UTF8


@dataclass(frozen=True)
class Cells:
    """The cells of one file as text.

    ``frame`` has one String column per heading and ``_row``, the record number as a spreadsheet counts it (header = 1).
    ``whole`` is false when rows had to be left out, each with a `Problem`.
    """

    file: str
    frame: pl.DataFrame
    whole: bool = True


def read_cells(file: str, data: bytes) -> tuple[Cells | None, list[Problem]]:
    """The cells of a CSV file and what is wrong with it as a text; ``None`` when no cell can be trusted."""
    wrong = not_a_table(file, data)
    if wrong is None and data.count(b"\n") > MAX_ROWS + 1:
        wrong = too_many_rows(file)
    if wrong is not None:
        return None, [wrong]
    problems: list[Problem] = []
    text = _plain(file, data, problems)
    if text is None:
        return None, problems
    cells = _records(file, text, problems)
    return cells, limited(problems)


def not_a_table(file: str, data: bytes) -> Problem | None:
    """Why `data` is no table at all: empty, a web page, a pointer, an archive, text in another encoding."""

    def refused(code: str, found: str, expected: str, fix: str) -> Problem:
        return Problem(code, Place(file), found, expected, fix)

    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head and not data.strip(b"\xef\xbb\xbf \t\r\n"):
        return refused("empty-file", f"{len(data)} bytes", "a header and rows", "fill the file or remove it")
    if len(data) > MAX_BYTES:
        return too_large(file, len(data))
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or b"\0\0" in (data[1:4:2], data[0:3:2]):
        return refused("not-utf-8", "text that looks like UTF-16", "UTF-8", "save the file as UTF-8")
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        return refused("not-a-table", "a web page (HTML or XML)", "a CSV table", "download the data file itself")
    if head.startswith(b"version https://git-lfs"):
        return refused(
            "lfs-pointer", "a Git LFS pointer", "the data it points to", "fetch the file with `git lfs pull`"
        )
    if data.startswith(b"PK\x03\x04"):
        return refused("not-a-table", "a zip archive or spreadsheet", "a CSV table", "export the sheet as CSV (UTF-8)")
    return None


def too_large(file: str, size: int) -> Problem:
    """The problem of a file of `size` bytes, which is more than is read."""
    return Problem(
        "too-large", Place(file), f"{size} bytes", f"at most {MAX_BYTES} bytes", "split the data or use Parquet"
    )


def too_many_rows(file: str) -> Problem:
    """The problem of a table with more rows than are read."""
    return Problem("too-large", Place(file), f"more than {MAX_ROWS} rows", f"at most {MAX_ROWS} rows", "split the data")


def _plain(file: str, data: bytes, problems: list[Problem]) -> bytes | None:
    """`data` without byte order mark and with line feeds, or ``None`` when it is not plain UTF-8 text."""

    def refuse(code: str, offset: int, found: str, expected: str, fix: str) -> None:
        row, column = _located(data, offset)
        problems.append(Problem(code, Place(file, row, column), found, expected, fix))

    offset = _first_bad_byte(data)
    if offset is not None:
        found = f"byte 0x{data[offset]:02x} at offset {offset}"
        refuse("not-utf-8", offset, found, "UTF-8", "save the file as UTF-8 (it may be Windows-1252 or Latin-1)")
        return None
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
        problems.append(
            Problem(
                "byte-order-mark",
                Place(file, 1),
                "a byte order mark at the start",
                "plain UTF-8",
                "none needed: it was left out",
                "note",
            )
        )
    sound = True
    for code, pattern, found, expected, fix in (
        ("byte-order-mark", _BOM, "a byte order mark inside the file", "text", "join the files without it"),
        ("nul-byte", b"\0", "a NUL character", "text", "remove it; the file may be damaged"),
    ):
        place = data.find(pattern)
        if place >= 0:
            refuse(code, place, found, expected, fix)
            sound = False
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        place = data.find(b"\r")
        if place >= 0:
            refuse(
                "bare-carriage-return", place, "a carriage return alone", "line feeds", "save with LF or CRLF line ends"
            )
            sound = False
    return data if sound else None


def _first_bad_byte(data: bytes) -> int | None:
    if data.isascii():
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    view, block, done = memoryview(data), 16 * 1024**2, 0
    for start in range(0, len(data), block):
        part = view[start : start + block]
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(part, final=start + block >= len(data))
        except UnicodeDecodeError as error:
            return done - waiting + error.start
        done += len(part)
    return None


def _located(data: bytes, offset: int) -> tuple[int, str]:
    """The record and the column in which byte `offset` of `data` lies; a best guess, as the text is broken."""
    text = data[:offset].removeprefix(_BOM).decode("utf-8", "replace").replace("\0", "")
    header: list[str] = []
    row: list[str] = []
    number = 0
    try:
        for row in csv.reader(io.StringIO(text, newline="\n")):
            number += 1
            header = header or row
    except csv.Error:
        return text.count("\n") + 1, ""
    if not text or text.endswith("\n"):
        number, row = number + 1, [""]
    return number, shown(header[len(row) - 1]) if number > 1 and len(row) <= len(header) else ""


def _records(file: str, data: bytes, problems: list[Problem]) -> Cells | None:
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="\n")
    chunks = _chunks(file, csv.reader(lines, strict=True), problems)
    first = next(chunks, None)
    if first is None:
        if not problems or problems[-1].severity == "note":
            problems.append(Problem("empty-file", Place(file), "no header", "a header and rows", "add the header"))
        return None
    header = first.pop(0)
    if not _header_is_sound(file, header, problems):
        return None
    width = len(header)
    frames: list[pl.DataFrame] = []
    blank: list[int] = []
    short_or_long: list[Problem] = []
    number = 1
    for rows in itertools.chain([first], chunks):
        numbers = list(range(number + 1, number + 1 + len(rows)))
        number += len(rows)
        if set(map(len, rows)) - {width}:
            rows, numbers = _whole_rows(file, rows, numbers, width, blank, short_or_long)
        frames.append(_frame(header, rows, numbers))
    problems += short_or_long
    if any(problem.severity == "error" and problem not in short_or_long for problem in problems):
        return None
    frame = _without_empty_rows(pl.concat(frames), blank)
    last = frame[ROW].max() if frame.height else 1
    problems += _blank_rows(file, blank, last)  # type: ignore[arg-type]  # rows are whole numbers
    return Cells(file, frame, whole=not short_or_long)


def _chunks(file: str, reader: Iterator[list[str]], problems: list[Problem]) -> Iterator[list[list[str]]]:
    """Records in lists; what does not parse becomes a problem and ends the iteration."""
    done = 0
    while True:
        rows: list[list[str]] = []
        try:
            rows.extend(itertools.islice(reader, _CHUNK))
        except csv.Error as error:
            number = done + len(rows) + 1
            problems.append(_unparsed(file, number, error))
            if rows:
                yield rows
            return
        if not rows:
            return
        done += len(rows)
        yield rows


def _unparsed(file: str, row: int, error: csv.Error) -> Problem:
    if "field larger" in str(error):
        return Problem(
            "cell-too-long",
            Place(file, row),
            f"a cell of over {MAX_CELL} bytes",
            f"at most {MAX_CELL} bytes",
            "shorten the text, or close the quote that begins it",
        )
    return Problem(
        "unclosed-quote",
        Place(file, row),
        f"a quote that does not close ({error})",
        'cells in "…" with inner quotes doubled',
        "close the quote, or double the quote inside the cell",
    )


def _header_is_sound(file: str, header: list[str], problems: list[Problem]) -> bool:
    place = Place(file, 1)
    if len(header) == 1:
        for name, mark in (("semicolon", ";"), ("tab", "\t"), ("vertical bar", "|")):
            if mark in header[0]:
                problems.append(
                    Problem("wrong-separator", place, f"cells that look split by {name}", "commas", "save with commas")
                )
                return False
    if len(header) > MAX_COLUMNS:
        problems.append(
            Problem("too-large", place, f"{len(header)} columns", f"at most {MAX_COLUMNS} columns", "remove columns")
        )
        return False
    sound = True
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            problems.append(
                Problem(
                    "duplicate-column",
                    Place(file, 1, shown(name)),
                    f"column {shown(name)!r} more than once",
                    "each column once",
                    "rename or remove one of them",
                )
            )
            sound = False
    if ROW in header:
        problems.append(
            Problem("unknown-column", Place(file, 1, ROW), f"column {ROW!r}", "columns of the table", "remove it")
        )
        sound = False
    return sound


def _whole_rows(
    file: str, rows: list[list[str]], numbers: list[int], width: int, blank: list[int], problems: list[Problem]
) -> tuple[list[list[str]], list[int]]:
    whole: list[list[str]] = []
    kept: list[int] = []
    for number, cells in zip(numbers, rows, strict=True):
        if len(cells) == width:
            whole.append(cells)
            kept.append(number)
        elif not any(cell.strip() for cell in cells):
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
    return whole, kept


def _frame(header: list[str], rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    series = [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(header, columns, strict=True)]
    return pl.DataFrame([*series, pl.Series(ROW, numbers, dtype=pl.Int64)])


def _without_empty_rows(frame: pl.DataFrame, blank: list[int]) -> pl.DataFrame:
    """`frame` without rows whose cells are all empty; their numbers are added to `blank`."""
    names = [name for name in frame.columns if name != ROW]
    empty = pl.Series([True], dtype=pl.Boolean).new_from_index(0, frame.height)
    for name in names:
        if not empty.any():
            return frame
        empty &= frame[name].str.strip_chars() == ""
    blank.extend(frame.filter(empty)[ROW].to_list())
    return frame.filter(~empty)


def _blank_rows(file: str, blank: list[int], last: int) -> Iterator[Problem]:
    for number in sorted(blank):
        if number < last:
            yield Problem("blank-row", Place(file, number), "a row of empty cells", "rows with data", "remove the row")
    after = [number for number in blank if number > last]
    if after:
        yield Problem(
            "blank-row",
            Place(file, min(after)),
            f"{len(after)} blank rows at the end",
            "the end of the file",
            "none needed: they were left out",
            "note",
        )
