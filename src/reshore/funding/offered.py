"""Bundles that a study offers: to whom, what each takes from which budget, and how they are read.

Under ``[[fund.bundles]]`` a study writes a bundle out, or names a file that holds one, and the projects it is for::

    [[fund.bundles]]
    file = "mp-materials.toml"
    projects = ["mp-10x"]

A bundle is taken whole or not at all, beside no other offer of an instrument that is in it. Each part draws on the
budget of its instrument: the money that it moves on the face value, what it costs on the subsidy. What conditions bring
back relieves the budget of the instrument that they name; where they name none, each in proportion to its money.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from reshore.errors import shown
from reshore.funding.bundles import MILLION, Bundle, read_bundle
from reshore.funding.instruments import Instrument, Market
from reshore.funding.portfolio import Candidate, Draw, Offer
from reshore.funding.reading import LARGEST, Refuse
from reshore.tables.cells import did_you_mean


@dataclass(frozen=True)
class OfferedBundle(Bundle):
    """A bundle that is offered to projects, whole or not at all; a ``file`` can hold all but whom it is for.

    Attributes
    ----------
    bundle, label
        A key of its own, and a name for people.
    parts, conditions
        What is given, and what is owed for it, see below.
    project_usd
        What the whole project costs; by default what the data state.
    source
        Where its terms are from. Needed.
    assumed
        Terms that nobody states.
    projects
        Keys of the projects that it is offered to. Needed.
    asked_usd
        Public money up front without which a project is not built under this bundle, where that is not what it asks for
        otherwise: a price floor can stand in for capital. An assumption.
    award_months
        Months from the decision until all of it is awarded; by default those of its slowest instrument.
    """

    projects: tuple[str, ...] = ()
    asked_usd: float | None = None
    award_months: float | None = None

    @property
    def instruments(self) -> tuple[str, ...]:
        """Instruments of its parts, each once, in their order."""
        return tuple(dict.fromkeys(part.instrument for part in self.parts))

    def offer(self, candidate: Candidate, instruments: Mapping[str, Instrument], market: Market) -> Offer:
        """The bundle as one offer: all of it or nothing, with what a dollar of it takes from each budget."""
        face = sum((Fraction(part.face_usd) for part in self.parts), Fraction(0))
        draws = tuple(self._draw(name, face, instruments, market) for name in self.instruments)
        known = [instruments[name] for name in self.instruments]
        asked = candidate.asks if self.asked_usd is None else self.asked_usd / MILLION
        amount = float(face / 1_000_000)
        return Offer(
            candidate.name, self.bundle, amount, amount, float(sum(draw.subsidy for draw in draws)),
            excludes=frozenset(self.instruments).union(*(terms.excludes for terms in known)),
            draws=draws,
            holds=frozenset(self.instruments),
            stack_cap=min([1.0, *(t.stack_cap_share for t in known if t.stack_cap_share is not None)]),
            counts=candidate.asks / max(amount, asked),
        )  # fmt: skip

    def _draw(self, name: str, face: Fraction, instruments: Mapping[str, Instrument], market: Market) -> Draw:
        """What a dollar of the bundle takes from the budget of one of its instruments."""
        own = sum((Fraction(part.face_usd) for part in self.parts if part.instrument == name), Fraction(0)) / face
        cost = Fraction(0)
        for line in self.account(market, instruments):
            if line.instrument in (name, ""):
                cost += Fraction(line.budget_usd) * (own if line.instrument == "" else 1)
        return Draw(name, own, cost / face)

    def on(self, candidate: Candidate) -> OfferedBundle:
        """The bundle on a project: at the project's own cost where the bundle states none."""
        if self.project_usd is not None or candidate.cost is None:
            return self
        return replace(self, project_usd=candidate.cost * MILLION)


_OWN = tuple(entry.name for entry in fields(OfferedBundle) if entry.name not in Bundle.__dataclass_fields__)


def read_offered(rows: object, refuse: Refuse, folder: Path) -> tuple[OfferedBundle, ...] | None:
    """The bundles of ``[[fund.bundles]]``, or ``None`` with every problem noted; files are sought in `folder`."""
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        refuse("wrong-type", "fund.bundles", rows, "a list of tables", "write [[fund.bundles]]")
        return None
    found = [_read_row(row, number, refuse, folder) for number, row in enumerate(rows, 1)]
    seen: set[str] = set()
    for number, bundle in enumerate(found, 1):
        if bundle is not None and bundle.bundle in seen:
            refuse("duplicate-key", f"fund.bundles[{number}].bundle", f"'{bundle.bundle}' again",
                   "a name of its own for each bundle", "rename it, or name all its projects in one row")  # fmt: skip
        seen |= set() if bundle is None else {bundle.bundle}
    return None if None in found else tuple(bundle for bundle in found if bundle is not None)


def _read_row(row: Mapping[str, Any], number: int, refuse: Refuse, folder: Path) -> OfferedBundle | None:
    """One row: whom it is for, and the bundle, written out or in a file."""
    place = f"fund.bundles[{number}]"
    problems: list[str] = []

    def note(code: str, key: str, found: object, expected: str, fix: str) -> None:
        problems.append(key)
        refuse(code, f"{place}.{key}", found, expected, fix)

    own = {key: entry for key, entry in row.items() if key in _OWN}
    terms: Mapping[str, Any] | None = {key: entry for key, entry in row.items() if key not in _OWN}
    if "file" in row:
        terms = _read_file(row, note, folder)
    projects = own.get("projects", ())
    if not isinstance(projects, list | tuple) or not projects or not all(isinstance(one, str) for one in projects):
        note("missing-key" if "projects" not in row else "wrong-type", "projects", projects or "nothing",
             "a list of projects", 'write projects = ["…"]')  # fmt: skip
    elif len(set(projects)) < len(projects):
        note("duplicate-key", "projects", ", ".join(projects), "each project once", "remove one of them")
    numbers: dict[str, float | None] = {"asked_usd": None, "award_months": None}
    for key, least, most in (("asked_usd", 1e-6, LARGEST), ("award_months", 0.0, 600.0)):
        found = own.get(key)
        if found is None:
            continue
        if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
            note("out-of-range", key, found, f"{least:g} to {most:g}", "correct the number, or leave it out")
        else:
            numbers[key] = float(found)
    bundle = None if terms is None else read_bundle(terms, note)
    if bundle is not None and not bundle.source:
        note("missing-key", "source", "nothing", "source = …", "say where the terms come from")
    if bundle is not None and bundle.face_usd <= 0:
        note("out-of-range", "parts", "no money up front", "a part that moves money when the deal is made",
             "add one: a promise alone builds nothing, and no budget of face value can hold it")  # fmt: skip
    if problems or bundle is None:
        return None
    return OfferedBundle(
        **vars(bundle), projects=tuple(projects), asked_usd=numbers["asked_usd"], award_months=numbers["award_months"]
    )


def _read_file(row: Mapping[str, Any], note: Refuse, folder: Path) -> Mapping[str, Any] | None:
    """The bundle in the file that a row names, which then says nothing else about it."""
    name = row["file"]
    for key in row:
        if key not in (*_OWN, "file"):
            note("contradiction", key, key, f"{', '.join(_OWN)} beside a file", "write it into the file")
    if not isinstance(name, str):
        note("wrong-type", "file", repr(name), "text in quotes", "name a TOML file beside the study")
        return None
    try:
        return tomllib.loads((folder / name).read_bytes().decode("utf-8-sig"))
    except OSError as error:
        note("no-such-file", "file", name, "a TOML file, sought from the folder of the study", error.strerror or "")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        note("not-toml", "file", f"{name}: {shown(error)}", "TOML in UTF-8", "correct the file")
    return None


def refuse_unpaid(bundles: Sequence[OfferedBundle], budgets: Sequence[str], refuse: Refuse) -> None:
    """Notes parts whose instrument has no budget in the study."""
    for number, bundle in enumerate(bundles, 1):
        for place, part in enumerate(bundle.parts, 1):
            if part.instrument not in budgets:
                refuse(
                    "dangling-reference", f"fund.bundles[{number}].parts[{place}].instrument", part.instrument,
                    "an instrument with a budget",
                    f'write [[fund.budgets]] instrument = "{part.instrument}"; add alone = false where only bundles '
                    "draw on it",
                )  # fmt: skip


def refuse_misplaced(
    bundles: Sequence[OfferedBundle], candidates: Sequence[Candidate], instruments: Mapping[str, Instrument],
    left_out: Mapping[str, str], refuse: Refuse,
) -> None:  # fmt: skip
    """Notes what the data say against bundles: projects that cannot be considered, and terms that they do not keep.

    `left_out` are projects that were not considered, with the reason.
    """
    known = {candidate.name: candidate for candidate in candidates}
    for number, bundle in enumerate(bundles, 1):
        place = f"fund.bundles[{number}]"
        if bundle.bundle in instruments:
            refuse("duplicate-key", f"{place}.bundle", f"'{bundle.bundle}', which is an instrument",
                   "a name that no instrument has", "rename the bundle")  # fmt: skip
        for name in bundle.projects:
            if name not in known:
                refuse("dangling-reference", f"{place}.projects", f"'{name}'", "a project that can be considered",
                       left_out.get(name) or did_you_mean(name, known))  # fmt: skip
                continue
            for breach in bundle.on(known[name]).breaches(instruments):
                refuse("breached-term", place, f"'{bundle.bundle}' for '{name}': {breach}",
                       "a bundle that keeps the terms of its instruments",
                       "change the bundle, or name other projects")  # fmt: skip
