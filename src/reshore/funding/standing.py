"""What becomes of deals that are made already: what stands of them, what is still missing, and who has all of it.

A project that has got what it asks for stands, in every draw as far as its outcome is known, and is offered nothing.
One that has got less is offered what is missing: where projects are built whole or not at all nothing of it stands
until then; where parts can be built, the part that its money pays for does. One that failed brings nothing, and its
money is gone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reshore.funding.budgets import months_from, year_of
from reshore.funding.candidates import LeftOut, Option, Options
from reshore.funding.commitments import Commitment
from reshore.funding.instruments import Instrument, subsidy_rate
from reshore.funding.offered import OfferedBundle
from reshore.funding.offers import months_of
from reshore.funding.portfolio import NOTHING, Committed, Offer, Rules
from reshore.funding.reading import Refuse
from reshore.funding.settings import FundSettings
from reshore.tables.cells import did_you_mean
from reshore.units import written

MILLION = 1e6
AS_IT_STANDS = 'write part_share = 1 in its deals if all of it is built for that, or outcome = "open"'


@dataclass(frozen=True)
class Standing:
    """Projects with their commitments.

    ``committed`` are the deals, in the order of the study; ``standing`` the projects, or their parts, that stand;
    ``open`` those that can still be offered something, with what they have got; ``closed`` the others, and why.
    ``begins`` says of those whose money is not complete in how many months what they have got is awarded.
    """

    committed: tuple[Committed, ...]
    standing: tuple[Option, ...]
    open: tuple[Option, ...]
    closed: tuple[LeftOut, ...] = ()
    begins: Mapping[str, float] = field(default_factory=dict)


def read_standing(
    settings: FundSettings, options: Sequence[Option], instruments: Mapping[str, Instrument], at: str,
    left_out: Mapping[str, str], refuse: Refuse,
) -> Standing:  # fmt: skip
    """What the commitments of a study come to on the day `at`; notes what the data say against them.

    `left_out` are projects that were not considered, with the reason.
    """
    known = {option.project: option for option in options}
    by_project: dict[str, list[tuple[Commitment, Committed]]] = {}
    made: list[Committed] = []
    for number, one in enumerate(settings.commitments, 1):
        place = f"fund.commitments[{number}]"
        option = known.get(one.project)
        if option is None:
            refuse("dangling-reference", f"{place}.project", f"'{one.project}'", "a project that can be considered",
                   left_out.get(one.project) or did_you_mean(one.project, known))  # fmt: skip
        deal = _committed(one, option, settings, instruments, place, refuse)
        if deal is not None and option is not None:
            made.append(deal)
            by_project.setdefault(one.project, []).append((one, deal))
    standing, still_open, closed = [], [], []
    begins: dict[str, float] = {}
    for option in options:
        deals = by_project.get(option.project, [])
        if not deals:
            still_open.append(option)
            continue
        part = min(1.0, math.fsum(deal.part for _, deal in deals))
        part = 1.0 if part > 1.0 - NOTHING else part
        first, stands = deals[0][0], settings.divisible or part == 1.0
        if first.outcome == "running" and not stands:
            paid, asks = (written(MILLION * amount) for amount in (_paid(deals), option.candidate.asks))
            refuse("contradiction", "fund.commitments", f"'{option.project}' is running with {paid} USD of {asks} USD",
                   "a project that has got what it asks for", AS_IT_STANDS)  # fmt: skip
        if first.outcome == "failed":
            closed.append(LeftOut(option.project, "", f"its deal of {first.date} failed"))
            continue
        if stands and part > NOTHING:
            standing.append(_standing(option, deals, part, at))
        if not stands:
            begins[option.project] = max(_months(one, deal, at)[1] for one, deal in deals)
        if part < 1.0:
            still_open.append(_missing(option, deals, part, divisible=settings.divisible))
        else:
            closed.append(LeftOut(option.project, "", f"its deal of {first.date} is made: nothing is missing"))
    return Standing(tuple(made), tuple(standing), tuple(still_open), tuple(closed), begins)


def _paid(deals: Sequence[tuple[Commitment, Committed]]) -> float:
    return math.fsum(deal.amount for _, deal in deals)


def _committed(
    one: Commitment, option: Option | None, settings: FundSettings, instruments: Mapping[str, Instrument], place: str,
    refuse: Refuse,
) -> Committed | None:  # fmt: skip
    """A commitment as a deal of an offer; ``None`` with the problem noted."""
    bundles = {bundle.bundle: bundle for bundle in settings.bundles}
    bundle, terms = bundles.get(one.instrument), instruments.get(one.instrument)
    if bundle is None and terms is None:
        refuse("dangling-reference", f"{place}.instrument", f"'{one.instrument}'",
               "an instrument of the data, or a bundle of the study",
               did_you_mean(one.instrument, [*instruments, *bundles]))  # fmt: skip
        return None
    whole = None if bundle is None else bundle.face_usd
    if whole is None and one.amount_usd is None:
        refuse("missing-key", f"{place}.amount_usd", "nothing", "amount_usd = …", "write the face value of the deal")
        return None
    if whole is not None and one.amount_usd not in (None, whole):
        refuse("contradiction", f"{place}.amount_usd", one.amount_usd, f"{whole:g}: a bundle is made whole",
               "remove it")  # fmt: skip
        return None
    if option is None:
        return None
    amount_usd = whole if one.amount_usd is None else one.amount_usd
    assert amount_usd is not None
    offer = _offer(option, bundle, terms, settings, instruments)
    if offer is None:
        refuse("dangling-reference", f"{place}.instrument", f"'{one.instrument}'",
               "an instrument whose cost can be told from its terms", "state its subsidy rate in the data")  # fmt: skip
        return None
    asks, amount = option.candidate.asks, amount_usd / MILLION
    of_money = amount * offer.counts / asks if asks > 0 else 1.0
    part = min(1.0, of_money) if one.part_share is None else one.part_share
    year = year_of(one.date, settings.year_begins_month) if one.year is None else one.year
    return Committed(option.candidate, offer, amount, year, part, part * (option.candidate.cost or 0.0))


def _offer(
    option: Option, bundle: OfferedBundle | None, terms: Instrument | None, settings: FundSettings,
    instruments: Mapping[str, Instrument],
) -> Offer | None:  # fmt: skip
    """The offer that a deal was made of; ``None`` where its cost cannot be told."""
    if bundle is not None:
        if not all(name in instruments for name in bundle.instruments):
            return None
        offer = bundle.on(option.candidate).offer(option.candidate, instruments, settings.market)
        stated = months_of(bundle, instruments, settings.defaults)
        return replace(offer, award_months=settings.defaults.award_months if stated is None else stated)
    assert terms is not None
    rate = subsidy_rate(terms, settings.market).value
    if rate is None:
        return None
    months = settings.defaults.award_months if terms.award_months is None else terms.award_months
    return Offer(
        option.candidate.name, terms.instrument, 0.0, math.inf, rate, pool=terms.instrument,
        cost_share_cap=1.0 if terms.cost_cap_share is None else terms.cost_cap_share,
        excludes=frozenset(terms.excludes), stack_cap=1.0 if terms.stack_cap_share is None else terms.stack_cap_share,
        award_months=months,
    )  # fmt: skip


def _standing(option: Option, deals: Sequence[tuple[Commitment, Committed]], part: float, at: str) -> Option:
    """A project, or the part of it that is paid, as far as is known of it: building begins when all is awarded."""
    wait, start = max((_months(one, deal, at) for one, deal in deals), key=lambda months: months[1])
    first, _ = deals[0]
    capacity = replace(option.capacity, capacity=part * option.capacity.capacity, start_month=start)
    known = _running(option) if first.outcome == "running" else option
    return replace(known, capacity=capacity, wait_months=wait, late_months=first.late_months)


def _months(one: Commitment, deal: Committed, at: str) -> tuple[float, float]:
    """Months from a day to a deal, and until it is awarded; below 0 where that has passed."""
    wait = months_from(at, one.date)
    return wait, wait + (deal.offer.award_months if one.award_months is None else one.award_months)


def _running(option: Option) -> Option:
    """A project that is known to come."""
    return replace(option, odds=1.0, runs=True)


def as_known(options: Options, outcomes: Mapping[str, bool]) -> Options:
    """The same once it is known which of some projects succeed: the others fail, and nothing of them is left."""
    failed = {project for project, succeeds in outcomes.items() if not succeeds}
    offered, standing = (
        tuple(_running(one) if one.project in outcomes else one for one in group if one.project not in failed)
        for group in (options.options, options.standing)
    )
    names = {option.candidate.name for option in offered}
    offers = tuple(offer for offer in options.offers if offer.candidate in names)
    return replace(options, options=offered, offers=offers, standing=standing)


def _missing(
    option: Option, deals: Sequence[tuple[Commitment, Committed]], part: float, *, divisible: bool
) -> Option:  # fmt: skip
    """What a project is still to be offered: the rest of it, or the rest of the money for all of it."""
    option = _running(option) if deals[0][0].outcome == "running" else option
    candidate, rest = option.candidate, 1.0 - part
    caps = min([1.0, *(deal.offer.stack_cap for _, deal in deals)])
    asks = rest * candidate.asks
    if not divisible:
        return replace(option, candidate=replace(candidate, asks=asks, public=_paid(deals), stack_cap=caps))
    cost = None if candidate.cost is None else rest * candidate.cost
    capacity = replace(option.capacity, capacity=rest * option.capacity.capacity)
    candidate = replace(candidate, asks=asks, cost=cost, stack_cap=caps)
    return replace(option, candidate=candidate, capacity=capacity, rest=rest)


def beside(options: Options, standing: Standing, *, divisible: bool) -> Options:
    """What is offered to projects that have got something already: only what may stand beside it, and not before it."""
    made: dict[str, list[Committed]] = {}
    for deal in standing.committed:
        made.setdefault(deal.candidate.key, []).append(deal)
    projects = {option.candidate.name: option for option in options.options}
    offers, left_out = [], []
    for offer in options.offers:
        option = projects[offer.candidate]
        barring = next((d for d in made.get(option.project, ()) if not offer.stands_beside(d.offer)), None)
        if barring is not None:
            reason = f"it does not stand beside {barring.offer.instrument}, which the project has got"
            left_out.append(LeftOut(option.project, offer.instrument, reason))
            continue
        got = math.fsum(d.amount for d in made.get(option.project, ()) if d.offer.instrument == offer.instrument)
        if got and not divisible and offer.cost_share_cap < 1.0 and option.candidate.cost is not None:
            offer = replace(offer, high=min(offer.high, offer.cost_share_cap * option.candidate.cost - got))
        offers.append(offer)
    awaited = tuple(_not_before(option, standing.begins.get(option.project)) for option in options.options)
    return replace(
        options, options=awaited, offers=tuple(offers), left_out=(*options.left_out, *left_out, *standing.closed),
        standing=standing.standing, committed=standing.committed,
    )  # fmt: skip


def _not_before(option: Option, months: float | None) -> Option:
    """Building begins when all money is awarded, also that which was got before."""
    if months is None or months <= option.capacity.start_month:
        return option
    return replace(option, capacity=replace(option.capacity, start_month=months))


def refuse_overspent(rules: Rules, refuse: Refuse) -> None:
    """Notes budgets of which commitments take more than there is."""
    for pool in rules.pools if not rules.left else ():
        for limit in pool.limits:
            taken = [one.takes(pool.name) for one in rules.committed if limit.holds(one.year)]
            for kind, (most, words) in enumerate(((limit.face, "face value"), (limit.subsidy, "subsidy cost"))):
                sum_ = float(sum(amounts[kind] for amounts in taken))
                if most is not None and sum_ > most + NOTHING:
                    refuse("out-of-range", "fund.commitments",
                           f"{written(MILLION * sum_)} USD of {words} from {pool.name}{limit.words}",
                           f"at most the {written(MILLION * most)} USD of the budget",
                           "correct the deals or the budget, or write budgets_are_left = true")  # fmt: skip
        years = {one.year for one in pool.years}
        for one in rules.committed:
            if pool.years and any(one.takes(pool.name)) and one.year not in years:
                refuse("out-of-range", "fund.commitments", f"a deal of {one.year} that {pool.name} pays",
                       f"a year of its budget: {', '.join(map(str, sorted(years)))}",
                       "state the budget of that year too, or write budgets_are_left = true where budgets state what "
                       "is left")  # fmt: skip
