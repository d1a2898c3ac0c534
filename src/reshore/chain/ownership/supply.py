"""Whose hands a good is in: shares of a market after suppliers are followed up to those who control them."""

from __future__ import annotations

import math
from typing import Literal

import polars as pl

from reshore.chain.ownership.control import Control
from reshore.chain.records import ROUNDING_SHARE, Share, Split

SCHEMA = {
    "controller": pl.String,
    "share": pl.Float64,
    "share_low": pl.Float64,
    "share_high": pl.Float64,
    "suppliers": pl.String,
    "open_suppliers": pl.String,
}

By = Literal["country", "controller"]


def controlled_by(control: Control, split: Split, by: By = "country") -> pl.DataFrame:
    """The share of a market that each country, or each ultimate controller, has in its hands.

    Parameters
    ----------
    control
        Controllers of organizations; see `reshore.chain.ownership.control`.
    split
        A market divided among suppliers. Suppliers that are countries count for themselves.
    by
        ``country``: where ultimate controllers sit, and the own seat of suppliers that nobody is known to control.
        ``controller``: the ultimate controllers; a supplier with two controllers counts for both, one without for
        itself.

    Returns
    -------
    pl.DataFrame
        One row per controller, sorted. ``share`` is absent where the size or the controller of a supplier, or part of
        the market, is not known; ``share_low`` and ``share_high`` hold whatever they are, the part of the market that
        nobody has named included. ``suppliers`` certainly count, ``open_suppliers`` may.
    """
    certain: dict[str, list[Share]] = {}
    possible: dict[str, list[Share]] = {}
    adrift: list[Share] = []
    for share in split.shares:
        sure, maybe = _hands(control, share, by)
        if not maybe:
            adrift.append(share)
        for name in sure:
            certain.setdefault(name, []).append(share)
        for name in maybe:
            possible.setdefault(name, []).append(share)
    rows = []
    for name in sorted(possible):
        sure_shares, all_shares = certain.get(name, []), [*possible[name], *adrift]
        low, _ = split.bounds(frozenset(share.supplier for share in sure_shares)) if sure_shares else (0.0, 0.0)
        _, high = split.bounds(frozenset(share.supplier for share in all_shares))
        is_whole = not split.remainder_may_be_listed or split.remainder_high <= ROUNDING_SHARE
        if split.remainder_may_be_listed:
            high = min(1.0, high + split.remainder_high)
        points = [share.point for share in sure_shares if share.point is not None]
        is_settled = is_whole and len(points) == len(all_shares)
        open_suppliers = sorted({s.supplier for s in all_shares} - {s.supplier for s in sure_shares})
        rows.append(
            (
                name,
                min(1.0, math.fsum(points)) if is_settled else None,
                low,
                max(low, high),
                ";".join(sorted(share.supplier for share in sure_shares)),
                ";".join(open_suppliers),
            )
        )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _hands(control: Control, share: Share, by: By) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """In whose hands a supplier certainly is, and in whose it may be; nothing when that may be anyone's."""
    if not share.is_named:
        return (), ()
    if share.supplier not in control.ownership.index:
        name = share.country or share.supplier
        return (name,), (name,)
    if by == "controller":
        sure, maybe = control.ultimate(share.supplier), control.ultimate(share.supplier, certain=False)
        itself = control.group_of.get(share.supplier, share.supplier)
        return (sure, maybe) if sure else ((), (*maybe, itself)) if maybe else ((itself,), (itself,))
    found = control.country(share.supplier)
    if found.country is not None:
        return (found.country,), (found.country,)
    seats = {control.seat(name) for name in control.ultimate(share.supplier, certain=False)}
    return (), () if None in seats or not found.possible else found.possible
