"""A board per chain: where we break, and where we do not know."""

from __future__ import annotations

from collections.abc import Sequence

from reshore.report.board import Board, board
from reshore.report.goods import GoodView, chain_label
from reshore.report.grid import grid
from reshore.report.page import Block, Figure, Page


def boards(page: Page) -> Block:
    """The boards of all chains."""
    return Block(
        "Boards: chain by chain, step by step",
        f"Color: the share of world supply that surely comes from {page.concern}; the darker, the more. The stripe at "
        "the foot of a tile says who supplies; below the share stand the largest supplier, basis and year, and whether "
        "the figure is from a weak source or only assumed.",
        tuple(_figure(page, chain, views) for chain, views in page.chains.items()),
    )


def _figure(page: Page, chain: str, views: Sequence[GoodView]) -> Figure:
    name = chain_label(chain)
    drawn: Board = board(chain, views)
    over = sorted((view for view in views if view.verdict == "over"), key=lambda view: (-view.low, view.good))
    unknown = [view for view in views if not view.has_figures]
    listed = "; ".join(f"{view.label} {view.concern}" for view in over[:6]) or "none surely above half"
    rows = [
        [
            (view.step, ""), (view.label, ""), (view.concern, "" if view.has_figures else "unknown"),
            (view.leader, "" if view.leader_name else "unknown"), (view.basis, ""),
            (view.confidence or "no figures", ""),
            (", ".join(f"[{number}]" for number in page.cite(view.source_keys)), ""),
        ]
        for view in views
    ]  # fmt: skip
    headings = ("Step", "Good", "From concern", "Largest supplier", "Basis and year", "Confidence", "Sources")
    return Figure(
        f"board-{chain}",
        _title(page, chain, name),
        f"{name}: a column per step, a tile per good.",
        f"Board of {name}: {len(drawn.steps)} steps, {len(views)} goods. Share from {page.concern}: {listed}. "
        f"{len(unknown)} goods have no supplier of known size and are hatched.",
        grid(f"{name}: every good", headings, rows),
        page.sources_of([view.good for view in views]),
        "reshore why OUT GOOD concern_share",
        drawn,
    )


def _title(page: Page, chain: str, name: str) -> str:
    found = page.tally(chain)
    over, open_ = len(found.over), len(found.open)
    tail = f"{open_} cannot be judged" if open_ else "all can be judged"
    if not over:
        return f"{name}: none of {found.total} goods surely comes mostly from countries of concern; {tail}"
    worst = max(found.over, key=lambda good: (page.by_key[good].low, good))
    verb = "comes" if over == 1 else "come"
    return (
        f"{name}: {over} of {found.total} goods {verb} mostly from countries of concern, above all "
        f"{page.by_key[worst].label}; {tail}"
    )
