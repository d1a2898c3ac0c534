"""Why nothing meets all requirements, or nothing limits the objective: in words, with the cheapest way out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from reshore.optimize.highs import Limits, Session
from reshore.optimize.program import Floats, Indices, Program

MOST_SENTENCES = 10
TRIAL_NODES = 500
"""Branching nodes spent on whether some requirements clash; undecided counts as no."""


def explain(program: Program) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences of requirements that cannot all be met, none of which can be left out of the clash; and by how much
    requirements would have to give way at the least.

    Found by elastic relaxation, whose duals name a conflict of linear programs, and by a deletion filter in it
    (Chinneck 2008, Feasibility and Infeasibility in Optimization). Structural rows are taken for granted. Bounds of
    variables that the clash needs are named as well, except that amounts are not negative.
    """
    rows = _suspects(program)
    part = _Part.of(program, rows)
    kept = part.keep_needed_rows()
    columns = part.keep_needed_bounds()
    sentences = [*_row_sentences(program, kept), *_bound_sentences(program, columns)]
    return _at_most(sentences) or ("the requirements that hold by nature exclude each other",), _cheapest(program)


def _suspects(program: Program) -> Indices:
    """Rows among which there is a conflict: those with weight in the proof that the linear program has no answer."""
    every = np.arange(program.n_rows)
    relaxed = _elastic(replace(program, integer=np.zeros(program.n_columns, bool)), every, np.ones(every.size))
    answer = Session(relaxed).solve()
    if answer.status != "optimal" or answer.duals is None or np.abs(answer.duals).max(initial=0.0) <= 1e-9:
        return every
    support = np.flatnonzero(np.abs(answer.duals) > 1e-9 * np.abs(answer.duals).max())
    return support if _Part.of(program, support).clashes() else every


@dataclass
class _Part:
    """Some rows of a program with the variables in them, loaded once: which of its demands does the clash need?"""

    program: Program
    rows: Indices
    columns: Indices
    session: Session

    @classmethod
    def of(cls, program: Program, rows: Indices) -> _Part:
        matrix = sparse.csr_array(program.matrix[rows])
        columns = np.unique(matrix.indices).astype(np.int64)
        part = replace(
            program,
            cost=np.zeros(columns.size),
            low=program.low[columns],
            high=program.high[columns],
            integer=program.integer[columns],
            matrix=sparse.csr_array(matrix[:, columns]),
            row_low=program.row_low[rows],
            row_high=program.row_high[rows],
            columns=(),
            rows=(),
        )
        return cls(program, rows, columns, Session(part, Limits(nodes=TRIAL_NODES)))

    def clashes(self) -> bool:
        """Whether nothing meets what is left."""
        return self.session.solve().status == "infeasible"

    def keep_needed_rows(self) -> Indices:
        """Rows without which there is no clash any more; the others are switched off."""
        natural = np.isin(self.rows, self.program.rows_where(lambda block: block.structural))

        def switch(places: Indices, on: bool) -> None:
            source = self.rows[places]
            low = self.program.row_low[source] if on else np.full(places.size, -np.inf)
            high = self.program.row_high[source] if on else np.full(places.size, np.inf)
            self.session.set_sides(places, low, high)

        return self.rows[_needed(np.flatnonzero(~natural), switch, self.clashes)]

    def keep_needed_bounds(self) -> Indices:
        """Columns, of those with bounds other than ``x ≥ 0``, whose bounds the clash needs."""
        low, high = self.program.low[self.columns], self.program.high[self.columns]
        given = np.flatnonzero(np.isfinite(high) | (np.isfinite(low) & (low != 0)))

        def switch(places: Indices, on: bool) -> None:
            free = np.where(low[places] >= 0, 0.0, -np.inf)
            self.session.set_bounds(
                places, low[places] if on else free, high[places] if on else np.full(places.size, np.inf)
            )

        return self.columns[_needed(given, switch, self.clashes)]


def _needed(members: Indices, switch: Callable[[Indices, bool], None], clashes: Callable[[], bool]) -> Indices:
    """Members of a conflict from which none can be dropped: a deletion filter, in halves where it can, from the end."""
    kept, step = members[::-1], max(1, members.size // 2)
    while True:
        position = 0
        while position < kept.size:
            trial = kept[position : position + step]
            switch(trial, False)
            if clashes():
                kept = np.delete(kept, slice(position, position + step))
            else:
                switch(trial, True)
                position += step
        if step == 1:
            return kept[::-1]
        step = max(1, step // 2)


Sentence = tuple[str, float, str]
"""Kind, size of the side or bound, sentence."""


def _row_sentences(program: Program, rows: Indices) -> list[Sentence]:
    sizes = np.maximum(_finite_size(program.row_low), _finite_size(program.row_high))
    named = []
    for row in rows:
        block = program.row_block(int(row))
        named.append((block.name if block else "requirements", float(sizes[row]), program.row_says(int(row))))
    return named


def _bound_sentences(program: Program, columns: Indices) -> list[Sentence]:
    sentences = []
    for column in columns:
        low, high = program.low[column], program.high[column]
        parts = [f"at least {low:g}"] if np.isfinite(low) and low != 0 else []
        parts += [f"at most {high:g}"] if np.isfinite(high) else []
        size = float(max(_finite_size(low), _finite_size(high)))
        sentences.append(("bounds", size, f"{program.column_says(int(column))} is {' and '.join(parts)}"))
    return sentences


def _at_most(sentences: list[Sentence]) -> tuple[str, ...]:
    """The sentences; where there are more than ten, each kind shows its largest and counts the rest."""
    if len(sentences) <= MOST_SENTENCES:
        return tuple(sentence for _, _, sentence in sentences)
    kinds: dict[str, list[str]] = {kind: [] for kind, _, _ in sentences}
    for kind, _, sentence in sorted(sentences, key=lambda one: -one[1]):
        kinds[kind].append(sentence)
    room = max(1, MOST_SENTENCES // len(kinds))
    shown = []
    for kind, group in list(kinds.items())[:MOST_SENTENCES]:
        shown += group[:room]
        if len(group) > room:
            shown[-1] += f" (and {len(group) - room} more of the kind '{kind}')"
    return tuple(shown)


def _elastic(program: Program, rows: Indices, price: Floats) -> Program:
    """The program that minimizes the priced give of `rows`; its last columns are the give upwards, then downwards."""
    count = rows.size
    give = sparse.csr_array((np.ones(count), (rows, np.arange(count))), shape=(program.n_rows, count))
    return replace(
        program,
        cost=np.concatenate([np.zeros(program.n_columns), price, price]),
        low=np.concatenate([program.low, np.zeros(2 * count)]),
        high=np.concatenate([program.high, np.full(2 * count, np.inf)]),
        integer=np.concatenate([program.integer, np.zeros(2 * count, bool)]),
        matrix=sparse.csr_array(sparse.hstack([program.matrix, give, -give], format="csr")),
        sign=1.0,
        constant=0.0,
    )


def _cheapest(program: Program) -> tuple[str, ...]:
    """How far requirements give way when the sum of relative give is least: the soft ones, or where these are not
    enough all that do not hold by nature.
    """
    soft = program.rows_where(lambda block: block.soft)
    for rows in (soft, program.rows_where(lambda block: not block.structural)):
        sentences = _give(program, rows) if rows.size else ()
        if sentences:
            return sentences
    return ("no relaxation of the requirements that may be relaxed is enough",)


def _give(program: Program, soft: Indices) -> tuple[str, ...]:
    """By how much the rows `soft` give way when the sum of relative give is least; nothing where that is not enough."""
    sides = np.maximum(_finite_size(program.row_low[soft]), _finite_size(program.row_high[soft]))
    price = 1.0 / np.where(sides > 1e-9, sides, 1.0)
    answer = Session(_elastic(program, soft, price), Limits(nodes=100 * TRIAL_NODES)).solve()
    if answer.x is None:
        return ()
    give = answer.x[program.n_columns :].reshape(2, soft.size)
    amounts = give.max(axis=0)
    sentences = []
    for k in np.flatnonzero(amounts > 1e-7 * np.maximum(sides, amounts.max(initial=0.0))):
        word = "less" if give[0, k] > give[1, k] else "more"
        part = f" ({100 * amounts[k] * price[k]:.3g} %)" if sides[k] > 1e-9 else ""
        says = f"{program.row_says(int(soft[k]))}: {amounts[k]:.4g} {word}{part}"
        sentences.append(("relaxations", float(amounts[k] * price[k]), says))
    return _at_most(sentences)


def _finite_size(values: Floats) -> Floats:
    return np.where(np.isfinite(values), np.abs(values), 0.0)


def growing(program: Program) -> str:
    """What can grow without limit while the objective improves: the direction with the least change in all.

    ``min Σ |d_j|`` over the directions ``d`` that leave every requirement met and have ``cost · d = -1``.
    """
    high_is_open, low_is_open = ~np.isfinite(program.high), ~np.isfinite(program.low)
    costs = sparse.csr_array(program.cost[None, :])
    count = program.n_columns
    cone = replace(
        program,
        cost=np.ones(2 * count),
        low=np.zeros(2 * count),
        high=np.where(np.concatenate([high_is_open, low_is_open]), np.inf, 0.0),
        integer=np.zeros(2 * count, bool),
        matrix=sparse.csr_array(
            sparse.vstack(
                [
                    sparse.hstack([program.matrix, -program.matrix], format="csr"),
                    sparse.hstack([costs, -costs], format="csr"),
                ],
                format="csr",
            )
        ),
        row_low=np.append(np.where(np.isfinite(program.row_low), 0.0, -np.inf), -np.inf),
        row_high=np.append(np.where(np.isfinite(program.row_high), 0.0, np.inf), -1.0),
        sign=1.0,
        constant=0.0,
    )
    answer = Session(cone).solve()
    if answer.x is None:
        return "the objective has no limit"
    moves = answer.x.reshape(2, count)
    size = np.abs(moves[0] - moves[1])
    first = np.argsort(-size, kind="stable")[:3]
    names = [program.column_says(int(column)) for column in first if size[column] > 1e-6 * size.max()]
    return f"nothing limits {' and '.join(names)}"
