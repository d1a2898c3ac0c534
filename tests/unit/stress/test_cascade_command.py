"""The command ``reshore cascade``: what it says, what it writes, what it refuses."""

from __future__ import annotations

import json

import polars as pl
import pytest
from click.testing import CliRunner

from reshore.cli.cascade import command
from tests.unit.stress.motors import FIRMS, FLOWS


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cascade")
    pl.DataFrame(FLOWS).write_csv(folder / "flows.csv")
    pl.DataFrame(FIRMS).write_csv(folder / "firms.csv")
    return folder


def run(place, *words):
    return CliRunner().invoke(command, [str(place / "flows.csv"), "--firms", str(place / "firms.csv"), *words])


def test_it_ranks_firms_and_says_what_the_worst_costs(place):
    found = run(place)
    assert found.exit_code == 0
    assert "If motors stops, 86.8 % of all output is lost, its own 52.6 % included" in found.output
    assert "next: reshore cascade" in found.output


def test_the_first_few_come_with_what_all_others_stay_below(place):
    # motors 330/380, then the mine 250/380; the alloy maker, 240/380, is the worst of the rest.
    found = json.loads(run(place, "--top", "2", "--json").stdout)
    assert [row["firm"] for row in found["tables"]["systemic_risk"]] == ["motors", "mine"]
    assert 240 / 380 - 1e-9 <= found["manifest"]["rest_at_most_index"] <= 250 / 380 + 1e-9


def test_a_shock_is_followed_to_every_firm(place):
    # Half of the alloy maker: the market is left with 30 + 40, so 60/70 of half of 60 is missed of 80.
    found = json.loads(run(place, "--shock", "alloy=0.5", "--json").stdout)
    lost = {row["firm"]: row["downstream_loss_share"] for row in found["tables"]["losses"]}
    assert lost["motors"] == pytest.approx(0.75 * 0.5 * 60 / 70)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_the_table_is_written_by_firm(place, tmp_path, suffix):
    path = tmp_path / f"risk.{suffix}"
    assert run(place, "-o", str(path)).exit_code == 0
    if suffix == "json":
        assert len(json.loads(path.read_text())["tables"]["systemic_risk"]) == 5
    else:
        frame = pl.read_csv(path) if suffix == "csv" else pl.read_parquet(path)
        assert frame["firm"].to_list() == ["alloy", "mine", "motors", "paint", "spare"]
    assert run(place, "-o", str(path)).exit_code != 0
    assert run(place, "-o", str(path), "--force").exit_code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--shock", "alloy"], "write FIRM=SHARE"),
        (["--shock", "alloy=1.5"], "from 0 to 1"),
        (["--shock", "alloy=1", "--shock", "alloy=1"], "hit twice"),
        (["--shock", "alloy=1", "--top", "3"], "give one of them"),
        (["-o", "risk.doc"], "cannot write '.doc'"),
        (["--stop-at", "0"], "--stop-at"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(place, words, says):
    found = run(place, *words)
    assert found.exit_code == 2
    assert says in found.output
