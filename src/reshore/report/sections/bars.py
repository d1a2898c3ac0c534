"""Rows with a bar from 0 to 100 percent, as several sections draw them."""

from __future__ import annotations

from dataclasses import dataclass

from reshore.report.colors import grow_class


@dataclass(frozen=True)
class Part:
    """A part of a bar: its look and its length, as classes."""

    look: str
    length: str


@dataclass(frozen=True)
class Bar:
    """One row: a label, bars below each other, words, and a note in small print."""

    label: str
    bars: tuple[tuple[Part, ...], ...]
    words: tuple[str, ...]
    note: str = ""


def market(parts: tuple[tuple[str, float], ...]) -> tuple[Part, ...]:
    """A market by role."""
    return tuple(Part(role, grow_class(share)) for role, share in parts)


def span(low: float, high: float, look: str = "solid") -> tuple[Part, ...]:
    """What is sure, what is possible beyond it, and what is left of 100 percent."""
    low = min(max(low, 0.0), 1.0)
    high = min(max(high, low), 1.0)
    lengths = ((look, low), ("unknown", high - low), ("rest", 1.0 - high))
    return tuple(Part(kind, grow_class(length)) for kind, length in lengths if length > 0.001)
