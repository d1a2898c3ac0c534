"""Plans as tables: what to fund, what stands around it, and what was really awarded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import polars as pl

from reshore.funding.budgets import Tranche
from reshore.funding.candidates import LeftOut, Option
from reshore.funding.fund import Funded
from reshore.funding.portfolio import Deal, Plan
from reshore.funding.settings import Delay
from reshore.optimize.program import Floats
from reshore.study.money.question import MILLION, NOTHING, Question, Rows, usd
from reshore.study.money.samples import Samples
from reshore.units import SHARE, USD, written

RATES = (0.02, 0.07)
"""Discount rates that the worth of the plan is tried at: those of OMB Circular A-94 of 2023 and of 1992."""


def _range(question: Question, built: Floats) -> tuple[float, float]:
    """Worth of a plan over the ranges of odds."""
    low, _, high = np.array([odds for name, odds in question.odds.items() if name != NOTHING]).T
    return question.fund.odds_range(built, low, high)


def plans(question: Question, chosen: Funded, fresh: Samples | None = None) -> Rows:
    """The chosen plan, with what it comes to on `fresh` draws; the next, the robust one; what was really awarded."""
    rows = [_plan_row(question, "chosen", chosen.plan, chosen.built, chosen)]
    if fresh is not None:
        low, mean, high = map(usd, fresh.fresh)
        rows[0] |= {"fresh_usd": mean, "fresh_usd_low": low, "fresh_usd_high": high, "sampling_gap_usd": usd(fresh.gap)}
    second = question.fund.second_best(chosen)
    if second is not None:
        name = "without first" if question.rules.divisible else "second best"
        rows.append(_plan_row(question, name, second.plan, second.built, second))
    rows.append(_robust(question, chosen))
    real = _real_awards(question)
    if real is not None:
        row = _plan_row(question, "real awards", real.plan, real.built, None)
        if real.unmatched_usd > 0:
            row["sentence"] = (
                f"{row['sentence']}; {written(real.unmatched_usd, USD)} USD more went to projects that are no "
                "candidate, or cannot be told apart"
            )
        rows.append(row)
    return rows


def _robust(question: Question, chosen: Funded) -> dict[str, object]:
    """The plan that is best at the low ends of the odds: its least worth over their ranges is greatest."""
    low = np.array([ends[0] for name, ends in question.odds.items() if name != NOTHING])
    found = question.fund.best_at(question.fund.spread(low), chosen)
    row = _plan_row(question, "robust", found.plan, found.built, None)
    same = "as chosen; " if set(found.plan.built) == set(chosen.plan.built) else ""
    bound = f"{same}at the low ends of the odds no plan is worth more than {written(usd(found.bound), USD)} USD"
    return row | {"method": "best at the low ends of the odds", "sentence": f"{row['sentence']}; {bound}"}


def fresh_draws(fresh: Samples | None) -> Rows:
    """The chosen plan on each sample of draws that it was not chosen on."""
    if fresh is None:
        return []
    pairs = zip(fresh.worth.tolist(), fresh.bound.tolist(), strict=True)
    return [
        {"sample": number, "worth_usd": usd(worth), "bound_usd": usd(bound), "gap_usd": usd(bound - worth)}
        for number, (worth, bound) in enumerate(pairs, 1)
    ]


def _plan_row(question: Question, name: str, plan: Plan, built: Floats, funded: Funded | None) -> dict[str, object]:
    worth = question.fund.worth(built)[0]
    low, high = _range(question, built)
    labels = {option.project: option.candidate.label for option in question.options.options}
    named = ", ".join(labels[project] for project in plan.projects) or "nothing"
    method, proof = "the awards as announced", ""
    if funded is not None:
        method = f"cuts, {funded.rounds} rounds" if funded.method == "cuts" else "the program in full"
        proof = f"; no other plan under these rules is worth more than {written(usd(funded.bound), USD)}"
    sentence = (
        f"{named}: {written(usd(plan.face), USD)} USD of face value avoid {written(usd(worth), USD)} USD of expected "
        f"loss ({written(usd(low), USD)} to {written(usd(high), USD)} over the range of odds){proof}"
    )
    if question.unvalued:
        sentence += f"; nobody knows the value of {', '.join(question.unvalued)}, which count for nothing here"
    return {
        "plan": name, "worth_usd": usd(worth), "worth_usd_low": usd(low), "worth_usd_high": usd(high),
        "bound_usd": None if funded is None else usd(funded.bound),
        "gap_share": None if funded is None else funded.gap_share,
        "face_usd": usd(plan.face), "subsidy_usd": None if math.isnan(plan.subsidy) else usd(plan.subsidy),
        "present_usd": None if math.isnan(plan.present) else usd(plan.present),
        "built_count": len(plan.projects), "built": ";".join(plan.projects) or None, "method": method,
        "sentence": sentence,
    }  # fmt: skip


@dataclass(frozen=True)
class _Awarded:
    """Real awards as a plan, what it builds of each candidate, and the money that went to none of them."""

    plan: Plan
    built: Floats
    unmatched_usd: float


def _real_awards(question: Question) -> _Awarded | None:
    """What was really awarded by the programmes named in the study, for the same candidates.

    An award belongs to the one candidate of its organization that makes its good; where there is none, or several, it
    is not guessed.
    """
    programmes = question.settings.compare_with
    if not programmes:
        return None
    awards = question.package["awards"].filter(
        pl.col("programme").is_in(list(programmes))
        & (pl.col("status") != "cancelled")
        & pl.col("amount_usd").is_not_null()
    )
    first = [ways[0] for ways in question.options.by_project.values()]
    made: list[Deal] = []
    parts: dict[str, float] = {}
    unmatched = 0.0
    for row in awards.sort("award").iter_rows(named=True):
        fitting = [
            option
            for option in first
            if option.organization == row["organization"] and row["good"] in (None, option.capacity.good)
        ]
        if len(fitting) != 1:
            unmatched += row["amount_usd"]
            continue
        (option,) = fitting
        amount = row["amount_usd"] / MILLION
        part = min(1.0, amount / option.candidate.asks) if option.candidate.asks > 0 else 1.0
        name = option.candidate.name
        parts[name] = min(1.0, parts.get(name, 0.0) + part)
        made.append(Deal(option.candidate.name, row["award"], amount, math.nan))
    if not made:
        return None
    projects = {option.candidate.name: option.project for option in question.options.options}
    names = tuple(sorted(parts))
    plan = Plan(names, tuple(parts[name] for name in names), tuple(made), tuple(projects[name] for name in names))
    built = question.fund.parts(parts)
    return _Awarded(plan, built, unmatched)


def deals(question: Question, chosen: Funded) -> Rows:
    """Who gets how much, by which instrument, and what would be lost without it."""
    lost = dict(question.fund.removals(chosen).iter_rows())
    parts = dict(zip(chosen.plan.built, chosen.plan.parts, strict=True))
    options = {option.candidate.name: option for option in question.options.options}
    made_of = {bundle.bundle: ";".join(bundle.instruments) for bundle in question.settings.bundles}
    rows: Rows = []
    for deal in chosen.plan.deals:
        option = options[deal.candidate]
        persons = _reasons(question.options.needs_person, option.project, deal.instrument)
        rows.append(
            {"project": option.project, "label": option.candidate.label, "instrument": deal.instrument,
             "parts": made_of.get(deal.instrument), "award_year": deal.year, "good": option.capacity.good,
             "amount_usd": usd(deal.amount), "subsidy_usd": usd(deal.subsidy), "present_usd": usd(deal.present),
             "award_months": option.capacity.start_month - option.wait_months, "ready_months": _full_months(option),
             "part_share": option.rest * parts[deal.candidate], "lost_usd": usd(lost.get(deal.candidate, 0.0)),
             "needs_person": persons}
        )  # fmt: skip
    return rows


def commitments(question: Question, chosen: Funded) -> Rows:
    """Deals that are made already, and what would be lost beside the chosen plan if their project brought nothing."""
    settings, standing = question.settings, question.options.standing
    lost = dict(zip((option.project for option in standing), _without_standing(question, chosen), strict=True))
    ready = {
        option.project: (_full_months(option), *(_full_months(option, settings.delay, luck) for luck in (0.0, 1.0)))
        for option in standing
    }
    rows: Rows = []
    for one, deal in zip(settings.commitments, question.options.committed, strict=True):
        months = ready.get(one.project, ())
        rows.append(
            {"project": one.project, "label": deal.candidate.label, "instrument": one.instrument, "date": one.date,
             "budget_year": deal.year, "amount_usd": usd(deal.amount),
             "subsidy_usd": usd(deal.amount * deal.offer.subsidy_rate), "part_share": deal.part,
             "outcome": one.outcome, "late_months": one.late_months, "stands": one.project in ready,
             "ready_months": months[0] if months else None, "ready_months_low": min(months, default=None),
             "ready_months_high": max(months, default=None),
             "lost_usd": usd(lost[one.project]) if one.project in lost else None}
        )  # fmt: skip
    return rows


def _without_standing(question: Question, chosen: Funded) -> list[float]:
    """What each standing project adds to what stands beside it and to the chosen plan."""
    security = question.fund.security
    found = []
    for place in range(len(security.standing)):
        outlooks = []
        for outlook in security.outlooks:
            assert outlook.standing is not None
            without = outlook.standing.copy()
            without[place] = 0.0
            outlooks.append(replace(outlook, standing=without))
        other = question.with_outlooks(tuple(outlooks))
        found.append(max(0.0, other.objective(chosen.built) - question.fund.objective(chosen.built)))
    return found


def by_year(question: Question, chosen: Funded) -> Rows:
    """What comes, is there, is spent and is left over by year and budget, to the dollar."""
    rows: Rows = []
    offers = {(offer.candidate, offer.instrument): offer for offer in question.options.offers}
    years, rules = question.settings.years, question.rules
    for pool in rules.pools if years else ():
        tranches = pool.years or tuple(
            Tranche(year, *(limit if limit is None or year == years[0] else 0.0 for limit in (pool.face, pool.subsidy)))
            for year in years
        )
        carries, left = pool.carries_over or not pool.years, {"face": Fraction(0), "subsidy": Fraction(0)}
        for tranche in tranches:
            taken = [
                (deal, takes)
                for deal in chosen.plan.deals
                for takes in (offers[deal.candidate, deal.instrument].takes(pool.name),)
                if deal.year == tranche.year and any(takes)
            ]
            made = [one.takes(pool.name) for one in rules.committed if one.year == tranche.year and not rules.left]
            row: dict[str, object] = {"instrument": pool.name, "year": tranche.year, "deals_count": len(taken),
                                      "carries_over": carries}  # fmt: skip
            for place, (kind, comes) in enumerate((("face", tranche.face), ("subsidy", tranche.subsidy))):
                spent = sum((round(usd(deal.amount)) * takes[place] for deal, takes in taken), Fraction(0))
                committed = sum((amounts[place] * int(MILLION) for amounts in made), Fraction(0))
                row |= {f"{kind}_spent_usd": float(spent), f"{kind}_committed_usd": float(committed)}
                if comes is not None:
                    came = Fraction(str(comes)) * int(MILLION)
                    there = came + (left[kind] if carries else 0)
                    left[kind] = there - committed - spent
                    row |= {f"{kind}_comes_usd": float(came), f"{kind}_there_usd": float(there),
                            f"{kind}_left_usd": float(left[kind])}  # fmt: skip
            rows.append(row)
    return rows


def _reasons(found: Sequence[LeftOut], project: str, instrument: str) -> str | None:
    words = [one.reason for one in found if one.project == project and one.instrument == instrument]
    return "; ".join(words) or None


def _full_months(option: Option, delay: Delay | None = None, luck: float = 0.5) -> float:
    """Months from the decision to full output."""
    return option.ready_months(delay, luck) + option.capacity.ramp_months


def candidates(question: Question) -> Rows:
    """Projects that were considered, and those that were left out."""
    rows: Rows = []
    labels = dict(question.package["projects"].select("project", "label").iter_rows())
    goods = dict(question.package["projects"].select("project", "good").iter_rows())
    delay = question.settings.delay
    for ways in question.options.by_project.values():
        option = ways[0]
        planned = [_full_months(way) for way in ways]
        ends = [_full_months(way, delay, luck) for way in ways for luck in (0.0, 1.0)]
        rows.append(
            {"project": option.project, "label": option.candidate.label, "considered": True,
             "good": option.capacity.good,
             "capacity_share": option.capacity.capacity, "asked_usd": usd(option.candidate.asks),
             "ready_months": planned[0], "ready_months_low": min(planned + ends),
             "ready_months_high": max(planned + ends),
             "odds_share": option.odds, "assumed": "; ".join(option.assumed) or None}
        )  # fmt: skip
    for one in question.options.left_out:
        if one.project and not one.instrument:
            rows.append({"project": one.project, "label": labels[one.project], "considered": False,
                         "good": goods[one.project], "reason": one.reason})  # fmt: skip
    return rows


def frontier(question: Question) -> Rows:
    """The best plan for each budget of the first instrument."""
    first = question.rules.pools[0]
    whole = first.whole_face
    if whole is None:
        return []
    budgets = [part * whole for part in question.settings.frontier]
    return [
        {"budget_usd": usd(point.budget), "worth_usd": usd(point.funded.worth), "bound_usd": usd(point.funded.bound),
         "gap_share": point.funded.gap_share, "face_usd": usd(point.funded.plan.face),
         "enters": ";".join(point.enters) or None, "leaves": ";".join(point.leaves) or None}
        for point in question.fund.frontier(budgets, first.name)
    ]  # fmt: skip


def regret(question: Question, chosen: Funded) -> Rows:
    """Regret on the mean capacity of projects: one outlook per scenario."""
    mean = question.mean
    worth, by_outlook = mean.worth(chosen.built)
    table = mean.regret(replace(chosen, worth=worth, by_outlook=by_outlook))
    return [
        {"outlook": row["outlook"], "odds_share": question.odds[row["outlook"]][1],
         "worth_usd": usd(row["worth_usd_m"]), "best_usd": usd(row["best_usd_m"]),
         "regret_usd": usd(row["regret_usd_m"])}
        for row in table.iter_rows(named=True)
    ]  # fmt: skip


def tornado(question: Question, chosen: Funded) -> Rows:
    """The worth of the plan under other assumptions: when scenarios begin, who succeeds, stocks, and odds."""
    base, after = chosen.worth, question.settings.cut_after_months
    rows: Rows = []

    def row(name: str, low: tuple[str, float], high: tuple[str, float]) -> None:
        least, most = sorted((low[1], high[1]))
        rows.append(
            {"assumption": name, "low_case": low[0], "high_case": high[0], "worth_usd": usd(base),
             "worth_usd_low": usd(min(least, base)), "worth_usd_high": usd(max(most, base)),
             "swing_usd": usd(most - least)}
        )  # fmt: skip

    early, late = ((f"{months:g} months on", _begins(question, chosen, months)) for months in (after / 2, after * 1.5))
    row("When scenarios begin", early, late)
    half, more = (_succeeds(question, chosen, factor) for factor in (0.5, 1.5))
    row("Odds that projects succeed", ("half of those stated", half), ("half as much again, at most 1", more))
    if question.settings.delay is not None:
        ends = (("all at the least of their ranges", 0.0), ("all at the most", 1.0))
        row("How late projects come", *((words, _late(question, chosen, end)) for words, end in ends))
    row("Discount rate", *((written(rate, SHARE), _discounted(question, chosen, rate)) for rate in RATES))
    row("Stocks", *((f"every stock at its {end} end", _stocked(question, chosen, end)) for end in ("low", "high")))
    for scenario in question.study.scenarios:
        assert scenario.odds is not None
        row(f"Odds: {scenario.label}",
            *((written(odds, SHARE), _weighed(question, chosen, scenario.label, odds))
              for odds in (scenario.odds.low, scenario.odds.high)))  # fmt: skip
    down = question.study.stress.downstream
    if down is not None:
        row(
            "Counting what hangs on it",
            *((f"times {ratio:g}", base * ratio) for ratio in (down.ratio.low, down.ratio.high)),
        )
    return rows


def _begins(question: Question, chosen: Funded, months: float) -> float:
    """Worth when scenarios begin so many months after the decision: more or less of it stands, and is worth less."""
    later = question.settings.discount.factor(months - question.settings.cut_after_months)
    return later * question.supposing(chosen.built, after=months)


def _succeeds(question: Question, chosen: Funded, factor: float) -> float:
    """Worth when the odds that projects succeed are `factor` times those stated, with the same draws."""
    return question.supposing(chosen.built, factor)


def _late(question: Question, chosen: Funded, quantile: float) -> float:
    """Worth when all projects stand at one quantile of their delay."""
    return question.supposing(chosen.built, late=quantile)


def _discounted(question: Question, chosen: Funded, rate: float) -> float:
    """Worth at another discount rate."""
    discount = replace(question.settings.discount, rate=rate)
    return replace(question, settings=replace(question.settings, discount=discount)).fund.worth(chosen.built)[0]


def _stocked(question: Question, chosen: Funded, end: str) -> float:
    """Worth when every stock is at one end of its range."""
    case = question.case
    stocks = np.array([getattr(span, end) for span in case.stocks])
    return replace(question, case=replace(case, world=replace(case.world, stock_months=stocks))).fund.worth(
        chosen.built
    )[0]


def _weighed(question: Question, chosen: Funded, label: str, odds: float) -> float:
    """Worth when one scenario has other odds, as far as the others leave room; nothing happens with the rest."""
    stated = {name: point for name, (_, point, _) in question.odds.items() if name != NOTHING}
    room = 1.0 - math.fsum(point for name, point in stated.items() if name != label)
    stated[label] = min(odds, room)
    fund = question.fund
    return fund.worth_at_odds(chosen.by_outlook, fund.spread(np.array(list(stated.values()))))


def left_out(question: Question) -> Rows:
    """Offers and instruments that were left out, and why."""
    return [
        {"project": one.project or None, "instrument": one.instrument, "reason": one.reason}
        for one in question.options.left_out
        if one.instrument
    ]
