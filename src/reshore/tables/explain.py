"""Words for cells that are not accepted: what is wrong with this one, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path

from rapidfuzz import process

from reshore.countries import COUNTRIES, CURRENCIES, country_code
from reshore.errors import shown
from reshore.tables.columns import Column
from reshore.tables.keys import Verdict, explain_key
from reshore.units import UNITS

LISTED = 8
"""Known words that are listed where none is near."""
_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Up to `count` of the `known` words that look like `word`, best first."""
    by_form = {option.casefold(): option for option in sorted(known)}
    found = process.extract(word.casefold(), list(by_form), limit=count, score_cutoff=60.0)
    return [by_form[form] for form, _, _ in sorted(found, key=lambda hit: (-hit[1], hit[0]))]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A fix that names the nearest known words; where none is near, the first of those that are known."""
    options = sorted(known)
    if near := nearest(word, options):
        return f"did you mean {' or '.join(repr(option) for option in near)}?"
    if not options:
        return "nothing of that kind is known here"
    more = f" and {len(options) - LISTED} more" if len(options) > LISTED else ""
    return f"use one of {', '.join(repr(option) for option in options[:LISTED])}{more}"


def no_such_file(location: Path) -> str:
    """That nothing is at `location`, and what is there instead."""
    folder = location.parent
    if not folder.is_dir():
        return f"{location} does not exist: there is no folder {folder}"
    names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    return f"{location} does not exist; in {folder.resolve()}: {did_you_mean(location.name, names)}"


def explain(column: Column, cell: str) -> Verdict:
    """Why `cell` is not accepted in `column`: code, expected, fix."""
    if not cell.strip():
        return ("space-around", "a value, or nothing at all", "empty the cell, or fill it")
    if cell != cell.strip():
        return ("space-around", f"no spaces around {shown(cell.strip())!r}", "remove the spaces")
    match column.kind:
        case "text":
            return ("line-break", "one line", "put the text on one line")
        case "id" | "place":
            return explain_key(cell) or ("bad-id", "a key", "correct the key")
        case "ids":
            verdicts = (explain_key(part) for part in cell.split(";"))
            return next(
                (v for v in verdicts if v is not None), ("bad-id", "keys split by semicolons", "correct the keys")
            )
        case "number" | "integer":
            return _explain_number(column, cell)
        case "year":
            return ("bad-year", "a year such as 2025", "write four digits")
        case "date":
            return ("bad-date", "a day that exists, as YYYY-MM-DD", _date_fix(cell))
        case "period":
            return ("bad-date", "YYYY, YYYY-MM or a day that exists, as YYYY-MM-DD", _date_fix(cell))
        case "boolean":
            return ("bad-boolean", "true or false", _boolean_fix(cell))
        case "category":
            return ("unknown-word", f"one of {', '.join(column.choices)}", did_you_mean(cell, column.choices))
        case "country":
            return ("unknown-country", "an ISO 3166-1 alpha-3 code", _country_fix(cell))
        case "hs":
            return ("bad-hs-code", "2, 4, 6, 8 or 10 digits, several split by semicolons", _hs_fix(cell))
        case "unit":
            return ("unknown-unit", "a unit of measure", did_you_mean(cell, UNITS))
        case "currency":
            return ("unknown-currency", "an ISO 4217 code", did_you_mean(cell.strip("$ "), CURRENCIES))
        case _:
            return ("bad-address", "http:// or https:// addresses split by ' ; '", "correct the address")


def out_of_range(column: Column, value: float) -> Verdict:
    """Why `value` is outside the bounds of `column`."""
    low, high = column.low, column.high
    expected = (
        f"a number from {low:g} to {high:g}"
        if low is not None and high is not None
        else f"{low:g} or more"
        if low is not None
        else f"{high:g} or less"
    )
    fix = "correct the number"
    if column.unit is not None and column.unit.dimension == "share" and high is not None:
        expected = f"a share between {low:g} and {high:g}" if low is not None else f"a share up to {high:g}"
        if high < value <= 100 * high:
            fix = f"write {value / 100:g} if this is {value:g} percent"
    return ("out-of-range", expected, fix)


def _date_fix(cell: str) -> str:
    match = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})", cell)
    match = match or re.fullmatch(r"([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})", cell)
    match = match or re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?", cell)
    if match and int(match[2]) <= 12 and int(match[3]) <= 28:
        return f"write {match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
    if re.fullmatch(r"[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{4}", cell):
        return "write the year first; which number is the day cannot be told"
    if re.fullmatch(r"[34][0-9]{4}", cell):
        return "write the day as text: this looks like the day number of a spreadsheet"
    return "correct the date"


def _boolean_fix(cell: str) -> str:
    if cell.casefold() in ("yes", "y", "1", "true", "t"):
        return "write true"
    return "write false" if cell.casefold() in ("no", "n", "0", "false", "f") else "write true or false"


def _country_fix(cell: str) -> str:
    code = country_code(cell)
    if code is None and len(cell) > 3:
        known = {country.name: key for key, country in COUNTRIES.items()}
        near = nearest(cell, known, 1)
        code = known[near[0]] if near else None
    return f"write {code}?" if code else "use the ISO 3166-1 alpha-3 code, or XX-UNK when it is not known"


def _hs_fix(cell: str) -> str:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)+", cell):
        digits = cell.replace(".", "")
        return f"write the digits as text, without the point: {digits if len(digits) % 2 == 0 else f'{digits}0'}?"
    if re.fullmatch(r"[0-9]+", cell) and len(cell) % 2 and len(cell) < 10:
        return f"write 0{cell} if a leading zero was lost"
    return "write the digits as text"


_UNKNOWN_NUMBER = ("not-a-number", "a number, or an empty cell when it is unknown", "leave the cell empty")
_AMOUNT = ("amount-with-unit", "a plain number", "write the number alone; unit and currency have columns of their own")


def _says(code: str, expected: str, fix: str) -> Callable[[re.Match[str]], Verdict]:
    return lambda _: (code, expected, fix)


_NUMBER_CASES: tuple[tuple[str, Callable[[re.Match[str]], Verdict]], ...] = (
    (r"(?i)[+-]?nan|na|n\.a\.|none|null|unknown|-+|\?", _says(*_UNKNOWN_NUMBER)),
    (r"(?i)[+-]?inf(inity)?", _says("not-finite", "a finite number", "leave the cell empty if there is no limit")),
    (r"0[xXoObB]\w+", _says("bad-number", "a decimal number", "write it in decimal digits")),
    (r"-?0\d+(\.\d+)?", lambda m: ("bad-number", "a number without leading zeros", f"write {_plain(m[0])}")),
    (r"-?\d+(_\d+)+", lambda m: ("bad-number", "digits without _", f"write {m[0].replace('_', '')}")),
    (
        r"-?\d{1,3}(,\d{3})+(\.\d+)?",
        lambda m: ("digit-grouping", "a decimal point and no grouping", f"write {m[0].replace(',', '')}"),
    ),
    (
        r"-?\d{1,3}(\.\d{3})*,\d+",
        lambda m: (
            "digit-grouping",
            "a decimal point and no grouping",
            f"write {m[0].replace('.', '').replace(',', '.')}",
        ),
    ),
    (
        r"-?\d{1,3}([ \u00a0\u202f']\d{3})+(\.\d+)?",
        lambda m: ("digit-grouping", "a decimal point and no grouping", f"write {re.sub('[^0-9.-]', '', m[0])}"),
    ),
    (
        r"-?\d+(\.\d+)? ?%",
        lambda m: ("percent-sign", "a share between 0 and 1", f"write {_plain(m[0].rstrip(' %'), 100)}"),
    ),
    (r"(?i)([$€£¥]|[A-Z]{3}) ?-?\d.*|-?\d.*? ?([$€£¥]|[A-Z]{3}|[kmb]n?)", _says(*_AMOUNT)),
    (
        r"[<>≥≤~≈].*",
        _says(
            "censored-number",
            "a plain number",
            "leave the cell empty and write the known end into the _low or _high column",
        ),
    ),
    (r"\+\d+(\.\d+)?|-?\.\d+|-?\d+\.", _says("bad-number", "a number such as 0.5", "write it in full, without +")),
)


def _plain(digits: str, divisor: int = 1) -> str:
    try:
        return f"{Decimal(digits) / divisor:f}"
    except InvalidOperation:
        return "the number"


def _explain_number(column: Column, cell: str) -> Verdict:
    if any(char.isdigit() and not char.isascii() for char in cell):
        return ("bad-digits", "the digits 0-9", "type the number again with 0-9")
    if column.kind == "integer" and _PLAIN_NUMBER.fullmatch(cell):
        return ("bad-number", "a whole number in digits", "write it without a point or exponent")
    for pattern, verdict in _NUMBER_CASES:
        match = re.fullmatch(pattern, cell)
        if match:
            return verdict(match)
    return ("not-a-number", "a number", "correct the number")
