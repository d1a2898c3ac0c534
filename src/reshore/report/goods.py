"""What a picture needs to know about one good: its shares as read, its suppliers by role, its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from reshore.countries import country_name
from reshore.study.findings import most_exposed, reading
from reshore.study.results import Results

ROLES: Mapping[str, str] = {
    "home": "home",
    "ally": "allies",
    "other": "other countries",
    "concern": "countries of concern",
    "unknown": "unknown",
}
"""Roles in the order in which stripes and bars are drawn, with their words."""


@dataclass(frozen=True)
class Supplier:
    """One part of a market: a country, or what nobody names."""

    name: str
    label: str
    role: str
    share: float | None
    low: float | None
    high: float | None
    is_named: bool

    @property
    def least(self) -> float:
        """The share that is drawn: as stated, or its low end."""
        return self.share if self.share is not None else (self.low or 0.0)

    @property
    def words(self) -> str:
        """The share as people read it."""
        return reading(self.share, self.low, self.high)


@dataclass(frozen=True)
class GoodView:
    """One good as the report shows it."""

    good: str
    label: str
    chain: str
    step: str
    step_order: int
    is_final: bool
    row: Mapping[str, Any]
    suppliers: tuple[Supplier, ...]

    @property
    def has_figures(self) -> bool:
        """Whether the size of any supplier is known."""
        return self.row["concern_share_low"] is not None and (
            self.row["largest_supplier"] is not None or self.row["concern_share_high"] < 1
        )

    @property
    def low(self) -> float:
        """Least share that comes from concern."""
        return self.row["concern_share_low"] or 0.0

    @property
    def high(self) -> float:
        """Greatest share that may come from concern."""
        high = self.row["concern_share_high"]
        return 1.0 if high is None else float(high)

    @property
    def concern(self) -> str:
        """Share from concern as people read it."""
        if not self.has_figures:
            return "unknown"
        return reading(self.row["concern_share"], self.low, self.high)

    @property
    def leader(self) -> str:
        """The largest known supplier in words."""
        code = self.row["largest_supplier"]
        if code is None:
            return "no supplier of known size"
        row = self.row
        share = reading(
            row["largest_supplier_share"], row["largest_supplier_share_low"], row["largest_supplier_share_high"]
        )
        return f"{country_name(code)} {share}"

    @property
    def basis(self) -> str:
        """Basis and year of the figures."""
        words = {
            "site": "plant site",
            "seat": "owner's seat",
            "capacity": "site of capacity",
            "origin": "import origin",
        }
        basis = words.get(self.row["basis"] or "", self.row["basis"] or "")
        return ", ".join(part for part in (basis, str(self.row["year"] or "")) if part)

    @property
    def single_points(self) -> str:
        """Countries whose loss alone takes the good away."""
        codes = (self.row["single_points"] or "").split(";")
        return ", ".join(country_name(code) for code in codes if code)

    @cached_property
    def parts(self) -> tuple[tuple[str, float, str], ...]:
        """The market by role: role, share drawn, words; what is unknown closes it to 1."""
        drawn: dict[str, float] = dict.fromkeys(ROLES, 0.0)
        for supplier in self.suppliers:
            if supplier.is_named:
                drawn[supplier.role] += supplier.least
        known = sum(drawn.values())
        if known > 1:
            drawn = {role: share / known for role, share in drawn.items()}
            known = 1.0
        drawn["unknown"] += 1.0 - known
        return tuple(
            (role, share, words)
            for (role, words), share in zip(ROLES.items(), drawn.values(), strict=True)
            if share > 0.002
        )


def good_views(results: Results) -> tuple[GoodView, ...]:
    """Every good of the run, in the order of its chain."""
    orders = dict(results.package["goods"].select("good", "step_order").iter_rows())
    country_rows = results["suppliers"].filter(pl.col("level") == "country")
    suppliers: dict[str, list[Supplier]] = {}
    for row in country_rows.iter_rows(named=True):
        suppliers.setdefault(row["good"], []).append(
            Supplier(
                row["supplier"],
                country_name(row["supplier"]),
                row["role"],
                row["share"],
                row["share_low"],
                row["share_high"],
                bool(row["named"]),
            )  # fmt: skip
        )
    views = [
        GoodView(
            row["good"], row["label"], row["chain"], row["step"], orders[row["good"]], bool(row["final"]), row,
            tuple(sorted(suppliers.get(row["good"], []), key=lambda s: (-s.least, s.name))),
        )
        for row in results["exposure"].iter_rows(named=True)
    ]  # fmt: skip
    return tuple(sorted(views, key=lambda view: (view.chain, view.step_order, view.good)))


def most_exposed_views(results: Results, views: Sequence[GoodView], count: int) -> tuple[GoodView, ...]:
    """The `count` goods with the largest share that surely comes from concern."""
    by_key = {view.good: view for view in views}
    return tuple(by_key[good] for good in most_exposed(results["exposure"])["good"].head(count))


def chain_label(chain: str) -> str:
    """A chain's key as words."""
    return chain.replace("-", " ").replace("_", " ").capitalize()
