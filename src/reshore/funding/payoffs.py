"""What a promise costs: present values of loans, guarantees, shares, floors, credits and stocks, in closed form.

All amounts are per dollar of face value, or per unit where a function says so; years are counted from the day of the
promise, payments fall at the end of a year, and a positive cost is paid by the public. Costs are expectations over
default and price. **Budget basis** discounts at Treasury rates, as the Federal Credit Reform Act does for credit;
**fair-value basis** adds what markets ask for the risk that is left: risky receipts are discounted at a higher rate,
and risky prices enter with what markets would pay for them today. Risk never makes a promise of the state cheaper. The
two bases can differ in sign, so both are shown.

References
----------
Congressional Budget Office (2025), Estimates of the cost of federal credit programs in 2026; Bachelier (1900), Théorie
de la spéculation; Black (1976), The pricing of commodity contracts, Journal of Financial Economics 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Repayment = Literal["level", "bullet", "accrual"]


@dataclass(frozen=True)
class Credit:
    """Terms of a loan of one dollar, and the odds that it fails.

    Parameters
    ----------
    rate
        Coupon per year.
    tenor_years
        Whole years until the last payment.
    grace_years
        First years in which only interest is paid; level repayment only.
    repayment
        ``level``: equal payments after the grace; ``bullet``: interest yearly, principal last; ``accrual``: interest
        compounds, all is due last.
    default_rate
        Chance per year that a loan still alive fails, in [0, 1].
    recovery_share
        Share of the balance that comes back in the year of failure.
    fee_share
        Fee that the borrower pays at the start.
    """

    rate: float
    tenor_years: int
    grace_years: int = 0
    repayment: Repayment = "level"
    default_rate: float = 0.0
    recovery_share: float = 0.0
    fee_share: float = 0.0

    def __post_init__(self) -> None:
        if self.tenor_years < 1 or not 0 <= self.grace_years < self.tenor_years:
            raise ValueError("a loan has at least one year, and its grace ends before its last")
        if not (0 <= self.default_rate <= 1 and 0 <= self.recovery_share <= 1):
            raise ValueError("default rate and recovery lie in [0, 1]")

    def schedule(self) -> tuple[tuple[float, float], ...]:
        """Per year, the balance at its start (interest of the year not included) and the payment due at its end."""
        rows, balance = [], 1.0
        left = self.tenor_years - self.grace_years
        level = _level_payment(self.rate, left)
        for year in range(1, self.tenor_years + 1):
            interest, is_last = balance * self.rate, year == self.tenor_years
            if self.repayment == "accrual":
                payment = balance + interest if is_last else 0.0
            elif self.repayment == "bullet":
                payment = interest + (balance if is_last else 0.0)
            else:
                payment = interest if year <= self.grace_years else level
            rows.append((balance, payment))
            balance += interest - payment
        return tuple(rows)


def _level_payment(rate: float, years: int) -> float:
    paid_down = -math.expm1(-years * math.log1p(rate))
    return rate / paid_down if paid_down > 0 else 1.0 / years


def loan_subsidy_rate(credit: Credit, discount_rate: float) -> float:
    """Cost of lending one dollar: ``1 − fee − Σ_t E[repaid_t] / (1 + r)^t``.

    ``E[repaid_t] = alive_{t−1} · ((1 − d) · payment_t + d · recovery · balance_t)``, ``alive_t = (1 − d)^t``. Negative
    when the borrower pays more than the money costs the state.

    Examples
    --------
    A one-year loan at 5 percent, money at 4, one in ten fails and half comes back:
    ``1 − (0.9 · 1.05 + 0.1 · 0.5) / 1.04``.

    >>> round(loan_subsidy_rate(Credit(0.05, 1, default_rate=0.1, recovery_share=0.5), 0.04), 6)
    0.043269
    """
    worth, alive = credit.fee_share, 1.0
    for year, (balance, payment) in enumerate(credit.schedule(), 1):
        expected = alive * ((1 - credit.default_rate) * payment + credit.default_rate * credit.recovery_share * balance)
        worth += expected / (1 + discount_rate) ** year
        alive *= 1 - credit.default_rate
    return 1.0 - worth


def guarantee_cost_rate(
    credit: Credit, discount_rate: float, covered_share: float = 1.0, fee_share_per_year: float = 0.0
) -> float:
    """Cost of standing for a loan of one dollar by others: expected calls less fees.

    ``Σ_t alive_{t−1} · (d · covered · (1 − recovery) − fee · (1 − d)) · balance_t / (1 + r)^t − fee at the start``.
    """
    cost, alive = -credit.fee_share, 1.0
    for year, (balance, _) in enumerate(credit.schedule(), 1):
        called = credit.default_rate * covered_share * (1 - credit.recovery_share)
        paid = fee_share_per_year * (1 - credit.default_rate)
        cost += alive * (called - paid) * balance / (1 + discount_rate) ** year
        alive *= 1 - credit.default_rate
    return cost


def guarantee_fair_cost_rate(
    credit: Credit, discount_rate: float, risky_rate: float, covered_share: float = 1.0, fee_share_per_year: float = 0.0
) -> float:
    """Cost of a guarantee with what markets ask for bearing the covered loan: the budget cost, and the difference that
    the higher rate makes to the worth of that loan.
    """
    bearing = loan_subsidy_rate(credit, risky_rate) - loan_subsidy_rate(credit, discount_rate)
    return guarantee_cost_rate(credit, discount_rate, covered_share, fee_share_per_year) + covered_share * bearing


def equity_cost_rate(exit_odds: float, exit_multiple: float, exit_years: float, discount_rate: float) -> float:
    """Cost of buying shares for one dollar: ``1 − odds · multiple / (1 + k)^T``.

    `discount_rate` is the Treasury rate on the budget basis and the return that investors ask on the fair-value basis.
    """
    return 1.0 - exit_odds * exit_multiple / math.pow(1 + discount_rate, exit_years)


def normal_cdf(z: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def normal_pdf(z: float) -> float:
    """Standard normal density."""
    return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def expected_shortfall_below(strike: float, mean: float, deviation: float) -> float:
    """``E[(K − P)⁺]`` for a normal price (Bachelier): ``(K − F) · Φ(d) + s · φ(d)``, ``d = (K − F) / s``.

    In the unit of the price; what a price floor at `strike` pays per unit when prices have `mean` and `deviation`.

    Examples
    --------
    At the money it is ``s · φ(0)``:

    >>> round(expected_shortfall_below(100, 100, 10), 6)
    3.989423
    """
    if deviation < 0:
        raise ValueError("a standard deviation is not negative")
    if deviation == 0:
        return max(0.0, strike - mean)
    d = (strike - mean) / deviation
    return (strike - mean) * normal_cdf(d) + deviation * normal_pdf(d)


def expected_excess_above(strike: float, mean: float, deviation: float) -> float:
    """``E[(P − K)⁺]`` for a normal price; parity: it is ``F − K`` more than the shortfall below."""
    return mean - strike + expected_shortfall_below(strike, mean, deviation)


def warrant_value(price: float, strike: float, volatility: float, years: float, rate: float) -> float:
    """Value of the right to buy a share at `strike` after `years` (Black and Scholes), in the unit of the price.

    Examples
    --------
    >>> round(warrant_value(100, 100, 0.2, 1, 0.05), 4)
    10.4506
    """
    if volatility <= 0 or years <= 0:
        return max(0.0, price - strike * math.exp(-rate * max(years, 0.0)))
    spread = volatility * math.sqrt(years)
    first = (math.log(price / strike) + (rate + volatility**2 / 2) * years) / spread
    return price * normal_cdf(first) - strike * math.exp(-rate * years) * normal_cdf(first - spread)


@dataclass(frozen=True)
class Prices:
    """What is thought of a price over the years: its mean, and a standard deviation that grows with the square root.

    ``premium`` is what markets ask per year for bearing its risk: the price for which it can be sold today for delivery
    in ``t`` years is ``mean / (1 + premium)^t``. 0 on the budget basis.
    """

    mean: float
    deviation_per_year: float
    premium: float = 0.0

    def expected(self, year: int) -> float:
        """The mean at the end of `year`, less what markets ask for its risk."""
        return self.mean / (1 + self.premium) ** year

    def deviation(self, year: int) -> float:
        """Standard deviation at the end of `year`."""
        return self.deviation_per_year * math.sqrt(year)


def price_floor_cost(
    floor: float,
    prices: Prices,
    quantities: Sequence[float],
    discount_rate: float,
    upside_share: float = 0.0,
    upside_from_year: int = 1,
) -> float:
    """Cost of a two-way floor: what is paid below it less the part of what lies above that the state keeps.

    ``Σ_t q_t · (E[(K − P_t)⁺] − share · E[(P_t − K)⁺]) / (1 + r)^t``; money in the unit of price times quantity.
    `quantities` are what is sold or stored in each year; the upside is shared from `upside_from_year` on.
    """
    cost = 0.0
    for year, quantity in enumerate(quantities, 1):
        spread = prices.deviation(year)
        mean = prices.expected(year)
        paid = expected_shortfall_below(floor, mean, spread)
        kept = upside_share if year >= upside_from_year else 0.0
        cost += quantity * (paid - kept * expected_excess_above(floor, mean, spread)) / (1 + discount_rate) ** year
    return cost


def offtake_cost(price: float, prices: Prices, quantities: Sequence[float], discount_rate: float) -> float:
    """Cost of a promise to buy at `price` and pass on at the market: ``Σ_t q_t · (K − E[P_t]) / (1 + r)^t``.

    Unlike a floor it also binds when the market is above; what is gained then is the state's.
    """
    return math.fsum(
        quantity * (price - prices.expected(year)) / (1 + discount_rate) ** year
        for year, quantity in enumerate(quantities, 1)
    )


def earnings_guarantee_cost(
    floors: Sequence[float], mean: float, deviation: float, discount_rate: float, first_year: int = 1,
    premium: float = 0.0,
) -> float:  # fmt: skip
    """Cost of a promise that yearly earnings reach `floors`: ``Σ_t E[(floor_t − earnings)⁺] / (1 + r)^t``.

    `premium` is what markets ask per year for bearing the risk of earnings, see `Prices`.
    """
    return math.fsum(
        expected_shortfall_below(floor, mean / (1 + premium) ** year, deviation) / (1 + discount_rate) ** year
        for year, floor in enumerate(floors, first_year)
    )


def investment_credit_cost(credit_share: float, qualified_usd: float, discount_rate: float, years: float) -> float:
    """Cost of a tax credit on investment that is claimed once, `years` after the promise, in dollars."""
    return credit_share * qualified_usd / math.pow(1 + discount_rate, years)


def production_credit_cost(
    per_unit_usd: float, quantities: Sequence[float], phase: Sequence[float], discount_rate: float
) -> float:
    """Cost of a tax credit per unit made, with the share of it that is left in each year, in dollars."""
    return math.fsum(
        per_unit_usd * quantity * share / (1 + discount_rate) ** year
        for year, (quantity, share) in enumerate(zip(quantities, phase, strict=True), 1)
    )


def stockpile_cost_rate(
    carry_share_per_year: float, years: int, resale_share: float, discount_rate: float, risky_rate: float | None = None
) -> float:
    """Cost of storing one dollar of goods for `years`: ``1 + Σ carry / (1 + r)^t − resale / (1 + k)^T``.

    What resale fetches is risky: `risky_rate`, by default the discount rate, is what markets ask for it.
    """
    carry = math.fsum(carry_share_per_year / (1 + discount_rate) ** year for year in range(1, years + 1))
    return 1.0 + carry - resale_share / (1 + (discount_rate if risky_rate is None else risky_rate)) ** years
