"""Rolling a plan forward: the study of the next year, in which the deals of the first are commitments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import polars as pl

from reshore.errors import InputError, Place, Problem
from reshore.funding.budgets import first_day, months_from, year_of
from reshore.funding.commitments import Commitment
from reshore.funding.settings import Budget, BudgetYear, FundSettings
from reshore.study.settings import Study


def rolled(study: Study, tables: Mapping[str, pl.DataFrame]) -> Study:
    """The study on the first day of the next year of money, once the first year's deals of its plan are made.

    These become commitments of which nothing is known yet. Budgets are what is left: past years drop, and what the
    first leaves over is there in the next where it carries over. Scenarios begin when they did. Real awards are not
    compared with the rest of a plan.

    Raises
    ------
    InputError
        When there is no later year, or the scenarios have begun by then.
    """
    fund = study.fund
    assert fund is not None
    first, later, at = next_year(study, fund)
    moved = months_from(study.at, at)
    day = max(study.at, first_day(first, fund.year_begins_month))
    awarded = tables["fund_deals"].filter(pl.col("award_year") == first).sort("project", "instrument")
    bundles = {bundle.bundle for bundle in fund.bundles}
    amounts = [
        None if name in bundles else round(amount, 2)
        for name, amount in awarded.select("instrument", "amount_usd").iter_rows()
    ]
    deals = [
        Commitment(
            row["project"], row["instrument"], day, amount, year=first, award_months=row["award_months"],
            part_share=part,
        )
        for row, amount, part in zip(awarded.iter_rows(named=True), amounts, _parts(awarded), strict=True)
    ]  # fmt: skip
    money = tables["fund_years"]
    budgets = tuple(_left(budget, money.filter(pl.col("instrument") == budget.instrument), first, later)
                    for budget in fund.budgets)  # fmt: skip
    rest = replace(
        fund, budgets=budgets, commitments=(*fund.commitments, *deals), budgets_are_left=True,
        cut_after_months=fund.cut_after_months - moved, compare_with=(),
    )  # fmt: skip
    return replace(study, at=at, fund=rest)


def next_year(study: Study, fund: FundSettings) -> tuple[int, tuple[int, ...], str]:
    """The year whose deals are made, those after it, and the day on which they begin; refused as `rolled` says."""
    now = year_of(study.at, fund.year_begins_month)
    first, *later = [year for year in fund.years if year >= now] or [now]
    if not later:
        found = f"money of {first} alone" if fund.years else "all money on the day of the decision"
        raise _refused(study, "fund.budgets", found, "money of two years or more")
    at = first_day(later[0], fund.year_begins_month)
    if months_from(study.at, at) > fund.cut_after_months:
        found = f"{fund.cut_after_months:g} months after {study.at}"
        raise _refused(study, "fund.cut_after_months", found, f"scenarios that begin on {at} or later")
    return first, tuple(later), at


def _refused(study: Study, key: str, found: str, expected: str) -> InputError:
    return InputError([Problem("out-of-range", Place(study.file or "study", 0, key), found, expected,
                               "there is nothing to plan anew after the first year")])  # fmt: skip


def _parts(awarded: pl.DataFrame) -> list[float | None]:
    """The part of its project that each deal builds: that of the project, shared out by money among its deals."""
    sums = awarded.select(pl.col("amount_usd") / pl.col("amount_usd").sum().over("project"), "part_share")
    return [round(share * part, 12) for share, part in sums.iter_rows()]


def _left(budget: Budget, money: pl.DataFrame, first: int, later: tuple[int, ...]) -> Budget:
    """What a budget holds once the deals of the first year are paid."""
    rows = {row["year"]: row for row in money.iter_rows(named=True)}
    carried = {
        kind: Decimal(str(rows[first][f"{kind}_left_usd"] or 0.0)) if rows[first]["carries_over"] else Decimal(0)
        for kind in ("face", "subsidy")
    }
    if not budget.years:
        face, subsidy = (
            None if rows[first][f"{kind}_left_usd"] is None else float(left) for kind, left in carried.items()
        )
        return replace(budget, face_usd=face, subsidy_usd=subsidy)
    years = []
    for year in later:
        comes = {kind: rows[year][f"{kind}_comes_usd"] for kind in carried}
        amounts = {
            f"{kind}_usd": None
            if one is None
            else float(Decimal(str(one)) + (carried[kind] if year == later[0] else 0))
            for kind, one in comes.items()
        }
        years.append(BudgetYear(year, **amounts))
    return replace(budget, years=tuple(years))
