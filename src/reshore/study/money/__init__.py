"""Money as a part of a study: from scenarios and projects to prices, payments and the plan that buys most security."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext

import polars as pl

from reshore.data import DataPackage
from reshore.funding.records import FUND_TABLES
from reshore.pricing.records import PRICING_TABLES
from reshore.stress.case import StressCase
from reshore.study.money import plans, prices
from reshore.study.money.assumptions import assumptions
from reshore.study.money.bundles import bundles
from reshore.study.money.question import Rows, ask, frame_of
from reshore.study.money.replan import replan
from reshore.study.money.roll import next_year
from reshore.study.money.samples import samples
from reshore.study.settings import Study

_TO_ROLL = {table.name: table for table in FUND_TABLES if table.name in ("fund_deals", "fund_years")}
Step = Callable[[str], AbstractContextManager[object]]


PARTS = ("prices", "plan")
"""What can be asked for: prices of security, and the plan with what stands around it."""


def fund_study(
    study: Study, package: DataPackage, case: StressCase, step: Step = nullcontext, parts: Collection[str] = PARTS
) -> Mapping[str, pl.DataFrame]:
    """The tables of prices and of the plan; none when the study does not speak of money.

    Parameters
    ----------
    parts
        Of `PARTS`; prices are read at the chosen plan, so it is sought in any case.

    Raises
    ------
    InputError
        When the study names instruments that the data do not hold, or scenarios without odds.
    InfeasibleError
        When no plan meets the rules.
    """
    if study.fund is None:
        return {}
    if study.fund.replan:
        next_year(study, study.fund)
    with step("reading projects and instruments"):
        question = ask(study, package, case)
    with step(f"choosing among {len(question.options.options)} projects"):
        chosen = question.fund.best()
    rows: dict[str, Rows] = {}
    if "plan" in parts:
        rows |= {"fund_deals": plans.deals(question, chosen), "fund_years": plans.by_year(question, chosen),
                 "fund_commitments": plans.commitments(question, chosen),
                 "fund_bundles": bundles(question, chosen), "fund_candidates": plans.candidates(question),
                 "fund_left_out": plans.left_out(question), "fund_assumptions": assumptions(question)}  # fmt: skip
        with step("the plan on fresh draws"):
            fresh = samples(question, chosen)
            rows["fund_samples"] = plans.fresh_draws(fresh)
        with step("the second best plan, and what was really awarded"):
            rows["fund_plans"] = plans.plans(question, chosen, fresh)
        rows["fund_replan"] = []
        if study.fund.replan:
            with step("the plan made anew after its first year"):
                made = {name: frame_of(table, rows[name]) for name, table in _TO_ROLL.items()}
                rows["fund_replan"] = replan(question, chosen, made)
        with step("what more money buys"):
            rows["fund_frontier"] = plans.frontier(question)
        with step("regret, and what moves the plan"):
            rows |= {"fund_regret": plans.regret(question, chosen), "fund_tornado": plans.tornado(question, chosen)}
    if "prices" in parts:
        with step("pricing security"):
            rows |= prices.prices(question, chosen)
    tables = (*PRICING_TABLES, *FUND_TABLES)
    return {table.name: frame_of(table, rows[table.name]) for table in tables if table.name in rows}
