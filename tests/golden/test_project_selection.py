"""Published problems of choosing R&D projects under several budgets, with their known best values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from reshore.optimize import Builder, solve

Problem = tuple[np.ndarray, np.ndarray, np.ndarray, float]


def problems() -> Iterator[Problem]:
    """Values, what each project takes of each budget, budgets, and the best value."""
    text = (Path(__file__).parent / "petersen_1967.txt").read_text(encoding="utf-8")
    words = iter(" ".join(line for line in text.splitlines() if not line.startswith("#")).split())
    for word in words:
        projects, budgets, best = int(word), int(next(words)), float(next(words))
        numbers = np.array([float(next(words)) for _ in range(projects * (budgets + 1) + budgets)])
        values, takes = numbers[:projects], numbers[projects : projects * (budgets + 1)].reshape(budgets, projects)
        yield values, takes, numbers[projects * (budgets + 1) :], best


@pytest.mark.parametrize("problem", list(problems()), ids=lambda problem: f"{problem[0].size}-projects")
def test_the_best_choice_has_the_published_value(problem: Problem):
    values, takes, budgets, best = problem
    builder = Builder(maximize=True)
    chosen = builder.variables("chosen", values.size, high=1, cost=values, integer=True)
    rows, columns = np.nonzero(takes)
    builder.require(
        "budget", [(rows, chosen[columns], takes[rows, columns])], budgets.size, high=budgets,
        says=lambda k: f"budget {k} is kept",
    )  # fmt: skip
    found = solve(builder.build())
    assert found.objective == pytest.approx(best)
    assert found.proved
    assert (takes @ np.rint(found.x[chosen]) <= budgets).all()
