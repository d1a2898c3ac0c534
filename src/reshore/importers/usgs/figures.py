"""Figures of the Mineral Commodity Summaries, read from either of the two layouts in which they are released."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reshore.errors import Place
from reshore.importers.draft import Draft, quoted
from reshore.importers.text import Sheet, one_line, place_code
from reshore.importers.usgs.amounts import NOT_APPLICABLE, Amount, amount

RELEASE = (
    "MCS chapter",
    "Section",
    "Commodity",
    "Country",
    "Statistics",
    "Statistics_detail",
    "Unit",
    "Year",
    "Value",
    "Notes",
    "Is critical mineral 2025",
    "Other notes",
)
"""Columns of the release of 2026: one figure for each row."""

WORLD_TABLE = ("SOURCE", "COMMODITY", "COUNTRY", "TYPE", "UNIT_MEAS", "PROD_2023", "PROD_EST_ 2024", "PROD_NOTES")
WORLD_TABLE_MORE = ("CAP_2023", "CAP_EST_ 2024", "CAP_NOTES", "RESERVES_2024", "RESERVE_NOTES")
"""Columns of the world table of 2025: production, capacity and reserves of one country in one row."""

OLD_NAMES = {
    "Abrasives": "Abrasives (Manufactured)",
    "Gemanium": "Germanium",
    "Graphite": "Graphite (Natural)",
    "Niobium": "Niobium (Columbium)",
    "Nitrogen(fixed) - Ammonia": "Nitrogen (Fixed)—Ammonia",
    "Pumice & Pumicite": "Pumice And Pumicite",
    "Talc, crude": "Talc And Pyrophyllite",
}
"""Commodities of the table of 2025 under the names of the release of 2026."""

_ROUNDED = re.compile(r"[\s,:]*\(?\brounded\b\)?[\s,:]*$", re.IGNORECASE)
_PERIOD = re.compile(r"((?:19|20)\d\d)(?:[–-](\d\d))?", re.ASCII)
_WORLD = ("world total",)
_CELLS_2025 = (
    ("Production", "PROD_2023", "2023", "PROD_NOTES"),
    ("Production", "PROD_EST_ 2024", "2024", "PROD_NOTES"),
    ("Capacity", "CAP_2023", "2023", "CAP_NOTES"),
    ("Capacity", "CAP_EST_ 2024", "2024", "CAP_NOTES"),
    ("Reserves", "RESERVES_2024", "2024", "RESERVE_NOTES"),
)


@dataclass(frozen=True)
class Figure:
    """One figure: what of which commodity, where and when, and what the source says of it."""

    place: Place
    source: str
    chapter: str
    section: str
    commodity: str
    country: str
    statistic: str
    detail: str
    unit: str
    year: str
    span: str
    amount: Amount
    notes: str
    context: str

    @property
    def is_total(self) -> bool:
        """Whether it is the world total."""
        return self.country == "WLD"

    @property
    def series(self) -> str:
        """What was counted, by which rows of one table are told from those of another."""
        return self.detail.casefold()


def read_release(sheet: Sheet, source: str, draft: Draft) -> Iterator[Figure]:
    """Figures of the release of 2026."""
    for row in sheet.rows():
        notes, flag = one_line(row["Notes"]), row["Is critical mineral 2025"].strip()
        if flag not in ("Yes", "No"):
            draft.note("shifted-row" if flag else "empty-cell", sheet.place(row, "Is critical mineral 2025"),
                       quoted(flag), "Yes or No", "none needed: the flag is not used")  # fmt: skip
            notes = "" if notes in ("Yes", "No") else notes
        statistic = "Import sources" if row["Statistics"].startswith("Import sources") else one_line(row["Statistics"])
        unit = one_line(row["Unit"])
        _cell_notes(sheet, row, draft)
        period = _PERIOD.fullmatch(row["Year"].strip())
        if period is None:
            draft.error("bad-date", sheet.place(row, "Year"), quoted(row["Year"]), "a year, or years such as 2021–24",
                        "name the file as it was released")  # fmt: skip
            continue
        year = f"{period[1][:2]}{period[2]}" if period[2] else period[1]
        place = sheet.place(row, "Value")
        found = _noted(amount(row["Value"], unit, notes, is_reliance=statistic == "Net import reliance"), row["Value"],
                       place, draft)  # fmt: skip
        country = _country(one_line(row["Country"]), sheet.place(row, "Country"), draft)
        if found is None:
            continue
        yield Figure(
            place=place,
            source=source,
            chapter=one_line(row["MCS chapter"]),
            section=one_line(row["Section"]),
            commodity=one_line(row["Commodity"]),
            country=country,
            statistic=statistic,
            detail=plain_series(one_line(row["Statistics_detail"])),
            unit=unit,
            year=year,
            span=row["Year"].strip() if period[2] else "",
            amount=found,
            notes=notes,
            context=one_line(row["Other notes"]),
        )


def _cell_notes(sheet: Sheet, row: dict[str, str], draft: Draft) -> None:
    """Reports cells that are read as something else than what they look like."""
    value, place = row["Value"], sheet.place(row, "Value")
    if "," in value:
        draft.count("thousands-comma", place, quoted(value), "digits", "none needed: the commas were left out")
    if "\xa0" in value:
        draft.note("no-break-space", place, quoted(value), "digits", "none needed: the space was left out")
    if value.strip() in ("—", "–"):
        draft.count("converted-symbol", place, quoted(value), "0", "none needed: a dash is zero")
    for column in ("Unit", "Commodity", "Country"):
        if row[column] != row[column].strip():
            draft.count("space-around", sheet.place(row, column), quoted(row[column]), "text without spaces around it",
                        "none needed: they were left out")  # fmt: skip


def _noted(found: Amount | None, text: str, place: Place, draft: Draft) -> Amount | None:
    """The figure, with a note where it is no plain number; ``None`` where the source says that there is none."""
    if found is None and text.strip() == NOT_APPLICABLE:
        draft.drop("not-applicable", place, quoted(text), "a figure", "none needed: no row means there is none")
        return None
    if found is None:
        draft.note("ambiguous-number", place, quoted(text), "a number, a range or a symbol of the publication",
                   "none needed: read as unknown")  # fmt: skip
        return Amount(words=f"printed as {quoted(text)}")
    if not found.is_point:
        has_end = found.low is not None or found.high is not None
        meaning = "withheld" if found.missing else "range" if has_end else "unknown"
        draft.count(f"read-as-{meaning}", place, quoted(text), "a number", f"none needed: read as {meaning}")
    return found


def _country(label: str, place: Place, draft: Draft) -> str:
    words = label.casefold()
    if words.startswith(_WORLD):
        return "WLD"
    if words.startswith("other countries"):
        return "XX-ROW"
    code = place_code(label)
    if code is None:
        draft.note("several-countries", place, quoted(label), "one country", "none needed: read as various countries")
    return code or "XX-VAR"


def plain_series(detail: str) -> str:
    """A detail without the remark that its total is rounded."""
    return _ROUNDED.sub("", detail).strip(" ,:")


def _parted(label: str) -> tuple[str, str]:
    """A country and the form that is meant, from ``Peru (andalusite)`` or ``World total (ilmenite, rounded)``."""
    name, _, rest = label.partition(" (")
    form = rest.replace(")", "").removesuffix("10")
    return name, re.sub(r"^rounded\b", "", plain_series(form)).strip(" ,")


def read_world_table(sheet: Sheet, source: str, draft: Draft) -> Iterator[Figure]:
    """Figures of the world table of 2025."""
    rows = list(sheet.rows())
    filled = {
        (row["COMMODITY"], row["TYPE"], column)
        for row in rows
        for _, column, _, _ in _CELLS_2025
        if row[column].strip()
    }
    for row in rows:
        label = one_line(row["COUNTRY"])
        name, form = (label, "") if place_code(label) else _parted(label)
        country = _country(name, sheet.place(row, "COUNTRY"), draft)
        commodity, detail = one_line(row["COMMODITY"]), one_line(row["TYPE"])
        if form and form.casefold() not in detail.casefold():
            detail = f"{detail}: {form}"
        count = 0
        for statistic, column, year, notes_column in _CELLS_2025:
            if (row["COMMODITY"], row["TYPE"], column) not in filled:
                continue
            notes, place = one_line(row[notes_column]), sheet.place(row, column)
            text = row[column].strip() or {"W": "W", "XX": "XX"}.get(notes.upper().split(" ")[0], "NA")
            found = amount(text, row["UNIT_MEAS"].strip(), notes)
            if text == NOT_APPLICABLE or found is None:
                draft.note("not-applicable" if text == NOT_APPLICABLE else "bad-number", place, quoted(row[column]),
                           "a figure", "none needed: the figure was left out")  # fmt: skip
                continue
            count += 1
            if not found.is_point:
                draft.count("read-as-unknown", place, quoted(row[column]), "a number", "none needed: read as unknown")
            yield Figure(
                place=place,
                source=source,
                chapter=OLD_NAMES.get(commodity, commodity),
                section="World table",
                commodity=OLD_NAMES.get(commodity, commodity),
                country=country,
                statistic=statistic,
                detail=detail,
                unit=one_line(row["UNIT_MEAS"]),
                year=year,
                span="",
                amount=found,
                notes="" if notes.upper() in ("NA", "W", "XX") else notes,
                context="",
            )
        if count:
            draft.keep(sheet.file)
        else:
            draft.drop("no-figure", sheet.place(row, "TYPE"), f"{quoted(label)} without a figure", "a figure",
                       "none needed: the row was left out")  # fmt: skip
