"""``reshore diff``: what changed between two data packages?"""

from __future__ import annotations

import click

from reshore.cli.talk import Progress, as_json, say, show_table


@click.command("diff", help="Set two data packages side by side: rows added, removed, changed.")
@click.argument("before", type=click.Path())
@click.argument("after", type=click.Path())
@click.option("--table", "only", help="Only this table.")
@click.option("--all", "show_all", is_flag=True, help="Show every difference.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(before: str, after: str, only: str | None, show_all: bool, json_: bool, quiet: bool) -> int:
    """Compares two packages cell by cell."""
    import polars as pl

    from reshore.data import TABLES, read_package
    from reshore.data.diff import DIFF, diff_packages
    from reshore.tables.cells import did_you_mean

    names = [table.name for table in TABLES]
    if only is not None and only not in names:
        raise click.UsageError(f"no table '{only}'; {did_you_mean(only, names)}")
    progress = Progress(quiet)
    with progress.step("reading both packages"):
        first, second = read_package(before), read_package(after)
    with progress.step("comparing"):
        changes = diff_packages(first, second)
    if only is not None:
        changes = changes.filter(pl.col("table") == only)
    if json_:
        manifest = {
            "before": {"name": first.name, "digest": first.digest},
            "after": {"name": second.name, "digest": second.digest},
        }
        click.echo(as_json("diff", manifest=manifest, tables={"diff": changes}))
        return 0
    if first.digest == second.digest:
        click.echo(f"no difference: both have digest {first.digest[:16]}")
        return 0
    counts = changes.group_by("table", "change").len().sort("table", "change")
    for table, change, count in counts.iter_rows():
        click.echo(f"{table}: {count} {'rows' if change != 'changed' else 'cells'} {change}")
    show_table(changes, DIFF, changes.height if show_all else 40)
    say("next: reshore run STUDY on each package, then reshore compare")
    return 0
