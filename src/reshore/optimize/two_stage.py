"""Two-stage stochastic programs: decide now, see what happens, make the best of it.

    min  c·x + (1 − β) Σ_s p_s Q_s(x) + β CVaR_α[Q(x)],   x as `first` demands
    Q_s(x) = min q_s·y   subject to   low_s ≤ W_s y + T_s x ≤ high_s,   bounds of y

CVaR is ``min η + Σ_s p_s (Q_s − η)⁺ / (1 − α)`` (Rockafellar and Uryasev 2000). Costs are those of the stored,
minimizing programs; a program that maximizes value enters with its value as negative cost.

Small programs are written out in full (the extensive form). Larger ones are cut (Benders decomposition, one cut per
scenario and round): each scenario is solved on its own from its last basis, and its prices bound it for every other
decision. Cuts are asked for between the best decision so far and the one the cuts propose, which keeps them from
wandering (in-out separation, Ben-Ameur and Neto 2007). Whole-number decisions are cut in their relaxation first. The
result always carries a bound.

References
----------
Van Slyke and Wets (1969), L-shaped linear programs, SIAM Journal on Applied Mathematics 17; Birge and Louveaux (1988),
A multicut algorithm for two-stage stochastic linear programs, European Journal of Operational Research 34.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy import sparse

from reshore.errors import SolverError, UsageError
from reshore.optimize.highs import NEAR, Limits, Session
from reshore.optimize.program import Builder, Floats, Indices, Program
from reshore.optimize.solve import Solution, solve

Method = Literal["extensive", "cuts"]

EXTENSIVE_COEFFICIENTS = 400_000
"""Up to this many coefficients the program is written out in full."""

GAP = 1e-6
NOISE = 1e-8
"""Distance to the bound, relative to what is at stake in the scenarios, below which nothing more can be told."""

MOST_ROUNDS = 400

TIE = 1e-9
"""Costs this close, relative to the largest, are equal: solving tells no more."""

MOST_MET = 500
"""Answers that are kept for each recourse program."""

TINY = 1e-9
"""Slopes of a cut below this part of its largest are left out."""


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


def solve_two_stage(
    program: TwoStage, method: Method | None = None, gap_share: float = GAP, limits: Limits | None = None
) -> Decision:
    """The best first decision of `program`, by the extensive form or by cuts.

    Parameters
    ----------
    method
        By default the extensive form up to `EXTENSIVE_COEFFICIENTS`, cuts above.
    gap_share
        Relative distance to the bound at which cuts stop.
    limits
        Of the program written out in full, or of each program with whole-number decisions.

    Raises
    ------
    InfeasibleError
        No first decision meets its requirements, or some scenario has no way out.
    SolverError
        An answer did not pass verification, or cuts did not close the gap in `MOST_ROUNDS` rounds.
    """
    size = sum(scenario.recourse.matrix.nnz + scenario.technology.nnz for scenario in program.scenarios)
    chosen = method or ("extensive" if size <= EXTENSIVE_COEFFICIENTS else "cuts")
    if chosen == "extensive":
        return _extensive(program, limits)
    return Cuts(program).solve(program, gap_share, limits)


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


class Evaluator:
    """What first decisions come to, one after the other: each scenario is solved anew from its last basis.

    Scenarios that share a recourse program share the basis as well, also with those of `kin`.
    """

    def __init__(self, program: TwoStage, kin: Evaluator | None = None) -> None:
        if any(scenario.recourse.is_mixed_integer for scenario in program.scenarios):
            raise UsageError("prices need recourse without whole-number decisions; write the program out in full")
        self.program = program
        # By identity, so only of recourse that this program keeps alive: identities are used again.
        theirs: dict[int, Warm] = {} if kin is None else kin.warm
        recourses = {id(scenario.recourse): scenario.recourse for scenario in program.scenarios}
        self.warm: dict[int, Warm] = {
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
            cost, prices = self.warm[id(recourse)].at(recourse.row_low - shift, recourse.row_high - shift)
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
            costs[number], _ = self.warm[id(recourse)].at(recourse.row_low - shift, high)
        return costs


def evaluate(program: TwoStage, x: Floats) -> Decision:
    """What the first decision `x` comes to: verified costs and prices of every scenario, and the objective."""
    return Evaluator(program).at(x)


def wait_and_see(program: TwoStage) -> float:
    """The objective if one knew what happens before deciding: a bound that no decision can pass (RP is above it)."""
    values = [
        _extensive(TwoStage(program.first, (replace(scenario, odds=1.0),)), None).objective
        for scenario in program.scenarios
    ]
    return math.fsum(program.odds * np.array(values))


def _copied(builder: Builder, program: Program, weight: float) -> Indices:
    """The variables of `program` with their costs times `weight`."""
    if not program.integer.any():
        return builder.variables(
            "copied", program.n_columns, low=program.low, high=program.high, cost=weight * program.cost,
            says=program.column_says,
        )  # fmt: skip
    columns = np.empty(program.n_columns, np.int64)
    edges = [0, *(np.flatnonzero(np.diff(program.integer)) + 1).tolist(), program.n_columns]
    for start, stop in pairwise(edges):
        part = slice(start, stop)
        columns[part] = builder.variables(
            "copied", stop - start, low=program.low[part], high=program.high[part], cost=weight * program.cost[part],
            integer=bool(program.integer[start]), says=partial(_says_from, program, start),
        )  # fmt: skip
    return columns


def _says_from(program: Program, start: int, k: int) -> str:
    return program.column_says(start + k)


def _rows(builder: Builder, program: Program, columns: Indices, more: tuple[sparse.csr_array, Indices] | None) -> None:
    """The requirements of `program` on its copied `columns`, with other terms if `more` says so."""
    parts = [(program.matrix, columns)] + ([more] if more is not None else [])
    terms = []
    for matrix, places in parts:
        entries = sparse.coo_array(matrix)
        rows, local = entries.coords
        terms.append((rows, places[local], entries.data))
    builder.require("copied", terms, program.n_rows, low=program.row_low, high=program.row_high, says=program.row_says)


def _extensive(program: TwoStage, limits: Limits | None) -> Decision:
    builder = Builder()
    x = _copied(builder, program.first, 1.0)
    _rows(builder, program.first, x, None)
    beta, level = program.risk_weight, program.risk_level
    blocks = []
    for scenario in program.scenarios:
        y = _copied(builder, scenario.recourse, (1 - beta) * scenario.odds)
        _rows(builder, scenario.recourse, y, (scenario.technology, x))
        blocks.append(y)
    if beta > 0:
        eta = builder.variables("value at risk", 1, low=-np.inf, cost=beta)
        over = builder.variables("above", len(blocks), cost=beta * program.odds / (1 - level))
        for number, (scenario, y) in enumerate(zip(program.scenarios, blocks, strict=True)):
            priced = np.flatnonzero(scenario.recourse.cost)
            builder.require(
                "tail",
                [(0, over[number], 1.0), (0, eta[0], 1.0), (0, y[priced], -scenario.recourse.cost[priced])],
                1,
                low=0.0,
                says=lambda _: "what lies above the value at risk is counted",
            )
    solution = solve(builder.build(), limits)
    found = (
        evaluate(program, solution.x[x]) if not any(s.recourse.is_mixed_integer for s in program.scenarios) else None
    )
    if found is None:
        costs = np.array([s.recourse.cost @ solution.x[y] for s, y in zip(program.scenarios, blocks, strict=True)])
        weights = risk_weights(program, costs)
        return Decision(solution.x[x], solution.objective, solution.bound, costs, (), weights, "extensive")
    if found.objective > solution.objective + 1e-6 * max(1.0, abs(solution.objective)):
        raise SolverError("the scenarios solved one by one cost more than the whole program says")
    return replace(found, bound=min(solution.bound, found.objective))


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
        x = _copied(builder, first, 1.0)
        _rows(builder, first, x, None)
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
    x = _copied(builder, replace(first, cost=np.zeros_like(first.cost), integer=np.zeros_like(first.integer)), 1.0)
    _rows(builder, first, x, None)
    y = _copied(builder, scenario.recourse, 1.0)
    _rows(builder, scenario.recourse, y, (scenario.technology, x))
    return solve(builder.build()).objective
