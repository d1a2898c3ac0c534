"""Amounts of money and months as sentences of the report write them."""

from __future__ import annotations

from reshore.units import USD, written


def usd(value: float | None) -> str:
    """An amount: ``81.5 M USD``; the word unknown where nobody knows it."""
    return "unknown" if value is None else f"{written(value, USD)} USD"


def usd_range(point: float | None, low: float | None, high: float | None) -> str:
    """An amount with its range: ``81.5 M USD (31.6 M to 131 M)``; the range alone where there is no single figure."""
    ends = None if low is None or high is None else (written(low, USD), written(high, USD))
    if point is None:
        return "unknown" if ends is None else f"{ends[0]} to {ends[1]} USD"
    if ends is None or ends[0] == ends[1]:
        return usd(point)
    return f"{usd(point)} ({ends[0]} to {ends[1]})"


def months_words(months: float) -> str:
    """``1 month``, ``2.5 months``."""
    text = written(months)
    return f"{text} month{'' if text == '1' else 's'}"
