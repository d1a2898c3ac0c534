"""Which instruments and bundles each project can have, when each would be awarded, and why others are left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reshore.chain.ownership import build_ownership
from reshore.data import DataPackage
from reshore.eligibility import Eligibility, Facts, clauses_of, facts_of, held_shares, judge
from reshore.funding.candidates import MILLION, LeftOut, Option, Options
from reshore.funding.instruments import KINDS, Instrument, Market, read_instruments, subsidy_rate
from reshore.funding.offered import OfferedBundle
from reshore.funding.portfolio import Offer, months_in_words
from reshore.funding.settings import Defaults
from reshore.units import written


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
        offers: list[Offer] = []
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
            offers.append(offer)
            waits.append(instrument.award_months)
        for bundle in bundles:
            if option.project in bundle.projects and _admits(found, applicant, bundle, known):
                offers.append(bundle.offer(option.candidate, known, market))
                waits.append(months_of(bundle, known, defaults))
        for way, own in _ways(option, offers, waits, defaults):
            awaited.append(way)
            found.offers.extend(own)
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


def months_of(bundle: OfferedBundle, known: Mapping[str, Instrument], defaults: Defaults) -> float | None:
    """What a bundle states, or the months of its slowest instrument; ``None`` where that is one that states none."""
    if bundle.award_months is not None:
        return bundle.award_months
    waits = [known[name].award_months for name in bundle.instruments]
    stated = max((months for months in waits if months is not None), default=0.0)
    return None if None in waits and defaults.award_months >= stated else stated


def _ways(
    option: Option, offers: Sequence[Offer], waits: Sequence[float | None], defaults: Defaults
) -> list[tuple[Option, list[Offer]]]:
    """The option for each time that its offers can take, with those that are awarded by then.

    Building begins when the last of the deals that a plan makes is awarded. Where offers take different months, each of
    these is a candidate of the same project, and has every offer that takes no longer.
    """
    if not offers:
        return [(option, [])]
    months = [defaults.award_months if stated is None else stated for stated in waits]
    assumed = [f"award months {defaults.award_months:g}"] if None in waits else []
    several = len(set(months)) > 1
    found = []
    for wait in sorted(set(months)):
        one = option.candidate
        if several:
            name = f"{one.name} after {months_in_words(wait)}"
            one = replace(one, name=name, project=option.project, award_months=wait)
        capacity = replace(option.capacity, start_month=option.wait_months + wait)
        way = replace(option, candidate=one, capacity=capacity, assumed=(*option.assumed, *assumed))
        own = [
            replace(offer, candidate=one.name, award_months=takes)
            for offer, takes in zip(offers, months, strict=True)
            if takes <= wait
        ]
        found.append((way, own))
    return found


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
