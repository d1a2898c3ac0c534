"""``reshore why``: what was this number made of?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
import polars as pl

from reshore.cli.talk import Progress, as_json, say, show_rows
from reshore.tables import Column, Table

if TYPE_CHECKING:
    from reshore.study import Explanation

_ROWS = 25
_HIDDEN = frozenset({"source", "sources", "note", "retrieved", "licence"})
_ALWAYS = frozenset({"basis", "year", "as_of", "confidence"})


@click.command("why", help="Show what a number of a run was made of: formula, terms, rows, sources, other figures.")
@click.argument("out", type=click.Path())
@click.argument("good")
@click.argument("column", default="concern_share")
@click.option("--all", "show_all", is_flag=True, help="Show every row.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(out: str, good: str, column: str, show_all: bool, json_: bool, quiet: bool) -> int:
    """Explains a cell of the exposure table, or the rows of another result table for a good."""
    from reshore.study import explain, read_results

    progress = Progress(quiet or json_)
    with progress.step("reading results"):
        results = read_results(out)
    with progress.step("following the number back"):
        found = explain(results, good, column)
    if json_:
        click.echo(as_json("why", manifest=results.manifest, tables=_tables(found), answer=_answer(found)))
        return 0
    limit = 1_000_000 if show_all else _ROWS
    click.echo(f"{found.label}: {found.column.label.lower()} {found.value}")
    click.echo(f"  asks      {found.question}")
    click.echo(f"  formula   {found.formula}")
    click.echo(f"  method    {found.method}")
    if found.terms:
        click.echo("\nTerms")
        _show_terms(found, limit)
    numbers = {source: number for number, source in enumerate(found.sources["source"], 1)}
    for part in found.evidence:
        click.echo(f"\n{part.title}, {part.frame.height} row{'' if part.frame.height == 1 else 's'}")
        _show(part.frame, part.table, numbers, limit)
    if found.others.height:
        click.echo("\nFigures that were not used")
        _show(found.others, results.columns["conflicts"], numbers, limit)
    click.echo("\nSources")
    for row in found.sources.iter_rows(named=True):
        read = f", read {row['retrieved']}" if row["retrieved"] else ""
        click.echo(f"  [{numbers[row['source']]}] {row['title']} — {row['url'] or 'no public address'}{read}")
    if found.sources.is_empty():
        click.echo("  none")
    say(f"\nrun {results.run} · data {results.package.digest[:8]} · {_next(out, found)}")
    return 0


def _next(out: str, found: Explanation) -> str:
    """What one would ask after this."""
    after = {"concern_share": "single_points_count", "single_points_count": "cut_sets"}.get(found.column.name)
    if after is None or (found.column.name == "concern_share" and not found.evidence):
        return f"next: reshore report {out} -o report.html"
    return f"next: reshore why {out} {found.good} {after}"


def _tables(found: Explanation) -> dict[str, pl.DataFrame]:
    tables = {part.table.name: part.frame for part in found.evidence}
    return tables | {"sources": found.sources, "conflicts": found.others}


def _answer(found: Explanation) -> dict[str, Any]:
    terms = [
        {"label": term.label, "weight": term.weight, "value": term.value, "contribution": term.contribution,
         "note": term.note}
        for term in found.terms
    ]  # fmt: skip
    return {
        "good": found.good, "column": found.column.name, "value": found.value, "formula": found.formula,
        "terms": terms, "total": found.total or None,
    }  # fmt: skip


def _show_terms(found: Explanation, limit: int) -> None:
    """Each term with its weight, and what they add up to."""
    from reshore.units import SHARE, written

    unit = found.column.unit
    is_count = unit is None or unit.dimension not in ("share", "index")
    value_unit = None if is_count else SHARE
    rows = [
        (term.label, written(term.weight), written(term.value, value_unit), written(term.contribution, unit), term.note)
        for term in found.terms[:limit]
    ]
    show_rows(("Term", "Weight", "Value", "Adds", "Read as"), rows)
    if len(found.terms) > limit:
        say(f"… {len(found.terms) - limit} more terms (--all shows them)")
    click.echo(f"adds up to {found.total}")


def _show(frame: pl.DataFrame, table: Table, numbers: dict[str, int], limit: int) -> None:
    """The columns of `frame` that say something, with numbers for sources."""
    records = {column.name: column for column in table.columns}
    named = [name for name, record in records.items() if name in frame.columns and _says(frame, name, record)]
    rows = [
        (*(_cell(row, records[name]) for name in named), _cited(row, numbers))
        for row in frame.head(limit).iter_rows(named=True)
    ]
    show_rows([*(records[name].label for name in named), "Source"], rows)
    if frame.height > limit:
        say(f"… {frame.height - limit} more rows (--all shows them)")


def _says(frame: pl.DataFrame, name: str, record: Column) -> bool:
    """Whether a column tells rows apart, or is one that a reader always wants to see."""
    if name in _HIDDEN or (frame[name].null_count() == frame.height and not record.interval):
        return False
    if record.interval:
        return not all(frame[end].null_count() == frame.height for end in _ends(name))
    return frame[name].n_unique() > 1 or name in _ALWAYS or (frame.height == 1 and name != "good")


def _ends(name: str) -> Sequence[str]:
    return (name, f"{name}_low", f"{name}_high")


def _cell(row: dict[str, Any], record: Column) -> str:
    from reshore.study.words import reading
    from reshore.units import written

    value = row[record.name]
    if record.kind != "number":
        return "" if value is None else str(value)
    low, high = (row.get(f"{record.name}_low"), row.get(f"{record.name}_high")) if record.interval else (None, None)
    if record.unit is not None and record.unit.dimension == "share":
        return reading(value, low, high, "unknown")
    if value is None and (low is not None or high is not None):
        return f"{written(low, record.unit)} to {written(high, record.unit)}"
    return written(value, record.unit, record.absent or "unknown")


def _cited(row: dict[str, Any], numbers: dict[str, int]) -> str:
    keys = str(row.get("source") or row.get("sources") or "").split(";")
    return " ".join(f"[{numbers[key]}]" for key in keys if key in numbers)
