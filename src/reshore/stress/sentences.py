"""Sentences of cause: what stops, when, because of what, and what a scenario comes to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reshore.countries import country_name
from reshore.stress.case import StressCase
from reshore.stress.ladder import SHORT
from reshore.stress.outcomes import Trial, Trials
from reshore.stress.scenarios import Scenario
from reshore.stress.shocks import Hit, shock_named
from reshore.stress.spans import Span
from reshore.units import SHARE, written


def names_of(codes: Sequence[str], limit: int = 4) -> str:
    """Countries as they stand in a sentence."""
    names = [country_name(code) for code in codes[:limit]]
    if len(codes) > limit:
        return f"{', '.join(names)} and {len(codes) - limit} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def span_words(span: Span, unit: object = SHARE) -> str:
    """A figure with its range."""
    low, point, high = (written(end, unit) for end in (span.low, span.point, span.high))  # type: ignore[arg-type]
    return point if low == high else f"{point} ({low} to {high})"


def shock_words(case: StressCase, hit: Hit, months: int) -> str:
    """One shock, in words."""
    card = shock_named(hit.shock)
    who = names_of(hit.countries) if hit.countries else ", ".join(case.labels.get(o, o) for o in hit.organizations)
    labels = [case.labels.get(good, good) for good in hit.goods]
    goods = ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "") or "all goods"
    parts = [f"{card.label}: {who + ', ' if who else ''}{goods}"]
    if hit.granted_share:
        path = [written(span.point, SHARE) for span in hit.granted_share]
        parts.append(f"granted {', '.join(path[:6])}{' …' if len(path) > 6 else ''} by month")
    elif hit.demand_rise_share is not None:
        parts.append(f"demand up {span_words(hit.demand_rise_share)}")
    elif hit.price_rise_share is not None:
        parts.append(f"price up {span_words(hit.price_rise_share)}")
    elif hit.severity_share.point < 1 or hit.severity_share.is_wide:
        parts.append(f"{span_words(hit.severity_share)} of it")
    end = months if hit.duration_months is None else min(months, hit.start_month - 1 + hit.duration_months)
    parts.append(f"months {hit.start_month:g} to {end:g}")
    if hit.ramp_months:
        parts.append(f"rising over {hit.ramp_months:g}")
    return ", ".join(parts)


def pool_words(case: StressCase, scenario: Scenario, outside: Sequence[str]) -> str:
    """Who shares what is left."""
    if scenario.rationing == "own_only":
        return f"{country_name(case.home)} alone"
    if scenario.pool:
        return names_of(scenario.pool)
    return f"everyone but {names_of(outside)}" if outside else "everyone"


def suppliers_words(case: StressCase, trial: Trial, good: int, limit: int = 2) -> str:
    """Who is hit among the suppliers of a good, with their shares: ``93 % from China``."""
    rows = hit_rows(trial, good)
    parts = [f"{written(share, SHARE)} from {case.labels.get(place) or country_name(place)}" for place, share in rows]
    return ", ".join(parts[:limit])


def hit_rows(trial: Trial, good: int) -> list[tuple[str, float]]:
    """Places that are cut from delivering a good, with their share of its world output, largest first."""
    name = trial.outcome.world.goods[good]
    cut = {
        place for one in trial.blow.cuts if one.severity > 0 and (not one.goods or name in one.goods)
        for place in one.places
    }  # fmt: skip
    by = "organization" if any(hit.organizations for hit in trial.scenario.shocks) else trial.scenario.by
    supply = trial.outcome.world.supply[by]  # type: ignore[index]  # words were checked
    found: dict[str, float] = {}
    for row, (number, places) in enumerate(zip(supply.good.tolist(), supply.places, strict=True)):
        for place in places:
            if number == good and place in cut:
                found[place] = found.get(place, 0.0) + float(supply.share[row])
    return sorted(found.items(), key=lambda row: (-row[1], row[0]))


def _verb(label: str, one: str, many: str) -> str:
    """The form of a verb that goes with a label: plural for words that end in a single s."""
    word = label.partition("(")[0].split()[-1]
    return many if word.endswith("s") and not word.endswith(("ss", "us", "is")) else one


def _months_of_stock(months: float) -> str:
    text = written(months)
    return f"{text} month{'' if text == '1' else 's'} of stock"


def good_sentence(case: StressCase, trial: Trial, good: int) -> str:
    """Why a good runs short: ``NdFeB magnets run short in month 4 because dysprosium oxide runs out; …``."""
    world = trial.outcome.world
    short = np.flatnonzero(trial.ladder.share[good] < 1 - SHORT)
    if not short.size:
        return ""
    first = int(short[0])
    root = int(trial.ladder.root[good, first])
    least = float(trial.ladder.share[good].min())
    label = case.labels[world.goods[good]]
    stock = _months_of_stock(float(world.stock_months[root]))
    from_whom = suppliers_words(case, trial, root)
    tail = "; ".join([stock, *([from_whom] if from_whom else [])])
    stops, falls, runs = (_verb(label, f"{verb}s", verb) for verb in ("stop", "fall", "run"))
    head = f"{label} {runs} short in month {first + 1} and {stops}"
    if least > 0.01:
        head = f"{label} {runs} short in month {first + 1} and {falls} to {written(least, SHARE)}"
    if root == good:
        return f"{head}: {tail}."
    why = case.labels[world.goods[root]]
    return f"{head}, because {why} {_verb(why, 'runs', 'run')} out: {tail}."


def first_stop(trial: Trial, *, alike: bool = False) -> tuple[int, int] | None:
    """The final use that runs short first, the one that falls furthest among several; its position and the month."""
    served = trial.alike if alike else trial.served
    months = [(int(np.flatnonzero(row < 1 - SHORT)[0]), float(row.min()), k)
              for k, row in enumerate(served) if (row < 1 - SHORT).any()]  # fmt: skip
    if not months:
        return None
    month, _, use = min(months)
    return use, month


def scenario_sentence(trials: Trials, causes: np.ndarray) -> str:
    """What a scenario comes to, in two sentences at most."""
    case, trial = trials.case, trials.point
    label = trials.scenario.label
    count = sum(bool((row < 1 - SHORT).any()) for row in trial.served)
    alike = sum(bool((row < 1 - SHORT).any()) for row in trial.alike)
    total = len(case.finals)
    if not count and not alike:
        return f"{label}: no final use loses anything within {trials.scenario.months} months."
    head = (
        f"{label}: {count} of {total} final uses run short if what is left is used as well as can be, {alike} if all "
        "users share alike."
    )
    is_alike = count == 0
    found = first_stop(trial, alike=is_alike)
    assert found is not None
    use, month = found
    good = int(trial.outcome.world.final[use])
    cause = int(trial.ladder.root[good, month]) if is_alike else int(causes[use, month])
    row = trial.alike[use] if is_alike else trial.served[use]
    reading = " (shared alike)" if is_alike else ""
    name = case.labels[trial.outcome.world.goods[cause]] if cause >= 0 else ""
    why = f" because {name} {_verb(name, 'runs', 'run')} out" if cause not in (good, -1) else ""
    source = suppliers_words(case, trial, cause) if cause >= 0 else ""
    stock = _months_of_stock(float(trial.outcome.world.stock_months[cause])) if cause >= 0 else ""
    tail = f" ({stock}{', ' + source if source else ''})" if cause >= 0 else ""
    return (
        f"{head} First {case.labels[case.finals[use]]}{reading} in month {month + 1}, down to "
        f"{written(float(row.min()), SHARE)} of demand{why}{tail}."
    )


def misses(case: StressCase, scenario: Scenario) -> list[str]:
    """Parts of the shocks of a scenario that hit no supplier of known size, and why."""
    found = []
    uses = set(case.finals)
    by = "organization" if any(hit.organizations for hit in scenario.shocks) else scenario.by
    supply = case.world.supply[by]  # type: ignore[index]  # words were checked
    for hit in scenario.shocks:
        if hit.demand_rise_share is not None or hit.price_rise_share is not None:
            wrong = [case.labels.get(good, good) for good in hit.goods if good not in uses]
            found += [f"{', '.join(wrong)} is no final use"] if wrong else []
            continue
        unsized = [who for who in hit.organizations if who not in supply.everyone]
        found += [f"how much {case.labels.get(who, who)} makes of anything here is unknown" for who in unsized]
        places = {*hit.countries, *hit.organizations}
        if by == "organization":
            places |= set(case.firms_of(hit.countries, by_control=scenario.by == "control"))
        made = {case.world.goods[good] for good, row in zip(supply.good.tolist(), supply.places, strict=True)
                if not places.isdisjoint(row)}  # fmt: skip
        who = names_of(hit.countries) or ", ".join(case.labels.get(one, one) for one in hit.organizations)
        unmade = [good for good in hit.goods if good not in made and made.isdisjoint(case.chain.variants_of[good])]
        if unmade and not unsized:
            named = ", ".join(case.labels.get(good, good) for good in unmade)
            found.append(f"no output of known size of {named} is in the hands of {who}")
        elif not made and not unsized:
            found.append(f"{who} makes nothing of known size here")
    return found


def _few(names: Sequence[str], most: int = 3) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def nothing_because(trials: Trials) -> str | None:
    """Why a scenario changes nothing; ``None`` when something is lost."""
    if not trials.is_nothing:
        return None
    case, trial = trials.case, trials.point
    reasons = misses(case, trials.scenario)
    world = trial.outcome.world
    hit = [good for good in range(len(world.goods)) if hit_rows(trial, good)]
    short = np.flatnonzero((trial.ladder.share < 1 - SHORT).any(axis=1)).tolist()
    if short:
        first = [int(np.flatnonzero(trial.ladder.share[good] < 1 - SHORT)[0]) + 1 for good in short]
        named = _few(
            [
                f"{case.labels[world.goods[good]]} (month {month})"
                for month, good in sorted(zip(first, short, strict=True))
            ]
        )
        reasons.append(
            f"goods run short but no final use does within the scenario, thanks to stocks further down: {named}"
        )
    elif hit and float((1 - trial.own[hit]).max()) <= SHORT:
        reasons.append(f"the pool makes all that it uses of {_few([case.labels[world.goods[good]] for good in hit])}")
    elif hit:
        reasons.append(f"stocks last through it: {_few([case.labels[world.goods[good]] for good in hit])}")
    return "; ".join(reasons) or "no supplier of known size was hit"
