"""`Span`: a figure with its range, and `profile`: how a blow comes and goes over the months."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Span:
    """A figure between ``low`` and ``high``; ``point`` is what is taken when one number is asked for."""

    low: float
    point: float
    high: float

    @classmethod
    def of(cls, value: float) -> Span:
        """A figure without a range."""
        return cls(value, value, value)

    @property
    def is_wide(self) -> bool:
        """Whether there is a range at all."""
        return self.high > self.low

    def at(self, luck: float | None) -> float:
        """The point, or the value at `luck` of the way from low to high."""
        return self.point if luck is None else self.low + luck * (self.high - self.low)


def profile(
    months: int, start: float = 1.0, duration: float | None = None, ramp: float = 0.0, recovery: float = 0.0
) -> Floats:
    """How strong a blow is in each month, from 0 to 1: the mean of a straight rise, a plateau and a straight fall.

    Month 1 is the first. The rise begins with month ``start`` and takes ``ramp`` months; ``duration`` months after the
    start the fall begins and takes ``recovery`` months. Without a duration the blow lasts.

    >>> profile(4, start=2, ramp=2).tolist()
    [0.0, 0.25, 0.75, 1.0]
    >>> profile(4, duration=2.5).tolist()
    [1.0, 1.0, 0.5, 0.0]
    """
    begin = start - 1.0
    end = math.inf if duration is None else begin + duration

    def level(t: Floats) -> Floats:
        rise = np.clip((t - begin) / ramp, 0, 1) if ramp > 1e-9 else (t > begin) * 1.0
        if math.isinf(end):
            return np.asarray(rise, dtype=np.float64)
        fall = np.clip(1 - (t - end) / recovery, 0, 1) if recovery > 1e-9 else (t < end) * 1.0
        return np.asarray(np.minimum(rise, fall), dtype=np.float64)

    kinks = {begin, begin + ramp, end, end + recovery}
    if ramp > 1e-9 and recovery > 1e-9 and not math.isinf(end):
        kinks.add((recovery * begin + ramp * (end + recovery)) / (ramp + recovery))  # where rise and fall meet
    inner = [t for t in kinks if 0 < t < months]
    edges = np.unique(np.array([*range(months + 1), *inner], dtype=np.float64))
    middle, length = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    found = np.zeros(months)
    month = np.minimum(np.floor(middle).astype(np.int64), months - 1)  # the middle of a sliver may round up
    np.add.at(found, month, level(middle) * length)
    return found
