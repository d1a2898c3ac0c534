"""Two-stage programs and their answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from reshore.errors import UsageError
from reshore.optimize.program import Floats, Program

Method = Literal["extensive", "cuts"]


@dataclass(frozen=True)
class Scenario:
    """One way in which things may turn out.

    ``recourse`` is the program after the fact, ``technology`` (n_rows, n_first) how much each first decision adds to
    each of its rows. ``odds`` of all scenarios sum to 1. ``least`` is what it costs at least, where that is known.
    """

    name: str
    odds: float
    recourse: Program
    technology: sparse.csr_array
    least: float | None = None


@dataclass(frozen=True)
class TwoStage:
    """First decisions, what may happen, and the attitude to risk: weight β and level α of CVaR."""

    first: Program
    scenarios: tuple[Scenario, ...]
    risk_weight: float = 0.0
    risk_level: float = 0.9

    def __post_init__(self) -> None:
        total = math.fsum(scenario.odds for scenario in self.scenarios)
        if not self.scenarios or abs(total - 1.0) > 1e-9 or any(scenario.odds < 0 for scenario in self.scenarios):
            raise UsageError(f"the odds of the scenarios sum to {total:g}, not to 1")
        if not (0 <= self.risk_weight <= 1 and 0 <= self.risk_level < 1):
            raise UsageError("the weight of risk lies in [0, 1] and its level in [0, 1)")

    @property
    def odds(self) -> Floats:
        """Odds per scenario, shape (n_scenarios,)."""
        return np.array([scenario.odds for scenario in self.scenarios])


@dataclass(frozen=True)
class Decision:
    """The best first decision, with proof.

    ``x`` (n_first,); ``costs`` (n_scenarios,) what each scenario then costs; ``duals`` per scenario the prices of its
    rows at `x`, change of cost per unit of a row's side; ``weights`` (n_scenarios,) the odds as the attitude to risk
    bends them: ``q_s = (1 − β) p_s + β p_s [in the tail] / (1 − α)``. No decision has an objective below ``bound``.
    """

    x: Floats
    objective: float
    bound: float
    costs: Floats
    duals: tuple[Floats, ...]
    weights: Floats
    method: Method
    rounds: int = 0

    @property
    def gap_share(self) -> float:
        """Distance to the bound relative to the objective."""
        gap = (self.objective - self.bound) / max(1e-9, abs(self.objective))
        return max(0.0, gap) if gap > 1e-9 else 0.0
