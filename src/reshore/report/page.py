"""What every section of the report reads: the results, the goods as people see them, and the numbers of sources.

A `Figure` is a picture with its frame: a finding as its title, how it was made, its sources, a table twin and words for
those who do not see it. Sections make figures; the templates draw them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from reshore.countries import country_name
from reshore.report.goods import GoodView, good_views
from reshore.report.grid import Grid
from reshore.study.findings import Tally, most_exposed, tally
from reshore.study.results import Results
from reshore.study.words import in_words, the


@dataclass(frozen=True)
class Source:
    """A source as the reader sees it: ``addresses`` are those that lead to the web, ``goods`` those it speaks of."""

    number: int
    key: str
    title: str
    addresses: tuple[str, ...]
    licence: str
    retrieved: str
    goods: int


@dataclass(frozen=True)
class Figure:
    """A picture in its frame. ``drawing`` is what the template of the section draws."""

    name: str
    title: str
    method: str
    alt: str
    table: Grid
    sources: tuple[int, ...]
    command: str
    drawing: Any


@dataclass(frozen=True)
class Block:
    """A section in the ordinary form: a heading, what one should know before reading, figures, and what follows."""

    heading: str
    intro: str
    figures: tuple[Figure, ...] = ()
    after: str = ""


class Page:
    """The results of a run as the report reads them."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.home = country_name(results.study.home)
        self.the_home = the(results.study.home)
        named = [the(code) for code in results.study.concern]
        self.concern = in_words(named) if named else "countries of concern (the study names none)"

    @cached_property
    def views(self) -> tuple[GoodView, ...]:
        """Every good, in the order of its chain."""
        return good_views(self.results)

    @cached_property
    def by_key(self) -> Mapping[str, GoodView]:
        """The goods by their keys."""
        return {view.good: view for view in self.views}

    @cached_property
    def chains(self) -> Mapping[str, tuple[GoodView, ...]]:
        """The goods of each chain, chains in the order of their names."""
        names = dict.fromkeys(view.chain for view in self.views)
        return {name: tuple(view for view in self.views if view.chain == name) for name in names}

    @cached_property
    def counted(self) -> pl.DataFrame:
        """The rows of exposure that counts are over."""
        keys = [view.good for view in self.views if view.is_counted]
        return self.results["exposure"].filter(pl.col("good").is_in(keys))

    def tally(self, chain: str | None = None) -> Tally:
        """The counted goods of a chain, or of all, by what can be said of them."""
        return tally(self.counted if chain is None else self.counted.filter(pl.col("chain") == chain))

    @cached_property
    def ranked(self) -> tuple[GoodView, ...]:
        """Counted goods with a known share from concern, the most exposed first."""
        return tuple(self.by_key[good] for good in most_exposed(self.counted)["good"])

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Every source that a figure of the report cites, numbered in the order of their keys."""
        results = self.results
        goods: dict[str, set[str]] = {}
        for view in self.views:
            for key in view.source_keys:
                goods.setdefault(key, set()).add(view.good)
        for good, key in results["conflicts"].select("good", "source").iter_rows():
            goods.setdefault(key, set()).add(good)
        for good, key in results["exposure"].select("good", "net_import_reliance_source").drop_nulls().iter_rows():
            goods.setdefault(key, set()).add(good)
        for rows in (*(results.package[name] for name in ("inputs", "stakes", "posts")), *self._told()):
            for key in rows["source"].unique():
                goods.setdefault(key, set())
        rows = results.package["sources"].filter(pl.col("source").is_in(sorted(goods))).sort("source")
        return tuple(
            Source(
                number, row["source"], row["title"], web_addresses(row["url"]), row["licence"] or "single facts, cited",
                row["retrieved"] or "not recorded", len(goods[row["source"]]),
            )
            for number, row in enumerate(rows.iter_rows(named=True), 1)
        )  # fmt: skip

    def _told(self) -> Iterator[pl.DataFrame]:
        """Rows of the data that figures of stress and money rest on."""
        results, package = self.results, self.results.package
        if "stress_uses" in results.tables:
            yield package["demand"].filter(pl.col("good").is_in(results["stress_uses"]["good"].unique().to_list()))
        if "fund_plans" in results.tables:
            yield package["projects"]
            yield package["instruments"].filter(
                pl.col("instrument").is_in(results["fund_deals"]["instrument"].to_list())
            )
            if (results["fund_plans"]["plan"] == "real awards").any():
                yield package["awards"]

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each source by its key."""
        return {source.key: source.number for source in self.sources}

    def cite(self, keys: Iterable[str | None]) -> tuple[int, ...]:
        """The numbers of sources, in order."""
        return tuple(sorted({self.numbers[key] for key in keys if key is not None and key in self.numbers}))

    def sources_of(self, goods: Iterable[str]) -> tuple[int, ...]:
        """The numbers of the sources of the figures of `goods`."""
        return self.cite(key for good in goods for key in self.by_key[good].source_keys)

    def sources_upstream(self, goods: Iterable[str]) -> tuple[int, ...]:
        """The numbers of the sources of `goods`, of everything upstream of them, and of what goes into what."""
        inputs = self.results.package["inputs"].select("good", "input", "source").rows()
        kinds = self.results.package["goods"].select("parent", "good", "source").drop_nulls("parent").rows()
        below: dict[str, list[tuple[str, str]]] = {}
        for good, used, source in (*inputs, *kinds):
            below.setdefault(good, []).append((used, source))
        front, seen, keys = list(goods), set(goods), set[str]()
        while front:
            for used, source in below.get(front.pop(), ()):
                keys.add(source)
                if used not in seen and used in self.by_key:
                    seen.add(used)
                    front.append(used)
        return self.cite([*keys, *(key for good in seen for key in self.by_key[good].source_keys)])


def web_addresses(url: str | None) -> tuple[str, ...]:
    """The addresses in `url` that lead to the web; anything else is never made a link."""
    parts = (url or "").split(" ; ")
    return tuple(part for part in parts if urlsplit(part).scheme in ("http", "https"))
