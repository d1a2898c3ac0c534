"""Importers: one module per public source. Same bytes in, same tables out; nothing is dropped or merged in silence."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from reshore.data import DataPackage, build_package
from reshore.errors import FilesError, InputError, Place, Problem, UsageError
from reshore.importers import baci, bods, entities, eto, sbir, usaspending, usgs
from reshore.importers.draft import Draft
from reshore.importers.inbox import Inbox, open_inbox
from reshore.importers.records import Importer

__all__ = ["IMPORTERS", "Importer", "import_package"]

IMPORTERS: tuple[Importer, ...] = (
    eto.IMPORTER,
    usgs.IMPORTER,
    baci.IMPORTER,
    usaspending.IMPORTER,
    sbir.IMPORTER,
    bods.IMPORTER,
    entities.IMPORTER,
)


def import_package(importer: Importer, path: str | os.PathLike[str], only: Sequence[str] = ()) -> DataPackage:
    """The data set at `path` as a data package; its ``notes`` tell what was dropped, merged or converted.

    Parameters
    ----------
    importer
        One of `IMPORTERS`.
    path
        A file, a folder (its ``data`` folder is looked into) or a zip archive of files of the source.
    only
        The part that is wanted, by what ``importer.selects`` names; all of it when empty.

    Raises
    ------
    InputError
        When the files are not those of the source, with every problem.
    FilesError
        When `path` cannot be read.
    UsageError
        When the importer reads its data set as a whole only.
    """
    if only and not importer.selects:
        raise UsageError(f"{importer.label} is read as a whole: nothing can be selected from it")
    draft = Draft()
    try:
        inbox = open_inbox(path, draft)
        if inbox is not None:
            importer.read(replace(inbox, only=tuple(only)), draft)
            _note_unread_files(inbox, draft)
    except OSError as error:
        raise FilesError(f"cannot read {error.filename or path}: {error.strerror or error}") from error
    if draft.is_refused:
        raise InputError(draft.errors())
    try:
        return build_package(
            draft.tables,
            importer.name,
            importer.label,
            notes=draft.notes(),
            description=f"{importer.label} of {importer.source}, as read by `reshore import {importer.name}`.",
            licence=importer.licence,
            price_year=draft.price_year,
        )
    except InputError as error:
        raise InputError([_of_the_table_made(problem) for problem in error.problems]) from error


def _note_unread_files(inbox: Inbox, draft: Draft) -> None:
    for name in inbox.matching("*.csv", "*.json", "*.jsonl"):
        if name not in draft.accounts:
            draft.note("unread-file", Place(name), "a file without the headings of the source", "files of the source",
                       "none needed: it was not read")  # fmt: skip


def _of_the_table_made(problem: Problem) -> Problem:
    """A problem that shows only in the package: its rows are not those of a file of the source."""
    return replace(problem, place=replace(problem.place, file=f"{problem.place.file} as imported"))
