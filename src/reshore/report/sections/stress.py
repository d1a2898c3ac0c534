"""What stops, and when: service of final uses month by month, how the loss comes about, how hard a blow it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from reshore.report.grid import result_grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.tracks import Mark, Sentences, Track, scale, tracks
from reshore.report.words import months_words, usd, usd_range
from reshore.study.words import in_words
from reshore.units import SHARE, written

PANELS = 12
ROWS = 14
SERVED = 0.9995
"""Service from here on is drawn and called whole: shares have three digits."""

_STEP_WORDS = {
    "direct": "struck directly",
    "inputs": "through inputs",
    "stock": "less what stocks save",
    "substitutes": "less what spare output and other kinds save",
}


@dataclass(frozen=True)
class Panel:
    """One final use over the months: paths for SVG, 10 to a month and 100 to the whole of demand."""

    label: str
    line: str
    band: str
    alike_line: str
    alike_band: str
    best: str
    alike: str
    note: str


@dataclass(frozen=True)
class Panels:
    """Final uses side by side on the same axes."""

    panels: tuple[Panel, ...]
    months: int
    after: tuple[str, ...] = ()
    more: int = 0
    kind: str = field(default="panels", init=False)


def scenarios(page: Page) -> list[dict[str, Any]]:
    """The scenarios of a study, the one that costs most service first; none where the study has none."""
    if "stress_scenarios" not in page.results.tables:
        return []
    rows = page.results["stress_scenarios"].sort(
        "unserved_share", "alike_unserved_share", "scenario", descending=[True, True, False]
    )
    return list(rows.iter_rows(named=True))


def stress(page: Page) -> Block | None:
    """Service of final uses by month, the loss taken apart, and the least blow that costs so much."""
    rows = scenarios(page)
    if not rows:
        return None
    intro = (
        "What final users get of what they ask for, if a scenario comes. Two readings: what is left is used as well as "
        "can be, so that least value is lost and one use may give way to others; or all users of a good share alike, "
        "as markets without a plan may. Scenarios are questions and their odds opinions; neither is a forecast."
    )
    figures = [timeline(page, row) for row in rows]
    losing = [row for row in rows if row["nothing_because"] is None]
    if losing:
        figures += [waterfall(page, losing), *reverse(page)]
    return Block("What stops, and when", intro, tuple(figures))


def timeline(page: Page, scenario: dict[str, Any]) -> Figure:
    """Served share per final use and month, small multiples of those that fall short."""
    uses = page.results["stress_uses"].filter(pl.col("scenario") == scenario["scenario"]).sort("good", "month")
    short = (
        uses.filter((pl.col("served_share") < SERVED) | (pl.col("alike_share") < SERVED))
        .group_by("good")
        .agg(
            pl.col("month").filter(pl.col("served_share") < SERVED).min().alias("best_month"),
            pl.col("month").min().alias("any_month"),
            pl.col("served_share").sum().alias("served"),
        )
        .sort("best_month", "any_month", "served", "good", nulls_last=True)
    )
    names = short["good"].to_list()
    panels = [panel(uses.filter(pl.col("good") == good)) for good in names]
    columns = (
        "label", "month", "served_share", "alike_share", "home_served_share", "unserved_usd", "bound_by",
    )  # fmt: skip
    shown = uses.filter(pl.col("good").is_in(names)) if names else uses
    struck = page.results["stress_goods"].filter(pl.col("scenario") == scenario["scenario"])
    struck = struck.sort("hit_share", "good", descending=[True, False])
    drawing: Panels | Sentences
    if panels:
        drawing = Panels(
            tuple(panels[:PANELS]), scenario["months"], tuple(_notes(scenario)), max(0, len(panels) - PANELS)
        )
    else:
        drawing = Sentences(tuple(_struck(row) for row in struck.iter_rows(named=True)), tuple(_notes(scenario)))
    return Figure(
        f"stress-timeline-{scenario['scenario']}",
        _title(scenario, uses),
        f"{scenario['shocks']}. What is left is shared by {scenario['pool']}. Upright: share of demand that is met; "
        f"across: months 1 to {scenario['months']}.",
        (f"Service by month. {scenario['finding']} "
         + "; ".join(f"{one.label}: at best {one.best}; shared alike {one.alike}" for one in panels[:PANELS])).rstrip()
        + ".",
        result_grid(page.results, "stress_uses", shown, columns, page.by_key, "Service of final uses by month",
                    spoken=True),
        _sources(page, names, struck["good"].to_list()),
        "OUT/tables/stress_uses.csv",
        drawing,
    )  # fmt: skip


def _sources(page: Page, uses: Sequence[str], struck: Sequence[str]) -> tuple[int, ...]:
    """Sources of goods and of everything upstream, and of what final uses are worth and who uses them."""
    asked = page.results.package["demand"].filter(pl.col("good").is_in(list(uses)))
    goods = page.sources_upstream([good for good in (*uses, *struck) if good in page.by_key])
    return tuple(sorted({*goods, *page.cite(asked["source"])}))


def _title(scenario: dict[str, Any], uses: pl.DataFrame) -> str:
    if scenario["nothing_because"] is not None:
        within = f"within {months_words(scenario['months'])}"
        return f"{scenario['label']}: no final use loses anything {within}, because {scenario['nothing_because']}"
    best, alike = (uses.filter(pl.col(name) < SERVED)["good"].n_unique() for name in ("served_share", "alike_share"))
    return (
        f"{scenario['label']}: {best or 'none'} of {scenario['uses_count']} final uses "
        f"run short if what is left is used as well as can be, "
        f"{alike} if all users share alike"
    )


def _notes(scenario: dict[str, Any]) -> list[str]:
    """What the scenario costs, how likely somebody thinks it is, and what of it hits nothing."""
    notes = _first_sentence(scenario)
    if scenario["home_loss_usd"] is not None and scenario["nothing_because"] is None:
        best, alike, down = (
            usd_range(*(scenario[f"{name}{end}"] for end in ("", "_low", "_high")))
            for name in ("home_loss_usd", "home_alike_loss_usd", "downstream_loss_usd")
        )
        hangs = f"; {down} with what hangs on it" if scenario["downstream_loss_usd"] is not None else ""
        known = scenario["valued_count"]
        of = f"{known} final use{'s' if known != 1 else ''} of known value" if known else "final uses of known value"
        notes.append(f"Loss at home over the scenario, {of}: {best} at best, {alike} if all share alike{hangs}.")
    elif scenario["nothing_because"] is None:
        notes.append("Loss in money is unknown: no final use that runs short has a known value.")
    if scenario["odds_share"] is not None:
        low, high = (written(scenario[f"odds_share_{end}"], SHARE) for end in ("low", "high"))
        odds = low if low == high else f"{low.removesuffix(' %')} to {high}"
        notes.append(f"Odds in the study: {odds}, an opinion.")
    if scenario["misses"]:
        notes.append(f"Not hit: {scenario['misses']}.")
    return notes


def _struck(row: dict[str, Any]) -> str:
    """One good that a scenario strikes: how hard, from where, and how long its stocks last."""
    where = f" ({row['hit_places'].replace(';', ', ')})" if row["hit_places"] else ""
    hit = (
        f"loses {written(row['hit_share'], SHARE)} of what arrives{where}"
        if row["hit_share"]
        else "is not struck itself"
    )
    return f"{row['label']} {hit}; {stock_words(row)}."


def stock_words(row: dict[str, Any]) -> str:
    """How long stocks of a good last at usual use."""
    point, low, high = (row[f"stock_months{end}"] for end in ("", "_low", "_high"))
    if point is None:
        return "stock unknown"
    words = f"stock {months_words(point)}"
    return words if low is None or low == high else f"{words} ({written(low)}–{written(high)})"


def _first_sentence(scenario: dict[str, Any]) -> list[str]:
    """The sentence of the finding that says what runs short first."""
    _, mark, first = scenario["finding"].partition(" First ")
    return [f"First {first}"] if mark else []


def panel(rows: pl.DataFrame) -> Panel:
    """One final use: the rows of its months in order."""
    best, alike = (_curves(rows, name) for name in ("served_share", "alike_share"))
    said, shared = _worst(rows, "served_share"), _worst(rows, "alike_share")
    return Panel(rows["label"][0], *best, *alike, said, shared, _held_back(rows))


def _curves(rows: pl.DataFrame, name: str) -> tuple[str, str]:
    """A stepped line and the band of its range; no band where no month has a range."""
    line = _steps([_up(value) for value in rows[name]])
    ends = [[_up(value) for value in rows[f"{name}_{end}"].fill_null(rows[name])] for end in ("low", "high")]
    if ends[0] == ends[1]:
        return line, ""
    return line, _steps(ends[1]) + _backwards(ends[0])


def _up(share: float) -> float:
    return round(100 * (1 - min(max(share, 0.0), 1.0)), 1)


def _steps(heights: Sequence[float]) -> str:
    """A path that stands at each height for one month."""
    parts = [f"M0 {heights[0]:g}"]
    for number, height in enumerate(heights):
        parts.append(f"V{height:g}H{10 * (number + 1)}")
    return "".join(parts)


def _backwards(heights: Sequence[float]) -> str:
    """The same from the last month to the first, to close a band."""
    parts = [f"V{height:g}H{10 * number}" for number, height in reversed(list(enumerate(heights)))]
    return "".join(parts) + "Z"


def _worst(rows: pl.DataFrame, name: str) -> str:
    """Service in the worst month, and from when it is not whole."""
    short = rows.filter(pl.col(name) < SERVED).sort("month")
    if short.is_empty():
        return "whole"
    return f"down to {written(short.sort(name)[name][0], SHARE)}, from month {short['month'][0]}"


def _held_back(rows: pl.DataFrame) -> str:
    names = rows.filter(pl.col("served_share") < SERVED)["bound_by_label"].drop_nulls().unique(maintain_order=True)
    return f"held back by {in_words(names.to_list(), 3)}" if names.len() else ""


def waterfall(page: Page, rows: Sequence[dict[str, Any]]) -> Figure:
    """The loss taken apart: direct, through inputs, less stocks, less substitutes."""
    table = page.results["stress_waterfall"]
    kept = table.filter(pl.col("scenario").is_in([row["scenario"] for row in rows])).sort("scenario", "position")
    top = float(kept["total_share"].max() or 0.0)  # type: ignore[arg-type]  # a column of numbers
    axis = scale(0.0, max(top, 1e-3))
    drawn: list[Track] = []
    for row in rows:
        steps = kept.filter(pl.col("scenario") == row["scenario"]).sort("position")
        before = 0.0
        for step in steps.iter_rows(named=True):
            after, part = step["total_share"], step["unserved_share"]
            start, end = sorted((axis.at(before), axis.at(after)))
            look = "short" if part > 0 else "saves"
            marks = (Mark(look, start, end),) if abs(part) > 1e-9 else ()
            money = "value unknown" if step["loss_usd"] is None else usd(step["loss_usd"])
            label = row["label"] if step["position"] == 1 else ""
            drawn.append(Track(label, marks, _points(part), _STEP_WORDS[step["step"]], money, bool(label)))
            before = after
        total = Mark("total", 0.0, axis.at(before))
        drawn.append(Track("", (total,) if before > 1e-9 else (), written(before, SHARE), "is lost at best"))
    worst = kept.filter(pl.col("scenario") == rows[0]["scenario"]).sort("position")
    return Figure(
        "stress-waterfall",
        _waterfall_title(rows[0], worst),
        "Share of the demand of all final uses and months that is not met, when what is left is used as well as can "
        "be: the flow program solved again with pieces switched off, in this order. Another would give other parts.",
        "How a stop becomes a loss. "
        + "; ".join(f"{one.label + ': ' if one.label else ''}{one.note} {one.words}" for one in drawn) + ".",
        result_grid(page.results, "stress_waterfall", kept,
                    ("scenario", "step", "unserved_share", "loss_usd", "total_share"), page.by_key,
                    "Parts of the loss", spoken=True),
        page.sources_upstream(_goods(page, rows)),
        "OUT/tables/stress_waterfall.csv",
        tracks(drawn, axis, lambda share: written(share, SHARE),
               (("short", "adds to the loss"), ("saves", "saves"), ("total", "what is lost"))),
    )  # fmt: skip


def _points(part: float) -> str:
    words = written(part, SHARE)
    return f"+{words}" if part > 0 and not words.startswith("<") else words


def _waterfall_title(row: dict[str, Any], steps: pl.DataFrame) -> str:
    parts = dict(steps.select("step", "unserved_share").iter_rows())
    added = parts["direct"] + parts["inputs"]
    lost = float(steps["total_share"][-1])
    if added <= 0:
        return f"{row['label']}: nothing is lost at best"
    through = written(parts["inputs"] / added, SHARE)
    saved = written(-(parts["stock"] + parts["substitutes"]) / added, SHARE)
    left = f"{written(lost, SHARE)} of demand is lost" if lost > 1e-9 else "nothing is lost at best"
    return (
        f"{row['label']}: {through} of the blow comes through inputs; stocks and substitutes save {saved} of it, and "
        f"{left}"
    )


def _goods(page: Page, rows: Sequence[dict[str, Any]]) -> list[str]:
    names = [row["scenario"] for row in rows]
    goods = page.results["stress_goods"].filter(pl.col("scenario").is_in(names))["good"].unique().sort()
    return [good for good in goods if good in page.by_key]


def reverse(page: Page) -> tuple[Figure, ...]:
    """The least strength of each scenario at which a final use loses a tenth, and half, of its demand."""
    frame = page.results["stress_reverse"].sort("scenario", "good", "threshold_share")
    if frame.is_empty():
        return ()
    labels = dict(page.results["stress_scenarios"].select("scenario", "label").iter_rows())
    axis = scale(0.0, 1.0)
    rows: list[Track] = []
    order = frame.group_by("scenario", "good").agg(pl.col("strength_share").min())
    order = order.sort("strength_share", "scenario", "good", nulls_last=True)
    looks = dict(zip(sorted(frame["threshold_share"].unique()), ("level", "point"), strict=False))
    for scenario, good in order.select("scenario", "good").iter_rows():
        own = frame.filter((pl.col("scenario") == scenario) & (pl.col("good") == good))
        marks = tuple(
            Mark(looks[row["threshold_share"]], axis.at(row["strength_share"]), axis.at(row["strength_share"]))
            for row in own.iter_rows(named=True)
            if row["strength_share"] is not None and row["threshold_share"] in looks
        )
        words = "; ".join(_needs(row) for row in own.iter_rows(named=True))
        rows.append(Track(own["label"][0], marks, words, labels[scenario] if len(labels) > 1 else ""))
    first = order.row(0, named=True)
    label = frame.filter((pl.col("scenario") == first["scenario"]) & (pl.col("good") == first["good"]))["label"][0]
    least = min(looks)
    title = (
        f"{label} is the first to lose {written(least, SHARE)}: from {written(first['strength_share'], SHARE)} of the "
        f"blow of “{labels[first['scenario']]}”"
        if first["strength_share"] is not None
        else f"Not even the whole blow takes {written(least, SHARE)} of any final use over the scenario"
    )
    return (
        Figure(
            "stress-reverse",
            title,
            "Reverse stress: the least part of a scenario's strength at which a final use loses this much of demand in "
            "all months, at best; found by halving, to within half a percent.",
            "Least strength of a blow. " + "; ".join(f"{row.label}: {row.words}" for row in rows) + ".",
            result_grid(page.results, "stress_reverse", frame,
                        ("scenario", "label", "threshold_share", "strength_share"), page.by_key,
                        "How hard a blow it takes", spoken=True),
            page.sources_upstream([good for good in frame["good"].unique().sort() if good in page.by_key]),
            "OUT/tables/stress_reverse.csv",
            tracks(rows[:ROWS], axis, lambda share: written(share, SHARE),
                   tuple((look, f"loses {written(share, SHARE)}") for share, look in looks.items()),
                   more=max(0, len(rows) - ROWS)),
        ),
    )  # fmt: skip


def _needs(row: dict[str, Any]) -> str:
    lost = written(row["threshold_share"], SHARE)
    if row["strength_share"] is None:
        return f"{lost} not even at full strength"
    return f"{lost} from {written(row['strength_share'], SHARE)}"
