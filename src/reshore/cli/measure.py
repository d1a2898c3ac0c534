"""``reshore measure``: exposure of one country on a data package, without a study file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reshore.cli.talk import Progress, as_json, say, show_rows, target

SUFFIXES = (".html", ".csv", ".parquet", ".json")
HEADINGS = ("Good", "From concern", "Largest supplier", "Its share", "Basis", "Year")


@click.command("measure", help="Measure the exposure of a home country on PACKAGE.")
@click.argument("package", type=click.Path())
@click.option("--home", required=True, help="The country that asks, ISO 3166-1 alpha-3.")
@click.option("--ally", "allies", multiple=True, help="An ally; may be given several times, or split by commas.")
@click.option("--concern", "concern", multiple=True, help="A country of concern; likewise. [default: CHN,IRN,PRK,RUS]")
@click.option("--chain", "chains", multiple=True, help="Only this chain; likewise.")
@click.option("--at", default="2026-11-01", show_default=True, help="Day of the question.")
@click.option("-o", "--output", type=click.Path(), help="Write it: .csv, .parquet or .json, or .html for the report.")
@click.option("--force", is_flag=True, help="Write over what is there.")
@click.option("--all", "show_all", is_flag=True, help="Show every good.")
@click.option("--json", "json_", is_flag=True, help="Answer as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    package: str,
    home: str,
    allies: tuple[str, ...],
    concern: tuple[str, ...],
    chains: tuple[str, ...],
    at: str,
    output: str | None,
    force: bool,
    show_all: bool,
    json_: bool,
    quiet: bool,
) -> int:
    """Measures and shows the most exposed goods."""
    from reshore.data import read_package
    from reshore.study import make_study, run
    from reshore.study.findings import most_exposed
    from reshore.study.words import in_words, the

    document = target(output, force)
    if document is not None and document.suffix not in SUFFIXES:
        raise click.UsageError(f"cannot write '{document.suffix or output}'; there are {', '.join(SUFFIXES)}")
    named = _split(concern) or ["CHN", "IRN", "PRK", "RUS"]
    settings = {
        "study": {
            "title": f"Exposure of {the(home)}",
            "question": f"Where does {the(home)} depend on {in_words([the(code) for code in named])}?",
            "package": package,
            "home": home,
            "allies": _split(allies),
            "concern": [code for code in named if code != home],
            "at": at,
        },
        "exposure": {"chains": _split(chains)},
    }
    study = make_study(settings, "command line")
    progress = Progress(quiet or json_)
    with progress.step("checking tables"):
        data = read_package(package)
    results = run(study, data, progress.step)
    if document is not None:
        _write(results, document)
        say(f"{document} written; next: reshore run STUDY keeps all results (`reshore demo` writes studies)")
    if json_:
        click.echo(as_json("measure", manifest=results.manifest, tables=results.tables, problems=results.notes))
    elif document is None:
        exposure = results["exposure"]
        shown = exposure if show_all else most_exposed(exposure).head(20)
        show_rows(HEADINGS, [_row(row) for row in shown.iter_rows(named=True)])
        click.echo(results.findings[0])
        say(f"{exposure.height} goods measured; next: reshore run STUDY (`reshore demo` writes studies to start from)")
    return 0


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    from reshore.countries import country_name
    from reshore.study.words import reading

    leader = row["largest_supplier"]
    ends = (row["largest_supplier_share_low"], row["largest_supplier_share_high"]) if leader else (None, None)
    return (
        row["label"],
        reading(row["concern_share"], row["concern_share_low"], row["concern_share_high"]),
        country_name(leader) if leader else "unknown",
        reading(row["largest_supplier_share"], *ends) if leader else "unknown",
        row["basis"] or "",
        str(row["year"] or ""),
    )


def _split(words: tuple[str, ...]) -> list[str]:
    return [part.strip() for word in words for part in word.split(",") if part.strip()]


def _write(results: object, document: Path) -> None:
    from reshore.data import write_files
    from reshore.report import write_report
    from reshore.study import Results
    from reshore.study.results import table_files

    assert isinstance(results, Results)
    name = document.suffix.lstrip(".")
    if name == "html":
        write_report(results, document)
    elif name in ("csv", "parquet"):
        write_files({document.name: table_files(results)[f"tables/exposure.{name}"]}, document.parent)
    else:
        text = as_json("measure", manifest=results.manifest, tables=results.tables, problems=results.notes)
        write_files({document.name: text.encode()}, document.parent)
