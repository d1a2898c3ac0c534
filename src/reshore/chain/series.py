"""From supply rows to series, and from one series to a division of the market.

Figures of one source on one basis belong together and with nothing else: seat of the owner, site of the plant and
origin of imports differ by tens of points for the same good. Rows are therefore grouped into `Series` first; a `Split`
is always made from one series.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import polars as pl

from reshore.chain.records import (
    NEGLIGIBLE_SHARE,
    Organization,
    Series,
    Share,
    Split,
    Supplier,
    is_country_like,
    weakest,
)
from reshore.countries import COUNTRIES

UNKNOWN_COUNTRY = "XX-UNK"
FROM_CAPACITY = "shares computed from capacities"

_NOISE = 1e-12

_KEY = ("good", "market", "basis", "measure", "series", "year", "source")
_FIGURES = ("supplier", "share", "share_low", "share_high", "share_missing", "capacity_per_year", "unit")
_COLUMNS = (*_KEY, *_FIGURES, "coverage", "confidence")


def read_series(supply: pl.DataFrame, organizations: Mapping[str, Organization]) -> dict[str, tuple[Series, ...]]:
    """The series of each good, in key order.

    Parameters
    ----------
    supply
        The ``supply`` table of a package.
    organizations
        By key; a supplier that is no organization is a country, a bloc or a placeholder.
    """
    rows = sorted(
        supply.select(_COLUMNS).iter_rows(),
        key=lambda row: (row[0], row[1], row[2], row[3], row[4] or "", row[5] or 0, row[6], row[7]),
    )
    found: dict[str, list[Series]] = {}
    for key, group in groupby(rows, key=lambda row: row[: len(_KEY)]):
        series = _series(key, [row[len(_KEY) :] for row in group], organizations)
        found.setdefault(series.good, []).append(series)
    return {good: tuple(sorted(series, key=lambda one: one.key)) for good, series in found.items()}


def _series(
    key: tuple[object, ...], rows: Sequence[tuple[object, ...]], organizations: Mapping[str, Organization]
) -> Series:
    good, market, basis, measure, text, year, source = key
    is_complete = all(row[7] == "complete" for row in rows)
    shares = _from_capacity(rows) if is_complete else None
    suppliers = tuple(
        _supplier(row, shares[index] if shares else row[1], organizations) for index, row in enumerate(rows)
    )
    kinds = {supplier.is_organization for supplier in suppliers if supplier.is_named} or {
        supplier.is_organization for supplier in suppliers
    }
    level = "mixed" if len(kinds) > 1 else "organization" if kinds == {True} else "country"
    words = [part for part in (text, FROM_CAPACITY if shares else "") if part]
    return Series(
        good=str(good),
        market=str(market),
        basis=str(basis),
        measure=str(measure),
        series="; ".join(str(word) for word in words),
        year=year if isinstance(year, int) else None,
        source=str(source),
        coverage="complete" if is_complete else "partial",
        level=level,
        confidence=weakest([supplier.confidence for supplier in suppliers]),
        suppliers=suppliers,
    )


def _from_capacity(rows: Sequence[tuple[object, ...]]) -> list[float] | None:
    """Shares of a whole market of which only capacities are given, all in one unit; ``None`` otherwise."""
    capacities = [row[5] for row in rows]
    if any(row[1] is not None or row[2] is not None or row[3] is not None for row in rows):
        return None
    if len({row[6] for row in rows}) != 1 or not all(isinstance(capacity, float) for capacity in capacities):
        return None
    numbers = [float(capacity) for capacity in capacities if isinstance(capacity, float)]
    total = math.fsum(numbers)
    return [number / total for number in numbers] if total > 0 else None


def _supplier(row: tuple[object, ...], share: object, organizations: Mapping[str, Organization]) -> Supplier:
    name, missing = str(row[0]), row[4]
    organization = organizations.get(name)
    if organization is not None:
        country, is_named = organization.seat, organization.kind != "placeholder"
    else:
        country, is_named = name, not is_country_like(name)
    point = float(share) if isinstance(share, float) else None
    low, high = (number if isinstance(number, float) else point for number in (row[2], row[3]))
    if low is None:
        low = 0.0
    if high is None:
        high = NEGLIGIBLE_SHARE if missing == "negligible" else 1.0
    return Supplier(
        supplier=name,
        country=country,
        is_organization=organization is not None,
        is_named=is_named,
        share=point,
        low=low,
        high=high,
        missing=None if point is not None else str(missing or "unknown"),
        confidence=str(row[8]),
    )


def split_by_country(series: Series) -> Split:
    """The market of `series` divided among countries.

    Organizations are rolled up by the seat of their owner, and the split then says so: its basis is ``seat``. Only in
    a series that mixes organizations and countries on another basis does an organization's country stay unknown,
    because seats and sites must not be added up.
    """
    is_by_seat = series.level == "organization" or (series.level == "mixed" and series.basis == "seat")
    groups: dict[str, list[Supplier]] = {}
    for row in series.suppliers:
        country = row.country if not row.is_organization or (is_by_seat and row.is_named) else None
        groups.setdefault(country or UNKNOWN_COUNTRY, []).append(row)
    shares = [_joined(country, country, rows, country in COUNTRIES) for country, rows in sorted(groups.items())]
    basis = "seat" if is_by_seat else series.basis
    return _split(series, "country", shares, basis, may_be_listed=series.level != "country")


def split_by_organization(series: Series) -> Split | None:
    """The market of `series` divided among organizations; ``None`` when it names none."""
    if series.level == "country":
        return None
    shares = [
        _joined(row.supplier, row.country, [row], row.is_named and row.is_organization) for row in series.suppliers
    ]
    return _split(series, "organization", shares, series.basis, may_be_listed=False)


def _joined(supplier: str, country: str | None, rows: Sequence[Supplier], is_named: bool) -> Share:
    """One row for several suppliers of one country; its point is known when all of theirs are."""
    unsized = [row for row in rows if row.share is None and row.missing != "negligible"]
    stated = [row.share for row in rows if row.share is not None]
    reasons = sorted({row.missing for row in rows if row.missing}, key=("withheld", "unknown", "negligible").index)
    return Share(
        supplier=supplier,
        country=country,
        point=None if unsized or not stated else math.fsum(stated),
        low=min(1.0, math.fsum(row.low for row in rows)),
        high=min(1.0, math.fsum(row.high for row in rows)),
        is_named=is_named,
        missing=None if not unsized and stated else reasons[0] if reasons else None,
        confidence=weakest([row.confidence for row in rows]),
    )


def _split(series: Series, level: str, shares: Sequence[Share], basis: str, *, may_be_listed: bool) -> Split:
    tightened, low, high = tighten(shares, series.coverage)
    return Split(
        good=series.good,
        level=level,
        shares=tightened,
        remainder_low=low,
        remainder_high=high,
        remainder_may_be_listed=may_be_listed,
        market=series.market,
        basis=basis,
        measure=series.measure,
        series=series.series,
        year=series.year,
        sources=(series.source,),
        coverage=series.coverage,
        confidence=weakest([share.confidence for share in shares]),
    )


def tighten(shares: Sequence[Share], coverage: str) -> tuple[tuple[Share, ...], float, float]:
    """The shares with the narrowest ranges that a sum of 1 allows, and the range of the remainder.

    A row whose size is unknown can have at most what the low ends of the others leave. In a whole market nothing else
    remains, save what rounding of the rows leaves open: where published shares exceed 1, the excess is taken off every
    low end, because it is not known which row was rounded up; where they fall short, the shortfall is the remainder.
    """
    lows = [share.low for share in shares]
    highs = [share.high for share in shares]
    excess = math.fsum(lows) - 1.0
    if excess > 0:
        lows = [max(0.0, low - excess) for low in lows]
    total_low, total_high = math.fsum(lows), math.fsum(highs)
    remainder_low = max(0.0, 1.0 - total_high)
    remainder_high = remainder_low if coverage == "complete" else max(0.0, 1.0 - total_low)
    tightened = []
    for share, low, high in zip(shares, lows, highs, strict=True):
        least = 1.0 - (total_high - high) - remainder_high
        most = 1.0 - (total_low - low) - remainder_low
        floor = low if share.point is not None else min(high, NEGLIGIBLE_SHARE)
        low = min(least, high) if least > low + _NOISE else low
        high = max(most, low, floor) if most < high - _NOISE else high
        tightened.append(replace(share, low=low, high=high))
    return tuple(tightened), remainder_low, remainder_high
