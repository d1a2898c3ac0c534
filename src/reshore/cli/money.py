"""What the commands about money share: a study answered with another budget, and tables written to one file."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reshore.cli.talk import Progress, as_json, say, target

if TYPE_CHECKING:
    import polars as pl

    from reshore.study import Study

SUFFIXES = (".csv", ".parquet", ".json")


@dataclass(frozen=True)
class Answer:
    """The tables about money of one study, with the digests of what was asked and of the data."""

    study: Study
    manifest: Mapping[str, str]
    tables: Mapping[str, pl.DataFrame]

    def __getitem__(self, name: str) -> pl.DataFrame:
        """The table `name`."""
        return self.tables[name]


def answer(path: str, part: str, budget: float | None, progress: Progress) -> Answer:
    """The part of the study at `path` that is about money; `budget` replaces the face value of its first instrument."""
    from reshore.chain import build_chain
    from reshore.data import read_package
    from reshore.study import read_study
    from reshore.study.control import control_at
    from reshore.study.money import fund_study
    from reshore.study.stress import stress_case

    study = read_study(path)
    if study.fund is None:
        raise click.UsageError(f"{path} asks for no plan; add [fund] with [[fund.budgets]] instrument = …")
    if budget is not None:
        first, *others = study.fund.budgets
        study = replace(study, fund=replace(study.fund, budgets=(first.scaled(budget), *others)))
    with progress.step("reading tables"):
        package = read_package(study.package_path)
    with progress.step("following owners"):
        control = control_at(package, study.at)
    case = stress_case(study, package, build_chain(package, *study.chains), control)
    tables = fund_study(study, package, case, progress.step, (part,))
    return Answer(study, {"study": study.digest, "data": package.digest}, tables)


def document_for(output: str | None, force: bool) -> Path | None:
    """Where to write, refused when nothing can be written in its format."""
    document = target(output, force)
    if document is not None and document.suffix not in SUFFIXES:
        raise click.UsageError(f"cannot write '{document.suffix or output}'; there are {', '.join(SUFFIXES)}")
    return document


def write(command: str, found: Answer, main: str, document: Path) -> None:
    """Writes the table `main`, or all tables as JSON."""
    from reshore.data import write_files
    from reshore.funding.records import FUND_TABLES
    from reshore.pricing.records import PRICING_TABLES
    from reshore.tables import csv_bytes

    table = next(table for table in (*PRICING_TABLES, *FUND_TABLES) if table.name == main)
    if document.suffix == ".json":
        data = as_json(command, manifest=found.manifest, tables=found.tables).encode()
    elif document.suffix == ".csv":
        data = csv_bytes(table, found[main])
    else:
        buffer = io.BytesIO()
        found[main].write_parquet(buffer, compression="zstd", statistics=False)
        data = buffer.getvalue()
    write_files({document.name: data}, document.parent)
    say(f"{document} written")


def span(row: Mapping[str, float], name: str) -> str:
    """A number with its range, where it has one."""
    from reshore.units import written

    point, low, high = (written(row[key]) for key in (name, f"{name}_low", f"{name}_high"))
    return point if low == high else f"{point} ({low} to {high})"
