"""A chain of two links and five projects, small enough to check every figure about money by hand.

Oxide goes into magnets, one for one in shares of world output. China makes nine tenths of both; the United States makes
the rest and uses two fifths of all magnets, which are worth USD 1 billion a year to the whole world. When China stops
for twelve months, a tenth of world output is left against the two fifths that home asks for, and a link that is built
alone adds nothing: its partner is short as well. A tenth of both adds USD 100 million of service in the year, before
the discount of 2 percent a year. China stops three years after the decision.

| project | adds | asks | odds | ready after |
|---|---|---|---|---|
| oxide-plant | 0.1 oxide | 30 M | 1 | 24 months |
| magnet-plant | 0.1 magnet | 40 M | 1 | 24 months |
| magnet-late | 0.1 magnet | 10 M | 1 | 72 months: long after the cut has passed |
| oxide-large | 0.2 oxide | 90 M | 1 | 36 months |
| magnet-risky | 0.1 magnet | 45 M | 0.5 | 24 months |
| no-size | unknown | 5 M | | |
"""

from __future__ import annotations

from typing import Any

import numpy as np

from reshore.data import DataPackage, build_package

FACT = {"source": "survey", "as_of": "2025", "confidence": "high"}
RATE, AFTER = 0.02, 36
LATER = 1.02 ** (-(AFTER + np.arange(12)) / 12)
"""What a dollar counts in each month of the cut, on the day of the decision."""

MEAN = float(LATER.mean())
"""What a dollar counts over a year of even service."""

ODDS = 0.2
PAIR_USD = 0.1 * 1e9 * MEAN * ODDS
"""What a tenth of both links adds by the odds of the cut: 0.1 of USD 1 billion, one time in five."""


def money_package(oxide_at_home: float = 0.1) -> DataPackage:
    """The chain with its projects, instruments and awards; `oxide_at_home` is the share of world oxide made there."""
    good = {"chain": "magnets", "kind": "material", "final": False, "unit": "t", **FACT}
    supply = {"market": "WLD", "basis": "site", "measure": "volume", "year": 2025, "coverage": "complete", **FACT}
    project = {"site": "USA", "unit": "t", "status": "announced", "qualify_months": 0, "ramp_months": 0, **FACT}
    loan = {"agency": "Office", "country": "USA", "kind": "loan", "award_months": 0, **FACT}
    award = {"programme": "Office", "kind": "loan", "site": "USA", "status": "final", **FACT}
    plants = (
        ("oxide-plant", "Oxide plant", "oxide-firm", "oxide", 100, 30, 60, 24, 1.0),
        ("magnet-plant", "Magnet plant", "magnet-firm", "magnet", 200, 40, 100, 24, 1.0),
        ("magnet-late", "Late magnet plant", "new-firm", "magnet", 200, 10, 100, 72, 1.0),
        ("oxide-large", "Large oxide plant", "large-firm", "oxide", 200, 90, 200, 36, 1.0),
        ("magnet-risky", "Risky magnet plant", "new-firm", "magnet", 200, 45, None, 24, 0.5),
        ("no-size", "Plant of unknown size", "new-firm", "oxide", None, 5, None, None, None),
    )
    return build_package(
        {
            "sources": [{"source": "survey", "title": "A survey", "url": "https://example.org/survey"}],
            "goods": [
                {**good, "good": "oxide", "label": "Oxide", "step": "Oxide", "step_order": 0, "origin": "boundary",
                 "world_output_per_year": 1000},
                {**good, "good": "magnet", "label": "Magnet", "step": "Magnet", "step_order": 1, "kind": "component",
                 "final": True, "world_output_per_year": 2000},
            ],
            "inputs": [{"good": "magnet", "input": "oxide", "need": "essential", "role": "consumed", **FACT}],
            "organizations": [
                {"organization": f"{name}-firm", "label": f"{name.title()} Firm", "seat": "USA", "kind": "firm", **FACT}
                for name in ("oxide", "large", "magnet", "new")
            ],
            "supply": [
                {**supply, "good": name, "supplier": place, "share": share}
                for name, home in (("oxide", oxide_at_home), ("magnet", 0.1))
                for place, share in (("CHN", 1 - home), ("USA", home))
            ],
            "projects": [
                {**project, "project": key, "label": label, "organization": firm, "good": made,
                 "capacity_per_year": tonnes, "asked_usd": asks * 1e6, "capex_usd": cost and cost * 1e6,
                 "build_months": months, "odds_share": odds, **({} if tonnes else {"unit": None})}
                for key, label, firm, made, tonnes, asks, cost, months, odds in plants
            ],
            "instruments": [
                {**loan, "instrument": "plant-loan", "label": "Plant loan", "ticket_low_usd": 5e6,
                 "ticket_high_usd": 100e6, "subsidy_rate_fcra": 0.1, "budget_face_usd": 80e6},
                {**loan, "instrument": "old-grant", "label": "Old grant", "kind": "grant", "expiry": "2025-12-31"},
                {**loan, "instrument": "oxide-floor", "label": "Oxide floor", "kind": "price floor"},
                {**loan, "instrument": "chip-loan", "label": "Loan under a rule", "ticket_high_usd": 100e6,
                 "subsidy_rate_fcra": 0.2, "budget_face_usd": 80e6, "rules": "small-firms"},
            ],
            "rules": [
                {"rule": "small-firms", "clause": "size", "country": "USA", "kind": "gate", "measure": "employees",
                 "says": "At most 500 employees", "operator": "at most", "threshold": 500, **FACT},
            ],
            "measures": [
                {"organization": "oxide-firm", "measure": "employees", "value": 900, "unit": "persons",
                 "period": "2025", **FACT},
            ],
            "awards": [
                {**award, "award": "oxide-award", "organization": "oxide-firm", "good": "oxide", "product": "oxide",
                 "amount_usd": 30e6},
                {**award, "award": "magnet-award", "organization": "magnet-firm", "good": "magnet",
                 "product": "magnets", "amount_usd": 5e6},
                {**award, "award": "withdrawn", "organization": "new-firm", "good": "magnet", "product": "magnets",
                 "amount_usd": 45e6, "status": "cancelled"},
                {**award, "award": "of-another", "organization": "new-firm", "good": "magnet", "product": "magnets",
                 "amount_usd": 45e6, "programme": "Another office"},
            ],
        },
        "money", "A chain of two links and five projects", price_year=2025,
    )  # fmt: skip


def money_settings(**fund: Any) -> dict[str, Any]:
    """A study of the chain: a cut of a year at odds of one in five, loans of 80 million; `fund` changes ``[fund]``."""
    return {
        "study": {
            "title": "Loans for a small chain", "question": "Which loans buy most?", "package": "money", "home": "USA",
            "allies": ["JPN"], "concern": ["CHN"], "at": "2026-11-01", "seed": 7,
        },
        "stress": {
            "draws": 0,
            "unknown_stock_months": {"low": 0.0, "point": 0.0, "high": 1.0},
            "values": [{"good": "magnet", "usd_per_year": 1e9, "source": "round number"}],
            "use_shares": [
                {"country": country, "good": "magnet", "share": share, "source": "round number"}
                for country, share in (("USA", 0.4), ("CHN", 0.6))
            ],
        },
        "scenarios": [
            {"name": "cut", "label": "China stops", "odds": [0.1, 0.3], "months": 12,
             "shocks": [{"shock": "supply-cut", "countries": ["CHN"]}]},
        ],
        "fund": {
            "budgets": [{"instrument": "plant-loan"}], "draws": 2, "cut_after_months": 36, "gap_share": 1e-6,
            "compare_with": ["Office"],
            "frontier": [0.5, 1.0, 2.5], **fund,
        },
    }  # fmt: skip
