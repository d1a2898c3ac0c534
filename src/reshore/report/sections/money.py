"""The plan: chosen deals, the merit ladder, the plan against what was really awarded, more money, and what moves it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import polars as pl

from reshore.report.grid import result_grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.money_commitments import commitments
from reshore.report.sections.money_decision import (
    built,
    instrument_labels,
    plan_of,
    project_labels,
    project_source_keys,
    project_sources,
    proof,
)
from reshore.report.sections.money_merit import merit
from reshore.report.sections.money_packages import packages
from reshore.report.sections.money_replan import replan
from reshore.report.sections.money_years import money_by_year
from reshore.report.sections.tracks import Mark, Track, scale, tracks
from reshore.report.words import usd, usd_range
from reshore.study.words import in_words
from reshore.units import SHARE, USD, written

ROWS = 16
NOTES = 8
LITTLE = 5e-3
"""Share of its worth by which a plan must grow for more money to be said to buy something."""

_FACT = re.compile(r" \(\w+ is not known\)")
"""The name of a missing fact, which the table keeps."""

_PLAN_WORDS = {
    "chosen": "This plan", "second best": "The next best plan",
    "without first": "Best without the project that matters most", "robust": "Best if odds are low",
    "real awards": "What was really awarded",
}  # fmt: skip


def money(page: Page) -> Block | None:
    """Deals, packages by part, merit ladder, real awards beside the plan, what moves it, and what more money buys."""
    if "fund_plans" not in page.results.tables:
        return None
    intro = (
        "Worth is expected loss that a plan avoids: what final users are served with it and without it, in each "
        "outlook, weighed by the odds that the study states. The odds are opinions; every range shows what they move."
    )
    figures = (
        deals(page), commitments(page), money_by_year(page), replan(page), packages(page), merit(page),
        real_and_plan(page), tornado(page), frontier(page),
    )  # fmt: skip
    return Block("The plan", intro, tuple(figure for figure in figures if figure is not None))


def _instrument_sources(page: Page, frame: pl.DataFrame) -> tuple[int, ...]:
    keys = {key for column in ("instrument", "parts") for text in frame[column].drop_nulls() for key in text.split(";")}
    rows = page.results.package["instruments"].filter(pl.col("instrument").is_in(sorted(keys)))
    return page.cite(rows["source"])


def usd_tick(value: float) -> str:
    """An amount on an axis."""
    return written(value, USD)


def deals(page: Page) -> Figure | None:
    """Money beside what would be lost without it, by instrument."""
    frame = page.results["fund_deals"].sort("instrument", "lost_usd", "project", descending=[False, True, False])
    if frame.is_empty():
        return None
    names = instrument_labels(page)
    axis = scale(0.0, max(1.0, *frame["amount_usd"], *frame["lost_usd"]))
    rows = []
    for row in frame.iter_rows(named=True):
        lost, paid = axis.at(row["lost_usd"]), axis.at(row["amount_usd"])
        part = "" if row["part_share"] > 0.9995 else f"{written(row['part_share'], SHARE)} of it is built; "
        made_of = [names.get(key, key) for key in (row["parts"] or "").split(";") if key]
        part += f"made of {in_words(made_of, 6)}; " if made_of else ""
        marks = (*((Mark("solid", 0.0, lost),) if row["lost_usd"] > 0 else ()), Mark("bound", paid, paid))
        rows.append(
            Track(row["label"], marks, f"{usd(row['amount_usd'])} → {usd(row['lost_usd'])}",
                  names.get(row["instrument"], row["instrument"])
                  + ("" if row["award_year"] is None else f", awarded in {row['award_year']}"),
                  f"{part}cost to the public {usd(row['subsidy_usd'])}")
        )  # fmt: skip
    after = [*_below_face(frame), *_for_a_person(frame)]
    columns = (
        "label", "instrument", "parts", "award_year", "good", "amount_usd", "subsidy_usd", "present_usd",
        "ready_months", "part_share", "lost_usd", "needs_person",
    )  # fmt: skip
    best = frame.sort("lost_usd", "project", descending=[True, False]).row(0, named=True)
    total = f"{frame.height} deal{'s' if frame.height != 1 else ''} for {usd(float(frame['amount_usd'].sum()))}"
    most = f"without {best['label']} most is lost" if frame.height > 1 else "without it is lost"
    return Figure(
        "money-deals",
        f"{total}; {most}: {usd(best['lost_usd'])}",
        "Bar: what is lost when the deal is taken away and nothing takes its place. Dashed mark: face value of the "
        "deal. A bar that reaches beyond its mark is worth more than its face value.",
        "Chosen deals. " + "; ".join(f"{row.label}, {row.note}: {row.words}" for row in rows) + ".",
        result_grid(page.results, "fund_deals", frame, columns, page.by_key, "Chosen deals", spoken=True),
        tuple(sorted({*project_sources(page, frame["project"].to_list()), *_instrument_sources(page, frame)})),
        "OUT/tables/fund_deals.csv",
        tracks(rows[:ROWS], axis, usd_tick, (("solid", "lost without it"), ("bound", "face value")), after=after,
               more=max(0, len(rows) - ROWS)),
    )  # fmt: skip


def _below_face(frame: pl.DataFrame) -> list[str]:
    """Deals that avoid less than their face value."""
    below = frame.filter(pl.col("lost_usd") < pl.col("amount_usd"))
    if below.is_empty():
        return []
    avoid = "avoids less than its" if below.height == 1 else "avoid less than their"
    which = (
        f"All {frame.height} deals" if below.height == frame.height > 1 else f"{below.height} of {frame.height} deals"
    )
    return [
        f"{which} {avoid} face value "
        f"({in_words(below['label'].to_list())}): the rules spend a budget on whatever adds anything, and what is lent "
        "is meant to come back."
    ]


def _for_a_person(frame: pl.DataFrame) -> list[str]:
    """Clauses that only a person can answer, each said once with the deals that it holds for."""
    found: dict[str, list[str]] = {}
    for row in frame.filter(pl.col("needs_person").is_not_null()).iter_rows(named=True):
        words = _FACT.sub("", row["needs_person"]).replace(": needs a person: ", ": ")
        found.setdefault(words, []).append(row["label"])
    return [
        f"Only a person can answer, for {'all deals' if len(names) == frame.height > 1 else in_words(names)}: {words}."
        for words, names in list(found.items())[:NOTES]
    ]


def real_and_plan(page: Page) -> Figure | None:
    """The plan, the next one, and what was really awarded, through the same flow."""
    frame = page.results["fund_plans"]
    order = {name: place for place, name in enumerate(_PLAN_WORDS)}
    plans = sorted(frame.iter_rows(named=True), key=lambda row: order[row["plan"]])
    if not plans:
        return None
    top = max(max(row["worth_usd"], row["worth_usd_high"] or 0.0, row["bound_usd"] or 0.0) for row in plans)
    least = min(0.0, *(min(row["worth_usd"], row["worth_usd_low"] or 0.0) for row in plans))
    axis = scale(least, max(top, 1.0))
    rows = []
    for row in plans:
        start, point = sorted((axis.at(0.0), axis.at(row["worth_usd"])))
        marks = [Mark("solid" if row["plan"] == "chosen" else "pale", start, point)] if point > start else []
        low, high = axis.at(row["worth_usd_low"]), axis.at(row["worth_usd_high"])
        marks += [Mark("thin", low, high)] if high > low else []
        if row["bound_usd"] is not None:
            marks.append(Mark("bound", axis.at(row["bound_usd"]), axis.at(row["bound_usd"])))
        names = in_words(built(page, row), 3) if row["built"] else "nothing"
        rows.append(
            Track(_PLAN_WORDS[row["plan"]], tuple(marks),
                  usd_range(row["worth_usd"], row["worth_usd_low"], row["worth_usd_high"]), names,
                  f"for {usd(row['face_usd'])} of face value", row["plan"] == "chosen")
        )  # fmt: skip
    chosen, real = plan_of(page, "chosen"), plan_of(page, "real awards")
    after = [proof(chosen)] if chosen else []
    if real is not None:
        after.append(
            "The comparison is not a verdict on those who awarded: they did not have this hindsight, what the others "
            "asked for is not known, they had other goals than supply, and only awards to candidates of known "
            "capacity count. An award below what a project asks is taken to build that part of it."
        )
    columns = (
        "plan", "worth_usd", "bound_usd", "gap_share", "face_usd", "subsidy_usd", "present_usd", "built_count",
        "method", "sentence",
    )  # fmt: skip
    return Figure(
        "money-plans",
        _plans_title(chosen, real),
        "Bar: expected loss avoided, every plan through the same flow program. Thin bar: over the ranges of the odds. "
        "Dashed mark: what no plan under the same rules can pass.",
        "Plans side by side. " + "; ".join(f"{row.label}, {row.note}: {row.words}" for row in rows) + ".",
        result_grid(page.results, "fund_plans", frame, columns, page.by_key, "Plans side by side", spoken=True),
        page.cite([*project_source_keys(page), *(page.results.package["awards"]["source"] if real else ())]),
        "OUT/tables/fund_plans.csv",
        tracks(rows, axis, usd_tick, (("solid", "this plan"), ("pale", "others"), ("thin", "range of the odds"),
               ("bound", "no plan passes this")), after=after),
    )  # fmt: skip


def _plans_title(chosen: Mapping[str, Any] | None, real: Mapping[str, Any] | None) -> str:
    if chosen is None:
        return "Plans side by side"
    own = f"The plan avoids {usd(chosen['worth_usd'])} for {usd(chosen['face_usd'])}"
    if real is None:
        return f"{own}; the study compares it with no programme"
    return f"{own}; what was really awarded, {usd(real['face_usd'])}, avoids {usd(real['worth_usd'])}"


def tornado(page: Page) -> Figure | None:
    """The worth of the plan when one assumption is changed."""
    frame = page.results["fund_tornado"].sort("swing_usd", "assumption", descending=[True, False])
    moving = frame.filter(pl.col("swing_usd") > 1e-3 * pl.col("worth_usd").abs())
    if moving.is_empty():
        return None
    base = moving["worth_usd"][0]
    axis = scale(min(0.0, float(moving["worth_usd_low"].min())), float(moving["worth_usd_high"].max()))  # type: ignore[arg-type]
    rows = []
    for row in moving.iter_rows(named=True):
        ends = axis.at(row["worth_usd_low"]), axis.at(row["worth_usd_high"])
        rows.append(
            Track(row["assumption"], (Mark("solid", *ends),),
                  usd_range(None, row["worth_usd_low"], row["worth_usd_high"]), "",
                  f"{row['low_case']} or {row['high_case']}")
        )  # fmt: skip
    still = frame.height - moving.height
    after = [f"{still} more that were varied move next to nothing."] if still else []
    first = moving.row(0, named=True)
    return Figure(
        "money-tornado",
        f"“{first['assumption']}” moves the worth of the plan most: "
        f"{usd_range(None, first['worth_usd_low'], first['worth_usd_high'])}",
        f"The plan is kept and one assumption changed at a time. The dashed line, {usd(base)}, is its worth as the "
        f"study says.",
        "What moves the plan. " + "; ".join(f"{row.label}: {row.words}" for row in rows) + ".",
        result_grid(page.results, "fund_tornado", frame,
                    ("assumption", "low_case", "high_case", "worth_usd", "swing_usd"), page.by_key,
                    "What moves the worth of the plan", spoken=True),
        page.cite(project_source_keys(page)),
        "OUT/tables/fund_tornado.csv",
        tracks(rows[:ROWS], axis, usd_tick, (("solid", "worth in the two cases"), ("rule", "as the study says")),
               rule=base, after=after),
    )  # fmt: skip


def frontier(page: Page) -> Figure | None:
    """What more money buys, and the project that enters at each step."""
    frame = page.results["fund_frontier"].sort("budget_usd")
    if frame.height < 2:
        return None
    labels = project_labels(page)
    points = list(frame.iter_rows(named=True))
    axis = scale(0.0, max(1.0, *(max(row["worth_usd"], row["bound_usd"]) for row in points)))
    rows: list[Track] = []
    before = {"budget_usd": 0.0, "worth_usd": 0.0} if _is_only_budget(page) else None
    for row in points:
        marks = [Mark("solid", 0.0, axis.at(row["worth_usd"]))] if row["worth_usd"] > 0 else []
        marks.append(Mark("bound", axis.at(row["bound_usd"]), axis.at(row["bound_usd"])))
        rows.append(
            Track(f"Budget {usd(row['budget_usd'])}", tuple(marks), usd(row["worth_usd"]), _changes(row, labels),
                  "; ".join(filter(None, (f"{usd(row['face_usd'])} spent", _next_million(before, row)))))
        )  # fmt: skip
        before = row
    useful = [b for a, b in pairwise(points) if b["worth_usd"] > a["worth_usd"] * (1 + LITTLE)]
    last = useful[-1]["budget_usd"] if useful else points[0]["budget_usd"]
    title = (
        f"More money buys more up to {usd(last)}"
        if last == points[-1]["budget_usd"]
        else f"Above {usd(last)} more money buys next to nothing"
    )
    return Figure(
        "money-frontier",
        f"{title}: {usd(points[-1]['worth_usd'])} at {usd(points[-1]['budget_usd'])}",
        "The best plan for each budget of the first instrument, from the smallest to the largest. Dashed mark: what "
        "no plan with that budget can pass. Small print: who enters, and what a further million buys on the "
        "way from the row above.",
        "Frontier. " + "; ".join(f"{row.label}: {row.words}, {row.note}" for row in rows) + ".",
        result_grid(page.results, "fund_frontier", frame,
                    ("budget_usd", "worth_usd", "bound_usd", "gap_share", "face_usd", "enters", "leaves"), page.by_key,
                    "What more money buys", spoken=True),
        page.cite(project_source_keys(page)),
        "OUT/tables/fund_frontier.csv",
        tracks(rows, axis, usd_tick, (("solid", "worth of the best plan"), ("bound", "no plan passes this"))),
    )  # fmt: skip


def _changes(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    def named(keys: str | None) -> str:
        return in_words([labels.get(key, key) for key in (keys or "").split(";") if key], 4)

    parts = [f"{named(row[key])} {verb}" for key, verb in (("enters", "in"), ("leaves", "out")) if row[key]]
    return "; ".join(parts) or "the same projects"


def _is_only_budget(page: Page) -> bool:
    """Whether nothing can be bought without the budget that the frontier varies."""
    fund = page.results.study.fund
    return fund is not None and len(fund.budgets) == 1


def _next_million(before: Mapping[str, Any] | None, row: Mapping[str, Any]) -> str:
    if before is None:
        return ""
    more = row["budget_usd"] - before["budget_usd"]
    gain = row["worth_usd"] - before["worth_usd"]
    return f"a further million buys {usd(1e6 * gain / more) if 1e6 * gain >= more else 'nothing'}" if more > 0 else ""
