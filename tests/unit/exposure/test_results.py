import polars as pl
import pytest

from reshore.errors import UsageError
from reshore.exposure import EXPOSURE_TABLE, EXPOSURE_TABLES, METRICS, measure
from reshore.exposure.chokepoints import birnbaum_importance, reliability_of
from reshore.tables import frame_schema
from tests.chains import case_of, chain_of, edge, good_named, shares

GOODS = [
    good_named("motor", label="Motor", final=True),
    good_named("magnet", label="Magnet"),
    good_named("oxide", label="Oxide", origin="primary"),
]
EDGES = [edge("motor", "magnet"), edge("magnet", "oxide")]
SUPPLY = [
    *shares("motor", USA=0.5, DEU=0.5),
    *shares("magnet", coverage="partial", CHN=0.9),
    *({**row, "basis": "seat", "source": "t", "year": 2019} for row in shares("magnet", coverage="partial", CHN=0.7)),
    *shares("oxide", CHN=1.0),
]


def results(goods=GOODS, edges=EDGES, supply=SUPPLY, **more):
    return measure(case_of(chain_of(goods, edges, supply), **more))


@pytest.mark.parametrize("goods", [GOODS, GOODS[:1], []])
def test_every_frame_has_exactly_the_columns_of_its_record_and_is_sorted_by_its_key(goods):
    kept = {good["good"] for good in goods}
    edges = [one for one in EDGES if {one["good"], one["input"]} <= kept]
    found = results(goods, edges, [row for row in SUPPLY if row["good"] in kept])
    assert list(found) == [table.name for table in EXPOSURE_TABLES]
    for table in EXPOSURE_TABLES:
        frame = found[table.name]
        assert dict(frame.schema) == frame_schema(table)
        assert frame.equals(frame.sort(*table.key, nulls_last=False, maintain_order=True))


def test_keys_are_unique_even_where_firms_on_two_bases_roll_up_to_one():
    firms = [
        {"good": "oxide", "supplier": "x", "share": 0.6, "basis": basis, "coverage": "partial", "series": "firms"}
        for basis in ("site", "capacity")
    ]
    chain = chain_of(GOODS, EDGES, [*SUPPLY, *firms], [{"organization": "x", "seat": "CHN"}])
    found = measure(case_of(chain))
    for table in EXPOSURE_TABLES:
        assert not found[table.name].select(table.key).is_duplicated().any(), table.name
    assert found["conflicts"].filter(pl.col("good") == "oxide")["basis"].to_list() == ["capacity", "site"]


def test_cells_are_empty_only_where_their_column_says_what_that_means():
    for table in EXPOSURE_TABLES:
        frame = results()[table.name]
        for column in table.file_columns:
            assert column.absent is not None or frame[column.name].null_count() == 0, (table.name, column.name)


def test_columns_of_different_metrics_do_not_collide():
    names = [name for metric in METRICS for name in metric.column_names]
    assert len(names) == len(set(names))
    assert set(names) <= set(frame_schema(EXPOSURE_TABLE))


def test_a_cut_set_is_a_sentence_that_says_where_the_loss_begins():
    found = results()["cut_sets"]
    sentences = found.filter(pl.col("good") == "motor")["sentence"].to_list()
    assert sentences == ["Without China, no Motor is left; it begins with Oxide."]


def test_the_remainder_is_a_row_of_its_own_that_nobody_is():
    found = results()["suppliers"].filter(pl.col("good") == "magnet")
    assert found["supplier"].to_list() == ["CHN", "XX-UNK"]
    assert found["share"].to_list() == pytest.approx([0.9, 0.1])
    assert found["role"].to_list() == ["concern", "unknown"]
    assert found["named"].to_list() == [True, False]


def test_what_was_not_used_is_listed_with_its_difference_and_its_reason():
    # .7 there, .9 here
    found = results()["conflicts"].row(0, named=True)
    assert (found["good"], found["basis"], found["largest_supplier"]) == ("magnet", "seat", "CHN")
    assert found["difference_share"] == pytest.approx(-0.2)
    assert found["reason"] == "another basis is preferred"
    assert results()["exposure"].filter(pl.col("good") == "magnet")[
        "largest_supplier_spread_share"
    ].item() == pytest.approx(0.2)


def test_gaps_say_what_is_not_known():
    found = {(row["good"], row["gap"]): row["sentence"] for row in results()["gaps"].iter_rows(named=True)}
    assert found["magnet", "suppliers not named"] == "10 % of Magnet has no supplier of known name and size."
    assert "basis site" in found["magnet", "sources disagree"]
    assert not any(good == "oxide" for good, _ in found)


def test_the_age_of_figures_is_counted_to_the_day_of_the_question():
    supply = [{**row, "year": 2019} for row in shares("oxide", CHN=1.0)]
    found = results(supply=supply)
    assert found["exposure"].filter(pl.col("good") == "oxide")["data_age_years"].item() == 7
    assert ("oxide", "old figure") in set(found["gaps"].select("good", "gap").iter_rows())


def test_the_same_question_gives_the_same_tables_whatever_the_order_of_rows():
    one, other = results(), results(GOODS[::-1], EDGES[::-1], SUPPLY[::-1])
    assert all(one[name].equals(other[name]) for name in one)


@pytest.mark.parametrize(
    "wrong",
    [{"home": "USX"}, {"allies": ("CHN",)}, {"cut_set_size": 4}, {"least_share": 1.0}, {"concern": ("XX-VAR",)}],
)
def test_a_question_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(UsageError):
        case_of(chain_of(GOODS), **wrong)


def test_birnbaum_importance_of_three_in_series():
    # R = .9³ = .729, I = .9² = .81
    sets, odds = [("a",), ("b",), ("c",)], dict.fromkeys("abc", 0.9)
    assert reliability_of(sets, odds) == pytest.approx(0.729)
    assert birnbaum_importance(sets, odds) == pytest.approx(dict.fromkeys("abc", 0.81))


def test_birnbaum_importance_of_two_in_parallel():
    # R = 1 − .1² = .99, I = 1 − .9 = .1
    sets, odds = [("a", "b")], {"a": 0.9, "b": 0.9}
    assert reliability_of(sets, odds) == pytest.approx(0.99)
    assert birnbaum_importance(sets, odds) == pytest.approx({"a": 0.1, "b": 0.1})


def test_reliability_of_overlapping_cut_sets_equals_counting_all_states():
    # lost when a and b, or b and c are gone: P = .3 · (1 − .8 · .6) with odds .8, .7, .6
    odds = {"a": 0.8, "b": 0.7, "c": 0.6}
    assert reliability_of([("a", "b"), ("b", "c")], odds) == pytest.approx(1 - 0.3 * (1 - 0.8 * 0.6))
