"""``reshore compare``: two runs side by side."""

from __future__ import annotations

import click

from reshore.cli.talk import Progress, as_json, say, show_table


@click.command("compare", help="Set two runs (folders BEFORE and AFTER) side by side: which numbers moved, and why.")
@click.argument("before", type=click.Path())
@click.argument("after", type=click.Path())
@click.option("--all", "show_all", is_flag=True, help="Show every difference.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(before: str, after: str, show_all: bool, json_: bool, quiet: bool) -> int:
    """Compares two runs number by number."""
    from reshore.study import COMPARISON, compare, read_results

    progress = Progress(quiet or json_)
    with progress.step("reading both runs"):
        first, second = read_results(before), read_results(after)
    comparison = compare(first, second)
    if json_:
        manifest = {
            "before": first.manifest["run"],
            "after": second.manifest["run"],
            "reasons": list(comparison.reasons),
        }
        click.echo(as_json("compare", manifest=manifest, tables={"comparison": comparison.table}))
        return 0
    table = comparison.table
    goods = table["good"].n_unique()
    counted = f"{table.height} number{'s' if table.height != 1 else ''} of {goods} good{'s' if goods != 1 else ''}"
    click.echo(f"run {first.run} → run {second.run}: {counted} differ{'s' if table.height == 1 else ''}")
    for reason in comparison.reasons:
        click.echo(f"  {reason}")
    if table.height:
        show_table(table.drop("good"), COMPARISON, table.height if show_all else 30)
        good, column = table.row(0, named=True)["good"], table.row(0, named=True)["column"]
        say(f"next: reshore why {after} {good} {column.removesuffix('_low').removesuffix('_high')}")
    else:
        say(f"next: reshore report {after} -o report.html")
    return 0
