"""Shocks: what can go wrong with supply and demand, each with its card, its parameters and how it acts by month.

A shock acts on two things only: it cuts suppliers by a share that may change from month to month, and it changes how
much final users ask for. Everything else follows from the flow program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from reshore.stress.spans import Floats, Span, profile
from reshore.units import MONTHS, NUMBER, SHARE, Unit

if TYPE_CHECKING:
    from reshore.flow import Cut

WHOLE = Span.of(1.0)


@dataclass(frozen=True)
class Hit:
    """One shock in a scenario, with its parameters; those that the shock does not know keep their defaults.

    ``goods`` empty stands for all goods. Months count from 1; without ``duration_months`` the shock lasts to the end.
    """

    shock: str
    countries: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    severity_share: Span = WHOLE
    granted_share: tuple[Span, ...] = ()
    start_month: float = 1.0
    duration_months: float | None = None
    ramp_months: float = 0.0
    recovery_months: float = 0.0
    price_rise_share: Span | None = None
    cost_share: Span | None = None
    pass_through_share: Span = WHOLE
    elasticity: Span | None = None
    demand_rise_share: Span | None = None

    def profile(self, months: int) -> Floats:
        """How strong it is in each month, shape (months,)."""
        return profile(months, self.start_month, self.duration_months, self.ramp_months, self.recovery_months)


@dataclass(frozen=True)
class Target:
    """What shocks can hit: the goods of a chain with their kinds, and its final uses, over a number of months."""

    goods: tuple[str, ...]
    labels: Mapping[str, str]
    final: tuple[str, ...]
    months: int
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def wanted(self, goods: Sequence[str]) -> tuple[str, ...]:
        """`goods` with their variants, and theirs; nothing stands for all goods."""
        found, stack = set(goods), list(goods)
        while stack:
            new = [kind for kind in self.kinds.get(stack.pop(), ()) if kind not in found]
            found |= set(new)
            stack += new
        return tuple(good for good in self.goods if good in found)


@dataclass(frozen=True)
class Blow:
    """What a shock does: ``cuts`` of supply for the flow program, and the demand of final uses.

    ``asked`` (n_final, n_months) is the demand that is asked for, 1 when it is as usual; ``forgone`` (n_final,
    n_months) the share of usual demand that gives up because of prices, and counts as lost.
    """

    cuts: tuple[Cut, ...]
    asked: Floats
    forgone: Floats

    def __and__(self, other: Blow) -> Blow:
        return Blow(
            (*self.cuts, *other.cuts),
            self.asked * other.asked,
            1 - (1 - self.forgone) * (1 - other.forgone),
        )


def nothing(target: Target) -> Blow:
    """Nothing happens."""
    shape = (len(target.final), target.months)
    return Blow((), np.ones(shape), np.zeros(shape))


@dataclass(frozen=True)
class Parameter:
    """One parameter of a shock: the field of `Hit` that holds it."""

    name: str
    description: str
    unit: Unit | None = None
    needed: bool = False


Strike = Callable[[Hit, Target, float | None], Blow]


@dataclass(frozen=True)
class Shock:
    """One kind of shock: what it asks, its parameters, where its form comes from, and the function that applies it.

    ``separates``: the countries it strikes no longer share with the others, so their own demand is not served either.
    ``strike(hit, target, luck)`` gives the blow; `luck` from 0 to 1 picks a value in every range, ``None`` the points.
    """

    name: str
    label: str
    question: str
    parameters: tuple[Parameter, ...]
    source: str
    strike: Strike
    separates: bool = False

    @property
    def needed(self) -> tuple[str, ...]:
        """Parameters without which the shock says nothing."""
        return tuple(parameter.name for parameter in self.parameters if parameter.needed)


def _cuts(places: Sequence[str], goods: tuple[str, ...], path: Floats, *, is_lost: bool = False) -> tuple[Cut, ...]:
    """Cuts that follow `path`, the severity of each month: one cut per run of months of equal severity."""
    from reshore.flow import Cut  # the flow program loads the solver; reading a study should not

    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), path.size]
    return tuple(
        Cut(tuple(places), goods, float(path[start]), start, end - start, is_lost=is_lost)
        for start, end in pairwise(edges)
    )


def _cut(hit: Hit, target: Target, luck: float | None) -> Blow:
    """``severity × profile`` for the countries that are hit."""
    path = hit.severity_share.at(luck) * hit.profile(target.months)
    return replace(nothing(target), cuts=_cuts(hit.countries, target.wanted(hit.goods), path))


def _license(hit: Hit, target: Target, luck: float | None) -> Blow:
    """``1 - granted share`` of the month: the path of grants is given by month, its last entry holds."""
    # A lucky draw of a loss is an unlucky draw of grants: high luck means that little is granted.
    granted = np.array([span.at(None if luck is None else 1 - luck) for span in hit.granted_share])
    age = np.arange(target.months) - (hit.start_month - 1)
    month = np.clip(np.floor(age), 0, granted.size - 1).astype(np.int64)
    path = (1 - granted[month]) * hit.profile(target.months)
    return replace(nothing(target), cuts=_cuts(hit.countries, target.wanted(hit.goods), path))


def _plant(hit: Hit, target: Target, luck: float | None) -> Blow:
    """``severity × profile`` for the organizations that are hit: their plants stand still, for everyone."""
    path = hit.severity_share.at(luck) * hit.profile(target.months)
    return replace(nothing(target), cuts=_cuts(hit.organizations, target.wanted(hit.goods), path, is_lost=True))


def _price(hit: Hit, target: Target, luck: float | None) -> Blow:
    """Buyers give up: ``forgone = 1 - (1 + rise × cost share × pass-through) ^ -elasticity`` of a final use's demand.

    The price rise of the input reaches the final use in proportion to its share of cost; buyers answer with constant
    elasticity. What they forgo counts as lost at its usual value, which overstates the loss of those who hardly cared.
    """
    assert hit.price_rise_share is not None
    assert hit.cost_share is not None
    assert hit.elasticity is not None
    rise = hit.price_rise_share.at(luck) * hit.cost_share.at(luck) * hit.pass_through_share.at(luck)
    blow = nothing(target)
    blow.forgone[_uses(hit, target)] = 1 - (1 + rise * hit.profile(target.months)) ** -hit.elasticity.at(luck)
    return replace(blow, asked=1 - blow.forgone)


def _surge(hit: Hit, target: Target, luck: float | None) -> Blow:
    """``asked = 1 + rise × profile`` for the final uses named."""
    assert hit.demand_rise_share is not None
    blow = nothing(target)
    blow.asked[_uses(hit, target)] = 1 + hit.demand_rise_share.at(luck) * hit.profile(target.months)
    return blow


def _uses(hit: Hit, target: Target) -> list[int]:
    """Positions of the final uses that are hit."""
    goods = frozenset(hit.goods)
    return [place for place, good in enumerate(target.final) if good in goods]


_COUNTRIES = Parameter("countries", "Who stops, ISO 3166-1 alpha-3.", needed=True)
_GOODS = Parameter("goods", "Which goods, their variants included; none stands for all.")
_SEVERITY = Parameter("severity_share", "Share of what they deliver that stops.", SHARE)
_TIMES = (
    Parameter("start_month", "The first month of the shock; the scenario begins with month 1.", MONTHS),
    Parameter(
        "duration_months", "How long it lasts, ramp included; to the end of the scenario when not given.", MONTHS
    ),
)
_RAMP = Parameter("ramp_months", "Months of a straight rise to full strength.", MONTHS)
_RECOVERY = Parameter("recovery_months", "Months of a straight return to normal after it ends.", MONTHS)

SUPPLY_CUT = Shock(
    name="supply-cut",
    label="Supply cut",
    question="What if a country stops delivering?",
    parameters=(_COUNTRIES, _GOODS, _SEVERITY, *_TIMES, _RAMP, _RECOVERY),
    source="Net export restriction as in USGS Open-File Report 2024-1057 (Nassar et al.)",
    strike=_cut,
    separates=True,
)
EXPORT_LICENSE = Shock(
    name="export-license",
    label="Export license",
    question="What if a country lets goods out only by license?",
    parameters=(
        _COUNTRIES,
        _GOODS,
        Parameter("granted_share", "Share of usual exports that is licensed, month by month; the last entry holds.",
                  SHARE, needed=True),
        *_TIMES,
    ),
    source="Grant rate as severity: 25 % after two months and 60 % after three in 2025 (CLEPA, by Reuters)",
    strike=_license,
    separates=True,
)  # fmt: skip
PRICE_SPIKE = Shock(
    name="price-spike",
    label="Price spike",
    question="What if an input becomes dear, and buyers of final uses give up?",
    parameters=(
        Parameter("goods", "The final uses that become dearer.", needed=True),
        Parameter("price_rise_share", "Rise of the input's price: 1.5 for 150 percent.", SHARE, needed=True),
        Parameter("cost_share", "Share of the input in the cost of the final use.", SHARE, needed=True),
        Parameter("pass_through_share", "Share of the cost rise that reaches the price.", SHARE),
        Parameter("elasticity", "How demand answers: percent lost per percent of price.", NUMBER, needed=True),
        *_TIMES,
        _RAMP,
        _RECOVERY,
    ),
    source="Constant-elasticity demand; pass-through as a share of cost",
    strike=_price,
)
DEMAND_SURGE = Shock(
    name="demand-surge",
    label="Demand surge",
    question="What if a final use suddenly needs more?",
    parameters=(
        Parameter("goods", "The final uses that need more.", needed=True),
        Parameter("demand_rise_share", "Rise of demand: 0.5 for half as much again.", SHARE, needed=True),
        *_TIMES,
        _RAMP,
        _RECOVERY,
    ),
    source="Exogenous final demand, Miller and Blair (2009), Input-Output Analysis",
    strike=_surge,
)
PLANT_LOSS = Shock(
    name="plant-loss",
    label="Plant loss",
    question="What if one firm's plants stop?",
    parameters=(
        Parameter("organizations", "Whose plants stop.", needed=True),
        _GOODS,
        _SEVERITY,
        *_TIMES,
        _RAMP,
        _RECOVERY,
    ),
    source="Node disruption with time to recover, Simchi-Levi et al. (2015), Interfaces 45(5)",
    strike=_plant,
)
TRANSPORT_CLOSURE = Shock(
    name="transport-closure",
    label="Transport closure",
    question="What if nothing gets out of a set of countries?",
    parameters=(
        Parameter("countries", "Who is cut off from all others.", needed=True),
        _SEVERITY,
        *_TIMES,
        _RAMP,
        _RECOVERY,
    ),
    source="Blockade: all exports of the countries to others stop",
    strike=_cut,
    separates=True,
)

SHOCKS: tuple[Shock, ...] = (SUPPLY_CUT, EXPORT_LICENSE, PRICE_SPIKE, DEMAND_SURGE, PLANT_LOSS, TRANSPORT_CLOSURE)
"""Every kind of shock, in the order in which menus and documents show them."""


def shock_named(name: str) -> Shock:
    """The shock called `name`; refuses others with ``KeyError``."""
    for shock in SHOCKS:
        if shock.name == name:
            return shock
    raise KeyError(name)


def strike(hits: Sequence[Hit], target: Target, luck: float | None = None) -> Blow:
    """All `hits` together."""
    blow = nothing(target)
    for hit in hits:
        blow = blow & shock_named(hit.shock).strike(hit, target, luck)
    return blow
