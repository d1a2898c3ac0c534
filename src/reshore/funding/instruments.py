"""Instruments: terms as the data state them, and what each kind costs the public per dollar of face value.

`INSTRUMENTS` holds a card per kind. Where the data state a subsidy rate it is used; where they do not, the kind's own
formula gives one from `Market` assumptions, and the result says so. A kind whose cost needs terms that nobody states (a
price floor without prices) has no rate, and is not offered rather than guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from reshore.funding.payoffs import (
    Credit,
    equity_cost_rate,
    guarantee_fair_cost_rate,
    loan_subsidy_rate,
    stockpile_cost_rate,
)

Basis = Literal["budget", "fair"]
"""Budget: as the Federal Credit Reform Act counts. Fair: with the price that markets ask for the risk."""


@dataclass(frozen=True)
class Instrument:
    """One way to pay, with its terms; amounts in US dollars, ``None`` where nobody states a term."""

    instrument: str
    label: str
    country: str
    kind: str
    ticket_low_usd: float | None = None
    ticket_high_usd: float | None = None
    tenor_years: float | None = None
    subsidy_rate_fcra: float | None = None
    subsidy_rate_fair: float | None = None
    cost_cap_share: float | None = None
    stack_cap_share: float | None = None
    excludes: tuple[str, ...] = ()
    rate_index: str | None = None
    rate_spread: float | None = None
    rules: tuple[str, ...] = ()
    award_months: float | None = None
    budget_face_usd: float | None = None
    budget_subsidy_usd: float | None = None
    start: str | None = None
    expiry: str | None = None
    upside_share: float | None = None
    production_years: float | None = None
    expansion_bar_years: float | None = None
    clawback: bool | None = None

    def is_open(self, at: str) -> bool:
        """Whether the authority runs on a day."""
        return (self.start is None or self.start <= at) and (self.expiry is None or self.expiry >= at)


def read_instruments(table: pl.DataFrame) -> dict[str, Instrument]:
    """The instruments of a package by key."""
    names = [name for name in Instrument.__dataclass_fields__ if name not in ("excludes", "rules")]
    found = {}
    for row in table.sort("instrument").iter_rows(named=True):
        terms: dict[str, Any] = {name: row[name] for name in names}
        terms |= {name: tuple(row[name].split(";")) if row[name] else () for name in ("excludes", "rules")}
        found[row["instrument"]] = Instrument(**terms)
    return found


@dataclass(frozen=True)
class Market:
    """What is thought of money and risk where an instrument's own cost is not stated. Assumptions, all of them.

    Attributes
    ----------
    treasury_rate
        Yield of Treasury bonds, per year.
    risk_premium
        What markets ask above Treasury bonds for the risk of such loans and shares, per year.
    default_rate
        Chance per year that a borrower fails.
    recovery_share
        What comes back of a failed loan.
    spread
        Coupon above Treasury bonds where a loan's own spread is not stated.
    tenor_years
        Tenor where it is not stated, and the longest that is computed with.
    exit_odds, exit_multiple, exit_years
        Odds that shares are sold at a gain, for how many times the money, after how long.
    carry_share, resale_share
        Yearly cost of storing a dollar of goods, and what it fetches in the end.
    """

    treasury_rate: float = 0.042
    risk_premium: float = 0.03
    default_rate: float = 0.02
    recovery_share: float = 0.5
    spread: float = 0.01
    tenor_years: int = 15
    exit_odds: float = 0.4
    exit_multiple: float = 2.0
    exit_years: float = 7.0
    carry_share: float = 0.02
    resale_share: float = 0.9

    def discount(self, basis: Basis) -> float:
        """Rate at which a basis discounts risky receipts."""
        return self.treasury_rate + (self.risk_premium if basis == "fair" else 0.0)

    def premium(self, basis: Basis) -> float:
        """What a basis takes off a risky price per year, see `Prices`."""
        return (1 + self.discount(basis)) / (1 + self.treasury_rate) - 1


@dataclass(frozen=True)
class Rate:
    """Public cost per dollar of face value: ``value`` is ``None`` where it cannot be told; ``origin`` says whence."""

    value: float | None
    origin: Literal["stated", "computed", "by kind", "cannot be told"]


Cost = Callable[[Instrument, Market, Basis], float | None]


@dataclass(frozen=True)
class Kind:
    """A kind of instrument: what it is, what it costs per dollar, and where the formula comes from."""

    name: str
    label: str
    question: str
    formula: str
    source: str
    cost: Cost
    is_money: bool = True


def _credit(instrument: Instrument, market: Market) -> Credit | None:
    """The credit that the terms describe; ``None`` where its rate follows another index than the assumptions know."""
    if instrument.rate_index not in (None, "treasury"):
        return None
    tenor = market.tenor_years if instrument.tenor_years is None else int(max(1, round(instrument.tenor_years)))
    spread = market.spread if instrument.rate_spread is None else instrument.rate_spread
    rate = market.treasury_rate + spread
    return Credit(
        rate, min(tenor, market.tenor_years), default_rate=market.default_rate, recovery_share=market.recovery_share
    )


def _all(_: Instrument, __: Market, ___: Basis) -> float | None:
    return 1.0


def _nothing(_: Instrument, __: Market, ___: Basis) -> float | None:
    return 0.0


def _unknown(_: Instrument, __: Market, ___: Basis) -> float | None:
    return None


def _loan(instrument: Instrument, market: Market, basis: Basis) -> float | None:
    terms = _credit(instrument, market)
    return None if terms is None else loan_subsidy_rate(terms, market.discount(basis))


def _guarantee(instrument: Instrument, market: Market, basis: Basis) -> float | None:
    terms = _credit(instrument, market)
    return None if terms is None else guarantee_fair_cost_rate(terms, market.treasury_rate, market.discount(basis))


def _equity(_: Instrument, market: Market, basis: Basis) -> float | None:
    return equity_cost_rate(market.exit_odds, market.exit_multiple, market.exit_years, market.discount(basis))


def _leverage(instrument: Instrument, market: Market, basis: Basis) -> float | None:
    terms = _credit(instrument, market)
    if terms is None:
        return None
    accrual = Credit(terms.rate, min(terms.tenor_years, 10), repayment="accrual",
                     default_rate=terms.default_rate, recovery_share=terms.recovery_share)  # fmt: skip
    return loan_subsidy_rate(accrual, market.discount(basis))


def _stock(instrument: Instrument, market: Market, basis: Basis) -> float | None:
    years = int(instrument.tenor_years or market.exit_years)
    rates = (market.treasury_rate, market.discount(basis))
    return stockpile_cost_rate(market.carry_share, years, market.resale_share, *rates)


_CREDIT = "Federal Credit Reform Act of 1990; Congressional Budget Office (2025) for the fair-value basis"

INSTRUMENTS: tuple[Kind, ...] = (
    Kind("grant", "Grant", "What is given and not paid back?", "1", "definition", _all),
    Kind("loan", "Direct loan", "What does lending cost once some do not repay?",
         "1 − fee − Σ E[repaid_t] / (1 + r)^t", _CREDIT, _loan),
    Kind("guarantee", "Loan guarantee", "What does standing for loans of others cost?",
         "Σ alive · d · (1 − recovery) · balance / (1 + r)^t − fees", _CREDIT, _guarantee),
    Kind("equity", "Equity", "What do shares cost after what they fetch?", "1 − odds · multiple / (1 + k)^T",
         "present value of an exit", _equity),
    Kind("prototype contract", "Prototype contract", "What is paid for a first version?", "1", "definition", _all),
    Kind("offtake", "Offtake", "What does a promise to buy cost after resale?",
         "Σ q (K − E[P]) / (1 + r)^t; needs prices", "present value of a contract for difference", _unknown),
    Kind("price floor", "Price floor", "What falls due when prices are low?",
         "Σ q (E[(K − P)⁺] − share · E[(P − K)⁺]) / (1 + r)^t; needs prices", "Bachelier (1900)", _unknown),
    Kind("tax credit", "Tax credit", "What is not paid in taxes?", "1 per dollar of credit", "definition", _all),
    Kind("fund leverage", "Fund leverage", "What do debentures of funds cost when some funds fail?",
         "as a loan whose interest compounds to its end", _CREDIT, _leverage),
    Kind("stockpile", "Stockpile", "What does storing goods cost after resale?",
         "1 + Σ carry / (1 + r)^t − resale / (1 + k)^T", "carrying cost", _stock),
    Kind("status", "Status", "What does a title cost?", "0: it opens doors and pays nothing", "definition", _nothing,
         is_money=False),
    Kind("governance right", "Governance right", "What does a say cost?", "0", "definition", _nothing,
         is_money=False),
)  # fmt: skip
"""Kinds of instruments, in the order in which they are shown."""

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in INSTRUMENTS}


def subsidy_rate(instrument: Instrument, market: Market, basis: Basis = "budget") -> Rate:
    """Public cost of a dollar of face value: as stated, else by the formula of its kind."""
    stated = instrument.subsidy_rate_fcra if basis == "budget" else instrument.subsidy_rate_fair
    if stated is not None:
        return Rate(stated, "stated")
    kind = KINDS[instrument.kind]
    value = kind.cost(instrument, market, basis)
    if value is None:
        return Rate(None, "cannot be told")
    return Rate(value, "by kind" if kind.cost in (_all, _nothing) else "computed")
