"""``reshore check``: is this package sound, and if not, what is wrong where?"""

from __future__ import annotations

import click

from reshore.cli.talk import SHOWN, Progress, as_json, problem_lines, say, target


@click.command("check", help="Check a data package (folder, zip, or datapackage.json): all problems at once.")
@click.argument("package", type=click.Path())
@click.option("--all", "show_all", is_flag=True, help="Show every problem and note.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option(
    "-o", "--output", type=click.Path(), help="Write the checked package, with its descriptor, into this folder."
)
@click.option("--format", "file_format", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    package: str, show_all: bool, json_: bool, output: str | None, file_format: str, force: bool, quiet: bool
) -> int:
    """Checks a package and says what was found."""
    from reshore.data import check_package, write_package

    folder = target(output, force)
    with Progress(quiet).step("checking tables"):
        checked, problems = check_package(package)
    errors = [problem for problem in problems if problem.severity == "error"]
    notes = [problem for problem in problems if problem.severity == "note"]
    if json_:
        about = {"package": {"name": checked.name, "digest": checked.digest}} if checked else {}
        click.echo(as_json("check", manifest=about, problems=problems))
    else:
        plural = "" if len(errors) == 1 else "s"
        click.echo(
            f"{len(errors)} problem{plural}" + (f", {len(notes)} note{'' if len(notes) == 1 else 's'}" if notes else "")
        )
        for line in problem_lines(errors, len(errors) if show_all else SHOWN):
            click.echo(line)
        for line in problem_lines(notes, len(notes) if show_all else 0 if errors else 3):
            click.echo(line)
        if checked is not None:
            counts = [f"{checked[name].height:,} {name}" for name in checked.tables if checked[name].height]
            click.echo(f"{checked.title}: {', '.join(counts)}")
            click.echo(f"digest {checked.digest[:16]}")
    if checked is None:
        return 3
    if folder is not None:
        write_package(checked, folder, "parquet" if file_format == "parquet" else "csv")
        say(f"written to {folder}")
    elif not json_:
        say(f"next: reshore measure {package} --home USA")
    return 0
