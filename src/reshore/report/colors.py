"""Colors of exposure: one hue from white to dark, and the ink that can be read on each of them.

Lightness falls evenly, so that the scale survives grey print. Colors and lengths are classes of a style sheet, not
style attributes: the page then needs no exception in its content security policy.
"""

from __future__ import annotations

Color = tuple[int, int, int]

STEPS = 100
"""Shares are drawn to the percent."""

GROW = 200
"""Lengths of parts of a bar are drawn to the half percent."""

DARK, LIGHT = (0, 0, 0), (255, 255, 255)

_SCALE: tuple[Color, ...] = (
    (255, 255, 255), (252, 220, 196), (249, 183, 141), (233, 131, 86), (196, 78, 45), (138, 36, 20),
)  # fmt: skip


def fill(share: float) -> Color:
    """The color of a share between 0 (white) and 1 (dark)."""
    place = min(max(share, 0.0), 1.0) * (len(_SCALE) - 1)
    left = min(int(place), len(_SCALE) - 2)
    part = place - left
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(_SCALE[left], _SCALE[left + 1], strict=True))
    return red, green, blue


def ink(color: Color) -> Color:
    """Black or white, whichever stands out more."""
    return max(DARK, LIGHT, key=lambda text: contrast(text, color))


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio of two colors, 1 to 21 (WCAG 2.1, success criterion 1.4.3)."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(color: Color) -> float:
    """Relative luminance of an sRGB color (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (channel / 255 for channel in color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def hexadecimal(color: Color) -> str:
    """A color as CSS and SVG write it."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def fill_class(share: float) -> str:
    """The class of a surface that shows `share`."""
    return f"f{round(STEPS * min(max(share, 0.0), 1.0))}"


def grow_class(share: float) -> str:
    """The class of a part of a bar that is `share` long; never nothing where there is something."""
    return f"g{max(1, round(GROW * share)) if share > 0 else 0}"


def style_rules() -> str:
    """The rules of `fill_class` and `grow_class`."""
    fills = []
    for step in range(STEPS + 1):
        color = fill(step / STEPS)
        ground, text = hexadecimal(color), hexadecimal(ink(color))
        fills.append(f".f{step}{{background-color:{ground};color:{text};fill:{ground}}}text.f{step}{{fill:{text}}}")
    return "\n".join([*fills, *(f".g{step}{{flex-grow:{step}}}" for step in range(GROW + 1))])
