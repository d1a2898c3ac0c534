"""Published programs: time to recover and time to survive (Simchi-Levi et al. 2014, 2015)."""

from __future__ import annotations

import numpy as np
import pytest

from reshore.optimize import Builder, solve

# Interfaces 45(5), 10.1287/inte.2015.0804, and the notebook acedesci/scanalytics_cases, case 3.1 with its output: three
# suppliers that can each make both products, two months until a supplier has recovered.
CAPACITY = np.array([30.0, 45.0, 60.0])
DEMAND = np.array([75.0, 50.0])
STOCK = np.array([20.0, 25.0])
LOST_VALUE = np.array([5000.0, 6500.0])
MONTHS = 2.0


def time_to_recover(down: int | None) -> tuple[float, float]:
    """Cost and units lost: ``min Σ f_j l_j`` with ``Σ_i y_ij + l_j ≥ d_j t - s_j`` and ``Σ_j y_ij ≤ c_i t``."""
    capacity = CAPACITY * MONTHS
    if down is not None:
        capacity[down] = 0.0
    builder = Builder()
    made = builder.variables("made", (3, 2))
    lost = builder.variables("lost", 2, cost=LOST_VALUE)
    builder.require("demand", [(np.arange(2), made, 1.0), (np.arange(2), lost, 1.0)], 2, low=DEMAND * MONTHS - STOCK,
                    says=lambda k: f"demand for product {k}")  # fmt: skip
    builder.require("capacity", [(np.arange(3)[:, None], made, 1.0)], 3, high=capacity,
                    says=lambda k: f"capacity of supplier {k}")  # fmt: skip
    solution = solve(builder.build())
    return solution.objective, float(solution.x[lost].sum())


def test_time_to_recover_costs_are_the_published_ones():
    answers = [time_to_recover(down) for down in (None, 0, 1, 2)]
    assert [cost for cost, _ in answers] == pytest.approx([0, 0, 125_000, 275_000])
    assert [units for _, units in answers] == pytest.approx([0, 0, 25, 55])
    # The risk exposure index divides by the largest: 125 / 275.
    assert [cost / 275_000 for cost, _ in answers] == pytest.approx([0, 0, 5 / 11, 1])


@pytest.mark.parametrize(("down", "months"), [(0, 45 / 20), (1, 45 / 35), (2, 45 / 50)])
def test_time_to_survive_is_the_hand_calculated_one(down: int, months: float):
    # max t with 125 t - 45 ≤ (135 - c_down) t: t = 45 / (c_down - 10), as every supplier can make both products.
    builder = Builder(maximize=True)
    time = builder.variables("time", 1, cost=1.0)
    made = builder.variables("made", (3, 2))
    builder.require("demand", [(np.arange(2), made, 1.0), (np.arange(2), time, -DEMAND)], 2, low=-STOCK,
                    says=lambda k: f"demand for product {k}")  # fmt: skip
    capacity = np.where(np.arange(3) == down, 0.0, CAPACITY)
    builder.require("capacity", [(np.arange(3)[:, None], made, 1.0), (np.arange(3), time, -capacity)], 3, high=0.0,
                    says=lambda k: f"capacity of supplier {k}")  # fmt: skip
    assert solve(builder.build()).objective == pytest.approx(months)


def test_products_that_survive_less_than_they_take_to_recover_are_on_the_list():
    # Two months to recover: 45 / 20 = 2.25 survives, 1.29 and 0.9 do not; those are the two with a cost above.
    survives = {down: 45 / (CAPACITY[down] - 10) for down in range(3)}
    assert [down for down in range(3) if survives[down] < MONTHS] == [
        down for down in range(3) if time_to_recover(down)[0] > 1e-6
    ]
