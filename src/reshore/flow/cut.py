"""From cuts to a situation: who stops, who is left, what still arrives, and what the others need from us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reshore.countries import BLOCS, COUNTRIES
from reshore.errors import InputError, Place, Problem
from reshore.flow.situation import (
    ALL_USERS,
    LARGEST,
    Project,
    Rationing,
    Situation,
    Tier,
    capacity_of,
    rise,
    too_large,
)
from reshore.flow.world import BYS, UNKNOWN, By, Floats, World, listed
from reshore.tables.explain import did_you_mean

FEW = 4
"""Goods that a note names without counting them."""


@dataclass(frozen=True)
class Cut:
    """`places` stop: from ``start_month`` on (0 is the first), for ``months`` (``None``: to the end), by ``severity``.

    ``withheld``: they keep their goods for themselves, and leave the coalition. ``lost``: their plants stand still, for
    them as for everyone. The cut rises evenly to its severity over ``ramp_months``. ``goods``: empty for all.

    ``by`` says what ties output to `places`; by default what the terms say, and ``organization`` for organizations.
    """

    places: tuple[str, ...]
    goods: tuple[str, ...] = ()
    severity: float = 1.0
    start_month: int = 0
    months: int | None = None
    ramp_months: float = 0
    is_lost: bool = False
    by: By | None = None

    def by_month(self, months: int) -> Floats:
        """Severity in each month, shape (months,)."""
        end = months if self.months is None else self.start_month + self.months
        path = rise(months, self.start_month, self.ramp_months)
        return np.asarray(self.severity * np.where(np.arange(months) < end, path, 0.0), dtype=np.float64)


@dataclass(frozen=True)
class Terms:
    """On which terms the coalition lives through a cut.

    Attributes
    ----------
    home, allies
        Whose question it is, and who is served next; with no home there is one tier of users.
    months
        Horizon.
    by
        What ties output to who can stop it.
    rationing
        One of `RATIONING`.
    defense_share, tier_values
        Part of home's use that is defense; what a unit served to defense, home, allies and others is worth.
    surge_share, surge_delay_months
        By how much plants of the coalition can run above their capacity, and how long it takes until they do.
    projects
        Capacity that is being added.
    """

    home: str = ""
    allies: tuple[str, ...] = ()
    months: int = 24
    by: By = "site"
    rationing: Rationing = "best"
    defense_share: float = 0.0
    tier_values: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    surge_share: float = 0.0
    surge_delay_months: int = 0
    projects: tuple[Project, ...] = ()
    discount_per_month: float = 1e-3
    design_lag_months: int = 12


@dataclass(frozen=True)
class Rest:
    """A part of the world when everything runs: what it makes, uses, has to bring in and can give.

    Shapes (n_goods,) in shares of a year's world output; ``demand`` (n_final,) in shares of the whole final use.
    """

    makes: Floats
    uses: Floats
    demand: Floats

    @property
    def brings_in(self) -> Floats:
        """What it uses beyond what it makes."""
        return np.maximum(self.uses - self.makes, 0.0)

    @property
    def gives(self) -> Floats:
        """What it makes beyond what it uses."""
        return np.maximum(self.makes - self.uses, 0.0)


def at_rest(world: World, outside: Sequence[str], by: By = "site", home: str = "") -> Rest:
    """The world without `outside` when everything runs; output of unknown origin is where it is used.

    What those outside use is partly a guess, and guesses can add up to more than there is: `home`, where it is named
    and not outside, uses what it uses.
    """
    known = world.supply_of(outside, by)
    unknown = world.supply_of((UNKNOWN,), by)
    places = _countries(outside)
    demand = 1.0 - world.use_of(places) if places else np.ones(world.final.size)
    if home and home not in outside:
        demand = np.maximum(demand, world.use_of((home,)))
    uses, makes = world.use_at_rest(np.maximum(1.0 - known - unknown, 0.0), demand, unknown)
    return Rest(makes, uses, demand)


def cut_off(world: World, cuts: Sequence[Cut] = (), terms: Terms | None = None) -> Situation:
    """The situation of everyone who does not withhold, under `cuts`.

    What the coalition needs from those who withhold arrives as far as the cut is not complete: at severity zero
    everything is as it was. With the rule ``own_only`` the coalition is home alone, and of goods that are cut nobody
    else delivers either.

    Raises
    ------
    InputError
        When a cut names goods or places that the world does not know, or a severity outside 0 to 1, or a project is out
        of all proportion to the world.
    """
    taken = terms or Terms()
    _check(world, cuts, taken)
    outside = _outside(world, cuts, taken)
    rest = at_rest(world, outside, taken.by, taken.home)
    makes, bought = _left(world, cuts, outside, rest, taken)
    surge = np.zeros_like(makes)
    surge[:, taken.surge_delay_months :] = taken.surge_share * makes[:, taken.surge_delay_months :]
    return Situation(
        capacity=makes,
        demand=np.repeat(rest.demand[:, None], taken.months, axis=1),
        use_share=rest.uses,
        value=_weights(world.value_usd),
        bought=bought,
        added=surge + capacity_of(taken.projects, world.index, taken.months),
        yielded=world.spare if taken.rationing != "pro_rata" and world.spare.any() else None,
        tiers=_tiers(world, rest, outside, taken),
        rationing=taken.rationing,
        discount_per_month=taken.discount_per_month,
        design_lag_months=taken.design_lag_months,
        notes=(*world.assumed, *_others(world, taken), *_notes(world, cuts, rest, taken)),
    )


def mirror(world: World, cuts: Sequence[Cut], terms: Terms | None = None) -> Situation:
    """The situation of those who withhold, when the coalition withholds from them what it gives them at rest.

    Solved like any other, it says what they need from us; what we lose is `at_rest(...).gives`.
    """
    taken = terms or Terms()
    withheld = [cut for cut in cuts if not cut.is_lost]
    outside = {place for cut in withheld for place in cut.places}
    ours = tuple(sorted(_everyone(world, taken.by) - outside))
    start = min((cut.start_month for cut in withheld), default=0)
    ends = [cut.start_month + (cut.months if cut.months is not None else taken.months) for cut in withheld]
    months = max(ends, default=0) - start
    severity = max((cut.severity for cut in withheld), default=0.0)
    ramp = min((cut.ramp_months for cut in withheld), default=0)
    answer = Cut(ours, severity=severity, start_month=start, months=months, ramp_months=ramp)
    plain = Terms(months=taken.months, by=taken.by, discount_per_month=taken.discount_per_month,
                  design_lag_months=taken.design_lag_months)  # fmt: skip
    return cut_off(world, (answer,), plain)


def _outside(world: World, cuts: Sequence[Cut], terms: Terms) -> tuple[str, ...]:
    """Who is not in the coalition: those who withhold; under ``own_only`` everyone but home."""
    if terms.rationing == "own_only" and cuts:
        return tuple(sorted(_everyone(world, terms.by) - {terms.home}))
    return tuple(sorted({place for cut in cuts if not cut.is_lost for place in cut.places}))


def _everyone(world: World, by: By) -> set[str]:
    return set(world.supply[by].everyone) | set(world.use.everyone)


def _left(world: World, cuts: Sequence[Cut], outside: Sequence[str], rest: Rest, terms: Terms) -> tuple[Floats, Floats]:
    """What the coalition can make and what it gets from outside, both (n_goods, n_months)."""
    n, months = len(world.goods), terms.months
    supply = world.supply[terms.by]
    is_outside = supply.touch(outside)
    kept, gone = np.zeros((2, len(supply.places), months))
    elsewhere = np.zeros((n, months))
    for cut in cuts:
        goods = np.zeros(n, dtype=bool)
        goods[[world.index[good] for good in cut.goods] if cut.goods else slice(None)] = True
        path = cut.by_month(months)
        if _by(world, cut, terms) != terms.by:
            # Where the plants of these owners are is not known: they are spread as all output is.
            share = np.where(goods, world.supply_of(cut.places, _by(world, cut, terms)), 0.0)
            elsewhere = 1.0 - (1.0 - elsewhere) * (1.0 - np.minimum(share[:, None] * path, 1.0))
            continue
        everyone = terms.rationing == "own_only" and not cut.is_lost
        hit = goods[supply.good] & (is_outside if everyone else supply.touch(cut.places))
        worst = gone if cut.is_lost else kept
        worst[hit] = np.maximum(worst[hit], path)
    lost, part = np.zeros((2, n, months))
    whole = np.zeros(n)
    share = supply.share[:, None]
    np.add.at(lost, supply.good[~is_outside], (share * gone)[~is_outside])
    np.add.at(whole, supply.good[is_outside], supply.share[is_outside])
    np.add.at(part, supply.good[is_outside], (share * (1 - kept) * (1 - gone))[is_outside])
    arriving = np.divide(part, whole[:, None], out=np.ones((n, months)), where=whole[:, None] > 0)
    makes = np.maximum(rest.makes[:, None] - lost, 0.0) * (1.0 - elsewhere)
    return makes, rest.brings_in[:, None] * arriving * (1.0 - elsewhere)


def _by(world: World, cut: Cut, terms: Terms) -> By:
    """What ties output to the places of a cut."""
    if cut.by is not None:
        return cut.by
    known = set(world.supply[terms.by].everyone)
    firms = set(world.supply["organization"].everyone)
    return "organization" if firms.intersection(cut.places) and not known.intersection(cut.places) else terms.by


def _weights(value_usd: Floats) -> Floats:
    """What final uses weigh in the choice between them: their value, and the middle one where it is unknown."""
    known = value_usd[~np.isnan(value_usd)]
    return np.where(np.isnan(value_usd), np.median(known) if known.size else 1.0, value_usd)


def _tiers(world: World, rest: Rest, outside: Sequence[str], terms: Terms) -> tuple[Tier, ...]:
    """Defense, home, allies and all others, each with its share of the coalition's demand for every final use."""
    if not terms.home:
        return ALL_USERS
    home = world.use_of((terms.home,))
    allies = world.use_of([ally for ally in terms.allies if ally not in set(outside)])
    whole = np.where(rest.demand > 0, rest.demand, 1.0)
    home = np.minimum(home / whole, 1.0)
    allies = np.minimum(allies / whole, 1.0 - home)
    parts = (terms.defense_share * home, (1 - terms.defense_share) * home, allies, 1.0 - home - allies)
    names = ("defense", "home", "allies", "others")
    return tuple(
        Tier(name, tuple(share.tolist()), value)
        for name, share, value in zip(names, parts, terms.tier_values, strict=True)
        if share.max(initial=0.0) > 1e-12
    )


def _others(world: World, terms: Terms) -> list[str]:
    """What users outside the chain get of goods that both need."""
    names = [good for good, spare in zip(world.goods, world.spare.tolist(), strict=True) if spare > 0]
    if not names:
        return []
    rule = "keep their share" if terms.rationing == "pro_rata" else "give way: what the chain makes is worth more"
    what = listed(names) if len(names) <= FEW else f"{len(names)} goods ({listed(names)})"
    return [f"users outside the chain of {what} {rule}"]


def _notes(world: World, cuts: Sequence[Cut], rest: Rest, terms: Terms) -> list[str]:
    """What each cut hits; a cut that hits nothing says so."""
    notes = []
    for cut in cuts:
        who = ", ".join(cut.places)
        share = world.supply_of(cut.places, _by(world, cut, terms))
        named = np.array([not cut.goods or good in cut.goods for good in world.goods])
        if not (named & (share > 0)).any():
            notes.append(f"{who} is not known to make any of these goods: the cut changes nothing")
        elif not cut.is_lost and not (named & (share > 0) & (rest.brings_in > 1e-12)).any():
            notes.append(f"nothing of what {who} makes has to be brought in: the cut changes nothing")
    if not np.isnan(world.value_usd).any():
        return notes
    names = ", ".join(world.goods[f] for f in world.final[np.isnan(world.value_usd)])
    return [*notes, f"what is lost has no known value in USD for {names}: in choices it weighs as the middle use"]


def _check(world: World, cuts: Sequence[Cut], terms: Terms) -> None:
    problems = []
    places = set().union(*(_everyone(world, by) for by in BYS)) | set(COUNTRIES) | set(BLOCS) | {UNKNOWN}

    def refuse(code: str, found: str, expected: str, fix: str) -> None:
        problems.append(Problem(code, Place("scenario", 0, "cut"), found, expected, fix))

    for cut in cuts:
        for good in cut.goods:
            if good not in world.index:
                refuse("unknown-good", f"'{good}'", "a good of the chain", did_you_mean(good, world.goods))
        for place in cut.places:
            if place not in places:
                refuse("unknown-place", f"'{place}'", "a place that makes or uses something",
                       did_you_mean(place, sorted(places)))  # fmt: skip
        if not cut.places:
            refuse("no-place", "no places", "who stops", "name a country or an organization")
        if not 0 <= cut.severity <= 1:
            refuse("out-of-range", f"severity {cut.severity:g}", "0 to 1", "correct the severity")
        if terms.home and terms.home in cut.places and not cut.is_lost:
            refuse("home-is-cut", terms.home, "others than home", "ask for another home, or lose plants instead")
        if cut.start_month < 0 or (cut.months is not None and cut.months < 0) or cut.ramp_months < 0:
            refuse("out-of-range", f"start {cut.start_month}, {cut.months} months, ramp {cut.ramp_months}",
                   "times of 0 or more", "correct the times")  # fmt: skip
    if terms.months < 1:
        refuse("out-of-range", f"{terms.months} months", "a horizon of at least one month", "ask for more months")
    if terms.rationing == "own_only" and not terms.home:
        refuse("no-home", "the rule own_only without home", "a home", "name the country that asks")
    for project in terms.projects:
        if project.good not in world.index:
            refuse("unknown-good", f"'{project.good}'", "a good of the chain", did_you_mean(project.good, world.goods))
    problems += too_large(terms.projects)
    if not 0 <= terms.surge_share <= LARGEST:
        refuse("out-of-range", f"surge {terms.surge_share:g}", f"0 to {LARGEST:g}", "state a share of capacity")
    if problems:
        raise InputError(problems)


def _countries(places: Sequence[str]) -> tuple[str, ...]:
    """Those of `places` that use goods of their own: countries, not firms."""
    return tuple(place for place in places if place in COUNTRIES or place in BLOCS)
