"""What a first decision comes to: every scenario solved from its last basis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reshore.errors import SolverError, UsageError
from reshore.optimize.highs import NEAR, Session
from reshore.optimize.program import Floats, Indices, Program
from reshore.optimize.solve import Solution, solve
from reshore.optimize.two_stage.records import Decision, TwoStage
from reshore.optimize.two_stage.risk import risk_weights

MOST_MET = 500
"""Answers that are kept for each recourse program."""


class Warm:
    """One recourse program in the solver: solved anew from its last basis, unless it has met the same sides before.

    Draws that differ only in projects that do not matter to a scenario meet the same sides, and so do decisions that
    differ only in such projects.
    """

    def __init__(self, recourse: Program) -> None:
        self.recourse, self.session = recourse, Session(recourse, None, NEAR)
        self._met: dict[bytes, tuple[float, Floats]] = {}

    def at(self, low: Floats, high: Floats) -> tuple[float, Floats]:
        """The verified cost with other sides, and what a unit of each is worth, (n_rows,)."""
        key = (low + 0.0).tobytes() + (high + 0.0).tobytes()
        if key not in self._met:
            solution = self._solved(low, high)
            assert solution.duals is not None
            sign = self.recourse.sign
            if len(self._met) >= MOST_MET:
                del self._met[next(iter(self._met))]
            self._met[key] = sign * (solution.objective - self.recourse.constant), sign * solution.duals
        return self._met[key]

    def _solved(self, low: Floats, high: Floats) -> Solution:
        """From the last basis, or from none should that fail."""
        before = self.session.program
        moved = np.flatnonzero((before.row_low != low) | (before.row_high != high))
        self.session.set_sides(moved, low[moved], high[moved])
        try:
            return solve(self.session)
        except SolverError:
            self.session = Session(replace(self.recourse, row_low=low, row_high=high))
            return solve(self.session)


Held = tuple[int, ...]
"""What a session holds fast of a program, by identity: only while the session keeps it alive, as identities return."""


def _held(program: Program) -> Held:
    """Everything but the sides."""
    return tuple(map(id, (program.matrix, program.cost, program.low, program.high)))


class Evaluator:
    """What first decisions come to, one after the other: each scenario is solved anew from its last basis.

    Scenarios whose recourse programs differ in their sides at most share the basis as well, also with those of `kin`.
    """

    def __init__(self, program: TwoStage, kin: Evaluator | None = None) -> None:
        if any(scenario.recourse.is_mixed_integer for scenario in program.scenarios):
            raise UsageError("prices need recourse without whole-number decisions; write the program out in full")
        self.program = program
        theirs: dict[Held, Warm] = {} if kin is None else kin.warm
        recourses = {_held(scenario.recourse): scenario.recourse for scenario in program.scenarios}
        self.warm: dict[Held, Warm] = {
            key: theirs[key] if key in theirs else Warm(recourse) for key, recourse in recourses.items()
        }

    def at(self, x: Floats, program: TwoStage | None = None) -> Decision:
        """The first decision `x`: verified costs and prices of every scenario, and the objective.

        Another `program` over the same scenarios may weigh them and the first decision differently.
        """
        asked = program or self.program
        costs, duals = [], []
        for scenario in self.program.scenarios:
            recourse, shift = scenario.recourse, scenario.technology @ x
            cost, prices = self.warm[_held(recourse)].at(recourse.row_low - shift, recourse.row_high - shift)
            costs.append(cost)
            duals.append(prices)
        found = np.array(costs)
        weights = risk_weights(asked, found)
        value = float(asked.first.cost @ x) + math.fsum(weights * found)
        return Decision(x, value, value, found, tuple(duals), weights, "extensive")

    def shifted(self, x: Floats, effects: Sequence[tuple[Indices, Floats]], step: float) -> Floats:
        """Costs of every scenario after `x` when the upper sides of some rows move as well, (n_scenarios,).

        `effects` are, per scenario, rows and by how much their upper side moves per unit; `step` is how many units.
        Nothing that is taken away leaves a side below zero that was not: there is no less than nothing. What is added
        may lower a side, as new tools wear out as well.
        """
        costs = np.empty(len(self.program.scenarios))
        for number, scenario in enumerate(self.program.scenarios):
            rows, sides = effects[number]
            recourse, shift = scenario.recourse, scenario.technology @ x
            before = recourse.row_high - shift
            high = before.copy()
            np.add.at(high, rows, step * sides)
            if step < 0:
                high = np.maximum(high, np.minimum(before, 0.0))
            costs[number], _ = self.warm[_held(recourse)].at(recourse.row_low - shift, high)
        return costs


def evaluate(program: TwoStage, x: Floats) -> Decision:
    """What the first decision `x` comes to: verified costs and prices of every scenario, and the objective."""
    return Evaluator(program).at(x)
