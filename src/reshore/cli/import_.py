"""``reshore import``: a public data set becomes a data package."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reshore.cli.talk import Progress, as_json, problem_lines, say, target
from reshore.errors import Problem


class _Names(click.ParamType[str]):
    """Names of importers, read from the list when one is asked for."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from reshore.importers import IMPORTERS
        from reshore.tables.cells import did_you_mean

        names = [importer.name for importer in IMPORTERS]
        if value not in names:
            self.fail(f"no importer '{value}'; {did_you_mean(value, names)}", param, ctx)
        return value


@click.command("import", help="Turn a public data set into a data package. Importers: `reshore import --list`.")
@click.argument("name", type=_Names(), required=False)
@click.argument("path", type=click.Path(), required=False)
@click.option("-o", "--output", type=click.Path(), help="Folder of the new package.")
@click.option("--only", default="", help="Read a part only, split by commas: for baci, HS codes or how they begin.")
@click.option("--format", "file_format", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--list", "list_", is_flag=True, help="List the importers.")
@click.option("--all", "show_all", is_flag=True, help="Show every note.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    name: str | None,
    path: str | None,
    output: str | None,
    only: str,
    file_format: str,
    list_: bool,
    show_all: bool,
    json_: bool,
    force: bool,
    quiet: bool,
) -> int:
    """Imports and says what was dropped, merged or converted on the way."""
    from reshore.data import write_package
    from reshore.importers import IMPORTERS, import_package

    if list_:
        for importer in IMPORTERS:
            click.echo(f"{importer.name:12}  {importer.label} ({importer.licence})")
        return 0
    if name is None or path is None or output is None:
        raise click.UsageError("say what to read and where to write: reshore import NAME PATH -o FOLDER")
    folder = target(output, force)
    assert folder is not None
    importer = next(known for known in IMPORTERS if known.name == name)
    progress = Progress(quiet)
    with progress.step(f"reading {importer.label}"):
        package = import_package(importer, path, [part.strip() for part in only.split(",") if part.strip()])
    with progress.step("writing the package"):
        write_package(package, folder, "parquet" if file_format == "parquet" else "csv")
    if json_:
        manifest = {"package": {"name": package.name, "digest": package.digest}}
        click.echo(as_json("import", manifest=manifest, problems=package.notes))
        return 0
    counts = [f"{frame.height:,} {table}" for table, frame in package.tables.items() if frame.height]
    click.echo(f"{folder}: {', '.join(counts)}")
    for line in _accounts(package.notes):
        click.echo(f"  {line}")
    shown = package.notes if show_all else _first_of_each_kind(package.notes)
    click.echo(f"{len(package.notes)} notes on what was dropped, merged, converted or left open")
    for line in problem_lines(shown, len(shown)):
        click.echo(line)
    if len(shown) < len(package.notes):
        click.echo(f"  … the first of each kind; --all shows all {len(package.notes)}")
    say(f"next: reshore check {folder}")
    return 0


def _accounts(notes: Sequence[Problem]) -> list[str]:
    """What became of the rows of each file."""
    return [f"{note.place.file}: {note.found}" for note in notes if note.code == "rows-accounted"]


def _first_of_each_kind(notes: Sequence[Problem]) -> list[Problem]:
    """One note of each kind, in the order of their places, without the accounts told before."""
    first: dict[str, Problem] = {}
    for note in notes:
        if note.code != "rows-accounted":
            first.setdefault(note.code, note)
    return list(first.values())
