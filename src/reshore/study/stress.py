"""Stress as a part of a study: from its scenarios and its data to the tables of a stress test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import polars as pl

from reshore.chain import ValueChain, build_chain
from reshore.chain.ownership import Control
from reshore.data import DataPackage
from reshore.errors import InputError, Place, Problem, in_order
from reshore.study.control import controlling_countries
from reshore.study.settings import Study
from reshore.tables.cells import did_you_mean

if TYPE_CHECKING:
    from reshore.stress.case import StressCase

Step = Callable[[str], AbstractContextManager[object]]


def stress_study(
    study: Study, package: DataPackage, chain: ValueChain, control: Control, step: Step = nullcontext
) -> Mapping[str, pl.DataFrame]:
    """The tables `STRESS_TABLES` of the study; none when it has no scenario.

    Raises
    ------
    InputError
        When a scenario names goods or organizations that the data do not hold.
    """
    if not study.scenarios:
        return {}
    # Stress loads the solver, which studies without scenarios do without.
    from reshore.stress.tables import stress

    case = stress_case(study, package, chain, control)
    tables = dict(stress(case, study.scenarios, step))
    if study.stress.worst_cut_size:
        from reshore.stress.cuts import worst_cut_tables

        tables["stress_cuts"] = worst_cut_tables(case, study.stress.worst_cut_size, step)
    return tables


def stress_case(study: Study, package: DataPackage, chain: ValueChain, control: Control) -> StressCase:
    """The chain with its ranges, as the scenarios of `study` meet it.

    Raises
    ------
    InputError
        When a scenario names goods or organizations that the data do not hold.
    """
    check_stress(study, package, chain)
    from reshore.stress.case import build_stress_case

    return build_stress_case(
        as_known(study, package, chain),
        known_until(package["demand"], study.stress.figures_until),
        controlling_countries(control),
        study.home,
        study.allies,
        study.stress,
        study.seed,
    )


def as_known(study: Study, package: DataPackage, chain: ValueChain) -> ValueChain:
    """`chain` without figures of supply from later years than the study allows."""
    until = study.stress.figures_until
    if until is None:
        return chain
    names = ("goods", "inputs", "organizations")
    tables = {name: package[name] for name in names}
    return build_chain({**tables, "supply": known_until(package["supply"], until)}, *study.chains)


def known_until(table: pl.DataFrame, year: int | None) -> pl.DataFrame:
    """Figures of `table` of that year or earlier, or of no year; all of them without a year."""
    return table if year is None else table.filter(pl.col("year").is_null() | (pl.col("year") <= year))


def check_stress(study: Study, package: DataPackage, chain: ValueChain) -> None:
    """Refuses goods and organizations that the data do not hold, all at once."""
    goods = [good.good for good in chain.goods]
    finals = chain.final_goods
    firms = package["organizations"]["organization"].to_list()
    place = study.file or "study"
    problems = []

    def refuse(key: str, name: str, known: list[str], what: str) -> None:
        problems.append(
            Problem("dangling-reference", Place(place, 0, key), f"'{name}'", what, did_you_mean(name, known))
        )

    for scenario in study.scenarios:
        for number, hit in enumerate(scenario.shocks, 1):
            at = f"scenarios.{scenario.name}.shocks[{number}]"
            for good in hit.goods:
                if good not in chain:
                    refuse(f"{at}.goods", good, goods, "a good of the chains of the study")
            for firm in hit.organizations:
                if firm not in firms:
                    refuse(f"{at}.organizations", firm, firms, "an organization of the data")
    for value in study.stress.values:
        if value.good not in finals:
            refuse("stress.values", value.good, list(finals), "a final use")
    for use in study.stress.use_shares:
        if use.good and use.good not in finals:
            refuse("stress.use_shares", use.good, list(finals), "a final use")
    if problems:
        raise InputError(in_order(problems))
