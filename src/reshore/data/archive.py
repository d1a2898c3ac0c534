"""Zip archives in: every file inflated under a limit, so that a bomb is refused before it bursts."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath

from reshore.data.contents import MAX_FILES, Contents, is_hidden, leaves, too_many_files
from reshore.errors import Place, Problem, shown

MAX_TOTAL = 4 * 1024**3
MAX_RATIO = 100
ALLOWANCE = 65_536
"""Bytes that any file may have, however small it is packed."""

_ENTRY_LENGTH = 512
"""Longer than the entry of a file with a sensible name."""

_ARCHIVES = (".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".tar", ".tgz", ".rar")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    IndexError,
)


def is_archive(location: Path) -> bool:
    """Whether `location` is a zip archive, or says so."""
    return location.suffix.lower() == ".zip" or zipfile.is_zipfile(location)


def open_archive(location: Path) -> tuple[Contents | None, list[Problem]]:
    """The files in the zip archive at `location`, or what is wrong with it."""
    stated, room = _stated_entries(location)
    if max(stated, room) > 2 * MAX_FILES:
        return None, [too_many_files(location.name, f"{max(stated, room)} files")]
    try:
        with zipfile.ZipFile(location) as archive:
            if len(archive.infolist()) != stated:
                found = f"{len(archive.infolist())} files where {stated} are stated"
                return None, [_broken(location, found)]
            return _read(location, archive)
    except _BROKEN as error:
        return None, [_broken(location, shown(error) or type(error).__name__)]


def _read(location: Path, archive: zipfile.ZipFile) -> tuple[Contents | None, list[Problem]]:
    entries = archive.infolist()
    if any(entry.filename in ("[Content_Types].xml", "mimetype") for entry in entries):
        return None, [_spreadsheet(location)]
    size = location.stat().st_size
    if any(not 0 <= entry.header_offset < size for entry in entries):
        return None, [_broken(location, "a file that is said to lie outside the archive")]
    read = [entry for entry in entries if not entry.is_dir() and not is_hidden(entry.filename)]
    if len(read) > MAX_FILES:
        return None, [too_many_files(location.name, f"{len(read)} files")]
    problems = list(_refused_entries(read))
    if problems:
        return None, problems
    for entry in entries:
        archive.open(entry).close()  # both headers of a file give it one name, also where one of them would hide it
    stored: dict[str, bytes] = {}
    for entry in read:
        data, bomb = _inflated(archive, entry, MAX_TOTAL - sum(map(len, stored.values())))
        if bomb is not None:
            return None, [bomb]
        stored[PurePosixPath(entry.filename).as_posix()] = data
    files = _below_common_folder(stored)
    return Contents(tuple(files), stored=files), []


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int) -> tuple[bytes, Problem | None]:
    """The file of `entry`, inflated no further than its limit and `room` allow."""
    limit = min(MAX_RATIO * entry.compress_size + ALLOWANCE, room)
    with archive.open(entry) as stream:
        data = stream.read(limit + 1)
    if len(data) <= limit:
        return data, None
    found = f"over {limit} bytes from {entry.compress_size}"
    expected = f"at most {MAX_RATIO} times the packed size, and {MAX_TOTAL} bytes in all"
    return b"", Problem("zip-bomb", Place(entry.filename), found, expected, "pack the data plainly")


def _broken(location: Path, found: str) -> Problem:
    return Problem("broken-archive", Place(location.name), found, "a whole zip archive", "pack it again")


def _stated_entries(location: Path) -> tuple[int, int]:
    """How many entries the end of the archive speaks of, and for how many it has room; zeros when it has no end."""
    with location.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 22 - 65_535))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if not 0 <= end <= len(tail) - 22:
        return 0, 0
    count = int.from_bytes(tail[end + 10 : end + 12], "little")
    size = int.from_bytes(tail[end + 12 : end + 16], "little")
    return count, size // _ENTRY_LENGTH


def _spreadsheet(location: Path) -> Problem:
    return Problem(
        "unsupported-format",
        Place(location.name),
        "a spreadsheet or office document",
        "a folder or zip of CSV or Parquet tables",
        "export each sheet as CSV (UTF-8)",
    )


def _refused_entries(entries: Sequence[zipfile.ZipInfo]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for entry in entries:
        name = entry.filename
        place = Place(name)
        if leaves(name):
            yield Problem(
                "path-outside", place, f"path '{shown(name)}'", "a path inside the package", "rename the file"
            )
        if stat.S_ISLNK(entry.external_attr >> 16):
            yield Problem("link", place, "a symbolic link", "a plain file", "pack the file itself")
        folded = PurePosixPath(name).as_posix().casefold()
        if folded in seen:
            yield Problem(
                "duplicate-file",
                place,
                f"'{shown(name)}' beside '{shown(seen[folded])}'",
                "each name once, whatever its case",
                "remove one",
            )
        seen[folded] = name
        if entry.flag_bits & 1:
            yield Problem("encrypted", place, "an encrypted file", "plain files", "pack without a password")
        elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            yield Problem(
                "unsupported-format",
                place,
                f"packed by method {entry.compress_type}",
                "deflated or stored files",
                "pack it as a plain zip",
            )
        if name.lower().endswith(_ARCHIVES):
            yield Problem("nested-archive", place, "an archive inside the archive", "plain files", "unpack it first")
    for first, second in pairwise(sorted(entries, key=lambda entry: entry.header_offset)):
        if first.header_offset + 30 + len(first.filename) + first.compress_size > second.header_offset:
            yield Problem(
                "overlapping-entries",
                Place(second.filename),
                f"the same bytes as '{shown(first.filename)}'",
                "files one after the other",
                "pack it again",
            )


def _below_common_folder(stored: Mapping[str, bytes]) -> dict[str, bytes]:
    tops = {name.split("/", 1)[0] for name in stored}
    if len(tops) == 1 and all("/" in name for name in stored):
        return {name.split("/", 1)[1]: data for name, data in sorted(stored.items())}
    return dict(sorted(stored.items()))
