"""Bundles: several instruments on one project, with the conditions that tie them together, priced part by part.

What a bundle costs the public is the sum of what its parts cost, less what its conditions bring back, on the budget
basis and at fair value (see `reshore.funding.payoffs`). Parts and conditions are records that read from TOML::

    bundle = "tsmc-arizona"
    label = "TSMC Arizona, final award of November 2024"
    project_usd = 65e9
    source = "US Department of Commerce, November 2024"
    assumed = ["tenor of the loan"]

    [[parts]]
    part = "grant"
    instrument = "chips-direct-funding"
    amount_usd = 6.6e9

    [[conditions]]
    condition = "expansion bar"
    years = 10

Amounts are in US dollars, prices in US dollars per unit; rates are per year.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from reshore.funding.instruments import Basis, Instrument, Market
from reshore.funding.parts import (
    CONDITIONS,
    PARTS,
    Clawback,
    Condition,
    LoanPart,
    OwnershipCap,
    Part,
    PreferredPart,
    WarrantPart,
)
from reshore.funding.payoffs import Repayment
from reshore.funding.reading import Refuse, read_record
from reshore.tables.cells import did_you_mean
from reshore.tables.keys import explain_key

MILLION = 1e6
KEYS = ("bundle", "label", "project_usd", "source", "assumed", "parts", "conditions")
REPAYMENTS: tuple[Repayment, ...] = ("level", "bullet", "accrual")


@dataclass(frozen=True)
class Line:
    """One line of the account of a bundle: a part, or a condition, whose cost is negative where it brings money back.

    ``instrument`` is empty for a condition that belongs to none; ``is_stated`` marks a cost on the budget basis that is
    the rate of the instrument's own authority.
    """

    record: Part | Condition
    instrument: str
    face_usd: float
    budget_usd: float
    fair_usd: float
    is_stated: bool = False

    @property
    def kind(self) -> str:
        """What kind of part or condition it is."""
        return self.record.kind

    @property
    def moves_money(self) -> bool:
        """Whether it costs or brings anything, now or in expectation."""
        return any((self.face_usd, self.budget_usd, self.fair_usd))


@dataclass(frozen=True)
class Bundle:
    """Several instruments on one project; ``project_usd`` is what the whole project costs (``None``: unknown).

    ``source`` says where its terms come from, ``assumed`` which of them nobody states.
    """

    bundle: str
    label: str
    parts: tuple[Part, ...]
    conditions: tuple[Condition, ...] = ()
    project_usd: float | None = None
    source: str = ""
    assumed: tuple[str, ...] = ()

    @property
    def face_usd(self) -> float:
        """Money that all parts move."""
        return math.fsum(part.face_usd for part in self.parts)

    def account(self, market: Market, instruments: Mapping[str, Instrument] | None = None) -> tuple[Line, ...]:
        """What each part costs and each condition brings, on both bases.

        A loan or guarantee whose own odds of default are not stated costs what the authority of its instrument states,
        where it does, as it would alone.
        """
        known = instruments or {}
        lines = [_line(part, known.get(part.instrument), market) for part in self.parts]
        for condition in self.conditions:
            budget, fair = (0.0 - condition.worth_usd(self.parts, market, basis) for basis in _BASES)
            owner = condition.instrument if isinstance(condition, Clawback) else ""
            lines.append(Line(condition, owner, 0.0, budget, fair))
        return tuple(lines)

    def cost_usd(
        self, market: Market, basis: Basis = "budget", instruments: Mapping[str, Instrument] | None = None
    ) -> float:
        """What the bundle is expected to cost the public."""
        lines = self.account(market, instruments)
        return math.fsum(line.budget_usd if basis == "budget" else line.fair_usd for line in lines)

    def stake_share(self, outstanding_count: float) -> float:
        """Common shares that the public side can come to hold, over those outstanding without it."""
        counts = [part.shares_count for part in self.parts if isinstance(part, PreferredPart | WarrantPart)]
        return math.fsum(counts) / outstanding_count

    def breaches(self, instruments: Mapping[str, Instrument]) -> tuple[str, ...]:
        """Terms that the bundle does not keep, or is not known to keep, in words; none when it keeps all."""
        known = [(part, instruments[part.instrument]) for part in self.parts if part.instrument in instruments]
        found = [sentence for part, terms in known for sentence in self._of_part(part, terms)]
        caps = [(terms.stack_cap_share, terms) for _, terms in known if terms.stack_cap_share is not None]
        if caps:
            cap, terms = min(caps, key=lambda pair: pair[0])
            found += self._over(cap, self.face_usd, f"{terms.label}: all public money together")
        names = {part.instrument for part in self.parts}
        found += [
            f"{terms.label} does not stand beside {other}"
            for _, terms in known
            for other in sorted(names.intersection(terms.excludes))
        ]
        for condition in self.conditions:
            if isinstance(condition, OwnershipCap) and self.stake_share(condition.outstanding_count) > condition.share:
                found.append(f"the public side could hold more than {100 * condition.share:.3g} % of the shares")
        return tuple(dict.fromkeys(found))

    def _of_part(self, part: Part, terms: Instrument) -> list[str]:
        """Ticket, share of cost, and conditions that an instrument comes with."""
        found = []
        low, high, face = terms.ticket_low_usd, terms.ticket_high_usd, part.face_usd
        if face and ((low is not None and face < low) or (high is not None and face > high)):
            found.append(f"{terms.label}: {face / MILLION:,.6g} million is outside its ticket")
        if terms.cost_cap_share is not None:
            found += self._over(terms.cost_cap_share, face, f"{terms.label}:")
        owed = {"expansion bar": terms.expansion_bar_years, "production promise": terms.production_years}
        for kind, years in owed.items():
            kept = max((condition.years for condition in self.conditions if condition.kind == kind), default=0)
            if years is not None and kept < years:
                article = "an" if kind[0] in "aeiou" else "a"
                found.append(f"{terms.label}: comes with {article} {kind} of {years:g} years")
        if terms.clawback and not any(c.instrument == part.instrument for c in self.conditions
                                      if isinstance(c, Clawback)):  # fmt: skip
            found.append(f"{terms.label}: comes with a clawback")
        return found

    def _over(self, cap: float, face: float, who: str) -> list[str]:
        """What is wrong where money may pay a share of the project alone; of an unknown cost nothing is known to."""
        limit = f"{who} pays at most {100 * cap:.3g} % of the project"
        if self.project_usd is None:
            return [f"{limit}, whose cost is not known"] if face and cap < 1 else []
        return [limit] if face > cap * self.project_usd * (1 + 1e-9) else []


_BASES: tuple[Basis, Basis] = ("budget", "fair")


def _line(part: Part, terms: Instrument | None, market: Market) -> Line:
    """The account of a part, at the rates that its instrument states where it is a loan without odds of its own."""
    stated: list[float | None] = [None, None]
    if terms is not None and isinstance(part, LoanPart) and part.default_rate is None:
        stated = [terms.subsidy_rate_fcra, terms.subsidy_rate_fair]
    budget, fair = (
        part.cost_usd(market, basis) if rate is None else rate * part.face_usd
        for basis, rate in zip(_BASES, stated, strict=True)
    )
    return Line(part, part.instrument, part.face_usd, budget, fair, is_stated=stated[0] is not None)


def read_bundle(value: Mapping[str, Any], refuse: Refuse) -> Bundle | None:
    """The bundle that nested dictionaries describe, or ``None`` with every problem noted."""
    sound = True
    for key in value:
        if key not in KEYS:
            refuse("unknown-key", key, key, f"keys {', '.join(KEYS)}", did_you_mean(key, KEYS))
            sound = False
    source, assumed = value.get("source", ""), value.get("assumed", ())
    if not isinstance(source, str):
        refuse("wrong-type", "source", source, "text in quotes", "say where the terms come from")
        sound = False
    if (
        isinstance(assumed, str)
        or not isinstance(assumed, Sequence)
        or not all(isinstance(one, str) for one in assumed)
    ):
        refuse("wrong-type", "assumed", assumed, "a list of texts", 'write ["volatility 50 %"]')
        sound = False
    for key in ("bundle", "label"):
        if not isinstance(value.get(key), str):
            refuse("missing-key", key, value.get(key, "nothing"), f"{key} = …", "add the key")
            sound = False
    for key in ("bundle", "label", "source", "assumed"):
        texts = [value.get(key)] if isinstance(value.get(key), str) else value.get(key) or ()
        if isinstance(texts, Sequence) and not all(one.isprintable() for one in texts if isinstance(one, str)):
            refuse("control-character", key, value[key], "text without control characters", "remove the character")
            sound = False
    verdict = explain_key(value["bundle"]) if isinstance(value.get("bundle"), str) else None
    if verdict is not None:
        code, expected, fix = verdict
        refuse(code, "bundle", repr(value["bundle"]), expected, fix)
        sound = False
    parts = _records(value.get("parts", ()), "part", "parts", PARTS, refuse)
    conditions = _records(value.get("conditions", ()), "condition", "conditions", CONDITIONS, refuse)
    for number, part in enumerate(parts, 1):
        if isinstance(part, LoanPart) and part.repayment not in REPAYMENTS:
            refuse("unknown-word", f"parts[{number}].repayment", part.repayment, f"one of {', '.join(REPAYMENTS)}",
                   did_you_mean(part.repayment, REPAYMENTS))  # fmt: skip
            sound = False
        if isinstance(part, LoanPart) and part.grace_years >= part.tenor_years:
            refuse("out-of-range", f"parts[{number}].grace_years", part.grace_years,
                   f"less than the {part.tenor_years} years of the loan", "shorten the grace")  # fmt: skip
            sound = False
    if not parts:
        refuse("missing-key", "parts", "nothing", "[[parts]] part = …", "add a part")
    cost = value.get("project_usd")
    if cost is not None and (not isinstance(cost, int | float) or isinstance(cost, bool) or not 0 < cost < math.inf):
        refuse("out-of-range", "project_usd", cost, "an amount above 0", "correct the number, or leave it out")
        sound = False
    if None not in parts:
        names = sorted({part.instrument for part in parts})
        for number, condition in enumerate(conditions, 1):
            if isinstance(condition, Clawback) and condition.instrument not in names:
                place, fix = f"conditions[{number}].instrument", did_you_mean(condition.instrument, names)
                refuse("dangling-reference", place, condition.instrument, "the instrument of a part", fix)
                sound = False
    if not sound or not parts or None in parts or None in conditions:
        return None
    return Bundle(
        value["bundle"], value["label"], tuple(parts), tuple(conditions), None if cost is None else float(cost),
        source, tuple(assumed),
    )  # fmt: skip


def _records(rows: object, key: str, place: str, kinds: Mapping[str, type[Any]], refuse: Refuse) -> list[Any]:
    """Records of the kinds that the rows name under `key`; ``None`` for those that are wrong."""
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not all(isinstance(row, Mapping) for row in rows):
        refuse("wrong-type", place, rows, "a list of tables", f"write [[{place}]]")
        return [None]
    found: list[Any] = []
    for number, row in enumerate(rows, 1):
        name = row.get(key)
        if not isinstance(name, str) or name not in kinds:
            fix = did_you_mean(str(name), kinds)
            refuse("unknown-word", f"{place}[{number}].{key}", str(name), f"one of {', '.join(kinds)}", fix)
            found.append(None)
            continue
        terms = {word: entry for word, entry in row.items() if word != key}
        record = read_record(kinds[name], terms, f"{place}[{number}]", refuse)
        found.append(None if record is None else _in_range(record, f"{place}[{number}]", refuse))
    return found


_POSITIVE = frozenset({"conversion_usd", "strike_usd", "share_usd", "outstanding_count", "tenor_years"})


def _in_range(record: Any, place: str, refuse: Refuse) -> Any:
    """The record; ``None`` when a number cannot be what its name says: a share or rate above 1, no years, no price."""
    sound = True
    for entry in fields(record):
        value, name = getattr(record, entry.name), entry.name
        needs_more = name in _POSITIVE or (name == "years" and isinstance(value, int))
        if needs_more and value <= 0:
            refuse("out-of-range", f"{place}.{name}", value, "a number above 0", "correct the number")
            sound = False
        if (name.endswith(("share", "rate")) or name == "spread") and value is not None and value > 1:
            refuse("out-of-range", f"{place}.{name}", value, "0 to 1", f"write {value / 100:g} if this is in percent")
            sound = False
    return record if sound else None
