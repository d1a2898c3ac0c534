"""In which order firms are swept, and what a sweep leaves of an error."""

from itertools import permutations

import numpy as np
import pytest

from reshore.stress.cascade import Cascade, Rule, measure_systemic_risk, network_from_arrays
from reshore.stress.cascade.order import sweep_order
from tests.unit.stress.plain_cascade import random_network


def forward(order, row, source, weight):
    """Weight of the links whose source is visited before the row that takes from it."""
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    return weight[(place[source] < place[row]) & (row != source)].sum()


def entries(row, source, weight):
    return np.array(row, np.int32), np.array(source, np.int32), np.array(weight, float)


def test_without_links_rows_keep_their_order():
    assert sweep_order(*entries([], [], []), 4).tolist() == [0, 1, 2, 3]
    assert sweep_order(*entries([1, 2], [1, 2], [5.0, 5.0]), 4).tolist() == [0, 1, 2, 3]


def test_a_circle_is_cut_at_its_lightest_link():
    """0 takes 3 from 1, 1 takes 2 from 2, 2 takes 1 from 0: visiting 2, 1, 0 leaves only the 1 behind."""
    links = entries([0, 1, 2], [1, 2, 0], [3.0, 2.0, 1.0])
    assert sweep_order(*links, 3).tolist() == [2, 1, 0]
    assert forward(sweep_order(*links, 3), *links) == 5.0


def test_chains_are_visited_from_their_source():
    row = np.arange(30)
    links = entries(row[:-1], row[1:], np.ones(29))
    assert forward(sweep_order(*links, 30), *links) == 29


def test_the_order_is_nearly_the_heaviest_of_all():
    """Against all 720 orders of six firms, forty times; the order of the numbers carries half the weight."""
    parts = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        row, source = (part.astype(np.int32) for part in np.nonzero(rng.random((6, 6)) < 0.6))
        weight = rng.pareto(1.5, len(row))
        best = max(forward(np.array(order), row, source, weight) for order in permutations(range(6)))
        order = sweep_order(row, source, weight, 6)
        assert sorted(order.tolist()) == list(range(6))
        parts.append(forward(order, row, source, weight) / best)
    assert max(parts) <= 1.0
    assert np.mean(parts) >= 0.95
    assert np.median(parts) == 1.0


@pytest.mark.parametrize("seed", [1, 2])
def test_the_fall_of_a_sweep_is_that_of_its_matrix(seed):
    """Visits in the chosen order with the slow error taken away first, written out as a matrix."""
    network = random_network(seed, n=90, links=6.0, sectors=6, final=0.3)
    shared = Cascade(network).shared
    demand, visits, sweeps = shared.demand, shared.visits, shared.sweeps
    c = int(np.argmax(np.diff(demand.edge)))
    low, high = demand.edge[c], demand.edge[c + 1]
    n = high - low
    links = np.zeros((n, n))
    for i in range(low, high):
        for link in range(demand.sales.first[i], demand.sales.last[i]):
            links[i - low, demand.sales.target[link] - low] += demand.sales.share[link] / demand.rest[i]
    right, gap = visits.mode.right[low:high], visits.mode_gap[low:high]
    whole = np.eye(n) + np.outer(right, gap) / visits.mode_weight[c]
    for i in sweeps.at[sweeps.edge[c] : sweeps.edge[c + 1]] - low:
        whole[i] = links[i] @ whole
    rate = np.abs(np.linalg.eigvals(whole)).max()
    assert sweeps.fall[c] == pytest.approx(min(2 * rate, 0.5 + 0.5 * rate), rel=0.05)
    assert rate < np.abs(np.linalg.eigvals(links)).max()


def test_firms_that_mostly_sell_to_each_other_are_visited_in_turn():
    """Firms 0 and 1 of eight in a ring sell 9/10 to each other, the ring 1/10 to final demand.

    0.81 of an error would stay between them in every sweep; 0.81^11 is the first power below a tenth, so they are
    visited eleven times more.
    """
    ring = np.arange(8)
    supplier, buyer = np.append(ring, 1), np.append((ring + 1) % 8, 0)
    value = np.where((supplier < 2) & (buyer < 2), 90.0, 9.0)
    final = np.where(ring < 2, 100.0 - np.bincount(supplier, value), 1.0)
    network = network_from_arrays(
        supplier=supplier, buyer=buyer, value=value, need=np.full(9, 1), sector=ring, final_demand=final
    )
    shared = Cascade(network).shared
    visited = np.bincount(shared.sweeps.at)[shared.position_of]
    assert visited.tolist() == [12, 12, 1, 1, 1, 1, 1, 1]
    assert shared.sweeps.fall.max() < 0.6  # of 0.81 in every sweep it would be 0.9
    last = {int(firm): k for k, firm in enumerate(shared.sweeps.at)}
    assert np.flatnonzero(shared.sweeps.gap).tolist() == sorted(last.values())


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("tolerance", [1e-7, 1e-9, 1e-12])
def test_the_index_is_within_its_tolerance_where_sweeps_leave_much(seed, tolerance):
    """Few links and hardly any leaks: some firms come to their end much later than the one that fails."""
    network = random_network(seed, n=2_000, links=3.0, sectors=8, final=0.3, loops=True)
    found, near = (measure_systemic_risk(Cascade(network, Rule(tolerance=one))) for one in (tolerance, 1e-15))
    for column in ("systemic_risk_index", "upstream_index", "downstream_index"):
        assert np.abs((found[column] - near[column]).to_numpy()).max() <= tolerance
    assert found["residual_index"].max() <= tolerance
