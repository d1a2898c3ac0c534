"""Legal rules that follow ownership from a list: which firms are caught, which are not, and which cannot be told.

A rule adds firms to a list as long as it can; the result is the **least** set that satisfies it. The **greatest** such
set differs exactly on groups that hold each other and would count if they were on the list to begin with: they are
reported as self-supporting, for a person to look at. Stakes of unknown size make three answers: *yes* whatever they
are, *no* whatever they are, and *cannot be told*.

None of this is legal advice: rules have clauses on jurisdiction, contracts and direction that no stake shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from reshore.chain.ownership.reach import holdings, reach
from reshore.chain.ownership.records import MEASURES, Answer, Measure, Ownership, Seats, at_least

HALF = 0.5
QUARTER = 0.25


@dataclass(frozen=True)
class Finding:
    """What a rule says of one organization.

    ``share_low`` and ``share_high`` are what the listed side holds in ``measure``, the one that comes closest to the
    threshold; when the answer cannot be told, unknown sizes in one of ``open_measures`` alone could catch it.
    ``holders`` are organizations of the listed side with a stake in it; ``round`` counts steps from the list (0: listed
    itself, ``None``: not caught). ``is_self_supporting``: caught by the greatest set that satisfies the rule, not by
    the least.
    """

    organization: str
    answer: Answer
    is_listed: bool
    share_low: float
    share_high: float
    measure: Measure
    open_measures: tuple[Measure, ...]
    holders: tuple[str, ...]
    round: int | None
    is_self_supporting: bool


@dataclass(frozen=True, eq=False)
class Closure:
    """A rule applied to a list: one finding per organization, in key order."""

    rule: str
    threshold: float
    listed: tuple[str, ...]
    findings: tuple[Finding, ...]

    @cached_property
    def by_organization(self) -> Mapping[str, Finding]:
        """Findings by organization."""
        return {finding.organization: finding for finding in self.findings}

    def __getitem__(self, organization: str) -> Finding:
        return self.by_organization[organization]

    def caught(self, answer: Answer = "yes") -> tuple[str, ...]:
        """Organizations with this answer, listed ones included."""
        return tuple(finding.organization for finding in self.findings if finding.answer == answer)

    @property
    def self_supporting(self) -> tuple[str, ...]:
        """The audit list: caught only if one takes for granted that they are caught."""
        return tuple(finding.organization for finding in self.findings if finding.is_self_supporting)

    def frame(self) -> pl.DataFrame:
        """The findings as a frame, one row per organization."""
        rows = [
            (
                found.organization,
                found.answer,
                found.is_listed,
                found.share_low,
                found.share_high,
                found.measure,
                ";".join(found.open_measures),
                ";".join(found.holders),
                found.round,
                found.is_self_supporting,
            )
            for found in self.findings
        ]
        return pl.DataFrame(
            rows,
            schema={
                "organization": pl.String, "answer": pl.String, "is_listed": pl.Boolean, "share_low": pl.Float64,
                "share_high": pl.Float64, "measure": pl.String, "open_measures": pl.String, "holders": pl.String,
                "round": pl.Int64, "is_self_supporting": pl.Boolean,
            },
            orient="row",
        )  # fmt: skip


def fifty_percent_rule(ownership: Ownership, blocked: Iterable[str], threshold: float = HALF) -> Closure:
    """The 50 percent rule on property of blocked persons.

    A firm is caught when blocked persons together own at least half of it. Firms so caught count as blocked for the
    next step. Stakes are added up, never multiplied along a chain: X owning half of A and a tenth of B, of which A owns
    40 percent, catches B, although only 30 percent of B's profit comes to X. Ownership only: control does not count.

    Parameters
    ----------
    blocked
        Organizations on the list.
    threshold
        Share from which a firm is caught.

    References
    ----------
    U.S. Treasury, Office of Foreign Assets Control: revised guidance of 13 August 2014; frequently asked questions
    398 to 402, https://ofac.treasury.gov/faqs/401 .
    """
    listed = ownership.positions(blocked)
    rule = _Aggregate.of(ownership, threshold)
    rounds = rule.least(listed, certain=True)
    maybe = rule.least(listed, certain=False)
    greatest_low = rule.greatest(listed, certain=True)
    greatest_high = rule.greatest(listed, certain=False)
    findings = []
    for firm, name in enumerate(ownership.organizations):
        low, _ = rule.held(firm, rounds)
        _, high = rule.held(firm, maybe)
        answer: Answer = "yes" if firm in rounds else "cannot be told" if firm in maybe else "no"
        findings.append(
            Finding(
                name, answer, rounds.get(firm) == 0, low, high, "equity",
                ("equity",) if answer == "cannot be told" else (),
                rule.holders(firm, maybe), rounds.get(firm, maybe.get(firm)),
                (firm in greatest_low and firm not in rounds) or (firm in greatest_high and firm not in maybe),
            )
        )  # fmt: skip
    return Closure("fifty percent", threshold, tuple(ownership.organizations[firm] for firm in listed), tuple(findings))


@dataclass(frozen=True)
class _Aggregate:
    """The test ``Σ stakes of the set in a firm ≥ threshold`` at both ends of equity."""

    ownership: Ownership
    threshold: float
    low: Sequence[float]
    high: Sequence[float]

    @classmethod
    def of(cls, ownership: Ownership, threshold: float, measure: Measure = "equity") -> _Aggregate:
        low, high = ownership.ends(measure)
        return cls(ownership, threshold, low.tolist(), high.tolist())

    def held(self, firm: int, side: Collection[int]) -> tuple[float, float]:
        """Least and greatest share of `firm` that `side` holds."""
        least = most = outside = 0.0
        for stake in self.ownership.stakes_in[firm]:
            if int(self.ownership.owner[stake]) in side:
                least += self.low[stake]
                most += self.high[stake]
            else:
                outside += self.low[stake]
        return least, max(least, min(most, 1.0 - outside))

    def passes(self, firm: int, side: Collection[int], *, certain: bool) -> bool:
        """Whether `side` holds enough of `firm`."""
        return at_least(self.held(firm, side)[0 if certain else 1], self.threshold)

    def holders(self, firm: int, side: Collection[int]) -> tuple[str, ...]:
        """Members of `side` that hold a stake in `firm`."""
        owners = (int(self.ownership.owner[stake]) for stake in self.ownership.stakes_in[firm])
        return tuple(self.ownership.organizations[owner] for owner in owners if owner in side)

    def firms_of(self, holder: int) -> list[int]:
        """Firms in which `holder` has a stake."""
        return [int(self.ownership.owned[stake]) for stake in self.ownership.stakes_of[holder]]

    def least(self, listed: Sequence[int], *, certain: bool) -> dict[int, int]:
        """The least set that holds the list and is closed under the rule, with the round in which each joined."""
        rounds = dict.fromkeys(listed, 0)
        front, number = list(listed), 0
        while front:
            number += 1
            touched = {firm for holder in front for firm in self.firms_of(holder)} - rounds.keys()
            front = [firm for firm in sorted(touched) if self.passes(firm, rounds, certain=certain)]
            rounds.update(dict.fromkeys(front, number))
        return rounds

    def greatest(self, listed: Sequence[int], *, certain: bool) -> set[int]:
        """The greatest set of which every member is listed or passes by the set itself."""
        kept = set(range(len(self.ownership)))
        fixed = set(listed)
        stack = [firm for firm in range(len(self.ownership)) if firm not in fixed]
        while stack:
            firm = stack.pop()
            if firm in kept and not self.passes(firm, kept, certain=certain):
                kept.discard(firm)
                stack += [owned for owned in self.firms_of(firm) if owned in kept and owned not in fixed]
        return kept


def twenty_five_percent_rule(
    ownership: Ownership, covered: Iterable[str], *, seats: Seats = "unknown", threshold: float = QUARTER
) -> Closure:
    """The 25 percent test for control by the government of a covered nation.

    A firm is caught when the covered side holds at least a quarter of its equity, of its votes or of its board seats,
    directly or through other firms. Along a chain, a firm of which half or more is held by the covered side counts as
    that side; a firm of which half or more is held by another firm counts as one with its parent, so that what the
    covered side has of the parent it has of the firm; smaller stakes multiply.

    Parameters
    ----------
    covered
        The covered side: governments, agencies, party organs, persons. They count together, as one holder.
    seats
        What to assume of board seats that nobody states: ``unknown`` leaves the answer open wherever the covered side
        has any stake, ``as votes`` takes them to be those of the votes.
    threshold
        Share from which a firm is caught.

    Notes
    -----
    Written from published descriptions of the rule; its text should be read before an answer is relied on. Control by
    licence or contract, and being subject to the jurisdiction of a covered nation, are outside this test.

    References
    ----------
    U.S. Department of Energy, Interpretation of Foreign Entity of Concern, 89 FR 37079 (6 May 2024).
    """
    if seats == "as votes":
        ownership = ownership.with_seats_as_votes()
    listed = ownership.positions(covered)
    low = _Attribution.of(ownership, listed, certain=True)
    high = _Attribution.of(ownership, listed, certain=False)
    low_again, high_again = low.taken_for_granted(), high.taken_for_granted()
    rounds = high.rounds(threshold)
    alone = {measure: _Attribution.of(ownership.known_but_for(measure), listed, certain=False) for measure in MEASURES}
    findings = []
    for firm, name in enumerate(ownership.organizations):
        certain = low.best(firm, threshold)
        maybe = high.best(firm, threshold)
        answer: Answer = "yes" if certain else "cannot be told" if maybe else "no"
        nearest = [(low.values[measure][firm], high.values[measure][firm]) for measure in MEASURES]
        shown = MEASURES[nearest.index(max(nearest))]
        open_measures: tuple[Measure, ...] = ()
        if answer == "cannot be told":
            open_measures = tuple(m for m in MEASURES if alone[m].best(firm, threshold)) or MEASURES
        granted = (not certain and low_again.best(firm, threshold)) or (not maybe and high_again.best(firm, threshold))
        findings.append(
            Finding(
                name, answer, rounds.get(firm) == 0,
                float(low.values[shown][firm]), float(high.values[shown][firm]), shown,
                open_measures, high.holders(firm), rounds.get(firm), granted,
            )
        )  # fmt: skip
    return Closure(
        "twenty-five percent", threshold, tuple(ownership.organizations[firm] for firm in listed), tuple(findings)
    )


@dataclass(frozen=True, eq=False)
class _Attribution:
    """What the covered side has of each firm, per measure, at one end of the stakes."""

    ownership: Ownership
    listed: tuple[int, ...]
    certain: bool
    identical: Mapping[int, tuple[int, ...]]
    values: Mapping[Measure, Sequence[float]]

    @classmethod
    def of(cls, ownership: Ownership, listed: Sequence[int], *, certain: bool) -> _Attribution:
        """Attribution from the firms that count as the covered side itself: the least set with half of a firm."""
        merged: dict[int, int] = dict.fromkeys(listed, 0)
        aggregates = [_Aggregate.of(ownership, HALF, measure) for measure in MEASURES]
        front = list(listed)
        while front:
            touched = {firm for holder in front for firm in aggregates[0].firms_of(holder)} - merged.keys()
            front = [
                firm
                for firm in sorted(touched)
                if any(rule.passes(firm, merged, certain=certain) for rule in aggregates)
            ]
            merged.update(dict.fromkeys(front, 0))
        return cls._from(ownership, listed, sorted(merged), certain=certain)

    @classmethod
    def _from(
        cls, ownership: Ownership, listed: Sequence[int], merged: Sequence[int], *, certain: bool
    ) -> _Attribution:
        identical: dict[int, list[int]] = {}
        for measure in MEASURES:
            end = ownership.ends(measure)[0 if certain else 1].tolist()
            for stake, share in enumerate(end):
                owner, owned = int(ownership.owner[stake]), int(ownership.owned[stake])
                if at_least(share, HALF) and owner not in identical.setdefault(owned, []):
                    identical[owned].append(owner)
        twins = {firm: tuple(owners) for firm, owners in sorted(identical.items())}
        values: dict[Measure, Sequence[float]] = {
            measure: reach(holdings(ownership, measure, least=certain, identical=twins), merged).tolist()
            for measure in MEASURES
        }
        return cls(ownership, tuple(listed), certain, twins, values)

    def taken_for_granted(self) -> _Attribution:
        """Attribution from the greatest set of firms that would count as the covered side if they all did."""
        aggregates = [_Aggregate.of(self.ownership, HALF, measure) for measure in MEASURES]
        fixed = set(self.listed)
        kept = set(range(len(self.ownership)))
        stack = [firm for firm in sorted(kept) if firm not in fixed]
        while stack:
            firm = stack.pop()
            if firm in kept and not any(rule.passes(firm, kept, certain=self.certain) for rule in aggregates):
                kept.discard(firm)
                stack += [owned for owned in aggregates[0].firms_of(firm) if owned in kept and owned not in fixed]
        return self._from(self.ownership, self.listed, sorted(kept), certain=self.certain)

    def best(self, firm: int, threshold: float) -> bool:
        """Whether the covered side has enough of `firm` in any measure."""
        return any(at_least(self.values[measure][firm], threshold) for measure in MEASURES)

    def holders(self, firm: int) -> tuple[str, ...]:
        """Holders of `firm` of which the covered side has something."""
        owners = (int(self.ownership.owner[stake]) for stake in self.ownership.stakes_in[firm])
        return tuple(
            self.ownership.organizations[owner]
            for owner in owners
            if any(self.values[measure][owner] > 0 for measure in MEASURES)
        )

    def rounds(self, threshold: float) -> dict[int, int]:
        """Fewest stakes between the list and each firm that is caught."""
        distance = dict.fromkeys(self.listed, 0)
        front, number = list(self.listed), 0
        while front:
            number += 1
            reached = {int(self.ownership.owned[s]) for holder in front for s in self.ownership.stakes_of[holder]}
            front = sorted(reached - distance.keys())
            distance.update(dict.fromkeys(front, number))
        return {firm: steps for firm, steps in distance.items() if self.best(firm, threshold)}
