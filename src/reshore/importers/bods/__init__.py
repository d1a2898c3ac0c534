"""Ownership statements of the Beneficial Ownership Data Standard (BODS) 0.4: organizations, stakes and posts.

Interests in capital, votes and board seats become stakes with the ends of their ranges; other interests become posts.
An indirect interest that is told by its components stands aside for them, so that nothing is owned twice. Parties that
are not specified are placeholders of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reshore.errors import Place
from reshore.importers.bods.interests import Interest, fit_owners, post_rows, read_interests, stake_rows
from reshore.importers.bods.statements import Statement, latest, read_statements
from reshore.importers.draft import Draft, Row, quoted
from reshore.importers.inbox import Inbox
from reshore.importers.records import Importer
from reshore.importers.text import file_is_missing, key, one_line, place_code, slug

_KINDS = {
    "registeredEntity": "firm",
    "legalEntity": "firm",
    "arrangement": "fund",
    "state": "state body",
    "stateBody": "state body",
    "anonymousEntity": "placeholder",
    "unknownEntity": "placeholder",
    "knownPerson": "person",
    "anonymousPerson": "placeholder",
    "unknownPerson": "placeholder",
}
_LEI = ("XI-LEI", "LEI")
_NO_OWNER = "noBeneficialOwners"


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads every JSON and JSON Lines file."""
    names = inbox.matching("*.json", "*.jsonl", "*.ndjson") or (list(inbox.names) if inbox.is_one_file else [])
    if not names:
        file_is_missing(inbox, draft, *IMPORTER.files)
        return
    records = latest([one for name in names for one in read_statements(inbox, name, draft)], draft)
    if draft.is_refused:
        return
    if not records:
        draft.error("no-rows", Place(names[0]), "no statement", "at least one", "name a file with statements")
        return
    sources = _sources(records, draft)
    for statement in records.values():
        if statement.kind != "relationship":
            draft.add("organizations", **_organization(statement, sources, draft))
            draft.keep(statement.place.file)
    pairs = _Pairs(records, sources, draft)
    for statement in records.values():
        if statement.kind == "relationship":
            pairs.add(statement)
    pairs.write()


def _sources(records: Mapping[str, Statement], draft: Draft) -> dict[str, str]:
    """Keys of sources by publisher."""
    keys: dict[str, str] = {}
    for statement in sorted(records.values(), key=lambda one: (one.publisher, one.order)):
        if statement.publisher not in keys:
            keys[statement.publisher] = f"bods-{slug(statement.publisher)}"
            is_address = statement.publisher_url.startswith(("http://", "https://"))
            draft.add("sources", source=keys[statement.publisher], title=f"Ownership statements (BODS 0.4) of "
                      f"{one_line(statement.publisher)}", url=statement.publisher_url if is_address else None,
                      licence=statement.licence or None)  # fmt: skip
    return keys


def _provenance(statement: Statement, sources: Mapping[str, str]) -> Row:
    is_official = bool({"officialRegister", "verified"} & set(statement.source_types))
    return {
        "source": sources[statement.publisher],
        "as_of": statement.date,
        "confidence": "high" if is_official else "medium",
    }


def _organization(statement: Statement, sources: Mapping[str, str], draft: Draft) -> Row:
    details = statement.details
    kind = details.get("personType") if statement.kind == "person" else _of(details.get("entityType"), "type")
    if kind not in _KINDS:
        draft.note("unknown-type", statement.place, quoted(str(kind)), ", ".join(_KINDS),
                   f"none needed: read as a {'person' if statement.kind == 'person' else 'firm'}")  # fmt: skip
    names = _names(details) if statement.kind == "person" else [str(details.get("name") or "")]
    names = [one_line(name) for name in (*names, *_texts(details.get("alternateNames"))) if one_line(name)]
    unspecified = details.get("unspecifiedEntityDetails") or details.get("unspecifiedPersonDetails")
    numbers = [
        (str(item.get("scheme") or item.get("schemeName") or "unnamed"), str(item.get("id") or ""))
        for item in _objects(details.get("identifiers"))
        if item.get("id")
    ]
    leis = sorted(number for scheme, number in numbers if scheme in _LEI)
    others = sorted(f"{scheme}:{number}" for scheme, number in numbers if scheme not in _LEI)
    notes = [f"Also {other}" for other in (*leis[1:], *others[1:])]
    notes += [
        f"Nationality {_of(item, 'code') or _of(item, 'name')}" for item in _objects(details.get("nationalities"))
    ]
    notes += ["Record closed"] if statement.status == "closed" else []
    notes += [f"Not specified: {_of(unspecified, 'reason')}"] if unspecified else []
    is_person = statement.kind == "person"
    return {
        "organization": key(statement.record),
        "label": names[0] if names else f"{'Person' if is_person else 'Entity'} without a name",
        "aliases": " ; ".join(sorted({*names[1:]} - {names[0]})) or None if names else None,
        "seat": None if is_person else _seat(statement, draft),
        "kind": _KINDS.get(str(kind), "person" if is_person else "firm"),
        "lei": key(leis[0]) if leis else None,
        "register_id": one_line(others[0]) if others else None,
        "note": "; ".join(notes) or None,
        **_provenance(statement, sources),
    }


def _seat(statement: Statement, draft: Draft) -> str | None:
    """Country of the jurisdiction, from the code of a country or of a part of it (``US-DE``)."""
    where = statement.details.get("jurisdiction")
    text = str(_of(where, "code") or _of(where, "name") or "")
    code = place_code(text.split("-")[0]) or place_code(str(_of(where, "name") or "")) if text else None
    if text and code is None:
        draft.note("unknown-country", statement.place, quoted(text), "a country", "none needed: the seat stays unknown")
    return code


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _names(details: Mapping[str, Any]) -> list[str]:
    """Full names of a person, legal names first."""
    listed = sorted(_objects(details.get("names")), key=lambda item: item.get("type") != "legal")
    parts = ("givenName", "patronymicName", "familyName")
    return [
        str(item.get("fullName") or " ".join(str(item[part]) for part in parts if item.get(part))) for item in listed
    ]


class _Pairs:
    """Interests by owner and owned, gathered before they are written so that nothing is owned twice."""

    def __init__(self, records: Mapping[str, Statement], sources: Mapping[str, str], draft: Draft) -> None:
        self.records = records
        self.sources = sources
        self.draft = draft
        self.interests: dict[tuple[str, str], list[tuple[Statement, Interest]]] = defaultdict(list)

    def add(self, statement: Statement) -> None:
        """Takes in one relationship."""
        details, place = statement.details, statement.place
        reason = _of(details.get("interestedParty"), "reason") or _of(details.get("subject"), "reason")
        if reason == _NO_OWNER:
            self.draft.drop("no-owner", place, "no beneficial owner, as stated", "an owner",
                            "none needed: no row means there is none")  # fmt: skip
            return
        if self._is_told_by_components(statement):
            self.draft.drop("told-by-components", place, f"the indirect relationship {quoted(statement.record)}",
                            "direct relationships", "none needed: its components are in the package")  # fmt: skip
            return
        ends = [self._end(statement, name) for name in ("interestedParty", "subject")]
        owner, owned = ends
        if owner is None or owned is None or owner == owned:
            self.draft.drop("self-ownership" if owner and owner == owned else "dangling-reference", place,
                            quoted(statement.record), "two parties that are in the file",
                            "none needed: the relationship was left out")  # fmt: skip
            return
        self.draft.keep(place.file)
        for interest in read_interests(place, details, self.draft):
            self.interests[(owner, owned)].append((statement, self._closed(statement, interest)))

    def _closed(self, statement: Statement, interest: Interest) -> Interest:
        """The interest, ended with its record: a closed record tells of what is no more."""
        if statement.status != "closed" or interest.end is not None:
            return interest
        self.draft.note("closed-record", statement.place, quoted(statement.record), "the day on which it ended",
                        "none needed: ended on the day of the statement")  # fmt: skip
        return replace(interest, end=statement.date or interest.start)

    def _is_told_by_components(self, statement: Statement) -> bool:
        listed = _texts(statement.details.get("componentRecords"))
        missing = [record for record in listed if record not in self.records]
        if missing:
            self.draft.note("missing-component", statement.place, quoted(", ".join(missing)), "records of the file",
                            "none needed: the indirect relationship was kept")  # fmt: skip
        return any(self.records[r].kind == "relationship" for r in listed if r in self.records) and not missing

    def _end(self, statement: Statement, name: str) -> str | None:
        """The key of a party; one that is not specified becomes a placeholder."""
        party = statement.details.get(name)
        if isinstance(party, str):
            known = self.records.get(party)
            return key(party) if known is not None and known.kind != "relationship" else None
        if party is None:
            return None
        placeholder = key(f"unspecified-{statement.record}")
        reason = _of(party, "reason") or "no reason stated"
        self.draft.note("unspecified-party", statement.place, quoted(str(reason)), "a party",
                        "none needed: a placeholder of its own")  # fmt: skip
        self.draft.add("organizations", organization=placeholder, label=f"Not specified ({reason})", kind="placeholder",
                       note=one_line(str(_of(party, "description") or "")) or None,
                       **_provenance(statement, self.sources))  # fmt: skip
        return placeholder

    def write(self) -> None:
        """Writes stakes and posts; indirect interests only where no direct owner of the entity is known."""
        pairs = self.interests.items()
        has_direct = {owned for (_, owned), own in pairs for _, one in own if one.column and not one.is_indirect}
        stakes: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for (owner, owned), own in sorted(self.interests.items()):
            statement = max((statement for statement, _ in own), key=lambda one: one.order)
            provenance = _provenance(statement, self.sources)
            kept = []
            for told, one in sorted(own, key=lambda pair: (pair[0].order, pair[1].words)):
                if one.column and one.is_indirect and owned in has_direct:
                    self.draft.note("indirect-beside-direct", told.place, f"an indirect share of '{owned}'",
                                    "direct shares",
                                    "none needed: left out, it is part of what direct owners hold")  # fmt: skip
                else:
                    kept.append(one)
            for row in stake_rows(statement.place, kept, self.draft):
                stakes[(owned, str(provenance["source"]))].append({"owner": owner, "owned": owned, **row, **provenance})
            for row in post_rows(kept):
                self.draft.add("posts", person=owner, organization=owned, **(provenance | row))
        for (owned, _), rows in sorted(stakes.items()):
            fit_owners(owned, rows, self.draft)
            for row in rows:
                self.draft.add("stakes", **row)


IMPORTER = Importer(
    name="bods",
    label="Ownership statements (BODS 0.4)",
    question="Who owns whom, and who sits on whose board?",
    source="any publisher of the Beneficial Ownership Data Standard, such as Open Ownership",
    url="https://standard.openownership.org/en/0.4.0/",
    licence="as stated by the publisher in each statement",
    files=("*.json", "*.jsonl"),
    read=read,
)
