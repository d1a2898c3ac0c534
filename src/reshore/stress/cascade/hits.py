"""Chances of ever coming to a firm, for as many firms at once as there are lanes.

If firm k fails, what firm i loses of its demand is the probability that a walker who follows a unit of its sales ever
comes to k: 1 at k, and elsewhere the mean over the customers. Sweeps over the component bring it about for a whole row
of firms k; after each the slow error, a multiple of the component's leading vector, is taken away.

What has to be exact is little: the chance of coming back to k, and the losses of the few firms that lose more through
their inputs. The chances can be kept in single precision as long as what that costs the index stays below the
tolerance.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reshore.stress.cascade import blocks
from reshore.stress.cascade.compiled import Floats, Ints, compiled
from reshore.stress.cascade.lanes import LANES, renew, renew_roughly
from reshore.stress.cascade.sweeps import Sweeps
from reshore.stress.cascade.upstream import Demand, Visits

Places = NDArray[np.int8]
Chances = NDArray[Any]
_FAR = 64.0
"""So many times the tolerance from the end the sums of a sweep need not be more exact than the numbers are kept."""


class Row(NamedTuple):
    """Firms of one open component that fail side by side, each alone: ``position[k]`` fails in column k.

    ``back`` is the chance of coming back, ``moved`` and ``floor`` by how much further steps and the rounding of the
    chances can move the index, ``last`` by how much the last step did. ``step`` is the slow error still to be taken
    from each column, ``echo`` what a unit of it does to ``back``, ``weight`` its weight. ``held`` names the column of
    each failing firm, -1 elsewhere; ``watched`` is room for firms.
    """

    position: Ints
    back: Floats
    last: Floats
    moved: Floats
    floor: Floats
    step: Floats
    echo: Floats
    weight: Floats
    held: Places
    watched: Ints


def new_row(firms: int) -> Row:
    """Working arrays for a network of so many firms."""
    return Row(
        position=np.zeros(LANES, np.int32),
        back=np.zeros(LANES),
        last=np.zeros(LANES),
        moved=np.zeros(LANES),
        floor=np.zeros(LANES),
        step=np.zeros((1, LANES)),
        echo=np.zeros(LANES),
        weight=np.zeros(LANES),
        held=np.full(firms, -1, np.int8),
        watched=np.zeros(firms, np.int32),
    )


@compiled
def start_row(demand: Demand, common: Visits, row: Row, positions: Ints, x: Chances) -> None:
    """Sets `row` to fail the firms at `positions`, and the chances `x`, shape (n_firms, LANES), to their start."""
    first, last, target, share = demand.sales.first, demand.sales.last, demand.sales.target, demand.sales.share
    right, left, gap = common.mode.right, common.mode.left, common.mode_gap
    c = demand.component[positions[0]]
    x[demand.edge[c] : demand.edge[c + 1]] = 0.0
    row.moved[:], row.floor[:], row.step[:] = 0.0, 0.0, 0.0
    for k in range(len(positions)):
        p = row.position[k] = positions[k]
        row.held[p] = k
        x[p, k] = 1.0
        row.echo[k] = 0.0
        for link in range(first[p], last[p]):
            row.echo[k] += share[link] * right[target[link]]
        row.weight[k] = common.mode_weight[c] + right[p] * gap[p] + left[p] * row.echo[k]
        row.step[0, k] = gap[p]
    _read(demand, common, row, len(positions), x, 0.0, 0.5)
    row.last[:] = 0.0
    row.moved[: len(positions)] = np.inf


@compiled
def close_in(
    demand: Demand, common: Visits, sweeps: Sweeps, row: Row, columns: int, x: Chances, rounding: float,
    tolerance: float, at_least: int,
) -> bool:  # fmt: skip
    """Sweeps `at_least` so often, and until further ones move no index by more than `tolerance`.

    Relative `rounding` of the chances, all in all, is included. Returns whether that was reached: not, where rounding
    alone is more.
    """
    at, first, last, target, share = sweeps.at, sweeps.first, sweeps.last, sweeps.target, sweeps.share
    late, gap, held, right = sweeps.late, sweeps.gap, row.held, common.mode.right
    c = demand.component[row.position[0]]
    left_over = np.zeros((1, LANES))
    for count in range(blocks.QUICK_SWEEPS):
        if (row.moved + row.floor).max() > tolerance:
            if (row.moved - row.floor).max() <= 0.0:
                return False
        elif count >= at_least:
            return True
        # The slow error is taken from customers as they are read: `late` times the step for those not yet renewed.
        is_far = row.moved.max() > _FAR * tolerance  # what roundings of sums leave, the sweeps to come take away
        left_over[:] = 0.0
        for k in range(columns):
            p = row.position[k]
            x[p, k] = 1.0 - row.step[0, k] * right[p]
        for visit in range(sweeps.edge[c], sweeps.edge[c + 1]):
            i = at[visit]
            if is_far:
                renew_roughly(
                    x, target, share, first[visit], last[visit], i, row.step, late[visit], left_over, gap[visit]
                )
            else:
                renew(x, target, share, first[visit], last[visit], i, row.step, late[visit], left_over, gap[visit])
            k = held[i]
            if k >= 0:
                left_over[0, k] += gap[visit] * (1.0 - x[i, k])
                x[i, k] = 1.0
        row.step[:] = left_over
        _read(demand, common, row, columns, x, rounding, sweeps.fall[c])
    return False


@compiled
def _read(
    demand: Demand, common: Visits, row: Row, columns: int, x: Chances, rounding: float, fall: float
) -> None:  # fmt: skip
    """Reads the chances of coming back as they are once the slow error, of which `row.step` is part, is taken away."""
    first, last, target, share = demand.sales.first, demand.sales.last, demand.sales.target, demand.sales.share
    step = row.step
    for k in range(columns):
        p = row.position[k]
        back = 0.0
        for link in range(first[p], last[p]):
            back += share[link] * x[target[link], k]
        step[0, k] += common.mode.left[p] * (demand.rest[p] - back)
        step[0, k] = step[0, k] / row.weight[k] if row.weight[k] > 0.0 else 0.0
        back += step[0, k] * row.echo[k]
        jump = common.visits[p] * abs(back - row.back[k])
        # All further steps together; a step that is smaller than usual is so by chance, and says nothing.
        row.moved[k] = max(jump, fall * row.last[k]) * fall / (1.0 - fall)
        row.last[k] = jump
        row.floor[k] = rounding * common.visits[p] * back
        row.back[k] = back


class Watch(NamedTuple):
    """Firms that lose more through inputs than demand, or may: entry e is the firm at ``at`` in column ``column``.

    ``demand`` is what it loses through demand, ``cap`` what it loses through inputs; an index moves by ``weight`` times
    what the smaller of both does.
    """

    at: Ints
    column: Ints
    cap: Floats
    weight: Floats
    demand: Floats


@compiled
def read_watch(
    common: Visits, row: Row, watch: Watch, x: Chances, rounding: float, fall: float, residual: Floats
) -> None:  # fmt: skip
    """Reads what the watched firms lose through demand, and how far each index can be off into `residual`.

    At least one sweep, of which `fall` is left in the next, came between this reading and the one before.
    """
    right, step = common.mode.right, row.step
    residual[:] = row.moved + row.floor
    for entry in range(len(watch.at)):
        i, k = watch.at[entry], watch.column[entry]
        now = x[i, k] + step[0, k] * right[i]
        moved = abs(now - watch.demand[entry]) * fall / (1.0 - fall)
        watch.demand[entry] = now
        if now - moved < watch.cap[entry]:
            residual[k] += watch.weight[entry] * (moved + rounding * now)


@compiled
def end_row(row: Row, columns: int) -> None:
    """Lets go of the firms of `row`."""
    for k in range(columns):
        row.held[row.position[k]] = -1
