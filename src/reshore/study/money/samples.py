"""How much of a plan's worth is the luck of its draws: the plan on fresh samples, beside the best plans for them.

Whether projects succeed is drawn, and a plan is chosen for the draws: so on them it looks better than it is. On a
fresh sample the mean of its worth is its true worth, and the mean of what the best plan for the sample brings is above
what any plan can bring over all draws; so the mean gap, with its interval, holds that of the plan (Mak, Morton and Wood
1999, the multiple replications procedure). Samples are independent, whatever draws within one are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from reshore.funding.fund import Funded
from reshore.optimize.program import Floats
from reshore.study.money.question import Question

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Samples:
    """The plan on fresh samples: its ``worth`` and the ``bound`` that no plan for the sample passes, (n_samples,)."""

    worth: Floats
    bound: Floats

    @property
    def fresh(self) -> tuple[float, float, float]:
        """Worth over all draws: low end of the interval, mean, high end."""
        mean, wide = self.worth.mean(), half_width(self.worth, two_sided=True)
        return float(mean - wide), float(mean), float(mean + wide)

    @property
    def gap(self) -> float:
        """By how much another plan could be better over all draws, at most, with confidence."""
        gaps = self.bound - self.worth
        return float(max(0.0, gaps.mean() + half_width(gaps, two_sided=False)))


def samples(question: Question, chosen: Funded) -> Samples | None:
    """The chosen plan on the fresh samples that the study asks for, if any."""
    n = question.settings.samples
    if not n:
        return None
    worth, bound = np.empty(n), np.empty(n)
    for number in range(n):
        fund = question.drawn_anew(number + 1)
        worth[number] = fund.worth(chosen.built)[0]
        bound[number] = max(fund.bound(chosen), worth[number])
    return Samples(worth, bound)


def half_width(values: Floats, *, two_sided: bool) -> float:
    """Half the width of the interval of the mean of independent `values` by Student's t.

    Examples
    --------
    Two values 0 and 2: their standard deviation is √2, the error of the mean 1, and t with one degree 12.706:

    >>> round(half_width(np.array([0.0, 2.0]), two_sided=True), 3)
    12.706
    """
    level = 1 - (1 - CONFIDENCE) / (2 if two_sided else 1)
    return float(stdtrit(values.size - 1, level) * values.std(ddof=1) / math.sqrt(values.size))
