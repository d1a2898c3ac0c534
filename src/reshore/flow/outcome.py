"""`Outcome`: what a situation comes to, read from the solved program and checked against the world."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reshore.errors import SolverError
from reshore.flow.program import FlowProgram, Layout, build_flow, stocks_of
from reshore.flow.situation import Situation
from reshore.flow.world import Floats, World
from reshore.optimize import Limits, Solution, solve

DECIMALS = 10
"""Amounts are rounded to this many decimals: finer than any tolerance, coarser than the solver's last bits."""


@dataclass(frozen=True)
class Outcome:
    """Month by month: what was made, in stock and served.

    Attributes
    ----------
    made, stock
        Shape (n_goods, n_months), in shares of a year's world output.
    served
        Shape (n_final, n_tiers, n_months), in shares of a year's whole final use.
    served_share
        Shape (n_final, n_months): the part of the coalition's demand that was met, 1 where nothing was asked for.
    unserved_value
        Shape (n_final, n_months): the value of what was not, in the unit of ``situation.value``.
    short
        Shape (n_goods, n_months): by how much the program's objective rises per unit of a good; the greatest value of
        a final use is 1 there.
    residual
        The worst miss of any balance of goods.
    """

    world: World
    situation: Situation
    made: Floats
    stock: Floats
    served: Floats
    served_share: Floats
    unserved_value: Floats
    short: Floats
    residual: float
    solution: Solution

    @property
    def loss(self) -> float:
        """Value of everything that was not served."""
        return float(self.unserved_value.sum())

    def tier_share(self, tier: str) -> Floats:
        """The part of a tier's demand that was met, shape (n_final, n_months); 1 where it asks for nothing."""
        k = [one.name for one in self.situation.tiers].index(tier)
        asked = self.situation.asked[:, k]
        return np.divide(self.served[:, k], asked, out=np.ones_like(asked), where=asked > 1e-12)


def run_flow(world: World, situation: Situation, limits: Limits | None = None) -> Outcome:
    """Solves the flow of `world` in `situation`, verifies it, and reads the outcome.

    Raises
    ------
    SolverError
        When the answer does not conserve goods.
    """
    flow = build_flow(world, situation)
    return read_outcome(flow, solve(flow.program, limits))


def ties_of(at: Layout, n_columns: int) -> Floats:
    """Weights that choose among equal plans: stocks as full as possible, then as little made and passed as possible."""
    turns = np.arange(n_columns) * 0.6180339887498949
    weights = 1.0 + turns - np.floor(turns)
    weights *= 0.01
    weights[at.stock] *= -100.0
    weights[at.served] = 0.0
    return weights


def read_outcome(flow: FlowProgram, solution: Solution) -> Outcome:
    """The outcome of a solved flow program."""
    world, situation, at = flow.world, flow.situation, flow.at
    x = solution.x
    asked = situation.asked
    served = np.minimum(np.maximum(x[at.served], 0.0), flow.program.high[at.served])
    if situation.rationing == "pro_rata":
        whole = asked.sum(axis=1, keepdims=True)
        served = asked * np.divide(served, whole, out=np.ones_like(whole), where=whole > 0)
    served = _rounded(served)
    missing = np.maximum(asked - served, 0.0)
    missing[missing < 2 * 10.0**-DECIMALS] = 0.0
    total = asked.sum(axis=1)
    share = 1.0 - np.divide(missing.sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
    residual = _residual(flow, x)
    if residual > 1e-6:
        raise SolverError(f"goods are not conserved: a balance misses by {residual:g}")
    values = np.array([tier.value for tier in situation.tiers])
    duals = solution.duals
    return Outcome(
        world=world,
        situation=situation,
        made=_rounded(x[at.made]),
        stock=_rounded(x[at.stock]),
        served=served,
        served_share=share,
        unserved_value=(missing * values[None, :, None]).sum(axis=1) * situation.value[:, None],
        short=np.zeros(at.balance.shape) if duals is None else _rounded(np.abs(duals[at.balance])),
        residual=residual,
        solution=solution,
    )


def _rounded(values: Floats) -> Floats:
    return np.asarray(np.round(values, DECIMALS) + 0.0, dtype=np.float64)


def _residual(flow: FlowProgram, x: Floats) -> float:
    """The worst miss of any balance: goods used, served or kept that were neither made, delivered nor in stock.

    Summed anew from the world, not from the rows of the program.
    """
    world, situation, at = flow.world, flow.situation, flow.at
    c, k = world.consumed, world.capital
    start, _ = stocks_of(world, situation)
    stock = x[at.stock]
    before = np.concatenate([start[:, None], stock[:, :-1]], axis=1)
    out = stock.copy()
    full = ~c.half
    np.add.at(out, c.input[full], x[at.made][c.good[full]] * c.amount[full][:, None])
    np.add.at(out, c.input[c.half], x[at.used])
    np.add.at(out, world.design.input, x[at.designed])
    np.add.at(out, k.input, x[at.replaced] * (k.amount * k.life_months)[:, None])
    np.add.at(out, world.variant, x[at.passed])
    np.add.at(out, world.final, x[at.served].sum(axis=1) * world.final_share[:, None])
    into = before + x[at.made] + situation.arriving
    return float(np.maximum(out - into, 0.0).max(initial=0.0))
