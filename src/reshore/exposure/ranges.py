"""How much of a market is in whose hands, as ranges that hold for every division of the market that adds up to 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from reshore.chain import Share, Split
from reshore.chain.records import NEGLIGIBLE_SHARE, ROUNDING_SHARE
from reshore.countries import BLOCS

Role = Literal["home", "ally", "concern", "other", "unknown"]

ROLES: Mapping[Role, str] = {
    "home": "the country that asks",
    "ally": "on the study's list of allies",
    "concern": "on the study's list of concern",
    "other": "a named country on neither list",
    "unknown": "not named, or size not stated",
}

Range = tuple[float | None, float, float]
"""What is known (``None``: suppliers whose size nobody states), the least and the most it can be."""


def role_ranges(split: Split | None, roles: Sequence[Role], is_whole: Mapping[Role, bool]) -> dict[Role, Range]:
    """How much of the market is in each role's hands.

    Parameters
    ----------
    split
        How supply divides; ``None`` when no supplier is known.
    roles
        The role of each row of ``split.shares``.
    is_whole
        Whether all countries of a role are listed in the split, so that unlisted suppliers cannot be among them.

    Notes
    -----
    The known shares of all five roles add up to 1 where none is absent. A share is zero only where nobody of that role
    can be among suppliers that are not named; otherwise it is absent, and its range says how much it can be. Ranges
    hold for every true division of the market: suppliers that are not named may sit in any country not listed.
    """
    if split is None:
        return {role: (1.0, 1.0, 1.0) if role == "unknown" else (None, 0.0, 1.0) for role in ROLES}
    rows = {role: [row for row, own in zip(split.shares, roles, strict=True) if own == role] for role in ROLES}
    return {role: _range(split, rows, role, is_whole.get(role, False)) for role in ROLES}


def _range(split: Split, rows: Mapping[Role, Sequence[Share]], role: Role, is_whole: bool) -> Range:
    known = [row for other in ROLES if other != "unknown" for row in rows[other]]
    if role == "unknown":
        least = max(0.0, 1.0 - math.fsum(row.high for row in known))
        most = max(0.0, 1.0 - math.fsum(row.low for row in known))
        rest = max(0.0, 1.0 - math.fsum(row.low if row.point is None else row.point for row in known))
        is_sized = all(row.point is not None or row.missing == "negligible" for row in known)
        if split.coverage == "complete" and is_sized and not rows["unknown"] and rest <= ROUNDING_SHARE:
            rest = 0.0
        return rest, min(least, rest), max(most, rest)
    own = rows[role]
    others = [row for row in known if row not in own]
    can_hide = split.remainder_may_be_listed or not is_whole
    hidden = [row.high for row in rows["unknown"] if can_hide or row.country in BLOCS]
    hidden += [split.remainder_high] if can_hide else []
    loose = [row.high for row in rows["unknown"]]
    low = max(
        math.fsum(row.low for row in own),
        1.0 - math.fsum([*(row.high for row in others), *loose, split.remainder_high]),
    )
    high = min(
        math.fsum([*(row.high for row in own), *hidden]),
        1.0 - math.fsum(row.low for row in others),
    )
    low, high = max(0.0, low), min(1.0, max(high, 0.0))
    is_sized = all(row.point is not None or row.missing == "negligible" for row in own)
    is_zero = not own and (high <= NEGLIGIBLE_SHARE or split.unknown_share == 0)
    point = math.fsum(row.point or 0.0 for row in own) if (own and is_sized) or is_zero else None
    if point is not None:
        point = min(1.0, point)
        low, high = min(low, point), max(high, point)
    return point, low, max(low, high)
