"""Awards of the SBIR and STTR programmes as SBIR.gov publishes them, or a review sample of them without firms.

Whether an award was a grant or a contract is not in the file, so its kind stays open.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from reshore.importers.draft import Draft, Row, quoted
from reshore.importers.firms import Firms
from reshore.importers.inbox import Inbox
from reshore.importers.records import Importer
from reshore.importers.text import (
    Sheet,
    date_text,
    file_is_missing,
    key,
    money,
    number,
    one_line,
    read_sheet,
    slug,
)
from reshore.tables import ROW

SOURCE = "sbir-gov"
_REQUIRED = ("Company", "Award Title", "Agency", "Phase", "Program", "Award Year", "Award Amount")
_OPTIONAL = (
    "Branch",
    "Agency Tracking Number",
    "Contract",
    "Proposal Award Date",
    "Topic Code",
    "UEI",
    "Duns",
    "Number Employees",
    "State",
)
_SAMPLE = {
    "award_id": "Agency Tracking Number",
    "title": "Award Title",
    "topic_code": "Topic Code",
    "branch": "Branch",
    "phase": "Phase",
    "award_year": "Award Year",
}
"""Columns of a review sample under the headings of SBIR.gov."""

_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)
_SIZES = ((500, "small"), (5_000, "medium"))


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads every file of awards."""
    names = [name for name in inbox.matching("*.csv") if {"Award Title", "Company"} <= set(inbox.headings(name))]
    samples = [name for name in inbox.matching("*.csv") if set(_SAMPLE) <= set(inbox.headings(name))]
    if not names and not samples and inbox.is_one_file:
        names = list(inbox.names)
    if not names and not samples:
        file_is_missing(inbox, draft, *IMPORTER.files)
        return
    sheets = [read_sheet(inbox, name, draft, _REQUIRED, _OPTIONAL, legacy="cp1252") for name in names]
    sheets += [_sample(inbox, name, draft) for name in samples]
    if draft.is_refused:
        return
    draft.add("sources", source=SOURCE, title="SBIR.gov, awards", url=IMPORTER.url, licence=IMPORTER.licence)
    firms = Firms(draft, SOURCE)
    awards: dict[str, list[tuple[Row, Sheet, dict[str, str]]]] = defaultdict(list)
    for sheet in sheets:
        for row in sheet.rows() if sheet is not None else ():
            award = _award(sheet, row, firms, draft)  # type: ignore[arg-type]  # not None here
            awards[str(award["award"])].append((award, sheet, row))  # type: ignore[arg-type]  # not None here
    for id_, own in sorted(awards.items()):
        _write(id_, own, draft)
    firms.write()


def _sample(inbox: Inbox, name: str, draft: Draft) -> Sheet | None:
    sheet = read_sheet(inbox, name, draft, tuple(_SAMPLE))
    if sheet is None:
        return None
    import polars as pl

    draft.note("no-recipients", sheet.place({ROW: 1}), "awards without firms and amounts", "the award file of SBIR.gov",
               "none needed: who received them is not stated")  # fmt: skip
    blanks = [pl.lit("").alias(column) for column in (*_REQUIRED, *_OPTIONAL) if column not in _SAMPLE.values()]
    return Sheet(name, sheet.frame.rename(_SAMPLE).with_columns(blanks))


def _award(sheet: Sheet, row: Mapping[str, str], firms: Firms, draft: Draft) -> Row:
    cells = {column: one_line(text) for column, text in row.items() if isinstance(text, str)}
    staff = number(cells["Number Employees"])
    if not staff:
        staff = None
    size = None if staff is None else next((size for below, size in _SIZES if staff < below), "large")
    firm = firms.add(sheet.place(row, "Company"), cells["Company"], cells["UEI"], cells["Duns"],
                     employees_count=staff, size=size, seat="USA" if cells["Company"] else None)  # fmt: skip
    year = cells["Award Year"] or None
    if year is not None and not _YEAR.fullmatch(year):
        draft.error("bad-date", sheet.place(row, "Award Year"), quoted(year), "a year",
                    "name the file as it was downloaded")  # fmt: skip
    date = date_text(cells["Proposal Award Date"])
    if cells["Proposal Award Date"] and date is None:
        draft.count("bad-date", sheet.place(row, "Proposal Award Date"), quoted(cells["Proposal Award Date"]),
                    "a day", "none needed: the year of the award was used")  # fmt: skip
    programme = " ".join(text for text in (cells["Program"] or "SBIR or STTR", cells["Phase"]) if text)
    payers = dict.fromkeys(text for text in (cells["Agency"], cells["Branch"]) if text)
    return {
        "award": _id(cells),
        "organization": firm,
        "product": cells["Award Title"] or "Not stated",
        "programme": ", ".join((programme, *payers)),
        "amount_usd": _amount(sheet, row, cells["Award Amount"], draft),
        "site": "USA",
        "region": cells["State"] or None,
        "announced": date or year,
        "status": "final",
        "source": SOURCE,
        "as_of": date or year,
        "confidence": "high",
        "note": f"Topic {cells['Topic Code']}" if cells["Topic Code"] else None,
    }


def _id(cells: Mapping[str, str]) -> str:
    """Tracking number and contract; without them, firm, title, phase and year."""
    numbers = [cells[column] for column in ("Agency Tracking Number", "Contract") if cells[column]]
    if numbers:
        return key("_".join(number.replace(" ", "-") for number in numbers))
    return slug(" ".join(cells[column] for column in ("Company", "Award Title", "Phase", "Award Year")))


def _amount(sheet: Sheet, row: Mapping[str, str], text: str, draft: Draft) -> object:
    amount = money(text) if text else None
    if text and (amount is None or amount < 0):
        draft.error("bad-number", sheet.place(row, "Award Amount"), quoted(text), "an amount in dollars",
                    "name the file as it was downloaded")  # fmt: skip
        return None
    if amount is None or amount == 0:
        draft.count("unknown-amount", sheet.place(row, "Award Amount"), quoted(text), "an amount",
                    "none needed: the amount is unknown")  # fmt: skip
        return None
    return amount


def _write(id_: str, own: list[tuple[Row, Sheet, dict[str, str]]], draft: Draft) -> None:
    """Awards under one number: the same are merged, those that differ are told apart by a number of ours."""
    own.sort(
        key=lambda entry: (
            str(sorted((name, str(value)) for name, value in entry[0].items())),
            entry[1].place(entry[2]),
        )
    )
    kept: list[Row] = []
    for award, sheet, row in own:
        if kept and award == kept[-1]:
            draft.merge("duplicate-row", sheet.place(row), f"{quoted(id_)} again", "each award once",
                        "none needed: merged")  # fmt: skip
            continue
        if kept:
            draft.note("same-key", sheet.place(row), f"{quoted(id_)} for another award", "one award under one number",
                       "none needed: both were kept, numbered")  # fmt: skip
        kept.append(award)
        draft.keep(sheet.file)
    for place, award in enumerate(kept, 1):
        draft.add("awards", **(award | ({"award": f"{award['award']}.{place}"} if len(kept) > 1 else {})))


IMPORTER = Importer(
    name="sbir",
    label="SBIR and STTR awards",
    question="Which small firms won research awards of the United States, for what?",
    source="SBIR.gov, U.S. Small Business Administration",
    url="https://www.sbir.gov/data-resources",
    licence="public domain (work of the United States government)",
    files=("award_data_no_abstract.csv", "award_data.csv"),
    read=read,
)
