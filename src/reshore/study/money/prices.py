"""Prices as tables: what capacity is worth, who produces it, and from which odds it pays."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from reshore.chain.records import Good
from reshore.funding.fund import Funded
from reshore.pricing.prices import Bundle, Pricing
from reshore.study.money.question import NOTHING, Question, Rows, usd
from reshore.units import USD, written


def prices(question: Question, chosen: Funded) -> dict[str, Rows]:
    """The tables of prices at the chosen plan, by name; projects count with their mean capacity."""
    mean = question.mean
    pricing = Pricing(mean.security, chosen.built, mean.evaluator)
    chain, options = question.case.chain, question.options.options
    goods = sorted({option.capacity.good for option in options})
    labels = {**{good.good: good.label for good in chain.goods}, **{o.project: o.candidate.label for o in options}}
    payments = [
        {"project": options[row["project"]].project, "label": options[row["project"]].candidate.label,
         "part_share": float(chosen.built[row["project"]]), "payment_usd": usd(row["payment_usd_m"]),
         "owen_usd": usd(row["owen_usd_m"]), "pivotal_usd": usd(row["pivotal_usd_m"]),
         "bracket_usd": usd(row["bracket_usd_m"]), "asked_usd": usd(options[row["project"]].candidate.asks)}
        for row in pricing.payments().iter_rows(named=True)
    ]  # fmt: skip
    ledger = []
    for row in pricing.ledger().iter_rows(named=True):
        item = options[int(row["item"])].project if row["party"] == "project" else row["item"] or None
        ledger.append({"outlook": row["outlook"], "party": row["party"], "item": item,
                       "label": labels.get(item) if item else None, "value_usd": usd(row["usd_m"])})  # fmt: skip
    costs = np.array([option.candidate.asks * option.candidate.present for option in options])
    each = question.by_project(chosen.built)
    odds = [
        {"project": options[row["project"]].project, "label": options[row["project"]].candidate.label,
         "outlook": row["outlook"], "stated_odds_share": question.odds[row["outlook"]][1],
         "gain_usd": usd(row["gain_usd_m"]), "break_even_odds_share": row["break_even_odds"]}
        for row in pricing.break_even_odds(costs).iter_rows(named=True)
        if row["outlook"] != NOTHING and row["project"] in each
    ]  # fmt: skip
    found = pricing.bundles(2, each)
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
        "good": good.good, "label": good.label, "price_usd_per_year": usd(row["price_usd_m"]),
        "price_usd_per_year_low": usd(row["price_usd_m_low"]), "price_usd_per_year_high": usd(row["price_usd_m_high"]),
        "price_usd_per_unit": usd(row["price_usd_m"]) / world if world else None, "unit": good.unit,
    }  # fmt: skip


def _bundle(bundle: Bundle, question: Question) -> dict[str, object]:
    options = [question.options.options[member] for member in bundle.members]
    alone = usd(math.fsum(bundle.alone))
    names = " and ".join(option.candidate.label for option in options)
    words = "nothing" if alone < 1 else f"{written(alone, USD)} USD"
    return {
        "members": ";".join(option.project for option in options), "together_usd": usd(bundle.worth),
        "alone_usd": alone,
        "sentence": f"{names} add {written(usd(bundle.worth), USD)} USD together and {words} one by one",
    }  # fmt: skip
