"""The chip explorer of the Emerging Technology Observatory (ETO): goods, what goes into what, and market shares.

Read from a user's own checkout, which its licence (CC BY-NC 4.0) allows for work that is not commercial. Country and
firm rows of a good are two series: each divides the whole market. Shares follow the seat of the owner, save for
fabrication (S2) and assembly (S3), where they are site capacity. What stands in ``inputs.csv`` is a good of the chain;
the three stages, of which only shares are given, are processes of a chain of their own.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reshore.countries import PLACEHOLDERS
from reshore.data.rules import SHARE_TOLERANCE
from reshore.errors import Place
from reshore.importers.inbox import Inbox
from reshore.importers.records import Draft, Importer, Row, quoted
from reshore.importers.text import Sheet, file_is_missing, is_number, key, number, one_line, place_code, read_sheet
from reshore.tables import ROW

SOURCE = "eto-chip-explorer"
CHAIN = "semiconductors"
STAGES = "semiconductor-stages"
SITE_STAGES = frozenset({"S2", "S3"})
"""Stages whose shares are site capacity (ETO, documentation of the chip explorer)."""

BY_COUNTRY = "market share by country"
BY_FIRM = "market share by firm"

_FLAGS = ("negligible_market_share", "negligible_share", "minor_share")
_MARKET_SIZE = "market_share_chart_global_market_size_info"
_CHART = (_MARKET_SIZE, "market_share_chart_caption", "market_share_chart_source")
_COLUMNS = {
    "inputs.csv": (
        ("input_id", "input_name", "type"),
        ("stage_id", "stage_name", "description", "year", *_CHART, "low_value_complexity", "notes_temp"),
    ),
    "providers.csv": (("provider_name", "provider_id", "provider_type", "country"), ("alias",)),
    "provision.csv": (
        ("provider_id", "provided_id", "share_provided"),
        ("provider_name", "provided_name", "year", "source", *_FLAGS),
    ),
    "sequence.csv": (
        ("input_id", "goes_into_id", "is_type_of_id"),
        ("input_name", "goes_into_name", "is_type_of_name"),
    ),
    "stages.csv": (("stage_id", "stage_name"), ("description", *_CHART)),
}
"""Columns of each file: those that every vintage has, and those that some have."""

_KINDS = {
    "tool_resource": ("equipment", "capital"),
    "material_resource": ("material", "consumed"),
    "design_resource": ("software", "design"),
    "process": ("process", "consumed"),
    "ultimate_output": ("product", "consumed"),
}
"""What a type of ETO is here, and how it is used in what it goes into."""

_ASSUMED = "That it goes in is from the source; need and role are assumed from its type"
_NEGLIGIBLE = frozenset({"minor", "negligible"})
_UNSIZED = frozenset({"major", "yes", "x"})
_MARKET = re.compile(r"\$\s?(\d[\d,]*(?:\.\d+)?)\s+(million|billion|trillion)\b(.*)", re.ASCII)
_SIZES = {"million": 1e6, "billion": 1e9, "trillion": 1e12}
_YEAR = re.compile(r"\b(?:19|20)\d\d\b", re.ASCII)
_WHOLE_IN_FRACTIONS = 1.05
"""Shares of a whole market in fractions add up to at most this; in percent, to about a hundred."""


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads the five files of the data folder."""
    names = {name: inbox.matching(name) for name in _COLUMNS}
    for name, found in names.items():
        if not found:
            file_is_missing(inbox, draft, name)
        elif len(found) > 1:
            draft.error("duplicate-file", Place(found[1]), f"{name} also as {found[0]}", "each file once",
                        "name the data folder itself")  # fmt: skip
    if draft.is_refused:
        return
    sheets = [
        read_sheet(inbox, names[name][0], draft, required, optional, legacy="mac_roman")
        for name, (required, optional) in _COLUMNS.items()
    ]
    if draft.is_refused:
        return
    inputs, providers, provision, sequence, stages = (sheet for sheet in sheets if sheet is not None)
    draft.add("sources", source=SOURCE, title="Chip explorer (Advanced Semiconductor Supply Chain Dataset), "
              "Emerging Technology Observatory, Center for Security and Emerging Technology",
              url=IMPORTER.url, licence=IMPORTER.licence)  # fmt: skip
    goods = _Goods(draft)
    goods.read_inputs(inputs)
    goods.read_stages(stages)
    goods.read_sequence(sequence)
    suppliers = _read_providers(providers, draft)
    _note_other_names(provision, providers, draft)
    _read_provision(provision, goods, suppliers, draft)
    goods.write()


class _Goods:
    """Goods with their kinds and inputs, which are known only once all files were read."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.rows: dict[str, Row] = {}
        self.read: dict[str, Mapping[str, str]] = {}
        self.types: dict[str, str] = {}
        self.stage_of: dict[str, str] = {}
        self.stage_names: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        self.uses: dict[str, dict[str, None]] = defaultdict(dict)

    def read_inputs(self, sheet: Sheet) -> None:
        """One good for each row."""
        for row in sheet.rows():
            good = self._good(sheet, row, "input_id", CHAIN, "input_name")
            if good is None:
                continue
            kind = row["type"].strip()
            if kind not in _KINDS:
                self.draft.count("unknown-type", sheet.place(row, "type"), quoted(kind), ", ".join(_KINDS),
                                 "none needed: read as a component that is consumed")  # fmt: skip
            self.types[good] = kind
            self.rows[good]["kind"] = _KINDS.get(kind, ("component", ""))[0]
            self.rows[good]["final"] = kind == "ultimate_output"
            if row["stage_id"].strip():
                stage = row["stage_id"].strip()
                self.stage_of[good] = stage
                self.stage_names.setdefault(stage, one_line(row["stage_name"]) or stage)

    def read_stages(self, sheet: Sheet) -> None:
        """One process for each stage; shares of design, fabrication and assembly as a whole hang on them."""
        for row in sheet.rows():
            good = self._good(sheet, row, "stage_id", STAGES, "stage_name")
            if good is not None:
                self.rows[good] |= {"kind": "process", "final": False}
                self.stage_names[good] = one_line(row["stage_name"]) or good

    def _good(self, sheet: Sheet, row: Mapping[str, str], id_: str, chain: str, name: str) -> str | None:
        good = key(row[id_].strip())
        content = {column: text for column, text in row.items() if column != ROW}
        if self.read.setdefault(good, content) != content:
            self.draft.error("conflicting-rows", sheet.place(row, id_), f"{quoted(good)} again, with other cells",
                             "each good once", "keep one of the rows in the checkout")  # fmt: skip
            return None
        if good in self.rows:
            self.draft.merge("duplicate-row", sheet.place(row, id_), f"{quoted(good)} again", "each good once",
                             "none needed: merged")  # fmt: skip
            return None
        self.draft.keep(sheet.file)
        label = one_line(row[name]) or good
        if label != row[name]:
            self.draft.count("line-break", sheet.place(row, name), quoted(row[name]), "a name on one line",
                             "none needed: joined")  # fmt: skip
        self.rows[good] = {"good": good, "label": label, "chain": chain, "source": SOURCE, "confidence": "medium"}
        self._market_size(sheet, row, good)
        return good

    def _market_size(self, sheet: Sheet, row: Mapping[str, str], good: str) -> None:
        text = one_line(row[_MARKET_SIZE])
        year = _year(sheet, row, self.draft) if "year" in row else None
        if not text:
            return
        place = sheet.place(row, _MARKET_SIZE)
        match = _MARKET.fullmatch(text)
        if match is None:
            self.draft.note("no-number", place, quoted(text), "'$ … million' or '$ … billion'",
                            "none needed: the market size stays unknown")  # fmt: skip
            return
        said = _YEAR.findall(match[3])
        if not said and year:
            self.draft.note("year-from-column", place, quoted(text), "a year in the text",
                            f"none needed: the column 'year' says {year}")  # fmt: skip
        scope = _YEAR.sub("", match[3]).replace("()", "").strip()
        value = number(match[1])
        assert value is not None
        self.rows[good] |= {
            "market_size_usd_per_year": round(value * _SIZES[match[2]], 2),
            "as_of": said[-1] if said else year,
            "note": f"World sales of {scope.strip('()')}" if scope else None,
        }

    def read_sequence(self, sheet: Sheet) -> None:
        """Kinds, then inputs; a row is one relation, or both at once."""
        rows = sorted(sheet.rows(), key=lambda row: (row["input_id"], row["goes_into_id"], row["is_type_of_id"]))
        for row in rows:
            used, made, parent = (row[name].strip() for name in _COLUMNS["sequence.csv"][0])
            unknown = [end for end in (used, made, parent) if end and end not in self.rows]
            if unknown or not used or not (made or parent):
                self.draft.drop("dangling-reference" if unknown else "empty-cell", sheet.place(row, "input_id"),
                                quoted(", ".join(unknown)), "goods of inputs.csv",
                                "none needed: the relation was left out")  # fmt: skip
                continue
            is_new = False
            if parent:
                is_new = used not in self.parents
                kept = self.parents.setdefault(used, parent)
                if kept != parent:
                    self.draft.drop("second-parent", sheet.place(row, "is_type_of_id"),
                                    f"'{used}' a kind of '{parent}'", f"one parent: '{kept}'",
                                    "none needed: the relation was left out")  # fmt: skip
                    continue
            if made:
                is_new = is_new or used not in self.uses[made]
                self.uses[made][used] = None
            if is_new:
                self.draft.keep(sheet.file)
            else:
                self.draft.merge("duplicate-row", sheet.place(row, "input_id"),
                                 f"'{used}' and '{made or parent}' again", "each relation once",
                                 "none needed: merged")  # fmt: skip
        self._part_kinds_from_inputs(sheet.file)

    def _part_kinds_from_inputs(self, file: str) -> None:
        """A good that is a kind of another is no input to it: the kind is kept."""
        for made, used in self.uses.items():
            for name in [name for name in used if made == self.parents.get(name) or name == self.parents.get(made)]:
                del used[name]
                self.draft.note("kind-is-not-input", Place(file, 0, "goes_into_id"),
                                f"'{name}' both a kind of and an input to '{made}'", "one of the two relations",
                                "none needed: the kind was kept")  # fmt: skip

    def write(self) -> None:
        """Writes goods and inputs, with the step of the board that each good belongs to."""
        kinds = set(self.parents.values())
        order = {stage: number for number, stage in enumerate(sorted(self.stage_names))}
        for good, row in self.rows.items():
            stage = good if row["chain"] == STAGES else self._stage(good)
            row |= self._step(good, stage, order)
            row["parent"] = self.parents.get(good)
            if not self.uses.get(good) and good not in kinds and good not in self.parents:
                row["origin"] = "boundary"
            self.draft.add("goods", **row)
        for good, used in self.uses.items():
            for name in used:
                role = _KINDS.get(self.types.get(name, ""), ("", "consumed"))[1]
                self.draft.add("inputs", good=good, input=name, need="essential", role=role, source=SOURCE,
                               confidence="medium", note=_ASSUMED)  # fmt: skip

    def _stage(self, good: str) -> str | None:
        """The stage of the nearest process that `good` goes into, itself or as a kind of another good."""
        ways: dict[str, list[str]] = defaultdict(list)
        for made, used in self.uses.items():
            for name in used:
                ways[name].append(made)
        level, seen = [good], {good}
        while level:
            stages = sorted(self.stage_of[name] for name in level if name in self.stage_of)
            if stages:
                return stages[0]
            above = [*(made for name in level for made in ways[name]),
                     *(self.parents[name] for name in level if name in self.parents)]  # fmt: skip
            level = sorted(set(above) - seen)
            seen.update(level)
        return None

    def _step(self, good: str, stage: str | None, order: Mapping[str, int]) -> Row:
        if good in self.rows and self.rows[good]["final"]:
            return {"step": "Output", "step_order": 2 * len(order) + 2}
        if stage is None:
            return {"step": "Not assigned to a stage", "step_order": 0}
        name = self.stage_names[stage]
        is_process = good in self.stage_of or good == stage
        return {"step": name if is_process else f"Goes into {name[0].lower()}{name[1:]}",
                "step_order": 2 * order[stage] + (2 if is_process else 1)}  # fmt: skip


@dataclass(frozen=True, order=True)
class _Supplier:
    """Who supplies: a country code, or the key of an organization."""

    key: str
    is_country: bool


def _read_providers(sheet: Sheet, draft: Draft) -> dict[str, _Supplier]:
    """Suppliers by the id of the source; rows that repeat an id add other names."""
    groups: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in sheet.rows():
        groups[row["provider_id"].strip()].append(row)
    suppliers: dict[str, _Supplier] = {}
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
        suppliers[id_] = _Supplier(code or key(id_), is_country)
        if code is None:
            draft.add("organizations", **_organization(sheet, rows, draft))
    return suppliers


def _note_other_names(provision: Sheet, providers: Sheet, draft: Draft) -> None:
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


def _read_provision(sheet: Sheet, goods: _Goods, suppliers: Mapping[str, _Supplier], draft: Draft) -> None:
    """Who supplies what, with shares of 1 whatever the vintage wrote."""
    divisor = _divisor(sheet, suppliers, draft)
    groups: dict[tuple[str, _Supplier], list[dict[str, str]]] = defaultdict(list)
    for cells in sheet.rows():
        good, supplier = cells["provided_id"].strip(), cells["provider_id"].strip()
        if good not in goods.rows or supplier not in suppliers:
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


def _divisor(sheet: Sheet, suppliers: Mapping[str, _Supplier], draft: Draft) -> float:
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
    year = _year(sheet, first, draft)
    result: Row = {"year": year, "source": SOURCE, "as_of": year}
    if len(points) > 1:
        result |= {"share_low": points[0], "share_high": points[-1]}
    else:
        result["share"] = points[0] if points else "neg" if "neg" in found else None
    origin = one_line(first["source"])
    result |= {"confidence": "medium" if origin else "low", "note": origin or "The source of the row is not stated"}
    return result


def _year(sheet: Sheet, row: Mapping[str, str], draft: Draft) -> str | None:
    text = row["year"].strip()
    if text and not _YEAR.fullmatch(text):
        draft.error("bad-date", sheet.place(row, "year"), quoted(text), "a year", "correct the cell in the checkout")
        return None
    return text or None


def _share(sheet: Sheet, row: Mapping[str, str], divisor: float, draft: Draft) -> float | str | None:
    """A share of 1, ``"neg"`` for negligible, ``None`` for unknown."""
    text = row["share_provided"].strip()
    flags = {row[flag].strip().casefold() for flag in _FLAGS} - {""}
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


IMPORTER = Importer(
    name="eto",
    label="ETO chip explorer",
    question="Who supplies the tools, materials, designs and steps of chip making?",
    source="Emerging Technology Observatory, Center for Security and Emerging Technology, Georgetown University",
    url="https://eto.tech/dataset-docs/chipexplorer",
    licence="CC BY-NC 4.0: read your own checkout; do not pass the package on for commercial use",
    files=tuple(_COLUMNS),
    read=read,
)
