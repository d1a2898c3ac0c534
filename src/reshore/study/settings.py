"""`Study`: one question in one TOML file, read as strictly as data are."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from reshore.countries import BLOCS, COUNTRIES, country_code
from reshore.errors import FilesError, InputError, Place, Problem, in_order, shown
from reshore.funding.settings import FundSettings, fund_settings, read_fund
from reshore.stress.scenarios import (
    Scenario,
    StressSettings,
    read_scenarios,
    read_stress,
    scenario_settings,
    stress_settings,
)
from reshore.tables.cells import did_you_mean, no_such_file

BASES = ("site", "capacity", "seat", "origin")
MAX_SEED = 2**63 - 1


@dataclass(frozen=True)
class Study:
    """One question, with everything that decides its answer apart from the data.

    Countries are ISO 3166-1 alpha-3. ``at`` is the day for which stakes, posts and the age of data are taken.
    ``scenarios`` are what is stressed, under ``stress``; without any, nothing is. ``fund`` asks for prices and a plan.
    """

    title: str
    question: str
    package: str
    home: str
    allies: tuple[str, ...]
    concern: tuple[str, ...]
    at: str
    basis: tuple[str, ...] = BASES
    chains: tuple[str, ...] = ()
    customs_union: tuple[str, ...] = ()
    cut_set_size: int = 2
    seed: int = 0
    scenarios: tuple[Scenario, ...] = ()
    stress: StressSettings = field(default_factory=StressSettings)
    fund: FundSettings | None = None
    file: str = field(default="", compare=False)

    @property
    def digest(self) -> str:
        """SHA-256 of everything that decides the answer; where the file lies and where the data lie do not."""
        content = {key: value for key, value in asdict(self).items() if key not in ("file", "package")}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def package_path(self) -> Path:
        """Where the data package is: relative paths start at the folder of the study."""
        return (Path(self.file).parent / self.package) if self.file else Path(self.package)


_TABLES: Mapping[str, Mapping[str, tuple[type, bool]]] = {
    "study": {
        "title": (str, True),
        "question": (str, True),
        "package": (str, True),
        "home": (str, True),
        "allies": (list, True),
        "concern": (list, True),
        "at": (str, True),
        "seed": (int, False),
    },
    "exposure": {
        "basis": (list, False),
        "chains": (list, False),
        "customs_union": (list, False),
        "cut_set_size": (int, False),
    },
}
_SECTIONS = (*_TABLES, "scenarios", "stress", "fund")
_WORDS = {str: "text in quotes", list: "a list of texts", int: "a whole number"}


def read_study(path: str | os.PathLike[str]) -> Study:
    """The study in the TOML file at `path`.

    Raises
    ------
    InputError
        With every problem of the file: unknown or missing keys, wrong types, unknown countries.
    FilesError
        When the file cannot be read.
    """
    location = Path(path)
    try:
        data = location.read_bytes()
    except FileNotFoundError as error:
        raise FilesError(no_such_file(location)) from error
    except OSError as error:
        raise FilesError(f"cannot read {location}: {error.strerror or error}") from error
    try:
        text = data.decode("utf-8-sig")
        value = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise InputError(
            [Problem("not-utf-8", Place(location.name), f"byte at offset {error.start}", "UTF-8", "save as UTF-8")]
        ) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(
            [Problem("not-toml", Place(location.name), shown(error), "TOML", "correct the line")]
        ) from error
    return replace(make_study(value, location.name, location.parent), file=str(location))


def make_study(value: Mapping[str, Any], name: str = "study.toml", folder: Path = Path()) -> Study:
    """The study that nested dictionaries (`{"study": {...}, "exposure": {...}}`) describe; see `read_study`.

    What it names by file is sought in `folder`.
    """
    problems: list[Problem] = []

    def refuse(code: str, key: str, found: object, expected: str, fix: str) -> None:
        problems.append(Problem(code, Place(name, 0, key), shown(found), expected, fix))

    fields: dict[str, Any] = {}
    for table, entries in value.items():
        if table not in _SECTIONS:
            refuse("unknown-key", table, table, f"tables {', '.join(_SECTIONS)}", did_you_mean(table, _SECTIONS))
        elif table in _TABLES and not isinstance(entries, Mapping):
            refuse("wrong-type", table, entries, "a table", f"write [{table}]")
    for table, keys in _TABLES.items():
        entries = value.get(table, {})
        if not isinstance(entries, Mapping):
            continue
        for key, entry in entries.items():
            label = f"{table}.{key}"
            if key not in keys:
                refuse("unknown-key", label, key, f"keys {', '.join(keys)}", did_you_mean(key, keys))
                continue
            kind, _ = keys[key]
            sound = isinstance(entry, kind) and not (kind is int and isinstance(entry, bool))
            if not sound or (kind is list and not all(isinstance(item, str) for item in entry)):
                refuse("wrong-type", label, repr(entry), _WORDS[kind], "correct the value")
            elif kind is str and not entry.isprintable():
                refuse("control-character", label, entry, "text without control characters", "remove the character")
            else:
                fields[key] = tuple(entry) if kind is list else entry
        for key, (_, needed) in keys.items():
            if needed and key not in entries:
                refuse("missing-key", f"{table}.{key}", "nothing", f"{key} = …", "add the key")
    _check_countries(fields, refuse)
    if "scenarios" in value:
        fields["scenarios"] = read_scenarios(value["scenarios"], str(fields.get("home", "")), refuse)
    if "stress" in value:
        fields["stress"] = read_stress(value["stress"], refuse)
    if "fund" in value:
        fields["fund"] = read_fund(value["fund"], refuse, folder)
    for word in fields.get("basis", ()):
        if word not in BASES:
            refuse("unknown-word", "exposure.basis", word, f"one of {', '.join(BASES)}", did_you_mean(word, BASES))
    if "basis" in fields and not fields["basis"]:
        refuse("out-of-range", "exposure.basis", "an empty list", "at least one basis", f"write {list(BASES)}")
    if not 1 <= fields.get("cut_set_size", 1) <= 3:
        refuse("out-of-range", "exposure.cut_set_size", fields["cut_set_size"], "1, 2 or 3", "choose a smaller size")
    if not 0 <= fields.get("seed", 0) <= MAX_SEED:
        refuse("out-of-range", "study.seed", fields["seed"], f"0 to {MAX_SEED}", "choose another seed")
    if "at" in fields and not _is_date(fields["at"]):
        refuse("bad-date", "study.at", fields["at"], "a day as YYYY-MM-DD", "correct the date")
    if problems:
        raise InputError(in_order(problems))
    return Study(**fields)


def settings_of(study: Study) -> dict[str, Any]:
    """The nested dictionaries from which `make_study` makes `study` again, apart from where its file lies."""
    found: dict[str, Any] = {
        table: {key: _plain(getattr(study, key)) for key in keys} for table, keys in _TABLES.items()
    }
    if study.scenarios:
        found["scenarios"] = [scenario_settings(scenario) for scenario in study.scenarios]
        found["stress"] = stress_settings(study.stress)
    if study.fund is not None:
        found["fund"] = fund_settings(study.fund)
    return found


def _plain(entry: object) -> object:
    return list(entry) if isinstance(entry, tuple) else entry


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_countries(fields: Mapping[str, Any], refuse: Any) -> None:
    groups = {
        "home": (fields["home"],) if "home" in fields else (),
        "allies": fields.get("allies", ()),
        "concern": fields.get("concern", ()),
    }
    for code in fields.get("customs_union", ()):
        if code not in COUNTRIES:
            refuse(
                "unknown-country",
                "exposure.customs_union",
                code,
                "an ISO 3166-1 alpha-3 code",
                did_you_mean(code, COUNTRIES),
            )
    seen: dict[str, str] = {}
    for key, codes in groups.items():
        for code in codes:
            if code not in COUNTRIES and (code not in BLOCS or code == "WLD"):
                near = country_code(code)
                refuse(
                    "unknown-country",
                    f"study.{key}",
                    code,
                    "an ISO 3166-1 alpha-3 code",
                    f"write {near}" if near else did_you_mean(code, COUNTRIES),
                )
            elif code in seen:
                refuse(
                    "duplicate-country",
                    f"study.{key}",
                    f"{code}, which is in {seen[code]}",
                    "each country once",
                    "remove one of them",
                )
            seen.setdefault(code, key)
