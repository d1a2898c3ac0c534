"""`DataPackage`: checked tables, frozen, with a digest; and the one road by which anything becomes one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from reshore.data import schema
from reshore.data.links import check_links
from reshore.data.provenance import no_price_year
from reshore.errors import InputError, Place, Problem, in_order
from reshore.tables import ROW, Cells, check_table, empty_frame, text_cells
from reshore.tables.write import csv_chunks

Rows = Sequence[Mapping[str, object]] | pl.DataFrame


@dataclass(frozen=True)
class About:
    """What a package says of itself."""

    name: str
    title: str = ""
    version: str = ""
    description: str = ""
    licence: str = ""
    price_year: int | None = None


@dataclass(frozen=True)
class DataPackage:
    """Checked tables of one data package.

    ``package["supply"]`` is the frame of that table: every file column of the schema with its type, sorted by key;
    numbers that may be missing for a reason have that reason in ``<name>_missing``. Tables that were not given are
    frames without rows. ``notes`` are findings that need not stop a run.
    """

    about: About
    tables: Mapping[str, pl.DataFrame] = field(compare=False)
    digest: str
    notes: tuple[Problem, ...] = field(default=(), compare=False)

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.tables[name]

    @property
    def name(self) -> str:
        """Short name of the package."""
        return self.about.name

    @property
    def title(self) -> str:
        """Title for people; the name when there is none."""
        return self.about.title or self.about.name

    @property
    def price_year(self) -> int | None:
        """Year of the prices in which money is counted."""
        return self.about.price_year


def check_cells(
    about: About, cells: dict[str, Cells | None], earlier: Sequence[Problem] = ()
) -> tuple[DataPackage | None, list[Problem]]:
    """The package made of the `cells` of its tables, and every problem; ``None`` when there is an error.

    A table whose cells are ``None`` is there but could not be read. `earlier` are problems met on the way to the cells.
    `cells` is empty afterwards: a large table need not be held as text any longer when it is typed.
    """
    names = list(cells)
    problems = list(earlier)
    frames: dict[str, pl.DataFrame] = {}
    files: dict[str, str] = {}
    broken: set[str] = set()
    for table in schema.TABLES:
        given = cells.pop(table.name, None)
        files[table.name] = given.file if given is not None else f"{table.name}.csv"
        if given is not None:
            frames[table.name], found = check_table(table, given)
            problems += found
            if not given.whole:
                broken.add(table.name)
            continue
        frames[table.name] = empty_frame(table).with_columns(pl.lit(0, pl.Int64).alias(ROW))
        if table.name in names:
            broken.add(table.name)
        elif table.required and _is_needed(table.name, names):
            problems.append(
                Problem(
                    "missing-table", Place(files[table.name]), "no such table", f"table {table.name}", "add the file"
                )
            )
    problems += check_links(frames, files, broken)
    if about.price_year is None:
        problems += no_price_year(frames, files)
    ordered = list(in_order(problems))
    if any(problem.severity == "error" for problem in ordered):
        return None, ordered
    return _freeze(about, frames, ordered), ordered


def _is_needed(name: str, given: Collection[str]) -> bool:
    """Whether a table that was given must refer to the table `name`; a list of firms or awards needs no goods."""
    return not given or any(
        column.refers.startswith(f"{name}.") and column.absent is None
        for table in schema.TABLES
        if table.name in given
        for column in table.columns
    )


def _freeze(about: About, frames: Mapping[str, pl.DataFrame], problems: Sequence[Problem]) -> DataPackage:
    tables = {}
    digest = hashlib.sha256()
    for table in schema.TABLES:
        frame = frames[table.name].drop(ROW)
        for column in table.columns:
            if column.kind == "boolean" and column.absent == "false":
                frame = frame.with_columns(pl.col(column.name).fill_null(False))
        tables[table.name] = frame
        if not frame.is_empty():
            digest.update(f"{table.name}\n".encode())
            for chunk in csv_chunks(table, frame):
                digest.update(chunk)
    digest.update(f"price_year {about.price_year}".encode())
    return DataPackage(about, tables, digest.hexdigest(), tuple(problems))


def build_package(
    tables: Mapping[str, Rows], name: str, title: str = "", *, notes: Sequence[Problem] = (), **about: object
) -> DataPackage:
    """A package from rows that a program made; they pass the same door as files.

    Parameters
    ----------
    tables
        Rows by table name: dictionaries, or polars frames, in the vocabulary of `reshore.data.schema`.
    name, title, about
        What the package says of itself; see `About`.
    notes
        Findings to carry along.

    Raises
    ------
    InputError
        With every problem of the rows.
    """
    unknown = sorted(set(tables) - {table.name for table in schema.TABLES})
    problems = [
        Problem("unknown-table", Place(f"{key}.csv"), f"table {key!r}", "a table of the schema", "rename or remove it")
        for key in unknown
    ]
    cells = {
        table.name: text_cells(table, tables[table.name], f"{table.name}.csv")
        for table in schema.TABLES
        if table.name in tables
    }
    package, found = check_cells(About(name, title, **about), cells, [*problems, *notes])  # type: ignore[arg-type]  # checked by About
    if package is None:
        raise InputError([problem for problem in found if problem.severity == "error"])
    return package
