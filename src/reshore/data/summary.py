"""A page about a data package: how many rows, how much is unknown, how far it can be trusted, how old it is."""

from __future__ import annotations

from collections import Counter

import polars as pl

from reshore.data import schema
from reshore.data.package import DataPackage
from reshore.tables import MISSING


def summary_page(package: DataPackage) -> str:
    """Markdown: counts per table, missing numbers by reason, confidence, and the years that the facts speak of."""
    lines = [
        f"# {package.title}",
        "",
        "This page is written from the tables: `make docs`.",
        "",
        *([package.about.description, ""] if package.about.description else []),
        f"Digest `{package.digest}`.",
        "",
        "## Rows, trust and age",
        "",
        "| table | rows | high | medium | low | assumed | oldest | median | newest | undated |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [_row(name, package[name]) for name in _filled(package)]
    lines += [
        "",
        "`assumed`: not measured, an assumption or general knowledge that was not checked against a publication.",
        "",
        "## What is unknown",
        "",
        "Numbers that may be missing, by the reason. A range without a point counts as stated.",
        "",
        f"| number | stated | {' | '.join(MISSING.values())} |",
        f"|---|--:|{'--:|' * len(MISSING)}",
    ]
    lines += [line for name in _filled(package) for line in _missing(name, package[name])]
    lines += ["", "## Sources", "", *_sources(package), ""]
    return "\n".join(lines)


def _filled(package: DataPackage) -> list[str]:
    return [table.name for table in schema.TABLES if package[table.name].height]


def _row(name: str, frame: pl.DataFrame) -> str:
    cells = [f"`{name}`", f"{frame.height:,}"]
    if "confidence" in frame.columns:
        counts = Counter(frame["confidence"])
        cells += [str(counts[word]) for word in schema.CONFIDENCE]
    else:
        cells += [""] * len(schema.CONFIDENCE)
    if "as_of" in frame.columns:
        years = sorted(int(text[:4]) for text in frame["as_of"].drop_nulls())
        cells += [str(years[0]), str(years[len(years) // 2]), str(years[-1])] if years else ["", "", ""]
        cells.append(str(frame.height - len(years)))
    else:
        cells += [""] * 4
    return f"| {' | '.join(cells)} |"


def _missing(name: str, frame: pl.DataFrame) -> list[str]:
    lines = []
    for column in schema.table(name).columns:
        if not column.labelled:
            continue
        stated = pl.col(column.name).is_not_null()
        if column.interval:
            stated |= pl.col(f"{column.name}_low").is_not_null() | pl.col(f"{column.name}_high").is_not_null()
        reasons = Counter(frame.filter(~stated)[f"{column.name}_missing"])
        counts = [frame.filter(stated).height, *(reasons[reason] for reason in MISSING.values())]
        lines.append(f"| `{name}.{column.name}` | {' | '.join(map(str, counts))} |")
    return lines


def _sources(package: DataPackage) -> list[str]:
    sources = package["sources"]
    terms = Counter(text or "single facts, cited" for text in sources["licence"])
    without = sources["url"].null_count()
    lines = [f"{sources.height} sources, {without} of them without a public address. Terms:", ""]
    return lines + [
        f"- {words}: {count}" for words, count in sorted(terms.items(), key=lambda item: (-item[1], item[0]))
    ]
