"""Does one supplier dominate? The Herfindahl index with bounds for what is unknown, and the largest supplier."""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from reshore.chain import Share, Split
from reshore.countries import BLOCS
from reshore.exposure.case import Case, Metric
from reshore.exposure.frames import Cell, per_good
from reshore.tables import Column
from reshore.units import INDEX, NUMBER, SHARE


def herfindahl(shares: Sequence[float]) -> float | None:
    """Concentration of suppliers: ``Σ share²``; ``None`` when there are none.

    References
    ----------
    Hirschman (1964), The paternity of an index, American Economic Review 54(5).

    Examples
    --------
    >>> herfindahl([0.75, 0.25])
    0.625
    """
    return math.fsum(share * share for share in shares) if shares else None


def herfindahl_bounds(
    lows: Sequence[float],
    highs: Sequence[float],
    unknown_share: float = 0.0,
    *,
    largest_unknown_share: float | None = None,
    unknown_may_be_listed: bool = False,
) -> tuple[float, float]:
    """The least and the greatest Herfindahl index that agree with ranges of shares.

    The least index spreads unknown supply over ever smaller suppliers and makes the others as equal as their ranges
    allow. The greatest packs it into pieces of `largest_unknown_share` (``Σ s² + largest · unknown``), or into one
    piece when nothing limits it. Both hold for every division of the market that adds up to 1; the upper one is exact
    when at most one share is not at an end of its range.

    Parameters
    ----------
    lows, highs
        Range of the share of each listed supplier.
    unknown_share
        The most that suppliers outside the list can have together.
    largest_unknown_share
        The most that one of them can have; in a list of the largest suppliers, the least share listed.
    unknown_may_be_listed
        Whether unknown supply may belong to listed suppliers, as that of firms may to listed countries.

    Examples
    --------
    >>> low, high = herfindahl_bounds([0.5, 0.25], [0.5, 0.25], 0.25)
    >>> low, high
    (0.3125, 0.375)
    """
    wanted = 1.0 - unknown_share
    low = math.fsum(share * share for share in _leveled(lows, highs, wanted))
    extra = unknown_share if unknown_may_be_listed else 0.0
    piece = unknown_share if largest_unknown_share is None else min(unknown_share, largest_unknown_share)
    pieces = [(least + most + extra, most + extra - least) for least, most in zip(lows, highs, strict=True)]
    pieces.append((piece, unknown_share))
    room = 1.0 - math.fsum(lows)
    terms = [least * least for least in lows]
    for slope, width in sorted(pieces, reverse=True):
        taken = min(max(room, 0.0), width)
        terms.append(slope * taken)
        room -= taken
    return low, min(1.0, max(low, math.fsum(terms)))


def _leveled(lows: Sequence[float], highs: Sequence[float], wanted: float) -> list[float]:
    """Shares within their ranges, as equal as can be, that add up to at least `wanted`."""
    if math.fsum(lows) >= wanted:
        return list(lows)
    if math.fsum(highs) <= wanted:
        return list(highs)
    below = 0.0
    for level in sorted({*lows, *highs}):
        if math.fsum(min(max(level, low), high) for low, high in zip(lows, highs, strict=True)) >= wanted:
            break
        below = level
    rising = [index for index, (low, high) in enumerate(zip(lows, highs, strict=True)) if low <= below < high]
    shares = [min(max(below, low), high) for low, high in zip(lows, highs, strict=True)]
    step = (wanted - math.fsum(shares)) / len(rising) if rising else 0.0
    for index in rising:
        shares[index] += step
    return shares


def split_herfindahl(split: Split) -> tuple[float | None, float, float]:
    """The index of a split with its bounds; absent where part of the market is unknown, bounds remain.

    Placeholders and blocs are unknown suppliers here. Rounding of a whole market leaves the index of the published
    shares standing.
    """
    named = split.named
    unknown = math.fsum([split.remainder_high, *(share.high for share in split.unnamed)])
    low, high = herfindahl_bounds(
        [share.low for share in named],
        [share.high for share in named],
        min(1.0, unknown),
        unknown_may_be_listed=split.remainder_may_be_listed or any(share.country in BLOCS for share in split.unnamed),
    )
    is_known = bool(named) and split.is_sized and not split.unnamed and split.unknown_share <= 1e-9
    point = herfindahl([share.point for share in named if share.point is not None]) if is_known else None
    if point is None:
        return None, low, high
    return min(point, 1.0), min(low, point), min(1.0, max(high, point))


def concentration(case: Case) -> pl.DataFrame:
    """Herfindahl index over countries, and the number of equal suppliers that would be as concentrated."""

    def row(good: str) -> list[Cell]:
        split = case.splits.get(good)
        if split is None:
            return [None] * 6
        point, low, high = split_herfindahl(split)
        return [point, low, high, _inverse(point), _inverse(high), _inverse(low)]

    return per_good(case, CONCENTRATION.columns, row)


def _inverse(index: float | None) -> float | None:
    return 1.0 / index if index else None


def largest(split: Split | None) -> tuple[Share | None, bool]:
    """The supplier with the largest known share, and whether no other can be larger.

    Placeholders and blocs never are the largest supplier. A supplier of which only a range is known counts with its
    low end.
    """
    if split is None:
        return None, False
    ranked = sorted(split.named, key=lambda share: (-_known(share), -share.high, share.supplier))
    if not ranked or _known(ranked[0]) <= 0:
        return None, False
    first, *others = ranked
    unknown = math.fsum([split.remainder_high, *(share.high for share in split.unnamed)])
    extra = unknown if split.remainder_may_be_listed else 0.0
    is_certain = all(first.low >= share.high + extra for share in others) and first.low >= unknown
    return first, is_certain


def with_unlisted(share: Share, split: Split) -> tuple[float, float] | None:
    """A stated share, and the most it is with suppliers outside the list that may sit in the same country."""
    if share.point is None:
        return None
    hidden = [split.remainder_high, *(row.high for row in split.unnamed)] if split.remainder_may_be_listed else []
    return share.point, min(1.0, math.fsum([share.point, *hidden]))


def _known(share: Share) -> float:
    return share.low if share.point is None else share.point


def largest_suppliers(case: Case) -> pl.DataFrame:
    """The largest country and the largest firm, each with its share."""

    def row(good: str) -> list[Cell]:
        cells: list[Cell] = []
        for splits in (case.splits, case.chosen.organizations):
            share, is_certain = largest(splits.get(good))
            cells += [share.supplier, share.point, share.low, share.high, is_certain] if share else [None] * 5
        return cells

    return per_good(case, LARGEST_SUPPLIERS.columns, row)


CONCENTRATION = Metric(
    name="concentration",
    label="Supplier concentration",
    question="Does one country dominate supply?",
    unit=INDEX,
    formula=(
        "Σ share²; effective suppliers 1 / Σ share²; an unknown remainder R adds between 0 (spread thin) and "
        "R times the largest possible share (packed)"
    ),
    reads=("supply",),
    source="Hirschman (1964), American Economic Review 54(5); bounds for unknown shares",
    columns=(
        Column("herfindahl_index", "number", "Concentration", "Sum of squared shares of countries; 1: one country.",
               unit=INDEX, low=0, high=1, absent="part of supply is unknown: see the range", interval=True),
        Column("effective_suppliers_count", "number", "Effective suppliers",
               "Number of equal countries that would be as concentrated: 1 divided by the index.", unit=NUMBER, low=1,
               absent="part of supply is unknown: see the range", interval=True),
    ),
    compute=concentration,
)  # fmt: skip

LARGEST_SUPPLIERS = Metric(
    name="largest_suppliers",
    label="Largest supplier",
    question="Who supplies most?",
    unit=SHARE,
    formula="max share over named countries, and over firms",
    reads=("supply",),
    source="Chosen series; placeholders and blocs are never the largest",
    columns=(
        Column("largest_supplier", "country", "Largest country", "Country with the largest known share.",
               absent="no size is known"),
        Column("largest_supplier_share", "number", "Its share", "Share of the largest country.", unit=SHARE, low=0,
               high=1, absent="only a range is known, or nothing", interval=True),
        Column("largest_supplier_certain", "boolean", "Surely the largest",
               "Whether no other country can be larger, given what is unknown.", absent="no size is known"),
        Column("largest_firm", "id", "Largest firm", "Firm with the largest known share.", absent="no size is known"),
        Column("largest_firm_share", "number", "Its share", "Share of the largest firm.", unit=SHARE, low=0, high=1,
               absent="only a range is known, or nothing", interval=True),
        Column("largest_firm_certain", "boolean", "Surely the largest",
               "Whether no other firm can be larger, given what is unknown.", absent="no size is known"),
    ),
    compute=largest_suppliers,
)  # fmt: skip
