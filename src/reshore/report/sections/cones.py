"""The most exposed goods one by one: who supplies, what they are made with, what hangs on them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reshore.countries import country_name
from reshore.report.cone import Cone, cone
from reshore.report.goods import ROLES, GoodView
from reshore.report.grid import grid
from reshore.report.page import Block, Figure, Page
from reshore.study.words import in_words, reading

CONES = 10


@dataclass(frozen=True)
class Portrait:
    """What is drawn of one good: its cone, and other figures that were not used, in words."""

    cone: Cone
    others: tuple[str, ...]


def cones(page: Page) -> Block | None:
    """The cones of the most exposed goods."""
    top = page.ranked[:CONES]
    if not top:
        return None
    count = f"{len(top)} most exposed goods" if len(top) > 1 else "most exposed good"
    return Block(
        f"The {count}: what hangs on them",
        "Ordered by the share of world supply that surely comes from countries of concern. Bar: who supplies. Drawing: "
        "what the good is made with (left) and what it goes into (right); in each box the share from countries of "
        "concern and the largest supplier.",
        tuple(_figure(page, view) for view in top),
    )


def _figure(page: Page, view: GoodView) -> Figure:
    drawn = cone(view, page.by_key, page.results.package)
    made, goes = (
        in_words([near.label for near in side], 12) if side else "nothing that is mapped"
        for side in (drawn.upstream, drawn.downstream)
    )
    series = f"; {view.row['series']}" if view.row["series"] else ""
    rows = [
        [
            (supplier.label, ""), (supplier.country, "" if supplier.country else "muted"), (ROLES[supplier.role], ""),
            (supplier.words, "" if supplier.share is not None else "unknown"),
        ]
        for supplier in (*view.suppliers, *view.firms)
    ]  # fmt: skip
    return Figure(
        f"cone-{view.good}",
        _title(view),
        f"Share of world supply by {view.basis}{series}; confidence {view.confidence}.",
        f"Who supplies {view.label}: {view.parts_in_words}. It is made with {made}; it goes into {goes}.",
        grid(f"Suppliers of {view.label}, countries and firms", ("Supplier", "Country", "Role", "Share"), rows, (3,)),
        page.cite(view.source_keys),
        f"reshore why OUT {view.good} concern_share",
        Portrait(drawn, _conflicts(page, view.good)),
    )


def _title(view: GoodView) -> str:
    end = f"; without {view.single_points} alone it is lost" if view.single_points else ""
    leader = "" if view.leader == f"{view.leader_name} {view.concern}" else f" ({view.leader})"
    whose = view.leader_name if not leader and view.leader_name else "countries of concern"
    return f"{view.label}: {view.concern} from {whose}{leader}{end}"


def _conflicts(page: Page, good: str) -> tuple[str, ...]:
    """Other figures for one good, in words, newest first."""
    rows = page.results["conflicts"].filter((pl.col("good") == good) & pl.col("largest_supplier_share").is_not_null())
    rows = rows.sort("year", "source", descending=[True, False], nulls_last=True)
    return tuple(
        f"{country_name(row['largest_supplier'])} {reading(row['largest_supplier_share'], None, None)} "
        f"({', '.join(str(part) for part in (row['series'], row['basis'], row['year']) if part)}; {row['reason']})"
        + "".join(f" [{number}]" for number in page.cite([row["source"]]))
        for row in rows.iter_rows(named=True)
    )
