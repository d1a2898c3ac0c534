"""How much of each firm can belong to some holders: look-through where shares are only known to lie in ranges.

Follow one dollar of profit of a firm upward: it goes to each owner with that owner's share. The look-through share of
a holder is the probability that the dollar ever reaches it. Stakes of one firm can be chosen within their ranges as
long as they sum to at most 1, and those of different firms independently, so the greatest possible share is the value
of a decision process with one decision per firm. Policy iteration solves it exactly; the least share needs no choice,
because unlisted owners may hold the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from reshore.chain.ownership.records import Floats, Measure, Ownership

STRICTLY = 1e-12
"""A choice replaces another only when it is better by more than rounding; equal choices would go round in circles."""

Row = tuple[tuple[int, float], ...]
"""Owners of one firm with the share of each, as chosen."""


@dataclass(frozen=True)
class Holdings:
    """Who may hold how much of whom, in one measure: per firm, its owners with low and high ends of their shares.

    ``identical`` lists, per firm, owners with which it counts as one: it then gets their value in full.
    """

    owners: tuple[tuple[tuple[int, float, float], ...], ...]
    identical: Mapping[int, tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.owners)

    @cached_property
    def held(self) -> Mapping[int, tuple[int, ...]]:
        """Per owner, the firms of which it may hold something or with which it is identical."""
        found: dict[int, list[int]] = {}
        for firm, owners in enumerate(self.owners):
            for owner, _, _ in owners:
                found.setdefault(owner, []).append(firm)
        for firm, twins in self.identical.items():
            for owner in twins:
                found.setdefault(owner, []).append(firm)
        return {owner: tuple(firms) for owner, firms in found.items()}


def holdings(
    ownership: Ownership,
    measure: Measure,
    *,
    least: bool = False,
    identical: Mapping[int, tuple[int, ...]] | None = None,
) -> Holdings:
    """The holdings of `ownership` in `measure`; with `least`, every stake at its low end."""
    low, high = ownership.ends(measure)
    lows, highs, owner = low.tolist(), (low if least else high).tolist(), ownership.owner.tolist()
    return Holdings(
        tuple(
            tuple((owner[stake], lows[stake], highs[stake]) for stake in stakes if highs[stake] > 0)
            for stakes in ownership.stakes_in
        ),
        identical or {},
    )


def reach(holdings: Holdings, anchors: Sequence[int]) -> Floats:
    """Greatest share of each firm that can come to `anchors` by look-through; 1 at the anchors.

    The least fixed point of ``v(firm) = max over allowed shares of Σ share · v(owner)``, or ``v(owner)`` of an owner
    with which the firm is identical.

    Returns
    -------
    numpy.ndarray
        Shape (n_organizations,), in [0, 1].
    """
    values = np.zeros(len(holdings))
    values[list(anchors)] = 1.0
    below = _below(holdings, anchors)
    chosen: dict[int, Row] = {
        firm: tuple((owner, low) for owner, low, _ in holdings.owners[firm] if low > 0) for firm in below
    }
    _evaluate(chosen, anchors, values)
    while True:
        is_better = False
        known = values.tolist()
        for firm in below:
            row, value = _best(holdings, firm, known)
            if value > known[firm] + STRICTLY:
                chosen[firm] = row
                is_better = True
        if not is_better:
            return np.clip(values, 0.0, 1.0)
        _evaluate(chosen, anchors, values)


def _below(holdings: Holdings, anchors: Sequence[int]) -> tuple[int, ...]:
    """Firms of which `anchors` may hold something, directly or through others, without the anchors themselves."""
    seen = set(anchors)
    stack = list(anchors)
    while stack:
        for firm in holdings.held.get(stack.pop(), ()):
            if firm not in seen:
                seen.add(firm)
                stack.append(firm)
    return tuple(sorted(seen - set(anchors)))


def _best(holdings: Holdings, firm: int, values: Sequence[float]) -> tuple[Row, float]:
    """The allowed shares of the owners of `firm` that give it the greatest value: low ends, then best owners first."""
    owners = holdings.owners[firm]
    room = 1.0 - sum(low for _, low, _ in owners)
    row: list[tuple[int, float]] = []
    value = 0.0
    for owner, low, high in sorted(owners, key=lambda entry: (-values[entry[0]], entry[0])):
        more = max(0.0, min(high - low, room)) if values[owner] > 0 else 0.0
        room -= more
        if low + more > 0:
            row.append((owner, low + more))
            value += (low + more) * values[owner]
    for owner in holdings.identical.get(firm, ()):
        if values[owner] > value:
            row, value = [(owner, 1.0)], values[owner]
    return tuple(row), value


def _evaluate(chosen: Mapping[int, Row], anchors: Sequence[int], values: Floats) -> None:
    """Write the value of every firm under the chosen shares into `values`: the least solution of a linear system."""
    users: dict[int, list[int]] = {}
    for firm, row in chosen.items():
        for owner, _ in row:
            users.setdefault(owner, []).append(firm)
    live: dict[int, int] = {}
    stack = list(anchors)
    while stack:
        for firm in users.get(stack.pop(), ()):
            if firm not in live:
                live[firm] = 0
                stack.append(firm)
    for number, firm in enumerate(sorted(live)):
        live[firm] = number
    for firm in chosen:
        values[firm] = 0.0
    if not live:
        return
    goal = set(anchors)
    right = np.zeros(len(live))
    rows, columns, entries = [], [], []
    for firm, number in live.items():
        for owner, share in chosen[firm]:
            if owner in goal:
                right[number] += share
            elif owner in live:
                rows.append(number)
                columns.append(live[owner])
                entries.append(share)
    size = len(live)
    matrix = sp.identity(size, format="csc") - sp.csc_matrix((entries, (rows, columns)), shape=(size, size))
    solution = splu(matrix).solve(right)
    for firm, number in live.items():
        values[firm] = min(1.0, max(0.0, solution[number]))
