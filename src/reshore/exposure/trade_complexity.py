"""Complexity of countries and goods from a table of trade: which flows count, and the measures as frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from reshore.countries import BLOCS, PLACEHOLDERS, WORLD
from reshore.errors import InputError, Place, Problem
from reshore.exposure.complexity import (
    NOT_DEFINED,
    Complexity,
    Floats,
    made,
    measure_complexity,
    revealed_comparative_advantage,
)


@dataclass(frozen=True, eq=False)
class TradeComplexity:
    """Complexity of one year of trade.

    ``countries`` has one row per country, ``goods`` one per good, ``pairs`` one per country and good, made or not;
    absent figures are null, and ``why_absent`` says why there are no indices.
    """

    year: int
    countries: pl.DataFrame
    goods: pl.DataFrame
    pairs: pl.DataFrame
    measures: Complexity
    why_absent: str
    notes: tuple[Problem, ...]


def complexity(trade: pl.DataFrame, year: int, *, source: str | None = None) -> TradeComplexity:
    """Complexity of countries and goods from one year of trade.

    Parameters
    ----------
    trade
        Table ``trade`` of a data package. Exports to the world are taken as stated where there is such a row, else
        added up over importers that are countries or typed placeholders, never over blocs. Exporters that are blocs or
        placeholders are left out.
    year
        Which year.
    source
        Which source; needed when several state the year.

    Returns
    -------
    TradeComplexity
        A country without exports in that year is not there; flows without a figure are left out with a note.

    Raises
    ------
    InputError
        ``no-trade`` when nothing is left; ``several-sources`` when figures of several sources would be added up.
    """
    rows = trade.filter(pl.col("year") == year)
    if source is not None and "source" in rows.columns:
        rows = rows.filter(pl.col("source") == source)
    problems: list[Problem] = []
    if "source" in rows.columns and rows["source"].n_unique() > 1:
        sources = ", ".join(f"'{name}'" for name in rows["source"].unique().sort())
        raise InputError(
            [
                Problem(
                    "several-sources",
                    Place("trade.csv", column="source"),
                    f"{sources} for {year}",
                    "one source",
                    "name the source to use",
                )
            ]
        )
    outside = [*BLOCS, *PLACEHOLDERS]
    rows = rows.filter(~pl.col("exporter").is_in(outside))
    if "value_usd_missing" in rows.columns:
        negligible = pl.col("value_usd").is_null() & (pl.col("value_usd_missing") == "negligible")
        rows = rows.with_columns(pl.when(negligible).then(0.0).otherwise(pl.col("value_usd")).alias("value_usd"))
    unknown = rows.filter(pl.col("value_usd").is_null())
    if not unknown.is_empty():
        problems.append(
            Problem(
                "unknown-trade",
                Place("trade.csv", column="value_usd"),
                f"{unknown.height} flows of {year} without a value, from {unknown['exporter'].n_unique()} countries",
                "the value of every flow",
                "read their comparative advantage with care: it is that of the flows with a value",
                "note",
            )
        )
    exports = _exports(rows.filter(pl.col("value_usd").is_not_null()))
    if exports.is_empty() or exports["value_usd"].sum() <= 0:
        raise InputError(
            [
                Problem(
                    "no-trade",
                    Place("trade.csv", column="year"),
                    f"no exports of {year}",
                    "flows with a value",
                    "choose a year of the table",
                )
            ]
        )
    names, goods = exports["exporter"].unique().sort().to_list(), exports["good"].unique().sort().to_list()
    matrix = np.zeros((len(names), len(goods)))
    row = {name: number for number, name in enumerate(names)}
    column = {good: number for number, good in enumerate(goods)}
    for exporter, good, value in exports.iter_rows():
        matrix[row[exporter], column[good]] = value
    found = measure_complexity(made(matrix))
    if found.why_absent:
        problems.append(
            Problem(
                "complexity-not-defined",
                Place("trade.csv", column="value_usd"),
                f"{NOT_DEFINED[found.why_absent]} ({year})",
                "countries that can be put in one order",
                "add countries or goods, or look at density, which exists",
                "note",
            )
        )
    return _as_frames(year, names, goods, matrix, found, tuple(problems))


def _exports(rows: pl.DataFrame) -> pl.DataFrame:
    """Value by exporter and good, sorted: the stated world total, else the sum over importers that are not blocs."""
    keys = ["exporter", "good"]
    stated = rows.filter(pl.col("importer") == WORLD).select(*keys, "value_usd")
    rest = rows.filter(~pl.col("importer").is_in(list(BLOCS))).join(stated, on=keys, how="anti")
    added = rest.sort(*keys, "importer").group_by(keys, maintain_order=True).agg(pl.col("value_usd").sum())
    return pl.concat([stated, added]).filter(pl.col("value_usd") > 0).sort(keys)


def _as_frames(
    year: int,
    names: Sequence[str],
    goods: Sequence[str],
    matrix: Floats,
    found: Complexity,
    notes: tuple[Problem, ...],
) -> TradeComplexity:
    countries = pl.DataFrame(
        {
            "country": names,
            "economic_complexity_index": found.economic_complexity_index,
            "complexity_outlook_index": found.complexity_outlook_index,
            "diversity_count": found.diversity_count,
            "exports_usd": matrix.sum(axis=1),
        }
    )
    by_good = pl.DataFrame(
        {
            "good": goods,
            "product_complexity_index": found.product_complexity_index,
            "ubiquity_count": found.ubiquity_count,
            "exports_usd": matrix.sum(axis=0),
        }
    )
    pairs = pl.DataFrame(
        {
            "country": np.repeat(np.array(names, dtype=object), len(goods)).tolist(),
            "good": list(goods) * len(names),
            "is_made": found.is_made.ravel(),
            "comparative_advantage_ratio": revealed_comparative_advantage(matrix).ravel(),
            "density_share": found.density_share.ravel(),
            "complexity_outlook_gain": found.complexity_outlook_gain.ravel(),
        }
    )
    return TradeComplexity(
        year,
        countries.with_columns(pl.selectors.float().fill_nan(None)),
        by_good.with_columns(pl.selectors.float().fill_nan(None)),
        pairs.with_columns(pl.selectors.float().fill_nan(None)),
        found,
        found.why_absent,
        notes,
    )
