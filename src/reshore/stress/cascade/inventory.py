"""How production falls and recovers day by day: firms live on stocks, order more or less, and share out what is short.

The adaptive input-output model in the form of Inoue and Todo. Firm i makes ``P0_i`` when nothing is wrong and then uses
``A_ij`` of supplier j, of which it holds ``n_i`` days in stock. Every day, in this order:

- it takes in what was delivered and uses up stock: of sector s, ``A_is P_i / P0_i``, from each stock alike;
- it orders ``O_ij = max(0, A_ij P_i / P0_i + (n_i A_ij P_i / P0_i - S_ij) / tau)``, ``P_i`` being its last production;
- its demand is ``D_i``, the orders of its customers and final demand (a change of orders by less than 1e-13 of them
  is rounding, and left out: firms order ``1 + n / tau`` times what their production falls, so rounding would grow);
- it makes ``P_i = min(D_i, capacity_i, what its stocks allow)``, and shares it out by a rule of `RATIONING`.

Equal ratios are published as rounds: all get the smallest part of their usual quantity that anybody still wants, who
has all it wants leaves, and the last round is shared evenly. They end at one level: nobody gets more than that times
its usual quantity, and who wants less gets what it wants. The program of the authors departs from this in two ways: it
serves customers that ordered nothing in the first round, and charges final demand for rounds after it has left, so that
it hands out less than was made. Neither is done here.

References
----------
Hallegatte (2008), An adaptive regional input-output model, Risk Analysis 28(3):779-799.
Inoue, Todo (2019), Firm-level propagation of shocks through supply-chain networks, Nature Sustainability 2:841-847.
Inoue, Todo (2020), The propagation of economic impacts through supply chains, PLOS ONE 15(9):e0239251 (the rounds).
Pichler, Pangallo, del Rio-Chanona, Lafond, Farmer (2022), Forecasting the propagation of pandemic shocks with a dynamic
input-output model, Journal of Economic Dynamics and Control 144:104527 (important inputs bind by half).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from reshore.errors import InputError, Place, Problem, shown
from reshore.stress.cascade.compiled import Floats
from reshore.stress.cascade.days import NO_RATIONING, follow_days, purchases
from reshore.stress.cascade.index import Cascade, Rule, Shock, losses_by_number, propagate
from reshore.stress.cascade.network import Network, network_from_arrays

RATIONING: dict[str, str] = {
    "proportional": "every order and final demand get the same share of what they ask for",
    "final_demand_last": "orders of firms first, in the same share; final demand gets what is left",
    "equal_ratio": "nobody gets more of its usual quantity than others while they want more (Inoue and Todo)",
    "equal_ratio_final_demand_last": "the same among orders of firms; final demand gets what is left",
}
"""How a firm shares out less than is asked of it."""

BINDING: dict[str, str] = {
    "every_input": "production falls as far as the stock of any input allows (Leontief)",
    "by_need": "essential inputs bind, non-essential ones by half (partially binding), negligible ones never",
}
"""Which inputs limit production."""

_CODES = {name: code for code, name in enumerate(RATIONING)}
_OVERSHOOT = 1.5
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Disruption:
    """Capacity that firms lose, and for how long.

    Parameters
    ----------
    name
        Key of the disruption.
    loss_share
        Firm to share of its capacity lost, 0 to 1.
    start_day, duration_days
        From which day, for how many; ``None``: to the end.
    recovery_days
        Days after that over which capacity comes back, evenly.
    """

    name: str
    loss_share: dict[str, float]
    start_day: int = 0
    duration_days: int | None = None
    recovery_days: int = 0

    def remaining_loss(self, day: int) -> float:
        """Share of the loss that holds on `day`."""
        if day < self.start_day:
            return 0.0
        if self.duration_days is None or day < self.start_day + self.duration_days:
            return 1.0
        gone = day - self.start_day - self.duration_days + 1
        return max(0.0, 1.0 - gone / (self.recovery_days + 1))


@dataclass(frozen=True)
class Habits:
    """How firms keep stocks and share out.

    Parameters
    ----------
    stock_days
        Stock that firms hold and aim for, in days of normal use.
    adjustment_days
        Days over which a gap in stocks is made good.
    rationing, binding
        Of `RATIONING` and `BINDING`.
    """

    stock_days: float = 15.0
    adjustment_days: float = 6.0
    rationing: str = "proportional"
    binding: str = "every_input"

    def __post_init__(self) -> None:
        expectations = (
            ("stock_days", self.stock_days, 1 <= self.stock_days <= 10_000, "from 1 to 10,000 days"),
            ("adjustment_days", self.adjustment_days, 1 <= self.adjustment_days <= 10_000, "from 1 to 10,000 days"),
            ("rationing", self.rationing, self.rationing in RATIONING, " or ".join(RATIONING)),
            ("binding", self.binding, self.binding in BINDING, " or ".join(BINDING)),
        )
        problems = [
            Problem("out-of-range", Place(place), f"'{shown(found)}'", expected, "correct it")
            for place, found, holds, expected in expectations
            if not holds
        ]
        if problems:
            raise InputError(problems)


@dataclass(frozen=True)
class Course:
    """The days of a disruption: ``frame`` under the record `COURSE`, and what to think of them.

    ``production`` holds every day's production of every firm, shape (n_days, n_firms). ``worst_residual_share`` is the
    largest gap, of any firm and day, between what is made and what is handed out, as a share of normal production.
    """

    disruption: Disruption
    habits: Habits
    frame: pl.DataFrame
    production: Floats
    worst_residual_share: float
    notes: tuple[Problem, ...] = field(default=())


def simulate(network: Network, disruption: Disruption, days: int, habits: Habits | None = None) -> Course:
    """The days of `disruption`, with the same days without any rationing beside them.

    Raises
    ------
    InputError
        When the disruption names unknown firms, or numbers outside their ranges.
    """
    habits = habits or Habits()
    problems = [
        Problem("out-of-range", Place(disruption.name, 0, name), f"'{found}'", "not negative", "correct it")
        for name, found in (
            ("start_day", disruption.start_day),
            ("duration_days", disruption.duration_days or 0),
            ("recovery_days", disruption.recovery_days),
        )
        if found < 0
    ]
    if days < 1:
        problems.append(Problem("out-of-range", Place("days"), f"'{days}'", "at least 1", "correct it"))
    if problems:
        raise InputError(problems)
    loss = np.zeros(network.firm_count)
    shock = Shock(disruption.name, disruption.loss_share)
    for firm, share in losses_by_number(network, shock)[0].items():
        loss[firm] = share
    remaining = np.array([disruption.remaining_loss(day) for day in range(days)])
    links = purchases(network, habits.binding == "every_input")
    pace = habits.stock_days, habits.adjustment_days
    production, made, served, residual = follow_days(links, loss, remaining, *pace, _CODES[habits.rationing], True)
    _, unrationed, unrationed_served, _ = follow_days(links, loss, remaining, *pace, NO_RATIONING, False)
    normal, final = math.fsum(network.output), math.fsum(network.final_demand)
    frame = pl.DataFrame(
        {
            "day": np.arange(days),
            "production_share": made / normal,
            "final_demand_served_share": _ratio(served, final),
            "unrationed_production_share": unrationed / normal,
            "unrationed_served_share": _ratio(unrationed_served, final),
        }
    )
    notes = _overshoot(network, shock, production, habits)
    return Course(disruption, habits, frame, production, residual, notes)


def next_days(network: Network, loss: Floats, days: int, habits: Habits) -> Floats:
    """Production of every firm on `days` days of which all lose `loss` of capacity, shape (n_days, n_firms)."""
    links, rule = purchases(network, habits.binding == "every_input"), _CODES[habits.rationing]
    return follow_days(links, loss, np.ones(days), habits.stock_days, habits.adjustment_days, rule, True)[0]


def _ratio(served: Floats, final: float) -> list[float | None]:
    return [float(value) / final if final > 0 else None for value in served]


def _overshoot(network: Network, shock: Shock, production: Floats, habits: Habits) -> tuple[Problem, ...]:
    """A note when production falls half again as far as where the same network would come to rest."""
    binding = network if habits.binding == "by_need" else _all_essential(network)
    rest = propagate(Cascade(binding, Rule(replaceability=False)), shock).index
    total = math.fsum(network.output)
    worst = int(production.sum(1).argmin())
    fall = 1.0 - float(production[worst].sum()) / total
    if fall <= rest * _OVERSHOOT + _ROUNDING:
        return ()
    return (
        Problem(
            "order-feedback",
            Place(shock.name, 0, "production_share"),
            f"a loss of {fall:.1%} on day {worst}",
            f"about {rest:.1%}, where the same shock comes to rest without stocks and orders",
            "read the fall as the work of the ordering rule: firms order less because they make less, in circles",
            "note",
        ),
    )


def _all_essential(network: Network) -> Network:
    return network_from_arrays(
        supplier=network.supplier,
        buyer=network.buyer,
        value=network.value,
        need=np.full(network.flow_count, 2),
        sector=network.sector,
        final_demand=network.final_demand,
        firms=network.firms,
    )
