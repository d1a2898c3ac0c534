"""What a key may look like, and which keys people or file systems would take for one another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import polars as pl

Verdict = tuple[str, str, str]
"""Code, expected, fix."""

KEY_LENGTH = 128
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "null", "undefined", "__proto__", "constructor", "prototype"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)}
)
"""Words that file systems or programs read as something else than a key."""

_KEY = r"^[\pL\pN_][\pL\pM\pN_.:-]*$"
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
"""Scripts that are written together and do not look alike (Unicode UTS 39, *highly restrictive*)."""
_CONFUSABLE: Mapping[int, int] = str.maketrans(
    "АВЕКМНОРСТХаеорсухіјѕԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαορν",
    "ABEKMHOPCTXaeopcyxijsdqwABEZHIKMNOPTYXaopv",
)


def are_keys(cells: pl.Series) -> pl.Series:
    """Whether each cell is a key; null stays null."""
    sound = cells.str.contains(_KEY) & (cells.str.len_bytes() <= 4 * KEY_LENGTH)
    sound &= ~cells.str.to_lowercase().is_in(sorted(RESERVED))
    odd = cells.str.contains(r"[^\x00-\x7F]").fill_null(False)
    if odd.any():
        places = odd.arg_true()
        verdicts = pl.Series([explain_key(cell) is None for cell in cells.gather(places)], dtype=pl.Boolean)
        sound = sound.scatter(places, sound.gather(places) & verdicts)
    return sound & (cells.str.len_chars() <= KEY_LENGTH)


def explain_key(cell: str) -> Verdict | None:
    """Why `cell` is no key, or ``None`` when it is one."""
    if not cell.strip():
        return ("bad-id", "a key", "fill the cell")
    if _INVISIBLE.search(cell):
        return ("invisible-character", "visible characters", "type the key again")
    if cell != cell.strip():
        return ("space-around", "a key without spaces around it", "remove the spaces")
    if len(cell) > KEY_LENGTH:
        return ("bad-id", f"at most {KEY_LENGTH} characters", "shorten the key")
    if cell.casefold() in RESERVED or set(cell) <= {"."}:
        return ("reserved-id", "a key that is no reserved word", "choose another key")
    if not (_begins(cell[0]) and all(_continues(char) for char in cell[1:])):
        return (
            "reserved-id" if re.search(r"[/\\]|^-", cell) else "bad-id",
            "letters, digits, _ . : - (first a letter or digit)",
            "choose another key",
        )
    scripts = scripts_of(cell)
    if len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER):
        return ("confusable-id", "letters of one script", f"type the key again: it mixes {', '.join(sorted(scripts))}")
    return None


def _begins(char: str) -> bool:
    return char == "_" or unicodedata.category(char)[0] in "LN"


def _continues(char: str) -> bool:
    return char in "_.:-" or unicodedata.category(char)[0] in "LNM"


def scripts_of(text: str) -> frozenset[str]:
    """The scripts (Latin, Cyrillic, Greek …) of the letters in `text`; signs that all scripts use have none."""
    names = (unicodedata.name(char, "UNKNOWN") for char in text if char.isalpha())
    first = (re.sub(r"^(FULLWIDTH|HALFWIDTH|MATHEMATICAL|MODIFIER LETTER) ", "", name) for name in names)
    return frozenset(
        word for word in (re.split(r"[ -]", name)[0] for name in first) if word not in ("FEMININE", "MASCULINE")
    )


def look_alikes(keys: pl.DataFrame) -> list[tuple[int, str, str, int, str]]:
    """Keys that could be taken for an earlier one: row, key, the earlier key, its row, code.

    `keys` has two columns, the key and its row.
    """
    first_seen: dict[str, tuple[str, int]] = {}
    found = []
    for key, row in keys.drop_nulls().sort(keys.columns[1]).iter_rows():
        if key.isascii():
            composed, skeleton = key, key.casefold()
        else:
            composed = unicodedata.normalize("NFC", key)
            skeleton = unicodedata.normalize("NFKC", key).translate(_CONFUSABLE).casefold()
        other, other_row = first_seen.setdefault(skeleton, (key, row))
        if other == key:
            continue
        other_composed = unicodedata.normalize("NFC", other)
        if other_composed == composed:
            code = "two-spellings"
        elif other_composed.casefold() == composed.casefold():
            code = "differs-by-case"
        else:
            code = "confusable-id"
        found.append((row, key, other, other_row, code))
    return found
