"""What stops with whom: final uses against the countries without which they are lost."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reshore.countries import country_name
from reshore.report.grid import result_grid
from reshore.report.page import Block, Figure, Page
from reshore.study.words import in_words, the

COUNTRIES = 12


@dataclass(frozen=True)
class Mark:
    """One cell of the matrix: ``certain``, ``possible`` or empty, and what it says."""

    kind: str
    words: str
    says: str


@dataclass(frozen=True)
class Matrix:
    """Final uses by the countries that can stop them alone; ``more`` countries are in the table only."""

    countries: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Mark, ...]], ...]
    more: int


def cuts(page: Page) -> Block | None:
    """The cut sets of final uses by country."""
    final = [view.good for view in page.views if view.is_final]
    if not final:
        return None
    study = page.results.study
    frame = page.results["cut_sets"].filter(
        (pl.col("level") == "country") & pl.col("good").is_in(final) & (pl.col("members") != study.home)
    )
    frame = frame.sort("reading", "size", "good", "members")
    intro = (
        f"Sets of up to {study.cut_set_size} foreign countries without which a final use loses its supply once stocks "
        "are used up. “Stops” holds whatever is unknown; “may stop” holds unless suppliers that nobody names step in, "
        "so it is a question to ask first, not a forecast."
    )
    if frame.is_empty():
        after = f"No set of up to {study.cut_set_size} foreign countries is known to stop a final use."
        return Block("What stops with whom", intro, after=after)
    return Block("What stops with whom", intro, (_figure(page, final, frame),))


def _figure(page: Page, final: list[str], frame: pl.DataFrame) -> Figure:
    alone = frame.filter(pl.col("size") == 1)
    ranked = (
        alone.group_by("members")
        .agg((pl.col("reading") == "certain").sum().alias("certain"), pl.len().alias("all"))
        .sort("certain", "all", "members", descending=[True, True, False])
    )["members"].to_list()
    found = {(row["good"], row["members"]): row for row in alone.iter_rows(named=True)}
    shown = ranked[:COUNTRIES]
    rows = tuple(
        (page.by_key[good].label, tuple(_mark(page, found.get((good, code))) for code in shown))
        for good in final
        if any((good, code) in found for code in ranked)
    )
    columns = ("good", "members", "reading", "begins_with", "bites", "sentence")
    table = result_grid(
        page.results, "cut_sets", frame, columns, page.by_key, "Minimal sets of countries, final use by final use"
    )
    names = [country_name(code) for code in shown]
    said = "; ".join(
        f"{label}: " + ", ".join(f"{name} {mark.words}" for name, mark in zip(names, marks, strict=True) if mark.kind)
        for label, marks in rows
    )
    return Figure(
        "cut-sets",
        _title(page, len(final), frame),
        "A row per final use, a column per country whose loss alone stops it. Below the mark: where it begins.",
        f"Matrix of final uses by countries. {said or 'No country stops a final use alone'}.",
        table,
        page.sources_upstream(frame["good"].unique().sort().to_list()),
        "reshore why OUT GOOD single_points",
        Matrix(tuple(names), rows, len(ranked) - len(shown)),
    )


def _mark(page: Page, row: dict[str, str] | None) -> Mark:
    if row is None:
        return Mark("", "", "")
    begins = page.by_key[row["begins_with"]].label if row["begins_with"] in page.by_key else ""
    return Mark(row["reading"], "stops" if row["reading"] == "certain" else "may stop", begins)


def _title(page: Page, total: int, frame: pl.DataFrame) -> str:
    sure = frame.filter((pl.col("reading") == "certain") & (pl.col("size") == 1))
    if sure.is_empty():
        return f"No single foreign country surely stops any of {total} final uses; some may"
    counts = sure.group_by("members").agg(pl.col("good").n_unique(), pl.col("begins_with").sort())
    code, count, begins = counts.sort("good", "members", descending=[True, False]).row(0)
    goods = [page.by_key[good].label for good in dict.fromkeys(begins) if good in page.by_key]
    verb = "stops" if count == 1 else "stop"
    return (
        f"Without {the(code)} alone, {count} of {total} final uses surely {verb}; it begins with {in_words(goods, 3)}"
    )
