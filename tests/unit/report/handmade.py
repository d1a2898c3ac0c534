"""Results whose tables are written by hand: what a picture shows of them can be counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from reshore.funding.records import FUND_TABLES
from reshore.pricing.records import PRICING_TABLES
from reshore.report.page import Page
from reshore.stress.records import STRESS_TABLES
from reshore.study import make_study, run
from reshore.study.results import Results
from reshore.tables import frame_schema
from tests.money import money_package, money_settings
from tests.small import settings, small_package

Rows = list[dict[str, Any]]
_RECORDS = {table.name: table for table in (*STRESS_TABLES, *PRICING_TABLES, *FUND_TABLES)}


def with_tables(results: Results, **tables: Rows) -> Results:
    """`results` with further tables; columns that a row does not name are empty, and so is the range of a figure."""
    frames, columns = dict(results.tables), dict(results.columns)
    for name, rows in tables.items():
        schema = frame_schema(_RECORDS[name])
        unknown = {key for row in rows for key in row} - set(schema)
        assert not unknown, (name, unknown)
        frames[name] = pl.DataFrame(
            [{key: row.get(key) for key in schema} for row in rows], schema=schema, orient="row"
        )
        columns[name] = _RECORDS[name]
    return replace(results, tables=frames, columns=columns)


def ranged(name: str, low: float, point: float, high: float) -> dict[str, float]:
    """A figure with its range."""
    return {name: point, f"{name}_low": low, f"{name}_high": high}


SCENARIO: dict[str, Any] = {
    "scenario": "cut", "label": "A cut", "months": 4, "shocks": "Supply cut: China, all goods, months 1 to 4",
    "pool": "everyone but China", "by": "site", "rationing": "pro_rata", "uses_count": 1, "uses_short_count": 1,
    "first_use": "motor", "first_month": 2, "first_cause": "magnet", "valued_count": 1, "draws_count": 2,
    "finding": "A cut: 1 of 1 final uses run short if what is left is used as well as can be, 1 if all users share "
    "alike. First Motor in month 2, down to 25 % of demand because Magnet runs out (1 month of stock).",
    **ranged("odds_share", 0.1, 0.2, 0.3), **ranged("unserved_share", 0.1, 0.4, 0.5),
    **ranged("alike_unserved_share", 0.1, 0.5, 0.6), **ranged("home_loss_usd", 1e9, 2e9, 3e9),
    **ranged("home_alike_loss_usd", 2e9, 4e9, 5e9), **ranged("downstream_loss_usd", 3e9, 8e9, 9e9),
}  # fmt: skip
NOTHING: dict[str, Any] = {
    "scenario": "drill", "label": "A drill", "months": 4, "shocks": "Supply cut: Malta, all goods", "pool": "everyone",
    "by": "site", "rationing": "pro_rata", "uses_count": 1, "uses_short_count": 0, "valued_count": 0, "draws_count": 2,
    "unserved_share": 0.0, "alike_unserved_share": 0.0,
    "finding": "A drill: no final use loses anything within 4 months.",
    "nothing_because": "Malta makes nothing of known size here",
}  # fmt: skip
SERVED = (1.0, 0.75, 0.25, 0.25)
ALIKE = (1.0, 0.5, 0.5, 0.5)


def motor(scenario: str, served: tuple[float, ...], alike: tuple[float, ...]) -> Rows:
    """Service of the motor by month; best service is known exactly, the other reading down to zero."""
    return [
        {"scenario": scenario, "good": "motor", "label": "Motor", "month": month, "home_served_share": best,
         **ranged("served_share", best, best, best),
         **ranged("alike_share", 0.0 if shared < 1 else 1.0, shared, shared),
         **({"bound_by": "magnet", "bound_by_label": "Magnet"} if best < 1 else {})}
        for month, (best, shared) in enumerate(zip(served, alike, strict=True), 1)
    ]  # fmt: skip


def stress_page(**changes: Rows) -> Page:
    """A page of the small chain: a cut in which the motor runs short, and a scenario that strikes nobody."""
    good = {"scenario": "cut", "chain": "magnets", "is_final": False, "is_judged": True, "is_short": False}
    tables: dict[str, Rows] = {
        "stress_scenarios": [NOTHING, SCENARIO],
        "stress_uses": [*motor("cut", SERVED, ALIKE), *motor("drill", (1.0,) * 4, (1.0,) * 4)],
        "stress_goods": [
            {**good, "good": "magnet", "label": "Magnet", "hit_share": 0.9, "hit_places": "China 94 %",
             "is_short": True, "short_month": 2, "least_share": 0.06, "cause": "magnet", "time_to_recover_months": 3.0,
             "finding": "Magnet runs short in month 2 and falls to 6 %: 1 month of stock; 94 % from China.",
             **ranged("stock_months", 0.5, 1.0, 2.0), **ranged("time_to_survive_months", 0.5, 1.0, 2.0)},
            {**good, "good": "motor", "label": "Motor", "hit_share": 0.0, "is_final": True, "is_judged": False,
             "short_month": 3, "least_share": 0.0, "cause": "magnet", "time_to_recover_months": 0.0,
             "finding": "Motor runs short in month 3 and stops, because Magnet runs out.", "stock_months": 1.0},
        ],
        "stress_binding": [
            {"scenario": "cut", "month": month, "good": "magnet", "label": "Magnet", "reason": reason,
             "worth_share": 0.1}
            for month, reason in ((2, "bought"), (3, "bought"), (4, "half"))
        ],
        "stress_waterfall": [
            {"scenario": "cut", "position": place, "step": step, "unserved_share": part, "total_share": total,
             "loss_usd": usd}
            for place, (step, part, total, usd) in enumerate(
                (("direct", 0.1, 0.1, 1e9), ("inputs", 0.7, 0.8, 7e9), ("stock", -0.3, 0.5, -3e9),
                 ("substitutes", -0.1, 0.4, None)), 1)
        ],
        "stress_reverse": [
            {"scenario": "cut", "good": "motor", "label": "Motor", "threshold_share": 0.1, "strength_share": 0.25},
            {"scenario": "cut", "good": "motor", "label": "Motor", "threshold_share": 0.5, "strength_share": None},
        ],
        **changes,
    }  # fmt: skip
    return Page(with_tables(run(make_study(settings()), small_package()), **tables))


def money_results(**changes: Rows) -> Results:
    """Results of the money chain with a plan of two deals, written by hand."""
    study = make_study(money_settings())
    base = run(replace(study, fund=None, scenarios=()), money_package())
    plan = {"face_usd": 70e6, "subsidy_usd": 7e6, "built_count": 2, "built": "magnet-plant;oxide-plant",
            "bound_usd": 105e6, "gap_share": 0.05, "method": "cuts, 4 rounds", "sentence": "Two plants."}  # fmt: skip
    deal = {"instrument": "plant-loan", "part_share": 1.0}
    odds = {"outlook": "China stops", "stated_odds_share": 0.2}
    tables: dict[str, Rows] = {
        "fund_plans": [
            {"plan": "chosen", **plan, **ranged("worth_usd", 50e6, 100e6, 150e6)},
            {"plan": "real awards", **ranged("worth_usd", 10e6, 20e6, 30e6), "face_usd": 35e6, "subsidy_usd": 0.0,
             "built_count": 1, "built": "magnet-late", "method": "the awards as announced", "sentence": "Awards."},
            {"plan": "second best", **plan, "built": "magnet-plant", **ranged("worth_usd", 40e6, 80e6, 120e6)},
        ],
        "fund_deals": [
            {"project": "magnet-plant", "label": "Magnet plant", "good": "magnet", "amount_usd": 40e6,
             "subsidy_usd": 4e6, "lost_usd": 100e6, **deal,
             "needs_person": "small-firms: needs a person: At most 500 employees (employees is not known)"},
            {"project": "oxide-plant", "label": "Oxide plant", "good": "oxide", "amount_usd": 30e6, "subsidy_usd": 3e6,
             "lost_usd": 15e6, **deal},
        ],
        "fund_years": [],
        "fund_candidates": [
            *({"project": key, "label": label, "considered": True, "good": good, "asked_usd": asks, "odds_share": 1.0,
               "assumed": "ramp months 12" if key == "magnet-late" else None}
              for key, label, good, asks in (
                  ("magnet-late", "Late magnet plant", "magnet", 10e6),
                  ("magnet-plant", "Magnet plant", "magnet", 40e6), ("oxide-plant", "Oxide plant", "oxide", 30e6))),
            {"project": "no-size", "label": "Plant of unknown size", "considered": False, "good": "oxide",
             "reason": "its capacity is not known"},
        ],
        "fund_frontier": [
            {"budget_usd": 40e6, "worth_usd": 60e6, "bound_usd": 60e6, "gap_share": 0.0, "face_usd": 40e6,
             "enters": "magnet-plant"},
            {"budget_usd": 80e6, "worth_usd": 100e6, "bound_usd": 105e6, "gap_share": 0.05, "face_usd": 70e6,
             "enters": "oxide-plant"},
            {"budget_usd": 160e6, "worth_usd": 100e6, "bound_usd": 105e6, "gap_share": 0.05, "face_usd": 70e6},
        ],
        "fund_regret": [
            {"outlook": "China stops", "odds_share": 0.2, "worth_usd": 500e6, "best_usd": 600e6, "regret_usd": 100e6},
            {"outlook": "nothing happens", "odds_share": 0.8, "worth_usd": 0.0, "best_usd": 0.0, "regret_usd": 0.0},
        ],
        "fund_tornado": [
            {"assumption": name, "low_case": "low", "high_case": "high", "swing_usd": high - low,
             **ranged("worth_usd", low, 100e6, high)}
            for name, low, high in (("Stocks", 90e6, 100e6), ("Odds", 50e6, 150e6), ("Delay", 20e6, 100e6),
                                    ("Weather", 100e6, 100e6), ("Luck", 95e6, 100e6))
        ],
        "fund_left_out": [{"project": None, "instrument": "old-grant", "reason": "it ended on 2025-12-31"}],
        "security_prices": [
            {"good": "magnet", "label": "Magnet", "price_usd_per_unit": 5e4, "unit": "t",
             **ranged("price_usd_per_year", 50e6, 100e6, 150e6)},
            {"good": "oxide", "label": "Oxide", "price_usd_per_unit": 0.0, "unit": "t",
             **ranged("price_usd_per_year", 0.0, 0.0, 0.0)},
        ],
        "security_payments": [
            {"project": "magnet-plant", "label": "Magnet plant", "part_share": 1.0, "payment_usd": 60e6,
             "owen_usd": 20e6, "pivotal_usd": 40e6, "bracket_usd": 100e6, "asked_usd": 40e6},
            {"project": "oxide-plant", "label": "Oxide plant", "part_share": 1.0, "payment_usd": 20e6,
             "owen_usd": 20e6, "pivotal_usd": 20e6, "bracket_usd": 20e6, "asked_usd": 30e6},
        ],
        "security_ledger": [
            {"outlook": "China stops", "party": party, "item": item, "value_usd": value}
            for party, item, value in (("project", "magnet-plant", 100e6), ("capacity", "magnet", 300e6),
                                       ("stock", "oxide", 100e6), ("total", None, 500e6))
        ] + [{"outlook": "nothing happens", "party": party, "item": item, "value_usd": 1e9}
             for party, item in (("demand", "magnet"), ("total", None))],
        "security_bundles": [
            {"members": "magnet-plant;oxide-plant", "together_usd": 100e6, "alone_usd": 40e6,
             "sentence": "Magnet plant and Oxide plant add 100 M USD together and 40 M USD one by one"},
            {"members": "magnet-late;oxide-plant", "together_usd": 100e6, "alone_usd": 99.9e6,
             "sentence": "Late magnet plant and Oxide plant add 100 M USD together and 99.9 M USD one by one"},
        ],
        "break_even_odds": [
            {"project": "magnet-plant", "label": "Magnet plant", **odds, "gain_usd": 400e6,
             "break_even_odds_share": 0.1},
            {"project": "oxide-plant", "label": "Oxide plant", **odds, "gain_usd": 20e6, "break_even_odds_share": 1.5},
            {"project": "magnet-late", "label": "Late magnet plant", **odds, "gain_usd": 0.0},
        ],
        **changes,
    }  # fmt: skip
    return replace(with_tables(base, **tables), study=study)
