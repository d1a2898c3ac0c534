"""What capacity is worth at a plan: prices with a range, a ledger that balances, payments, bundles, break-even odds.

Prices are read at the plan, from the scenarios' own programs, with odds as the attitude to risk bends them. Where the
worth has a kink at the plan a price is an interval: what one more unit adds, and what one less takes away.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import polars as pl

from reshore.errors import SolverError
from reshore.flow.security import Recourse, Security
from reshore.optimize.program import Floats
from reshore.optimize.two_stage import Decision, Evaluator
from reshore.pricing.payments import Ramp, aumann_shapley

STEP = 1e-4
"""Capacity, in shares of a year's world output, by which prices are probed on either side."""

LAG = 1e-3
"""Part of the plan by which projects lag behind each other where their common scarcity is shared out."""

TURNS = 4
"""Orders in which they do, each also reversed."""

NOTHING = 1e-9
"""Values below this many millions are what solving leaves of zero."""

NOTABLE = 0.01
"""Part of its worth that a bundle must bring beyond its members to be worth a word."""

BALANCE = 1e-6
"""Relative difference that the ledger of an outlook may leave."""


@dataclass(frozen=True)
class Bundle:
    """Projects that are worth more together than each on its own: ``extra`` is the difference, in USD million."""

    members: tuple[int, ...]
    worth: float
    alone: tuple[float, ...]

    @property
    def extra(self) -> float:
        """What only the bundle brings."""
        return self.worth - math.fsum(self.alone)


class Pricing:
    """Prices, ledger and payments of one security program at one plan.

    Parameters
    ----------
    security
        Outlooks and projects.
    plan
        How much of each project is built, (n_projects,), in [0, 1].
    kin
        An evaluator whose sessions are used where it knows the same scenarios.

    All worth is in millions of US dollars over the horizon of the outlooks.
    """

    def __init__(self, security: Security, plan: Floats, kin: Evaluator | None = None) -> None:
        self.security, self.plan = security, np.asarray(plan, dtype=np.float64)
        self._evaluator = Evaluator(security.program(), kin)
        self._known: dict[tuple[float, ...], Decision] = {}

    def at(self, built: Floats) -> Decision:
        """What another plan comes to; plans that were asked for before are remembered."""
        key = tuple(float(part) for part in built)
        if key not in self._known:
            self._known[key] = self._evaluator.at(built)
        return self._known[key]

    def worth(self, built: Floats) -> float:
        """What a plan adds to service, with odds as the attitude to risk bends them."""
        return self._nothing.objective - self.at(built).objective

    @cached_property
    def decision(self) -> Decision:
        """The plan, solved."""
        return self.at(self.plan)

    @cached_property
    def _nothing(self) -> Decision:
        return self.at(np.zeros(len(self.security.projects)))

    def prices(self, goods: Iterable[str] | None = None) -> pl.DataFrame:
        """What standing capacity of each good is worth.

        Returns
        -------
        pl.DataFrame
            One row per ``good``: ``price_usd_m`` is what capacity for a whole year's world output would add per year if
            the price held that far; ``price_usd_m_low`` (what one more unit adds) and ``price_usd_m_high`` (what one
            unit less takes away) differ where the worth has a kink; in months without capacity nothing can be taken
            away, and the price is what one more unit adds. Goods that come only in kinds have no row.
        """
        world = self.security.world
        years = self.security.outlooks[0].situation.n_months / 12
        kinds = {world.goods[parent] for parent in world.parents}
        rows = []
        for good in goods if goods is not None else world.goods:
            if good in kinds:
                continue
            effects = [self._standing(recourse, good) for recourse in self.security.recourses]
            price = -math.fsum(
                weight * float(duals[rows_] @ sides)
                for weight, duals, (rows_, sides) in zip(
                    self.decision.weights, self.decision.duals, effects, strict=True
                )
            )
            more, less = self._probed(effects, STEP), self._probed(effects, -STEP)
            # Worth is concave, so less is more than more; where there is no capacity, none can be taken away.
            low, high = more, max(more, less)
            rows.append((good, *(max(end, 0.0) / years + 0.0 for end in (min(max(price, low), high), low, high))))
        return pl.DataFrame(
            rows,
            schema={"good": pl.String, "price_usd_m": pl.Float64, "price_usd_m_low": pl.Float64,
                    "price_usd_m_high": pl.Float64},
            orient="row",
        )  # fmt: skip

    def _standing(self, recourse: Recourse, good: str) -> tuple[np.ndarray, Floats]:
        months = recourse.outlook.situation.n_months
        return recourse.effect(good, np.ones(months))

    def _probed(self, effects: Sequence[tuple[np.ndarray, Floats]], step: float) -> float:
        """Change of worth per unit when capacity changes by `step` in every outlook, at the weights of the plan."""
        costs = self._evaluator.shifted(self.plan, effects, step)
        change = math.fsum(self.decision.weights * (self.decision.costs - costs))
        return change / step

    def ledger(self) -> pl.DataFrame:
        """Who produces the value of each outlook: by strong duality the entries add up to what is served there,
        of the uses that can run short.

        Returns
        -------
        pl.DataFrame
            One row per ``outlook, party, item`` with ``usd_m``, and per outlook a row ``total``. Parties: ``project``
            (item: its number among the projects), ``capacity`` that stands (item: good), ``stock`` at the beginning
            (good), ``delivery`` from outside (good), ``demand`` (good: what users could take more of), ``store`` (good:
            room for stocks).

        Raises
        ------
        SolverError
            When an outlook does not balance.
        """
        entries: list[tuple[str, str, str, float]] = []
        for number, recourse in enumerate(self.security.recourses):
            found = _entries(self.security, recourse, self.decision.duals[number], self.plan, number)
            entries += [(recourse.outlook.name, *entry) for entry in found if abs(entry[2]) > NOTHING]
            entries.append((recourse.outlook.name, "total", "", -float(self.decision.costs[number])))
        schema = {"outlook": pl.String, "party": pl.String, "item": pl.String, "usd_m": pl.Float64}
        ledger = pl.DataFrame(entries, schema=schema, orient="row")
        check_ledger(ledger)
        return ledger

    def payments(self) -> pl.DataFrame:
        """What each project of the plan should be paid for the security that it produces.

        Returns
        -------
        pl.DataFrame
            One row per ``project`` (its number): ``payment_usd_m`` by prices along the ramp (Aumann and Shapley), which
            add up to the worth of the plan, and are even among links of one chain; ``owen_usd_m`` at the prices of the
            plan; ``pivotal_usd_m`` what is lost without it (Vickrey, Clarke, Groves); ``bracket_usd_m`` at the prices
            without it. Owen ≤ pivotal ≤ bracket.
        """
        fair = aumann_shapley(self._ramp(), self.plan, prices=self._even_prices)
        owen = self._gradient(self.decision) * self.plan
        whole = self.worth(self.plan)
        rows = []
        for project in np.flatnonzero(self.plan > 0):
            without = self.plan.copy()
            without[project] = 0.0
            bracket = self._gradient(self.at(without))[project] * self.plan[project]
            pivotal = whole - self.worth(without)
            rows.append((int(project), float(fair[project]), float(owen[project]), pivotal, float(bracket)))
        names = ("payment_usd_m", "owen_usd_m", "pivotal_usd_m", "bracket_usd_m")
        schema = {"project": pl.Int64, **dict.fromkeys(names, pl.Float64)}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _ramp(self) -> Ramp:
        def ramp(part: float) -> tuple[float, Floats]:
            built = part * self.plan
            return self.worth(built), self._gradient(self.at(built))

        return ramp

    def _even_prices(self, part: float, width: float) -> Floats:
        """Prices at a fraction of the plan that treat alike what is scarce together.

        Links of one chain that grow in step are all scarce, and any split of the price among them is right at the
        margin. Here each lags behind by a hair in turn, in several orders and their reverses, and prices are the mean.
        """
        built = np.flatnonzero(self.plan > 0)
        places = np.arange(built.size)
        turns = np.unique(np.linspace(0, built.size, min(built.size, TURNS), endpoint=False).astype(np.int64))
        total = np.zeros(self.plan.size)
        for turn in turns:
            rank = (places + turn) % built.size
            for order in (rank, built.size - 1 - rank):
                behind = np.zeros(self.plan.size)
                behind[built] = min(LAG, width / 4) * order / max(1, built.size - 1)
                total += self._gradient(self._evaluator.at((part - behind) * self.plan))
        return total / max(1, 2 * turns.size)

    def _gradient(self, decision: Decision) -> Floats:
        """How the worth rises per unit of each project at a decision, (n_projects,)."""
        total = np.zeros(len(self.security.projects))
        for weight, duals, effect in zip(decision.weights, decision.duals, self.security.effects, strict=True):
            total -= weight * (effect.T @ duals)
        return total

    def bundles(self, most: int = 3, projects: Iterable[int] | None = None) -> tuple[Bundle, ...]:
        """Pairs, and sets up to `most`, that are worth more than their members alone and than any smaller set says.

        A set is listed when it brings more than its best division into a listed set and single projects; found by
        solving, because whether two projects help or replace each other cannot be read from a map. Sets are skipped
        only where prices prove that they bring nothing more: the worth of one more project is at most its price.
        """
        chosen: list[int] = np.flatnonzero(self.plan > 0).tolist() if projects is None else sorted(projects)
        alone = {project: self._together((project,)) for project in chosen}
        found: list[Bundle] = []
        for size in range(2, most + 1):
            for members in combinations(chosen, size):
                parts = max(
                    (b.worth + math.fsum(alone[m] for m in members if m not in b.members)
                     for b in found if set(b.members) < set(members)),
                    default=-math.inf,
                )  # fmt: skip
                best = max(parts, math.fsum(alone[member] for member in members))
                if self._at_most(members) <= best + NOTABLE * abs(best) + self._noise:
                    continue
                worth = self._together(members)
                if worth > best + NOTABLE * abs(worth) + self._noise:
                    found.append(Bundle(members, worth, tuple(alone[member] for member in members)))
        return tuple(sorted(found, key=lambda bundle: (-bundle.extra, bundle.members)))

    @property
    def _noise(self) -> float:
        """What solving leaves of zero in differences of worth, in USD million."""
        return max(NOTHING, 1e-9 * float(np.abs(self._nothing.costs).max(initial=0.0)))

    def _at_most(self, members: Sequence[int]) -> float:
        """A bound on what `members` are worth together: the worth of all but one and the price of the last there."""
        bounds = []
        for last in members:
            others = [member for member in members if member != last]
            bounds.append(self._together(others) + float(self._gradient(self.at(self._parts(others)))[last]))
        return min(bounds)

    def _parts(self, members: Sequence[int]) -> Floats:
        built = np.zeros(len(self.security.projects))
        built[list(members)] = 1.0
        return built

    def _together(self, members: Sequence[int]) -> float:
        return self.worth(self._parts(members))

    def break_even_odds(self, costs_usd_m: Floats) -> pl.DataFrame:
        """From which odds of an outlook a project alone is worth its cost, if nothing else ever happened.

        ``cost / gain`` in the outlook; absent where it gains nothing there. Odds of a cut are opinions, so they belong
        beside every price.
        """
        rows = []
        nothing = self._nothing
        for project in range(len(self.security.projects)):
            built = np.zeros(len(self.security.projects))
            built[project] = 1.0
            gains = nothing.costs - self.at(built).costs
            for outlook, gain in zip(self.security.outlooks, gains, strict=True):
                odds = float(costs_usd_m[project]) / float(gain) if gain > NOTHING else None
                rows.append((project, outlook.name, float(max(gain, 0.0)), odds))
        schema = {"project": pl.Int64, "outlook": pl.String, "gain_usd_m": pl.Float64, "break_even_odds": pl.Float64}
        return pl.DataFrame(rows, schema=schema, orient="row")


def check_ledger(ledger: pl.DataFrame) -> None:
    """Refuses a ledger in which the entries of an outlook do not add up to its total, to ``1e-6`` of it."""
    for (outlook,), rows in ledger.group_by(["outlook"], maintain_order=True):
        is_total = pl.col("party") == "total"
        total = float(rows.filter(is_total)["usd_m"].item())
        entries = rows.filter(~is_total)["usd_m"]
        found = math.fsum(entries)
        # Where entries cancel, to a thousandth of them; and each that was too small to be listed may be missing.
        scale = max(abs(total), 1e-3 * math.fsum(entries.abs()))
        if abs(found - total) > BALANCE * scale + NOTHING * (1 + len(entries)):
            raise SolverError(f"the ledger of '{outlook}' comes to {found:.9g} instead of {total:.9g} million")


def _entries(
    security: Security, recourse: Recourse, duals: Floats, plan: Floats, number: int
) -> list[tuple[str, str, float]]:
    """Party, item and amount of everything that limits an outlook, priced: sides of rows and bounds of variables."""
    world, flow, program = recourse.world, recourse.flow, recourse.program
    at, names = flow.at, world.goods
    effect = security.effects[number]
    entries = [
        ("project", str(project), float(-(effect[:, [project]].T @ duals)[0] * plan[project]))
        for project in np.flatnonzero(plan > 0)
    ]
    # what a row's active side is worth without the projects; `duals` are changes of cost per unit of the side
    side = np.where(duals > 0, program.row_low, program.row_high)
    worth = np.where(duals == 0, 0.0, -duals * np.where(np.isfinite(side), side, 0.0))
    reduced = program.cost - program.matrix.T @ duals
    bound = np.where(reduced > 0, program.low, program.high)
    tight = np.where(reduced == 0, 0.0, -reduced * np.where(np.isfinite(bound), bound, 0.0))
    by_good: dict[tuple[str, int], list[float]] = {}

    def add(party: str, goods: np.ndarray, amounts: Floats) -> None:
        for good, row in zip(goods.tolist(), amounts, strict=True):
            by_good.setdefault((party, good), []).extend(row.ravel().tolist())

    own = np.setdiff1d(np.arange(len(names)), world.parents)
    add("capacity", own, worth[recourse.room[own]])
    add("capacity", world.consumed.good[world.consumed.half], worth[at.half])
    add("capacity", world.design.good, worth[at.old])
    add("capacity", world.capital.good, worth[at.wear])
    add("capacity", world.capital.good, worth[at.worn])
    add("capacity", world.capital.good, worth[recourse.fit])
    opening = np.zeros(at.balance.shape)
    opening[:, 0] = _opening(recourse)
    price = -duals[at.balance]
    add("stock", np.arange(len(names)), -price * opening)
    add("delivery", np.arange(len(names)), -price * flow.situation.arriving)
    add("demand", world.final, tight[at.served])
    add("store", np.arange(len(names)), tight[at.stock])
    for (party, good), amounts in sorted(by_good.items()):
        entries.append((party, names[good], math.fsum(amounts)))
    return entries


def _opening(recourse: Recourse) -> Floats:
    """Stocks at the beginning, from the first month's balance: its side is minus stocks and deliveries."""
    side = recourse.program.row_low[recourse.flow.at.balance[:, 0]]
    return np.asarray(-side - recourse.flow.situation.arriving[:, 0], dtype=np.float64)
