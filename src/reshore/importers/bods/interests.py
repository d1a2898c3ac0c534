"""Interests of one party in one entity: as stakes where they are shares, as posts where they are not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reshore.data.rules import OWNERS_TOLERANCE
from reshore.errors import Place
from reshore.importers.draft import Draft, Row, quoted
from reshore.importers.text import date_text, one_line

EXCLUSIVE_STEP = 1e-8
"""How far an end that is not part of a range lies outside: less than the smallest share that registers print, more than
the tolerance of comparisons."""

_SHARES = {"shareholding": "equity_share", "votingRights": "votes_share", "appointmentOfBoard": "seats_share"}
"""Kinds of interest of which stakes count the share."""

_PERCENT = 100.0
_ENDS = (
    ("minimum", "low", 0.0),
    ("exclusiveMinimum", "low", EXCLUSIVE_STEP),
    ("maximum", "high", 0.0),
    ("exclusiveMaximum", "high", -EXCLUSIVE_STEP),
)


@dataclass(frozen=True)
class Interest:
    """One interest: its kind, the column of stakes that holds its share, the share with its range, and its dates."""

    kind: str
    column: str | None
    value: float | None
    low: float | None
    high: float | None
    start: str | None
    end: str | None
    is_indirect: bool
    details: str

    @property
    def least(self) -> float:
        """The least that the share can be."""
        return self.value if self.value is not None else self.low or 0.0

    @property
    def most(self) -> float:
        """The most that the share can be."""
        return self.value if self.value is not None else 1.0 if self.high is None else self.high

    @property
    def words(self) -> str:
        """The kind in words: ``Board chair``."""
        spaced = "".join(f" {char.lower()}" if char.isupper() else char for char in self.kind)
        return spaced[:1].upper() + spaced[1:]


def read_interests(place: Place, details: Mapping[str, Any], draft: Draft) -> list[Interest]:
    """The interests of a relationship; one whose nature is not stated when there are none."""
    listed = details.get("interests")
    found = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    if not found:
        draft.note("no-interests", place, "a relationship without interests", "interests",
                   "none needed: an interest whose nature is unknown")  # fmt: skip
        found = [{}]
    return [_interest(place, item, draft) for item in found]


def _interest(place: Place, item: Mapping[str, Any], draft: Draft) -> Interest:
    kind = str(item.get("type") or "unknownInterest")
    share = item.get("share")
    value, low, high = _share(place, share, draft) if isinstance(share, dict) else (None, None, None)
    has_share = value is not None or low is not None or high is not None
    column = _SHARES.get(kind)
    if column == "seats_share" and not has_share:
        column = None
    if column is None and has_share:
        draft.note("share-without-column", place, f"a share of {quoted(kind)}", "shares of capital, votes or seats",
                   "none needed: it is told in the note")  # fmt: skip
    dates = {}
    for name in ("startDate", "endDate"):
        text = str(item.get(name) or "")
        dates[name] = date_text(text) if text else None
        if text and dates[name] is None:
            draft.note("bad-date", place, quoted(text), "YYYY-MM-DD", "none needed: the date was left out")
    return Interest(kind, column, value, low, high, dates["startDate"], dates["endDate"],
                    item.get("directOrIndirect") == "indirect", one_line(str(item.get("details") or "")))  # fmt: skip


def _share(place: Place, share: Mapping[str, Any], draft: Draft) -> tuple[float | None, float | None, float | None]:
    """A share of 1 with its range; an end that is not part of the range is moved inward by `EXCLUSIVE_STEP`."""
    numbers: dict[str, float] = {}
    for name in ("exact", *(name for name, _, _ in _ENDS)):
        if name not in share:
            continue
        number = share[name]
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number <= _PERCENT:
            draft.error("out-of-range", Place(place.file, place.row, f"share.{name}"), quoted(str(number)),
                        "a number from 0 to 100", "correct the statement")  # fmt: skip
            return None, None, None
        numbers[name] = round(number / _PERCENT, 12)
    ends: dict[str, float | None] = {"low": None, "high": None}
    for name, end, step in _ENDS:
        if name in numbers:
            moved = min(1.0, max(0.0, round(numbers[name] + step, 12)))
            known = ends[end]
            ends[end] = moved if known is None else (max if end == "low" else min)(known, moved)
    value, low, high = numbers.get("exact"), ends["low"], ends["high"]
    if value is not None and low == high == value:
        low = high = None
    given = [number for number in (low, value, high) if number is not None]
    if given != sorted(given):
        draft.error("range-out-of-order", Place(place.file, place.row, "share"), quoted(str(dict(share))),
                    "minimum ≤ exact ≤ maximum", "correct the statement")  # fmt: skip
        return None, None, None
    return value, low, high


def stake_rows(place: Place, interests: Sequence[Interest], draft: Draft) -> list[Row]:
    """Stakes of one pair: what is held now in one row, what was held before in one row for each period."""
    shares = [interest for interest in interests if interest.column is not None or _is_of_unknown_nature(interest)]
    ended = sorted({(interest.start or "", interest.end) for interest in shares if interest.end is not None})
    now = [interest for interest in shares if interest.end is None]
    rows = [_row(now, min((one.start for one in now if one.start), default=None), None, draft, place)] if now else []
    first = str(rows[0]["start"] or "") if rows else "9999"
    for start, end in reversed(ended):
        assert end is not None
        if end > first:
            first_day = first or "an unknown day"
            draft.note("overlapping-periods", place, f"an interest until {end} beside a later one from {first_day}",
                       "one after the other", "none needed: the later one was kept")  # fmt: skip
            continue
        own = [interest for interest in shares if (interest.start or "", interest.end) == (start, end)]
        rows.append(_row(own, start or None, end, draft, place))
        first = start
    return rows


def _is_of_unknown_nature(interest: Interest) -> bool:
    return interest.kind in ("unknownInterest", "unpublishedInterest")


def _row(interests: Sequence[Interest], start: str | None, end: str | None, draft: Draft, place: Place) -> Row:
    row: Row = {"start": start, "end": end}
    for column in _SHARES.values():
        own = [interest for interest in interests if interest.column == column]
        if len(own) == 1:
            row |= {column: own[0].value, f"{column}_low": own[0].low, f"{column}_high": own[0].high}
        elif own:
            draft.note("several-interests", place, f"{len(own)} interests of the kind {quoted(own[0].kind)}", "one",
                       "none needed: a range that holds whether they are parts or repetitions")  # fmt: skip
            most = min(1.0, sum(interest.most for interest in own))
            row |= {f"{column}_low": max(interest.least for interest in own), f"{column}_high": most}
    details = sorted(
        {text for one in interests for text in (one.details, "indirect" if one.is_indirect else "") if text}
    )
    row["note"] = "; ".join(details) or None
    return row


def post_rows(interests: Iterable[Interest]) -> list[Row]:
    """Posts of one party in one entity: interests that are no shares."""
    posts: dict[str, Row] = {}
    for interest in sorted(interests, key=lambda one: (one.start or "9999", one.end or "9999", one.details)):
        if interest.column is None and not _is_of_unknown_nature(interest):
            row: Row = {"post": interest.words, "start": interest.start, "end": interest.end,
                        "note": interest.details or None}  # fmt: skip
            posts.setdefault(interest.words, row)
    return list(posts.values())


def fit_owners(owned: str, rows: Sequence[Row], draft: Draft) -> None:
    """Shares that add up to more than the whole on a day, as joint holders state them, become ranges."""
    for column in ("equity_share", "votes_share"):
        for day in sorted({str(row["start"] or "") for row in rows}):
            held = [row for row in rows if _is_held(row, day)]
            total = math.fsum(_least(row, column) for row in held)
            if total <= 1 + OWNERS_TOLERANCE:
                continue
            draft.note("owners-above-one", Place("stakes.csv", 0, column), f"{total:g} of '{owned}' in all",
                       "at most 1", "none needed: shares became ranges, as some may be held jointly")  # fmt: skip
            for row in held:
                low, high = _least(row, column), row.get(column) or row.get(f"{column}_high")
                if low:
                    low = max(0.0, low - (total - 1))
                    row |= {column: None, f"{column}_low": low, f"{column}_high": high}


def _is_held(row: Row, day: str) -> bool:
    start, end = str(row["start"] or ""), row["end"]
    return start <= day and (end is None or day < str(end) or start == day)


def _least(row: Row, column: str) -> float:
    found = row.get(column)
    found = row.get(f"{column}_low") if found is None else found
    return found if isinstance(found, float) else 0.0
