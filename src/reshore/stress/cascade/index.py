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
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
import polars as pl

from reshore.errors import InputError, Place, Problem, SolverError, shown
from reshore.stress.cascade import downstream, failures, upstream
from reshore.stress.cascade.compiled import Floats, Ints
from reshore.stress.cascade.hits import new_row, new_watch
from reshore.stress.cascade.lanes import LANES
from reshore.stress.cascade.network import Network
from reshore.stress.cascade.push import CONVERGED, Front, new_front, raise_loss
from reshore.stress.cascade.wave import new_wave, start_wave

_MOST_ROWS = 4
_ROUNDS_BY_RULE = 100_000
_RULE_NOT_MET = f"a cascade did not meet the stopping rule in {_ROUNDS_BY_RULE} rounds"
_LEAST_BY_RULE = 1e-16
_LEAST_OF_TOLERANCE = 1e-3
_BOUND_SLACK = 1e-9


@dataclass(frozen=True)
class Rule:
    """How a cascade is taken.

    Parameters
    ----------
    replaceability
        Whether a failed supplier's market can take over: its loss then counts by its share of what survives there.
    tolerance
        How much of the index the last step of the solution may still move; what it moved is in the results.
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
            problems.append(_bad("tolerance", self.tolerance, "a number from 1e-15 to 1e-3"))
        if self.stop_rise is not None and not 0 < self.stop_rise < 1:
            problems.append(_bad("stop_rise", self.stop_rise, "a number between 0 and 1, or nothing for the exact end"))
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
class Leaders:
    """The firms with the highest index: a frame under `SYSTEMIC_RISK`, highest first.

    No other firm's index exceeds ``rest_at_most_index``; ``solved_count`` firms were solved in full to show it.
    """

    frame: pl.DataFrame
    rest_at_most_index: float
    solved_count: int


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

    @property
    def least(self) -> float:
        """By how much of the index a firm may hold back its loss."""
        return _LEAST_OF_TOLERANCE * self.rule.tolerance if self.rule.stop_rise is None else _LEAST_BY_RULE


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
    return _propagate(cascade, shock, down, up)


def _propagate(cascade: Cascade, shock: Shock, down: Mapping[int, float], up: Mapping[int, float]) -> Propagation:
    network, rule = cascade.network, cascade.rule
    front = new_front(cascade.downstream.push)
    for firm, loss in sorted(down.items()):
        raise_loss(front, firm, loss, -1)
    residual: float | None = None
    if rule.stop_rise is None:
        downstream.settle(cascade.downstream, front, cascade.least)
        upward, residual = _solve_upstream(cascade, up)
        residual += cascade.least
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
    if failures.run_rounds(push, front, system.demand, wave, stop_rise, cascade.least, _ROUNDS_BY_RULE) != CONVERGED:
        raise SolverError(_RULE_NOT_MET)
    return wave.loss[system.position_of]


def measure_shocks(cascade: Cascade, shocks: Sequence[Shock], *, threads: int | None = None) -> pl.DataFrame:
    """What the network loses in each of `shocks`: a frame under `SHOCK_LOSSES`, sorted by name."""
    names = [shock.name for shock in shocks]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError([_bad("shocks", repeated[0], "each name once")])
    ordered = sorted(shocks, key=lambda shock: shock.name)
    for shock in ordered:
        losses_by_number(cascade.network, shock)
    _make_ready(cascade)
    result = np.zeros((len(ordered), 4))

    def run(numbers: range) -> None:
        for number in numbers:
            result[number] = _row(propagate(cascade, ordered[number]))

    _in_threads([range(k, k + 1) for k in range(len(ordered))], lambda: run, threads)
    return pl.DataFrame({"shock": [shock.name for shock in ordered], **_columns(result)})


def measure_systemic_risk(
    cascade: Cascade, firms: Sequence[str] | None = None, *, threads: int | None = None
) -> pl.DataFrame:
    """The systemic risk index of `firms` (``None``: all): a frame under `SYSTEMIC_RISK`, sorted by firm.

    The numbers do not depend on the number of `threads` (``None``: one per processor).
    """
    network = cascade.network
    if firms is None:
        numbers = np.arange(network.firm_count, dtype=np.int32)
    else:
        numbers = np.array(sorted({network.number_of(firm) for firm in firms}), np.int32)
    result = _solve_each(cascade, numbers, threads)
    return _risk_frame(network, numbers, result)


def rank_systemic_risk(cascade: Cascade, count: int, *, threads: int | None = None) -> Leaders:
    """The `count` firms with the highest index, found without solving all.

    No index exceeds ``visits + downstream index - own share``: the upstream part is at most what ever passes through
    the firm, and the firm itself is in both parts. Firms are solved in the order of that bound until it falls below
    the `count`-th highest index.
    """
    if cascade.rule.stop_rise is not None:
        raise InputError([_bad("stop_rise", cascade.rule.stop_rise, "the exact end: bounds hold for nothing else")])
    if count < 1:
        raise InputError([_bad("count", count, "at least 1")])
    network = cascade.network
    everyone = np.arange(network.firm_count, dtype=np.int32)
    most = _upper_bounds(cascade, everyone, threads)
    order = np.lexsort((everyone, -most)).astype(np.int32)
    solved = np.zeros((0, 4))
    while len(solved) < len(order):
        if len(solved) >= count:
            worst_kept = np.sort(solved[:, 0])[-count]
            if most[order[len(solved)]] <= worst_kept:
                break
        more = order[len(solved) : max(count, len(solved) + 16 * LANES)]
        solved = np.concatenate([solved, _solve_each(cascade, more, threads)])
    numbers = order[: len(solved)]
    best = np.lexsort((numbers, -solved[:, 0]))
    kept, left = best[:count], best[count:]
    rest = [float(solved[k, 0]) for k in left[:1]] + [float(most[k]) for k in order[len(solved) : len(solved) + 1]]
    return Leaders(_risk_frame(network, numbers[kept], solved[kept]), max(rest, default=0.0), len(solved))


def _upper_bounds(cascade: Cascade, firms: Ints, threads: int | None) -> Floats:
    _make_ready(cascade)
    push, share = cascade.downstream.push, cascade.network.output_share
    down = np.zeros(len(firms))

    def worker() -> Callable[[range], None]:
        front = new_front(push)

        def run(part: range) -> None:
            some = slice(part.start, part.stop)
            failures.fail_each_downstream(push, front, share, firms[some], cascade.least, down[some])

        return run

    _in_threads(_chunks(len(firms)), worker, threads)
    for number in np.flatnonzero(down == failures.SLOW):
        front = new_front(push)
        raise_loss(front, firms[number], 1.0, -1)
        downstream.settle(cascade.downstream, front, cascade.least)
        down[number] = math.fsum(share * front.loss)
    demand, common = cascade.upstream.demand, cascade.upstream.visits
    position = cascade.upstream.position_of[firms]
    component = demand.component[position]
    up = np.where(demand.closed[component] == 1, common.drawn[component], (common.visits * demand.rest)[position])
    return np.minimum(1.0, up * (1 + _BOUND_SLACK) + down - share[firms] + cascade.rule.tolerance)


def _solve_each(cascade: Cascade, firms: Ints, threads: int | None) -> Floats:
    """Index, upstream, downstream and residual of each of `firms` failing alone, shape (n, 4)."""
    _make_ready(cascade)
    rule, push, system = cascade.rule, cascade.downstream.push, cascade.upstream
    stop_rise = rule.stop_rise
    demand, share, size = system.demand, cascade.network.output_share, cascade.network.firm_count
    position = system.position_of[firms]
    # Firms of one component side by side, those with as many visits together: they take as many sweeps.
    by = system.visits.visits[position] if stop_rise is None else position
    order = np.lexsort((firms, -by, demand.component[position]))
    ordered, solved = firms[order], np.zeros((len(firms), 4))

    def exact() -> Callable[[range], None]:
        front, row, watch = new_front(push), new_row(size), new_watch(size)
        rough, fine = np.zeros((size, LANES), np.float32), np.zeros((size, LANES))

        def run(part: range) -> None:
            some = slice(part.start, part.stop)
            failures.fail_each(
                push, front, demand, system.visits, system.position_of, share, ordered[some], row, rough, fine,
                watch, rule.tolerance, cascade.least, solved[some],
            )  # fmt: skip

        return run

    def by_rounds(stop_rise: float) -> Callable[[range], None]:
        front, wave = new_front(push), new_wave(demand)

        def run(part: range) -> None:
            some = slice(part.start, part.stop)
            failures.fail_each_by_rounds(
                push, front, demand, wave, system.position_of, share, ordered[some], stop_rise, cascade.least,
                _ROUNDS_BY_RULE, solved[some],
            )  # fmt: skip

        return run

    _in_threads(_chunks(len(firms)), exact if stop_rise is None else partial(by_rounds, stop_rise), threads)
    result = np.empty_like(solved)
    result[order] = solved
    slow = np.flatnonzero(result[:, 3] == failures.SLOW).tolist()
    if slow and stop_rise is not None:
        raise SolverError(_RULE_NOT_MET)

    def run_slow(part: range) -> None:
        for place in part:
            alone = {int(firms[slow[place]]): 1.0}
            result[slow[place]] = _row(_propagate(cascade, Shock("", {}), alone, alone))

    _in_threads([range(k, k + 1) for k in range(len(slow))], lambda: run_slow, threads)
    return result


def _make_ready(cascade: Cascade) -> None:
    """Solves what all shocks share, before threads ask for it."""
    _ = cascade.downstream
    _ = cascade.upstream if cascade.rule.stop_rise is not None else cascade.upstream.visits


def _row(found: Propagation) -> tuple[float, float, float, float]:
    return (
        found.index,
        found.upstream_index,
        found.downstream_index,
        math.nan if found.residual is None else found.residual,
    )


def _chunks(count: int) -> list[range]:
    """Whole rows of lanes, few at a time where there are few in all, so that no thread waits long for the last."""
    size = LANES * min(max(count // (64 * LANES), 1), _MOST_ROWS)
    return [range(first, min(first + size, count)) for first in range(0, count, size)]


def _in_threads(parts: Sequence[range], worker: Callable[[], Callable[[range], None]], threads: int | None) -> None:
    """Runs every part once; each thread has a worker of its own and takes the next part when it is free."""
    count = min(threads if threads is not None else os.cpu_count() or 1, len(parts))
    if count <= 1:
        run = worker()
        for part in parts:
            run(part)
        return
    waiting = iter(parts)
    lock = threading.Lock()

    def loop() -> None:
        run = worker()
        while True:
            with lock:
                part = next(waiting, None)
            if part is None:
                return
            run(part)

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(loop) for _ in range(count)]:
            done.result()


def _columns(result: Floats) -> dict[str, pl.Series]:
    names = ("systemic_risk_index", "upstream_index", "downstream_index", "residual_index")
    return {name: pl.Series(name, result[:, k]).fill_nan(None) for k, name in enumerate(names)}


def _risk_frame(network: Network, numbers: Ints, result: Floats) -> pl.DataFrame:
    firms = [network.firms[number] for number in numbers.tolist()]
    return pl.DataFrame({"firm": firms, "output_share": network.output_share[numbers], **_columns(result)})


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
                problems.append(_bad(f"shock {shown(shock.name)}, firm {shown(firm)}", loss, "a share between 0 and 1"))
            elif loss > 0:
                found[number] = float(loss)
        return found

    down = numbered(shock.loss_share)
    up = down if shock.demand_loss_share is None else numbered(shock.demand_loss_share)
    if problems:
        raise InputError(problems)
    return down, up


def _bad(place: str, found: object, expected: str) -> Problem:
    return Problem("out-of-range", Place(place), f"'{shown(found)}'", expected, "correct it")
