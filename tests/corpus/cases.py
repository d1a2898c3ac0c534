"""The corpus: one line for each way in which people spoil data, and what reshore says about it.

Numbers are those of the list that the corpus follows (see README.md here); several lines may share one. A case is the
good package of `packages.py` with one edit.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

from tests.corpus.packages import (
    CELLS,
    DEMAND,
    PROGRAMS,
    PROJECTS,
    TABLES,
    Edit,
    Files,
    Pack,
    alone,
    cell,
    column,
    descriptor,
    encrypted,
    file,
    folder,
    folder_link,
    gone,
    good,
    hard_link,
    line,
    many_entries,
    other_method,
    outside,
    overlapping,
    sparse,
    spreadsheet,
    swallowing,
    symbolic_link,
    text,
    truncated,
    understated,
    without,
    wrong_checksum,
    zip_edited,
    zip_link,
    zip_with,
    zipped,
)

GIB = 1024**3


@dataclass(frozen=True)
class Case:
    """A package with one fault: what it is, how it is made, and the problem (or note) that must name it."""

    number: str
    says: str
    edits: tuple[Edit, ...]
    code: str
    file: str
    row: int = 0
    column: str = ""
    words: tuple[str, ...] = ()
    pack: Pack = folder

    @property
    def name(self) -> str:
        """Number and words, as one name for test reports."""
        return f"{self.number} {self.says}"

    def files(self) -> Files:
        """The files of the package after the edits."""
        files = good()
        for edit in self.edits:
            edit(files)
        return files


def utf16(files: Files) -> None:
    files["goods.csv"] = files["goods.csv"].decode().encode("utf-16")


def utf16_without_mark(files: Files) -> None:
    files["goods.csv"] = files["goods.csv"].decode().encode("utf-16-le")


def joined_with_mark(files: Files) -> None:
    files["goods.csv"] += b"\xef\xbb\xbf" + files["goods.csv"].split(b"\n", 1)[1].replace(b"magnet", b"steel")


def carriage_returns(files: Files) -> None:
    files["goods.csv"] = files["goods.csv"].replace(b"\n", b"\r")


def semicolons(files: Files) -> None:
    files["goods.csv"] = files["goods.csv"].replace(b",", b";")


def tabs(files: Files) -> None:
    files["goods.csv"] = files["goods.csv"].replace(b",", b"\t")


def header_only(files: Files) -> None:
    files["goods.csv"] = files["goods.csv"].split(b"\n")[0] + b"\n"


def too_many_lines(files: Files) -> None:
    files["goods.csv"] = b"good\n" + b"a\n" * 10_000_001


def same_seat(files: Files) -> None:
    header, *_ = TABLES["organizations"].splitlines()
    rows = [f"{key},{key.title()},JPN,firm,survey,high" for key in ("mill", "fund", *(f"firm{n}" for n in range(60)))]
    files["organizations.csv"] = "\n".join([header, *rows, ""]).encode()


def many_goods(files: Files) -> None:
    files["goods.csv"] += b"".join(
        b"%s,Good,magnets,Mine,0,material,primary,false,t,,survey,2025,high\n" % name
        for name in (b"gallium", b"galium-oxide", b"gallium-nitride", b"gallium-arsenide")
    )


def owner_ring(first: str, second: str) -> tuple[Edit, ...]:
    """`fund` and `mill` own each other by these shares."""
    return (cell("stakes", 2, "equity_share", first), line("stakes", f"mill,fund,{second},2020,,survey,high"))


SECOND_KIND_OF_ORE = "ore2,Ore,magnets,Mine,0,material,primary,false,kt contained,2530,survey,2025,high"

REFUSED: tuple[Case, ...] = (
    # encoding and text
    Case("B001", "UTF-16", (utf16,), "not-utf-8", "goods.csv", words=("UTF-16", "save the file as UTF-8")),
    Case("B001", "UTF-16 without a mark", (utf16_without_mark,), "not-utf-8", "goods.csv", words=("UTF-16",)),
    Case("B002", "a Windows-1252 letter", (text("goods", b"Ore", b"Min\xe9ral"),), "not-utf-8", "goods.csv", 2, "label",
         ("0xe9", "offset", "Windows-1252")),
    Case("B004", "files joined with their byte order marks", (joined_with_mark,), "byte-order-mark", "goods.csv", 4,
         words=("inside the file",)),
    Case("B005", "a NUL character", (text("goods", b"Magnet,m", b"Mag\0net,m"),), "nul-byte", "goods.csv", 3, "label"),
    Case("B006", "carriage returns alone", (carriage_returns,), "bare-carriage-return", "goods.csv", 1),
    Case("B007", "a zero-width space in a key", (text("goods", "ore,Ore", "o\u200bre,Ore"),), "invisible-character",
         "goods.csv", 2, "good", ("\\u200b",)),
    Case("B007", "a letter order override in a key", (text("goods", "ore,Ore", "o\u202ere,Ore"),),
         "invisible-character", "goods.csv", 2, "good", ("\\u202e",)),
    Case("B007", "a letter order override in a text", (text("goods", "Magnet,m", "Mag\u202enet,m"),),
         "invisible-character", "goods.csv", 3, "label", ("\\u202e",)),
    Case("B008", "one key in two spellings",
         (line("organizations", "café,Café,FRA,firm,survey,high"),
          line("organizations", unicodedata.normalize("NFD", "café") + ",Café,FRA,firm,survey,high")),
         "two-spellings", "organizations.csv", 5, "organization", ("row 4",)),
    Case("B009", "a Cyrillic letter among Latin ones",
         (line("organizations", "АSML,ASML,NLD,firm,survey,high"),), "confusable-id", "organizations.csv", 4,
         "organization", ("CYRILLIC", "LATIN")),
    Case("B009", "Cyrillic letters that look like a Latin key",
         (line("organizations", "CO,Co,NLD,firm,survey,high"), line("organizations", "СО,So,RUS,firm,survey,high")),
         "confusable-id", "organizations.csv", 5, "organization", ("row 4",)),
    Case("B010", "two keys that differ by case",
         (line("organizations", "TSMC,TSMC,TWN,firm,survey,high"), line("organizations",
         "tsmc,TSMC,TWN,firm,survey,high")),
         "differs-by-case", "organizations.csv", 5, "organization", ("row 4", "TSMC")),
    Case("B011", "Arabic digits", (cell("supply", 2, "share", "٠.٦"),), "bad-digits", "supply.csv", 2, "share",
         ("0-9",)),
    Case("B011", "full-width digits", (cell("supply", 2, "capacity_per_year", "６０００"),), "bad-digits", "supply.csv",
         2, "capacity_per_year"),
    Case("B012", "no key", (cell("organizations", 3, "organization", ""),), "empty-cell", "organizations.csv", 3,
         "organization"),
    Case("B012", "spaces for a key", (cell("organizations", 3, "organization", "  "),), "space-around",
         "organizations.csv", 3, "organization"),
    Case("B012", "a no-break space after a key", (cell("organizations", 3, "organization", "fund\u00a0"),),
         "space-around", "organizations.csv", 3, "organization", ("\\xa0",)),
    Case("B012", "a key of 129 characters", (cell("organizations", 3, "organization", "f" * 129),), "bad-id",
         "organizations.csv", 3, "organization", ("128",)),
    *(
        Case("B013", f"the key {word}", (cell("organizations", 3, "organization", word),), "reserved-id",
             "organizations.csv", 3, "organization", (word,))
        for word in ("..", "a/b", "-rf", "__proto__", "con", "NULL")
    ),
    Case("B014", "an escape sequence in a name", (cell("goods", 3, "label", "\x1b[31mMagnet"),), "control-character",
         "goods.csv", 3, "label", ("\\x1b",)),
    Case("B014", "a line break in a name", (cell("goods", 3, "label", "Magnet\n0 problems"),), "line-break",
         "goods.csv", 3, "label", ("\\n",)),
    # the shape of tables
    Case("B015", "no bytes", (file("goods.csv", b""),), "empty-file", "goods.csv"),
    Case("B016", "a header alone", (header_only,), "no-rows", "goods.csv"),
    Case("B017", "a missing column", (without("goods", "label"),), "missing-column", "goods.csv", 1, "label"),
    Case("B017", "a missing table", (gone("goods.csv"),), "missing-table", "goods.csv"),
    Case("B018", "a misspelt column", (text("organizations", "seat", "saet"),), "unknown-column", "organizations.csv",
         1, "saet", ("did you mean 'seat'",)),
    Case("B019", "a column twice", (column("goods", "label", "Ore", "Magnet"),), "duplicate-column", "goods.csv", 1,
         "label"),
    Case("B020", "a short row", (text("goods", ",survey,2025,high\nmagnet", ",survey\nmagnet"),), "short-row",
         "goods.csv", 2, words=("11 cells", "13 cells")),
    Case("B021", "a long row", (text("goods", "Ore,", "Ore, raw,"),), "long-row", "goods.csv", 2,
         words=("14 cells", "quote cells")),
    Case("B022", "a quote that does not close", (text("goods", "Ore", '"Ore'),), "unclosed-quote", "goods.csv", 2),
    Case("B023", "semicolons", (semicolons,), "wrong-separator", "goods.csv", 1, words=("semicolon",)),
    Case("B023", "tabs", (tabs,), "wrong-separator", "goods.csv", 1, words=("tab",)),
    Case("B024", "a cell of 200 kB", (column("goods", "note", "", "x" * 200_000),), "cell-too-long", "goods.csv", 3,
         words=("32768",)),
    Case("B024", "a cell of 40 kB", (column("goods", "note", "", "x" * 40_000),), "cell-too-long", "goods.csv", 3,
         "note"),
    Case("B025", "ten million rows and one", (too_many_lines,), "too-large", "goods.csv", words=("10000000 rows",)),
    Case("B025", "over 2 GB", (), "too-large", "goods.csv", words=("bytes",), pack=sparse("goods.csv", 2 * GIB + 1)),
    Case("B026", "a row of totals", (line("supply", "TOTAL,,1,10000,t,,,,,,,"),), "total-row", "supply.csv", 5, "good"),
    Case("B027", "a blank row", (text("goods", "\nmagnet", "\n\nmagnet"),), "blank-row", "goods.csv", 3),
    Case("B027", "a row of commas", (text("goods", "\nmagnet", "\n,,,,,,,,,,,,\nmagnet"),), "blank-row", "goods.csv",
         3),
    Case("B028", "a web page", (file("goods.csv", "<!DOCTYPE html><html>404 Not Found</html>"),), "not-a-table",
         "goods.csv", words=("web page",)),
    Case("B029", "a Git LFS pointer",
         (file("goods.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),),
         "lfs-pointer", "goods.csv", words=("git lfs pull",)),
    # numbers, codes, dates
    *(
        Case("B030", f"the number {word}", (cell("supply", 4, "share", word),), "not-a-number", "supply.csv", 4,
             "share",
             ("leave the cell empty",))
        for word in ("NaN", "nan", "-nan", "NA", "null", "-")
    ),
    *(
        Case("B031", f"the number {word}", (cell("supply", 2, "capacity_per_year", word),), "not-finite",
             "supply.csv", 2,
             "capacity_per_year")
        for word in ("inf", "-Infinity", "1e309")
    ),
    *(
        Case("B032", f"{word} in the descriptor", (descriptor(), text("datapackage", '"title"', f'"x": {word}, "title"',
             "json")), "not-a-number", "datapackage.json", words=(word,))
        for word in ("NaN", "-Infinity")
    ),
    Case("B033", "a whole number of 2^63", (cell("goods", 2, "step_order", str(2**63)),), "number-too-large",
         "goods.csv",
         2, "step_order"),
    Case("B034", "a number that floating point does not hold",
         (cell("supply", 2, "capacity_per_year", "9007199254740993"),), "loses-precision", "supply.csv", 2,
         "capacity_per_year"),
    Case("B035", "digits with underscores", (cell("supply", 2, "capacity_per_year", "6_000"),), "bad-number",
         "supply.csv", 2, "capacity_per_year", ("write 6000",)),
    Case("B036", "digits in groups", (cell("supply", 2, "capacity_per_year", "6,000"),), "digit-grouping", "supply.csv",
         2, "capacity_per_year", ("write 6000",)),
    Case("B036", "a decimal comma", (cell("supply", 2, "capacity_per_year", "1.234,5"),), "digit-grouping",
         "supply.csv",
         2, "capacity_per_year", ("write 1234.5",)),
    Case("B037", "a percent sign", (cell("supply", 4, "share", "90%"),), "percent-sign", "supply.csv", 4, "share",
         ("write 0.9",)),
    *(
        Case("B038", f"the amount {word}", (file("projects.csv", PROJECTS), cell("projects", 2, "capex_usd", word)),
             "amount-with-unit", "projects.csv", 2, "capex_usd")
        for word in ("$5m", "USD 5", "5 EUR")
    ),
    Case("B039", "a number that becomes zero", (cell("supply", 2, "capacity_per_year", "1e-400"),), "underflow",
         "supply.csv", 2, "capacity_per_year"),
    Case("B040", "a hexadecimal number", (cell("supply", 2, "capacity_per_year", "0x10"),), "bad-number",
         "supply.csv", 2,
         "capacity_per_year"),
    Case("B040", "a number with a leading zero", (cell("supply", 2, "capacity_per_year", "010"),), "bad-number",
         "supply.csv", 2, "capacity_per_year", ("write 10",)),
    Case("B041", "a negative capacity", (cell("supply", 2, "capacity_per_year", "-5"),), "out-of-range", "supply.csv",
         2,
         "capacity_per_year", ("0 or more",)),
    Case("B041", "a negative demand", (file("demand.csv", DEMAND), cell("demand", 2, "use_per_year", "-1")),
         "out-of-range", "demand.csv", 2, "use_per_year"),
    *(
        Case("B041", f"a negative number in {name}", (file("projects.csv", PROJECTS), cell("projects", 2, name, "-1")),
             "out-of-range", "projects.csv", 2, name)
        for name in ("capex_usd", "build_months")
    ),
    Case("B042", "a share of 45", (cell("supply", 4, "share", "45"),), "out-of-range", "supply.csv", 4, "share",
         ("write 0.45 if this is 45 percent",)),
    Case("B043", "shares that sum to 1.07", (cell("supply", 3, "share", "0.47"),), "shares-do-not-add-up", "supply.csv",
         2, "share", ("1.07", "rows 2 to 3")),
    Case("B043", "shares of a whole market that sum to 0.93", (cell("supply", 3, "share", "0.33"),),
         "shares-do-not-add-up", "supply.csv", 2, "share", ("0.93",)),
    Case("B043", "one market, whole in one row and partial in the next", (cell("supply", 3, "coverage", "partial"),),
         "mixed-coverage", "supply.csv", 3, "coverage"),
    *(
        Case("B044", f"money of {word}", (file("projects.csv", PROJECTS), cell("projects", 2, "capex_usd", word)),
             "money-decimals", "projects.csv", 2, "capex_usd")
        for word in ("0.125", "0.30000000000000004")
    ),
    Case("B045", "an HS code that lost its zero", (cell("goods", 2, "hs_codes", "10121"),), "bad-hs-code",
         "goods.csv", 2,
         "hs_codes", ("010121",)),
    Case("B046", "an HS code with a point", (cell("goods", 2, "hs_codes", "8541.4"),), "bad-hs-code", "goods.csv", 2,
         "hs_codes", ("854140",)),
    Case("B049", "the country UK", (cell("organizations", 2, "seat", "UK"),), "unknown-country", "organizations.csv", 2,
         "seat", ("write GBR?",)),
    *(
        Case("B049", f"the country {word}", (cell("organizations", 2, "seat", word),), "unknown-country",
             "organizations.csv", 2, "seat", ("ISO 3166-1",))
        for word in ("XX", "SU", "usa")
    ),
    *(
        Case("B050", f"the date {word}", (cell("goods", 2, "as_of", word),), "bad-date", "goods.csv", 2, "as_of",
             ("YYYY-MM-DD",))
        for word in ("2023-02-30", "13/04/2024", "20240101", "45292", "2024-13", "2024-1-1")
    ),
    *(
        Case("B051", f"the year {word}", (cell("supply", 2, "year", word),), "bad-year", "supply.csv", 2, "year")
        for word in ("20240", "24", "2024.0")
    ),
    *(
        Case("B052", f"the truth value {word}", (cell("goods", 3, "final", word),), "bad-boolean", "goods.csv", 3,
             "final", ("write true",))
        for word in ("yes", "TRUE", "1", "Y")
    ),
    # units, money, provenance
    Case("B053", "an amount without a unit", (cell("supply", 2, "unit", ""),), "no-unit", "supply.csv", 2, "unit",
         ("write t",)),
    Case("B053", "an amount of a good without a unit", (cell("goods", 2, "unit", ""),), "no-unit", "inputs.csv", 2,
         "amount_per_unit"),
    Case("B054", "a misspelt unit", (cell("goods", 2, "unit", "kt contaned"),), "unknown-unit", "goods.csv", 2, "unit",
         ("kt contained",)),
    Case("B055", "megawatts where tonnes are needed", (cell("supply", 2, "unit", "MW"),), "wrong-dimension",
         "supply.csv",
         2, "unit"),
    Case("B056", "kilotonnes among tonnes", (cell("supply", 2, "unit", "kt"),), "mixed-units", "supply.csv", 2, "unit",
         ("write 6000000 t",)),
    Case("B057", "contained metal beside gross weight", (cell("supply", 2, "unit", "t contained"),), "wrong-content",
         "supply.csv", 2, "unit"),
    Case("B058", "no currency", (file("programs.csv", PROGRAMS), cell("programs", 2, "currency", "")), "empty-cell",
         "programs.csv", 2, "currency"),
    Case("B058", "the currency US$", (file("programs.csv", PROGRAMS), cell("programs", 2, "currency", "US$")),
         "unknown-currency", "programs.csv", 2, "currency", ("ISO 4217",)),
    Case("B059", "one amount in US dollars, twice and differently",
         (file("programs.csv", PROGRAMS), cell("programs", 2, "amount_usd", "6")), "amounts-differ", "programs.csv", 2,
         "amount_usd"),
    Case("B060", "a price year that is none", (descriptor(lambda d: d.update({"reshore:price_year": "2025"})),),
         "bad-year", "datapackage.json", words=("price year",)),
    Case("B061", "a fiscal year", (cell("goods", 2, "as_of", "FY2024"),), "bad-date", "goods.csv", 2, "as_of"),
    Case("B062", "no source", (cell("goods", 2, "source", ""),), "empty-cell", "goods.csv", 2, "source"),
    Case("B062", "no column of sources", (without("goods", "source"),), "missing-column", "goods.csv", 1, "source"),
    Case("B063", "a figure that is younger than its source", (cell("goods", 2, "as_of", "2027-01"),),
         "after-its-source",
         "goods.csv", 2, "as_of", ("2027-01", "2026-01-05")),
    Case("B062", "the origin of a cell in a table that is not there",
         (file("cells.csv", CELLS), cell("cells", 2, "table", "gods")), "unknown-table", "cells.csv", 2, "table",
         ("goods",)),
    Case("B062", "the origin of a cell in a column that is not there",
         (file("cells.csv", CELLS), cell("cells", 2, "column", "unti")), "unknown-column", "cells.csv", 2, "column",
         ("unit",)),
    Case("B062", "the origin of a cell in a row that is not there",
         (file("cells.csv", CELLS), cell("cells", 2, "row_key", "magnett")), "dangling-reference", "cells.csv", 2,
         "row_key", ("magnet",)),
    # identity and reference
    Case("B065", "a row twice", (line("inputs", "magnet,ore,essential,consumed,1.5,0.9,survey,high"),), "duplicate-row",
         "inputs.csv", 3, "good", ("row 2",)),
    Case("B066", "two rows of one key", (line("inputs", "magnet,ore,essential,consumed,1.6,0.9,survey,high"),),
         "conflicting-rows", "inputs.csv", 3, "good", ("row 2", "1.5", "1.6")),
    Case("B067", "an input that does not exist", (many_goods, cell("inputs", 2, "input", "galliun")),
         "dangling-reference", "inputs.csv", 2, "input", ("'gallium'", "'gallium-", " or ")),
    *(
        Case("B069", f"a package that names {word}", (descriptor(lambda d, word=word: d.update({word: ["other"]})),),
             "unsupported-import", "datapackage.json")
        for word in ("requires", "dependencies")
    ),
    # recipes and graph
    Case("B072", "a good that eats itself", (line("inputs", "magnet,magnet,minor,consumed,1,,survey,high"),),
         "no-net-output", "inputs.csv", 3, "amount_per_unit", ("'magnet' in itself", "uses 1 units per unit made")),
    Case("B073", "a cycle that eats all it makes",
         (cell("goods", 2, "origin", ""), line("inputs", "ore,magnet,minor,consumed,0.6,,survey,high")),
         "no-net-output",
         "inputs.csv", 2, "amount_per_unit", ("cycle", "uses 1 units")),
    Case("B074", "a good without inputs or origin", (cell("goods", 2, "origin", ""),), "no-inputs", "goods.csv", 2,
         "origin", ("primary",)),
    Case("B074", "a good with inputs and an origin", (cell("goods", 3, "origin", "boundary"),), "origin-has-inputs",
         "goods.csv", 3, "origin"),
    Case("B074", "kinds that end nowhere", (column("goods", "parent", "magnet", "ore"),), "kind-cycle", "goods.csv", 2,
         "parent", ("ore → magnet → ore",)),
    Case("B074", "a kind that is also an input", (column("goods", "parent", "magnet", ""),), "kind-is-not-input",
         "inputs.csv", 2, "input"),
    Case("B075", "demand for what nobody makes",
         (line("goods", "film,Film,magnets,Mine,0,material,boundary,true,t,,survey,2025,high"),
          file("demand.csv", DEMAND.replace("magnet", "film"))), "cannot-be-made", "demand.csv", 2, "good"),
    Case("B076", "an amount of zero", (cell("inputs", 2, "amount_per_unit", "0"),), "not-positive", "inputs.csv", 2,
         "amount_per_unit"),
    Case("B076", "a negative amount", (cell("inputs", 2, "amount_per_unit", "-1"),), "out-of-range", "inputs.csv", 2,
         "amount_per_unit"),
    Case("B077", "a yield of zero", (cell("inputs", 2, "yield_share", "0"),), "not-positive", "inputs.csv", 2,
         "yield_share"),
    Case("B077", "a yield above one", (cell("inputs", 2, "yield_share", "1.1"),), "out-of-range", "inputs.csv", 2,
         "yield_share"),
    Case("B079", "two recipes under one key", (line("inputs", "magnet,ore,minor,capital,1.5,0.9,survey,high"),),
         "conflicting-rows", "inputs.csv", 3, "good", ("need", "role")),
    # ownership
    Case("B082", "owners of 112 percent",
         (line("stakes", "ministry,mill,0.72,2021,,survey,high"),
          line("organizations", "ministry,Ministry,CHN,state body,survey,high")),
         "owners-above-one", "stakes.csv", 3, "equity_share", ("1.12", "fund 0.4 (row 2)", "ministry 0.72 (row 3)")),
    Case("B083", "an owner of itself", (cell("stakes", 2, "owner", "mill"),), "self-ownership", "stakes.csv", 2,
         "owned"),
    Case("B084", "a ring of owners that nobody owns", owner_ring("1", "1"), "orphan-group", "stakes.csv", 2,
         "equity_share", ("fund, mill",)),
    Case("B085", "two stakes of one pair at one time", (line("stakes", "fund,mill,0.5,2021,,survey,high"),),
         "overlapping-periods", "stakes.csv", 3, "start", ("row 2",)),
    Case("B085", "a stake that ends before it starts", (cell("stakes", 2, "end", "2019"),), "dates-out-of-order",
         "stakes.csv", 2, "end"),
    Case("B086", "a good as an owner", (cell("stakes", 2, "owner", "ore"),), "wrong-kind-of-reference", "stakes.csv", 2,
         "owner", ("which is in goods",)),
    # descriptors
    Case("B094", "a key twice in the descriptor", (descriptor(), text("datapackage", '"name": ',
         '"name": "x", "name": ',
         "json")), "duplicate-key", "datapackage.json", words=("'name' twice",)),
    *(
        Case("B095", f"a YAML descriptor with {words}", (file("datapackage.yaml", data),), "yaml-descriptor",
             "datapackage.yaml", words=("JSON",))
        for words, data in (
            ("a tag that runs code", "name: !!python/object/apply:os.system ['true']\n"),
            ("aliases of aliases", "a: &a [x]\nb: &b [*a, *a]\nname: *b\n"),
            ("times and numbers", "name: 12:30:00\n"),
        )
    ),
    Case("B097", "a descriptor 200,000 levels deep", (file("datapackage.json", b"[" * 200_000),), "too-deep",
         "datapackage.json", words=("64 levels",)),
    Case("B099", "broken text in the descriptor", (file("datapackage.json", '{"name": "x",\n\t"resources": [}'),),
         "not-json", "datapackage.json", words=("line 2",)),
    # packages and archives
    *(
        Case("B100", f"the path {path}", (descriptor(lambda d, path=path: d["resources"][0].update(path=path)),),
             "path-outside", "datapackage.json", words=("inside the package",))
        for path in ("../../x.csv", "/etc/passwd", "..\\x.csv", "C:\\x.csv")
    ),
    Case("B100", "an archive entry outside", (), "path-outside", "../../x.csv", pack=zip_with("../../x.csv")),
    Case("B101", "an address for a path",
         (descriptor(lambda d: d["resources"][0].update(path="https://example.org/x.csv")),),
         "remote-path", "datapackage.json", words=("download it",)),
    Case("B102", "a symbolic link", (), "link", "goods.csv", pack=symbolic_link),
    Case("B102", "a hard link", (), "link", "goods.csv", pack=hard_link),
    Case("B102", "a link to a folder", (), "link", "more", pack=folder_link),
    Case("B102", "a symbolic link in an archive", (), "link", "notes.txt", pack=zip_link),
    Case("B103", "200 MB in 200 kB", (file("bomb.txt", bytes(200_000_000)),), "zip-bomb", "bomb.txt", pack=zipped),
    Case("B103", "a bomb that understates its size", (file("bomb.txt", bytes(20_000_000)),), "broken-archive",
         "package.zip", pack=zip_edited(understated)),
    Case("B104", "an archive in the archive", (), "nested-archive", "more.zip", pack=zip_with("more.zip")),
    Case("B104", "entries that overlap", (), "overlapping-entries", "goods.csv", pack=zip_edited(overlapping)),
    Case("B104", "100,000 entries", (), "too-many-files", "package.zip", pack=many_entries(100_000)),
    Case("B104", "1,001 entries", (), "too-many-files", "package.zip", pack=many_entries(1_001)),
    Case("B105", "one name twice in an archive", (), "duplicate-file", "goods.csv", pack=zip_with("goods.csv")),
    Case("B105", "two names that differ by case", (), "duplicate-file", "Goods.csv", pack=zip_with("Goods.csv")),
    Case("B105", "one table in two files", (file("more/goods.csv", TABLES["goods"]),
         descriptor(lambda d: d["resources"].append(
         {"name": "goods", "path": "more/goods.csv"}))), "duplicate-key", "datapackage.json", words=("'goods' twice",)),
    Case("B106", "an encrypted archive", (), "encrypted", "goods.csv", pack=zip_edited(encrypted)),
    Case("B106", "an archive packed by another method", (), "unsupported-format", "goods.csv",
         pack=zip_edited(other_method)),
    Case("B106", "a wrong checksum in the archive", (), "broken-archive", "package.zip",
         pack=zip_edited(wrong_checksum)),
    Case("B106", "a truncated archive", (), "broken-archive", "package.zip", pack=zip_edited(truncated)),
    Case("B106", "an entry hidden in the comment of another", (), "broken-archive", "package.zip",
         words=("5 files where 6 are stated",), pack=zip_edited(swallowing)),
    Case("B106", "an entry behind the end", (), "broken-archive", "package.zip", pack=zip_edited(outside)),
    Case("B107", "other content than the digest says", (descriptor(), text("goods", "Ore", "Oar")), "changed-file",
         "goods.csv", words=("sha256",)),
    Case("B107", "another length than declared", (descriptor(lambda d: d["resources"][0].update(bytes=5)),),
         "changed-file", "sources.csv", words=("5 bytes",)),
    Case("B108", "a declared file that is not there", (descriptor(), gone("stakes.csv")), "missing-file",
         "datapackage.json", words=("stakes.csv",)),
    Case("B109", "a descriptor that is no JSON", (file("datapackage.json", "name = 'x'"),), "not-json",
         "datapackage.json", words=("line 1",)),
    Case("B109", "a descriptor that is a list", (file("datapackage.json", "[]"),), "not-json", "datapackage.json"),
    Case("B109", "a descriptor in UTF-16", (file("datapackage.json", json.dumps({"name": "x"}).encode("utf-16")),),
         "not-utf-8", "datapackage.json"),
    Case("B109", "a newer schema", (descriptor(lambda d: d.update({"reshore:schema": 999})),), "newer-schema",
         "datapackage.json", words=("update reshore",)),
    Case("B109", "a descriptor without tables", (descriptor(lambda d: d.update(resources=[])),), "no-resources",
         "datapackage.json"),
    Case("B109", "a table that the schema does not have",
         (descriptor(lambda d: d["resources"][0].update(name="sorces")),),
         "unknown-table", "datapackage.json", words=("sources",)),
    Case("B109", "a resource without a path", (descriptor(lambda d: d["resources"][0].pop("path")),), "bad-resource",
         "datapackage.json"),
    # spreadsheets
    Case("B111", "a workbook among the tables", (file("supply.xlsx", b"PK\x03\x04"),), "unsupported-format",
         "supply.xlsx", words=("CSV",)),
    Case("B111", "a workbook named as a table", (file("goods.csv", b"PK\x03\x04"),), "not-a-table", "goods.csv"),
    *(
        Case("B111", f"{name} alone", (), "unsupported-format", name, pack=spreadsheet(name), words=("CSV",))
        for name in ("book.xlsx", "book.ods", "book.zip")
    ),
    Case("B111", "an old workbook alone", (lambda files: files.clear(), file("book.xls", b"\xd0\xcf\x11\xe0")),
         "unsupported-format", "book.xls", pack=alone),
    Case("B111", "one table alone", (lambda files: files.clear(), file("goods.csv", TABLES["goods"])), "not-a-package",
         "goods.csv", words=("name the folder",), pack=alone),
    Case("B111", "Parquet that is none", (gone("goods.csv"), file("goods.parquet", b"PAR1 and nothing more PAR1")),
         "broken-parquet", "goods.parquet"),
)  # fmt: skip

ACCEPTED: tuple[Case, ...] = (
    Case("B003", "a byte order mark at the start", (text("goods", "good,label", "\ufeffgood,label"),),
         "byte-order-mark", "goods.csv", 1),
    Case("B027", "blank rows at the end", (line("goods", "\n,,,,,,,,,,,,"),), "blank-row", "goods.csv", 4,
         words=("at the end",)),
    Case("B047", "the country NA", (cell("organizations", 3, "seat", "NA"),), "converted-country",
         "organizations.csv", 3,
         "seat", ("read as NAM",)),
    Case("B048", "the country NO", (cell("organizations", 3, "seat", "NO"),), "converted-country",
         "organizations.csv", 3,
         "seat", ("read as NOR",)),
    Case("B008", "a name in decomposed letters", (cell("goods", 3, "label", unicodedata.normalize("NFD", "Größe")),),
         "not-composed", "goods.csv", 3, "label"),
    Case("B060", "money without a price year", (file("projects.csv", PROJECTS),), "no-price-year", "projects.csv",
         words=("reshore:price_year",)),
    Case("B064", "one country of origin in all of 62 rows", (same_seat,), "looks-default-filled", "organizations.csv",
         2,
         "seat", ("62 rows",)),
    Case("B071", "a source that nothing cites", (line("sources", "other,Another,,"),), "unused-row", "sources.csv", 3,
         "source"),
    Case("B071", "a good that nothing refers to",
         (line("goods", "film,Film,magnets,Mine,0,material,boundary,false,t,,survey,2025,high"),), "unused-row",
         "goods.csv", 4, "good"),
    Case("B073", "recycling", (cell("goods", 2, "origin", ""), line("inputs",
         "ore,magnet,minor,consumed,0.1,,survey,high")),
         "input-cycle", "inputs.csv", 2, "input", ("cycles are allowed",)),
    Case("B080", "parts that no input joins",
         (line("goods", "film,Film,chips,Mine,0,material,boundary,true,t,,survey,2025,high"),), "separate-parts",
         "goods.csv", words=("2 parts",)),
    Case("B108", "a file that nothing declares", (file("extra.csv", "a,b\n1,2\n"),), "undeclared-file", "extra.csv"),
    Case("B003", "no descriptor", (), "no-descriptor", "datapackage.json"),
    # accepted as they are: the note is only that there is no descriptor
    Case("B052", "the key TRUE", (text("organizations", "mill", "TRUE"), text("stakes", "mill", "TRUE"),
         text("supply", "mill", "TRUE")), "no-descriptor", "datapackage.json"),
    Case("B084", "cross-holdings of 60 percent", owner_ring("0.6", "0.6"), "no-descriptor", "datapackage.json"),
    Case("B087", "an unknown stake", (cell("stakes", 2, "equity_share", ""),), "no-descriptor", "datapackage.json"),
    Case("B087", "an unknown share", (cell("supply", 4, "share", ""),), "no-descriptor", "datapackage.json"),
    Case("B098", "codes that YAML would change", (cell("goods", 2, "hs_codes", "010121"), cell("goods", 3, "label",
         "12:30:00")),
         "no-descriptor", "datapackage.json"),
    *(
        Case("B110", f"a text that begins as a formula: {word!r}", (cell("goods", 3, "label", word),), "no-descriptor",
             "datapackage.json")
        for word in ("=1+1", "+1", "-1", "@SUM(A1)")
    ),
    *(
        Case("B112", f"a name with {word}", (cell("goods", 3, "label", word),), "no-descriptor", "datapackage.json")
        for word in ("<script>alert(1)</script>", "![x](https://example.org/x.png)", "javascript:alert(1)")
    ),
    Case("B062", "the origin of a cell", (file("cells.csv", CELLS),), "no-descriptor", "datapackage.json"),
)  # fmt: skip
