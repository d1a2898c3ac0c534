"""What a scenario comes to: the point, the draws around it, and the tables that say so.

Two readings stand side by side. The flow program serves final uses as well as can be with what is left (``served``);
the ladder lets all users of a good share alike (``alike``). The truth lies between them where markets allocate badly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from reshore.countries import COUNTRIES
from reshore.flow import Cut, Outcome, Rest, Situation, Terms, at_rest, cut_off, run_flow
from reshore.flow.world import World
from reshore.stress.case import Draw, StressCase
from reshore.stress.ladder import SHORT, Ladder, ladder, survival
from reshore.stress.scenarios import Scenario
from reshore.stress.shocks import Blow, strike
from reshore.stress.spans import Floats

Step = Callable[[str], AbstractContextManager[object]]
TAILS = (0.05, 0.95)
"""A range holds nine tenths of the draws."""


@dataclass(frozen=True)
class Reading:
    """What is kept of a draw: how far demand is met, and what that is worth.

    Attributes
    ----------
    served, home_served, alike
        Shape (n_final, n_months): share of usual or surged demand that is met, what buyers forgo counted as not met:
        by the best plan, for home alone, and when all users share alike.
    asked, home_asked
        Shape (n_final, n_months): demand of the pool and of home at a year's pace, in shares of the world's final use.
    value_usd, ratio
        What a year's final use of the world is worth, NaN where unknown; money lost per dollar of it, if a source says.
    survives_months
        Shape (n_goods,): time to survive, NaN where stocks outlast the months.
    residual
        The worst miss of any balance of goods.
    """

    served: Floats
    home_served: Floats
    alike: Floats
    asked: Floats
    home_asked: Floats
    value_usd: Floats
    ratio: float | None
    survives_months: Floats
    residual: float

    def usd(self, served: Floats, *, home: bool = False) -> Floats:
        """Value of what is not `served` in each month, shape (n_final, n_months); NaN where the value is unknown."""
        asked = self.home_asked if home else self.asked
        if home and served is self.served:
            served = self.home_served
        return np.asarray(self.value_usd[:, None] / 12 * asked * (1 - served), dtype=np.float64)

    @property
    def unserved_share(self) -> float:
        """Unserved share of demand, all final uses and months counted alike."""
        return float(1 - self.served.mean()) if self.served.size else 0.0

    @property
    def alike_unserved_share(self) -> float:
        """The same when all users of a good share alike."""
        return float(1 - self.alike.mean()) if self.alike.size else 0.0


@dataclass(frozen=True)
class Trial(Reading):
    """One scenario under one set of figures, with all that led to the reading.

    ``blow`` is what happens, ``situation`` what that does to the flow, ``rest`` the pool when everything runs,
    ``outcome`` the flow's answer, ``ladder`` the reading in which all share alike.
    """

    scenario: Scenario
    draw: Draw
    blow: Blow
    situation: Situation
    rest: Rest
    outcome: Outcome
    ladder: Ladder

    @property
    def own(self) -> Floats:
        """What of usual use can be had with all inputs at hand and no stock, shape (n_goods, n_months)."""
        return self.ladder.own

    @property
    def reading(self) -> Reading:
        """The reading alone: draws are many, and what led to them is large."""
        return Reading(**{field.name: getattr(self, field.name) for field in fields(Reading)})


def terms_of(case: StressCase, scenario: Scenario) -> Terms:
    """On which terms the pool lives through `scenario`."""
    is_firm = any(hit.organizations for hit in scenario.shocks)
    by = "organization" if is_firm else scenario.by
    return Terms(home=case.home, allies=case.allies, months=scenario.months, by=by, rationing=scenario.rationing)  # type: ignore[arg-type]  # words were checked


def cuts_of(case: StressCase, scenario: Scenario, blow: Blow, terms: Terms) -> tuple[Cut, ...]:
    """The cuts of a blow in the terms of the flow program.

    Where suppliers are organizations, a country stops with all its firms, and firms of unknown size are left out. With
    a stated pool, everyone else is outside of it and goes on delivering.
    """
    supply = case.world.supply[terms.by]
    known = set(supply.everyone)
    cuts = []
    for cut in blow.cuts:
        places = cut.places
        if terms.by == "organization":
            firms = case.firms_of(places, by_control=scenario.by == "control")
            places = tuple(dict.fromkeys(place for place in (*places, *firms) if place in known or place in COUNTRIES))
        if places:
            cuts.append(replace(cut, places=places))
    if not scenario.pool:
        return tuple(cuts)
    struck = {place for cut in cuts for place in cut.places}
    others = tuple(sorted((known | set(case.world.use.everyone)) - set(scenario.pool) - struck))
    return (*cuts, Cut(others, severity=0.0)) if others else tuple(cuts)


def outside_of(case: StressCase, cuts: Sequence[Cut], terms: Terms) -> tuple[str, ...]:
    """Who is not in the pool."""
    if terms.rationing == "own_only" and cuts:
        everyone = set(case.world.supply[terms.by].everyone) | set(case.world.use.everyone)
        return tuple(sorted(everyone - {terms.home}))
    return tuple(sorted({place for cut in cuts if not cut.is_lost for place in cut.places}))


def try_out(case: StressCase, scenario: Scenario, draw: Draw | None = None, strength: float = 1.0) -> Trial:
    """`scenario` under one set of figures, by default the point; `strength` scales what is cut."""
    figures = draw or case.point
    blow = strike(scenario.shocks, case.target(scenario), figures.luck)
    if strength < 1:
        blow = replace(
            blow,
            cuts=tuple(replace(cut, severity=strength * cut.severity) for cut in blow.cuts),
            asked=1 + strength * (blow.asked - 1),
            forgone=strength * blow.forgone,
        )
    terms = terms_of(case, scenario)
    cuts = cuts_of(case, scenario, blow, terms)
    blow = replace(blow, cuts=cuts)
    world = figures.world
    situation = cut_off(world, cuts, terms)
    usual = situation.demand
    situation = replace(situation, demand=usual * blow.asked)
    rest = at_rest(world, outside_of(case, cuts, terms), terms.by, terms.home)
    outcome = run_flow(world, situation)
    return _read(case, scenario, figures, blow, situation, rest, outcome, usual)


def _read(case: StressCase, scenario: Scenario, draw: Draw, blow: Blow, situation: Situation, rest: Rest,
          outcome: Outcome, usual: Floats) -> Trial:  # fmt: skip
    world = outcome.world
    alike = ladder(world, situation, rest, case.layers)
    # What is asked for is usual demand, or more in a surge; buyers who give up because of prices ask for nothing.
    kept = 1 - blow.forgone
    asked = usual * blow.asked / kept
    served = _whole(outcome.served_share) * kept
    names = [tier.name for tier in situation.tiers]
    home = _whole(outcome.tier_share("home")) * kept if "home" in names else served
    part = np.divide(asked, usual, out=np.ones_like(asked), where=usual > 0)
    return Trial(
        served=served,
        home_served=home,
        alike=np.minimum(alike.share[world.final] / part, kept),
        asked=asked,
        home_asked=np.minimum(world.use_of((case.home,)), rest.demand)[:, None] * part,
        value_usd=draw.value_usd,
        ratio=draw.ratio,
        survives_months=survival(alike.own, world.stock_months),
        residual=outcome.residual,
        scenario=scenario,
        draw=draw,
        blow=blow,
        situation=situation,
        rest=rest,
        outcome=outcome,
        ladder=alike,
    )


def _whole(share: Floats) -> Floats:
    """Shares within [0, 1], those within the solver's tolerance of 1 as 1."""
    return np.where(share > 1 - SHORT, 1.0, np.clip(share, 0.0, 1.0))


@dataclass(frozen=True)
class Spread:
    """The point of a figure with the range of its draws; arrays of one shape. NaN where unknown."""

    point: Floats
    low: Floats
    high: Floats


def spread(point: Floats | float, draws: Sequence[Floats | float]) -> Spread:
    """The range that holds nine tenths of `draws`, and the point; without draws it is the point.

    Draws in which a figure is unknown say nothing of it; the others do.
    """
    middle = np.asarray(point, dtype=np.float64)
    if not draws:
        return Spread(middle, middle, middle)
    drawn = np.stack([np.asarray(draw, dtype=np.float64) for draw in draws])
    told = ~np.isnan(drawn).all(axis=0)
    low, high = np.nanquantile(np.where(told, drawn, 0.0), TAILS, axis=0)
    return Spread(middle, np.where(told, np.fmin(low, middle), middle), np.where(told, np.fmax(high, middle), middle))


@dataclass(frozen=True)
class Trials:
    """A scenario at the point and in every draw."""

    case: StressCase
    scenario: Scenario
    point: Trial
    draws: tuple[Reading, ...]

    def spread(self, read: Callable[[Reading], Floats | float]) -> Spread:
        """What `read` finds, with its range."""
        return spread(read(self.point), [read(draw) for draw in self.draws])

    @property
    def is_nothing(self) -> bool:
        """Whether no final use loses anything, at the point and in both readings."""
        return self.point.unserved_share <= SHORT and self.point.alike_unserved_share <= SHORT


def run_trials(case: StressCase, scenario: Scenario, step: Step = nullcontext) -> Trials:
    """`scenario` at the point and in all draws of the settings."""
    with step(f"stress: {scenario.label}"):
        point = try_out(case, scenario)
    count = case.settings.draws
    draws: list[Reading] = []
    if count:
        with step(f"stress: {scenario.label}, {count} draws"):
            draws = [try_out(case, scenario, case.draw(index)).reading for index in range(count)]
    return Trials(case, scenario, point, tuple(draws))


def bound_by(trial: Trial) -> NDArray[np.int64]:
    """The good that holds each final use back in each month, shape (n_final, n_months); -1 where nothing does.

    From the final use, follow the input that is worth most to it at the margin, as long as more of it would be worth
    more than more capacity for the good itself: ``rent = worth of a good - Σ amount × worth of its inputs``.
    """
    world, worth = trial.outcome.world, trial.outcome.short
    found = np.full(trial.served.shape, -1, dtype=np.int64)
    for k, f in enumerate(world.final.tolist()):
        for t in np.flatnonzero(trial.served[k] < 1 - SHORT).tolist():
            scarce = _scarce(world, worth[:, t], f)
            root = int(trial.ladder.root[f, t])
            found[k, t] = root if scarce < 0 and root >= 0 else f if scarce < 0 else scarce
    return found


def _scarce(world: World, worth: Floats, good: int) -> int:
    """The scarce good behind `good` by what a unit of each is worth; -1 when nothing is worth anything."""
    if worth[good] <= SHORT:
        return -1
    seen: set[int] = set()
    while good not in seen:
        seen.add(good)
        parts = []
        for edges in (world.consumed, world.design):
            rows = np.flatnonzero(edges.good == good)
            parts += [(float(edges.amount[row] * worth[edges.input[row]]), int(edges.input[row])) for row in rows]
        rows = np.flatnonzero(world.capital.good == good)
        parts += [(float(worth[world.capital.input[row]] * world.capital.amount[row]), int(world.capital.input[row]))
                  for row in rows]  # fmt: skip
        rows = np.flatnonzero(world.parent == good)
        parts += [(float(world.passed[row] * worth[world.variant[row]]), int(world.variant[row])) for row in rows]
        if not parts:
            return good
        most, next_ = max(parts, key=lambda part: (part[0], -part[1]))
        rent = worth[good] - sum(part for part, _ in parts)
        if most <= SHORT or rent >= most:
            return good
        good = next_
    return good
