"""Sixteen firms side by side: what rows of single precision do to the index, and the vectors that they are made of."""

import numpy as np
import pytest
from numba import njit

from reshore.stress.cascade import Cascade, Rule, measure_systemic_risk, network_from_arrays
from reshore.stress.cascade.lanes import LANES, add_multiples, sum_links, sum_rows
from reshore.stress.cascade.wave import calm, new_wave, spread_demand, start_wave
from tests.unit.stress.plain_cascade import index_of_each, random_network


@njit
def link_sums(rows, target, share, first, last, into, at):
    sum_links(rows, target, share, first, last, into, at)


@njit
def row_sums(rows, weight, low, high, into):
    sum_rows(rows, weight, low, high, into)


@njit
def added_multiples(rows, weight, low, high, step):
    add_multiples(rows, weight, low, high, step)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_vectors_are_what_numpy_makes_of_them_and_touch_nothing_else(kind):
    rng = np.random.default_rng(3)
    rows = rng.random((50, LANES)).astype(kind)
    target = rng.integers(0, 50, 30).astype(np.int32)
    share, weight = rng.random(30), rng.random(50)
    before = rows.copy()

    link_sums(rows, target, share, 4, 21, rows, 7)
    wanted = (share[4:21, None] * before[target[4:21]].astype(float)).sum(axis=0)
    assert rows[7] == pytest.approx(wanted, rel=2.0**-23 if kind is np.float32 else 1e-15)
    assert np.array_equal(np.delete(rows, 7, axis=0), np.delete(before, 7, axis=0))

    total = np.zeros((1, LANES))
    row_sums(rows, weight, 10, 40, total)
    assert total[0] == pytest.approx(weight[10:40] @ rows[10:40].astype(float), rel=1e-14)

    before = rows.copy()
    added_multiples(rows, weight, 10, 40, total)
    wanted = (before[10:40] + weight[10:40, None] * total).astype(kind)
    assert np.array_equal(rows[10:40], wanted)
    assert np.array_equal(rows[:10], before[:10])
    assert np.array_equal(rows[40:], before[40:])


def dense_upstream(network):
    """Upstream index of each firm from the inverse of the whole system: (w'G)_k / G_kk."""
    n = network.firm_count
    flow = np.zeros((n, n))
    np.add.at(flow, (network.supplier, network.buyer), network.value)
    sells = network.output > 0
    share = np.divide(flow, network.output[:, None], out=np.zeros_like(flow), where=sells[:, None])
    inverse = np.linalg.inv(np.eye(n) - share)
    return network.output_share @ inverse / np.diag(inverse)


@pytest.mark.parametrize("final", [0.6, 0.1, 0.02])
@pytest.mark.parametrize("tolerance", [1e-9, 1e-10, 1e-12, 1e-14])
def test_the_index_of_demand_is_that_of_the_inverse_whatever_the_tolerance(final, tolerance):
    """With final 0.02 hardly anything leaks, chances of coming back are near 1, and single precision is not enough."""
    network = random_network(8, n=300, links=6.0, sectors=8, final=final, loops=True)
    found = measure_systemic_risk(Cascade(network, Rule(tolerance=tolerance)))
    order = [network.number_of(firm) for firm in found["firm"]]
    apart = np.abs(found["upstream_index"].to_numpy() - dense_upstream(network)[order]).max()
    assert apart <= max(tolerance, 1e-13)
    assert found["residual_index"].max() <= tolerance


@pytest.mark.parametrize("seed", [1, 2])
def test_the_index_of_every_firm_is_within_the_tolerance_of_plain_sweeps(seed):
    network = random_network(seed, n=120, links=6.0, sectors=8, final=0.3)
    found = measure_systemic_risk(Cascade(network))
    order = [network.number_of(firm) for firm in found["firm"]]
    plain = index_of_each(network, True, fall=1e-16)
    assert np.abs(found["systemic_risk_index"].to_numpy() - plain[order]).max() <= 1e-12


def test_working_arrays_are_zero_again_after_every_shock():
    """Shares 1/49 of 49 customers add up to more than 1 in doubles: what arrives at a firm that lost all exceeds it."""
    n, customers = 300, np.arange(1, 50)
    assert sum([1 / 49] * 49) > 1.0
    supplier = np.concatenate([np.zeros(49, int), customers, np.arange(50, n)])
    buyer = np.concatenate([customers, np.zeros(49, int), np.append(np.arange(51, n), 50)])
    network = network_from_arrays(
        supplier=supplier, buyer=buyer, value=np.ones(len(supplier)), need=np.full(len(supplier), 1),
        sector=np.zeros(n, int),
    )  # fmt: skip
    system = Cascade(network).upstream
    wave = new_wave(system.demand)
    hit = system.position_of[np.arange(2 * 25)].astype(np.int32)
    start_wave(wave, hit, np.ones(len(hit)))
    for _ in range(3):
        spread_demand(system.demand, wave, 0.0)
    calm(wave)
    for name in ("loss", "gain", "unsent", "arrived", "counts"):
        assert not getattr(wave, name).any(), name


@pytest.mark.parametrize("tolerance", [1e-6, 1e-9, 1e-12])
def test_losses_of_inputs_that_are_held_back_stay_within_the_tolerance(tolerance):
    """In 600 firms who all reach each other much is held back; the downstream index misses less than the tolerance."""
    network = random_network(4, n=600, links=8.0, sectors=6, final=0.4)
    found, near = (measure_systemic_risk(Cascade(network, Rule(tolerance=one))) for one in (tolerance, 1e-15))
    missed = np.abs(found["downstream_index"].to_numpy() - near["downstream_index"].to_numpy())
    assert 0.0 < missed.max() <= tolerance
    assert found["residual_index"].max() <= tolerance
