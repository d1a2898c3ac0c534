"""Cuts: lower bounds on what scenarios cost, learned from their prices, and the search that they guide."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from reshore.errors import SolverError
from reshore.optimize.highs import Limits
from reshore.optimize.program import Builder, Floats, Indices, Program
from reshore.optimize.solve import solve
from reshore.optimize.two_stage.evaluate import Evaluator
from reshore.optimize.two_stage.extensive import copied, copied_rows
from reshore.optimize.two_stage.records import Decision, Scenario, TwoStage

GAP = 1e-6

NOISE = 1e-8
"""Distance to the bound, relative to what is at stake in the scenarios, below which nothing more can be told."""

MOST_ROUNDS = 400

TINY = 1e-9
"""Slopes of a cut below this part of its largest are left out."""


class Cuts:
    """What has been learned of the scenarios of a program: lower bounds on their costs, linear in the first decision.

    Cuts hold for every first program over the same columns that demands at least what `program` does, however it weighs
    the scenarios: budgets on a frontier, or one scenario at a time, start from what others have learned.
    """

    def __init__(self, program: TwoStage, kin: Evaluator | None = None) -> None:
        self.evaluator = Evaluator(program, kin)
        self._scenarios = program.scenarios
        self._cuts: list[list[tuple[Floats, float]]] = [[] for _ in program.scenarios]
        self._floors = [
            _least_cost(program.first, scenario)
            if scenario.least is None
            else scenario.least - NOISE * abs(scenario.least)
            for scenario in program.scenarios
        ]

    def solve(
        self,
        program: TwoStage,
        gap_share: float = GAP,
        limits: Limits | None = None,
        reference: float = 0.0,
        start: Floats | None = None,
    ) -> Decision:
        """The best first decision of `program`: the relaxation first, then with whole-number decisions.

        The gap is measured against the distance of the objective to `reference`, such as what happens when nothing is
        decided. A decision that is known to meet the requirements may be where the search starts.
        """
        search = _Search(self, program, gap_share, limits, reference, start)
        best, bound, rounds = search.run(relaxed=True)
        if program.first.is_mixed_integer:
            best, bound, more = search.run(relaxed=False)
            rounds += more
        found = self.evaluator.at(best, program)
        return replace(found, bound=min(bound, found.objective), method="cuts", rounds=rounds)

    def learn(self, x: Floats, program: TwoStage) -> float:
        """The objective of `x`; adds a cut per scenario where the cuts so far promise less than it costs."""
        found = self.evaluator.at(x, program)
        for number, (scenario, duals) in enumerate(zip(self._scenarios, found.duals, strict=True)):
            cost = float(found.costs[number])
            slope = -(scenario.technology.T @ duals)
            slope, level = _rounded_off(slope, cost - float(slope @ x), program.first)
            promised = max((float(s @ x) + c for s, c in self._cuts[number]), default=self._floors[number])
            if cost > promised + 1e-9 * max(1.0, abs(cost)):
                self._cuts[number].append((slope, level))
        return found.objective

    @property
    def floors(self) -> Floats:
        """What each scenario costs at least, after any first decision, (n_scenarios,)."""
        return np.array(self._floors)

    def rows(self) -> tuple[Indices, Floats, Floats]:
        """All cuts: the scenario of each, its slopes (n_cuts, n_first) and its level."""
        owners = np.array([number for number, cuts in enumerate(self._cuts) for _ in cuts], dtype=np.int64)
        slopes = np.array([slope for cuts in self._cuts for slope, _ in cuts])
        return owners, slopes, np.array([level for cuts in self._cuts for _, level in cuts])


@dataclass(frozen=True)
class _Search:
    """One search for the best first decision with the help of cuts."""

    cuts: Cuts
    program: TwoStage
    gap_share: float
    limits: Limits | None
    reference: float
    start: Floats | None

    def run(self, *, relaxed: bool) -> tuple[Floats, float, int]:
        """The best decision, the bound and the rounds it took."""
        best, value = np.zeros(0), math.inf
        if self.start is not None:
            best, value = self.start, self.cuts.learn(self.start, self.program)
        for rounds in range(1, MOST_ROUNDS + 1):
            proposed, bound = self._master(relaxed)
            points = [(proposed + best) / 2, proposed] if relaxed and best.size else [proposed]
            for point in points:
                if not self._is_closed(value, bound):
                    got = self.cuts.learn(point, self.program)
                    if got < value:
                        best, value = point, got
            if self._is_closed(value, bound):
                return best, bound, rounds
        raise SolverError(f"cuts left a gap of {value - bound:g} after {MOST_ROUNDS} rounds")

    def _is_closed(self, value: float, bound: float) -> bool:
        if not math.isfinite(value):
            return False
        noise = NOISE * max(abs(value), float(np.abs(self.cuts.floors).max(initial=0.0)), 1e-9)
        return value - bound <= max(noise, self.gap_share * abs(value - self.reference))

    def _master(self, relaxed: bool) -> tuple[Floats, float]:
        """What the cuts so far propose, and the bound that they prove."""
        program, beta = self.program, self.program.risk_weight
        first = replace(program.first, integer=np.zeros_like(program.first.integer)) if relaxed else program.first
        builder = Builder()
        x = copied(builder, first, 1.0)
        copied_rows(builder, first, x, None)
        n = len(program.scenarios)
        floors = self.cuts.floors
        theta = builder.variables("cost", n, low=floors, cost=(1 - beta) * program.odds)
        if beta > 0:
            eta = builder.variables("value at risk", 1, low=floors.min(), cost=beta)
            over = builder.variables("above", n, cost=beta * program.odds / (1 - program.risk_level))
            each = np.arange(n)
            builder.require(
                "tail", [(each, over, 1.0), (each, np.full(n, eta[0]), 1.0), (each, theta, -1.0)], n, low=0.0,
                says=lambda _: "what lies above the value at risk is counted",
            )  # fmt: skip
        owners, slopes, levels = self.cuts.rows()
        if owners.size:
            rows, local = np.nonzero(slopes)
            builder.require(
                "cut",
                [(np.arange(owners.size), theta[owners], 1.0), (rows, x[local], -slopes[rows, local])],
                owners.size,
                low=levels,
                says=lambda k: f"scenario '{program.scenarios[owners[k]].name}' costs at least this much",
            )
        solution = solve(builder.build(), self.limits)
        return solution.x[x], solution.bound


def _rounded_off(slope: Floats, level: float, first: Program) -> tuple[Floats, float]:
    """A cut without slopes that are what rounding leaves of zero, still below what it bounds at every decision."""
    tiny = (np.abs(slope) <= TINY * max(1.0, float(np.abs(slope).max(initial=0.0)))) & (slope != 0)
    if not tiny.any():
        return slope, level
    least = np.where(slope > 0, first.low, first.high)
    kept = np.where(tiny & np.isfinite(least), 0.0, slope)
    return kept, level + math.fsum(np.where(tiny & np.isfinite(least), slope * np.where(tiny, least, 0.0), 0.0))


def _least_cost(first: Program, scenario: Scenario) -> float:
    """The least that `scenario` can cost after any first decision, in parts if need be: a floor for its cuts."""
    builder = Builder()
    x = copied(builder, replace(first, cost=np.zeros_like(first.cost), integer=np.zeros_like(first.integer)), 1.0)
    copied_rows(builder, first, x, None)
    y = copied(builder, scenario.recourse, 1.0)
    copied_rows(builder, scenario.recourse, y, (scenario.technology, x))
    return solve(builder.build()).objective
