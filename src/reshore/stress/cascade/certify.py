"""`certify`: the end of a cascade found a second time, by other means.

Lost demand solves a linear system between the firms that are hit and those that are carried along; it is factorized as
a whole. Lost inputs without replaceability are the least ``x`` with ``x_j >= Σ share_ij x_i`` for each of j's inputs
and ``x >= shock``: a linear program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from reshore.errors import InputError, Place, Problem
from reshore.optimize import Builder, solve
from reshore.stress.cascade.compiled import Floats
from reshore.stress.cascade.index import Cascade, Propagation, losses_by_number


@dataclass(frozen=True)
class Certificate:
    """How far any firm's loss is from the second solution; ``downstream_gap`` is absent with replaceability."""

    upstream_gap: float
    downstream_gap: float | None


def certify(cascade: Cascade, found: Propagation) -> Certificate:
    """Solves `found` again: upstream by factorization, downstream, without replaceability, by linear programming.

    Raises
    ------
    InputError
        When a stopping rule ended the cascade: there is nothing to certify.
    """
    if cascade.rule.stop_rise is not None:
        place = Place("stop_rise")
        raise InputError(
            [Problem("no-certificate", place, "a stopping rule", "the exact end", "leave the stopping rule out")]
        )
    count = cascade.network.firm_count
    down, up = (
        np.array([losses.get(firm, 0.0) for firm in range(count)])
        for losses in losses_by_number(cascade.network, found.shock)
    )
    upstream_gap = float(np.abs(_factorized(cascade, up, found.upstream) - found.upstream).max())
    if cascade.rule.replaceability:
        return Certificate(upstream_gap, None)
    return Certificate(upstream_gap, float(np.abs(_programmed(cascade, down) - found.downstream).max()))


def _factorized(cascade: Cascade, shock: Floats, loss: Floats) -> Floats:
    """Upstream losses if those who lose more than their shock are the ones that `loss` says."""
    network = cascade.network
    sold = np.where(network.output > 0, network.output, 1.0)[network.supplier]
    shares = sparse.csr_array(
        (network.value / sold, (network.supplier, network.buyer)), shape=(network.firm_count, network.firm_count)
    )
    carried = np.flatnonzero((loss > 0) & (loss > shock * (1 + 1e-12)))
    found = np.where(loss > 0, shock, 0.0)
    if len(carried):
        part = shares[carried]
        system = sparse.eye_array(len(carried), format="csc") - part[:, carried].tocsc()
        found[carried] = 0.0
        found[carried] = splu(system).solve(part @ found)
    return found


def _programmed(cascade: Cascade, shock: Floats) -> Floats:
    """Downstream losses without replaceability."""
    push = cascade.downstream.push
    supplier = np.repeat(np.arange(len(shock)), np.diff(push.start))
    slots = np.arange(len(push.firm))
    builder = Builder()
    loss = builder.variables("loss", len(shock), low=shock, high=1.0, cost=1.0)
    builder.require(
        "inputs",
        [(slots, loss[push.firm], 1.0), (push.slot, loss[supplier], -push.share)],
        len(slots),
        low=0.0,
        says=lambda k: f"{cascade.network.firms[push.firm[k]]} loses at least what it lacks of an input",
    )
    return solve(builder.build()).x
