"""Statements of the Beneficial Ownership Data Standard 0.4, and of each record the one that counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reshore.errors import Place
from reshore.importers.draft import Draft, quoted
from reshore.importers.inbox import Inbox
from reshore.importers.strict_json import read_values
from reshore.importers.text import date_text

VERSION = "0.4"
_TYPES = ("entity", "person", "relationship")
_STATUSES = ("", "new", "updated", "closed")


@dataclass(frozen=True)
class Statement:
    """What a publisher states about one record at one time."""

    place: Place
    record: str
    kind: str
    status: str
    date: str | None
    publisher: str
    publisher_url: str
    licence: str
    source_types: tuple[str, ...]
    details: Mapping[str, Any]
    statement: str

    @property
    def order(self) -> tuple[str, int, str]:
        """Later statements on a record count more than earlier ones."""
        return (self.date or "", _STATUSES.index(self.status), self.statement)


def read_statements(inbox: Inbox, name: str, draft: Draft) -> list[Statement]:
    """Statements of the file `name`; what is none is an error."""
    values = read_values(name, inbox.read(name), draft)
    found = []
    for number, value in values or ():
        draft.account(name).read += 1
        statement = _statement(Place(name, number), value, draft)
        if statement is not None:
            found.append(statement)
    return found


def _statement(place: Place, value: Any, draft: Draft) -> Statement | None:
    def refuse(code: str, column: str, found: object, expected: str) -> None:
        draft.error(code, Place(place.file, place.row, column), quoted(str(found)), expected,
                    f"name a file of BODS {VERSION} statements")  # fmt: skip

    if not isinstance(value, dict):
        refuse("bad-statement", "", type(value).__name__, "a statement: an object")
        return None
    about = _object(value.get("publicationDetails"))
    version = str(about.get("bodsVersion", ""))
    if version.split(".")[:2] != VERSION.split("."):
        refuse("wrong-version", "bodsVersion", version or "no version", f"BODS {VERSION}")
        return None
    record, kind, details = value.get("recordId"), value.get("recordType"), value.get("recordDetails")
    status = value.get("recordStatus", "")
    sound = True
    for column, is_sound, found, expected in (
        ("recordId", isinstance(record, str) and bool(record), record, "the identifier of a record"),
        ("recordType", kind in _TYPES, kind, ", ".join(_TYPES)),
        ("recordStatus", status in _STATUSES, status, ", ".join(_STATUSES[1:])),
        ("recordDetails", isinstance(details, dict), type(details).__name__, "an object"),
    ):
        if not is_sound:
            refuse("bad-statement", column, found, expected)
            sound = False
    if not sound:
        return None
    publisher, origin = _object(about.get("publisher")), _object(value.get("source"))
    date = value.get("statementDate") or about.get("publicationDate") or ""
    return Statement(
        place=place,
        record=str(record),
        kind=str(kind),
        status=str(status),
        date=date_text(str(date)),
        publisher=str(publisher.get("name") or publisher.get("url") or "publisher not stated"),
        publisher_url=str(publisher.get("url") or ""),
        licence=str(about.get("license") or ""),
        source_types=tuple(str(word) for word in _listed(origin.get("type"))),
        details=details,  # type: ignore[arg-type]  # an object, as checked above
        statement=str(value.get("statementId", "")),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def latest(statements: list[Statement], draft: Draft) -> dict[str, Statement]:
    """Of each record the statement that counts: the latest."""
    kept: dict[str, Statement] = {}
    for statement in sorted(statements, key=lambda one: one.order):
        earlier = kept.get(statement.record)
        if earlier is not None and earlier.kind != statement.kind:
            draft.error("conflicting-rows", statement.place, f"record {quoted(statement.record)} as {statement.kind}",
                        f"{earlier.kind}, as in {earlier.place}", "give each record its own identifier")  # fmt: skip
        if earlier is not None:
            draft.merge("superseded", earlier.place, f"an earlier statement on {quoted(statement.record)}",
                        "one statement on each record", "none needed: the latest one counts")  # fmt: skip
        kept[statement.record] = statement
    return dict(sorted(kept.items()))
