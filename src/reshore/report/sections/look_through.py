"""Suppliers of suppliers: goods that look safer than they are."""

from __future__ import annotations

from typing import Any

import polars as pl

from reshore.report.grid import result_grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.bars import Bar, span
from reshore.study.words import reading

LEAST_GAP = 0.01
ROWS = 15

_FACE, _THROUGH = "concern_share", "concern_look_through_share"
_COLUMNS = (
    "label", _FACE, _THROUGH, "home_share", "home_look_through_share", "look_through_assumed",
)  # fmt: skip


def look_through(page: Page) -> Block:
    """Goods of which more surely comes from concern once suppliers of suppliers are counted."""
    gap = pl.col(f"{_THROUGH}_low") - pl.col(f"{_FACE}_low")
    frame = page.results["exposure"].filter(gap > LEAST_GAP).sort(gap, "good", descending=[True, False])
    intro = (
        "What a good surely owes to countries of concern at face value, and when everything upstream of it is counted. "
        "Where the value of inputs is not known, all inputs together are taken as half of a good's value, in equal "
        "parts: an assumption, marked as such."
    )
    if frame.is_empty():
        return Block(
            "Suppliers of suppliers", intro, after="No good surely owes more to concern upstream than at face value."
        )
    return Block("Suppliers of suppliers", intro, (_figure(page, frame),))


def _figure(page: Page, frame: pl.DataFrame) -> Figure:
    bars = tuple(_bar(row) for row in frame.head(ROWS).iter_rows(named=True))
    top = frame.row(0, named=True)
    one = "good surely owes" if frame.height == 1 else "goods surely owe"
    return Figure(
        "look-through-concern",
        f"{frame.height} {one} more to countries of concern once suppliers of suppliers are counted, above all "
        f"{top['label']}: at least {reading(top[f'{_THROUGH}_low'], None, None)}"
        + (", with weights that are assumed" if top["look_through_assumed"] else ""),
        "Upper bar: at face value. Lower bar: with suppliers of suppliers. Solid: at least; hatched: possible.",
        "Share from concern at face value and with suppliers of suppliers. "
        + "; ".join(f"{bar.label}: {bar.words[0]}, then {bar.words[1]}" for bar in bars) + ".",
        result_grid(page.results, "exposure", frame, _COLUMNS, page.by_key, "Face value and look-through"),
        page.sources_upstream(frame["good"].to_list()),
        f"reshore why OUT {top['good']} {_THROUGH}",
        (bars, max(0, frame.height - ROWS)),
    )  # fmt: skip


def _bar(row: dict[str, Any]) -> Bar:
    spans, words = [], []
    for name, look in ((_FACE, "pale"), (_THROUGH, "solid")):
        low, high = row[f"{name}_low"], row[f"{name}_high"]
        spans.append(span(low, high, look))
        words.append(reading(None, low, high).replace("an unknown share", "unknown"))
    return Bar(row["label"], tuple(spans), tuple(words), "weights assumed" if row["look_through_assumed"] else "")
