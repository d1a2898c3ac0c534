"""Money that comes year by year: plans against every plan that could be made, and what more or earlier money does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.errors import InfeasibleError, UsageError
from reshore.flow import Project
from reshore.flow.security import Outlook, Security
from reshore.funding.budgets import Pool, Tranche, first_day, months_between
from reshore.funding.fund import Fund
from reshore.funding.portfolio import Candidate, Offer, Rules
from reshore.funding.settings import Budget, BudgetYear
from reshore.seeds import stream
from tests.unit.funding.test_fund import CHAIN, cut

BARE = replace(CHAIN, stock_months=np.zeros(3))
YEARS = (2027, 2028, 2029)
WAIT = {2027: 0, 2028: 4, 2029: 8}
"""Months of a year of cut that have passed when a plant awarded in each year stands."""


def loans(amounts, carries_over: bool = True) -> Pool:
    years = tuple(Tranche(year, face=amount) for year, amount in zip(YEARS, amounts, strict=True))
    return Pool("loans", years=years, carries_over=carries_over)


def case(seed: int, pool: Pool, n: int = 4, gap_share: float = 1e-7) -> Fund:
    """Plants of random size and ask, each of which can be awarded in three years; a cut of two links, and calm."""
    random = stream(seed, "years", 0)
    projects, candidates, offers = [], [], []
    for number in range(n):
        size, asks = float(random.uniform(0.02, 0.12)), float(random.integers(20, 60))
        for year in YEARS:
            name = f"p{number} in {year}"
            projects.append(Project(f"g{number % 3}", size, start_month=WAIT[year]))
            present = 1.02 ** (2027 - year)
            candidates.append(
                Candidate(name, f"Project {number}", asks, project=f"p{number}", year=year, present=present)
            )
            offers.append(Offer(name, "loan", 5, 150, 0.1, "loans"))
    outlooks = (Outlook("cut", 0.3, cut([0.1, 0.06, 0.06])), Outlook("calm", 0.7, cut([0.4, 0.4, 0.4])))
    return Fund(Security(CHAIN, outlooks, tuple(projects)), candidates, offers, Rules((pool,)), gap_share)


def fits(pool: Pool, spent: dict[int, float]) -> bool:
    """Whether what each year spends is there, counted by hand from year to year."""
    left = 0.0
    for tranche in pool.years:
        left = (left if pool.carries_over else 0.0) + tranche.face - spent.get(tranche.year, 0.0)
        if left < -1e-9:
            return False
    return True


def best_of_all(fund: Fund, n: int = 4) -> float:
    """The greatest worth over all ways to award each project in one of the years, or never."""
    asks = {candidate.name: candidate.asks for candidate in fund.candidates}
    best = 0.0
    for awards in product((None, *YEARS), repeat=n):
        names = {f"p{number} in {year}": year for number, year in enumerate(awards) if year is not None}
        spent: dict[int, float] = {}
        for name, year in names.items():
            spent[year] = spent.get(year, 0.0) + asks[name]
        if fits(fund.rules.pools[0], spent):
            best = max(best, fund.worth(fund.parts(dict.fromkeys(names, 1.0)))[0])
    return best


@pytest.mark.parametrize("carries_over", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_the_plan_is_the_best_of_all_years_of_award_and_keeps_every_year(seed, carries_over):
    amounts = stream(seed, "money by year", 0).integers(10, 70, 3).astype(float)
    fund = case(seed, loans(amounts, carries_over))
    found = fund.best()
    best = best_of_all(fund)
    assert found.worth == pytest.approx(best, rel=1e-5, abs=1e-9)
    assert best - 1e-9 <= found.bound <= found.worth * (1 + 1e-4) + 1e-3  # USD 1,000: thrift
    assert len(set(found.plan.projects)) == len(found.plan.built)
    left = Decimal(0)
    for tranche in fund.rules.pools[0].years:
        deals = [Decimal(str(deal.amount)) for deal in found.plan.deals if deal.year == tranche.year]
        left = (left if carries_over else Decimal(0)) + Decimal(str(tranche.face)) - sum(deals)
        assert left >= 0


def worth(amounts, carries_over: bool = True, seed: int = 3, divisible: bool = False) -> float:
    fund = case(seed, loans(amounts, carries_over), gap_share=1e-6)
    return fund.best(replace(fund.rules, divisible=divisible)).worth


millions = st.tuples(*[st.integers(0, 80)] * 3)


@settings(max_examples=12, deadline=None)
@given(
    amounts=millions, year=st.integers(0, 2), more=st.integers(1, 60), carries_over=st.booleans(), parts=st.booleans()
)
def test_more_money_in_any_year_never_buys_less(amounts, year, more, carries_over, parts):
    larger = [amount + more * (place == year) for place, amount in enumerate(amounts)]
    before = worth(amounts, carries_over, divisible=parts)
    assert worth(larger, carries_over, divisible=parts) >= before * (1 - 1e-5) - 1e-9


@settings(max_examples=12, deadline=None)
@given(amounts=millions, moved=st.floats(0, 1), places=st.sampled_from([(0, 1), (0, 2), (1, 2)]))
def test_money_that_comes_earlier_and_carries_over_never_buys_less(amounts, moved, places):
    earlier, later = places
    sooner = [float(amount) for amount in amounts]
    sooner[earlier] += moved * amounts[later]
    sooner[later] -= moved * amounts[later]
    assert worth(sooner) >= worth(amounts) * (1 - 1e-5) - 1e-9


def one_good(asks: float, late: int, amounts) -> Fund:
    """A plant of 0.2 and a small one of 0.05 of world output, awarded at once or when `late` months have passed."""
    candidates = [
        Candidate(f"{project} in {year}", f"{project} plant", asked, project=project, year=year)
        for project, asked in (("plant", asks), ("small", 40.0))
        for year in YEARS[:2]
    ]
    projects = [Project("g2", size, start_month=month) for size in (0.2, 0.05) for month in (0, late)]
    offers = [Offer(candidate.name, "loan", 5, 150, 0.1, "loans") for candidate in candidates]
    outlooks = (Outlook("cut", 0.5, cut([0.4, 0.4, 0.06])), Outlook("calm", 0.5, cut([0.4, 0.4, 0.4])))
    pool = Pool("loans", years=tuple(Tranche(year, amount) for year, amount in zip(YEARS, amounts, strict=False)))
    return Fund(Security(BARE, outlooks, tuple(projects)), candidates, offers, Rules((pool,)), gap_share=1e-7)


def test_waiting_is_best_where_two_years_of_money_pay_for_what_is_worth_more():
    # 45 a year. At once: the small plant, 0.05 for twelve months. Waiting: 0.2 for the eight months after four.
    # A year's whole use is worth 1.2 billion, at odds of one half: 0.2 · 8/12 · 1.2 · 1/2 against 0.05 · 1.2 · 1/2.
    plan = one_good(90, 4, (45, 45)).best()
    assert plan.plan.built == ("plant in 2028",)
    later = 0.999 ** np.arange(12)  # what a month counts in these outlooks
    assert plan.worth == pytest.approx(0.5 * 0.2 * 1200 * later[4:].sum() / 12, rel=1e-9)
    assert [(deal.year, deal.amount) for deal in plan.plan.deals] == [(2028, pytest.approx(90))]


def test_waiting_is_not_best_where_the_plant_then_comes_too_late():
    # After eleven months, 0.2 for one month is worth less than 0.05 for twelve; the rest of the money buys nothing.
    plan = one_good(90, 11, (45, 45)).best()
    assert plan.plan.built == ("small in 2027",)
    assert plan.worth == pytest.approx(0.5 * 0.05 * 1200 * (0.999 ** np.arange(12)).sum() / 12, rel=1e-9)


def test_money_that_lapses_cannot_wait():
    fund = one_good(90, 4, (45, 45))
    pool = replace(fund.rules.pools[0], carries_over=False)
    assert fund.best(replace(fund.rules, pools=(pool,))).plan.built == ("small in 2027",)


def test_a_project_is_awarded_in_one_year_even_where_parts_can_be_built():
    fund = one_good(90, 4, (45, 45))
    plan = fund.best(replace(fund.rules, divisible=True)).plan
    assert len(set(plan.projects)) == len(plan.projects)


def test_a_decided_project_is_awarded_in_some_year_or_the_conflict_names_the_years():
    fund = one_good(90, 11, (45, 45))
    decided = replace(fund.rules, must=frozenset({"plant"}))
    assert fund.best(decided).plan.projects == ("plant",)
    poor = replace(decided, pools=(replace(fund.rules.pools[0], carries_over=False),))
    with pytest.raises(InfeasibleError) as refused:
        fund.best(poor)
    assert any("of face value from loans in 2028" in sentence for sentence in refused.value.conflict)
    left_out = replace(fund.rules, must_not=frozenset({"small"}))
    assert fund.best(left_out).plan.projects == ("plant",)


def test_the_second_best_plan_leaves_out_a_project_and_does_not_only_move_it_to_another_year():
    fund = one_good(90, 4, (45, 45))
    second = fund.second_best(fund.best())
    assert second is not None
    assert second.plan.projects == ("small",)


def test_what_later_awards_cost_is_brought_to_the_day_of_the_decision():
    plan = case(0, loans((0.0, 0.0, 200.0))).best().plan
    assert {deal.year for deal in plan.deals} == {2029}
    assert plan.present == pytest.approx(plan.subsidy / 1.02**2)


def test_a_budget_by_year_keeps_its_shape_when_it_is_scaled():
    pool = loans((10.0, 30.0, 60.0))
    assert pool.whole_face == 100
    assert [one.face for one in pool.scaled(50.0).years] == [5, 15, 30]
    assert [(limit.face, limit.words) for limit in pool.limits] == [(10, " in 2027"), (40, " until 2028"),
                                                                   (100, " until 2029")]  # fmt: skip
    assert [limit.face for limit in replace(pool, carries_over=False).limits] == [10, 30, 60]


def test_a_budget_whose_years_state_no_face_value_is_not_scaled_by_it():
    budget = Budget("loans", years=(BudgetYear(2027, subsidy_usd=1e6), BudgetYear(2028, subsidy_usd=2e6)))
    with pytest.raises(UsageError, match="the years of 'loans' state no face value"):
        budget.scaled(3e8)
    assert Budget("loans", subsidy_usd=1e6).scaled(3e8) == Budget("loans", 3e8, 1e6)


def test_years_add_up_as_they_are_written():
    # 0.1 + 0.2 is not 0.3 in binary, nor is 0.7 + 0.1 what 0.8 is.
    assert [limit.face for limit in loans((0.7, 0.1, 0.2)).limits] == [0.7, 0.8, 1.0]


def test_years_of_money_are_named_by_the_calendar_year_in_which_most_of_them_lies():
    # the fiscal years of the United States, Japan and Australia
    assert [first_day(2027, month) for month in (10, 4, 7)] == ["2026-10-01", "2027-04-01", "2026-07-01"]
    assert months_between("2026-11-15", first_day(2028, 10)) == 11


def two_ways(seed: int, quick: float, slow: float, n: int = 3) -> Fund:
    """Plants that loans pay for at once and grants after eight months: by loans alone, or by both or grants alone."""
    random = stream(seed, "ways", 0)
    projects, candidates, offers = [], [], []
    for number in range(n):
        size, asks = float(random.uniform(0.02, 0.12)), float(random.integers(20, 60))
        for wait in (0.0, 8.0):
            name = f"p{number} after {wait:g}"
            projects.append(Project(f"g{number % 3}", size, start_month=wait))
            candidates.append(Candidate(name, f"Project {number}", asks, project=f"p{number}", award_months=wait))
            offers.append(Offer(name, "loan", 0, 150, 0.1, "loans"))
            if wait:
                offers.append(Offer(name, "grant", 0, 150, 1.0, "grants", award_months=wait))
    outlooks = (Outlook("cut", 0.3, cut([0.1, 0.06, 0.06])), Outlook("calm", 0.7, cut([0.4, 0.4, 0.4])))
    rules = Rules((Pool("loans", quick), Pool("grants", slow)))
    return Fund(Security(CHAIN, outlooks, tuple(projects)), candidates, offers, rules, 1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_the_plan_is_the_best_of_all_ways_of_award_and_nobody_waits_for_quick_deals_alone(seed):
    quick, slow = (float(amount) for amount in stream(seed, "two budgets", 0).integers(10, 90, 2))
    fund = two_ways(seed, quick, slow)
    asks = {candidate.key: candidate.asks for candidate in fund.candidates}
    best = 0.0
    for plan in product((None, "loan", "both"), repeat=3):
        names = [f"p{number} after {0 if way == 'loan' else 8}" for number, way in enumerate(plan) if way]
        by_loan, by_both = (
            sum(asks[f"p{number}"] for number, way in enumerate(plan) if way == word) for word in ("loan", "both")
        )
        if by_loan <= quick and by_loan + by_both <= quick + slow:
            best = max(best, fund.worth(fund.parts(dict.fromkeys(names, 1.0)))[0])
    found = fund.best()
    assert found.worth == pytest.approx(best, rel=1e-5, abs=1e-9)
    assert len(set(found.plan.projects)) == len(found.plan.built)
    for name in found.plan.built:
        instruments = {deal.instrument for deal in found.plan.deals if deal.candidate == name}
        assert ("grant" in instruments) == name.endswith("after 8")
