"""BACI of CEPII: trade between countries by product of the Harmonized System, reconciled from both partners' reports.

Every product is a good. Product and country codes are text; values come in thousand dollars, quantities in tonnes.
Codes of areas that are no country of ISO 3166 are read as CEPII describes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from reshore.countries import COUNTRIES
from reshore.errors import Place
from reshore.importers.draft import Draft, quoted
from reshore.importers.inbox import Inbox
from reshore.importers.records import Importer
from reshore.importers.text import Sheet, file_is_missing, one_line, place_code, read_sheet
from reshore.tables import ROW
from reshore.tables.text import MAX_ROWS

SOURCE = "cepii-baci"
COLUMNS = ("t", "i", "j", "k", "v", "q")
AREAS = {
    "251": "FRA",  # France with Monaco
    "490": "TWN",  # other Asia not elsewhere specified: Taiwan
    "579": "NOR",  # Norway with Svalbard and Jan Mayen
    "699": "IND",  # India without Sikkim
    "757": "CHE",  # Switzerland with Liechtenstein
    "842": "USA",  # United States with Puerto Rico and the Virgin Islands
    "736": "SDN",  # Sudan before 2012
    "280": "DEU",  # Federal Republic of Germany before 1991
    "58": "XX-VAR",  # Belgium-Luxembourg before 1999
    "200": "XX-VAR",  # Czechoslovakia
    "530": "XX-VAR",  # Netherlands Antilles
    "697": "XX-VAR",  # European Free Trade Association not elsewhere specified
    "711": "XX-VAR",  # Southern African Customs Union before 2000
    "810": "XX-VAR",  # Soviet Union
    "849": "XX-VAR",  # United States Miscellaneous Pacific Islands
    "890": "XX-VAR",  # Yugoslavia
    "891": "XX-VAR",  # Serbia and Montenegro
    "899": "XX-UNK",  # areas not elsewhere specified
}
"""Codes of BACI that ISO 3166 does not have, or has with another meaning (CEPII, BACI country codes)."""

_EDITION = re.compile(r"hs(\d\d)", re.IGNORECASE)
_CODE = re.compile("[0-9]{2,6}")
_CODE_LENGTH = 6
_KEY = ("good", "exporter", "importer", "year")
_NUMBER = r"^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_THOUSAND = 1_000.0


def read(inbox: Inbox, draft: Draft) -> None:
    """Reads every file of trade, with the tables of countries and products beside them."""
    for code in inbox.only:
        if not _CODE.fullmatch(code):
            draft.error("bad-code", Place(inbox.label, 0, "k"), quoted(code), "two to six digits, such as 8505",
                        "correct the code after --only")  # fmt: skip
    names = [name for name in inbox.matching("*.csv") if set(COLUMNS) <= set(inbox.headings(name))]
    if not names and inbox.is_one_file:
        names = list(inbox.names)
    if not names:
        file_is_missing(inbox, draft, *IMPORTER.files)
    if draft.is_refused:
        return
    areas, labels = _areas(inbox, draft), _labels(inbox, draft)
    editions = {edition[1] for name in names if (edition := _EDITION.search(name))}
    if len(editions) > 1:
        draft.error("mixed-editions", Place(names[0]), f"editions {', '.join(sorted(editions))}", "one edition",
                    "import the files of one edition: product codes change their meaning")  # fmt: skip
    sheets = [sheet for name in names if (sheet := _sheet(inbox, name, draft)) is not None]
    if draft.is_refused:
        return
    prefix = f"hs{next(iter(editions))}" if editions else "hs"
    frame = pl.concat([_trade(sheet, areas, draft, prefix) for sheet in sheets])
    if draft.is_refused:
        return
    if frame.is_empty():
        draft.error("no-rows", Place(names[0]), "no row of trade", "at least one row", "name a file with rows")
        return
    frame = _merged(frame, draft)
    draft.add("sources", source=SOURCE, title="BACI: international trade database at the product level (Gaulier and "
              "Zignago, CEPII)", url=IMPORTER.url, licence=IMPORTER.licence)  # fmt: skip
    _write_goods(frame["good"].unique().sort(), editions, labels, draft)
    years = frame["year"].unique()
    draft.price_year = int(years[0]) if len(years) == 1 else None
    draft.tables["trade"] = frame.drop("file", ROW).with_columns(
        pl.lit(SOURCE).alias("source"), pl.col("year").alias("as_of"), pl.lit("high").alias("confidence")
    )


def _sheet(inbox: Inbox, name: str, draft: Draft) -> Sheet | None:
    """The lines of one file, or those of the products that are wanted, under the numbers that they have in the file."""
    data = inbox.read(name)
    if not inbox.only:
        if data.count(b"\n") > MAX_ROWS:
            draft.error("too-large", Place(name), f"more than {MAX_ROWS:,} rows", f"at most {MAX_ROWS:,} rows",
                        "select products: reshore import baci … --only 8505,2846")  # fmt: skip
            return None
        return read_sheet(inbox, name, draft, COLUMNS, data=data)
    headings = inbox.headings(name)
    if "k" not in headings:
        return read_sheet(inbox, name, draft, COLUMNS, data=data)
    before = headings.index("k")
    wanted = "|".join(_codes_beginning(code) for code in inbox.only)
    pattern = re.compile(rf'^(?:[^,\n]*,){{{before}}}"?(?:{wanted})"?,'.encode(), re.MULTILINE)
    start = data.index(b"\n") + 1 if b"\n" in data else len(data)
    lines, numbers, number, last = [data[:start]], [], 2, start
    for match in pattern.finditer(data, start):
        number += data.count(b"\n", last, match.start())
        last = match.start()
        end = data.find(b"\n", last)
        lines.append(data[last : end + 1] if end >= 0 else data[last:])
        numbers.append(number)
    sheet = read_sheet(inbox, name, draft, COLUMNS, data=b"".join(lines))
    if sheet is None or sheet.frame.height != len(numbers):
        return sheet
    total = data.count(b"\n", start) + (0 if data.endswith(b"\n") else 1)
    account = draft.account(name)
    account.read += total - len(numbers)
    account.dropped += total - len(numbers)
    draft.note("not-selected", Place(name, 0, "k"), f"{total - len(numbers):,} rows of other products",
               f"products that begin with {', '.join(inbox.only)}", "none needed: they were left out")  # fmt: skip
    return Sheet(name, sheet.frame.with_columns(pl.Series(ROW, numbers, dtype=pl.Int64)))


def _codes_beginning(code: str) -> str:
    """A pattern of the codes of six digits that begin with `code`, and of those that have lost their leading zero."""
    rest = f"[0-9]{{{_CODE_LENGTH - len(code)}}}"
    return f"{code}{rest}|{code[1:]}{rest}" if code.startswith("0") else f"{code}{rest}"


def _areas(inbox: Inbox, draft: Draft) -> dict[str, str]:
    """Codes of areas as the package writes them; a table of countries beside the trade adds to what ISO has."""
    areas = {str(int(country.numeric)): code for code, country in COUNTRIES.items()}
    for name in inbox.matching("country_codes*.csv"):
        sheet = read_sheet(inbox, name, draft, ("country_code", "country_iso3"), ("country_name", "country_iso2"))
        for row in sheet.rows() if sheet else ():
            code = place_code(row["country_iso3"])
            if code is not None:
                areas[row["country_code"].strip().lstrip("0")] = code
            draft.keep(name)
    return areas | AREAS


def _labels(inbox: Inbox, draft: Draft) -> dict[str, str]:
    labels: dict[str, str] = {}
    for name in inbox.matching("product_codes*.csv"):
        sheet = read_sheet(inbox, name, draft, ("code", "description"))
        for row in sheet.rows() if sheet else ():
            labels[row["code"].strip().zfill(6)] = one_line(row["description"])
            draft.keep(name)
    return labels


def _trade(sheet: Sheet, areas: dict[str, str], draft: Draft, prefix: str) -> pl.DataFrame:
    """Typed rows of one file; rows that cannot be read are errors, places that no table knows are unknown."""
    cells = sheet.frame.with_columns(pl.col(name).str.strip_chars() for name in COLUMNS)
    code = cells["k"]
    short = (code.str.len_chars() == 5) & code.str.contains("^[0-9]+$")
    if short.any():
        first = cells.filter(short).row(0, named=True)
        draft.note("lost-zero", Place(sheet.file, first[ROW], "k"), f"{short.sum():,} codes of five digits, the first "
                   f"{quoted(first['k'])}", "six digits", "none needed: the leading zero was put back")  # fmt: skip
    frame = cells.select(
        pl.concat_str(pl.lit(f"{prefix}-"), pl.col("k").str.zfill(6)).alias("good"),
        _place("i", areas).alias("exporter"),
        _place("j", areas).alias("importer"),
        pl.col("t").alias("year"),
        (pl.col("v").cast(pl.Float64, strict=False) * _THOUSAND).round(2).alias("value_usd"),
        pl.col("q").cast(pl.Float64, strict=False).alias("quantity_tonnes"),
        pl.lit(sheet.file).alias("file"),
        ROW,
    )  # fmt: skip
    blank = cells["q"].is_in(["NA", ""])
    wrong = (
        ("k", ~code.str.contains("^[0-9]{5,6}$"), "a product code of six digits"),
        ("t", ~cells["t"].str.contains("^(19|20)[0-9][0-9]$"), "a year"),
        ("v", ~cells["v"].str.contains(_NUMBER), "a value in thousand USD"),
        ("q", ~cells["q"].str.contains(_NUMBER) & ~blank, "a quantity in tonnes, or NA"),
    )
    for column, mask, expected in wrong:
        for row, cell in cells.filter(mask.fill_null(True)).select(ROW, column).head(1_000).iter_rows():
            draft.error(
                "bad-number", Place(sheet.file, row, column), quoted(cell), expected, "name the file as released"
            )
    if blank.any():
        draft.note("unknown-quantity", Place(sheet.file, cells.filter(blank)[ROW].min(), "q"),  # type: ignore[arg-type]  # rows are whole numbers
                   f"{blank.sum():,} cells 'NA'", "a number", "none needed: the quantity is unknown")  # fmt: skip
    for name, column in (("i", "exporter"), ("j", "importer")):
        frame = _known_places(sheet, cells[name], frame, column, draft)
    draft.account(sheet.file).kept += frame.height
    return frame


def _place(column: str, areas: dict[str, str]) -> pl.Expr:
    """The place that a numeric code names, or null."""
    return pl.col(column).str.strip_chars_start("0").replace_strict(areas, default=None, return_dtype=pl.String)


def _known_places(sheet: Sheet, codes: pl.Series, frame: pl.DataFrame, column: str, draft: Draft) -> pl.DataFrame:
    """The frame without unknown places; areas that are no country of ISO are noted, each once."""
    seen = pl.DataFrame([codes.alias("code"), frame[column].alias("read"), frame[ROW]])
    odd = seen.filter(pl.col("read").is_null() | pl.col("code").str.strip_chars_start("0").is_in(sorted(AREAS)))
    groups = odd.group_by("code", "read").agg(pl.col(ROW).min(), pl.len().alias("count")).sort("code")
    for code, read_as, row, count in groups.iter_rows():
        draft.note("area-code" if read_as else "unknown-country", Place(sheet.file, row, codes.name),
                   f"{quoted(code)} in {count:,} rows", "a country of ISO 3166",
                   f"none needed: read as {read_as or 'XX-UNK'}")  # fmt: skip
    return frame.with_columns(pl.col(column).fill_null("XX-UNK"))


def _merged(frame: pl.DataFrame, draft: Draft) -> pl.DataFrame:
    """Rows in order, those of one flow added up: areas that became one place, and rows that stand twice."""
    frame = frame.sort(*_KEY, "value_usd", "quantity_tonnes", "file", ROW)
    again = frame.select(pl.struct(_KEY).is_duplicated()).to_series()
    if not again.any():
        return frame
    double = frame.filter(again)
    for file, row, good, exporter, importer in _later(double):
        draft.account(file).kept -= 1
        draft.merge("added-up", Place(file, row), f"{good} from {exporter} to {importer} again", "each flow once",
                    "none needed: values were added up")  # fmt: skip
    joined = double.group_by(_KEY, maintain_order=True).agg(
        pl.col("value_usd").sum().round(2),
        pl.when(pl.col("quantity_tonnes").is_null().any())
        .then(None)
        .otherwise(pl.col("quantity_tonnes").sum())
        .alias("quantity_tonnes"),
        pl.col("file").first(),
        pl.col(ROW).first(),
    )
    return pl.concat([frame.filter(~again), joined.select(frame.columns)]).sort(*_KEY)


def _later(double: pl.DataFrame) -> Iterable[tuple[str, int, str, str, str]]:
    later = double.filter(~pl.struct(_KEY).is_first_distinct())
    return later.select("file", ROW, "good", "exporter", "importer").iter_rows()


def _write_goods(goods: pl.Series, editions: set[str], labels: dict[str, str], draft: Draft) -> None:
    edition = next(iter(editions), None)
    if edition != "22":
        found = f"edition {edition or 'not stated in the file name'}"
        draft.note("other-edition", Place(IMPORTER.files[0], 0, "k"), found, "edition 2022, that of packages",
                   "none needed: the code is in the key of each good")  # fmt: skip
    for good in goods:
        code = good.rpartition("-")[2]
        draft.add("goods", good=good, label=labels.get(code) or f"HS {code}", chain=f"hs-{code[:2]}",
                  step=f"Chapter {code[:2]}", step_order=int(code[:2]), kind="product", origin="boundary",
                  hs_codes=code if edition == "22" and code[:2] != "00" else None, source=SOURCE,
                  confidence="high")  # fmt: skip


IMPORTER = Importer(
    name="baci",
    label="CEPII BACI",
    question="Which country sells which product to whom?",
    source="CEPII (Gaulier and Zignago), from United Nations Comtrade",
    url="https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37",
    licence="Etalab Open Licence 2.0 (attribution)",
    selects="codes of the Harmonized System, or how they begin",
    files=("BACI_HS*_Y*_V*.csv", "country_codes_V*.csv", "product_codes_HS*_V*.csv"),
    read=read,
)
