"""`Outcome`: what a situation comes to, solved, verified and read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from reshore.errors import InfeasibleError, SolverError
from reshore.flow.narrow import Mask, as_needed, can_want, narrowed
from reshore.flow.program import FlowProgram, build_flow, stocks_of
from reshore.flow.situation import Situation
from reshore.flow.start import near_basis
from reshore.flow.world import Floats, World
from reshore.optimize import NEAR, Limits, Session, Solution, rank_weights, solve, solve_in_turn

DECIMALS = 10
"""Amounts are rounded to this many decimals: finer than any tolerance, coarser than the solver's last bits."""

PRICES = ("balance", "capacity", "half", "design", "wear", "stock")

TILT = 1e-6
"""Relative difference in value below which final uses count as equal: ties go by a fixed order of uses."""


@dataclass(frozen=True, eq=False)
class Solved:
    """The part of a flow program that had to be solved: its goods, its program and the verified answers.

    One answer per pass: rules that serve one tier after another take as many as there are tiers.
    """

    kept: Mask
    flow: FlowProgram
    answers: tuple[Solution, ...]

    @property
    def x(self) -> Floats:
        """Values of the variables."""
        return self.answers[-1].x


@dataclass(frozen=True)
class Plan:
    """Who makes and stores what, shapes (n_goods, n_months), in shares of a year's world output.

    Among the plans that serve as much it is the one whose stocks are fullest, and that makes least.
    """

    made: Floats
    stock: Floats


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a situation comes to, month by month.

    Attributes
    ----------
    served
        Shape (n_final, n_tiers, n_months), in shares of a year's whole final use.
    served_share
        Shape (n_final, n_months): the part of the coalition's demand that was met, 1 where nothing was asked for.
    unserved_value
        Shape (n_final, n_months): the value of what was not, in the unit of ``situation.value``.
    residual
        The worst miss of any balance of goods, in shares of a year's world output.
    solved
        The part of the program that had to be solved; ``None`` when nothing can be short.
    """

    world: World
    situation: Situation
    served: Floats
    served_share: Floats
    unserved_value: Floats
    residual: float
    solved: Solved | None

    @property
    def loss(self) -> float:
        """Value of everything that was not served."""
        return math.fsum(self.unserved_value.ravel().tolist())

    @property
    def discounted_value(self) -> float:
        """Value of everything that was served, later service discounted: what the program maximizes."""
        situation = self.situation
        later = (1.0 - situation.discount_per_month) ** np.arange(situation.n_months)
        values = np.array([tier.value for tier in situation.tiers])
        worth = situation.value[:, None, None] * values[None, :, None] * later[None, None, :]
        return math.fsum((worth * self.served).ravel().tolist())

    @property
    def made(self) -> Floats:
        """What is made of each good, shape (n_goods, n_months), in shares of a year's world output."""
        return self.plan.made

    @property
    def stock(self) -> Floats:
        """What is in stock after each month, shape (n_goods, n_months), in shares of a year's world output."""
        return self.plan.stock

    def tier_share(self, tier: str) -> Floats:
        """The part of a tier's demand that was met, shape (n_final, n_months); 1 where it asks for nothing."""
        k = [one.name for one in self.situation.tiers].index(tier)
        asked = self.situation.asked[:, k]
        return np.divide(self.served[:, k], asked, out=np.ones_like(asked), where=asked > 1e-12)

    @cached_property
    def plan(self) -> Plan:
        """The plan behind what is served; ties between plans are broken when it is first asked for."""
        solved, world, situation = self.solved, self.world, self.situation
        start, _ = stocks_of(world, situation)
        made = np.zeros(situation.capacity.shape)
        stock = np.repeat(start[:, None], situation.n_months, axis=1)
        if solved is not None:
            x = _answers(solved.flow, ties=_fullest(solved.flow))[-1].x
            made[solved.kept], stock[solved.kept] = x[solved.flow.at.made], x[solved.flow.at.stock]
            _conserved(_residual(solved.flow, x))
        none = np.zeros(len(world.goods), dtype=bool)
        return Plan(
            _rounded(as_needed(world, situation, none if solved is None else solved.kept, made)), _rounded(stock)
        )

    @property
    def survives_months(self) -> Floats:
        """Months that each final use is served in full before it is short, shape (n_final,); NaN if it never is."""
        return _first(self.served_share < 1.0 - 1e-9)

    @property
    def runs_out_months(self) -> Floats:
        """Months until the stock of each good is empty, shape (n_goods,); NaN if it never is or there is none."""
        start, _ = stocks_of(self.world, self.situation)
        return np.where(start > 0, _first(self.stock <= 1e-9) + 1.0, np.nan)

    @cached_property
    def short(self) -> Floats:
        """What one more unit of a good would be worth, shape (n_goods, n_months).

        In shares of the value of the most valuable final use; one of the possible prices where several prove the
        optimum.
        """
        return self.prices["balance"]

    @cached_property
    def prices(self) -> Mapping[str, Floats]:
        """What one more unit of what binds would be worth, each of shape (n_goods, n_months).

        ``balance``: of the good itself; ``capacity``: of room to make it; ``half``, ``design``, ``wear``: of output
        that is held back by an important input, a design input or a tool; ``stock``: how much more the good is worth
        than a month later, where the stock is empty.
        """
        shape = self.situation.capacity.shape
        found = {name: np.zeros(shape) for name in PRICES}
        if self.solved is None:
            return found
        kept, flow = np.flatnonzero(self.solved.kept), self.solved.flow
        scale = float(flow.situation.value.max(initial=0.0)) / max(float(self.situation.value.max(initial=0.0)), 1e-300)
        at, world = flow.at, flow.world
        for answer in self.solved.answers:
            if answer.duals is None or answer.reduced is None:
                continue
            rows, columns = np.abs(answer.duals) * scale, answer.reduced * scale
            for name, values, goods in (
                ("balance", rows[at.balance], np.arange(kept.size)),
                ("capacity", columns[at.made], np.arange(kept.size)),
                ("stock", -columns[at.stock], np.arange(kept.size)),
                ("half", rows[at.half], world.consumed.good[world.consumed.half]),
                ("design", rows[at.old], world.design.good),
                ("wear", rows[at.worn], world.capital.good),
            ):
                np.maximum.at(found[name], kept[goods], _rounded(values))
        found["stock"][stocks_of(self.world, self.situation)[1] <= 0] = 0.0
        return found


def run_flow(world: World, situation: Situation, limits: Limits | None = None) -> Outcome:
    """Solves the flow of `world` in `situation`, verifies it, and reads the outcome.

    Only what can be short is solved (see `reshore.flow.narrow`), from the basis of the world at rest.

    Raises
    ------
    SolverError
        When an answer does not hold, or does not conserve goods.
    """
    kept = can_want(world, situation)
    asked = situation.asked
    if not kept[world.final].any():
        return _read(world, situation, asked.copy(), 0.0, None)
    order = TILT * (rank_weights(world.final.size) - 1.0)
    tilted = replace(situation, value=situation.value * (1.0 - order))
    flow = build_flow(*narrowed(world, tilted, kept))
    solved = Solved(kept, flow, _answers(flow, limits))
    residual = _residual(flow, solved.x)
    _conserved(residual)
    served = asked.copy()
    served[kept[world.final]] = _served(flow, solved.x)
    return _read(world, situation, served, residual, solved)


def _answers(flow: FlowProgram, limits: Limits | None = None, ties: Floats | None = None) -> tuple[Solution, ...]:
    """The verified answers of all passes: from a near start, or from none should that fail."""
    session = Session(flow.program, limits, NEAR)
    session.start_at(near_basis(flow))
    try:
        return _passes(flow, session, ties)
    except (SolverError, InfeasibleError):
        return _passes(flow, Session(flow.program, limits), ties)


def _passes(flow: FlowProgram, session: Session, ties: Floats | None) -> tuple[Solution, ...]:
    """One pass; or one per tier, in which nothing is taken from earlier tiers. Ties are broken in the last."""
    served, cost = flow.at.served, flow.program.cost
    if flow.situation.rationing != "home_first":
        return (solve(session, ties=ties),)
    tier = np.full(cost.size, -1)
    tier[served] = np.arange(served.shape[1])[None, :, None]
    return solve_in_turn(session, [np.where(tier == k, cost, 0.0) for k in range(served.shape[1])], ties)


def _fullest(flow: FlowProgram) -> Floats:
    """Weights that choose among equal plans: stocks as full as possible, then as little made as possible."""
    weights = 0.01 * rank_weights(flow.program.n_columns)
    weights[flow.at.stock] *= -100.0
    weights[flow.at.served] = 0.0
    return weights


def _served(flow: FlowProgram, x: Floats) -> Floats:
    """What each tier gets, shape (n_final, n_tiers, n_months)."""
    asked = flow.situation.asked
    served = np.clip(x[flow.at.served], 0.0, flow.program.high[flow.at.served])
    if flow.situation.rationing == "pro_rata":
        whole = asked.sum(axis=1, keepdims=True)
        served = asked * np.divide(served, whole, out=np.ones_like(whole), where=whole > 0)
    return served


def _read(world: World, situation: Situation, served: Floats, residual: float, solved: Solved | None) -> Outcome:
    asked = situation.asked
    served = _rounded(served)
    missing = np.maximum(asked - served, 0.0)
    missing[missing < 2 * 10.0**-DECIMALS] = 0.0
    served = np.where(missing > 0, served, asked)
    total = asked.sum(axis=1)
    share = 1.0 - np.divide(missing.sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
    values = np.array([tier.value for tier in situation.tiers])
    unserved = (missing * values[None, :, None]).sum(axis=1) * situation.value[:, None]
    return Outcome(world, situation, served, share, unserved, residual, solved)


def _first(found: Mask) -> Floats:
    """Months before the first one that is found, along the last axis; NaN where there is none."""
    return np.where(found.any(axis=-1), found.argmax(axis=-1).astype(np.float64), np.nan)


def _rounded(values: Floats) -> Floats:
    return np.asarray(np.round(values, DECIMALS) + 0.0, dtype=np.float64)


def _conserved(residual: float) -> None:
    if residual > 1e-7:
        raise SolverError(f"goods are not conserved: a balance misses by {residual:g} of a year's world output")


def _residual(flow: FlowProgram, x: Floats) -> float:
    """The worst miss of any balance: goods used, served or kept that were neither made, bought nor in stock.

    Summed anew from the world, not from the rows of the program.
    """
    world, situation, at = flow.world, flow.situation, flow.at
    c, k = world.consumed, world.capital
    start, _ = stocks_of(world, situation)
    made, stock = x[at.made], x[at.stock]
    out = stock.copy()
    full = ~c.half
    np.add.at(out, c.input[full], made[c.good[full]] * c.amount[full][:, None])
    np.add.at(out, c.input[c.half], x[at.used])
    np.add.at(out, world.design.input, x[at.designed])
    np.add.at(out, k.input, x[at.replaced] * (k.amount * k.life_months)[:, None])
    np.add.at(out, world.variant, x[at.passed])
    np.add.at(out, world.final, x[at.served].sum(axis=1) * world.final_share[:, None])
    before = np.concatenate([start[:, None], stock[:, :-1]], axis=1)
    return float(np.maximum(out - before - made - situation.arriving, 0.0).max(initial=0.0))
