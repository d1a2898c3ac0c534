"""What holds for every network: larger shocks lose no less, units and names carry no meaning."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.stress.cascade import Cascade, Rule, Shock, propagate
from tests.unit.stress.plain_cascade import random_network

networks = st.builds(
    random_network,
    st.integers(0, 10_000),
    n=st.integers(3, 25),
    links=st.floats(0.5, 4),
    sectors=st.integers(1, 5),
    final=st.sampled_from([0.0, 0.5, 1.0]),
    added=st.sampled_from([0.0, 0.5, 1.0]),
    loops=st.booleans(),
)


def shocked(network, seed, replaceability, factor=1.0):
    rng = np.random.default_rng(seed)
    losses = np.where(rng.random(network.firm_count) < 0.3, rng.random(network.firm_count), 0.0) * factor
    shock = Shock("s", dict(zip(network.firms, losses.tolist(), strict=True)))
    return propagate(Cascade(network, Rule(replaceability=replaceability)), shock)


@settings(max_examples=60, deadline=None)
@given(networks, st.integers(0, 1000), st.booleans(), st.floats(0, 1))
def test_a_larger_shock_loses_no_less(network, seed, replaceability, factor):
    small, large = (shocked(network, seed, replaceability, f) for f in (factor, 1.0))
    assert (large.downstream >= small.downstream - 1e-10).all()
    assert (large.upstream >= small.upstream - 1e-10).all()


@settings(max_examples=60, deadline=None)
@given(networks, st.integers(0, 1000))
def test_replaceable_suppliers_lose_no_more(network, seed):
    with_, without = shocked(network, seed, True), shocked(network, seed, False)
    assert (with_.downstream <= without.downstream + 1e-10).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 1000), st.sampled_from([1e-9, 1e-3, 7.0, 1e12]))
def test_units_scale_out(seed, shock, scale):
    plain, scaled = random_network(seed), random_network(seed, scale=scale)
    assert np.allclose(shocked(plain, shock, True).loss, shocked(scaled, shock, True).loss, rtol=0, atol=1e-11)


@settings(max_examples=60, deadline=None)
@given(networks, st.integers(0, 1000), st.booleans())
def test_losses_are_shares_and_hold_the_shock(network, seed, replaceability):
    found = shocked(network, seed, replaceability)
    loss = np.array([found.shock.loss_share[firm] for firm in network.firms])
    for part in (found.upstream, found.downstream, found.loss):
        assert (part >= loss).all()
        assert (part <= 1.0).all()
    assert max(found.upstream_index, found.downstream_index) <= found.index + 1e-12
    assert found.index <= found.upstream_index + found.downstream_index + 1e-12
