"""The reference in ``docs/reference``, written from the code: ``python -m reshore.reference docs/reference``.

It also puts the files of each shipped data package in order and writes the page about it. Tests compare all of them
with what this module writes, so they cannot fall behind.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import Any

import click

from reshore.data import DataPackage, package_files, read_package, write_files
from reshore.data.summary import summary_page
from reshore.shipped import shipped
from reshore.tables import MISSING, Column, Table


def pages() -> dict[str, str]:
    """Every page of the reference by file name."""
    return {
        "tables.md": tables_page(),
        "results.md": results_page(),
        "metrics.md": metrics_page(),
        "shocks.md": shocks_page(),
        "instruments.md": instruments_page(),
        "settings.md": settings_page(),
        "report.md": report_page(),
        "importers.md": importers_page(),
        "commands.md": commands_page(),
    }


def tables_page() -> str:
    """Tables and columns of a data package."""
    from reshore.data import TABLES

    lines = [
        "# Tables of a data package",
        "",
        "A package is a folder with `datapackage.json` and one CSV or Parquet file per table. Tables that are not "
        "needed are left out. A number marked *range* may be accompanied by `_low` and `_high`. A number marked "
        "*labelled* may be missing in three ways: "
        + ", ".join(f"`{cell}` {meaning}" if cell else f"empty cell: {meaning}" for cell, meaning in MISSING.items())
        + "; zero is written `0`, and absent is no row.",
        "",
    ]  # fmt: skip
    for table in TABLES:
        lines += [*_table(table), ""]
    return "\n".join(lines)


def results_page() -> str:
    """Tables that a run writes."""
    from reshore.study import RESULT_TABLES

    lines = ["# Tables of a run", "", "What `reshore run` writes into `tables/`, as CSV and as Parquet.", ""]
    for table in RESULT_TABLES:
        lines += [*_table(table), ""]
    return "\n".join(lines)


def _table(table: Table) -> list[str]:
    lines = [f"## {table.name}", "", table.description, "", f"Key: {', '.join(f'`{name}`' for name in table.key)}.", ""]
    lines += ["| column | kind | what it holds | empty means |", "|---|---|---|---|"]
    for column in table.columns:
        lines.append(f"| `{column.name}` | {_kind(column)} | {_words(column)} | {column.absent or 'not allowed'} |")
    return lines


def _kind(column: Column) -> str:
    parts: list[str] = [column.kind]
    if column.unit is not None:
        parts.append(column.unit.name)
    if column.interval:
        parts.append("range")
    if column.labelled:
        parts.append("labelled")
    if column.refers:
        parts.append(f"→ {column.refers}")
    return ", ".join(parts)


def _words(column: Column) -> str:
    text = f"**{column.label}.** {column.description}"
    if column.choices:
        text += " " + "; ".join(f"`{word}`: {meaning}" for word, meaning in column.choices.items()) + "."
    return text.replace("|", "\\|")


def metrics_page() -> str:
    """Metrics with their formulas and sources."""
    from reshore.exposure import METRICS

    lines = ["# Metrics", "", "What `reshore run` and `reshore measure` compute for every good.", ""]
    for metric in METRICS:
        lines += [
            f"## {metric.label}",
            "",
            f"*{metric.question}*",
            "",
            f"- columns: {', '.join(f'`{column.name}`' for column in metric.columns)}",
            f"- formula: {metric.formula}",
            f"- source: {metric.source}",
            "",
        ]
    return "\n".join(lines)


def shocks_page() -> str:
    """Shocks with their parameters and sources, and the rules by which what is left is shared."""
    from reshore.flow import RATIONING
    from reshore.stress import SHOCKS

    lines = ["# Shocks", "", "What `[[scenarios.shocks]]` of a study can name. A number may be given as one figure, as "
             "`[low, high]`, or as `{ low = …, point = …, high = … }`.", ""]  # fmt: skip
    for shock in SHOCKS:
        lines += [f"## {shock.name}", "", f"*{shock.question}* {shock.label}. Source: {shock.source}.", ""]
        lines += ["| parameter | unit | what it is | |", "|---|---|---|---|"]
        lines += [
            f"| `{one.name}` | {'' if one.unit is None else one.unit.name} | {one.description} | "
            f"{'needed' if one.needed else ''} |"
            for one in shock.parameters
        ]
        lines.append("")
    lines += ["## Rules of sharing", "", 'How a scenario shares what is left: `rationing = "pro_rata"`.', ""]
    lines += ["| rule | what it says |", "|---|---|", *(f"| `{rule.name}` | {rule.says} |" for rule in RATIONING)]
    return "\n".join([*lines, ""])


def instruments_page() -> str:
    """Kinds of instruments with what they cost the public, and where that formula comes from."""
    from reshore.funding.instruments import INSTRUMENTS

    lines = ["# Kinds of instruments", "", "What `instruments.kind` can be, and what a dollar of it costs the public "
             "where the table states no subsidy rate. A kind whose cost cannot be told without prices is not offered.",
             ""]  # fmt: skip
    for kind in INSTRUMENTS:
        lines += [
            f"## {kind.label}",
            "",
            f"*{kind.question}*",
            "",
            f"- written: `{kind.name}`",
            f"- public cost per dollar: {kind.formula}",
            f"- source: {kind.source}",
            "",
        ]
    return "\n".join(lines)


def settings_page() -> str:
    """What ``[fund]`` of a study can say, and the parts and conditions of bundles."""
    from reshore.funding import settings
    from reshore.funding.offered import OfferedBundle
    from reshore.funding.parts import CONDITIONS, PARTS

    lines = ["# Settings about money", "", "What the table `[fund]` of a study can say. Amounts are in US dollars, "
             "shares and rates between 0 and 1.", ""]  # fmt: skip
    records = _records_in(settings.FundSettings, "fund", vars(settings))
    for title, record in (records | {"[[fund.bundles]]": OfferedBundle}).items():
        lines += [f"## `{title}`", "", *_settings(record)]
    for tag, kinds in (("part", PARTS), ("condition", CONDITIONS)):
        lines += [f"## `[[fund.bundles.{tag}s]]`", ""]
        for name, kind in kinds.items():
            lines += [f'### `{tag} = "{name}"`', "", *_settings(kind)]
    return "\n".join(lines)


def _records_in(kind: type[Any], table: str, known: Mapping[str, Any]) -> dict[str, type[Any]]:
    """The record of a table and those within it, by their headings in TOML."""
    found: dict[str, type[Any]] = {f"[{table}]": kind}
    within: dict[str, type[Any]] = {}
    for entry in fields(kind):
        for name in re.findall(r"\w+", str(entry.type)):
            inner = known.get(name)
            if isinstance(inner, type) and is_dataclass(inner):
                title, *more = _records_in(inner, f"{table}.{entry.name}", known).items()
                heading = f"[{title[0]}]" if "tuple" in str(entry.type) else title[0]
                within |= {heading: inner, **dict(more)}
    return found | within


def _settings(kind: type[Any]) -> list[str]:
    """What a record of settings is, and its keys with what stands for each where it is left out."""
    about, _, listed = inspect.cleandoc(kind.__doc__ or "").partition("\nAttributes\n")
    says: dict[str, str] = {}
    for names, text in re.findall(r"^(\w[\w, ]*)\n((?: {4}.+\n?)+)", listed, re.MULTILINE):
        says |= dict.fromkeys(names.split(", "), " ".join(line.strip() for line in text.splitlines()))
    columns = ["key", "kind", "left out", *(["what it says"] if says else [])]
    lines = [" ".join(about.split()), "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for entry in fields(kind):
        cells = [f"`{entry.name}`", _kind_of_setting(str(entry.type)), _left_out(entry)]
        lines.append(f"| {' | '.join([*cells, *([says.get(entry.name, '')] if says else [])])} |")
    return [*(line.replace("``", "`") for line in lines), ""]


def _kind_of_setting(annotation: str) -> str:
    if annotation.startswith("tuple"):
        return "numbers" if "float" in annotation else "texts" if "str" in annotation else "tables"
    plain = {"bool": "true or false", "int": "whole number", "str": "text", "float": "number", "Repayment": "text"}
    word = annotation.removesuffix(" | None").partition("[")[0]
    return plain.get(word, "text" if word == "Literal" else "table")


def _left_out(entry: Field[Any]) -> str:
    """What stands for a key that is left out, in the form in which it would be written."""
    if entry.default is NO_DEFAULT:
        return "not allowed" if entry.default_factory is NO_DEFAULT else "as below"
    if is_dataclass(entry.default):
        return "as below"
    if entry.default is None or entry.default in ((), ""):
        return "not stated" if entry.default is None else "none"
    value = list(entry.default) if isinstance(entry.default, tuple) else entry.default
    return f"`{json.dumps(value)}`"


def report_page() -> str:
    """Sections of the report in their order."""
    from reshore.report.sections import SECTIONS

    lines = ["# Sections of the report", "", "In the order in which they are read. A section that has nothing to say "
             "about a study is left out.", "", "| section | anchor | what it shows |", "|---|---|---|"]  # fmt: skip
    for section in SECTIONS:
        says = (section.view.__doc__ or "").splitlines()[0]
        lines.append(f"| {section.label} | `#{section.name}` | {says} |")
    return "\n".join([*lines, ""])


def importers_page() -> str:
    """Public data sets that can be imported."""
    from reshore.importers import IMPORTERS

    lines = ["# Importers", "", "`reshore import NAME PATH -o FOLDER` turns a public data set into a data package.", ""]
    lines += ["| name | data set | what it is good for | terms | files |", "|---|---|---|---|---|"]
    for importer in IMPORTERS:
        files = ", ".join(f"`{file}`" for file in importer.files)
        lines.append(f"| `{importer.name}` | {importer.label} | {importer.question} | {importer.licence} | {files} |")
    return "\n".join([*lines, ""])


def commands_page() -> str:
    """Commands, their options and the exit codes."""
    from reshore.cli import COMMANDS, EXIT_CODES, group

    context = click.Context(group, info_name="reshore")
    lines = ["# Commands", ""]
    for entry in COMMANDS:
        command = group.get_command(context, entry.name)
        assert command is not None
        inner = click.Context(command, info_name=f"reshore {entry.name}", parent=None)
        lines += [
            f"## {entry.name}",
            "",
            entry.help,
            "",
            "```",
            f"reshore {entry.name} {' '.join(command.collect_usage_pieces(inner))}",
            "```",
            "",
        ]
        lines += _options(command.get_params(inner), inner)
    lines += ["## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {meaning} |" for code, meaning in sorted(EXIT_CODES.items())]
    return "\n".join([*lines, ""])


def _options(parameters: Iterable[click.Parameter], context: click.Context) -> list[str]:
    records = [record for parameter in parameters if (record := parameter.get_help_record(context)) is not None]
    if not records:
        return []
    return ["| option | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in records), ""]


def main() -> None:
    """Writes the pages into the folder named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    for place in sorted(shipped("packages").iterdir()):
        write_files(shipped_files(read_package(place)), place)


def shipped_files(package: DataPackage) -> dict[str, bytes]:
    """The files of a shipped package: not sealed, because they are edited by hand, and with the page about it."""
    return package_files(package, sealed=False) | {"README.md": summary_page(package).encode()}


if __name__ == "__main__":
    main()
