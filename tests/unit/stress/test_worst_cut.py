"""The worst cuts are those of trying every set; greedy is not; and every bound holds."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from reshore import flow
from reshore.errors import InfeasibleError, InputError
from reshore.optimize import Builder, solve
from reshore.seeds import stream
from reshore.stress.worst_cut import Rules, Strikes, flow_strikes, greedy, masters, smallest_cut, strikes_on, worst_cuts
from reshore.stress.worst_cut.bound import Follow
from tests.unit.flow.random_worlds import PLACES, random_case


def loss_of(strikes: Strikes, members: tuple[int, ...]) -> float:
    """By the program alone, without anything of the search."""
    served = solve(strikes.figures(members)).objective
    return strikes.at_stake - float(strikes.forgone[list(members)].sum()) - served


def every_set(count: int, size: int) -> list[tuple[int, ...]]:
    return [members for most in range(size + 1) for members in combinations(range(count), most)]


def two_products(size: float = 1.0) -> Strikes:
    """Firms a and b can each make all 100 of one product; firm c makes 1 of another. Each is worth 1."""
    builder = Builder(maximize=True)
    capacity = np.array([100, 100, 1]) * size
    sold = builder.variables("sold", 2, high=capacity[1:], cost=1.0)
    made = builder.variables("made", 3, high=capacity, says=lambda k: f"made by firm {'abc'[k]}")
    builder.require("sales", [([0, 1], sold, 1.0), ([0, 0, 1], made, -1.0)], 2, high=0, says=lambda k: f"product {k}")
    return strikes_on(builder.build(), ("a", "b", "c"), ([0, 1, 2], made, capacity), at_stake=101 * size)


def test_two_firms_that_stand_in_for_one_another_are_found_and_greedy_is_not():
    # Either alone costs 0, both 100, c costs 1: greedy takes c and then nothing that adds; the optimum is 100.
    found = worst_cuts(two_products(), Rules(size=2))
    assert found.cuts[0].members == ("a", "b")
    assert (found.cuts[0].loss, found.cuts[0].bound) == pytest.approx((100, 100))
    assert found.cuts[0].proved
    assert found.greedy_loss == pytest.approx(1)


@pytest.mark.parametrize("size", [1e-9, 1e6])
def test_the_unit_of_amounts_scales_out(size: float):
    found = worst_cuts(two_products(size), Rules(size=2), count=2)
    assert [cut.members for cut in found.cuts] == [("a", "b"), ("c",)]
    assert [cut.loss for cut in found.cuts] == pytest.approx([100 * size, size])
    assert all(cut.proved for cut in found.cuts)


def test_greedy_reaches_one_hundredth_of_the_worst():
    worth = {frozenset("ab"): 100.0}

    def loss(members: tuple[int, ...]) -> float:
        names = {"abc"[member] for member in members}
        return sum(value for pair, value in worth.items() if pair <= names) + ("c" in names)

    assert greedy(loss, 3, 2) == (2,)
    assert max(loss(members) for members in every_set(3, 2)) == 100


def test_the_list_goes_on_with_the_next_and_leaves_out_idle_members():
    # All three cost 101; then a and b 100; then c alone 1: a with c costs no more than c.
    found = worst_cuts(two_products(), Rules(size=3), count=5)
    assert [cut.members for cut in found.cuts] == [("a", "b", "c"), ("a", "b"), ("c",)]
    assert [cut.loss for cut in found.cuts] == pytest.approx([101, 100, 1])
    assert all(cut.proved for cut in found.cuts)


def test_rules_keep_sets_out():
    strikes = two_products()
    assert worst_cuts(strikes, Rules(size=2, spared=("a",))).cuts[0].members == ("c",)
    assert worst_cuts(strikes, Rules(size=2, apart=(("a", "b"),))).cuts[0].members == ("c",)
    # a and b cost 2 and 3, the budget is 4: only c or one of them.
    dear = Rules(weights={"a": 2.0, "b": 3.0}, budget=4.0)
    assert worst_cuts(strikes, dear).cuts[0].members == ("c",)
    assert worst_cuts(strikes, replace(dear, budget=5.0)).cuts[0].members == ("a", "b")


def test_names_that_nobody_has_are_refused():
    with pytest.raises(InputError, match="'d'"):
        worst_cuts(two_products(), Rules(size=1, spared=("d",)))
    with pytest.raises(InputError, match="positive"):
        worst_cuts(two_products(), Rules(size=1, weights={"a": -1.0}))


def test_the_smallest_cut_that_loses_so_much():
    strikes = two_products()
    assert smallest_cut(strikes, 0.5).members == ("a", "b")
    assert smallest_cut(strikes, 0.005).members == ("c",)
    everyone = smallest_cut(strikes, 1.0)
    assert everyone.members == ("a", "b", "c")
    assert (everyone.bound, everyone.proved) == (pytest.approx(3), True)
    with pytest.raises(InfeasibleError, match=r"0\.5 of what is at stake"):
        smallest_cut(strikes, 0.5, Rules(size=1))


def test_weights_decide_which_cut_is_smallest():
    # Nine tenths of 101 take a and b, whatever they weigh; c adds only 1.
    strikes = two_products()
    heavy = Rules(weights={"a": 5.0, "b": 5.0, "c": 0.5})
    cut = smallest_cut(strikes, 0.9, heavy)
    assert (cut.members, cut.bound) == (("a", "b"), pytest.approx(10.0))


def network(seed: int, strikers: int, *, months: int = 1) -> Strikes:
    """A random chain: goods of two steps with substitutable suppliers, half-binding inputs, stock over months."""
    random = stream(seed, "random chain", strikers)
    goods, finals = 5, 3
    builder = Builder(maximize=True)
    value = random.uniform(1, 5, finals)
    asked = random.uniform(1, 3, (finals, 1)) * np.ones((1, months))
    served = builder.variables("served", (finals, months), high=asked, cost=value[:, None])
    made = builder.variables("made", (finals, months), high=asked * random.uniform(0.9, 1.6, (finals, 1)))
    total = random.uniform(1.5, 4, goods)
    mined = builder.variables("mined", (goods, months), high=total[:, None])
    stock = builder.variables("stock", (goods, months), high=total[:, None])
    t = np.arange(months)
    final = np.arange(finals)[:, None] * months + t
    builder.require("use", [(final, served, 1.0), (final, made, -1.0)], finals * months, high=0, says=lambda k: "use")
    row = np.arange(goods)[:, None] * months + t
    pairs = [(good, use) for use in range(finals) for good in range(goods) if random.random() < 0.6]
    uses = [(good, use, float(random.uniform(0.3, 1.0))) for good, use in pairs]
    terms = [(row, stock, 1.0), (row, mined, -1.0), (row[:, 1:], stock[:, :-1], -1.0)]
    half = [use for use in uses if random.random() < 0.3]
    for good, use, amount in uses:
        if (good, use, amount) not in half:
            terms.append((row[good], made[use], amount))
    used = builder.variables("used", (len(half), months))
    for k, (good, _, _) in enumerate(half):
        terms.append((row[good], used[k], 1.0))
    opening = np.zeros((goods, months))
    opening[:, 0] = random.uniform(0, 0.5, goods)
    balance = builder.require("balance", terms, goods * months, high=opening.ravel(), says=lambda k: f"balance {k}")
    for k, (_, use, amount) in enumerate(half):  # made falls to half without the input
        builder.require("half", [(t, made[use], 2.0), (t, used[k], -1 / amount)], months,
                        high=asked[use], says=lambda _: "half")  # fmt: skip
    who, where, much, rows, row_where, row_much = [], [], [], [], [], []
    for good in range(goods):
        parts = random.dirichlet(np.full(strikers, 0.3)) * (random.random(strikers) < 0.6) * random.uniform(0.7, 1.0)
        for striker in np.flatnonzero(parts > 1e-3):
            for month in t:
                who.append(striker)
                where.append(mined[good, month])
                much.append(parts[striker] * total[good])
            rows.append(striker)
            row_where.append(balance.reshape(goods, months)[good, 0])
            row_much.append(parts[striker] * opening[good, 0])
    program = builder.build()
    names = [f"s{k:02d}" for k in range(strikers)]
    return strikes_on(program, names, (who, where, much), (rows, row_where, row_much), solve(program).objective)


@pytest.mark.parametrize("seed", range(6))
def test_the_worst_cuts_are_those_of_trying_every_set(seed: int):
    strikers, size = ((8, 3), (10, 2), (9, 4), (12, 2), (20, 2), (10, 3))[seed]
    strikes = network(seed, strikers, months=1 + seed % 3)
    losses = sorted((loss_of(strikes, members) for members in every_set(strikers, size)), reverse=True)
    found = worst_cuts(strikes, Rules(size=size))
    (cut,) = found.cuts
    assert cut.proved
    assert cut.loss == pytest.approx(losses[0], rel=1e-6, abs=1e-9)
    assert cut.evaluations <= len(losses)
    assert found.greedy_loss <= cut.loss * (1 + 1e-9)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_master_program_finds_what_the_list_of_all_sets_finds(seed: int, monkeypatch: pytest.MonkeyPatch):
    strikes = network(seed, 10, months=2)
    rules = Rules(size=3, weights={"s01": 2.0}, budget=3.5, apart=(("s02", "s03"),))
    listed = worst_cuts(strikes, rules, count=2)
    small = smallest_cut(strikes, 0.3)
    monkeypatch.setattr(masters, "MOST_LISTED", 0)
    programmed = worst_cuts(strikes, rules, count=2)
    assert [cut.members for cut in programmed.cuts] == [cut.members for cut in listed.cuts]
    assert [cut.loss for cut in programmed.cuts] == pytest.approx([cut.loss for cut in listed.cuts])
    assert smallest_cut(strikes, 0.3).bound == pytest.approx(small.bound)


def test_a_limit_of_work_gives_the_best_found_and_a_bound_that_holds():
    strikes = network(3, 12, months=2)
    worst = worst_cuts(strikes, Rules(size=4)).cuts[0]
    stopped = worst_cuts(strikes, Rules(size=4, evaluations=5)).cuts[0]
    assert not stopped.proved
    assert stopped.gap_share > 0
    assert stopped.loss <= worst.loss <= stopped.bound * (1 + 1e-9)


def test_the_smallest_cut_is_that_of_trying_every_set():
    strikes = network(4, 8, months=2)
    losses = {members: loss_of(strikes, members) for members in every_set(8, 8)}
    for share in (0.1, 0.4, 0.7):
        share *= max(losses.values()) / strikes.at_stake
        least = min(len(members) for members, loss in losses.items() if loss >= share * strikes.at_stake)
        cut = smallest_cut(strikes, share)
        assert len(cut.members) == least
        assert cut.loss >= share * strikes.at_stake * (1 - 1e-6)
        assert cut.proved


def test_programs_in_which_doing_less_may_be_impossible_are_refused():
    builder = Builder(maximize=True)
    made = builder.variables("made", 1, low=1.0, high=2.0, cost=1.0)
    builder.require("exactly", [(0, made, 1.0)], 1, low=1.5, high=1.5, says=lambda _: "exactly 1.5")
    with pytest.raises(InputError, match=r"(?s)two sides.*lower bound 1"):
        strikes_on(builder.build(), ("a",))


def test_a_loop_of_recycling_is_followed_to_its_end():
    # Metal is mined (1) or recycled, half of all metal used comes back: use x = 1 + x / 2 = 2. Without the mine nothing
    # is left: x = x / 2. The plan's bound follows the loop: mined and recycled metal are lost together.
    builder = Builder(maximize=True)
    used = builder.variables("used", 1, high=5.0, cost=1.0)
    mined = builder.variables("mined", 1, high=1.0)
    recycled = builder.variables("recycled", 1)
    builder.require("metal", [(0, used, 1.0), (0, mined, -1.0), (0, recycled, -1.0)], 1, high=0, says=lambda _: "metal")
    builder.require("scrap", [(0, recycled, 1.0), (0, used, -0.5)], 1, high=0, says=lambda _: "scrap")
    strikes = strikes_on(builder.build(), ("mine",), ([0], mined, [1.0]), at_stake=2.0)
    cut = worst_cuts(strikes, Rules(size=1)).cuts[0]
    assert (cut.loss, cut.proved) == (pytest.approx(2.0), True)
    x = solve(strikes.program).x
    bound = Follow(strikes).cut((), strikes.program, x, 0.0)
    assert bound.slope == pytest.approx([2.0])


# --- The flow program ---------------------------------------------------------------------------------------------


def test_cuts_for_which_bounds_do_not_hold_are_refused():
    world = random_case(1).world
    partly = flow.Cut((), severity=0.5)
    with pytest.raises(InputError, match="withheld in part"):
        flow_strikes(world, ("CHN",), cut=partly)
    flow_strikes(world, ("CHN",), cut=replace(partly, is_lost=True))
    with pytest.raises(InputError, match="home_first"):
        flow_strikes(world, ("CHN",), flow.Terms(home="USA", rationing="home_first"))


def test_plants_lost_in_part_and_for_a_time_are_bounded_too():
    for seed in (2, 5):
        case = random_case(seed)
        pattern = flow.Cut((), severity=0.7, start_month=1, months=4, ramp_months=1, is_lost=True)
        strikes = flow_strikes(case.world, PLACES, case.terms, cut=pattern)
        most = max(loss_of(strikes, members) for members in every_set(len(PLACES), 2))
        found = worst_cuts(strikes, Rules(size=2)).cuts
        assert all(cut.proved for cut in found)
        assert max((cut.loss for cut in found), default=0.0) == pytest.approx(most * strikes.unit, rel=1e-6, abs=1e-6)


# --- The page -----------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "concepts" / "worst-cut.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_is_what_the_search_gives():
    strikes = two_products()
    rows = re.findall(r"^\| ([abc](?:, [abc])?) \| (\d+) \|$", PAGE, flags=re.MULTILINE)
    assert len(rows) == 5
    for names, loss in rows:
        members = tuple("abc".index(name) for name in names.split(", "))
        assert loss_of(strikes, members) == pytest.approx(float(loss))
    found = worst_cuts(strikes, Rules(size=2))
    best, bound, gap = (float(number) for number in re.search(r"found (\d+), bound (\d+), gap (\d+)", PAGE).groups())
    assert (found.cuts[0].loss, found.cuts[0].bound, found.cuts[0].gap_share) == pytest.approx((best, bound, gap))
    assert found.greedy_loss / found.cuts[0].loss == pytest.approx(float(re.search(r"reaches (\d+) %", PAGE)[1]) / 100)
    members = int(re.search(r"half of what is at stake takes (\d) members", PAGE)[1])
    assert len(smallest_cut(strikes, 0.5).members) == members


def test_the_bounds_of_the_page_are_those_of_a_plan_that_uses_half_of_each():
    strikes = two_products()
    half = np.array([100.0, 1.0, 50.0, 50.0, 1.0])
    cut = Follow(strikes).cut((), strikes.program, half, 0.0)
    patterns = (r"at most (\d+) are lost", r"together cost at most 50 \+ 50 = (\d+)", r"a and c at\s+most (\d+)\.")
    each, pair, other = (float(re.search(pattern, PAGE)[1]) for pattern in patterns)
    assert cut.slope == pytest.approx([each, each, 1.0])
    assert cut.slope[:2].sum() == pytest.approx(pair)
    assert cut.slope[[0, 2]].sum() == pytest.approx(other)


# --- Theorems of the model of methods: coverage and its limits ------------------------------------------------------


def linear_cascade(seed: int, n: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Shares W[i, j] of firm i's inputs that come from j, rows below 1, and sizes."""
    random = stream(seed, "linear cascade")
    weights = random.random((n, n)) * (random.random((n, n)) < 0.4)
    np.fill_diagonal(weights, 0.0)
    return weights / (weights.sum(axis=1, keepdims=True) + random.uniform(0.2, 1, (n, 1))), random.uniform(1, 5, n)


def cascade_loss(weights: np.ndarray, size: np.ndarray, members: tuple[int, ...]) -> float:
    """``Σ_i size_i h_i``, h = 1 on the set and Σ_j W_ij h_j off it: the odds that a walk from i hits the set."""
    free = [i for i in range(size.size) if i not in members]
    h = np.ones(size.size)
    inside = weights[np.ix_(free, free)]
    h[free] = np.linalg.solve(np.eye(len(free)) - inside, weights[np.ix_(free, list(members))].sum(axis=1))
    return float(size @ h) if members else 0.0


def test_losses_of_a_linear_cascade_are_monotone_and_submodular_and_greedy_keeps_its_guarantee():
    for seed in range(15):
        weights, size = linear_cascade(seed)
        losses = {frozenset(s): cascade_loss(weights, size, s) for s in every_set(7, 7)}
        for smaller, low in losses.items():
            for extra in set(range(7)) - smaller:
                gain = losses[smaller | {extra}] - low
                assert gain >= -1e-9
                for other in set(range(7)) - smaller - {extra}:
                    larger = losses[smaller | {other, extra}] - losses[smaller | {other}]
                    assert larger <= gain + 1e-9
        for k in (2, 3):
            chosen = greedy(lambda s, w=weights, z=size: cascade_loss(w, z, s), 7, k)
            best = max(losses[frozenset(s)] for s in combinations(range(7), k))
            assert losses[frozenset(chosen)] >= (1 - 1 / math.e) * best


def test_greedy_that_skips_what_cannot_be_next_chooses_the_same():
    for seed in range(15):
        weights, size = linear_cascade(seed)

        def loss(s: tuple[int, ...], weights: np.ndarray = weights, size: np.ndarray = size) -> float:
            return cascade_loss(weights, size, s)

        alone = [loss((member,)) for member in range(7)]
        # In a coverage function a set costs at most what its members cost alone.
        lazy = greedy(loss, 7, 3, bound=lambda s, alone=alone: sum(alone[member] for member in s))
        assert lazy == greedy(loss, 7, 3)
