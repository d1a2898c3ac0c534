"""Numbers that a solver cannot be trusted with: refused in words, or kept from mattering."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

import reshore.flow.outcome as outcome_module
from reshore.errors import InputError, NoAnswerError, SolverError
from reshore.flow import Cut, Project, Shares, Terms, build_flow, build_world, cut_off, run_flow
from reshore.flow.program import wear_sides
from reshore.flow.security import Outlook, Security
from reshore.optimize import Builder, Session, conflict
from tests.chains import chain_of, edge, good_named, shares
from tests.unit.flow.random_worlds import random_case
from tests.unit.flow.test_flow import edges, situation, world

RULES = ("best", "pro_rata", "home_first", "own_only")


def two_goods(**more: object):
    """Magnets that go into motors."""
    return chain_of(
        [good_named("magnet", unit="t", **more), good_named("motor", unit="t", world_output_per_year=1e-6, final=True),
         good_named("speaker", final=True)],
        [edge("motor", "magnet", amount_per_unit=2.0), edge("speaker", "magnet")],
        [*shares("magnet", CHN=0.9, JPN=0.1), *shares("motor", CHN=0.5, JPN=0.5)],
    )  # fmt: skip


def test_a_use_of_next_to_nothing_is_refused_with_the_units_to_compare():
    # Motors of 1e-6 t a year take 2 t of magnets per t, of 1e5 t: 2e-11 of them. A solver drops what is below 1e-9.
    with pytest.raises(InputError) as caught:
        build_world(two_goods(world_output_per_year=1e5))
    (problem,) = caught.value.problems
    assert (problem.code, problem.place.column) == ("too-small", "output_share")
    assert "'motor' takes 2e-11 of what is used of 'magnet'" in problem.found
    assert "world output" in problem.fix
    assert build_world(two_goods(world_output_per_year=1e-5)).consumed.amount[0] == pytest.approx(0.2)


def test_a_kind_of_next_to_nothing_is_refused():
    sizes = {"a": 1e10, "b": 1.0}
    kinds = [good_named(kind, parent="magnet", market_size_usd_per_year=size) for kind, size in sizes.items()]
    with pytest.raises(InputError) as caught:
        build_world(chain_of([good_named("magnet", final=True), *kinds]))
    assert [problem.found for problem in caught.value.problems] == ["'b' is 1e-10 of 'magnet'"]


@pytest.mark.parametrize("capacity", [300.0, -0.1, float("nan"), float("inf")])
def test_a_project_out_of_all_proportion_is_refused_before_anything_is_solved(capacity: float):
    plant = Project("motor", capacity)
    chain = build_world(two_goods(world_output_per_year=1e-5))
    with pytest.raises(InputError) as caught:
        cut_off(chain, [Cut(("CHN",))], Terms(projects=(Project("magnet", 0.1), plant)))
    (problem,) = caught.value.problems
    assert problem.code == "out-of-range"
    assert "'motor'" in problem.found
    assert "0 to 100 times" in problem.expected
    with pytest.raises(InputError):
        Security(chain, (Outlook("cut", 1.0, cut_off(chain)),), (plant,))


def test_the_largest_project_that_is_taken_gives_an_answer_that_holds():
    chain = build_world(two_goods(world_output_per_year=1e-5))
    found = run_flow(chain, cut_off(chain, [Cut(("CHN",))], Terms(months=6, projects=(Project("magnet", 100.0),))))
    assert found.residual < 1e-9
    assert found.served_share.min() == pytest.approx(1)


@pytest.mark.parametrize("rule", RULES)
def test_rounding_in_the_data_leaves_no_flow_without_an_answer(rule: str, monkeypatch: pytest.MonkeyPatch):
    # Shares that miss 1 by 1e-8 to 1e-14 either way; no answer may have to be sought a second time either.
    passes = outcome_module._passes
    failed: list[str] = []

    def watched(*arguments):
        try:
            return passes(*arguments)
        except (SolverError, NoAnswerError) as error:
            failed.append(str(error))
            raise

    monkeypatch.setattr(outcome_module, "_passes", watched)
    for seed in range(24):
        case, random = random_case(seed, months=12), np.random.default_rng(seed)

        def off(one: Shares, miss: float, random: np.random.Generator = random) -> Shares:
            return replace(one, share=one.share * (1 + miss * random.standard_normal(one.share.size)))

        miss = 10.0 ** -(8 + seed % 7)
        off_by = replace(case.world, supply={by: off(one, miss) for by, one in case.world.supply.items()},
                         use=off(case.world.use, miss))  # fmt: skip
        terms = replace(case.terms, rationing=rule, months=12, defense_share=0.2)  # type: ignore[arg-type]
        assert run_flow(off_by, cut_off(off_by, case.cuts, terms)).plan.made.min() >= 0
    assert failed == []


def test_capacity_is_never_less_than_nothing_when_shares_add_up_to_more_than_one():
    # Firms of 0.7, 0.1, 0.1 and 0.1 add up to 0.9999… or 1.0000…1, whatever the order; by organization all are lost.
    firms = [{"organization": name, "seat": "CHN"} for name in "abcd"]
    supply = [
        *shares("film", CHN=1.0),
        *({**row, "basis": "seat"} for row in shares("film", a=0.7, b=0.1, c=0.1, d=0.1)),
    ]
    chain = build_world(chain_of([good_named("film", final=True)], [], supply, firms))
    more = replace(chain.supply["organization"], share=chain.supply["organization"].share * (1 + 1e-12))
    chain = replace(chain, supply={**chain.supply, "organization": more})
    cut = Cut(("a", "b", "c", "d"), is_lost=True, by="organization")
    found = cut_off(chain, [cut], Terms(months=3))
    assert found.capacity.min() >= 0
    # A month of stock, and then nothing.
    assert run_flow(chain, found).served_share[0] == pytest.approx([1, 0, 0])


def test_what_is_left_of_tools_that_wear_out_never_adds_up_to_less_than_nothing():
    # Three thirds taken off a plant leave 0 or -1e-17 in floating point: without replacement that has no answer.
    random = np.random.default_rng(5)
    for life in (1, 3, 7, 48, 119):
        base = np.repeat(random.uniform(0, 1, 400)[:, None] / 12, 130, axis=1)
        left = np.cumsum(wear_sides(base, np.full(400, float(life))), axis=1)
        assert left.min() >= 0
        assert left[:, life - 1].max() < 1e-12


def test_a_price_within_the_solvers_tolerance_does_not_shut_out_the_best_answer():
    # min x0 s.t. x0 + x1 ≥ 1, x ≤ 1: any x1 = 1, x0 = 0 … A stray price of 5e-10 on the upper bound of x2, which is
    # 0.4, would fix it there, and 2 x2 = 0.8 could not be met.
    solving = sys.modules["reshore.optimize.solve"]
    builder = Builder()
    x = builder.variables("x", 3, high=1.0, cost=[1.0, 0.0, -5e-10])
    builder.require("need", [(0, x[:2], 1.0)], 1, low=1, says=lambda _: "need")
    builder.require("fixed", [(0, x[2], 2.0)], 1, low=0.8, high=0.8, says=lambda _: "fixed")
    session = Session(builder.build())
    solving._keep_to_the_best_face(session, np.array([0.0, 1.0, 0.4]), np.zeros(2))
    answer = session.solve()
    assert answer.status == "optimal"
    assert answer.x == pytest.approx([0.0, 1.0, 0.4])


def test_balances_hold_by_nature_and_are_never_named_as_what_clashes():
    flow = build_flow(world(2, consumed=edges((1, 0, 1.0))), situation([0.1, 1.0], 3, n=2))
    asked = flow.program.high[flow.at.served]
    low = flow.program.low.copy()
    low[flow.at.served] = asked
    clash, _ = conflict.explain(replace(flow.program, low=low))
    assert clash
    assert not any("is made or in stock" in line for line in clash)
    structural = {block.name for block in flow.program.rows if block.structural}
    assert structural == {"balance", "kinds"}
