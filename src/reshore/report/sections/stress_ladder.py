"""What runs out first: goods by month with their stocks, and what holds the worst final use back, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from reshore.report.grid import result_grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.stress import SERVED, scenarios, stock_words
from reshore.report.sections.tracks import Key, Mark, Scale, Track, month_scale, tracks
from reshore.stress.records import REASONS
from reshore.study.words import in_words
from reshore.units import SHARE, written

LADDERS = 3
RUNGS = 16
SAID = 5
STRIPS = 14

_LOOKS = {
    "capacity": "pale", "bought": "concern", "half": "solid", "design": "home", "wear": "other", "stock": "group",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One month of a strip; ``holds`` where this is what holds the final use back."""

    look: str
    says: str
    holds: bool


@dataclass(frozen=True)
class Strip:
    """One good over the months."""

    label: str
    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True)
class Months:
    """Goods by months: a cell for each month in which a good is exhausted."""

    rows: tuple[Strip, ...]
    months: tuple[str, ...]
    key: Key
    after: tuple[str, ...] = ()
    more: int = 0
    kind: str = field(default="months", init=False)


def stress_ladder(page: Page) -> Block | None:
    """Goods in the order in which they run short, and what holds the worst final use back, by month."""
    rows = [row for row in scenarios(page) if row["nothing_because"] is None][:LADDERS]
    figures = [figure for row in rows for figure in (ladder(page, row), *binding(page, row)) if figure is not None]
    if not figures:
        return None
    intro = (
        "A good survives as long as its stocks and what still arrives cover what is used; it recovers when its own "
        "supply is whole again. Where it survives for less time than it needs to recover, something stops."
    )
    return Block("What runs out first", intro, tuple(figures))


def ladder(page: Page, scenario: dict[str, Any]) -> Figure | None:
    """Goods in the order in which they run short."""
    frame = page.results["stress_goods"].filter(
        (pl.col("scenario") == scenario["scenario"]) & (pl.col("short_month").is_not_null() | pl.col("is_short"))
    )
    if frame.is_empty():
        return None
    frame = frame.sort("short_month", "time_to_survive_months", "least_share", "good", nulls_last=True)
    months = float(scenario["months"])
    axis = month_scale(scenario["months"])
    rows = [rung(row, months, axis) for row in frame.head(RUNGS).iter_rows(named=True)]
    out = frame.filter(pl.col("is_short"))
    columns = (
        "label", "hit_share", "hit_places", "stock_months", "time_to_survive_months", "time_to_recover_months",
        "is_short", "short_month", "least_share", "finding", "is_judged",
    )  # fmt: skip
    said = frame.filter(pl.col("finding").is_not_null())["finding"].to_list()[:SAID]
    first = frame.row(0, named=True)
    more = f"; stocks of {in_words(out['label'].to_list(), 3)} end before supply is back" if out.height else ""
    open_ = frame.filter(~pl.col("is_judged"))["label"].to_list()
    after = list(said)
    if open_:
        after.append(
            f"Not judged: less than half of the supply of {in_words(open_, 4)} is known by name; the rest is taken to "
            "be made where it is used, and its loss is not seen."
        )
    return Figure(
        f"stress-ladder-{scenario['scenario']}",
        f"{scenario['label']}: {first['label']} first, in month {first['short_month']}{more}"
        if first["short_month"] is not None else f"{scenario['label']}{more}",
        "In the order in which goods run short when all users share alike. Bars: how long own stocks and what still "
        "arrives last, inputs aside. Upright mark: when a good runs short, inputs included. Bold: final uses.",
        "What runs out first. " + "; ".join(f"{row.label}: {row.words}" for row in rows) + ".",
        result_grid(page.results, "stress_goods", frame, columns, page.by_key, "What runs out, and when", spoken=True),
        page.sources_upstream([good for good in frame["good"] if good in page.by_key]),
        "OUT/tables/stress_goods.csv",
        tracks(
            rows, axis, lambda month: f"{month:g}" if month else "month 0",
            (("pale", "its own stocks and what still arrives last, at least"), ("saves", "may last, by the draws"),
             ("short", "stocks have ended, supply is not back"), ("month", "runs short here, inputs included")),
            after=after, more=max(0, frame.height - RUNGS),
        ),
    )  # fmt: skip


def rung(row: dict[str, Any], months: float, axis: Scale) -> Track:
    """One good: how long it survives, the gap until it recovers, and when it runs short."""
    marks = []
    if row["hit_share"] and row["hit_share"] > 0:
        point = row["time_to_survive_months"]
        low, high = (row[f"time_to_survive_months_{end}"] for end in ("low", "high"))
        low = low if low is not None else point if point is not None else months
        high = high if high is not None else point if point is not None else months
        marks.append(Mark("pale", 0.0, axis.at(low)))
        back = row["time_to_recover_months"]
        if row["is_short"]:
            ends = axis.at(low if point is None else point), axis.at(months if back is None else back)
            marks.append(Mark("short", *ends))
        if axis.at(high) > axis.at(low):
            marks.append(Mark("saves thin", axis.at(low), axis.at(high)))
    if row["short_month"] is not None:
        at = axis.at(row["short_month"] - 1)
        marks.append(Mark("month", at, at))
    return Track(row["label"], tuple(marks), _rung_words(row), _rung_note(row), stock_words(row), bool(row["is_final"]))


def _rung_words(row: dict[str, Any]) -> str:
    if row["short_month"] is None:
        return "stocks end before supply is back"
    least = row["least_share"]
    falls = "stops" if least < 0.005 else f"falls to {written(least, SHARE)}"
    return f"month {row['short_month']}: {falls}"


def _rung_note(row: dict[str, Any]) -> str:
    return str(row["hit_places"]).replace(";", ", ") if row["hit_places"] else ""


def binding(page: Page, scenario: dict[str, Any]) -> tuple[Figure, ...]:
    """Goods that are exhausted month by month, marked where they hold the worst final use back."""
    uses = page.results["stress_uses"].filter(pl.col("scenario") == scenario["scenario"]).sort("good", "month")
    short = uses.filter(pl.col("served_share") < SERVED)
    if short.is_empty():
        return ()
    lost = uses.group_by("good", "label").agg(pl.col("served_share").sum())
    worst = lost.sort("served_share", "good").row(0, named=True)
    own = short.filter(pl.col("good") == worst["good"])
    holds = dict(own.filter(pl.col("bound_by").is_not_null()).select("month", "bound_by").iter_rows())
    frame = page.results["stress_binding"].filter(pl.col("scenario") == scenario["scenario"])
    months = int(scenario["months"])
    rows = strips(frame, holds, months)
    columns = ("month", "label", "reason", "worth_share")
    return (
        Figure(
            f"stress-binding-{scenario['scenario']}",
            f"{worst['label']} is held back by {_by_month(own)}",
            f"{scenario['label']}, what is left used as well as can be. A cell per month in which there is no more of "
            f"a good, by the reason; framed where it is what holds back {worst['label']}, the worst final use.",
            f"What holds back {worst['label']}: {_by_month(own)}. Exhausted goods: "
            + ", ".join(row.label for row in rows) + ".",
            result_grid(page.results, "stress_binding", frame.sort("month", "good", "reason"), columns, page.by_key,
                        "What holds final uses back, by month", spoken=True),
            page.sources_upstream([good for good in frame["good"].unique().sort() if good in page.by_key]),
            "OUT/tables/stress_binding.csv",
            Months(tuple(rows[:STRIPS]), _heads(months), _key(frame), more=max(0, len(rows) - STRIPS)),
        ),
    )  # fmt: skip


def strips(frame: pl.DataFrame, holds: dict[int, str], months: int) -> list[Strip]:
    """A strip per good: first what holds the final use back, then by how long it is exhausted."""
    found: dict[str, tuple[str, dict[int, str]]] = {}
    for row in frame.sort("good", "month", "reason").iter_rows(named=True):
        found.setdefault(row["good"], (row["label"], {}))[1].setdefault(row["month"], row["reason"])
    held = set(holds.values())
    order = sorted(found, key=lambda good: (good not in held, -len(found[good][1]), good))
    made = []
    for good in order:
        label, reasons = found[good]
        cells = tuple(
            Cell(
                _LOOKS.get(reasons.get(month, ""), ""),
                f"{label}, month {month}: {REASONS[reasons[month]]}" if month in reasons else "",
                holds.get(month) == good,
            )
            for month in range(1, months + 1)
        )
        made.append(Strip(label, cells))
    return made


def _heads(months: int) -> tuple[str, ...]:
    every = 1 if months <= 12 else 3 if months <= 24 else 6
    return tuple(str(month) if (month - 1) % every == 0 else "" for month in range(1, months + 1))


def _key(frame: pl.DataFrame) -> Key:
    present = set(frame["reason"])
    named = tuple((_LOOKS[reason], words) for reason, words in REASONS.items() if reason in present)
    return (*named, ("holds", "holds the worst final use back"))


def _by_month(own: pl.DataFrame) -> str:
    """``Samarium metal in months 3–4 and 7, Magnets in month 5``."""
    found: dict[str, list[int]] = {}
    for month, label in own.sort("month").select("month", "bound_by_label").iter_rows():
        found.setdefault(label or "what nobody names", []).append(month)
    return in_words([f"{label} in {_spans(months)}" for label, months in found.items()], 3)


def _spans(months: Sequence[int]) -> str:
    spans: list[list[int]] = []
    for month in months:
        if spans and spans[-1][1] == month - 1:
            spans[-1][1] = month
        else:
            spans.append([month, month])
    words = [str(a) if a == b else f"{a}–{b}" for a, b in spans]
    return f"month{'s' if len(months) > 1 else ''} {' and '.join(words)}"
