"""How much of what home uses comes from abroad: net import reliance, published or computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from reshore.chain.records import CONFIDENCE_ORDER
from reshore.exposure.case import Case, Metric
from reshore.exposure.frames import Cell, per_good
from reshore.tables import Column
from reshore.units import SHARE

_SHARE_UNITS = ("share", "1", "fraction")
_PERCENT_WORDS = ("percent", "%")
_FLOWS = ("imports", "exports", "production", "stocks")


def net_import_reliance(imports: float, exports: float, production: float, stock_draw: float = 0.0) -> float | None:
    """Net imports as a share of apparent consumption: ``(M − X + ΔS) / (P + M − X + ΔS)``.

    Negative for net exporters; ``None`` when nothing is consumed.

    Parameters
    ----------
    imports, exports, production
        Of one period, in one unit.
    stock_draw
        What was taken out of stocks in the period, in the same unit; negative when stocks grew.

    References
    ----------
    U.S. Geological Survey, Mineral Commodity Summaries, Appendix B.

    Examples
    --------
    >>> net_import_reliance(imports=60, exports=10, production=45, stock_draw=5)
    0.55
    """
    net = imports - exports + stock_draw
    used = production + net
    return net / used if used > 0 else None


@dataclass(frozen=True)
class Reliance:
    """Net import reliance of one good: the figure, its range, its period and where it comes from."""

    point: float | None
    low: float | None
    high: float | None
    period: str | None
    origin: str
    source: str = ""


def published(rows: Sequence[Mapping[str, object]]) -> Reliance | None:
    """The figure that a source publishes: newest period first, then the most trusted; ranges stay ranges."""
    usable = [(row, whole) for row in rows if (whole := _whole(str(row["unit"]))) is not None and _has_figure(row)]
    if not usable:
        return None
    row, whole = min(
        usable,
        key=lambda pair: (
            _newest_first(str(pair[0]["period"] or "")),
            CONFIDENCE_ORDER.index(str(pair[0]["confidence"])),
            str(pair[0]["detail"] or ""),
            str(pair[0]["source"]),
        ),
    )
    ends = [_number(row[name], whole) for name in ("value", "value_low", "value_high")]
    period = str(row["period"]) if row["period"] else None
    return Reliance(ends[0], ends[1], ends[2], period, "published", str(row["source"]))


def computed(rows: Sequence[Mapping[str, object]]) -> Reliance | None:
    """The figure from imports, exports, production and stocks of one source in one unit, for its newest full year."""
    found: dict[tuple[str, str], dict[tuple[str, int], list[float]]] = {}
    for row in rows:
        period, value = str(row["period"] or ""), row["value"]
        if row["indicator"] in _FLOWS and isinstance(value, float) and len(period) == 4:
            series = found.setdefault((str(row["source"]), str(row["unit"])), {})
            series.setdefault((str(row["indicator"]), int(period)), []).append(value)
    best: Reliance | None = None
    for (source, _), series in sorted(found.items()):
        single = {key: values[0] for key, values in series.items() if len(values) == 1}
        for year in sorted({year for _, year in single}):
            needed = [(flow, year) for flow in _FLOWS] + [("stocks", year - 1)]
            if not all(key in single for key in needed):
                continue
            imports, exports, production, stocks, before = (single[key] for key in needed)
            point = net_import_reliance(imports, exports, production, before - stocks)
            if point is not None and (best is None or str(year) > str(best.period)):
                best = Reliance(point, None, None, str(year), "computed", source)
    return best


def reliance(case: Case) -> pl.DataFrame:
    """Net import reliance of home, published where a source states it, computed where all flows are known."""
    by_good = reliances(case)

    def row(good: str) -> list[Cell]:
        found = by_good.get(good)
        if found is None:
            return [None] * 6
        return [found.point, found.low, found.high, found.origin, found.period, found.source]

    return per_good(case, NET_IMPORT_RELIANCE.columns, row)


def reliances(case: Case) -> dict[str, Reliance]:
    """Net import reliance per good, for goods of which it is known."""
    if case.indicators is None:
        return {}
    rows: dict[str, list[Mapping[str, object]]] = {}
    wanted = case.indicators.filter(pl.col("country") == case.home)
    for row in wanted.iter_rows(named=True):
        rows.setdefault(row["good"], []).append(row)
    found = {
        good: published([row for row in own if row["indicator"] == "net import reliance"]) or computed(own)
        for good, own in rows.items()
    }
    return {good: known for good, known in found.items() if known is not None}


@lru_cache(maxsize=256)
def _whole(unit: str) -> float | None:
    """What stands for all of something in `unit`: 1 for shares, 100 for percent."""
    word = unit.strip().lower()
    if word in _SHARE_UNITS or word.startswith("share"):
        return 1.0
    return 100.0 if word.startswith(_PERCENT_WORDS) else None


def _has_figure(row: Mapping[str, object]) -> bool:
    return any(row[name] is not None for name in ("value", "value_low", "value_high"))


def _number(value: object, whole: float) -> float | None:
    return value / whole if isinstance(value, float) and math.isfinite(value) else None


def _newest_first(period: str) -> tuple[int, ...]:
    return tuple(-int(part) for part in period.split("-")) if period else (0,)


NET_IMPORT_RELIANCE = Metric(
    name="net_import_reliance",
    label="Net import reliance",
    question="How much of what home uses is imported, net?",
    unit=SHARE,
    formula="(imports - exports + stock withdrawals) / apparent consumption, as published, or computed from these",
    reads=("indicators",),
    source="U.S. Geological Survey, Mineral Commodity Summaries, Appendix B",
    columns=(
        Column("net_import_reliance_share", "number", "Net import reliance",
               "Imports less exports and stock changes as a share of apparent consumption; negative for net exporters.",
               unit=SHARE, high=1, absent="not published, or only as a range", interval=True),
        Column("net_import_reliance_origin", "category", "Where it comes from", "Where the figure comes from.",
               choices={"published": "stated by the source", "computed": "from imports, exports, output and stocks"},
               absent="not known"),
        Column("net_import_reliance_period", "period", "Period", "Period of the figure.", absent="not known"),
        Column("net_import_reliance_source", "id", "Source", "Where the figure was read.", refers="sources.source",
               absent="not known"),
    ),
    compute=reliance,
)  # fmt: skip
