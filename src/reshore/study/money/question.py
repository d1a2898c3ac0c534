"""`Question`: everything that prices and plans of a study are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from reshore.data import DataPackage
from reshore.errors import InputError, Place, Problem
from reshore.flow import Situation, cut_off
from reshore.flow.security import Outlook, Security
from reshore.funding.budgets import Pool, Tranche, first_day, months_between
from reshore.funding.candidates import LeftOut, Option, Options, over_years, read_options
from reshore.funding.fund import Fund
from reshore.funding.instruments import Instrument, read_instruments
from reshore.funding.offered import refuse_misplaced
from reshore.funding.offers import make_offers
from reshore.funding.portfolio import Rules
from reshore.funding.settings import Budget, BudgetYear, FundSettings
from reshore.funding.standing import Standing, beside, read_standing, refuse_overspent
from reshore.optimize.program import Floats
from reshore.stress.case import StressCase
from reshore.stress.outcomes import terms_of, try_out
from reshore.stress.scenarios import Scenario
from reshore.study.money.draws import Draws
from reshore.study.settings import Study
from reshore.tables import Table, frame_schema
from reshore.tables.cells import did_you_mean

MILLION = 1e6
NOTHING = "nothing happens"
Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Question:
    """Everything that a plan of a study is made of.

    ``kin`` is another question of the same scenarios and assumptions, whose situations and solver sessions are used.
    """

    study: Study
    settings: FundSettings
    package: DataPackage
    case: StressCase
    options: Options
    kin: Question | None = None

    @cached_property
    def odds(self) -> Mapping[str, tuple[float, float, float]]:
        """Odds of each outlook: low, as stated, high; the last is that nothing happens."""
        found = {}
        for scenario in self.study.scenarios:
            assert scenario.odds is not None
            found[scenario.label] = (scenario.odds.low, scenario.odds.point, scenario.odds.high)
        stated = math.fsum(point for _, point, _ in found.values())
        found[NOTHING] = (0.0, max(0.0, 1.0 - stated), 1.0)
        return found

    @cached_property
    def situations(self) -> Mapping[str, Situation]:
        """The situation of each outlook, by its name without draws."""
        if self.kin is not None:
            return self.kin.situations
        found = {scenario.label: self._situation(scenario) for scenario in self.study.scenarios}
        return {**found, NOTHING: self._situation(None)}

    @cached_property
    def unvalued(self) -> tuple[str, ...]:
        """Names of final uses whose value nobody knows: what is not served of them counts for nothing."""
        return tuple(
            self.case.labels[use]
            for use, value in zip(self.case.finals, self.case.values, strict=True)
            if value is None
        )

    def _situation(self, scenario: Scenario | None) -> Situation:
        """What a scenario does, with service valued as the study says, on the day of the decision.

        Uses without a value do not count. The rate of the study takes the place of the hair by which the flow prefers
        earlier service: worth is discounted once.
        """
        if scenario is None:
            first = self.study.scenarios[0]
            one = cut_off(self.case.world, (), terms_of(self.case, first))
        else:
            one = try_out(self.case, scenario).situation
        weights = {"home": 1.0, "defense": 1.0} if self.settings.counts == "home" else None
        tiers = one.tiers if weights is None else tuple(replace(t, value=weights.get(t.name, 0.0)) for t in one.tiers)
        discount = self.settings.discount
        value = np.nan_to_num(self.case.point.value_usd) * discount.factor(self.settings.cut_after_months)
        return replace(one, tiers=tiers, value=value, discount_per_month=1.0 - discount.factor(1))

    def outlooks(self, *, drawn: bool, sample: int = 0) -> tuple[Outlook, ...]:
        """What may happen: each scenario with each draw of which projects succeed and how late, and that nothing does.

        Not `drawn`, every project brings its mean capacity. Draws of another `sample` do not depend on these.
        """
        n = self.settings.draws
        projects = self.draws(sample).profiles()
        standing = self.draws(sample, standing=True).profiles()
        found = []
        for scenario in self.study.scenarios:
            odds, situation = self.odds[scenario.label][1], self.situations[scenario.label]
            if not drawn:
                found.append(Outlook(scenario.label, odds, situation, self.mean_profile, self.mean_standing))
            for draw in range(n) if drawn else ():
                name = f"{scenario.label}, draw {draw + 1}"
                found.append(Outlook(name, odds / n, situation, projects[draw], standing[draw]))
        calm = (self.odds[NOTHING][1], self.situations[NOTHING], self.mean_profile, self.mean_standing)
        found.append(Outlook(NOTHING, *calm))
        return tuple(found)

    def draws(self, sample: int = 0, *, standing: bool = False) -> Draws:
        """Draws of which projects succeed and how late they come: of those on offer, or of those that stand."""
        months, options = self.study.scenarios[0].months, self.options
        return Draws(options.standing if standing else options.options, self.settings, self.study.seed, months, sample)

    @cached_property
    def mean_profile(self) -> Floats:
        """Capacity that projects bring in the mean, (n_candidates, n_months)."""
        return self.draws().mean_profile()

    @cached_property
    def mean_standing(self) -> Floats:
        """The same of projects that stand, (n_standing, n_months)."""
        return self.draws(standing=True).mean_profile()

    def supposing(
        self, built: Floats, factor: float = 1.0, after: float | None = None, late: float | None = None
    ) -> float:
        """What a plan would add if all projects brought what they do under other assumptions, see `Draws.profile`."""
        profiles = [
            draws.profiles(factor, after, late) * len(self.study.scenarios) + [draws.mean_profile(after, late)]
            for draws in (self.draws(), self.draws(standing=True))
        ]
        return self.fund.worth_if(built, *profiles)

    def security(self, *, drawn: bool, kin: Security | None = None, sample: int = 0) -> Security:
        """The security program of the study, with draws or with every project at its mean."""
        projects, standing = (
            tuple(option.capacity for option in group) for group in (self.options.options, self.options.standing)
        )
        risk = (self.settings.risk_weight, self.settings.risk_level)
        return Security(self.case.world, self.outlooks(drawn=drawn, sample=sample), projects, *risk, kin, standing)

    @cached_property
    def rules(self) -> Rules:
        """Budgets and other rules of the plan."""
        return _rules(self.settings, self.package, self.options)

    def by_project(self, built: Floats) -> tuple[int, ...]:
        """One candidate of each project, by its place: that which is built, or else its earliest way of award."""
        found: dict[str, int] = {}
        for place, option in enumerate(self.options.options):
            if built[place] > 0:
                found[option.project] = place
            found.setdefault(option.project, place)
        return tuple(found.values())

    @cached_property
    def fund(self) -> Fund:
        """Candidates and offers on the security program, with draws of projects."""
        kin = None if self.kin is None else self.kin.fund
        return self._fund(self.security(drawn=True, kin=None if kin is None else kin.security), kin)

    @cached_property
    def mean(self) -> Fund:
        """The same with every project at its mean: one outlook per scenario."""
        return self._fund(self.security(drawn=False, kin=self.fund.security), self.fund)

    def drawn_anew(self, sample: int) -> Fund:
        """The same with another sample of draws."""
        return self._fund(self.security(drawn=True, kin=self.fund.security, sample=sample), self.fund)

    def with_outlooks(self, outlooks: tuple[Outlook, ...]) -> Fund:
        """The fund with other outlooks of the same situations."""
        return self._fund(replace(self.fund.security, outlooks=outlooks, kin=self.fund.security), self.fund)

    def _fund(self, security: Security, kin: Fund | None = None) -> Fund:
        candidates = [option.candidate for option in self.options.options]
        return Fund(security, candidates, self.options.offers, self.rules, self.settings.gap_share, kin=kin)


def ask(study: Study, package: DataPackage, case: StressCase) -> Question:
    """The question of a study that speaks of money.

    Raises
    ------
    InputError
        When the study names instruments that the data do not hold, or scenarios without odds.
    """
    settings = study.fund
    assert settings is not None
    _check(study, settings, package)
    _check_values(study, case)
    return Question(study, settings, package, case, _options(study, settings, package, case))


def asked_again(question: Question, study: Study) -> Question:
    """The same about a study that differs only in its deals and budgets."""
    settings, package, case = study.fund, question.package, question.case
    assert settings is not None
    return Question(study, settings, package, case, _options(study, settings, package, case), question)


def _rules(settings: FundSettings, package: DataPackage, options: Options) -> Rules:
    known = read_instruments(package["instruments"])
    return Rules(
        tuple(_pool(budget, known[budget.instrument], settings.years) for budget in settings.budgets),
        settings.quotas, settings.stack_cap_share, settings.least_leverage, settings.divisible,
        frozenset(settings.must), frozenset(settings.must_not), committed=options.committed,
        left=settings.budgets_are_left,
    )  # fmt: skip


def _pool(budget: Budget, own: Instrument, years: Sequence[int]) -> Pool:
    """A budget in millions; a year for which it states nothing brings nothing."""
    if not budget.years:
        face = own.budget_face_usd if budget.face_usd is None else budget.face_usd
        subsidy = own.budget_subsidy_usd if budget.subsidy_usd is None else budget.subsidy_usd
        return Pool(budget.instrument, _millions(face), _millions(subsidy))
    first, money = budget.years[0], {one.year: one for one in budget.years}
    nothing = BudgetYear(0, *(None if limit is None else 0.0 for limit in (first.face_usd, first.subsidy_usd)))
    tranches = [(year, money.get(year, nothing)) for year in years]
    return Pool(
        budget.instrument,
        years=tuple(Tranche(year, _millions(one.face_usd), _millions(one.subsidy_usd)) for year, one in tranches),
        carries_over=budget.carries_over,
    )


def _millions(amount_usd: float | None) -> float | None:
    return None if amount_usd is None else amount_usd / MILLION


def _check(study: Study, settings: FundSettings, package: DataPackage) -> None:
    known = package["instruments"]["instrument"].to_list()
    problems: list[Problem] = []

    def refuse(code: str, key: str, found: str, expected: str, fix: str) -> None:
        problems.append(Problem(code, Place(study.file or "study", 0, key), found, expected, fix))

    for budget in settings.budgets:
        if budget.instrument not in known:
            fix = did_you_mean(budget.instrument, known)
            refuse("dangling-reference", "fund.budgets", f"'{budget.instrument}'", "an instrument of the data", fix)
    if not study.scenarios:
        refuse(
            "missing-key", "scenarios", "no scenario", "scenarios with odds", "write [[scenarios]]: what may be lost"
        )
    for scenario in study.scenarios:
        if scenario.odds is None:
            fix = "write odds = 0.1, or odds = [0.05, 0.2]: an opinion, and the plan shows what it turns on"
            refuse("missing-key", f"scenarios.{scenario.name}.odds", "no odds", "odds, or a range of odds", fix)
    has_past = settings.commitments and not settings.budgets_are_left  # whose money past years may state
    for year in settings.years if not has_past else settings.years[-1:]:
        if first_day(year + 1, settings.year_begins_month) <= study.at:
            refuse(
                "out-of-range", "fund.budgets", str(year), f"years that are not over on {study.at}",
                "remove what is past",
            )  # fmt: skip
    labels = [scenario.label for scenario in study.scenarios]
    for scenario in study.scenarios:
        if labels.count(scenario.label) > 1 or scenario.label == NOTHING:
            refuse(
                "duplicate-key", f"scenarios.{scenario.name}.label", f"'{scenario.label}'",
                f"a label of its own, and not '{NOTHING}'", "choose another label",
            )  # fmt: skip
    lengths = sorted({scenario.months for scenario in study.scenarios})
    if len(lengths) > 1:
        found = ", ".join(map(str, lengths))
        refuse(
            "out-of-range", "scenarios.months", found, "one length in a study with [fund]", "give all the same months"
        )
    if problems:
        raise InputError(problems)


def _check_values(study: Study, case: StressCase) -> None:
    """Without any value nothing would be worth anything."""
    if all(value is None for value in case.values):
        place = Place(study.file or "study", 0, "stress.values")
        found, expected = f"no known value of {', '.join(case.finals)}", "what a year's use of a final good is worth"
        raise InputError([Problem("missing-key", place, found, expected, "write [[stress.values]] with its source")])


def _options(study: Study, settings: FundSettings, package: DataPackage, case: StressCase) -> Options:
    sites = settings.sites or (study.home,)
    options, left_out = read_options(package, case.chain, sites, settings.statuses, settings.defaults)
    known = read_instruments(package["instruments"])
    instruments = [known[budget.instrument] for budget in settings.budgets if budget.alone]
    standing = _check_decided(study, settings, options, left_out, known)

    def offered(options: Sequence[Option], at: str) -> Options:
        return make_offers(
            package, options, instruments, settings.market, settings.defaults, at, study.concern,
            bundles=settings.bundles,
        )  # fmt: skip

    if settings.years:
        years = [year for year in settings.years if first_day(year + 1, settings.year_begins_month) > study.at]
        found = over_years([offered(*_in_year(study, settings, standing.open, year)) for year in years])
    else:
        found = offered(standing.open, study.at)
    found = beside(found, standing, divisible=settings.divisible)
    _check_money(study, _rules(settings, package, found))
    return replace(found, left_out=(*left_out, *found.left_out))


def _in_year(
    study: Study, settings: FundSettings, options: Sequence[Option], year: int
) -> tuple[tuple[Option, ...], str]:
    """Options when money is awarded from the first day of a year on, and the day on which rules are read."""
    day = max(study.at, first_day(year, settings.year_begins_month))
    wait = months_between(study.at, day)
    return tuple(option.in_year(year, wait, settings.discount.factor(wait)) for option in options), day


def _check_decided(
    study: Study, settings: FundSettings, options: Sequence[Option], left_out: Sequence[LeftOut],
    instruments: Mapping[str, Instrument],
) -> Standing:  # fmt: skip
    """What a study decides, sets quotas for, offers bundles to or has committed must be among what can be considered.

    Returns what its commitments come to.
    """
    known = [option.project for option in options]
    groups = sorted(set().union(*(option.candidate.groups for option in options)))
    reasons = {one.project: one.reason for one in left_out}
    problems = [
        Problem("dangling-reference", Place(study.file or "study", 0, f"fund.{key}"), f"'{name}'",
                "a project that can be considered", reasons.get(name) or did_you_mean(name, known))
        for key, names in (("must", settings.must), ("must_not", settings.must_not))
        for name in names
        if name not in known
    ]  # fmt: skip
    problems += [
        Problem("contradiction", Place(study.file or "study", 0, "fund.must"), f"'{one.project}'",
                "a project whose deal has not failed", "remove it")
        for one in settings.commitments
        if one.outcome == "failed" and one.project in settings.must
    ]  # fmt: skip
    problems += [
        Problem("dangling-reference", Place(study.file or "study", 0, "fund.quotas"), f"'{quota.group}'",
                "a group of projects that can be considered", did_you_mean(quota.group, groups))
        for quota in settings.quotas
        if quota.group not in groups
    ]  # fmt: skip

    def refuse(code: str, key: str, found: object, expected: str, fix: str) -> None:
        problems.append(Problem(code, Place(study.file or "study", 0, key), str(found), expected, fix))

    candidates = [option.candidate for option in options]
    refuse_misplaced(settings.bundles, candidates, instruments, reasons, refuse)
    standing = read_standing(settings, options, instruments, study.at, reasons, refuse)
    if problems:
        raise InputError(problems)
    return standing


def _check_money(study: Study, rules: Rules) -> None:
    """Budgets carry what is committed."""
    problems: list[Problem] = []

    def refuse(code: str, key: str, found: object, expected: str, fix: str) -> None:
        problems.append(Problem(code, Place(study.file or "study", 0, key), str(found), expected, fix))

    refuse_overspent(rules, refuse)
    if problems:
        raise InputError(problems)


def usd(millions: float) -> float:
    """Millions of US dollars in dollars."""
    return millions * MILLION


def frame_of(table: Table, rows: Rows) -> pl.DataFrame:
    """Rows under the columns of a table, sorted by its key."""
    schema = frame_schema(table)
    filled = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(filled, schema=schema, orient="row").sort(table.key, nulls_last=True)
