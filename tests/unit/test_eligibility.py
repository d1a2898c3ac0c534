"""Eligibility: how clauses combine, three answers, dates, closures, and the shipped rules."""

from __future__ import annotations

import math

import polars as pl
import pytest

from reshore.data import read_package
from reshore.eligibility import Clause, clauses_of, facts_of, held_shares, judge
from reshore.errors import InputError
from reshore.shipped import shipped
from tests.unit.chain.test_ownership import network, stake


def clause(key: str, kind: str = "gate", measure: str | None = "m", operator: str = "at least", threshold: float = 1.0):
    return Clause(
        "rule", key, kind, key, measure, operator if measure else None, threshold if measure else None, "", "s"
    )


def answer(clauses, **known):
    facts = {name: value if isinstance(value, tuple) else (value, value) for name, value in known.items()}
    return judge(clauses, "firm", facts)


def test_every_gate_must_hold_and_the_one_that_does_not_is_named():
    gates = [
        clause("growth", measure="g", threshold=0.05),
        clause("debt", measure="d", operator="at most", threshold=0.7),
    ]
    assert answer(gates, g=0.06, d=0.7).answer == "pass"
    failed = answer(gates, g=0.06, d=0.8)
    assert (failed.answer, failed.fired) == ("fail", ("debt",))
    assert failed.verdicts[1].margin == pytest.approx(-0.1)


def test_one_of_the_ways_is_enough_and_all_parts_of_a_way_are_needed():
    # R&D of 3 % for large firms, 6 % for smaller ones: the ladder of the Little Giants
    ways = [
        clause("rd.large:revenue", measure="revenue", threshold=100),
        clause("rd.large:share", measure="rd", threshold=0.03),
        clause("rd.small:revenue", measure="revenue", operator="less than", threshold=100),
        clause("rd.small:share", measure="rd", threshold=0.06),
    ]
    assert answer(ways, revenue=200, rd=0.04).answer == "pass"
    assert answer(ways, revenue=60, rd=0.04).answer == "fail"
    assert answer(ways, revenue=60, rd=0.07).answer == "pass"
    assert answer(ways, revenue=(60, 200), rd=0.07).answer == "needs a person"  # either way passes, but not for sure


def test_what_is_not_known_needs_a_person_unless_another_gate_already_fails():
    gates = [clause("a", measure="a"), clause("b", measure="b")]
    assert answer(gates, a=2).answer == "needs a person"
    assert answer(gates, a=0).answer == "fail"
    assert answer([clause("chain", measure=None)]).answer == "needs a person"


def test_what_may_equal_a_value_within_its_range_needs_a_person():
    # On two lists, or on none to three: whoever is on exactly two is caught, and nobody knows.
    caught, must = (clause("two", kind, operator="equals", threshold=2.0) for kind in ("closure", "gate"))
    assert answer([caught], m=(1, 3)).answer == "needs a person"
    assert answer([must], m=(1, 3)).answer == "needs a person"
    assert answer([caught], m=(2, 3)).answer == "needs a person"
    assert (answer([caught], m=2).answer, answer([must], m=2).answer) == ("fail", "pass")
    assert (answer([caught], m=(3, 4)).answer, answer([must], m=(3, 4)).answer) == ("pass", "fail")


def test_all_parts_of_a_bypass_must_hold_and_it_stands_for_the_gates_named_pass_alone():
    clauses = [
        clause("pass", measure="score", threshold=60),
        clause("passport", measure="papers"),
        clause("bypass:prize", "bypass", measure="prize"),
        clause("bypass:patents", "bypass", measure="patents", threshold=5),
    ]
    assert answer(clauses, score=10, papers=1, prize=1, patents=5).answer == "pass"
    assert answer(clauses, score=10, papers=1, prize=1, patents=4).answer == "fail"
    assert answer(clauses, score=90, papers=0, prize=1, patents=5).answer == "fail"


def test_a_range_is_read_at_both_ends():
    gate = [clause("share", measure="s", threshold=0.25)]
    assert answer(gate, s=(0.3, 0.5)).answer == "pass"
    assert answer(gate, s=(0.1, 0.2)).answer == "fail"
    assert answer(gate, s=(0.2, 0.3)).answer == "needs a person"
    assert answer(gate, s=(0.3, math.inf)).answer == "pass"


def test_a_bypass_stands_for_the_score_and_for_nothing_else():
    rule = [clause("pass", measure="score", threshold=60), clause("size", measure="revenue", threshold=10),
            clause("bypass.award", "bypass", measure="award", operator="equals", threshold=1)]  # fmt: skip
    assert answer(rule, score=50, revenue=20, award=1).answer == "pass"
    assert answer(rule, score=50, revenue=5, award=1).answer == "fail"
    assert answer(rule, score=50, revenue=20, award=0).answer == "fail"
    assert answer(rule, score=50, revenue=20).answer == "needs a person"


def test_a_closure_must_not_catch():
    caught = [clause("holding", "closure", measure="held", threshold=0.25)]
    assert answer(caught, held=0.2).answer == "pass"
    assert answer(caught, held=0.25).answer == "fail"
    assert answer(caught, held=(0.1, 0.4)).answer == "needs a person"


def test_what_a_reviewer_decides_is_never_decided_here():
    assert answer([clause("board", "discretion", measure=None)]).answer == "needs a person"


def test_the_two_closures_hold_different_shares_of_the_same_chain():
    # X owns half of A and a tenth of B, A owns 40 percent of B: the 50 percent rule adds 0.1 and 0.4
    ownership = network(stake("X", "A", 0.5), stake("X", "B", 0.1), stake("A", "B", 0.4))
    assert held_shares(ownership, "B", ["X"])["blocked_owned_share"][0] == pytest.approx(0.5)
    assert held_shares(ownership, "B", []) == {"concern_held_share": (0.0, 0.0), "blocked_owned_share": (0.0, 0.0)}


@pytest.fixture(scope="module")
def package():
    return read_package(shipped("packages") / "critical-2026")


class TestShippedRules:
    def test_a_rule_is_asked_for_by_its_day(self, package):
        assert clauses_of(package["rules"], "chn-little-giant-2022", "2024-01-01")
        with pytest.raises(InputError, match="rule-not-in-force"):
            clauses_of(package["rules"], "chn-little-giant-2018", "2024-01-01")
        with pytest.raises(InputError, match="did you mean 'chn-little-giant-2022'"):
            clauses_of(package["rules"], "chn-little-giants-2022", "2024-01-01")

    def test_every_clause_with_a_measure_can_be_compared(self, package):
        gates = package["rules"].filter(
            pl.col("kind").is_in(["gate", "closure", "bypass"]) & pl.col("measure").is_not_null()
        )
        assert gates.filter(pl.col("operator").is_null() | pl.col("threshold").is_null()).height == 0

    def test_the_little_giant_gates_of_2022(self, package):
        # MIIT annex of 2022: three years, 70 % main business, 5 % growth, 70 % debt, 10 % of the niche, two class I
        # items, R&D of 3 % above CNY 100 million of revenue; two clauses on the chain can only be read by a person
        clauses = clauses_of(package["rules"], "chn-little-giant-2022", "2024-01-01")
        good = {"years_in_niche": 4, "main_business_share": 0.8, "main_growth_2y": 0.1, "debt_ratio": 0.5,
                "niche_share": 0.2, "class_1_ip_count": 3, "revenue_cny": 2e8, "rd_share": 0.04,
                "title_srdi_sme": 1}  # fmt: skip
        found = answer(clauses, **good)
        assert found.answer == "needs a person"
        assert set(found.fired) == {"chain", "field"}
        assert answer(clauses, **good | {"niche_share": 0.09}).fired == ("niche-share",)
        assert answer(clauses, **good | {"rd_share": 0.02}).answer == "fail"

    def test_a_quarter_held_by_a_state_of_concern_bars_chips_money(self, package):
        clauses = clauses_of(package["rules"], "us-chips-feoc-25", "2026-11-01")
        assert "holding" in answer(clauses, concern_held_share=0.25, legacy_capacity_growth=0).fired
        assert answer(clauses, concern_held_share=0.1, legacy_capacity_growth=0).answer == "pass"

    def test_facts_are_the_newest_up_to_the_day(self, package):
        measures = package["measures"].filter(pl.col("value").is_not_null())
        row = measures.row(0, named=True)
        facts = facts_of(package, row["organization"], "2030-01-01", {"ask_usd": (1.0, 1.0)})
        assert row["measure"] in facts
        assert facts["ask_usd"] == (1.0, 1.0)

    def test_named_chip_makers_are_barred_and_others_are_not_on_the_list(self, package):
        clauses = clauses_of(package["rules"], "us-section-5949", "2026-11-01")
        assert judge(clauses, "smic", facts_of(package, "smic", "2026-11-01")).answer == "fail"
        assert judge(clauses, "intel", facts_of(package, "intel", "2026-11-01")).answer == "pass"
