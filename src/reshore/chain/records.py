"""What a value chain is made of: goods, what goes into what, and who supplies, as frozen records."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reshore.countries import BLOCS, PLACEHOLDERS

NEGLIGIBLE_SHARE = 0.005
"""A share that a source calls negligible lies between zero and this: it would be printed as 0 percent."""

ROUNDING_SHARE = 0.025
"""How far the shares of a whole market may miss 1 because each was rounded on its own."""

CONFIDENCE_ORDER = ("high", "medium", "low", "assumed")


@dataclass(frozen=True)
class Good:
    """One good of a chain. ``parent`` is the good that this is a kind of; amounts are ``None`` when unknown.

    ``market_size_usd_per_year`` is what all of it sells for in a year, to makers of other goods and to final users.
    """

    good: str
    label: str
    chain: str = ""
    step: str = ""
    step_order: int = 0
    kind: str = ""
    parent: str | None = None
    origin: str | None = None
    final: bool = False
    unit: str | None = None
    world_output_per_year: float | None = None
    market_size_usd_per_year: float | None = None
    market_size_usd_per_year_low: float | None = None
    market_size_usd_per_year_high: float | None = None


@dataclass(frozen=True)
class Input:
    """One edge: ``input`` is used to make ``good``. Amounts are ``None`` when unknown."""

    good: str
    input: str
    need: str = "essential"
    role: str = "consumed"
    life_years: float | None = None
    amount_per_unit: float | None = None
    output_share: float | None = None
    yield_share: float | None = None

    @property
    def is_essential(self) -> bool:
        """Whether nothing is made without it."""
        return self.need == "essential"


@dataclass(frozen=True)
class Organization:
    """Who supplies, owns or decides. ``seat`` is the country of the head office, ``None`` when unknown."""

    organization: str
    label: str
    seat: str | None
    kind: str


@dataclass(frozen=True)
class Supplier:
    """One row of a series: a supplier and its share.

    ``share`` is the stated figure, ``None`` when the source gives none; ``low`` and ``high`` are what the share can be
    as far as this row says. ``missing`` is why the figure is absent: unknown, withheld or negligible.
    """

    supplier: str
    country: str | None
    is_organization: bool
    is_named: bool
    share: float | None
    low: float
    high: float
    missing: str | None = None
    confidence: str = "medium"

    @property
    def is_sized(self) -> bool:
        """Whether anything is known about the size of the share."""
        return self.share is not None or self.low > 0 or self.high < 1


@dataclass(frozen=True)
class Series:
    """What one source measured about one good in one way: its rows belong together, and with nothing else.

    ``level`` is ``country``, ``organization``, or ``mixed`` when some rows are countries because firms are unknown.
    """

    good: str
    market: str
    basis: str
    measure: str
    series: str
    year: int | None
    source: str
    coverage: str
    level: str
    confidence: str
    suppliers: tuple[Supplier, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """The key of the series among those of its good."""
        return (self.market, self.basis, self.measure, self.series, str(self.year or ""), self.source)

    @property
    def has_figures(self) -> bool:
        """Whether it says anything about the size of a supplier."""
        return any(row.is_sized for row in self.suppliers)

    @property
    def text(self) -> str:
        """What was measured, for people."""
        parts = [f"basis {self.basis}", f"measure {self.measure}", f"market {self.market}"]
        return "; ".join([*([self.series] if self.series else []), *parts, str(self.year or "year not stated")])


@dataclass(frozen=True)
class Share:
    """One supplier of a split. ``point`` is ``None`` where only the range ``low`` to ``high`` is known.

    ``is_named`` is false for placeholders and blocs: they are part of the market but not one supplier.
    """

    supplier: str
    country: str | None
    point: float | None
    low: float
    high: float
    is_named: bool = True
    missing: str | None = None
    confidence: str = "medium"


@dataclass(frozen=True)
class Split:
    """The market of one good divided among suppliers, with what nobody has named as a remainder.

    Every true division of the market has ``low ≤ share ≤ high`` for each row, a remainder between ``remainder_low``
    and ``remainder_high``, and a sum of 1. ``remainder_may_be_listed`` says whether suppliers outside the list may sit
    in a country of the list, as firms that were left out may.
    """

    good: str
    level: str
    shares: tuple[Share, ...]
    remainder_low: float
    remainder_high: float
    remainder_may_be_listed: bool
    market: str
    basis: str
    measure: str
    series: str
    year: int | None
    sources: tuple[str, ...]
    coverage: str
    confidence: str
    kinds: tuple[str, ...] = ()

    @property
    def has_figures(self) -> bool:
        """Whether anything is known about the size of a supplier."""
        return any(share.point is not None or share.low > 0 or share.missing == "negligible" for share in self.shares)

    @property
    def is_sized(self) -> bool:
        """Whether the size of every named supplier is known, negligible ones included."""
        return all(share.point is not None or share.missing == "negligible" for share in self.named)

    @property
    def named(self) -> tuple[Share, ...]:
        """Suppliers that are one country or one organization."""
        return tuple(share for share in self.shares if share.is_named)

    @property
    def unnamed(self) -> tuple[Share, ...]:
        """Placeholders and blocs."""
        return tuple(share for share in self.shares if not share.is_named)

    @property
    def known_share(self) -> float:
        """Share of the market whose named supplier and size are known; the low end where only a range is known."""
        return min(1.0, math.fsum(share.low if share.point is None else share.point for share in self.named))

    @property
    def unknown_share(self) -> float:
        """The rest: suppliers that nobody names or whose size nobody states. Rounding of whole markets is no rest."""
        rest = max(0.0, 1.0 - self.known_share)
        is_rounding = self.coverage == "complete" and not self.unnamed and rest <= ROUNDING_SHARE
        return 0.0 if is_rounding and self.is_sized else rest

    def bounds(self, suppliers: frozenset[str]) -> tuple[float, float]:
        """Least and greatest share that `suppliers` can have together, remainder not counted."""
        inside = [share for share in self.shares if share.supplier in suppliers]
        outside = [share for share in self.shares if share.supplier not in suppliers]
        least = 1.0 - math.fsum(share.high for share in outside) - self.remainder_high
        most = 1.0 - math.fsum(share.low for share in outside) - self.remainder_low
        low = max(math.fsum(share.low for share in inside), least, 0.0)
        high = min(math.fsum(share.high for share in inside), most, 1.0)
        return low, max(low, high)


def is_country_like(code: str) -> bool:
    """Whether a place is a bloc or a typed placeholder: part of a market, never one supplier."""
    return code in BLOCS or code in PLACEHOLDERS


def weakest(confidences: list[str]) -> str:
    """The least trusted of `confidences`; ``assumed`` when there are none."""
    known = [CONFIDENCE_ORDER.index(word) for word in confidences if word in CONFIDENCE_ORDER]
    return CONFIDENCE_ORDER[max(known)] if known else CONFIDENCE_ORDER[-1]
