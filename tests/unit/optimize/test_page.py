"""The page on optimization shows numbers; here they are computed anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reshore.optimize import Builder, solve

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "concepts" / "optimize.md").read_text(encoding="utf-8")


def test_the_worked_example_is_what_the_code_on_the_page_gives():
    code = "\n".join(line.strip() for line in PAGE.splitlines() if line.startswith("    ") and "ession" not in line)
    names: dict[str, object] = {"Builder": Builder, "solve": solve}
    exec(code, names)
    solution = names["solution"]
    cost = re.search(r"the other (\d+) at (\d+): the cost is (\d+)", PAGE)
    price, saving = re.search(
        r"of need would cost (\d+), and\s+one more unit of the cheap mine would save (\d+)", PAGE
    ).groups()
    assert solution.x.tolist() == pytest.approx([3, float(cost[1])])
    assert solution.objective == pytest.approx(float(cost[3])) == 3 * 1 + 2 * 4
    assert solution.duals[0] == pytest.approx(float(price))
    assert solution.reduced[0] == pytest.approx(-float(saving))
