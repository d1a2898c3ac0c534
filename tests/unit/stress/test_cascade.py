"""The systemic risk index against hand calculation, a slow second implementation, linear programs and closed forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from reshore.errors import InputError
from reshore.stress.cascade import (
    Cascade,
    Disruption,
    Habits,
    Rule,
    Shock,
    build_network,
    certify,
    measure_shocks,
    measure_systemic_risk,
    network_from_arrays,
    propagate,
    rank_systemic_risk,
    simulate,
)
from tests.unit.stress.motors import FIRMS, FLOWS
from tests.unit.stress.plain_cascade import index_of_each, iterate, matrices, random_network


def risk(network, threads=1, **rule):
    return measure_systemic_risk(Cascade(network, Rule(**rule)), threads=threads)["systemic_risk_index"].to_numpy()


def chain(needs=(2, 2), **accounts):
    return network_from_arrays(
        supplier=[0, 1], buyer=[1, 2], value=[60.0, 60.0], need=list(needs), sector=[0, 1, 2], **accounts
    )


def loss_by_program(network, psi):
    """Losses of inputs without replaceability as a linear program: the greatest h that the inputs allow."""
    flows, needs = matrices(network)
    n = network.firm_count
    cost = flows.sum(0) + network.value_added
    rows = []
    for j in range(n):
        for k in range(len(network.sectors)):
            part = np.where((needs[:, j] == 2) & (network.sector == k), flows[:, j], 0.0)
            if part.sum() > 0:
                rows.append((j, part / part.sum()))
        part = np.where(needs[:, j] == 1, flows[:, j], 0.0)
        if part.sum() > 0:
            rows.append((j, part / cost[j]))
    # h_j - sum_i share_i h_i <= 1 - sum_i share_i
    matrix, bound = lil_matrix((max(len(rows), 1), n)), np.ones(max(len(rows), 1))
    for r, (j, share) in enumerate(rows):
        matrix[r] = -share
        matrix[r, j] += 1.0
        bound[r] = 1.0 - share.sum()
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(-np.ones(n), matrix.tocsr(), bound, bounds=[(0, p) for p in psi], method="highs", options=tight)
    assert found.status == 0
    return 1 - found.x


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("replaceability", [True, False])
def test_every_firm_as_in_plain_sweeps(seed, replaceability):
    network = random_network(seed, loops=seed % 3 == 0)
    assert risk(network, replaceability=replaceability) == pytest.approx(
        index_of_each(network, replaceability, fall=1e-15), abs=1e-11
    )


@pytest.mark.parametrize("stop_rise", [1e-1, 1e-2, 1e-4])
def test_a_stopping_rule_ends_where_plain_sweeps_end(stop_rise):
    for seed in range(6):
        network = random_network(seed, loops=seed % 3 == 0)
        assert risk(network, stop_rise=stop_rise) == pytest.approx(
            index_of_each(network, True, stop_rise=stop_rise), abs=4e-14
        )


@pytest.mark.parametrize("seed", range(6))
def test_any_shock_as_in_plain_sweeps(seed):
    network = random_network(seed, n=30)
    rng = np.random.default_rng(100 + seed)
    down, up = (np.where(rng.random(30) < 0.2, rng.random(30), 0.0) for _ in range(2))
    shock = Shock("s", dict(zip(network.firms, down, strict=True)), dict(zip(network.firms, up, strict=True)))
    found = propagate(Cascade(network), shock)
    assert found.downstream == pytest.approx(1 - iterate(network, 1 - down, True, fall=1e-15)[0], abs=1e-11)
    assert found.upstream == pytest.approx(1 - iterate(network, 1 - up, True, fall=1e-15)[1], abs=1e-11)
    assert found.index == pytest.approx(float(network.output_share @ np.maximum(found.downstream, found.upstream)))


@pytest.mark.parametrize("seed", range(20))
def test_without_replaceability_lost_inputs_solve_a_linear_program(seed):
    network = random_network(seed, n=30, added=0.8)
    rng = np.random.default_rng(seed)
    psi = np.where(rng.random(30) < 0.15, rng.random(30), 1.0)
    shock = Shock("s", dict(zip(network.firms, 1 - psi, strict=True)))
    found = propagate(Cascade(network, Rule(replaceability=False)), shock)
    assert found.downstream == pytest.approx(loss_by_program(network, psi), abs=1e-8)


@pytest.mark.parametrize("seed", range(10))
def test_lost_demand_is_the_chance_of_coming_to_the_failed_firm(seed):
    # R1: with G = (I - L)^-1, firm i loses G_ik / G_kk when k fails; the index is w'G_k / G_kk.
    network = random_network(seed, n=40, final=1.0)
    flows, _ = matrices(network)
    ways = np.linalg.inv(np.eye(40) - flows / network.output[:, None])
    found = measure_systemic_risk(Cascade(network), threads=1)["upstream_index"].to_numpy()
    assert found == pytest.approx((network.output_share @ ways) / np.diag(ways), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_non_essential_inputs_alone_have_the_closed_form_too(seed):
    rng = np.random.default_rng(seed)
    pairs = sorted({(int(i), int(j)) for i, j in rng.integers(0, 40, (150, 2)) if i != j})
    network = network_from_arrays(
        supplier=[i for i, _ in pairs],
        buyer=[j for _, j in pairs],
        value=rng.lognormal(0, 1, len(pairs)),
        need=np.ones(len(pairs), int),
        sector=np.zeros(40, int),
        value_added=rng.lognormal(0, 1, 40),
    )
    flows, _ = matrices(network)
    ways = np.linalg.inv(np.eye(40) - flows / (flows.sum(0) + network.value_added))
    found = measure_systemic_risk(Cascade(network, Rule(replaceability=False)), threads=1)["downstream_index"]
    assert found.to_numpy() == pytest.approx((ways @ network.output_share) / np.diag(ways), abs=1e-12)


@pytest.mark.parametrize("replaceability", [True, False])
def test_in_a_closed_strongly_connected_network_every_firm_stops_all(replaceability):
    # Sweeps stopped at 1e-2 find 0.035 on average in such a network; the limit is 1.
    rng = np.random.default_rng(1)
    n = 60
    pairs = sorted(
        {(k, (k + 1) % n) for k in range(n)} | {(int(i), int(j)) for i, j in rng.integers(0, n, (200, 2)) if i != j}
    )
    network = network_from_arrays(
        supplier=[i for i, _ in pairs],
        buyer=[j for _, j in pairs],
        value=rng.lognormal(0, 1, len(pairs)),
        need=rng.integers(0, 3, (4, 4))[np.ix_(np.arange(n) % 4, np.arange(n) % 4)][tuple(np.array(pairs).T)],
        sector=np.arange(n) % 4,
    )
    assert risk(network, replaceability=replaceability) == pytest.approx(np.ones(n), abs=1e-12)


def test_a_nearly_closed_circle_is_solved_to_the_end():
    # Two firms sell each other all but a millionth. From the failure of one: the other loses 1 - 1e-6 of its sales.
    network = network_from_arrays(
        supplier=[0, 1, 2, 3], buyer=[1, 0, 3, 2], value=[1.0, 1.0, 1.0, 1.0], need=[0] * 4, sector=[0] * 4,
        final_demand=[1e-6, 1e-6, 1.0, 1.0],
    )  # fmt: skip
    found = measure_systemic_risk(Cascade(network), threads=1)["systemic_risk_index"].to_numpy()
    w = np.array([1 + 1e-6, 1 + 1e-6, 2.0, 2.0]) / (6 + 2e-6)
    assert found == pytest.approx([w[0] + w[1] / (1 + 1e-6)] * 2 + [w[2] + w[3] / 2] * 2, abs=1e-12)


def test_value_added_does_not_soften_the_loss_of_an_essential_input():
    # Purchases 60 of costs 100: the sole essential input of each firm is gone, so each stops.
    leaky = chain(value_added=[40.0, 40.0, 40.0])
    assert propagate(Cascade(leaky), Shock("s", {"0": 1.0}, {})).loss.tolist() == [1.0, 1.0, 1.0]
    # Non-essential: firm 1 loses 0.6, firm 2 loses 0.6 of that.
    linear = chain((1, 1), value_added=[40.0, 40.0, 40.0])
    assert propagate(Cascade(linear), Shock("s", {"0": 1.0}, {})).loss == pytest.approx([1.0, 0.6, 0.36])


def test_final_demand_softens_the_loss_of_customers():
    # Firm 1 sells 60 of 100 to firm 2; firm 0 sells 60 of 80 to firm 1.
    network = chain(final_demand=[20.0, 40.0, 60.0])
    assert propagate(Cascade(network), Shock("s", {}, {"2": 1.0})).loss == pytest.approx([0.75 * 0.6, 0.6, 1.0])


def test_several_flows_of_one_pair_are_one_flow():
    one = network_from_arrays(supplier=[0, 1], buyer=[1, 2], value=[3.0, 1.0], need=[2, 1], sector=[0, 1, 2])
    two = network_from_arrays(
        supplier=[0, 1, 0], buyer=[1, 2, 1], value=[1.0, 1.0, 2.0], need=[2, 1, 2], sector=[0, 1, 2]
    )
    assert risk(one).tolist() == risk(two).tolist()


def test_firms_without_customers_or_suppliers_lose_and_pass_on_what_they_should():
    # 0 sells to 1; 2 sells to final demand only; 3 neither sells nor buys.
    network = network_from_arrays(
        supplier=[0], buyer=[1], value=[1.0], need=[2], sector=[0, 1, 2, 3], final_demand=[0.0, 1.0, 2.0, 0.0]
    )
    assert risk(network) == pytest.approx([0.5, 0.5, 0.5, 0.0])


def test_an_emptied_market_has_no_one_left_to_take_over():
    # 0 and 1 are one market. Alone, half of what they sell is taken over by none: the other's sales are as large.
    network = network_from_arrays(supplier=[0, 1], buyer=[2, 2], value=[1.0, 1.0], need=[2, 2], sector=[0, 0, 1])
    both = propagate(Cascade(network), Shock("s", {"0": 1.0, "1": 1.0}, {}))
    assert both.loss.tolist() == [1.0, 1.0, 1.0]
    # One gone: its output over what survives is 1/1, so half of the input is lost; two of three: see the average.
    assert propagate(Cascade(network), Shock("s", {"0": 1.0}, {})).loss == pytest.approx([1.0, 0.0, 0.5])


@pytest.mark.parametrize("seed", range(4))
def test_the_index_lies_between_its_parts_and_their_sum(seed):
    frame = measure_systemic_risk(Cascade(random_network(seed, n=80)), threads=1)
    parts = frame.select("upstream_index", "downstream_index").to_numpy()
    found = frame["systemic_risk_index"].to_numpy()
    assert (found >= parts.max(1) - 1e-12).all()
    assert (found <= np.minimum(1.0, parts.sum(1)) + 1e-12).all()
    assert (frame["residual_index"] <= 1e-12).all()


@pytest.mark.parametrize("rule", [Rule(), Rule(stop_rise=0.01), Rule(replaceability=False)])
def test_threads_change_no_byte(rule):
    network = random_network(3, n=300, links=4.0, sectors=12)
    one, two, five = (measure_systemic_risk(Cascade(network, rule), threads=count) for count in (1, 2, 5))
    assert one.equals(two)
    assert one.equals(five)


def test_the_order_of_flows_changes_no_byte():
    arrays = random_network(5, n=60)
    order = np.random.default_rng(0).permutation(arrays.flow_count)
    again = network_from_arrays(
        supplier=arrays.supplier[order], buyer=arrays.buyer[order], value=arrays.value[order],
        need=arrays.need[order], sector=arrays.sector, final_demand=arrays.final_demand,
        value_added=arrays.value_added,
    )  # fmt: skip
    assert risk(arrays).tolist() == risk(again).tolist()


def test_names_of_firms_carry_no_meaning():
    network = random_network(6, n=60)
    to = np.random.default_rng(1).permutation(60)
    back = np.argsort(to)
    renamed = network_from_arrays(
        supplier=to[network.supplier], buyer=to[network.buyer], value=network.value, need=network.need,
        sector=network.sector[back], final_demand=network.final_demand[back], value_added=network.value_added[back],
    )  # fmt: skip
    assert risk(renamed)[to] == pytest.approx(risk(network), abs=1e-12)


def test_leaders_are_found_without_solving_everybody():
    network = random_network(11, n=600, links=2.0, sectors=20, final=0.9, added=0.9)
    every = measure_systemic_risk(Cascade(network), threads=1).sort("systemic_risk_index", descending=True)
    leaders = rank_systemic_risk(Cascade(network), 5, threads=1)
    assert leaders.frame["firm"].to_list() == every["firm"].head(5).to_list()
    assert leaders.frame["systemic_risk_index"].to_numpy() == pytest.approx(
        every["systemic_risk_index"].head(5).to_numpy(), abs=2e-12
    )
    assert leaders.rest_at_most_index >= every["systemic_risk_index"][5] - 1e-12
    assert leaders.rest_at_most_index <= every["systemic_risk_index"][4] + 1e-12
    assert leaders.solved_count < 600


def test_many_shocks_at_once_give_what_each_gives_alone():
    cascade = Cascade(random_network(2, n=50))
    firms = cascade.network.firms
    shocks = [Shock(f"s{k:02d}", {firms[k]: 0.5, firms[k + 1]: 1.0}) for k in range(20)]
    frame = measure_shocks(cascade, shocks, threads=2)
    assert frame["systemic_risk_index"].to_list() == [propagate(cascade, shock).index for shock in shocks]


def test_a_shock_to_an_unknown_firm_is_refused_with_every_problem():
    with pytest.raises(InputError) as error:
        propagate(Cascade(chain()), Shock("s", {"nobody": 1.0, "0": 1.5}))
    assert {problem.code for problem in error.value.problems} == {"dangling-reference", "out-of-range"}


def coverage_gain(values, one, other):
    return values[one | other] + values[one & other] - values[one] - values[other]


@pytest.mark.parametrize("seed", range(5))
def test_losses_of_a_linear_cascade_cover_and_so_are_submodular(seed):
    # Section 2.6 of the method: lost demand of a set is the chance of coming to any of it.
    network = random_network(seed, n=7, links=2.5, final=1.0)
    values = {}
    for bits in range(128):
        hit = {network.firms[k]: 1.0 for k in range(7) if bits >> k & 1}
        values[bits] = propagate(Cascade(network), Shock("s", {}, hit)).upstream_index
    assert max(coverage_gain(values, one, other) for one in range(128) for other in range(128)) <= 1e-12


def test_two_redundant_firms_hide_from_one_at_a_time_and_from_greedy_search():
    # 0 and 1 can stand in for each other wholly, 3 buys from both; 2 is worth little, but more than either alone.
    network = network_from_arrays(
        supplier=[0, 1, 2], buyer=[3, 3, 4], value=[1e-3, 1e-3, 2e-3], need=[2, 2, 2], sector=[0, 0, 1, 2, 3],
        final_demand=[1e3, 1e3, 1.0, 1e4, 1.0], market=[0, 0, 1, 2, 3],
    )  # fmt: skip
    cascade = Cascade(network)
    lost = {
        pair: propagate(cascade, Shock("s", {str(k): 1.0 for k in pair}, {})).loss[3] for pair in ((0,), (1,), (0, 1))
    }
    assert lost[(0,)] == lost[(1,)] == pytest.approx(0.5)
    assert lost[(0, 1)] == 1.0


@pytest.mark.parametrize("rounds", [1, 3, 12])
def test_the_end_does_not_depend_on_when_pushing_gives_way_to_solving(rounds, monkeypatch):
    network = random_network(1, n=60, links=4.0, sectors=3, added=0.3)
    shock = Shock("s", {network.firms[0]: 0.4, network.firms[7]: 1.0})
    for replaceability in (True, False):
        cascade = Cascade(network, Rule(replaceability))
        expected = 1 - iterate(network, 1 - np.array([shock.loss_share.get(firm, 0.0) for firm in network.firms]),
                               replaceability, fall=1e-15)[0]  # fmt: skip
        monkeypatch.setattr("reshore.stress.cascade.downstream.ROUNDS", rounds)
        assert propagate(cascade, shock).downstream == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("seed", range(10))
def test_what_was_found_is_certified_by_a_program_and_a_factorization(seed):
    network = random_network(seed, n=40, added=0.7)
    rng = np.random.default_rng(seed)
    shock = Shock(
        "s", dict(zip(network.firms, np.where(rng.random(40) < 0.2, rng.random(40), 0.0).tolist(), strict=True))
    )
    cascade = Cascade(network, Rule(replaceability=False))
    found = certify(cascade, propagate(cascade, shock))
    assert found.upstream_gap <= 1e-12
    assert found.downstream_gap is not None
    assert found.downstream_gap <= 1e-8
    assert certify(Cascade(network), propagate(Cascade(network), shock)).downstream_gap is None


def test_a_wrong_end_is_not_certified():
    cascade = Cascade(random_network(3, n=40, final=1.0), Rule(replaceability=False))
    found = propagate(cascade, Shock("s", {cascade.network.firms[0]: 1.0}))
    assert certify(cascade, replace(found, upstream=found.upstream * 0.999)).upstream_gap > 1e-5
    assert certify(cascade, replace(found, downstream=found.downstream * 0.999)).downstream_gap > 1e-5


def as_text(rows):
    return [{name: str(cell) for name, cell in row.items()} for row in rows]


def test_the_example_of_the_page_is_what_the_page_says():
    network = build_network(as_text(FLOWS), as_text(FIRMS))
    found = dict(zip(network.firms, risk(network), strict=True))
    lost = {"motors": 330, "mine": 250, "alloy": 240, "spare": 40 + 200 / 4 * 40 / 60, "paint": 60}
    assert found == pytest.approx({firm: value / 380 for firm, value in lost.items()})
    page = (Path(__file__).parents[3] / "docs" / "concepts" / "cascade.md").read_text(encoding="utf-8")
    for firm in lost:
        assert f"| {firm} |" in page
        assert f"= {100 * found[firm]:.1f} % |" in page
    course = simulate(network, Disruption("no ore", {"mine": 1.0}), 60, Habits(stock_days=15))
    short = {
        firm: int(np.argmax(course.production[:, k] < network.output[k] * 0.999))
        for k, firm in enumerate(network.firms)
    }
    assert (short["alloy"], short["motors"]) == (15, 35)
    assert "the alloy maker stops on day 15" in page
    assert "motors fall short\nfrom day 35" in page
