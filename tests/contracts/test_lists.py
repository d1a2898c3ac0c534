"""Contracts over the lists: what is entered in a list holds what the list promises."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import click
import pytest

from reshore.cli import COMMANDS, EXIT_CODES
from reshore.data import TABLES
from reshore.exposure import METRICS
from reshore.importers import IMPORTERS
from reshore.study import RESULT_TABLES
from reshore.tables import Table

SOURCE = Path(__file__).resolve().parents[2] / "src" / "reshore"

FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_NAMES = {"pickle", "marshal", "shelve", "yaml", "requests", "urllib", "socket", "http"}


@pytest.mark.parametrize("table", [*TABLES, *RESULT_TABLES], ids=lambda table: table.name)
def test_a_table_is_described_to_the_last_column(table: Table):
    names = [column.name for column in table.file_columns]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)
    for column in table.columns:
        assert column.label, column.name
        assert column.description.endswith("."), column.name
        assert column.absent is None or column.absent, column.name
        assert (column.kind == "category") == bool(column.choices), column.name
        if column.refers:
            other, key = column.refers.split(".")
            assert key in {c.name for t in TABLES if t.name == other for c in t.columns}, column.name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_fact_row_can_say_where_it_comes_from(table: Table):
    names = {column.name for column in table.columns}
    assert table.name == "sources" or {"source", "as_of", "confidence"} <= names


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_its_question_formula_and_source(metric):
    assert metric.question.endswith("?")
    assert metric.formula
    assert metric.source
    assert metric.reads


def test_metric_columns_are_unique():
    names = [name for metric in METRICS for name in metric.column_names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_a_command_is_where_the_list_says(entry):
    command = import_module(f"reshore.cli.{entry.module}").command
    assert isinstance(command, click.Command)
    assert command.name == entry.name
    assert entry.help.endswith(".")


def test_exit_codes_of_errors_are_documented():
    from reshore import errors

    codes = {getattr(errors, name).exit_code for name in dir(errors) if name.endswith("Error")}
    assert codes <= set(EXIT_CODES)


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda importer: importer.name)
def test_an_importer_names_its_source_and_terms(importer):
    assert importer.label
    assert importer.source
    assert importer.licence
    assert importer.files


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_a_module_runs_no_surprise_code_and_opens_no_connection(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"line {node.lineno}"
        if isinstance(node, ast.Call):
            assert not any(word.arg == "shell" for word in node.keywords), f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("extractall", "system", "popen"), f"line {node.lineno}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert not {name.split(".")[0] for name in names} & FORBIDDEN_NAMES, f"line {node.lineno}"
    assert ast.get_docstring(tree), "a module says what it is"
