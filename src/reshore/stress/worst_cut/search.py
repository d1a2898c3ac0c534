"""The sets whose loss hurts most, and the smallest set that hurts so much: found, bounded, and told apart.

``max over Z of loss(Z)``, where every loss is itself an optimum: the best that can be done without ``Z``. Each set that
is looked at gives a bound on all others (`reshore.stress.worst_cut.bound`). A master program over whole numbers
proposes the set of the highest bound; it is looked at; its own bound is added; and so on until no set can be worse
than the worst that was found. The bound at a set is its loss, so the search ends, at the latest after every set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reshore.errors import InfeasibleError
from reshore.stress.worst_cut.greedy import greedy
from reshore.stress.worst_cut.losses import Losses
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


def worst_cuts(strikes: Strikes | Losses, rules: Rules, count: int = 1) -> WorstCuts:
    """The `count` sets that cost most, each with its proof.

    Members without whom a set costs as much are left out of it, so that a listed cut has no idle members. Questions
    about the same strikes share `Losses`.

    Raises
    ------
    InputError
        When the rules name strikers that are not there.
    """
    losses = strikes if isinstance(strikes, Losses) else Losses(strikes)
    search = _Search(losses, rules)
    allowed, stake = search.allowed, losses.strikes.at_stake
    first = greedy(losses, allowed.count, allowed.most, allowed, losses.bound)
    master = master_of(allowed, stake)
    cuts: list[WorstCut] = []
    while len(cuts) < count:
        found = search.worst(master)
        if found is None:
            break
        cuts.append(found)
    unit = losses.strikes.unit
    return WorstCuts(tuple(cuts), search.names(first), losses(first) * unit, stake * unit)


def smallest_cut(strikes: Strikes | Losses, loss_share: float, rules: Rules | None = None) -> WorstCut:
    """The set of least weight that costs at least `loss_share` of what is at stake.

    Here ``bound`` is the least weight that any such set can have; the cut is proved when its own is no more.

    Raises
    ------
    InfeasibleError
        When no set that the rules allow costs so much.
    """
    losses = strikes if isinstance(strikes, Losses) else Losses(strikes)
    search = _Search(losses, rules or Rules())
    stake = losses.strikes.at_stake
    target = loss_share * stake * (1 - CLOSED)
    return search.smallest(master_of(search.allowed, stake, target), target)


class _Search:
    """The sets that the rules allow, told apart by their losses."""

    def __init__(self, losses: Losses, rules: Rules) -> None:
        self.loss, self.rules, self.strikes = losses, rules, losses.strikes
        self.allowed = allowed_by(rules, losses.strikes)
        self._most_known = len(losses.known) + rules.evaluations
        self._excluded: set[Members] = set()

    def names(self, members: Members) -> tuple[str, ...]:
        """Names of strikers."""
        return tuple(self.strikes.strikers[member] for member in members)

    def worst(self, master: Master) -> WorstCut | None:
        """The worst set that is not excluded yet; from then on it is. ``None`` when none is left that costs a thing."""
        while True:
            members, loss, bound = self._settle(master)
            if members is None or loss <= CLOSED * self.strikes.at_stake:
                return None
            needed = self._needed(members, loss)
            is_new = needed not in self._excluded
            for found in {members, needed} - self._excluded:
                self._excluded.add(found)
                master.exclude(found)
            if is_new:
                return self._proved(needed, bound)

    def _settle(self, master: Master) -> tuple[Members | None, float, float]:
        """The worst set that is left, its loss, and what none that is left can exceed."""
        bound = np.inf
        while True:
            members, loss = self._worst_known()
            proposal = master.propose(self.loss.cuts, loss)
            if proposal is None:
                return members, loss, loss
            bound = min(bound, proposal[0])
            is_closed = bound <= loss + CLOSED * max(abs(loss), abs(bound))
            if is_closed or proposal[1] in self.loss.known or len(self.loss.known) >= self._most_known:
                return members, loss, max(bound, loss)
            self.loss(proposal[1])

    def _worst_known(self) -> tuple[Members | None, float]:
        """The set of the highest loss; of equals that of the fewest and first members."""
        left = {
            members: loss
            for members, loss in self.loss.known.items()
            if members not in self._excluded and self.allowed(members)
        }
        if not left:
            return None, -np.inf
        most = max(left.values())
        equal = [members for members, loss in left.items() if loss >= most - 1e-9 * abs(most)]
        return min(equal, key=lambda members: (len(members), members)), most

    def _needed(self, members: Members, loss: float) -> Members:
        """The set without members that add nothing to its loss."""
        for member in members:
            fewer = tuple(other for other in members if other != member)
            if self.loss(fewer) >= loss * (1 - CLOSED):
                return self._needed(fewer, loss)
        return members

    def _proved(self, members: Members, bound: float) -> WorstCut:
        loss, unit = self.loss.known[members], self.strikes.unit
        bound = max(bound, loss)
        gap = (bound - loss) / max(abs(bound), 1e-300)
        is_proved = gap <= CLOSED
        return WorstCut(
            self.names(members), loss * unit, bound * unit, 0.0 if is_proved else gap, is_proved, len(self.loss.known)
        )

    def smallest(self, master: Master, target: float) -> WorstCut:
        """The set of least weight that costs at least `target`."""
        asked = f"cost at least {target / self.strikes.at_stake:.3g} of what is at stake"
        while True:
            proposal = master.propose(self.loss.cuts, target)
            if proposal is None:
                known = [loss for members, loss in self.loss.known.items() if self.allowed(members)]
                share = max(known, default=0.0) / self.strikes.at_stake
                says = f"no set that the rules allow does; the worst that was looked at costs {share:.3g} of it"
                raise InfeasibleError([asked, says])
            least, members = proposal
            if self.loss(members) >= target:
                weight = float(self.allowed.weights[list(members)].sum())
                gap = max(weight - least, 0.0) / max(weight, 1e-300)
                loss = self.loss(members) * self.strikes.unit
                return WorstCut(self.names(members), loss, least, gap, gap <= CLOSED, len(self.loss.known))
            if len(self.loss.known) >= self._most_known:
                says = f"look at no more than {self.rules.evaluations} sets"
                raise InfeasibleError([asked, says], [f"no set of a weight below {least:g} does; look at more sets"])
