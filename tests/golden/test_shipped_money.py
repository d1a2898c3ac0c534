"""The shipped studies about money: their plans keep the terms, their bounds hold, and their ledgers balance."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import polars as pl
import pytest

from reshore.chain import build_chain
from reshore.data import read_package
from reshore.errors import SolverError
from reshore.funding.fund import Funded
from reshore.pricing.prices import Pricing, check_ledger
from reshore.study import read_study
from reshore.study.control import control_at
from reshore.study.money.question import Question, ask
from reshore.study.stress import stress_case

ROOT = Path(__file__).resolve().parents[2]
STUDIES = [
    path for path in sorted((ROOT / "studies").rglob("*.toml")) if "fund" in tomllib.loads(path.read_text("utf-8"))
]


@pytest.fixture(scope="module", params=STUDIES, ids=lambda path: path.stem)
def answered(request: pytest.FixtureRequest) -> tuple[Question, Funded]:
    study = read_study(request.param)
    package = read_package(study.package_path)
    case = stress_case(study, package, build_chain(package, *study.chains), control_at(package, study.at))
    question = ask(study, package, case)
    return question, question.fund.best()


def test_there_are_studies_about_money():
    assert [path.stem for path in STUDIES] == ["osc-one-billion"]


def test_the_plan_keeps_its_budgets_and_tickets_and_its_bound_holds_other_plans(answered):
    question, chosen = answered
    (pool,) = question.rules.pools
    assert math.fsum(deal.amount for deal in chosen.plan.deals) <= pool.face
    tickets = {(offer.candidate, offer.instrument): (offer.low, offer.high) for offer in question.options.offers}
    for deal in chosen.plan.deals:
        low, high = tickets[deal.candidate, deal.instrument]
        assert low - 1e-6 <= deal.amount <= high + 1e-6
    assert chosen.gap_share <= question.settings.gap_share
    # One project after the other, by worth per dollar asked for: never above the bound.
    left, greedy = pool.face, {}
    worth = {o.project: question.fund.worth(question.fund.parts({o.project: 1.0}))[0] for o in question.options.options}
    for option in sorted(question.options.options, key=lambda o: -worth[o.project] / o.candidate.asks):
        amount = min(left, option.candidate.asks, 150.0)
        if amount >= 10.0 and worth[option.project] > 0:
            greedy[option.project] = amount / option.candidate.asks
            left -= amount
    assert 0 < question.fund.worth(question.fund.parts(greedy))[0] <= chosen.bound + 1e-6


def test_the_ledger_balances_in_every_outlook_and_no_entry_can_be_changed_unseen(answered):
    question, chosen = answered
    ledger = Pricing(question.mean.security, chosen.built, question.mean.evaluator).ledger()
    check_ledger(ledger)
    amounts = ledger["usd_m"].to_list()
    rows = ledger.with_row_index()
    for (_,), own in rows.group_by(["outlook"], maintain_order=True):
        # A part in 100,000 of what the outlook turns over, and a thousand dollars where it turns over next to nothing.
        slip = max(1e-3, 1e-5 * own["usd_m"].abs().sum())
        for row in own["index"].to_list():
            changed = [amount + slip * (place == row) for place, amount in enumerate(amounts)]
            with pytest.raises(SolverError, match="ledger"):
                check_ledger(ledger.with_columns(pl.Series("usd_m", changed)))
