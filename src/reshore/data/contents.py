"""The files of a package, in a folder or an archive. Nothing outside the package is ever read, no link is followed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reshore.errors import Place, Problem

MAX_FILES = 1_000

_PROGRAM = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Contents:
    """Files of a package by name, read when asked for."""

    names: tuple[str, ...]
    folder: Path | None = None
    stored: Mapping[str, bytes] | None = None
    links: frozenset[str] = frozenset()
    """Names that are links: they are there, and they are not read."""

    def size(self, name: str) -> int:
        """Bytes of the file `name`."""
        if self.stored is not None:
            return len(self.stored[name])
        assert self.folder is not None
        return (self.folder / name).stat().st_size

    def read(self, name: str) -> bytes:
        """The file `name`."""
        if self.stored is not None:
            return self.stored[name]
        assert self.folder is not None
        return (self.folder / name).read_bytes()


def leaves(path: str) -> bool:
    """Whether `path` points out of the folder that it starts from."""
    pure = PurePosixPath(path.replace("\\", "/"))
    return pure.is_absolute() or ".." in pure.parts or path[1:2] == ":" or "\0" in path


def is_hidden(name: str) -> bool:
    """Whether operating systems put the file `name` there and keep it out of sight: no package needs it."""
    parts = name.replace("\\", "/").split("/")
    return any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts)


def open_folder(folder: Path) -> tuple[Contents | None, list[Problem]]:
    """The files below `folder`; links are problems, hidden files are passed over."""
    names: list[str] = []
    links: set[str] = set()
    problems: list[Problem] = []
    ships = folder.resolve().is_relative_to(_PROGRAM)
    for entry in _walk(folder):
        name = Path(entry.path).relative_to(folder).as_posix()
        # installers put the files of a wheel in place as hard links to their cache
        if entry.is_symlink() or (entry.is_file() and entry.stat().st_nlink > 1 and not ships):
            problems.append(
                Problem("link", Place(name), "a symbolic or hard link", "a plain file", "copy the file itself")
            )
            links.add(name)
        if entry.is_file():
            names.append(name)
        if len(names) > MAX_FILES:
            return None, [too_many_files(folder.name, f"over {MAX_FILES} files")]
    return Contents(tuple(sorted(names)), folder=folder, links=frozenset(links)), problems


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield entry


def too_many_files(name: str, found: str) -> Problem:
    """The problem of a folder or archive that holds more files than any package."""
    return Problem(
        "too-many-files",
        Place(name),
        found,
        f"a data package of at most {MAX_FILES} files",
        "name the folder of the package alone",
    )
