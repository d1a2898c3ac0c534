"""The security program is the flow program: what projects add in one is what they add in the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reshore.errors import UsageError
from reshore.flow import Project, capacity_of, run_flow
from reshore.flow.security import Outlook, Security
from reshore.optimize.two_stage import evaluate, solve_two_stage
from tests.unit.flow.test_flow import edges, situation, world


def with_projects(one, projects, built):
    """The situation in which parts of projects stand."""
    parts = [replace(project, capacity=project.capacity * part) for project, part in zip(projects, built, strict=True)]
    index = {f"g{k}": k for k in range(one.capacity.shape[0])}
    return replace(one, added=capacity_of(parts, index, one.n_months))


def flow_value(chain, one) -> float:
    """What is served by the flow program on its own, in millions, with its discount."""
    return run_flow(chain, one).discounted_value / 1e6


CHAINS = {
    "a chain of two": world(2, consumed=edges((1, 0, 1.0)), stock=1.0),
    "an important input": world(2, consumed=edges((1, 0, 1.0), half=True)),
    "a tool that wears": world(2, capital=edges((1, 0, 1.0), life_months=60.0)),
    "a design tool": world(2, design=edges((1, 0, 1.0), life_months=24.0)),
}


parts = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


@pytest.mark.parametrize("name", CHAINS)
@given(
    room=st.tuples(parts, parts),
    built=st.tuples(parts, parts),
    months=st.tuples(st.integers(0, 6), st.integers(0, 6)),
)
@settings(max_examples=12, deadline=None)
def test_projects_add_to_the_security_program_what_they_add_to_the_flow(name, room, built, months):
    chain = CHAINS[name]
    projects = (
        Project("g0", 0.4, build_months=months[0], ramp_months=3),
        Project("g1", 0.3, qualify_months=months[1]),
    )
    one = situation(list(room), 18, n=2, demand=0.9)
    security = Security(chain, (Outlook("cut", 1.0, one),), projects)
    program = security.program()
    added = evaluate(program, np.zeros(2)).objective - evaluate(program, np.array(built)).objective
    expected = flow_value(chain, with_projects(one, projects, built)) - flow_value(chain, one)
    assert added == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_plant_of_a_good_that_others_use_too_adds_as_much_to_both_programs():
    # For each unit for the chain three go to users outside, and give way: 0.05 of plants serve 0.2, and 0.1 added 0.4.
    chain = world(1)
    one = situation([0.05], 12, n=1, yielded=np.array([3.0]))
    assert run_flow(chain, one).served_share[0] == pytest.approx(np.full(12, 0.2))
    plant = Project("g0", 0.1)
    security = Security(chain, (Outlook("cut", 1.0, one),), (plant,))
    found = evaluate(security.program(), np.array([1.0]))
    both = with_projects(one, (plant,), (1.0,))
    assert run_flow(chain, both).served_share[0] == pytest.approx(np.full(12, 0.6))
    assert -found.objective == pytest.approx(flow_value(chain, both), rel=1e-9)


def test_an_upstream_plant_is_worth_nothing_until_the_downstream_plant_stands():
    # alloy and magnets survive at 6 %, demand 35 %, one year: the pair adds 4 points of 1,200 a year, one alone nothing
    chain = world(2, consumed=edges((1, 0, 1.0)))
    one = situation([0.06, 0.06], 12, n=2, demand=0.35)
    security = Security(chain, (Outlook("cut", 1.0, one),), (Project("g0", 0.04), Project("g1", 0.04)))
    program = security.program()

    def value(*built: float) -> float:
        return -evaluate(program, np.array(built)).objective

    nothing = value(0, 0)
    assert value(1, 0) == pytest.approx(nothing, abs=1e-12)
    assert value(0, 1) == pytest.approx(nothing, abs=1e-12)
    # discounted by 0.001 a month: mean of 0.999^t over a year is 0.99452
    gained = 0.04 * 1200 / 1e6 * np.mean(0.999 ** np.arange(12))
    assert value(1, 1) - nothing == pytest.approx(gained, rel=1e-9)


def test_capacity_by_outlook_is_of_every_project_and_month():
    with pytest.raises(UsageError, match=r"profiles of 'cut' have shape \(1, 11\), not \(1, 12\)"):
        Security(world(1), (Outlook("cut", 1.0, situation([0.5], 12, n=1), np.ones((1, 11))),), (Project("g0", 0.2),))


@given(first=st.integers(0, 12), second=st.integers(0, 12))
@settings(max_examples=20, deadline=None)
def test_two_draws_of_delay_are_worth_the_mean_of_the_months_that_each_leaves(first, second):
    # 0.2 of world output stands from a month on: it serves 0.2 / 12 a month of a use worth 1200 million a year.
    one = replace(situation([0.5], 12, n=1), discount_per_month=0.0)
    draws = [Project("g0", 0.2, start_month=month).by_month(12)[None, :] for month in (first, second)]
    outlooks = tuple(Outlook(f"draw {k}", 0.5, one, profile) for k, profile in enumerate(draws))
    program = Security(world(1), outlooks, (Project("g0", 0.2, start_month=60),)).program()
    added = evaluate(program, np.zeros(1)).objective - evaluate(program, np.ones(1)).objective
    months = 12 - (first + second) / 2
    assert added == pytest.approx(0.2 * months / 12 * one.value[0] / 1e6, rel=1e-9, abs=1e-12)


def test_a_project_that_fails_in_an_outlook_adds_nothing_there():
    chain = world(1)
    one = situation([0.5], 12, n=1)
    outlooks = (Outlook("works", 0.5, one, np.full((1, 12), 0.2)), Outlook("fails", 0.5, one, np.zeros((1, 12))))
    found = evaluate(Security(chain, outlooks, (Project("g0", 0.2),)).program(), np.ones(1))
    works, fails = -found.costs
    assert works == pytest.approx(fails * 0.7 / 0.5)


def test_everything_that_helps_is_built_when_it_is_free():
    chain = world(1)
    security = Security(
        chain, (Outlook("cut", 1.0, situation([0.5], 12, n=1)),), (Project("g0", 0.2), Project("g0", 0.6))
    )
    found = solve_two_stage(security.program())
    assert -found.objective == pytest.approx(1200 / 1e6 * np.mean(0.999 ** np.arange(12)))


def test_what_stands_moves_the_same_sides_as_what_is_built():
    one = situation([0.1], 12, n=1)
    plant, other = Project("g0", 0.05, start_month=3), Project("g0", 0.1)
    outlook = Outlook("cut", 1.0, one, np.array([other.by_month(12)]), np.array([plant.by_month(12)]))
    standing = Security(world(1), (outlook,), (other,), standing=(plant,))
    both = Security(world(1), (Outlook("cut", 1.0, one),), (plant, other))
    for part in (0.0, 0.5, 1.0):
        found, expected = (
            evaluate(security.program(), np.array(x)).objective
            for security, x in ((standing, [part]), (both, [1.0, part]))
        )
        assert found == pytest.approx(expected, rel=1e-12)
    with pytest.raises(UsageError, match="what each of 1 standing projects brings"):
        Security(world(1), (replace(outlook, standing=None),), (other,), standing=(plant,))
