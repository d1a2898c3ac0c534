"""Units of measure: what they measure, how they convert, how their numbers are written.

Units of one ``dimension`` and one ``content`` convert by ``factor``. ``content`` keeps apart what may not be added up
although both are tonnes: gross weight, contained metal, rare-earth oxide, lithium carbonate equivalent.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A unit of measure.

    ``factor`` times a number in this unit gives the number in the base unit of its dimension.
    """

    name: str
    dimension: str
    factor: float = 1.0
    content: str = ""
    label: str = ""

    def __str__(self) -> str:
        return self.name


SHARE = Unit("share", "share", label="share of 1")
INDEX = Unit("index", "index", label="index, 0 to 1")
NUMBER = Unit("number", "number", label="number")
MONTHS = Unit("months", "time", 1.0, label="months")
YEARS = Unit("years", "time", 12.0, label="years")
DAYS = Unit("days", "time", 12.0 / 365.25, label="days")
USD = Unit("USD", "money", 1.0, label="US dollars")

_MASS = {"t": 1.0, "kt": 1e3, "Mt": 1e6, "kg": 1e-3, "g": 1e-6}
_CONTENTS = ("", "contained", "REO", "LCE")

UNITS: dict[str, Unit] = {
    unit.name: unit
    for unit in (
        SHARE,
        INDEX,
        NUMBER,
        MONTHS,
        YEARS,
        DAYS,
        USD,
        *(
            Unit(f"{name} {content}".strip(), "mass", factor, content)
            for name, factor in _MASS.items()
            for content in _CONTENTS
        ),
        Unit("kWh", "energy", 1.0),
        Unit("MWh", "energy", 1e3),
        Unit("GWh", "energy", 1e6),
        Unit("kW", "power", 1.0),
        Unit("MW", "power", 1e3),
        Unit("GW", "power", 1e6),
        Unit("units", "count", 1.0),
        Unit("thousand units", "count", 1e3),
        Unit("million units", "count", 1e6),
        Unit("wafers", "wafers", 1.0),
        Unit("thousand wafers", "wafers", 1e3),
        Unit("m2", "area", 1.0),
        Unit("million m2", "area", 1e6),
        Unit("L", "volume", 1.0),
        Unit("m3", "volume", 1e3),
        Unit("million L", "volume", 1e6),
        Unit("million m3", "volume", 1e9),
        Unit("ct", "carat", 1.0),
        Unit("thousand ct", "carat", 1e3),
        Unit("million ct", "carat", 1e6),
    )
}


def convertible(one: Unit, other: Unit) -> bool:
    """Whether numbers in the two units can be turned into each other without further knowledge."""
    return one.dimension == other.dimension and one.content == other.content


def convert(value: float, from_unit: Unit, to_unit: Unit) -> float:
    """`value` of `from_unit` expressed in `to_unit`.

    Raises
    ------
    ValueError
        When the units measure different things, or the same thing on another content basis.
    """
    if not convertible(from_unit, to_unit):
        raise ValueError(f"{from_unit} does not convert to {to_unit}")
    return value * from_unit.factor / to_unit.factor


def written(value: float | None, unit: Unit | None = None, unknown: str = "unknown") -> str:
    """A number as people read it: at most three significant digits, percent for shares, k/M/bn for large amounts.

    Zero is ``0`` and an absent number is the word `unknown`, never a dash that could be read as either.
    """
    if value is None:
        return unknown
    if unit is not None and unit.dimension == "share":
        percent = 100 * value
        if percent != 0 and abs(percent) < 0.1:
            return "<0.1 %" if percent > 0 else ">-0.1 %"
        return f"{_three(percent)} %"
    for size, suffix in ((1e12, " tn"), (1e9, " bn"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size * 0.9995:
            return f"{_three(value / size)}{suffix}"
    return _three(value)


def _three(value: float) -> str:
    if value == 0:
        return "0"
    if abs(value) >= 99.95:
        return f"{value:.0f}"
    text = f"{value:.3g}"
    if "e" in text:
        return text
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.rstrip('0')}" if decimals.rstrip("0") else whole
