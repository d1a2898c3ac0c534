"""Flags of dependence with their margin to the threshold: the European Commission's three, and ours on supply shares.

Flags churn: about one in five dependent products of one year is not dependent in the next. Each flag therefore says by
how much it fires, and whether the range of its value lies on one side of the threshold at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from reshore.exposure.case import Case
from reshore.exposure.concentration import herfindahl, largest, split_herfindahl
from reshore.exposure.frames import Cell
from reshore.exposure.ranges import Range

Known = tuple[float | None, float | None, float | None]
"""A figure and its range; all absent when nothing is known."""

FIRES = {
    "yes": "the value is above the threshold, whatever is unknown",
    "no": "the value is at or below the threshold, whatever is unknown",
    "cannot be told": "unknown figures decide",
}


@dataclass(frozen=True)
class Flag:
    """A flag: it fires when its value is above the threshold."""

    name: str
    label: str
    threshold: float
    source: str
    values: Callable[[Case], dict[str, Known]]


def verdict(known: Known, threshold: float) -> tuple[str, float | None]:
    """Whether a value is above `threshold`, and its signed distance; no distance when it cannot be told.

    The distance is that of the end of the range that decides; positive when the flag fires.
    """
    point, low, high = known
    low, high = point if low is None else low, point if high is None else high
    if low is not None and low > threshold:
        return "yes", low - threshold
    if high is not None and high <= threshold:
        return "no", high - threshold
    return "cannot be told", None


def flag_rows(case: Case) -> list[list[Cell]]:
    """Rows of the table ``flags``: every flag for every good."""
    rows: list[list[Cell]] = []
    for flag in FLAGS:
        values = flag.values(case)
        for good in case.chain.goods:
            known = values.get(good.good, (None, None, None))
            fires, margin = verdict(known, flag.threshold)
            shown = [None if end is not None and math.isinf(end) else end for end in known]
            margin = None if margin is not None and math.isinf(margin) else margin
            rows.append([good.good, flag.name, *shown, flag.threshold, margin, fires])
    return rows


def _supply(case: Case) -> dict[str, Known]:
    return {good: split_herfindahl(split) for good, split in case.splits.items()}


def _largest(case: Case) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for good, split in case.splits.items():
        unknown = math.fsum([split.remainder_high, *(share.high for share in split.unnamed)])
        extra = unknown if split.remainder_may_be_listed else 0.0
        share, is_certain = largest(split)
        low = max((row.low for row in split.named), default=0.0)
        high = max([unknown, *(row.high + extra for row in split.named)])
        found[good] = (share.point if share is not None and is_certain else None, low, min(1.0, high))
    return found


def _outside(case: Case) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for good in case.splits:
        ranges = case.ranges[good]
        home, ally = ranges["home"], ranges["ally"]
        others: Sequence[Range] = (ranges["concern"], ranges["other"])
        is_known = ranges["unknown"][0] == 0 and home[0] is not None and ally[0] is not None
        point = math.fsum(point for point, _, _ in others if point is not None) if is_known else None
        low = math.fsum(low for _, low, _ in others)
        found[good] = (point, min(1.0, low), max(low, 1.0 - home[1] - ally[1]))
    return found


def _concern(case: Case) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for good in case.splits:
        point, low, high = case.ranges[good]["concern"]
        found[good] = (point if high - low < 1e-9 else None, low, high)
    return found


@dataclass(frozen=True)
class _Trade:
    """One good's trade over the common border in one year: imports by origin, imports from inside, exports."""

    imports: dict[str, float]
    inside: float
    exports: float | None


def _trade(case: Case) -> dict[str, _Trade]:
    """Trade per good for its newest year up to that of the question, from the source with most rows."""
    if case.trade is None or case.trade.is_empty():
        return {}
    union = frozenset((case.home, *case.customs_union))
    limit = case.year or 9999
    rows = case.trade.filter(pl.col("year") <= limit).select(
        "good", "source", "year", "exporter", "importer", "value_usd"
    )
    exporting = {(source, year) for _, source, year, exporter, _, _ in rows.iter_rows() if exporter in union}
    groups: dict[str, dict[tuple[str, int], list[tuple[str, str, float | None]]]] = {}
    for good, source, year, exporter, importer, value in rows.iter_rows():
        if exporter in union or importer in union:
            groups.setdefault(good, {}).setdefault((source, year), []).append((exporter, importer, value))
    found = {}
    for good, by_source in groups.items():
        key = min(by_source, key=lambda key: (-key[1], -len(by_source[key]), key[0]))
        flows = by_source[key]
        if any(value is None for _, _, value in flows):
            continue
        imports: dict[str, float] = {}
        for exporter, importer, value in sorted(flows, key=lambda flow: flow[:2]):
            if importer in union and exporter not in union:
                imports[exporter] = imports.get(exporter, 0.0) + float(value or 0.0)
        inside = math.fsum(value or 0.0 for exporter, importer, value in flows if {exporter, importer} <= union)
        exports = math.fsum(
            value or 0.0 for exporter, importer, value in flows if exporter in union and importer not in union
        )
        found[good] = _Trade(imports, inside, exports if key in exporting else None)
    return found


def _import_concentration(case: Case) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for good, trade in _trade(case).items():
        total = math.fsum(trade.imports.values())
        index = herfindahl([value / total for value in trade.imports.values()]) if total > 0 else None
        found[good] = (index, None, None)
    return found


def _outside_imports(case: Case) -> dict[str, Known]:
    if not case.customs_union:
        return {}
    found: dict[str, Known] = {}
    for good, trade in _trade(case).items():
        outside = math.fsum(trade.imports.values())
        total = outside + trade.inside
        found[good] = (outside / total if total > 0 else None, None, None)
    return found


def _imports_to_exports(case: Case) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for good, trade in _trade(case).items():
        imports = math.fsum(trade.imports.values())
        if trade.exports is None:
            continue
        if trade.exports > 0:
            found[good] = (imports / trade.exports, None, None)
        elif imports > 0:
            found[good] = (None, math.inf, math.inf)
    return found


_COMMISSION = "European Commission, SWD(2021) 352: strategic dependencies, bottom-up indicators"

FLAGS: tuple[Flag, ...] = (
    Flag("import-concentration", "Imports come from few countries", 0.4, f"{_COMMISSION}, CDI1", _import_concentration),
    Flag(
        "imports-from-outside",
        "Imports come from outside the customs union",
        0.5,
        f"{_COMMISSION}, CDI2",
        _outside_imports,
    ),
    Flag("imports-above-exports", "Imports exceed exports", 1.0, f"{_COMMISSION}, CDI3", _imports_to_exports),
    Flag(
        "supply-concentration",
        "World supply comes from few countries",
        0.4,
        "threshold of CDI1 on shares of supply",
        _supply,
    ),
    Flag("largest-supplier", "One country has most of supply", 0.5, "more than half", _largest),
    Flag(
        "supply-from-outside",
        "Supply comes from neither home nor allies",
        0.5,
        "threshold of CDI2 on shares of supply",
        _outside,
    ),
    Flag("supply-from-concern", "Countries of concern have most of supply", 0.5, "more than half", _concern),
)
