"""The daily model against a slow second implementation and against hand calculation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reshore.errors import InputError
from reshore.stress.cascade import BINDING, RATIONING, Disruption, Habits, network_from_arrays, simulate
from reshore.stress.cascade.days import water_level
from tests.unit.stress.plain_cascade import in_rounds, matrices, random_network


def plain_days(network, loss, days, stock_days, tau, rationing, binding, number=np.float64):
    """The same model with dense matrices in the units of the flows; equal ratios by the published rounds."""
    flows, needs = matrices(network)
    n, final = network.firm_count, network.final_demand.astype(number)
    use = flows.T.astype(number)  # row: buyer, column: supplier
    held = use.sum(0)
    normal = held + final
    stock, delivered, made = stock_days * use, use.copy(), normal.copy()
    course = []
    for _ in range(days):
        capacity = normal * (1 - loss)
        pace = np.divide(made, normal, out=np.ones(n, number), where=normal > 0)
        most = capacity.copy()
        order = np.zeros((n, n), number)
        new_stock = stock.copy()
        for i in range(n):
            for k in range(len(network.sectors)):
                of = network.sector == k
                need, there = use[i, of].sum(), stock[i, of].sum()
                if need == 0:
                    continue
                if normal[i] > 0:
                    used = min(1.0, pace[i] * need / there) if there > 0 else 0.0
                    new_stock[i, of] = stock[i, of] + delivered[i, of] - stock[i, of] * used
                    order[i, of] = np.maximum(
                        0.0, use[i, of] * pace[i] + (stock_days * use[i, of] * pace[i] - new_stock[i, of]) / tau
                    )
                else:
                    order[i, of] = use[i, of]
                possible = new_stock[i, of].sum() / need * normal[i]
                kind = needs[of, i].max()
                if binding == "every_input" or kind == 2:
                    most[i] = min(most[i], possible)
                elif kind == 1:
                    most[i] = min(most[i], 0.5 * (possible + capacity[i]))
        stock = new_stock
        held = np.where(np.abs(order.sum(0) - held) > 1e-13 * held, order.sum(0), held)
        demand = held + final
        made = np.minimum(most, demand)
        for i in range(n):
            if made[i] >= demand[i] or rationing is None:
                delivered[:, i] = order[:, i]
                continue
            left = made[i]
            if rationing.endswith("final_demand_last"):
                left -= max(0.0, min(final[i], left - order[:, i].sum()))
            if rationing == "proportional":
                delivered[:, i] = order[:, i] * made[i] / demand[i]
            elif rationing == "final_demand_last":
                delivered[:, i] = order[:, i] * min(1.0, left / order[:, i].sum()) if left > 0 else 0.0
            else:
                with_final = rationing == "equal_ratio"
                asked = np.append(order[:, i], final[i] if with_final else 0.0)
                usual = np.append(use[:, i], final[i] if with_final else 0.0)
                delivered[:, i] = in_rounds(asked, usual, left)[:-1]
        course.append(made.copy())
    return np.array(course)


@pytest.mark.parametrize("rationing", RATIONING)
@pytest.mark.parametrize("binding", BINDING)
def test_every_rule_gives_the_days_of_the_plain_model(rationing, binding):
    for seed, links in ((0, 3.0), (1, 3.0), (2, 3.0), (3, 1.5), (4, 1.5)):
        network = random_network(seed, n=20, links=links, final=links / 6)
        idle_buyers = (network.output[network.buyer] == 0).any()
        assert idle_buyers or links == 3.0  # thin networks have buyers that make nothing
        loss = np.where(np.arange(20) % 5 == 0, 0.7, 0.0)
        cut = Disruption("cut", dict(zip(network.firms, loss.tolist(), strict=True)))
        course = simulate(network, cut, 40, Habits(4.0, 3.0, rationing, binding))
        plain = plain_days(network, loss, 40, 4.0, 3.0, rationing, binding)
        scale = network.output.max()
        assert course.production / scale == pytest.approx(plain / scale, abs=1e-12)
        assert course.worst_residual_share <= 1e-12
        unrationed = plain_days(network, loss, 40, 4.0, 3.0, None, binding).sum(1) / network.output.sum()
        assert course.frame["unrationed_production_share"].to_numpy() == pytest.approx(unrationed, abs=1e-12)


def fork(final=(20.0, 60.0, 20.0)):
    """Firm 0 makes 100: 60 for firm 1, 20 for firm 2, 20 for final demand."""
    return network_from_arrays(
        supplier=[0, 0], buyer=[1, 2], value=[60.0, 20.0], need=[2, 2], sector=[0, 1, 1], final_demand=list(final)
    )


@pytest.mark.parametrize(
    ("rationing", "served"),
    [
        ("proportional", (10 + 80) / 100),  # half of 20, and 80 of the others' final demand from stock
        ("final_demand_last", 80 / 100),  # the orders of 80 take all 50
        ("equal_ratio", (10 + 80) / 100),  # all ask for their usual quantity, so the level is one half
        ("equal_ratio_final_demand_last", 80 / 100),
    ],
)
def test_on_the_first_day_half_of_production_is_shared_out_by_the_rule(rationing, served):
    course = simulate(fork(), Disruption("cut", {"0": 0.5}), 1, Habits(rationing=rationing))
    assert course.frame["final_demand_served_share"].to_list() == pytest.approx([served])


def test_equal_ratios_give_nothing_to_who_ordered_nothing_and_hand_out_all_that_was_made():
    # 40 is made. Usual quantities are 20 each; wanted are 0, 10, 30 of customers and 20 of final demand, in usual
    # quantities 0, 1/2, 3/2 and 1. Rounds: the first wants nothing and leaves; 1/2 to three of 20 each is 30; the 10
    # that are left go to two of 20 each, 1/4 each. So they get 0, 10, 15 and 15: the level is 3/4.
    asked, usual = [Fraction(k) for k in (0, 10, 30, 20)], [Fraction(20)] * 4
    assert in_rounds(asked, usual, Fraction(40)) == [0, 10, 15, 15]
    level, handed_out = water_level(np.array([0.0, 0.5, 1.5, 1.0]), np.full(4, 20.0), 40.0)
    assert (level, handed_out) == (0.75, 40.0)
    # With 55, final demand has all of its 20 in the second round and is charged no more: 10, 25 and 20.
    assert in_rounds(asked, usual, Fraction(55)) == [0, 10, 25, 20]
    assert water_level(np.array([0.0, 0.5, 1.5, 1.0]), np.full(4, 20.0), 55.0) == (1.25, 55.0)


@given(
    customers=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), min_size=1, max_size=12),
    part=st.fractions(0, 1, max_denominator=64),
)
def test_the_level_of_equal_ratios_is_where_the_published_rounds_end(customers, part):
    usual = [Fraction(size) for _, size in customers]
    asked = [Fraction(ratio, 8) * size for (ratio, _), size in zip(customers, usual, strict=True)]
    made = part * sum(asked)
    ratio = np.array([float(a / u) for a, u in zip(asked, usual, strict=True)])
    size = np.array([float(u) for u in usual])
    level, handed_out = water_level(ratio, size, float(made))
    assert size * np.minimum(ratio, level) == pytest.approx(
        [float(x) for x in in_rounds(asked, usual, made)], abs=1e-12
    )
    assert handed_out == pytest.approx(float(made), abs=1e-12)


@pytest.mark.parametrize("rationing", ["final_demand_last", "equal_ratio_final_demand_last"])
def test_small_orders_are_shared_right_beside_a_large_final_demand(rationing):
    # Firm 0 makes 2^20, all but 3/2^34 for final demand, and falls to 2^20 / 2^53 = 2/2^34: 2/3 of the order. A double
    # holds 2^20 + 3/2^34 only to 4/2^34, so that demand less final demand would be 4/2^34, and the part one half.
    network = network_from_arrays(
        supplier=[0], buyer=[1], value=[3 * 2.0**-34], need=[2], sector=[0, 1], final_demand=[2.0**20, 1.0]
    )
    course = simulate(network, Disruption("cut", {"0": 1 - 2.0**-53}), 2, Habits(stock_days=1, rationing=rationing))
    assert course.production[:, 1] == pytest.approx([1.0, 2 / 3], rel=1e-12)


def test_stocks_last_as_many_days_as_they_hold():
    # 5 days of stock at full use and nothing arrives after day 0: on day 0 5 days are left after use and delivery,
    # days 1 to 4 use the rest, and what is left on day 5 is nothing.
    course = simulate(fork(), Disruption("cut", {"0": 1.0}), 8, Habits(stock_days=5))
    made = course.production[:, 1] / 60.0
    assert made[:5] == pytest.approx(np.ones(5))
    assert made[5:] == pytest.approx(np.zeros(3))


@pytest.mark.parametrize("rationing", RATIONING)
def test_units_cancel(rationing):
    # In units a thousand and twenty-four times as large every number is the same to the last bit.
    one, other = (random_network(5, scale=scale) for scale in (1.0, 1024.0))
    cut = Disruption("cut", {one.firms[0]: 0.6, one.firms[3]: 0.3})
    courses = [simulate(network, cut, 30, Habits(rationing=rationing)) for network in (one, other)]
    assert courses[0].frame.equals(courses[1].frame)
    assert (courses[0].production * 1024.0).tobytes() == courses[1].production.tobytes()


def test_without_a_disruption_nothing_moves():
    course = simulate(random_network(4), Disruption("none", {}), 100)
    assert course.frame["production_share"].to_numpy() == pytest.approx(np.ones(100), abs=1e-12)
    assert course.notes == ()


def test_production_returns_when_capacity_does():
    network = random_network(7, final=1.0)
    cut = Disruption("cut", {network.firms[0]: 0.5}, start_day=3, duration_days=5, recovery_days=4)
    assert [cut.remaining_loss(day) for day in (2, 3, 7, 8, 11, 12)] == pytest.approx([0, 1, 1, 0.8, 0.2, 0])
    course = simulate(network, cut, 400)
    share = course.frame["production_share"]
    assert share[2] == pytest.approx(1.0)
    assert share.min() < 1.0 - 1e-6
    assert share[399] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(("need", "output"), [(2, 0.0), (1, 0.5), (0, 1.0)])
def test_losing_all_of_an_input_costs_all_half_or_nothing_by_its_need(need, output):
    # Pichler et al.: a critical input binds in full; an important one by half of what capacity and input allow; other
    # inputs do not bind.
    network = network_from_arrays(
        supplier=[0, 1], buyer=[2, 2], value=[50.0, 50.0], need=[need, 2], sector=[0, 1, 2],
        final_demand=[0.0, 0.0, 200.0],
    )  # fmt: skip
    course = simulate(network, Disruption("cut", {"0": 1.0}), 60, Habits(stock_days=5, binding="by_need"))
    assert course.production[-1, 2] / 200.0 == pytest.approx(output, abs=1e-12)


def test_a_fall_far_below_where_the_shock_comes_to_rest_is_pointed_out():
    # Two firms buy from each other. One loses 30 % for good: both could live with 70 % of what they were, but the other
    # orders 1 + 2/6 times less than it fell, the first makes less for it, and so on, down to next to nothing. In the
    # fork nobody orders from the customers: the fall stays near 30 %.
    pair = network_from_arrays(
        supplier=[0, 1], buyer=[1, 0], value=[90.0, 90.0], need=[2, 2], sector=[0, 1], final_demand=[10.0, 10.0]
    )
    spiral = simulate(pair, Disruption("cut", {"0": 0.3}), 200, Habits(stock_days=2.0))
    assert spiral.frame["production_share"].min() < 0.3
    assert [problem.code for problem in spiral.notes] == ["order-feedback"]
    assert simulate(fork(), Disruption("cut", {"0": 0.3}), 200, Habits(stock_days=2.0)).notes == ()


def test_numbers_outside_their_ranges_are_refused_together():
    with pytest.raises(InputError) as error:
        Habits(stock_days=0, adjustment_days=0, rationing="first_come", binding="none")
    assert len(error.value.problems) == 4
    with pytest.raises(InputError) as error:
        simulate(fork(), Disruption("cut", {"9": 1.0}), 5)
    assert error.value.problems[0].code == "dangling-reference"
