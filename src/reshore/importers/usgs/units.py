"""Units of the Mineral Commodity Summaries in the units of a package, and what their tonnes contain."""

from __future__ import annotations

import re

from reshore.units import UNITS

_AMOUNTS = {
    "metric tons": "t",
    "tons": "t",
    "thousand metric tons": "kt",
    "thousand metric dry tons": "kt",
    "million metric tons": "Mt",
    "kilograms": "kg",
    "million carats": "million ct",
    "thousands of carats": "thousand ct",
    "thousand carats": "thousand ct",
    "million cubic meters": "million m3",
    "million liters": "million L",
}
_MONEY = {"dollars": "USD", "cents": "US cents", "million dollars": "million USD"}
_PER = {"metric ton": "t", "kilogram": "kg", "gram": "g", "carat": "ct", "pound": "lb", "troy ounce": "troy oz"}
_OTHER = {"percent": "share", "": "not stated"}
_DATA_IN = re.compile(r"\(Data in ([^()]*(?:\([^()]*\)[^()]*)*?),? unless otherwise specified", re.IGNORECASE)


def published_unit(text: str) -> str:
    """The unit of a figure in the short form that packages use; the words of the source where there is none."""
    if text in _AMOUNTS:
        return _AMOUNTS[text]
    money, _, per = text.partition(" per ")
    if money in _MONEY:
        return f"{_MONEY[money]}/{_PER.get(per, per)}" if per else _MONEY[money]
    return _OTHER.get(text, text)


def content(*texts: str) -> str:
    """What tonnes are tonnes of, by the first of `texts` that says so: oxide, carbonate, contained, or gross weight."""
    for text in texts:
        words = text.casefold()
        if "gross weight" in words:
            return ""
        if "rare-earth-oxide" in words or "reo" in words.replace("(", " ").replace(")", " ").split():
            return "REO"
        if "lithium carbonate equivalent" in words:
            return "LCE"
        if "content" in words or "equivalent" in words:
            return "contained"
    return ""


def amount_unit(text: str, *contexts: str) -> str | None:
    """The unit of the package for amounts in `text`, or ``None``; `contexts` say what its tonnes contain."""
    base = _AMOUNTS.get(text)
    if base is None:
        return None
    named = f"{base} {content(*contexts)}".strip()
    return named if named in UNITS else base


def data_in(other_notes: str) -> str:
    """What the chapter says its data are in, for example ``kilograms, gallium content``."""
    found = _DATA_IN.search(other_notes)
    return found[1].rstrip(",") if found else ""
