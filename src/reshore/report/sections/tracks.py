"""Rows with marks on a common scale: amounts, months and shares with their ranges, as several sections draw them.

Positions run from 0 to `WIDE`. Only lines and bars are stretched to the screen; words stand beside them as text and
keep their size on a phone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

WIDE = 1000
"""Positions are drawn to the thousandth."""

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

Key = tuple[tuple[str, str], ...]
"""Looks with their words."""


@dataclass(frozen=True)
class Scale:
    """An axis from its first tick to its last; ticks stand at equal distances."""

    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """The position of `value`; what lies outside is drawn at the end."""
        low, high = self.ticks[0], self.ticks[-1]
        return round(WIDE * min(max((value - low) / (high - low), 0.0), 1.0), 1)


def scale(low: float, high: float, most: int = 5) -> Scale:
    """The axis of round numbers that holds `low` and `high` with at most `most` steps."""
    width = max(high - low, 1e-12)
    magnitude = 10.0 ** math.floor(math.log10(width / most))
    for step in (magnitude * factor for factor in (*_STEPS, 20.0, 50.0)):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first <= most:
            break
    last = max(last, first + 1)
    return Scale(tuple(round(step * number, 12) for number in range(first, last + 1)))


def month_scale(months: int) -> Scale:
    """The axis from 0 to `months`, with at most six steps of as many months each as a calendar has names for."""
    step = next((step for step in (1, 2, 3, 4, 6, 12) if months % step == 0 and months <= 6 * step), None)
    return scale(0.0, months, 6) if step is None else Scale(tuple(float(m) for m in range(0, months + 1, step)))


@dataclass(frozen=True)
class Mark:
    """A bar from ``start`` to ``end``, or an upright line where both are the same; ``look`` is its class."""

    look: str
    start: float
    end: float
    says: str = ""

    @property
    def width(self) -> float:
        """Length of a bar; what is there is never nothing."""
        return max(2.0, round(self.end - self.start, 1))


@dataclass(frozen=True)
class Track:
    """One row: a label, marks in the order in which they are drawn, words, and a note in small print."""

    label: str
    marks: tuple[Mark, ...]
    words: str
    note: str = ""
    below: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Tracks:
    """Rows on one scale, with the words of its ticks, lines across all rows, and a key."""

    rows: tuple[Track, ...]
    ticks: tuple[str, ...]
    lines: tuple[float, ...]
    key: Key = ()
    rule: float | None = None
    after: tuple[str, ...] = ()
    more: int = 0
    kind: str = field(default="tracks", init=False)


def tracks(
    rows: Sequence[Track], axis: Scale, words: Callable[[float], str], key: Key = (), rule: float | None = None,
    after: Sequence[str] = (), more: int = 0,
) -> Tracks:  # fmt: skip
    """Rows on `axis`; `rule` is a value that divides them, such as a threshold."""
    lines = tuple(axis.at(tick) for tick in axis.ticks)
    ruled = None if rule is None else axis.at(rule)
    return Tracks(tuple(rows), tuple(words(tick) for tick in axis.ticks), lines, key, ruled, tuple(after), more)


@dataclass(frozen=True)
class Sentences:
    """A picture that says more in words."""

    lines: tuple[str, ...]
    after: tuple[str, ...] = ()
    kind: str = field(default="sentences", init=False)
