"""Whose hands supply is in: shares of home, allies, countries of concern and others, and what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from reshore.chain import Share
from reshore.exposure.case import Case, Metric
from reshore.exposure.frames import Cell, per_good
from reshore.exposure.ranges import Role, role_ranges
from reshore.tables import Column
from reshore.units import SHARE


def supply_shares(case: Case) -> pl.DataFrame:
    """Share of supply from home, allies, countries of concern, others, and from nobody knows where."""

    def row(good: str) -> list[Cell]:
        return [end for known in case.ranges[good].values() for end in known]

    return per_good(case, SUPPLY_SHARES.columns, row)


_CONTROLLING: tuple[Role, ...] = ("home", "concern")


def controlled_shares(case: Case) -> pl.DataFrame:
    """Share of the supply of known firms that home and countries of concern control, whatever their seat.

    A firm answers to every country that its controllers stand for, and counts as concern when one of them is. Absent
    where no firms are known or ownership was not looked at.
    """
    controlled_by = case.controlled_by

    def row(good: str) -> list[Cell]:
        split = case.chosen.organizations.get(good)
        if split is None or controlled_by is None or not split.has_figures:
            return [None] * 6
        roles = [_controller_role(case, share, controlled_by) for share in split.shares]
        ranges = role_ranges(split, roles, {})
        return [end for role in _CONTROLLING for end in ranges[role]]

    return per_good(case, CONTROLLED_SHARES.columns, row)


def _controller_role(case: Case, share: Share, controlled_by: Mapping[str, tuple[str, ...]]) -> Role:
    if not share.is_named:
        return "unknown"
    controllers = controlled_by.get(share.supplier) or (share.country or "",)
    countries = [
        case.chain.organizations[name].seat if name in case.chain.organizations else name for name in controllers
    ]
    roles = {case.role(country) for country in countries}
    order: tuple[Role, ...] = ("concern", "unknown", "other", "ally", "home")
    return next(role for role in order if role in roles)


def _role_column(role: Role, label: str, description: str) -> Column:
    return Column(
        f"{role}_share",
        "number",
        label,
        description,
        unit=SHARE,
        low=0,
        high=1,
        absent="nobody of that role is known to supply, or the size is unknown: see the range",
        interval=True,
    )


SUPPLY_SHARES = Metric(
    name="supply_shares",
    label="Whose hands supply is in",
    question="How much do we make, and how much comes from allies and from countries of concern?",
    unit=SHARE,
    formula="Σ share of the countries of a role; low and high over every division of the market that adds up to 1",
    reads=("supply",),
    source="Shares of the chosen series; ranges by interval arithmetic over every division that adds up to 1",
    columns=(
        _role_column("home", "Home", "Known share of supply from home; the range allows for the unknown."),
        _role_column("ally", "Allies", "Known share of supply from allies; the range allows for the unknown."),
        _role_column("concern", "Concern", "Known share from countries of concern; the range allows for the unknown."),
        _role_column("other", "Others", "Known share from other named countries; the range allows for the unknown."),
        _role_column("unknown", "Unknown", "Share of supply whose country or size nobody states."),
    ),
    compute=supply_shares,
)

CONTROLLED_SHARES = Metric(
    name="controlled_shares",
    label="Whose control supply is under",
    question="How much of what firms supply is controlled from home or from a country of concern, whatever their seat?",
    unit=SHARE,
    formula="Σ share of the firms whose ultimate controllers sit in a role",
    reads=("supply", "stakes",),
    source="Shares of the chosen series of firms; controllers after look-through of owners and posts",
    columns=(
        Column("home_controlled_share", "number", "Controlled from home",
               "Share of supply of firms that home controls.",
               unit=SHARE, low=0, high=1, absent="firms, their sizes or their owners are unknown", interval=True),
        Column("concern_controlled_share", "number", "Controlled from concern",
               "Share of supply of firms that a country of concern controls, alone or with others.",
               unit=SHARE, low=0, high=1, absent="firms, their sizes or their owners are unknown", interval=True),
    ),
    compute=controlled_shares,
)  # fmt: skip
