"""Rules over one table: what no single cell can show."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from reshore.countries import COUNTRIES
from reshore.tables import ROW, Finding, Rule

SHARE_TOLERANCE = 0.025
"""How far published shares of a whole market may miss 1: sources round each row on its own."""

OWNERS_TOLERANCE = 5e-4
"""How far published stakes in one firm may exceed 1."""

NEGLIGIBLE_SHARE = 0.005
"""The most that a share called negligible can be."""

SAME_ORIGIN_ROWS = 50
"""Tables that are longer name more than one country of origin, unless it was filled in by default."""

SERIES = ("good", "market", "basis", "measure", "series", "year", "source")
"""What rows of supply share when they divide one market."""

_SLACK = 1e-9


def intervals_in_order(frame: pl.DataFrame) -> Iterator[Finding]:
    """Low ≤ value ≤ high, for every number that has a range."""
    for low in [name for name in frame.columns if name.endswith("_low") and name[:-4] in frame.columns]:
        value, high = low[:-4], f"{low[:-4]}_high"
        for first, second in ((low, value), (value, high), (low, high)):
            wrong = frame.filter(pl.col(first) - pl.col(second) > 1e-12 * pl.col(first).abs())
            for row, left, right in wrong.select(ROW, first, second).iter_rows():
                yield Finding(
                    row,
                    first,
                    "range-out-of-order",
                    f"{left:g} above {second} {right:g}",
                    "low ≤ value ≤ high",
                    "swap or correct the numbers",
                )


def tickets_in_order(frame: pl.DataFrame) -> Iterator[Finding]:
    """The smallest ticket is not larger than the largest."""
    wrong = frame.filter(pl.col("ticket_low_usd") > pl.col("ticket_high_usd"))
    for row, low, high in wrong.select(ROW, "ticket_low_usd", "ticket_high_usd").iter_rows():
        yield Finding(
            row,
            "ticket_low_usd",
            "range-out-of-order",
            f"{low:g} above ticket_high_usd {high:g}",
            "smallest ≤ largest ticket",
            "swap or correct the numbers",
        )


def periods_in_order(frame: pl.DataFrame) -> Iterator[Finding]:
    """What ends does not end before it starts."""
    wrong = frame.filter(pl.col("end") < pl.col("start"))
    for row, start, end in wrong.select(ROW, "start", "end").iter_rows():
        if not start.startswith(end):
            yield Finding(
                row,
                "end",
                "dates-out-of-order",
                f"'{end}' before start '{start}'",
                "end after start",
                "correct one of the dates",
            )


def amounts_are_positive(frame: pl.DataFrame) -> Iterator[Finding]:
    """An input is used in an amount above zero and some of it ends up in the good."""
    for column in ("amount_per_unit", "yield_share", "output_share"):
        for row in frame.filter(pl.col(column) == 0)[ROW]:
            yield Finding(
                row,
                column,
                "not-positive",
                "0",
                "a number above 0",
                "remove the row, or leave the cell empty if unknown",
            )


def uses_add_up(frame: pl.DataFrame) -> Iterator[Finding]:
    """The shares of the output of one input that go into different goods are not more than all of it."""
    least = pl.coalesce("output_share", "output_share_low", 0.0)
    totals = frame.group_by("input").agg(least.sum().alias("_total"), pl.len().alias("_uses"), pl.col(ROW).max())
    for used, total, uses, row in totals.filter(pl.col("_total") > 1 + _SLACK).sort(ROW).iter_rows():
        yield Finding(row, "output_share", "shares-do-not-add-up", f"{total:.6g} of '{used}' over {uses} uses",
                      "at most 1 in all", "correct the shares")  # fmt: skip


def capital_inputs_wear(frame: pl.DataFrame) -> Iterator[Finding]:
    """Only capital inputs have a life."""
    wrong = frame.filter(pl.col("life_years").is_not_null() & (pl.col("role") != "capital"))
    for row, role in wrong.select(ROW, "role").iter_rows():
        yield Finding(
            row,
            "life_years",
            "life-without-capital",
            f"a life for a {role} input",
            "a life for capital inputs only",
            "write role capital, or empty the cell",
        )


def same_dollars_same_amount(frame: pl.DataFrame) -> Iterator[Finding]:
    """What is published in US dollars is the same amount in US dollars."""
    wrong = frame.filter((pl.col("currency") == "USD") & (pl.col("amount") != pl.col("amount_usd")))
    for row, amount, dollars in wrong.select(ROW, "amount", "amount_usd").iter_rows():
        yield Finding(
            row,
            "amount_usd",
            "amounts-differ",
            f"{dollars:.15g} beside an amount of {amount:.15g} USD",
            "the same amount",
            "correct the currency or one of the amounts",
        )


def origins_differ(column: str) -> Rule:
    """The rule that a long table names more than one country in `column`; breaking it is worth a note."""

    def rule(frame: pl.DataFrame) -> Iterator[Finding]:
        named = frame[column].drop_nulls()
        if frame.height > SAME_ORIGIN_ROWS and named.len() == frame.height and named.n_unique() == 1:
            code = named[0]
            if code in COUNTRIES:
                yield Finding(
                    min(frame[ROW]),
                    column,
                    "looks-default-filled",
                    f"'{code}' in all {frame.height} rows",
                    "origins that were looked up, row by row",
                    "none needed if it is so; leave the cell empty where it was not looked up",
                    note=True,
                )

    return rule


def no_self_ownership(frame: pl.DataFrame) -> Iterator[Finding]:
    """Nobody is recorded as an owner of itself; treasury shares are left out of the capital instead."""
    for row, owner in frame.filter(pl.col("owner") == pl.col("owned")).select(ROW, "owner").iter_rows():
        yield Finding(row, "owned", "self-ownership", f"'{owner}' owns itself", "two organizations", "remove the row")


def stakes_do_not_overlap(frame: pl.DataFrame) -> Iterator[Finding]:
    """One source states one stake of a pair at a time."""
    keys = ["owner", "owned", "source"]
    repeated = frame.filter(frame.select(keys).is_duplicated()).sort(*keys, "start", ROW, nulls_last=False)
    for _, group in repeated.group_by(keys, maintain_order=True):
        for (before, _, end), (row, start, _) in pairwise(group.select(ROW, "start", "end").iter_rows()):
            if end is None or start is None or start < end:
                yield Finding(
                    row,
                    "start",
                    "overlapping-periods",
                    f"'{start or ''}' while row {before} runs until '{end or ''}'",
                    "stakes one after the other",
                    "give the earlier stake an end",
                )


def owners_sum_to_at_most_one(frame: pl.DataFrame) -> Iterator[Finding]:
    """On no date and by no source do the owners of one firm hold more than all of it."""
    for column in ("equity_share", "votes_share"):
        least = pl.coalesce(pl.col(column), pl.col(f"{column}_low"))
        known = frame.with_columns(least.alias("_least")).filter(pl.col("_least").is_not_null())
        # at no date can more be held than at all dates together
        over = known.filter(pl.col("_least").sum().over("owned", "source") > 1 + OWNERS_TOLERANCE - _SLACK)
        for (owned, source), group in over.group_by("owned", "source", maintain_order=True):
            rows = list(group.sort(ROW).select(ROW, "owner", "_least", "start", "end").iter_rows())
            for date in sorted({start or "" for *_, start, _ in rows}):
                held = [r for r in rows if (r[3] or "") <= date and (r[4] is None or date < r[4] or r[3] == date)]
                total = math.fsum(r[2] for r in held)
                if total > 1 + OWNERS_TOLERANCE:
                    names = ", ".join(f"{owner} {share:g} (row {row})" for row, owner, share, *_ in held[:6])
                    yield Finding(
                        held[-1][0],
                        column,
                        "owners-above-one",
                        f"{total:g} of '{owned}' by {source}: {names}",
                        "at most 1 in all",
                        "correct the shares or their dates",
                    )
                    break


def one_coverage(frame: pl.DataFrame) -> Iterator[Finding]:
    """A series is the whole market or a part of it, not both."""
    groups = (
        frame.filter(pl.col("coverage").is_not_null())
        .group_by(SERIES)
        .agg(
            pl.col("coverage").n_unique().alias("_words"),
            pl.col(ROW).min().alias("_first"),
            pl.col(ROW)
            .sort_by(ROW)
            .filter(pl.col("coverage") != pl.col("coverage").sort_by(ROW).first())
            .first()
            .alias("_other"),
        )
        .filter(pl.col("_words") > 1)
        .sort("_first")
    )
    for group in groups.iter_rows(named=True):
        yield Finding(
            group["_other"],
            "coverage",
            "mixed-coverage",
            f"another word than in row {group['_first']} of the same series of '{group['good']}'",
            "one coverage for each series",
            "write the same word, or split the rows into series",
        )


def shares_add_up(frame: pl.DataFrame) -> Iterator[Finding]:
    """The shares of one series are not more than the market, and all of it when the series is said to be complete."""
    negligible = pl.col("share_missing") == "negligible"
    ceiling = pl.when(negligible).then(NEGLIGIBLE_SHARE).otherwise(1.0)
    groups = (
        frame.select(
            ROW,
            *SERIES,
            (pl.col("coverage") == "complete").alias("_complete"),
            pl.coalesce("share", "share_low", 0.0).alias("_least"),
            pl.coalesce("share", "share_high", ceiling).alias("_most"),
        )
        .group_by(*SERIES, "_complete")
        .agg(
            pl.col("_least").sum(),
            pl.col("_most").sum(),
            pl.col(ROW).min().alias("_first"),
            pl.col(ROW).max().alias("_last"),
            pl.len().alias("_rows"),
        )
        .filter(
            (pl.col("_least") > 1 + SHARE_TOLERANCE + _SLACK)
            | (pl.col("_complete") & (pl.col("_most") < 1 - SHARE_TOLERANCE - _SLACK))
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
            f"1 within {SHARE_TOLERANCE:g}" if group["_complete"] else "at most 1",
            "correct the shares, split the rows into series, or write coverage partial if suppliers are left out",
        )
