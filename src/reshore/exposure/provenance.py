"""Where the figures behind a good come from, how old they are, and how far other sources differ."""

from __future__ import annotations

import polars as pl

from reshore.chain import Split
from reshore.data.schema import CONFIDENCE
from reshore.exposure.case import Case, Metric
from reshore.exposure.concentration import largest, with_unlisted
from reshore.exposure.frames import Cell, per_good
from reshore.tables import Column
from reshore.units import SHARE, YEARS


def provenance(case: Case) -> pl.DataFrame:
    """Basis, series, age and confidence of the figures used, and what other series say of the largest supplier."""

    def row(good: str) -> list[Cell]:
        split = case.splits.get(good)
        others = case.chosen.conflicts.get(good, ())
        if split is None:
            return [*[None] * 9, len(others), None]
        age = case.year - split.year if case.year is not None and split.year is not None else None
        return [
            split.basis,
            split.market,
            split.measure,
            split.series or None,
            split.year,
            float(age) if age is not None else None,
            ";".join(split.sources),
            split.confidence,
            split.coverage,
            len(others),
            spread(case, good, split),
        ]

    return per_good(case, PROVENANCE.columns, row)


def spread(case: Case, good: str, split: Split) -> float | None:
    """How far apart all series of its market are on the share of the largest supplier, at the least.

    Firms added up by country are a lower bound of the country's share: they differ from another figure only by what the
    firms that were left out cannot close.
    """
    leader, _ = largest(split)
    if leader is None or leader.point is None:
        return None
    found = [with_unlisted(leader, split)]
    for conflict in case.chosen.conflicts.get(good, ()):
        if conflict.series.market == split.market:
            found += [with_unlisted(s, conflict.split) for s in conflict.split.named if s.supplier == leader.supplier]
    known = [ends for ends in found if ends is not None]
    if len(known) < 2:
        return None
    return max(0.0, max(low for low, _ in known) - min(high for _, high in known))


PROVENANCE = Metric(
    name="provenance",
    label="Where the figures come from",
    question="On which figures does this rest, how old are they, and do others differ?",
    unit=YEARS,
    formula="the series used: basis, market, measure, year, coverage, and the confidence of its weakest row",
    reads=("supply", "conflicts",),
    source="The chosen series and those that stand beside it",
    columns=(
        Column("basis", "text", "Basis", "What ties a supplier to a country in the series used.", absent="no figures"),
        Column("market", "text", "Market", "Whose purchases the shares are of.", absent="no figures"),
        Column("measure", "text", "Measure", "What the shares count.", absent="no figures"),
        Column("series", "text", "Series", "What exactly was measured.", absent="the good as such"),
        Column("year", "year", "Year", "Year of the figures; the oldest of variants rolled up.", absent="not stated"),
        Column("data_age_years", "number", "Age", "Years from the figures to the question.", unit=YEARS,
               absent="a year is not stated"),
        Column("sources", "ids", "Sources", "Where the figures were read.", refers="sources.source",
               absent="no figures"),
        Column("confidence", "category", "Confidence", "That of the weakest row.", choices=CONFIDENCE,
               absent="no figures"),
        Column("coverage", "category", "Coverage", "Whether the series is the whole market.",
               choices={"complete": "shares add up to 1", "partial": "other suppliers exist"}, absent="no figures"),
        Column("other_series_count", "integer", "Other series", "Series that stand beside the one used.", low=0),
        Column("largest_supplier_spread_share", "number", "Spread",
               "Difference between the series in the share of the largest supplier.", unit=SHARE, low=0, high=1,
               absent="nothing to compare"),
    ),
    compute=provenance,
)  # fmt: skip
