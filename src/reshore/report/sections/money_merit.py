"""The merit ladder: what each candidate adds alone per dollar of public money that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from reshore.report.grid import result_grid
from reshore.report.page import Figure, Page
from reshore.report.sections.money_decision import plan_of, project_sources
from reshore.report.sections.tracks import Mark, Scale, Track, scale, tracks
from reshore.report.words import usd
from reshore.study.words import in_words
from reshore.units import SHARE, written

ROWS = 16


def merits(page: Page) -> pl.DataFrame:
    """Per candidate what it adds alone, by the odds and by both ends of their ranges, over what it asks; best first."""
    scenarios = {one.label: one.odds for one in page.results.study.scenarios}
    ends = [
        {"outlook": label, "low": odds.low, "high": odds.high} for label, odds in scenarios.items() if odds is not None
    ]
    schema = {"outlook": pl.String, "low": pl.Float64, "high": pl.Float64}
    frame = page.results["break_even_odds"].join(pl.DataFrame(ends, schema=schema), on="outlook", how="left")
    asked = page.results["fund_candidates"].select("project", "asked_usd")
    stated, gain = pl.col("stated_odds_share"), pl.col("gain_usd")
    return (
        frame.group_by("project", "label")
        .agg(
            (stated * gain).sum().alias("worth"),
            (pl.col("low").fill_null(stated) * gain).sum().alias("worth_low"),
            (pl.col("high").fill_null(stated) * gain).sum().alias("worth_high"),
        )
        .join(asked, on="project", how="left")
        .with_columns(
            pl.when(pl.col("asked_usd") > 0).then(pl.col(name) / pl.col("asked_usd")).alias(f"per_{name}")
            for name in ("worth", "worth_low", "worth_high")
        )
        .sort("per_worth", "project", descending=[True, False], nulls_last=True)
    )


def merit(page: Page) -> Figure | None:
    """The merit ladder: worth per public dollar against what a candidate asks."""
    frame = merits(page).filter(pl.col("per_worth").is_not_null())
    if frame.is_empty():
        return None
    chosen, even = plan_of(page, "chosen"), _break_even(page)
    keys = set(str(chosen["built"] or "").split(";")) if chosen else set()
    axis = scale(0.0, max(1.0, *frame["per_worth_high"]))
    adding = frame.filter(pl.col("worth") > 0)
    rows = [
        _rung(row, axis, row["project"] in keys, even.get(row["project"], ""))
        for row in (adding if adding.height else frame).iter_rows(named=True)
    ]
    title, after = _merit_words(frame)
    odds = page.results["break_even_odds"].sort("gain_usd", "project", "outlook", descending=[True, False, False])
    return Figure(
        "money-merit",
        title,
        "Worth of each candidate alone per dollar of public money that it asks for; the thin bar is the range of the "
        "odds. Right of the dashed line it is worth more than it asks. Dark: in the plan.",
        "Merit ladder, worth per dollar asked for. " + "; ".join(f"{row.label} {row.words}" for row in rows) + ".",
        result_grid(page.results, "break_even_odds", odds,
                    ("label", "outlook", "stated_odds_share", "gain_usd", "break_even_odds_share"), page.by_key,
                    "From which odds it pays", spoken=True),
        project_sources(page, frame["project"].to_list()),
        "OUT/tables/break_even_odds.csv",
        tracks(rows[:ROWS], axis, lambda value: f"{value:g}",
               (("solid", "in the plan"), ("pale", "not in the plan"), ("thin", "range of the odds"),
                ("rule", "worth what it asks")), rule=1.0, after=after, more=max(0, len(rows) - ROWS)),
    )  # fmt: skip


def _rung(row: Mapping[str, Any], axis: Scale, is_chosen: bool, even: str) -> Track:
    low, point, high = (axis.at(row[f"per_{name}"]) for name in ("worth_low", "worth", "worth_high"))
    marks = [Mark("solid" if is_chosen else "pale", 0.0, point)] if point > 0 else []
    marks += [Mark("thin", low, high)] if high > low else []
    words = f"{written(row['per_worth'])} USD" if row["worth"] > 0 else "adds nothing alone"
    return Track(row["label"], tuple(marks), words, f"asks {usd(row['asked_usd'])}", even, is_chosen)


def _merit_words(frame: pl.DataFrame) -> tuple[str, list[str]]:
    """How many candidates are worth what they ask, and which add nothing."""
    over = frame.filter(pl.col("per_worth") >= 1).height
    still = frame.filter(pl.col("worth") <= 0)["label"].to_list()
    if len(still) == frame.height:
        all_ = f"None of {frame.height} candidates adds anything alone"
        return f"{all_}: what they are worth, they are worth together", []
    verb, pronoun = ("is", "it asks") if over == 1 else ("are", "they ask")
    count = f"{over or 'None'} of {frame.height} candidates"
    title = f"{count} {verb} worth what {pronoun}, each taken alone and at the odds of the study"
    if not still:
        return title, []
    add = "adds" if len(still) == 1 else "add"
    return title, [f"{len(still)} of {frame.height} {add} nothing alone in these scenarios: {in_words(still, 6)}."]


def _break_even(page: Page) -> dict[str, str]:
    """Per project from which odds of the outlook in which it is worth most it pays, in words."""
    frame = page.results["break_even_odds"].filter(pl.col("break_even_odds_share").is_not_null())
    value = pl.col("stated_odds_share") * pl.col("gain_usd")
    best = frame.with_columns(value.alias("value")).sort("value", "outlook", descending=[True, False])
    found: dict[str, str] = {}
    for row in best.iter_rows(named=True):
        odds = row["break_even_odds_share"]
        found.setdefault(
            row["project"],
            f"pays at no odds of “{row['outlook']}” alone"
            if odds > 1
            else f"pays from odds of {written(odds, SHARE)} of “{row['outlook']}” alone; the study says "
            f"{written(row['stated_odds_share'], SHARE)}",
        )
    return found
