"""The flow program against hand calculations."""

from __future__ import annotations

import numpy as np
import pytest

from reshore.flow import BYS, NOBODY, Edges, Situation, Tier, World, run_flow

NOTHING = Edges(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool), np.zeros(0))


def edges(*rows: tuple[int, int, float], half: bool = False, life_months: float = 120.0) -> Edges:
    """Uses of inputs: (good, input, amount)."""
    good, used, amount = zip(*rows, strict=True)
    count = len(rows)
    return Edges(
        np.array(good), np.array(used), np.array(amount, float), np.full(count, half), np.full(count, life_months)
    )


def world(n: int, *, consumed: Edges = NOTHING, capital: Edges = NOTHING, design: Edges = NOTHING, stock: object = 0.0,
          final: tuple[int, ...] = (), variants: tuple[tuple[int, int, float], ...] = ()) -> World:  # fmt: skip
    names = tuple(f"g{k}" for k in range(n))
    last = final or (n - 1,)
    kind = list(zip(*variants, strict=True)) if variants else [(), (), ()]
    return World(
        goods=names, supply=dict.fromkeys(BYS, NOBODY), consumed=consumed, capital=capital, design=design,
        variant=np.array(kind[0], np.int64), parent=np.array(kind[1], np.int64), weight=np.array(kind[2], float),
        passed=np.ones(len(variants)), final=np.array(last), final_share=np.ones(len(last)),
        stock_months=np.broadcast_to(np.asarray(stock, float), (n,)).copy(), use=NOBODY,
        value_usd=np.full(len(last), np.nan), default_use={},
    )  # fmt: skip


def situation(
    capacity: object, months: int, *, n: int, demand: object = 1.0, finals: int = 1, use: object = 1.0, **more: object
) -> Situation:
    cap = np.asarray(capacity, float)
    cap = cap[:, None] if cap.ndim == 1 else cap
    wanted = np.asarray(demand, float)
    wanted = wanted[:, None] if wanted.ndim == 1 else wanted
    return Situation(
        capacity=np.broadcast_to(cap, (n, months)).copy(),
        demand=np.broadcast_to(wanted, (finals, months)).copy(),
        use_share=np.broadcast_to(np.asarray(use, float), (n,)).copy(),
        value=np.full(finals, 1200.0),
        **more,
    )


def test_magnets_last_while_stocks_do_then_fall_to_what_survives():
    # The coalition asks for 35 % of world use, 94 % of magnets are cut, two months are in stock. Per month (x 1/12):
    # months 1 and 2: 6 made + 29 from stock = 35; month 3: 6 + (70 - 58) = 18 of 35 = 51.4 %; then 6 of 35 = 17.1 %.
    outcome = run_flow(world(1, stock=2.0), situation([0.06], 12, n=1, demand=0.35, use=0.35))
    expected = [1, 1, 18 / 35, *[6 / 35] * 9]
    assert outcome.served_share[0] == pytest.approx(expected, abs=1e-6)
    # Unserved: 12 x 35 asked less 12 x 6 made less 70 in stock = 278 twelfths of a hundredth, 1200 per year's demand.
    assert outcome.loss == pytest.approx(278 / 1200 * 1200, rel=1e-6)


def test_an_upstream_plant_alone_is_worth_nothing_until_the_downstream_plant_stands():
    # Alloy (0) goes into magnets (1). Both survive at 6 %; demand 35 %; no stocks.
    chain = world(2, consumed=edges((1, 0, 1.0)))

    def served(alloy: float, magnet: float) -> float:
        return float(run_flow(chain, situation([alloy, magnet], 1, n=2, demand=0.35)).served_share[0, 0])

    assert served(0.06, 0.06) == pytest.approx(6 / 35, abs=1e-6)
    assert served(0.10, 0.06) == pytest.approx(6 / 35, abs=1e-6)
    assert served(0.06, 0.10) == pytest.approx(6 / 35, abs=1e-6)
    assert served(0.10, 0.10) == pytest.approx(10 / 35, abs=1e-6)


@pytest.mark.parametrize(("left", "output"), [(1.0, 1.0), (0.5, 0.75), (0.0, 0.5)])
def test_an_important_input_costs_half_when_it_is_wholly_lost(left: float, output: float):
    # Pichler et al.: x = (input / need + capacity) / 2.
    chain = world(2, consumed=edges((1, 0, 1.0), half=True))
    assert run_flow(chain, situation([left, 1.0], 1, n=2)).served_share[0, 0] == pytest.approx(output, abs=1e-6)


def test_a_good_is_served_by_any_of_its_kinds():
    # 60 % of cathodes are of kind 0 and 40 % of kind 1; kind 0 is lost: 40 % remains.
    chain = world(3, variants=((0, 2, 0.6), (1, 2, 0.4)))
    assert run_flow(chain, situation([0.0, 1.0, 0.0], 1, n=3)).served_share[0, 0] == pytest.approx(0.4, abs=1e-6)


def test_tools_that_are_not_replaced_wear_out_over_their_life():
    # Life 10 years = 120 months: after month t (from 1) without tools, 1 - t/120 of the capacity is fit.
    chain = world(2, capital=edges((1, 0, 1.0), life_months=120.0))
    lost = run_flow(chain, situation([0.0, 1.0], 24, n=2)).served_share[0]
    assert lost == pytest.approx([1 - t / 120 for t in range(1, 25)], abs=1e-6)
    assert run_flow(chain, situation([1.0, 1.0], 24, n=2)).served_share[0] == pytest.approx(np.ones(24), abs=1e-6)


def test_a_lost_design_tool_spares_old_products_and_stops_new_ones():
    # Lag 12 months, turnover 48: in month 13 + k the share of old designs is 1 - k/48.
    chain = world(2, design=edges((1, 0, 1.0), life_months=48.0))
    share = run_flow(chain, situation([0.0, 1.0], 36, n=2)).served_share[0]
    assert share[:12] == pytest.approx(np.ones(12), abs=1e-6)
    assert share[24] == pytest.approx(1 - 12 / 48, abs=1e-6)


def test_tiers_are_served_in_the_order_of_their_value_and_pro_rata_alike():
    tiers = (Tier("defense", 0.1, 10.0), Tier("others", 0.9, 1.0))
    best = run_flow(world(1), situation([0.5], 1, n=1, tiers=tiers))
    # 0.5 of demand 1: defense 0.1 in full, others 0.4 of 0.9: lost value 0.5 x 100 a month at value 1.
    assert best.loss == pytest.approx(0.5 * 100, rel=1e-6)
    alike = run_flow(world(1), situation([0.5], 1, n=1, tiers=tiers, rationing="pro_rata"))
    # Everyone loses half: 0.05 x 10 + 0.45 x 1 = 0.95.
    assert alike.loss == pytest.approx(0.95 * 100, rel=1e-6)


def test_nothing_is_lost_when_nothing_is_cut_also_with_recycling():
    # Magnets (1) need alloy (0); alloy is partly made of magnet scrap: a cycle with gain 0.1.
    chain = world(2, consumed=edges((1, 0, 1.0), (0, 1, 0.1)))
    chain = World(**{**chain.__dict__, "final_share": np.array([0.9])})
    assert run_flow(chain, situation([1.0, 1.0], 6, n=2)).loss == pytest.approx(0, abs=1e-6)


def test_without_any_supply_everything_is_unserved_and_goods_are_conserved():
    outcome = run_flow(world(1), situation([0.0], 3, n=1))
    assert outcome.served_share[0] == pytest.approx(np.zeros(3), abs=1e-9)
    assert outcome.residual < 1e-9


def test_what_is_bought_outside_takes_none_of_the_inputs():
    # Alloy (0) goes into magnets (1). The coalition makes 6 % of each and buys 20 % of magnets: 26 of 35 are served.
    chain = world(2, consumed=edges((1, 0, 1.0)))
    bought = np.array([[0.0], [0.20]])
    outcome = run_flow(chain, situation([0.06, 0.06], 1, n=2, demand=0.35, bought=bought))
    assert outcome.served_share[0, 0] == pytest.approx(26 / 35, abs=1e-6)
