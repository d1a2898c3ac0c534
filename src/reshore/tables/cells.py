"""How cells of each kind are read: the text that is accepted, the typed value, and words for what is not accepted.

Checks run on whole columns; only cells that fail are looked at one by one, to say what is wrong with them.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation

import polars as pl
from rapidfuzz import process

from reshore.countries import COUNTRIES, CURRENCIES, PLACE_CODES, country_code
from reshore.errors import shown
from reshore.tables.columns import MISSING, Column, Kind
from reshore.units import UNITS

Verdict = tuple[str, str, str]
"""Code, expected, fix."""

ID_LENGTH = 128
RESERVED_IDS = frozenset({"con", "prn", "aux", "nul", "null", "undefined", "__proto__", "constructor", "prototype"})

_ID = r"^[\pL\pN_][\pL\pN_.:-]*$"
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_INTEGER = r"^-?(?:0|[1-9][0-9]*)$"
_YEAR = r"^(?:1[89]|2[01])[0-9]{2}$"
_DATE = r"^(?:1[89]|2[01])[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"
_PERIOD = r"^(?:1[89]|2[01])[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?$"
_HS = r"^(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{8}|[0-9]{10})(?:;(?:[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{8}|[0-9]{10}))*$"
_URL = r"^https?://\S+(?: ; https?://\S+)*$"
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")

DTYPES: dict[Kind, pl.DataType] = {
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "year": pl.Int64(),
    "boolean": pl.Boolean(),
}


def dtype(column: Column) -> pl.DataType:
    """The polars type of the values of `column`."""
    return DTYPES.get(column.kind, pl.String())


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Up to `count` of the `known` words that look like `word`, best first."""
    options = sorted(known)
    folded = {option: option.casefold() for option in options}
    found = process.extract(word.casefold(), folded, limit=count, score_cutoff=60.0)
    return [key for _, _, key in sorted(found, key=lambda hit: (-hit[1], hit[2]))]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A fix that names the nearest known words, or says that none is near."""
    near = nearest(word, known)
    return (
        f"did you mean {' or '.join(repr(option) for option in near)}?"
        if near
        else "see the reference for the allowed words"
    )


def parse(column: Column, cells: pl.Series) -> tuple[pl.Series, list[tuple[int, Verdict]]]:
    """Typed values of `column` and, by position, what is wrong with cells that are not accepted.

    `cells` is a String series without nulls in which ``""`` stands for an empty cell. Refused and empty cells are null
    in the values. Labels of missing numbers (`MISSING`) are empty cells here.
    """
    empty = cells.is_in(list(MISSING)) if column.labelled else cells == ""
    filled = cells.set(empty, None)
    accepted = _accepts(column, filled).fill_null(True) | empty
    values = _values(column, filled.set(~accepted, None))
    refused = [(position, explain(column, cells[position])) for position in (~accepted).arg_true()]
    refused += _value_problems(column, cells, values)
    if column.absent is None:
        refused += [
            (position, ("empty-cell", f"a value: {column.description}", "fill the cell"))
            for position in empty.arg_true()
        ]
    return values, refused


def _accepts(column: Column, cells: pl.Series) -> pl.Series:
    """Whether each filled cell has the form of its kind; null stays null."""
    patterns = {
        "id": _ID, "number": _NUMBER, "integer": _INTEGER, "year": _YEAR, "date": _DATE, "period": _PERIOD,
        "hs": _HS, "url": _URL,
    }  # fmt: skip
    match column.kind:
        case "text":
            return cells.is_not_null() if column.multiline else ~cells.str.contains("\n", literal=True)
        case "ids":
            return cells.map_elements(
                lambda cell: all(explain_id(part) is None for part in cell.split(";")), pl.Boolean
            )
        case "id":
            sound = cells.str.contains(_ID) & (cells.str.len_chars() <= ID_LENGTH)
            sound &= ~cells.str.to_lowercase().is_in(sorted(RESERVED_IDS))
            return sound & _one_script(cells)
        case "boolean":
            return cells.is_in(["true", "false"])
        case "category":
            return cells.is_in(sorted(column.choices))
        case "country":
            return cells.is_in(sorted(PLACE_CODES)) | cells.is_in(sorted(c.alpha2 for c in COUNTRIES.values()))
        case "place":
            return cells.str.contains(_ID) & (cells.str.len_chars() <= ID_LENGTH) & _one_script(cells)
        case "unit":
            return cells.is_in(sorted(UNITS))
        case "currency":
            return cells.is_in(sorted(CURRENCIES))
        case _:
            return cells.str.contains(patterns[column.kind])


def _one_script(cells: pl.Series) -> pl.Series:
    odd = cells.str.contains(r"[^\x00-\x7F]").fill_null(False)
    if not odd.any():
        return cells.is_not_null()
    scripts = cells.map_elements(lambda cell: len(scripts_of(cell)) <= 1, pl.Boolean)
    return cells.is_not_null() & scripts.fill_null(True)


def _values(column: Column, cells: pl.Series) -> pl.Series:
    match column.kind:
        case "number":
            return cells.cast(pl.Float64, strict=False)
        case "integer" | "year":
            return cells.cast(pl.Int64, strict=False)
        case "boolean":
            return cells == "true"
        case "country":
            if cells.is_in(sorted(PLACE_CODES)).fill_null(True).all():
                return cells
            return cells.map_elements(country_code, pl.String)
        case _:
            return cells


def _value_problems(column: Column, cells: pl.Series, values: pl.Series) -> list[tuple[int, Verdict]]:
    """What is wrong with values whose text has the right form."""
    problems: list[tuple[int, Verdict]] = []
    if column.kind == "date":
        problems += [
            (position, ("bad-date", "a day that exists, as YYYY-MM-DD", "correct the date"))
            for position in _not_in_calendar(values)
        ]
    if column.kind not in ("number", "integer"):
        return problems
    accepted = values.is_not_null()
    if column.kind == "integer":
        lost = ~accepted & cells.str.contains(_INTEGER)
        problems += [
            (position, ("number-too-large", "a whole number below 2^63", "use a larger unit"))
            for position in lost.arg_true()
        ]
    else:
        suspects = (accepted & ((cells.str.len_bytes() > 15) | cells.str.contains("[eE]"))).arg_true()
        for position in suspects:
            verdict = _precision(column, cells[position], values[position])
            if verdict is not None:
                problems.append((position, verdict))
    found = {position for position, _ in problems}
    for wrong, sign in ((values < column.low if column.low is not None else None, "low"),
                        (values > column.high if column.high is not None else None, "high")):  # fmt: skip
        if wrong is not None:
            problems += [
                (position, _out_of_range(column, values[position], sign))
                for position in wrong.fill_null(False).arg_true()
                if position not in found
            ]
    if column.unit is not None and column.unit.dimension == "money":
        problems += [
            (position, ("money-decimals", "money with at most two decimals", f"write {round(values[position], 2)}"))
            for position in cells.str.contains(r"\.[0-9]{3,}").arg_true()
        ]
    return problems


def _not_in_calendar(values: pl.Series) -> list[int]:
    wrong = []
    for position in values.is_not_null().arg_true():
        try:
            datetime.date.fromisoformat(values[position])
        except ValueError:
            wrong.append(position)
    return wrong


def _precision(column: Column, cell: str, value: float) -> Verdict | None:
    if value in (float("inf"), float("-inf")):
        return ("not-finite", "a number below 1e308", "use a larger unit")
    exact = Decimal(cell)
    if value == 0 and exact != 0:
        return ("underflow", "0 or a number above 1e-307", "write 0 or use a smaller unit")
    if exact == exact.to_integral_value() and abs(exact) > 2**53 and Decimal(value) != exact:
        return ("loses-precision", "at most 15 digits", "round the number or use a larger unit")
    if column.unit is not None and column.unit.dimension == "money":
        return None
    return None


def _out_of_range(column: Column, value: float, sign: str) -> Verdict:
    low, high = column.low, column.high
    expected = (
        f"a number from {low:g} to {high:g}" if low is not None and high is not None
        else f"{low:g} or more" if low is not None else f"{high:g} or less"
    )  # fmt: skip
    fix = "correct the number"
    if column.unit is not None and column.unit.dimension == "share":
        expected = "a share between 0 and 1"
        if sign == "high" and value <= 100:
            fix = f"write {value / 100:g} if this is {value:g} percent"
    return ("out-of-range", expected, fix)


def explain(column: Column, cell: str) -> Verdict:
    """Why `cell` is not accepted in `column`: code, expected, fix."""
    if cell != cell.strip() and cell.strip():
        return ("space-around", f"no spaces around {shown(cell.strip())!r}", "remove the spaces")
    match column.kind:
        case "text":
            return ("line-break", "one line", "put the text on one line")
        case "id" | "place":
            return explain_id(cell) or ("bad-id", "a key", "correct the key")
        case "ids":
            verdicts = (explain_id(part) for part in cell.split(";"))
            return next((v for v in verdicts if v is not None), ("bad-id", "keys split by ;", "correct the keys"))
        case "number" | "integer":
            return _explain_number(cell)
        case "year":
            return ("bad-year", "a year such as 2025", "write four digits")
        case "date":
            return ("bad-date", "a day as YYYY-MM-DD", _date_fix(cell))
        case "period":
            return ("bad-date", "YYYY, YYYY-MM or YYYY-MM-DD", _date_fix(cell))
        case "boolean":
            return ("bad-boolean", "true or false", _boolean_fix(cell))
        case "category":
            return ("unknown-word", f"one of {', '.join(column.choices)}", did_you_mean(cell, column.choices))
        case "country":
            code = country_code(cell)
            known = {country.name: code for code, country in COUNTRIES.items()}
            near = nearest(cell, [*known, *COUNTRIES], 1)
            hint = code or (known.get(near[0], near[0]) if near else None)
            fix = f"write {hint}?" if hint else "use the ISO 3166-1 alpha-3 code, or XX-UNK when it is not known"
            return ("unknown-country", "an ISO 3166-1 alpha-3 code", fix)
        case "hs":
            return ("bad-hs-code", "2, 4, 6, 8 or 10 digits, several split by ;", _hs_fix(cell))
        case "unit":
            return ("unknown-unit", "a unit of measure", did_you_mean(cell, UNITS))
        case "currency":
            return ("unknown-currency", "an ISO 4217 code", did_you_mean(cell.strip("$ "), CURRENCIES))
        case _:
            return ("bad-address", "http:// or https:// addresses split by ' ; '", "correct the address")


def scripts_of(text: str) -> frozenset[str]:
    """The scripts (Latin, Cyrillic, Greek …) of the letters in `text`."""
    return frozenset(unicodedata.name(char, "UNKNOWN").split()[0] for char in text if char.isalpha())


def explain_id(cell: str) -> Verdict | None:
    """Why `cell` is no key, or ``None`` when it is one."""
    if not cell.strip():
        return ("bad-id", "a key", "fill the cell")
    if _INVISIBLE.search(cell):
        return ("invisible-character", "visible characters", "type the key again")
    if cell != cell.strip():
        return ("space-around", "a key without spaces around it", "remove the spaces")
    if len(cell) > ID_LENGTH:
        return ("bad-id", f"at most {ID_LENGTH} characters", "shorten the key")
    if cell.casefold() in RESERVED_IDS or set(cell) <= {"."}:
        return ("reserved-id", "a key that is no reserved word", "choose another key")
    if not re.fullmatch(r"\w[\w.:-]*", cell):
        return ("reserved-id" if re.search(r"[/\\]|^-", cell) else "bad-id",
                "letters, digits, _ . : - (first a letter or digit)", "choose another key")  # fmt: skip
    if len(scripts_of(cell)) > 1:
        return (
            "confusable-id",
            "letters of one script",
            f"type the key again: it mixes {', '.join(sorted(scripts_of(cell)))}",
        )
    return None


def _date_fix(cell: str) -> str:
    match = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", cell) or re.fullmatch(r"(\d{4})/(\d{1,2})/(\d{1,2})", cell)
    if match:
        return f"write {match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
    if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}", cell):
        return "write the year first; which number is the day cannot be told"
    return "correct the date"


def _boolean_fix(cell: str) -> str:
    if cell.casefold() in ("yes", "y", "1", "true", "t"):
        return "write true"
    return "write false" if cell.casefold() in ("no", "n", "0", "false", "f") else "write true or false"


def _hs_fix(cell: str) -> str:
    digits = re.sub(r"[. ]", "", cell)
    if digits.isascii() and digits.isdigit():
        if len(digits) % 2:
            return f"write 0{digits} if a leading zero was lost"
        return f"write {digits}"
    return "write the digits as text"


_NUMBER_CASES: tuple[tuple[str, Callable[[re.Match[str]], Verdict]], ...] = (
    (r"(?i)[+-]?nan", lambda m: ("not-a-number", "a number, or an empty cell when it is unknown", "leave the cell empty")),
    (r"(?i)(na|n\.a\.|none|null|unknown|-+|\?)",
     lambda m: ("not-a-number", "a number, or an empty cell when it is unknown", "leave the cell empty")),
    (r"(?i)[+-]?inf(inity)?", lambda m: ("not-finite", "a finite number", "leave the cell empty if there is no limit")),
    (r"0[xXoObB]\w+", lambda m: ("bad-number", "a decimal number", "write it in decimal digits")),
    (r"-?0\d+", lambda m: ("bad-number", "a number without leading zeros", f"write {m[0].lstrip('0') or '0'}")),
    (r"-?\d+(_\d+)+", lambda m: ("bad-number", "digits without _", f"write {m[0].replace('_', '')}")),
    (r"-?\d{1,3}(,\d{3})+(\.\d+)?",
     lambda m: ("digit-grouping", "a decimal point and no grouping", f"write {m[0].replace(',', '')}")),
    (r"-?\d{1,3}(\.\d{3})*,\d+",
     lambda m: ("digit-grouping", "a decimal point and no grouping",
                f"write {m[0].replace('.', '').replace(',', '.')}")),
    (r"-?\d+(\.\d+)? ?%", lambda m: ("percent-sign", "a share between 0 and 1", f"write {_percent(m[0])}")),
    (r"(?i)([$€£¥]|[A-Z]{3}) ?-?\d.*|-?\d.*? ?([$€£¥]|[A-Z]{3}|[kmb]n?)",
     lambda m: ("amount-with-unit", "a plain number", "write the number alone; unit and currency have columns of their own")),
    (r"[<>≥≤~≈].*", lambda m: ("censored-number", "a plain number",
                               "leave the cell empty and write the known end into the _low or _high column")),
    (r"\+\d+(\.\d+)?|-?\.\d+|-?\d+\.", lambda m: ("bad-number", "a number such as 0.5", "write it in full, without +")),
)  # fmt: skip


def _percent(cell: str) -> str:
    try:
        return f"{Decimal(cell.rstrip(' %')) / 100:f}"
    except InvalidOperation:
        return "the share"


def _explain_number(cell: str) -> Verdict:
    if any(char.isdigit() and not char.isascii() for char in cell):
        return ("bad-digits", "the digits 0-9", "type the number again with 0-9")
    for pattern, verdict in _NUMBER_CASES:
        match = re.fullmatch(pattern, cell)
        if match:
            return verdict(match)
    return ("not-a-number", "a number", "correct the number")
