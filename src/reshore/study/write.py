"""A study as TOML: the text from which the same study is read again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from reshore.study.settings import Study, settings_of


def study_text(study: Study, says: Sequence[str] = ()) -> str:
    """`study` as TOML with every setting written out, under comments that say what it is.

    The same study gives the same text; comments and order of a file that it was read from are not in it.
    """
    lines = [f"# {line}".rstrip() for line in says]
    for name, entry in settings_of(study).items():
        _write(name, entry, lines)
    return "\n".join(lines).lstrip("\n") + "\n"


def _write(place: str, entry: object, lines: list[str]) -> None:
    """A table, or a list of tables, with those within it after its own keys."""
    if _is_tables(entry):
        assert isinstance(entry, Sequence)
        for row in entry:
            _table(f"[[{place}]]", place, row, lines)
        return
    assert isinstance(entry, Mapping)
    _table(f"[{place}]", place, entry, lines)


def _table(head: str, place: str, entry: Mapping[str, object], lines: list[str]) -> None:
    within = {key: one for key, one in entry.items() if isinstance(one, Mapping) or _is_tables(one)}
    short = {key for key, one in within.items() if _is_short(one)}
    lines += ["", head]
    lines += [f"{_key(key)} = {_value(one)}" for key, one in entry.items() if key not in within or key in short]
    for key, one in within.items():
        if key not in short:
            _write(f"{place}.{_key(key)}", one, lines)


def _is_tables(entry: object) -> bool:
    return isinstance(entry, list | tuple) and bool(entry) and all(isinstance(row, Mapping) for row in entry)


def _is_short(entry: object) -> bool:
    """Ranges and the like, which are read on one line."""
    rows = entry if _is_tables(entry) else [entry]
    assert isinstance(rows, Sequence)
    return all(len(row) <= 3 and all(isinstance(one, int | float) for one in row.values()) for row in rows)


def _value(entry: object) -> str:
    if isinstance(entry, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in entry.items()) + " }"
    if isinstance(entry, list | tuple):
        if _is_tables(entry):
            return "[\n" + "".join(f"  {_value(row)},\n" for row in entry) + "]"
        return "[" + ", ".join(map(_value, entry)) + "]"
    if isinstance(entry, str):
        return json.dumps(entry, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(entry, bool | int | float):
        return json.dumps(entry)
    raise TypeError(f"{entry!r} has no form in TOML")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
