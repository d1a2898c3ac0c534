"""What must hold of every flow: more is never worse, and what means nothing changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reshore.flow.outcome as outcome_module
from reshore.flow import Cut, Project, Shares, World, at_rest, build_flow, cut_off, mirror, run_flow
from reshore.optimize import Basis, solve
from tests.unit.flow.plain_flow import best_value
from tests.unit.flow.random_worlds import PLACES, Case, random_case

cases = st.integers(0, 10**9).map(random_case)
few = settings(max_examples=25, deadline=None)


def value(case: Case, world: World | None = None) -> float:
    """The discounted value of what is served: what the program maximizes."""
    found = world or case.world
    return run_flow(found, cut_off(found, case.cuts, case.terms)).discounted_value


def no_less(more: float, less: float) -> bool:
    return more >= less - 1e-9 * max(1.0, abs(less))


@few
@given(cases)
def test_a_second_program_finds_the_same_value(case: Case):
    situation = cut_off(case.world, case.cuts, case.terms)
    found = run_flow(case.world, situation)
    assert found.discounted_value == pytest.approx(best_value(case.world, situation), rel=1e-7, abs=1e-9)
    assert found.residual < 1e-9


@few
@given(cases)
def test_what_is_left_out_of_the_program_changes_nothing(case: Case):
    # The whole program, solved from scratch with the solver's own options, serves the same.
    situation = cut_off(case.world, case.cuts, case.terms)
    flow = build_flow(case.world, situation)
    whole = solve(flow.program).objective * situation.value.max()
    assert run_flow(case.world, situation).discounted_value == pytest.approx(whole, rel=1e-4)


@few
@given(cases)
def test_no_severity_is_the_world_at_rest(case: Case):
    nothing = [replace(cut, severity=0.0) for cut in case.cuts]
    terms = replace(case.terms, projects=())
    situation = cut_off(case.world, nothing, terms)
    found = run_flow(case.world, situation)
    assert found.loss == 0
    assert np.abs(found.served_share - 1).max() < 1e-9
    assert (found.made <= situation.room + 1e-9)[
        np.setdiff1d(np.arange(len(case.world.goods)), case.world.parents)
    ].all()
    assert found.stock == pytest.approx(np.repeat(found.stock[:, :1], terms.months, axis=1), abs=1e-9)


@few
@given(cases, st.integers(0, 10**6))
def test_more_stock_more_capacity_and_less_severity_never_serve_less(case: Case, seed: int):
    random = np.random.default_rng(seed)
    base = value(case)
    more = case.world.stock_months + random.uniform(0, 2, len(case.world.goods)) * (random.random(1) < 0.7)
    assert no_less(value(case, replace(case.world, stock_months=more)), base)
    good = case.terms.projects[0].good
    plant = Project(good, float(random.uniform(0, 0.5)), float(random.uniform(0, 3)), ramp_months=1.5)
    assert no_less(value(case.but(projects=(*case.terms.projects, plant))), base)
    assert no_less(value(case.but(surge_share=0.2, surge_delay_months=1)), base)
    milder = tuple(replace(cut, severity=cut.severity * float(random.random())) for cut in case.cuts)
    assert no_less(value(replace(case, cuts=milder)), base)


@few
@given(cases)
def test_an_ally_more_never_lowers_what_is_served_in_all(case: Case):
    both = replace(case, cuts=(Cut(("CHN",)), Cut(("RUS",))))
    one = replace(case, cuts=(Cut(("CHN",)),))
    assert no_less(value(one), value(both))


@few
@given(cases, st.floats(0.05, 0.95))
def test_splitting_a_supplier_changes_nothing(case: Case, part: float):
    def split(shares: Shares) -> Shares:
        rows = [(g, p, s) for g, p, s in zip(shares.good.tolist(), shares.places, shares.share.tolist(), strict=True)]
        halves = [(g, p, s * share) for g, p, s in rows for share in (part, 1 - part)]
        return Shares(np.array([r[0] for r in halves]), tuple(r[1] for r in halves), np.array([r[2] for r in halves]))

    world = replace(case.world, supply={by: split(shares) for by, shares in case.world.supply.items()})
    assert value(case, world) == pytest.approx(value(case), rel=1e-9, abs=1e-12)


@few
@given(cases, st.floats(1e-6, 1e6))
def test_currency_scales_out(case: Case, rate: float):
    dearer = replace(case.world, value_usd=case.world.value_usd * rate)
    one = run_flow(case.world, cut_off(case.world, case.cuts, case.terms))
    other = run_flow(dearer, cut_off(dearer, case.cuts, case.terms))
    assert other.loss == pytest.approx(one.loss * rate, rel=1e-9, abs=1e-12)
    assert other.served == pytest.approx(one.served, abs=1e-9)


@few
@given(cases, st.integers(1, 5))
def test_the_rest_of_a_best_plan_is_best_for_what_it_starts_with(case: Case, cut_at: int):
    # Horizons add up at the stocks between them: run the later months from the stocks of the whole plan, and they serve
    # what the whole plan serves in them. Tools and designs remember more than stocks, so they are left out here.
    edges = replace(case.world.capital, good=np.zeros(0, np.int64), input=np.zeros(0, np.int64), amount=np.zeros(0),
                    half=np.zeros(0, bool), life_months=np.zeros(0))  # fmt: skip
    world = replace(case.world, capital=edges, design=edges)
    situation = cut_off(world, case.cuts, case.terms)
    whole = run_flow(world, situation)
    later = slice(cut_at, None)
    normal = world.stock_months * situation.use_share / 12
    tail = replace(
        situation,
        capacity=situation.capacity[:, later],
        demand=situation.demand[:, later],
        bought=situation.bought[:, later],
        added=situation.added[:, later],
        start=np.minimum(whole.stock[:, cut_at - 1], normal),
    )
    worth = situation.value[:, None, None] * (1 - situation.discount_per_month) ** np.arange(tail.n_months)
    expected = float((worth * whole.served[:, :, later]).sum())
    assert run_flow(world, tail).discounted_value == pytest.approx(expected, rel=1e-6, abs=1e-7)


@few
@given(cases, st.integers(1, 5))
def test_a_longer_horizon_never_serves_the_first_months_better(case: Case, months: int):
    # The short horizon has nothing to save for.
    short = cut_off(case.world, case.cuts, replace(case.terms, months=months))
    long = run_flow(case.world, cut_off(case.world, case.cuts, case.terms))
    worth = short.value[:, None, None] * (1 - short.discount_per_month) ** np.arange(months)
    first = float((worth * long.served[:, :, :months]).sum())
    assert no_less(run_flow(case.world, short).discounted_value, first)


@settings(max_examples=12, deadline=None)
@given(cases)
def test_plans_are_the_same_bytes_whatever_the_solver_does(case: Case):
    situation = cut_off(case.world, case.cuts, case.terms)

    def slack(flow) -> Basis:
        return Basis(np.zeros(flow.program.n_columns, np.int8), np.ones(flow.program.n_rows, np.int8))

    found = []
    for options, start in (
        (None, None),
        ({"random_seed": 11, "presolve": "on"}, slack),
        ({"simplex_strategy": 4}, slack),
    ):
        with pytest.MonkeyPatch.context() as patch:
            if options is not None:
                patch.setattr(outcome_module, "NEAR", options)
                patch.setattr(outcome_module, "near_basis", start)
            one = run_flow(case.world, situation)
            found.append((one.served.tobytes(), one.made.tobytes(), one.stock.tobytes()))
    assert found[0] == found[1] == found[2]


@few
@given(cases, st.sampled_from(["best", "pro_rata", "home_first", "own_only"]))
def test_nobody_gets_more_than_asked_and_tiers_keep_their_rule(case: Case, rule: str):
    terms = replace(case.terms, rationing=rule, defense_share=0.3)
    situation = cut_off(case.world, case.cuts, terms)
    found = run_flow(case.world, situation)
    assert (found.served >= 0).all()
    assert (found.served <= situation.asked + 1e-9).all()
    shares = np.divide(found.served, situation.asked, out=np.ones_like(found.served), where=situation.asked > 1e-9)
    if rule == "pro_rata":
        assert np.abs(shares - shares[:, :1]).max() < 1e-6
    if rule == "home_first" and len(situation.tiers) > 1:
        # Without the later tiers, the first is served no better.
        first = replace(situation, tiers=situation.tiers[:1], rationing="best")
        assert run_flow(case.world, first).discounted_value == pytest.approx(
            float((situation.value[:, None] * (1 - situation.discount_per_month) ** np.arange(situation.n_months)
                   * found.served[:, 0]).sum()), rel=1e-6, abs=1e-8)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(cases)
def test_what_one_side_brings_in_the_other_side_gives(case: Case):
    ours = at_rest(case.world, ("CHN", "RUS"))
    theirs = at_rest(case.world, tuple(place for place in PLACES if place not in ("CHN", "RUS")))
    own = np.setdiff1d(np.arange(len(case.world.goods)), case.world.parents)
    assert ours.brings_in[own] == pytest.approx(theirs.gives[own], abs=1e-9)
    assert theirs.brings_in[own] == pytest.approx(ours.gives[own], abs=1e-9)
    answer = run_flow(case.world, mirror(case.world, [Cut(("CHN", "RUS"), severity=0.0)], case.terms))
    assert answer.loss == 0
