"""What is looked at before a program is handed to a solver: solvers answer poisoned programs with "optimal"."""

from __future__ import annotations

import numpy as np

from reshore.errors import Place, Problem
from reshore.optimize.program import Program

SMALLEST, LARGEST = 1e-9, 1e9
SHOWN = 20


def screen(program: Program) -> list[Problem]:
    """Why `program` must not be solved: no numbers, magnitudes that a solver drops, rows that nothing can meet."""
    problems: list[Problem] = []

    def refuse(code: str, place: str, found: str, expected: str, fix: str) -> None:
        if len(problems) < SHOWN:
            problems.append(Problem(code, Place("program", 0, place), found, expected, fix))

    def columns(bad: np.ndarray, code: str, what: str, values: np.ndarray, expected: str, fix: str) -> None:
        for column in np.flatnonzero(bad):
            refuse(code, program.column_says(int(column)), f"{what} {values[column]:g}", expected, fix)

    def rows(bad: np.ndarray, code: str, what: str, values: np.ndarray, expected: str, fix: str) -> None:
        for row in np.flatnonzero(bad):
            refuse(code, program.row_says(int(row)), f"{what} {values[row]:g}", expected, fix)

    finite, number = "a finite number", "correct the data that it was made of"
    columns(~np.isfinite(program.cost), "not-finite", "cost", program.cost, finite, number)
    columns(
        np.isnan(program.low) | (program.low == np.inf),
        "not-finite",
        "lower bound",
        program.low,
        "a number or -inf",
        number,
    )
    columns(
        np.isnan(program.high) | (program.high == -np.inf),
        "not-finite",
        "upper bound",
        program.high,
        "a number or inf",
        number,
    )
    rows(
        np.isnan(program.row_low) | (program.row_low == np.inf),
        "not-finite",
        "lower side",
        program.row_low,
        "a number or -inf",
        number,
    )
    rows(
        np.isnan(program.row_high) | (program.row_high == -np.inf),
        "not-finite",
        "upper side",
        program.row_high,
        "a number or inf",
        number,
    )
    units = "choose units in which amounts are near 1"
    data = program.matrix.data
    entry_rows = np.repeat(np.arange(program.n_rows), np.diff(program.matrix.indptr))
    size = np.abs(data)
    for entry in np.flatnonzero(~np.isfinite(data) | (size > LARGEST) | (size < SMALLEST)):
        code = "not-finite" if not np.isfinite(data[entry]) else "bad-magnitude"
        found = f"coefficient {data[entry]:g} of {program.column_says(int(program.matrix.indices[entry]))}"
        refuse(code, program.row_says(int(entry_rows[entry])), found, "1e-9 to 1e9 in size", units)
    if problems:
        return problems
    too_large = "at most 1e9 in size, or infinite"
    cost_size = np.abs(program.cost)
    columns(
        (cost_size > LARGEST) | ((cost_size > 0) & (cost_size < SMALLEST)),
        "bad-magnitude",
        "cost",
        program.cost,
        "1e-9 to 1e9 in size",
        units,
    )
    for name, values in (("lower bound", program.low), ("upper bound", program.high)):
        columns(np.isfinite(values) & (np.abs(values) > LARGEST), "bad-magnitude", name, values, too_large, units)
    for name, values in (("lower side", program.row_low), ("upper side", program.row_high)):
        rows(np.isfinite(values) & (np.abs(values) > LARGEST), "bad-magnitude", name, values, too_large, units)
    columns(
        program.low > program.high,
        "empty-range",
        "lower bound",
        program.low,
        "at most the upper bound",
        "correct one of the bounds",
    )
    rows(
        program.row_low > program.row_high,
        "empty-range",
        "lower side",
        program.row_low,
        "at most the upper side",
        "correct one of the sides",
    )
    empty = np.diff(program.matrix.indptr) == 0
    rows(
        empty & (program.row_low > 0),
        "empty-requirement",
        "nothing can give",
        program.row_low,
        "variables that can meet it",
        "add a supplier, or take out the need",
    )
    rows(
        empty & (program.row_high < 0),
        "empty-requirement",
        "nothing can give",
        program.row_high,
        "variables that can meet it",
        "add a supplier, or take out the need",
    )
    return problems
