"""Properties of stress: what cannot depend on how things are named, split or counted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.stress import Scenario, Span
from reshore.stress.outcomes import try_out
from reshore.stress.tables import stress
from tests.unit.stress.chains import cut, package, shares, stress_case

USE = [{"good": "magnet", "country": "CHN", "use_share": 0.2, "year": 2025}]


def chain(supply: dict[str, float], stock: float, value: float = 1200.0, powder: str = "powder"):
    """Powder into magnets; a fifth of the magnets is used in China."""
    return package(
        [{"good": powder}, {"good": "magnet", "final": True, "market_size_usd_per_year": value}],
        [{"good": "magnet", "input": powder}],
        [*shares(powder, **supply), *shares("magnet", CHN=0.4, JPN=0.6)],
        [*USE, *({"good": good, "country": "WLD", "stock_months": stock} for good in (powder, "magnet"))],
    )


def found(data, scenario: Scenario):
    return try_out(stress_case(data), scenario)


@settings(max_examples=12, deadline=None)
@given(st.floats(0.1, 0.9), st.floats(0, 1), st.floats(0, 2))
def test_splitting_a_supplier_changes_nothing(chinese: float, severity: float, stock: float):
    scenario = cut("CHN", months=6, severity_share=Span.of(severity))
    whole = found(chain({"CHN": chinese, "AUS": 1 - chinese}, stock), scenario)
    split = found(chain({"CHN": chinese, "AUS": (1 - chinese) / 2, "BRA": (1 - chinese) / 2}, stock), scenario)
    assert split.served == pytest.approx(whole.served, abs=1e-6)
    assert split.alike == pytest.approx(whole.alike, abs=1e-9)


@settings(max_examples=8, deadline=None)
@given(st.integers(2, 10**6), st.floats(0.1, 1))
def test_currency_scales_out(factor: int, severity: float):
    scenario = cut("CHN", months=4, severity_share=Span.of(severity))
    one, other = (found(chain({"CHN": 0.9, "AUS": 0.1}, 0.5, value), scenario) for value in (1200.0, 1200.0 * factor))
    assert other.served == pytest.approx(one.served, abs=1e-6)
    assert other.usd(other.alike).sum() == pytest.approx(factor * one.usd(one.alike).sum(), rel=1e-9)


@pytest.mark.parametrize("powder", ["powder", "a-powder", "zinc"])
def test_names_carry_no_meaning(powder: str):
    scenario = cut("CHN", months=6)
    assert found(chain({"CHN": 0.9, "AUS": 0.1}, 1.0, powder=powder), scenario).served == pytest.approx(
        found(chain({"CHN": 0.9, "AUS": 0.1}, 1.0), scenario).served, abs=1e-6
    )


@settings(max_examples=8, deadline=None)
@given(st.floats(0, 2), st.floats(0, 2), st.floats(0.2, 1))
def test_more_stock_never_serves_less_and_the_waterfall_always_adds_up(less: float, more: float, severity: float):
    less, more = sorted((less, more))
    scenario = cut("CHN", months=5, severity_share=Span.of(severity))
    poor, rich = (found(chain({"CHN": 0.9, "AUS": 0.1}, stock), scenario) for stock in (less, more))
    assert rich.alike.sum() >= poor.alike.sum() - 1e-9
    assert rich.unserved_share <= poor.unserved_share + 1e-3
    falls = stress(stress_case(chain({"CHN": 0.9, "AUS": 0.1}, less)), [scenario])["stress_waterfall"].sort("position")
    assert falls["unserved_share"].sum() == pytest.approx(poor.unserved_share, abs=1e-12)
    assert falls["total_share"][3] == pytest.approx(poor.unserved_share, abs=1e-12)
    assert (falls["unserved_share"][:2] >= -1e-9).all()
    assert (falls["unserved_share"][2:] <= 1e-6).all()
