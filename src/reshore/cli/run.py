"""``reshore run``: the answer to a study, in one folder."""

from __future__ import annotations

import datetime
import os

import click

from reshore.cli.talk import Progress, as_json, say, target


@click.command("run", help="Answer STUDY: tables, report and workbook in one folder.")
@click.argument("study", type=click.Path())
@click.option("-o", "--output", type=click.Path(), default="out", show_default=True, help="Folder of the results.")
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(study: str, output: str, force: bool, json_: bool, quiet: bool) -> int:
    """Runs a study and says what was found."""
    from reshore.report import write_report, write_workbook
    from reshore.study import lines, read_study, run, write_results
    from reshore.study.words import in_words, the

    question = read_study(study)
    folder = target(output, force)
    assert folder is not None
    progress = Progress(quiet or json_)
    if not (quiet or json_):
        concern = in_words([the(code) for code in question.concern])
        say(f"You ask: {question.question} Home: {the(question.home)}; countries of concern: {concern}.")
    results = run(question, step=progress.step)
    with progress.step("writing tables"):
        write_results(results, folder, _now())
    with progress.step("writing the report"):
        write_report(results, folder / "report.html")
    with progress.step("writing the workbook"):
        write_workbook(results, folder / "book.xlsx")
    if json_:
        click.echo(as_json("run", manifest=results.manifest, problems=results.notes, findings=list(results.findings)))
        return 0
    for line in lines(results.findings):
        click.echo(line)
    say(f"{folder}/report.html (opens offline)   {folder}/tables/   {folder}/book.xlsx   {folder}/manifest.json")
    say(f"next: reshore why {output} {_first_good(results)} concern_share")
    return 0


def _first_good(results: object) -> str:
    from reshore.study.findings import most_exposed

    top = most_exposed(results["exposure"])  # type: ignore[index]  # Results, imported where it is used
    return str(top["good"][0]) if top.height else "GOOD"


def _now() -> str:
    """The time of writing; `SOURCE_DATE_EPOCH` stands in for the clock where builds must repeat."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.datetime.fromtimestamp(int(fixed), datetime.UTC) if fixed else datetime.datetime.now(datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
