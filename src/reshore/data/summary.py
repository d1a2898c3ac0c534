"""A page about a data package: how many rows, how much is unknown, how far it can be trusted, how old it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import polars as pl

from reshore.data import schema
from reshore.data.package import DataPackage
from reshore.tables import MISSING, Column

MOST_CITED = 12


def summary_page(package: DataPackage) -> str:
    """Markdown: what is in the package, how far it can be trusted, how old it is, what is unknown, where it is from."""
    about = package.about
    terms = [f"Terms: {about.licence}." if about.licence else ""]
    terms += [f"Money is in prices of {about.price_year}." if about.price_year else ""]
    parts = [
        [f"# {package.title}"],
        [about.description],
        [" ".join(term for term in terms if term)],
        [
            "This page is written from the tables, which `reshore check` found without problems.",
            f"Digest `{package.digest}`.",
        ],
        _contents(package),
        _chains(package),
        _trust(package),
        _unknown(package),
        _single_figures(package),
        _sources(package),
    ]
    return "\n\n".join("\n".join(part) for part in parts if any(part)) + "\n"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]], text_columns: int = 1) -> list[str]:
    """A Markdown table; the first columns are text, the others numbers."""
    line = "|---" * text_columns + "|--:" * (len(heads) - text_columns) + "|"
    return [f"| {' | '.join(heads)} |", line, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _filled(package: DataPackage) -> list[str]:
    return [table.name for table in schema.TABLES if package[table.name].height]


def _contents(package: DataPackage) -> list[str]:
    rows = [(f"`{name}`", package[name].height, schema.table(name).description) for name in _filled(package)]
    lines = _table(("table", "rows", "one row is about"), rows)
    return ["## What is in it", "", lines[0], "|---|--:|---|", *lines[2:]]


def _chains(package: DataPackage) -> list[str]:
    """Per chain: its goods, what goes into them, and for how many of them some share of the world market is known."""
    goods = package["goods"]
    if goods.is_empty():
        return []
    shares = package["supply"].filter(_stated("share") & (pl.col("market") == "WLD")).select("good").unique()
    known = set(shares["good"])
    into = Counter(package["inputs"]["good"])
    rows = []
    for (chain,), group in goods.sort("chain").group_by("chain", maintain_order=True):
        own = group["good"].to_list()
        final = group.filter(pl.col("final"))["label"].to_list()
        uses = ", ".join(sorted(final, key=str.casefold)) or "through other chains"
        counts = (len(own), sum(into[good] for good in own), sum(good in known for good in own))
        rows.append((f"`{chain}`", *counts, uses))
    lines = _table(("chain", "goods", "inputs", "goods with a known share of the world market", "final uses"), rows)
    return ["## Chains", "", lines[0], "|---|--:|--:|--:|---|", *lines[2:]]


def _trust(package: DataPackage) -> list[str]:
    words = list(schema.CONFIDENCE)
    rows = [(f"`{name}`", *_trust_row(package[name], words)) for name in _filled(package) if name != "sources"]
    heads = ("table", *words, "oldest", "median", "newest", "undated")
    meaning = [f"- `{word}`: {text}" for word, text in schema.CONFIDENCE.items()]
    remark = (
        "Rows by confidence, and the years that they speak of. Rows of `goods`, `inputs` and `organizations` mostly "
        "say what a thing is or what it is made with, often from general knowledge; single figures in such rows have "
        "their own origin in `cells`. How badly an input is needed is a judgement throughout."
    )
    return ["## Trust and age", "", remark, "", *_table(heads, rows), "", *meaning]


def _trust_row(frame: pl.DataFrame, words: Sequence[str]) -> list[object]:
    counts = Counter(frame["confidence"])
    years = sorted(int(text[:4]) for text in frame["as_of"].drop_nulls())
    ages = [str(years[0]), str(years[len(years) // 2]), str(years[-1])] if years else ["", "", ""]
    return [*(counts[word] for word in words), *ages, frame.height - len(years)]


def _unknown(package: DataPackage) -> list[str]:
    rows = []
    for name in _filled(package):
        for column in (column for column in schema.table(name).columns if column.labelled):
            rows.append(_missing(name, package[name], column))
    remark = "Numbers that may be missing, by the reason. A range without a point counts as stated."
    return ["## What is unknown", "", remark, "", *_table(("number", "stated", *MISSING.values(), "known"), rows)]


def _missing(name: str, frame: pl.DataFrame, column: Column) -> list[object]:
    stated = _stated(column.name) if column.interval else pl.col(column.name).is_not_null()
    reasons = Counter(frame.filter(~stated)[f"{column.name}_missing"])
    count = frame.filter(stated).height
    return [
        f"`{name}.{column.name}`",
        count,
        *(reasons[reason] for reason in MISSING.values()),
        f"{count / frame.height:.0%}",
    ]


def _stated(name: str) -> pl.Expr:
    return pl.any_horizontal(pl.col(f"{name}{end}").is_not_null() for end in ("", "_low", "_high"))


def _single_figures(package: DataPackage) -> list[str]:
    cells = package["cells"]
    if cells.is_empty():
        return []
    counts = Counter(cells.select(pl.col("table") + "." + pl.col("column"), "how").iter_rows())
    hows = list(schema.table("cells").column("how").choices)
    names = sorted({name for name, _ in counts})
    rows = [(f"`{name}`", *(counts[name, how] for how in hows)) for name in names]
    remark = "Figures that came about in another way, or come from another place, than the row that they stand in."
    return ["## Single figures", "", remark, "", *_table(("figure", *hows), rows)]


def _sources(package: DataPackage) -> list[str]:
    sources = package["sources"]
    cited: Counter[str] = Counter()
    for name in _filled(package):
        if name != "sources":
            cited.update(package[name]["source"].drop_nulls())
    titles = dict(sources.select("source", "title").iter_rows())
    most = sorted(cited.items(), key=lambda item: (-item[1], item[0]))[:MOST_CITED]
    terms = Counter(text or "single facts, cited" for text in sources["licence"])
    words = ", ".join(f"{text} {count}" for text, count in sorted(terms.items(), key=lambda item: (-item[1], item[0])))
    closed = sources["url"].null_count()
    remark = f"{sources.height:,} sources, {closed} of them without a public address. By terms: {words}. Cited most:"
    return ["## Sources", "", remark, "", *_table(("source", "rows"), [(titles[source], n) for source, n in most])]
