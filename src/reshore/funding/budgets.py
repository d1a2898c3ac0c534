"""Budgets: how much a plan may spend in all, or year by year, and what becomes of money that a year leaves over.

Amounts are in millions of US dollars; ``None`` is no limit of that kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal


@dataclass(frozen=True)
class Tranche:
    """Money that comes with a year."""

    year: int
    face: float | None = None
    subsidy: float | None = None


@dataclass(frozen=True)
class Limit:
    """The most that deals of some years may come to together; without ``years``, all deals."""

    face: float | None
    subsidy: float | None
    years: frozenset[int] | None = None
    words: str = ""

    def holds(self, year: int | None) -> bool:
        """Whether a deal that is awarded in `year` counts."""
        return self.years is None or year in self.years


@dataclass(frozen=True)
class Pool:
    """A budget: how much face value and how much subsidy cost it can carry, in all or by year of award.

    With ``years``, what one leaves over is there for those after it if it ``carries_over``, and lapses if not.
    """

    name: str
    face: float | None = None
    subsidy: float | None = None
    years: tuple[Tranche, ...] = ()
    carries_over: bool = True

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What every plan has to keep to."""
        found = []
        if not self.years or (self.face, self.subsidy) != (None, None):
            found.append(Limit(self.face, self.subsidy))
        for place, tranche in enumerate(self.years, 1):
            counted = self.years[:place] if self.carries_over else (tranche,)
            words = f" {'until' if self.carries_over and place > 1 else 'in'} {tranche.year}"
            years = frozenset(one.year for one in counted)
            found.append(
                Limit(_sum([one.face for one in counted]), _sum([one.subsidy for one in counted]), years, words)
            )
        return tuple(found)

    @property
    def whole_face(self) -> float | None:
        """Face value of all years together."""
        return _sum([one.face for one in self.years]) if self.years else self.face

    def scaled(self, face: float) -> Pool:
        """The same with so much face value in all; by year, each has the same part of it as before."""
        whole = self.whole_face
        if not self.years or not whole:
            return replace(self, face=face)
        years = (replace(one, face=face * one.face / whole) for one in self.years if one.face is not None)
        return replace(self, years=tuple(years))


def _sum(amounts: Sequence[float | None]) -> float | None:
    """The sum as it is written in decimals, so that no dollar is lost to rounding."""
    known = [Decimal(str(amount)) for amount in amounts if amount is not None]
    return float(sum(known)) if len(known) == len(amounts) else None


def first_day(year: int, begins_month: int) -> str:
    """The first day of a year of money that begins in a month; it is named by the year in which most of it lies.

    >>> first_day(2027, 1), first_day(2027, 10), first_day(2027, 4)
    ('2027-01-01', '2026-10-01', '2027-04-01')
    """
    return f"{year - (begins_month > 6):04d}-{begins_month:02d}-01"


def year_of(day: str, begins_month: int) -> int:
    """The year of money in which a day lies; see `first_day`.

    >>> year_of("2026-12-31", 1), year_of("2026-12-31", 10), year_of("2027-01-01", 4)
    (2026, 2027, 2026)
    """
    near = int(day[:4])
    return max(year for year in (near - 1, near, near + 1) if first_day(year, begins_month) <= day)


def months_between(at: str, day: str) -> int:
    """Whole months from the month of one day to that of another, 0 where that has passed.

    >>> months_between("2026-11-01", "2028-01-01"), months_between("2026-11-01", "2026-10-01")
    (14, 0)
    """
    return max(0, months_from(at, day))


def months_from(at: str, day: str) -> int:
    """The same, below 0 where that has passed."""
    (year, month), (later, then) = ((int(one[:4]), int(one[5:7])) for one in (at, day))
    return 12 * (later - year) + then - month
