"""From the text of a source to its cells: headings, numbers, dates, names and keys, none of them guessed."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from reshore.countries import country_code
from reshore.errors import Place, shown
from reshore.importers.draft import Draft, quoted
from reshore.importers.inbox import Inbox
from reshore.tables import ROW, read_cells
from reshore.tables.cells import did_you_mean
from reshore.tables.keys import KEY_LENGTH, explain_key
from reshore.tables.text import not_a_table

__all__ = ["Sheet", "date_text", "is_number", "key", "money", "number", "one_line", "place_code", "read_sheet", "slug"]

_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\.\d+", re.ASCII)
_ISO_DATE = re.compile(r"((?:1[89]|2[01])\d\d)-(\d\d)-(\d\d)(?:[T ][\d:.+Z-]*)?", re.ASCII)
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/((?:1[89]|2[01])\d\d)", re.ASCII)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_HASH_LENGTH = 10
_CP1252 = "cp1252"


@dataclass(frozen=True)
class Sheet:
    """The cells of one file as text, under the headings that were asked for."""

    file: str
    frame: pl.DataFrame

    def rows(self) -> Iterator[dict[str, str]]:
        """Rows as dictionaries of text, in the order of the file; `place` says where each stands."""
        yield from self.frame.iter_rows(named=True)

    def place(self, row: Mapping[str, object], column: str = "") -> Place:
        """The place of a cell of `row`."""
        number = row[ROW]
        assert isinstance(number, int)
        return Place(self.file, number, column)


def read_sheet(
    inbox: Inbox,
    name: str,
    draft: Draft,
    required: Sequence[str],
    optional: Sequence[str] = (),
    *,
    legacy: str = "",
    data: bytes | None = None,
) -> Sheet | None:
    """The columns of the CSV file `name` that are asked for, as text; ``None`` with the reasons on the draft.

    Optional columns that are not there are empty. A file that is not UTF-8 is read in the encoding `legacy`, if that is
    the one its source is known to have used. `data` stands for the bytes of the file where only some of its lines are
    wanted.
    """
    data = inbox.read(name) if data is None else data
    if legacy:
        data = _as_utf_8(name, data, legacy, draft)
    cells, problems = read_cells(name, data)
    draft.problems += problems
    if cells is None or not cells.whole:
        return None
    stripped = {heading: heading.strip() for heading in cells.frame.columns}
    frame = cells.frame.rename(stripped) if len({*stripped.values()}) == len(stripped) else cells.frame
    missing = [heading for heading in required if heading not in frame.columns]
    for heading in missing:
        near = did_you_mean(heading, [column for column in frame.columns if column != ROW])
        draft.error("missing-column", Place(name, 1, heading), f"columns {shown(', '.join(frame.columns[:-1]))}",
                    f"column {heading!r}", f"name a file of this source; {near}")  # fmt: skip
    if missing:
        return None
    wanted = [*required, *optional]
    unread = [column for column in frame.columns if column not in wanted and column != ROW]
    if unread:
        draft.note("unread-columns", Place(name, 1), f"{len(unread)} of its columns: {shown(', '.join(unread))}",
                   "columns that the package has a place for", "none needed: they were left out")  # fmt: skip
    blanks = [pl.lit("").alias(column) for column in optional if column not in frame.columns]
    draft.account(name).read += frame.height
    frame = frame.with_columns(blanks).select(*wanted, ROW)
    _note_broken_characters(name, frame, draft)
    return Sheet(name, frame)


def _note_broken_characters(name: str, frame: pl.DataFrame, draft: Draft) -> None:
    for column in frame.columns[:-1]:
        broken = frame.filter(pl.col(column).str.contains("[\u0080-\u009f]"))
        if broken.height:
            draft.note("broken-character", Place(name, broken[ROW][0], column),
                       f"{broken.height:,} cells, the first {quoted(broken[column][0])}", "letters",
                       "none needed: read as the Windows-1252 that was meant")  # fmt: skip


def _as_utf_8(name: str, data: bytes, legacy: str, draft: Draft) -> bytes:
    try:
        data.decode("utf-8")
        return data
    except UnicodeDecodeError:
        if not_a_table(name, data) is not None:
            return data
    try:
        text = data.decode(legacy)
    except UnicodeDecodeError:
        return data
    draft.note("converted-encoding", Place(name), f"text in {legacy}", "UTF-8", "none needed: it was converted")
    return text.encode("utf-8")


def one_line(text: str) -> str:
    """`text` on one line: white space of every kind becomes one space, control characters what they stood for.

    Characters of the C1 block are Windows-1252 that was taken for Latin-1.
    """
    return " ".join(_CONTROL.sub(_meant, text).split())


def _meant(match: re.Match[str]) -> str:
    byte = ord(match[0])
    return bytes([byte]).decode(_CP1252, "replace").replace("\ufffd", " ") if 0x80 <= byte <= 0x9F else " "


def is_number(text: str) -> bool:
    """Whether `text` is a number as sources print them, thousands commas in their places included."""
    return _NUMBER.fullmatch(text) is not None


def number(text: str) -> float | None:
    """The number that `text` prints, with or without thousands commas, or ``None``."""
    return float(text.replace(",", "")) if is_number(text) else None


def money(text: str) -> Decimal | None:
    """An amount to the cent, with or without a dollar sign and thousands commas, or ``None``."""
    plain = text.strip()
    is_negative = plain.startswith("(") and plain.endswith(")")
    plain = plain.strip("()").replace("$", "")
    if not is_number(plain):
        return None
    amount = Decimal(plain.replace(",", "")).quantize(Decimal("0.01"))
    return -amount if is_negative else amount


def date_text(text: str) -> str | None:
    """The day that an ISO date (with or without a time of day) or a US date (month/day/year) names, or ``None``."""
    token = text.strip()
    if match := _ISO_DATE.fullmatch(token):
        year, month, day = match[1], int(match[2]), int(match[3])
    elif match := _US_DATE.fullmatch(token):
        year, month, day = match[3], int(match[1]), int(match[2])
    else:
        return None
    if not 1 <= month <= len(_DAYS) or not 1 <= day <= _DAYS[month - 1]:
        return None
    is_leap = int(year) % 4 == 0 and (int(year) % 100 != 0 or int(year) % 400 == 0)
    return None if (month, day) == (2, 29) and not is_leap else f"{year}-{month:02}-{day:02}"


def place_code(text: str) -> str | None:
    """The code of the country that `text` names, upper or lower case, or ``None``."""
    token = one_line(text)
    return country_code(token) or (country_code(token.upper()) if len(token) in (2, 3) else None)


def slug(text: str) -> str:
    """A key made of words: lower case ASCII letters and digits joined by hyphens.

    Words in which other letters would be lost, and words that are too long, end in a hash of the whole.
    """
    folded = unicodedata.normalize("NFKD", re.sub("[–—]", "-", text.casefold()))
    words = re.sub(r"[^a-z0-9]+", "-", folded.encode("ascii", "ignore").decode("ascii")).strip("-")
    if any(char.isalpha() and not unicodedata.name(char, "").startswith("LATIN") for char in folded):
        words = f"{words}-{_hash(text)}".strip("-")
    if len(words) > KEY_LENGTH // 2:
        words = f"{words[: KEY_LENGTH // 2]}-{_hash(text)}"
    return key(words)


def key(text: str) -> str:
    """`text` itself where it may be a key, and otherwise one made of it that ends in its hash."""
    if explain_key(text) is None:
        return text
    words = re.sub(r"[^A-Za-z0-9_.:-]+", "-", text).strip("-.:")[: KEY_LENGTH // 2]
    return f"{words or 'x'}-{_hash(text)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]


def file_is_missing(inbox: Inbox, draft: Draft, *patterns: str) -> None:
    """Refuses an inbox without any of the files that match `patterns`."""
    there = ", ".join(inbox.names[:20]) or "no files"
    draft.error("missing-file", Place(inbox.label), shown(there), " or ".join(patterns),
                "name the folder, archive or file as it was downloaded")  # fmt: skip
