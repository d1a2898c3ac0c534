"""The chip explorer of the Emerging Technology Observatory (ETO): goods, what goes into what, and market shares.

Read from a user's own checkout, which its licence (CC BY-NC 4.0) allows for work that is not commercial. Country and firm
rows of a good are two series: each divides the whole market. Shares follow the seat of the owner, save for
fabrication (S2) and assembly (S3), where they are site capacity. What stands in `input_id` is read as a good, stages
beside them as processes of a chain of their own.
"""

from __future__ import annotations

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

SOURCE = "eto-chip-explorer"
CHAIN = "semiconductors"
STAGES = "semiconductor-stages"
SITE_STAGES = frozenset({"S2", "S3"})
"""Stages whose shares are site capacity (ETO, documentation of the chip explorer)."""

BY_COUNTRY = "market share by country"
BY_FIRM = "market share by firm"

_FILES = ("inputs.csv", "providers.csv", "provision.csv", "sequence.csv", "stages.csv")
_KINDS = {
    "tool_resource": ("equipment", "capital"),
    "material_resource": ("material", "consumed"),
    "design_resource": ("software", "design"),
    "process": ("process", "consumed"),
    "ultimate_output": ("product", "consumed"),
}
"""What a type of ETO is here, and how it is used in what it goes into."""

_FLAGS = ("negligible_market_share", "negligible_share", "minor_share")
_NEGLIGIBLE = frozenset({"minor", "negligible"})
_UNSIZED = frozenset({"major", "yes", "x"})
_MARKET = re.compile(r"\$\s?(\d[\d,]*(?:\.\d+)?)\s+(million|billion|trillion)\b(.*)")
_SIZES = {"million": 1e6, "billion": 1e9, "trillion": 1e12}
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_WHOLE_IN_FRACTIONS = 1.05
"""Shares of a whole market in fractions add up to at most this; in percent, to about a hundred."""


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads the five files of the data folder."""
    names = {name: inbox.matching(name) for name in _FILES}
    for name, found in names.items():
        if not found:
            file_is_missing(inbox, draft, name)
        elif len(found) > 1:
            draft.error("duplicate-file", Place(found[1]), f"{name} also as {found[0]}", "each file once",
                        "name the data folder itself")  # fmt: skip
    if draft.is_refused:
        return
    sheets = [
        read_sheet(inbox, names["inputs.csv"][0], draft, ("input_id", "input_name", "type"),
                   ("stage_id", "stage_name", "description", "year", "market_share_chart_global_market_size_info",
                    "market_share_chart_caption", "market_share_chart_source")),
        read_sheet(inbox, names["providers.csv"][0], draft,
                   ("provider_name", "provider_id", "provider_type", "country"), ("alias",)),
        read_sheet(inbox, names["provision.csv"][0], draft, ("provider_id", "provided_id", "share_provided"),
                   ("provider_name", "provided_name", "year", "source", *_FLAGS)),
        read_sheet(inbox, names["sequence.csv"][0], draft, ("input_id", "goes_into_id", "is_type_of_id"),
                   ("input_name", "goes_into_name", "is_type_of_name")),
        read_sheet(inbox, names["stages.csv"][0], draft, ("stage_id", "stage_name"),
                   ("description", "market_share_chart_global_market_size_info", "market_share_chart_caption",
                    "market_share_chart_source")),
    ]  # fmt: skip
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
    _read_provision(provision, goods, suppliers, draft)
    goods.write()


class _Goods:
    """Goods with their kinds and inputs, which are known only once all files were read."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.rows: dict[str, Row] = {}
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
            if row["stage_id"]:
                self.stage_of[good] = row["stage_id"].strip()
                self.stage_names.setdefault(row["stage_id"].strip(), one_line(row["stage_name"]))

    def read_stages(self, sheet: Sheet) -> None:
        """One process for each stage; shares of design, fabrication and assembly as a whole hang on them."""
        for row in sheet.rows():
            good = self._good(sheet, row, "stage_id", STAGES, "stage_name")
            if good is not None:
                self.rows[good] |= {"kind": "process", "final": False}
                self.stage_names[good] = one_line(row["stage_name"])

    def _good(self, sheet: Sheet, row: Mapping[str, str], id_: str, chain: str, name: str) -> str | None:
        good = key(row[id_].strip())
        place = sheet.place(row, id_)
        if good in self.rows:
            self.draft.merge("duplicate-row", place, quoted(good), "each good once", "none needed: the first was kept")
            return None
        self.draft.keep(sheet.file)
        label = one_line(row[name])
        if label != row[name]:
            self.draft.count("line-break", sheet.place(row, name), quoted(row[name]), "a name on one line",
                             "none needed: joined")  # fmt: skip
        self.rows[good] = {"good": good, "label": label, "chain": chain, "source": SOURCE, "confidence": "medium"}
        self._market_size(sheet, row, good)
        return good

    def _market_size(self, sheet: Sheet, row: Mapping[str, str], good: str) -> None:
        column = "market_share_chart_global_market_size_info"
        text = one_line(row[column])
        year = row.get("year", "")
        if not text:
            return
        place = sheet.place(row, column)
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
            "as_of": said[-1] if said else year or None,
            "note": f"World sales of {scope.strip('()')}" if scope else None,
        }

    def read_sequence(self, sheet: Sheet) -> None:
        """Inputs and kinds; a row is one relation, or both."""
        for row in sorted(sheet.rows(), key=lambda row: (row["input_id"], row["goes_into_id"], row["is_type_of_id"])):
            ends = [row[name].strip() for name in ("input_id", "goes_into_id", "is_type_of_id")]
            unknown = [end for end in ends if end and end not in self.rows]
            used, good, parent = ends
            place = sheet.place(row, "input_id")
            if unknown or not used or not (good or parent):
                self.draft.drop("dangling-reference" if unknown else "empty-cell", place, quoted(", ".join(unknown)),
                                "goods of inputs.csv", "none needed: the relation was left out")  # fmt: skip
            elif (parent and self.parents.get(used, parent) != parent) or (good and parent == good):
                self.draft.drop("second-parent", place, f"'{used}' as a kind of '{parent}' too",
                                "one parent for each good", "none needed: the relation was left out")  # fmt: skip
            elif good in (self.parents.get(used), *(k for k in ("",) if not good)) and good:
                self.draft.drop("kind-is-not-input", place, f"'{used}' both a kind of and an input to '{good}'",
                                "one of the two relations", "none needed: the kind was kept")  # fmt: skip
            elif (good and used in self.uses.get(good, {})) or (not good and self.parents.get(used) == parent):
                self.draft.merge("duplicate-row", place, f"'{used}' and '{good or parent}' again", "each relation once",
                                 "none needed: merged")  # fmt: skip
            else:
                self.draft.keep(sheet.file)
                if parent:
                    self.parents[used] = parent
                if good:
                    self.uses[good][used] = None

    def write(self) -> None:
        """Writes goods and inputs, with the step of the board that each good belongs to."""
        kinds = set(self.parents.values())
        order = {stage: number for number, stage in enumerate(sorted(self.stage_names))}
        for good, row in self.rows.items():
            stage = good if row["chain"] == STAGES else self._stage(good)
            row |= self._step(good, stage, order)
            row["parent"] = self.parents.get(good)
            if good not in self.uses and good not in kinds and good not in self.parents:
                row["origin"] = "boundary"
            self.draft.add("goods", **row)
        for good, used in self.uses.items():
            for name in used:
                self.draft.add("inputs", good=good, input=name, need="essential",
                               role=_KINDS.get(self.types[name], ("", "consumed"))[1], source=SOURCE, confidence="medium",
                               note="That it goes in is from the source; need and role are assumed from its type")  # fmt: skip

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


@dataclass(frozen=True)
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
        if first["provider_type"].strip() == "country":
            code = _country(one_line(first["provider_name"])) or _country(one_line(first["alias"]))
            if code is None:
                draft.drop("unknown-country", sheet.place(first, "provider_name"), quoted(first["provider_name"]),
                           "a country", "none needed: its supply is of an unknown country")  # fmt: skip
            else:
                draft.keep(sheet.file)
            suppliers[id_] = _Supplier(code or "XX-UNK", is_country=True)
            continue
        draft.keep(sheet.file)
        suppliers[id_] = _Supplier(key(id_), is_country=False)
        draft.add("organizations", **_organization(sheet, rows, draft))
    return suppliers


def _organization(sheet: Sheet, rows: Sequence[dict[str, str]], draft: Draft) -> Row:
    first = rows[0]
    label = one_line(first["provider_name"])
    seat = _country(one_line(first["country"]))
    if first["country"].strip() and seat is None:
        draft.note("unknown-country", sheet.place(first, "country"), quoted(first["country"]), "a country",
                   "none needed: the seat stays unknown")  # fmt: skip
    is_placeholder = label.casefold().startswith("various")
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
    groups: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in sheet.rows():
        good, supplier = row["provided_id"].strip(), row["provider_id"].strip()
        if good not in goods.rows or supplier not in suppliers:
            draft.drop("dangling-reference", sheet.place(row, "provided_id"), f"{quoted(supplier)} for {quoted(good)}",
                       "a supplier of providers.csv and a good of inputs.csv", "none needed: the row was left out")  # fmt: skip
            continue
        groups[(good, supplier)].append(row)
    series: dict[tuple[str, bool, str], list[Row]] = defaultdict(list)
    for (good, supplier), rows in sorted(groups.items()):
        row = _supply(sheet, rows, divisor, draft)
        who = suppliers[supplier]
        row |= {"good": good, "supplier": who.key, "series": BY_COUNTRY if who.is_country else BY_FIRM}
        if who.key in PLACEHOLDERS:
            draft.count("placeholder", sheet.place(rows[0], "provider_name"), quoted(rows[0]["provider_name"]),
                        "a country", "none needed: typed as a placeholder, never the largest supplier")  # fmt: skip
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
    draft.note("share-format", Place(sheet.file, 0, "share_provided"), f"{words}: shares of one good add up to {largest:.4g}",
               "shares of 1", "none needed: they were converted")  # fmt: skip
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
    result: Row = {"year": first["year"].strip() or None, "source": SOURCE, "as_of": first["year"].strip() or None}
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
    """Complete when every row has a number and they add up to the market."""
    shares = [row.get("share") for row in rows]
    numbers = [share for share in shares if isinstance(share, float)]
    total = sum(numbers)
    if total > 1 + SHARE_TOLERANCE:
        draft.error("shares-do-not-add-up", Place(file, 0, "share_provided"), f"{total:.4g} in all for {quoted(good)}",
                    f"1 within {SHARE_TOLERANCE:g}", "correct the shares in the checkout")  # fmt: skip
    if len(numbers) == len(shares) and abs(total - 1) > SHARE_TOLERANCE:
        draft.note("not-the-whole-market", Place(file, 0, "share_provided"), f"{total:.4g} in all for {quoted(good)}",
                   f"1 within {SHARE_TOLERANCE:g}", "none needed: read as a part of the market")  # fmt: skip
    return "complete" if len(numbers) == len(shares) and abs(total - 1) <= SHARE_TOLERANCE else "partial"


IMPORTER = Importer(
    name="eto",
    label="ETO chip explorer",
    question="Who supplies the tools, materials, designs and steps of chip making?",
    source="Emerging Technology Observatory, Center for Security and Emerging Technology, Georgetown University",
    url="https://eto.tech/dataset-docs/chipexplorer",
    licence="CC BY-NC 4.0: read your own checkout; do not pass the package on for commercial use",
    files=_FILES,
    read=read,
)
