"""The report: one self-contained page that opens from disk, without a network and readable without a script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
import polars as pl

from reshore.countries import country_name
from reshore.data import write_files
from reshore.report.board import Board, boards, fill
from reshore.report.cone import HEIGHT, WIDTH, Cone, cone
from reshore.report.goods import ROLES, GoodView, chain_label, good_views, most_exposed_views
from reshore.study.findings import in_words, reading
from reshore.study.results import Results
from reshore.tables import Column
from reshore.units import written

CONES = 10
LONGEST_TABLE = 60


@dataclass(frozen=True)
class Grid:
    """A table of the report: headings, cells as (text, class), and what was left out."""

    headings: tuple[str, ...]
    rows: tuple[tuple[tuple[str, str], ...], ...]
    numeric: tuple[bool, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Source:
    """A source as the reader sees it; ``url`` is empty unless it is a web address."""

    number: int
    key: str
    title: str
    url: str
    licence: str
    retrieved: str


def write_report(results: Results, path: Path) -> None:
    """Writes the report of `results` to `path`; the same results give the same bytes."""
    write_files({path.name: render(results).encode("utf-8")}, path.parent)


def render(results: Results) -> str:
    """The report as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reshore.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals |= {"WIDTH": WIDTH, "HEIGHT": HEIGHT, "ROLES": ROLES}
    template = environment.get_template("report.html.j2")
    return template.render(**_content(results), style=_asset("style.css"), script=_asset("report.js"))


def _asset(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _content(results: Results) -> dict[str, Any]:
    views = good_views(results)
    by_key = {view.good: view for view in views}
    concern = in_words([country_name(code) for code in results.study.concern])
    top = most_exposed_views(results, views, CONES)
    sources = _sources(results)
    numbers = {source.key: source.number for source in sources}
    conflicts = {view.good: _conflicts(results, view.good, numbers) for view in top}
    drawn = boards(views, concern)
    return {
        "results": results,
        "home": country_name(results.study.home),
        "allies": ", ".join(country_name(code) for code in results.study.allies) or "none named",
        "concern": concern,
        "boards": drawn,
        "board_tables": {board.chain: _board_table(board) for board in drawn},
        "chain_label": chain_label,
        "cones": [cone(view, by_key, results.package) for view in top],
        "cone_titles": {view.good: _cone_title(view) for view in top},
        "cone_tables": {view.good: _supplier_table(view) for view in top},
        "top": top,
        "conflicts": conflicts,
        "flags": _flags(results),
        "hidden": _grid(results, "exposure", _hidden(results), _HIDDEN_COLUMNS),
        "cuts": _grid(results, "cut_sets", _cuts(results), ("good", "members", "reading", "bites", "sentence"), by_key),
        "control": _grid(results, "control", results["control"].filter(pl.col("is_ultimate")), _CONTROL_COLUMNS),
        "gaps": _grid(results, "gaps", results["gaps"], ("good", "gap", "sentence"), by_key),
        "gap_counts": sorted(Counter(results["gaps"]["gap"]).items(), key=lambda item: (-item[1], item[0])),
        "assumed": _assumed(results),
        "sources": sources,
        "numbers": numbers,
        "scale": [(f"rgb{fill(step / 5)}", f"{20 * step} %") for step in range(6)],
        "notes": results.notes,
        "written": written,
    }


_HIDDEN_COLUMNS = (
    "label", "concern_share", "concern_look_through_share", "home_share", "home_look_through_share", "look_through_assumed",
)  # fmt: skip
_CONTROL_COLUMNS = ("label", "seat", "controller_label", "controller_seat", "certainty", "routes", "votes_share")


def _cone_title(view: GoodView) -> str:
    end = f"; losing {view.single_points} alone takes it away" if view.single_points else ""
    return f"{view.label}: {view.concern} from countries of concern, {view.leader}{end}"


def _board_table(board: Board) -> Grid:
    headings = ("Step", "Good", "From concern", "Largest supplier", "Basis and year", "Confidence")
    rows = tuple(
        (
            (step, ""), (tile.view.label, ""), (tile.view.concern, "unknown" if tile.kind == "unknown" else ""),
            (tile.view.leader, ""), (tile.view.basis or "no figures", ""), (tile.view.row["confidence"] or "", ""),
        )
        for step, tiles in board.columns
        for tile in tiles
    )  # fmt: skip
    return Grid(headings, rows, (False,) * len(headings))


def _supplier_table(view: GoodView) -> Grid:
    rows = tuple(
        (
            (supplier.label, ""),
            (ROLES.get(supplier.role, supplier.role), ""),
            (supplier.words, "" if supplier.share is not None else "unknown"),
        )
        for supplier in view.suppliers
    )
    return Grid(("Supplier", "Role", "Share"), rows, (False, False, True))


def _conflicts(results: Results, good: str, numbers: Mapping[str, int]) -> tuple[str, ...]:
    """Other figures for one good, in words, newest first."""
    rows = results["conflicts"].filter((pl.col("good") == good) & pl.col("largest_supplier_share").is_not_null())
    rows = rows.sort("year", "source", descending=[True, False], nulls_last=True)
    return tuple(
        f"{country_name(row['largest_supplier'])} {reading(row['largest_supplier_share'], None, None)} "
        f"({', '.join(str(part) for part in (row['series'], row['basis'], row['year']) if part)})"
        + (f" [{numbers[row['source']]}]" if row["source"] in numbers else "")
        for row in rows.iter_rows(named=True)
    )


def _flags(results: Results) -> Grid:
    """Flags that fire or nearly do, with their margin."""
    labels = dict(results["exposure"].select("good", "label").iter_rows())
    frame = results["flags"].filter(pl.col("fires").is_in(["yes"]) | (pl.col("margin").abs() < 0.1))
    frame = frame.sort("fires", "margin", "good", descending=[True, True, False], nulls_last=True)
    rows = [
        (
            (labels[row["good"]], ""), (row["flag"], ""), (_value(row), "" if row["value"] is not None else "unknown"),
            (f"{row['threshold']:g}", ""), (written(row["margin"]) if row["margin"] is not None else "unknown", ""), (row["fires"], ""),
        )
        for row in frame.head(LONGEST_TABLE).iter_rows(named=True)
    ]  # fmt: skip
    headings = ("Good", "Flag", "Value", "Threshold", "Margin", "Fires")
    return Grid(headings, tuple(rows), (False, False, True, True, True, False), max(0, frame.height - LONGEST_TABLE))


def _value(row: Mapping[str, Any]) -> str:
    if row["value"] is not None:
        return written(row["value"])
    if row["value_low"] is not None and row["value_high"] is not None:
        return f"{written(row['value_low'])} to {written(row['value_high'])}"
    return f"at least {written(row['value_low'])}" if row["value_low"] is not None else "unknown"


def _hidden(results: Results) -> pl.DataFrame:
    """Goods whose suppliers depend on concern more than the good itself shows."""
    gap = pl.col("concern_look_through_share_low") - pl.col("concern_share_low")
    return results["exposure"].filter(gap > 0.02).sort(gap, "good", descending=[True, False])


def _cuts(results: Results) -> pl.DataFrame:
    """Cut sets of final uses by country: certain ones first, small ones first."""
    final = results["exposure"].filter(pl.col("final"))["good"].to_list()
    frame = results["cut_sets"].filter(
        (pl.col("level") == "country") & pl.col("good").is_in(final) & (pl.col("members") != results.study.home)
    )
    return frame.sort("reading", "size", "good", "members")


def _grid(
    results: Results, table: str, frame: pl.DataFrame, names: Sequence[str], views: Mapping[str, GoodView] | None = None
) -> Grid:
    """Columns of a result table as cells, with headings from their records."""
    record = results.columns[table]
    columns = [record.column(name) for name in names]
    rows = tuple(
        tuple(_cell(row, column, views) for column in columns)
        for row in frame.head(LONGEST_TABLE).iter_rows(named=True)
    )
    numeric = tuple(column.kind in ("number", "integer", "year") for column in columns)
    return Grid(tuple(column.label for column in columns), rows, numeric, max(0, frame.height - LONGEST_TABLE))


def _cell(row: Mapping[str, Any], column: Column, views: Mapping[str, GoodView] | None) -> tuple[str, str]:
    value = row[column.name]
    if column.kind == "number":
        is_share = column.unit is not None and column.unit.dimension == "share"
        low, high = row.get(f"{column.name}_low"), row.get(f"{column.name}_high")
        text = reading(value, low, high) if is_share else written(value, column.unit)
        return text, "unknown" if value is None else ""
    if value is None:
        return column.absent or "", "muted"
    if isinstance(value, bool):
        return ("yes" if value else "no"), ""
    if column.name == "good" and views is not None:
        return views[value].label, ""
    if column.name == "members":
        return ", ".join(country_name(code) for code in value.split(";")), ""
    if column.kind == "country":
        return country_name(value), ""
    return str(value), ""


def _assumed(results: Results) -> tuple[tuple[str, int, int], ...]:
    """Tables of the data with rows that were assumed: name, assumed rows, all rows."""
    found = []
    for name, frame in results.package.tables.items():
        if "confidence" in frame.columns and frame.height:
            count = frame.filter(pl.col("confidence") == "assumed").height
            if count:
                found.append((name, count, frame.height))
    return tuple(found)


def _sources(results: Results) -> tuple[Source, ...]:
    """Every source that a figure of this report cites, numbered in the order of their keys."""
    cited = {key for text in results["exposure"]["sources"].drop_nulls() for key in text.split(";")}
    cited |= set(results["conflicts"]["source"].drop_nulls())
    cited |= set(results["exposure"]["net_import_reliance_source"].drop_nulls())
    for name in ("inputs", "stakes", "posts"):
        cited |= set(results.package[name]["source"].drop_nulls())
    rows = results.package["sources"].filter(pl.col("source").is_in(sorted(cited))).sort("source")
    return tuple(
        Source(
            number,
            row["source"],
            row["title"],
            _web(row["url"]),
            row["licence"] or "single facts, cited",
            row["retrieved"] or "",
        )
        for number, row in enumerate(rows.iter_rows(named=True), 1)
    )


def _web(url: str | None) -> str:
    """`url` (the first of several) when it is a web address; anything else is not made a link."""
    first = (url or "").split(" ; ")[0]
    return first if urlsplit(first).scheme in ("http", "https") else ""


__all__ = ["Cone", "Grid", "render", "write_report"]
