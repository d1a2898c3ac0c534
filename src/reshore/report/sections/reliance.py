"""What home imports of what it uses: net import reliance."""

from __future__ import annotations

from typing import Any

import polars as pl

from reshore.report.grid import figure_cell, grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.bars import Bar, span
from reshore.study.findings import MAJORITY
from reshore.study.words import first_upper

_NAME = "net_import_reliance_share"


def reliance(page: Page) -> Block | None:
    """Net import reliance of goods for which it is known."""
    low = pl.coalesce(pl.col(_NAME), pl.col(f"{_NAME}_low"))
    known = page.results["exposure"].with_columns(low.alias("least"))
    known = known.filter(pl.col("least").is_not_null() | pl.col(f"{_NAME}_high").is_not_null())
    if known.is_empty():
        return None
    known = known.sort("least", f"{_NAME}_high", "good", descending=[True, True, False], nulls_last=True)
    return Block(
        f"What {page.the_home} imports",
        "World supply says where a good can be had; net import reliance says how much of it home brings in: imports "
        "less exports and stock changes, as a share of what it uses. Negative for net exporters.",
        (_figure(page, known),),
    )


def _figure(page: Page, known: pl.DataFrame) -> Figure:
    column = page.results.columns["exposure"].column(_NAME)
    rows, bars = [], []
    for row in known.iter_rows(named=True):
        words, kind = figure_cell(row[_NAME], row[f"{_NAME}_low"], row[f"{_NAME}_high"], column)
        note = f"{row['net_import_reliance_origin']}, {row['net_import_reliance_period'] or 'period not stated'}"
        bars.append(Bar(row["label"], (span(*_ends(row)),), (words,), note))
        cited = page.cite([row["net_import_reliance_source"]])
        rows.append([(row["label"], ""), (words, kind), (note, ""), (", ".join(f"[{number}]" for number in cited), "")])
    over = known.filter(pl.col("least") > MAJORITY).height
    goods = "goods" if known.height != 1 else "good"
    return Figure(
        "reliance-all",
        first_upper(
            f"{page.the_home} imports more than half of what it uses of {over} of {known.height} {goods} with figures"
        ),
        "Solid: at least this much. Hatched: possible, where the source gives a range.",
        "Net import reliance. " + "; ".join(f"{bar.label} {bar.words[0]}" for bar in bars) + ".",
        grid("Net import reliance", ("Good", "Net import reliance", "Origin and period", "Source"), rows, (1,)),
        page.cite(known["net_import_reliance_source"]),
        f"reshore why OUT GOOD {_NAME}",
        (tuple(bars), 0),
    )


def _ends(row: dict[str, Any]) -> tuple[float, float]:
    point, low, high = row[_NAME], row[f"{_NAME}_low"], row[f"{_NAME}_high"]
    low = point if low is None else low
    high = (point if point is not None else 1.0) if high is None else high
    return low or 0.0, high
