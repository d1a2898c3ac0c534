"""Mineral Commodity Summaries of the U.S. Geological Survey: minerals, who mines and refines them, prices, reliance.

Each figure of the release becomes a row of ``indicators``, import sources become rows of ``supply`` for the market of
the United States. From the world tables come shares of world production. A commodity of which one table counts
several stages or forms (copper: mine, refinery; silicon: metal, ferrosilicon) has a good for each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from reshore.importers.draft import Draft, Row
from reshore.importers.inbox import Inbox
from reshore.importers.records import Importer
from reshore.importers.text import file_is_missing, read_sheet, slug
from reshore.importers.usgs.figures import (
    RELEASE,
    WORLD_TABLE,
    WORLD_TABLE_MORE,
    Figure,
    read_release,
    read_world_table,
)
from reshore.importers.usgs.supply import import_sources, production_shares, world_series
from reshore.importers.usgs.units import amount_unit, data_in, published_unit
from reshore.units import UNITS, convert, convertible

RELEASE_SOURCE = "usgs-mcs-2026"
WORLD_SOURCE = "usgs-mcs-2025"
_TITLES = {
    RELEASE_SOURCE: "Mineral Commodity Summaries 2026, data release (U.S. Geological Survey)",
    WORLD_SOURCE: "Mineral Commodity Summaries 2025, world data release (U.S. Geological Survey)",
}
_INDICATORS = {
    "Production": "production",
    "Import": "imports",
    "Export": "exports",
    "Consumption": "consumption",
    "Price": "price",
    "Net import reliance": "net import reliance",
    "Employment": "employment",
    "Stock": "stocks",
    "Reserves": "reserves",
    "Capacity": "capacity",
}
_ONE_GOOD = frozenset({"Iron Ore"})
"""Commodities whose tables count the same thing twice, on two bases, rather than two things."""

_STEPS = (("mine", 1), ("crude", 1), ("refinery", 2), ("smelter", 2), ("sponge", 2), ("pigment", 3), ("steel", 3))
_CONSUMPTION = ("consumption, apparent", "consumption, reported", "consumption, estimated", "consumption")

_RESERVED = ("treasury", "government", "stockpile", "exchange")
"""Stocks that are not there to be used up by firms."""


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads every CSV file that has the headings of one of the two releases."""
    figures: list[Figure] = []
    found = []
    for name in inbox.matching("*.csv"):
        headings = inbox.headings(name)
        if "PROD_2023" in headings:
            found.append(name)
            sheet = read_sheet(inbox, name, draft, WORLD_TABLE, WORLD_TABLE_MORE, legacy="cp1252")
            figures += read_world_table(sheet, WORLD_SOURCE, draft) if sheet else []
        elif "MCS chapter" in headings or inbox.is_one_file:
            found.append(name)
            sheet = read_sheet(inbox, name, draft, RELEASE, legacy="cp1252")
            figures += read_release(sheet, RELEASE_SOURCE, draft) if sheet else []
    if not found:
        file_is_missing(inbox, draft, *IMPORTER.files)
    if draft.is_refused:
        return
    for source in sorted({figure.source for figure in figures}):
        draft.add("sources", source=source, title=_TITLES[source], url=IMPORTER.url, licence=IMPORTER.licence)
    goods = _Goods(figures)
    _write_supply(figures, goods, draft)
    _write_indicators(figures, goods, draft)
    goods.write(draft)
    _write_demand(figures, goods, draft)


class _Goods:
    """Goods: one for each commodity, and one for each stage or form that a world table counts by itself."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self.of_commodity = {name: slug(name) for name in sorted({figure.commodity for figure in figures})}
        self.series = world_series(figures)
        counts: dict[tuple[str, str], int] = defaultdict(int)
        for source, commodity, _ in self.series:
            counts[(source, commodity)] += 1
        self.of_series = {
            (source, commodity, series): self.of_commodity[commodity]
            if counts[(source, commodity)] == 1 or commodity in _ONE_GOOD
            else f"{self.of_commodity[commodity]}.{slug(series)}"
            for source, commodity, series in self.series
        }
        self.rows: dict[str, Row] = {}
        for figure in sorted(figures, key=lambda figure: (figure.source != RELEASE_SOURCE, figure.place)):
            good = self.of_commodity[figure.commodity]
            self.rows.setdefault(good, self._row(good, figure.commodity, figure, "Commodity", 0))
        newest_first = sorted(self.series.items(), key=lambda item: (item[0][0] != RELEASE_SOURCE, item[0]))
        for (source, commodity, series), figures_ in newest_first:
            good = self.of_series[(source, commodity, series)]
            first = figures_[0]
            step, order = _step(series, first.section)
            if good == self.of_commodity[commodity]:
                self.rows[good] |= {"step": step, "step_order": order}
            else:
                self.rows.setdefault(good, self._row(good, f"{commodity}: {first.detail}", first, step, order))
            if order == 1:
                self.rows[good]["origin"] = "primary"
            self._output(self.rows[good], figures_)

    def _row(self, good: str, label: str, figure: Figure, step: str, order: int) -> Row:
        return {
            "good": good,
            "label": label,
            "chain": slug(figure.chapter),
            "step": step,
            "step_order": order,
            "kind": "material",
            "origin": "boundary",
            "source": figure.source,
            "confidence": "high",
        }

    def _output(self, row: Row, figures: Sequence[Figure]) -> None:
        """World output of the newest year, in the unit of its series; a good counted on two bases keeps the first."""
        totals = [figure for figure in figures if figure.is_total and figure.amount.is_point]
        if not totals or "unit" in row:
            return
        newest = max(totals, key=lambda figure: figure.year)
        unit = amount_unit(newest.unit, newest.detail, newest.section, data_in(newest.context))
        if unit is not None:
            row |= {"unit": unit, **newest.amount.cells("world_output_per_year"), "as_of": newest.year,
                    "note": newest.notes or None}  # fmt: skip

    def write(self, draft: Draft) -> None:
        """Writes the goods."""
        for _, row in sorted(self.rows.items()):
            draft.add("goods", **row)


def _step(*texts: str) -> tuple[str, int]:
    found = ((word.capitalize(), order) for text in texts for word, order in _STEPS if word in text.casefold())
    return next(found, ("Production", 2))


def _write_supply(figures: Sequence[Figure], goods: _Goods, draft: Draft) -> None:
    for (source, commodity, series), own in goods.series.items():
        good = goods.of_series[(source, commodity, series)]
        words = next((figure.detail for figure in own if figure.series == series), own[0].detail)
        for year in sorted({figure.year for figure in own}):
            for row in production_shares([figure for figure in own if figure.year == year], draft):
                draft.add("supply", **row, good=good, market="WLD", basis="site", measure="volume", series=words,
                          year=year, source=source, as_of=year, confidence="high")  # fmt: skip
    sources = [figure for figure in figures if figure.statistic == "Import sources"]
    for row in import_sources(sources, goods.of_commodity, draft):
        draft.add("supply", **row)
    for figure in sources:
        draft.keep(figure.place.file)


def _write_indicators(figures: Sequence[Figure], goods: _Goods, draft: Draft) -> None:
    groups: dict[tuple[str, ...], list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.statistic != "Import sources":
            indicator = _INDICATORS.get(figure.statistic, "other")
            detail = figure.detail if indicator != "other" else f"{figure.statistic}: {figure.detail}"
            good = goods.of_commodity[figure.commodity]
            groups[(good, figure.country, indicator, detail, figure.year, figure.source)].append(figure)
    for (good, country, indicator, detail, year, source), own in sorted(groups.items()):
        for figure, words in _told_apart(own, detail, draft):
            if figure.source == RELEASE_SOURCE:
                draft.keep(figure.place.file)
            is_share = figure.unit == "percent"
            amount = figure.amount.scaled(0.01) if is_share else figure.amount
            notes = (amount.words, figure.notes, data_in(figure.context) and f"Data in {data_in(figure.context)}")
            draft.add("indicators", good=good, country=country, indicator=indicator, detail=words or None,
                      **amount.cells("value"), unit=published_unit(figure.unit), period=year, source=source, as_of=year,
                      confidence="high", note=" -- ".join(word for word in notes if word) or None)  # fmt: skip


def _told_apart(figures: list[Figure], detail: str, draft: Draft) -> Iterable[tuple[Figure, str]]:
    """Figures under one key, each with its detail: the same are merged, those that differ are numbered by size."""
    figures.sort(key=lambda figure: (figure.amount.least, figure.unit, figure.amount.words, figure.notes, figure.place))
    kept: list[Figure] = []
    for figure in figures:
        if not kept or (figure.amount, figure.unit) != (kept[-1].amount, kept[-1].unit):
            kept.append(figure)
            continue
        # a row of the world table has several figures, of which others may be kept
        tell = draft.merge if figure.source == RELEASE_SOURCE else draft.note
        tell("duplicate-row", figure.place, f"{figure.commodity}, {detail} of {figure.year} again",
             "each figure once", "none needed: merged")  # fmt: skip
    if len(kept) == 1:
        return [(kept[0], detail)]
    for figure in kept[1:]:
        draft.note("same-key", figure.place, f"{figure.commodity}, {detail} of {figure.year}: {len(kept)} figures",
                   "one figure under one name", "none needed: both were kept, numbered by size")  # fmt: skip
    return [(figure, f"{detail} ({place} of {len(kept)})".strip()) for place, figure in enumerate(kept, 1)]


def _write_demand(figures: Sequence[Figure], goods: _Goods, draft: Draft) -> None:
    """What the United States uses, and how many months its stocks last, where one figure says so."""
    supplied = set(goods.of_series.values())
    used: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    stocks: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        kept = {"Consumption": used, "Stock": stocks}.get(figure.statistic)
        if kept is not None and figure.amount.is_point and not any(word in figure.series for word in _RESERVED):
            kept[(figure.commodity, figure.year)].append(figure)
    for (commodity, year), own in sorted(used.items()):
        good = goods.of_commodity[commodity]
        unit = goods.rows[good].get("unit")
        wanted = min((_CONSUMPTION.index(f.series) for f in own if f.series in _CONSUMPTION), default=None)
        if good not in supplied or unit is None or wanted is None:
            continue
        named = [figure for figure in own if figure.series == _CONSUMPTION[wanted]]
        amount = _converted(named[0], str(unit)) if len(named) == 1 else None
        if amount is None:
            continue
        held = stocks[(commodity, year)]
        stock = _converted(held[0], str(unit)) if len(held) == 1 else None
        months = round(12 * stock / amount, 6) if stock is not None and amount > 0 else None
        words = "" if months is None else f"; months = 12 × ({held[0].detail}) / use"
        draft.add("demand", good=good, country="USA", use_per_year=amount, stock_months=months, year=year,
                  source=named[0].source, as_of=year, confidence="high", note=f"{named[0].detail}{words}")  # fmt: skip


def _converted(figure: Figure, unit: str) -> float | None:
    own = amount_unit(figure.unit, figure.detail, data_in(figure.context))
    if own is None or figure.amount.value is None or not convertible(UNITS[own], UNITS[unit]):
        return None
    return round(convert(figure.amount.value, UNITS[own], UNITS[unit]), 9)


IMPORTER = Importer(
    name="usgs",
    label="USGS Mineral Commodity Summaries",
    question="Who mines and refines which minerals, and how far does the United States rely on imports?",
    source="U.S. Geological Survey, National Minerals Information Center",
    url="https://www.usgs.gov/centers/national-minerals-information-center/mineral-commodity-summaries",
    licence="public domain (work of the United States government)",
    files=("MCS2026_Commodities_Data.csv", "MCS2025_World_Data.csv"),
    read=read,
)
