"""The worked example of the page about stress: its numbers are what the model gives."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from reshore.stress import SHOCKS, Span, StressSettings
from reshore.stress.ladder import survival
from reshore.stress.outcomes import try_out
from reshore.stress.tables import stress
from reshore.study import make_study
from tests.small import settings
from tests.unit.stress.chains import cut, magnets, stress_case

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "concepts" / "stress.md").read_text(encoding="utf-8")
CASE = stress_case(magnets())


def number(pattern: str) -> float:
    found = re.search(pattern, re.sub(r"\s+", " ", PAGE))
    assert found, pattern
    return float(found.group(1))


def test_the_months_of_the_example_are_those_of_the_model():
    served = try_out(CASE, cut("CHN")).served[0]
    rows = [line.split("|") for line in PAGE.splitlines() if re.match(r"\| [1-4]( to 12)? \|", line)]
    stated = [float(row[5].strip(" %")) / 100 for row in rows]
    assert [stated[0], stated[1], stated[2], *[stated[3]] * 9] == pytest.approx(served, abs=5e-4)


def test_the_figures_of_the_example_are_those_of_the_model():
    trial = try_out(CASE, cut("CHN"))
    assert survival(trial.own, trial.outcome.world.stock_months)[0] == pytest.approx(
        number(r"= ([\d.]*\d) months\."), abs=5e-3
    )
    assert trial.usd(trial.served).sum() == pytest.approx(number(r"month of the world: ([\d.]*\d) dollars"), abs=0.5)
    assert trial.usd(trial.served, home=True).sum() == pytest.approx(
        number(r"as everyone: ([\d.]*\d) dollars"), abs=0.05
    )
    lost = {}
    for share, strength in (
        (0.1, number(r"a tenth at s = ([\d.]*\d)")),
        (0.5, number(r"half of it at s = ([\d.]*\d)")),
    ):
        lost[share] = 1 - try_out(CASE, cut("CHN", severity_share=Span.of(strength))).served.mean()
        assert lost[share] == pytest.approx(share, abs=1e-3)
    found = stress(CASE, [cut("CHN")])["stress_reverse"]["strength_share"]
    assert np.abs(found.to_numpy() - [0.322, 0.805]).max() <= 0.005


def test_every_shock_is_on_the_page():
    assert all(f"| `{shock.name}` |" in PAGE for shock in SHOCKS)


def test_the_study_on_the_page_is_read_as_it_stands():
    text = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert text
    study = make_study({**settings(), **tomllib.loads(text.group(1))})
    assert study.scenarios[0].shocks[0].granted_share[2] == Span(0.4, 0.5, 0.6)
    assert study.stress.unknown_stock_months == StressSettings().unknown_stock_months
