"""Networks read from files: CSV and Parquet, sectors and needs from tables or from the flows, and what is refused."""

from __future__ import annotations

import polars as pl
import pytest

from reshore.errors import FilesError, InputError
from reshore.stress.cascade import Cascade, build_network, measure_systemic_risk, read_network

FLOWS = """supplier,buyer,item,value,need
A,X,,1,essential
H,X,,1,negligible
E,X,one,0.25,non_essential
E,X,two,0.75,non_essential
"""
FIRMS = "firm,sector\nA,1\nX,1\nE,3\nH,99\n"


def written(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return [folder / f"{name}.csv" for name in files]


def codes(call):
    with pytest.raises(InputError) as error:
        call()
    return sorted(problem.code for problem in error.value.problems if problem.severity == "error")


def test_flows_of_one_pair_are_added_up_and_needs_come_from_the_flows(tmp_path):
    network = read_network(*written(tmp_path, flows=FLOWS, firms=FIRMS))
    assert network.firms == ("A", "E", "H", "X")
    assert network.value.tolist() == [1.0, 1.0, 1.0]
    assert network.need.tolist() == [2, 1, 0]
    assert [note.code for note in network.notes] == ["open-accounts", "open-accounts"]


def test_parquet_gives_the_same_bytes_as_csv(tmp_path):
    flows, firms = written(tmp_path, flows=FLOWS, firms=FIRMS)
    for path in (flows, firms):
        pl.read_csv(path, infer_schema=False).write_parquet(path.with_suffix(".parquet"))
    one = measure_systemic_risk(Cascade(read_network(flows, firms)), threads=1)
    other = measure_systemic_risk(
        Cascade(read_network(flows.with_suffix(".parquet"), firms.with_suffix(".parquet"))), threads=1
    )
    assert one.equals(other)


def test_needs_by_pair_of_sectors_hold_where_a_flow_states_none():
    flows = [{"supplier": "a", "buyer": "b", "value": "2"}, {"supplier": "c", "buyer": "b", "value": "3"}]
    firms = [{"firm": f, "sector": s} for f, s in zip("abc", "xyz", strict=True)]
    pairs = [{"supplier_sector": "x", "buyer_sector": "y", "need": "essential"}]
    assert codes(lambda: build_network(flows[1:], firms, pairs)) == ["unknown-need"]
    assert build_network(flows, firms, pairs, other_need="negligible").need.tolist() == [2, 0]


def test_without_a_table_of_firms_the_flows_state_the_sectors():
    flow = {"supplier": "a", "buyer": "b", "value": "2", "need": "essential"}
    network = build_network([flow | {"supplier_sector": "x", "buyer_sector": "y"}])
    assert [network.sectors[code] for code in network.sector] == ["x", "y"]
    assert codes(lambda: build_network([flow | {"supplier_sector": "x"}])) == ["unknown-sector"]
    back = {
        "supplier": "b",
        "buyer": "a",
        "value": "1",
        "need": "essential",
        "supplier_sector": "z",
        "buyer_sector": "x",
    }
    assert codes(lambda: build_network([flow | {"supplier_sector": "x", "buyer_sector": "y"}, back])) == [
        "contradiction"
    ]
    firms = [{"firm": "a", "sector": "other"}, {"firm": "b", "sector": "y"}]
    assert codes(lambda: build_network([flow | {"supplier_sector": "x"}], firms)) == ["contradiction"]


def test_everything_wrong_is_said_at_once(tmp_path):
    flows = "supplier,buyer,value,need\nA,X,-1,essential\nB,X,1,essential\nA,Y,oops,vital\n"
    firms = "firm,sector,final_demand\nA,1,5\nX,1,\n"
    found = codes(lambda: read_network(*written(tmp_path, flows=flows, firms=firms), other_need="perhaps"))
    assert found == ["not-a-number", "out-of-range", "unknown-account", "unknown-category", "unknown-word"]


def test_one_kind_of_input_with_two_needs_is_refused():
    flows = [
        {"supplier": s, "buyer": "c", "value": "1", "need": n} for s, n in (("a", "essential"), ("b", "negligible"))
    ]
    firms = [{"firm": f, "sector": s} for f, s in zip("abc", "xxy", strict=True)]
    assert codes(lambda: build_network(flows, firms)) == ["mixed-need"]


def test_a_broken_parquet_file_is_a_problem_and_a_missing_file_an_error(tmp_path):
    _, firms = written(tmp_path, flows=FLOWS, firms=FIRMS)
    broken = tmp_path / "flows.parquet"
    broken.write_bytes(b"PAR1 nothing")
    assert "broken-parquet" in codes(lambda: read_network(broken, firms))
    with pytest.raises(FilesError):
        read_network(tmp_path / "none.csv", firms)
