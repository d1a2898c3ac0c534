"""``reshore report``: the results of a run as one document."""

from __future__ import annotations

import click

from reshore.cli.talk import Progress, say, target


@click.command("report", help="Write the results of a run (folder OUT) as one document: .html or .xlsx.")
@click.argument("out", type=click.Path())
@click.option("-o", "--output", type=click.Path(), required=True, help="The document; its suffix chooses the form.")
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(out: str, output: str, force: bool, quiet: bool) -> int:
    """Reads results and writes them as a document."""
    from reshore.report import write_report, write_workbook
    from reshore.study import read_results

    writers = {".html": write_report, ".xlsx": write_workbook}
    document = target(output, force)
    assert document is not None
    writer = writers.get(document.suffix)
    if writer is None:
        raise click.UsageError(f"cannot write '{document.suffix or output}'; there are {', '.join(writers)}")
    progress = Progress(quiet)
    with progress.step("reading results"):
        results = read_results(out)
    with progress.step("writing the document"):
        document.parent.mkdir(parents=True, exist_ok=True)
        writer(results, document)
    say(f"{document} written")
    say(f"next: reshore why {out} GOOD COLUMN takes any number of it apart")
    return 0
