"""All chains at a glance: the numbers that matter, a cell per good, and the findings."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reshore.countries import country_name
from reshore.report.board import MAX_TILES, Step, board
from reshore.report.goods import chain_label
from reshore.report.grid import grid
from reshore.report.page import Figure, Page
from reshore.study.findings import Tally
from reshore.study.words import the


@dataclass(frozen=True)
class Key:
    """A number that matters, and what it says."""

    number: str
    whole: str
    words: str


@dataclass(frozen=True)
class Row:
    """One chain in the overview: what can be said of its goods, and a cell per good by step."""

    chain: str
    label: str
    tally: Tally
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Overview:
    """What the section shows; the first finding stands at the head of the page."""

    keys: tuple[Key, ...]
    figure: Figure
    findings: tuple[str, ...]
    allies: str


def overview(page: Page) -> Overview:
    """All chains at a glance, the numbers that matter, and the findings after the first, which heads the page."""
    allies = ", ".join(country_name(code) for code in page.results.study.allies) or "none named"
    return Overview(_keys(page), _figure(page), page.results.findings[1:], allies)


def _keys(page: Page) -> tuple[Key, ...]:
    found = page.tally()
    keys = [
        Key(
            str(len(found.over)), f"of {found.total} goods", "more than half of world supply from countries of concern"
        ),
        Key(str(len(found.open)), f"of {found.total} goods", "cannot be judged: sources give too few shares"),
    ]
    leaders = page.counted.filter(pl.col("largest_supplier").is_not_null()).group_by("largest_supplier").len()
    for code, count in leaders.sort("len", "largest_supplier", descending=[True, False]).head(1).iter_rows():
        keys.append(Key(str(count), f"of {leaders['len'].sum()} goods", f"with figures: {the(code)} supplies most"))
    final = [view.good for view in page.views if view.is_final]
    cuts = page.results["cut_sets"].filter(
        (pl.col("level") == "country") & (pl.col("size") == 1) & (pl.col("reading") == "certain")
        & pl.col("good").is_in(final) & (pl.col("members") != page.results.study.home)
    )  # fmt: skip
    if final:
        keys.append(
            Key(str(cuts["good"].n_unique()), f"of {len(final)} final uses", "surely stop without one foreign country")
        )
    return tuple(keys)


def _figure(page: Page) -> Figure:
    shown = _shown(page)
    rows = []
    for chain, views in page.chains.items():
        steps = board(chain, [view for view in views if view.good in shown]).steps
        rows.append(Row(chain, chain_label(chain), page.tally(chain), steps))
    rows.sort(key=lambda row: (-len(row.tally.over) / max(row.tally.total, 1), row.label))
    worst = rows[0]
    table = grid(
        "Goods by chain",
        ("Chain", "Goods", "More than half from concern", "Half or less", "Cannot be judged"),
        [
            [(row.label, ""), *((str(n), "") for n in (row.tally.total, len(row.tally.over), len(row.tally.under))),
             (str(len(row.tally.open)), "")]
            for row in rows
        ],
        (1, 2, 3, 4),
    )  # fmt: skip
    said = "; ".join(
        f"{row.label}: {len(row.tally.over)} of {row.tally.total} goods over half, {len(row.tally.open)} not known"
        for row in rows
    )
    return Figure(
        "overview-chains",
        _title(worst, len(rows)),
        f"A row per chain, a cell per good, from the mine (left) to final use (right). Number and color: percent of "
        f"world supply that surely comes from {page.concern}. “66+” is at least 66, “≤25” at most 25, “?” unknown.",
        f"Overview of {len(rows)} chains. {said}.",
        table,
        page.sources_of([view.good for view in page.views]),
        "reshore why OUT GOOD concern_share",
        (tuple(rows), len(page.views) - len(shown)),
    )


def _shown(page: Page) -> frozenset[str]:
    """The goods that have a cell: all, or the counted ones, or the most exposed of these, up to `MAX_TILES`."""
    views = page.views if len(page.views) <= MAX_TILES else [view for view in page.views if view.is_counted]
    ranked = sorted(views, key=lambda view: (-view.low, not view.has_figures, view.good))
    return frozenset(view.good for view in ranked[:MAX_TILES])


def _title(worst: Row, count: int) -> str:
    over, total, open_ = len(worst.tally.over), worst.tally.total, len(worst.tally.open)
    if not over:
        return "No chain has a good of which more than half surely comes from countries of concern"
    name = f"{worst.label[:1].lower()}{worst.label[1:]}"
    start = f"Most exposed of {count} chains: {name}, where" if count > 1 else f"{worst.label}:"
    verb = "comes" if over == 1 else "come"
    return f"{start} {over} of {total} goods {verb} mostly from countries of concern and {open_} cannot be judged"
