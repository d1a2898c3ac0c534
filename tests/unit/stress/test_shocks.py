"""Shocks: what each does to supply and demand, by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from reshore.stress.shocks import SHOCKS, Hit, Target, strike
from reshore.stress.spans import Span

TARGET = Target(
    ("anode", "graphite-anode", "motor", "silicon-anode"), {}, ("motor",), 6,
    {"anode": ("graphite-anode", "silicon-anode")},
)  # fmt: skip


def severities(hit: Hit, months: int = 6) -> list[float]:
    """Severity of each month, from the cuts of a hit."""
    found = np.zeros(months)
    for cut in strike((hit,), TARGET).cuts:
        found = np.maximum(found, cut.by_month(months))
    return found.tolist()


@pytest.mark.parametrize("shock", SHOCKS, ids=lambda shock: shock.name)
def test_a_card_says_what_it_asks_and_its_parameters_are_those_of_a_hit(shock):
    fields = {field.name for field in dataclasses.fields(Hit)}
    assert shock.question.endswith("?")
    assert shock.label
    assert shock.source
    assert {parameter.name for parameter in shock.parameters} <= fields
    assert all(parameter.description.endswith(".") for parameter in shock.parameters)
    assert len({card.name for card in SHOCKS}) == len(SHOCKS)


def test_a_cut_follows_its_profile_and_severity():
    hit = Hit("supply-cut", ("CHN",), severity_share=Span.of(0.8), start_month=2, ramp_months=2, duration_months=4)
    # Means of a straight rise over months 2 and 3, then full, then over: times 0.8.
    assert severities(hit) == pytest.approx([0, 0.2, 0.6, 0.8, 0.8, 0])


def test_a_license_loses_what_is_not_granted_month_by_month_and_holds_the_last():
    granted = tuple(Span.of(share) for share in (0.0, 0.25, 0.6))
    hit = Hit("export-license", ("CHN",), granted_share=granted, start_month=2)
    assert severities(hit) == pytest.approx([0, 1, 0.75, 0.4, 0.4, 0.4])


def test_a_hard_draw_of_a_license_is_one_in_which_little_is_granted():
    hit = Hit("export-license", ("CHN",), granted_share=(Span(0.2, 0.5, 0.6),))
    hard, soft = (strike((hit,), TARGET, luck).cuts[0].severity for luck in (1.0, 0.0))
    assert (hard, soft) == (pytest.approx(0.8), pytest.approx(0.4))


def test_a_cut_of_a_good_is_a_cut_of_its_variants():
    assert strike((Hit("supply-cut", ("CHN",), goods=("anode",)),), TARGET).cuts[0].goods == (
        "anode", "graphite-anode", "silicon-anode",
    )  # fmt: skip


def test_a_plant_loss_is_lost_to_everyone():
    cuts = strike((Hit("plant-loss", organizations=("maker",)),), TARGET).cuts
    assert [(cut.places, cut.is_lost) for cut in cuts] == [(("maker",), True)]


def test_a_price_spike_drives_buyers_away_by_their_elasticity():
    # Magnets treble (+200 %), are 3 % of cost, half of it reaches the price: 1.03 ^ -0.8 = 0.97663 of demand stays.
    hit = Hit("price-spike", goods=("motor",), price_rise_share=Span.of(2.0), cost_share=Span.of(0.03),
              pass_through_share=Span.of(0.5), elasticity=Span.of(0.8))  # fmt: skip
    blow = strike((hit,), TARGET)
    assert blow.forgone[0] == pytest.approx(np.full(6, 1 - 1.03**-0.8))
    assert blow.asked[0] == pytest.approx(np.full(6, 1.03**-0.8))
    assert blow.cuts == ()


def test_a_surge_asks_for_more_of_the_final_use_and_of_nothing_else():
    blow = strike((Hit("demand-surge", goods=("motor",), demand_rise_share=Span.of(0.5), start_month=4),), TARGET)
    assert blow.asked[0] == pytest.approx([1, 1, 1, 1.5, 1.5, 1.5])


def test_two_rises_of_demand_multiply():
    surge = Hit("demand-surge", goods=("motor",), demand_rise_share=Span.of(0.5))
    assert strike((surge, surge), TARGET).asked[0, 0] == pytest.approx(2.25)
