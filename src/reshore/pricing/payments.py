"""Payments for capacity: what each owner brings to the whole, by four rules that answer four questions.

A *game* says what every coalition of owners is worth together. The worth of a coalition is the value of a program with
the capacity of its members, so it has complements (links of one chain) and substitutes (two makers of one good).

| rule | pays | adds up | truthful | in the core |
|---|---|---|---|---|
| Owen (dual) | the price of each capacity at the plan | yes | no | yes |
| pivotal (Vickrey, Clarke, Groves) | what is lost without the owner | no: too much in a chain | yes | no |
| Shapley | the mean of what an owner adds, over all orders | yes | no | not always |
| Aumann-Shapley | prices along the way from nothing to the plan | yes | no | not always |

Truthful payments are used where makers bid against each other, with a reserve: `procure`.

References
----------
Owen (1975), On the core of linear production games, Mathematical Programming 9; Shapley (1953), A value for n-person
games; Aumann and Shapley (1974), Values of non-atomic games; Littlechild and Owen (1973), A simple expression for the
Shapley value in a special case, Management Science 20(3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from reshore.errors import UsageError
from reshore.seeds import stream

Floats = NDArray[np.float64]
Worth = Callable[[frozenset[int]], float]
"""What a coalition of players is worth."""

Ramp = Callable[[float], tuple[float, Floats]]
"""At the fraction ``t`` of the plan: its worth, and the price of each capacity there, shape (n_players,)."""

MOST_PLAYERS = 20
"""Up to here all coalitions are valued; above, orders are sampled."""

SLACK = 1e-9


def coalition_worths(n_players: int, worth: Worth) -> Floats:
    """The worth of every coalition, shape (2^n_players,): bit i of the position says whether player i takes part.

    Raises
    ------
    UsageError
        With more than `MOST_PLAYERS` players.
    """
    if n_players > MOST_PLAYERS:
        raise UsageError(f"{n_players} players have too many coalitions to value them all; sample orders instead")
    members = [frozenset(i for i in range(n_players) if position >> i & 1) for position in range(1 << n_players)]
    return np.array([worth(coalition) for coalition in members], dtype=np.float64)


def _players(worths: Floats) -> int:
    return int(worths.size).bit_length() - 1


def shapley(worths: Floats) -> Floats:
    """Shapley value: what each player adds to those before it, on average over all orders.

    ``Σ_S |S|! (n − |S| − 1)! / n! · (V(S ∪ i) − V(S))``

    Parameters
    ----------
    worths
        Worth of every coalition, see `coalition_worths`.

    Examples
    --------
    Two substitutes feed one bottleneck worth 100: a sixth, a sixth and two thirds.

    >>> shapley(coalition_worths(3, lambda s: 100.0 if 2 in s and len(s) > 1 else 0.0)).round(3).tolist()
    [16.667, 16.667, 66.667]
    """
    n = _players(worths)
    positions = np.arange(worths.size)
    sizes = np.array([int(position).bit_count() for position in positions])
    weights = np.array([1.0 / (n * math.comb(n - 1, size)) for size in range(n)])
    values = np.empty(n)
    for player in range(n):
        without = positions[(positions >> player & 1) == 0]
        gain = worths[without | 1 << player] - worths[without]
        values[player] = math.fsum(weights[sizes[without]] * gain)
    return values


@dataclass(frozen=True)
class Sampled:
    """Shapley values from sampled orders: estimates, half-width of their interval, and how many orders were drawn."""

    values: Floats
    half_width: Floats
    orders: int
    confidence: float


def sampled_shapley(n_players: int, worth: Worth, seed: int, orders: int = 200, confidence: float = 0.95) -> Sampled:
    """Shapley values of many players: mean gains over random orders, each used forwards and backwards.

    A pair of an order and its reverse is one draw, so that the interval allows for their dependence; the estimates add
    up to the worth of all in every draw.

    Raises
    ------
    UsageError
        With fewer than two pairs of orders.
    """
    pairs = orders // 2
    if pairs < 2:
        raise UsageError("an interval needs at least four orders")
    known: dict[frozenset[int], float] = {}

    def valued(coalition: frozenset[int]) -> float:
        if coalition not in known:
            known[coalition] = worth(coalition)
        return known[coalition]

    gains = np.zeros((pairs, n_players))
    for pair in range(pairs):
        order = stream(seed, "shapley orders", pair).permutation(n_players)
        for way in (order, order[::-1]):
            before: frozenset[int] = frozenset()
            for player in way.tolist():
                after = before | {player}
                gains[pair, player] += (valued(after) - valued(before)) / 2
                before = after
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    half = z * gains.std(axis=0, ddof=1) / math.sqrt(pairs)
    return Sampled(gains.mean(axis=0), half, 2 * pairs, confidence)


def pivotal(worths: Floats) -> Floats:
    """What is lost without each player: ``V(N) − V(N ∖ i)``. Links of one chain are each worth all of it."""
    everyone = worths.size - 1
    return np.array([worths[everyone] - worths[everyone ^ 1 << player] for player in range(_players(worths))])


@dataclass(frozen=True)
class Round:
    """The outcome of a procurement round: who is taken, what each is paid (0 for others), and what is left.

    ``payments`` (n_bidders,); ``surplus`` is the worth of the winners less what they are paid.
    """

    winners: tuple[int, ...]
    payments: Floats
    surplus: float


def procure(bids: Sequence[float], reserves: Sequence[float], worth: Worth) -> Round:
    """Chooses among bidders so that worth less bids is greatest, and pays each winner the most it could have asked.

    Who asks for more than its reserve is out. A winner gets ``min(reserve_i, bid_i + W(N) − W(N ∖ i))`` with ``W`` the
    greatest worth less bids (Vickrey, Clarke, Groves): its own bid does not move that, so nobody gains by another bid
    than its cost. Without reserves each link of a chain would be paid all of it; with them a round costs at most the
    reserves of its winners. Among choices of equal worth the smallest is taken, then the first.

    Examples
    --------
    One plant is needed, worth 100; the second lowest bid is what the winner could have asked, unless the reserve is
    lower.

    >>> one = lambda members: 100.0 if members else 0.0
    >>> procure([30, 50, 80], [90, 90, 90], one).payments.tolist()
    [50.0, 0.0, 0.0]
    >>> procure([30, 50, 80], [45, 45, 45], one).payments.tolist()
    [45.0, 0.0, 0.0]
    """
    n = len(bids)
    worths = coalition_worths(n, worth)
    positions = np.arange(worths.size)
    has = (positions[:, None] >> np.arange(n) & 1).astype(bool)
    net = worths - has @ np.asarray(bids, dtype=np.float64)
    net[(has & (np.asarray(bids) > np.asarray(reserves))).any(axis=1)] = -math.inf
    order = np.lexsort((positions, has.sum(axis=1)))
    best = int(order[np.argmax(net[order])])
    payments = np.zeros(n)
    for winner in np.flatnonzero(has[best]).tolist():
        without = float(net[~has[:, winner]].max())
        payments[winner] = min(reserves[winner], bids[winner] + float(net[best]) - without)
    winners = tuple(np.flatnonzero(has[best]).tolist())
    return Round(winners, payments, float(worths[best] - payments.sum()))


def blocking_coalition(payments: Sequence[float], worths: Floats) -> tuple[int, ...] | None:
    """The coalition that could gain most by leaving, ``None`` when payments are in the core."""
    paid = np.zeros(worths.size)
    for player, payment in enumerate(payments):
        paid[(np.arange(worths.size) >> player & 1) == 1] += payment
    gain = worths - paid
    worst = int(np.argmax(gain))
    if gain[worst] <= SLACK * max(1.0, float(np.abs(worths).max())):
        return None
    return tuple(player for player in range(len(payments)) if worst >> player & 1)


def owen(prices: Floats, owned: Floats) -> Floats:
    """Dual payments ``λ · b_i``: what each owner's capacities are worth at the prices of the plan.

    Parameters
    ----------
    prices
        Price of each capacity, shape (n_capacities,).
    owned
        What each owner has of each capacity, shape (n_owners, n_capacities).
    """
    return owned @ prices


def aumann_shapley(
    ramp: Ramp, plan: Floats, tolerance: float = 1e-9, prices: Callable[[float, float], Floats] | None = None
) -> Floats:
    """Payments by prices along the way from nothing to the plan: ``φ_i = x_i ∫₀¹ ∂V(t x)/∂x_i dt``.

    The worth along the way is concave and consists of straight pieces, so the integral is exact once every piece has
    been found: where the lines through two ends meet on the worth itself, there is one kink between them and no more.
    What the worth gains over a piece is shared out by the prices in its middle.

    Parameters
    ----------
    ramp
        Worth and prices at a fraction of the plan.
    plan
        How much of each capacity is planned, shape (n_players,).
    tolerance
        Relative to the worth of the plan.
    prices
        Prices at a fraction of the plan within a piece of a given width; by default those of `ramp`. Links of one
        chain that grow together are scarce together, and a solver names one of them: who wants them treated alike
        says so here.

    Returns
    -------
    numpy.ndarray
        Shape (n_players,); adds up to ``V(x) − V(0)``.
    """
    first, last = ramp(0.0), ramp(1.0)
    scale = max(abs(last[0] - first[0]), 1e-300)
    read = prices or (lambda part, _: ramp(part)[1])
    payments = np.zeros(plan.size)
    for left, low, right, high in _pieces(ramp, plan, first, last, tolerance * scale):
        at = np.maximum(read((left + right) / 2, right - left) * plan, 0.0)
        if at.sum() > 0:
            payments += at * ((high - low) / at.sum())
    total = float(payments.sum())
    return payments * ((last[0] - first[0]) / total) if abs(total) > tolerance * scale else payments


Point = tuple[float, Floats]


def _pieces(
    ramp: Ramp, plan: Floats, first: Point, last: Point, slack: float
) -> Iterator[tuple[float, float, float, float]]:
    """Straight pieces of the worth along the way: left end and worth there, right end and worth there."""
    stack = [(0.0, first, 1.0, last)]
    while stack:
        left, (low, low_prices), right, (high, high_prices) = stack.pop()
        slope_in, slope_out = float(low_prices @ plan), float(high_prices @ plan)
        bend, width = slope_in - slope_out, right - left
        if bend <= slack or width <= 1e-9:
            yield left, low, right, high
            continue
        meet = left + min(max((high - low - slope_out * width) / bend, 0.0), width)
        on_lines = low + slope_in * (meet - left)
        middle = ramp(meet)
        if on_lines - middle[0] <= slack:
            ends = ((left, low, meet, middle[0]), (meet, middle[0], right, high))
            yield from (piece for piece in ends if piece[2] > piece[0])
            continue
        stack += [(meet, middle, right, (high, high_prices)), (left, (low, low_prices), meet, middle)]
