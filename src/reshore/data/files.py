"""Data packages as files: folders and zip archives in, folders out. Nothing outside the package is ever read."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import polars as pl

from reshore.data import descriptor, schema
from reshore.data.package import About, DataPackage, check_cells
from reshore.errors import FilesError, InputError, Place, Problem, shown
from reshore.tables import Cells, Table, csv_bytes, read_cells, text_cells

MAX_FILES = 1_000
MAX_TOTAL = 4 * 1024**3
MAX_RATIO = 100
FORMATS = ("csv", "parquet")


@dataclass(frozen=True)
class _Contents:
    """Files of a package by name, read when asked for."""

    names: tuple[str, ...]
    folder: Path | None = None
    stored: Mapping[str, bytes] | None = None

    def read(self, name: str) -> bytes:
        if self.stored is not None:
            return self.stored[name]
        assert self.folder is not None
        return (self.folder / name).read_bytes()


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
    if location.name == descriptor.FILE:
        location = location.parent
    try:
        contents, problems = _open(location)
        if contents is None:
            return None, problems
        return _check(location, contents, problems)
    except OSError as error:
        raise FilesError(f"cannot read {error.filename or location}: {error.strerror or error}") from error


def _open(location: Path) -> tuple[_Contents | None, list[Problem]]:
    if location.is_dir():
        names, problems = [], []
        for entry in sorted(location.rglob("*")):
            name = entry.relative_to(location).as_posix()
            if entry.is_symlink() or (entry.is_file() and entry.stat().st_nlink > 1):
                problems.append(
                    Problem("link", Place(name), "a symbolic or hard link", "a plain file", "copy the file itself")
                )
            elif entry.is_file():
                names.append(name)
            if len(names) > MAX_FILES:
                problems.append(
                    Problem(
                        "too-many-files",
                        Place(location.name),
                        f"over {MAX_FILES} files",
                        "a data package",
                        "name the folder of the package",
                    )
                )
                return None, problems
        return _Contents(tuple(names), folder=location), problems
    if not location.exists():
        raise FilesError(f"{location} does not exist")
    if zipfile.is_zipfile(location) or location.suffix == ".zip":
        return _unzip(location)
    return None, [
        Problem(
            "not-a-package",
            Place(location.name),
            "a file",
            "a folder with datapackage.json, or a zip of it",
            "name the folder",
        )
    ]


def _unzip(location: Path) -> tuple[_Contents | None, list[Problem]]:
    """Every file of an archive, counted while it is inflated, so that a bomb is refused before it bursts."""
    problems: list[Problem] = []

    def refuse(code: str, name: str, found: str, expected: str, fix: str) -> None:
        problems.append(Problem(code, Place(shown(name)), found, expected, fix))

    try:
        with zipfile.ZipFile(location) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MAX_FILES:
                refuse(
                    "too-many-files",
                    location.name,
                    f"{len(entries)} files",
                    f"at most {MAX_FILES}",
                    "pack the package alone",
                )
                return None, problems
            seen: dict[str, str] = {}
            for entry in entries:
                name = entry.filename
                if _leaves(name):
                    refuse(
                        "path-outside", name, f"path '{shown(name)}'", "a path inside the package", "rename the file"
                    )
                if stat.S_ISLNK(entry.external_attr >> 16):
                    refuse("link", name, "a symbolic link", "a plain file", "pack the file itself")
                if name.casefold() in seen:
                    refuse(
                        "duplicate-file",
                        name,
                        f"'{shown(name)}' beside '{shown(seen[name.casefold()])}'",
                        "each name once",
                        "remove one",
                    )
                seen[name.casefold()] = name
                if entry.flag_bits & 1:
                    refuse("encrypted", name, "an encrypted file", "plain files", "pack without a password")
                if name.lower().endswith((".zip", ".gz", ".7z", ".tar")):
                    refuse("nested-archive", name, "an archive inside the archive", "plain files", "unpack it first")
            if problems:
                return None, problems
            stored: dict[str, bytes] = {}
            total = 0
            for entry in entries:
                with archive.open(entry) as stream:
                    limit = min(MAX_RATIO * max(entry.compress_size, 1) + 65_536, MAX_TOTAL - total)
                    data = stream.read(limit + 1)
                if len(data) > limit:
                    refuse(
                        "zip-bomb",
                        entry.filename,
                        f"over {limit} bytes from {entry.compress_size}",
                        f"at most {MAX_RATIO} times",
                        "pack the data plainly",
                    )
                    return None, problems
                total += len(data)
                stored[entry.filename] = data
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        refuse("broken-archive", location.name, shown(error), "a whole zip archive", "pack it again")
        return None, problems
    return _Contents(tuple(_below_common_folder(stored)), stored=_below_common_folder(stored)), problems


def _below_common_folder(stored: Mapping[str, bytes]) -> dict[str, bytes]:
    tops = {name.split("/", 1)[0] for name in stored}
    if len(tops) == 1 and all("/" in name for name in stored):
        return {name.split("/", 1)[1]: data for name, data in sorted(stored.items())}
    return dict(sorted(stored.items()))


def _leaves(path: str) -> bool:
    pure = PurePosixPath(path.replace("\\", "/"))
    return pure.is_absolute() or ".." in pure.parts or (len(path) > 1 and path[1] == ":")


def _check(location: Path, contents: _Contents, problems: list[Problem]) -> tuple[DataPackage | None, list[Problem]]:
    about = About(location.stem if location.is_file() else location.resolve().name)
    resources: dict[str, dict[str, Any]] = {}
    if descriptor.FILE in contents.names:
        value, found = descriptor.read_json(contents.read(descriptor.FILE))
        problems += found
        if value is None:
            return None, problems
        about, found = _about(value, about)
        problems += found
        resources, found = _resources(value, contents)
        problems += found
    else:
        yaml = [name for name in contents.names if name.endswith(("datapackage.yaml", "datapackage.yml"))]
        if yaml:
            problems.append(Problem("yaml-descriptor", Place(yaml[0]), "a YAML descriptor", descriptor.FILE,
                                    "write it as JSON: YAML changes codes such as NO or 010121"))  # fmt: skip
            return None, problems
        problems.append(Problem("no-descriptor", Place(descriptor.FILE), "no descriptor", descriptor.FILE,
                                "none needed; `reshore check -o FOLDER` writes one", "note"))  # fmt: skip
    described = bool(resources)
    tables = {table.name: table for table in schema.TABLES}
    declared = {resource["path"] for resource in resources.values()}
    for name in contents.names:
        stem, _, suffix = name.partition(".")
        if suffix in FORMATS and stem in tables and name not in declared:
            if described:
                problems.append(Problem("undeclared-file", Place(name), "a table that the descriptor does not name", "declared tables",
                                        f"add it to {descriptor.FILE} or remove it; it was not read", "note"))  # fmt: skip
            else:
                resources.setdefault(stem, {"name": stem, "path": name})
        elif suffix in FORMATS and name not in declared:
            fix = f"name it after a table: {', '.join(tables)}"
            problems.append(
                Problem("undeclared-file", Place(name), "a file that is no table", "tables of the schema", fix, "note")
            )
        elif suffix in ("xlsx", "xls", "ods"):
            problems.append(
                Problem(
                    "unsupported-format",
                    Place(name),
                    "a spreadsheet",
                    "CSV or Parquet",
                    "export each sheet as CSV (UTF-8)",
                )
            )
    cells: dict[str, Cells] = {}
    for key, resource in sorted(resources.items()):
        table_cells, found = _cells(tables[key], resource, contents)
        problems += found
        if table_cells is not None:
            cells[key] = table_cells
    return check_cells(about, cells, problems)


def _about(value: Mapping[str, Any], default: About) -> tuple[About, list[Problem]]:
    problems = []
    version = value.get("reshore:schema", descriptor.SCHEMA_VERSION)
    if not isinstance(version, int) or version > descriptor.SCHEMA_VERSION:
        problems.append(
            Problem(
                "newer-schema",
                Place(descriptor.FILE),
                f"schema version {shown(version)}",
                f"at most {descriptor.SCHEMA_VERSION}",
                "update reshore",
            )
        )
    if "requires" in value or "dependencies" in value:
        problems.append(Problem("unsupported-import", Place(descriptor.FILE), "a package that needs other packages", "a package that stands alone",
                                "copy the rows that it needs"))  # fmt: skip
    price_year = value.get("reshore:price_year")
    if price_year is not None and not (isinstance(price_year, int) and 1900 <= price_year <= 2199):
        problems.append(
            Problem(
                "bad-year",
                Place(descriptor.FILE),
                f"price year {shown(price_year)}",
                "a year such as 2025",
                "write four digits",
            )
        )
        price_year = None
    licences = value.get("licenses")
    licence = (
        licences[0].get("name", "") if isinstance(licences, list) and licences and isinstance(licences[0], dict) else ""
    )
    texts = {key: value.get(key, "") for key in ("name", "title", "version", "description")}
    for key, text in texts.items():
        if not isinstance(text, str):
            problems.append(
                Problem("not-text", Place(descriptor.FILE), f"{key} {shown(text)}", "text", "write it in quotes")
            )
            texts[key] = ""
    about = About(
        texts["name"] or default.name, texts["title"], texts["version"], texts["description"], str(licence), price_year
    )
    return about, problems


def _resources(value: Mapping[str, Any], contents: _Contents) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    problems: list[Problem] = []

    def refuse(code: str, found: str, expected: str, fix: str) -> None:
        problems.append(Problem(code, Place(descriptor.FILE), found, expected, fix))

    listed = value.get("resources")
    if not isinstance(listed, list) or not listed:
        refuse("no-resources", "no resources", "a list of tables", "add the tables")
        return {}, problems
    known = {table.name for table in schema.TABLES}
    result: dict[str, dict[str, Any]] = {}
    for entry in listed:
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("name"), str)
            or not isinstance(entry.get("path"), str)
        ):
            refuse("bad-resource", shown(entry), "a name and a path", "correct the resource")
            continue
        name, path = entry["name"], entry["path"]
        if name not in known:
            refuse(
                "unknown-table", f"table '{shown(name)}'", f"one of {', '.join(sorted(known))}", "rename or remove it"
            )
        elif name in result:
            refuse("duplicate-key", f"table '{name}' twice", "each table once", "remove one of them")
        elif "://" in path:
            refuse("remote-path", f"'{shown(path)}'", "a file of the package", "download it into the package")
        elif _leaves(path):
            refuse("path-outside", f"'{shown(path)}'", "a path inside the package", "move the file into the package")
        elif path not in contents.names:
            near = [other for other in contents.names if other.casefold() == path.casefold()]
            refuse(
                "missing-file",
                f"no file '{shown(path)}'",
                "the file of the table",
                f"rename {near[0]}" if near else "add the file or remove the resource",
            )
        elif path.rpartition(".")[2] not in FORMATS:
            refuse("unsupported-format", f"'{shown(path)}'", "CSV or Parquet", "export the table as CSV (UTF-8)")
        else:
            result[name] = entry
    return result, problems


def _cells(table: Table, resource: Mapping[str, Any], contents: _Contents) -> tuple[Cells | None, list[Problem]]:
    path = resource["path"]
    data = contents.read(path)
    problems = []
    stated = resource.get("bytes")
    if stated is not None and stated != len(data):
        problems.append(
            Problem(
                "changed-file",
                Place(path),
                f"{len(data)} bytes",
                f"{shown(stated)} bytes",
                "update the descriptor, or restore the file",
            )
        )
    digest = resource.get("hash")
    if digest is not None and str(digest).removeprefix("sha256:") != hashlib.sha256(data).hexdigest():
        problems.append(
            Problem(
                "changed-file",
                Place(path),
                "other content than declared",
                "the declared sha256",
                "update the descriptor, or restore the file",
            )
        )
    if path.endswith(".parquet"):
        try:
            frame = pl.read_parquet(io.BytesIO(data))
        except (pl.exceptions.PolarsError, OSError) as error:
            problems.append(
                Problem("broken-parquet", Place(path), shown(error), "a whole Parquet file", "write it again")
            )
            return None, problems
        return text_cells(table, frame, path), problems
    cells, found = read_cells(path, data)
    labels, label_problems = descriptor.missing_labels(resource)
    if cells is not None and labels:
        numbers = [
            column.name
            for column in table.file_columns
            if column.kind == "number" and column.name in cells.frame.columns
        ]
        cells = Cells(path, cells.frame.with_columns(pl.col(numbers).replace(labels)))
    return cells, [*problems, *found, *label_problems]


def package_files(package: DataPackage, file_format: Literal["csv", "parquet"] = "csv") -> dict[str, bytes]:
    """The files of `package` by name, its descriptor among them; the same package gives the same bytes."""
    files: dict[str, bytes] = {}
    resources = []
    for table in schema.TABLES:
        frame = package[table.name]
        if frame.is_empty():
            continue
        name = f"{table.name}.{file_format}"
        if file_format == "csv":
            data = csv_bytes(table, frame)
        else:
            buffer = io.BytesIO()
            frame.write_parquet(buffer, compression="zstd", statistics=False)
            data = buffer.getvalue()
        files[name] = data
        resources.append(
            {
                "name": table.name,
                "type": "table",
                "title": table.label,
                "description": table.description,
                "path": name,
                "format": file_format,
                "mediatype": "text/csv" if file_format == "csv" else "application/vnd.apache.parquet",
                "encoding": "utf-8",
                "bytes": len(data),
                "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
                "schema": descriptor.table_schema(table),
            }
        )
    about = package.about
    value: dict[str, Any] = {"$schema": descriptor.PROFILE, "name": about.name}
    value |= {key: text for key in ("title", "version", "description") if (text := getattr(about, key))}
    if about.licence:
        value["licenses"] = [{"name": about.licence}]
    value["reshore:schema"] = descriptor.SCHEMA_VERSION
    if about.price_year is not None:
        value["reshore:price_year"] = about.price_year
    value["resources"] = resources
    files[descriptor.FILE] = descriptor.json_bytes(value)
    return files


def write_package(
    package: DataPackage, folder: str | os.PathLike[str], format: Literal["csv", "parquet"] = "csv"
) -> None:
    """Writes `package` into `folder`: one file per table that has rows, and ``datapackage.json``.

    Each file appears whole or not at all.
    """
    write_files(package_files(package, format), Path(folder))


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Writes `files` below `folder`, each whole or not at all."""
    try:
        for name, data in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.part")
            draft.write_bytes(data)
            draft.replace(target)
    except OSError as error:
        raise FilesError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error
