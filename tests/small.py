"""A small chain with hand-checkable numbers: ore → oxide → magnet → motor, with a film that one firm makes.

Shares of concern (CHN): ore 0.6, oxide 0.9, magnet 0.94 with 6 % unknown, film 0 (JPN firm 0.95), motor unknown.
"""

from __future__ import annotations

from reshore.data import DataPackage, build_package

FACT = {"source": "survey", "as_of": "2025", "confidence": "high"}


def rows(**changes: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    """Rows of the small package by table; `changes` replace tables."""
    good = {"chain": "magnets", "kind": "material", "final": False, **FACT}
    supply = {"market": "WLD", "basis": "site", "measure": "volume", "year": 2025, **FACT}
    tables: dict[str, list[dict[str, object]]] = {
        "sources": [
            {"source": "survey", "title": "A survey", "url": "https://example.org/survey", "retrieved": "2026-01-05"},
            {"source": "other", "title": "Another survey", "url": "https://example.org/other"},
        ],
        "goods": [
            {**good, "good": "ore", "label": "Ore", "step": "Mine", "step_order": 0, "origin": "primary"},
            {**good, "good": "oxide", "label": "Oxide", "step": "Oxide", "step_order": 1},
            {**good, "good": "magnet", "label": "Magnet", "step": "Magnet", "step_order": 2, "kind": "component"},
            {**good, "good": "film", "label": "Film", "step": "Mine", "step_order": 0, "origin": "boundary"},
            {
                **good,
                "good": "motor",
                "label": "Motor",
                "step": "Motor",
                "step_order": 3,
                "kind": "product",
                "final": True,
            },
        ],
        "inputs": [
            {"good": g, "input": i, "need": need, "role": "consumed", **FACT}
            for g, i, need in (
                ("oxide", "ore", "essential"),
                ("magnet", "oxide", "essential"),
                ("motor", "magnet", "essential"),
                ("motor", "film", "important"),
            )
        ],
        "organizations": [
            {"organization": "film-maker", "label": "Film Maker", "seat": "JPN", "kind": "firm", **FACT},
            {"organization": "holding", "label": "Holding", "seat": "CHN", "kind": "firm", **FACT},
            {"organization": "ministry", "label": "Ministry", "seat": "CHN", "kind": "state body", **FACT},
        ],
        "stakes": [
            {"owner": "ministry", "owned": "holding", "equity_share": 0.8, "start": "2015", **FACT},
            {"owner": "holding", "owned": "film-maker", "equity_share": 0.6, "start": "2020", **FACT},
        ],
        "supply": [
            {**supply, "good": "ore", "supplier": "CHN", "share": 0.6, "coverage": "complete"},
            {**supply, "good": "ore", "supplier": "USA", "share": 0.3, "coverage": "complete"},
            {**supply, "good": "ore", "supplier": "XX-ROW", "share": 0.1, "coverage": "complete"},
            {**supply, "good": "ore", "supplier": "CHN", "share": 0.7, "coverage": "partial", "source": "other"},
            {**supply, "good": "oxide", "supplier": "CHN", "share": 0.9, "coverage": "complete"},
            {**supply, "good": "oxide", "supplier": "MYS", "share": 0.1, "coverage": "complete"},
            {**supply, "good": "magnet", "supplier": "CHN", "share": 0.94, "coverage": "partial"},
            {**supply, "good": "magnet", "supplier": "JPN", "coverage": "partial"},
            {**supply, "good": "film", "supplier": "film-maker", "share": 0.95, "basis": "seat", "coverage": "partial"},
        ],
    }
    return tables | changes


def small_package(**changes: list[dict[str, object]]) -> DataPackage:
    """The small chain as a package."""
    return build_package(rows(**changes), "small", "A small chain", price_year=2025)


def settings(**changes: object) -> dict[str, dict[str, object]]:
    """A study of the small chain from the United States."""
    study = {
        "title": "A small study", "question": "Who stops us?", "package": "small", "home": "USA", "allies": ["JPN"],
        "concern": ["CHN"], "at": "2026-11-01",
    }  # fmt: skip
    return {"study": study | changes}
