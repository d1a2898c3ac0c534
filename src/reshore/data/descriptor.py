"""``datapackage.json`` after Data Package v2: read strictly, written from the schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reshore.errors import Place, Problem, shown
from reshore.tables import MISSING, Column, Table

FILE = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
SCHEMA_VERSION = 1
MAX_DEPTH = 64

_TYPES = {"number": "number", "integer": "integer", "year": "year", "date": "date", "boolean": "boolean"}


class _Refused(ValueError):
    def __init__(self, code: str, found: str, expected: str, fix: str) -> None:
        super().__init__(found)
        self.problem = Problem(code, Place(FILE), found, expected, fix)


def read_json(data: bytes) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The descriptor as written, or why it is none: broken text, repeated keys, NaN, too deep, not an object."""
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
    depth = deepest = 0
    inside = escaped = False
    for char in text:
        if inside:
            inside = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            inside = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    if deepest > MAX_DEPTH:
        return None, [
            Problem(
                "too-deep", Place(FILE), f"{deepest} levels", f"at most {MAX_DEPTH} levels", "flatten the descriptor"
            )
        ]
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except _Refused as refused:
        return None, [refused.problem]
    except json.JSONDecodeError as error:
        found = f"{error.msg} at line {error.lineno}, column {error.colno}"
        return None, [Problem("not-json", Place(FILE), found, "JSON", "correct the text")]
    if not isinstance(value, dict):
        return None, [Problem("not-json", Place(FILE), type(value).__name__, "a JSON object", "correct the text")]
    return value, []


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _Refused("duplicate-key", f"key {shown(key)!r} twice", "each key once", "remove one of them")
        result[key] = value
    return result


def _no_constant(token: str) -> None:
    raise _Refused("not-a-number", token, "finite numbers", "remove the number")


def missing_labels(resource: Mapping[str, Any]) -> tuple[dict[str, str], list[Problem]]:
    """What a resource writes for a missing number, translated to our cells (`reshore.tables.MISSING`)."""
    schema = resource.get("schema")
    stated = schema.get("missingValues", []) if isinstance(schema, dict) else []
    ours = {meaning: cell for cell, meaning in MISSING.items()}
    result, problems = {}, []
    for entry in stated if isinstance(stated, list) else []:
        value, label = (entry.get("value"), entry.get("label")) if isinstance(entry, dict) else (entry, "unknown")
        if not isinstance(value, str) or (label is not None and label not in ours):
            problems.append(
                Problem(
                    "unknown-word",
                    Place(FILE),
                    f"missing value {shown(entry)}",
                    f"labels {', '.join(ours)}",
                    "use one of the labels",
                )  # fmt: skip
            )
        elif value not in MISSING:
            result[value] = ours[label or "unknown"]
    return result, problems


def table_schema(table: Table) -> dict[str, Any]:
    """The Table Schema of `table`, from its records."""
    descriptor: dict[str, Any] = {
        "fields": [_field(column) for column in table.file_columns],
        "missingValues": [{"value": cell, "label": meaning} for cell, meaning in MISSING.items()],
    }
    if not any(table.column(name).absent is not None for name in table.key):
        descriptor["primaryKey"] = list(table.key)
    foreign = []
    for column in table.columns:
        if column.refers and column.kind == "id":
            resource, field = column.refers.split(".")
            foreign.append(
                {
                    "fields": [column.name],
                    "reference": {"resource": "" if resource == table.name else resource, "fields": [field]},
                }
            )
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
