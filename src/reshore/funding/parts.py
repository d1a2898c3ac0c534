"""Parts of a bundle and the conditions that come with it: typed terms, and what each costs or brings.

A part is one instrument with its terms; a condition is what the other side owes. Amounts are in US dollars, prices in
US dollars per unit, rates per year. Costs are expectations, discounted at Treasury rates on the budget basis and with
the price of risk at fair value; see `reshore.funding.payoffs` for the formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from reshore.funding.instruments import Basis, Market
from reshore.funding.payoffs import (
    Credit,
    Prices,
    earnings_guarantee_cost,
    equity_cost_rate,
    expected_excess_above,
    guarantee_fair_cost_rate,
    investment_credit_cost,
    loan_subsidy_rate,
    offtake_cost,
    price_floor_cost,
    warrant_value,
)


@dataclass(frozen=True)
class Part:
    """One instrument within a bundle: ``instrument`` is its key in the data, ``face_usd`` the money that it moves.

    Written down, ``tag`` is the key under which its ``kind`` stands.
    """

    tag: ClassVar[str] = "part"
    kind: ClassVar[str]
    instrument: str

    @property
    def face_usd(self) -> float:
        """Money given, lent or invested; promises that may never fall due have none."""
        return 0.0

    def cost_usd(self, market: Market, basis: Basis) -> float:
        """What it is expected to cost the public."""
        return COSTS[self.kind](self, market, basis)


@dataclass(frozen=True)
class _Paid(Part):
    amount_usd: float

    @property
    def face_usd(self) -> float:
        return self.amount_usd


@dataclass(frozen=True)
class GrantPart(_Paid):
    """Money that is not paid back."""

    kind = "grant"


@dataclass(frozen=True)
class LoanPart(_Paid):
    """A loan at Treasury rates plus ``spread``; odds of default as the market record says unless stated."""

    kind = "loan"
    spread: float
    tenor_years: int
    grace_years: int = 0
    repayment: str = "level"
    fee_share: float = 0.0
    default_rate: float | None = None
    recovery_share: float | None = None

    def credit(self, market: Market) -> Credit:
        """The terms with what is thought of default."""
        return Credit(
            market.treasury_rate + self.spread, self.tenor_years, self.grace_years,
            self.repayment, _or(self.default_rate, market.default_rate),  # type: ignore[arg-type]  # one of REPAYMENTS
            _or(self.recovery_share, market.recovery_share), self.fee_share,
        )  # fmt: skip


@dataclass(frozen=True)
class GuaranteePart(LoanPart):
    """A loan by others for which the state stands in part, against a fee per year."""

    kind = "guarantee"
    covered_share: float = 1.0
    fee_share_per_year: float = 0.0


@dataclass(frozen=True)
class EquityPart(_Paid):
    """Shares that are sold with odds ``exit_odds`` for a multiple after some years, as under market unless stated."""

    kind = "equity"
    exit_odds: float | None = None
    exit_multiple: float | None = None
    exit_years: float | None = None


@dataclass(frozen=True)
class PreferredPart(_Paid):
    """Preferred shares whose dividends are paid in kind, and which convert into common shares.

    A claim that compounds at ``dividend_rate`` for ``years``, and the right to take shares at ``conversion_usd`` each
    instead: that right is a call on as many shares as the claim has grown to (Black and Scholes).
    """

    kind = "preferred"
    dividend_rate: float
    conversion_usd: float
    share_usd: float
    volatility: float
    years: int

    @property
    def shares_count(self) -> float:
        """Common shares if all is converted at once."""
        return self.amount_usd / self.conversion_usd

    def claim_usd(self, year: int) -> float:
        """What is owed after `year` years."""
        return self.amount_usd * (1 + self.dividend_rate) ** year


@dataclass(frozen=True)
class WarrantPart(Part):
    """The right to buy shares: it costs the public nothing and is worth what a call is worth."""

    kind = "warrant"
    shares_count: float
    strike_usd: float
    share_usd: float
    volatility: float
    years: int


@dataclass(frozen=True)
class FloorPart(Part):
    """A two-way price floor on what is sold or stored: the state pays below it and keeps a share of what lies above."""

    kind = "price floor"
    floor_usd: float
    price_usd: float
    deviation_usd: float
    units_per_year: tuple[float, ...]
    upside_share: float = 0.0
    upside_from_year: int = 1

    def due_usd(self, price_usd: float, units: float, *, year: int = 1) -> float:
        """What falls due once the price is known: positive to the producer, negative to the state."""
        kept = self.upside_share if year >= self.upside_from_year else 0.0
        return units * (max(0.0, self.floor_usd - price_usd) - kept * max(0.0, price_usd - self.floor_usd))


@dataclass(frozen=True)
class OfftakePart(Part):
    """A promise to buy at ``paid_usd`` what sells at ``price_usd``."""

    kind = "offtake"
    paid_usd: float
    price_usd: float
    units_per_year: tuple[float, ...]


@dataclass(frozen=True)
class EarningsPart(Part):
    """A promise that yearly earnings reach a floor that grows; it begins in ``first_year``."""

    kind = "earnings guarantee"
    floor_usd_per_year: float
    expected_usd_per_year: float
    deviation_usd: float
    years: int
    growth_rate: float = 0.0
    first_year: int = 1

    @property
    def floors(self) -> tuple[float, ...]:
        """The floor of each year."""
        return tuple(self.floor_usd_per_year * (1 + self.growth_rate) ** year for year in range(self.years))


@dataclass(frozen=True)
class CreditPart(Part):
    """A tax credit on what is invested, claimed once after ``years``."""

    kind = "investment credit"
    credit_share: float
    qualified_usd: float
    years: float = 0.0

    @property
    def face_usd(self) -> float:
        """The credit."""
        return self.credit_share * self.qualified_usd


@dataclass(frozen=True)
class Condition:
    """What the other side owes for a bundle; most bring no money and are promises that a clawback stands behind."""

    tag: ClassVar[str] = "condition"
    kind: ClassVar[str]
    years: int

    def worth_usd(self, parts: Sequence[Part], market: Market, basis: Basis) -> float:
        """What it is expected to bring the public."""
        worth = WORTHS.get(self.kind)
        return 0.0 if worth is None else worth(self, parts, market, basis)


@dataclass(frozen=True)
class Clawback(Condition):
    """Where a promise is broken, at ``breach_rate`` per year, ``recovered_share`` of an instrument's money returns."""

    kind = "clawback"
    instrument: str
    breach_rate: float
    recovered_share: float = 1.0


@dataclass(frozen=True)
class UpsideShare(Condition):
    """The public gets ``share`` of yearly cash beyond what was expected when the deal was made."""

    kind = "upside share"
    share: float
    above_usd_per_year: float
    expected_usd_per_year: float
    deviation_usd: float


@dataclass(frozen=True)
class ProductionPromise(Condition):
    """The project goes on producing for so long."""

    kind = "production promise"


@dataclass(frozen=True)
class ExpansionBar(Condition):
    """No new capacity in ``countries`` for so long, old plants may grow by ``growth_share``."""

    kind = "expansion bar"
    countries: tuple[str, ...] = ()
    growth_share: float = 0.0


@dataclass(frozen=True)
class OwnershipCap(Condition):
    """The public side holds at most ``share`` of common shares, of which ``outstanding_count`` stand without it."""

    kind = "ownership cap"
    share: float
    outstanding_count: float


PARTS: Mapping[str, type[Part]] = {
    kind.kind: kind
    for kind in (GrantPart, LoanPart, GuaranteePart, EquityPart, PreferredPart, WarrantPart, FloorPart, OfftakePart,
                 EarningsPart, CreditPart)
}  # fmt: skip
CONDITIONS: Mapping[str, type[Condition]] = {
    kind.kind: kind for kind in (Clawback, UpsideShare, ProductionPromise, ExpansionBar, OwnershipCap)
}


def _grant(part: GrantPart, _: Market, __: Basis) -> float:
    return part.amount_usd


def _loan(part: LoanPart, market: Market, basis: Basis) -> float:
    return part.amount_usd * loan_subsidy_rate(part.credit(market), market.discount(basis))


def _guarantee(part: GuaranteePart, market: Market, basis: Basis) -> float:
    rates = (market.treasury_rate, market.discount(basis))
    cost = guarantee_fair_cost_rate(part.credit(market), *rates, part.covered_share, part.fee_share_per_year)
    return part.amount_usd * cost


def _equity(part: EquityPart, market: Market, basis: Basis) -> float:
    exit_ = (
        _or(part.exit_odds, market.exit_odds), _or(part.exit_multiple, market.exit_multiple),
        _or(part.exit_years, market.exit_years),
    )  # fmt: skip
    return part.amount_usd * equity_cost_rate(*exit_, market.discount(basis))


def _preferred(part: PreferredPart, market: Market, basis: Basis) -> float:
    claim = Credit(part.dividend_rate, part.years, repayment="accrual", default_rate=market.default_rate,
                   recovery_share=market.recovery_share)  # fmt: skip
    right = warrant_value(part.share_usd, part.conversion_usd, part.volatility, part.years, market.treasury_rate)
    grown = part.claim_usd(part.years) / part.conversion_usd
    return part.amount_usd * loan_subsidy_rate(claim, market.discount(basis)) - grown * right


def _warrant(part: WarrantPart, market: Market, _: Basis) -> float:
    each = warrant_value(part.share_usd, part.strike_usd, part.volatility, part.years, market.treasury_rate)
    return -part.shares_count * each


def _floor(part: FloorPart, market: Market, basis: Basis) -> float:
    prices = Prices(part.price_usd, part.deviation_usd, market.premium(basis))
    return price_floor_cost(
        part.floor_usd, prices, part.units_per_year, market.treasury_rate, part.upside_share, part.upside_from_year
    )


def _offtake(part: OfftakePart, market: Market, basis: Basis) -> float:
    prices = Prices(part.price_usd, 0.0, market.premium(basis))
    return offtake_cost(part.paid_usd, prices, part.units_per_year, market.treasury_rate)


def _earnings(part: EarningsPart, market: Market, basis: Basis) -> float:
    return earnings_guarantee_cost(
        part.floors, part.expected_usd_per_year, part.deviation_usd, market.treasury_rate, part.first_year,
        market.premium(basis),
    )  # fmt: skip


def _credit(part: CreditPart, market: Market, _: Basis) -> float:
    return investment_credit_cost(part.credit_share, part.qualified_usd, market.treasury_rate, part.years)


def _clawback(condition: Clawback, parts: Sequence[Part], market: Market, basis: Basis) -> float:
    paid = math.fsum(part.face_usd for part in parts if part.instrument == condition.instrument)
    rate = market.discount(basis)
    kept = [(1 - condition.breach_rate) ** (year - 1) for year in range(1, condition.years + 1)]
    broken = math.fsum(
        alive * condition.breach_rate / (1 + rate) ** year for year, alive in enumerate(kept, 1)
    )  # fmt: skip
    return paid * condition.recovered_share * broken


def _upside(condition: UpsideShare, _: Sequence[Part], market: Market, basis: Basis) -> float:
    cash = Prices(condition.expected_usd_per_year, 0.0, market.premium(basis))
    return condition.share * math.fsum(
        expected_excess_above(condition.above_usd_per_year, cash.expected(year), condition.deviation_usd)
        / (1 + market.treasury_rate) ** year
        for year in range(1, condition.years + 1)
    )


COSTS: Mapping[str, Callable[[Any, Market, Basis], float]] = {
    "grant": _grant, "loan": _loan, "guarantee": _guarantee, "equity": _equity, "preferred": _preferred,
    "warrant": _warrant, "price floor": _floor, "offtake": _offtake, "earnings guarantee": _earnings,
    "investment credit": _credit,
}  # fmt: skip
"""What each kind of part costs the public."""

WORTHS: Mapping[str, Callable[[Any, Sequence[Part], Market, Basis], float]] = {
    "clawback": _clawback,
    "upside share": _upside,
}
"""What conditions that move money bring."""


def _or(stated: float | None, usual: float) -> float:
    return usual if stated is None else stated
