"""Money as a part of a study: from its scenarios and projects to prices, payments and the plan that buys most security."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from reshore.chain.records import Good
from reshore.data import DataPackage
from reshore.errors import InputError, Place, Problem
from reshore.flow import Project, Situation, cut_off
from reshore.flow.security import Outlook, Security
from reshore.funding.candidates import LeftOut, Options, make_offers, read_options
from reshore.funding.fund import Fund, Funded
from reshore.funding.instruments import read_instruments
from reshore.funding.portfolio import Deal, Plan, Pool, Rules
from reshore.funding.records import FUND_TABLES
from reshore.funding.settings import FundSettings
from reshore.optimize.program import Floats
from reshore.pricing.prices import Bundle, Pricing
from reshore.pricing.records import PRICING_TABLES
from reshore.seeds import stream
from reshore.stress.case import StressCase
from reshore.stress.outcomes import terms_of, try_out
from reshore.stress.scenarios import Scenario
from reshore.study.settings import Study
from reshore.tables import Table, frame_schema
from reshore.tables.cells import did_you_mean
from reshore.units import SHARE, USD, written

MILLION = 1e6
NOTHING = "nothing happens"
Step = Callable[[str], AbstractContextManager[object]]
Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Question:
    """Everything that a plan of a study is made of."""

    study: Study
    settings: FundSettings
    package: DataPackage
    case: StressCase
    options: Options

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
    def projects(self) -> tuple[Project, ...]:
        """Capacity of each candidate, decided so long before the scenarios begin as the study says."""
        early = -self.settings.cut_after_months
        return tuple(replace(option.capacity, start_month=early) for option in self.options.options)

    @cached_property
    def certain(self) -> Floats:
        """Odds of success per candidate, (n_candidates,)."""
        return np.array([option.odds for option in self.options.options], dtype=np.float64)

    def situation(self, scenario: Scenario | None) -> Situation:
        """What a scenario does, with service counted and valued as the study says."""
        if scenario is None:
            first = self.study.scenarios[0]
            one = cut_off(self.case.world, (), terms_of(self.case, first))
        else:
            one = try_out(self.case, scenario).situation
        weights = {"home": 1.0, "defense": 1.0} if self.settings.counts == "home" else None
        tiers = one.tiers if weights is None else tuple(replace(t, value=weights.get(t.name, 0.0)) for t in one.tiers)
        value = np.nan_to_num(self.case.point.value_usd)
        return replace(one, tiers=tiers, value=value)

    def outlooks(self, draws: int) -> tuple[Outlook, ...]:
        """What may happen: each scenario with `draws` draws of which projects succeed, and that nothing happens.

        Without draws every project delivers its odds of its capacity, which is its mean.
        """
        names = [option.project for option in self.options.options]
        found = []
        for scenario in self.study.scenarios:
            odds, situation = self.odds[scenario.label][1], self.situation(scenario)
            if not draws:
                found.append(Outlook(scenario.label, odds, situation, self.certain))
            for draw in range(draws):
                luck = np.array([stream(self.study.seed, f"fund: success of {name}", draw).random() for name in names])
                succeeds = (luck < self.certain).astype(np.float64)
                found.append(Outlook(f"{scenario.label}, draw {draw + 1}", odds / draws, situation, succeeds))
        left = self.odds[NOTHING][1]
        found.append(Outlook(NOTHING, left, self.situation(None), self.certain))
        return tuple(found)

    def security(self, draws: int) -> Security:
        """The security program of the study, with draws of success or with every project at its mean."""
        settings = self.settings
        return Security(self.case.world, self.outlooks(draws), self.projects, settings.risk_weight, settings.risk_level)

    @cached_property
    def rules(self) -> Rules:
        """Budgets and other rules of the plan."""
        known = read_instruments(self.package["instruments"])
        pools = []
        for budget in self.settings.budgets:
            own = known[budget.instrument]
            face = own.budget_face_usd if budget.face_usd is None else budget.face_usd
            subsidy = own.budget_subsidy_usd if budget.subsidy_usd is None else budget.subsidy_usd
            pools.append(
                Pool(
                    budget.instrument,
                    None if face is None else face / MILLION,
                    None if subsidy is None else subsidy / MILLION,
                )
            )
        settings = self.settings
        return Rules(
            tuple(pools), settings.quotas, settings.stack_cap_share, settings.least_leverage, settings.divisible
        )

    def fund(self) -> Fund:
        """Candidates and offers on the security program."""
        candidates = [option.candidate for option in self.options.options]
        security = self.security(self.settings.draws)
        return Fund(security, candidates, self.options.offers, self.rules, self.settings.gap_share)


def fund_study(
    study: Study, package: DataPackage, case: StressCase, step: Step = nullcontext
) -> Mapping[str, pl.DataFrame]:
    """The tables of prices and of the plan; none when the study does not speak of money.

    Raises
    ------
    InputError
        When the study names instruments that the data do not hold, or scenarios without odds.
    InfeasibleError
        When no plan meets the rules.
    """
    settings = study.fund
    if settings is None:
        return {}
    _check(study, settings, package)
    with step("reading projects and instruments"):
        question = Question(study, settings, package, case, _options(study, settings, package, case))
    fund = question.fund()
    with step(f"choosing among {len(fund.candidates)} projects"):
        chosen = fund.best()
    rows: dict[str, Rows] = {}
    with step("the second best plan, and what was really awarded"):
        rows["fund_plans"] = _plans(question, fund, chosen)
    rows["fund_deals"] = _deals(question, fund, chosen)
    rows["fund_candidates"] = _candidates(question)
    with step("what more money buys"):
        rows["fund_frontier"] = _frontier(question, fund)
    with step("regret, and what moves the plan"):
        rows["fund_regret"] = _regret(question, fund, chosen)
        rows["fund_tornado"] = _tornado(question, chosen)
    rows["fund_left_out"] = [
        {"project": one.project or None, "instrument": one.instrument, "reason": one.reason}
        for one in question.options.left_out
        if one.instrument
    ]
    with step("pricing security"):
        rows |= _prices(question, chosen)
    return {table.name: _frame(table, rows[table.name]) for table in (*PRICING_TABLES, *FUND_TABLES)}


def _frame(table: Table, rows: Rows) -> pl.DataFrame:
    schema = frame_schema(table)
    filled = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(filled, schema=schema, orient="row").sort(table.key, nulls_last=True)


def _check(study: Study, settings: FundSettings, package: DataPackage) -> None:
    place = study.file or "study"
    known = package["instruments"]["instrument"].to_list()
    problems = [
        Problem("dangling-reference", Place(place, 0, "fund.budgets"), f"'{budget.instrument}'", "an instrument of the data",
                did_you_mean(budget.instrument, known))
        for budget in settings.budgets
        if budget.instrument not in known
    ]  # fmt: skip
    if not study.scenarios:
        problems.append(
            Problem("missing-key", Place(place, 0, "scenarios"), "no scenario", "scenarios with odds",
                    "write [[scenarios]]: what is bought is what they would cost")
        )  # fmt: skip
    problems += [
        Problem("missing-key", Place(place, 0, f"scenarios.{scenario.name}.odds"), "no odds", "odds, or a range of odds",
                "write odds = 0.1, or odds = [0.05, 0.2]: an opinion, and the plan shows what it turns on")
        for scenario in study.scenarios
        if scenario.odds is None
    ]  # fmt: skip
    months = {scenario.months for scenario in study.scenarios}
    if len(months) > 1:
        problems.append(
            Problem("out-of-range", Place(place, 0, "scenarios.months"), ", ".join(map(str, sorted(months))),
                    "one length for all scenarios of a study with [fund]", "give all scenarios the same months")
        )  # fmt: skip
    if problems:
        raise InputError(problems)


def _options(study: Study, settings: FundSettings, package: DataPackage, case: StressCase) -> Options:
    sites = settings.sites or (study.home,)
    options, left_out = read_options(package, case.chain, sites, settings.statuses, settings.defaults)
    known = read_instruments(package["instruments"])
    instruments = [known[budget.instrument] for budget in settings.budgets]
    found = make_offers(package, options, instruments, settings.market, study.at, study.concern)
    return replace(found, left_out=(*left_out, *found.left_out))


def _usd(millions: float) -> float:
    return millions * MILLION


def _range(question: Question, fund: Fund, built: Floats) -> tuple[float, float]:
    """Worth of a plan over the ranges of odds."""
    draws = question.settings.draws
    ends = np.array(
        [[low / draws, high / draws] for low, _, high in list(question.odds.values())[:-1] for _ in range(draws)]
    )
    low, high = np.vstack([ends, [[0.0, 1.0]]]).T
    return fund.odds_range(built, low, high)


def _plans(question: Question, fund: Fund, chosen: Funded) -> Rows:
    rows = [_plan_row(question, fund, "chosen", chosen.plan, chosen.built, chosen)]
    second = fund.second_best(chosen)
    if second is not None:
        rows.append(_plan_row(question, fund, "second best", second.plan, second.built, second))
    real = _real_awards(question)
    if real is not None:
        plan, built = real
        rows.append(_plan_row(question, fund, "real awards", plan, built, None))
    return rows


def _plan_row(
    question: Question, fund: Fund, name: str, plan: Plan, built: Floats, funded: Funded | None
) -> dict[str, object]:
    worth = fund.worth(built)[0]
    low, high = _range(question, fund, built)
    labels = {option.project: option.candidate.label for option in question.options.options}
    named = ", ".join(labels[project] for project in plan.built) or "nothing"
    method = "the awards as announced" if funded is None else (
        f"cuts, {funded.rounds} rounds" if funded.method == "cuts" else "the program in full"
    )  # fmt: skip
    proof = (
        ""
        if funded is None
        else f"; no other plan under these rules is worth more than {written(_usd(funded.bound), USD)}"
    )
    return {
        "plan": name, "worth_usd": _usd(worth), "worth_usd_low": _usd(low), "worth_usd_high": _usd(high),
        "bound_usd": None if funded is None else _usd(funded.bound),
        "gap_share": None if funded is None else funded.gap_share,
        "face_usd": _usd(plan.face), "subsidy_usd": _usd(plan.subsidy), "built_count": len(plan.built),
        "built": ";".join(plan.built) or None, "method": method,
        "sentence": (
            f"{named}: {written(_usd(plan.face), USD)} USD of face value avoid {written(_usd(worth), USD)} USD of expected loss "
            f"({written(_usd(low), USD)} to {written(_usd(high), USD)} over the range of odds){proof}"
        ),
    }  # fmt: skip


def _real_awards(question: Question) -> tuple[Plan, Floats] | None:
    """What was really awarded by the programmes named in the study, for the same candidates."""
    programmes = question.settings.compare_with
    if not programmes:
        return None
    awards = question.package["awards"].filter(
        pl.col("programme").is_in(list(programmes))
        & (pl.col("status") != "cancelled")
        & pl.col("amount_usd").is_not_null()
    )
    deals: list[Deal] = []
    parts: dict[str, float] = {}
    for row in awards.sort("award").iter_rows(named=True):
        for option in question.options.options:
            if option.organization != row["organization"] or row["good"] not in (None, option.capacity.good):
                continue
            amount = row["amount_usd"] / MILLION
            part = min(1.0, amount / option.candidate.asks) if option.candidate.asks > 0 else 1.0
            parts[option.project] = min(1.0, parts.get(option.project, 0.0) + part)
            deals.append(Deal(option.project, row["award"], amount, 0.0))
            break
    if not deals:
        return None
    plan = Plan(tuple(sorted(parts)), tuple(parts[name] for name in sorted(parts)), tuple(deals))
    return plan, np.array([parts.get(option.project, 0.0) for option in question.options.options])


def _deals(question: Question, fund: Fund, chosen: Funded) -> Rows:
    lost = dict(fund.removals(chosen).iter_rows())
    parts = dict(zip(chosen.plan.built, chosen.plan.parts, strict=True))
    goods = {option.project: option for option in question.options.options}
    rows = []
    for deal in chosen.plan.deals:
        option = goods[deal.candidate]
        persons = _reasons(question.options.needs_person, deal.candidate, deal.instrument)
        rows.append(
            {"project": deal.candidate, "label": option.candidate.label, "instrument": deal.instrument,
             "good": option.capacity.good, "amount_usd": _usd(deal.amount), "subsidy_usd": _usd(deal.subsidy),
             "part_share": parts[deal.candidate], "lost_usd": _usd(lost.get(deal.candidate, 0.0)), "needs_person": persons}
        )  # fmt: skip
    return rows


def _reasons(found: Sequence[LeftOut], project: str, instrument: str) -> str | None:
    words = [one.reason for one in found if one.project == project and one.instrument == instrument]
    return "; ".join(words) or None


def _candidates(question: Question) -> Rows:
    rows: Rows = []
    labels = dict(question.package["projects"].select("project", "label").iter_rows())
    goods = dict(question.package["projects"].select("project", "good").iter_rows())
    for option in question.options.options:
        months = option.capacity
        rows.append(
            {"project": option.project, "label": option.candidate.label, "considered": True, "good": months.good,
             "capacity_share": months.capacity, "asked_usd": _usd(option.candidate.asks),
             "ready_months": months.build_months + months.qualify_months + months.ramp_months, "odds_share": option.odds,
             "assumed": "; ".join(option.assumed) or None}
        )  # fmt: skip
    for one in question.options.left_out:
        if one.project and not one.instrument:
            rows.append({"project": one.project, "label": labels[one.project], "considered": False,
                         "good": goods[one.project], "reason": one.reason})  # fmt: skip
    return rows


def _frontier(question: Question, fund: Fund) -> Rows:
    first = question.rules.pools[0]
    if first.face is None:
        return []
    budgets = [part * first.face for part in question.settings.frontier]
    return [
        {"budget_usd": _usd(point.budget), "worth_usd": _usd(point.funded.worth), "bound_usd": _usd(point.funded.bound),
         "gap_share": point.funded.gap_share, "face_usd": _usd(point.funded.plan.face),
         "enters": ";".join(point.enters) or None, "leaves": ";".join(point.leaves) or None}
        for point in fund.frontier(budgets, first.name)
    ]  # fmt: skip


def _regret(question: Question, fund: Fund, chosen: Funded) -> Rows:
    """Regret on the mean capacity of projects: one outlook per scenario."""
    mean = Fund(question.security(0), fund.candidates, fund.offers, fund.rules, question.settings.gap_share)
    worth, by_outlook = mean.worth(chosen.built)
    table = mean.regret(replace(chosen, worth=worth, by_outlook=by_outlook))
    return [
        {"outlook": row["outlook"], "odds_share": question.odds[row["outlook"]][1], "worth_usd": _usd(row["worth_usd_m"]),
         "best_usd": _usd(row["best_usd_m"]), "regret_usd": _usd(row["regret_usd_m"])}
        for row in table.iter_rows(named=True)
    ]  # fmt: skip


def _tornado(question: Question, chosen: Funded) -> Rows:
    """The worth of the plan under other assumptions: when the cut comes, who succeeds, how large the stocks are, odds."""
    base = _mean_worth(question, chosen)
    after = question.settings.cut_after_months
    rows = []

    def row(name: str, low_case: str, low: float, high_case: str, high: float) -> None:
        least, most = sorted((low, high))
        rows.append(
            {"assumption": name, "low_case": low_case, "high_case": high_case, "worth_usd": _usd(base),
             "worth_usd_low": _usd(min(least, base)), "worth_usd_high": _usd(max(most, base)), "swing_usd": _usd(most - least)}
        )  # fmt: skip

    def decided(months: float) -> Question:
        return replace(question, settings=replace(question.settings, cut_after_months=months))

    row("When scenarios begin", f"{after / 2:g} months after the decision", _mean_worth(decided(after / 2), chosen),
        f"{after * 1.5:g} months after", _mean_worth(decided(after * 1.5), chosen))  # fmt: skip
    odds = [_mean_worth(_with_odds(question, factor), chosen) for factor in (0.5, 1.5)]
    row("Odds that projects succeed", "half of those stated", odds[0], "half as much again, at most 1", odds[1])
    stocks = [_mean_worth(_with_stocks(question, end), chosen) for end in ("low", "high")]
    row("Stocks", "every stock at its low end", stocks[0], "every stock at its high end", stocks[1])
    for scenario in question.study.scenarios:
        assert scenario.odds is not None
        ends = [_mean_worth(_with_scenario_odds(question, scenario, odds), chosen) for odds in
                (scenario.odds.low, scenario.odds.high)]  # fmt: skip
        row(
            f"Odds: {scenario.label}",
            written(scenario.odds.low, SHARE),
            ends[0],
            written(scenario.odds.high, SHARE),
            ends[1],
        )
    down = question.study.stress.downstream
    if down is not None:
        row("Counting what hangs on it", f"times {down.ratio.low:g}", base * down.ratio.low, f"times {down.ratio.high:g}",
            base * down.ratio.high)  # fmt: skip
    return rows


def _mean_worth(question: Question, chosen: Funded) -> float:
    security = question.security(0)
    candidates = [option.candidate for option in question.options.options]
    return Fund(security, candidates, question.options.offers, question.rules).worth(chosen.built)[0]


def _with_odds(question: Question, factor: float) -> Question:
    options = tuple(replace(option, odds=min(1.0, factor * option.odds)) for option in question.options.options)
    return replace(question, options=replace(question.options, options=options))


def _with_stocks(question: Question, end: str) -> Question:
    case = question.case
    stocks = np.array([getattr(span, end) for span in case.stocks])
    return replace(question, case=replace(case, world=replace(case.world, stock_months=stocks)))


def _with_scenario_odds(question: Question, scenario: Scenario, odds: float) -> Question:
    others = math.fsum(s.odds.point for s in question.study.scenarios if s.odds is not None and s.name != scenario.name)
    capped = min(odds, 1.0 - others)
    changed = tuple(
        replace(one, odds=replace(one.odds, point=capped))
        if one.name == scenario.name and one.odds is not None
        else one
        for one in question.study.scenarios
    )
    return replace(question, study=replace(question.study, scenarios=changed))


def _prices(question: Question, chosen: Funded) -> dict[str, Rows]:
    pricing = Pricing(question.security(0), chosen.built)
    chain, options = question.case.chain, question.options.options
    goods = sorted({option.capacity.good for option in options})
    labels = {**{good.good: good.label for good in chain.goods}, **{o.project: o.candidate.label for o in options}}
    payments = [
        {"project": options[row["project"]].project, "label": options[row["project"]].candidate.label,
         "part_share": float(chosen.built[row["project"]]), "payment_usd": _usd(row["payment_usd_m"]),
         "owen_usd": _usd(row["owen_usd_m"]), "pivotal_usd": _usd(row["pivotal_usd_m"]),
         "bracket_usd": _usd(row["bracket_usd_m"]), "asked_usd": _usd(options[row["project"]].candidate.asks)}
        for row in pricing.payments().iter_rows(named=True)
    ]  # fmt: skip
    ledger = []
    for row in pricing.ledger().iter_rows(named=True):
        item = options[int(row["item"])].project if row["party"] == "project" else row["item"] or None
        ledger.append({"outlook": row["outlook"], "party": row["party"], "item": item,
                       "label": labels.get(item) if item else None, "value_usd": _usd(row["usd_m"])})  # fmt: skip
    costs = np.array([option.candidate.asks for option in options])
    odds = [
        {"project": options[row["project"]].project, "label": options[row["project"]].candidate.label,
         "outlook": row["outlook"], "stated_odds_share": question.odds[row["outlook"]][1],
         "gain_usd": _usd(row["gain_usd_m"]), "break_even_odds_share": row["break_even_odds"]}
        for row in pricing.break_even_odds(costs).iter_rows(named=True)
        if row["outlook"] != NOTHING
    ]  # fmt: skip
    found = pricing.bundles(2, range(len(options)))
    return {
        "security_prices": [_price(chain[row["good"]], row) for row in pricing.prices(goods).iter_rows(named=True)],
        "security_payments": payments,
        "security_ledger": ledger,
        "security_bundles": [_bundle(bundle, question) for bundle in found],
        "break_even_odds": odds,
    }


def _price(good: Good, row: Mapping[str, float]) -> dict[str, object]:
    world = good.world_output_per_year
    return {
        "good": good.good, "label": good.label, "price_usd_per_year": _usd(row["price_usd_m"]),
        "price_usd_per_year_low": _usd(row["price_usd_m_low"]), "price_usd_per_year_high": _usd(row["price_usd_m_high"]),
        "price_usd_per_unit": _usd(row["price_usd_m"]) / world if world else None, "unit": good.unit,
    }  # fmt: skip


def _bundle(bundle: Bundle, question: Question) -> dict[str, object]:
    options = [question.options.options[member] for member in bundle.members]
    alone = _usd(math.fsum(bundle.alone))
    names = " and ".join(option.candidate.label for option in options)
    words = "nothing" if alone < 1 else f"{written(alone, USD)} USD"
    return {
        "members": ";".join(option.project for option in options), "together_usd": _usd(bundle.worth), "alone_usd": alone,
        "sentence": f"{names} add {written(_usd(bundle.worth), USD)} USD together and {words} one by one",
    }  # fmt: skip
