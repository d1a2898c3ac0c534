"""Payments against closed forms, textbook games, and all coalitions of random production games."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from reshore.errors import UsageError
from reshore.pricing.payments import (
    aumann_shapley,
    blocking_coalition,
    coalition_worths,
    owen,
    pivotal,
    procure,
    sampled_shapley,
    shapley,
)
from reshore.seeds import stream


def test_links_of_one_chain_share_evenly_and_are_each_pivotal_for_all_of_it():
    # methods: m = 4, V = 100: Vickrey-Clarke-Groves (100, 100, 100, 100), sum 400; Shapley 25 each
    worths = coalition_worths(4, lambda s: 100.0 if len(s) == 4 else 0.0)
    assert pivotal(worths).tolist() == [100.0] * 4
    assert shapley(worths) == pytest.approx([25.0] * 4)


def test_two_substitutes_and_a_bottleneck():
    worths = coalition_worths(3, lambda s: 100.0 if 2 in s and len(s) > 1 else 0.0)
    assert pivotal(worths).tolist() == [0.0, 0.0, 100.0]
    assert shapley(worths) == pytest.approx([100 / 6, 100 / 6, 200 / 3])


def test_the_airport_game_has_its_closed_form():
    # Littlechild and Owen: φ_i = Σ_{k ≤ i} (c_k − c_{k−1}) / (n − k + 1)
    costs = [1.0, 3.0, 4.5, 9.0]
    expected = np.cumsum(
        [(c - before) / (4 - k) for k, (c, before) in enumerate(zip(costs, [0, *costs], strict=False))]
    )
    worths = coalition_worths(4, lambda s: max((costs[i] for i in s), default=0.0))
    assert shapley(worths) == pytest.approx(expected)


def test_sampled_orders_agree_with_all_orders_within_their_interval():
    costs = np.arange(1.0, 9.0)
    worth = lambda s: max((costs[i] for i in s), default=0.0)  # noqa: E731  # one line, used twice
    exact = shapley(coalition_worths(8, worth))
    found = sampled_shapley(8, worth, seed=4, orders=4000, confidence=0.9999)
    assert np.all(np.abs(found.values - exact) <= found.half_width + 1e-12)
    assert found.values.sum() == pytest.approx(8.0)
    assert found.half_width.max() < 0.2
    again = sampled_shapley(8, worth, seed=4, orders=4000, confidence=0.9999)
    assert again.values.tobytes() == found.values.tobytes()


def test_too_many_players_are_sent_to_sampling():
    with pytest.raises(UsageError, match="sample orders"):
        coalition_worths(21, lambda s: 0.0)


def production_game(seed: int):
    """Six owners of four resources, three products: prices of products, use of resources, what each owner has."""
    random = stream(seed, "production game", 0)
    return random.uniform(1, 5, 3), random.uniform(0.1, 2, (4, 3)), random.uniform(0, 3, (6, 4))


def best(revenue, use, resources):
    found = linprog(-revenue, A_ub=use, b_ub=resources, method="highs")
    return -found.fun, -found.ineqlin.marginals


def test_dual_payments_add_up_lie_in_the_core_and_bracket_the_pivotal_payment_in_200_games():
    # methods R5: λ(N) b_i ≤ V(N) − V(N ∖ i) ≤ λ(N ∖ i) b_i
    for seed in range(200):
        revenue, use, owned = production_game(seed)
        members = lambda s: owned[sorted(s)].sum(axis=0) if s else np.zeros(4)  # noqa: E731, B023  # used at once
        worths = coalition_worths(6, lambda s: best(revenue, use, members(s))[0])  # noqa: B023  # used at once
        value, prices = best(revenue, use, owned.sum(axis=0))
        paid = owen(prices, owned)
        assert paid.sum() == pytest.approx(value, abs=1e-8)
        assert blocking_coalition(paid, worths) is None
        for player, amount in enumerate(pivotal(worths)):
            without = best(revenue, use, owned.sum(axis=0) - owned[player])[1] @ owned[player]
            assert paid[player] - 1e-8 <= amount <= without + 1e-8


def test_prices_along_the_way_are_those_at_the_end_where_everything_is_owned():
    # with nothing but owned resources the worth is homogeneous of degree 1, and by Euler the two payments are one
    for seed in range(40):
        revenue, use, owned = production_game(seed)
        resources = owned.sum(axis=0)

        def ramp(part, revenue=revenue, use=use, resources=resources):
            return best(revenue, use, max(part, 1e-9) * resources)

        assert aumann_shapley(ramp, resources) == pytest.approx(best(revenue, use, resources)[1] * resources, abs=1e-6)


def test_two_left_gloves_and_a_right_one():
    worths = coalition_worths(3, lambda s: float(min(len(s & {0, 1}), len(s & {2}))))
    assert shapley(worths) == pytest.approx([1 / 6, 1 / 6, 2 / 3])
    assert blocking_coalition([0.0, 0.0, 1.0], worths) is None  # the core pays the scarce glove everything


def test_who_would_leave_is_named():
    worths = coalition_worths(3, lambda s: 100.0 if 2 in s and len(s) > 1 else 0.0)
    assert blocking_coalition([50.0, 30.0, 20.0], worths) in {(0, 2), (1, 2)}
    assert blocking_coalition([0.0, 0.0, 100.0], worths) is None


def chain_ramp(limits, plan):
    """Worth min over stages of (stage capacity) · 10, stages scaled together: prices sit on the scarce stage."""

    def ramp(t):
        filled = [min(limit, t * amount) for limit, amount in zip(limits, plan, strict=True)]
        prices = np.array([10.0 if t * a < limit else 0.0 for limit, a in zip(limits, plan, strict=True)])
        return 10.0 * sum(filled), prices

    return ramp


def test_prices_along_the_way_are_averaged_over_the_pieces():
    # worth 10·min(2, 4t) + 10·min(9, 3t): the first is filled at t = 1/2, so it earns 20 for 4; the second 30
    plan = np.array([4.0, 3.0])
    assert aumann_shapley(chain_ramp((2.0, 9.0), plan), plan) == pytest.approx([20.0, 30.0])


@given(
    plan=st.lists(st.floats(0.1, 10), min_size=1, max_size=6),
    data=st.data(),
)
@settings(max_examples=60)
def test_prices_along_the_way_add_up_to_the_worth_of_the_plan(plan, data):
    limits = data.draw(st.lists(st.floats(0.1, 10), min_size=len(plan), max_size=len(plan)))
    amounts = np.array(plan)
    ramp = chain_ramp(limits, amounts)
    payments = aumann_shapley(ramp, amounts)
    assert payments.sum() == pytest.approx(ramp(1.0)[0])
    expected = [10.0 * min(limit, amount) for limit, amount in zip(limits, plan, strict=True)]
    assert payments == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_a_round_takes_the_cheapest_and_pays_the_second_bid_up_to_the_reserve():
    # three makers of one plant that is worth 100; a second of them adds nothing
    one = lambda members: 100.0 if members else 0.0  # noqa: E731  # one line, used often
    found = procure([30.0, 50.0, 80.0], [90.0] * 3, one)
    assert (found.winners, found.payments.tolist(), found.surplus) == ((0,), [50.0, 0.0, 0.0], 50.0)
    assert procure([30.0, 50.0, 80.0], [45.0] * 3, one).payments.tolist() == [45.0, 0.0, 0.0]
    assert procure([30.0, 50.0, 80.0], [20.0] * 3, one).winners == ()


def test_reserves_keep_a_chain_from_being_paid_many_times_over():
    # four links worth 100 together, at costs of 10: without reserves each could ask 100 − 30; with them 15 each
    chain = lambda members: 100.0 if len(members) == 4 else 0.0  # noqa: E731
    assert procure([10.0] * 4, [1e6] * 4, chain).payments.tolist() == [70.0] * 4
    found = procure([10.0] * 4, [15.0] * 4, chain)
    assert found.payments.tolist() == [15.0] * 4
    assert found.surplus == pytest.approx(40)


@given(data=st.data(), n=st.integers(1, 5))
@settings(max_examples=60)
def test_nobody_gains_by_bidding_other_than_its_cost_and_nobody_loses(data, n):
    amounts = data.draw(st.lists(st.floats(0.5, 5), min_size=n, max_size=n))
    need = data.draw(st.floats(0.5, 10))
    costs = data.draw(st.lists(st.floats(0, 60), min_size=n, max_size=n))
    reserves = data.draw(st.lists(st.floats(0, 80), min_size=n, max_size=n))
    worth = lambda members: 20.0 * min(need, sum(amounts[i] for i in members))  # noqa: E731
    bidder, other = data.draw(st.integers(0, n - 1)), data.draw(st.floats(0, 90))

    def gain(bids):
        found = procure(bids, reserves, worth)
        return found.payments[bidder] - (costs[bidder] if bidder in found.winners else 0.0)

    honest = gain(costs)
    assert honest >= -1e-9
    assert gain([other if k == bidder else cost for k, cost in enumerate(costs)]) <= honest + 1e-9
