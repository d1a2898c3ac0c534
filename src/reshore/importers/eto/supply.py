"""Who supplies what in the chip explorer: countries and firms, with shares of 1 whatever the vintage wrote."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from reshore.countries import PLACEHOLDERS
from reshore.data.rules import SHARE_TOLERANCE
from reshore.errors import Place
from reshore.importers.draft import Draft, Row, quoted
from reshore.importers.eto.files import FLAGS, SOURCE, year_of
from reshore.importers.text import Sheet, is_number, key, number, one_line, place_code

SITE_STAGES = frozenset({"S2", "S3"})
"""Stages whose shares are site capacity (ETO, documentation of the chip explorer)."""

BY_COUNTRY = "market share by country"
BY_FIRM = "market share by firm"

_NEGLIGIBLE = frozenset({"minor", "negligible"})
_UNSIZED = frozenset({"major", "yes", "x"})
_WHOLE_IN_FRACTIONS = 1.05
"""Shares of a whole market in fractions add up to at most this; in percent, to about a hundred."""


@dataclass(frozen=True, order=True)
class Supplier:
    """Who supplies: a country code, or the key of an organization."""

    key: str
    is_country: bool


def read_providers(sheet: Sheet, draft: Draft) -> dict[str, Supplier]:
    """Suppliers by the id of the source; rows that repeat an id add other names."""
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in sheet.rows():
        groups[row["provider_id"].strip()].append(row)
    suppliers: dict[str, Supplier] = {}
    for id_, rows in groups.items():
        rows.sort(key=lambda row: (row["alias"] != "", row["alias"], row["provider_name"]))
        first = rows[0]
        for other in rows[1:]:
            draft.merge("alias", sheet.place(other, "provider_id"), f"{quoted(id_)} again, as {quoted(other['alias'])}",
                        "each supplier once", "none needed: joined by id; the names were kept")  # fmt: skip
        draft.keep(sheet.file)
        names = (one_line(first[column]) for column in ("provider_name", "alias"))
        is_country = first["provider_type"].strip() == "country"
        code = next((code for name in names if (code := _country(name))), None) if is_country else None
        suppliers[id_] = Supplier(code or key(id_), is_country)
        if code is None:
            draft.add("organizations", **_organization(sheet, rows, draft))
    return suppliers


def note_other_names(provision: Sheet, providers: Sheet, draft: Draft) -> None:
    """Reports suppliers that the two files call by other names: rows are joined on ids, never on names."""
    known: dict[str, set[str]] = defaultdict(set)
    for row in providers.rows():
        known[row["provider_id"].strip()] |= {one_line(row["provider_name"]), one_line(row["alias"])}
    for row in provision.rows():
        id_, name = row["provider_id"].strip(), one_line(row["provider_name"])
        if id_ in known and name and name not in known[id_]:
            draft.count("other-name", provision.place(row, "provider_name"), f"{quoted(name)} for {quoted(id_)}",
                        "the name in providers.csv", "none needed: joined by id")  # fmt: skip


def _organization(sheet: Sheet, rows: Sequence[dict[str, str]], draft: Draft) -> Row:
    first = rows[0]
    label = one_line(first["provider_name"]) or first["provider_id"].strip()
    seat = _country(one_line(first["country"]))
    if first["country"].strip() and seat is None:
        draft.note("unknown-country", sheet.place(first, "country"), quoted(first["country"]), "a country",
                   "none needed: the seat stays unknown")  # fmt: skip
    is_placeholder = label.casefold().startswith("various") or first["provider_type"].strip() == "country"
    if is_placeholder:
        draft.note("placeholder", sheet.place(first, "provider_name"), quoted(label), "a supplier",
                   "none needed: typed as a placeholder, never the largest supplier")  # fmt: skip
    names = {one_line(row[column]) for row in rows for column in ("provider_name", "alias")} - {label, ""}
    return {
        "organization": key(first["provider_id"].strip()),
        "label": label,
        "seat": seat,
        "kind": "placeholder" if is_placeholder else "firm",
        "aliases": " ; ".join(sorted(names)) or None,
        "source": SOURCE,
        "confidence": "medium",
    }


def _country(text: str) -> str | None:
    return "XX-VAR" if text.casefold().startswith("various") else place_code(text)


def read_provision(sheet: Sheet, goods: Collection[str], suppliers: Mapping[str, Supplier], draft: Draft) -> None:
    """Who supplies what, with shares of 1 whatever the vintage wrote."""
    divisor = _divisor(sheet, suppliers, draft)
    groups: dict[tuple[str, Supplier], list[dict[str, str]]] = defaultdict(list)
    for cells in sheet.rows():
        good, supplier = cells["provided_id"].strip(), cells["provider_id"].strip()
        if good not in goods or supplier not in suppliers:
            draft.drop("dangling-reference", sheet.place(cells, "provided_id"),
                       f"{quoted(supplier)} for {quoted(good)}", "a supplier of providers.csv and a good of inputs.csv",
                       "none needed: the row was left out")  # fmt: skip
            continue
        groups[(good, suppliers[supplier])].append(cells)
    series: dict[tuple[str, bool, str], list[Row]] = defaultdict(list)
    for (good, who), pair in sorted(groups.items()):
        if who.key in PLACEHOLDERS:
            draft.count("placeholder", sheet.place(pair[0], "provider_name"), quoted(pair[0]["provider_name"]),
                        "a country", "none needed: typed as a placeholder, never the largest supplier")  # fmt: skip
        row = _supply(sheet, pair, divisor, draft)
        row |= {"good": good, "supplier": who.key, "series": BY_COUNTRY if who.is_country else BY_FIRM}
        series[(good, who.is_country, str(row["year"] or ""))].append(row)
    for (good, _, _), rows in sorted(series.items()):
        is_site = good in SITE_STAGES
        coverage = _coverage(good, rows, draft, sheet.file)
        for row in rows:
            draft.add("supply", **row, market="WLD", basis="capacity" if is_site else "seat",
                      measure="volume" if is_site else "value", coverage=coverage)  # fmt: skip


def _divisor(sheet: Sheet, suppliers: Mapping[str, Supplier], draft: Draft) -> float:
    """100 where shares are percent, 1 where they are fractions: told by what the shares of one good add up to."""
    sums: dict[tuple[str, bool], float] = defaultdict(float)
    for row in sheet.rows():
        share = number(row["share_provided"].strip().removesuffix("%"))
        who = suppliers.get(row["provider_id"].strip())
        if share is not None and who is not None:
            sums[(row["provided_id"], who.is_country)] += share
    has_sign = any("%" in row["share_provided"] for row in sheet.rows())
    largest = max(sums.values(), default=100.0)
    is_percent = has_sign or largest > _WHOLE_IN_FRACTIONS
    words = "percent, with a sign" if has_sign else "percent" if is_percent else "fractions"
    found = f"{words}: shares of one good add up to {largest:.4g}"
    draft.note("share-format", Place(sheet.file, 0, "share_provided"), found, "shares of 1",
               "none needed: they were converted")  # fmt: skip
    return 100.0 if is_percent else 1.0


def _supply(sheet: Sheet, rows: Sequence[dict[str, str]], divisor: float, draft: Draft) -> Row:
    """One row of supply from the rows of one supplier and good: as a rule one."""
    first = min(rows, key=lambda row: (row["share_provided"] == "", row["share_provided"], row["year"], row["source"]))
    found = [_share(sheet, row, divisor, draft) for row in rows]
    points = sorted({share for share in found if isinstance(share, float)})
    draft.keep(sheet.file)
    for row in rows:
        if row is first:
            continue
        draft.merge("duplicate-row", sheet.place(row, "provider_id"), f"{quoted(row['provider_id'])} for "
                    f"{quoted(row['provided_id'])} again, with {quoted(row['share_provided'])}", "each pair once",
                    "none needed: merged; numbers that differ became a range")  # fmt: skip
    year = year_of(sheet, first, draft)
    result: Row = {"year": year, "source": SOURCE, "as_of": year}
    if len(points) > 1:
        result |= {"share_low": points[0], "share_high": points[-1]}
    else:
        result["share"] = points[0] if points else "neg" if "neg" in found else None
    origin = one_line(first["source"])
    result |= {"confidence": "medium" if origin else "low", "note": origin or "The source of the row is not stated"}
    return result


def _share(sheet: Sheet, row: Mapping[str, str], divisor: float, draft: Draft) -> float | str | None:
    """A share of 1, ``"neg"`` for negligible, ``None`` for unknown."""
    text = row["share_provided"].strip()
    flags = {row[flag].strip().casefold() for flag in FLAGS} - {""}
    plain = text.removesuffix("%").strip()
    place = sheet.place(row, "share_provided")
    if is_number(plain):
        share = (number(plain) or 0.0) / divisor
        if 0 <= share <= 1:
            return round(share, 12)
        draft.error(
            "out-of-range", place, quoted(text), "a share between 0 and 100 %", "correct the cell in the checkout"
        )
        return None
    words = flags | ({text.casefold()} if text else set())
    if words and words <= _NEGLIGIBLE:
        draft.count("converted-word", place, quoted(", ".join(sorted(words))), "a number",
                    "none needed: negligible")  # fmt: skip
        return "neg"
    if words and not words <= _UNSIZED | _NEGLIGIBLE:
        draft.error("bad-number", place, quoted(", ".join(sorted(words))), "a share or an empty cell",
                    "correct the cell in the checkout")  # fmt: skip
        return None
    draft.count("unknown-share", place, quoted(text), "a number", "none needed: supplies, size unknown")
    return None


def _coverage(good: str, rows: Sequence[Row], draft: Draft, file: str) -> str:
    """Complete when every row has a number and they add up to the market.

    Shares that rounding lifts further above the market than the package allows become ranges: any of them may be the
    one that was rounded up.
    """
    numbers = [share for row in rows if isinstance(share := row.get("share"), float)]
    total = math.fsum(numbers)
    place = Place(file, 0, "share_provided")
    if total > 1 + SHARE_TOLERANCE:
        draft.note("shares-exceed-market", place, f"{total:.4g} in all for {quoted(good)}",
                   f"1 within {SHARE_TOLERANCE:g}",
                   "none needed: each share became a range that rounding leaves open")  # fmt: skip
        for row in rows:
            if isinstance(share := row.pop("share", None), float):
                row |= {"share_low": max(0.0, share - (total - 1)), "share_high": share}
        return "partial"
    is_whole = len(numbers) == len(rows) and total >= 1 - SHARE_TOLERANCE
    if len(numbers) == len(rows) and not is_whole:
        draft.note("not-the-whole-market", place, f"{total:.4g} in all for {quoted(good)}",
                   f"1 within {SHARE_TOLERANCE:g}", "none needed: read as a part of the market")  # fmt: skip
    return "complete" if is_whole else "partial"
