"""``reshore why``: what was this number made of?"""

from __future__ import annotations

from typing import Any

import click
import polars as pl

from reshore.cli.talk import Progress, as_json, say, show_rows

_ROWS = 25
_HIDDEN = frozenset({"good", "source", "sources", "note", "retrieved", "licence"})


@click.command("why", help="Show what a number of a run was made of: formula, rows, sources, other figures.")
@click.argument("out", type=click.Path())
@click.argument("good")
@click.argument("column", default="concern_share")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(out: str, good: str, column: str, json_: bool, quiet: bool) -> int:
    """Explains one cell of the exposure table."""
    from reshore.study import explain, read_results
    from reshore.study.why import Evidence

    with Progress(quiet or json_).step("reading results"):
        results = read_results(out)
    found = explain(results, good, column)
    if json_:
        tables = {part.table.name: part.frame for part in found.evidence} | {
            "sources": found.sources,
            "conflicts": found.others,
        }
        answer = {"good": found.good, "column": found.column.name, "value": found.value, "formula": found.formula}
        click.echo(as_json("why", manifest=results.manifest, tables=tables, answer=answer))
        return 0
    click.echo(f"{found.label}: {found.column.label.lower()} {found.value}")
    click.echo(f"  asks      {found.question}")
    click.echo(f"  formula   {found.formula}")
    click.echo(f"  method    {found.method}")
    numbers = {source: number for number, source in enumerate(found.sources["source"], 1)}
    part: Evidence
    for part in found.evidence:
        click.echo(f"\n{part.title}, {part.frame.height} row{'' if part.frame.height == 1 else 's'}")
        _show(part.frame, part.table, numbers)
    if found.others.height:
        click.echo("\nFigures that were not used")
        _show(found.others, results.columns["conflicts"], numbers)
    click.echo("\nSources")
    for row in found.sources.iter_rows(named=True):
        address = row["url"] or "no public address"
        click.echo(f"  [{numbers[row['source']]}] {row['title']} — {address}")
    say(f"\nrun {results.run} · data {results.package.digest[:8]} · next: reshore report {out} -o report.html")
    return 0


def _says(frame: pl.DataFrame, name: str, interval: bool) -> bool:
    """Whether a column tells rows apart, or is one that a reader always wants to see."""
    if name in _HIDDEN or (frame[name].null_count() == frame.height and not interval):
        return False
    return frame[name].n_unique() > 1 or frame.height == 1 or name in ("basis", "year", "as_of", "confidence")


def _show(frame: pl.DataFrame, table: Any, numbers: dict[str, int]) -> None:
    """The columns of `frame` that say something, with numbers for sources."""
    from reshore.study.findings import reading
    from reshore.units import written

    records = {column.name: column for column in table.columns}
    named = [name for name, record in records.items() if name in frame.columns and _says(frame, name, record.interval)]
    rows = []
    for row in frame.head(_ROWS).iter_rows(named=True):
        cells = []
        for name in named:
            record, value = records[name], row[name]
            if record.kind == "number" and record.unit is not None and record.unit.dimension == "share":
                ends = (row.get(f"{name}_low"), row.get(f"{name}_high")) if record.interval else (None, None)
                cells.append(reading(value, *ends))
            elif record.kind == "number":
                cells.append(written(value, record.unit))
            else:
                cells.append("" if value is None else str(value))
        sources = str(row.get("source") or row.get("sources") or "").split(";")
        cells.append(" ".join(f"[{numbers[source]}]" for source in sources if source in numbers))
        rows.append(cells)
    show_rows([*(records[name].label for name in named), "Source"], rows)
    if frame.height > _ROWS:
        say(f"… {frame.height - _ROWS} more rows (--json has all)")
