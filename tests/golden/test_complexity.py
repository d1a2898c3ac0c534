"""Economic complexity: a published matrix, identities, agreement with the Growth Lab's package, and refusals."""

from __future__ import annotations

import csv
import io
import pathlib
import warnings

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp

from reshore.errors import InputError
from reshore.exposure.complexity import (
    made,
    measure_complexity,
    proximity,
    revealed_comparative_advantage,
)
from reshore.exposure.trade_complexity import complexity
from reshore.seeds import stream

# The 4 × 5 matrix of docs/concepts/complexity.md; expected values were computed with py-ecomplexity (presence_test
# "manual") and, for the eigenvalues, with a dense eigenvalue routine.
FOUR = np.array([[1, 1, 1, 1, 0], [1, 1, 1, 0, 0], [1, 1, 0, 0, 1], [1, 0, 0, 0, 0]])


def panel(countries, goods, seed=7):
    """Random exports: larger countries and commoner goods, one value in three absent, no row or column empty."""
    random = stream(seed, "complexity panel")
    size = random.lognormal(0, 1.5, (countries, 1)) * random.lognormal(0, 1, (1, goods))
    values = size * random.lognormal(0, 1.5, (countries, goods)) * (random.random((countries, goods)) < 2 / 3)
    values[np.arange(goods) % countries, np.arange(goods)] += size[np.arange(goods) % countries, np.arange(goods)]
    return values


class TestPublishedMatrix:
    found = measure_complexity(FOUR)

    def test_eigenvalues(self):
        assert self.found.eigenvalues == pytest.approx((1, 0.37704578, 0.18081546), abs=5e-9)

    def test_economic_complexity(self):
        expected = (1.150232, 0.599077, -1.502362, -0.246947)
        assert self.found.economic_complexity_index == pytest.approx(expected, abs=5e-7)

    def test_product_complexity(self):
        expected = (-0.246947, -0.028630, 2.072809, 2.803694, -4.231508)
        assert self.found.product_complexity_index == pytest.approx(expected, abs=5e-7)

    def test_density_of_the_first_country(self):
        assert self.found.density_share[0] == pytest.approx((0.909091, 0.891892, 1, 1, 0.368421), abs=5e-7)

    def test_outlook_gain(self):
        assert self.found.complexity_outlook_gain[1, 3] == pytest.approx(1.274030, abs=5e-7)
        assert self.found.complexity_outlook_gain[0, 0] == 0.0

    def test_proximity_by_hand(self):
        near = proximity(FOUR)
        assert near[0, 1] == pytest.approx(3 / 4)  # made together by 3 countries, the commoner of the two by 4
        assert near[2, 4] == 0.0
        assert np.diag(near) == pytest.approx(1.0)
        assert self.found.density_share[3, 0] == pytest.approx(1 / near[0].sum())


class TestIdentities:
    found = measure_complexity(made(panel(40, 90)))

    def test_a_country_is_as_complex_as_the_mean_of_its_goods(self):
        means = [self.found.product_complexity_index[row].mean() for row in self.found.is_made]
        assert self.found.economic_complexity_index == pytest.approx(np.array(means), abs=1e-12)

    def test_the_greatest_eigenvalue_is_one(self):
        assert self.found.eigenvalues[0] == pytest.approx(1.0, abs=1e-12)

    def test_the_index_has_mean_zero_and_deviation_one(self):
        for index in (self.found.economic_complexity_index, self.found.complexity_outlook_index):
            assert (index.mean(), index.std()) == (pytest.approx(0, abs=1e-12), pytest.approx(1))

    def test_density_is_a_share(self):
        assert self.found.density_share.min() >= 0
        assert self.found.density_share.max() <= 1

    def test_density_and_gain_equal_the_sums_over_the_matrix_of_proximities(self):
        near, making = proximity(self.found.is_made), self.found.is_made.astype(float)
        assert self.found.density_share == pytest.approx(making @ near / near.sum(axis=0), abs=1e-12)

    def test_locations_that_make_the_same_are_equally_complex(self):
        twice = measure_complexity(np.vstack([FOUR, FOUR[1]]))
        assert twice.economic_complexity_index[1] == pytest.approx(twice.economic_complexity_index[4], abs=1e-12)

    def test_listing_every_location_twice_changes_no_index(self):
        twice = measure_complexity(np.vstack([FOUR, FOUR]))
        once = measure_complexity(FOUR)
        assert twice.economic_complexity_index[:4] == pytest.approx(once.economic_complexity_index, abs=1e-12)
        assert twice.product_complexity_index == pytest.approx(once.product_complexity_index, abs=1e-12)

    def test_order_of_countries_and_goods_does_not_matter(self):
        making = made(panel(30, 50))
        rows, columns = stream(3, "rows").permutation(30), stream(3, "columns").permutation(50)
        one, two = measure_complexity(making), measure_complexity(making[np.ix_(rows, columns)])
        assert two.economic_complexity_index == pytest.approx(one.economic_complexity_index[rows], abs=1e-10)
        assert two.complexity_outlook_gain == pytest.approx(
            one.complexity_outlook_gain[np.ix_(rows, columns)], abs=1e-10
        )

    def test_more_countries_than_goods_give_the_same_as_the_other_side(self):
        # The index is the dual of itself: ECI of the transposed matrix is PCI, up to sign and scale.
        making = made(panel(40, 25))
        one, two = measure_complexity(making), measure_complexity(making.T)
        correlation = np.corrcoef(one.product_complexity_index, two.economic_complexity_index)[0, 1]
        assert abs(correlation) == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize(("countries", "goods"), [(60, 150), (45, 30)])
def test_it_agrees_with_the_package_of_the_growth_lab(countries, goods):
    pd = pytest.importorskip("pandas", reason="the package compared with needs pandas")
    ecomplexity = pytest.importorskip("ecomplexity", reason="the package compared with is not installed").ecomplexity
    values = panel(countries, goods)
    frame = pd.DataFrame(
        [(2024, f"c{c:03d}", f"p{p:03d}", values[c, p]) for c in range(countries) for p in range(goods)],
        columns=["year", "loc", "good", "value"],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ecomplexity(
            frame,
            {"time": "year", "loc": "loc", "prod": "good", "val": "value"},
            check_logsupermodularity=False,
            verbose=False,
        ).sort_values(["loc", "good"])
    ours = measure_complexity(made(values))

    def column(name):
        return theirs[name].to_numpy().reshape(countries, goods)

    assert revealed_comparative_advantage(values) == pytest.approx(column("rca"), abs=1e-8)
    assert ours.is_made.astype(int) == pytest.approx(column("mcp"))
    assert ours.economic_complexity_index == pytest.approx(column("eci")[:, 0], abs=1e-8)
    assert ours.product_complexity_index == pytest.approx(column("pci")[0], abs=1e-8)
    assert ours.density_share == pytest.approx(column("density"), abs=1e-8)
    assert ours.complexity_outlook_index == pytest.approx(column("coi")[:, 0], abs=1e-8)
    assert ours.complexity_outlook_gain == pytest.approx(column("cog"), abs=1e-8)


class TestAbsence:
    def test_a_country_without_exports_is_absent_and_changes_nothing_else(self):
        values = panel(12, 20)
        wider = np.insert(np.insert(values, 5, 0.0, axis=0), 3, 0.0, axis=1)
        one, two = measure_complexity(made(values)), measure_complexity(made(wider))
        assert np.isnan(two.economic_complexity_index[5])
        assert np.isnan(two.product_complexity_index[3])
        assert np.isnan(two.density_share[5]).all()
        assert np.delete(two.economic_complexity_index, 5) == pytest.approx(one.economic_complexity_index, abs=1e-12)
        kept = np.delete(np.delete(two.complexity_outlook_gain, 5, axis=0), 3, axis=1)
        assert kept == pytest.approx(one.complexity_outlook_gain, abs=1e-12)

    @pytest.mark.parametrize(
        ("is_made", "why"),
        [
            ([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]], "disconnected"),
            ([[1, 1, 1], [1, 1, 1]], "flat"),
            ([[1, 1, 1]], "too small"),
            # a ring: each country shares one good with each neighbor, so the order may begin anywhere
            ([[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 1, 1], [1, 0, 0, 0, 1]], "tied"),
        ],
    )
    def test_where_no_order_is_defined_the_index_is_absent_with_its_reason(self, is_made, why):
        found = measure_complexity(np.array(is_made))
        assert found.why_absent == why
        assert np.isnan(found.economic_complexity_index).all()
        assert np.isnan(found.complexity_outlook_gain).all()
        assert not np.isnan(found.density_share).any()

    def test_missing_or_negative_values_are_refused(self):
        for wrong in (np.nan, -1.0, np.inf):
            with pytest.raises(InputError, match="not-a-value"):
                made(np.array([[1.0, wrong], [1.0, 2.0]]))
        with pytest.raises(InputError, match="not-a-presence"):
            measure_complexity(np.array([[0.5, 1.0], [1.0, 0.0]]))

    def test_sparse_input_gives_the_same(self):
        values = panel(12, 20)
        sparse = measure_complexity(made(sp.csr_matrix(values)))
        assert sparse.economic_complexity_index.tolist() == (
            measure_complexity(made(values)).economic_complexity_index.tolist()
        )

    def test_equal_baskets_have_an_advantage_of_one_in_everything(self):
        # 0.1 / 0.3 against 0.7 / 2.1: rounding must not decide
        values = np.array([[0.1, 0.2], [0.7, 1.4], [0.3, 0.6]])
        assert made(values).all()


def trade(rows):
    columns = ("good", "exporter", "importer", "year", "value_usd", "value_usd_missing", "source")
    return pl.DataFrame([dict(zip(columns, row, strict=True)) for row in rows], infer_schema_length=None)


COUNTRIES = ("CHN", "DEU", "FRA", "GBR", "IND", "ITA", "JPN", "KOR", "NLD", "USA")


def flows(source="s"):
    values = panel(len(COUNTRIES), 16)
    return [
        (f"g{p:02d}", name, "WLD", 2024, values[c, p], None, source)
        for c, name in enumerate(COUNTRIES)
        for p in range(16)
        if values[c, p] > 0
    ]


class TestTradeTable:
    def test_frames_have_one_row_per_country_good_and_pair(self):
        found = complexity(trade(flows()), 2024)
        assert (found.countries.height, found.goods.height, found.pairs.height) == (10, 16, 160)
        assert found.countries["country"].to_list() == list(COUNTRIES)
        assert found.countries["economic_complexity_index"].null_count() == 0
        assert found.why_absent == ""

    def test_stated_world_exports_win_over_the_sum_of_importers_and_blocs_never_count(self):
        more = [
            ("g00", "CHN", "FRA", 2024, 500.0, None, "s"),
            ("g99", "CHN", "EUU", 2024, 500.0, None, "s"),
            ("g00", "EUU", "WLD", 2024, 500.0, None, "s"),
        ]
        one, two = complexity(trade(flows()), 2024), complexity(trade(flows() + more), 2024)
        assert one.countries.equals(two.countries)

    def test_importers_add_up_where_no_total_is_stated(self):
        split = [(g, e, i, y, v / 2, m, s) for g, e, _, y, v, m, s in flows() for i in ("FRA", "XX-ROW")]
        assert complexity(trade(split), 2024).countries.equals(complexity(trade(flows()), 2024).countries)

    def test_flows_without_a_value_are_left_out_with_a_note(self):
        rows = [*flows(), ("g04", "USA", "WLD", 2024, None, "unknown", "s")]
        (note,) = complexity(trade(rows), 2024).notes
        assert note.code == "unknown-trade"

    def test_several_sources_are_not_added_up(self):
        rows = flows() + flows("t")
        with pytest.raises(InputError, match="several-sources"):
            complexity(trade(rows), 2024)
        assert complexity(trade(rows), 2024, source="t").countries.height == 10

    def test_a_year_without_trade_is_refused(self):
        with pytest.raises(InputError, match="no-trade"):
            complexity(trade(flows()), 1999)

    def test_an_undefined_order_leaves_nulls_and_a_note(self):
        rows = [(f"g{c}", name, "WLD", 2024, 1.0, None, "s") for c, name in enumerate(("CHN", "DEU", "JPN"))]
        found = complexity(trade(rows), 2024)
        assert found.countries["economic_complexity_index"].null_count() == 3
        assert [note.code for note in found.notes] == ["complexity-not-defined"]


BACI = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data" / "baci_sample"


@pytest.mark.skipif(not BACI.exists(), reason="the BACI sample is not on this machine")
def test_two_exporters_of_the_baci_sample_have_the_advantage_that_their_rows_give():
    # South Africa (710) and Afghanistan (4) only; advantage of each in the first good that both export, by hand.
    file = next(BACI.glob("*.csv"))
    values: dict[tuple[str, str], float] = {}
    for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))):
        key = (row["i"], row["k"])
        values[key] = values.get(key, 0.0) + float(row["v"])
    codes = sorted({code for _, code in values})
    matrix = np.array([[values.get((country, code), 0.0) for code in codes] for country in ("4", "710")])
    both = next(n for n in range(len(codes)) if (matrix[:, n] > 0).all())
    by_hand = (matrix[1, both] / matrix[1].sum()) / (matrix[:, both].sum() / matrix.sum())
    assert revealed_comparative_advantage(matrix)[1, both] == pytest.approx(by_hand, rel=1e-12)
