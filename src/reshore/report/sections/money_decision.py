"""The decision at the head of a report about money, in lines that can be read out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from reshore.funding.settings import COUNTS
from reshore.report.page import Page
from reshore.report.words import usd, usd_range
from reshore.study.words import gap_words, in_words
from reshore.units import SHARE, written

NAMED = 6
TURNS = 3


@dataclass(frozen=True)
class Decision:
    """Headings with their lines."""

    lines: tuple[tuple[str, str], ...]


def money_decision(page: Page) -> Decision | None:
    """What to fund, what it is worth, how sure that is, what it turns on, and what was really awarded."""
    plan = plan_of(page, "chosen")
    if plan is None:
        return None
    lines = (
        ("Decision", _decision(page, plan)),
        ("Beside what is made already", _made(page)),
        ("What it is worth", _worth(page, plan)),
        ("How sure that none is better", proof(plan)),
        ("What waiting to see is worth", _waiting(page)),
        ("What moves it most", _turns(page)),
        _beside(page),
    )
    return Decision(tuple((head, text) for head, text in lines if text))


def plan_of(page: Page, name: str) -> dict[str, Any] | None:
    """A plan of the table ``fund_plans``; ``None`` where the study has none of that name."""
    if "fund_plans" not in page.results.tables:
        return None
    rows = page.results["fund_plans"].filter(pl.col("plan") == name)
    return rows.row(0, named=True) if rows.height else None


def made_already(page: Page) -> pl.DataFrame:
    """Deals made before the plan, those that matter most first."""
    frame = page.results.tables.get("fund_commitments", pl.DataFrame())
    if frame.is_empty():
        return frame
    order = ("lost_usd", "project", "instrument", "date")
    return frame.sort(order, descending=[True, False, False, False], nulls_last=True)


def _made(page: Page) -> str:
    """Deals that are part of every draw, and that the plan neither makes nor undoes."""
    frame = made_already(page)
    if frame.is_empty():
        return ""
    named = [
        f"{row['label']} ({usd(row['amount_usd'])} on {row['date']}, {row['outcome']})"
        for row in frame.iter_rows(named=True)
    ]
    return f"{in_words(named, NAMED)}. They stand as far as is known; the worth of the plan is what it adds to them."


def _waiting(page: Page) -> str:
    """The plan kept whatever comes of its first year, and the later years planned anew."""
    frame = page.results.tables.get("fund_replan", pl.DataFrame())
    if frame.is_empty():
        return ""
    mean = frame.filter(pl.col("odds_share").is_null()).row(0, named=True)
    gain = usd_range(mean["gain_usd"], mean["gain_usd_low"], mean["gain_usd_high"])
    return (
        f"{gain}: kept whatever comes of its first year the plan avoids {usd(mean['kept_usd'])}, with the later years "
        f"planned anew once it is known who succeeds {usd(mean['anew_usd'])}; the range is that over the draws."
    )


def project_labels(page: Page) -> dict[str, str]:
    """Names of projects for people."""
    return dict(page.results["fund_candidates"].select("project", "label").iter_rows())


def project_sources(page: Page, projects: Sequence[str]) -> tuple[int, ...]:
    """The numbers of the sources of what is said of projects."""
    rows = page.results.package["projects"].filter(pl.col("project").is_in(list(projects)))
    return page.cite(rows["source"])


def project_source_keys(page: Page) -> list[str]:
    """Keys of the sources of the projects that were considered."""
    considered = page.results["fund_candidates"].filter(pl.col("considered"))["project"].to_list()
    rows = page.results.package["projects"].filter(pl.col("project").is_in(considered))
    return rows["source"].drop_nulls().to_list()


def instrument_labels(page: Page) -> dict[str, str]:
    """Names of instruments, and of the bundles of the study, for people."""
    fund = page.results.study.fund
    bundles = {} if fund is None else {bundle.bundle: bundle.label for bundle in fund.bundles}
    return dict(page.results.package["instruments"].select("instrument", "label").iter_rows()) | bundles


def built(page: Page, plan: dict[str, Any]) -> list[str]:
    """Names of the projects of a plan."""
    labels = project_labels(page)
    return [labels.get(key, key) for key in str(plan["built"] or "").split(";") if key]


def _decision(page: Page, plan: dict[str, Any]) -> str:
    deals = page.results["fund_deals"].sort("lost_usd", "project", "instrument", descending=[True, False, False])
    if deals.is_empty():
        return "Fund nothing: under these rules no candidate avoids any loss for its money."
    instruments = instrument_labels(page)
    parts = []
    for (key,), own in deals.group_by(["instrument"], maintain_order=True):
        named = [f"{row['label']} ({usd(row['amount_usd'])}{_year(row)})" for row in own.iter_rows(named=True)]
        parts.append(f"By {instruments.get(str(key), str(key))}: {in_words(named, NAMED)}.")
    left = _unspent(page, plan["face_usd"])
    return (
        f"{' '.join(parts)} In all {usd(plan['face_usd'])} of face value, {usd(plan['subsidy_usd'])} of cost to the "
        f"public.{left}"
    )


def _year(deal: dict[str, Any]) -> str:
    return "" if deal["award_year"] is None else f" in {deal['award_year']}"


def _unspent(page: Page, spent: float) -> str:
    """What is left of the budgets, where all of them are known and something is."""
    fund = page.results.study.fund
    own = dict(page.results.package["instruments"].select("instrument", "budget_face_usd").iter_rows())
    budgets = fund.budgets if fund is not None else ()
    known = [one.in_all(own.get(one.instrument)) for one in budgets]
    faces = [face for face in known if face is not None]
    made = made_already(page)
    if fund is not None and not made.is_empty() and not fund.budgets_are_left:
        paid = [*(one.instrument for one in budgets), *(one.bundle for one in fund.bundles)]
        spent += math.fsum(made.filter(pl.col("instrument").is_in(paid))["amount_usd"])
    left = math.fsum(faces) - spent
    if len(faces) < len(known) or left <= 1e-3 * math.fsum(faces):
        return ""
    return f" {usd(left)} of {usd(math.fsum(faces))} stays unspent."


def _worth(page: Page, plan: dict[str, Any]) -> str:
    fund = page.results.study.fund
    whose = COUNTS[fund.counts] if fund is not None else ""
    text = (
        f"{usd_range(plan['worth_usd'], plan['worth_usd_low'], plan['worth_usd_high'])} of expected loss avoided"
        f"{_discounted(page)}, counting {whose.replace('home', page.the_home)}; the range is that of the odds of the "
        "scenarios, which are opinions."
    )
    per = [
        f"{written(plan['worth_usd'] / plan[name])} USD per dollar of {words}"
        for name, words in (("face_usd", "face value"), ("subsidy_usd", "cost to the public"))
        if plan[name] > 0
    ]
    if fund is not None and fund.risk_weight > 0:
        weight, level = (written(share, SHARE) for share in (fund.risk_weight, fund.risk_level))
        text += f" Bad outlooks weigh more than their odds: {weight} of the weight lies on CVaR at level {level}."
    text += f" That is {' and '.join(per)}." if per else ""
    if plan["present_usd"] is not None and plan["present_usd"] > plan["worth_usd"]:
        text += " It costs the public more than the loss that it avoids: the rules spend a budget on whatever adds any."
    return text


def _discounted(page: Page) -> str:
    fund = page.results.study.fund
    return "" if fund is None else f" on the day of the decision, at {written(fund.discount.rate, SHARE)} a year"


def proof(plan: dict[str, Any]) -> str:
    """The certificate of a plan in words."""
    if plan["bound_usd"] is None or plan["gap_share"] is None:
        return "Not a search: nothing is proved about other plans."
    text = (
        f"No plan under the same rules, budgets and candidates is worth more than {usd(plan['bound_usd'])}: the "
        f"certified gap is {gap_words(plan['gap_share'])}. It speaks of the model, not of the world."
    )
    if plan["fresh_usd"] is None:
        return text
    fresh = usd_range(plan["fresh_usd"], plan["fresh_usd_low"], plan["fresh_usd_high"])
    return (
        f"{text} What becomes of projects is drawn: on fresh draws the plan avoids {fresh}, and with 95 % confidence "
        f"no plan avoids more than {usd(plan['sampling_gap_usd'])} above it."
    )


def _turns(page: Page) -> str:
    rows = page.results["fund_tornado"].filter(pl.col("swing_usd") > 0)
    rows = rows.sort("swing_usd", "assumption", descending=[True, False]).head(TURNS)
    parts = [
        f"{row['assumption']} ({row['low_case']} or {row['high_case']}: {usd_range(None, *_ends(row))})"
        for row in rows.iter_rows(named=True)
    ]
    return "; ".join(parts) + "." if parts else "None of the assumptions that were varied moves the worth of the plan."


def _ends(row: dict[str, Any]) -> tuple[float, float]:
    return row["worth_usd_low"], row["worth_usd_high"]


def _beside(page: Page) -> tuple[str, str]:
    real = plan_of(page, "real awards")
    if real is not None:
        return (
            "What was really awarded",
            f"{in_words(built(page, real), NAMED)}: {usd(real['face_usd'])} avoid "
            f"{usd_range(real['worth_usd'], real['worth_usd_low'], real['worth_usd_high'])} through the same flow, as "
            "far as the awards went to candidates of known capacity.",
        )
    asked = page.results["fund_deals"].filter(pl.col("needs_person").is_not_null()).height
    return "Before signing", f"{asked} of the deals have clauses that only a person can answer." if asked else ""
