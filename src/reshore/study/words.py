"""Words that findings, commands and the report share: lists, countries, shares and gaps as they stand in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from reshore.countries import country_name
from reshore.units import SHARE, written

LISTED = 5
"""Names that a sentence lists before it counts the rest."""

_WITH_ARTICLE = frozenset(
    ("ARE", "BHS", "CAF", "COK", "COM", "CYM", "DOM", "EUU", "FLK", "FRO", "GBR", "GMB", "IMN", "MDV", "MHL", "MNP",
     "NLD", "PHL", "PSE", "SLB", "SYC", "TCA", "UMI", "USA", "VGB", "VIR")
)  # fmt: skip


def in_words(names: Sequence[str], limit: int = LISTED) -> str:
    """Names as they stand in a sentence, the first `limit` of them; split by semicolons where names hold commas."""
    shown = list(names[:limit])
    if len(names) > limit:
        shown.append(f"{len(names) - limit} more")
    if len(shown) < 2:
        return shown[0] if shown else "none"
    between = "; " if any("," in name for name in shown) else ", "
    last = f"{between.rstrip()} and " if between == "; " else " and "
    return f"{between.join(shown[:-1])}{last}{shown[-1]}"


def the(code: str) -> str:
    """The name of a country as it stands within a sentence: with its article where English wants one."""
    return f"the {country_name(code)}" if code in _WITH_ARTICLE else country_name(code)


def reading(point: float | None, low: float | None, high: float | None, unknown: str = "an unknown share") -> str:
    """A share as people read it: the figure, or what is known of it where sources leave part open."""
    if point is not None and (low is None or high is None or abs(high - low) < 5e-4):
        return written(point, SHARE)
    if low is not None and high is not None and high - low < 5e-4:
        return written(high, SHARE)
    low, high = 0.0 if low is None else low, 1.0 if high is None else high
    if high >= 0.9995:
        return f"at least {written(low, SHARE)}" if low >= 5e-4 else unknown
    if low < 5e-4:
        return f"at most {written(high, SHARE)}"
    ends = written(low, SHARE).removesuffix(" %"), written(high, SHARE)
    return ends[1] if f"{ends[0]} %" == ends[1] else f"{ends[0]}–{ends[1]}"


def first_upper(text: str) -> str:
    """`text` as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def gap_words(gap: float) -> str:
    """How far from the best plan a plan can be, in words."""
    words = written(gap, SHARE)
    return "nil" if gap == 0 else f"below {words[1:]}" if words.startswith("<") else f"at most {words}"
