"""Which deals, with which instruments and amounts: the first decision of a two-stage program, in words and rows.

A *candidate* is a project that asks for public money; an *offer* is one instrument, or one bundle of several, for one
candidate, with the amounts that its terms allow. A candidate is built when its offers bring what it asks for. What a
plan is worth is not a score: it is what the flow of the chain serves in every scenario with the plan's capacity in
place, so the decision is solved together with the flow.

Amounts are in millions of US dollars.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from reshore.funding.budgets import Limit, Pool
from reshore.optimize import Program
from reshore.optimize.program import Indices

NOTHING = 1e-6
"""Amounts below a dollar, and parts below a millionth, are what solving leaves of zero."""


@dataclass(frozen=True)
class Quota:
    """At least ``low`` and at most ``high`` of all face value goes to candidates of a group; shares in [0, 1]."""

    group: str
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True)
class Candidate:
    """A project that asks for public money, in one of the ways in which it may be awarded.

    ``asks`` is the public money without which it is not built, ``cost`` the cost of the whole project (``None``:
    unknown). ``groups`` are what quotas count it under: its region, technology, firm. Candidates of one ``project``
    (by default each is one of its own) are the years in which it may be awarded, and the ``award_months`` that its
    slowest deal takes, where its offers differ in them: at most one of them is built.
    ``present`` is what a dollar of that year costs on the day of the decision. ``public`` is the public money that it
    has been awarded already; ``stack_cap`` the share of its cost above which no more may be paid beside that.
    """

    name: str
    label: str
    asks: float
    cost: float | None = None
    groups: frozenset[str] = frozenset()
    project: str = ""
    year: int | None = None
    present: float = 1.0
    award_months: float | None = None
    public: float = 0.0
    stack_cap: float = 1.0

    @property
    def key(self) -> str:
        """The project that it is."""
        return self.project or self.name


@dataclass(frozen=True)
class Draw:
    """What a dollar of a deal takes from one budget: so much of its face value and of its subsidy, as exact parts."""

    pool: str
    face: Fraction = Fraction(1)
    subsidy: Fraction = Fraction(0)


@dataclass(frozen=True)
class Offer:
    """One instrument, or several together, for one candidate: what a deal may be.

    Parameters
    ----------
    candidate, instrument
        Names; a bundle of instruments has a name of its own.
    low, high
        Least and largest amount of a deal; where they are one, it is made whole or not at all.
    subsidy_rate
        Public cost per dollar of face value, on the basis that the budget is kept in.
    pool
        The budget that pays, where ``draws`` do not say that several do.
    cost_share_cap
        Largest share of the project's cost that this offer may pay; 1 without a cap.
    excludes
        Instruments that cannot stand on the same project.
    draws
        What the deal takes from each budget.
    holds
        Instruments that it is made of.
    stack_cap
        Largest share of the project's cost that all public money may pay where this offer is part of it.
    counts
        How much of what the candidate asks for a dollar of the deal stands for.
    award_months
        How long it takes to be awarded.
    """

    candidate: str
    instrument: str
    low: float
    high: float
    subsidy_rate: float
    pool: str = ""
    cost_share_cap: float = 1.0
    excludes: frozenset[str] = frozenset()
    draws: tuple[Draw, ...] = ()
    holds: frozenset[str] = frozenset()
    stack_cap: float = 1.0
    counts: float = 1.0
    award_months: float = 0.0

    def takes(self, pool: str) -> tuple[Fraction, Fraction]:
        """What a dollar of the deal takes from a budget: of its face value, and of its subsidy.

        What it is expected to gain makes no room for other deals: negative subsidies are receipts, which a programme
        may not spend unless a law says so (OMB Circular A-11, section 185).
        """
        draws = self.draws or (Draw(self.pool, subsidy=Fraction(str(self.subsidy_rate))),)
        mine = [draw for draw in draws if draw.pool == pool]
        face, subsidy = (sum(parts, Fraction(0)) for parts in ([d.face for d in mine], [d.subsidy for d in mine]))
        return face, max(subsidy, Fraction(0))

    def most(self, candidate: Candidate) -> float:
        """The largest deal that terms and cost allow; an instrument with a cap needs a known cost."""
        cap = min(self.cost_share_cap, self.stack_cap)
        if candidate.cost is None:
            return self.high if cap >= 1.0 else 0.0
        return min(self.high, cap * candidate.cost)

    def is_possible(self, candidate: Candidate) -> bool:
        """Whether any deal fits the terms."""
        return self.most(candidate) >= max(self.low, 1e-9)

    def stands_beside(self, other: Offer) -> bool:
        """Whether both can be had for one project: neither excludes the other, or anything that it is made of."""
        return not (self.excludes & ({other.instrument} | other.holds) or other.excludes & (
            {self.instrument} | self.holds
        ))  # fmt: skip


@dataclass(frozen=True)
class Committed:
    """A deal that is made already: ``amount`` of an `offer`, from the money of a ``year``.

    ``part`` is how much of the project it builds, ``cost`` what that costs in all, 0 where nobody knows.
    """

    candidate: Candidate
    offer: Offer
    amount: float
    year: int | None = None
    part: float = 1.0
    cost: float = 0.0

    def takes(self, pool: str) -> tuple[Fraction, Fraction]:
        """What it takes from a budget: of its face value, and of its subsidy, in millions."""
        face, subsidy = self.offer.takes(pool)
        amount = Fraction(str(self.amount))
        return amount * face, amount * subsidy


@dataclass(frozen=True)
class Rules:
    """What a plan has to respect besides the terms of its offers.

    ``stack_cap`` is the largest share of a project's cost that all public money together may pay; ``least_leverage``
    the private money per public dollar over all deals. With ``divisible`` any part of a project can be built for that
    part of what it asks. Projects in ``must`` and ``must_not`` are decided. Plans in ``forbidden``, as sets of what
    is built, are not taken again, nor with more beside; they need projects that are built whole or not at all.
    Deals that are ``committed`` take their money from the pools, unless these hold what is ``left`` beside them, and
    count in quotas and leverage.
    """

    pools: tuple[Pool, ...]
    quotas: tuple[Quota, ...] = ()
    stack_cap: float = 1.0
    least_leverage: float = 0.0
    divisible: bool = False
    must: frozenset[str] = frozenset()
    must_not: frozenset[str] = frozenset()
    forbidden: tuple[frozenset[str], ...] = ()
    committed: tuple[Committed, ...] = ()
    left: bool = False

    @property
    def limits(self) -> tuple[tuple[str, Limit], ...]:
        """What new deals may come to, with the name of the budget."""
        return tuple((pool.name, self._beside(pool.name, limit)) for pool in self.pools for limit in pool.limits)

    def _beside(self, pool: str, limit: Limit) -> Limit:
        """A limit less what is committed."""
        taken = [one.takes(pool) for one in self.committed if not self.left and limit.holds(one.year)]
        face, subsidy = (sum((amounts[kind] for amounts in taken), Fraction(0)) for kind in (0, 1))
        if not (face or subsidy):
            return limit
        return Limit(_less(limit.face, face), _less(limit.subsidy, subsidy), limit.years,
                     f"{limit.words} beside what is committed")  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """The first decision as a program, and where its variables are.

    ``built`` (n_candidates,), ``taken`` and ``amount`` (n_offers,) hold column numbers.
    """

    candidates: tuple[Candidate, ...]
    offers: tuple[Offer, ...]
    rules: Rules
    program: Program
    built: Indices
    taken: Indices
    amount: Indices


@dataclass(frozen=True)
class Deal:
    """One deal of a plan: who gets how much by which instrument, and what that costs the public.

    ``subsidy`` is counted in the ``year`` of award, ``present`` on the day of the decision.
    """

    candidate: str
    instrument: str
    amount: float
    subsidy: float
    year: int | None = None
    present: float = math.nan


@dataclass(frozen=True)
class Plan:
    """Chosen deals, in order of candidates and instruments; ``parts`` are what is built of each in ``built``.

    ``projects`` are those of the candidates that are built, by default the candidates themselves.
    """

    built: tuple[str, ...]
    parts: tuple[float, ...]
    deals: tuple[Deal, ...]
    projects: tuple[str, ...] = ()
    face: float = field(init=False)
    subsidy: float = field(init=False)
    present: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "projects", self.projects or self.built)
        object.__setattr__(self, "present", math.fsum(deal.present for deal in self.deals))
        object.__setattr__(self, "face", math.fsum(deal.amount for deal in self.deals))
        object.__setattr__(self, "subsidy", math.fsum(deal.subsidy for deal in self.deals))


def _less(limit: float | None, taken: Fraction) -> float | None:
    return None if limit is None else float(max(Fraction(0), Fraction(str(limit)) - taken))


def months_in_words(months: float) -> str:
    """So many months, in words.

    >>> months_in_words(1.0), months_in_words(20.5)
    ('1 month', '20.5 months')
    """
    return f"{months:g} month{'' if months == 1 else 's'}"


def groups_of(fields: Mapping[str, str | None]) -> frozenset[str]:
    """What quotas count a candidate under: ``{"region": "TX"}`` gives ``region TX``."""
    return frozenset(f"{kind} {name}" for kind, name in fields.items() if name)
