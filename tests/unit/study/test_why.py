"""Why: terms add up to the number, rows and sources are those that were used."""

from __future__ import annotations

import math

import pytest

from reshore.errors import UsageError
from reshore.study import explain, make_study, run
from reshore.study.terms import terms_of
from tests.small import settings, small_package

SUMS = (
    "home_share", "ally_share", "concern_share", "other_share", "unknown_share", "herfindahl_index",
    "single_points_count", "possible_single_points_count", "home_look_through_share", "concern_look_through_share",
)  # fmt: skip


@pytest.fixture(scope="module")
def results():
    return run(make_study(settings()), small_package())


@pytest.mark.parametrize("column", SUMS)
def test_terms_add_up_to_the_number_for_every_good_of_which_it_is_known(results, column: str):
    known = results["exposure"].select("good", column).drop_nulls().rows()
    assert known
    for good, value in known:
        added = math.fsum(term.contribution for term in terms_of(results, good, column))
        assert added == pytest.approx(value, abs=1e-9), good


def test_the_index_of_oxide_is_the_sum_of_two_squares(results):
    # 0.9² + 0.1² = 0.82
    found = explain(results, "oxide", "herfindahl_index")
    assert [(term.label, term.contribution) for term in found.terms] == [
        ("China", pytest.approx(0.81)), ("Malaysia", pytest.approx(0.01))
    ]  # fmt: skip
    assert found.total == "0.82: the number"


def test_suppliers_of_suppliers_weigh_what_their_inputs_weigh(results):
    # Oxide: ore is half its value (assumed), so T = 0.9 + 0.5 · 0.6 = 1.2 of 1.5: 0.8; ore has no inputs.
    found = explain(results, "oxide", "concern_look_through_share")
    own, ore = found.terms
    assert (own.weight, own.value) == (pytest.approx(1 / 1.5), pytest.approx(0.9))
    assert (ore.label, ore.weight, ore.value) == ("Ore", pytest.approx(0.5 / 1.5), pytest.approx(0.6))
    assert found.total.startswith("80 %")


def test_a_number_that_is_no_sum_has_no_terms(results):
    assert explain(results, "ore", "largest_supplier_share").terms == ()


@pytest.mark.parametrize("table", ["suppliers", "conflicts", "cut_sets", "flags", "look_through", "gaps", "reach"])
def test_the_rows_of_every_result_table_are_explained(results, table: str):
    found = explain(results, "Ore", table)
    assert found.label == "Ore"
    assert found.formula
    rows = {part.table.name: part.frame for part in found.evidence}[table]
    assert set(rows["good"]) <= {"ore"}
    assert found.value == f"{rows.height} row{'' if rows.height == 1 else 's'}"


def test_control_is_explained_by_every_stake_above(results):
    found = explain(results, "Film Maker", "control")
    stakes = next(part.frame for part in found.evidence if part.table.name == "stakes")
    assert stakes.select("owner", "owned").rows() == [("holding", "film-maker"), ("ministry", "holding")]
    assert found.sources["source"].to_list() == ["survey"]


def test_a_wrong_table_or_organization_gets_the_nearest_name(results):
    with pytest.raises(UsageError, match="flags"):
        explain(results, "ore", "flag")
    with pytest.raises(UsageError, match="film-maker"):
        explain(results, "film-makr", "control")
