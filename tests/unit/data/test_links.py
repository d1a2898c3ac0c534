"""Rules across tables: what shows only when they are read together. Every number is small enough to check by hand."""

from __future__ import annotations

from typing import Any

import pytest

from reshore.data import build_package
from reshore.errors import InputError, Problem
from tests.small import FACT, rows, small_package


def problems(**changes: list[dict[str, Any]]) -> list[Problem]:
    """The errors of the small package after changes of tables."""
    with pytest.raises(InputError) as refused:
        small_package(**changes)
    return list(refused.value.problems)


def codes(**changes: list[dict[str, Any]]) -> list[str]:
    return [problem.code for problem in problems(**changes)]


def notes(**changes: list[dict[str, Any]]) -> dict[str, str]:
    return {note.code: note.found for note in small_package(**changes).notes}


def goods(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    return [good | changes.get(str(good["good"]), {}) for good in rows()["goods"]]


def inputs(*more: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    return [{**row, **changes} for row in rows()["inputs"]] + [
        {"need": "minor", "role": "consumed", **FACT, **m} for m in more
    ]


def organization(key: str, kind: str = "firm") -> dict[str, Any]:
    return {"organization": key, "label": key, "seat": "JPN", "kind": kind, **FACT}


def stake(owner: str, owned: str, share: float | None, **more: Any) -> dict[str, Any]:
    return {"owner": owner, "owned": owned, "equity_share": share, "start": "2020", **FACT, **more}


def supply(good: str, supplier: str, share: float | str | None, **more: Any) -> dict[str, Any]:
    fixed = {"market": "WLD", "basis": "site", "measure": "volume", "year": 2025, "coverage": "partial", **FACT}
    return {**fixed, "good": good, "supplier": supplier, "share": share, **more}


# References ----------------------------------------------------------------------------------------------------------


def test_an_unknown_key_gets_the_nearest_three():
    (problem,) = problems(inputs=inputs({"good": "motor", "input": "magnett"}))
    assert (problem.code, problem.place.row, problem.place.column) == ("dangling-reference", 6, "input")
    assert problem.fix == "did you mean 'magnet'?"


def test_a_key_of_another_table_is_told_apart_from_one_that_is_nowhere():
    (problem,) = problems(stakes=[*rows()["stakes"], stake("ore", "holding", 0.1)])
    assert (problem.code, problem.found) == ("wrong-kind-of-reference", "'ore', which is in goods")


def test_a_supplier_in_two_letters_is_asked_whether_it_is_a_country():
    (problem,) = problems(supply=[supply("ore", "NO", 0.1)])
    assert problem.fix == "write NOR if the country is meant, or add the row to organizations"


def test_the_same_wrong_key_in_many_rows_is_listed_a_thousand_times_and_counted():
    many = [supply("ore", "nobody", 0.0001, series=f"series {number}") for number in range(1_100)]
    found = problems(supply=many)
    assert len(found) == 1_001
    assert found[-1].found.startswith("100 more of the kind dangling-reference")


# Where facts come from -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "wrong"), [("2026-01-06", True), ("2026-01-05", False), ("2026-01", False), ("2026-02", True)]
)
def test_a_figure_is_not_younger_than_the_day_on_which_its_source_was_read(as_of: str, wrong: bool):
    # survey was read on 2026-01-05; 2026-01 may be the days before it
    changed = goods(ore={"as_of": as_of})
    if wrong:
        assert codes(goods=changed) == ["after-its-source"]
    else:
        small_package(goods=changed)


def cell(**more: Any) -> dict[str, Any]:
    return {"table": "supply", "row_key": "ore | CHN | WLD | site | volume |  | 2025 | survey", "column": "share",
            "how": "observed", **FACT, **more}  # fmt: skip


def test_the_origin_of_a_cell_points_to_a_figure_that_is_there():
    assert small_package(cells=[cell()])["cells"].height == 1
    assert codes(cells=[cell(table="suply")]) == ["unknown-table"]
    assert codes(cells=[cell(column="shar")]) == ["unknown-column"]
    (problem,) = problems(cells=[cell(row_key="ore | CHM | WLD | site | volume |  | 2025 | survey")])
    assert problem.code == "dangling-reference"
    assert problem.expected == "a row of supply, as good | supplier | market | basis | measure | series | year | source"
    assert "'ore | CHN | WLD | site | volume |  | 2025 | survey'" in problem.fix


def test_money_without_a_year_of_prices_is_worth_a_note():
    changed = rows(goods=goods(ore={"market_size_usd_per_year": 5}))
    assert [n.code for n in build_package(changed, "x").notes if n.code == "no-price-year"] == ["no-price-year"]
    assert "no-price-year" not in {n.code for n in build_package(changed, "x", price_year=2025).notes}
    assert "no-price-year" not in {n.code for n in build_package(rows(), "x").notes}


# The graph of goods --------------------------------------------------------------------------------------------------


def test_a_good_says_why_it_has_no_inputs():
    assert codes(goods=goods(ore={"origin": None})) == ["no-inputs"]
    assert codes(goods=goods(magnet={"origin": "primary"})) == ["origin-has-inputs"]


def test_demand_for_what_nobody_supplies_or_makes():
    demand = [{"good": "film", "country": "USA", "use_per_year": 5, "year": 2025, **FACT}]
    without = [row for row in rows()["supply"] if row["good"] != "film"]
    found = codes(demand=demand, supply=without, goods=goods(film={"unit": "m2"}))
    assert found == ["cannot-be-made"]
    small_package(demand=demand, goods=goods(film={"unit": "m2"}))


def test_kinds_that_end_nowhere_are_named_once_each():
    (problem,) = [
        p for p in problems(goods=goods(ore={"parent": "film"}, film={"parent": "ore"})) if p.code == "kind-cycle"
    ]
    assert problem.found == "ore → film → ore"


def test_a_loop_is_refused_when_it_eats_what_it_makes():
    # one oxide takes 0.5 ore, one ore takes 1.9 oxide: 0.5 × 1.9 = 0.95 < 1; at 2.0 the loop eats all of it
    loop = {"good": "ore", "input": "oxide"}
    freed = goods(ore={"origin": None, "unit": "t"}, oxide={"unit": "t"})
    first = [{**row, "amount_per_unit": 0.5} if row["good"] == "oxide" else row for row in inputs()]

    def with_amount(amount: float) -> dict[str, Any]:
        return {"goods": freed, "inputs": [*first, *inputs({**loop, "amount_per_unit": amount})[-1:]]}

    assert "input-cycle" in notes(**with_amount(1.9))
    (problem,) = problems(**with_amount(2.0))
    assert problem.code == "no-net-output"
    assert problem.found.endswith("uses 1 units per unit made")


def test_losses_count_in_the_gain_of_a_loop():
    # 0.6 of itself with a yield of one half: 0.6 / 0.5 = 1.2
    own = {"good": "oxide", "input": "oxide", "amount_per_unit": 0.6, "yield_share": 0.5}
    (problem,) = problems(goods=goods(oxide={"unit": "t"}), inputs=inputs(own))
    assert (problem.code, problem.found) == ("no-net-output", "'oxide' in itself uses 1.2 units per unit made")


def test_unknown_amounts_never_refuse_a_loop():
    assert "input-cycle" in notes(goods=goods(ore={"origin": None}), inputs=inputs({"good": "ore", "input": "oxide"}))


def test_separate_parts_are_counted():
    alone = {**rows()["goods"][0], "good": "wind", "label": "Wind", "final": True}
    assert notes(goods=[*goods(), alone])["separate-parts"] == "2 parts that no input joins"


# Units ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "code", "fix"),
    [
        (None, "no-unit", "write t"),
        ("MW", "wrong-dimension", "convert to t, or give the good another unit"),
        ("t contained", "wrong-content", "convert the content (gross, contained, oxide) first"),
        ("kt", "mixed-units", "write 5000 t"),
    ],
)
def test_a_capacity_is_counted_in_the_unit_of_its_good(unit: str | None, code: str, fix: str):
    row = supply("ore", "CHN", 0.1, capacity_per_year=5, unit=unit)
    (problem,) = problems(goods=goods(ore={"unit": "t"}), supply=[row])
    assert (problem.code, problem.fix) == (code, fix)


def test_an_amount_of_a_good_without_a_unit_is_refused_where_the_unit_belongs():
    assert [p.place.column for p in problems(goods=goods(ore={"world_output_per_year": 5}))] == ["unit"]
    found = problems(goods=goods(ore={"unit": "t"}), inputs=inputs(amount_per_unit=1.0))
    assert {p.code for p in found} == {"no-unit"}
    assert [p.place.row for p in found] == [2, 3, 4, 5]


# Shares --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "coverage", "refused"),
    [
        ((0.6, 0.4), "complete", False),
        ((0.6, 0.424), "complete", False),  # 1.024 ≤ 1.025
        ((0.6, 0.43), "complete", True),  # 1.03 > 1.025
        ((0.6, 0.37), "complete", True),  # 0.97 < 0.975
        ((0.6, 0.37), "partial", False),
        ((0.6, 0.5), "partial", True),  # 1.1 > 1.025
        ((0.6, None), "complete", False),  # an unknown share can be 0.4
        ((0.6, "neg"), "complete", True),  # a negligible one cannot: 0.6 + 0.005 < 0.975
    ],
)
def test_shares_of_one_series_add_up_within_published_rounding(shares: tuple[Any, ...], coverage: str, refused: bool):
    given = [supply("ore", code, share, coverage=coverage) for code, share in zip(("CHN", "USA"), shares, strict=True)]
    if refused:
        assert codes(supply=given) == ["shares-do-not-add-up"]
    else:
        small_package(supply=given)


def test_series_that_measure_different_things_are_not_added_up():
    given = [supply("ore", "CHN", 0.9), supply("ore", "CHN", 0.8, basis="seat")]
    small_package(supply=[*given, supply("ore", "USA", 0.7, series="refined"), supply("ore", "USA", 0.6, year=2024)])


# Owners --------------------------------------------------------------------------------------------------------------

FIRMS = [*rows()["organizations"], organization("a"), organization("b"), organization("c")]


def test_owners_of_more_than_all_are_named_with_their_rows():
    given = [stake("a", "c", 0.6), stake("b", "c", 0.5)]
    (problem,) = problems(organizations=FIRMS, stakes=given)
    assert problem.code == "owners-above-one"
    assert problem.found == "1.1 of 'c' by survey: a 0.6 (row 2), b 0.5 (row 3)"


def test_owners_one_after_the_other_and_sources_that_disagree_are_not_added_up():
    small_package(organizations=FIRMS, stakes=[stake("a", "c", 0.6, end="2022"), stake("b", "c", 0.6, start="2022")])
    small_package(organizations=FIRMS, stakes=[stake("a", "c", 0.6), stake("b", "c", 0.6, source="other")])
    small_package(organizations=FIRMS, stakes=[stake("a", "c", 0.6), stake("b", "c", None)])


def test_a_ring_that_owns_itself_to_the_last_share_has_no_owner():
    ring = [stake("a", "b", 1.0), stake("b", "c", 1.0), stake("c", "a", 1.0)]
    (problem,) = problems(organizations=FIRMS, stakes=ring)
    assert (problem.code, problem.found) == ("orphan-group", "a, b, c own each other entirely")
    small_package(organizations=FIRMS, stakes=[*ring[:2], stake("c", "a", 0.99)])


def test_a_stake_that_starts_before_the_last_one_ended_overlaps():
    first = stake("a", "c", 0.3, end="2022-06")
    assert codes(organizations=FIRMS, stakes=[first, stake("a", "c", 0.4, start="2021")]) == ["overlapping-periods"]
    small_package(organizations=FIRMS, stakes=[first, stake("a", "c", 0.4, start="2022-06")])


# Everything at once --------------------------------------------------------------------------------------------------


def test_faults_of_several_tables_are_listed_together_and_in_order():
    found = problems(
        goods=goods(ore={"kind": "stone"}),
        inputs=inputs({"good": "motor", "input": "magnett"}),
        supply=[supply("ore", "CHN", 45), supply("ore", "nobody", 0.1)],
    )
    assert [(p.place.file, p.place.row, p.code) for p in found] == [
        ("goods.csv", 2, "unknown-word"),
        ("inputs.csv", 6, "dangling-reference"),
        ("supply.csv", 2, "out-of-range"),
        ("supply.csv", 3, "dangling-reference"),
    ]
