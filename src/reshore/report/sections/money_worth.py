"""What security is worth: payments for it, bundles, prices of capacity, who produces the value, regret, left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from reshore.pricing.records import LEDGER
from reshore.report.colors import grow_class
from reshore.report.grid import grid, result_grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.bars import Bar, Part, span
from reshore.report.sections.money import usd_tick
from reshore.report.sections.money_decision import plan_of, project_source_keys, project_sources
from reshore.report.sections.tracks import Key, Mark, Sentences, Track, scale, tracks
from reshore.report.words import usd, usd_range
from reshore.study.words import first_upper, in_words
from reshore.units import SHARE, written

ROWS = 16
JOINT = 0.01
"""Share by which a bundle must be worth more than its members to be spoken of."""

NO_BUNDLE = "No pair of candidates was found that is worth more together than apart."

_LOOKS = {
    "project": "home", "capacity": "solid", "stock": "ally", "store": "pale", "delivery": "other", "demand": "group",
}  # fmt: skip


@dataclass(frozen=True)
class Stacks:
    """Bars of parts that add up."""

    rows: tuple[Bar, ...]
    key: Key
    after: tuple[str, ...] = ()
    kind: str = field(default="stacks", init=False)


def money_worth(page: Page) -> Block | None:
    """Payments, bundles, prices of capacity, the ledger, regret, and candidates left out."""
    if "fund_plans" not in page.results.tables:
        return None
    intro = (
        "Prices are what a little more of something would add to expected service, at the plan. A payment for what a "
        "project produces lies between what its capacity earns at those prices and what it would earn without it."
    )
    figures = (payments(page), bundles(page), prices(page), ledger(page), regret(page), left_out(page))
    return Block("What security is worth", intro, tuple(figure for figure in figures if figure is not None))


def payments(page: Page) -> Figure | None:
    """Payments by three rules: the interval from Owen over the pivotal rule to the bracket, and what is asked."""
    frame = page.results["security_payments"].sort("payment_usd", "project", descending=[True, False])
    frame = frame.with_columns(asked_part=pl.col("asked_usd") * pl.col("part_share"))
    if frame.is_empty():
        return None
    names = ("payment_usd", "owen_usd", "pivotal_usd", "bracket_usd", "asked_part")
    axis = scale(
        min(0.0, *(float(frame[name].min()) for name in names)),  # type: ignore[arg-type]
        max(1.0, *(float(frame[name].max()) for name in names)),  # type: ignore[arg-type]
    )
    rows = []
    for row in frame.iter_rows(named=True):
        at = {name: axis.at(row[name]) for name in names}
        interval = (Mark("pale", at["owen_usd"], at["bracket_usd"]),) if at["bracket_usd"] > at["owen_usd"] else ()
        marks = (
            *interval, Mark("level", at["payment_usd"], at["payment_usd"]),
            Mark("point", at["pivotal_usd"], at["pivotal_usd"]), Mark("bound", at["asked_part"], at["asked_part"]),
        )  # fmt: skip
        low, high = row["owen_usd"], row["bracket_usd"]
        between = f"{usd(low)} to {usd(high)}" if written(low) != written(high) else usd(low)
        between = f"at marginal prices {between}"
        rows.append(Track(row["label"], marks, usd(row["payment_usd"]), _asks(row), between))
    enough = frame.filter(pl.col("payment_usd") >= pl.col("asked_part")).height
    return Figure(
        "money-payments",
        f"{enough or 'None'} of {frame.height} projects {'produces' if enough == 1 else 'produce'} security worth what "
        f"{'it asks' if enough == 1 else 'they ask'}; in all {usd(float(frame['payment_usd'].sum()))}",
        "Pale bar: from prices at the plan (Owen) to prices without the project. Black: what is lost without it "
        "(pivotal, Vickrey–Clarke–Groves). Blue: payment along the way from nothing to the plan; these add up to the "
        f"plan's worth{_at_mean(page, float(frame['payment_usd'].sum()))}.",
        "Payments. " + "; ".join(f"{row.label}: {row.words}, {row.below}, {row.note}" for row in rows) + ".",
        result_grid(page.results, "security_payments", frame,
                    ("label", "part_share", *names[:-1], "asked_usd"), page.by_key,
                    "What projects produce", spoken=True),
        project_sources(page, frame["project"].to_list()),
        "OUT/tables/security_payments.csv",
        tracks(rows[:ROWS], axis, usd_tick,
               (("pale", "interval of prices"), ("level", "payment that adds up"), ("point", "lost without it"),
                ("bound", "asked for")),
               after=() if page.results["security_bundles"].height else (NO_BUNDLE,), more=max(0, len(rows) - ROWS)),
    )  # fmt: skip


def _at_mean(page: Page, worth: float) -> str:
    """Why a worth is not that of the plan, where it is not: chance enters by its mean."""
    chosen = plan_of(page, "chosen")
    if chosen is None or abs(chosen["worth_usd"] - worth) <= 5e-3 * abs(worth):
        return ""
    return (
        " with every project at its mean output; over draws, in which a project comes whole or not at all, it is "
        f"{usd(chosen['worth_usd'])}"
    )


def _asks(row: dict[str, Any]) -> str:
    """What a project asks for the part of it that is built."""
    part = "" if row["part_share"] > 0.9995 else f" for {written(row['part_share'], SHARE)} of it"
    return f"asks {usd(row['asked_part'])}{part}"


def bundles(page: Page) -> Figure | None:
    """Projects that are worth more together, as sentences."""
    frame = page.results["security_bundles"].with_columns((pl.col("together_usd") - pl.col("alone_usd")).alias("more"))
    if frame.is_empty():
        return None
    frame = frame.sort("more", "members", descending=[True, False])
    kept = frame.filter(pl.col("more") > JOINT * pl.col("together_usd"))
    if kept.is_empty():
        title = "No pair of candidates is worth noticeably more together than apart"
        lines: Sequence[str] = (f"Every pair that was tried adds at most {written(JOINT, SHARE)} more together.",)
    else:
        first = kept.row(0, named=True)
        title = f"{kept.height} bundle{'s' if kept.height > 1 else ''}: {first['sentence']}"
        lines = [f"{sentence}." for sentence in kept["sentence"].head(ROWS)]
    return Figure(
        "money-bundles",
        title,
        "Projects that together add more than the sum of what each adds alone, found by solving; a price for one of "
        "them alone is blind to it.",
        f"Bundles. {' '.join(lines)}",
        result_grid(page.results, "security_bundles", frame, ("members", "together_usd", "alone_usd", "sentence"),
                    page.by_key, "What is worth more together", spoken=True),
        page.cite(project_source_keys(page)),
        "OUT/tables/security_bundles.csv",
        Sentences(tuple(lines)),
    )  # fmt: skip


def prices(page: Page) -> Figure | None:
    """What capacity for a year's world output would add per year, with its range."""
    frame = page.results["security_prices"].sort("price_usd_per_year", "good", descending=[True, False])
    if frame.is_empty():
        return None
    name = "price_usd_per_year"
    axis = scale(0.0, max(1.0, float(frame[f"{name}_high"].max() or 0.0), float(frame[name].max() or 0.0)))  # type: ignore[arg-type]
    rows = []
    priced = frame.filter(pl.col(name) >= 1)
    for row in (priced if priced.height else frame).iter_rows(named=True):
        point, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
        marks = [Mark("solid", 0.0, axis.at(point))] if point and point >= 1 else []
        marks += [Mark("thin", axis.at(low), axis.at(high))] if axis.at(high) > axis.at(low) else []
        unit = f"{usd(row['price_usd_per_unit'])} per {row['unit']}" if row["price_usd_per_unit"] is not None else ""
        worth = (point or 0.0) >= 1
        rows.append(
            Track(row["label"], tuple(marks), (unit or usd_range(point, low, high)) if worth else "worth nothing here",
                  "" if unit or not worth else "world output not known",
                  f"{usd_range(point, low, high)} for a year's world output" if worth and unit else "")
        )  # fmt: skip
    free = frame.filter(pl.col(name) < 1)["label"].to_list()
    after = [f"More capacity adds nothing, at the plan, in {in_words(free, 8)}."] if free else []
    title = (
        f"Standing capacity is worth most in {rows[0].label}: {rows[0].words} and year"
        if priced.height
        else "A little more capacity of one good alone adds nothing at the plan"
    )
    return Figure(
        "money-prices",
        title,
        "What a little more capacity would add to expected service per year, at the plan, by the odds of the "
        "scenarios; the bar is the price of a year's world output, if it held that far.",
        "Prices of capacity. " + "; ".join(f"{row.label}: {row.words}" for row in rows) + ".",
        result_grid(page.results, "security_prices", frame,
                    ("label", "price_usd_per_year", "price_usd_per_unit", "unit"), page.by_key,
                    "What capacity is worth", spoken=True),
        page.sources_upstream([good for good in frame["good"] if good in page.by_key]),
        "OUT/tables/security_prices.csv",
        tracks(rows[:ROWS], axis, usd_tick, (("solid", "price"), ("thin", "range of prices")), after=after,
               more=max(0, len(rows) - ROWS)),
    )  # fmt: skip


def ledger(page: Page) -> Figure | None:
    """What is served in each outlook, divided among what makes it possible; parts add up to the total."""
    frame = page.results["security_ledger"]
    if frame.is_empty():
        return None
    parties = LEDGER.column("party").choices or {}
    sums = frame.group_by("outlook", "party").agg(pl.col("value_usd").sum()).sort("outlook", "party")
    outlooks = sums["outlook"].unique().sort().to_list()
    totals = dict(sums.filter(pl.col("party") == "total").select("outlook", "value_usd").iter_rows())
    top = max([1.0, *totals.values()])
    bars, cells = [], []
    for outlook in outlooks:
        parts = dict(sums.filter(pl.col("outlook") == outlook).select("party", "value_usd").iter_rows())
        total = totals.get(outlook, 0.0)
        drawn = [Part(look, grow_class(parts[name] / top)) for name, look in _LOOKS.items() if parts.get(name, 0.0) > 0]
        rest = max(0.0, 1.0 - total / top)
        drawn += [Part("rest", grow_class(rest))] if rest > 0.001 else []
        mine = parts.get("project", 0.0)
        note = f"of it by projects of the plan {usd(mine)}" if mine else "the plan adds nothing here"
        note = note if total else "no final use can run short, so nothing is divided"
        bars.append(Bar(first_upper(outlook), (tuple(drawn),), (usd(total) if total else "not scarce",), note))
        cells.append([(outlook, ""), *((usd(parts.get(name, 0.0)), "") for name in (*_LOOKS, "total"))])
    best = max(outlooks, key=lambda outlook: _projects(sums, outlook))
    least = min([one for one in outlooks if totals.get(one)] or outlooks, key=lambda one: totals.get(one, 0.0))
    return Figure(
        "money-ledger",
        f"The plan produces most in “{best}”, {usd(_projects(sums, best))}; least is served in "
        f"{'it' if least == best else f'“{least}”'}, {usd(totals.get(least, 0.0))}",
        "Value of what is served of the final uses that can run short in an outlook, divided by dual prices among "
        "everything that makes it possible. The parts of a bar add up to what is served; every project at its mean "
        "output.",
        "Ledger by outlook. " + "; ".join(f"{bar.label}: {bar.words[0]}, {bar.note}" for bar in bars) + ".",
        grid("Who produces the value", ("Outlook", *(parties.get(name, name).capitalize() for name in _LOOKS), "Total"),
             cells, tuple(range(1, 2 + len(_LOOKS)))),
        page.cite(project_source_keys(page)),
        "OUT/tables/security_ledger.csv",
        Stacks(tuple(bars), tuple((look, parties.get(name, name)) for name, look in _LOOKS.items())),
    )  # fmt: skip


def _projects(sums: pl.DataFrame, outlook: str) -> float:
    rows = sums.filter((pl.col("outlook") == outlook) & (pl.col("party") == "project"))
    return float(rows["value_usd"].sum())


def regret(page: Page) -> Figure | None:
    """What the plan brings in each outlook beside the best plan for that outlook alone."""
    frame = page.results["fund_regret"].sort("regret_usd", "best_usd", "outlook", descending=[True, True, False])
    if frame.is_empty():
        return None
    axis = scale(0.0, max(1.0, *frame["best_usd"], *frame["worth_usd"]))
    rows = []
    for row in frame.iter_rows(named=True):
        own, best = axis.at(row["worth_usd"]), axis.at(row["best_usd"])
        marks = (*((Mark("solid", 0.0, own),) if row["worth_usd"] > 0 else ()), Mark("bound", best, best))
        words = "no regret" if row["regret_usd"] < 1 else f"regret {usd(row['regret_usd'])}"
        odds = f"odds in the study {written(row['odds_share'], SHARE)}"
        rows.append(
            Track(first_upper(row["outlook"]), marks, words, odds, f"{usd(row['worth_usd'])} of {usd(row['best_usd'])}")
        )
    worst = frame.row(0, named=True)
    title = (
        f"Regret is largest in “{worst['outlook']}”: {usd(worst['regret_usd'])} less than the best plan for it alone"
        if worst["regret_usd"] >= 1
        else "In no outlook would another plan have brought more"
    )
    return Figure(
        "money-regret",
        title,
        "Bar: what the plan adds if the outlook comes. Dashed mark: what the best plan for that outlook alone adds.",
        "Regret. " + "; ".join(f"{row.label}: {row.words}, {row.below}" for row in rows) + ".",
        result_grid(page.results, "fund_regret", frame,
                    ("outlook", "odds_share", "worth_usd", "best_usd", "regret_usd"), page.by_key, "Regret",
                    spoken=True),
        page.cite(project_source_keys(page)),
        "OUT/tables/fund_regret.csv",
        tracks(rows, axis, usd_tick, (("solid", "this plan"), ("bound", "the best plan for it alone"))),
    )  # fmt: skip


def left_out(page: Page) -> Figure | None:
    """Candidates that no plan could choose, and offers that were not made, by reason."""
    frame = page.results["fund_candidates"]
    out = frame.filter(~pl.col("considered")).sort("reason", "label")
    offers = page.results["fund_left_out"]
    if out.is_empty() and offers.is_empty():
        return None
    counts = sorted(Counter(out["reason"].fill_null("no reason stated")).items(), key=lambda item: (-item[1], item[0]))
    bars = []
    for reason, count in counts:
        names = out.filter(pl.col("reason").fill_null("no reason stated") == reason)["label"].to_list()
        share = count / frame.height
        bars.append(Bar(reason, (span(share, share),), (f"{count} of {frame.height}",), in_words(names, 3)))
    after = [
        f"{row['project'] or 'All projects'}, {row['instrument']}: {row['reason']}."
        for row in offers.sort("instrument", "project", nulls_last=True).head(6).iter_rows(named=True)
    ]
    assumed = frame.filter(pl.col("considered") & pl.col("assumed").is_not_null()).height
    considered = frame.filter(pl.col("considered")).height
    if assumed:
        after.append(
            f"Of the {considered} that were considered, {assumed} {'rests' if assumed == 1 else 'rest'} on assumed "
            "terms, named in the table."
        )
    why = f", mostly for this reason: {counts[0][0]}" if counts else ""
    return Figure(
        "money-left-out",
        f"{out.height} of {frame.height} candidates could not be chosen{why}",
        "What cannot be measured cannot be funded by this plan; that says nothing about its merit.",
        "Left out. " + "; ".join(f"{bar.label}: {bar.words[0]}, {bar.note}" for bar in bars) + ".",
        result_grid(page.results, "fund_candidates", frame.sort("considered", "reason", "label"),
                    ("label", "considered", "reason", "good", "capacity_share", "asked_usd", "ready_months",
                     "odds_share", "assumed"), page.by_key, "Candidates", spoken=True),
        page.cite(page.results.package["projects"]["source"]),
        "OUT/tables/fund_candidates.csv",
        Stacks(tuple(bars), (), tuple(after)),
    )  # fmt: skip
