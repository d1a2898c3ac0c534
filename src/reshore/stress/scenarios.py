"""`Scenario`: shocks that come together, with odds; and what a study says about stress, read from its TOML file.

Every problem of a file is found at once; its place is the path of the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from reshore.countries import COUNTRIES, WORLD, country_code
from reshore.stress.shocks import SHOCKS, Hit, Shock
from reshore.stress.spans import Span
from reshore.tables.cells import did_you_mean

Refuse = Callable[[str, str, object, str, str], None]
"""``refuse(code, key, found, expected, fix)`` notes a problem."""

RATIONING: Mapping[str, str] = {
    "pro_rata": "within a final use, everyone in the pool gets the same share of what they ask for",
    "home_first": "home is served before allies, allies before the rest of the pool",
    "best": "what is left goes where it is worth most",
    "own_only": "nobody shares: of goods that are cut, home has what it makes and what is in stock",
}
BY: Mapping[str, str] = {
    "site": "plants in the countries that are hit",
    "seat": "firms with their head office there",
    "control": "firms controlled from there, through any number of owners; plants where firms are unknown",
}
MAX_MONTHS = 120
MAX_DRAWS = 10_000
MAX_CUT = 4
UNKNOWN_STOCK = Span(0.16, 1.0, 2.5)
"""Months of stock where nobody counts them: from under 5 days (chip users in 2021, US Commerce) to 75 days (magnets at
car makers in 2025, press); the point is a guess between."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class Scenario:
    """One way in which things go wrong.

    ``odds`` is the probability within the horizon, an opinion; ``None`` when nobody gives one. ``pool`` are the
    countries that share what is left; empty stands for home and everyone whom no separating shock strikes. ``by`` says
    what ties a supplier to a country.
    """

    name: str
    label: str
    shocks: tuple[Hit, ...]
    odds: Span | None = None
    months: int = 12
    rationing: str = "pro_rata"
    pool: tuple[str, ...] = ()
    by: str = "site"


@dataclass(frozen=True)
class UseShare:
    """A country's share of the world's use of a final good, or of all final goods whose users nobody counts."""

    country: str
    share: Span
    source: str
    good: str = ""


@dataclass(frozen=True)
class UseValue:
    """What the whole world's use of a final good is worth in a year."""

    good: str
    usd_per_year: Span
    source: str


@dataclass(frozen=True)
class Downstream:
    """Money lost per dollar of final use that is not served, the use itself included."""

    ratio: Span
    source: str


@dataclass(frozen=True)
class StressSettings:
    """What a study takes for granted about stress.

    ``unknown_stock_months`` stands in for stocks that nobody counts. ``market`` says whose purchases the shares of
    suppliers are of: the world's, or those of one country, whose own series then come first. With ``figures_until``,
    figures of later years are not used: what was known when something happened. Worst cuts of up to
    ``worst_cut_size`` countries, and of as many organizations, are sought; 0 asks for none.
    """

    draws: int = 100
    unknown_stock_months: Span = UNKNOWN_STOCK
    values: tuple[UseValue, ...] = ()
    use_shares: tuple[UseShare, ...] = ()
    downstream: Downstream | None = None
    market: str = WORLD
    figures_until: int | None = None
    worst_cut_size: int = 0


def read_scenarios(rows: object, home: str, refuse: Refuse) -> tuple[Scenario, ...]:
    """The scenarios that ``[[scenarios]]`` describes, as seen from `home`."""
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        refuse("wrong-type", "scenarios", rows, "a list of tables", "write [[scenarios]]")
        return ()
    found = [_scenario(row, f"scenarios[{number}]", home, refuse) for number, row in enumerate(rows, 1)]
    names = [scenario.name for scenario in found]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            refuse("duplicate-key", f"scenarios[{number}].name", name, "each name once", "choose another name")
    total = sum(scenario.odds.point for scenario in found if scenario.odds is not None)
    if total > 1 + 1e-9:
        refuse("out-of-range", "scenarios.odds", f"{total:g} in all", "at most 1: one scenario at a time",
               "lower the odds; what is missing to 1 is that nothing happens")  # fmt: skip
    return tuple(found)


def read_stress(value: object, refuse: Refuse) -> StressSettings:
    """The settings that ``[stress]`` describes."""
    if not isinstance(value, Mapping):
        refuse("wrong-type", "stress", value, "a table", "write [stress]")
        return StressSettings()
    _refuse_unknown(value, [field.name for field in fields(StressSettings)], "stress", refuse)
    found: dict[str, Any] = {}
    if "draws" in value:
        found["draws"] = _whole(value["draws"], "stress.draws", 0, MAX_DRAWS, refuse)
    if "figures_until" in value:
        found["figures_until"] = _whole(value["figures_until"], "stress.figures_until", 1900, 2100, refuse)
    if "worst_cut_size" in value:
        found["worst_cut_size"] = _whole(value["worst_cut_size"], "stress.worst_cut_size", 0, MAX_CUT, refuse)
    if "market" in value and value["market"] != WORLD:
        found["market"] = next(iter(_countries([value["market"]], "stress.market", refuse)), None)
    if "unknown_stock_months" in value:
        found["unknown_stock_months"] = _span(value["unknown_stock_months"], "stress.unknown_stock_months", refuse)
    for key, kind, subject, number in (
        ("values", UseValue, "good", "usd_per_year"), ("use_shares", UseShare, "country", "share"),
    ):  # fmt: skip
        if key in value:
            found[key] = _sourced(value[key], kind, subject, number, f"stress.{key}", refuse)
    if "downstream" in value:
        rows = _sourced([value["downstream"]], Downstream, "", "ratio", "stress.downstream", refuse)
        found["downstream"] = rows[0] if rows else None
    return StressSettings(**{key: entry for key, entry in found.items() if entry is not None})


def odds_of_nothing(scenarios: Sequence[Scenario]) -> Span | None:
    """The odds that none of `scenarios` comes: what is missing to 1; ``None`` when a scenario has no odds."""
    given = [scenario.odds for scenario in scenarios]
    if any(odds is None for odds in given):
        return None
    low, point, high = (sum(getattr(odds, end) for odds in given) for end in ("low", "point", "high"))
    return Span(max(0.0, 1 - high), max(0.0, 1 - point), max(0.0, 1 - low))


def _scenario(row: Mapping[str, Any], place: str, home: str, refuse: Refuse) -> Scenario:
    known = [field.name for field in fields(Scenario)]
    _refuse_unknown(row, known, place, refuse)
    name = row.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        refuse("bad-name" if "name" in row else "missing-key", f"{place}.name", name or "nothing",
               "small letters, digits and hyphens", "name the scenario")  # fmt: skip
        name = place
    hits = row.get("shocks", ())
    if not isinstance(hits, Sequence) or not hits or not all(isinstance(hit, Mapping) for hit in hits):
        refuse("wrong-type", f"{place}.shocks", hits or "nothing", "a list of shocks", "write [[scenarios.shocks]]")
        hits = ()
    months = _whole(row.get("months", 12), f"{place}.months", 1, MAX_MONTHS, refuse) or 12
    for key, words in (("rationing", RATIONING), ("by", BY)):
        if row.get(key, next(iter(words))) not in words:
            refuse("unknown-word", f"{place}.{key}", row[key], f"one of {', '.join(words)}",
                   did_you_mean(str(row[key]), words))  # fmt: skip
    pool = _countries(row.get("pool", ()), f"{place}.pool", refuse)
    if pool and home not in pool:
        refuse("out-of-range", f"{place}.pool", ", ".join(pool), f"a pool that holds home ({home})", "add home")
    odds = row.get("odds")
    shocks = tuple(_hit(hit, f"{place}.shocks[{k}]", home, months, refuse) for k, hit in enumerate(hits, 1))
    struck = sorted({country for hit in shocks for country in hit.countries} & set(pool))
    if struck:
        refuse("out-of-range", f"{place}.pool", ", ".join(struck), "a pool of countries that are not struck",
               "leave them out: they serve themselves")  # fmt: skip
    return Scenario(
        name=name,
        label=str(row.get("label", name)),
        shocks=shocks,
        odds=None if odds is None else _span(odds, f"{place}.odds", refuse, most=1.0),
        months=months,
        rationing=str(row.get("rationing", "pro_rata")),
        pool=pool,
        by=str(row.get("by", "site")),
    )


def _hit(row: Mapping[str, Any], place: str, home: str, months: int, refuse: Refuse) -> Hit:
    names = [shock.name for shock in SHOCKS]
    name = row.get("shock")
    card = next((shock for shock in SHOCKS if shock.name == name), None)
    if card is None:
        refuse("unknown-word" if "shock" in row else "missing-key", f"{place}.shock", name or "nothing",
               f"one of {', '.join(names)}", did_you_mean(str(name), names))  # fmt: skip
        return Hit("")
    _refuse_unknown(row, ["shock", *(parameter.name for parameter in card.parameters)], place, refuse)
    for key in card.needed:
        if key not in row:
            refuse("missing-key", f"{place}.{key}", "nothing", f"{key} = …", f"a {card.name} needs it")
    found: dict[str, Any] = {}
    for parameter in card.parameters:
        key = parameter.name
        if key in row:
            found[key] = _parameter(key, row[key], f"{place}.{key}", refuse)
    if home in found.get("countries", ()):
        refuse("out-of-range", f"{place}.countries", home, "countries other than home",
               "strike home's plants with a plant-loss")  # fmt: skip
    if found.get("start_month", 1) > months:
        refuse("out-of-range", f"{place}.start_month", found["start_month"], f"a month within the {months} of the "
               "scenario", "start earlier or give the scenario more months")  # fmt: skip
    return Hit(str(name), **{key: entry for key, entry in found.items() if entry is not None})


def _parameter(key: str, entry: object, place: str, refuse: Refuse) -> object:
    if key == "countries":
        return _countries(entry, place, refuse)
    if key in ("organizations", "goods"):
        return _texts(entry, place, refuse)
    if key == "granted_share":
        rows = entry if isinstance(entry, Sequence) and not isinstance(entry, str) else [entry]
        if not rows:
            refuse("wrong-type", place, "an empty list", "a share per month", "write [0.25, 0.6]")
        return tuple(
            span for k, part in enumerate(rows, 1)
            if (span := _span(part, f"{place}[{k}]", refuse, most=1.0)) is not None
        )  # fmt: skip
    if key.endswith("_months") or key == "start_month":
        least = 1.0 if key == "start_month" else 0.0
        span = _span(entry, place, refuse, least=least, most=float(MAX_MONTHS))
        return None if span is None else span.point
    return _span(entry, place, refuse, most=1.0 if key in ("severity_share", "cost_share") else 100.0)


def _span(entry: object, place: str, refuse: Refuse, least: float = 0.0, most: float = float("inf")) -> Span | None:
    """A number, ``[low, high]``, or ``{low = …, point = …, high = …}``."""
    ends: list[object]
    if isinstance(entry, Mapping):
        _refuse_unknown(entry, ["low", "point", "high"], place, refuse)
        low, high = entry.get("low", entry.get("point")), entry.get("high", entry.get("point"))
        ends = [low, entry.get("point", (low + high) / 2 if _are_numbers(low, high) else None), high]
    elif isinstance(entry, Sequence) and not isinstance(entry, str) and len(entry) == 2 and _are_numbers(*entry):
        ends = [entry[0], (entry[0] + entry[1]) / 2, entry[1]]
    else:
        ends = [entry] * 3
    if not _are_numbers(*ends):
        refuse("wrong-type", place, repr(entry), "a number, [low, high] or {low, point, high}", "correct the value")
        return None
    span = Span(*(float(end) for end in ends))  # type: ignore[arg-type]  # checked above
    if not least <= span.low <= span.point <= span.high <= most:
        refuse("out-of-range", place, repr(entry), f"numbers in order from {least:g} to {most:g}", "correct the value")
        return None
    return span


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) and value == value for value in values)


def _whole(entry: object, place: str, least: int, most: int, refuse: Refuse) -> int | None:
    if isinstance(entry, bool) or not isinstance(entry, int) or not least <= entry <= most:
        refuse("out-of-range", place, repr(entry), f"a whole number from {least} to {most:,}", "correct the value")
        return None
    return entry


def _texts(entry: object, place: str, refuse: Refuse) -> tuple[str, ...]:
    if not isinstance(entry, Sequence) or isinstance(entry, str) or not all(isinstance(part, str) for part in entry):
        refuse("wrong-type", place, repr(entry), "a list of texts", 'write ["…"]')
        return ()
    return tuple(dict.fromkeys(entry))


def _countries(entry: object, place: str, refuse: Refuse) -> tuple[str, ...]:
    codes = _texts(entry, place, refuse)
    for code in codes:
        if code not in COUNTRIES:
            near = country_code(code)
            refuse("unknown-country", place, code, "an ISO 3166-1 alpha-3 code",
                   f"write {near}" if near else did_you_mean(code, COUNTRIES))  # fmt: skip
    return tuple(sorted(codes))


def _sourced(rows: object, kind: type, subject: str, number: str, place: str, refuse: Refuse) -> tuple[Any, ...] | None:
    """Rows of a figure with its range and its source."""
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        refuse("wrong-type", place, rows, "tables", f"write [[{place}]]")
        return None
    found = []
    keys = [key for key in (subject, number, "source") if key]
    may = ["good"] if subject == "country" else []
    for k, row in enumerate(rows, 1):
        at = f"{place}[{k}]" if subject else place
        _refuse_unknown(row, [*keys, *may], at, refuse)
        missing = [key for key in keys if key not in row]
        for key in missing:
            refuse("missing-key", f"{at}.{key}", "nothing", f"{key} = …", "every figure carries its source")
        span = _span(row[number], f"{at}.{number}", refuse) if number in row else None
        texts = [str(row[key]) for key in (subject,) if key and key in row]
        if not missing and span is not None:
            found.append(kind(*texts, span, str(row["source"]), *(str(row.get(key, "")) for key in may)))
    return tuple(found)


def _refuse_unknown(row: Mapping[str, Any], known: Sequence[str], place: str, refuse: Refuse) -> None:
    for key in row:
        if key not in known:
            refuse("unknown-key", f"{place}.{key}", key, f"keys {', '.join(known)}", did_you_mean(str(key), known))


def scenario_settings(scenario: Scenario) -> dict[str, Any]:
    """A scenario as the table of a study file that reads back as the same scenario."""
    row: dict[str, Any] = {"name": scenario.name, "label": scenario.label, "months": scenario.months,
                           "rationing": scenario.rationing, "by": scenario.by}  # fmt: skip
    if scenario.odds is not None:
        row["odds"] = _as_value(scenario.odds)
    if scenario.pool:
        row["pool"] = list(scenario.pool)
    return {**row, "shocks": [_hit_settings(hit) for hit in scenario.shocks]}


def _hit_settings(hit: Hit) -> dict[str, Any]:
    card: Shock = next(shock for shock in SHOCKS if shock.name == hit.shock)
    row: dict[str, Any] = {"shock": hit.shock}
    for parameter in card.parameters:
        entry = getattr(hit, parameter.name)
        if entry is None or entry == () or entry == getattr(Hit(""), parameter.name):
            continue
        if isinstance(entry, Span):
            row[parameter.name] = _as_value(entry)
        elif isinstance(entry, tuple):
            row[parameter.name] = [_as_value(part) if isinstance(part, Span) else part for part in entry]
        else:
            row[parameter.name] = entry
    return row


def stress_settings(settings: StressSettings) -> dict[str, Any]:
    """Settings as the table ``[stress]`` that reads back as the same settings."""
    row: dict[str, Any] = {
        "draws": settings.draws,
        "unknown_stock_months": _as_value(settings.unknown_stock_months),
        "values": [
            {"good": v.good, "usd_per_year": _as_value(v.usd_per_year), "source": v.source} for v in settings.values
        ],
        "use_shares": [
            {
                "country": u.country,
                "share": _as_value(u.share),
                "source": u.source,
                **({"good": u.good} if u.good else {}),
            }
            for u in settings.use_shares
        ],
    }
    if settings.market != WORLD:
        row["market"] = settings.market
    if settings.worst_cut_size:
        row["worst_cut_size"] = settings.worst_cut_size
    if settings.figures_until is not None:
        row["figures_until"] = settings.figures_until
    if settings.downstream is not None:
        row["downstream"] = {"ratio": _as_value(settings.downstream.ratio), "source": settings.downstream.source}
    return row


def _as_value(span: Span) -> object:
    if span.low == span.point == span.high:
        return span.point
    return {"low": span.low, "point": span.point, "high": span.high}
