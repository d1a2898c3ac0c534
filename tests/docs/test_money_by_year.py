"""What the pages say of late projects, discounting and money by year is what the engines give."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from reshore.chain import build_chain
from reshore.data import read_package
from reshore.funding.candidates import read_options
from reshore.study import Results, make_study, read_study, run
from tests.docs.test_money_concepts import flat, said
from tests.money import PAIR_USD, money_package, money_settings

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "money-by-year.md"


def answered(**fund: object) -> Results:
    return run(make_study(money_settings(samples=0, frontier=[1.0], **fund)), money_package())


def of_plan(found: Results) -> dict[str, object]:
    return found["fund_plans"].row(by_predicate=pl.col("plan") == "chosen", named=True)


def chosen(**fund: object) -> dict[str, object]:
    return of_plan(answered(**fund))


def by_year(*faces: float, carries_over: bool = True) -> list[dict[str, object]]:
    years = [{"year": year, "face_usd": 1e6 * face} for year, face in zip((2027, 2028), faces, strict=True)]
    return [{"instrument": "plant-loan", "years": years, "carries_over": carries_over}]


def test_the_small_chain_by_year_is_as_on_the_page():
    text = flat("funding")
    each, late, whole = said(r"two years bring ([0-9.]+) each.*?worth ([0-9.]+) M instead of ([0-9.]+) M\.", text)
    assert chosen(budgets=by_year(each, each))["worth_usd"] == pytest.approx(late * 1e6, rel=5e-3)
    assert pytest.approx(whole * 1e6, rel=5e-3) == PAIR_USD
    (at_once,) = said(r"With ([0-9.]+) million in 2027 both", text)
    assert chosen(budgets=by_year(at_once, 0))["worth_usd"] == pytest.approx(PAIR_USD, rel=1e-6)
    first, second = said(r"With ([0-9.]+) and ([0-9.]+) million the plan waits", text)
    assert chosen(budgets=by_year(first, second))["worth_usd"] == pytest.approx(late * 1e6, rel=5e-3)
    assert chosen(budgets=by_year(first, second, carries_over=False))["built_count"] == 0


def test_the_ends_of_the_delay_on_the_page():
    text = flat("funding")
    assert "one to two times their 24 months, likeliest as planned" in text
    (whole,) = said(r"on time it is worth all of its ([0-9.]+) M", text)
    delay = {"low": 1, "point": 1, "high": 2, "source": "round number"}
    found = run(make_study(money_settings(samples=0, frontier=[1.0], delay=delay)), money_package())["fund_tornado"]
    row = found.row(by_predicate=pl.col("assumption") == "How late projects come", named=True)
    assert (row["worth_usd_low"], row["worth_usd_high"]) == (
        pytest.approx(0, abs=1), pytest.approx(whole * 1e6, rel=5e-3),
    )  # fmt: skip


def test_deals_made_already_are_worth_what_the_page_says():
    text = flat("funding")
    face, each, worth = said(
        r"got its ([0-9.]+) million in 2027, and each year brings ([0-9.]+)\..*?is worth ([0-9.]+) M", text
    )
    late, money, after, before = said(
        r"plant is ([0-9.]+) months late.*?with ([0-9.]+) million in 2027 for both, the partner adds ([0-9.]+) M "
        r"instead of ([0-9.]+) M", text,
    )  # fmt: skip
    deal = {"project": "oxide-plant", "instrument": "plant-loan", "amount_usd": 1e6 * face, "date": "2027-01-01"}
    half = answered(budgets=by_year(each, each), commitments=[deal])
    assert of_plan(half)["worth_usd"] == pytest.approx(worth * 1e6, rel=5e-3)
    assert half["fund_commitments"]["lost_usd"].item() == pytest.approx(of_plan(half)["worth_usd"])
    for months, expected in ((late, after), (0, before)):
        known = [{**deal, "outcome": "running", "late_months": months}]
        found = answered(budgets=by_year(money, 0), commitments=known)
        assert of_plan(found)["worth_usd"] == pytest.approx(expected * 1e6, rel=5e-3)
    failed = answered(budgets=by_year(each, each), commitments=[{**deal, "outcome": "failed"}])
    assert of_plan(failed)["built_count"] == 0


def test_waiting_to_see_is_worth_what_the_page_says():
    text = flat("funding")
    oxide, first, second = said(
        r"chain with ([0-9.]+) of world oxide at home.*?has the ([0-9.]+) million for it.*?"
        r"in 2028 there are ([0-9.]+) million", text,
    )  # fmt: skip
    kept, anew, gain = said(r"half of the time: ([0-9.]+) M.*?both times: ([0-9.]+) M.*?is worth ([0-9.]+) M", text)
    fund = {"budgets": by_year(first, second, carries_over=False), "must": ["magnet-risky"], "replan": True}
    found = run(make_study(money_settings(samples=0, frontier=[1.0], **fund)), money_package(oxide_at_home=oxide))
    row = found["fund_replan"].row(by_predicate=pl.col("odds_share").is_null(), named=True)
    for name, expected in (("kept_usd", kept), ("anew_usd", anew), ("gain_usd", gain)):
        assert row[name] == pytest.approx(expected * 1e6, rel=5e-3), name


def test_months_to_build_of_candidates_are_as_on_the_page():
    text = flat("funding")
    study = read_study(GUIDE.parents[2] / "studies" / "osc-one-billion.toml")
    package = read_package(study.package_path)
    options, _ = read_options(package, build_chain(package), (study.home,), study.fund.statuses, study.fund.defaults)
    assumed = f"build months {study.fund.defaults.build_months:g}"
    stated = [option.capacity.build_months for option in options if assumed not in option.assumed]
    count, median = said(r"of ([0-9]+) candidates of that study with a figure the median is ([0-9]+)", text)
    assert (len(stated), np.median(stated)) == (count, median)
    took, least, most, low, high = said(
        r"what Sila took instead \(([0-9]+) months, with ([0-9]+) to ([0-9]+) planned: ([0-9.]+) to ([0-9.]+) times",
        text,
    )
    sila = package["projects"].row(by_predicate=pl.col("project") == "sila-moses-lake", named=True)
    assert (sila["build_months"], f"{least:g} to {most:g} planned" in sila["note"]) == (took, True)
    assert (took / most, took / least) == (pytest.approx(low, abs=5e-3), pytest.approx(high, abs=5e-3))


def test_the_study_of_the_guide_is_read_as_it_stands():
    (block,) = re.findall(r"^```toml\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    study = money_settings() | tomllib.loads(block)
    fund = make_study(study).fund
    assert fund is not None
    assert fund.years == (2027, 2028, 2029)
    assert fund.budgets[0].in_all(None) == 984e6
    assert fund.delay is not None
    assert fund.year_begins_month == 10
