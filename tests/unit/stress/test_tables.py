"""The tables of a stress test: parts add up, unknown stays unknown, nothing says why, and sentences name the cause."""

from __future__ import annotations

import polars as pl
import pytest

from reshore.stress import Hit, Scenario, Span
from reshore.stress.records import SCENARIO_TABLES
from reshore.stress.tables import stress
from reshore.tables import frame_schema
from tests.unit.stress.chains import cut, magnets, package, shares, stress_case


def row(frame: pl.DataFrame, **cells: object) -> dict[str, object]:
    return frame.row(
        by_predicate=pl.all_horizontal(*(pl.col(name) == cell for name, cell in cells.items())), named=True
    )


@pytest.fixture(scope="module")
def tables():
    return stress(stress_case(magnets(), draws=3), [cut("CHN"), cut("KEN", name="kenya"), cut("JPN", name="japan")])


def test_every_table_has_the_columns_of_its_record_and_its_key(tables):
    for table in SCENARIO_TABLES:
        frame = tables[table.name]
        assert dict(frame.schema) == frame_schema(table)
        assert frame.select(table.key).is_duplicated().sum() == 0
        required = [column.name for column in table.file_columns if column.absent is None]
        assert frame.select(required).null_count().sum_horizontal().item() == 0
        for column in table.file_columns:
            if column.low is not None:
                assert frame.filter(pl.col(column.name) < column.low - 1e-12).is_empty(), column.name


def test_a_scenario_says_what_it_costs_and_why(tables):
    found = row(tables["stress_scenarios"], scenario="cut")
    # 278 of 420 hundredths are unserved, and each is worth a dollar; home has 10 of the pool's 35.
    assert found["unserved_share"] == pytest.approx(278 / 420)
    assert found["loss_usd"] == pytest.approx(278.0)
    assert found["home_loss_usd"] == pytest.approx(278 * 10 / 35)
    assert (found["first_use"], found["first_month"], found["first_cause"]) == ("magnet", 3, "magnet")
    assert found["finding"] == (
        "Cut: 1 of 1 final uses run short if what is left is used as well as can be, 1 if all users share alike. First "
        "Magnet in month 3, down to 17.1 % of demand (2 months of stock, 94 % from China)."
    )
    assert found["downstream_loss_usd"] is None


def test_a_cut_that_hits_nobody_says_so(tables):
    found = row(tables["stress_scenarios"], scenario="kenya")
    assert found["nothing_because"] == "Kenya makes nothing of known size here"
    assert found["loss_usd"] == 0
    assert tables["stress_goods"].filter(pl.col("scenario") == "kenya").is_empty()


def test_a_cut_of_someone_from_whom_nothing_comes_says_so():
    # China makes 94 and uses 65: Japan's 6 go to others. If Japan leaves, the rest of the world has all that it uses.
    data = package(
        [{"good": "magnet", "final": True}],
        supply=shares("magnet", CHN=0.94, JPN=0.06),
        demand=[{"good": "magnet", "country": "JPN", "use_share": 0.06, "year": 2025}],
    )
    found = row(stress(stress_case(data), [cut("JPN")])["stress_scenarios"], scenario="cut")
    assert found["nothing_because"] == "the pool makes all that it uses of Magnet"


def test_time_to_survive_and_to_recover_stand_side_by_side(tables):
    found = row(tables["stress_goods"], scenario="cut", good="magnet")
    assert found["time_to_survive_months"] == pytest.approx(2 * 35 / 29)
    assert found["time_to_recover_months"] is None
    assert found["is_short"]
    assert found["hit_share"] == pytest.approx(29 / 35)
    assert found["hit_places"] == "China 94 %"
    assert found["short_month"] == 3
    assert found["finding"] == "Magnet runs short in month 3 and falls to 17.1 %: 2 months of stock; 94 % from China."


def test_a_loss_without_a_known_value_is_unknown_in_money_and_known_in_shares():
    data = package([{"good": "magnet", "final": True}], supply=shares("magnet", CHN=1.0))
    found = row(stress(stress_case(data, home="JPN"), [cut("CHN", months=6)])["stress_uses"], good="magnet", month=6)
    assert found["unserved_usd"] is None
    found = row(stress(stress_case(magnets()), [cut("CHN")])["stress_uses"], good="magnet", month=12)
    assert found["unserved_usd"] == pytest.approx(29.0)


def test_the_waterfall_adds_up_in_the_order_that_it_states():
    # Oxide (90 % Chinese) into magnets (40 % Chinese, 60 % Japanese). China uses 20 of 100 magnets, the pool 80.
    data = package(
        [{"good": "oxide"}, {"good": "magnet", "final": True}],
        [{"good": "magnet", "input": "oxide"}],
        [*shares("oxide", CHN=0.9, AUS=0.1), *shares("magnet", CHN=0.4, JPN=0.6)],
        [
            *({"good": good, "country": "WLD", "stock_months": 1.0} for good in ("oxide", "magnet")),
            {"good": "magnet", "country": "CHN", "use_share": 0.2, "year": 2025},
        ],
    )
    found = stress(stress_case(data), [cut("CHN", months=12)])["stress_waterfall"].sort("position")
    assert found["step"].to_list() == ["direct", "inputs", "stock", "substitutes"]
    direct, inputs, stock, substitutes = found["unserved_share"].to_list()
    # Direct: 20 of the pool's 80 no longer come. Through inputs: of 60 oxide that it uses 10 are left, so 10 of 80.
    assert direct == pytest.approx(20 / 80)
    assert direct + inputs == pytest.approx(70 / 80)
    # Stocks: a month of magnets, and a month of oxide, which makes 60/80 of a month of magnets: 1.75 months of 12.
    assert stock == pytest.approx(-1.75 / 12, abs=1e-6)
    assert substitutes == pytest.approx(0, abs=1e-9)
    assert found["total_share"][3] == pytest.approx(direct + inputs + stock + substitutes, abs=1e-12)


def test_spare_output_of_the_pool_is_what_substitutes_save():
    # Japan makes 60 of 100 powder, the pool uses 50; China leaves, and a plant of 10 in Japan burns down. If the pool
    # keeps what it gave away, the 50 that are left are enough; if it goes on giving a sixth away, a sixth is missing.
    data = package(
        [{"good": "magnet", "final": True}, {"good": "powder"}],
        [{"good": "magnet", "input": "powder"}],
        [
            *shares("magnet", CHN=0.5, JPN=0.5),
            *({**one, "basis": "seat"} for one in shares("powder", ace=0.5, bee=0.1, cee=0.4)),
        ],
        [
            {"good": "magnet", "country": "CHN", "use_share": 0.5, "year": 2025, "stock_months": 0.0},
            {"good": "powder", "country": "WLD", "stock_months": 0.0},
        ],
        [{"organization": name, "seat": seat} for name, seat in (("ace", "JPN"), ("bee", "JPN"), ("cee", "CHN"))],
    )
    scenario = Scenario(
        "both", "Both", (Hit("supply-cut", ("CHN",)), Hit("plant-loss", organizations=("bee",))), months=3
    )
    found = stress(stress_case(data), [scenario])["stress_waterfall"]
    assert found["unserved_share"].to_list() == pytest.approx([0, 1 / 6, 0, -1 / 6], abs=1e-6)


def test_reverse_stress_finds_the_least_blow():
    # A cut of strength s leaves 35 - 29 s; with 2 months of stock the year loses (12 x 29 s - 70)/420, once that is
    # positive. Half of it is lost at s = (210 + 70)/348 = 0.8046, a tenth at (42 + 70)/348 = 0.3218.
    found = stress(stress_case(magnets()), [cut("CHN")])["stress_reverse"]
    strengths = {one["threshold_share"]: one["strength_share"] for one in found.iter_rows(named=True)}
    assert strengths[0.5] == pytest.approx(280 / 348, abs=0.005)
    assert strengths[0.1] == pytest.approx(112 / 348, abs=0.005)


def test_a_part_that_hits_nobody_is_named_beside_what_is_hit():
    case = stress_case(
        package(
            [{"good": "magnet", "final": True}, {"good": "motor", "final": True}],
            supply=[*shares("magnet", CHN=1.0), *shares("motor", JPN=1.0)],
            firms=[{"organization": "small", "seat": "JPN"}],
        ),
        home="DEU",
    )
    both = cut("CHN", goods=("magnet", "motor"))
    found = row(stress(case, [both])["stress_scenarios"], scenario="cut")
    assert found["misses"] == "no output of known size of Motor is in the hands of China"
    firm = Scenario("firm", "Firm", (Hit("plant-loss", organizations=("small",)),))
    found = row(stress(case, [firm])["stress_scenarios"], scenario="firm")
    assert found["nothing_because"] == "how much Small makes of anything here is unknown"


def test_ranges_of_downstream_losses_come_from_their_source():
    from reshore.stress.scenarios import Downstream

    case = stress_case(magnets(), draws=8, downstream=Downstream(Span(1.0, 2.0, 3.0), "s"))
    found = row(stress(case, [cut("CHN")])["stress_scenarios"], scenario="cut")
    direct = 278 * 10 / 35
    assert found["home_alike_loss_usd"] == pytest.approx(direct)
    assert found["downstream_loss_usd"] == pytest.approx(2 * direct)
    assert direct <= found["downstream_loss_usd_low"] < found["downstream_loss_usd_high"] <= 3 * direct


def test_what_binds_each_month_is_named_with_its_reason(tables):
    found = tables["stress_binding"].filter((pl.col("scenario") == "cut") & (pl.col("month") == 12))
    assert set(found.select("good", "reason").rows()) == {("magnet", "capacity"), ("magnet", "stock")}


def test_reasons_are_those_of_the_flow_program():
    from reshore.flow import REASONS as FLOW_REASONS
    from reshore.stress.records import REASONS

    assert set(REASONS) == set(FLOW_REASONS)
