"""The extensive form: a two-stage program written out in full."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
from scipy import sparse

from reshore.errors import SolverError
from reshore.optimize.highs import Limits
from reshore.optimize.program import Builder, Indices, Program
from reshore.optimize.solve import solve
from reshore.optimize.two_stage.evaluate import evaluate
from reshore.optimize.two_stage.records import Decision, TwoStage
from reshore.optimize.two_stage.risk import risk_weights


def copied(builder: Builder, program: Program, weight: float) -> Indices:
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


def copied_rows(
    builder: Builder, program: Program, columns: Indices, more: tuple[sparse.csr_array, Indices] | None
) -> None:
    """The requirements of `program` on its copied `columns`, with other terms if `more` says so."""
    parts = [(program.matrix, columns)] + ([more] if more is not None else [])
    terms = []
    for matrix, places in parts:
        entries = sparse.coo_array(matrix)
        rows, local = entries.coords
        terms.append((rows, places[local], entries.data))
    builder.require("copied", terms, program.n_rows, low=program.row_low, high=program.row_high, says=program.row_says)


def solve_extensive(program: TwoStage, limits: Limits | None) -> Decision:
    """The best first decision of `program` written out in full; its scenarios are then solved one by one as a check."""
    builder = Builder()
    x = copied(builder, program.first, 1.0)
    copied_rows(builder, program.first, x, None)
    beta, level = program.risk_weight, program.risk_level
    blocks = []
    for scenario in program.scenarios:
        y = copied(builder, scenario.recourse, (1 - beta) * scenario.odds)
        copied_rows(builder, scenario.recourse, y, (scenario.technology, x))
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


def wait_and_see(program: TwoStage) -> float:
    """The objective if one knew what happens before deciding: a bound that no decision can pass (RP is above it)."""
    values = [
        solve_extensive(TwoStage(program.first, (replace(scenario, odds=1.0),)), None).objective
        for scenario in program.scenarios
    ]
    return math.fsum(program.odds * np.array(values))
