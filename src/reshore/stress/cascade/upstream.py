"""Lost demand: the upstream half of the cascade as a linear system, solved class by class.

A firm loses the shares of its sales that its customers lose, ``x = max(shock, L x)``, where row i of L holds the shares of
firm i's sales. A unit of firm i's sales is a walker who moves on to a customer, or leaves through final demand; if one
firm k fails, ``x_i`` is the probability that the walker from i ever comes to k. So, strongly connected component by
component, customers before suppliers:

- in a **closed class** (no final demand, no customer outside) everybody comes to everybody: all lose what the worst hit loses;
- elsewhere the system has one solution; `blocks` solves it.

With ``visits = w'(I - L)^-1``, solved once, the upstream index of firm k alone is ``visits_k (1 - return_k)``, where
``return_k`` is the probability of coming back to k. ``lifetime = (I - L)^-1 1`` turns a residual into a bound on the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from reshore.errors import SolverError
from reshore.stress.cascade import blocks
from reshore.stress.cascade.blocks import Flags, Floats, Ints, Longs, Mode, Rows
from reshore.stress.cascade.network import Network
from reshore.stress.cascade.push import strong_components

_POWER_STEPS = 60
_VISIT_STOP = 1e-14
_LEAST_CHANGE = 4e-15


class Demand(NamedTuple):
    """The upstream system in the order in which it is solved; positions, not firm numbers, index every array.

    ``sales`` holds L by row, ``purchases`` its transpose; firms that sell to themselves do so through ``rest`` (1 less the
    share sold to itself). ``leak`` is the share sold to final demand, 1 for firms without customers. Component c holds
    positions ``edge[c]:edge[c + 1]``. ``visits`` and ``lifetime`` are 0 in closed classes; ``drawn`` is the weight that
    ends in each closed class.
    """

    sales: Rows
    purchases: Rows
    rest: Floats
    leak: Floats
    component: Ints
    edge: Longs
    closed: Flags
    mode: Mode
    weight: Floats
    visits: Floats
    lifetime: Floats
    drawn: Floats


@dataclass(frozen=True)
class UpstreamSystem:
    """`Demand`, and the way between firm numbers and positions."""

    demand: Demand
    firm_at: Ints
    position_of: Ints
    visits_error: float


def upstream_system(network: Network) -> UpstreamSystem:
    """The upstream system of `network`, with visits and lifetimes solved.

    Raises
    ------
    SolverError
        When a large component leaks so little that its visits could not be found.
    """
    count = network.firm_count
    other = network.supplier != network.buyer
    supplier, buyer, value = network.supplier[other], network.buyer[other], network.value[other]
    start = _starts(supplier, count)
    label, found = strong_components(start, buyer)
    firm_at = np.argsort(label, kind="stable").astype(np.int32)
    position_of = np.empty(count, np.int32)
    position_of[firm_at] = np.arange(count, dtype=np.int32)
    edge = np.concatenate([[0], np.cumsum(np.bincount(label, minlength=found))]).astype(np.int64)
    component = label[firm_at]

    output = network.output
    safe = np.where(output > 0, output, 1.0)
    share = value / safe[supplier]
    sold = np.bincount(supplier, value, count)
    rest = np.where(output > 0, (sold + network.final_demand) / safe, 1.0)
    leak = np.where(output > 0, network.final_demand / safe, 1.0)
    row, column = position_of[supplier], position_of[buyer]
    sales = _rows(row, column, share, component, count)
    purchases = _rows(column, row, share, component, count)
    leaves = np.bincount(component, leak[firm_at], found) + np.bincount(
        component[row], (component[row] != component[column]).astype(np.float64), found
    )
    closed = (leaves == 0).astype(np.uint8)
    weight = network.output_share[firm_at]
    demand = Demand(
        sales=sales,
        purchases=purchases,
        rest=rest[firm_at],
        leak=leak[firm_at],
        component=component,
        edge=edge,
        closed=closed,
        mode=Mode(np.ones(count), np.ones(count), np.zeros(count)),
        weight=weight,
        visits=np.zeros(count),
        lifetime=np.zeros(count),
        drawn=np.zeros(found),
    )
    reverse = Mode(demand.mode.left, demand.mode.right, np.zeros(count))
    _find_modes(demand, reverse.passed, _POWER_STEPS)
    change, failed = _find_visits(demand, reverse, _VISIT_STOP)
    if failed >= 0:
        raise SolverError(
            f"the upstream visits of a component of {edge[failed + 1] - edge[failed]} firms did not converge "
            f"(last relative change {change:.1e}): nearly nothing leaves it. Close its accounts (final demand 0), "
            "or state final demand"
        )
    return UpstreamSystem(demand, firm_at, position_of, change * float(demand.lifetime.max(initial=1.0)))


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


@njit(cache=True, nogil=True)
def _find_modes(demand, reverse_passed, steps):
    """Leading vectors of the components that are solved together, written into ``demand.mode`` and `reverse_passed`."""
    for c in range(len(demand.closed)):
        low, high = demand.edge[c], demand.edge[c + 1]
        if high - low == 1 or demand.closed[c]:
            continue
        demand.mode.right[low:high] = blocks.leading(demand.sales, demand.rest, low, high, steps)
        demand.mode.left[low:high] = blocks.leading(demand.purchases, demand.rest, low, high, steps)
        for i in range(low, high):
            demand.mode.passed[i] = blocks.inner_product(demand.purchases, i, demand.mode.left)
            reverse_passed[i] = blocks.inner_product(demand.sales, i, demand.mode.right)


@njit(cache=True, nogil=True)
def _find_visits(demand, reverse, stop):
    """Solves visits, lifetimes and what ends in closed classes; returns the relative change left and the class that failed."""
    firms = len(demand.rest)
    held = np.zeros(firms, np.uint8)
    b = np.zeros(firms)
    no_rows = np.zeros(0, np.int64)
    worst = stop
    for way in range(2):
        x = demand.visits if way == 0 else demand.lifetime
        rows = demand.purchases if way == 0 else demand.sales
        mode = reverse if way == 0 else demand.mode
        for step in range(len(demand.closed)):
            c = len(demand.closed) - 1 - step if way == 0 else step
            low, high = demand.edge[c], demand.edge[c + 1]
            for i in range(low, high):
                b[i] = (demand.weight[i] if way == 0 else 1.0) + blocks.outer_product(rows, i, x)
                if demand.closed[c] and way == 0:
                    demand.drawn[c] += b[i]
            if demand.closed[c]:
                continue
            if high - low == 1:
                x[low] = b[low] / demand.rest[low]
                continue
            for i in range(low, high):
                x[i] = b[i]
            change, _ = blocks.relax(
                rows, demand.rest, low, high, held, no_rows, b, x, mode, stop, True, blocks.QUICK_SWEEPS
            )
            if change > stop and high - low <= blocks.DENSE_FIRMS:
                blocks.eliminate(demand.sales, demand.leak, low, high, held, b, x, way == 0)
            elif change > stop:
                change, _ = blocks.relax(
                    rows, demand.rest, low, high, held, no_rows, b, x, mode, 100 * stop, True, blocks.MOST_SWEEPS
                )
                worst = max(worst, change)
                if change > 100 * stop:
                    return change, c
    return worst, -1


@njit(cache=True, nogil=True)
def solve(demand, shock, x, tolerance):
    """Writes the upstream losses of `shock` (by position) into `x`.

    Returns a bound on the error of the index (the weighted sum of losses), and the component that did not converge (-1:
    none). Shocked firms stand still at first; those that lose more through their customers are let go, until none is left.
    """
    firms = len(shock)
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
        for link in range(demand.purchases.start[i], demand.purchases.start[i + 1]):
            target = demand.purchases.target[link]
            if not seen[target]:
                seen[target] = 1
                queue[queued] = target
                queued += 1
    b = np.zeros(firms)
    held = np.zeros(firms, np.uint8)
    bound = 0.0
    for c in range(len(demand.closed)):
        if not reached[c]:
            continue
        low, high = demand.edge[c], demand.edge[c + 1]
        if demand.closed[c]:
            worst = 0.0
            for i in range(low, high):
                worst = max(worst, shock[i])
            for i in range(low, high):
                x[i] = worst
            continue
        spread = 0.0
        for i in range(low, high):
            b[i] = blocks.outer_product(demand.sales, i, x)
            x[i] = shock[i]
            held[i] = shock[i] > 0.0
            spread += demand.visits[i]
        if high - low == 1:
            x[low] = max(shock[low], b[low] / demand.rest[low])
            continue
        stop = max(tolerance / max(spread, 1.0), _LEAST_CHANGE * largest)
        change = 0.0
        while True:
            held_rows = low + np.flatnonzero(held[low:high])
            if len(held_rows) < high - low:
                change, _ = blocks.relax(
                    demand.sales, demand.rest, low, high, held, held_rows, b, x, demand.mode, stop, False,
                    blocks.QUICK_SWEEPS,
                )  # fmt: skip
                if change * spread > 4.0 * tolerance and high - low <= blocks.DENSE_FIRMS:
                    blocks.eliminate(demand.sales, demand.leak, low, high, held, b, x, False)
                    change = 0.0
                elif change > stop:
                    change, _ = blocks.relax(
                        demand.sales, demand.rest, low, high, held, held_rows, b, x, demand.mode, stop, False,
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
