"""Firms that fail one at a time: the systemic risk index of each, and the few that have the highest, with proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from reshore.errors import InputError, SolverError
from reshore.stress.cascade import downstream, failures
from reshore.stress.cascade.compiled import Floats, Ints
from reshore.stress.cascade.index import (
    LEAST_BY_RULE,
    ROUNDS_BY_RULE,
    RULE_NOT_MET,
    Cascade,
    Shock,
    index_columns,
    index_row,
    outside,
    propagate_losses,
)
from reshore.stress.cascade.lanes import LANES
from reshore.stress.cascade.network import Network
from reshore.stress.cascade.push import new_front, raise_loss
from reshore.stress.cascade.threads import in_threads
from reshore.stress.cascade.wave import new_wave

_MOST_ROWS = 4
_BOUND_SLACK = 1e-9


@dataclass(frozen=True)
class Leaders:
    """The firms with the highest index: a frame under `SYSTEMIC_RISK`, highest first.

    No other firm's index exceeds ``rest_at_most_index``; ``solved_count`` firms were solved in full to show it.
    """

    frame: pl.DataFrame
    rest_at_most_index: float
    solved_count: int


def measure_systemic_risk(
    cascade: Cascade, firms: Sequence[str] | None = None, *, threads: int | None = None
) -> pl.DataFrame:
    """The systemic risk index of `firms` (``None``: all): a frame under `SYSTEMIC_RISK`, sorted by firm.

    The numbers do not depend on the number of `threads` (``None``: one per processor).
    """
    network = cascade.network
    if firms is None:
        numbers = np.arange(network.firm_count, dtype=np.int32)
    else:
        numbers = np.array(sorted({network.number_of(firm) for firm in firms}), np.int32)
    result = _solve_each(cascade, numbers, threads)
    return _risk_frame(network, numbers, result)


def rank_systemic_risk(cascade: Cascade, count: int, *, threads: int | None = None) -> Leaders:
    """The `count` firms with the highest index, found without solving all.

    No index exceeds ``visits + downstream index - own share``: the upstream part is at most what ever passes through
    the firm, and the firm itself is in both parts. Firms are solved in the order of that bound until it falls below
    the `count`-th highest index.
    """
    if cascade.rule.stop_rise is not None:
        raise InputError([outside("stop_rise", cascade.rule.stop_rise, "the exact end: bounds hold for nothing else")])
    if count < 1:
        raise InputError([outside("count", count, "at least 1")])
    network = cascade.network
    everyone = np.arange(network.firm_count, dtype=np.int32)
    most = _upper_bounds(cascade, everyone, threads)
    order = np.lexsort((everyone, -most)).astype(np.int32)
    solved = np.zeros((0, 4))
    while len(solved) < len(order):
        if len(solved) >= count:
            worst_kept = np.sort(solved[:, 0])[-count]
            if most[order[len(solved)]] <= worst_kept:
                break
        more = order[len(solved) : max(count, len(solved) + 16 * LANES)]
        solved = np.concatenate([solved, _solve_each(cascade, more, threads)])
    numbers = order[: len(solved)]
    best = np.lexsort((numbers, -solved[:, 0]))
    kept, left = best[:count], best[count:]
    rest = [float(solved[k, 0]) for k in left[:1]] + [float(most[k]) for k in order[len(solved) : len(solved) + 1]]
    return Leaders(_risk_frame(network, numbers[kept], solved[kept]), max(rest, default=0.0), len(solved))


def _upper_bounds(cascade: Cascade, firms: Ints, threads: int | None) -> Floats:
    shared, tolerance = cascade.shared, cascade.rule.tolerance
    down = np.zeros(len(firms))

    def worker() -> Callable[[range], None]:
        desk = failures.new_desk(shared)

        def run(part: range) -> None:
            some = slice(part.start, part.stop)
            failures.fail_each_downstream(shared, desk, firms[some], tolerance, down[some])

        return run

    in_threads(_chunks(len(firms)), worker, threads)
    for number in np.flatnonzero(down == failures.SLOW):
        front = new_front(shared.push)
        raise_loss(front, firms[number], 1.0, -1)
        downstream.settle(cascade.downstream, front, failures.HELD_BACK * tolerance)
        down[number] = math.fsum(shared.share * front.loss)
    demand, common = shared.demand, shared.visits
    position = shared.position_of[firms]
    component = demand.component[position]
    up = np.where(demand.closed[component] == 1, common.drawn[component], (common.visits * demand.rest)[position])
    return np.minimum(1.0, up * (1 + _BOUND_SLACK) + down - shared.share[firms] + tolerance)


def _solve_each(cascade: Cascade, firms: Ints, threads: int | None) -> Floats:
    """Index, upstream, downstream and residual of each of `firms` failing alone, shape (n, 4)."""
    if cascade.rule.stop_rise is None:
        return _solve_each_exactly(cascade, firms, threads)
    return _solve_each_by_rounds(cascade, firms, cascade.rule.stop_rise, threads)


def _solve_each_exactly(cascade: Cascade, firms: Ints, threads: int | None) -> Floats:
    shared, tolerance = cascade.shared, cascade.rule.tolerance
    position = shared.position_of[firms]
    # Firms of one component side by side, those with as many visits together: they take as many sweeps.
    order = np.lexsort((firms, -shared.visits.visits[position], shared.demand.component[position]))
    ordered, solved = firms[order], np.zeros((len(firms), 4))

    def worker() -> Callable[[range], None]:
        desk = failures.new_desk(shared)

        def run(part: range) -> None:
            some = slice(part.start, part.stop)
            failures.fail_each(shared, desk, ordered[some], tolerance, solved[some])

        return run

    in_threads(_chunks(len(firms)), worker, threads)
    result = np.empty_like(solved)
    result[order] = solved
    slow = np.flatnonzero(result[:, 3] == failures.SLOW).tolist()

    def run_slow(part: range) -> None:
        for place in part:
            alone = {int(firms[slow[place]]): 1.0}
            result[slow[place]] = index_row(propagate_losses(cascade, Shock("", {}), alone, alone))

    in_threads([range(k, k + 1) for k in range(len(slow))], lambda: run_slow, threads)
    return result


def _solve_each_by_rounds(cascade: Cascade, firms: Ints, stop_rise: float, threads: int | None) -> Floats:
    push, system, share = cascade.downstream.push, cascade.upstream, cascade.network.output_share
    position = system.position_of[firms]
    order = np.lexsort((firms, -position, system.demand.component[position]))  # those with many links together
    ordered, solved = firms[order], np.zeros((len(firms), 4))

    def worker() -> Callable[[range], None]:
        front, wave = new_front(push), new_wave(system.demand)

        def run(part: range) -> None:
            some = slice(part.start, part.stop)
            failures.fail_each_by_rounds(
                push, front, system.demand, wave, system.position_of, share, ordered[some], stop_rise, LEAST_BY_RULE,
                ROUNDS_BY_RULE, solved[some],
            )  # fmt: skip

        return run

    in_threads(_chunks(len(firms)), worker, threads)
    if (solved[:, 3] == failures.SLOW).any():
        raise SolverError(RULE_NOT_MET)
    result = np.empty_like(solved)
    result[order] = solved
    return result


def _chunks(count: int) -> list[range]:
    """Whole rows of lanes, few at a time where there are few in all, so that no thread waits long for the last."""
    size = LANES * min(max(count // (16 * LANES), 1), _MOST_ROWS)
    return [range(first, min(first + size, count)) for first in range(0, count, size)]


def _risk_frame(network: Network, numbers: Ints, result: Floats) -> pl.DataFrame:
    firms = [network.firms[number] for number in numbers.tolist()]
    return pl.DataFrame({"firm": firms, "output_share": network.output_share[numbers], **index_columns(result)})
