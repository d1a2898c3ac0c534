"""Lost inputs of several firms swept together: the same losses as pushed one by one."""

import numpy as np
import pytest

from reshore.stress.cascade import Cascade, Rule, fills
from reshore.stress.cascade.lanes import LANES
from reshore.stress.cascade.push import CONVERGED, new_front, raise_loss, spread_closely
from tests.unit.stress.plain_cascade import random_network


def pushed(push, firm, most):
    front = new_front(push)
    raise_loss(front, firm, 1.0, -1)
    state, _ = spread_closely(push, front, most, 10_000, len(front.loss))
    return front.loss, state == CONVERGED


def swept(system, firms, most):
    flood = fills.new_flood(system.push, system.slots)
    for k, firm in enumerate(firms):
        flood.loss[firm, k] = 1.0
    fills.fill_closely(system.push, system.slots, flood, most, 1_000)
    return flood


@pytest.mark.parametrize("replaceability", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sweeps_end_where_pushes_end(seed, replaceability):
    """Where markets take nothing over, circles keep some losses from ending; those are found out."""
    network = random_network(seed, n=200, links=5.0, sectors=6, final=0.3, loops=True)
    system = Cascade(network, Rule(replaceability=replaceability)).shared
    firms = np.arange(LANES, dtype=np.int32)
    flood = swept(system, firms, 1e-15)
    ended = np.flatnonzero(flood.held[0] <= 1e-15)
    assert len(ended) == LANES if replaceability else len(ended) >= 4
    reached = 0
    for k in ended:
        loss, is_ended = pushed(system.push, firms[k], 1e-15)
        if is_ended:
            assert flood.loss[:, k] == pytest.approx(loss, abs=1e-12)
            reached = max(reached, np.count_nonzero(loss))
    assert reached > 50
    assert not flood.left.any()


def test_a_market_that_loses_all_passes_on_all():
    """Both firms of a market fail in one column, one of them in another: only in the first nobody takes over."""
    network = random_network(5, n=60, links=4.0, sectors=20, final=0.3)
    system = Cascade(network).shared
    members = next(found for k in range(20) if len(found := np.flatnonzero(network.market == k)) == 2)
    flood = fills.new_flood(system.push, system.slots)
    flood.loss[members, 0] = 1.0
    flood.loss[members[0], 1] = 1.0
    fills.fill_closely(system.push, system.slots, flood, 1e-15, 1)
    assert flood.due[members, 0].tolist() == [1.0, 1.0]
    output = network.output[members]
    assert flood.due[members[0], 1] == pytest.approx(min(1.0, output[0] / output[1]), rel=1e-9)


@pytest.mark.parametrize("firms", [1, 3, 4, LANES])
def test_wide_losses_are_listed_once_whether_swept_or_pushed_on(firms):
    """Up to three wide failures are pushed on alone, more are swept; in 300 firms every second one spreads wide."""
    network = random_network(1, n=300, links=6.0, sectors=6, final=0.3)
    system = Cascade(network).shared
    push, most = system.push, 1e-13
    hit = np.arange(firms, dtype=np.int32)
    lost = fills.lose_inputs(push, system.slots, new_front(push), fills.new_flood(push, system.slots), hit, most)
    for k in range(firms):
        entries = slice(lost.first[k], lost.last[k])
        listed = lost.firm[entries]
        assert len(set(listed.tolist())) == len(listed)
        assert lost.held[k] <= most
        loss = np.zeros(network.firm_count)
        loss[listed] = lost.loss[entries]
        assert loss == pytest.approx(pushed(push, hit[k], 1e-15)[0], abs=1e-10)


def test_what_is_held_back_is_at_least_what_comes_after():
    """After one sweep nothing has ended: what is said to be held back is more than what comes after it."""
    network = random_network(2, n=400, links=6.0, sectors=6, final=0.3)
    system = Cascade(network).shared
    flood = swept(system, np.arange(LANES), 1e-15)
    fresh = fills.new_flood(system.push, system.slots)
    fresh.loss[np.arange(LANES), np.arange(LANES)] = 1.0
    fills.fill_closely(system.push, system.slots, fresh, 1e-15, 1)
    assert flood.held.max() <= 1e-15 < fresh.held.max()
    moved = network.output_share @ (flood.loss - fresh.loss)
    assert (moved <= fresh.held[0] * (1 + 1e-9) + 1e-15).all()
