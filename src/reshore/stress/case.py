"""`StressCase`: a chain with the ranges of its figures, as a scenario meets it; and draws over those ranges.

The point is what the figures say. A draw takes every figure of supply, stock, use and value from its range at once,
each from a stream of its own, so that scenarios meet the same draws and one more good changes no other figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl

from reshore.chain import Good, Preference, ValueChain
from reshore.countries import WORLD
from reshore.flow import UNKNOWN, Assumptions, Shares, World, build_world, countries_of
from reshore.seeds import stream
from reshore.stress.scenarios import Scenario, StressSettings
from reshore.stress.shocks import Target
from reshore.stress.spans import Floats, Span

OTHERS = "XX-ROW"
_BASES = {"site": ("site", "capacity", "origin", "seat"), "seat": ("seat", "site", "capacity", "origin")}


@dataclass(frozen=True)
class Draw:
    """One set of figures: the world, what uses are worth, the downstream ratio, and how hard the blows fall.

    ``value_usd`` (n_final,) is NaN where nobody knows; ``luck`` is ``None`` for the point.
    """

    world: World
    value_usd: Floats
    ratio: float | None
    luck: float | None


@dataclass(frozen=True, eq=False)
class StressCase:
    """A chain seen from home, with every range.

    Attributes
    ----------
    chain, home, allies
        What is stressed, and for whom.
    world
        The world at the point.
    stocks
        Months that stocks of each good last, in the order of goods.
    values
        What a year's final use of the world is worth; ``None`` where unknown.
    settings, seed
        What the study takes for granted, and the seed of all draws.
    controlled_by
        Countries from which organizations are or may be controlled; without an entry, their seat.
    """

    chain: ValueChain
    home: str
    allies: tuple[str, ...]
    world: World
    stocks: tuple[Span, ...]
    values: tuple[Span | None, ...]
    settings: StressSettings
    seed: int = 0
    controlled_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def firms_of(self, countries: Sequence[str], *, by_control: bool) -> tuple[str, ...]:
        """Organizations with output of known size that have their seat in `countries`, or are controlled from there."""
        found = []
        for firm in self.world.supply["organization"].everyone:
            body = self.chain.organizations.get(firm)
            seat = () if body is None or body.seat is None else (body.seat,)
            places = self.controlled_by.get(firm, seat) if by_control else seat
            if not set(countries).isdisjoint(places):
                found.append(firm)
        return tuple(found)

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """Names of goods and organizations for people."""
        bodies = {body.organization: body.label for body in self.chain.organizations.values()}
        return bodies | {good.good: good.label for good in self.chain.goods}

    @cached_property
    def layers(self) -> tuple[tuple[int, ...], ...]:
        """Goods from the mine on, those of one cycle together."""
        return tuple(tuple(self.chain.index[good] for good in layer) for layer in self.chain.layers)

    @cached_property
    def finals(self) -> tuple[str, ...]:
        """Final uses, in the order of arrays."""
        return tuple(self.world.goods[f] for f in self.world.final.tolist())

    @cached_property
    def judged(self) -> Mapping[str, bool]:
        """Whether suppliers of more than half of each good are known."""
        unknown = self.world.supply_of((UNKNOWN,))
        return {good: bool(unknown[k] < 0.5) for k, good in enumerate(self.world.goods)}

    def target(self, scenario: Scenario) -> Target:
        """What the shocks of `scenario` can hit."""
        return Target(self.world.goods, self.labels, self.finals, scenario.months, self.chain.variants_of)

    @cached_property
    def point(self) -> Draw:
        """The figures as they stand."""
        values = np.array([np.nan if value is None else value.point for value in self.values])
        down = self.settings.downstream
        return Draw(self.world, values, None if down is None else down.ratio.point, None)

    def draw(self, index: int) -> Draw:
        """Draw number `index`."""
        chance = {good: stream(self.seed, f"stress: figures of {good}", index) for good in self.world.goods}
        stock = np.array(
            [span.at(chance[good].random()) for good, span in zip(self.world.goods, self.stocks, strict=True)]
        )
        usual = {
            use.country: use.share.at(stream(self.seed, f"stress: use of {use.country}", index).random())
            for use in self.settings.use_shares
            if not use.good
        }
        supply = {by: self._sampled(by, shares, index) for by, shares in self.world.supply.items()}
        value = [
            np.nan if span is None else span.at(stream(self.seed, f"stress: value of {good}", index).random())
            for good, span in zip(self.finals, self.values, strict=True)
        ]
        down = self.settings.downstream
        return Draw(
            replace(
                self.world,
                supply=supply,
                stock_months=stock,
                default_use={**self.world.default_use, **usual},
                use=self._use(index),
            ),
            np.array(value),
            None if down is None else down.ratio.at(stream(self.seed, "stress: downstream", index).random()),
            float(stream(self.seed, "stress: severity", index).random()),
        )

    def _use(self, index: int) -> Shares:
        """Stated shares of use, those of the study drawn from their ranges."""
        stated = {(use.good, use.country): use for use in self.settings.use_shares if use.good}
        if not stated:
            return self.world.use
        share = self.world.use.share.copy()
        for row, (good, places) in enumerate(zip(self.world.use.good.tolist(), self.world.use.places, strict=True)):
            use = stated.get((self.world.goods[good], places[0]))
            if use is not None:
                chance = stream(self.seed, f"stress: use of {use.good} in {use.country}", index)
                share[row] = use.share.at(chance.random())
        return replace(self.world.use, share=share)

    def _sampled(self, by: str, shares: Shares, index: int) -> Shares:
        """Shares of suppliers drawn from their ranges; what is left over keeps its place, or its size if none."""
        ends = self._ends.get(by)
        if ends is None:
            return shares
        drawn = shares.share.copy()
        for good, rows in ends.items():
            luck = stream(self.seed, f"stress: supply of {self.world.goods[good]}", index).random(len(rows))
            spare = [row for row, span in rows if span is None]
            sized = [(row, span.at(float(u))) for (row, span), u in zip(rows, luck, strict=True) if span is not None]
            total = sum(share for _, share in sized)
            if total > 1 or not spare:
                sized, total = [(row, share / total) for row, share in sized], 1.0
            for row, share in sized:
                drawn[row] = share
            for row in spare:
                drawn[row] = (1 - total) / len(spare)
        return replace(shares, share=drawn)

    @cached_property
    def _ends(self) -> Mapping[str, Mapping[int, list[tuple[int, Span | None]]]]:
        """Rows of supply with their ranges, of goods that have any range; ``None`` for what is left over."""
        found: dict[str, dict[int, list[tuple[int, Span | None]]]] = {}
        for by, shares in self.world.supply.items():
            if by == "control":
                continue  # the hands behind a share are read once; its size stays at the point
            bases = _BASES.get(by, _BASES["seat"])
            choice = self.chain.choose(Preference(markets=markets_of(self.settings), bases=bases))
            firms = choice.organizations if by == "organization" else {}
            rows: dict[int, list[tuple[int, Span | None]]] = {}
            for row, (good, places) in enumerate(zip(shares.good.tolist(), shares.places, strict=True)):
                name = self.world.goods[good]
                split = firms.get(name) or countries_of(self.chain, choice, name)
                known = {} if split is None else {s.supplier: s for s in split.named}
                share = known.get(places[0])
                is_rest = places[0] in (OTHERS, UNKNOWN) or share is None
                span = None
                if share is not None and not is_rest:
                    point = share.low if share.point is None else share.point
                    span = Span(min(share.low, point), point, max(share.high, point))
                rows.setdefault(good, []).append((row, span))
            found[by] = {
                good: part for good, part in rows.items() if any(span is not None and span.is_wide for _, span in part)
            }
        return found


def build_stress_case(
    chain: ValueChain,
    demand: pl.DataFrame,
    controlled_by: Mapping[str, tuple[str, ...]],
    home: str,
    allies: Sequence[str],
    settings: StressSettings,
    seed: int = 0,
) -> StressCase:
    """The case of `chain` seen from `home`.

    Parameters
    ----------
    demand
        The table of that name: stocks and shares of use.
    controlled_by
        Countries from which organizations are or may be controlled.
    settings
        Stocks, shares of use and values that stand in where the data are silent.
    """
    usual = {use.country: use.share.point for use in settings.use_shares if not use.good}
    if settings.market != WORLD:
        usual[settings.market] = 1.0  # the market is the whole world of the question
    assumptions = Assumptions(
        stock_months=settings.unknown_stock_months.point, markets=markets_of(settings), use_shares=usual
    )
    world = build_world(chain, demand, controlled_by, assumptions)
    stocks = stock_spans(chain, demand, home, settings.unknown_stock_months)
    values = _values(chain, world, settings)
    world = replace(
        world,
        stock_months=np.array([span.point for span in stocks]),
        value_usd=np.array([np.nan if value is None else value.point for value in values]),
        use=_with_uses(world, settings),
    )
    return StressCase(chain, home, tuple(allies), world, stocks, values, settings, seed, controlled_by)


def markets_of(settings: StressSettings) -> tuple[str, ...]:
    """Whose purchases count, in order of preference."""
    return (WORLD,) if settings.market == WORLD else (settings.market, WORLD)


def stock_spans(chain: ValueChain, demand: pl.DataFrame, home: str, unknown: Span) -> tuple[Span, ...]:
    """How long stocks of each good last at home.

    The point is the newest figure for home, else for the world, else for anyone; the range holds every figure that
    anyone states, because sources that disagree are kept. `unknown` stands in where nobody states any.
    """
    columns = ("good", "country", "year", "stock_months", "stock_months_low", "stock_months_high")
    found: dict[str, list[tuple[tuple[int, int], Span]]] = {}
    for good, country, year, point, low, high in demand.select(columns).iter_rows():
        ends = [end for end in (low, point, high) if end is not None]
        if not ends:
            continue
        middle = point if point is not None else (low + high) / 2 if None not in (low, high) else ends[0]
        rank = 0 if country == home else 1 if country == WORLD else 2
        found.setdefault(good, []).append(((rank, -(year or 0)), Span(min(ends), middle, max(ends))))
    spans = []
    for good in chain.goods:
        rows = sorted(found.get(good.good, ()), key=lambda row: (row[0], row[1].point))
        if not rows:
            spans.append(unknown)
            continue
        ends = [end for _, span in rows for end in (span.low, span.high)]
        spans.append(Span(min(ends), rows[0][1].point, max(ends)))
    return tuple(spans)


def _values(chain: ValueChain, world: World, settings: StressSettings) -> tuple[Span | None, ...]:
    """What a year's final use is worth: as the study states it, else the part of the market that final users take."""
    stated = {value.good: value.usd_per_year for value in settings.values}
    found: list[Span | None] = []
    for f, part in zip(world.final.tolist(), world.sold.tolist(), strict=True):
        good = chain.goods[f]
        # What the world buys says nothing of what one market buys.
        size = _market_span(good) if settings.market == WORLD else None
        # What goes into other goods of the chain is paid for again in their own value.
        sold = None if size is None else Span(part * size.low, part * size.point, part * size.high)
        found.append(stated.get(good.good) or sold)
    return tuple(found)


def _market_span(good: Good) -> Span | None:
    """World sales of a good with their range; the middle of it where no point is stated."""
    low, point, high = (
        good.market_size_usd_per_year_low, good.market_size_usd_per_year, good.market_size_usd_per_year_high
    )  # fmt: skip
    ends = [end for end in (low, point, high) if end is not None]
    if not ends:
        return None
    return Span(min(ends), (min(ends) + max(ends)) / 2 if point is None else point, max(ends))


def _with_uses(world: World, settings: StressSettings) -> Shares:
    """Shares of use of the data, with those that the study states for single goods in their place."""
    stated = {(world.index[use.good], use.country): use.share.point for use in settings.use_shares
              if use.good in world.index}  # fmt: skip
    if not stated:
        return world.use
    rows = {(good, places[0]): share for good, places, share in
            zip(world.use.good.tolist(), world.use.places, world.use.share.tolist(), strict=True)}  # fmt: skip
    merged = sorted({**rows, **stated}.items())
    return Shares(
        np.array([good for (good, _), _ in merged], dtype=np.int64),
        tuple((country,) for (_, country), _ in merged),
        np.array([share for _, share in merged], dtype=np.float64),
    )
