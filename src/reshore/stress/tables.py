"""From trials to the tables of a stress test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import polars as pl

from reshore.countries import country_name
from reshore.flow import Edges, Situation, World, run_flow, what_binds
from reshore.stress.case import StressCase
from reshore.stress.ladder import SHORT, recovery
from reshore.stress.outcomes import (
    Reading,
    Spread,
    Step,
    Trial,
    Trials,
    bound_by,
    outside_of,
    run_trials,
    spread,
    terms_of,
    try_out,
)
from reshore.stress.records import SCENARIO_TABLES, STEPS
from reshore.stress.scenarios import Scenario
from reshore.stress.sentences import (
    first_stop,
    good_sentence,
    hit_rows,
    misses,
    nothing_because,
    pool_words,
    scenario_sentence,
    shock_words,
)
from reshore.stress.spans import Floats
from reshore.tables import Table, frame_schema
from reshore.units import SHARE, written

THRESHOLDS = (0.1, 0.5)
"""Losses of a final use for which the least blow is sought."""

Rows = list[dict[str, object]]


def stress(case: StressCase, scenarios: Sequence[Scenario], step: Step = nullcontext) -> Mapping[str, pl.DataFrame]:
    """The tables `SCENARIO_TABLES` of `scenarios`.

    Parameters
    ----------
    case
        What is stressed.
    scenarios
        What happens.
    step
        Called with words before each step; a context manager that lasts as long as the step.
    """
    rows: dict[str, Rows] = {table.name: [] for table in SCENARIO_TABLES}
    for scenario in scenarios:
        trials = run_trials(case, scenario, step)
        causes = bound_by(trials.point)
        rows["stress_scenarios"].append(_scenario(trials, causes))
        rows["stress_assumptions"] += [
            {"scenario": scenario.name, "number": number, "says": note}
            for number, note in enumerate(trials.point.situation.notes, 1)
        ]
        rows["stress_uses"] += _uses(trials, causes)
        rows["stress_goods"] += _goods(trials)
        rows["stress_binding"] += [
            {
                "scenario": scenario.name,
                "month": one.month,
                "good": one.good,
                "label": case.labels[one.good],
                "reason": one.reason,
                "worth_share": one.worth,
            }
            for one in what_binds(trials.point.outcome)
        ]
        with step(f"stress: {scenario.label}, taken apart"):
            rows["stress_waterfall"] += _waterfall(trials)
            rows["stress_reverse"] += _reverse(trials)
    return {table.name: _frame(table, rows[table.name]) for table in SCENARIO_TABLES}


def _frame(table: Table, rows: Rows) -> pl.DataFrame:
    schema = frame_schema(table)
    filled = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(filled, schema=schema, orient="row").sort(table.key)


def _span(name: str, found: Spread, index: tuple[int, ...] = ()) -> dict[str, object]:
    """The three cells of a column with a range; unknown stays unknown."""
    ends = {name: found.point[index], f"{name}_low": found.low[index], f"{name}_high": found.high[index]}
    return {key: None if np.isnan(end) else float(end) for key, end in ends.items()}


def _scenario(trials: Trials, causes: np.ndarray) -> dict[str, object]:
    case, scenario, trial = trials.case, trials.scenario, trials.point
    found = first_stop(trial)
    terms = terms_of(case, scenario)
    odds = scenario.odds
    first = {} if found is None else {
        "first_use": case.finals[found[0]],
        "first_month": found[1] + 1,
        "first_cause": trial.outcome.world.goods[int(causes[found])] if causes[found] >= 0 else case.finals[found[0]],
    }  # fmt: skip
    short = (trial.served < 1 - SHORT).any(axis=1)
    return {
        "scenario": scenario.name,
        "label": scenario.label,
        "odds_share": None if odds is None else odds.point,
        "odds_share_low": None if odds is None else odds.low,
        "odds_share_high": None if odds is None else odds.high,
        "months": scenario.months,
        "shocks": "; ".join(shock_words(case, hit, scenario.months) for hit in scenario.shocks),
        "pool": pool_words(case, scenario, outside_of(case, trial.blow.cuts, terms)),
        "by": scenario.by,
        "rationing": scenario.rationing,
        "uses_count": len(case.finals),
        "uses_short_count": int(short.sum()),
        **first,
        **_span("unserved_share", trials.spread(lambda one: one.unserved_share)),
        **_span("alike_unserved_share", trials.spread(lambda one: one.alike_unserved_share)),
        "valued_count": int((short & ~np.isnan(trial.value_usd)).sum()),
        **_span("loss_usd", trials.spread(lambda one: total_usd(one))),
        **_span("alike_loss_usd", trials.spread(lambda one: total_usd(one, alike=True))),
        **_span("home_loss_usd", trials.spread(lambda one: total_usd(one, home=True))),
        **_span("home_alike_loss_usd", trials.spread(lambda one: total_usd(one, home=True, alike=True))),
        **_span("downstream_loss_usd", trials.spread(_downstream)),
        "draws_count": len(trials.draws),
        "residual": max(one.residual for one in (trial, *trials.draws)),
        "finding": scenario_sentence(trials, causes),
        "nothing_because": nothing_because(trials),
        "misses": "; ".join(misses(case, scenario)) or None,
    }


def total_usd(trial: Reading, *, home: bool = False, alike: bool = False) -> float:
    """The loss of a trial over all months, of final uses with a known value.

    NaN when only uses without a known value run short; zero when nothing does.
    """
    served = trial.alike if alike else trial.served
    usd = trial.usd(served, home=home)
    short = (served < 1 - SHORT).any(axis=1)
    known = ~np.isnan(usd).all(axis=1)
    if short.any() and not (short & known).any():
        return float("nan")
    return float(usd[known].sum())


def _downstream(trial: Reading) -> float:
    return float("nan") if trial.ratio is None else trial.ratio * total_usd(trial, home=True, alike=True)


def _uses(trials: Trials, causes: np.ndarray) -> Rows:
    case, trial = trials.case, trials.point
    served = trials.spread(lambda one: one.served)
    alike = trials.spread(lambda one: one.alike)
    unserved = trials.spread(lambda one: one.usd(one.served))
    rows: Rows = []
    for k, use in enumerate(case.finals):
        for t in range(trials.scenario.months):
            cause = trial.outcome.world.goods[int(causes[k, t])] if causes[k, t] >= 0 else None
            rows.append({
                "scenario": trials.scenario.name, "good": use, "label": case.labels[use], "month": t + 1,
                **_span("served_share", served, (k, t)), **_span("alike_share", alike, (k, t)),
                "home_served_share": float(trial.home_served[k, t]),
                **_span("unserved_usd", unserved, (k, t)),
                "bound_by": cause, "bound_by_label": None if cause is None else case.labels[cause],
            })  # fmt: skip
    return rows


def _goods(trials: Trials) -> Rows:
    """Goods that are hit or run short, at the point."""
    case, trial = trials.case, trials.point
    world = trial.outcome.world
    survive = _survival(trials)
    recover = recovery(trial.own)
    rows: Rows = []
    for g, good in enumerate(world.goods):
        hit = float(np.clip(1 - trial.own[g], 0, 1).max())
        hit = hit if hit > SHORT else 0.0
        short = np.flatnonzero(trial.ladder.share[g] < 1 - SHORT)
        places = hit_rows(trial, g)
        if hit <= SHORT and not short.size:
            continue
        time, back = survive.point[g], recover[g]
        root = int(trial.ladder.root[g, short[0]]) if short.size else -1
        rows.append({
            "scenario": trials.scenario.name, "good": good, "label": case.labels[good],
            "chain": case.chain[good].chain, "is_final": good in case.finals, "is_judged": case.judged[good],
            "hit_share": hit,
            "hit_places": ", ".join(
                f"{case.labels.get(place) or country_name(place)} {written(share, SHARE)}" for place, share in places
            ) or None,
            "stock_months": float(world.stock_months[g]),
            "stock_months_low": case.stocks[g].low, "stock_months_high": case.stocks[g].high,
            **_span("time_to_survive_months", survive, (g,)),
            "time_to_recover_months": None if np.isnan(back) else float(back),
            "is_short": bool(not np.isnan(time) and (np.isnan(back) or time < back)),
            "short_month": int(short[0]) + 1 if short.size else None,
            "least_share": float(trial.ladder.share[g].min()),
            "cause": world.goods[root] if root >= 0 else None,
            "finding": good_sentence(case, trial, g) or None,
        })  # fmt: skip
    return rows


def _survival(trials: Trials) -> Spread:
    """Time to survive with its range; a draw that outlasts the scenario counts as its length, unless all do."""
    months = float(trials.scenario.months)
    point, *draws = (one.survives_months for one in (trials.point, *trials.draws))
    found = spread(point, [np.where(np.isnan(draw), months, draw) for draw in draws])
    lasts = np.isnan(point) & (found.low >= months)
    return Spread(point, np.where(lasts, np.nan, found.low), np.where(lasts, np.nan, found.high))


NONE = Edges(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool), np.zeros(0))


def _waterfall(trials: Trials) -> Rows:
    """The loss taken apart in the order of `STEPS`, each step one more solution of the flow program."""
    full = trials.point
    world, situation = _without_substitutes(full)
    bare = replace(world, stock_months=np.zeros(len(world.goods)))
    alone = replace(bare, consumed=NONE, capital=NONE, design=NONE)
    pieces = [
        _part(full, alone, situation),
        _part(full, bare, situation),
        _part(full, world, situation),
        (full.unserved_share, total_usd(full)),
    ]
    rows: Rows = []
    before = (0.0, 0.0)
    for position, (step, piece) in enumerate(zip(STEPS, pieces, strict=True), 1):
        usd = None if np.isnan([piece[1], before[1]]).any() else piece[1] - before[1]
        rows.append({
            "scenario": trials.scenario.name, "position": position, "step": step,
            "unserved_share": piece[0] - before[0], "loss_usd": usd, "total_share": piece[0],
        })  # fmt: skip
        before = piece
    return rows


def _without_substitutes(trial: Trial) -> tuple[World, Situation]:
    """No spare output: the pool goes on giving others what it usually gives them; and kinds keep their proportions."""
    world, rest, situation = trial.outcome.world, trial.rest, trial.situation
    usual = np.divide(np.minimum(rest.makes, rest.uses), rest.makes, out=np.ones_like(rest.makes), where=rest.makes > 0)
    kinds = Edges(
        np.concatenate([world.consumed.good, world.parent]),
        np.concatenate([world.consumed.input, world.variant]),
        np.concatenate([world.consumed.amount, world.passed]),
        np.concatenate([world.consumed.half, np.zeros(world.parent.size, bool)]),
        np.concatenate([world.consumed.life_months, np.full(world.parent.size, 12.0)]),
    )
    none = np.zeros(0, np.int64)
    fixed = replace(world, consumed=kinds, variant=none, parent=none, weight=np.zeros(0), passed=np.zeros(0))
    return fixed, replace(situation, capacity=situation.capacity * usual[:, None], added=None)


def _part(full: Trial, world: World, situation: Situation) -> tuple[float, float]:
    outcome = run_flow(world, situation)
    part = replace(full.reading, served=outcome.served_share * (1 - full.blow.forgone))
    return part.unserved_share, total_usd(part)


def _reverse(trials: Trials) -> Rows:
    """The least strength at which each final use loses each of `THRESHOLDS`, by halving."""
    case, scenario = trials.case, trials.scenario
    whole = 1 - trials.point.served.mean(axis=1)
    known: dict[float, Floats] = {1.0: whole}

    def lost(strength: float) -> Floats:
        if strength not in known:
            known[strength] = 1 - try_out(case, scenario, strength=strength).served.mean(axis=1)
        return known[strength]

    rows: Rows = []
    for k, use in enumerate(case.finals):
        for threshold in THRESHOLDS:
            if whole[k] < min(THRESHOLDS):
                continue
            low, high = 0.0, 1.0
            while whole[k] >= threshold and high - low > 0.005:
                middle = (low + high) / 2
                low, high = (low, middle) if lost(middle)[k] >= threshold else (middle, high)
            rows.append({
                "scenario": scenario.name, "good": use, "label": case.labels[use], "threshold_share": threshold,
                "strength_share": high if whole[k] >= threshold else None,
            })  # fmt: skip
    return rows
