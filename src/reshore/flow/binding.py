"""What holds a flow back, month by month: the good and the reason, with what one more unit would be worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reshore.flow.outcome import Outcome

REASONS: Mapping[str, str] = {
    "capacity": "all plants that are left run",
    "bought": "nobody in the coalition makes it, and no more arrives",
    "half": "an important input is missing",
    "design": "new versions need a design input that is missing",
    "wear": "tools are worn out and not replaced",
    "stock": "the stock is empty",
}
"""Reasons, in words."""


@dataclass(frozen=True)
class Binding:
    """In a month (1 is the first) a good holds final uses back.

    ``worth`` is what one more unit (a year's world output) of what is missing would be worth, in shares of the value of
    the most valuable final use.
    """

    month: int
    good: str
    reason: str
    worth: float

    @property
    def says(self) -> str:
        """The reason as a sentence."""
        return f"month {self.month}, {self.good}: {REASONS[self.reason]}"


def what_binds(outcome: Outcome, least: float = 1e-6) -> tuple[Binding, ...]:
    """Everything that holds `outcome` back by at least `least`, by month, most worth first.

    Read from the prices that prove the optimum: what has a price is exhausted in every plan that serves as much. Where
    several inputs run short together any of them may carry the price.
    """
    names, room = outcome.world.goods, outcome.situation.room
    rows = []
    for reason, worth in outcome.prices.items():
        if reason == "balance":
            continue
        for good, month in np.argwhere(worth > least).tolist():
            why = "bought" if reason == "capacity" and room[good, month] <= 0 else reason
            rows.append(Binding(month + 1, names[good], why, float(worth[good, month])))
    return tuple(sorted(rows, key=lambda row: (row.month, -row.worth, row.good, row.reason)))
