"""Worst cuts of a case: small markets, by hand."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from reshore.cli import group
from reshore.data import write_package
from reshore.errors import InputError
from reshore.stress.cuts import Question, worst_cut_table
from tests.unit.stress.chains import package, shares, stress_case


def market():
    """Magnets from China (50), Japan (30) and Australia (20), used in the United States but for a hundredth each."""
    use = {"good": "magnet", "year": 2025}
    return package(
        [{"good": "magnet", "final": True}],
        supply=shares("magnet", CHN=0.5, JPN=0.3, AUS=0.2),
        demand=[
            {**use, "country": "USA", "use_share": 0.97},
            *({**use, "country": place, "use_share": 0.01} for place in ("CHN", "JPN", "AUS")),
            {"good": "magnet", "country": "WLD", "stock_months": 0.0},
        ],
    )


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return worst_cut_table(stress_case(market()), Question(size=2, months=3, count=2))


def test_the_worst_pair_is_the_two_largest_suppliers_and_is_proved(table: pl.DataFrame):
    # Without China and Japan 20 are made and 98 asked for: 78 of the 100 that all ask for are lost.
    worst = table.filter((pl.col("question") == "worst") & (pl.col("size") == 2)).sort("position")
    assert worst["members"].to_list() == ["CHN;JPN", "AUS;CHN"]
    assert worst["loss_share"].to_list() == pytest.approx([0.78, 0.68], abs=1e-6)
    assert worst["is_proved"].all()
    assert worst["bound_share"].to_list() == pytest.approx(worst["loss_share"].to_list(), abs=1e-5)


def test_the_fewest_that_lose_half_are_two(table: pl.DataFrame):
    # China alone costs 49, a quarter and no half; two are needed for half.
    fewest = table.filter(pl.col("question") == "fewest").sort("threshold_share")
    assert fewest["threshold_share"].to_list() == [0.1, 0.25, 0.5]
    assert fewest["size"].to_list() == [1, 1, 2]


def test_home_and_who_is_spared_are_never_struck():
    case = stress_case(market(), home="CHN")
    found = worst_cut_table(case, Question(size=1, months=2, spared=("JPN",)))
    assert found.filter(pl.col("question") == "worst")["members"].to_list() == ["AUS"]


def test_nobody_unknown_can_be_spared():
    with pytest.raises(InputError, match="CHN"):
        worst_cut_table(stress_case(market()), Question(spared=("CHM",)))


def test_losses_of_firms_in_different_goods_add_up():
    # Two firms make the film in all chips, half each; of wire one makes 90 and the other 10.
    data = package(
        [{"good": "film"}, {"good": "chip", "final": True}, {"good": "wire", "final": True}],
        [{"good": "chip", "input": "film"}],
        [
            *({**one, "basis": "seat"} for one in shares("film", ace=0.5, bee=0.5)),
            *({**one, "basis": "seat"} for one in shares("wire", cee=0.1, dee=0.9)),
            *shares("chip", CHN=0.5, USA=0.5),
        ],
        [{"good": good, "country": "WLD", "stock_months": 0.0} for good in ("film", "chip", "wire")],
        [{"organization": name, "seat": "JPN"} for name in ("ace", "bee", "cee", "dee")],
    )
    found = worst_cut_table(stress_case(data), Question("organization", size=2, months=2, count=3))
    one = found.filter((pl.col("question") == "worst") & (pl.col("size") == 1)).sort("position")
    assert one["members"][0] == "dee"
    pairs = found.filter((pl.col("question") == "worst") & (pl.col("size") == 2)).sort("position")
    # Chips and wire weigh alike: half of the film costs a quarter of the value, 90 of 100 wire 0.45.
    assert pairs["members"][0] == "ace;dee"
    assert pairs["loss_share"][0] == pytest.approx(0.25 + 0.45, abs=1e-6)


def test_the_command_names_the_worst_and_the_proof(tmp_path: Path):
    write_package(market(), tmp_path / "data")
    done = CliRunner().invoke(group, ["worst-cut", str(tmp_path / "data"), "-k", "2", "--months", "2"])
    assert done.exit_code == 0
    assert done.stdout.startswith("Worst: China, Japan for 2 months, 78 % of the value of demand even in the best plan")
    assert "proved" in done.stdout
    assert "next: reshore stress" in done.stderr
    answer = CliRunner().invoke(group, ["worst-cut", str(tmp_path / "data"), "-k", "1", "--json", "--quiet"])
    assert json.loads(answer.stdout)["tables"]["stress_cuts"][0]["level"] == "country"
