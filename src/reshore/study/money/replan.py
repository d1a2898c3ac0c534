"""What it is worth to wait and see: the plan kept whatever happens, beside one that is made anew after its first year.

The deals of the first year are made in both. Then it is known which of their projects succeed; whether others do, and
how late all come, is still drawn. Kept, the plan goes on as chosen; made anew, the later years are planned for what is
known. The first year is not chosen with that in view, so a programme that learns can be worth more still.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from reshore.errors import NoAnswerError
from reshore.funding.fund import Funded
from reshore.funding.standing import as_known
from reshore.study.money.question import Question, Rows, asked_again, usd
from reshore.study.money.roll import next_year, rolled

IN_THE_MEAN = "in the mean"


@dataclass(frozen=True)
class Seen:
    """What may come of the first year: who succeeds, in which part of the draws, and what both ways are then worth."""

    outcome: tuple[bool, ...]
    odds: float
    kept: float
    anew: float
    bound: float
    projects: tuple[str, ...]


def replan(question: Question, chosen: Funded, tables: Mapping[str, pl.DataFrame]) -> Rows:
    """One row for each thing that may come of the first year, and one for the mean with the range over draws."""
    later, projects = _after_first(question, tables)
    labels = {option.project: option.candidate.label for option in question.options.options}
    seen = _seen(question, chosen, later, projects)
    rows: Rows = [_row(_words(one, [labels[key] for key in projects]), one.odds, one) for one in seen]
    kept, anew, bound = (math.fsum(one.odds * getattr(one, name) for one in seen) for name in ("kept", "anew", "bound"))
    mean = Seen((), 1.0, kept, anew, bound, ())
    ends = [usd(one.anew - one.kept) for one in seen]
    return [*rows, _row(IN_THE_MEAN, None, mean) | {"gain_usd_low": min(ends), "gain_usd_high": max(ends)}]


def _after_first(question: Question, tables: Mapping[str, pl.DataFrame]) -> tuple[Question, tuple[str, ...]]:
    """The question of the later years with the first year's deals made, and their projects; all else as it was.

    A project is awarded in one year, as in the plan: to offer more to those of the first needs nothing to be seen.
    """
    study, settings = question.study, question.settings
    after = rolled(study, tables)
    assert after.fund is not None
    made = {one.project for one in after.fund.commitments[len(settings.commitments) :]}
    fund = replace(
        after.fund, cut_after_months=settings.cut_after_months,
        must=tuple(name for name in settings.must if name not in made),
        must_not=(*settings.must_not, *sorted(made - set(settings.must_not))),
    )  # fmt: skip
    again = asked_again(question, replace(study, fund=fund))
    return again, tuple(sorted(made & {option.project for option in again.options.standing}))


def _seen(question: Question, chosen: Funded, later: Question, projects: tuple[str, ...]) -> list[Seen]:
    """Everything that comes of the first year in some draw, worst for the plan first."""
    draws = later.draws(standing=True)
    places = [place for place, option in enumerate(draws.options) if option.project in projects]
    places.sort(key=lambda place: projects.index(draws.options[place].project))
    n = question.settings.draws
    drawn = [tuple(bool(one) for one in draws.succeeds(draw)[places]) for draw in range(n)]
    first = next_year(question.study, question.settings)[0]
    options = question.options.options
    kept = {
        name: part
        for name, part in zip(chosen.plan.built, chosen.plan.parts, strict=True)
        if next(one.candidate.year for one in options if one.candidate.name == name) != first
    }
    return sorted(
        (
            _one(question, later, kept, dict(zip(projects, outcome, strict=True)), drawn.count(outcome) / n)
            for outcome in sorted(set(drawn))
        ),
        key=lambda one: (one.kept, one.outcome),
    )


def _one(
    question: Question, later: Question, kept: Mapping[str, float], outcome: Mapping[str, bool], odds: float
) -> Seen:
    """What both ways are worth when the first year comes out in one way."""
    known = replace(later, options=as_known(later.options, outcome), kin=question)
    fund = known.fund
    going_on = {name: part for name, part in kept.items() if name in {one.name for one in fund.candidates}}
    before, nothing = question.fund.nothing.objective, fund.nothing.objective
    stands, goes_on = before - nothing, fund.worth(fund.parts(going_on))[0]
    try:
        found = fund.best()
    except NoAnswerError:  # what is decided can no longer be met: nothing better is known than to go on
        projects = tuple(sorted({one.key for one in fund.candidates if one.name in going_on}))
        return Seen(tuple(outcome.values()), odds, stands + goes_on, stands + goes_on, math.inf, projects)
    anew = max(found.worth, goes_on)
    return Seen(tuple(outcome.values()), odds, stands + goes_on, stands + anew, stands + max(found.bound, anew),
                found.plan.projects)  # fmt: skip


def _words(seen: Seen, labels: list[str]) -> str:
    said = [f"{label} {'succeeds' if good else 'fails'}" for label, good in zip(labels, seen.outcome, strict=True)]
    return "; ".join(said) or "nothing is awarded"


def _row(outcome: str, odds: float | None, seen: Seen) -> dict[str, object]:
    return {
        "outcome": outcome, "odds_share": odds, "kept_usd": usd(seen.kept), "anew_usd": usd(seen.anew),
        "bound_usd": usd(seen.bound) if math.isfinite(seen.bound) else None, "gain_usd": usd(seen.anew - seen.kept),
        "built": ";".join(seen.projects) or None,
    }  # fmt: skip
