"""How much scenarios count: their odds, bent towards the worst by CVaR."""

from __future__ import annotations

import math

import numpy as np

from reshore.optimize.program import Floats
from reshore.optimize.two_stage.records import TwoStage

TIE = 1e-9
"""Costs this close, relative to the largest, are equal: solving tells no more."""


def conditional_value_at_risk(costs: Floats, odds: Floats, level: float) -> float:
    """Mean cost of the worst ``1 − level`` of what may happen; the scenario at the edge counts in part.

    Examples
    --------
    The worst tenth of four even chances lies within the worst of them:

    >>> conditional_value_at_risk(np.array([0.0, 1.0, 2.0, 10.0]), np.full(4, 0.25), 0.9)
    10.0
    """
    return float(tail_weights(costs, odds, level) @ costs)


def tail_weights(costs: Floats, odds: Floats, level: float) -> Floats:
    """Weights, summing to 1, with which each scenario counts in CVaR; equal costs share by their odds.

    Examples
    --------
    Of the worst half, both scenarios that cost 3 take their part:

    >>> tail_weights(np.array([3.0, 3.0, 1.0]), np.array([0.5, 0.25, 0.25]), 0.5).round(3).tolist()
    [0.667, 0.333, 0.0]
    """
    order = np.argsort(-costs, kind="stable")
    falls = -np.diff(costs[order], prepend=np.inf) > TIE * np.abs(costs).max(initial=0.0)
    left, weights = 1.0 - level, np.zeros(costs.size)
    for equal in np.split(order, np.flatnonzero(falls)[1:]):
        whole = math.fsum(odds[equal])
        taken = min(whole, left)
        if taken > 0:
            weights[equal] = odds[equal] * (taken / whole) / (1.0 - level)
            left -= taken
    return weights


def risk_weights(program: TwoStage, costs: Floats) -> Floats:
    """Odds as the attitude to risk bends them at `costs`, shape (n_scenarios,)."""
    return bent_odds(costs, program.odds, program.risk_weight, program.risk_level)


def bent_odds(costs: Floats, odds: Floats, weight: float, level: float) -> Floats:
    """`odds` with the worst ``1 - level`` counted more: ``(1 − β) p_s + β p_s [in the tail] / (1 − α)``."""
    return (1 - weight) * odds + weight * tail_weights(costs, odds, level)
