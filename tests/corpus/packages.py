"""One good package, the edits that spoil it, and the ways to pack it.

A package is a dictionary of file names and bytes. An edit takes it and changes it in place; a way to pack it writes it
below a folder and returns the path that a user would name.
"""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from reshore.data import package_files, read_package

Files = dict[str, bytes]
Edit = Callable[[Files], None]
Pack = Callable[[Files, Path], Path]

TABLES = {
    "sources": """source,title,url,retrieved
survey,A survey,https://example.org/survey,2026-01-05
""",
    "goods": """good,label,chain,step,step_order,kind,origin,final,unit,hs_codes,source,as_of,confidence
ore,Ore,magnets,Mine,0,material,primary,false,t,2530,survey,2025,high
magnet,Magnet,magnets,Magnet,1,product,,true,t,850511,survey,2025,high
""",
    "inputs": """good,input,need,role,amount_per_unit,yield_share,source,confidence
magnet,ore,essential,consumed,1.5,0.9,survey,high
""",
    "organizations": """organization,label,seat,kind,source,confidence
mill,Mill,JPN,firm,survey,high
fund,Fund,NAM,fund,survey,medium
""",
    "stakes": """owner,owned,equity_share,start,end,source,confidence
fund,mill,0.4,2020,,survey,high
""",
    "supply": """good,supplier,share,capacity_per_year,unit,market,basis,measure,coverage,year,source,confidence
ore,CHN,0.6,6000,t,WLD,site,volume,complete,2024,survey,high
ore,mill,0.4,4000,t,WLD,site,volume,complete,2024,survey,high
magnet,CHN,0.9,9000,t,WLD,site,volume,partial,2024,survey,low
""",
}
"""The good package: two goods, two suppliers, one owner."""

DEMAND = "good,country,use_per_year,year,source,confidence\nmagnet,USA,100,2024,survey,high\n"
PROJECTS = (
    "project,label,organization,good,site,capacity_per_year,unit,capex_usd,build_months,status,source,confidence\n"
    "plant,Plant,mill,magnet,USA,500,t,1000000.25,18,announced,survey,high\n"
)
PROGRAMS = (
    "program,country,kind,amount,currency,amount_usd,period,counts,source,confidence\n"
    "Programme,USA,budget,5,USD,5,2024,all of it,survey,high\n"
)
CELLS = "table,row_key,column,how,source,confidence\ngoods,magnet,unit,observed,survey,high\n"


def good() -> Files:
    """The files of the good package, without a descriptor."""
    return {f"{name}.csv": text.encode() for name, text in TABLES.items()}


@cache
def _described() -> tuple[tuple[str, bytes], ...]:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        return tuple(package_files(read_package(folder(good(), Path(place)))).items())


def described() -> Files:
    """The files of the good package with the descriptor that reshore writes."""
    return dict(_described())


# Edits ---------------------------------------------------------------------------------------------------------------


def rows_of(data: bytes) -> list[list[str]]:
    """The records of a CSV file."""
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


def csv_of(rows: list[list[str]]) -> bytes:
    """Records as a CSV file."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def cell(table: str, row: int, column: str, value: str) -> Edit:
    """Writes `value` into a cell; rows count as in a spreadsheet (header = 1)."""

    def edit(files: Files) -> None:
        rows = rows_of(files[f"{table}.csv"])
        rows[row - 1][rows[0].index(column)] = value
        files[f"{table}.csv"] = csv_of(rows)

    return edit


def column(table: str, name: str, *values: str) -> Edit:
    """Adds a column with a value for each row."""

    def edit(files: Files) -> None:
        rows = rows_of(files[f"{table}.csv"])
        for row, value in zip(rows, [name, *values], strict=True):
            row.append(value)
        files[f"{table}.csv"] = csv_of(rows)

    return edit


def without(table: str, name: str) -> Edit:
    """Drops a column."""

    def edit(files: Files) -> None:
        rows = rows_of(files[f"{table}.csv"])
        place = rows[0].index(name)
        files[f"{table}.csv"] = csv_of([row[:place] + row[place + 1 :] for row in rows])

    return edit


def line(table: str, text: str) -> Edit:
    """Adds a line at the end."""

    def edit(files: Files) -> None:
        files[f"{table}.csv"] += text.encode() + b"\n"

    return edit


def text(table: str, old: str | bytes, new: str | bytes, suffix: str = "csv") -> Edit:
    """Replaces text or bytes that occur in the file."""
    before, after = (part.encode() if isinstance(part, str) else part for part in (old, new))

    def edit(files: Files) -> None:
        assert before in files[f"{table}.{suffix}"], f"{before!r} is not in {table}"
        files[f"{table}.{suffix}"] = files[f"{table}.{suffix}"].replace(before, after)

    return edit


def file(name: str, data: str | bytes) -> Edit:
    """Writes a whole file."""

    def edit(files: Files) -> None:
        files[name] = data.encode() if isinstance(data, str) else data

    return edit


def gone(name: str) -> Edit:
    """Removes a file."""

    def edit(files: Files) -> None:
        del files[name]

    return edit


def descriptor(change: Callable[[Any], object] = lambda _: None) -> Edit:
    """Adds the descriptor that reshore writes, with its CSV files as declared, after `change` of it."""

    def edit(files: Files) -> None:
        files.update(described())
        value = json.loads(files["datapackage.json"])
        change(value)
        files["datapackage.json"] = json.dumps(value).encode()

    return edit


# Ways to pack --------------------------------------------------------------------------------------------------------


def folder(files: Files, place: Path) -> Path:
    """A folder."""
    for name, data in files.items():
        (place / "package" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "package" / name).write_bytes(data)
    return place / "package"


def zipped(files: Files, place: Path) -> Path:
    """A zip archive, the same bytes each time."""
    with zipfile.ZipFile(place / "package.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return place / "package.zip"


def alone(files: Files, place: Path) -> Path:
    """The one file of the package, without a folder around it."""
    ((name, data),) = files.items()
    (place / name).write_bytes(data)
    return place / name


def symbolic_link(files: Files, place: Path) -> Path:
    """A folder in which goods.csv is a symbolic link to a file outside."""
    package = folder(files, place)
    (package / "goods.csv").rename(place / "elsewhere.csv")
    (package / "goods.csv").symlink_to(place / "elsewhere.csv")
    return package


def hard_link(files: Files, place: Path) -> Path:
    """A folder in which goods.csv is a second name of a file outside."""
    package = folder(files, place)
    os.link(package / "goods.csv", place / "elsewhere.csv")
    return package


def folder_link(files: Files, place: Path) -> Path:
    """A folder with a link to a folder outside."""
    package = folder(files, place)
    (place / "outside").mkdir()
    (package / "more").symlink_to(place / "outside", target_is_directory=True)
    return package


def sparse(name: str, size: int) -> Pack:
    """A folder in which a file has `size` bytes, none of them on disk."""

    def pack(files: Files, place: Path) -> Path:
        package = folder(files, place)
        os.truncate(package / name, size)
        return package

    return pack


def zip_with(name: str, data: bytes = b"x") -> Pack:
    """A zip archive with one more entry of any name, even one that is there already."""

    def pack(files: Files, place: Path) -> Path:
        import warnings

        path = zipped(files, place)
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that names repeat is the point
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        return path

    return pack


def zip_link(files: Files, place: Path) -> Path:
    """A zip archive with a symbolic link."""
    path = zipped(files, place)
    entry = zipfile.ZipInfo("notes.txt", (1980, 1, 1, 0, 0, 0))
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, "/etc/passwd")
    return path


def zip_edited(change: Callable[[bytearray], object]) -> Pack:
    """A zip archive whose bytes were changed afterwards."""

    def pack(files: Files, place: Path) -> Path:
        path = zipped(files, place)
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)
        return path

    return pack


def encrypted(data: bytearray) -> None:
    """Sets the bit that says *encrypted* in every header."""
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(mark, place + 4)


def other_method(data: bytearray) -> None:
    """Says in every header that the entry is packed by LZMA."""
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.find(mark)
        while place >= 0:
            struct.pack_into("<H", data, place + offset, zipfile.ZIP_LZMA)
            place = data.find(mark, place + 4)


def wrong_checksum(data: bytearray) -> None:
    """Changes the CRC of the first entry in the central directory."""
    data[data.find(b"PK\x01\x02") + 16] ^= 0xFF


def truncated(data: bytearray) -> None:
    """Cuts off the end."""
    del data[len(data) - 30 :]


def understated(data: bytearray) -> None:
    """Says in the central directory that every entry holds four bytes, as bombs do to get past a look at the sizes."""
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        struct.pack_into("<I", data, place + 24, 4)
        place = data.find(b"PK\x01\x02", place + 4)


def overlapping(data: bytearray) -> None:
    """Points the second entry of the central directory at the bytes of the first."""
    second = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)
    struct.pack_into("<I", data, second + 42, 0)


def swallowing(data: bytearray) -> None:
    """Says in the central directory that the second entry has a comment, as long as the third entry is."""
    second = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 4)
    third = data.find(b"PK\x01\x02", second + 4)
    struct.pack_into("<H", data, second + 32, data.find(b"PK\x01\x02", third + 4) - third)


def outside(data: bytearray) -> None:
    """Says in the central directory that the first entry begins far behind the end of the file."""
    struct.pack_into("<I", data, data.find(b"PK\x01\x02") + 42, 2**31)


def many_entries(count: int) -> Pack:
    """A zip archive of `count` empty entries, written by hand since a library takes its time."""

    def pack(files: Files, place: Path) -> Path:
        body, directory = io.BytesIO(), io.BytesIO()
        for number in range(count):
            name = f"{number}.txt".encode()
            fixed = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, zlib.crc32(b""), 0, 0, len(name), 0)
            directory.write(
                b"PK\x01\x02" + struct.pack("<H", 20) + fixed + struct.pack("<HHHII", 0, 0, 0, 0, body.tell())
            )
            directory.write(name)
            body.write(b"PK\x03\x04" + fixed + name)
        start, size = body.tell(), directory.tell()
        stated = min(count, 0xFFFF)
        end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, stated, stated, size, start, 0)
        (place / "package.zip").write_bytes(body.getvalue() + directory.getvalue() + end)
        return place / "package.zip"

    return pack


def spreadsheet(name: str) -> Pack:
    """What a spreadsheet program writes, alone."""

    def pack(_: Files, place: Path) -> Path:
        path = place / name
        inside = "mimetype" if name.endswith("ods") else "[Content_Types].xml"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(inside, "application/vnd.oasis.opendocument.spreadsheet")
        return path

    return pack
