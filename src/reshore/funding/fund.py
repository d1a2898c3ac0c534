"""The plan that buys most security for a budget, with proof, and what stands around it.

Value is that of the flow program itself: what a plan adds to service in every outlook, by their odds, in millions of US
dollars. Each plan comes with the bound that no other plan can pass; the distance to it is the certified gap.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from reshore.errors import InfeasibleError, NoAnswerError
from reshore.flow.security import Security
from reshore.funding.choice import build_choice, read_plan
from reshore.funding.portfolio import Candidate, Choice, Offer, Plan, Rules
from reshore.optimize import Limits, solve
from reshore.optimize.program import Floats
from reshore.optimize.two_stage import NOISE, Cuts, Decision, Evaluator, Method, TwoStage, bent_odds, solve_two_stage

GAP = 1e-4
"""Relative gap at which the search for a plan stops unless asked for less."""


@dataclass(frozen=True)
class Funded:
    """A plan with its worth and proof.

    ``decision`` is the plan as the search found it, in the columns of its choice. ``worth`` is what the plan adds to
    service, ``bound`` what no plan under the same rules can pass, both in USD million; ``by_outlook`` (n_outlooks,)
    what it adds in each.
    """

    plan: Plan
    decision: Floats
    built: Floats
    worth: float
    bound: float
    by_outlook: Floats
    method: Method
    rounds: int

    @property
    def gap_share(self) -> float:
        """The certified gap: by how much at most a better plan could be better, as a share of the bound.

        So a plan that is worth nothing while the bound is above it has a gap of 1, however little the bound is.
        """
        gap = self.bound - self.worth
        return gap / max(abs(self.bound), abs(self.worth)) if gap > 1e-9 else 0.0


@dataclass(frozen=True)
class Step:
    """One budget on the frontier: what it buys, and which projects enter and leave against the budget before."""

    budget: float
    funded: Funded
    enters: tuple[str, ...]
    leaves: tuple[str, ...]


class Fund:
    """Candidates and offers on one security program.

    Parameters
    ----------
    security
        Outlooks, and one project per candidate, in the same order.
    candidates, offers, rules
        What can be chosen and under which terms.
    gap_share, limits, method
        When the search stops, and how it goes; see `solve_two_stage`.
    kin
        Another fund whose solver sessions are used where outlooks share a situation.
    """

    def __init__(
        self, security: Security, candidates: Sequence[Candidate], offers: Sequence[Offer], rules: Rules,
        gap_share: float = GAP, limits: Limits | None = None, method: Method | None = None, kin: Fund | None = None,
    ) -> None:  # fmt: skip
        assert len(candidates) == len(security.projects)
        self.security, self.candidates, self.offers, self.rules = security, tuple(candidates), tuple(offers), rules
        self._gap, self._limits, self._method, self._kin = gap_share, limits, method, kin

    @cached_property
    def _open(self) -> Choice:
        """The choice without budgets and other rules: its columns are those of every other choice."""
        return build_choice(self.candidates, self.offers, Rules(()))

    @cached_property
    def _cuts(self) -> Cuts:
        """What all searches learn of the outlooks."""
        kin = None if self._kin is None else self._kin.evaluator
        return Cuts(self.security.program(self._open.program, self._open.built), kin)

    @cached_property
    def _place(self) -> Mapping[str, int]:
        """Position of each candidate."""
        return {candidate.name: number for number, candidate in enumerate(self.candidates)}

    def _project(self, name: str) -> str:
        """The project of a candidate."""
        return self.candidates[self._place[name]].key

    @property
    def evaluator(self) -> Evaluator:
        """The sessions in which outlooks are solved."""
        return self._cuts.evaluator

    @cached_property
    def nothing(self) -> Decision:
        """What happens when nothing is built."""
        return self._at(np.zeros(len(self.candidates)))

    def _at(self, built: Floats) -> Decision:
        x = np.zeros(self._open.program.n_columns)
        x[self._open.built] = built
        return self._cuts.evaluator.at(x)

    def objective(self, built: Floats) -> float:
        """What is not served when parts of the candidates are built, by odds: less by what they are worth."""
        return self._at(np.asarray(built, dtype=np.float64)).objective

    def worth(self, built: Floats) -> tuple[float, Floats]:
        """What building parts of the candidates adds to service: by odds, and in each outlook."""
        found = self._at(np.asarray(built, dtype=np.float64))
        return self.nothing.objective - found.objective, self.nothing.costs - found.costs

    def worth_if(
        self, built: Floats, profiles: Sequence[Floats], standing: Sequence[Floats | None] | None = None
    ) -> float:
        """What a plan would add if projects brought other capacity, and those that stand whatever is decided as well.

        `profiles` (n_projects, n_months) and `standing` (n_standing, n_months) are by outlook; by default those that
        stand bring what they do.
        """
        kept, outlooks = np.flatnonzero(built > 0), self.security.outlooks
        stand = [outlook.standing for outlook in outlooks] if standing is None else standing
        security = replace(
            self.security,
            outlooks=tuple(
                replace(outlook, profiles=brought[kept], standing=stands)
                for outlook, brought, stands in zip(outlooks, profiles, stand, strict=True)
            ),
            projects=tuple(self.security.projects[place] for place in kept),
            kin=self.security,
        )
        other = Fund(security, [self.candidates[place] for place in kept], (), Rules(()), kin=self)
        return other.worth(built[kept])[0]

    def best(self, rules: Rules | None = None) -> Funded:
        """The best plan under `rules`, by default those of the fund, without projects that bring nothing.

        Raises
        ------
        InfeasibleError
            No plan meets the rules; the conflict in words, and the cheapest way out.
        """
        asked = rules or self.rules
        found = self._sought(asked)
        for name in self._idle(found, asked):
            without = replace(asked, must_not=asked.must_not | {self._project(name)})
            try:
                fewer = self._sought(without)
            except NoAnswerError:  # it may bring nothing and still be what a quota asks for
                continue
            if fewer.worth >= found.worth - self._noise:
                asked, found = without, replace(fewer, bound=max(found.bound, fewer.worth))
        return found

    @property
    def _noise(self) -> float:
        """What solving leaves of zero in a difference of worth, in USD million."""
        return NOISE * max(1.0, float(np.abs(self.nothing.costs).max(initial=0.0)))

    def _idle(self, funded: Funded, rules: Rules) -> list[str]:
        """Projects of a plan that are not decided and whose absence costs nothing, each when the others stay.

        Worth is concave: who has a price at the plan brings something, and is not looked at.
        """
        decision = self._at(funded.built)
        scenarios = self._cuts.evaluator.program.scenarios
        rise = sum(
            weight * (scenario.technology.T @ duals)
            for weight, duals, scenario in zip(decision.weights, decision.duals, scenarios, strict=True)
        )
        price = dict(zip((one.name for one in self.candidates), np.asarray(rise)[self._open.built], strict=True))
        return [
            name
            for name, part in zip(funded.plan.built, funded.plan.parts, strict=True)
            if self._project(name) not in rules.must
            and price[name] * part <= self._noise
            and self._lost_without(name, funded) <= self._noise
        ]

    def _lost_without(self, name: str, funded: Funded) -> float:
        """What a plan is worth more than the same plan without one project."""
        rest = {n: part for n, part in zip(funded.plan.built, funded.plan.parts, strict=True) if n != name}
        return funded.worth - self.worth(self.parts(rest))[0]

    def bound(self, known: Funded) -> float:
        """What no plan under the rules of the fund can pass; a plan that meets them is where the search starts."""
        return self._sought(self.rules, known).bound

    def best_at(self, odds: Floats, known: Funded) -> Funded:
        """The best plan at other `odds`, (n_outlooks,), with its worth and bound there, from a `known` one.

        A plan adds to service in every outlook or leaves it as it is. So where odds lie in ranges, the best plan at
        their low ends is the one whose least worth over the ranges is greatest.
        """
        return self._sought(self.rules, known, odds)

    def _sought(self, rules: Rules, known: Funded | None = None, odds: Floats | None = None) -> Funded:
        """The best plan that the search finds under `rules`, from one that is `known` to meet them."""
        choice = build_choice(self.candidates, self.offers, rules)
        program, nothing = self.security.program(choice.program, choice.built), self.nothing.objective
        if odds is not None:
            program, nothing = _at_odds(program, odds), self._risky(self.nothing.costs, odds)
        try:
            if self._method == "extensive":
                found = solve_two_stage(program, "extensive", self._gap, self._limits)
            else:
                start = None if known is None else known.decision
                found = self._cuts.solve(program, self._gap, self._limits, nothing, start)
        except InfeasibleError:
            solve(choice.program, self._limits)  # the decision alone knows which of its rules may give way
            raise
        plan = read_plan(choice, found.x)
        built = self.parts(dict(zip(plan.built, plan.parts, strict=True)))
        worth, by_outlook = self.worth(built)
        if odds is not None:
            worth = self.worth_at_odds(by_outlook, odds)
        # Thrift counts against every plan, and against another one by at most what all its deals could cost.
        most = [offer.most(self.candidates[self._place[offer.candidate]]) for offer in choice.offers]
        thrift = float(choice.program.cost[choice.amount] @ np.array(most))
        bound = nothing - found.bound + thrift
        return Funded(plan, found.x, built, worth, max(bound, worth), by_outlook, found.method, found.rounds)

    def parts(self, built: Mapping[str, float]) -> Floats:
        """Parts by name as an array over candidates."""
        return np.array([built.get(candidate.name, 0.0) for candidate in self.candidates])

    def frontier(self, budgets: Sequence[float], pool: str) -> tuple[Step, ...]:
        """The best plan for each of several budgets of one pool's face value, in rising order.

        Budgets with which no plan meets the rules are left out. A plan stays possible when there is more money, so
        within the gap of the search an earlier one may be the best that is known.
        """
        steps: list[Step] = []
        for budget in sorted(budgets):
            pools = tuple(one.scaled(budget) if one.name == pool else one for one in self.rules.pools)
            try:
                funded = self.best(replace(self.rules, pools=pools))
            except NoAnswerError:
                continue
            if steps and steps[-1].funded.worth > funded.worth:
                before_it = steps[-1].funded
                funded = replace(before_it, bound=max(funded.bound, before_it.worth))
            before = set(steps[-1].funded.plan.projects) if steps else set()
            now = set(funded.plan.projects)
            steps.append(Step(budget, funded, tuple(sorted(now - before)), tuple(sorted(before - now))))
        return tuple(steps)

    def removals(self, funded: Funded) -> pl.DataFrame:
        """What each funded project's absence costs when nothing takes its place, largest first."""
        rows = []
        for name in funded.plan.built:
            rows.append((name, self._lost_without(name, funded)))
        frame = pl.DataFrame(rows, schema={"candidate": pl.String, "lost_usd_m": pl.Float64}, orient="row")
        return frame.sort("lost_usd_m", "candidate", descending=[True, False])

    def second_best(self, funded: Funded) -> Funded | None:
        """The best plan that leaves out some project of this one; ``None`` where there is none.

        With divisible projects, the best plan without the project that matters most of those that are not decided.
        """
        if not funded.plan.built:
            return None
        if self.rules.divisible:
            order = [self._project(name) for name in self.removals(funded)["candidate"]]
            free = [project for project in order if project not in self.rules.must]
            if not free:
                return None
            rules = replace(self.rules, must_not=self.rules.must_not | {free[0]})
        else:
            rules = replace(self.rules, forbidden=(*self.rules.forbidden, frozenset(funded.plan.projects)))
        try:
            return self.best(rules)
        except NoAnswerError:
            return None

    def regret(self, funded: Funded) -> pl.DataFrame:
        """Per outlook, what the plan brings beside the best plan for that outlook alone.

        Returns
        -------
        pl.DataFrame
            One row per ``outlook``: ``worth_usd_m``, ``best_usd_m`` and ``regret_usd_m``, all in that outlook.
        """
        rows = []
        choice = build_choice(self.candidates, self.offers, self.rules)
        program = self.security.program(choice.program, choice.built)
        for number, outlook in enumerate(self.security.outlooks):
            only = (np.arange(len(program.scenarios)) == number).astype(np.float64)
            alone = replace(_at_odds(program, only), risk_weight=0.0)
            nothing = float(self.nothing.costs[number])
            found = self._cuts.solve(alone, self._gap, self._limits, nothing, funded.decision)
            worth = float(funded.by_outlook[number])
            best = float(self.nothing.costs[number] - found.costs[number])
            rows.append((outlook.name, worth, max(best, worth), max(0.0, best - worth)))
        names = ("worth_usd_m", "best_usd_m", "regret_usd_m")
        return pl.DataFrame(rows, schema={"outlook": pl.String, **dict.fromkeys(names, pl.Float64)}, orient="row")

    def odds_range(self, built: Floats, low: Floats, high: Floats) -> tuple[float, float]:
        """The least and the greatest worth of a plan when the odds of scenarios lie anywhere between `low` and `high`.

        `low` and `high` (n_scenarios,) are of scenarios whose outlooks follow one another, equally many and likely; the
        last outlook takes what they leave, as "nothing happens" does. With a weight on risk these are the worths at
        the odds between which the mean lies, and the range holds the worth at the odds as they are.
        """
        worth, by_outlook = self.worth(built)
        gains = by_outlook[:-1].reshape(low.size, -1).mean(axis=1) - by_outlook[-1]
        ends = [
            self.worth_at_odds(by_outlook, self.spread(odds))
            for odds in (extreme_odds(-gains, low, high), extreme_odds(gains, low, high))
        ]
        return min(*ends, worth), max(*ends, worth)

    def spread(self, odds: Floats) -> Floats:
        """Odds of scenarios over their outlooks, the rest on the last: from (n_scenarios,) to (n_outlooks,)."""
        each = (len(self.security.outlooks) - 1) // odds.size
        return np.append(np.repeat(odds / each, each), max(0.0, 1.0 - math.fsum(odds)))

    def worth_at_odds(self, by_outlook: Floats, odds: Floats) -> float:
        """What a plan that adds `by_outlook` is worth at other `odds`, both (n_outlooks,), as risk bends them."""
        return self._risky(self.nothing.costs, odds) - self._risky(self.nothing.costs - by_outlook, odds)

    def _risky(self, costs: Floats, odds: Floats) -> float:
        security = self.security
        return math.fsum(bent_odds(costs, odds, security.risk_weight, security.risk_level) * costs)


def _at_odds(program: TwoStage, odds: Floats) -> TwoStage:
    """The program with other odds of its scenarios."""
    pairs = zip(program.scenarios, odds.tolist(), strict=True)
    return replace(program, scenarios=tuple(replace(scenario, odds=share) for scenario, share in pairs))


def extreme_odds(gains: Floats, low: Floats, high: Floats) -> Floats:
    """The odds between `low` and `high`, summing to at most 1, with the greatest expected gain.

    Every scenario has its low odds; what is left goes to the greatest gains first, as far as they gain at all.

    Examples
    --------
    The second scenario keeps its 0.3, so the first cannot have more than 0.7:

    >>> extreme_odds(np.array([5.0, 1.0]), np.array([0.1, 0.3]), np.array([0.9, 0.4])).round(3).tolist()
    [0.7, 0.3]
    """
    odds = low.astype(np.float64)
    room = 1.0 - math.fsum(odds)
    for k in np.argsort(-gains, kind="stable"):
        if gains[k] > 0:
            more = max(0.0, min(float(high[k] - low[k]), room))
            odds[k] += more
            room -= more
    return odds
