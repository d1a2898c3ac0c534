"""`read_network`: a network from edge lists with sectors, checked at the door.

Flows run from supplier to buyer. An input of a buyer is everything it buys from one sector, so all of it must be of one
`NEEDS` kind; a mixture is refused rather than resolved in silence.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from reshore.errors import FilesError, InputError, Place, Problem, in_order, limited, shown
from reshore.stress.cascade.essentiality import as_pairs, count_needs
from reshore.stress.cascade.network import Network, network_from_arrays
from reshore.stress.cascade.records import ESSENTIALITY, FIRMS, FLOWS, NEED_CODES, NEEDS
from reshore.tables import ROW, Cells, Table, check_table, empty_frame, read_cells, text_cells

Rows = Sequence[Mapping[str, object]] | pl.DataFrame


def read_network(
    flows: str | os.PathLike[str],
    firms: str | os.PathLike[str] | None = None,
    essentiality: str | os.PathLike[str] | None = None,
    *,
    other_need: str | None = None,
) -> Network:
    """The network in CSV or Parquet files under the records `FLOWS`, `FIRMS` and `ESSENTIALITY`.

    Parameters
    ----------
    flows, firms, essentiality
        Paths of the tables. Without `firms` every flow states the sectors of both sides; without `essentiality`, its
        need. `essentiality` may be a matrix of supplying by buying sectors in 0, 1 and 2, see `as_pairs`.
    other_need
        Need of flows that state none and whose pair of sectors is not in `essentiality`; ``None``: they are refused.

    Raises
    ------
    InputError
        With every problem found.
    FilesError
        When a file cannot be read.
    """
    problems: list[Problem] = []
    cells = {
        table.name: _file_cells(table, Path(path), problems)
        for table, path in ((FLOWS, flows), (FIRMS, firms), (ESSENTIALITY, essentiality))
        if path is not None
    }
    return _checked(cells, other_need, problems)


def read_essentiality(path: str | os.PathLike[str]) -> pl.DataFrame:
    """Needs by pair of sectors, under the record `ESSENTIALITY`; a list or a matrix, see `read_network`."""
    problems: list[Problem] = []
    cells = _file_cells(ESSENTIALITY, Path(path), problems)
    frame = empty_frame(ESSENTIALITY)
    if cells is not None:
        cells, found = as_pairs(cells)
        problems += found
        if not found:
            frame, found = check_table(ESSENTIALITY, cells)
            problems += found
    _stop_at_errors(problems)
    return frame.drop(ROW, strict=False)


def build_network(
    flows: Rows, firms: Rows | None = None, essentiality: Rows | None = None, *, other_need: str | None = None
) -> Network:
    """The network of rows made by a program; they pass the same checks as files. See `read_network`."""
    tables = ((FLOWS, flows), (FIRMS, firms), (ESSENTIALITY, essentiality))
    cells = {table.name: text_cells(table, rows, table.name) for table, rows in tables if rows is not None}
    return _checked(dict(cells), other_need, [])


def _file_cells(table: Table, path: Path, problems: list[Problem]) -> Cells | None:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FilesError(f"{path}: {error.strerror or error}") from error
    if path.suffix == ".parquet":
        try:
            return text_cells(table, pl.read_parquet(io.BytesIO(data)), path.name)
        except (pl.exceptions.PolarsError, OSError) as error:
            place = Place(path.name)
            problems.append(Problem("broken-parquet", place, shown(error), "a whole Parquet file", "write it again"))
            return None
    cells, found = read_cells(path.name, data)
    problems += found
    return cells


def _checked(cells: Mapping[str, Cells | None], other_need: str | None, problems: list[Problem]) -> Network:
    if other_need is not None and other_need not in NEEDS:
        place = Place("other_need")
        problems.append(
            Problem("unknown-category", place, f"'{shown(other_need)}'", " or ".join(NEEDS), "use one of these")
        )
    frames: dict[str, pl.DataFrame] = {}
    for table in (FLOWS, FIRMS, ESSENTIALITY):
        held = cells.get(table.name)
        if held is None:
            frames[table.name] = empty_frame(table).with_columns(pl.lit(0, pl.Int64).alias(ROW))
            continue
        if table is ESSENTIALITY:
            held, found = as_pairs(held)
            problems += found
        frames[table.name], found = check_table(table, held)
        problems += found
    files = {table.name: table.name for table in (FLOWS, FIRMS, ESSENTIALITY)}
    files |= {name: held.file for name, held in cells.items() if held is not None}
    if "firms" in cells:
        problems += _contradicted_sectors(frames, files)
    elif not any(problem.severity == "error" for problem in problems):
        frames["firms"], found = _firms_of(frames["flows"], files["flows"])
        problems += found
    if not any(problem.severity == "error" for problem in problems):
        problems += _dangling(frames, files)
    _stop_at_errors(problems)
    flows = _with_needs(frames, files["flows"], other_need, problems)
    _stop_at_errors(problems)
    if frames["essentiality"].height:
        problems.append(
            Problem(
                "essentiality-counts",
                Place(files["essentiality"]),
                count_needs(frames["essentiality"]).sentence(),
                "the counts that its source states",
                "none needed: compare them with the source",
                "note",
            )
        )
    firms = frames["firms"].sort("firm")
    for name, what in (("final_demand", "upstream"), ("value_added", "downstream")):
        if firms[name].null_count() == firms.height:
            problems.append(
                Problem(
                    "open-accounts",
                    Place(files["firms"], 0, name),
                    "no numbers",
                    f"{name} of every firm, so that {what} losses can leave the network",
                    "none needed: it was left out, as in the published index; losses are then larger",
                    "note",
                )
            )
    number = pl.DataFrame({"firm": firms["firm"], "number": np.arange(firms.height, dtype=np.int32)})
    numbered = flows.join(
        number.rename({"firm": "supplier", "number": "i"}), on="supplier", how="left", validate="m:1"
    ).join(number.rename({"firm": "buyer", "number": "j"}), on="buyer", how="left", validate="m:1")
    return network_from_arrays(
        supplier=numbered["i"].to_numpy(),
        buyer=numbered["j"].to_numpy(),
        value=numbered["value"].to_numpy(),
        need=numbered["code"].to_numpy(),
        sector=firms["sector"].to_list(),
        market=[market or sector for market, sector in firms.select("market", "sector").iter_rows()],
        final_demand=firms["final_demand"].fill_null(0.0).to_numpy(),
        value_added=firms["value_added"].fill_null(0.0).to_numpy(),
        firms=firms["firm"].to_list(),
        notes=in_order(problems),
    )


def _sides(flows: pl.DataFrame) -> pl.DataFrame:
    """Firm and sector as both sides of every flow state them, with the row and column of the statement."""
    return pl.concat(
        flows.select(
            pl.col(side).alias("firm"),
            pl.col(f"{side}_sector").alias("sector"),
            pl.lit(f"{side}_sector").alias("column"),
            ROW,
        )
        for side in ("supplier", "buyer")
    )


def _firms_of(flows: pl.DataFrame, file: str) -> tuple[pl.DataFrame, list[Problem]]:
    """The firms that `flows` name, under `FIRMS`, with the sectors that they state."""
    sides = _sides(flows)
    missing = sides.filter(pl.col("sector").is_null()).sort(ROW, "column")
    problems = limited(
        Problem(
            "unknown-sector",
            Place(file, row, column),
            f"no sector of '{shown(firm)}'",
            "a sector for both sides of every flow, or a firms table",
            "state it here, or hand in a firms table",
        )
        for firm, column, row in missing.select("firm", "column", ROW).iter_rows()
    )
    stated = sides.filter(pl.col("sector").is_not_null()).sort("firm", ROW).unique("firm", keep="first")
    firms = empty_frame(FIRMS).with_columns(pl.lit(0, pl.Int64).alias(ROW))
    firms = pl.concat([firms, stated.select("firm", "sector", ROW)], how="diagonal")
    return firms, problems + _contradicted_sectors({"flows": flows, "firms": firms}, {"flows": file})


def _contradicted_sectors(frames: Mapping[str, pl.DataFrame], files: Mapping[str, str]) -> list[Problem]:
    known = frames["firms"].select("firm", pl.col("sector").alias("known"))
    sides = _sides(frames["flows"]).join(known, on="firm", how="inner", validate="m:1")
    wrong = sides.filter(pl.col("sector") != pl.col("known")).sort(ROW, "column")
    return limited(
        Problem(
            "contradiction",
            Place(files["flows"], row, column),
            f"'{shown(sector)}' as the sector of '{shown(firm)}'",
            f"'{shown(other)}', as elsewhere",
            "correct one of them",
        )
        for firm, sector, other, column, row in wrong.select("firm", "sector", "known", "column", ROW).iter_rows()
    )


def _stop_at_errors(problems: Sequence[Problem]) -> None:
    if any(problem.severity == "error" for problem in problems):
        raise InputError(problems)


def _dangling(frames: Mapping[str, pl.DataFrame], files: Mapping[str, str]) -> list[Problem]:
    problems = []
    for name, column, known in (
        ("flows", "supplier", frames["firms"]["firm"]),
        ("flows", "buyer", frames["firms"]["firm"]),
        ("essentiality", "supplier_sector", frames["firms"]["sector"]),
        ("essentiality", "buyer_sector", frames["firms"]["sector"]),
    ):
        frame = frames[name]
        lost = frame.filter(~pl.col(column).is_in(known.unique().implode()))
        note = name == "essentiality"
        if note:
            lost = lost.sort(ROW).unique(column, keep="first", maintain_order=True)
        for row, cell in lost.select(ROW, column).iter_rows():
            problems.append(
                Problem(
                    "unused-sector" if note else "dangling-reference",
                    Place(files[name], row, column),
                    f"'{shown(cell)}'",
                    "a sector with firms" if note else "a firm of the firms table",
                    "none needed: its rows have no effect" if note else "add the firm, or correct the key",
                    "note" if note else "error",
                )
            )
    return limited(problems)


def _with_needs(
    frames: Mapping[str, pl.DataFrame], file: str, other_need: str | None, problems: list[Problem]
) -> pl.DataFrame:
    """Flows with ``code``, their need: stated by the flow, else by the pair of sectors, else `other_need`."""
    sectors = frames["firms"].select("firm", "sector")
    selling = sectors.rename({"firm": "supplier", "sector": "supplier_sector"})
    buying = sectors.rename({"firm": "buyer", "sector": "buyer_sector"})
    pairs = frames["essentiality"].select("supplier_sector", "buyer_sector", pl.col("need").alias("pair_need"))
    flows = (
        frames["flows"]
        .drop("supplier_sector", "buyer_sector")
        .join(selling, on="supplier", how="left", validate="m:1")
        .join(buying, on="buyer", how="left", validate="m:1")
        .join(pairs, on=["supplier_sector", "buyer_sector"], how="left", validate="m:1")
        .with_columns(pl.coalesce("need", "pair_need", pl.lit(other_need, pl.String)).alias("need"))
        .sort("supplier", "buyer", "item", ROW, nulls_last=False)
    )
    unknown = flows.filter(pl.col("need").is_null()).select(ROW, "supplier_sector", "buyer_sector")
    problems += limited(
        Problem(
            "unknown-need",
            Place(file, row, "need"),
            f"no need, and none for sectors '{shown(one)}' to '{shown(other)}'",
            "a need for every flow: unknown is not negligible",
            "state it in the flow or in the essentiality table, or choose a need for all others",
        )
        for row, one, other in unknown.iter_rows()
    )
    mixed = (
        flows.filter(pl.col("need").is_not_null())
        .group_by("supplier_sector", "buyer")
        .agg(pl.col("need").unique().sort(), pl.col(ROW).min())
        .filter(pl.col("need").list.len() > 1)
        .sort(ROW)
    )
    for sector, buyer, needs, row in mixed.select("supplier_sector", "buyer", "need", ROW).iter_rows():
        problems.append(
            Problem(
                "mixed-need",
                Place(file, row, "need"),
                f"purchases of '{shown(buyer)}' from sector '{shown(sector)}' are {' and '.join(needs)}",
                "one need for all that a firm buys from one sector",
                "give them one need, or split the sector",
            )
        )
    return flows.with_columns(
        pl.col("need").replace_strict(NEED_CODES, default=None, return_dtype=pl.UInt8).alias("code")
    )
