"""The economic systemic risk index, and what any shock does to every firm of a network.

Losses travel both ways, apart from each other: **downstream** because inputs fail to arrive, **upstream** because
customers stop buying. A firm's loss is the larger of the two; the index is the loss of output of the whole network,
as a share. Both are taken at the exact end of the cascade (the greatest fixed point of remaining production), or, to
compare with published values, where a stopping rule ends them.

References
----------
Diem, Borsos, Reisch, Kertész, Thurner (2022), Quantifying firm-level economic systemic risk from nation-wide supply
networks, Scientific Reports 12:7719.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from reshore.errors import InputError, Place, Problem, SolverError, shown
from reshore.stress.cascade import downstream, failures, upstream
from reshore.stress.cascade.compiled import Floats
from reshore.stress.cascade.fills import order_slots
from reshore.stress.cascade.network import Network
from reshore.stress.cascade.push import CONVERGED, Front, new_front, raise_loss
from reshore.stress.cascade.sweeps import order_sweeps
from reshore.stress.cascade.threads import in_threads
from reshore.stress.cascade.wave import new_wave, start_wave

ROUNDS_BY_RULE = 100_000
RULE_NOT_MET = f"a cascade did not meet the stopping rule in {ROUNDS_BY_RULE} rounds"
LEAST_BY_RULE = 1e-17
"""By how much of the index a firm may hold back what it passes on, where a rule ends the cascade."""


@dataclass(frozen=True)
class Rule:
    """How a cascade is taken.

    Parameters
    ----------
    replaceability
        Whether a failed supplier's market can take over: its loss then counts by its share of what survives there.
    tolerance
        How much of the index may be missing at the end, as estimated from what the last steps of the solution moved and
        firms hold back of their losses; how much that was is in the results.
    stop_rise
        ``None``: the exact end. A number: stop after the first round that, in both directions, raises no loss by more
        than this. Values then depend on the rule (with closed flows they measure little else); published ones used
        0.01.
    """

    replaceability: bool = True
    tolerance: float = 1e-12
    stop_rise: float | None = None

    def __post_init__(self) -> None:
        problems = []
        if not 1e-15 <= self.tolerance <= 1e-3:
            problems.append(outside("tolerance", self.tolerance, "a number from 1e-15 to 1e-3"))
        if self.stop_rise is not None and not 0 < self.stop_rise < 1:
            problems.append(
                outside("stop_rise", self.stop_rise, "a number between 0 and 1, or nothing for the exact end")
            )
        if problems:
            raise InputError(problems)


@dataclass(frozen=True)
class Shock:
    """Production that firms lose at once.

    Parameters
    ----------
    name
        Key of the shock.
    loss_share
        Firm to share of its production lost, 0 to 1.
    demand_loss_share
        The same for the upstream direction, where it differs; ``None``: as `loss_share`.
    """

    name: str
    loss_share: Mapping[str, float]
    demand_loss_share: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Propagation:
    """Where a shock ends: losses per firm, shape (n_firms,), in the order of ``network.firms``."""

    shock: Shock
    downstream: Floats
    upstream: Floats
    loss: Floats
    index: float
    upstream_index: float
    downstream_index: float
    residual: float | None

    def frame(self, network: Network) -> pl.DataFrame:
        """The losses under the record `LOSSES`."""
        return pl.DataFrame(
            {
                "firm": network.firms,
                "loss_share": self.loss,
                "upstream_loss_share": self.upstream,
                "downstream_loss_share": self.downstream,
            }
        )


@dataclass(frozen=True)
class Cascade:
    """A network, made ready: everything that does not depend on the shock is solved once, when first needed."""

    network: Network
    rule: Rule = field(default_factory=Rule)

    @cached_property
    def downstream(self) -> downstream.DownstreamSystem:
        """Lost inputs."""
        return downstream.downstream_system(self.network, with_replaceability=self.rule.replaceability)

    @cached_property
    def upstream(self) -> upstream.UpstreamSystem:
        """Lost demand."""
        return upstream.upstream_system(self.network)

    @cached_property
    def shared(self) -> failures.Shared:
        """Both, and how to sweep over them: what the failures of firms alone share, to the exact end."""
        push, system = self.downstream.push, self.upstream
        return failures.Shared(
            push=push,
            slots=order_slots(push),
            demand=system.demand,
            visits=system.visits,
            sweeps=order_sweeps(system.demand, system.visits),
            position_of=system.position_of,
            share=self.network.output_share,
        )

    def make_ready(self) -> None:
        """Solves what all shocks share, before threads ask for it."""
        _ = self.downstream
        _ = self.upstream if self.rule.stop_rise is not None else self.upstream.visits


def propagate(cascade: Cascade, shock: Shock) -> Propagation:
    """Where `shock` ends for every firm.

    Raises
    ------
    InputError
        When the shock names unknown firms or losses outside [0, 1].
    SolverError
        When the end was not found.
    """
    down, up = losses_by_number(cascade.network, shock)
    return propagate_losses(cascade, shock, down, up)


def propagate_losses(cascade: Cascade, shock: Shock, down: Mapping[int, float], up: Mapping[int, float]) -> Propagation:
    """`propagate` for losses by firm number, downstream and upstream."""
    network, rule = cascade.network, cascade.rule
    front = new_front(cascade.downstream.push)
    for firm, loss in sorted(down.items()):
        raise_loss(front, firm, loss, -1)
    residual: float | None = None
    if rule.stop_rise is None:
        held = downstream.settle(cascade.downstream, front, failures.HELD_BACK * rule.tolerance)
        upward, residual = _solve_upstream(cascade, up)
        residual += held
    else:
        upward = _run_rounds(cascade, front, up, rule.stop_rise)
    combined = np.maximum(front.loss, upward)
    weight = network.output_share
    return Propagation(
        shock=shock,
        downstream=front.loss,
        upstream=upward,
        loss=combined,
        index=math.fsum(weight * combined),
        upstream_index=math.fsum(weight * upward),
        downstream_index=math.fsum(weight * front.loss),
        residual=residual,
    )


def _solve_upstream(cascade: Cascade, losses: Mapping[int, float]) -> tuple[Floats, float]:
    """Losses of demand at the end, by firm number, and a bound on how far the index can be off."""
    system = cascade.upstream
    hit, x = np.zeros(cascade.network.firm_count), np.zeros(cascade.network.firm_count)
    for firm, loss in losses.items():
        hit[system.position_of[firm]] = loss
    bound, failed = upstream.solve(system.demand, system.visits, hit, x, cascade.rule.tolerance)
    if failed >= 0:
        raise SolverError(
            f"lost demand did not converge among {np.diff(system.demand.edge)[failed]} firms: nearly nothing "
            "leaves them. State final demand, or close their accounts"
        )
    return np.minimum(x[system.position_of], 1.0), bound


def _run_rounds(cascade: Cascade, front: Front, losses: Mapping[int, float], stop_rise: float) -> Floats:
    """Runs `front` and the loss of demand until the stopping rule is met; returns the latter, by firm number."""
    system, push = cascade.upstream, cascade.downstream.push
    wave = new_wave(system.demand)
    hit = np.array(sorted(losses), np.int64)
    start_wave(wave, system.position_of[hit], np.array([losses[firm] for firm in hit.tolist()], np.float64))
    if failures.run_rounds(push, front, system.demand, wave, stop_rise, LEAST_BY_RULE, ROUNDS_BY_RULE) != CONVERGED:
        raise SolverError(RULE_NOT_MET)
    return wave.loss[system.position_of]


def measure_shocks(cascade: Cascade, shocks: Sequence[Shock], *, threads: int | None = None) -> pl.DataFrame:
    """What the network loses in each of `shocks`: a frame under `SHOCK_LOSSES`, sorted by name."""
    names = [shock.name for shock in shocks]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError([outside("shocks", repeated[0], "each name once")])
    ordered = sorted(shocks, key=lambda shock: shock.name)
    for shock in ordered:
        losses_by_number(cascade.network, shock)
    cascade.make_ready()
    result = np.zeros((len(ordered), 4))

    def run(numbers: range) -> None:
        for number in numbers:
            result[number] = index_row(propagate(cascade, ordered[number]))

    in_threads([range(k, k + 1) for k in range(len(ordered))], lambda: run, threads)
    return pl.DataFrame({"shock": [shock.name for shock in ordered], **index_columns(result)})


def index_row(found: Propagation) -> tuple[float, float, float, float]:
    """Index, upstream, downstream and residual."""
    return (
        found.index,
        found.upstream_index,
        found.downstream_index,
        math.nan if found.residual is None else found.residual,
    )


def index_columns(result: Floats) -> dict[str, pl.Series]:
    """Rows of `index_row`, shape (n, 4), as the columns of a table."""
    names = ("systemic_risk_index", "upstream_index", "downstream_index", "residual_index")
    return {name: pl.Series(name, result[:, k]).fill_nan(None) for k, name in enumerate(names)}


def losses_by_number(network: Network, shock: Shock) -> tuple[dict[int, float], dict[int, float]]:
    """Losses by firm number, downstream and upstream; zeros left out."""
    problems: list[Problem] = []

    def numbered(losses: Mapping[str, float]) -> dict[int, float]:
        found = {}
        for firm, loss in losses.items():
            try:
                number = network.number_of(firm)
            except InputError as error:
                problems.extend(error.problems)
                continue
            if not 0 <= loss <= 1:
                problems.append(
                    outside(f"shock {shown(shock.name)}, firm {shown(firm)}", loss, "a share between 0 and 1")
                )
            elif loss > 0:
                found[number] = float(loss)
        return found

    down = numbered(shock.loss_share)
    up = down if shock.demand_loss_share is None else numbered(shock.demand_loss_share)
    if problems:
        raise InputError(problems)
    return down, up


def outside(place: str, found: object, expected: str) -> Problem:
    """What is wrong with a number outside its range."""
    return Problem("out-of-range", Place(place), f"'{shown(found)}'", expected, "correct it")
