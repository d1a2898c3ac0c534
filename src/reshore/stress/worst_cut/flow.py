"""Strikes on the flow program: countries or organizations that stop, and what each takes from the coalition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reshore.errors import InputError, Place, Problem
from reshore.flow import Cut, Situation, Terms, World, build_flow, cut_off
from reshore.flow.start import rest_basis
from reshore.optimize import NEAR, Program
from reshore.stress.worst_cut.strikes import Members, Strikes


def flow_strikes(
    world: World, strikers: Sequence[str], terms: Terms | None = None, *, cut: Cut | None = None
) -> Strikes:
    """Strikes of `strikers` on the flow of `world`: the loss of a set is that of the flow program when it stops.

    Time is not discounted: the loss is the value of all that is not served, in the unit of the world's values.

    Parameters
    ----------
    strikers
        Countries or organizations; places that make nothing hurt nobody.
    cut
        How they stop (goods, months, severity, whether plants are lost); its places are not read. By default they
        withhold everything to the end.
    """
    taken = replace(terms or Terms(), discount_per_month=0.0)
    pattern = cut or Cut(())
    names = tuple(strikers)
    _check(pattern, taken)

    whole = cut_off(world, (), taken)

    def situation(members: Members) -> Situation:
        places = tuple(names[member] for member in members)
        return _same_tiers(cut_off(world, (replace(pattern, places=places),), taken), whole) if places else whole

    flow = build_flow(world, whole)
    unit = float(flow.situation.value.max(initial=0.0))

    def figures(members: Members) -> Program:
        return build_flow(world, situation(members)).program

    alone = [figures((member,)) for member in range(len(names))]
    base = flow.program
    if not all(np.allclose(one.cost, base.cost, rtol=1e-9, atol=0.0) for one in alone):
        raise InputError([_not_one_program("tiers of different value that share pro rata")])
    columns = np.stack([_less(base.high, one.high) for one in alone])
    rows = np.stack([_less(base.row_high, one.row_high) + _less(-base.row_low, -one.row_low) for one in alone])
    served = flow.at.served.ravel()
    forgone = columns[:, served] @ -base.cost[served]
    at_stake = float(-base.cost[served] @ base.high[served])
    return Strikes(names, base, columns, rows, figures, forgone, at_stake, NEAR, rest_basis(flow), unit)


def _check(pattern: Cut, terms: Terms) -> None:
    """Refuses what the bounds do not hold for: losses have to be sums of what is taken away."""
    problems = []
    partly = pattern.severity < 1 or pattern.start_month > 0 or pattern.months is not None or pattern.ramp_months > 0
    if partly and not pattern.is_lost:
        problems.append(
            Problem("not-complete", Place("rules", 0, "cut"), "goods that are withheld in part or for a time",
                    "goods withheld altogether, or plants that are lost", "state the cut as plants lost")
        )  # fmt: skip
    if terms.rationing not in ("best", "pro_rata"):
        problems.append(_not_one_program(f"'{terms.rationing}'"))
    if problems:
        raise InputError(problems)


def _not_one_program(found: str) -> Problem:
    fix = "find the cut under one of these and look at it under the other rule afterwards"
    return Problem("not-one-program", Place("rules", 0, "rationing"), found, "best or pro_rata", fix)


def _same_tiers(situation: Situation, whole: Situation) -> Situation:
    """`situation` with the tiers of the whole world: those that nobody is left of ask for nothing."""
    left = {tier.name: tier for tier in situation.tiers}
    return replace(situation, tiers=tuple(left.get(tier.name, replace(tier, share=0.0)) for tier in whole.tiers))


def _less(base: np.ndarray, struck: np.ndarray) -> np.ndarray:
    """How much lower the figures of a strike are; infinite ones stay."""
    finite = np.isfinite(base) & np.isfinite(struck)
    return np.where(finite, np.maximum(np.where(finite, base, 0.0) - np.where(finite, struck, 0.0), 0.0), 0.0)
