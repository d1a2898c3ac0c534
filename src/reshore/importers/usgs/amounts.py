"""What a cell of the Mineral Commodity Summaries says: a number, a range, or a reason why there is none.

The symbols are those of the publication: a dash is zero, NA not available, W withheld, E net exporter, XX not
applicable, s a footnote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from reshore.importers.text import is_number, number, one_line

_RANGE = re.compile(r"(.+?)\s*[–-]\s*(.+)")
_LESS_THAN = re.compile(r"less than (½|[\d,.]+\d|\d)\s*(unit|carats|tons|kilograms)?", re.IGNORECASE)
_PIECES = {"carats": ("carats", 1.0), "tons": ("metric tons", 1.0), "kilograms": ("kilograms", 1.0)}
_SIZES = {"million": 1e6, "thousand": 1e3, "thousands": 1e3}
_HALF = "½"


@dataclass(frozen=True)
class Amount:
    """A figure: its number, the ends of its range, why it is missing (a label of the package) and in which words."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    missing: str = ""
    words: str = ""

    @property
    def is_point(self) -> bool:
        """Whether the figure is one number."""
        return self.value is not None

    @property
    def least(self) -> float:
        """The least that it can be."""
        return self.value if self.value is not None else self.low or 0.0

    def scaled(self, factor: float) -> Amount:
        """The figure times `factor`."""
        ends = [None if end is None else round(end * factor, 12) for end in (self.value, self.low, self.high)]
        return replace(self, value=ends[0], low=ends[1], high=ends[2])

    def cells(self, name: str) -> dict[str, object]:
        """The cells of a labelled number with a range called `name`."""
        value = self.value if self.value is not None else self.missing or None
        return {name: value, f"{name}_low": self.low, f"{name}_high": self.high}


NOT_APPLICABLE = "XX"


def amount(text: str, unit: str, notes: str, *, is_reliance: bool = False) -> Amount | None:
    """The figure that `text` stands for, or ``None`` when it is none of the forms that the source uses.

    Parameters
    ----------
    text
        The cell.
    unit
        Unit of the figure, in the words of the source.
    notes
        Its footnotes, which say what ``s`` means.
    is_reliance
        Whether the figure is a net import reliance, which alone can be ``E``.
    """
    token = one_line(text)
    match token:
        case "—" | "–":
            return Amount(0.0)
        case "" | "NA":
            return Amount(words="not available")
        case "W":
            return Amount(missing="n/d", words="withheld to avoid disclosing company proprietary data")
        case "E" if is_reliance:
            return Amount(high=0.0, words="net exporter")
        case "s":
            return _footnote(unit, notes)
    if is_number(token):
        return Amount(number(token))
    if token[0] in "<>" and (bound := _half_or_number(token[1:].strip())) is not None:
        if token[0] == ">":
            return Amount(low=bound, high=100.0 if unit == "percent" else None, words=f"more than {token[1:].strip()}")
        return Amount(low=0.0, high=bound, words=f"less than {token[1:].strip()}")
    if (ends := _RANGE.fullmatch(token)) is not None and is_number(ends[1]) and is_number(ends[2]):
        return Amount(low=number(ends[1]), high=number(ends[2]), words=f"between {ends[1]} and {ends[2]}")
    return Amount(words=f"'{token}'") if token[0].isalpha() and len(token.split()) < 10 and token != "XX" else None


def _half_or_number(text: str) -> float | None:
    return 0.5 if text == _HALF else number(text)


def _footnote(unit: str, notes: str) -> Amount:
    found = _LESS_THAN.search(notes)
    if found is None:
        return Amount(words=f"see the note: {notes}" if notes else "see the note")
    bound = _half_or_number(found[1])
    piece = (found[2] or "unit").lower()
    if bound is not None and piece != "unit":
        own, one = _PIECES[piece]
        size = _SIZES.get(unit.split()[0], 1.0)
        bound = bound * one / size if unit.endswith(own) else None
    return Amount(low=0.0, high=bound, words=one_line(found[0]).lower()) if bound is not None else Amount(words=notes)
