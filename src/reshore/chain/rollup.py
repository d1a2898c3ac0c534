"""Shares roll up along kinds: a good without figures of its own is divided as its variants are, by their market size.

A good with figures keeps them, so that a good and its variants are never counted twice. Sizes that are missing are not
guessed: a share then lies somewhere between the least and the greatest that it has among the variants.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from reshore.chain.records import ROUNDING_SHARE, Good, Share, Split, weakest

ROLLED_UP = "rolled up from its variants"


def roll_up(goods: Sequence[Good], splits: Mapping[str, Split]) -> dict[str, Split]:
    """`splits`, and one for every good that has no figures but a variant that has, in the order of `goods`."""
    variants: dict[str, list[Good]] = {}
    for good in goods:
        if good.parent is not None:
            variants.setdefault(good.parent, []).append(good)
    done: dict[str, Split | None] = {good: split for good, split in splits.items() if split.has_figures}
    for good in goods:
        stack = [good]
        while stack:
            top = stack[-1]
            waiting = [kind for kind in variants.get(top.good, ()) if kind.good not in done and kind not in stack]
            if top.good not in done and waiting:
                stack += waiting
                continue
            if top.good not in done:
                kinds = [(kind, done.get(kind.good)) for kind in variants.get(top.good, ())]
                done[top.good] = _from_variants(top, kinds) or splits.get(top.good)
            stack.pop()
    return {good.good: split for good in goods if (split := done[good.good]) is not None}


def _weights(parent: Good, kinds: Sequence[Good]) -> list[float] | None:
    """Share of each variant in the market of the parent; ``None`` when a size is missing."""
    sizes = [kind.market_size_usd_per_year for kind in kinds]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or math.fsum(known) <= 0:
        return None
    total = math.fsum(known)
    whole = parent.market_size_usd_per_year or total
    if total >= whole * (1 - ROUNDING_SHARE):
        whole = total
    return [size / whole for size in known]


def _from_variants(parent: Good, kinds: Sequence[tuple[Good, Split | None]]) -> Split | None:
    splits = [split for _, split in kinds if split is not None]
    if not any(split.has_figures for split in splits):
        return None
    weights = _weights(parent, [kind for kind, _ in kinds])
    listed = [share for split in splits for share in split.shares]
    suppliers = sorted({(share.supplier, share.country or "", share.is_named) for share in listed})
    shares = []
    for supplier, country, is_named in suppliers:
        rows = [_row(split, supplier) for _, split in kinds]
        low, high, point = _mean(rows, weights) if weights else _hull(rows)
        missing = None if point is not None else "unknown"
        confidence = weakest([row.confidence for row in rows if row is not None and row.high > 0])
        shares.append(Share(supplier, country or None, point, low, high, is_named, missing, confidence))
    if weights:
        covered = [(weight, split) for weight, (_, split) in zip(weights, kinds, strict=True) if split is not None]
        unmapped = max(0.0, 1.0 - math.fsum(weight for weight, _ in covered))
        remainder = (
            math.fsum([unmapped, *(weight * split.remainder_low for weight, split in covered)]),
            math.fsum([unmapped, *(weight * split.remainder_high for weight, split in covered)]),
        )
    else:
        ends = [(split.remainder_low, split.remainder_high) if split else (0.0, 1.0) for _, split in kinds]
        remainder = (min(low for low, _ in ends), max(high for _, high in ends))
    is_complete = all(split is not None and split.coverage == "complete" for _, split in kinds) and bool(weights)
    years = [split.year for split in splits if split.year is not None]
    return Split(
        good=parent.good,
        level=splits[0].level,
        shares=tuple(shares),
        remainder_low=min(1.0, remainder[0]),
        remainder_high=min(1.0, remainder[1]),
        remainder_may_be_listed=True,
        market=_together([split.market for split in splits]),
        basis=_together([split.basis for split in splits]),
        measure=_together([split.measure for split in splits]),
        series=ROLLED_UP,
        year=min(years) if len(years) == len(splits) else None,
        sources=tuple(sorted({source for split in splits for source in split.sources})),
        coverage="complete" if is_complete and remainder[1] <= ROUNDING_SHARE else "partial",
        confidence=weakest([split.confidence for split in splits]),
        kinds=tuple(kind.good for kind, split in kinds if split is not None),
    )


def _row(split: Split | None, supplier: str) -> Share | None:
    """The row of `supplier`; a supplier that is not listed has zero, or anything up to a remainder that may be its."""
    if split is None:
        return None
    for share in split.shares:
        if share.supplier == supplier:
            return share
    return Share(supplier, None, 0.0, 0.0, 0.0)


def _mean(rows: Sequence[Share | None], weights: Sequence[float]) -> tuple[float, float, float | None]:
    pairs = [(weight, row) for weight, row in zip(weights, rows, strict=True) if row is not None]
    points = [weight * row.point for weight, row in pairs if row.point is not None]
    known = len(points) == len(pairs) or all(row.point is not None or row.missing == "negligible" for _, row in pairs)
    return (
        min(1.0, math.fsum(weight * row.low for weight, row in pairs)),
        min(1.0, math.fsum(weight * row.high for weight, row in pairs)),
        min(1.0, math.fsum(points)) if known else None,
    )


def _hull(rows: Sequence[Share | None]) -> tuple[float, float, float | None]:
    low = min(row.low if row is not None else 0.0 for row in rows)
    high = max(row.high if row is not None else 1.0 for row in rows)
    points = {row.point if row is not None else None for row in rows}
    return low, high, points.pop() if len(points) == 1 else None


def _together(words: Sequence[str]) -> str:
    return " + ".join(sorted(set(words)))
