"""Data packages in: a folder, its ``datapackage.json``, or a zip archive of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from reshore.data import descriptor, schema
from reshore.data.archive import is_archive, open_archive
from reshore.data.contents import Contents, open_folder
from reshore.data.package import About, DataPackage, check_cells
from reshore.data.parquet import read_parquet
from reshore.errors import FilesError, InputError, Place, Problem
from reshore.tables import Cells, Table, read_cells
from reshore.tables.cells import no_such_file
from reshore.tables.text import MAX_BYTES, too_large

SPREADSHEETS = ("xlsx", "xlsm", "xlsb", "xls", "ods")
DATA_SUFFIXES = (*descriptor.FORMATS, "tsv", "txt", "json", "jsonl", "arrow", "feather", "gz", "zip", "yaml", "yml")
"""Files that people may take for data: when they are not read, that is said."""


def read_package(path: str | os.PathLike[str]) -> DataPackage:
    """The checked data package at `path`: a folder, its ``datapackage.json``, or a zip archive of it.

    Raises
    ------
    InputError
        With every problem of the package.
    FilesError
        When `path` cannot be read.
    """
    package, problems = check_package(path)
    if package is None:
        raise InputError([problem for problem in problems if problem.severity == "error"])
    return package


def check_package(path: str | os.PathLike[str]) -> tuple[DataPackage | None, list[Problem]]:
    """The package at `path` (``None`` when something is wrong) and every problem and note, in order."""
    location = Path(path)
    try:
        if location.name == descriptor.FILE and location.is_file():
            location = location.parent
        contents, problems = _open(location)
        if contents is None:
            return None, problems
        return _check(location, contents, problems)
    except OSError as error:
        raise FilesError(f"cannot read {error.filename or location}: {error.strerror or error}") from error


def _open(location: Path) -> tuple[Contents | None, list[Problem]]:
    if location.is_dir():
        return open_folder(location)
    if not location.exists():
        raise FilesError(no_such_file(location))
    if not location.is_file():
        raise FilesError(f"{location} is neither a folder nor a file")
    if is_archive(location):
        return open_archive(location)
    if location.suffix.lower().removeprefix(".") in SPREADSHEETS:
        return None, [_spreadsheet(location.name)]
    return None, [
        Problem(
            "not-a-package",
            Place(location.name),
            "a file",
            f"a folder with {descriptor.FILE}, or a zip of it",
            "name the folder",
        )
    ]


def _spreadsheet(name: str) -> Problem:
    return Problem(
        "unsupported-format", Place(name), "a spreadsheet", "CSV or Parquet", "export each sheet as CSV (UTF-8)"
    )


def _check(location: Path, contents: Contents, problems: list[Problem]) -> tuple[DataPackage | None, list[Problem]]:
    about = About(location.stem if location.is_file() else location.resolve().name)
    resources: dict[str, dict[str, Any]] = {}
    if descriptor.FILE in contents.links:
        return None, problems
    if descriptor.FILE in contents.names:
        if contents.size(descriptor.FILE) > MAX_BYTES:
            return None, [*problems, too_large(descriptor.FILE, contents.size(descriptor.FILE))]
        value, found = descriptor.read_json(contents.read(descriptor.FILE))
        problems += found
        if value is None:
            return None, problems
        about, found = descriptor.about(value, about)
        problems += found
        resources, found = descriptor.resources(value, contents.names)
        problems += found
    else:
        yaml = [name for name in contents.names if name.endswith(("datapackage.yaml", "datapackage.yml"))]
        if yaml:
            problems.append(
                Problem(
                    "yaml-descriptor",
                    Place(yaml[0]),
                    "a YAML descriptor",
                    descriptor.FILE,
                    "write it as JSON: YAML changes codes such as NO or 010121",
                )
            )
            return None, problems
        problems.append(
            Problem(
                "no-descriptor",
                Place(descriptor.FILE),
                "no descriptor",
                descriptor.FILE,
                "none needed; `reshore check -o FOLDER` writes one",
                "note",
            )
        )
        resources, found = _tables_by_name(contents)
        problems += found
    problems += _unread(contents, {resource["path"] for resource in resources.values()})
    tables = {table.name: table for table in schema.TABLES}
    cells: dict[str, Cells | None] = {}
    for key, resource in sorted(resources.items()):
        cells[key], found = _cells(tables[key], resource, contents)
        problems += found
    return check_cells(about, cells, problems)


def _tables_by_name(contents: Contents) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """The files that are named after tables, for a package without descriptor."""
    tables = {table.name for table in schema.TABLES}
    resources: dict[str, dict[str, Any]] = {}
    problems = []
    for name in contents.names:
        table, _, suffix = name.rpartition(".")
        if suffix.lower() not in descriptor.FORMATS or table not in tables:
            continue
        if table in resources:
            problems.append(
                Problem(
                    "duplicate-file",
                    Place(name),
                    f"'{name}' beside '{resources[table]['path']}'",
                    "one file for each table",
                    "remove one",
                )
            )
        resources.setdefault(table, {"name": table, "path": name})
    return resources, problems


def _unread(contents: Contents, read: set[str]) -> list[Problem]:
    """Files that look like data and are not read."""
    problems = []
    for name in contents.names:
        suffix = PurePosixPath(name).suffix.lower().removeprefix(".")
        if name in read or name == descriptor.FILE:
            continue
        if suffix in SPREADSHEETS:
            problems.append(_spreadsheet(name))
        elif suffix in DATA_SUFFIXES:
            tables = ", ".join(table.name for table in schema.TABLES)
            problems.append(
                Problem(
                    "undeclared-file",
                    Place(name),
                    "a file that was not read",
                    f"files named in {descriptor.FILE}",
                    f"name it there, or after a table ({tables}), or remove it",
                    "note",
                )
            )
    return problems


def _cells(table: Table, resource: Mapping[str, Any], contents: Contents) -> tuple[Cells | None, list[Problem]]:
    path = resource["path"]
    if path in contents.links:
        return None, []
    if contents.size(path) > MAX_BYTES:
        return None, [too_large(path, contents.size(path))]
    data = contents.read(path)
    problems = list(descriptor.changed_file(resource, data))
    if path.lower().endswith(".parquet"):
        cells, found = read_parquet(table, path, data)
        return cells, problems + found
    cells, found = read_cells(path, data)
    labels, wrong_labels = descriptor.missing_labels(resource)
    if cells is not None and labels:
        numbers = [
            column.name
            for column in table.file_columns
            if column.kind == "number" and column.name in cells.frame.columns
        ]
        cells = Cells(path, cells.frame.with_columns(pl.col(numbers).replace(labels)), cells.whole)
    return cells, [*problems, *found, *wrong_labels]
