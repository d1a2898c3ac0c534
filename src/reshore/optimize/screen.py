"""What is looked at before a program is handed to a solver: solvers answer poisoned programs with "optimal".

HiGHS, for one, takes a cost that is not a number, drops rows with coefficients of 1e15 and coefficients of 1e-12, and
reports an optimum of what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reshore.errors import Place, Problem
from reshore.optimize.program import Floats, Program

SMALLEST, LARGEST = 1e-9, 1e9
SHOWN = 20


@dataclass(frozen=True)
class _Finding:
    """Where something is wrong: `bad` marks rows or columns, `says` explains the k-th of them."""

    bad: NDArray[np.bool_]
    says: Callable[[int], str]
    code: str
    what: str
    values: Floats
    expected: str
    fix: str


def screen(program: Program) -> list[Problem]:
    """Why `program` must not be solved: no numbers, magnitudes that a solver drops, rows that nothing can meet.

    At most twenty problems, each with the sentence of its variable or requirement.
    """
    problems = _shown(_not_numbers(program), _bad_entries(program))
    return problems or _shown(_bad_sizes(program), iter(()))


def _shown(findings: Iterator[_Finding], more: Iterator[Problem]) -> list[Problem]:
    problems: list[Problem] = []
    for one in findings:
        for index in np.flatnonzero(one.bad)[: SHOWN - len(problems)]:
            place = Place("program", 0, one.says(int(index)))
            problems.append(Problem(one.code, place, f"{one.what} {one.values[index]:g}", one.expected, one.fix))
    return [*problems, *(problem for problem, _ in zip(more, range(SHOWN - len(problems)), strict=False))]


def _not_numbers(program: Program) -> Iterator[_Finding]:
    p, fix = program, "correct the data that it was made of"
    cost_is_bad = ~np.isfinite(p.cost)
    yield _Finding(cost_is_bad, p.column_says, "not-finite", "cost", p.cost, "a finite number", fix)
    for what, says, low, high in (
        ("bound", p.column_says, p.low, p.high),
        ("side", p.row_says, p.row_low, p.row_high),
    ):
        bad_low, bad_high = np.isnan(low) | (low == np.inf), np.isnan(high) | (high == -np.inf)
        yield _Finding(bad_low, says, "not-finite", f"lower {what}", low, "a number or -inf", fix)
        yield _Finding(bad_high, says, "not-finite", f"upper {what}", high, "a number or inf", fix)


def _bad_entries(program: Program) -> Iterator[Problem]:
    data, indices = program.matrix.data, program.matrix.indices
    size = np.abs(data)
    rows = np.repeat(np.arange(program.n_rows), np.diff(program.matrix.indptr))
    for entry in np.flatnonzero(~((size >= SMALLEST) & (size <= LARGEST))):
        yield Problem(
            "bad-magnitude" if np.isfinite(data[entry]) else "not-finite",
            Place("program", 0, program.row_says(int(rows[entry]))),
            f"coefficient {data[entry]:g} of {program.column_says(int(indices[entry]))}",
            f"{SMALLEST:g} to {LARGEST:g} in size",
            "choose units in which amounts are near 1",
        )


def _bad_sizes(program: Program) -> Iterator[_Finding]:
    p, units = program, "choose units in which amounts are near 1"
    size = np.abs(p.cost)
    outside = (size > LARGEST) | ((size > 0) & (size < SMALLEST))
    yield _Finding(
        outside, p.column_says, "bad-magnitude", "cost", p.cost, f"{SMALLEST:g} to {LARGEST:g} in size", units
    )
    empty = np.diff(p.matrix.indptr) == 0
    for what, says, low, high in (
        ("bound", p.column_says, p.low, p.high),
        ("side", p.row_says, p.row_low, p.row_high),
    ):
        for end, values in (("lower", low), ("upper", high)):
            outside = np.isfinite(values) & (np.abs(values) > LARGEST)
            expected = f"at most {LARGEST:g} in size, or infinite"
            yield _Finding(outside, says, "bad-magnitude", f"{end} {what}", values, expected, units)
        fix = f"correct one of the {what}s"
        yield _Finding(low > high, says, "empty-range", f"lower {what}", low, f"at most the upper {what}", fix)
    for unmet, side in ((empty & (p.row_low > 0), p.row_low), (empty & (p.row_high < 0), p.row_high)):
        expected, fix = "variables that can meet it", "add a supplier, or take out the need"
        yield _Finding(unmet, p.row_says, "empty-requirement", "nothing can give", side, expected, fix)
