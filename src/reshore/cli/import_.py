"""``reshore import``: a public data set becomes a data package."""

from __future__ import annotations

import click

from reshore.cli.talk import Progress, as_json, problem_lines, say, target


class _Names(click.ParamType[str]):
    """Names of importers, read from the list when one is asked for."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from reshore.importers import IMPORTERS
        from reshore.tables.cells import did_you_mean

        names = [importer.name for importer in IMPORTERS]
        if value not in names:
            self.fail(f"no importer '{value}'; {did_you_mean(value, names)} There are: {', '.join(names)}", param, ctx)
        return value


@click.command("import", help="Turn a public data set into a data package. Importers: `reshore import --list`.")
@click.argument("name", type=_Names(), required=False)
@click.argument("path", type=click.Path(), required=False)
@click.option("-o", "--output", type=click.Path(), help="Folder of the new package.")
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
        package = import_package(importer, path)
    with progress.step("writing the package"):
        write_package(package, folder, "parquet" if file_format == "parquet" else "csv")
    if json_:
        manifest = {"package": {"name": package.name, "digest": package.digest}}
        click.echo(as_json("import", manifest=manifest, problems=package.notes))
        return 0
    counts = [f"{frame.height:,} {table}" for table, frame in package.tables.items() if frame.height]
    click.echo(f"{folder}: {', '.join(counts)}")
    click.echo(f"{len(package.notes)} notes on rows that were dropped, merged or converted")
    for line in problem_lines(package.notes, len(package.notes) if show_all else 5):
        click.echo(line)
    say(f"next: reshore check {folder}")
    return 0
