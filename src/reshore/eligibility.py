"""Who may have what: dated clauses read against what is known of an organization, in three answers.

A rule is the rows of the table `rules` that share its key. The key of a clause says how clauses combine::

    group                     must hold
    group.one, group.other    one of them must hold
    group:from, group:to      both must hold
    group.one:a, group.one:b  within one alternative, both must hold

Gates must hold; a closure must **not** catch the organization; a bypass stands for the gates named ``pass`` or
``pass-…``; what is left to a reviewer (``discretion``) and what no measure states can only be answered by a person.
Terms say how long a title lasts or what is promised, and decide nothing.

Answers are *pass*, *fail* and *needs a person*: whatever the unknown figures are, or not without looking. None of this
is legal advice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from reshore.chain.ownership import Ownership, fifty_percent_rule, twenty_five_percent_rule
from reshore.data import DataPackage
from reshore.errors import InputError, Place, Problem
from reshore.tables.cells import did_you_mean

Answer = Literal["pass", "fail", "needs a person"]
Interval = tuple[float, float]
Facts = Mapping[str, Interval]
"""What is known by measure: the least and the greatest that it can be."""

NAMED_LISTS = frozenset({"on_list_section_154", "on_list_section_5949", "on_list_section_889"})
"""Lists that name a handful of firms, all of them known: who is not marked is not on them."""

_TOLERANCE = 1e-9
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "at least": lambda value, threshold: value >= threshold - _TOLERANCE * max(1.0, abs(threshold)),
    "at most": lambda value, threshold: value <= threshold + _TOLERANCE * max(1.0, abs(threshold)),
    "more than": lambda value, threshold: value > threshold + _TOLERANCE * max(1.0, abs(threshold)),
    "less than": lambda value, threshold: value < threshold - _TOLERANCE * max(1.0, abs(threshold)),
    "equals": lambda value, threshold: math.isclose(value, threshold, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE),
}


@dataclass(frozen=True)
class Clause:
    """One clause of a rule as the table states it; ``group``, ``way`` and ``part`` are read from its key."""

    rule: str
    clause: str
    kind: str
    says: str
    measure: str | None
    operator: str | None
    threshold: float | None
    unit: str | None
    source: str

    @property
    def group(self) -> str:
        """What must hold as a whole."""
        return self.clause.partition(".")[0].partition(":")[0]

    @property
    def way(self) -> str:
        """The alternative within the group; empty when there is one only."""
        return self.clause.partition(".")[2].partition(":")[0]


@dataclass(frozen=True)
class Verdict:
    """What one clause says of one organization.

    ``found`` is what was known; ``margin`` how far the nearest end of it is from the threshold, positive where the
    clause holds; absent where nothing is measured.
    """

    clause: Clause
    answer: Answer
    found: str
    margin: float | None = None


@dataclass(frozen=True)
class Eligibility:
    """What a rule says of one organization, with every clause. ``fired`` are the clauses that decide the answer."""

    rule: str
    organization: str
    answer: Answer
    verdicts: tuple[Verdict, ...]
    fired: tuple[str, ...]

    @property
    def says(self) -> str:
        """The answer in words, with the clauses that decide it."""
        named = {verdict.clause.clause: verdict for verdict in self.verdicts}
        words = [f"{named[clause].clause.says} ({named[clause].found})" for clause in self.fired if clause in named]
        return f"{self.answer}: {'; '.join(words)}" if words else self.answer


def clauses_of(rules: pl.DataFrame, rule: str, at: str) -> tuple[Clause, ...]:
    """The clauses of `rule` in force on a day.

    Raises
    ------
    InputError
        ``unknown-rule`` when the table has no such rule; ``rule-not-in-force`` when none of its clauses is.
    """
    own = rules.filter(pl.col("rule") == rule)
    if own.is_empty():
        fix = did_you_mean(rule, set(rules["rule"]))
        raise InputError(
            [Problem("unknown-rule", Place("rules.csv", 0, "rule"), f"'{rule}'", "a rule of the table", fix)]
        )
    start, end = pl.col("start"), pl.col("end")
    live = own.filter((start.is_null() | (start <= at)) & (end.is_null() | (end >= at))).sort("clause")
    if live.is_empty():
        place = Place("rules.csv", 0, "start")
        fix = "ask for another day, or name the rule that followed it"
        raise InputError([Problem("rule-not-in-force", place, f"'{rule}' on {at}", "a rule in force that day", fix)])
    columns = ("rule", "clause", "kind", "says", "measure", "operator", "threshold", "unit", "source")
    return tuple(Clause(*row) for row in live.select(columns).iter_rows())


def facts_of(package: DataPackage, organization: str, at: str, more: Facts | None = None) -> dict[str, Interval]:
    """What the package knows of an organization on a day: the newest figure of each measure, and its head count.

    `more` adds or replaces figures, such as those of an application.
    """
    facts: dict[str, Interval] = {}
    rows = package["measures"].filter(
        (pl.col("organization") == organization) & (pl.col("period").is_null() | (pl.col("period") <= at))
    )
    for row in rows.sort("measure", "period", "source", nulls_last=False).iter_rows(named=True):
        interval = _interval(row["value"], row["value_low"], row["value_high"])
        if interval is not None:
            facts[row["measure"]] = interval
    known = package["organizations"].filter(pl.col("organization") == organization)
    if known.height and known["employees_count"].item() is not None:
        facts.setdefault("employees", (known["employees_count"].item(),) * 2)
    return facts | dict(more or {})


def _interval(value: float | None, low: float | None, high: float | None) -> Interval | None:
    if value is None and low is None and high is None:
        return None
    least = low if low is not None else value if value is not None else -math.inf
    most = high if high is not None else value if value is not None else math.inf
    return least, most


def held_shares(ownership: Ownership, organization: str, covered: Sequence[str]) -> dict[str, Interval]:
    """What the covered side holds of an organization, as the two closures count it.

    ``concern_held_share``: equity, votes or board seats, whichever comes closest, through chains as the 25 percent rule
    follows them; ``blocked_owned_share``: equity added up as the 50 percent rule does.
    """
    named = [name for name in covered if name in ownership.index]
    if organization not in ownership.index:
        return {}
    if not named:
        return {"concern_held_share": (0.0, 0.0), "blocked_owned_share": (0.0, 0.0)}
    quarter = twenty_five_percent_rule(ownership, named, seats="as votes")[organization]
    half = fifty_percent_rule(ownership, named)[organization]
    return {
        "concern_held_share": (quarter.share_low, quarter.share_high),
        "blocked_owned_share": (half.share_low, half.share_high),
    }


def judge(clauses: Sequence[Clause], organization: str, facts: Facts) -> Eligibility:
    """What the clauses of one rule say of an organization of which `facts` are known."""
    verdicts = tuple(_verdict(clause, facts) for clause in clauses)
    answers: dict[str, Answer] = {}
    deciding: dict[str, tuple[str, ...]] = {}
    gates = [verdict for verdict in verdicts if verdict.clause.kind in ("gate", "closure", "discretion")]
    for group in dict.fromkeys(verdict.clause.group for verdict in gates):
        answers[group], deciding[group] = _group([v for v in gates if v.clause.group == group])
    bypasses = [verdict for verdict in verdicts if verdict.clause.kind == "bypass"]
    if bypasses:
        groups = dict.fromkeys(verdict.clause.group for verdict in bypasses)
        way, _ = _any([_group([v for v in bypasses if v.clause.group == group]) for group in groups])
        for group in [name for name in answers if name.partition("-")[0] == "pass" and answers[name] != "pass"]:
            if way == "pass":
                answers[group] = "pass"
            elif way == "needs a person":
                answers[group] = "needs a person"
    answer = _all(answers.values())
    fired = tuple(c for group, one in answers.items() if one == answer != "pass" for c in deciding[group])
    return Eligibility(clauses[0].rule if clauses else "", organization, answer, verdicts, fired)


def _verdict(clause: Clause, facts: Facts) -> Verdict:
    if clause.kind in ("term", "score"):
        return Verdict(clause, "pass", "decides nothing")
    if clause.kind == "discretion" or clause.measure is None or clause.operator is None or clause.threshold is None:
        return Verdict(clause, "needs a person", "no measure states it")
    known = facts.get(clause.measure)
    if known is None and clause.measure in NAMED_LISTS:
        known = (0.0, 0.0)
    if known is None:
        return Verdict(clause, "needs a person", f"{clause.measure} is not known")
    compare = _COMPARE[clause.operator]
    ends = [compare(end, clause.threshold) for end in known]
    if clause.operator == "equals" and known[0] <= clause.threshold <= known[1] and not all(ends):
        ends = [True, False]  # some of what it can be equals the threshold, some does not
    holds = [not end for end in ends] if clause.kind == "closure" else ends
    answer: Answer = "pass" if all(holds) else "fail" if not any(holds) else "needs a person"
    return Verdict(clause, answer, f"{clause.measure} {_written(known)}", _margin(clause, known))


def _margin(clause: Clause, known: Interval) -> float | None:
    assert clause.threshold is not None
    if clause.operator == "equals":
        return None
    rising = clause.operator in ("at least", "more than")
    gaps = [end - clause.threshold if rising else clause.threshold - end for end in known if math.isfinite(end)]
    signed = [-gap for gap in gaps] if clause.kind == "closure" else gaps
    return min(signed, key=abs) if signed else None


def _written(known: Interval) -> str:
    low, high = known
    if low == high:
        return f"{low:.6g}"
    if math.isinf(low) or math.isinf(high):
        return f"{low:.6g} or more" if math.isinf(high) else f"{high:.6g} or less"
    return f"{low:.6g} to {high:.6g}"


def _group(verdicts: Sequence[Verdict]) -> tuple[Answer, tuple[str, ...]]:
    """One of the ways must hold; within a way, all its parts."""
    ways: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        ways.setdefault(verdict.clause.way, []).append(verdict)
    found = []
    for parts in ways.values():
        answer = _all(part.answer for part in parts)
        found.append((answer, tuple(part.clause.clause for part in parts if part.answer == answer)))
    return _any(found)


def _all(answers: Iterable[Answer]) -> Answer:
    every = list(answers)
    return "fail" if "fail" in every else "needs a person" if "needs a person" in every else "pass"


def _any(answers: Sequence[tuple[Answer, tuple[str, ...]]]) -> tuple[Answer, tuple[str, ...]]:
    every = {answer for answer, _ in answers}
    best: Answer = "pass" if "pass" in every else "needs a person" if "needs a person" in every else "fail"
    return best, tuple(clause for one, clauses in answers if one == best for clause in clauses)
