"""Data packages out: the same package always gives the same files."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from reshore.data import descriptor, schema
from reshore.data.package import DataPackage
from reshore.errors import FilesError
from reshore.tables import csv_bytes

Format = Literal["csv", "parquet"]

_MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def package_files(package: DataPackage, file_format: Format = "csv", *, sealed: bool = True) -> dict[str, bytes]:
    """The files of `package` by name, its descriptor among them; the same package gives the same bytes.

    A sealed package states the size and hash of every file, so that a changed one is refused. Leave the seal off for
    a package that is edited by hand under version control.
    """
    files: dict[str, bytes] = {}
    resources = []
    filled = [table for table in schema.TABLES if not package[table.name].is_empty()]
    for table in filled:
        frame = package[table.name]
        name = f"{table.name}.{file_format}"
        if file_format == "csv":
            data = csv_bytes(table, frame)
        else:
            buffer = io.BytesIO()
            frame.write_parquet(buffer, compression="zstd", statistics=False)
            data = buffer.getvalue()
        files[name] = data
        seal = {"bytes": len(data), "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"} if sealed else {}
        resources.append(
            {
                "name": table.name,
                "type": "table",
                "title": table.label,
                "description": table.description,
                "path": name,
                "format": file_format,
                "mediatype": _MEDIA_TYPES[file_format],
                "encoding": "utf-8",
                **seal,
                "schema": descriptor.table_schema(table, [other.name for other in filled]),
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


def write_package(package: DataPackage, folder: str | os.PathLike[str], format: Format = "csv") -> None:
    """Writes `package` into `folder`: one file per table that has rows, and ``datapackage.json``.

    Each file appears whole or not at all; tables of a package that was there before are taken away.
    """
    write_files(package_files(package, format), Path(folder), [table.name for table in schema.TABLES])


def write_files(files: Mapping[str, bytes], folder: Path, tables: Iterable[str] = ()) -> None:
    """Writes `files` below `folder`, each whole or not at all.

    CSV and Parquet files of `tables` that are not among `files` are left from an earlier writing. They are taken away,
    lest somebody reads them as part of this one.
    """
    try:
        for left in {f"{table}.{suffix}" for table in tables for suffix in _MEDIA_TYPES} - set(files):
            (folder / left).unlink(missing_ok=True)
        for name, data in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.part")
            try:
                draft.write_bytes(data)
                draft.replace(target)
            finally:
                draft.unlink(missing_ok=True)
    except OSError as error:
        raise FilesError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error
