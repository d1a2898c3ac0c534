"""Bundles of instruments as a table: what each part costs and each condition brings, on every project it is offered."""

from __future__ import annotations

from dataclasses import fields

from reshore.funding.bundles import Line
from reshore.funding.fund import Funded
from reshore.funding.instruments import read_instruments
from reshore.funding.parts import Condition, Part
from reshore.study.money.question import Question, Rows
from reshore.units import SHARE, USD, written

_SHARES = frozenset({"share", "spread", "volatility", "fee_share_per_year"})


def bundles(question: Question, chosen: Funded) -> Rows:
    """The account of every bundle that was offered, line by line; those of the plan are marked."""
    projects = {option.candidate.name: option.project for option in question.options.options}
    taken = {(projects[deal.candidate], deal.instrument) for deal in chosen.plan.deals}
    offered = {(projects[offer.candidate], offer.instrument) for offer in question.options.offers}
    known = read_instruments(question.package["instruments"])
    labels = {option.project: option.candidate.label for option in question.options.options}
    rows: Rows = []
    for bundle in question.settings.bundles:
        lines = bundle.account(question.settings.market, known)
        asks = [] if bundle.asked_usd is None else [f"asks for {written(bundle.asked_usd, USD)} USD up front under it"]
        for project in bundle.projects:
            key = (project, bundle.bundle)
            if key not in offered:
                continue
            head: dict[str, object] = {
                "project": project, "label": labels[project], "bundle": bundle.bundle, "bundle_label": bundle.label,
                "chosen": key in taken, "terms_from": bundle.source,
                "assumed": "; ".join([*bundle.assumed, *asks]) or None,
            }  # fmt: skip
            rows += [head | {"line": number} | _account(line) for number, line in enumerate(lines, 1)]
    return rows


def _account(line: Line) -> dict[str, object]:
    """One line: a condition that moves no money has no cost, which is not a cost of zero."""
    is_part = isinstance(line.record, Part)
    has_cost = is_part or line.moves_money
    return {
        "kind": line.kind, "instrument": line.instrument or None, "terms": terms_in_words(line.record),
        "face_usd": line.face_usd if is_part else None,
        "budget_usd": line.budget_usd if has_cost else None, "fair_usd": line.fair_usd if has_cost else None,
        "cost_from": ("stated" if line.is_stated else "computed") if has_cost else None,
    }  # fmt: skip


def terms_in_words(record: Part | Condition) -> str:
    """The terms of a part or a condition as people read them.

    >>> from reshore.funding.parts import LoanPart
    >>> terms_in_words(LoanPart("loan", 150e6, 0.01, 12))
    'amount 150,000,000 USD; spread 1 %; tenor 12 years; repayment level'
    """
    said = []
    for entry in fields(record):
        value = getattr(record, entry.name)
        if entry.name != "instrument" and value is not None and value != () and value != 0:
            said.append(_term(entry.name, value))
    return "; ".join(said)


def _term(name: str, value: object) -> str:
    """One term: its name, and its value in the unit that the name ends in."""
    if isinstance(value, str):
        return f"{_plain(name)} {value}"
    if isinstance(value, tuple):
        if all(isinstance(one, str) for one in value):
            return f"{_plain(name)} {', '.join(value)}"
        least, most = f"{min(value):,.10g}", f"{max(value):,.10g}"
        each = least if least == most else f"{least} to {most}"
        return f"{each} {_plain(name.removesuffix('_per_year'))} a year for {len(value)} years"
    assert isinstance(value, int | float)
    if name == "years":
        return f"for {value:g} years"
    if name in _SHARES or name.endswith(("_share", "_rate")):
        return f"{_plain(name)} {written(value, SHARE)}"
    for suffix, unit in (("_usd_per_year", " USD a year"), ("_usd", " USD"), ("_years", " years"), ("_count", "")):
        if name.endswith(suffix):
            return f"{_plain(name.removesuffix(suffix))} {value:,.10g}{unit}"
    return f"{_plain(name)} {value:,.10g}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
