"""`explain`: what a number of a run was made of, down to the rows and their sources.

Where a number is a sum, its terms are shown and add up to it; where it is not, the rows that it was read from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from reshore.data import table as data_table
from reshore.errors import UsageError
from reshore.exposure import METRICS, Metric
from reshore.study.results import Results
from reshore.study.terms import Term, terms_of
from reshore.study.words import reading
from reshore.tables import Column, Table
from reshore.tables.cells import did_you_mean
from reshore.units import USD, written

_ADDS_UP = 1e-9


@dataclass(frozen=True)
class Evidence:
    """Rows that a number rests on, with the record that describes them."""

    title: str
    table: Table
    frame: pl.DataFrame


@dataclass(frozen=True)
class Explanation:
    """Why a cell of a result table says what it says.

    ``terms`` add up to ``total``; there are none where the number is no sum. ``sources`` are the rows of the table of
    sources that the evidence cites; ``others`` are figures that were not used.
    """

    good: str
    label: str
    column: Column
    value: str
    question: str
    formula: str
    method: str
    terms: tuple[Term, ...]
    total: str
    evidence: tuple[Evidence, ...]
    sources: pl.DataFrame
    others: pl.DataFrame


def explain(results: Results, good: str, column: str = "concern_share") -> Explanation:
    """What a number was made of.

    Parameters
    ----------
    results
        The run.
    good
        Key of a good, or its name for people; for the table ``control`` those of an organization, for the tables of a
        plan those of a project.
    column
        A column of the exposure table, or the name of another result table: its rows for the good.

    Raises
    ------
    UsageError
        When there is no such good, column or table; names the nearest.
    """
    if column in results.tables and column != "exposure":
        return _explain_table(results, good, column)
    exposure = results["exposure"]
    key = _key(good, dict(exposure.select("good", "label").iter_rows()), "good")
    metric, record = _metric(results, column)
    row = exposure.row(by_predicate=pl.col("good") == key, named=True)
    evidence = tuple(_evidence(results, key, metric.reads))
    others = results["conflicts"].filter(pl.col("good") == key)
    value = _value(row, record)
    terms = terms_of(results, key, record.name)
    total = _total(terms, row[record.name], row.get(f"{record.name}_low"), record)
    return Explanation(
        key, row["label"], record, value, metric.question, metric.formula, metric.source, terms, total, evidence,
        _sources(results, [*(part.frame for part in evidence), others]), others,
    )  # fmt: skip


def _explain_table(results: Results, name: str, table: str) -> Explanation:
    """The rows of a result table for one good, organization or project, with what they rest on."""
    if table not in _RESTS_ON:
        raise UsageError(f"table '{table}' is not taken apart by row; {did_you_mean(table, list(_RESTS_ON))}")
    record, frame = results.columns[table], results[table]
    kind = record.key[0]
    column = Column(record.name, "text", record.label, record.description)
    names = results["exposure"] if kind == "good" else results.package[f"{kind}s"]
    labels = dict(names.select(kind, "label").iter_rows())
    key = _key(name, labels, kind)
    rows = frame.filter(pl.col(kind) == key)
    rests_on = tuple(n for n in _RESTS_ON[table] if n != table)
    behind = _behind_project(results, key, rests_on) if kind == "project" else _evidence(results, key, rests_on)
    evidence = (Evidence(record.label, record, rows), *behind)
    terms = _parts_of_deal(results, key) if table in ("fund_deals", "fund_bundles") else ()
    total = f"{written(math.fsum(term.contribution for term in terms), USD)} USD: its cost to the public"
    none = results["conflicts"].clear()
    value = f"{rows.height} row{'' if rows.height == 1 else 's'}"
    return Explanation(
        key, labels[key], column, value, record.description, _FORMULAS[table], "see the concepts of the documentation",
        terms, total if terms else "", evidence, _sources(results, [part.frame for part in evidence]), none,
    )  # fmt: skip


def _behind_project(results: Results, project: str, names: Sequence[str]) -> list[Evidence]:
    """The rows of tables about a project: its own, and the instruments that it was offered."""
    parts = []
    for name in names:
        record = results.columns[name] if name in results.columns else data_table(name)
        frame = results[name] if name in results.tables else results.package.tables.get(name, pl.DataFrame())
        if name == "instruments":
            offered = pl.concat(
                [results[table].filter(pl.col("project") == project)["instrument"].drop_nulls()
                 for table in ("fund_deals", "fund_commitments", "fund_bundles", "fund_left_out")
                 if table in results.tables]
            )  # fmt: skip
            rows = frame.filter(pl.col("instrument").is_in(offered.unique().sort().to_list()))
        else:
            rows = frame.filter(pl.col("project") == project) if frame.width else frame
        if rows.height:
            parts.append(Evidence(record.label, record, rows))
    return parts


def _parts_of_deal(results: Results, project: str) -> tuple[Term, ...]:
    """What the parts and conditions of the bundle of a project cost, where the plan takes one."""
    rows = results["fund_bundles"].filter(
        (pl.col("project") == project) & pl.col("chosen") & pl.col("budget_usd").is_not_null()
    )
    return tuple(
        Term(row["kind"], 1.0, row["budget_usd"], _COST_FROM[row["cost_from"]]) for row in rows.iter_rows(named=True)
    )


_RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "suppliers": ("supply",),
    "conflicts": ("supply",),
    "cut_sets": ("inputs", "supply"),
    "flags": ("supply", "trade"),
    "look_through": ("inputs", "supply"),
    "gaps": ("supply",),
    "control": ("stakes", "posts"),
    "reach": ("trade",),
    "fund_deals": ("fund_bundles", "projects", "instruments"),
    "fund_bundles": ("projects", "instruments"),
    "fund_commitments": ("projects", "instruments"),
    "fund_candidates": ("projects",),
    "fund_left_out": ("projects", "instruments"),
}
"""Tables of the package in which the rows behind a result table are found."""

_COST_FROM: Mapping[str, str] = {"stated": "as its authority states", "computed": "from its terms"}

_FORMULAS: Mapping[str, str] = {
    "suppliers": "the series chosen by the order of bases, coverage, confidence and year; variants by market size",
    "conflicts": "every series that was not chosen, with the first rule by which it stood back",
    "cut_sets": "minimal cut sets of the AND/OR graph: essential inputs are needed together, any supplier will do",
    "flags": "the value against its threshold; the margin is that of the end of the range that decides",
    "look_through": "T = s + Σ a · T(input), as a share of its total; s: suppliers' shares, a: value of inputs",
    "gaps": "one row per kind of gap that the figures of the good show",
    "control": "more than half of votes, seats or posts, followed upward through every level; ranges where unknown",
    "fund_deals": "amount · public cost per dollar, as stated or by its kind; of a bundle the sum of its parts",
    "fund_commitments": "deals of the study; lost: the flow when its project brings nothing, less the flow with it",
    "fund_bundles": "each part by its formula or the stated rate of its instrument, less what conditions bring",
    "fund_candidates": "what the data state of the project, and `fund.defaults` where nobody states it",
    "fund_left_out": "the first clause or term that stands in the way",
    "reach": "comparative advantage, density and complexity from one year of world trade",
}


def _value(row: Mapping[str, object], record: Column) -> str:
    point = row[record.name]
    if record.kind != "number":
        return "unknown" if point is None else str(point)
    low, high = row.get(f"{record.name}_low"), row.get(f"{record.name}_high")
    if record.unit is not None and record.unit.dimension == "share":
        return reading(_float(point), _float(low), _float(high))
    if point is None and low is not None and high is not None:
        return f"{written(_float(low), record.unit)} to {written(_float(high), record.unit)}"
    return written(_float(point), record.unit)


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _total(terms: Sequence[Term], point: object, low: object, record: Column) -> str:
    """What the terms add up to, and how that stands to the number."""
    if not terms:
        return ""
    added = math.fsum(term.contribution for term in terms)
    for number, name in ((_float(point), "the number"), (_float(low), "the low end of the range")):
        if number is not None and abs(added - number) <= _ADDS_UP:
            return f"{written(number, record.unit)}: {name}"
    return f"{written(added, record.unit)}; the rest of the range is what other suppliers leave open"


def _key(name: str, labels: Mapping[str, str], kind: str) -> str:
    if name in labels:
        return name
    folded = {label.casefold(): key for key, label in labels.items()}
    if name.casefold() in folded:
        return folded[name.casefold()]
    raise UsageError(f"no {kind} '{name}'; {did_you_mean(name, [*labels, *labels.values()])}")


def _metric(results: Results, column: str) -> tuple[Metric, Column]:
    for metric in METRICS:
        for record in metric.columns:
            if column in (record.name, f"{record.name}_low", f"{record.name}_high"):
                return metric, record
    known = [record.name for metric in METRICS for record in metric.columns]
    raise UsageError(f"no number '{column}'; {did_you_mean(column, [*known, *results.tables])}")


def _evidence(results: Results, key: str, names: Sequence[str]) -> list[Evidence]:
    """The rows of tables that a number reads for one good or organization."""
    parts = []
    for name in names:
        if name in results.tables:
            record, frame = results.columns[name], results[name]
            rows = frame.filter(pl.col("good") == key)
        else:
            record = data_table(name)
            rows = _rows_used(results, key, name)
        if rows.height:
            parts.append(Evidence(record.label, record, rows))
    return parts


def _rows_used(results: Results, key: str, name: str) -> pl.DataFrame:
    frame = results.package[name]
    is_good = key in set(results["exposure"]["good"])
    if name == "supply":
        return _supply_used(results, key)
    if name == "inputs":
        return frame.filter(pl.col("good").is_in(_upstream(results, key)))
    if name in ("stakes", "posts"):
        owned = "owned" if name == "stakes" else "organization"
        below = _supply_used(results, key)["supplier"].to_list() if is_good else [key]
        return frame.filter(pl.col(owned).is_in(_owners(results, below)))
    rows = frame.filter(pl.col("good") == key)
    return _reliance_used(results, key, rows) if name == "indicators" else rows


def _reliance_used(results: Results, good: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The indicator that was published, or the flows from which reliance was computed."""
    used = results["exposure"].row(by_predicate=pl.col("good") == good, named=True)
    rows = rows.filter(pl.col("country") == results.study.home)
    if used["net_import_reliance_origin"] != "published":
        return rows.filter(pl.col("indicator").is_in(["imports", "exports", "production", "stocks"]))
    return rows.filter(
        (pl.col("indicator") == "net import reliance")
        & (pl.col("source") == used["net_import_reliance_source"])
        & pl.col("period").eq_missing(pl.lit(used["net_import_reliance_period"], pl.String))
    )


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


def _owners(results: Results, organizations: Sequence[str]) -> Sequence[str]:
    """`organizations` with every owner above them."""
    stakes = results.package["stakes"]
    found = front = set(organizations)
    while front:
        front = set(stakes.filter(pl.col("owned").is_in(sorted(front)))["owner"]) - found
        found = found | front
    return sorted(found)


def _sources(results: Results, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    cited = sorted({source for frame in frames for source in _cited(frame)})
    return results.package["sources"].filter(pl.col("source").is_in(cited))


def _cited(frame: pl.DataFrame) -> list[str]:
    if "source" in frame.columns:
        return frame["source"].drop_nulls().to_list()
    if "sources" in frame.columns:
        return [source for text in frame["sources"].drop_nulls() for source in text.split(";")]
    return []
