"""Greedy: take who hurts most, again and again. A start, and not a proof."""

from __future__ import annotations

import math
from collections.abc import Callable

Members = tuple[int, ...]

GREEDY_GUARANTEE = (
    "Greedy reaches at least 1 - 1/e (63 %) of the worst loss where losses are a coverage function, as in a linear "
    "cascade without substitutes. Where suppliers stand in for one another it guarantees nothing: the loss of either "
    "alone may be nil."
)
"""Nemhauser, Wolsey and Fisher (1978) for the guarantee."""


def greedy(
    loss: Callable[[Members], float],
    count: int,
    size: int,
    allowed: Callable[[Members], bool] = lambda _: True,
    bound: Callable[[Members], float] = lambda _: math.inf,
) -> Members:
    """Up to `size` of `count` members, each the one that adds most to the loss of those before; first of equals.

    `bound` says what a set can cost at the most: sets that cannot be the next are not looked at.

    Examples
    --------
    Firms 0 and 1 stand in for one another and together hold 100; firm 2 is worth 1. Greedy never sees the pair:

    >>> greedy(lambda cut: 100.0 * ({0, 1} <= set(cut)) + 1.0 * (2 in cut), 3, 2)
    (2,)
    """
    chosen: Members = ()
    reached = loss(chosen)
    for _ in range(size):
        best, which = reached, chosen
        rest = [tuple(sorted((*chosen, other))) for other in range(count) if other not in chosen]
        for more in sorted(filter(allowed, rest), key=lambda members: -bound(members)):
            if bound(more) < best:
                break
            value = loss(more)
            if value > best or (value == best and which != chosen and more < which):
                best, which = value, more
        if which == chosen:
            break
        chosen, reached = which, best
    return chosen
