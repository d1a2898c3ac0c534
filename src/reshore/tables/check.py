"""The door: cells become typed rows, or problems that say where, what, and what to do. All problems at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import polars as pl

from reshore.countries import PLACE_CODES
from reshore.errors import Place, Problem, shown
from reshore.tables import cells as kinds
from reshore.tables.columns import MISSING, Column, Table
from reshore.tables.text import ROW, Cells
from reshore.tables.write import unguarded

_TOTALS = frozenset({"total", "totals", "sum", "grand total", "world total", "subtotal"})
_CONFUSABLE = str.maketrans(
    "АВЕКМНОРСТХаеорсухіјѕԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαορν",
    "ABEKMHOPCTXaeopcyxijsdqwABEZHIKMNOPTYXaopv",
)


def empty_frame(table: Table) -> pl.DataFrame:
    """A frame of `table` without rows, with every column and its type."""
    return pl.DataFrame(schema=frame_schema(table))


def frame_schema(table: Table) -> dict[str, pl.DataType]:
    """Names and types of the frame of `table`: its file columns, and why a labelled number is missing."""
    schema: dict[str, pl.DataType] = {}
    for column in table.file_columns:
        schema[column.name] = kinds.dtype(column)
        if column.labelled:
            schema[f"{column.name}_missing"] = pl.String()
    return schema


def text_cells(table: Table, rows: Sequence[Mapping[str, object]] | pl.DataFrame, file: str) -> Cells:
    """Rows from a program as the cells of a file, so that they pass through the same door as text."""
    if isinstance(rows, pl.DataFrame):
        frame = rows
    else:
        names = list(dict.fromkeys(name for row in rows for name in row))
        frame = pl.DataFrame(
            {name: [_as_text(row.get(name)) for row in rows] for name in names}, schema=dict.fromkeys(names, pl.String)
        )
    frame = frame.select(
        pl.col(name).cast(pl.String).fill_null("") for name in frame.columns if name != ROW
    ) if frame.columns else frame  # fmt: skip
    words = {meaning: cell for cell, meaning in MISSING.items()}
    for column in table.file_columns:
        reason = f"{column.name}_missing"
        if column.labelled and reason in frame.columns and column.name in frame.columns:
            frame = frame.with_columns(
                pl.when(pl.col(column.name) == "")
                .then(pl.col(reason).replace_strict(words, default=""))
                .otherwise(pl.col(column.name))
                .alias(column.name)
            ).drop(reason)
    return Cells(file, frame.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.Int64).alias(ROW)))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def check_table(table: Table, cells: Cells) -> tuple[pl.DataFrame, list[Problem]]:
    """The rows of `cells` as a typed frame of `table`, and every problem found.

    The frame carries ``_row`` for further rules and is sorted by key; where there are errors it holds what could be
    read, and must not be used for results.
    """
    problems: list[Problem] = []
    frame = _known_columns(table, cells, problems)
    if frame is None:
        return empty_frame(table).with_columns(pl.lit(0, pl.Int64).alias(ROW)), problems
    frame = _without_totals(table, cells.file, frame, problems)
    if frame.is_empty() and table.required:
        problems.append(Problem("no-rows", Place(cells.file), "a header and no rows", "at least one row", "add rows"))
    typed = _typed(table, cells.file, frame, problems)
    _check_keys(table, cells.file, typed, problems)
    for rule in table.rules:
        for finding in rule(typed):
            place = Place(cells.file, finding.row, finding.column)
            severity = "note" if finding.note else "error"
            problems.append(
                Problem(finding.code, place, finding.found, finding.expected, finding.fix, severity)  # type: ignore[arg-type]  # the two words of Severity
            )
    return typed.sort(*table.key, ROW, nulls_last=False), problems


def _known_columns(table: Table, cells: Cells, problems: list[Problem]) -> pl.DataFrame | None:
    known = [column.name for column in table.file_columns]
    present = [name for name in cells.frame.columns if name != ROW]
    for name in present:
        if name not in known:
            place = Place(cells.file, 1, shown(name))
            fix = kinds.did_you_mean(name, set(known) - set(present)) if name.strip() else "name the column"
            problems.append(
                Problem("unknown-column", place, f"column {shown(name)!r}", f"columns of {table.name}", fix)
            )
    missing = [name for name in known if name not in present and name not in table.optional]
    for name in missing:
        problems.append(
            Problem(
                "missing-column", Place(cells.file, 1, name), "no such column", f"column {name!r}", "add the column"
            )
        )
    if set(missing) & set(table.key):
        return None
    blanks = [pl.lit("").alias(name) for name in known if name not in present]
    return cells.frame.with_columns(blanks).select(*known, ROW)


def _without_totals(table: Table, file: str, frame: pl.DataFrame, problems: list[Problem]) -> pl.DataFrame:
    first = frame[table.key[0]]
    total = first.str.strip_chars().str.to_lowercase().is_in(sorted(_TOTALS))
    for row, cell in zip(frame.filter(total)[ROW], first.filter(total), strict=True):
        place = Place(file, row, table.key[0])
        problems.append(Problem("total-row", place, f"'{shown(cell)}'", "rows that are facts", "remove the total"))
    return frame.filter(~total)


def _typed(table: Table, file: str, frame: pl.DataFrame, problems: list[Problem]) -> pl.DataFrame:
    rows = frame[ROW]
    series: list[pl.Series] = []
    for column in table.file_columns:
        raw = _composed(file, column, frame[column.name], rows, problems)
        if column.kind == "text":
            raw = unguarded(raw)
        values, refused = kinds.parse(column, raw)
        for position, (code, expected, fix) in refused:
            place = Place(file, rows[position], column.name)
            cell = raw[position]
            problems.append(Problem(code, place, f"'{shown(cell)}'" if cell else "an empty cell", expected, fix))
        if column.kind == "country":
            _note_converted(file, column, raw, values, rows, problems)
        series.append(values.alias(column.name).cast(kinds.dtype(column)))
        if column.labelled:
            reasons = raw.replace_strict(MISSING, default=None, return_dtype=pl.String)
            series.append(reasons.alias(f"{column.name}_missing"))
    return pl.DataFrame([*series, rows])


def _composed(file: str, column: Column, raw: pl.Series, rows: pl.Series, problems: list[Problem]) -> pl.Series:
    """Letters with marks in their composed form (NFC), with a note for each text that was changed."""
    odd = raw.str.contains(r"[^\x00-\x7F]").arg_true()
    changed = {}
    for position in odd:
        plain = unicodedata.normalize("NFC", raw[position])
        if plain != raw[position]:
            changed[position] = plain
    if not changed or column.kind in ("id", "ids", "place"):
        return raw
    for position in changed:
        place = Place(file, rows[position], column.name)
        problems.append(
            Problem(
                "not-composed",
                place,
                f"'{shown(raw[position])}'",
                "letters in composed form (NFC)",
                "none needed: it was composed",
                "note",
            )
        )
    return raw.scatter(list(changed), list(changed.values()))


def _note_converted(
    file: str, column: Column, raw: pl.Series, values: pl.Series, rows: pl.Series, problems: list[Problem]
) -> None:
    converted = (raw != values).fill_null(False).arg_true()
    for position in converted:
        place = Place(file, rows[position], column.name)
        problems.append(
            Problem(
                "converted-country",
                place,
                f"'{shown(raw[position])}'",
                "an ISO 3166-1 alpha-3 code",
                f"none needed: read as {values[position]}",
                "note",
            )
        )


def _check_keys(table: Table, file: str, frame: pl.DataFrame, problems: list[Problem]) -> None:
    repeated = frame.filter(frame.select(table.key).is_duplicated())
    contents = [name for name in frame.columns if name != ROW]
    for key, group in repeated.group_by(table.key, maintain_order=True):
        first, *others = group.sort(ROW).iter_rows(named=True)
        named = " | ".join("" if part is None else str(part) for part in key)
        for other in others:
            same = all(first[name] == other[name] for name in contents)
            differing = [name for name in contents if first[name] != other[name]]
            detail = "the same content" if same else ", ".join(
                f"{name} {shown(first[name], 20)!r} and {shown(other[name], 20)!r}" for name in differing[:3]
            )  # fmt: skip
            problems.append(
                Problem(
                    "duplicate-row" if same else "conflicting-rows",
                    Place(file, other[ROW], table.key[0]),
                    f"key '{shown(named)}' again after row {first[ROW]} ({detail})",
                    "each key once",
                    "remove one of the rows" if same else "keep one, or give each its own source or series",
                )
            )
    own = table.columns[0]
    if own.kind == "id" and len(table.key) == 1:
        problems.extend(_look_alikes(file, own.name, frame))


def _look_alikes(file: str, column: str, frame: pl.DataFrame) -> list[Problem]:
    """Keys that people or file systems would take for one another."""
    first_seen: dict[str, tuple[str, int]] = {}
    problems = []
    for key, row in frame.select(column, ROW).sort(ROW).iter_rows():
        if key is None:
            continue
        composed = unicodedata.normalize("NFC", key)
        skeleton = composed.translate(_CONFUSABLE).casefold()
        other, other_row = first_seen.setdefault(skeleton, (key, row))
        if other == key:
            continue
        if unicodedata.normalize("NFC", other) == composed:
            code, what = "two-spellings", "written with other code points"
        elif unicodedata.normalize("NFC", other).casefold() == composed.casefold():
            code, what = "differs-by-case", "that differs only by case"
        else:
            code, what = "confusable-id", "that looks the same"
        problems.append(
            Problem(
                code,
                Place(file, row, column),
                f"'{shown(key)}' beside '{shown(other)}' in row {other_row}, {what}",
                "keys that cannot be confused",
                "use one spelling",
            )  # fmt: skip
        )
    return problems


def is_country(place: pl.Expr) -> pl.Expr:
    """Whether a supplier is written as a country, bloc or placeholder rather than as an organization."""
    return place.is_in(sorted(PLACE_CODES))
