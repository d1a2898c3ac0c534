"""Deals that are made already, as a study writes them down.

Under ``[[fund.commitments]]`` a study says what was awarded to whom, and what has become of it::

    [[fund.commitments]]
    project = "oxide-plant"
    instrument = "plant-loan"
    amount_usd = 30e6
    date = "2027-01-01"
    outcome = "running"
    late_months = 4

See `reshore.funding.standing` for what becomes of them.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reshore.funding.reading import Refuse
from reshore.tables.cells import did_you_mean

OUTCOMES: Mapping[str, str] = {
    "open": "nothing is known yet: its success is drawn",
    "running": "it is known to come into production",
    "failed": "it is known to bring nothing",
}


@dataclass(frozen=True)
class Commitment:
    """A deal that is made: its money is committed, and what it builds stands in every draw as far as is known.

    Attributes
    ----------
    project, instrument
        Whose deal it is, and by which instrument or bundle of the study.
    date
        Day on which it was made, `YYYY-MM-DD`.
    amount_usd
        Face value. Needed, but for a bundle, which is made whole.
    part_share
        Part of the project that it builds; by default what its money is of what the project asks for.
    year
        Year of money that pays; by default the one in which the deal was made.
    award_months
        Months from then until building begins; by default those of the instrument.
    outcome
        What is known: `open`, `running` or `failed`.
    late_months
        By how much later than planned it comes, where that is known; it is then not drawn.
    """

    project: str
    instrument: str
    date: str
    amount_usd: float | None = None
    part_share: float | None = None
    year: int | None = None
    award_months: float | None = None
    outcome: str = "open"
    late_months: float | None = None


def refuse_unsound(commitments: Sequence[Commitment], refuse: Refuse) -> None:
    """Notes what is wrong with commitments by themselves, whatever the data say."""
    seen: set[tuple[str, str, str]] = set()
    first: dict[str, Commitment] = {}
    for number, one in enumerate(commitments, 1):
        place = f"fund.commitments[{number}]"
        if not _is_day(one.date):
            refuse("bad-date", f"{place}.date", one.date, "a day as YYYY-MM-DD", "correct the date")
        if one.outcome not in OUTCOMES:
            refuse("unknown-word", f"{place}.outcome", one.outcome, f"one of {', '.join(OUTCOMES)}",
                   did_you_mean(one.outcome, OUTCOMES))  # fmt: skip
        if one.outcome == "failed" and one.late_months is not None:
            refuse("contradiction", f"{place}.late_months", f"{one.late_months:g}", "no months of what has failed",
                   "remove it, or the outcome")  # fmt: skip
        if (key := (one.project, one.instrument, one.date)) in seen:
            refuse("duplicate-key", place, f"a second deal for '{one.project}' by '{one.instrument}' on {one.date}",
                   "each deal once", "remove one, or write their sum")  # fmt: skip
        seen.add(key)
        before = first.setdefault(one.project, one)
        if (before.outcome, before.late_months) != (one.outcome, one.late_months):
            refuse("contradiction", place, f"'{one.project}' with two outcomes", "one outcome of a project",
                   "write the same outcome and late_months in all its deals")  # fmt: skip
        if (before.part_share is None) != (one.part_share is None):
            refuse("missing-key", f"{place}.part_share", f"part_share of some deals for '{one.project}'",
                   "part_share of all deals for a project, or of none", "write it in all of them")  # fmt: skip
    for project in first:
        whole = math.fsum(one.part_share or 0.0 for one in commitments if one.project == project)
        if whole > 1.0 + 1e-6:
            refuse("out-of-range", "fund.commitments", f"{whole:g} of '{project}'", "at most all of a project",
                   "correct part_share")  # fmt: skip


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
