"""Sixteen firms side by side: what rows do to the index, and the vectors that they are made of."""

import numpy as np
import pytest
from numba import njit

from reshore.stress.cascade import Cascade, Rule, measure_systemic_risk, network_from_arrays
from reshore.stress.cascade.lanes import LANES, add_rest, fill, hand_on, renew, renew_roughly
from reshore.stress.cascade.wave import calm, new_wave, spread_demand, start_wave
from tests.unit.stress.plain_cascade import index_of_each, random_network


@njit
def renewed(rows, target, share, first, last, at, step, late, total, gap):
    renew(rows, target, share, first, last, at, step, late, total, gap)


@njit
def renewed_roughly(rows, target, share, first, last, at, step, late, total, gap):
    renew_roughly(rows, target, share, first, last, at, step, late, total, gap)


@njit
def filled(rows, target, share, first, last, into, at):
    fill(rows, target, share, first, last, into, at)


@njit
def handed_on(loss, due, at, output, one_over_left, market, total, worth):
    hand_on(loss, due, at, output, one_over_left, market, total, worth)


@njit
def rest_added(into, at, weight, rows, row):
    add_rest(into, at, weight, rows, row)


def others(rows, at):
    return np.delete(rows, at, axis=0)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_renewed_row_is_what_numpy_makes_of_it_and_nothing_else_is_touched(kind):
    rng = np.random.default_rng(3)
    rows, step, total = rng.random((50, LANES)).astype(kind), rng.random((1, LANES)), rng.random((1, LANES))
    target, share = rng.integers(0, 50, 30).astype(np.int32), rng.random(30)
    before, total_before = rows.copy(), total.copy()
    renewed(rows, target, share, 4, 21, 7, step, 0.3, total, -2.0)
    wanted = 0.3 * step[0] + (share[4:21, None] * before[target[4:21]].astype(float)).sum(axis=0)
    assert rows[7] == pytest.approx(wanted, rel=2.0**-23 if kind is np.float32 else 1e-15)
    assert np.array_equal(others(rows, 7), others(before, 7))
    assert total[0] == pytest.approx(total_before[0] - 2.0 * rows[7].astype(float), rel=1e-15)
    renewed(rows, target, share, 4, 4, 8, step, 0.3, total, 1.0)
    assert rows[8] == pytest.approx(0.3 * step[0], rel=2.0**-23)


def test_a_row_is_renewed_roughly_in_its_own_precision():
    """Sums of single precision, link by link, as numpy makes them; of double precision where the row holds that."""
    rng = np.random.default_rng(3)
    rows, step = rng.random((50, LANES)).astype(np.float32), rng.random((1, LANES))
    target, share = rng.integers(0, 50, 30).astype(np.int32), rng.random(30)
    wanted = (0.3 * step[0]).astype(np.float32)
    for link in range(4, 21):
        wanted += np.float32(share[link]) * rows[target[link]]
    exact, total = rows.copy(), np.zeros((1, LANES))
    renewed_roughly(rows, target, share, 4, 21, 7, step, 0.3, total, 2.0)
    assert np.array_equal(rows[7], wanted)
    assert np.array_equal(total[0], 2.0 * wanted.astype(float))
    renewed(exact, target, share, 4, 21, 7, step, 0.3, total, 2.0)
    assert not np.array_equal(exact[7], wanted)
    fine = [rng.random((50, LANES))]
    fine.append(fine[0].copy())
    for some, work in zip(fine, (renewed, renewed_roughly), strict=True):
        work(some, target, share, 4, 21, 7, step, 0.3, total, 2.0)
    assert np.array_equal(*fine)


def test_filled_rows_only_rise_and_never_above_one():
    rng = np.random.default_rng(4)
    rows, into = rng.random((50, LANES)), 4.0 * rng.random((50, LANES)) - 1.0
    target, share = rng.integers(0, 50, 30).astype(np.int32), rng.random(30) / 10
    before = into.copy()
    filled(rows, target, share, 4, 21, into, 7)
    found = (share[4:21, None] * rows[target[4:21]]).sum(axis=0)
    assert into[7] == pytest.approx(np.clip(found, before[7], None).clip(max=1.0), rel=1e-15)
    assert np.array_equal(others(into, 7), others(before, 7))
    assert (into[7] == 1.0).any()
    assert (into[7] == before[7]).any()
    assert (into[7] < 1.0).any()


def test_a_loss_is_handed_on_as_far_as_the_market_cannot_take_it_over():
    rng = np.random.default_rng(5)
    loss, due, total = rng.random((50, LANES)), rng.random((50, LANES)), np.zeros((1, LANES))
    left = rng.random((3, LANES)) * 4.0
    left[1, 5] = 0.0
    before, one_over_left = due.copy(), np.divide(1.0, left, out=np.full_like(left, np.inf), where=left > 0)
    handed_on(loss, due, 7, 1.5, one_over_left, 1, total, 0.25)
    stays = [1.0 if rest <= 1.5 else 1.5 / rest for rest in left[1]]
    assert due[7] == pytest.approx(loss[7] * stays, rel=1e-15)
    assert min(stays) < max(stays) == stays[5] == 1.0
    assert total[0] == pytest.approx(0.25 * (due[7] - before[7]), rel=1e-13)
    assert np.array_equal(others(due, 7), others(before, 7))
    handed_on(loss, due, 8, 0.0, one_over_left * np.inf, 1, total, 0.0)
    assert np.array_equal(due[8], loss[8])


def test_what_is_left_is_added_where_it_belongs():
    rng = np.random.default_rng(6)
    into, rows = rng.random((5, LANES)), rng.random((9, LANES))
    before = into.copy()
    rest_added(into, 3, 2.5, rows, 4)
    assert into[3] == pytest.approx(before[3] + 2.5 * (1.0 - rows[4]), rel=1e-15)
    assert np.array_equal(others(into, 3), others(before, 3))


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
