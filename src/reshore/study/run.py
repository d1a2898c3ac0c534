"""`run`: from a study to its results. The engines meet here; everything between data and result is a pure function."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from contextlib import nullcontext
from importlib.metadata import version

import polars as pl

from reshore.chain import Preference, ValueChain, build_chain
from reshore.chain.ownership import Control
from reshore.data import DataPackage, read_package
from reshore.errors import InputError, Place, Problem
from reshore.exposure import EXPOSURE_TABLES, Case, measure
from reshore.funding.records import FUND_TABLES
from reshore.pricing.records import PRICING_TABLES
from reshore.stress import STRESS_TABLES
from reshore.study.control import CONTROL_TABLE, control_at, control_frame, controlling_countries
from reshore.study.findings import findings
from reshore.study.reach import REACH_TABLE, reach
from reshore.study.results import Results, load_results, make_manifest
from reshore.study.settings import Study
from reshore.study.stress import Step, stress_case, stress_study
from reshore.tables import Table
from reshore.tables.cells import did_you_mean

RESULT_TABLES: tuple[Table, ...] = (
    *EXPOSURE_TABLES,
    CONTROL_TABLE,
    REACH_TABLE,
    *STRESS_TABLES,
    *PRICING_TABLES,
    *FUND_TABLES,
)
"""Records of the tables that a run writes, in the order in which a reader meets them; those of a stress test only where
the study has scenarios, those about money only where it asks for a plan."""

_ENGINES = ("reshore", "polars", "numpy", "scipy", "rustworkx", "highspy")


def run(study: Study, package: DataPackage | None = None, step: Step = nullcontext) -> Results:
    """The answer to `study`.

    Parameters
    ----------
    study
        The question.
    package
        The data; by default the package that the study names.
    step
        Called with words before each step; a context manager that lasts as long as the step.

    Raises
    ------
    InputError
        When the data are wrong, or the study asks for chains that they do not hold.
    """
    if package is None:
        with step(f"reading {study.package_path.name}"):
            package = read_package(study.package_path)
    check_chains(study, package)
    with step("following owners"):
        control = control_at(package, study.at)
    with step("building the chain"):
        case = build_case(study, package, control)
    with step(f"measuring {len(case.chain.goods)} goods"):
        nearness, nearness_notes = reach(package, study.home)
        measured = {**measure(case), "control": control_frame(control, package), "reach": nearness}
    measured |= stress_study(study, package, case.chain, control, step)
    measured |= _money(study, package, case.chain, control, step)
    columns = {record.name: record for record in RESULT_TABLES}
    tables: Mapping[str, pl.DataFrame] = {name: measured[name] for name in columns if name in measured}
    notes = (*package.notes, *case.chain.notes, *nearness_notes)
    sentences = findings(study, case.chain, tables)
    return Results(
        study, package, tables, columns, sentences, notes, make_manifest(study, package, tables, columns, versions())
    )


def _money(
    study: Study, package: DataPackage, chain: ValueChain, control: Control, step: Step
) -> Mapping[str, pl.DataFrame]:
    if study.fund is None:
        return {}
    # Plans load the solver, which studies without money do without.
    from reshore.study.money import fund_study

    return fund_study(study, package, stress_case(study, package, chain, control), step)


def build_case(study: Study, package: DataPackage, control: Control) -> Case:
    """The chain of `package` as `study` looks at it."""
    return Case(
        chain=build_chain(package, *study.chains),
        home=study.home,
        allies=study.allies,
        concern=study.concern,
        preference=Preference(bases=study.basis),
        at=study.at,
        controlled_by=controlling_countries(control),
        trade=package["trade"],
        indicators=package["indicators"],
        customs_union=study.customs_union,
        cut_set_size=study.cut_set_size,
    )


def read_results(folder: str | os.PathLike[str]) -> Results:
    """The results that a run wrote into `folder`; refused when a file is not what the manifest says.

    Raises
    ------
    InputError
        When the folder holds no results or a file was changed.
    FilesError
        When a file cannot be read.
    """
    return load_results(folder, {record.name: record for record in RESULT_TABLES})


def versions() -> dict[str, str]:
    """Versions of what computes results."""
    return {"python": platform.python_version(), **{name: version(name) for name in _ENGINES}}


def check_chains(study: Study, package: DataPackage) -> None:
    """Refuses chains that the data do not hold."""
    known = sorted(set(package["goods"]["chain"]))
    problems = [
        Problem("dangling-reference", Place(study.file or "study", 0, "exposure.chains"), f"'{chain}'",
                f"one of {', '.join(known)}", did_you_mean(chain, known))
        for chain in study.chains
        if chain not in known
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
