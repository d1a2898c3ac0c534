"""Published values of the economic systemic risk index.

Diem et al. (2022), Scientific Reports 12:7719; networks and values as in the public codes github.com/vitelot/
Economic-Systemic-Risk (13 firms) and github.com/ch-diem/misestimation_from_aggregation (11 firms, figure 1).
"""

from __future__ import annotations

import numpy as np
import pytest

from reshore.stress.cascade import Cascade, Network, Rule, build_network, measure_systemic_risk, network_from_arrays

FIRMS = dict(zip("AXBCDEFGHIJKL", ["1", "1", "2", "2", "2", "3", "3", "5", "99", "1", "3", "4", "2"], strict=True))
NEED = {2: "essential", 1: "non_essential", 0: "negligible"}
FLOWS = [
    *((firm, "X", 2) for firm in "ABCD"), *((firm, "X", 1) for firm in "EFG"), ("H", "X", 0),
    ("X", "I", 2), ("X", "J", 1), ("X", "K", 2), ("K", "L", 2),
]  # fmt: skip
WITH_REPLACEABILITY = {
    **dict.fromkeys("BCD", 0.1369047619), **dict.fromkeys("EFG", 0.1232040230),
    "A": 0.4166666667, "X": 1.0, "H": 0.0833333333, "I": 0.3055555556, "J": 0.3055555556,
    "K": 0.3888888889, "L": 0.3888888889,
}  # fmt: skip
WITHOUT = WITH_REPLACEABILITY | dict.fromkeys("BCD", 0.1944444444) | dict.fromkeys("EFG", 0.125)

FIGURE_1 = [(2, 1), (2, 3), (7, 4), (9, 5), (3, 7), (6, 7), (10, 7), (9, 10), (7, 11), (8, 11)]
FIGURE_1_SECTORS = [1, 2, 1, 3, 4, 2, 4, 1, 2, 3, 5]
FIGURE_1_VALUES = {
    False: [0.1, 0.366667, 0.266667, 0.35, 0.1, 0.166667, 0.7, 0.1, 0.366667, 0.266667, 0.45],
    True: [0.1, 0.3, 0.266667, 0.35, 0.1, 0.116667, 0.7, 0.1, 0.311111, 0.266667, 0.45],
}


def thirteen_firms(unit: float = 1.0) -> Network:
    return build_network(
        [{"supplier": i, "buyer": j, "value": str(unit), "need": NEED[need]} for i, j, need in FLOWS],
        [{"firm": firm, "sector": sector} for firm, sector in FIRMS.items()],
    )


def risk(network: Network, **rule: object) -> np.ndarray:
    return measure_systemic_risk(Cascade(network, Rule(**rule)), threads=1)["systemic_risk_index"].to_numpy()


@pytest.mark.parametrize(("replaceability", "expected"), [(True, WITH_REPLACEABILITY), (False, WITHOUT)])
def test_thirteen_firms_have_the_published_index(replaceability, expected):
    found = dict(zip(sorted(FIRMS), risk(thirteen_firms(), replaceability=replaceability), strict=True))
    assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("unit", [1e-3, 0.1, 1e9])
def test_the_unit_of_money_changes_nothing(unit):
    # One public code returns 0.083365 for firm G at 1e-3, and does not end for firm A.
    assert risk(thirteen_firms(unit)) == pytest.approx(risk(thirteen_firms()), abs=1e-15)


@pytest.mark.parametrize("replaceability", [False, True])
def test_the_network_of_figure_1_has_the_published_index(replaceability):
    network = network_from_arrays(
        supplier=[i - 1 for i, _ in FIGURE_1],
        buyer=[j - 1 for _, j in FIGURE_1],
        value=[1.0] * len(FIGURE_1),
        need=[1] * len(FIGURE_1),
        sector=FIGURE_1_SECTORS,
    )
    assert risk(network, replaceability=replaceability) == pytest.approx(FIGURE_1_VALUES[replaceability], abs=5e-7)
