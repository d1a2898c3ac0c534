"""Draws of what is uncertain about projects: which succeed, and how late each comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from reshore.funding.candidates import Option
from reshore.funding.settings import FundSettings
from reshore.optimize.program import Floats
from reshore.seeds import stream


@dataclass(frozen=True)
class Draws:
    """Draws of the projects of a study; scenarios meet the same.

    Every project meets each of ``n_draws`` equal parts of its luck once, in an order of its own, so it succeeds in as
    many draws as its odds say, and its delays cover their range evenly (Latin hypercube sampling; McKay, Beckman and
    Conover 1979). Whether it succeeds and how late it comes are drawn from streams of their own: neither says anything
    of the other. Draws of another `sample` do not depend on these.

    Parameters
    ----------
    options, settings, seed, n_months
        Projects, what the study says of draws and delay, its seed, and the horizon of its scenarios.
    sample
        Number of the sample.
    """

    options: Sequence[Option]
    settings: FundSettings
    seed: int
    n_months: int
    sample: int = 0

    @cached_property
    def luck(self) -> Floats:
        """How lucky each project is in each draw, from 0 to 1, (n_draws, n_options); it succeeds below its odds."""
        return self._spread("success")

    @cached_property
    def lateness(self) -> Floats:
        """The quantile of its delay at which each project stands in each draw, (n_draws, n_options)."""
        return self._spread("delay")

    def _spread(self, what: str) -> Floats:
        n = self.settings.draws
        found = np.empty((n, len(self.options)))
        for place, option in enumerate(self.options):
            random = stream(self.seed, f"fund: {what} of {option.project}", self.sample)
            found[:, place] = (random.permutation(n) + random.random(n)) / n
        return found

    @property
    def odds(self) -> Floats:
        """Odds of success per project, (n_options,)."""
        return np.array([option.odds for option in self.options], dtype=np.float64)

    def succeeds(self, draw: int, factor: float = 1.0) -> Floats:
        """Which projects succeed in a draw, 1 or 0, with their odds times `factor`, save those known to run."""
        runs = np.array([option.runs for option in self.options], dtype=np.bool_)
        odds = np.where(runs, 1.0, np.minimum(factor * self.odds, 1.0))
        return np.asarray(self.luck[draw] < odds, dtype=np.float64)

    def profile(self, draw: int, factor: float = 1.0, after: float | None = None, late: float | None = None) -> Floats:
        """Capacity that projects bring in a draw at a year's pace, (n_options, n_months).

        Parameters
        ----------
        factor
            What odds of success are multiplied by.
        after
            Months from the decision to the beginning of the scenarios; by default those of the study.
        late
            A quantile of delay at which all projects stand, instead of those that were drawn.
        """
        return self.succeeds(draw, factor)[:, None] * self._whole(self._late(draw, late), after)

    def profiles(self, factor: float = 1.0, after: float | None = None, late: float | None = None) -> list[Floats]:
        """The same in every draw."""
        return [self.profile(draw, factor, after, late) for draw in range(self.settings.draws)]

    def mean_profile(self, after: float | None = None, late: float | None = None) -> Floats:
        """Capacity that projects bring in the mean over success, by their odds, and over draws of delay."""
        draws = range(self.settings.draws if self._is_delayed and late is None else 1)
        whole = np.mean([self._whole(self._late(draw, late), after) for draw in draws], axis=0)
        return np.asarray(self.odds[:, None] * whole, dtype=np.float64)

    @property
    def _is_delayed(self) -> bool:
        return self.settings.delay is not None

    def _late(self, draw: int, late: float | None) -> Floats:
        if late is not None or not self._is_delayed:
            return np.full(len(self.options), 0.5 if late is None else late)
        return np.asarray(self.lateness[draw], dtype=np.float64)

    def _whole(self, late: Floats, after: float | None) -> Floats:
        """Capacity of each project if it succeeds, at the quantiles `late` of their delay, (n_options, n_months)."""
        begin = self.settings.cut_after_months if after is None else after
        rows = [
            replace(option.capacity, start_month=ready - begin, build_months=0.0, qualify_months=0.0)
            for option, ready in zip(
                self.options,
                (one.ready_months(self.settings.delay, at) for one, at in zip(self.options, late, strict=True)),
                strict=True,
            )
        ]
        return np.array([project.by_month(self.n_months) for project in rows]).reshape(-1, self.n_months)
