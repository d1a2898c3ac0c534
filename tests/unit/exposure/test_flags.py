import pytest

from reshore.exposure.flags import FLAGS, flag_rows, verdict
from reshore.exposure.reliance import NET_IMPORT_RELIANCE, net_import_reliance
from tests.chains import case_of, chain_of, frame, good_named, shares


def flag(name, supply=(), trade=(), **more):
    case = case_of(chain_of([good_named("a")], [], supply), trade=frame("trade", trade), **more)
    row = next(row for row in flag_rows(case) if row[1] == name)
    return dict(zip(("good", "flag", "value", "low", "high", "threshold", "margin", "fires"), row, strict=True))


def flow(exporter, importer, value, year=2024, source="s", good="a"):
    return {
        "good": good,
        "exporter": exporter,
        "importer": importer,
        "year": year,
        "value_usd": value,
        "source": source,
    }


def test_a_flag_fires_only_when_the_whole_range_is_above_its_threshold():
    assert verdict((0.6, 0.6, 0.6), 0.5) == ("yes", pytest.approx(0.1))
    assert verdict((None, 0.4, 0.6), 0.5) == ("cannot be told", None)
    assert verdict((None, 0.1, 0.3), 0.5) == ("no", pytest.approx(-0.2))
    assert verdict((0.5, 0.5, 0.5), 0.5) == ("no", 0)
    assert verdict((None, None, None), 0.5) == ("cannot be told", None)


def test_concentration_of_imports_is_over_origins_outside_the_union():
    # 75 and 25 of 100: .75² + .25² = .625, .225 above .4
    found = flag(
        "import-concentration", trade=[flow("CHN", "USA", 75.0), flow("JPN", "USA", 25.0), flow("CHN", "DEU", 900.0)]
    )
    assert (found["value"], found["margin"], found["fires"]) == (pytest.approx(0.625), pytest.approx(0.225), "yes")


def test_the_newest_year_up_to_the_question_counts():
    trade = [
        flow("CHN", "USA", 1.0, 2023),
        flow("CHN", "USA", 1.0, 2024),
        flow("JPN", "USA", 1.0, 2024),
        flow("CHN", "USA", 9.0, 2027),
    ]
    assert flag("import-concentration", trade=trade)["value"] == pytest.approx(0.5)


def test_sources_of_trade_are_not_added_up():
    trade = [flow("CHN", "USA", 50.0), flow("JPN", "USA", 50.0), flow("CHN", "USA", 500.0, source="t")]
    assert flag("import-concentration", trade=trade)["value"] == pytest.approx(0.5)


def test_imports_from_outside_need_a_customs_union():
    # 60 of 60 + 40 = .6 from outside
    trade = [flow("CHN", "DEU", 60.0), flow("FRA", "DEU", 40.0)]
    assert flag("imports-from-outside", trade=trade, home="DEU")["fires"] == "cannot be told"
    found = flag("imports-from-outside", trade=trade, home="DEU", customs_union=("FRA",))
    assert (found["value"], found["fires"]) == (pytest.approx(0.6), "yes")


def test_no_exports_are_told_from_exports_that_were_not_reported():
    imports = [flow("CHN", "USA", 60.0)]
    assert flag("imports-above-exports", trade=imports)["fires"] == "cannot be told"
    reported = flag("imports-above-exports", trade=[*imports, flow("USA", "CAN", 5.0, good="b")])
    assert (reported["value"], reported["fires"]) == (None, "yes")
    found = flag("imports-above-exports", trade=[*imports, flow("USA", "CAN", 80.0)])
    assert (found["value"], found["fires"]) == (pytest.approx(0.75), "no")


def test_withheld_trade_leaves_the_flag_open():
    assert (
        flag("import-concentration", trade=[flow("CHN", "USA", 75.0), flow("JPN", "USA", None)])["fires"]
        == "cannot be told"
    )


def test_flags_on_supply_shares():
    supply = shares("a", CHN=0.6, USA=0.1, JPN=0.1, BRA=0.2)
    assert flag("largest-supplier", supply)["margin"] == pytest.approx(0.1)
    assert flag("supply-from-concern", supply)["value"] == pytest.approx(0.6)
    assert flag("supply-from-outside", supply)["value"] == pytest.approx(0.8)
    assert flag("supply-concentration", supply)["value"] == pytest.approx(0.42)
    assert flag("supply-from-concern", shares("a", coverage="partial", JPN=0.4))["fires"] == "cannot be told"


def test_every_flag_names_its_source():
    assert all(one.source and one.label for one in FLAGS)


def nir(*rows):
    case = case_of(chain_of([good_named("a")]), indicators=frame("indicators", [{"good": "a", **row} for row in rows]))
    return NET_IMPORT_RELIANCE.compute(case).row(0, named=True)


def stated(value=None, **more):
    return {"indicator": "net import reliance", "value": value, "unit": "percent", "period": "2024", **more}


def test_net_import_reliance_is_net_imports_of_apparent_consumption():
    # (60 − 10 + 5) / (45 + 60 − 10 + 5) = 55 / 100
    assert net_import_reliance(60, 10, 45, 5) == pytest.approx(0.55)
    assert net_import_reliance(0, 50, 200) == pytest.approx(-1 / 3)
    assert net_import_reliance(0, 0, 0) is None


def test_a_published_figure_wins_and_the_newest_one_of_those():
    found = nir(
        stated(50.0, period="2023"), stated(75.0), {"indicator": "imports", "value": 1.0, "unit": "t", "period": "2025"}
    )
    assert (found["net_import_reliance_share"], found["net_import_reliance_origin"]) == (0.75, "published")
    assert found["net_import_reliance_period"] == "2024"


def test_a_censored_figure_stays_a_range():
    # "more than 95 percent"
    found = nir(stated(value_low=95.0, value_high=100.0))
    assert (found["net_import_reliance_share"], found["net_import_reliance_share_low"]) == (None, 0.95)


def test_reliance_is_computed_only_when_every_flow_is_known():
    flows = {"imports": 60.0, "exports": 10.0, "production": 45.0}
    rows = [{"indicator": name, "value": value, "unit": "t", "period": "2024"} for name, value in flows.items()]
    assert nir(*rows)["net_import_reliance_share"] is None
    stocks = [
        {"indicator": "stocks", "value": value, "unit": "t", "period": period}
        for value, period in ((20.0, "2023"), (15.0, "2024"))
    ]
    found = nir(*rows, *stocks)
    assert (found["net_import_reliance_share"], found["net_import_reliance_origin"]) == (
        pytest.approx(0.55),
        "computed",
    )


def test_flows_in_another_unit_are_not_mixed():
    flows = {"imports": "t", "exports": "t", "production": "kt", "stocks": "t"}
    rows = [{"indicator": name, "value": 10.0, "unit": unit, "period": "2024"} for name, unit in flows.items()]
    assert (
        nir(*rows, {"indicator": "stocks", "value": 1.0, "unit": "t", "period": "2023"})["net_import_reliance_share"]
        is None
    )


def test_an_unknown_unit_is_not_read():
    assert nir(stated(50.0, unit="metric tons"))["net_import_reliance_share"] is None
