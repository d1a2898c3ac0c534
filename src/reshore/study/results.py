"""`Results`: what a run found, as tables under their columns, with a manifest that says what made them."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from reshore.data import DataPackage, read_package, write_files, write_package
from reshore.data.descriptor import json_bytes
from reshore.errors import FilesError, InputError, Place, Problem
from reshore.study.settings import Study, make_study, settings_of
from reshore.tables import Table, csv_bytes, frame_schema

MANIFEST = "manifest.json"
DATA = "data"
TABLES = "tables"


@dataclass(frozen=True)
class Results:
    """The answer to a study.

    ``tables`` are frames described by ``columns``, which knows every table that a run may have; ``findings`` are
    sentences, the most important first; ``notes`` are what the reader should know about the data.
    """

    study: Study
    package: DataPackage
    tables: Mapping[str, pl.DataFrame]
    columns: Mapping[str, Table]
    findings: tuple[str, ...]
    notes: tuple[Problem, ...]
    manifest: Mapping[str, Any]

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.tables[name]

    @property
    def title(self) -> str:
        """Title of the study."""
        return self.study.title

    @property
    def run(self) -> str:
        """Short name of the run: the same data, study and version give the same name."""
        return str(self.manifest["run"])


def table_files(results: Results) -> dict[str, bytes]:
    """Every result table as CSV and Parquet, by file name; the same results give the same bytes."""
    files = {}
    for name, frame in results.tables.items():
        files[f"{TABLES}/{name}.csv"] = csv_bytes(results.columns[name], frame)
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd", statistics=False)
        files[f"{TABLES}/{name}.parquet"] = buffer.getvalue()
    return files


def make_manifest(study: Study, package: DataPackage, tables: Mapping[str, pl.DataFrame], columns: Mapping[str, Table],
                  versions: Mapping[str, str]) -> dict[str, Any]:  # fmt: skip
    """What made the results: digests of data and study, versions, and a digest per table."""
    run = hashlib.sha256(
        f"{package.digest} {study.digest} {json.dumps(dict(versions), sort_keys=True)}".encode()
    ).hexdigest()
    return {
        "run": run[:8],
        "study": {"digest": study.digest, "settings": settings_of(study)},
        "data": {"name": package.name, "title": package.title, "digest": package.digest},
        "versions": dict(versions),
        "tables": {
            name: {"rows": frame.height, "sha256": hashlib.sha256(csv_bytes(columns[name], frame)).hexdigest()}
            for name, frame in sorted(tables.items())
        },
    }


def write_results(results: Results, folder: Path, written: str | None) -> None:
    """Writes tables, the data that were used and the manifest below `folder`.

    `written` is the time of writing: the only field of the manifest that differs between equal runs.
    """
    write_files(table_files(results), folder, [f"{TABLES}/{name}" for name in results.columns])
    write_package(results.package, folder / DATA)
    manifest = {**results.manifest, "findings": list(results.findings), "written": written}
    write_files({MANIFEST: json_bytes(manifest)}, folder)


def load_results(folder: str | os.PathLike[str], columns: Mapping[str, Table]) -> Results:
    """The results that `write_results` wrote into `folder`; refused when a table is not what the manifest says.

    Raises
    ------
    InputError
        When the folder holds no results or a file was changed.
    FilesError
        When a file cannot be read.
    """
    location = Path(folder)
    try:
        manifest = json.loads((location / MANIFEST).read_text(encoding="utf-8"))
        frames = {name: pl.read_parquet(location / TABLES / f"{name}.parquet") for name in manifest["tables"]}
    except FileNotFoundError as error:
        raise FilesError(
            f"{location} holds no results: {Path(error.filename or location).name} is missing; "
            f"`reshore run STUDY -o {location}` writes them"
        ) from error
    except OSError as error:
        raise FilesError(f"cannot read {error.filename}: {error.strerror}") from error
    except (json.JSONDecodeError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            [
                Problem(
                    "broken-results",
                    Place(str(location)),
                    str(error),
                    "results as they were written",
                    "run the study again",
                )
            ]
        ) from error
    problems = []
    for name, frame in frames.items():
        table = columns.get(name)
        if table is None or dict(frame.schema) != frame_schema(table):
            problems.append(
                Problem(
                    "older-results",
                    Place(f"{TABLES}/{name}.parquet"),
                    "other columns",
                    "columns of this version",
                    "run the study again",
                )
            )
        elif hashlib.sha256(csv_bytes(table, frame)).hexdigest() != manifest["tables"][name]["sha256"]:
            problems.append(
                Problem(
                    "changed-file",
                    Place(f"{TABLES}/{name}.parquet"),
                    "other content than the manifest names",
                    "the table of this run",
                    "run the study again",
                )
            )
    package = read_package(location / DATA)
    if package.digest != manifest["data"]["digest"]:
        problems.append(
            Problem(
                "changed-file",
                Place(DATA),
                "other data than the manifest names",
                "the data of this run",
                "run the study again",
            )
        )
    if problems:
        raise InputError(problems)
    study = make_study(manifest["study"]["settings"], "manifest.json")
    return Results(
        study,
        package,
        frames,
        columns,
        tuple(manifest["findings"]),
        package.notes,
        manifest,
    )
