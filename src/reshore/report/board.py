"""The board: a column per step, a tile per good, color by the share that surely comes from concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reshore.report.goods import GoodView, chain_label

MAX_TILES = 150

# One hue from white to dark, evenly falling in lightness, so that it survives grey print.
_SCALE = ((255, 255, 255), (253, 226, 205), (249, 183, 141), (233, 131, 86), (196, 78, 45), (138, 36, 20))


@dataclass(frozen=True)
class Tile:
    """One good on the board: its colors and its words."""

    view: GoodView
    fill: str
    ink: str
    kind: str
    says: str


@dataclass(frozen=True)
class Board:
    """One chain as columns of tiles, with a finding as its title."""

    chain: str
    title: str
    columns: tuple[tuple[str, tuple[Tile, ...]], ...]
    alt: str
    sources: tuple[str, ...]


def boards(views: Sequence[GoodView], concern: str) -> tuple[Board, ...]:
    """A board per chain, in the order of chains."""
    chains = list(dict.fromkeys(view.chain for view in views))
    return tuple(board(chain, [view for view in views if view.chain == chain][:MAX_TILES], concern) for chain in chains)


def board(chain: str, views: Sequence[GoodView], concern: str) -> Board:
    """The board of one chain."""
    steps: dict[tuple[int, str], list[Tile]] = {}
    for view in views:
        steps.setdefault((view.step_order, view.step), []).append(tile(view))
    over = [view for view in views if view.has_figures and view.low > 0.5]
    open_ = [view for view in views if not view.has_figures]
    name = chain_label(chain)
    title = _title(name, views, over, open_, concern)
    worst = sorted(over, key=lambda view: (-view.low, view.good))[:5]
    listed = "; ".join(f"{view.label} {view.concern}" for view in worst) or "none surely above half"
    alt = (
        f"Board of {name}: {len(steps)} steps, {len(views)} goods. Share from {concern}: {listed}. "
        f"{len(open_)} goods have no supplier of known size and are hatched."
    )
    sources = sorted({source for view in views for source in (view.row["sources"] or "").split(";") if source})
    columns = tuple((step, tuple(tiles)) for (_, step), tiles in sorted(steps.items()))
    return Board(chain, title, columns, alt, tuple(sources))


def _title(
    name: str, views: Sequence[GoodView], over: Sequence[GoodView], open_: Sequence[GoodView], concern: str
) -> str:
    judged = len(views) - len(open_)
    if not judged:
        return f"{name}: no source gives shares for any of {len(views)} goods"
    if not over:
        return f"{name}: no good with known suppliers surely gets more than half from {concern}; {len(open_)} of {len(views)} are unknown"
    first = min(over, key=lambda view: (view.step_order, -view.low))
    return (
        f"{name}: {len(over)} of {judged} goods with known suppliers get more than half from {concern}, "
        f"beginning with {first.label}; {len(open_)} more are unknown"
    )


def tile(view: GoodView) -> Tile:
    """One tile: filled by the least share from concern, hatched where nothing is known."""
    if not view.has_figures:
        return Tile(view, "", "#1b1f24", "unknown", f"{view.label}: share from concern unknown, {view.leader}")
    red, green, blue = fill(view.low)
    luminance = _luminance(red, green, blue)
    ink = "#1b1f24" if luminance > 0.36 else "#ffffff"
    kind = "part" if view.high - view.low > 0.05 else "known"
    return Tile(
        view,
        f"rgb({red},{green},{blue})",
        ink,
        kind,
        f"{view.label}: {view.concern} from concern; {view.leader}; {view.basis}",
    )


def fill(share: float) -> tuple[int, int, int]:
    """The color of a share between 0 (white) and 1 (dark)."""
    place = min(max(share, 0.0), 1.0) * (len(_SCALE) - 1)
    left = min(int(place), len(_SCALE) - 2)
    part = place - left
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(_SCALE[left], _SCALE[left + 1], strict=True))
    return red, green, blue


def _luminance(*channels: int) -> float:
    """Relative luminance of sRGB (WCAG 2.1)."""
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (channel / 255 for channel in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
