"""Entities and links in the form of FollowTheMoney (JSON Lines), as OpenSanctions and investigators publish them.

Entities are brought into the columns of the simple CSV form, so that both are read alike; ownership becomes stakes and
directorship posts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import polars as pl

from reshore.errors import Place
from reshore.importers.bods.interests import Interest, fit_owners, stake_rows
from reshore.importers.draft import Draft, Row, quoted
from reshore.importers.inbox import Inbox
from reshore.importers.strict_json import read_values
from reshore.importers.text import Sheet, key, number, one_line
from reshore.tables import ROW

_COLUMNS = {
    "aliases": ("name", "alias", "weakAlias", "previousName"),
    "countries": ("jurisdiction", "country", "mainCountry", "nationality"),
    "identifiers": ("leiCode", "registrationNumber", "uniqueEntityId", "innCode", "ogrnCode", "taxNumber"),
    "sanctions": ("program",),
    "program_ids": ("programId",),
}
"""Columns of the simple form and the properties that fill them."""

_LINKS = {"Ownership": ("owner", "asset"), "Directorship": ("director", "organization")}
_PERIOD = re.compile(r"(?:1[89]|2[01])\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_BETWEEN = re.compile(r"([\d.,]+)\s*[-–]\s*([\d.,]+)", re.ASCII)


@dataclass(frozen=True)
class Link:
    """An ownership or a directorship between two entities."""

    place: Place
    schema: str
    ends: tuple[str, str]
    properties: dict[str, list[str]]

    def first(self, name: str) -> str:
        """The first value of a property; empty when there is none."""
        return self.properties.get(name, [""])[0]

    def period(self, name: str) -> str | None:
        """A day, month or year."""
        text = self.first(name)[:10]
        return text if _PERIOD.fullmatch(text) else None


def read_entities(inbox: Inbox, name: str, draft: Draft, columns: Collection[str]) -> tuple[Sheet | None, list[Link]]:
    """The entities of one file under the columns of the simple form, and its links."""
    values = read_values(name, inbox.read(name), draft)
    rows: list[dict[str, object]] = []
    links: list[Link] = []
    for line, value in values or ():
        draft.account(name).read += 1
        properties = value.get("properties") if isinstance(value, dict) else None
        if not isinstance(properties, dict) or not isinstance(value.get("id"), str) or not value.get("schema"):
            draft.error("bad-entity", Place(name, line), quoted(str(value)), "an entity: id, schema, properties",
                        "name a file of FollowTheMoney entities")  # fmt: skip
            continue
        texts = {word: [str(item) for item in _listed(items)] for word, items in properties.items()}
        schema = str(value["schema"])
        if schema in _LINKS:
            first, second = _LINKS[schema]
            pairs = [(one, other) for one in texts.get(first, ()) for other in texts.get(second, ())]
            links += [Link(Place(name, line), schema, pair, texts) for pair in pairs or [("", "")]]
            continue
        rows.append({**dict.fromkeys(columns, ""), **_cells(value, texts), ROW: line})
    if draft.is_refused:
        return None, []
    frame = pl.DataFrame(rows, schema={**dict.fromkeys(columns, pl.String), ROW: pl.Int64})
    return Sheet(name, frame), links


def _cells(value: dict[str, Any], texts: dict[str, list[str]]) -> dict[str, object]:
    joined = {
        column: ";".join(dict.fromkeys(text.replace(";", ",") for word in words for text in texts.get(word, ())))
        for column, words in _COLUMNS.items()
    }
    times = {word: str(value.get(word) or "") for word in ("first_seen", "last_seen", "last_change")}
    lists = ";".join(str(item) for item in _listed(value.get("datasets")))
    label = str(value.get("caption") or next(iter(texts.get("name", ())), ""))
    return {"id": value["id"], "schema": value["schema"], "name": label, "dataset": lists, **joined, **times}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def write_links(links: list[Link], known: Collection[str], source: str, draft: Draft) -> None:
    """Stakes and posts; a link to an entity that is not in the package is told and left out."""
    stakes: dict[tuple[str, str], list[Link]] = defaultdict(list)
    posts: dict[tuple[str, str, str], Row] = {}
    for link in _between_known(links, known, draft):
        first, second = (key(end) for end in link.ends)
        if link.schema == "Ownership":
            stakes[(first, second)].append(link)
        else:
            post = one_line(link.first("role")) or "Director"
            posts.setdefault((first, second, post), {
                "person": first, "organization": second, "post": post, "start": link.period("startDate"),
                "end": link.period("endDate"), "source": source, "confidence": "medium",
            })  # fmt: skip
    for _, row in sorted(posts.items()):
        draft.add("posts", **row)
    owned_rows: dict[str, list[Row]] = defaultdict(list)
    for (owner, owned), own in sorted(stakes.items()):
        interests = [_interest(link, draft) for link in own]
        for row in stake_rows(own[0].place, interests, draft):
            owned_rows[owned].append({"owner": owner, "owned": owned, **row, "source": source, "confidence": "medium"})
    for owned, rows in sorted(owned_rows.items()):
        fit_owners(owned, rows, draft)
        for row in rows:
            draft.add("stakes", **row)


def _between_known(links: list[Link], known: Collection[str], draft: Draft) -> list[Link]:
    """Links between two entities of the package, in an order of their own; the account of every line."""
    lines: dict[Place, list[Link]] = defaultdict(list)
    for link in links:
        lines[link.place].append(link)
    kept: list[Link] = []
    for place, own in sorted(lines.items()):
        sound = [link for link in own if len({*map(key, link.ends)} & set(known)) == 2]
        kept += sound
        if sound:
            draft.keep(place.file)
        else:
            draft.drop("dangling-reference", place, f"{own[0].schema} between {quoted(' and '.join(own[0].ends))}",
                       "two entities of the file", "none needed: the link was left out")  # fmt: skip
    return sorted(kept, key=lambda one: (one.ends, sorted(one.properties.items()), one.place))


def _interest(link: Link, draft: Draft) -> Interest:
    text = link.first("percentage").strip().rstrip("%").strip()
    value, low, high = number(text), None, None
    between = _BETWEEN.fullmatch(text)
    if between is not None:
        low, high = number(between[1]), number(between[2])
    given = [share for share in (value, low, high) if share is not None]
    if (text and not given) or any(not 0 <= share <= 100 for share in given) or given != sorted(given):
        draft.note("bad-number", link.place, quoted(text), "a percentage", "none needed: the share is unknown")
        value = low = high = None
    value, low, high = (None if share is None else round(share / 100, 12) for share in (value, low, high))
    details = one_line(link.first("role") or link.first("sharesType"))
    return Interest("shareholding", "equity_share", value, low, high, link.period("startDate"), link.period("endDate"),
                    is_indirect=False, details=details)  # fmt: skip
