"""The color scale: even in lightness, readable ink on every step."""

from __future__ import annotations

import itertools

import pytest

from reshore.report.colors import STEPS, contrast, fill, fill_class, grow_class, ink, luminance, style_rules

FILLS = [fill(step / STEPS) for step in range(STEPS + 1)]


def wcag_luminance(color: tuple[int, int, int]) -> float:
    """Relative luminance as WCAG 2.1 spells it out, written independently of the code."""
    red, green, blue = (
        c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color
    )  # fmt: skip
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_zero_is_white_and_more_is_always_darker():
    assert FILLS[0] == (255, 255, 255)
    lights = [wcag_luminance(color) for color in FILLS]
    assert all(one > other for one, other in itertools.pairwise(lights))


def test_steps_of_twenty_points_can_be_told_apart_in_grey_print():
    # Grey value of sRGB, 0 to 255 (ITU-R BT.601): fifths lie at least 25 apart.
    greys = [0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue in FILLS[::20]]
    assert all(one - other >= 25 for one, other in itertools.pairwise(greys))


def test_ink_reaches_contrast_aa_on_every_fill():
    for color in FILLS:
        bright, dim = sorted((wcag_luminance(color), wcag_luminance(ink(color))), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5


def test_contrast_of_black_on_white_is_21_to_1():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert luminance((255, 255, 255)) == pytest.approx(1)


@pytest.mark.parametrize(("share", "name"), [(0, "f0"), (0.994, "f99"), (1, "f100"), (1.2, "f100"), (-0.1, "f0")])
def test_every_share_has_a_class_in_the_style_sheet(share: float, name: str):
    assert fill_class(share) == name
    assert f".{name}{{" in style_rules()


def test_what_is_small_is_still_drawn_and_what_is_nothing_is_not():
    assert (grow_class(0), grow_class(0.0001), grow_class(1)) == ("g0", "g1", "g200")
