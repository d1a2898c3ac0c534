"""Ranges and profiles against hand calculations."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reshore.stress import spans
from reshore.stress.spans import Span, profile


def test_examples_in_the_module_hold():
    assert doctest.testmod(spans).failed == 0


def test_a_rise_over_two_months_is_read_as_the_mean_of_each_month():
    # The rise is t/2: its mean over month 1 is 1/4, over month 2 it is 3/4.
    assert profile(4, ramp=2) == pytest.approx([0.25, 0.75, 1, 1])


def test_a_blow_that_ends_in_the_middle_of_a_month_counts_for_its_part():
    assert profile(3, duration=1.25) == pytest.approx([1, 0.25, 0])


def test_a_recovery_over_two_months_falls_as_it_rose():
    assert profile(5, start=2, duration=1, recovery=2) == pytest.approx([0, 1, 0.75, 0.25, 0])


def test_a_ramp_that_is_longer_than_the_blow_never_reaches_the_top():
    # Rise t/4 for two months: means 1/8 and 3/8; then it stops at once.
    assert profile(4, duration=2, ramp=4) == pytest.approx([0.125, 0.375, 0, 0])


@given(st.floats(1, 12), st.one_of(st.none(), st.floats(0, 12)), st.floats(0, 12), st.floats(0, 12))
def test_a_profile_stays_between_nothing_and_all(start, duration, ramp, recovery):
    found = profile(24, start, duration, ramp, recovery)
    assert found.shape == (24,)
    assert (found >= -1e-12).all()
    assert (found <= 1 + 1e-12).all()


def test_luck_walks_from_the_low_end_to_the_high_one():
    span = Span(1.0, 2.0, 5.0)
    assert [span.at(u) for u in (None, 0.0, 0.5, 1.0)] == [2.0, 1.0, 3.0, 5.0]
    assert np.isclose(Span.of(3.0).at(0.7), 3.0)
