"""How far a decision is from the best when scenarios can only be sampled: gaps with an interval.

A plan that is best on one sample looks better there than it is, and another sample would have a better plan. Mak,
Morton and Wood solve several samples anew, each with its own best decision, and measure how much more a given decision
costs:

    G_k = f_k(x) − min f_k,   gap ≤ mean G + t · s / √K   with the chosen confidence

All samples meet the same scenarios on both sides of the difference (common random numbers), which makes it steady.

References
----------
Mak, Morton and Wood (1999), Monte Carlo bounding techniques for determining solution quality in stochastic programs,
Operations Research Letters 24.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reshore.errors import UsageError
from reshore.optimize.program import Floats
from reshore.optimize.two_stage import TwoStage, evaluate, solve_two_stage


@dataclass(frozen=True)
class SampledGap:
    """What a decision costs more than the best, as samples tell.

    ``gaps`` (n_samples,) per sample, none negative, with their ``mean``; with ``confidence`` the gap is not above
    ``most``; ``least_cost`` is the mean of the best objectives, an estimate from below of what the best decision costs.
    """

    gaps: Floats
    mean: float
    most: float
    least_cost: float
    confidence: float


def sampled_gap(draw: Callable[[int], TwoStage], x: Floats, samples: int, confidence: float = 0.95) -> SampledGap:
    """The gap of decision `x` on `samples` independent samples of scenarios.

    Parameters
    ----------
    draw
        The program with the scenarios of sample ``k``; the first decision has the same columns in all of them.
    x
        The decision to be judged, found on other samples.
    samples
        At least two.

    Raises
    ------
    UsageError
        With fewer than two samples, from which no interval can be told.
    """
    if samples < 2:
        raise UsageError("an interval needs at least two samples")
    from scipy.special import stdtrit  # loaded only where an interval is asked for

    gaps, best = np.empty(samples), np.empty(samples)
    for number in range(samples):
        program = draw(number)
        best[number] = solve_two_stage(program).bound
        gaps[number] = max(0.0, evaluate(program, x).objective - best[number])
    mean, spread = float(gaps.mean()), float(gaps.std(ddof=1)) / math.sqrt(samples)
    most = mean + float(stdtrit(samples - 1, confidence)) * spread
    return SampledGap(gaps, mean, most, float(best.mean()), confidence)
