"""`Outcome`: what a situation comes to, read from the solved program and checked against the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reshore.errors import SolverError
from reshore.flow.program import FlowProgram, Situation, build_flow
from reshore.flow.world import Floats, World
from reshore.optimize import Limits, Solution, rank_weights, solve

RESIDUAL = 1e-9


@dataclass(frozen=True)
class Outcome:
    """Month by month: what was made, in stock and served.

    Shapes: ``made``, ``stock`` (n_goods, n_months) in shares of a year's world output; ``served_share`` (n_final,
    n_months) the part of the coalition's demand that was met, 1 where nothing was asked for; ``unserved_value``
    (n_final, n_months) the value of what was not. ``residual`` is the worst miss of any balance; ``short`` (n_goods,
    n_months) is what one more unit of a good would have been worth.
    """

    world: World
    situation: Situation
    made: Floats
    stock: Floats
    served_share: Floats
    unserved_value: Floats
    short: Floats
    residual: float
    solution: Solution

    @property
    def loss(self) -> float:
        """Value of everything that was not served."""
        return float(self.unserved_value.sum())


def run_flow(world: World, situation: Situation, limits: Limits | None = None) -> Outcome:
    """Solves the flow of `world` in `situation`, verifies it, and reads the outcome.

    Raises
    ------
    SolverError
        When the answer does not conserve goods.
    """
    flow = build_flow(world, situation)
    return read_outcome(flow, solve(flow.program, limits, ties=rank_weights(flow.program.n_columns)))


def read_outcome(flow: FlowProgram, solution: Solution) -> Outcome:
    """The outcome of a solved flow program."""
    world, situation = flow.world, flow.situation
    x = solution.x
    served = x[flow.served]
    shares = np.array([tier.share for tier in situation.tiers])
    values = np.array([tier.value for tier in situation.tiers])
    asked = situation.demand[:, None, :] * shares[None, :, None] / 12
    missing = np.maximum(asked - served, 0.0)
    missing[missing < 1e-9] = 0.0
    total = asked.sum(axis=1)
    share = np.where(total > 0, 1 - missing.sum(axis=1) / np.where(total > 0, total, 1.0), 1.0)
    residual = _residual(flow, x)
    if residual > 1e-6:
        raise SolverError(f"goods are not conserved: a balance misses by {residual:g}")
    duals = solution.duals
    short = np.zeros(flow.balance.shape) if duals is None else np.abs(duals[flow.balance])
    return Outcome(
        world,
        situation,
        x[flow.made],
        x[flow.stock],
        share,
        (missing * values[None, :, None]).sum(axis=1) * situation.value[:, None],
        short,
        residual,
        solution,
    )


def _residual(flow: FlowProgram, x: Floats) -> float:
    """The worst miss of any balance of goods, summed anew from the rows of the program."""
    rows = flow.balance.ravel()
    part = flow.program.matrix[rows]
    activity = np.array(
        [np.sum(part.data[a:b] * x[part.indices[a:b]]) for a, b in zip(part.indptr[:-1], part.indptr[1:], strict=True)]
    )
    return float(np.abs(activity - flow.program.row_low[rows]).max(initial=0.0))
