"""The sets whose loss hurts most, and the smallest set that hurts so much: found, bounded, and told apart.

``max over Z of loss(Z)``, where every loss is itself an optimum: the best that can be done without ``Z``. Each set that
is looked at gives a bound on all others (`reshore.stress.worst_cut.bound`). A master program over whole numbers
proposes the set of the highest bound; it is looked at; its own bound is added; and so on until no set can be worse
than the worst that was found. The bound at a set is its loss, so the search ends, at the latest after every set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reshore.errors import InfeasibleError, SolverError
from reshore.optimize import Program, Session, Solution, solve
from reshore.stress.worst_cut.bound import Follow, PlanCut
from reshore.stress.worst_cut.greedy import greedy
from reshore.stress.worst_cut.masters import Master, master_of
from reshore.stress.worst_cut.rules import Rules, allowed_by
from reshore.stress.worst_cut.strikes import Members, Strikes

CLOSED = 1e-6
"""Gap, relative to the loss, at which a cut counts as proved: the tolerance of every optimum here."""


@dataclass(frozen=True)
class WorstCut:
    """A set of strikers, what it costs, and how sure it is that no other set costs more.

    ``bound`` is what no set (for a list: none that is not above it in the list) can cost more than; ``gap_share`` the
    distance relative to the bound; ``proved`` that it is nil. ``evaluations`` counts the sets whose loss was computed
    until then.
    """

    members: tuple[str, ...]
    loss: float
    bound: float
    gap_share: float
    proved: bool
    evaluations: int


@dataclass(frozen=True)
class WorstCuts:
    """The worst cuts in order, and what greedy would have named: it guarantees nothing where there are substitutes."""

    cuts: tuple[WorstCut, ...]
    greedy: tuple[str, ...]
    greedy_loss: float
    at_stake: float


def worst_cuts(strikes: Strikes, rules: Rules, count: int = 1) -> WorstCuts:
    """The `count` sets that cost most, each with its proof.

    Members without whom a set costs as much are left out of it, so that a listed cut has no idle members.

    Raises
    ------
    InputError
        When the rules name strikers that are not there.
    """
    search = _Search(strikes, rules)
    allowed = search.allowed
    first = greedy(search.loss, allowed.count, allowed.most, allowed, search.bound)
    master = master_of(allowed, strikes.at_stake)
    cuts: list[WorstCut] = []
    while len(cuts) < count:
        found = search.worst(master)
        if found is None:
            break
        cuts.append(found)
    unit = strikes.unit
    return WorstCuts(tuple(cuts), search.names(first), search.loss(first) * unit, strikes.at_stake * unit)


def smallest_cut(strikes: Strikes, loss_share: float, rules: Rules | None = None) -> WorstCut:
    """The set of least weight that costs at least `loss_share` of what is at stake.

    Here ``bound`` is the least weight that any such set can have; the cut is proved when its own is no more.

    Raises
    ------
    InfeasibleError
        When no set that the rules allow costs so much.
    """
    search = _Search(strikes, rules or Rules())
    target = loss_share * strikes.at_stake * (1 - CLOSED)
    return search.smallest(master_of(search.allowed, strikes.at_stake, target), target)


class _Search:
    """Losses of sets, computed once, and the bounds that their plans give."""

    def __init__(self, strikes: Strikes, rules: Rules) -> None:
        self.strikes, self.rules = strikes, rules
        self.allowed = allowed_by(rules, strikes)
        self.cuts: list[PlanCut] = []
        self._known: dict[Members, float] = {}
        self._bases: dict[Members, Any] = {}
        self._excluded: set[Members] = set()
        self._session = Session(strikes.program, None, strikes.options)
        self._follow = Follow(strikes)

    def names(self, members: Members) -> tuple[str, ...]:
        """Names of strikers."""
        return tuple(self.strikes.strikers[member] for member in members)

    def loss(self, members: Members) -> float:
        """What the set costs: what is at stake less the best that can be done without it, verified."""
        if members not in self._known:
            program = self.strikes.figures(members)
            solution = self._answer(members, program)
            forgone = float(self.strikes.forgone[list(members)].sum())
            loss = self.strikes.at_stake - forgone - solution.objective
            self._known[members] = loss
            self.cuts.append(self._follow.cut(members, program, solution.x, loss))
        return self._known[members]

    def _answer(self, members: Members, program: Program) -> Solution:
        """The best that can be done without `members`: from the basis of the set without one of them, or from none."""
        fewer = [tuple(other for other in members if other != member) for member in members]
        near = max((one for one in fewer if one in self._bases), key=self.loss, default=None)
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
        if len(members) < self.allowed.most:
            self._bases[members] = session.basis
        return solution

    def bound(self, members: Members) -> float:
        """What the set can cost at the most, as far as the plans that were seen tell."""
        inside = list(members)
        return min((cut.constant + float(cut.slope[inside].sum()) for cut in self.cuts), default=np.inf)

    def worst(self, master: Master) -> WorstCut | None:
        """The worst set that is not excluded yet; from then on it is. ``None`` when no set is left."""
        bound = np.inf
        while True:
            members, loss = self._worst_known()
            proposal = master.propose(self.cuts, loss)
            if proposal is None:
                bound = loss
                break
            bound = min(bound, proposal[0])
            is_closed = bound <= loss + CLOSED * max(abs(loss), abs(bound))
            if is_closed or proposal[1] in self._known or len(self._known) >= self.rules.evaluations:
                break
            self.loss(proposal[1])
        if members is None or loss <= CLOSED * self.strikes.at_stake:
            return None
        needed = self._needed(members, loss)
        is_new = needed not in self._excluded
        for found in {members, needed} - self._excluded:
            self._excluded.add(found)
            master.exclude(found)
        return self._proved(needed, max(bound, loss)) if is_new else self.worst(master)

    def _worst_known(self) -> tuple[Members | None, float]:
        open_ = [
            (loss, members)
            for members, loss in self._known.items()
            if members not in self._excluded and self.allowed(members)
        ]
        loss, members = max(open_, key=lambda one: one[0], default=(-np.inf, None))
        return members, loss

    def _needed(self, members: Members, loss: float) -> Members:
        """The set without members that add nothing to its loss."""
        for member in members:
            fewer = tuple(other for other in members if other != member)
            if self.loss(fewer) >= loss * (1 - CLOSED):
                return self._needed(fewer, loss)
        return members

    def _proved(self, members: Members, bound: float) -> WorstCut:
        loss, unit = self._known[members], self.strikes.unit
        gap = (bound - loss) / max(abs(bound), 1e-300)
        is_proved = gap <= CLOSED
        return WorstCut(
            self.names(members), loss * unit, bound * unit, 0.0 if is_proved else gap, is_proved, len(self._known)
        )

    def smallest(self, master: Master, target: float) -> WorstCut:
        """The set of least weight that costs at least `target`."""
        asked = f"cost at least {target / self.strikes.at_stake:.3g} of what is at stake"
        while True:
            proposal = master.propose(self.cuts, target)
            if proposal is None:
                share = max(loss for members, loss in self._known.items() if self.allowed(members))
                says = f"no set that the rules allow does; the worst that was looked at costs {share:.3g}"
                raise InfeasibleError([asked, says])
            least, members = proposal
            if self.loss(members) >= target:
                weight = float(self.allowed.weights[list(members)].sum())
                gap = max(weight - least, 0.0) / max(weight, 1e-300)
                loss = self.loss(members) * self.strikes.unit
                return WorstCut(self.names(members), loss, least, gap, gap <= CLOSED, len(self._known))
            if len(self._known) >= self.rules.evaluations:
                says = f"look at no more than {self.rules.evaluations} sets"
                raise InfeasibleError([asked, says], [f"no set of a weight below {least:g} does; look at more sets"])
