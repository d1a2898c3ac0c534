"""`Losses`: what each set of strikers costs, computed once, and the bounds that the plans behind them give."""

from __future__ import annotations

from typing import Any

import numpy as np

from reshore.errors import SolverError
from reshore.optimize import Program, Session, Solution, solve
from reshore.stress.worst_cut.bound import Follow, PlanCut
from reshore.stress.worst_cut.strikes import Members, Strikes

KEPT_SIZE = 3
"""Bases of smaller sets are kept: larger ones start from them."""


class Losses:
    """Losses of sets, each computed once and verified; searches over the same strikes can share them."""

    def __init__(self, strikes: Strikes) -> None:
        self.strikes = strikes
        self.cuts: list[PlanCut] = []
        self.known: dict[Members, float] = {}
        self._bases: dict[Members, Any] = {}
        self._session = Session(strikes.program, None, strikes.options)
        self._follow = Follow(strikes)

    def __call__(self, members: Members) -> float:
        """What the set costs: what is at stake less the best that can be done without it."""
        if members not in self.known:
            program = self.strikes.figures(members)
            solution = self._answer(members, program)
            forgone = float(self.strikes.forgone[list(members)].sum())
            loss = self.strikes.at_stake - forgone - solution.objective
            self.known[members] = loss
            self.cuts.append(self._follow.cut(members, program, solution.x, loss))
        return self.known[members]

    def bound(self, members: Members) -> float:
        """What the set can cost at the most, as far as the plans that were seen tell."""
        inside = list(members)
        return min((cut.constant + float(cut.slope[inside].sum()) for cut in self.cuts), default=np.inf)

    def _answer(self, members: Members, program: Program) -> Solution:
        """The best that can be done without `members`: from the basis of the set without one of them, or from none."""
        fewer = [tuple(other for other in members if other != member) for member in members]
        near = max((one for one in fewer if one in self._bases), key=lambda one: self.known[one], default=None)
        basis = self.strikes.basis if near is None else self._bases[near]
        session = self._session
        session.set_bounds(np.arange(program.n_columns), program.low, program.high)
        session.set_sides(np.arange(program.n_rows), program.row_low, program.row_high)
        if basis is not None:
            session.start_at(basis)
        try:
            solution = solve(session)
        except SolverError:
            return solve(program)
        if len(members) < KEPT_SIZE:
            self._bases[members] = session.basis
        return solution
