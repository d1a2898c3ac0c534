"""Worked examples on the pages about concepts: the numbers on the page are what the engines give."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from reshore.chain.ownership import control, fifty_percent_rule, look_through
from reshore.exposure.complexity import measure_complexity
from reshore.exposure.concentration import herfindahl, herfindahl_bounds
from tests.unit.chain.test_ownership import network, share_of

CONCEPTS = Path(__file__).resolve().parents[2] / "docs" / "concepts"


def page(name: str) -> str:
    return (CONCEPTS / f"{name}.md").read_text(encoding="utf-8")


def numbers(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in re.findall(r"[−-]?[0-9]+(?:\.[0-9]+)?", text)]


def line_with(text: str, words: str) -> str:
    return next(line for line in text.splitlines() if words in line)


def test_one_chain_has_three_answers():
    ownership = network(("X", "A", 0.5), ("X", "B", 0.1), ("A", "B", 0.4))
    text = page("ownership")
    money = numbers(line_with(text, "| money |"))
    assert share_of(look_through(ownership, ["X"]), "X", "B") == pytest.approx(money[3])
    assert control(ownership).ultimate("B") == ()
    closure = fifty_percent_rule(ownership, ["X"])
    assert closure["B"].answer == "yes"
    assert closure["B"].share_low == pytest.approx(numbers(line_with(text, "50 percent rule, X on the list"))[4])


def test_money_of_firms_that_hold_each_other_is_counted_once():
    ownership = network(("X", "A", 0.8), ("B", "A", 0.2), ("Y", "B", 0.8), ("A", "B", 0.2))
    found = look_through(ownership)
    text = page("ownership").replace("\n", " ")
    of_a, of_b = re.search(r"= ([0-9.]+) of A and 0\.2 × [0-9.]+ = ([0-9.]+) of B", text).groups()
    assert share_of(found, "X", "A") == pytest.approx(float(of_a), abs=5e-5)
    assert share_of(found, "X", "B") == pytest.approx(float(of_b), abs=5e-5)
    for firm in "AB":
        assert share_of(found, "X", firm) + share_of(found, "Y", firm) == pytest.approx(1.0)


def test_the_index_of_four_countries_is_the_published_one():
    text = page("complexity")
    rows = [line for line in text.splitlines() if re.match(r"\| c[0-3] \|", line)]
    made = np.array([[int(cell) for cell in row.split("|")[2:-1]] for row in rows], dtype=bool)
    found = measure_complexity(made)
    prose = text.split("The eigenvalues are")[1].split("c2 comes last")[0]
    values = numbers(re.sub(r"\b[cp][0-9]\b", "", prose))
    assert found.eigenvalues[:3] == pytest.approx(values[:3], abs=5e-9)
    assert found.economic_complexity_index == pytest.approx(values[4:8], abs=5e-7)
    assert found.density_share[0, 0] == pytest.approx(values[8], abs=5e-7)
    assert found.complexity_outlook_gain[1, 3] == pytest.approx(values[9], abs=5e-7)


def test_concentration_of_two_suppliers_and_of_an_unknown_quarter():
    text = page("exposure").replace("\n", " ")
    index, equal = re.search(r"give 0\.75² \+ 0\.25² = ([0-9.]+), as many as ([0-9.]+) equal", text).groups()
    assert herfindahl([0.75, 0.25]) == pytest.approx(float(index))
    assert 1 / float(index) == pytest.approx(float(equal))
    low, high = re.search(r"between ([0-9.]+) and ([0-9.]+[0-9])\.", text.split("If 25 percent")[1]).groups()
    assert herfindahl_bounds([0.5, 0.25], [0.5, 0.25], 0.25) == pytest.approx((float(low), float(high)))
