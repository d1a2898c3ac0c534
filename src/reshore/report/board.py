"""The board: a column per step, a tile per good, color by the share that surely comes from concern."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from reshore.report.colors import fill_class
from reshore.report.goods import GoodView

MAX_TILES = 150
WIDEST = 9
LONGEST_COLUMN = 4

_LONG_WORD = re.compile(r"[^\W\d_]{12,}")
_SYLLABLE = re.compile(r"(?<=[^\W\d_]{4})(?<=[aeiouy])(?=[bcdfghjklmnpqrstvwxz][aeiouy][^\W\d_]{2})", re.IGNORECASE)
_SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True)
class Tile:
    """One good on the board. ``kind`` is ``known``, ``part`` where sources leave part open, or ``unknown``."""

    view: GoodView
    kind: str
    fill: str
    label: str
    note: str
    brief: str
    says: str


@dataclass(frozen=True)
class Step:
    """One step of a chain: its tiles, and how many columns they fill."""

    name: str
    tiles: tuple[Tile, ...]
    columns: int


@dataclass(frozen=True)
class Board:
    """One chain as columns of tiles; `left_out` goods are in the table only."""

    chain: str
    steps: tuple[Step, ...]
    left_out: int

    @property
    def columns(self) -> int:
        """Columns of tiles in all."""
        return sum(step.columns for step in self.steps)


def board(chain: str, views: Sequence[GoodView]) -> Board:
    """The board of one chain; the least exposed goods are left out where there are more than `MAX_TILES`."""
    kept = sorted(views, key=lambda view: (-view.low, not view.has_figures, view.good))[:MAX_TILES]
    steps: dict[tuple[int, str], list[Tile]] = {}
    for view in sorted(kept, key=lambda view: (view.step_order, view.step, not view.has_figures, -view.low, view.good)):
        steps.setdefault((view.step_order, view.step), []).append(tile(view))
    length = _column_length([len(tiles) for tiles in steps.values()])
    return Board(
        chain,
        tuple(Step(name, tuple(tiles), math.ceil(len(tiles) / length)) for (_, name), tiles in steps.items()),
        len(views) - len(kept),
    )


def _column_length(counts: Sequence[int]) -> int:
    """The shortest columns with which all steps together are at most `WIDEST` columns wide."""
    length = LONGEST_COLUMN
    while sum(math.ceil(count / length) for count in counts) > max(WIDEST, len(counts)):
        length += 1
    return length


def tile(view: GoodView) -> Tile:
    """One tile: filled by the least share from concern, hatched where nothing is known."""
    label = hyphenated(view.label)
    if not view.has_figures:
        says = f"{view.label}: share from concern unknown, no supplier of known size"
        return Tile(view, "unknown", "", label, "", "?", says)
    kind = "part" if view.high - view.low > 0.05 else "known"
    note = " · ".join(part for part in (view.leader_name, view.short_basis, view.doubt) if part)
    says = f"{view.label}: {view.concern} from concern; {view.leader}; {view.basis}; confidence {view.confidence}"
    return Tile(view, kind, fill_class(view.low), label, note, _brief(view), says)


def _brief(view: GoodView) -> str:
    """The share from concern in four letters at most: ``97``, ``66+`` for at least, ``≤25`` for at most."""
    if view.high - view.low > 0.01:
        most, least = math.ceil(100 * view.high - 1e-9), math.floor(100 * view.low + 1e-9)
        return f"≤{most}" if view.low < 0.005 else f"{least}+"
    percent = round(100 * view.low)
    return ">99" if percent == 100 and view.low < 1 else str(percent)


def hyphenated(label: str) -> str:
    """`label` with places where a long word may be broken, between a vowel and the next syllable."""
    return _LONG_WORD.sub(lambda word: _SYLLABLE.sub(_SOFT_HYPHEN, word.group()), label)
