"""`Strikes`: a program of what is served, who can be struck, and what each strike takes away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reshore.errors import InputError, Place, Problem
from reshore.optimize import Program
from reshore.optimize.program import Floats, Indices

Members = tuple[int, ...]
"""Positions of strikers, in order."""


@dataclass(frozen=True, eq=False)
class Strikes:
    """What each of some strikers takes away from a program that maximizes the value of what is served.

    The loss of a set of strikers is ``at_stake - Σ forgone - (the most that can be served without them)``.

    Attributes
    ----------
    strikers
        Their names.
    program
        The program with nobody struck. It has free disposal: variables are not negative, every requirement has one
        side, so that doing less of anything asks for nothing more than what feeds on it to do less as well.
    columns, rows
        Shapes (n_strikers, n_columns) and (n_strikers, n_rows): the most that a striker takes off the upper bound of a
        variable or the side of a requirement, whoever else is struck. Several together take at most the sum, and
        more strikers never leave more.
    figures
        The program when some are struck; its matrix and costs are those of `program`.
    forgone
        Shape (n_strikers,): value of what a striker would have been served itself and does not ask for when it is
        struck.
    at_stake
        The value served when all that is asked for is served.
    options, basis
        What speeds up the solver: options of a session, and a basis near that of every answer.
    unit
        What a unit of the program's objective is worth; losses are stated in it.
    """

    strikers: tuple[str, ...]
    program: Program
    columns: Floats
    rows: Floats
    figures: Callable[[Members], Program]
    forgone: Floats
    at_stake: float
    options: Mapping[str, Any] | None = None
    basis: Any = None
    unit: float = 1.0
    sign: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sign", np.where(np.isfinite(self.program.row_high), 1.0, -1.0))
        problems = list(_not_disposable(self))
        if problems:
            raise InputError(problems)

    def sides(self, program: Program) -> Floats:
        """The one side of each requirement of `program`, all read as ``terms ≤ side``."""
        return np.where(self.sign > 0, program.row_high, -program.row_low)


def strikes_on(
    program: Program,
    strikers: Sequence[str],
    columns: tuple[ArrayLike, ArrayLike, ArrayLike] = ((), (), ()),
    rows: tuple[ArrayLike, ArrayLike, ArrayLike] = ((), (), ()),
    at_stake: float = 0.0,
) -> Strikes:
    """Strikes that take amounts off capacities: ``u (1 - z)``.

    Parameters
    ----------
    program
        Maximizes what is served.
    columns, rows
        Three arrays each: position of the striker, variable or requirement, and how much of its upper bound or side the
        striker takes. What nothing is left of stays at zero.
    at_stake
        What is served at best when nobody is struck.
    """
    count = len(strikers)
    off_columns = _dense(columns, (count, program.n_columns))
    off_rows = _dense(rows, (count, program.n_rows))
    sign = np.where(np.isfinite(program.row_high), 1.0, -1.0)

    def figures(members: Members) -> Program:
        chosen = list(members)
        left = program.high - off_columns[chosen].sum(axis=0)
        side = np.where(sign > 0, program.row_high, -program.row_low)
        less = np.where(
            off_rows.any(axis=0), np.maximum(side - off_rows[chosen].sum(axis=0), np.minimum(side, 0)), side
        )
        return replace(
            program,
            high=np.where(off_columns.any(axis=0), np.maximum(left, 0.0), program.high),
            row_high=np.where(sign > 0, less, program.row_high),
            row_low=np.where(sign > 0, program.row_low, -less),
        )

    return Strikes(tuple(strikers), program, off_columns, off_rows, figures, np.zeros(count), at_stake)


def _dense(entries: tuple[ArrayLike, ArrayLike, ArrayLike], shape: tuple[int, int]) -> Floats:
    table = np.zeros(shape)
    who, where, amount = (np.asarray(part) for part in entries)
    np.add.at(table, (who.astype(np.int64), where.astype(np.int64)), amount)
    return table


def _not_disposable(strikes: Strikes) -> list[Problem]:
    """Why doing less might not be possible: the bound on what a set can cost would not hold."""
    program = strikes.program
    problems = []

    def refuse(place: str, found: str, expected: str) -> None:
        problems.append(
            Problem("not-disposable", Place("program", 0, place), found, expected, "state it with one side, or apart")
        )

    for column in np.flatnonzero(program.low != 0)[:3]:
        refuse(program.column_says(int(column)), f"lower bound {program.low[column]:g}", "zero")
    for row in np.flatnonzero(np.isfinite(program.row_low) & np.isfinite(program.row_high))[:3]:
        refuse(program.row_says(int(row)), "two sides", "one side")
    for column in np.flatnonzero(program.integer)[:3]:
        refuse(program.column_says(int(column)), "a whole number", "any number")
    if program.sign > 0:
        refuse("objective", "a program that minimizes", "one that maximizes what is served")
    for name, off in (("variables", strikes.columns), ("requirements", strikes.rows)):
        if not (np.isfinite(off).all() and (off >= 0).all()):
            refuse(name, "strikes that are negative or no numbers", "amounts that strikers take away")
    return problems


def members_of(strikes: Strikes, names: Sequence[str]) -> Members:
    """Positions of `names`."""
    place = {name: position for position, name in enumerate(strikes.strikers)}
    return tuple(sorted(place[name] for name in names))


def indices(strikes: Strikes, members: Members) -> Indices:
    """Positions of strikers that are not among `members`."""
    return np.setdiff1d(np.arange(len(strikes.strikers)), np.asarray(members, dtype=np.int64))
