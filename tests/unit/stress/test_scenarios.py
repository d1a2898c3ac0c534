"""Scenarios in a study file: read strictly, all problems at once, and written back the same."""

from __future__ import annotations

import pytest

from reshore.errors import InputError
from reshore.flow import RATIONING as RULES
from reshore.stress import Hit, Scenario, Span
from reshore.stress.scenarios import RATIONING, odds_of_nothing
from reshore.study import make_study
from reshore.study.settings import settings_of
from tests.small import settings

CUT = {"shock": "supply-cut", "countries": ["CHN"]}


def study(*scenarios: dict[str, object], **stress: object):
    return make_study({**settings(), "scenarios": list(scenarios), "stress": stress})


def problems(*scenarios: dict[str, object], **stress: object) -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        study(*scenarios, **stress)
    return [(problem.code, problem.place.column) for problem in caught.value.problems]


def test_a_scenario_is_read_with_its_ranges():
    found = study(
        {"name": "licenses", "label": "Licenses", "odds": [0.1, 0.3], "months": 18, "by": "control", "shocks": [
            {"shock": "export-license", "countries": ["CHN"], "goods": ["magnet"],
             "granted_share": [0, [0.2, 0.4], 0.6]}
        ]}
    ).scenarios  # fmt: skip
    granted = (Span.of(0.0), Span(0.2, 0.30000000000000004, 0.4), Span.of(0.6))
    assert found == (
        Scenario("licenses", "Licenses", (Hit("export-license", ("CHN",), goods=("magnet",), granted_share=granted),),
                 Span(0.1, 0.2, 0.3), 18, by="control"),
    )  # fmt: skip


def test_a_study_writes_back_what_it_read():
    found = study(
        {"name": "a", "odds": 0.2, "rationing": "home_first", "pool": ["USA", "JPN"], "shocks": [
            {**CUT, "severity_share": [0.5, 0.9], "ramp_months": 2},
            {"shock": "price-spike", "goods": ["motor"], "price_rise_share": 1.5, "cost_share": 0.03,
             "elasticity": 0.8},
        ]},
        draws=7, figures_until=2019, market="KOR", downstream={"ratio": [1, 2], "source": "s"},
        values=[{"good": "motor", "usd_per_year": {"low": 1, "point": 2, "high": 4}, "source": "s"}],
        use_shares=[{"country": "CHN", "share": 0.3, "source": "s"},
                    {"country": "USA", "good": "motor", "share": 0.1, "source": "s"}],
    )  # fmt: skip
    again = make_study(settings_of(found))
    assert again == found
    assert again.digest == found.digest


def test_every_problem_of_a_scenario_is_found_at_once():
    found = problems(
        {"name": "a", "odds": 0.6, "shocks": [{"shock": "suply-cut"}, {**CUT, "severity_share": 1.2, "speed": 3}]},
        {"name": "a", "odds": 0.6, "months": 0, "shocks": [{"shock": "supply-cut", "countries": ["USA", "China"]}]},
        {"name": "Big one", "pool": ["JPN"], "by": "flag", "shocks": []},
        {"name": "c", "pool": ["USA", "CHN"], "shocks": [CUT]},
        {"name": "b", "shocks": [{"shock": "price-spike", "goods": ["motor"]}]},
    )
    assert sorted(found) == sorted([
        ("duplicate-key", "scenarios[2].name"),
        ("out-of-range", "scenarios.odds"),
        ("unknown-word", "scenarios[1].shocks[1].shock"),
        ("out-of-range", "scenarios[1].shocks[2].severity_share"),
        ("unknown-key", "scenarios[1].shocks[2].speed"),
        ("out-of-range", "scenarios[2].months"),
        ("out-of-range", "scenarios[2].shocks[1].countries"),
        ("unknown-country", "scenarios[2].shocks[1].countries"),
        ("bad-name", "scenarios[3].name"),
        ("wrong-type", "scenarios[3].shocks"),
        ("unknown-word", "scenarios[3].by"),
        ("out-of-range", "scenarios[3].pool"),
        ("out-of-range", "scenarios[4].pool"),
        ("missing-key", "scenarios[5].shocks[1].price_rise_share"),
        ("missing-key", "scenarios[5].shocks[1].cost_share"),
        ("missing-key", "scenarios[5].shocks[1].elasticity"),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("stress", "place"),
    [
        ({"draws": -1}, "stress.draws"),
        ({"draws": 10**12}, "stress.draws"),
        ({"drawz": 5}, "stress.drawz"),
        ({"unknown_stock_months": [3, 1]}, "stress.unknown_stock_months"),
        ({"downstream": {"ratio": 2}}, "stress.downstream.source"),
        ({"values": [{"good": "motor", "usd_per_year": 1e9}]}, "stress.values[1].source"),
        ({"figures_until": "2019"}, "stress.figures_until"),
        ({"market": "XX"}, "stress.market"),
    ],
)
def test_settings_of_stress_are_read_as_strictly(stress: dict[str, object], place: str):
    assert place in [column for _, column in problems({"name": "a", "shocks": [CUT]}, **stress)]


def test_what_is_missing_to_one_is_that_nothing_happens():
    pair = study(
        {"name": "a", "odds": [0.1, 0.3], "shocks": [CUT]}, {"name": "b", "odds": 0.2, "shocks": [CUT]}
    ).scenarios
    nothing = odds_of_nothing(pair)
    assert nothing is not None
    assert (nothing.low, nothing.point, nothing.high) == (pytest.approx(0.5), pytest.approx(0.6), pytest.approx(0.7))
    assert odds_of_nothing(study({"name": "a", "shocks": [CUT]}).scenarios) is None


def test_the_words_of_rationing_are_those_of_the_flow_program():
    assert set(RATIONING) == {rule.name for rule in RULES}
