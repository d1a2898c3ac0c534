"""From projects to candidates: who can be considered, what is assumed of each, and who is left out and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reshore.chain import ValueChain
from reshore.data import DataPackage
from reshore.flow import Project
from reshore.funding.portfolio import Candidate, Committed, Offer, groups_of
from reshore.funding.settings import Defaults, Delay
from reshore.units import UNITS, convert, convertible

MILLION = 1e6


@dataclass(frozen=True)
class Option:
    """A project that could be funded: as a candidate, as capacity in the flow, and what was assumed of it.

    Building begins ``capacity.start_month`` months after the decision: when the last of its money is awarded, for which
    it has to wait ``wait_months`` until its year. ``ranges`` are those of its months to build and to qualify that the
    data state; ``late_months`` by how much it is known to be late, which is then not drawn; ``runs`` that it is known
    to come, with odds of 1. Where a part of it stands already, this is the ``rest``.
    """

    project: str
    organization: str
    candidate: Candidate
    capacity: Project
    odds: float
    assumed: tuple[str, ...]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    wait_months: float = 0.0
    late_months: float | None = None
    runs: bool = False
    rest: float = 1.0

    def in_year(self, year: int, wait_months: float, present: float) -> Option:
        """The same, awarded in a later year: see `Candidate`."""
        candidate = replace(
            self.candidate, name=f"{self.project} in {year}", project=self.project, year=year, present=present
        )
        start = self.capacity.start_month + wait_months
        capacity = replace(self.capacity, start_month=start)
        return replace(self, candidate=candidate, capacity=capacity, wait_months=wait_months)

    def ready_months(self, delay: Delay | None, luck: float) -> float:
        """Months from the decision to its first output, at the quantile `luck` of its delay; as planned without any.

        A project that is late is late in everything: every part stands at the same quantile of its own range.
        """
        plan = {name: float(getattr(self.capacity, name)) for name in ("start_month", "build_months", "qualify_months")}
        plan["start_month"] -= self.wait_months
        if delay is None or self.late_months is not None:
            return self.wait_months + math.fsum(plan.values()) + (self.late_months or 0.0)
        factor = triangular(delay.low, delay.point, delay.high, luck)
        return self.wait_months + math.fsum(
            triangular(self.ranges[name][0], months, self.ranges[name][1], luck)
            if name in self.ranges
            else factor * months
            for name, months in plan.items()
        )


@dataclass(frozen=True)
class LeftOut:
    """A project or offer that was not considered, and why."""

    project: str
    instrument: str
    reason: str


@dataclass(frozen=True)
class Options:
    """Everything that a plan can choose from, and beside it what has been committed and stands of that."""

    options: tuple[Option, ...]
    offers: tuple[Offer, ...]
    left_out: tuple[LeftOut, ...]
    needs_person: tuple[LeftOut, ...] = field(default=())
    standing: tuple[Option, ...] = ()
    committed: tuple[Committed, ...] = ()

    @property
    def by_project(self) -> Mapping[str, tuple[Option, ...]]:
        """The ways in which each project can be awarded, the earliest first."""
        found: dict[str, list[Option]] = {}
        for option in self.options:
            found.setdefault(option.project, []).append(option)
        return {project: tuple(ways) for project, ways in found.items()}


def over_years(found: Sequence[Options]) -> Options:
    """What a plan can choose from in several years, each read by itself.

    A project stands in every year; an offer is left out where no year has it, for the reason of the first.
    """
    options = sorted((one for year in found for one in year.options), key=lambda one: one.project)
    offered = {(offer.candidate, offer.instrument) for year in found for offer in year.offers}
    projects = {one.candidate.name: one.project for one in options}
    had = {(projects[candidate], instrument) for candidate, instrument in offered} | {("", name) for _, name in offered}
    left_out = {(one.project, one.instrument): one for year in reversed(found) for one in year.left_out}
    persons = {(one.project, one.instrument, one.reason): one for year in reversed(found) for one in year.needs_person}
    return Options(
        tuple(options),
        tuple(offer for year in found for offer in year.offers),
        tuple(one for place, one in sorted(left_out.items()) if place not in had),
        tuple(one for _, one in sorted(persons.items())),
    )


def read_options(
    package: DataPackage, chain: ValueChain, sites: Sequence[str], statuses: Sequence[str], defaults: Defaults
) -> tuple[tuple[Option, ...], tuple[LeftOut, ...]]:
    """Projects at `sites` in one of `statuses` whose capacity can be set against world output, and the others.

    Capacity is the stated one, or the low end of its range: what surely is planned. Of other figures with a range and
    no point it is the middle, or the one end that is known; what was taken is named.
    """
    found, left_out = [], []
    parents = {good.parent for good in chain.goods if good.parent is not None}
    for row in package["projects"].sort("project").iter_rows(named=True):
        reason = ""
        if row["site"] not in sites or row["status"] not in statuses:
            continue
        if row["good"] not in chain or row["good"] in parents:
            reason = "its good is outside the chain, or comes only in kinds"
        share = None if reason else _share_of_world(chain, row)
        if not reason and share is None:
            reason = "its capacity, or the world output of its good, is not known in units that convert"
        assumed: list[str] = []
        asks = _taken(row, "asked_usd", assumed)
        cost = _taken(row, "capex_usd", assumed)
        if not reason and asks is None:
            if cost is None:
                reason = "neither what it asks for nor its cost is known"
            else:
                asks = cost * defaults.asked_share
                assumed.append(f"asks for {100 * defaults.asked_share:.0f} % of its cost")
        if reason:
            left_out.append(LeftOut(row["project"], "", reason))
            continue
        assert share is not None
        assert asks is not None
        found.append(_option(row, share, asks, cost, defaults, assumed, chain))
    return tuple(found), tuple(left_out)


def _option(
    row: Mapping[str, Any], share: float, asks: float, cost: float | None, defaults: Defaults, assumed: list[str],
    chain: ValueChain,
) -> Option:  # fmt: skip
    months = {}
    for name in ("build_months", "qualify_months", "ramp_months", "odds_share"):
        value = _taken(row, name, assumed)
        if value is None:
            value = float(getattr(defaults, name))
            assumed.append(f"{name.replace('_', ' ')} {value:g}")
        months[name] = value
    ranges = {
        name: (float(row[f"{name}_low"]), float(row[f"{name}_high"]))
        for name in ("build_months", "qualify_months")
        if row[f"{name}_low"] is not None and row[f"{name}_high"] is not None
    }
    good = chain[str(row["good"])]
    odds = months.pop("odds_share")
    groups = groups_of({"region": str(row["region"] or ""), "chain": good.chain, "firm": str(row["organization"])})
    candidate = Candidate(
        str(row["project"]), str(row["label"]), asks / MILLION, None if cost is None else cost / MILLION, groups
    )
    return Option(
        str(row["project"]),
        str(row["organization"]),
        candidate,
        Project(good.good, share, **months),
        odds,
        tuple(assumed),
        ranges,
    )


def triangular(low: float, mode: float, high: float, quantile: float) -> float:
    """The quantile of the triangular distribution over [low, high] whose likeliest value is `mode`.

    Examples
    --------
    >>> [round(triangular(10, 12, 18, at), 3) for at in (0.0, 0.25, 0.5, 1.0)]
    [10.0, 12.0, 13.101, 18.0]
    """
    width, before, after = high - low, mode - low, high - mode
    if width <= 0:
        return low
    if quantile * width <= before:
        return low + math.sqrt(quantile * width * before)
    return high - math.sqrt((1.0 - quantile) * width * after)


def _taken(row: Mapping[str, Any], name: str, assumed: list[str]) -> float | None:
    """The point of a figure, else the middle of its range, else the one end that is known; `None` where nothing is."""
    point, low, high = (row[name], row[f"{name}_low"], row[f"{name}_high"])
    if point is not None:
        return float(point)
    ends = [float(end) for end in (low, high) if end is not None]
    if not ends:
        return None
    value = math.fsum(ends) / len(ends)
    which = "the middle of its range" if len(ends) > 1 else "at least" if low is not None else "at most"
    assumed.append(f"{name.replace('_', ' ')} {value:g}, {which}")
    return value


def _share_of_world(chain: ValueChain, row: Mapping[str, Any]) -> float | None:
    """Capacity of a project as a share of the world output of its good; ``None`` where either is unknown."""
    good = chain[str(row["good"])]
    capacity = row["capacity_per_year"] or row["capacity_per_year_low"]
    unit, world = row["unit"], good.world_output_per_year
    if not capacity or not world or good.unit is None or not isinstance(unit, str):
        return None
    if not convertible(UNITS[unit], UNITS[good.unit]):
        return None
    return convert(capacity, UNITS[unit], UNITS[good.unit]) / world
