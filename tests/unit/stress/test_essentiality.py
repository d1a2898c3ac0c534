"""Needs by pair of sectors as a list and as a matrix, their counts, and the published matrix where the user has it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from reshore.errors import InputError
from reshore.stress.cascade import build_network, count_needs, read_essentiality, read_network

PUBLISHED = "essentiality/ess_mat_n4_ihs.csv"
"""In R: ``write.csv(GLcascade::ess_mat_n4_ihs, "ess_mat_n4_ihs.csv")``, rows supplying, columns buying sectors."""

SIZE = 616


def codes_of(size):
    return [f"{number:04d}" for number in range(size)]


def survey(size=SIZE):
    """Answers 0, 1, 2 of 56 kinds of buyers about every supplying sector, in no order."""
    rng = np.random.default_rng(616)
    kinds = rng.choice(3, (size, 56), p=[0.7, 0.12, 0.18])
    kind = np.concatenate([np.arange(56), rng.integers(0, 56, size - 56)])
    return kinds[:, kind]


def as_r_writes(matrix):
    """As ``write.csv`` does: an empty first heading, names in quotes."""
    names = codes_of(len(matrix))
    lines = [",".join(['""', *(f'"{name}"' for name in names)])]
    lines += [f'"{name}",' + ",".join(map(str, row)) for name, row in zip(names, matrix.tolist(), strict=True)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("form", ["csv", "parquet", "list"])
def test_a_matrix_of_616_sectors_is_read_whole_in_every_form_and_counted(tmp_path, form):
    matrix = survey()
    names = codes_of(SIZE)
    path = tmp_path / ("survey.parquet" if form == "parquet" else "survey.csv")
    if form == "csv":
        path.write_text(as_r_writes(matrix), encoding="utf-8")
    elif form == "parquet":
        columns = {name: matrix[:, k].astype(float) for k, name in enumerate(names)}
        pl.DataFrame({"sector": names, **columns}).write_parquet(path)
    else:
        words = np.array(["negligible", "non_essential", "essential"])[matrix]
        pl.DataFrame(
            {
                "supplier_sector": np.repeat(names, SIZE),
                "buyer_sector": np.tile(names, SIZE),
                "need": words.reshape(-1),
            }
        ).write_csv(path)
    pairs = read_essentiality(path)
    assert pairs.height == SIZE * SIZE
    one = pairs.filter(supplier_sector="0003", buyer_sector="0600")["need"].item()
    assert one == ["negligible", "non_essential", "essential"][matrix[3, 600]]
    counts = count_needs(pairs)
    zeros, ones, twos = np.bincount(matrix.reshape(-1)).tolist()
    assert (counts.negligible_count, counts.non_essential_count, counts.essential_count) == (zeros, ones, twos)
    assert (counts.supplying_count, counts.buying_count, counts.profiles_count) == (SIZE, SIZE, 56)
    assert counts.mean_essential_inputs == pytest.approx((matrix == 2).sum(axis=0).mean())
    assert f"{twos:,} essential, {ones:,} non-essential, {zeros:,} negligible" in counts.sentence()


def test_the_published_matrix_has_its_published_counts(shared_data):
    # Diem et al. (2022): 616 sectors at four digits; zeros 269,204, ones 45,013, twos 65,239, 56 different columns.
    path = shared_data / PUBLISHED
    if not path.exists():
        pytest.skip(f"no {PUBLISHED} in the folder of open data sets: export it from the R package")
    counts = count_needs(read_essentiality(path))
    assert (counts.supplying_count, counts.buying_count, counts.profiles_count) == (616, 616, 56)
    assert (counts.negligible_count, counts.non_essential_count, counts.essential_count) == (269_204, 45_013, 65_239)
    assert counts.mean_essential_inputs == pytest.approx(105.9, abs=0.05)


def test_rows_of_a_matrix_sell_and_columns_buy_and_the_counts_are_told(tmp_path):
    flows, firms, matrix = tmp_path / "flows.csv", tmp_path / "firms.csv", tmp_path / "needs.csv"
    flows.write_text("supplier,buyer,value\nmine,mill,2\nmill,mine,3\n", encoding="utf-8")
    firms.write_text("firm,sector\nmine,07\nmill,24\n", encoding="utf-8")
    matrix.write_text('"","07","24","99"\n"07",0,2,0\n"24",1,0,0\n"99",0,0,1\n', encoding="utf-8")
    network = read_network(flows, firms, matrix)
    assert dict(zip(network.supplier.tolist(), network.need.tolist(), strict=True)) == {0: 1, 1: 2}
    told = {note.code: note for note in network.notes}
    assert "9 pairs of 3 supplying and 3 buying sectors: 1 essential, 2 non-essential, 6 negligible" in (
        told["essentiality-counts"].found
    )
    assert sum(note.code == "unused-sector" for note in network.notes) == 2  # 99 as a seller and as a buyer, each once


def test_cells_of_a_matrix_that_are_no_need_are_refused_with_their_places(tmp_path):
    path = tmp_path / "needs.csv"
    path.write_text('"","07","24"\n"07",0,3\n"24",NA,2\n', encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_essentiality(path)
    assert [(problem.place.row, problem.place.column) for problem in error.value.problems] == [(2, "24"), (3, "07")]
    rows = [{"sector": "a", "b": "", "c": "essential"}]
    with pytest.raises(InputError) as error:
        build_network([{"supplier": "x", "buyer": "y", "value": "1", "supplier_sector": "a", "buyer_sector": "b"}],
                      None, rows)  # fmt: skip
    assert [problem.place.column for problem in error.value.problems] == ["b"]


def test_a_sector_that_stands_twice_in_a_matrix_is_refused(tmp_path):
    path = tmp_path / "needs.csv"
    path.write_text('"","07","24"\n"07",0,1\n"07",1,2\n', encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_essentiality(path)
    assert {problem.code for problem in error.value.problems} == {"conflicting-rows"}


@pytest.mark.parametrize("heading", ["supplier_sector,buyer_sector\na,b\n", "needs\nessential\n"])
def test_a_list_that_lacks_columns_is_no_matrix(tmp_path, heading):
    path = tmp_path / "needs.csv"
    path.write_text(heading, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_essentiality(path)
    assert "missing-column" in {problem.code for problem in error.value.problems}
