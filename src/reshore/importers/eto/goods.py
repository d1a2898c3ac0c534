"""Goods of the chip explorer: what they are, what goes into them, and the step of the board that each belongs to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from reshore.errors import Place
from reshore.importers.draft import Draft, Row, quoted
from reshore.importers.eto.files import COLUMNS, MARKET_SIZE, SOURCE, YEAR, year_of
from reshore.importers.text import Sheet, key, number, one_line
from reshore.tables import ROW

CHAIN = "semiconductors"
STAGES = "semiconductor-stages"
_KINDS = {
    "tool_resource": ("equipment", "capital"),
    "material_resource": ("material", "consumed"),
    "design_resource": ("software", "design"),
    "process": ("process", "consumed"),
    "ultimate_output": ("product", "consumed"),
}
"""What a type of ETO is here, and how it is used in what it goes into."""

_ASSUMED = "That it goes in is from the source; need and role are assumed from its type"
_MARKET = re.compile(r"\$\s?(\d[\d,]*(?:\.\d+)?)\s+(million|billion|trillion)\b(.*)", re.ASCII)
_SIZES = {"million": 1e6, "billion": 1e9, "trillion": 1e12}


class Goods:
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
        text = one_line(row[MARKET_SIZE])
        year = year_of(sheet, row, self.draft) if "year" in row else None
        if not text:
            return
        place = sheet.place(row, MARKET_SIZE)
        match = _MARKET.fullmatch(text)
        if match is None:
            self.draft.note("no-number", place, quoted(text), "'$ … million' or '$ … billion'",
                            "none needed: the market size stays unknown")  # fmt: skip
            return
        said = YEAR.findall(match[3])
        if not said and year:
            self.draft.note("year-from-column", place, quoted(text), "a year in the text",
                            f"none needed: the column 'year' says {year}")  # fmt: skip
        scope = YEAR.sub("", match[3]).replace("()", "").strip()
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
            used, made, parent = (row[name].strip() for name in COLUMNS["sequence.csv"][0])
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
