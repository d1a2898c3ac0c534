"""Why nothing meets all requirements: the smallest set that clashes, in words, and the cheapest way out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from reshore.optimize.highs import Session
from reshore.optimize.program import Floats, Program

MAX_NAMED = 10


def explain(program: Program, ray: Floats | None = None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences of requirements that cannot all be met, none of which can be left out of the clash; and by how much
    the soft requirements would have to give way at the least.

    `ray` is a Farkas ray of the program without integers: rows without weight need not be tried.
    """
    rows = _irreducible(program, ray)
    named = tuple(program.row_says(int(row)) for row in rows[:MAX_NAMED])
    return named or ("a variable's bounds exclude each other",), _cheapest(program)


def _irreducible(program: Program, ray: Floats | None) -> np.ndarray:
    """Rows of a conflict from which no row can be dropped: a deletion filter, halving where it can."""
    every = np.arange(program.n_rows)
    kept = every
    if ray is not None and np.abs(ray).max(initial=0.0) > 0:
        support = np.flatnonzero(np.abs(ray) > 1e-9 * np.abs(ray).max())
        if _clash(program, support):
            kept = support
    step = max(1, kept.size // 2)
    while True:
        position = 0
        while position < kept.size:
            trial = np.delete(kept, slice(position, position + step))
            if _clash(program, trial):
                kept = trial
            else:
                position += step
        if step == 1:
            return kept
        step = max(1, step // 2)


def _clash(program: Program, rows: np.ndarray) -> bool:
    part = replace(
        program,
        cost=np.zeros(program.n_columns),
        matrix=sparse.csr_array(program.matrix[rows]),
        row_low=program.row_low[rows],
        row_high=program.row_high[rows],
        rows=(),
    )
    return Session(part).solve().status == "infeasible"


def _cheapest(program: Program) -> tuple[str, ...]:
    """How far the soft requirements give way when the sum of relative give is least; empty when none is soft."""
    soft = np.concatenate(
        [np.arange(block.start, block.stop) for block in program.rows if block.soft] or [np.zeros(0, np.int64)]
    )
    if not soft.size:
        return ()
    sides = np.where(np.isfinite(program.row_low[soft]), np.abs(program.row_low[soft]), np.abs(program.row_high[soft]))
    price = 1.0 / np.where(np.isfinite(sides) & (sides > 1e-9), sides, 1.0)
    ones = np.ones(soft.size)
    more = sparse.csr_array((ones, (soft, np.arange(soft.size))), shape=(program.n_rows, soft.size))
    relaxed = replace(
        program,
        cost=np.concatenate([np.zeros(program.n_columns), price, price]),
        low=np.concatenate([program.low, np.zeros(2 * soft.size)]),
        high=np.concatenate([program.high, np.full(2 * soft.size, np.inf)]),
        integer=np.concatenate([program.integer, np.zeros(2 * soft.size, bool)]),
        matrix=sparse.csr_array(sparse.hstack([program.matrix, more, -more])),
    )
    answer = Session(relaxed).solve()
    if answer.x is None:
        return ("no relaxation of the requirements that may be relaxed is enough",)
    give = answer.x[program.n_columns :].reshape(2, soft.size)
    sentences = []
    for k in np.flatnonzero(give.sum(axis=0) > 1e-7):
        word = "less" if give[0, k] > give[1, k] else "more"
        amount = float(give[:, k].max())
        sentences.append(f"{program.row_says(int(soft[k]))}: {amount:.4g} {word} ({100 * amount * price[k]:.3g} %)")
    return tuple(sentences)
