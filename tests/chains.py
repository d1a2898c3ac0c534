"""Small chains for tests, written as rows; they pass no door, so rows may leave columns out."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from reshore.chain import ValueChain, build_chain
from reshore.data import table
from reshore.exposure import Case
from reshore.tables import frame_schema

Rows = Sequence[dict[str, object]]

DEFAULTS: dict[str, dict[str, object]] = {
    "goods": {"chain": "c", "step": "s", "step_order": 0, "kind": "component", "final": False},
    "inputs": {"need": "essential", "role": "consumed"},
    "organizations": {"kind": "firm"},
    "supply": {"market": "WLD", "basis": "site", "measure": "volume", "coverage": "complete"},
    "trade": {},
    "indicators": {"country": "USA"},
}


def frame(name: str, rows: Rows) -> pl.DataFrame:
    """`rows` under every column of the table called `name`."""
    schema = frame_schema(table(name))
    base = {"source": "s", "confidence": "medium", **DEFAULTS[name]}
    full = [{**dict.fromkeys(schema), **base, **row} for row in rows]
    return pl.DataFrame([{key: row[key] for key in schema} for row in full], schema=schema)


def chain_of(goods: Rows, inputs: Rows = (), supply: Rows = (), organizations: Rows = ()) -> ValueChain:
    """A chain made of rows."""
    named = [{"label": row["good"], **row} for row in goods]
    bodies = [{"label": row["organization"], **row} for row in organizations]
    return build_chain(
        {
            "goods": frame("goods", named),
            "inputs": frame("inputs", inputs),
            "supply": frame("supply", supply),
            "organizations": frame("organizations", bodies),
        }
    )


def shares(good: str, *, coverage: str = "complete", **by_supplier: float | None) -> list[dict[str, object]]:
    """Supply rows of one series: ``shares("a", CHN=0.9, USA=0.1)``."""
    return [
        {"good": good, "supplier": name.replace("_", "-"), "share": share, "coverage": coverage}
        for name, share in by_supplier.items()
    ]


def good_named(name: str, **more: object) -> dict[str, object]:
    """A row of goods."""
    return {"good": name, **more}


def edge(good: str, input: str, **more: object) -> dict[str, object]:
    """A row of inputs."""
    return {"good": good, "input": input, **more}


def case_of(chain: ValueChain, **more: object) -> Case:
    """A case seen from the United States, with Japan as ally and China as concern."""
    settings: dict[str, object] = {"home": "USA", "allies": ("JPN",), "concern": ("CHN",), "at": "2026-11-24", **more}
    return Case(chain, **settings)  # type: ignore[arg-type]  # names of fields to values
