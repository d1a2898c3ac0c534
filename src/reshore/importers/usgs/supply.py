"""Who produces and who delivers: shares of world production, which the source does not print, and import sources."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reshore.data.rules import SHARE_TOLERANCE
from reshore.importers.draft import Draft, Row
from reshore.importers.usgs.amounts import Amount
from reshore.importers.usgs.figures import Figure

_EXCLUDES_HOME = "excludes u.s. production"
_HOME = "USA"
REST = "XX-ROW"


def world_series(figures: Iterable[Figure]) -> dict[tuple[str, str, str], list[Figure]]:
    """Production by country, by source, commodity and series; forms of single countries join the series they are of.

    A remark on one country (``Mine production: crude``) belongs to the series of the total that its name begins with.
    """
    tables: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.statistic == "Production" and figure.section.startswith("World"):
            tables[(figure.source, figure.commodity)].append(figure)
    series: dict[tuple[str, str, str], list[Figure]] = defaultdict(list)
    for (source, commodity), rows in tables.items():
        totals = {figure.series for figure in rows if figure.is_total}
        own = {figure.series for figure in rows if not figure.is_total}
        for figure in rows:
            wider = [total for total in totals if total in own and figure.series.startswith(total)]
            name = max(wider, key=len) if wider else figure.series
            series[(source, commodity, name)].append(figure)
    return {
        key: sorted(rows, key=lambda figure: (figure.year, figure.country, figure.detail))
        for key, rows in sorted(series.items())
        if any(not figure.is_total for figure in rows)
    }


def production_shares(rows: Sequence[Figure], draft: Draft) -> list[Row]:
    """Rows of supply for one series and year.

    ``share = production of the country / max(world total, sum of the countries)``

    World totals are rounded on their own, so the parts can exceed them. Where every country has a number, the parts are
    the whole and add up to 1. A share is unknown where the source withholds the figure; where the total leaves such a
    country out, the shares of the others are at most what they seem.
    """
    totals = [figure for figure in rows if figure.is_total]
    parts = _one_per_country([figure for figure in rows if not figure.is_total], draft)
    total = totals[0].amount.value if len(totals) == 1 else None
    known = math.fsum(found.least for _, found in parts)
    is_known = all(found.is_point for _, found in parts)
    whole = max(total or 0.0, known)
    is_short = total is not None and is_known and known < total * (1 - SHARE_TOLERANCE)
    if is_known and not is_short and (total is not None or any(figure.country == REST for figure, _ in parts)):
        whole = known
    elif total is None:
        whole = 0.0
    if total is not None and known > total * (1 + SHARE_TOLERANCE):
        draft.note("parts-exceed-total", totals[0].place, f"{known:g} in all, beside a world total of {total:g}",
                   f"parts within {SHARE_TOLERANCE:g} of the total",
                   "none needed: shares are of the sum of the parts")  # fmt: skip
    left_out = _left_out(totals, parts, known)
    if left_out:
        draft.note("total-leaves-out", totals[0].place, f"a world total without {', '.join(left_out)}", "the world",
                   "none needed: shares of the others are upper ends")  # fmt: skip
    coverage = "complete" if whole and not is_short else "partial"
    return [
        {
            **_share(found, whole, upper=bool(left_out)).cells("share"),
            "supplier": figure.country,
            "coverage": coverage,
            "note": " -- ".join(word for word in (found.words, figure.notes) if word) or None,
        }
        for figure, found in parts
    ]


def _left_out(totals: Sequence[Figure], parts: Sequence[tuple[Figure, Amount]], known: float) -> list[str]:
    """Countries without a figure that the total leaves out: as a note says, or because the others add up to it."""
    unknown = [figure.country for figure, found in parts if not _has_figure(found)]
    if len(totals) != 1:
        return []
    total = totals[0]
    if _EXCLUDES_HOME in total.notes.casefold() and _HOME in unknown:
        return [_HOME]
    is_used_up = total.amount.value is not None and known >= total.amount.value * (1 - SHARE_TOLERANCE)
    return unknown if is_used_up else []


def _share(found: Amount, whole: float, *, upper: bool) -> Amount:
    if not whole or not _has_figure(found):
        return Amount(missing=found.missing)
    share = found.scaled(1 / whole)
    if share.value is not None and upper and share.value > 0:
        return Amount(high=share.value)
    return replace(share, high=None if share.high is None else min(1.0, share.high))


def _one_per_country(rows: Sequence[Figure], draft: Draft) -> list[tuple[Figure, Amount]]:
    """One figure for each country: forms of one country are added up."""
    groups: dict[str, list[Figure]] = defaultdict(list)
    for figure in rows:
        groups[figure.country].append(figure)
    found = []
    for _, own in sorted(groups.items()):
        amount = own[0].amount
        if len(own) > 1:
            draft.note("added-up", own[1].place, f"{len(own)} rows of one country in one series", "one row",
                       "none needed: their sum has the share")  # fmt: skip
            points = [figure.amount.value for figure in own if figure.amount.value is not None]
            amount = Amount(math.fsum(points)) if len(points) == len(own) else Amount(low=math.fsum(points) or None)
        found.append((own[0], amount))
    return found


def import_sources(figures: Iterable[Figure], good_of: Mapping[str, str], draft: Draft) -> list[Row]:
    """Rows of supply for the market of the United States: from where its imports came over several years."""
    series: dict[tuple[str, str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        series[(figure.source, good_of[figure.commodity], figure.detail)].append(figure)
    rows: list[Row] = []
    for (source, good, detail), own in sorted(series.items()):
        own.sort(key=lambda figure: (figure.country, figure.place))
        shares = [(figure, found.scaled(0.01)) for figure, found in _one_per_country(own, draft)]
        least = math.fsum(found.least for _, found in shares)
        most = math.fsum(1.0 if not _has_figure(found) else found.value or found.high or 0.0 for _, found in shares)
        coverage = "complete" if abs(least - 1) <= SHARE_TOLERANCE or least <= 1 <= most else "partial"
        if least > 1 + SHARE_TOLERANCE:
            draft.note("shares-exceed-market", own[0].place, f"{least:.4g} in all", f"1 within {SHARE_TOLERANCE:g}",
                       "none needed: each share became a range that rounding leaves open")  # fmt: skip
            shares = [(figure, _opened(found, least - 1)) for figure, found in shares]
            coverage = "partial"
        words = "" if detail.casefold() in ("all", "") else f"{detail}, "
        rows += [
            {
                **found.cells("share"),
                "good": good,
                "supplier": figure.country,
                "market": _HOME,
                "basis": "origin",
                "measure": "unstated",
                "series": f"{words}imports of {figure.span or figure.year}",
                "coverage": coverage,
                "year": figure.year,
                "source": source,
                "as_of": figure.year,
                "confidence": "high",
                "note": " -- ".join(word for word in (found.words, figure.notes) if word) or None,
            }
            for figure, found in shares
        ]
    return rows


def _has_figure(found: Amount) -> bool:
    return found.is_point or found.low is not None or found.high is not None


def _opened(found: Amount, excess: float) -> Amount:
    if found.value is None:
        return found
    return Amount(low=max(0.0, found.value - excess), high=found.value, words=found.words)
