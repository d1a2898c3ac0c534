"""What a study says about money: the table ``[fund]`` of its TOML file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from reshore.errors import UsageError
from reshore.funding.commitments import Commitment, refuse_unsound
from reshore.funding.instruments import Market
from reshore.funding.offered import OfferedBundle, read_offered, refuse_unpaid
from reshore.funding.portfolio import Quota
from reshore.funding.reading import Refuse, read_record
from reshore.tables.cells import did_you_mean

STATUSES = ("announced", "funded", "building", "operating", "cancelled")
COUNTS: Mapping[str, str] = {
    "home": "what is served to home",
    "pool": "what is served to everyone who shares what is left",
}


@dataclass(frozen=True)
class Defaults:
    """What stands in for terms of a project or an instrument that nobody states; each use is named.

    Assumptions, all of them. ``award_months`` pass from the decision until building begins;
    ``odds_share`` multiplies capacity: the chance that a project comes into production at all.
    """

    award_months: float = 12.0
    build_months: float = 30.0
    qualify_months: float = 12.0
    ramp_months: float = 12.0
    odds_share: float = 0.6
    asked_share: float = 0.5


@dataclass(frozen=True)
class Delay:
    """How late projects come, as a factor on planned months, from the least over the likeliest to the most; a guess.

    It stretches months to be awarded, to build and to qualify, save where the data state a range of their own.
    ``source`` says where it is from.
    """

    low: float
    point: float
    high: float
    source: str


@dataclass(frozen=True)
class Discount:
    """By how much less a dollar counts a year later, in dollars of constant worth, and where that rate is from."""

    rate: float
    source: str

    def factor(self, months: float) -> float:
        """What a dollar so many months after the decision counts on the day of the decision.

        >>> round(Discount(0.02, "round number").factor(48), 4)
        0.9238
        """
        return float((1.0 + self.rate) ** (-months / 12))


A94 = Discount(
    0.02,
    "real social rate of time preference of OMB Circular A-94 of November 2023; rescinded in 2025 (memorandum M-25-23) "
    "in favor of that of 1992, with 7 percent, at which the worth of the plan is tried too",
)


@dataclass(frozen=True)
class BudgetYear:
    """Money of a budget that comes with a year."""

    year: int
    face_usd: float | None = None
    subsidy_usd: float | None = None


@dataclass(frozen=True)
class Budget:
    """How much one instrument may pay; what is not stated is taken from the instrument's own budget.

    It is offered ``alone`` to every candidate, or only within bundles. With ``years`` money comes year by year; what
    one leaves over is there for those after it, or lapses.
    """

    instrument: str
    face_usd: float | None = None
    subsidy_usd: float | None = None
    alone: bool = True
    years: tuple[BudgetYear, ...] = ()
    carries_over: bool = True

    def in_all(self, own_face_usd: float | None) -> float | None:
        """Face value of all years, where that of the instrument itself is as given."""
        if not self.years:
            return own_face_usd if self.face_usd is None else self.face_usd
        faces = [one.face_usd for one in self.years if one.face_usd is not None]
        return math.fsum(faces) if len(faces) == len(self.years) else None

    def scaled(self, face_usd: float) -> Budget:
        """The same with so much face value in all; by year, each has the same part of it as before.

        Raises
        ------
        UsageError
            Its years state no face value, so nothing says how much of it comes in which.
        """
        whole = self.in_all(None)
        if not self.years:
            return replace(self, face_usd=face_usd)
        if not whole:
            raise UsageError(
                f"the years of '{self.instrument}' state no face value, so {face_usd:,.10g} USD of it cannot be "
                "divided among them; change its years in the study"
            )
        years = (replace(one, face_usd=face_usd * (one.face_usd or 0.0) / whole) for one in self.years)
        return replace(self, years=tuple(years))


@dataclass(frozen=True)
class FundSettings:
    """What a study asks of a plan, and what it takes for granted. Everything here is a choice or an assumption.

    Attributes
    ----------
    budgets
        Instruments with their money.
    bundles
        Several instruments together, offered to named projects.
    sites, statuses
        Where projects stand (default: home) and how far they are.
    divisible
        Whether part of a project can be built for that part of what it asks.
    stack_cap_share
        Largest share of a project's cost that all public money together may pay.
    least_leverage
        Private money per public dollar, at least, over all deals.
    quotas
        Shares of the money that groups of projects get, at least and at most.
    must, must_not
        Projects that are decided: built whatever else is, or left out.
    year_begins_month
        First month of a year of money; a year is named by the calendar year in which most of it lies.
    cut_after_months
        How long after the decision the scenarios begin: what is not built by then helps late or never.
    counts
        Whose service counts as value: "home", or "pool", everyone who shares what is left.
    draws
        How often the success of projects, and with `delay` their months, are drawn, in each scenario.
    samples
        Fresh samples of as many draws, on which the plan is tried and others are sought; 0 for none.
    risk_weight, risk_level
        Weight and level of CVaR.
    gap_share
        Certified gap at which the search stops.
    frontier
        Budgets of the first instrument on the frontier, as parts of its face value.
    compare_with
        Programmes whose real awards are put through the same flow.
    discount
        Brings losses that are avoided later, and money that is paid later, to the day of the decision.
    delay
        Draws the months of projects as well; left out, all come as planned.
    defaults, market
        What stands in for unknown terms of projects, and for unknown costs of instruments.
    commitments
        Deals that are made already.
    budgets_are_left
        Whether budgets state what is left beside the commitments, so that these take nothing from them.
    replan
        Whether to seek what it is worth to plan the later years anew once it is known what came of the first.
    """

    budgets: tuple[Budget, ...]
    sites: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ("announced", "funded", "building")
    divisible: bool = False
    stack_cap_share: float = 1.0
    least_leverage: float = 0.0
    quotas: tuple[Quota, ...] = ()
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    year_begins_month: int = 1
    cut_after_months: float = 48.0
    counts: Literal["home", "pool"] = "home"
    draws: int = 16
    samples: int = 4
    risk_weight: float = 0.0
    risk_level: float = 0.9
    gap_share: float = 1e-3
    frontier: tuple[float, ...] = (0.25, 0.5, 1.0, 1.5, 2.0)
    compare_with: tuple[str, ...] = ()
    discount: Discount = A94
    delay: Delay | None = None
    defaults: Defaults = field(default_factory=Defaults)
    market: Market = field(default_factory=Market)
    bundles: tuple[OfferedBundle, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    budgets_are_left: bool = False
    replan: bool = False

    @property
    def years(self) -> tuple[int, ...]:
        """Years in which money comes, and awards can be made; none where all of it is there on the day of decision."""
        return tuple(sorted({one.year for budget in self.budgets for one in budget.years}))


def read_fund(value: object, refuse: Refuse, folder: Path = Path()) -> FundSettings | None:
    """The settings that ``[fund]`` describes, or ``None`` with every problem noted; files are sought in `folder`."""
    bundles: tuple[OfferedBundle, ...] | None = ()
    if isinstance(value, Mapping) and "bundles" in value:
        bundles = read_offered(value["bundles"], refuse, folder)
        value = {key: entry for key, entry in value.items() if key != "bundles"}
    found: FundSettings | None = read_record(FundSettings, value, "fund", refuse)
    if found is None:
        return None
    found = replace(found, bundles=bundles or ())
    refuse_unpaid(found.bundles, [budget.instrument for budget in found.budgets], refuse)
    for word in found.statuses:
        if word not in STATUSES:
            refuse("unknown-word", "fund.statuses", word, f"one of {', '.join(STATUSES)}", did_you_mean(word, STATUSES))
    if found.counts not in COUNTS:
        refuse(
            "unknown-word",
            "fund.counts",
            found.counts,
            f"one of {', '.join(COUNTS)}",
            did_you_mean(found.counts, COUNTS),
        )
    for name in sorted(set(found.must) & set(found.must_not)):
        refuse("contradiction", "fund.must_not", name, "a project that is not in fund.must", "leave it in one of them")
    if found.samples == 1:
        refuse(
            "out-of-range", "fund.samples", found.samples, "0, or 2 and more", "one sample says nothing about others"
        )
    if found.delay is not None and not found.delay.low <= found.delay.point <= found.delay.high:
        ends = f"{found.delay.low:g}, {found.delay.point:g}, {found.delay.high:g}"
        refuse("out-of-range", "fund.delay", ends, "low, point and high in rising order", "put them in order")
    if found.replan and found.risk_weight > 0:
        refuse("contradiction", "fund.replan", "true with a weight on risk", "a risk_weight of 0",
               "remove one of them: what is known later does not add up under CVaR")  # fmt: skip
    refuse_unsound(found.commitments, refuse)
    for number, budget in enumerate(found.budgets, 1):
        _check_years(budget, f"fund.budgets[{number}]", refuse)
    if not found.budgets:
        refuse("missing-key", "fund.budgets", "nothing", "[[fund.budgets]] instrument = …", "add an instrument")
    return found


def _check_years(budget: Budget, place: str, refuse: Refuse) -> None:
    """Money by year: years that rise, and of each kind of limit a figure for every year, and none for all of them."""
    years = [one.year for one in budget.years]
    if any(later <= year for year, later in pairwise(years)):
        refuse("out-of-range", f"{place}.years", ", ".join(map(str, years)), "years in rising order, each once",
               "put them in order")  # fmt: skip
    stated = 0
    for name in ("face_usd", "subsidy_usd"):
        count = sum(getattr(one, name) is not None for one in budget.years)
        stated += count
        if years and getattr(budget, name) is not None:
            refuse("contradiction", f"{place}.{name}", getattr(budget, name), "amounts by year, or one for all years",
                   "remove it, or years")  # fmt: skip
        if 0 < count < len(years):
            refuse("missing-key", f"{place}.years", f"{name} in {count} of {len(years)} years", f"{name} in every year",
                   "write 0 where there is none")  # fmt: skip
    if years and not stated:
        refuse("missing-key", f"{place}.years", "no amounts", "face_usd or subsidy_usd in every year", "add them")


def fund_settings(settings: FundSettings) -> dict[str, Any]:
    """Settings as the table ``[fund]`` that reads back as the same settings."""
    plain = _plain(settings)
    assert isinstance(plain, dict)
    return plain


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        rows = {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
        tag, kind = getattr(value, "tag", None), getattr(value, "kind", None)
        if tag is not None:
            rows[tag] = kind
        return {name: row for name, row in rows.items() if row is not None}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
