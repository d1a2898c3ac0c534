"""Worst cuts of a case: the few countries or organizations whose loss hurts most, and the fewest that hurt so much.

The question an adversary would ask. Nobody is guessed: `reshore.stress.worst_cut` finds the set and bounds all others.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

import polars as pl

from reshore.countries import COUNTRIES, country_name
from reshore.errors import InfeasibleError, InputError, Place, Problem
from reshore.flow import Cut, Terms
from reshore.stress.case import StressCase
from reshore.stress.outcomes import Step
from reshore.stress.records import STRESS_CUTS
from reshore.stress.worst_cut import Losses, Rules, WorstCut, flow_strikes, smallest_cut, worst_cuts
from reshore.tables import frame_schema
from reshore.tables.cells import did_you_mean

Level = Literal["country", "organization"]
SHARES = (0.1, 0.25, 0.5)
"""Losses for which the fewest members are sought."""


@dataclass(frozen=True)
class Question:
    """Which cuts are sought: of whom, how many together, for how long, and how many to list.

    ``spared`` are never struck, home among them.
    """

    level: Level = "country"
    size: int = 2
    months: int = 12
    count: int = 5
    spared: tuple[str, ...] = ()


def strikers_of(case: StressCase, question: Question) -> tuple[str, ...]:
    """Everyone who makes something of known size, home apart."""
    if question.level == "organization":
        firms = case.world.supply["organization"].everyone
        return tuple(name for name in firms if name in case.chain.organizations)
    everyone = case.world.supply["site"].everyone
    return tuple(place for place in everyone if place in COUNTRIES and place != case.home)


def worst_cut_table(case: StressCase, question: Question) -> pl.DataFrame:
    """The worst sets of each size up to that asked for, and the fewest members for each of `SHARES`: `STRESS_CUTS`.

    Raises
    ------
    InputError
        When somebody is spared whom nobody knows.
    """
    _check(case, question)
    is_firm = question.level == "organization"
    strikers = tuple(name for name in strikers_of(case, question) if name not in question.spared)
    terms = Terms(home=case.home, allies=case.allies, months=question.months, rationing="pro_rata",
                  by="organization" if is_firm else "site")  # fmt: skip
    losses = Losses(flow_strikes(case.world, strikers, terms, cut=Cut((), is_lost=is_firm)))
    rows: list[dict[str, object]] = []
    for size in range(1, question.size + 1):
        found = worst_cuts(losses, Rules(size=size), question.count)
        greedy = {"greedy": ";".join(found.greedy), "greedy_loss_share": _share(found.greedy_loss, found.at_stake)}
        rows += [
            {
                **_row(case, question, cut, found.at_stake),
                "question": "worst",
                "size": size,
                "position": position,
                **greedy,
            }
            for position, cut in enumerate(found.cuts, 1)
        ]
    rows += _smallest(case, question, losses)
    schema = frame_schema(STRESS_CUTS)
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema).sort(STRESS_CUTS.key)


def _check(case: StressCase, question: Question) -> None:
    known = [*COUNTRIES, *case.chain.organizations]
    place, expected = Place("worst cut", 0, "spared"), "a country or an organization of the chain"
    problems = [
        Problem("dangling-reference", place, f"'{name}'", expected, did_you_mean(name, known))
        for name in question.spared
        if name not in known
    ]
    if problems:
        raise InputError(problems)


def worst_cut_tables(case: StressCase, size: int, step: Step = nullcontext) -> pl.DataFrame:
    """Worst cuts of up to `size` countries, and of as many organizations."""
    frames = []
    for level, words in (("country", "countries"), ("organization", "organizations")):
        with step(f"stress: worst cuts of {words}"):
            frames.append(worst_cut_table(case, Question(level, size)))  # type: ignore[arg-type]  # words of Level
    return pl.concat(frames).sort(STRESS_CUTS.key)


def _smallest(case: StressCase, question: Question, losses: Losses) -> list[dict[str, object]]:
    """The fewest members that cost each share; shares that no set up to the size asked for costs are left out."""
    rows: list[dict[str, object]] = []
    strikes = losses.strikes
    for position, share in enumerate(SHARES, 1):
        try:
            cut = smallest_cut(losses, share, Rules(size=question.size))
        except InfeasibleError:
            continue
        rows.append(
            {
                **_row(case, question, cut, strikes.at_stake * strikes.unit),
                "question": "fewest",
                "size": len(cut.members),
                "position": position,
                "threshold_share": share,
                "bound_share": None,
            }
        )
    return rows


def _row(case: StressCase, question: Question, cut: WorstCut, at_stake: float) -> dict[str, object]:
    names = [case.labels.get(member) or country_name(member) for member in cut.members]
    return {
        "level": question.level,
        "members": ";".join(cut.members),
        "label": ", ".join(names),
        "loss_share": _share(cut.loss, at_stake),
        "bound_share": _share(cut.bound, at_stake),
        "gap_share": max(0.0, cut.gap_share),
        "is_proved": cut.proved,
        "evaluations_count": cut.evaluations,
    }


def _share(loss: float, at_stake: float) -> float:
    return min(1.0, max(0.0, loss / at_stake)) if at_stake > 0 else 0.0
