"""Where an importer finds its files: one file, a folder, the ``data`` folder of a checkout, or a zip archive."""

from __future__ import annotations

import csv
import fnmatch
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reshore.data.archive import is_archive, open_archive
from reshore.errors import FilesError, Place
from reshore.importers.draft import Draft
from reshore.tables.cells import no_such_file

_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Inbox:
    """Files by name, read when asked for; ``only`` is the part of the data set that is wanted, empty for all of it."""

    label: str
    paths: Mapping[str, Path]
    stored: Mapping[str, bytes]
    only: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all files, in order."""
        return tuple(sorted({*self.paths, *self.stored}))

    @property
    def is_one_file(self) -> bool:
        """Whether the user named a file rather than a folder or an archive."""
        return len(self.paths) == 1 and self.label in self.paths

    def matching(self, *patterns: str) -> list[str]:
        """Names of the files that match one of `patterns`, whatever the case and the folder."""
        wanted = [pattern.casefold() for pattern in patterns]
        return [
            name
            for name in self.names
            if any(fnmatch.fnmatchcase(PurePosixPath(name).name.casefold(), pattern) for pattern in wanted)
        ]

    def headings(self, name: str) -> list[str]:
        """The headings of the CSV file `name`, as far as its beginning shows them; none where it is no such file."""
        if name in self.stored:
            head = self.stored[name][:_HEAD_BYTES]
        else:
            with self.paths[name].open("rb") as file:
                head = file.read(_HEAD_BYTES)
        try:
            cells = next(csv.reader(io.StringIO(head.decode("utf-8-sig", "replace"), newline="")), [])
        except csv.Error:
            return []
        return [cell.strip() for cell in cells]

    def read(self, name: str) -> bytes:
        """The bytes of the file `name`."""
        return self.stored[name] if name in self.stored else self.paths[name].read_bytes()


def open_inbox(path: str | os.PathLike[str], draft: Draft) -> Inbox | None:
    """The files at `path`, or ``None`` with the reasons on the draft."""
    location = Path(path)
    if location.is_dir():
        return Inbox(location.name, _files(location, draft), {})
    if not location.exists():
        raise FilesError(no_such_file(location))
    if not location.is_file():
        raise FilesError(f"{location} is neither a folder nor a file")
    if is_archive(location):
        contents, problems = open_archive(location)
        draft.problems += problems
        return None if contents is None else Inbox(location.name, {}, contents.stored or {})
    return Inbox(location.name, {location.name: location}, {})


def _files(folder: Path, draft: Draft) -> dict[str, Path]:
    """Plain files of `folder` and of the folder ``data`` in it; links are passed over with a note."""
    found: dict[str, Path] = {}
    for place in (folder, folder / "data"):
        if not place.is_dir() or place.is_symlink():
            continue
        for entry in sorted(place.iterdir()):
            name = entry.relative_to(folder).as_posix()
            if entry.is_symlink():
                draft.note(
                    "link", Place(name), "a symbolic link", "a plain file", "copy the file itself if it is needed"
                )
            elif entry.is_file() and not entry.name.startswith("."):
                found[name] = entry
    return found
