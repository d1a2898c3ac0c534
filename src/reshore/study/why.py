"""`explain`: what a number of a run was made of, down to the rows and their sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from reshore.data import table as data_table
from reshore.errors import UsageError
from reshore.exposure import METRICS, Metric
from reshore.study.findings import reading
from reshore.study.results import Results
from reshore.tables import Column, Table
from reshore.tables.cells import did_you_mean
from reshore.units import written


@dataclass(frozen=True)
class Evidence:
    """Rows that a number rests on, with the record that describes them."""

    title: str
    table: Table
    frame: pl.DataFrame


@dataclass(frozen=True)
class Explanation:
    """Why a cell of a result table says what it says.

    ``sources`` are the rows of the table of sources that the evidence cites; ``others`` are figures that were not used.
    """

    good: str
    label: str
    column: Column
    value: str
    question: str
    formula: str
    method: str
    evidence: tuple[Evidence, ...]
    sources: pl.DataFrame
    others: pl.DataFrame


def explain(results: Results, good: str, column: str = "concern_share") -> Explanation:
    """What the number in `column` of the exposure table was made of for `good` (its key, or its name for people).

    Raises
    ------
    UsageError
        When there is no such good or column; names the nearest.
    """
    exposure = results["exposure"]
    key = _key(exposure, good)
    metric, record = _metric(column)
    row = exposure.row(by_predicate=pl.col("good") == key, named=True)
    evidence = tuple(_evidence(results, key, metric))
    cited = sorted({source for part in evidence for source in _cited(part.frame)})
    sources = results.package["sources"].filter(pl.col("source").is_in(cited))
    others = results["conflicts"].filter(pl.col("good") == key)
    if record.kind == "number":
        low, high = row.get(f"{record.name}_low"), row.get(f"{record.name}_high")
        is_share = record.unit is not None and record.unit.dimension == "share"
        value = reading(row[record.name], low, high) if is_share else _number(row[record.name], low, high, record)
    else:
        value = "unknown" if row[record.name] is None else str(row[record.name])
    return Explanation(
        key, row["label"], record, value, metric.question, metric.formula, metric.source, evidence, sources, others
    )


def _number(point: float | None, low: float | None, high: float | None, record: Column) -> str:
    if point is None and low is not None and high is not None:
        return f"{written(low, record.unit)} to {written(high, record.unit)}"
    return written(point, record.unit)


def _key(exposure: pl.DataFrame, good: str) -> str:
    keys, labels = exposure["good"].to_list(), exposure["label"].to_list()
    if good in keys:
        return good
    folded = {label.casefold(): key for key, label in zip(keys, labels, strict=True)}
    if good.casefold() in folded:
        return str(folded[good.casefold()])
    raise UsageError(f"no good '{good}'; {did_you_mean(good, [*keys, *labels])}")


def _metric(column: str) -> tuple[Metric, Column]:
    for metric in METRICS:
        for record in metric.columns:
            if column in (record.name, f"{record.name}_low", f"{record.name}_high"):
                return metric, record
    known = [record.name for metric in METRICS for record in metric.columns]
    raise UsageError(f"no number '{column}'; {did_you_mean(column, known)}")


def _evidence(results: Results, good: str, metric: Metric) -> list[Evidence]:
    """The rows that a metric reads for one good."""
    parts = []
    for name in metric.reads:
        if name in results.tables:
            record, frame = results.columns[name], results[name]
            rows = frame.filter(pl.col("good") == good)
        else:
            record, frame = data_table(name), results.package[name]
            rows = _rows_used(results, good, name)
        if rows.height:
            parts.append(Evidence(record.label, record, rows))
    return parts


def _rows_used(results: Results, good: str, name: str) -> pl.DataFrame:
    frame = results.package[name]
    if name == "supply":
        return _supply_used(results, good)
    if name == "inputs":
        return frame.filter(pl.col("good").is_in(_upstream(results, good)))
    if name == "stakes":
        suppliers = _supply_used(results, good)["supplier"]
        return frame.filter(pl.col("owned").is_in(suppliers.to_list()))
    rows = frame.filter(pl.col("good") == good)
    if name == "indicators":
        rows = rows.filter(pl.col("country").is_in([results.study.home, "WLD"]))
    return rows


def _supply_used(results: Results, good: str) -> pl.DataFrame:
    """Rows of supply in the series used; those of the variants where their shares were rolled up."""
    supply = results.package["supply"]
    used = results["suppliers"].filter(pl.col("good") == good)
    goods = [good, *results.package["goods"].filter(pl.col("parent") == good)["good"]]
    if used.is_empty():
        return supply.filter(pl.col("good") == good)
    series = [row["series"] for row in used.select("series").unique().iter_rows(named=True)]
    cited = sorted({source for text in used["sources"].drop_nulls() for source in text.split(";")})
    rows = supply.filter(pl.col("good").is_in(goods) & pl.col("source").is_in(cited) & (pl.col("market") == "WLD"))
    exact = rows.filter(
        pl.col("series").is_in([s for s in series if s]) | (pl.col("series").is_null() if None in series else False)
    )
    return exact if exact.height else rows


def _upstream(results: Results, good: str) -> Sequence[str]:
    """`good` with everything upstream of it."""
    inputs, goods = results.package["inputs"], results.package["goods"]
    found, front = {good}, {good}
    while front:
        used = set(inputs.filter(pl.col("good").is_in(sorted(front)))["input"])
        kinds = set(goods.filter(pl.col("parent").is_in(sorted(front)))["good"])
        front = (used | kinds) - found
        found |= front
    return sorted(found)


def _cited(frame: pl.DataFrame) -> list[str]:
    if "source" in frame.columns:
        return frame["source"].drop_nulls().to_list()
    if "sources" in frame.columns:
        return [source for text in frame["sources"].drop_nulls() for source in text.split(";")]
    return []
