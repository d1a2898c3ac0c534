"""Where to start: bases near the best one, which make the difference between a blink and a wait.

`rest_basis` is the world at rest: near when little is short. `month_by_month` takes each month by itself, without
stocks, and puts the best bases of the months together: near when much is short, because only stocks have to be woven
in. Neither needs to be right: a start changes no answer.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from reshore.flow.narrow import most
from reshore.flow.program import FlowProgram, Layout, build_flow, figures_of, with_figures
from reshore.flow.situation import Situation
from reshore.optimize import NEAR, Basis, Session

COLUMNS = ("made", "stock", "served", "passed", "used", "designed", "fit", "replaced")
ROWS = tuple(field.name for field in fields(Layout) if field.name not in COLUMNS)


MUCH = 3.3
"""Goods wholly short, or twice as many by half, above which months by themselves are nearer than the world at rest.

Measured on 195 cuts of the shipped chain: below it the first start takes a third of the time, above it the second half.
"""


def near_basis(flow: FlowProgram) -> Basis:
    """The start that is likely to be nearer."""
    room, arriving = flow.situation.room, flow.situation.arriving
    needs = most(flow.world, flow.situation).needs
    missing = np.maximum(needs - room - arriving, 0.0)
    missing[flow.world.parents] = 0.0
    share = np.divide(missing, needs, out=np.zeros_like(needs), where=needs > 0)
    return month_by_month(flow) if share.mean(axis=1).sum() > MUCH else rest_basis(flow)


def rest_basis(flow: FlowProgram) -> Basis:
    """The basis of the world at rest: everyone is served, stocks are full, each good is made as needed.

    All prices are zero in it, so it suits the dual simplex method in any situation; it misses only where something is
    short. Variables are at their upper bounds, or basic in the requirement that fixes them: what is made in its
    balance, kinds by what is passed on, important and new design inputs by what they allow, tools by wear.
    """
    at, world = flow.at, flow.world
    columns = np.full(flow.program.n_columns, Basis.LOW, dtype=np.int8)
    rows = np.full(flow.program.n_rows, Basis.BASIC, dtype=np.int8)
    columns[at.stock] = columns[at.served] = columns[at.fit] = Basis.HIGH
    columns[at.made] = Basis.BASIC
    columns[at.made[world.variant]] = Basis.HIGH
    columns[at.passed] = columns[at.used] = columns[at.replaced] = Basis.BASIC
    rows[at.balance] = Basis.LOW
    rows[at.half] = rows[at.wear] = Basis.HIGH
    is_new = flow.program.row_high[at.old] < flow.situation.room[world.design.good]
    columns[at.designed] = np.where(is_new, Basis.BASIC, Basis.LOW)
    rows[at.old] = np.where(is_new, Basis.HIGH, Basis.BASIC)
    return Basis(columns, rows)


def month_by_month(flow: FlowProgram) -> Basis:
    """The best basis of each month by itself, with no stock to draw on, for all months together."""
    world, situation, at = flow.world, flow.situation, flow.at
    months = situation.n_months
    seen = [situation.room, situation.arriving, situation.demand]
    if len(world.design):
        seen.append(np.arange(months, dtype=np.float64)[None, :])
    _, first, kind = np.unique(np.concatenate(seen), axis=1, return_index=True, return_inverse=True)
    one = build_flow(world, _month(situation, 0))
    session = Session(one.program, None, NEAR)
    session.start_at(rest_basis(one))
    columns = np.zeros(flow.program.n_columns, dtype=np.int8)
    rows = np.zeros(flow.program.n_rows, dtype=np.int8)
    for place in np.argsort(first).tolist():
        month = _month(situation, int(first[place]))
        figures = figures_of(world, month, one.at, one.program.n_columns, one.program.n_rows)
        figures.high[one.at.stock] = 0.0
        session.back_to(with_figures(one.program, figures))
        answer = session.solve()
        if answer.basis is None:
            return rest_basis(flow)
        found = Basis.read(answer.basis)
        alike = np.flatnonzero(kind.ravel() == place)
        for name in COLUMNS:
            columns[getattr(at, name)[..., alike]] = found.columns[getattr(one.at, name)]
        for name in ROWS:
            rows[getattr(at, name)[..., alike]] = found.rows[getattr(one.at, name)]
    return Basis(columns, rows)


def _month(situation: Situation, month: int) -> Situation:
    """One month of `situation` by itself, with nothing in stock."""
    part = slice(month, month + 1)
    return replace(
        situation,
        capacity=situation.capacity[:, part],
        demand=situation.demand[:, part],
        bought=None if situation.bought is None else situation.bought[:, part],
        added=None if situation.added is None else situation.added[:, part],
        start=np.zeros(situation.capacity.shape[0]),
        design_lag_months=situation.design_lag_months - month,
    )
