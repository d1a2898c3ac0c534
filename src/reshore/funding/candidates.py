"""From projects and instruments to candidates and offers: who can be funded, with what, and who is left out and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reshore.chain import ValueChain
from reshore.chain.ownership import build_ownership
from reshore.data import DataPackage
from reshore.eligibility import Eligibility, Facts, clauses_of, facts_of, held_shares, judge
from reshore.flow import Project
from reshore.funding.instruments import KINDS, Instrument, Market, read_instruments, subsidy_rate
from reshore.funding.offered import OfferedBundle
from reshore.funding.portfolio import Candidate, Committed, Offer, groups_of
from reshore.funding.settings import Defaults, Delay
from reshore.units import UNITS, convert, convertible, written

MILLION = 1e6


@dataclass(frozen=True)
class Option:
    """A project that could be funded: as a candidate, as capacity in the flow, and what was assumed of it.

    Building begins ``capacity.start_month`` months after the decision: when the money is awarded, for which it has to
    wait ``wait_months`` until its year. ``ranges`` are those of its months to build and to qualify that the data state;
    ``late_months`` by how much it is known to be late, which is then not drawn; ``runs`` that it is known to come, with
    odds of 1. Where a part of it stands already, this is the ``rest``.
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


def make_offers(
    package: DataPackage,
    options: Sequence[Option],
    instruments: Sequence[Instrument],
    market: Market,
    defaults: Defaults,
    at: str,
    concern: Sequence[str],
    asked: Mapping[str, Facts] | None = None,
    bundles: Sequence[OfferedBundle] = (),
) -> Options:
    """One offer per project and instrument that is open, whose cost is known, and whose rules do not bar the project.

    Parameters
    ----------
    concern
        Countries whose states and firms are the covered side of ownership rules.
    asked
        Facts of single applications, by project.
    bundles
        Offered to the projects that they name, where every one of their instruments is open and bars none of them.
    """
    ownership = build_ownership(package, at)
    covered = [name for name, seat in zip(ownership.organizations, ownership.seats_of, strict=True) if seat in concern]
    found = _Found([], [], [])
    usable = []
    for instrument in instruments:
        rate, closed = subsidy_rate(instrument, market), _closed(instrument, at)
        if rate.value is None and not closed:
            closed = "its cost cannot be told from its terms"
        if rate.value is None or closed:
            found.left_out.append(LeftOut("", instrument.instrument, closed))
        else:
            usable.append((instrument, rate.value))
    known = read_instruments(package["instruments"]) if bundles else {}
    awaited: list[Option] = []
    for option in options:
        waits: list[float | None] = []
        held = held_shares(ownership, option.organization, covered)
        applicant = _Applicant(package, option, at, dict(held) | dict((asked or {}).get(option.project, {})))
        for instrument, rate_value in usable:
            if not found.admitted(option, instrument.instrument, applicant.verdicts(instrument)):
                continue
            offer = _offer(option, instrument, rate_value)
            if not offer.is_possible(option.candidate):
                reason = f"no deal of {written(MILLION * offer.low)} USD or more fits its share of the cost"
                if option.candidate.cost is None:
                    reason = "it may pay a share of the cost, which is not known"
                found.left_out.append(LeftOut(option.project, instrument.instrument, reason))
                continue
            found.offers.append(offer)
            waits.append(instrument.award_months)
        for bundle in bundles:
            if option.project in bundle.projects and _admits(found, applicant, bundle, known):
                found.offers.append(bundle.offer(option.candidate, known, market))
                waits.append(_slowest([known[name].award_months for name in bundle.instruments], defaults))
        awaited.append(_after_award(option, waits, defaults))
    return Options(tuple(awaited), tuple(found.offers), tuple(found.left_out), tuple(found.needs_person))


def _closed(instrument: Instrument, at: str) -> str:
    """Why an instrument can pay nobody on a day, in words; empty when it can."""
    if not instrument.is_open(at):
        return f"not open on {at}"
    return "" if KINDS[instrument.kind].is_money else "pays no money"


@dataclass(frozen=True)
class _Applicant:
    """Who stands behind a project, as rules read it; ``known`` are shares that others hold, and what was asked."""

    package: DataPackage
    option: Option
    at: str
    known: Facts

    def verdicts(self, instrument: Instrument, amount: float | None = None) -> list[Eligibility]:
        """What each rule of an instrument says, for a deal of an amount in USD or any that the ticket allows."""
        who, rules = self.option.organization, self.package["rules"]
        deal = _deal(self.option, instrument) if amount is None else _fixed(amount)
        facts = facts_of(self.package, who, self.at, deal | dict(self.known))
        return [judge(clauses_of(rules, rule, self.at), who, facts) for rule in instrument.rules]


@dataclass(frozen=True)
class _Found:
    """Offers as they are found, what was left out, and what only a person can answer."""

    offers: list[Offer]
    left_out: list[LeftOut]
    needs_person: list[LeftOut]

    def admitted(self, option: Option, name: str, verdicts: Sequence[Eligibility], whose: str = "") -> bool:
        """Whether no rule bars a project; notes the one that does, or those that only a person can answer."""
        barred = next((verdict for verdict in verdicts if verdict.answer == "fail"), None)
        if barred is not None:
            self.left_out.append(LeftOut(option.project, name, f"{whose}{barred.rule}: {barred.says}"))
            return False
        self.needs_person.extend(
            LeftOut(option.project, name, f"{whose}{verdict.rule}: {verdict.says}")
            for verdict in verdicts
            if verdict.answer == "needs a person"
        )
        return True


def _admits(found: _Found, applicant: _Applicant, bundle: OfferedBundle, known: Mapping[str, Instrument]) -> bool:
    """Whether a project can have every part of a bundle; notes the first reason why not."""
    option, judged = applicant.option, []
    for name in bundle.instruments:
        terms = known[name]
        closed = _closed(terms, applicant.at)
        if closed:
            found.left_out.append(LeftOut(option.project, bundle.bundle, f"{terms.label}: {closed}"))
            return False
        amount = math.fsum(part.face_usd for part in bundle.parts if part.instrument == name)
        judged.append((f"{terms.label}: ", applicant.verdicts(terms, amount)))
    barred = [pair for pair in judged if any(verdict.answer == "fail" for verdict in pair[1])]
    return all(found.admitted(option, bundle.bundle, verdicts, whose) for whose, verdicts in barred or judged)


def _slowest(waits: Sequence[float | None], defaults: Defaults) -> float | None:
    """A bundle is awarded with the slowest of its instruments; ``None`` where that is one that states no months."""
    stated = max((months for months in waits if months is not None), default=0.0)
    return None if None in waits and defaults.award_months >= stated else stated


def _after_award(option: Option, waits: Sequence[float | None], defaults: Defaults) -> Option:
    """Building begins when the quickest of the offers to a project is awarded."""
    if not waits:
        return option
    months = [defaults.award_months if stated is None else stated for stated in waits]
    wait, longest = min(months), max(months)
    assumed = [f"award months {wait:g}"] if wait not in waits else []
    if longest > wait:
        assumed.append(f"awarded as its quickest offer, which takes {wait:g} months; the slowest takes {longest:g}")
    capacity = replace(option.capacity, start_month=option.wait_months + wait)
    return replace(option, capacity=capacity, assumed=(*option.assumed, *assumed))


def _deal(option: Option, instrument: Instrument) -> dict[str, tuple[float, float]]:
    """What a deal may be in USD: all that the ticket allows."""
    least = (instrument.ticket_low_usd or 0.0) / MILLION
    most = min(option.candidate.asks, (instrument.ticket_high_usd or float("inf")) / MILLION)
    ticket = (MILLION * least, MILLION * max(least, most))
    return {"ask_usd": ticket, "award_usd": ticket}


def _fixed(amount: float) -> dict[str, tuple[float, float]]:
    """What a deal of one amount is in USD; what a promise that moves no money now comes to is not known."""
    return {"ask_usd": (amount, amount), "award_usd": (amount, amount)} if amount > 0 else {}


def _offer(option: Option, instrument: Instrument, rate: float) -> Offer:
    most = option.candidate.asks if instrument.ticket_high_usd is None else instrument.ticket_high_usd / MILLION
    return Offer(
        candidate=option.candidate.name,
        instrument=instrument.instrument,
        low=(instrument.ticket_low_usd or 0.0) / MILLION,
        high=most,
        subsidy_rate=rate,
        pool=instrument.instrument,
        cost_share_cap=1.0 if instrument.cost_cap_share is None else instrument.cost_cap_share,
        excludes=frozenset(instrument.excludes),
        stack_cap=1.0 if instrument.stack_cap_share is None else instrument.stack_cap_share,
    )
