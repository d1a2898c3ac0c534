"""Entity lists in the forms of OpenSanctions: ``targets.simple.csv``, or FollowTheMoney entities as JSON Lines.

The lists that name an entity, the programmes and the days are told in its note: whether a listing matters is for the
study to say. Only what can own, supply or hold a post becomes an organization.
"""

from __future__ import annotations

from collections import defaultdict

from reshore.errors import Place
from reshore.importers.draft import Draft, Row, quoted
from reshore.importers.followthemoney import Link, read_entities, write_links
from reshore.importers.inbox import Inbox
from reshore.importers.records import Importer
from reshore.importers.text import Sheet, date_text, file_is_missing, key, one_line, place_code, read_sheet

SOURCE = "opensanctions"
_REQUIRED = ("id", "schema", "name", "countries")
_OPTIONAL = (
    "aliases",
    "identifiers",
    "sanctions",
    "program_ids",
    "dataset",
    "first_seen",
    "last_seen",
    "last_change",
)
_KINDS = {
    "Company": "firm",
    "Organization": "firm",
    "LegalEntity": "firm",
    "PublicBody": "state body",
    "Person": "person",
}
"""Schemas of FollowTheMoney that are organizations here. A legal entity may be a person or a firm: read as a firm."""

_LEI_LENGTH = 20


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads every CSV file with the headings of the simple form, and every file of FollowTheMoney entities."""
    names = [name for name in inbox.matching("*.csv") if set(_REQUIRED) <= set(inbox.headings(name))]
    graphs = inbox.matching("*.json", "*.jsonl", "*.ndjson")
    if not names and not graphs and inbox.is_one_file:
        names = list(inbox.names)
    if not names and not graphs:
        file_is_missing(inbox, draft, *IMPORTER.files)
        return
    sheets = [read_sheet(inbox, name, draft, _REQUIRED, _OPTIONAL) for name in names]
    links: list[Link] = []
    for name in graphs:
        sheet, own = read_entities(inbox, name, draft, (*_REQUIRED, *_OPTIONAL))
        sheets.append(sheet)
        links += own
    if draft.is_refused:
        return
    draft.add("sources", source=SOURCE, title="Entity list in a form of OpenSanctions", url=IMPORTER.url,
              licence=IMPORTER.licence)  # fmt: skip
    found: dict[str, list[tuple[Sheet, dict[str, str]]]] = defaultdict(list)
    for sheet in sheets:
        assert sheet is not None
        for row in sheet.rows():
            if row["schema"].strip() not in _KINDS:
                draft.drop("other-schema", sheet.place(row, "schema"), quoted(row["schema"]), ", ".join(_KINDS),
                           "none needed: it is no organization and was left out")  # fmt: skip
            elif not row["id"].strip() or not one_line(row["name"]):
                draft.drop("empty-cell", sheet.place(row, "id"), "no id or no name", "both",
                           "none needed: the row was left out")  # fmt: skip
            else:
                found[row["id"].strip()].append((sheet, row))
    if not found:
        draft.error("no-rows", Place([*names, *graphs][0]), "no organization or person", "at least one row",
                    "name a list with companies, organizations or persons")  # fmt: skip
    for id_, rows in sorted(found.items()):
        draft.add("organizations", **_organization(id_, rows, draft))
    write_links(links, {key(id_) for id_ in found}, SOURCE, draft)


def _organization(id_: str, rows: list[tuple[Sheet, dict[str, str]]], draft: Draft) -> Row:
    """One organization; an entity that several lists name has the row seen last, and the names of all."""
    rows.sort(key=lambda pair: (pair[1]["last_seen"], *(pair[1][name] for name in (*_REQUIRED, *_OPTIONAL))))
    sheet, row = rows[-1]
    draft.keep(sheet.file)
    for other, earlier in rows[:-1]:
        draft.merge("duplicate-row", other.place(earlier, "id"), f"{quoted(id_)} again", "each entity once",
                    "none needed: merged; the row seen last and the names of all were kept")  # fmt: skip
    label = one_line(row["name"])
    names = {name for _, one in rows for name in (one_line(one["name"]), *_parts(one["aliases"]))} - {label}
    countries, seats = _parts(row["countries"]), []
    for text in countries:
        code = place_code(text.split("-")[0])
        if code is None:
            draft.count("unknown-country", sheet.place(row, "countries"), quoted(text), "a country of today",
                        "none needed: left out")  # fmt: skip
        elif code not in seats:
            seats.append(code)
    if len(seats) > 1:
        draft.count("several-countries", sheet.place(row, "countries"), quoted(row["countries"]), "one country",
                    "none needed: the seat stays unknown; all are told in the note")  # fmt: skip
    identifiers = _parts(row["identifiers"])
    leis = [text for text in identifiers if len(text) == _LEI_LENGTH and text.isalnum() and text[-2:].isdigit()]
    others = [text for text in identifiers if text not in leis]
    notes = {
        "Lists": row["dataset"],
        "Listed as": row["sanctions"],
        "Programmes": row["program_ids"],
        "Countries": row["countries"] if len(seats) != 1 or len(countries) > 1 else "",
        "First seen": row["first_seen"],
        "Last changed": row["last_change"],
        "Identifiers": ";".join([*leis[1:], *others[1:]]),
    }
    is_person = row["schema"].strip() == "Person"
    return {
        "organization": key(id_),
        "label": label,
        "aliases": " ; ".join(sorted(names)) or None,
        "seat": seats[0] if len(seats) == 1 and not is_person else None,
        "kind": _KINDS[row["schema"].strip()],
        "lei": leis[0] if leis else None,
        "register_id": f"unnamed:{others[0]}" if others else None,
        "source": SOURCE,
        "as_of": date_text(row["last_seen"]),
        "confidence": "high",
        "note": ". ".join(f"{name}: {one_line(text)}" for name, text in notes.items() if text.strip()) or None,
    }


def _parts(text: str) -> list[str]:
    """Parts of a cell that holds several, in its order."""
    return list(dict.fromkeys(part for piece in text.split(";") if (part := one_line(piece))))


IMPORTER = Importer(
    name="entities",
    label="Entity lists (OpenSanctions)",
    question="Which firms, bodies and persons stand on sanctions, procurement and watch lists?",
    source="OpenSanctions, or any list in the same form",
    url="https://www.opensanctions.org/docs/bulk/csv/",
    licence="CC BY-NC 4.0 for OpenSanctions data unless licensed; read your own copy",
    files=("targets.simple.csv", "entities.ftm.json"),
    read=read,
)
