"""What prices and plans take for granted, in words: what was drawn, what was discounted, and by whose figures."""

from __future__ import annotations

from reshore.funding.budgets import first_day
from reshore.funding.commitments import OUTCOMES
from reshore.funding.settings import COUNTS, Delay, FundSettings
from reshore.study.money.question import Question, Rows
from reshore.units import SHARE, written


def assumptions(question: Question) -> Rows:
    """One row per assumption of the study, each with the source of its figures."""
    settings, draws = question.settings, question.settings.draws
    rate = settings.discount.rate
    odds = "by its odds, in even parts of the draws (Latin hypercube)"
    delay, source = _delay(settings.delay)
    return [
        _row("Discount", f"{written(rate, SHARE)} a year: losses that are avoided are counted on the day of the "
             "decision, in dollars of constant worth.", settings.discount.source),
        _row("When scenarios begin", f"{settings.cut_after_months:g} months after the decision."),
        _row("Value", f"Counted is {COUNTS[settings.counts]}."),
        _row("Money", _money(settings)),
        *_committed(settings),
        _row("Success", f"Drawn for each project, {draws} times in each scenario, {odds}; all scenarios meet the same "
             "draws."),
        _row("Delay", delay, source),
        _row("Prices and regret", "Read with every project at its mean over success and delay."),
    ]  # fmt: skip


def _row(assumption: str, says: str, source: str | None = None) -> dict[str, object]:
    return {"assumption": assumption, "says": says, "source": source}


def _money(settings: FundSettings) -> str:
    if not settings.years:
        return "All of it is there on the day of the decision, and every deal is awarded as soon as it can be."
    start = first_day(settings.years[0], settings.year_begins_month)
    return (
        f"Comes year by year from {settings.years[0]} to {settings.years[-1]}, the first on {start}; a project is "
        "awarded in one year, on its first day at the earliest, and rules are read on that day. What a later year pays "
        "is discounted like losses."
    )


def _committed(settings: FundSettings) -> list[dict[str, object]]:
    made = settings.commitments
    if not made:
        return []
    counts = ((outcome, len({one.project for one in made if one.outcome == outcome})) for outcome in OUTCOMES)
    known = ", ".join(f"{count} {outcome}" for outcome, count in counts if count)
    money = "what is left beside these deals" if settings.budgets_are_left else "what these deals take as well"
    return [
        _row("Deals made already", f"Of their projects, by outcome: {known}. What is running comes in every draw, what "
             f"failed in none, and what is open is drawn like any other. Budgets hold {money}.")
    ]  # fmt: skip


def _delay(delay: Delay | None) -> tuple[str, str | None]:
    if delay is None:
        return "None is drawn: every project comes as planned.", None
    return (
        f"Drawn for each project as often as its success, and apart from it: months to be awarded, to build and to "
        f"qualify take {delay.low:g} to {delay.high:g} times what is planned, likeliest {delay.point:g} times "
        "(triangular), save where the data state a range of months."
    ), delay.source
