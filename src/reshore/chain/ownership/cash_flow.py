"""Whose money a firm earns: integrated and look-through ownership, with cross-holdings.

With ``W[i, j]`` the share of firm j that i holds, ``G = (I − W)⁻¹`` sums over all ways in which profit of j comes to i.
``N = G − I`` is integrated ownership; where firms own each other it counts money each time that it comes by.
``T[i, j] = G[i, j] / G[i, i]`` counts each dollar once: the share of j's profit that ever reaches i.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from reshore.chain.ownership.reach import holdings, reach
from reshore.chain.ownership.records import Floats, Ownership
from reshore.errors import InputError, Place, Problem

CLOSED = 1e-9
"""A group of firms that own each other has no outside owner when less than this is left to outsiders."""

SHOWN = 1e-15
"""Shares below this are what solving leaves of zero."""

SCHEMA = {
    "owner": pl.String,
    "organization": pl.String,
    "integrated_share": pl.Float64,
    "look_through_share": pl.Float64,
    "look_through_share_low": pl.Float64,
    "look_through_share_high": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class _Network:
    """One stake matrix with its factorisation, for the rows of its inverse."""

    factor: Any

    @classmethod
    def of(cls, ownership: Ownership, shares: Floats) -> _Network:
        size = len(ownership)
        stakes = sp.csc_matrix((shares, (ownership.owner, ownership.owned)), shape=(size, size))
        return cls(splu((sp.identity(size, format="csc") - stakes).tocsc()))

    def row(self, owner: int, size: int) -> Floats:
        """``G[owner, :]``, shape (n_organizations,)."""
        unit = np.zeros(size)
        unit[owner] = 1.0
        solution: Floats = self.factor.solve(unit, trans="T")
        return solution


def look_through(ownership: Ownership, owners: Iterable[str] | None = None) -> pl.DataFrame:
    """What share of each firm's profit comes to each owner in the end.

    Parameters
    ----------
    ownership
        The network; one sparse factorisation serves all owners.
    owners
        Whose shares; without it, owners that nobody is known to own (`Ownership.external_owners`).

    Returns
    -------
    pl.DataFrame
        One row per ``owner, organization`` with anything above zero, sorted. ``integrated_share`` counts money each
        time it comes by and can pass 1 in cross-holdings; ``look_through_share`` counts it once. Both are absent where
        a stake of unknown size lies on the way. ``look_through_share_low`` and ``_high`` hold for every network within
        the ranges of the stakes and are attained.

        Over external owners, the look-through shares of a firm whose owners are all listed sum to 1.

    Raises
    ------
    InputError
        ``orphan-group`` when firms own each other entirely, so that their profit reaches nobody.

    References
    ----------
    Brioschi, Buzzacchi and Colombo (1989), Risk capital financing and the separation of ownership and control in
    business groups, Journal of Banking and Finance 13; Vitali, Glattfelder and Battiston (2011), The network of global
    corporate control, PLoS ONE 6(10).
    """
    refuse_orphan_groups(ownership)
    wanted = ownership.positions(ownership.external_owners if owners is None else owners)
    points = _points(ownership)
    network = _Network.of(ownership, points)
    least = holdings(ownership, "equity", least=True)
    most = holdings(ownership, "equity")
    is_open = bool(np.any(ownership.equity_high > ownership.equity_low))
    rows: list[tuple[object, ...]] = []
    for owner in wanted:
        gains = network.row(owner, len(ownership))
        low = reach(least, [owner]) if is_open else gains / gains[owner]
        high = reach(most, [owner]) if is_open else low
        blurred, is_loop_blurred = _blurred(ownership, owner)
        for firm in np.flatnonzero(high > SHOWN).tolist():
            if firm == owner:
                continue
            once = None if firm in blurred else float(min(max(gains[firm] / gains[owner], low[firm]), high[firm]))
            rows.append(
                (
                    ownership.organizations[owner],
                    ownership.organizations[firm],
                    None if once is None or is_loop_blurred else float(gains[firm]),
                    once,
                    float(low[firm]),
                    float(high[firm]),
                )
            )
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def refuse_orphan_groups(ownership: Ownership) -> None:
    """Raise when firms own each other entirely: no money ever leaves the group, so look-through has no answer.

    Raises
    ------
    InputError
        ``orphan-group``, naming the firms and the stakes between them.
    """
    points = _points(ownership)
    size = len(ownership)
    graph = sp.csr_matrix((points > 0, (ownership.owner, ownership.owned)), shape=(size, size))
    _, groups = connected_components(graph, directed=True, connection="strong")
    inside: dict[int, list[int]] = {}
    for stake, (owner, owned) in enumerate(zip(ownership.owner.tolist(), ownership.owned.tolist(), strict=True)):
        if groups[owner] == groups[owned] and points[stake] > 0:
            inside.setdefault(int(groups[owner]), []).append(stake)
    problems = []
    for stakes in inside.values():
        held: dict[int, float] = {}
        for stake in stakes:
            owned = int(ownership.owned[stake])
            held[owned] = held.get(owned, 0.0) + float(points[stake])
        if all(share >= 1 - CLOSED for share in held.values()):
            problems.append(_orphans(ownership, sorted(held), stakes, points))
    if problems:
        raise InputError(problems)


def _orphans(ownership: Ownership, firms: Sequence[int], stakes: Sequence[int], points: Floats) -> Problem:
    names = ", ".join(f"'{ownership.organizations[firm]}'" for firm in firms)
    links = ", ".join(
        f"{ownership.organizations[ownership.owner[stake]]} holds {points[stake]:g} of "
        f"{ownership.organizations[ownership.owned[stake]]}"
        for stake in stakes
    )
    return Problem(
        "orphan-group",
        Place("stakes.csv", column="equity_share"),
        f"{names} own each other entirely: {links}",
        "an owner outside the group",
        "add the owner outside, or correct the stakes",
    )


def _points(ownership: Ownership) -> Floats:
    """Stated shares; the low end where none is stated."""
    return np.where(np.isnan(ownership.equity_point), ownership.equity_low, ownership.equity_point)


def _blurred(ownership: Ownership, owner: int) -> tuple[frozenset[int], bool]:
    """Firms whose look-through share for `owner` depends on a stake without a stated size.

    And whether what comes back to `owner` through its own holdings does, on which all its integrated shares rest.
    """
    reached = {owner} | _descendants(ownership, [owner], stop=owner)
    unsized = np.flatnonzero(np.isnan(ownership.equity_point) & (ownership.equity_high > 0)).tolist()
    tainted = {int(ownership.owned[stake]) for stake in unsized if int(ownership.owner[stake]) in reached}
    firms = (tainted - {owner}) | _descendants(ownership, tainted - {owner}, stop=owner)
    holds_owner = {int(ownership.owner[stake]) for stake in ownership.stakes_in[owner]}
    return frozenset(firms), owner in tainted or not firms.isdisjoint(holds_owner)


def _descendants(ownership: Ownership, roots: Iterable[int], stop: int) -> set[int]:
    """Everything held by `roots`, directly or through others, never passing through `stop` again."""
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        for stake in ownership.stakes_of[stack.pop()]:
            owned = int(ownership.owned[stake])
            if owned not in seen and owned != stop and ownership.equity_high[stake] > 0:
                seen.add(owned)
                stack.append(owned)
    return seen
