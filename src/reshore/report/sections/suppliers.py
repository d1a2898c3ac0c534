"""Who supplies each good of which the size of any supplier is known."""

from __future__ import annotations

from reshore.report.goods import ROLES, GoodView
from reshore.report.grid import grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.bars import Bar, market
from reshore.units import SHARE, written

ROWS = 80


def suppliers(page: Page) -> Block | None:
    """Every good with figures, the most exposed first."""
    views = [view for view in page.views if view.has_figures]
    if not views:
        return None
    views.sort(key=lambda view: (-view.low, -view.high, view.good))
    return Block(
        "Who supplies",
        "World supply by who supplies it, one row per good with any figure. What sources leave open is hatched, what "
        "they name only as a group is dotted. Bases and years differ from row to row and are stated in each.",
        (_figure(page, views),),
    )


def _figure(page: Page, views: list[GoodView]) -> Figure:
    bars = [
        Bar(
            view.label,
            (market(view.parts),),
            (view.leader,),
            " · ".join(part for part in (view.basis, view.confidence) if part),
        )
        for view in views[:ROWS]
    ]
    rows = [
        [
            (view.label, ""), (view.concern, ""), (view.leader, "" if view.leader_name else "unknown"),
            *((_part(view, role), "" if role != "unknown" else "unknown") for role in ROLES),
            (view.basis, ""), (view.confidence, ""), (", ".join(f"[{n}]" for n in page.cite(view.source_keys)), ""),
        ]
        for view in views
    ]  # fmt: skip
    roles = [words.capitalize() for words in ROLES.values()]
    headings = ("Good", "From concern", "Largest supplier", *roles, "Basis and year", "Confidence", "Sources")
    return Figure(
        "suppliers-all",
        _title(page, views),
        "Parts as stated, or their low end where only a range is known. Ordered by the share that surely comes from "
        "countries of concern.",
        "Bars of world supply. " + "; ".join(f"{view.label}: {view.parts_in_words}" for view in views[:12]) + ".",
        grid("World supply by role", headings, rows, tuple(range(3, 3 + len(ROLES)))),
        page.sources_of([view.good for view in views]),
        "reshore why OUT GOOD largest_supplier_share",
        (tuple(bars), max(0, len(views) - ROWS)),
    )


def _part(view: GoodView, role: str) -> str:
    share = dict(view.parts).get(role, 0.0)
    return written(share, SHARE)


def _title(page: Page, views: list[GoodView]) -> str:
    home = [view for view in views if (view.row["home_share_low"] or 0.0) > 0.5]
    small = [view for view in views if (view.row["home_share_high"] or 0.0) < 0.1]
    one = "good" if len(views) == 1 else "goods"
    return (
        f"Of {len(views)} {one} with figures, {page.the_home} makes more than half of {len(home) or 'none'} and surely "
        f"less than a tenth of {len(small) or 'none'}"
    )
