"""`Case`: everything an exposure metric reads, and `Metric`: the card that says what a metric is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from reshore.chain import Choice, Preference, Split, ValueChain
from reshore.countries import BLOCS, COUNTRIES
from reshore.errors import UsageError
from reshore.exposure.ranges import Range, Role, role_ranges
from reshore.tables import Column
from reshore.units import Unit


@dataclass(frozen=True)
class Case:
    """One chain seen from one country.

    Parameters
    ----------
    chain
        The value chain.
    home, allies, concern
        ISO 3166-1 alpha-3. A bloc counts as ally or concern only when it is listed itself.
    preference
        Which figures are used where several stand side by side.
    at
        The day of the question, as ``YYYY-MM-DD``; ages of figures are counted from its year.
    controlled_by
        Who controls each organization after looking through its owners: countries, or organizations that stand for
        their seat. Organizations without an entry answer to their own seat; ``None``: ownership is not looked at.
    trade, indicators
        The tables of that name, when the package has them.
    customs_union
        Countries that share one border with home; needed to tell imports from trade inside.
    cut_set_size
        Largest number of countries that are cut off together.
    least_share
        A good counts as lost when less than this share of its supply is left.
    """

    chain: ValueChain
    home: str
    allies: tuple[str, ...] = ()
    concern: tuple[str, ...] = ()
    preference: Preference = field(default_factory=Preference)
    at: str = ""
    controlled_by: Mapping[str, tuple[str, ...]] | None = None
    trade: pl.DataFrame | None = None
    indicators: pl.DataFrame | None = None
    customs_union: tuple[str, ...] = ()
    cut_set_size: int = 2
    least_share: float = 0.05

    def __post_init__(self) -> None:
        listed = (self.home, *self.allies, *self.concern)
        for code in listed:
            if code not in COUNTRIES and code not in BLOCS:
                raise UsageError(f"{code!r} is no ISO 3166-1 alpha-3 code")
            if listed.count(code) > 1:
                raise UsageError(f"{code} can be only one of home, ally and concern")
        if not 1 <= self.cut_set_size <= 3:
            raise UsageError(f"cut sets have 1 to 3 members, not {self.cut_set_size}")
        if not 0 <= self.least_share < 1:
            raise UsageError(f"the least share that keeps a good going lies in [0, 1), not {self.least_share}")

    @cached_property
    def chosen(self) -> Choice:
        """The figures used."""
        return self.chain.choose(self.preference)

    @property
    def splits(self) -> Mapping[str, Split]:
        """How the supply of each good divides among countries; goods of which no supplier is known are absent."""
        return self.chosen.countries

    @cached_property
    def year(self) -> int | None:
        """The year of the question."""
        return int(self.at[:4]) if self.at[:4].isdigit() else None

    @cached_property
    def _roles(self) -> Mapping[str, Role]:
        roles: dict[str, Role] = dict.fromkeys(self.concern, "concern")
        roles |= dict.fromkeys(self.allies, "ally")
        roles[self.home] = "home"
        return roles

    def role(self, country: str | None) -> Role:
        """What `country` is to home; placeholders and blocs that are not listed are unknown."""
        if country is None:
            return "unknown"
        return self._roles.get(country, "other" if country in COUNTRIES else "unknown")

    @cached_property
    def ranges(self) -> Mapping[str, dict[Role, Range]]:
        """How much of the supply of each good is in each role's hands."""
        return {good.good: self._ranges(self.splits.get(good.good)) for good in self.chain.goods}

    def _ranges(self, split: Split | None) -> dict[Role, Range]:
        if split is None:
            return role_ranges(None, (), {})
        listed = {row.country for row in split.named}
        is_whole: dict[Role, bool] = {
            "home": self.home in listed,
            "ally": all(country in listed for country in self.allies),
            "concern": all(country in listed for country in self.concern),
        }
        return role_ranges(split, [self.role(row.country) for row in split.shares], is_whole)


@dataclass(frozen=True)
class Metric:
    """One measure of dependence: what it asks, how it is computed, where it comes from, and the function that answers.

    ``reads`` names the tables, of the package or of the results, in which the rows behind a number are found.
    ``compute`` gives one row per good of the chain, in key order: ``good`` and ``columns`` (ranges spread out), absent
    where the figures do not say.
    """

    name: str
    label: str
    question: str
    unit: Unit
    formula: str
    source: str
    reads: tuple[str, ...]
    columns: tuple[Column, ...]
    compute: Callable[[Case], pl.DataFrame]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Headings of the frame that ``compute`` gives, without ``good``."""
        return tuple(part.name for column in self.columns for part in column.parts)
