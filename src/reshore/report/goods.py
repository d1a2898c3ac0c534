"""What a picture needs to know about one good: its shares as read, its suppliers by role, its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from reshore.countries import BLOCS, PLACEHOLDERS, country_name
from reshore.study.findings import MAJORITY, counted_goods
from reshore.study.results import Results
from reshore.study.words import reading

ROLES: Mapping[str, str] = {
    "home": "home",
    "ally": "allies",
    "other": "other countries",
    "concern": "countries of concern",
    "group": "a group, not one country",
    "unknown": "unknown",
}
"""Roles in the order in which stripes and bars are drawn, with their words."""

BASES: Mapping[str, str] = {
    "site": "plant site",
    "seat": "owner's seat",
    "capacity": "site of capacity",
    "origin": "import origin",
}
_UNNAMED = "XX-UNK"


@dataclass(frozen=True)
class Supplier:
    """One part of a market: a country or a firm, a group, or what nobody names."""

    name: str
    label: str
    country: str
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
    """One good as the report shows it.

    ``is_counted`` is false for goods that the findings leave out of their counts because another good stands for them.
    """

    good: str
    label: str
    chain: str
    step: str
    step_order: int
    is_final: bool
    is_counted: bool
    row: Mapping[str, Any]
    suppliers: tuple[Supplier, ...]
    firms: tuple[Supplier, ...]

    @property
    def has_figures(self) -> bool:
        """Whether the size of any supplier is known."""
        return self.row["concern_share_low"] is not None and (
            self.row["largest_supplier"] is not None or self.row["concern_share_high"] < 1 or self.low > 0
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
    def verdict(self) -> str:
        """Whether more than half comes from concern: ``over``, ``under``, or ``open`` where it cannot be told."""
        return "over" if self.low > MAJORITY else "under" if self.high <= MAJORITY else "open"

    @property
    def concern(self) -> str:
        """Share from concern as people read it."""
        return reading(self.row["concern_share"], self.low, self.high) if self.has_figures else "unknown"

    @property
    def leader(self) -> str:
        """The largest known supplier and its share in words."""
        code = self.row["largest_supplier"]
        if code is None:
            return "no supplier of known size"
        row = self.row
        share = reading(
            row["largest_supplier_share"], row["largest_supplier_share_low"], row["largest_supplier_share_high"]
        )
        return f"{country_name(code)} {share}"

    @property
    def leader_name(self) -> str:
        """The largest known supplier."""
        code = self.row["largest_supplier"]
        return country_name(code) if code else ""

    @property
    def basis(self) -> str:
        """Basis and year of the figures."""
        basis = " and ".join(BASES.get(part, part) for part in (self.row["basis"] or "").split(" + ") if part)
        return ", ".join((basis, str(self.row["year"] or "year not stated"))) if basis else "no figures"

    @property
    def short_basis(self) -> str:
        """Basis and year in two words."""
        basis = (self.row["basis"] or "").replace(" + ", "+")
        return f"{basis} {self.row['year'] or 'undated'}" if basis else ""

    @property
    def confidence(self) -> str:
        """How far the weakest figure can be trusted; empty where there are no figures."""
        return str(self.row["confidence"] or "") if self.has_figures else ""

    @property
    def doubt(self) -> str:
        """The confidence where it is a reason for doubt, in words."""
        return {"low": "weak source", "assumed": "assumed"}.get(self.confidence, "")

    @property
    def single_points(self) -> str:
        """Countries whose loss alone takes the good away."""
        codes = (self.row["single_points"] or "").split(";")
        return ", ".join(country_name(code) for code in codes if code)

    @property
    def source_keys(self) -> tuple[str, ...]:
        """Keys of the sources of the figures."""
        return tuple(key for key in (self.row["sources"] or "").split(";") if key)

    @cached_property
    def parts(self) -> tuple[tuple[str, float], ...]:
        """The market by role and share drawn; what nobody names, or whose size nobody states, closes it to 1."""
        drawn: dict[str, float] = dict.fromkeys(ROLES, 0.0)
        for supplier in self.suppliers:
            drawn[supplier.role] += supplier.least
        drawn["unknown"] = 0.0
        known = sum(drawn.values())
        if known > 1:
            drawn = {role: share / known for role, share in drawn.items()}
            known = 1.0
        drawn["unknown"] = 1.0 - known
        return tuple((role, share) for role, share in drawn.items() if share > 0.002)

    @property
    def parts_in_words(self) -> str:
        """The market by role, for those who do not see the bar."""
        return ", ".join(f"{ROLES[role]} {reading(share, None, None)}" for role, share in self.parts)


def good_views(results: Results) -> tuple[GoodView, ...]:
    """Every good of the run, in the order of its chain."""
    goods = results.package["goods"]
    orders = dict(goods.select("good", "step_order").iter_rows())
    parents = dict(goods.select("good", "parent").iter_rows())
    counted = counted_goods(results["exposure"], results["suppliers"], parents)
    by_country, by_firm = (_suppliers(results, level) for level in ("country", "organization"))
    views = [
        GoodView(
            row["good"], row["label"], row["chain"], row["step"], orders[row["good"]], bool(row["final"]),
            row["good"] in counted, row, by_country.get(row["good"], ()), by_firm.get(row["good"], ()),
        )
        for row in results["exposure"].iter_rows(named=True)
    ]  # fmt: skip
    return tuple(sorted(views, key=lambda view: (view.chain, view.step_order, view.good)))


def _suppliers(results: Results, level: str) -> dict[str, tuple[Supplier, ...]]:
    found: dict[str, list[Supplier]] = {}
    for row in results["suppliers"].filter(pl.col("level") == level).iter_rows(named=True):
        found.setdefault(row["good"], []).append(_supplier(row))
    return {good: tuple(sorted(rows, key=lambda s: (-s.least, s.name))) for good, rows in found.items()}


def _supplier(row: Mapping[str, Any]) -> Supplier:
    key, role = row["supplier"], row["role"]
    is_group = (key in PLACEHOLDERS or key in BLOCS) and key != _UNNAMED
    label = country_name(key) if row["level"] == "country" else row["label"]
    return Supplier(
        key,
        "not named by the sources" if key == _UNNAMED else label,
        country_name(row["country"]) if row["country"] else "",
        "group" if is_group and role == "unknown" else role,
        row["share"],
        row["share_low"],
        row["share_high"],
        bool(row["named"]),
    )


def chain_label(chain: str) -> str:
    """A chain's key as words."""
    return chain.replace("-", " ").replace("_", " ").capitalize()
