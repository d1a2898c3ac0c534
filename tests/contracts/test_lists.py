"""Contracts over the lists: what is entered in a list holds what the list promises, and is in the reference."""

from __future__ import annotations

import inspect
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import get_args

import click
import numpy as np
import pytest

from reshore import reference
from reshore.cli import COMMANDS, EXIT_CODES, group
from reshore.data import TABLES
from reshore.exposure import METRICS
from reshore.flow import RATIONING, Rationing
from reshore.funding.instruments import INSTRUMENTS, Instrument, Market, subsidy_rate
from reshore.importers import IMPORTERS
from reshore.report.sections import SECTIONS
from reshore.stress import SHOCKS, Hit, Span
from reshore.stress.scenarios import RATIONING as RATIONING_OF_STUDIES
from reshore.stress.shocks import Target, nothing
from reshore.study import RESULT_TABLES
from reshore.tables import Table

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "src" / "reshore" / "report" / "templates" / "sections"


def named(entries) -> dict:
    """Parameters of a test that runs over a list: the entries, called by their names."""
    return {"argvalues": entries, "ids": [entry.name for entry in entries]}


@pytest.mark.parametrize(
    "entries",
    [TABLES, RESULT_TABLES, METRICS, IMPORTERS, COMMANDS, SHOCKS, RATIONING, INSTRUMENTS, SECTIONS],
    ids=["tables", "results", "metrics", "importers", "commands", "shocks", "rationing", "instruments", "sections"],
)
def test_a_list_is_a_plain_tuple_of_entries_with_names_of_their_own(entries):
    assert isinstance(entries, tuple)
    names = [entry.name for entry in entries]
    assert len(names) == len(set(names)) > 0


@pytest.mark.parametrize("table", **named([*TABLES, *RESULT_TABLES]))
def test_a_table_is_described_to_the_last_column(table: Table):
    names = [column.name for column in table.file_columns]
    assert len(names) == len(set(names))
    assert table.key
    assert set(table.key) <= set(names)
    assert table.description.endswith(".")
    for column in table.columns:
        assert column.label, column.name
        assert column.description.endswith("."), column.name
        assert column.absent is None or column.absent, column.name
        assert (column.kind == "category") == bool(column.choices), column.name
        if column.refers:
            other, key = column.refers.split(".")
            assert key in {c.name for t in TABLES if t.name == other for c in t.columns}, column.name
    page = reference.results_page() if table in RESULT_TABLES else reference.tables_page()
    assert f"## {table.name}\n" in page
    assert all(f"| `{column.name}` |" in page for column in table.columns)


@pytest.mark.parametrize("table", **named(TABLES))
def test_every_fact_row_can_say_where_it_comes_from(table: Table):
    names = {column.name for column in table.columns}
    assert table.name == "sources" or {"source", "as_of", "confidence"} <= names


@pytest.mark.parametrize("metric", **named(METRICS))
def test_a_metric_has_its_question_formula_and_source(metric):
    assert metric.question.endswith("?")
    assert metric.formula
    assert metric.source
    assert set(metric.reads) <= {table.name for table in (*TABLES, *RESULT_TABLES)}
    assert f"## {metric.label}\n" in reference.metrics_page()


def test_metric_columns_are_unique():
    names = [name for metric in METRICS for name in metric.column_names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", **named(COMMANDS))
def test_a_command_is_where_the_list_says(entry):
    command = import_module(f"reshore.cli.{entry.module}").command
    assert isinstance(command, click.Command)
    assert command.name == entry.name
    assert entry.help.endswith(".")
    assert group.get_command(click.Context(group), entry.name) is command
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help or parameter.name == "file_format", parameter
    if "output" in {parameter.name for parameter in command.params} and entry.name != "report":
        assert "force" in {parameter.name for parameter in command.params}, "what writes asks before it overwrites"
    assert f"## {entry.name}\n" in reference.commands_page()


def test_every_module_with_a_command_is_in_the_list():
    folder = ROOT / "src" / "reshore" / "cli"
    holding = {path.stem for path in folder.glob("*.py") if "\n@click.command(" in path.read_text(encoding="utf-8")}
    assert holding == {entry.module for entry in COMMANDS}


def test_exit_codes_of_errors_are_documented():
    from reshore import errors

    codes = {getattr(errors, name).exit_code for name in dir(errors) if name.endswith("Error")}
    assert codes <= set(EXIT_CODES)
    assert all(f"| {code} | {meaning} |" in reference.commands_page() for code, meaning in EXIT_CODES.items())


@pytest.mark.parametrize("importer", **named(IMPORTERS))
def test_an_importer_names_its_source_and_terms_and_has_a_sample(importer):
    assert importer.label
    assert importer.question.endswith("?")
    assert importer.source
    assert importer.url.startswith("https://")
    assert importer.licence
    assert importer.files
    assert any((ROOT / "tests" / "samples" / importer.name).iterdir())
    assert f"| `{importer.name}` |" in reference.importers_page()


TARGET = Target(("magnet", "motor"), {"magnet": "Magnet", "motor": "Motor"}, ("motor",), months=4)
WHO = {"countries": ("CHN",), "organizations": ("a-firm",), "goods": ("motor",), "start_month": 2.0,
       "duration_months": 2.0, "cost_share": Span.of(0.5), "elasticity": Span.of(1.0)}  # fmt: skip
WEAK = Hit("", **WHO, severity_share=Span.of(0.0), granted_share=(Span.of(1.0),), price_rise_share=Span.of(0.0),
           demand_rise_share=Span.of(0.0))  # fmt: skip
STRONG = Hit("", **WHO, severity_share=Span.of(1.0), granted_share=(Span.of(0.0),), price_rise_share=Span.of(1.0),
             demand_rise_share=Span.of(1.0))  # fmt: skip


def by_month(blow) -> np.ndarray:
    """How hard a blow is in each month: the severity of its cuts, and how far demand is from usual."""
    total = np.abs(blow.asked - 1).sum(axis=0) + blow.forgone.sum(axis=0)
    for cut in blow.cuts:
        total += cut.by_month(TARGET.months)
    return total


@pytest.mark.parametrize("shock", **named(SHOCKS))
def test_a_shock_has_a_card_whose_parameters_are_those_of_a_hit(shock):
    assert shock.label
    assert shock.question.endswith("?")
    assert shock.source
    assert {parameter.name for parameter in shock.parameters} <= {field.name for field in fields(Hit)}
    assert all(parameter.description.endswith(".") for parameter in shock.parameters)
    assert shock.needed
    page = reference.shocks_page().split(f"## {shock.name}\n")[1].split("\n## ")[0]
    assert all(f"| `{parameter.name}` |" in page for parameter in shock.parameters)


@pytest.mark.parametrize("shock", **named(SHOCKS))
def test_a_shock_acts_in_its_months_and_not_at_all_without_strength(shock):
    usual = by_month(nothing(TARGET))
    assert by_month(shock.strike(WEAK, TARGET, None)).tolist() == usual.tolist()
    struck = by_month(shock.strike(STRONG, TARGET, None))
    assert (struck > 0).tolist() == [False, True, True, False]


@pytest.mark.parametrize("shock", **named(SHOCKS))
def test_a_shock_never_asks_for_less_than_nothing_and_is_worse_with_bad_luck(shock):
    wide = Hit("", **WHO, severity_share=Span(0.2, 0.5, 1.0), granted_share=(Span(0.0, 0.5, 0.8),),
               price_rise_share=Span(0.2, 0.5, 1.0), demand_rise_share=Span(0.2, 0.5, 1.0))  # fmt: skip
    blows = [shock.strike(wide, TARGET, luck) for luck in (0.0, 0.5, 1.0)]
    for blow in blows:
        assert blow.asked.shape == blow.forgone.shape == (1, 4)
        assert (blow.asked >= 0).all()
        assert ((blow.forgone >= 0) & (blow.forgone <= 1)).all()
        assert all(0 <= cut.severity <= 1 for cut in blow.cuts)
    hardness = [by_month(blow).sum() for blow in blows]
    assert hardness == sorted(hardness)
    assert hardness[0] < hardness[-1]


def test_rules_of_sharing_are_those_that_studies_know():
    assert {rule.name for rule in RATIONING} == set(get_args(Rationing)) == set(RATIONING_OF_STUDIES)
    for rule in RATIONING:
        assert rule.label
        assert rule.says.endswith(".")
        assert f"| `{rule.name}` |" in reference.shocks_page()


def test_kinds_of_instruments_are_those_of_the_table():
    table = next(table for table in TABLES if table.name == "instruments")
    assert {kind.name for kind in INSTRUMENTS} == set(table.column("kind").choices)


@pytest.mark.parametrize("kind", **named(INSTRUMENTS))
def test_a_kind_of_instrument_has_a_card_and_a_cost_that_is_told_or_not_offered(kind):
    assert kind.label
    assert kind.question.endswith("?")
    assert kind.formula
    assert kind.source
    assert f"## {kind.label}\n" in reference.instruments_page()
    bare = Instrument("one", "One", "USA", kind.name)
    stated = Instrument("two", "Two", "USA", kind.name, subsidy_rate_fcra=0.25, subsidy_rate_fair=0.5)
    budget, fair = subsidy_rate(bare, Market(), "budget"), subsidy_rate(bare, Market(), "fair")
    assert (budget.value is None) == (budget.origin == "cannot be told") == (fair.value is None)
    if budget.value is not None:
        # A subsidy is never more than the money and its upkeep; the price of risk makes nothing cheaper.
        assert 0 <= budget.value <= fair.value <= 1.5
    assert subsidy_rate(stated, Market(), "budget").value == 0.25
    assert subsidy_rate(stated, Market(), "fair").value == 0.5


@pytest.mark.parametrize("section", **named(SECTIONS))
def test_a_section_has_a_template_of_its_name_and_says_what_it_shows(section):
    assert section.label
    assert (TEMPLATES / f"{section.name}.html.j2").is_file()
    assert (inspect.getdoc(section.view) or "").splitlines()[0].endswith(".")
    assert f"| {section.label} | `#{section.name}` |" in reference.report_page()


def test_every_template_of_a_section_is_of_one_in_the_list():
    assert {path.name.removesuffix(".html.j2") for path in TEMPLATES.iterdir()} == {s.name for s in SECTIONS}
