"""Which figures are used when several stand side by side, and which are kept as conflicts.

The rule is stated and deterministic. Of all series of a good for one of the markets that the question asks about, the
one used is the first by: any figures at all; the order of markets; the order of bases; countries before organizations
rolled up by seat; whole markets before partial ones; the confidence of its weakest row; the newest year; the number of
rows; the key. Nothing is averaged and nothing is thrown away: every other series is a conflict with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from reshore.chain.records import CONFIDENCE_ORDER, Good, Series, Split
from reshore.chain.rollup import roll_up
from reshore.chain.series import split_by_country, split_by_organization
from reshore.countries import WORLD

BASES = ("site", "capacity", "seat", "origin")


@dataclass(frozen=True)
class Preference:
    """What a study prefers where sources disagree: whose market, and what ties a supplier to a country.

    Series for other markets are never used: what one country buys says nothing about what another can buy.
    """

    markets: tuple[str, ...] = (WORLD,)
    bases: tuple[str, ...] = BASES


@dataclass(frozen=True)
class Conflict:
    """A series that was not used, divided among countries, and the first rule by which it stood back."""

    series: Series
    split: Split
    reason: str


@dataclass(frozen=True)
class Choice:
    """The figures used: one split per good among countries and one among organizations, and all others.

    Goods of which no supplier is known are absent. A split that was rolled up from variants names them in ``kinds``.
    """

    countries: Mapping[str, Split]
    organizations: Mapping[str, Split]
    conflicts: Mapping[str, tuple[Conflict, ...]]


_RULES = (
    "says nothing about sizes",
    "another market is preferred",
    "another basis is preferred",
    "figures by country are preferred to firms rolled up by seat",
    "a whole market is preferred to a part",
    "the other source is trusted more",
    "the other figure is newer",
    "the other series has more rows",
    "comes later in the order of keys",
)


def choose(goods: Sequence[Good], series: Mapping[str, Sequence[Series]], preference: Preference) -> Choice:
    """One division of the market per good by the rule above, with everything that was not used."""
    countries: dict[str, Split] = {}
    organizations: dict[str, Split] = {}
    conflicts: dict[str, tuple[Conflict, ...]] = {}
    for good in goods:
        found = series.get(good.good, ())
        ranked = sorted(
            ((_rank(one, preference), one) for one in found if one.market in preference.markets), key=itemgetter(0)
        )
        kept = []
        for place, (rank, one) in enumerate(ranked):
            if place == 0:
                countries[good.good] = split_by_country(one)
            else:
                kept.append(Conflict(one, split_by_country(one), _reason(ranked[0][0], rank)))
            by_organization = split_by_organization(one)
            if by_organization is not None:
                organizations.setdefault(good.good, by_organization)
        elsewhere = [one for one in found if one.market not in preference.markets]
        kept += [Conflict(one, split_by_country(one), "is about another market") for one in elsewhere]
        if kept:
            conflicts[good.good] = tuple(kept)
    return Choice(roll_up(goods, countries), roll_up(goods, organizations), conflicts)


def _rank(series: Series, preference: Preference) -> tuple[int | tuple[str, ...], ...]:
    basis = "seat" if series.level == "organization" else series.basis
    return (
        0 if series.has_figures else 1,
        preference.markets.index(series.market),
        preference.bases.index(basis) if basis in preference.bases else len(preference.bases),
        0 if series.level == "country" else 1,
        0 if series.coverage == "complete" else 1,
        CONFIDENCE_ORDER.index(series.confidence),
        -(series.year or 0),
        -len(series.suppliers),
        series.key,
    )


def _reason(first: tuple[object, ...], rank: tuple[object, ...]) -> str:
    return next(rule for rule, best, own in zip(_RULES, first, rank, strict=True) if best != own)
