"""Records read from tables of TOML: every key known, every value of its type and within its bounds."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from reshore.tables.cells import did_you_mean

Refuse = Callable[[str, str, object, str, str], None]
"""``refuse(code, key, found, expected, fix)`` notes a problem."""

LARGEST = 1e18
"""Above any amount of money or goods: what is larger is a slip, and too large to compute with."""

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "stack_cap_share": (0, 1), "risk_weight": (0, 1), "risk_level": (0, 0.999), "odds_share": (0, 1),
    "asked_share": (0, 1), "default_rate": (0, 1), "recovery_share": (0, 1), "exit_odds": (0, 1), "draws": (1, 200),
    "samples": (0, 100), "gap_share": (0, 0.5), "cut_after_months": (0, 600),
    "quotas.low": (0, 1), "quotas.high": (0, 1),
    "delay.low": (0.1, 10), "delay.point": (0.1, 10), "delay.high": (0.1, 10), "discount.rate": (0, 0.5),
    "tenor_years": (1, 50), "years.year": (1900, 2200), "year_begins_month": (1, 12),
    "commitments.part_share": (0, 1), "commitments.year": (1900, 2200), "commitments.award_months": (0, 600),
    "commitments.late_months": (0, 600),
    "volatility": (0, 10),
}  # fmt: skip
"""Least and most of numbers, by key, or by table and key where tables share one."""


def read_record(kind: type[Any], value: object, place: str, refuse: Refuse) -> Any:
    """An instance of the dataclass `kind` from a table of TOML; ``None`` when something is wrong with it."""
    if not isinstance(value, Mapping):
        refuse("wrong-type", place, value, "a table", f"write [{place}]")
        return None
    known = {entry.name: entry for entry in fields(kind)}
    given: dict[str, Any] = {}
    sound = True
    for key, entry in value.items():
        if key not in known:
            refuse("unknown-key", f"{place}.{key}", key, f"keys {', '.join(known)}", did_you_mean(str(key), known))
            sound = False
            continue
        annotation = str(known[key].type)
        parsed = _entry(annotation, _nested(kind, annotation), key, entry, f"{place}.{key}", refuse)
        if parsed is None:
            sound = False
        else:
            given[key] = parsed
    for name, entry in known.items():
        needed = entry.default is MISSING and entry.default_factory is MISSING
        if needed and name not in value:
            refuse("missing-key", f"{place}.{name}", "nothing", f"{name} = …", "add the key")
            sound = False
    return kind(**given) if sound else None


def _nested(kind: type[Any], annotation: str) -> type[Any] | None:
    """The record within records that an annotation of `kind` names."""
    known = vars(sys.modules[kind.__module__])
    return next((known[word] for word in re.findall(r"\w+", annotation) if is_dataclass(known.get(word))), None)


def _entry(annotation: str, kind: type[Any] | None, key: str, entry: object, place: str, refuse: Refuse) -> Any:
    if kind is not None:
        if not annotation.startswith("tuple"):
            return read_record(kind, entry, place, refuse)
        if not isinstance(entry, Sequence) or isinstance(entry, str):
            refuse("wrong-type", place, entry, "a list of tables", f"write [[{place}]]")
            return None
        rows = [read_record(kind, row, f"{place}[{number}]", refuse) for number, row in enumerate(entry, 1)]
        return None if any(row is None for row in rows) else tuple(rows)
    if annotation.startswith("tuple"):
        item, word = (str, "texts") if "str" in annotation else (float, "numbers")
        if not isinstance(entry, Sequence) or isinstance(entry, str) or not all(_is(item, one) for one in entry):
            refuse("wrong-type", place, repr(entry), f"a list of {word}", "correct the value")
            return None
        if item is float and not all(math.isfinite(one) and one >= 0 for one in entry):
            refuse("out-of-range", place, repr(entry), "numbers of 0 or more", "correct the numbers")
            return None
        return tuple(item(one) for one in entry)
    plain: Mapping[str, type] = {"bool": bool, "int": int, "float": float}
    wanted = plain.get(annotation.removesuffix(" | None"), str)
    if not _is(wanted, entry):
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}
        refuse("wrong-type", place, repr(entry), words[wanted], "correct the value")
        return None
    if isinstance(entry, int | float) and wanted in (int, float):
        in_table = ".".join(re.sub(r"\[\d+\]", "", place).split(".")[-2:])
        low, high = _BOUNDS.get(in_table, _BOUNDS.get(key, (0.0, LARGEST)))
        if not (low <= entry <= high and math.isfinite(entry)):
            refuse("out-of-range", place, entry, f"{low:g} to {high:g}", "correct the number")
            return None
    return wanted(entry)


def _is(kind: type, entry: object) -> bool:
    if kind is bool or isinstance(entry, bool):
        return kind is bool and isinstance(entry, bool)
    return isinstance(entry, (int, float)) if kind is float else isinstance(entry, kind)
