"""Compiled solution of ``rest * x = b + M x`` inside one strongly connected block, M non-negative, off its diagonal.

Rows of M leak: their sum stays at or below ``rest``. A sweep (Gauss-Seidel) takes fast errors away; the slow one,
nearly a multiple of the block's leading eigenvector, is taken away by a correction along that vector. Where that is
still too slow and the block is small, elimination without subtraction (Grassmann, Taksar and Heyman, 1985) gives the
solution to nearly full relative accuracy however little leaks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reshore.stress.cascade.compiled import Flags, Floats, Ints, Longs, compiled, inlined

QUICK_SWEEPS, MOST_SWEEPS, DENSE_FIRMS = 400, 20_000, 1_500


class Rows(NamedTuple):
    """Entries of M by row: ``start[i]:start[i + 1]``, of which ``first[i]:last[i]`` stay in the block."""

    start: Longs
    first: Longs
    last: Longs
    target: Ints
    share: Floats


class Mode(NamedTuple):
    """The slow error of each block: the shape ``right``, the test vector ``left`` and ``passed`` = left' M."""

    right: Floats
    left: Floats
    passed: Floats


@inlined
def inner_product(rows: Rows, i: int, x: Floats) -> float:
    """Row i of M times x, over the block."""
    total = 0.0
    for link in range(rows.first[i], rows.last[i]):
        total += rows.share[link] * x[rows.target[link]]
    return total


@inlined
def outer_product(rows: Rows, i: int, x: Floats) -> float:
    """Row i of M times x, over everything outside the block."""
    total = 0.0
    for link in range(rows.start[i], rows.first[i]):
        total += rows.share[link] * x[rows.target[link]]
    for link in range(rows.last[i], rows.start[i + 1]):
        total += rows.share[link] * x[rows.target[link]]
    return total


@compiled
def leading(rows: Rows, rest: Floats, low: int, high: int, steps: int) -> Floats:
    """Approximate leading vector of the block, largest entry 1."""
    x, y = np.ones(high - low), np.ones(high - low)
    for _ in range(steps):
        largest = 0.0
        for i in range(low, high):
            total = 0.0
            for link in range(rows.first[i], rows.last[i]):
                total += rows.share[link] * x[rows.target[link] - low]
            y[i - low] = 0.5 * x[i - low] + 0.5 * total / rest[i]
            largest = max(largest, y[i - low])
        for i in range(high - low):
            x[i] = y[i] / largest
    return x


@compiled
def sweep(rows: Rows, rest: Floats, low: int, high: int, held: Flags, b: Floats, x: Floats, relative: bool) -> float:
    """One pass over the rows that are not held; returns the largest change, or the largest relative change."""
    largest = 0.0
    for i in range(low, high):
        if held[i]:
            continue
        new = (b[i] + inner_product(rows, i, x)) / rest[i]
        change = abs(new - x[i])
        if relative:
            change = change / new if new > 0.0 else 0.0
        largest = max(largest, change)
        x[i] = new
    return largest


@compiled
def correct(
    rows: Rows, rest: Floats, low: int, high: int, held: Flags, held_rows: Longs, b: Floats, x: Floats, mode: Mode,
    weight: float,
) -> None:  # fmt: skip
    """Adds the multiple of ``mode.right`` that leaves no residual along ``mode.left``; `weight` is its weight."""
    gap = 0.0
    for i in range(low, high):
        gap += mode.passed[i] * x[i]
        if not held[i]:
            gap += mode.left[i] * (b[i] - rest[i] * x[i])
    for i in held_rows:
        gap -= mode.left[i] * inner_product(rows, i, x)
    step = gap / weight
    for i in range(low, high):
        if not held[i]:
            x[i] = max(0.0, x[i] + step * mode.right[i])


@compiled
def mode_weight(rows: Rows, rest: Floats, low: int, high: int, held: Flags, held_rows: Longs, mode: Mode) -> float:
    """``left' (rest - M) right`` over the rows that are not held."""
    total = 0.0
    for i in range(low, high):
        if not held[i]:
            total += mode.right[i] * (mode.left[i] * rest[i] - mode.passed[i])
    for i in held_rows:
        for link in range(rows.first[i], rows.last[i]):
            target = rows.target[link]
            if not held[target]:
                total += mode.left[i] * rows.share[link] * mode.right[target]
    return total


@compiled
def relax(
    rows: Rows, rest: Floats, low: int, high: int, held: Flags, held_rows: Longs, b: Floats, x: Floats, mode: Mode,
    stop: float, relative: bool, sweeps: int,
) -> float:  # fmt: skip
    """Sweeps and corrections until a sweep changes nothing by more than `stop`; returns the last change."""
    weight = mode_weight(rows, rest, low, high, held, held_rows, mode)
    change = np.inf
    for _ in range(sweeps):
        if weight > 0.0 and change > 16.0 * stop:
            correct(rows, rest, low, high, held, held_rows, b, x, mode, weight)
        change = sweep(rows, rest, low, high, held, b, x, relative)
        if change <= stop:
            break
    return change


@compiled
def eliminate(
    rows: Rows, leak: Floats, low: int, high: int, held: Flags, b: Floats, x: Floats, transposed: bool
) -> None:
    """The solution by elimination without subtraction; `leak` is what a row loses besides its entries.

    With `transposed`, the solution of ``rest * x = b + M' x``. Rows that can lose nothing at all (and, transposed,
    have no finite solution) get 0.
    """
    place = np.full(high - low, -1, np.int64)
    count = 0
    for i in range(low, high):
        if not held[i]:
            place[i - low] = count
            count += 1
    matrix, out, right = np.zeros((count, count)), np.zeros(count), np.zeros(count)
    for i in range(low, high):
        if held[i]:
            continue
        row = place[i - low]
        out[row] = leak[i]
        right[row] = b[i]
        for link in range(rows.start[i], rows.start[i + 1]):
            target = rows.target[link]
            inside = low <= target < high
            if inside and not held[target]:
                matrix[row, place[target - low]] += rows.share[link]
                continue
            out[row] += rows.share[link]
            if inside and not transposed:
                right[row] += rows.share[link] * x[target]
    pivot = np.zeros(count)
    for last in range(count - 1, -1, -1):
        total = out[last]
        for column in range(last):
            total += matrix[last, column]
        pivot[last] = total
        if total <= 0.0:
            continue
        for row in range(last):
            factor = matrix[row, last] / total
            if factor == 0.0:
                continue
            matrix[row, last] = factor
            for column in range(last):
                if column != row:
                    matrix[row, column] += factor * matrix[last, column]
            out[row] += factor * out[last]
            if not transposed:
                right[row] += factor * right[last]
    z = np.zeros(count)
    if transposed:
        for i in range(count - 1, -1, -1):
            total = right[i]
            for row in range(i + 1, count):
                total += matrix[row, i] * z[row]
            z[i] = total / pivot[i] if pivot[i] > 0.0 else 0.0
        for i in range(count):
            for row in range(i):
                z[i] += matrix[row, i] * z[row]
    else:
        for i in range(count):
            total = right[i]
            for column in range(i):
                total += matrix[i, column] * z[column]
            z[i] = total / pivot[i] if pivot[i] > 0.0 else 0.0
    for i in range(low, high):
        if not held[i]:
            x[i] = z[place[i - low]]
