"""How commands talk: data on stdout, progress and hints on stderr, one JSON shape for every command."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import polars as pl

from reshore.errors import FilesError, Problem
from reshore.tables import Table
from reshore.units import written

SHOWN = 10
PIPED_WIDTH = 180
LONG_CELL = 30


class Progress:
    """Says what is being done, on a terminal: the step while it runs, its time once it took over a second."""

    def __init__(self, quiet: bool = False) -> None:
        self._on = not quiet and sys.stderr.isatty()
        self._console: Any = None
        if self._on:
            from rich.console import Console

            self._console = Console(stderr=True, highlight=False)

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Shows `words` while the block runs."""
        if not self._on:
            yield
            return
        start = time.monotonic()
        with self._console.status(words):
            yield
        took = time.monotonic() - start
        if took > 1:
            self._console.print(f"[dim]{words} ✓ {took:.1f} s[/dim]")


def say(text: str = "") -> None:
    """A line for people beside the data: on stderr."""
    click.echo(text, err=True)


def problem_lines(problems: Sequence[Problem], limit: int) -> list[str]:
    """Problems as lines, the first `limit` of them."""
    lines = [f"  {problem.severity:5}  {problem}" for problem in problems[:limit]]
    if len(problems) > limit:
        lines.append(f"  … and {len(problems) - limit} more (--all shows them)")
    return lines


def as_json(
    command: str,
    *,
    manifest: Mapping[str, Any] | None = None,
    tables: Mapping[str, pl.DataFrame] | None = None,
    problems: Sequence[Problem] = (),
    **more: object,
) -> str:
    """The one JSON shape of every command: command, manifest, tables, problems."""
    content = {
        "command": command,
        "manifest": dict(manifest or {}),
        "tables": {name: frame.to_dicts() for name, frame in (tables or {}).items()},
        "problems": [
            {
                "code": p.code, "severity": p.severity, "file": p.place.file, "row": p.place.row or None,
                "column": p.place.column or None, "found": p.found, "expected": p.expected, "fix": p.fix,
            }
            for p in problems
        ],
        **more,
    }  # fmt: skip
    return json.dumps(content, ensure_ascii=False, indent=2)


def _width() -> int | None:
    """The width of tables: that of the terminal; wide where the output goes to a file or another program."""
    return None if sys.stdout.isatty() else PIPED_WIDTH


def show_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Ready-made cells as a table on the terminal: nothing is cut off, long texts are wrapped."""
    from rich.console import Console
    from rich.table import Table as Grid

    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for position, heading in enumerate(headings):
        longest = max((len(row[position]) for row in rows), default=0)
        grid.add_column(heading, overflow="fold", no_wrap=longest <= LONG_CELL)
    for row in rows:
        from rich.markup import escape

        grid.add_row(*(escape(cell) for cell in row))
    Console(highlight=False, width=_width()).print(grid)


def show_table(frame: pl.DataFrame, table: Table, limit: int = 40) -> None:
    """A result table on the terminal, with headings and units from its columns."""
    from rich.console import Console
    from rich.table import Table as Grid

    named = {column.name: column for column in table.file_columns}
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for name in frame.columns:
        column = named.get(name)
        numeric = frame.schema[name].is_numeric()
        grid.add_column(column.label if column else name, justify="right" if numeric else "left", overflow="fold")
    for row in frame.head(limit).iter_rows(named=True):
        grid.add_row(*(_cell(value, named.get(name)) for name, value in row.items()))
    Console(highlight=False, width=_width()).print(grid)
    if frame.height > limit:
        say(f"… {frame.height - limit} more rows")


def _cell(value: object, column: Any) -> str:
    from rich.markup import escape

    if value is None:
        return "unknown" if column is not None and column.kind == "number" else ""
    if isinstance(value, float):
        return written(value, column.unit if column is not None else None)
    return escape(str(value))


def target(path: str | None, force: bool) -> Path | None:
    """Where to write: refused when something is there and `force` is not set."""
    if path is None:
        return None
    location = Path(path)
    if location.exists() and not force and not (location.is_dir() and not any(location.iterdir())):
        raise FilesError(f"{location} exists; --force writes over it")
    return location
