"""Importers: one module per public source. Same bytes in, same tables out; nothing is dropped or merged in silence."""

from __future__ import annotations

import os

from reshore.data import DataPackage, build_package
from reshore.errors import FilesError, InputError
from reshore.importers import baci, bods, entities, eto, sbir, usaspending, usgs
from reshore.importers.inbox import open_inbox
from reshore.importers.records import Draft, Importer

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


def import_package(importer: Importer, path: str | os.PathLike[str]) -> DataPackage:
    """The data set at `path` as a data package; its ``notes`` tell what was dropped, merged or converted.

    Parameters
    ----------
    importer
        One of `IMPORTERS`.
    path
        A file, a folder (its ``data`` folder is looked into) or a zip archive of files of the source.

    Raises
    ------
    InputError
        When the files are not those of the source, with every problem.
    FilesError
        When `path` cannot be read.
    """
    draft = Draft()
    try:
        inbox = open_inbox(path, draft)
        if inbox is not None:
            importer.read(inbox, draft)
    except OSError as error:
        raise FilesError(f"cannot read {error.filename or path}: {error.strerror or error}") from error
    if draft.is_refused:
        raise InputError(draft.errors())
    return build_package(
        draft.tables,
        importer.name,
        importer.label,
        notes=draft.notes(),
        description=f"{importer.label} of {importer.source}, as read by `reshore import {importer.name}`.",
        licence=importer.licence,
        price_year=draft.price_year,
    )
