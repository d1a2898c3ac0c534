"""Rules over one table: what no single cell can show."""

from __future__ import annotations

import math
from collections.abc import Iterator

import polars as pl

from reshore.tables import ROW, Finding

SHARE_TOLERANCE = 0.025
"""How far published shares of a whole market may miss 1: sources round each row on its own."""

ENDS = ("_low", "_high")


def intervals_in_order(frame: pl.DataFrame) -> Iterator[Finding]:
    """Low ≤ value ≤ high, for every number that has a range."""
    for low in [name for name in frame.columns if name.endswith("_low") and name[:-4] in frame.columns]:
        value, high = low[:-4], f"{low[:-4]}_high"
        for first, second in ((low, value), (value, high), (low, high)):
            wrong = frame.filter(pl.col(first) > pl.col(second) * (1 + 1e-12))
            for row, left, right in wrong.select(ROW, first, second).iter_rows():
                yield Finding(row, first, "range-out-of-order", f"{left:g} above {second} {right:g}",
                              "low ≤ value ≤ high", "swap or correct the numbers")  # fmt: skip


def tickets_in_order(frame: pl.DataFrame) -> Iterator[Finding]:
    """The smallest ticket is not larger than the largest."""
    wrong = frame.filter(pl.col("ticket_low_usd") > pl.col("ticket_high_usd"))
    for row, low, high in wrong.select(ROW, "ticket_low_usd", "ticket_high_usd").iter_rows():
        yield Finding(row, "ticket_low_usd", "range-out-of-order", f"{low:g} above ticket_high_usd {high:g}",
                      "smallest ≤ largest ticket", "swap or correct the numbers")  # fmt: skip


def periods_in_order(frame: pl.DataFrame) -> Iterator[Finding]:
    """What ends does not end before it starts."""
    wrong = frame.filter(
        pl.col("end").is_not_null() & pl.col("start").is_not_null() & (pl.col("end") < pl.col("start"))
    )
    for row, start, end in wrong.select(ROW, "start", "end").iter_rows():
        if not start.startswith(end):
            yield Finding(row, "end", "dates-out-of-order", f"'{end}' before start '{start}'", "end after start",
                          "correct one of the dates")  # fmt: skip


def amounts_are_positive(frame: pl.DataFrame) -> Iterator[Finding]:
    """An input is used in an amount above zero and some of it ends up in the good."""
    for column, code in (
        ("amount_per_unit", "not-positive"),
        ("yield_share", "not-positive"),
        ("output_share", "not-positive"),
    ):
        wrong = frame.filter(pl.col(column) == 0)
        for row in wrong[ROW]:
            yield Finding(
                row, column, code, "0", "a number above 0", "remove the row, or leave the cell empty if unknown"
            )


def capital_inputs_wear(frame: pl.DataFrame) -> Iterator[Finding]:
    """Only capital inputs have a life."""
    wrong = frame.filter(pl.col("life_years").is_not_null() & (pl.col("role") != "capital"))
    for row, role in wrong.select(ROW, "role").iter_rows():
        yield Finding(row, "life_years", "life-without-capital", f"a life for a {role} input", "a life for capital inputs only",
                      "write role capital, or empty the cell")  # fmt: skip


def no_self_ownership(frame: pl.DataFrame) -> Iterator[Finding]:
    """Nobody is recorded as an owner of itself; treasury shares are left out of the capital instead."""
    for row, owner in frame.filter(pl.col("owner") == pl.col("owned")).select(ROW, "owner").iter_rows():
        yield Finding(row, "owned", "self-ownership", f"'{owner}' owns itself", "two organizations", "remove the row")


def stakes_do_not_overlap(frame: pl.DataFrame) -> Iterator[Finding]:
    """One source states one stake of a pair at a time."""
    keys = ["owner", "owned", "source"]
    repeated = frame.filter(frame.select(keys).is_duplicated()).sort(*keys, "start", ROW, nulls_last=False)
    for _, group in repeated.group_by(keys, maintain_order=True):
        rows = list(group.select(ROW, "start", "end").iter_rows())
        for (before, _, end), (row, start, _) in zip(rows, rows[1:], strict=False):
            if end is None or start is None or start < end:
                yield Finding(row, "start", "overlapping-periods", f"'{start or ''}' while row {before} runs until '{end or ''}'",
                              "stakes one after the other", "give the earlier stake an end")  # fmt: skip


def owners_sum_to_at_most_one(frame: pl.DataFrame) -> Iterator[Finding]:
    """On no date and by no source do the owners of one firm hold more than all of it."""
    for column in ("equity_share", "votes_share"):
        least = pl.coalesce(pl.col(column), pl.col(f"{column}_low"))
        known = frame.with_columns(least.alias("_least")).filter(pl.col("_least").is_not_null())
        for (owned, source), group in known.group_by("owned", "source", maintain_order=True):
            rows = list(group.sort(ROW).select(ROW, "owner", "_least", "start", "end").iter_rows())
            for date in sorted({start or "" for *_, start, _ in rows}):
                held = [r for r in rows if (r[3] or "") <= date and (r[4] is None or date < r[4] or r[3] == date)]
                total = math.fsum(r[2] for r in held)
                if total > 1 + 5e-4:
                    names = ", ".join(f"{owner} {share:g} (row {row})" for row, owner, share, *_ in held[:6])
                    yield Finding(held[-1][0], column, "owners-above-one", f"{total:g} of '{owned}' by {source}: {names}",
                                  "at most 1 in all", "correct the shares or their dates")  # fmt: skip
                    break


def shares_add_up(frame: pl.DataFrame) -> Iterator[Finding]:
    """The shares of one series are not more than the market, and all of it when the series is said to be complete."""
    keys = ["good", "market", "basis", "measure", "series", "year", "source"]
    least = pl.coalesce(pl.col("share"), pl.col("share_low"), pl.lit(0.0))
    most = pl.coalesce(pl.col("share"), pl.col("share_high"), pl.lit(1.0))
    groups = (
        frame.with_columns(
            least.alias("_least"), most.alias("_most"), (pl.col("coverage") == "complete").alias("_complete")
        )
        .group_by(*keys, "_complete", "coverage", maintain_order=True)
        .agg(
            pl.col("_least").sum(),
            pl.col("_most").sum(),
            pl.col(ROW).min().alias("_first"),
            pl.col(ROW).max().alias("_last"),
            pl.len().alias("_rows"),
        )
        .filter(
            (pl.col("_least") > 1 + SHARE_TOLERANCE) | (pl.col("_complete") & (pl.col("_most") < 1 - SHARE_TOLERANCE))
        )
        .sort("_first")
    )
    for group in groups.iter_rows(named=True):
        total = group["_least"] if group["_least"] > 1 else group["_most"]
        yield Finding(
            group["_first"],
            "share",
            "shares-do-not-add-up",
            f"{total:.4g} over {group['_rows']} rows of '{group['good']}' (rows {group['_first']} to {group['_last']})",
            "1 within 0.025" if group["_complete"] else "at most 1",
            "correct the shares, split the rows into series, or write coverage partial if suppliers are left out",
        )
