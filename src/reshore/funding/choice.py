"""The first decision of a plan as a program: every plan that terms and budgets allow, and deals read from an answer.

Amounts are in millions of US dollars.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from reshore.funding.portfolio import NOTHING, Candidate, Choice, Deal, Offer, Plan, Rules, months_in_words
from reshore.optimize import Builder
from reshore.optimize.program import Floats, Indices


def build_choice(
    candidates: Sequence[Candidate], offers: Sequence[Offer], rules: Rules, thrift: float = 1e-6
) -> Choice:
    """The program of all plans that the terms and budgets allow; nothing is solved yet.

    Parameters
    ----------
    thrift
        What a dollar of subsidy counts against value: small, so that among plans of equal worth the cheapest is taken
        and no deal is made that brings nothing.
    """
    index = {candidate.name: number for number, candidate in enumerate(candidates)}
    kept = [offer for offer in offers if offer.is_possible(candidates[index[offer.candidate]])]
    rows = _Rows(candidates, kept, rules, np.array([index[offer.candidate] for offer in kept], dtype=np.int64), thrift)
    rows.terms()
    rows.one_award()
    rows.slowest_deals()
    rows.stacking()
    rows.exclusions()
    rows.budgets()
    rows.quotas()
    rows.decided()
    rows.other_plans()
    return Choice(tuple(candidates), tuple(kept), rules, rows.builder.build(), rows.built, rows.taken, rows.amount)


def read_plan(choice: Choice, x: Floats) -> Plan:
    """The deals of a solved choice, in whole dollars; no budget is exceeded by any of them."""
    parts = {c.name: float(x[column]) for c, column in zip(choice.candidates, choice.built, strict=True)}
    if not choice.rules.divisible:
        parts = {name: float(round(part)) for name, part in parts.items()}
    parts = {name: part for name, part in parts.items() if part > NOTHING}
    known = {candidate.name: candidate for candidate in choice.candidates}
    deals = [
        _deal(offer, known[offer.candidate], dollars / 1e6)
        for offer, dollars in zip(choice.offers, _in_dollars(choice, x), strict=True)
        if dollars > 0
    ]
    deals.sort(key=lambda deal: (deal.candidate, deal.instrument))
    return Plan(tuple(parts), tuple(parts.values()), tuple(deals), tuple(known[name].key for name in parts))


def _deal(offer: Offer, candidate: Candidate, amount: float) -> Deal:
    subsidy = amount * offer.subsidy_rate
    return Deal(offer.candidate, offer.instrument, amount, subsidy, candidate.year, subsidy * candidate.present)


def _in_dollars(choice: Choice, x: Floats) -> list[int]:
    """Amounts of offers in whole dollars.

    What solving and rounding put over a budget comes off its largest deal; off one that is made whole or not at all
    only where there is no other.
    """
    dollars = [
        round(1e6 * min(max(float(x[column]), offer.low), offer.high)) if x[column] > NOTHING else 0
        for offer, column in zip(choice.offers, choice.amount, strict=True)
    ]
    years = {candidate.name: candidate.year for candidate in choice.candidates}
    for name, kept in choice.rules.limits:
        takes = [
            offer.takes(name) if kept.holds(years[offer.candidate]) else (Fraction(0), Fraction(0))
            for offer in choice.offers
        ]
        for limit, kind in ((kept.face, 0), (kept.subsidy, 1)):
            if limit is None:
                continue
            shares = [deal * rates[kind] for deal, rates in zip(dollars, takes, strict=True)]
            over = sum(shares, Fraction(0)) - Fraction(str(limit)) * 1_000_000
            if over > 0:
                can_shrink = [offer.low < offer.high for offer in choice.offers]
                _, share, place = max((can_shrink[k] and share > 0, share, -k) for k, share in enumerate(shares))
                dollars[-place] -= math.ceil(over * dollars[-place] / share)
    return dollars


class _Rows:
    """Writes the requirements of a choice; ``who`` (n_offers,) is the candidate of each offer."""

    def __init__(
        self, candidates: Sequence[Candidate], offers: Sequence[Offer], rules: Rules, who: Indices, thrift: float
    ) -> None:
        self.candidates, self.offers, self.rules, self.who = candidates, offers, rules, who
        self.rates = np.array([offer.subsidy_rate for offer in offers], dtype=np.float64)
        self.costs = np.array([np.nan if c.cost is None else c.cost for c in candidates], dtype=np.float64)
        self.present = np.array([candidate.present for candidate in candidates], dtype=np.float64)
        self.public = np.array([candidate.public for candidate in candidates], dtype=np.float64)
        self.builder = Builder()
        self.built = self.builder.variables(
            "built", len(candidates), integer=not rules.divisible, says=lambda k: f"{candidates[k].label} is built",
            high=np.array([float(candidate.key not in rules.must_not) for candidate in candidates]),
        )  # fmt: skip
        self.taken = self.builder.variables(
            "taken", len(offers), high=1.0, integer=True, says=lambda k: f"a deal: {self.named(k)}"
        )
        self.amount = self.builder.variables(
            "amount", len(offers), cost=thrift * np.maximum(self.rates, 1e-3) * self.present[who],
            says=lambda k: f"amount: {self.named(k)}",
        )  # fmt: skip

    def named(self, offer: int) -> str:
        """Words for an offer."""
        return f"{self.offers[offer].instrument} for {self.called(int(self.who[offer]))}"

    def called(self, candidate: int) -> str:
        """Words for a candidate."""
        one = self.candidates[candidate]
        year = "" if one.year is None else f" in {one.year}"
        return one.label + year + ("" if one.award_months is None else f" after {months_in_words(one.award_months)}")

    def one_award(self) -> None:
        """A project is awarded in one of its ways, in which all that is built of it is decided."""
        by_project: dict[str, list[int]] = {}
        for number, candidate in enumerate(self.candidates):
            by_project.setdefault(candidate.key, []).append(number)
        groups = [numbers for numbers in by_project.values() if len(numbers) > 1]
        if not groups:
            return
        mine = np.array([number for numbers in groups for number in numbers], dtype=np.int64)
        group = np.repeat(np.arange(len(groups)), [len(numbers) for numbers in groups])
        each = np.arange(mine.size)
        awarded = self.builder.variables(
            "awarded", mine.size, high=1.0, integer=True, says=lambda k: f"{self.called(int(mine[k]))} is awarded"
        )
        self.builder.require(
            "built when awarded", [(each, self.built[mine], 1.0), (each, awarded, -1.0)], mine.size, high=0.0,
            says=lambda k: f"{self.called(int(mine[k]))} is built only if it is awarded then",
        )  # fmt: skip
        self.builder.require(
            "one award", [(group, awarded, 1.0)], len(groups), high=1.0,
            says=lambda k: f"{self.candidates[groups[k][0]].label} is awarded once",
        )  # fmt: skip

    def slowest_deals(self) -> None:
        """Who waits for its slowest deal has such a deal: quicker ones alone would not have kept it waiting."""
        waits = [candidate.award_months for candidate in self.candidates]
        waiting = np.flatnonzero([months is not None for months in waits])
        if not waiting.size:
            return
        place = {number: row for row, number in enumerate(waiting.tolist())}
        slow = [k for k, offer in enumerate(self.offers) if offer.award_months == waits[self.who[k]]]
        rows = np.array([place[self.who[k]] for k in slow], dtype=np.int64)
        self.builder.require(
            "slowest deals", [(rows, self.taken[slow], 1.0), (np.arange(waiting.size), self.built[waiting], -1.0)],
            waiting.size, low=0.0, says=lambda k: f"a deal that takes so long: {self.called(int(waiting[k]))}",
        )  # fmt: skip

    def terms(self) -> None:
        """Smallest and largest deals, deals only of what is built, and the money that each project asks for."""
        n, each = len(self.offers), np.arange(len(self.offers))
        most = np.array([offer.most(self.candidates[c]) for c, offer in zip(self.who, self.offers, strict=True)])
        least = np.array([offer.low for offer in self.offers])
        asks = np.array([candidate.asks for candidate in self.candidates])
        counts = np.array([offer.counts for offer in self.offers])
        self.builder.require(
            "largest deal", [(each, self.amount, 1.0), (each, self.taken, -most)], n, high=0.0,
            says=lambda k: f"at most {most[k]:,.4g} million: {self.named(k)}",
        )  # fmt: skip
        self.builder.require(
            "smallest deal", [(each, self.amount, 1.0), (each, self.taken, -least)], n, low=0.0,
            says=lambda k: f"at least {least[k]:,.4g} million: {self.named(k)}",
        )  # fmt: skip
        self.builder.require(
            "what is asked", [(self.who, self.amount, counts), (np.arange(asks.size), self.built, -asks)], asks.size,
            low=0.0,
            says=lambda k: f"{self.candidates[k].label} gets the {asks[k]:,.4g} million that it asks for",
        )  # fmt: skip
        if self.rules.divisible:
            self._no_more_than_asked(counts, np.maximum(asks, _least_of_each(self.who, counts * least, asks.size)))
        else:
            self.builder.require(
                "deals of what is built", [(each, self.taken, 1.0), (each, self.built[self.who], -1.0)], n, high=0.0,
                says=lambda k: f"no deal unless it is built: {self.named(k)}",
            )  # fmt: skip

    def _no_more_than_asked(self, counts: Floats, asks: Floats) -> None:
        """A part of a project takes that part of the money, so that one larger than every deal can be built in part."""
        self.builder.require(
            "no more than asked", [(self.who, self.amount, counts), (np.arange(asks.size), self.built, -asks)],
            asks.size, high=0.0,
            says=lambda k: f"{self.candidates[k].label} gets no more than the {asks[k]:,.4g} million that it asks for",
        )  # fmt: skip

    def stacking(self) -> None:
        """All public money together pays at most its share of a project, as the rules and the offers taken say."""
        self._under_caps_of_offers()
        caps = np.minimum(self.rules.stack_cap, [candidate.stack_cap for candidate in self.candidates])
        capped = np.flatnonzero((caps < 1.0) & ~np.isnan(self.costs))
        if not capped.size:
            return
        place = np.full(self.costs.size, -1)
        place[capped] = np.arange(capped.size)
        mine = np.flatnonzero(place[self.who] >= 0)
        self.builder.require(
            "public money on one project",
            [(place[self.who[mine]], self.amount[mine], 1.0),
             (np.arange(capped.size), self.built[capped], (self.public - caps * self.costs)[capped])],
            capped.size, high=0.0,
            says=lambda k: f"public money pays at most {100 * caps[capped[k]]:.3g} % of "
                           f"{self.candidates[capped[k]].label}",
        )  # fmt: skip

    def _under_caps_of_offers(self) -> None:
        """Where an offer with a cap is taken, it holds for all money on its project."""
        capped = np.flatnonzero([offer.stack_cap < 1.0 for offer in self.offers])
        if not capped.size:
            return
        most = np.array([offer.most(self.candidates[c]) for c, offer in zip(self.who, self.offers, strict=True)])
        caps = np.array([offer.stack_cap for offer in self.offers])[capped]
        mine = self.who[capped]
        every, each = np.bincount(self.who, most, self.costs.size)[mine], np.arange(capped.size)
        row, beside = np.nonzero(mine[:, None] == self.who)
        self.builder.require(
            "public money beside an offer",
            [(row, self.amount[beside], 1.0), (each, self.built[mine], self.public[mine] - caps * self.costs[mine]),
             (each, self.taken[capped], every)],
            capped.size, high=every,
            says=lambda k: f"all public money pays at most {100 * caps[k]:.3g} % beside {self.named(capped[k])}",
        )  # fmt: skip

    def exclusions(self) -> None:
        """Instruments that exclude each other do not stand on one project."""
        pairs = [
            (first, second)
            for first, one in enumerate(self.offers)
            for second in range(first + 1, len(self.offers))
            if self.who[first] == self.who[second] and not one.stands_beside(self.offers[second])
        ]
        if pairs:
            each, both = np.arange(len(pairs)), self.taken[np.array(pairs)]
            self.builder.require(
                "exclusions", [(each[:, None], both, 1.0)], len(pairs), high=1.0,
                says=lambda k: f"not both: {self.named(pairs[k][0])} and {self.named(pairs[k][1])}",
            )  # fmt: skip

    def budgets(self) -> None:
        """Each pool pays within its face value and its subsidy cost."""
        years = [self.candidates[c].year for c in self.who]
        for name, kept in self.rules.limits:
            takes = [offer.takes(name) for offer in self.offers]
            counted = np.array([kept.holds(year) for year in years], dtype=np.float64)
            for kind, limit, word in ((0, kept.face, "face value"), (1, kept.subsidy, "subsidy")):
                if limit is not None:
                    weights = counted * np.array([rates[kind] for rates in takes], dtype=np.float64)
                    words = f"at most {limit:,.6g} million of {word} from {name or 'the budget'}{kept.words}"
                    self._limit(f"budget {name} {word}{kept.words}", weights, high=limit, words=words)

    def quotas(self) -> None:
        """Shares of the money by group, and private money per public dollar."""
        made = math.fsum(one.amount for one in self.rules.committed)
        for quota in self.rules.quotas:
            inside = np.array([quota.group in self.candidates[c].groups for c in self.who], dtype=np.float64)
            got = math.fsum(one.amount for one in self.rules.committed if quota.group in one.candidate.groups)
            if quota.high < 1.0:
                words = f"at most {100 * quota.high:.3g} % of the money goes to {quota.group}"
                self._limit(f"most for {quota.group}", inside - quota.high, high=quota.high * made - got, words=words)
            if quota.low > 0.0:
                words = f"at least {100 * quota.low:.3g} % of the money goes to {quota.group}"
                self._limit(f"least for {quota.group}", quota.low - inside, high=got - quota.low * made, words=words)
        leverage = self.rules.least_leverage
        if leverage > 0:
            self.builder.require(
                "leverage",
                [(0, self.built, -np.nan_to_num(self.costs)), (0, self.amount, 1.0 + leverage)], 1,
                high=math.fsum(one.cost for one in self.rules.committed) - (1.0 + leverage) * made, soft=True,
                says=lambda _: f"at least {leverage:.3g} private dollars for each public one",
            )  # fmt: skip

    def decided(self) -> None:
        """What has to be built is built."""
        labels = {one.key: one.label for one in self.candidates if one.key in self.rules.must}
        place = {key: number for number, key in enumerate(labels)}
        must = np.flatnonzero([candidate.key in place for candidate in self.candidates])
        if must.size:
            rows = np.array([place[self.candidates[number].key] for number in must.tolist()], dtype=np.int64)
            self.builder.require(
                "decided", [(rows, self.built[must], 1.0)], len(labels), low=1.0,
                says=lambda k: f"{list(labels.values())[k]} is built, as decided",
            )  # fmt: skip

    def other_plans(self) -> None:
        """Plans that were found before are not taken again, nor with more projects beside."""
        for plan in self.rules.forbidden:
            inside = np.array([candidate.key in plan for candidate in self.candidates], dtype=np.float64)
            self.builder.require(
                "another plan", [(0, self.built, inside)], 1, high=float(len(plan)) - 1.0,
                says=lambda _: "a plan that was found before is not taken again, nor with more projects beside",
            )  # fmt: skip

    def _limit(self, name: str, weights: Floats, *, high: float, words: str) -> None:
        self.builder.require(name, [(0, self.amount, weights)], 1, high=high, soft=True, says=lambda _: words)


def _least_of_each(who: Indices, least: Floats, n: int) -> Floats:
    """The smallest deal that each of ``n`` candidates can be offered; 0 for one that is offered none."""
    smallest = np.full(n, np.inf)
    np.minimum.at(smallest, who, least)
    return np.where(np.isfinite(smallest), smallest, 0.0)
