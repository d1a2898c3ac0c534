"""Countries by ISO 3166-1, the blocs and typed placeholders that stand beside them, and currencies by ISO 4217.

Codes come from the datasets/country-codes table (PDDL).
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Country:
    """A country: ISO 3166-1 alpha-3 ``code``, English ``name``, ``alpha2``, three-digit ``numeric``."""

    code: str
    name: str
    alpha2: str
    numeric: str


def _rows() -> list[dict[str, str]]:
    text = resources.files("reshore").joinpath("countries.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


COUNTRIES: Mapping[str, Country] = {
    row["code"]: Country(row["code"], row["name"], row["alpha2"], row["numeric"]) for row in _rows()
}

CURRENCIES: frozenset[str] = frozenset(code for row in _rows() for code in row["currency"].split(",") if code)

WORLD = "WLD"

BLOCS: Mapping[str, str] = {"EUR": "Europe", "EUU": "European Union", WORLD: "World"}
"""Groups of countries. They are not one supplier and never win *largest supplier*."""

PLACEHOLDERS: Mapping[str, str] = {
    "XX-UNK": "unknown country",
    "XX-ROW": "rest of the world",
    "XX-VAR": "various countries",
}
"""What sources write when they do not name a country. They never win *largest supplier*."""

_OTHER_NAMES = {
    "bolivia, plurinational state of": "BOL",
    "brunei": "BRN",
    "burma": "MMR",
    "cape verde": "CPV",
    "china, mainland": "CHN",
    "chinese taipei": "TWN",
    "congo (brazzaville)": "COG",
    "congo (kinshasa)": "COD",
    "congo, democratic republic of the": "COD",
    "cote d'ivoire": "CIV",
    "czech republic": "CZE",
    "democratic republic of the congo": "COD",
    "dr congo": "COD",
    "great britain": "GBR",
    "holland": "NLD",
    "hong kong": "HKG",
    "iran, islamic republic of": "IRN",
    "ivory coast": "CIV",
    "korea": "KOR",
    "korea, north": "PRK",
    "korea, republic of": "KOR",
    "laos": "LAO",
    "macao": "MAC",
    "macau": "MAC",
    "macedonia": "MKD",
    "myanmar": "MMR",
    "north korea": "PRK",
    "north macedonia": "MKD",
    "palestine": "PSE",
    "republic of korea": "KOR",
    "republic of the congo": "COG",
    "russia": "RUS",
    "russian federation": "RUS",
    "south korea": "KOR",
    "swaziland": "SWZ",
    "syria": "SYR",
    "taiwan": "TWN",
    "tanzania": "TZA",
    "the bahamas": "BHS",
    "the gambia": "GMB",
    "trinidad and tobago": "TTO",
    "turkey": "TUR",
    "uk": "GBR",
    "united kingdom": "GBR",
    "united states": "USA",
    "united states of america": "USA",
    "us": "USA",
    "u.s.": "USA",
    "usa": "USA",
    "venezuela": "VEN",
    "viet nam": "VNM",
    "vietnam": "VNM",
}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode("ascii")
    return " ".join(plain.casefold().split())


_BY_NAME: Mapping[str, str] = {_folded(country.name): country.code for country in COUNTRIES.values()} | _OTHER_NAMES
_BY_ALPHA2: Mapping[str, str] = {country.alpha2: country.code for country in COUNTRIES.values()}
_BY_NUMERIC: Mapping[str, str] = {country.numeric: country.code for country in COUNTRIES.values()}

PLACE_CODES: frozenset[str] = frozenset(COUNTRIES) | frozenset(BLOCS) | frozenset(PLACEHOLDERS)
"""Everything that may stand in a country column."""


def country_code(text: str) -> str | None:
    """The code of the country, bloc or placeholder that `text` names, or ``None``.

    Understands alpha-3, alpha-2 and three-digit numeric codes and the English names and labels that statistics use.
    ``NA`` is Namibia, ``NO`` is Norway: a code is never read as a missing value or as a truth value.
    """
    token = text.strip()
    if token in PLACE_CODES:
        return token
    return _BY_ALPHA2.get(token) or _BY_NUMERIC.get(token.zfill(3)) or _BY_NAME.get(_folded(token))


def country_name(code: str) -> str:
    """The English name of a country, bloc or placeholder; the code itself when it is none of these."""
    if code in COUNTRIES:
        return COUNTRIES[code].name
    return BLOCS.get(code) or PLACEHOLDERS.get(code) or code
