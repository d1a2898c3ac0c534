"""Lost demand: the upstream half of the cascade as a linear system, solved class by class.

A firm loses the shares of its sales that its customers lose, ``x = max(shock, L x)``, where row i of L holds the
shares of firm i's sales. A unit of firm i's sales is a walker who moves on to a customer, or leaves through final
demand; if one firm k fails, ``x_i`` is the probability that the walker from i ever comes to k. So, strongly connected
component by component, customers before suppliers:

- in a **closed class** (no final demand, no customer outside) everybody comes to everybody: all lose what the worst
  hit loses;
- elsewhere the system has one solution; `blocks` solves it.

With ``visits = w'(I - L)^-1``, solved once, the upstream index of firm k alone is ``visits_k (1 - return_k)``, where
``return_k`` is the probability of coming back to k.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from reshore.errors import SolverError
from reshore.stress.cascade import blocks
from reshore.stress.cascade.blocks import Mode, Rows
from reshore.stress.cascade.compiled import Flags, Floats, Ints, Longs, compiled
from reshore.stress.cascade.network import Network
from reshore.stress.cascade.push import strong_components

_POWER_STEPS = 60
_VISIT_STOP = 1e-14
_LEAST_CHANGE = 4e-15


class Demand(NamedTuple):
    """The upstream system in the order in which it is solved; positions, not firm numbers, index every array.

    ``sales`` holds L by row, ``purchases`` its transpose, both without what firms sell to themselves: that is
    ``own``, and ``rest`` is 1 less it. ``leak`` is the share sold to final demand, 1 for firms without customers;
    ``worth`` what passing on a unit of loss does to the index at once. Component c holds positions
    ``edge[c]:edge[c + 1]``, firms with most links first, so that they lie together in memory.
    """

    sales: Rows
    purchases: Rows
    own: Floats
    rest: Floats
    leak: Floats
    worth: Floats
    component: Ints
    edge: Longs
    closed: Flags
    weight: Floats


class Visits(NamedTuple):
    """What all shocks share: ``visits`` by position, 0 in closed classes; ``drawn``, what ends in each of those.

    ``mode`` is the slow error of each component and ``mode_weight`` its weight while nothing is held; ``mode_gap`` is
    what a unit at each position leaves of it, left' (M - rest).
    """

    visits: Floats
    drawn: Floats
    mode: Mode
    mode_weight: Floats
    mode_gap: Floats


@dataclass(frozen=True)
class UpstreamSystem:
    """`Demand`, and the way between firm numbers and positions."""

    demand: Demand
    firm_at: Ints
    position_of: Ints

    @cached_property
    def visits(self) -> Visits:
        """The visits of every firm.

        Raises
        ------
        SolverError
            When a large component leaks so little that its visits could not be found.
        """
        return _solve_visits(self.demand)


def upstream_system(network: Network) -> UpstreamSystem:
    """The upstream system of `network`."""
    count = network.firm_count
    other = network.supplier != network.buyer
    supplier, buyer, value = network.supplier[other], network.buyer[other], network.value[other]
    label, found = strong_components(_starts(supplier, count), buyer)
    links = np.bincount(supplier, minlength=count) + np.bincount(buyer, minlength=count)
    firm_at = np.lexsort((-links, label)).astype(np.int32)
    position_of = np.empty(count, np.int32)
    position_of[firm_at] = np.arange(count, dtype=np.int32)
    edge = np.concatenate([[0], np.cumsum(np.bincount(label, minlength=found))]).astype(np.int64)
    component = label[firm_at]

    output, sells = network.output, network.output > 0
    safe = np.where(sells, output, 1.0)
    share = value / safe[supplier]
    sold = np.bincount(supplier, value, count)
    own = np.bincount(network.supplier[~other], network.value[~other], count) / safe
    rest = np.where(sells, (sold + network.final_demand) / safe, 1.0)
    leak = np.where(sells, network.final_demand / safe, 1.0)
    row, column = position_of[supplier], position_of[buyer]
    leaves = np.bincount(component, leak[firm_at], found) + np.bincount(
        component[row], (component[row] != component[column]).astype(np.float64), found
    )
    weight = network.output_share[firm_at]
    demand = Demand(
        sales=_rows(row, column, share, component, count),
        purchases=_rows(column, row, share, component, count),
        own=own[firm_at],
        rest=rest[firm_at],
        leak=leak[firm_at],
        worth=np.bincount(column, share * network.standing[firm_at][row], count) + (own * network.standing)[firm_at],
        component=component,
        edge=edge,
        closed=(leaves == 0).astype(np.uint8),
        weight=weight,
    )
    return UpstreamSystem(demand, firm_at, position_of)


def _starts(sorted_rows: Ints, count: int) -> Longs:
    return np.concatenate([[0], np.cumsum(np.bincount(sorted_rows, minlength=count))]).astype(np.int64)


def _rows(row: Ints, column: Ints, share: Floats, component: Ints, count: int) -> Rows:
    """The entries by row; within a row those outside the row's component on lower positions, inside, then higher."""
    order = np.lexsort((column, row))
    row, column, share = row[order], column[order], share[order]
    start = _starts(row, count)
    below = np.bincount(row, component[column] < component[row], count).astype(np.int64)
    inside = np.bincount(row, component[column] == component[row], count).astype(np.int64)
    first = start[:-1] + below
    return Rows(start, first, first + inside, np.ascontiguousarray(column, np.int32), share)


def _solve_visits(demand: Demand) -> Visits:
    count = len(demand.rest)
    mode = Mode(np.ones(count), np.ones(count), np.zeros(count))
    reverse = Mode(mode.left, mode.right, np.zeros(count))
    drawn, mode_weight = np.zeros(len(demand.closed)), np.zeros(len(demand.closed))
    result = Visits(np.zeros(count), drawn, mode, mode_weight, np.zeros(count))
    change, failed = _find_visits(demand, result, reverse, _VISIT_STOP)
    if failed >= 0:
        raise SolverError(
            f"the upstream visits of a component of {np.diff(demand.edge)[failed]} firms did not converge "
            f"(last relative change {change:.1e}): nearly nothing leaves it. Close its accounts (final demand 0), "
            "or state final demand"
        )
    return result


@compiled
def _find_visits(demand: Demand, result: Visits, reverse: Mode, stop: float) -> tuple[float, int]:
    """Fills `result`, suppliers first; returns the relative change left and the component that failed (-1: none)."""
    firms = len(demand.rest)
    held = np.zeros(firms, np.uint8)
    b = np.zeros(firms)
    no_rows = np.zeros(0, np.int64)
    x = result.visits
    for c in range(len(demand.closed) - 1, -1, -1):
        low, high = demand.edge[c], demand.edge[c + 1]
        for i in range(low, high):
            b[i] = demand.weight[i] + blocks.outer_product(demand.purchases, i, x)
            if demand.closed[c]:
                result.drawn[c] += b[i]
        if demand.closed[c]:
            continue
        if high - low == 1:
            x[low] = b[low] / demand.rest[low]
            continue
        result.mode.right[low:high] = blocks.leading(demand.sales, demand.rest, low, high, _POWER_STEPS)
        result.mode.left[low:high] = blocks.leading(demand.purchases, demand.rest, low, high, _POWER_STEPS)
        for i in range(low, high):
            result.mode.passed[i] = blocks.inner_product(demand.purchases, i, result.mode.left)
            result.mode_gap[i] = result.mode.passed[i] - result.mode.left[i] * demand.rest[i]
            reverse.passed[i] = blocks.inner_product(demand.sales, i, result.mode.right)
        result.mode_weight[c] = blocks.mode_weight(demand.sales, demand.rest, low, high, held, no_rows, result.mode)
        x[low:high] = b[low:high]
        change = blocks.relax(
            demand.purchases, demand.rest, low, high, held, no_rows, b, x, reverse, stop, True, blocks.QUICK_SWEEPS
        )
        if change > stop and high - low <= blocks.DENSE_FIRMS:
            blocks.eliminate(demand.sales, demand.leak, low, high, held, b, x, True)
        elif change > stop:
            change = blocks.relax(
                demand.purchases, demand.rest, low, high, held, no_rows, b, x, reverse, 100 * stop, True,
                blocks.MOST_SWEEPS,
            )  # fmt: skip
            if change > 100 * stop:
                return change, c
    return stop, -1


@compiled
def solve(demand: Demand, common: Visits, shock: Floats, x: Floats, tolerance: float) -> tuple[float, int]:
    """Writes the upstream losses of `shock` (by position) into `x`.

    Returns a bound on the error of the index (the weighted sum of losses), and the component that did not converge
    (-1: none). Shocked firms stand still at first; those that lose more through their customers are let go, until
    none is left.
    """
    firms = len(shock)
    start, target = demand.purchases.start, demand.purchases.target
    reached = np.zeros(len(demand.closed), np.uint8)
    queue = np.zeros(firms, np.int32)
    seen = np.zeros(firms, np.uint8)
    largest = 0.0
    queued = 0
    for i in range(firms):
        x[i] = 0.0
        if shock[i] > 0.0:
            largest = max(largest, shock[i])
            seen[i] = 1
            queue[queued] = i
            queued += 1
    position = 0
    while position < queued:
        i = queue[position]
        position += 1
        reached[demand.component[i]] = 1
        for link in range(start[i], start[i + 1]):
            if not seen[target[link]]:
                seen[target[link]] = 1
                queue[queued] = target[link]
                queued += 1
    b = np.zeros(firms)
    held = np.zeros(firms, np.uint8)
    bound = 0.0
    for c in range(len(demand.closed)):
        if not reached[c]:
            continue
        low, high = demand.edge[c], demand.edge[c + 1]
        if demand.closed[c]:
            x[low:high] = shock[low:high].max()
            continue
        spread = 0.0
        for i in range(low, high):
            b[i] = blocks.outer_product(demand.sales, i, x)
            x[i] = shock[i]
            held[i] = shock[i] > 0.0
            spread += common.visits[i]
        if high - low == 1:
            x[low] = max(shock[low], b[low] / demand.rest[low])
            continue
        stop = max(tolerance / max(spread, 1.0), _LEAST_CHANGE * largest)
        change = 0.0
        while True:
            held_rows = low + np.flatnonzero(held[low:high])
            if len(held_rows) < high - low:
                change = blocks.relax(
                    demand.sales, demand.rest, low, high, held, held_rows, b, x, common.mode, stop, False,
                    blocks.QUICK_SWEEPS,
                )  # fmt: skip
                if change * spread > 4.0 * tolerance and high - low <= blocks.DENSE_FIRMS:
                    blocks.eliminate(demand.sales, demand.leak, low, high, held, b, x, False)
                    change = 0.0
                elif change > stop:
                    change = blocks.relax(
                        demand.sales, demand.rest, low, high, held, held_rows, b, x, common.mode, stop, False,
                        blocks.MOST_SWEEPS,
                    )  # fmt: skip
                    if change > stop:
                        return bound, c
            let_go = 0
            for i in held_rows:
                arrives = b[i] + blocks.inner_product(demand.sales, i, x)
                if arrives > demand.rest[i] * x[i] * (1.0 + 1e-14):
                    held[i] = 0
                    let_go += 1
            if let_go == 0:
                break
        bound += change * spread
    return bound, -1
