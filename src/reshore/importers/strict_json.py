"""JSON that means one thing: no key twice, no NaN or Infinity, no text in another encoding."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from reshore.errors import Place, shown
from reshore.importers.draft import Draft
from reshore.tables.text import MAX_BYTES, not_a_table, too_large

MAX_DEPTH = 64
_BOM = "\ufeff"


class _RefusedError(ValueError):
    """Why a text is refused although it parses: found, expected, fix."""


def read_values(name: str, data: bytes, draft: Draft) -> list[tuple[int, Any]] | None:
    """The values in a JSON file with their numbers, from 1: items of an array, or one value a line (JSON Lines).

    ``None``, with the reasons on the draft, when a part of it cannot be trusted.
    """
    wrong = too_large(name, len(data)) if len(data) > MAX_BYTES else not_a_table(name, data)
    if wrong is not None:
        draft.problems.append(wrong)
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        draft.error("not-utf-8", Place(name), f"byte 0x{data[error.start]:02x} at offset {error.start}", "UTF-8",
                    "save the file as UTF-8")  # fmt: skip
        return None
    if text.startswith(_BOM):
        text = text[1:]
        draft.note("byte-order-mark", Place(name, 1), "a byte order mark at the start", "plain UTF-8",
                   "none needed: it was left out")  # fmt: skip
    if text.lstrip().startswith("["):
        values = _parsed(name, 0, text, draft)
        return None if values is None else list(enumerate(values, 1))
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            value = _parsed(name, number, line, draft)
            if value is None:
                return None
            found.append((number, value))
    return found


def _parsed(name: str, row: int, text: str, draft: Draft) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
        _check_depth(value)
        return value
    except _RefusedError as error:
        found, expected, fix = error.args
        draft.error("bad-json", Place(name, row), found, expected, fix)
    except (ValueError, RecursionError) as error:
        found = shown(error) or "values nested too deeply"
        draft.error("bad-json", Place(name, row), found, "JSON, or one JSON value a line",
                    "name the file as it was published")  # fmt: skip
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _RefusedError(f"key '{shown(twice)}' twice in one object", "each key once", "remove one of them")
    return made


def _no_number(text: str) -> NoReturn:
    raise _RefusedError(f"{text}, which is no number of JSON", "finite numbers", "leave the value out if it is unknown")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise _RefusedError(
        f"values nested over {MAX_DEPTH} deep", f"at most {MAX_DEPTH}", "name the file as it was published"
    )
