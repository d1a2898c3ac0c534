"""``datapackage.json`` after Data Package v2: read strictly, written from the schema."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reshore.data.contents import leaves
from reshore.data.package import About
from reshore.data.schema import TABLES
from reshore.errors import Place, Problem, shown
from reshore.tables import MISSING, Column, Table

FILE = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
SCHEMA_VERSION = 1
MAX_DEPTH = 64
MAX_BYTES = 16 * 1024**2
FORMATS = ("csv", "parquet")

_TYPES = {"number": "number", "integer": "integer", "year": "year", "date": "date", "boolean": "boolean"}


_HASHES = ("md5", "sha1", "sha256", "sha512")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)


class _RefusedError(ValueError):
    def __init__(self, code: str, found: str, expected: str, fix: str) -> None:
        super().__init__(found)
        self.problem = Problem(code, Place(FILE), found, expected, fix)


def read_json(data: bytes) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The descriptor as written, or why it is none: broken text, repeated keys, NaN, too deep, not an object."""
    if len(data) > MAX_BYTES:
        found = f"{len(data)} bytes"
        return None, [Problem("too-large", Place(FILE), found, f"at most {MAX_BYTES} bytes", "shorten the descriptor")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [
            Problem(
                "not-utf-8",
                Place(FILE),
                f"byte 0x{data[error.start]:02x} at offset {error.start}",
                "UTF-8",
                "save as UTF-8",
            )
        ]
    deepest = _depth(text)
    if deepest > MAX_DEPTH:
        return None, [
            Problem(
                "too-deep", Place(FILE), f"{deepest} levels", f"at most {MAX_DEPTH} levels", "flatten the descriptor"
            )
        ]
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except _RefusedError as refused:
        return None, [refused.problem]
    except json.JSONDecodeError as error:
        found = f"{error.msg} at line {error.lineno}, column {error.colno}"
        return None, [Problem("not-json", Place(FILE), found, "JSON", "correct the text")]
    except ValueError as error:
        return None, [Problem("not-a-number", Place(FILE), shown(error), "numbers of ordinary length", "shorten it")]
    if _LONE_SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        return None, [
            Problem("not-json", Place(FILE), "half of a character (\\ud800)", "whole characters", "correct it")
        ]
    if not isinstance(value, dict):
        return None, [Problem("not-json", Place(FILE), type(value).__name__, "a JSON object", "correct the text")]
    return value, []


def _depth(text: str) -> int:
    """How deep lists and objects lie in one another."""
    depth = deepest = 0
    for match in _STRUCTURE.finditer(text):
        mark = match[0]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _RefusedError("duplicate-key", f"key {shown(key)!r} twice", "each key once", "remove one of them")
        result[key] = value
    return result


def _no_constant(token: str) -> None:
    raise _RefusedError("not-a-number", token, "finite numbers", "remove the number")


def about(value: Mapping[str, Any], default: About) -> tuple[About, list[Problem]]:
    """What the descriptor says of the package; `default` where it says nothing."""
    problems: list[Problem] = []

    def refuse(code: str, found: str, expected: str, fix: str) -> None:
        problems.append(Problem(code, Place(FILE), found, expected, fix))

    version = value.get("reshore:schema", SCHEMA_VERSION)
    if not _is_whole(version) or not 1 <= version <= SCHEMA_VERSION:
        refuse("newer-schema", f"schema version {shown(version)}", f"at most {SCHEMA_VERSION}", "update reshore")
    if "requires" in value or "dependencies" in value:
        refuse(
            "unsupported-import",
            "a package that needs other packages",
            "a package that stands alone",
            "copy the rows that it needs",
        )
    price_year = value.get("reshore:price_year")
    if price_year is not None and not (_is_whole(price_year) and 1900 <= price_year <= 2199):
        refuse("bad-year", f"price year {shown(price_year)}", "a year such as 2025", "write four digits")
        price_year = None
    licences = value.get("licenses")
    first = licences[0] if isinstance(licences, list) and licences else {}
    texts = {key: value.get(key, "") for key in ("name", "title", "version", "description")}
    texts["licence"] = first.get("name", "") if isinstance(first, dict) else ""
    for key, text in texts.items():
        if not isinstance(text, str):
            refuse("not-text", f"{key} {shown(text)}", "text", "write it in quotes")
            texts[key] = ""
        elif any(not char.isprintable() and char not in ("\n" if key == "description" else "") for char in text):
            refuse(
                "control-character", f"{key} '{shown(text)}'", "text without control characters", "remove the character"
            )
            texts[key] = ""
    if re.search(r"[/\\]|^\.", texts["name"]):
        refuse("bad-name", f"name '{shown(texts['name'])}'", "a short name, no path", "rename the package")
    return About(**(texts | {"name": texts["name"] or default.name}), price_year=price_year), problems


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def resources(value: Mapping[str, Any], names: Collection[str]) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """The resource of each table, by table; `names` are the files that are there."""
    problems: list[Problem] = []
    result: dict[str, dict[str, Any]] = {}
    listed = value.get("resources")
    if not isinstance(listed, list) or not listed:
        problems.append(Problem("no-resources", Place(FILE), "no resources", "a list of tables", "add the tables"))
        return {}, problems
    for entry in listed:
        wrong = _refused(entry, result, names)
        if wrong is not None:
            problems.append(Problem(wrong[0], Place(FILE), *wrong[1:]))
        else:
            result[entry["name"]] = entry
    return result, problems


def _refused(entry: object, earlier: Collection[str], names: Collection[str]) -> tuple[str, str, str, str] | None:
    """Code, found, expected and fix of a resource that cannot be used."""
    known = [table.name for table in TABLES]
    match entry:
        case {"name": str(name), "path": str(path)}:
            pass
        case _:
            return "bad-resource", shown(entry), "a name and a path", "correct the resource"
    if name not in known:
        return "unknown-table", f"table '{shown(name)}'", f"one of {', '.join(known)}", "rename or remove it"
    if name in earlier:
        return "duplicate-key", f"table '{name}' twice", "each table once", "remove one of them"
    if "://" in path:
        return "remote-path", f"'{shown(path)}'", "a file of the package", "download it into the package"
    if leaves(path):
        return "path-outside", f"'{shown(path)}'", "a path inside the package", "move the file into the package"
    if path not in names:
        near = [other for other in names if other.casefold() == path.casefold()]
        fix = f"rename {shown(near[0])}" if near else "add the file or remove the resource"
        return "missing-file", f"no file '{shown(path)}'", "the file of the table", fix
    if path.rpartition(".")[2].lower() not in FORMATS:
        return "unsupported-format", f"'{shown(path)}'", "CSV or Parquet", "export the table as CSV (UTF-8)"
    return None


def changed_file(resource: Mapping[str, Any], data: bytes) -> Iterator[Problem]:
    """What shows that `data` is not the file that the `resource` declares."""
    place = Place(resource["path"])
    fix = "update the descriptor, or restore the file"
    stated = resource.get("bytes")
    if stated is not None and stated != len(data):
        yield Problem("changed-file", place, f"{len(data)} bytes", f"{shown(stated)} bytes", fix)
    declared = resource.get("hash")
    if declared is None:
        return
    name, _, digest = str(declared).rpartition(":")
    name = name or "md5"
    if name not in _HASHES:
        yield Problem(
            "unknown-word",
            Place(FILE),
            f"hash {shown(declared)}",
            f"one of {', '.join(_HASHES)}",
            "write sha256: and the digest",
        )
    elif hashlib.new(name, data, usedforsecurity=False).hexdigest() != digest.lower():
        yield Problem("changed-file", place, "other content than declared", f"the declared {name}", fix)


def missing_labels(resource: Mapping[str, Any]) -> tuple[dict[str, str], list[Problem]]:
    """What a resource writes for a missing number, translated to our cells (`reshore.tables.MISSING`)."""
    schema = resource.get("schema")
    stated = schema.get("missingValues", []) if isinstance(schema, dict) else []
    ours = {meaning: cell for cell, meaning in MISSING.items()}
    result: dict[str, str] = {}
    problems: list[Problem] = []
    for entry in stated if isinstance(stated, list) else [stated]:
        value, label = (entry.get("value"), entry.get("label")) if isinstance(entry, dict) else (entry, None)
        label = label or MISSING.get(str(value), "unknown")
        if not isinstance(value, str) or label not in ours or MISSING.get(value, label) != label:
            problems.append(
                Problem(
                    "unknown-word",
                    Place(FILE),
                    f"missing value {shown(entry)}",
                    f"labels {', '.join(ours)}",
                    "use one of the labels",
                )
            )
        elif value not in MISSING:
            result[value] = ours[label]
    return result, problems


def table_schema(table: Table, present: Collection[str]) -> dict[str, Any]:
    """The Table Schema of `table` in a package of the tables `present`, from its records."""
    descriptor: dict[str, Any] = {
        "fields": [_field(column) for column in table.file_columns],
        "missingValues": [{"value": cell, "label": meaning} for cell, meaning in MISSING.items()],
    }
    if not any(table.column(name).absent is not None for name in table.key):
        descriptor["primaryKey"] = list(table.key)
    foreign = []
    for column in table.columns:
        resource, _, field = column.refers.partition(".")
        if resource in present and column.kind == "id":
            elsewhere = {"resource": resource} if resource != table.name else {}
            foreign.append({"fields": [column.name], "reference": {**elsewhere, "fields": [field]}})
    if foreign:
        descriptor["foreignKeys"] = foreign
    return descriptor


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES.get(column.kind, "string"),
        "title": column.label,
        "description": column.description if column.absent is None else f"{column.description} Empty: {column.absent}.",
    }
    constraints: dict[str, Any] = {}
    if column.absent is None:
        constraints["required"] = True
    if column.low is not None:
        constraints["minimum"] = column.low
    if column.high is not None:
        constraints["maximum"] = column.high
    if constraints:
        field["constraints"] = constraints
    if column.choices:
        field["categories"] = [{"value": word, "label": meaning} for word, meaning in column.choices.items()]
    if column.unit is not None:
        field["unit"] = column.unit.name
    return field


def json_bytes(value: object) -> bytes:
    """`value` as JSON: two spaces, LF, text as it is; the same value gives the same bytes."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
