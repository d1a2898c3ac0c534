"""The ownership network of one day, built from the tables ``organizations``, ``stakes`` and ``posts``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from reshore.chain.ownership.records import MEASURES, Measure, Ownership, Post, Statement
from reshore.chain.records import NEGLIGIBLE_SHARE
from reshore.data.schema import table
from reshore.errors import InputError, Place, Problem, in_order
from reshore.tables import frame_schema

ROUNDING = 5e-4
"""How far published stakes of one firm may pass 1 because each was rounded on its own."""

AGREEMENT = 1e-9

NOTHING = 1e-12
"""Ranges narrower than this come from rounding in sums, not from what is unknown."""

Interval = tuple[float, float | None]
Scalar = TypeVar("Scalar", bound=np.generic)


class Tables(Protocol):
    """Anything that hands out frames by table name: a data package, or a dictionary."""

    def __getitem__(self, name: str, /) -> pl.DataFrame: ...


def first_day(period: str) -> str:
    """First day of a period ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.

    >>> first_day("2026"), first_day("2026-06")
    ('2026-01-01', '2026-06-01')
    """
    return period + "-01-01"[len(period) - 4 :] if len(period) < 10 else period


def last_day(period: str) -> str:
    """A day that no day of the period comes after; months count as 31 days, which order does not mind.

    >>> last_day("2026"), last_day("2026-06")
    ('2026-12-31', '2026-06-31')
    """
    return period + "-12-31"[len(period) - 4 :] if len(period) < 10 else period


def is_held(start: str | None, end: str | None, at: str) -> bool:
    """Whether something that runs from `start` until `end` holds on the last day of `at`; absent ends are open."""
    day = last_day(at)
    return not (start is not None and first_day(start) > day) and not (end is not None and last_day(end) < day)


def build_ownership(tables: Tables, at: str = "2026-06-30") -> Ownership:
    """The ownership network on the day `at`.

    A stake counts unless it starts after that day or ends before it. Of one source and pair, the stake that started
    last counts. Statements of several sources about one pair become one interval that holds them all; sources that
    say nothing of the size do not widen it. Where nobody states a size, it lies between 0 and what the other holders
    are known to leave.

    Parameters
    ----------
    tables
        A data package, or frames by table name; columns that are left out are absent.
    at
        A day; a month or year stands for its last day.

    Raises
    ------
    InputError
        ``owners-above-one`` when by one source the owners of a firm hold more than all of it, ``cycle-gain`` when that
        firm also owns its owners; ``self-ownership``; ``unknown-organization``.
    """
    organizations = _frame(tables, "organizations").sort("organization")
    names = tuple(organizations["organization"])
    stakes, posts = _frame(tables, "stakes"), _frame(tables, "posts")
    _refuse_broken_links(names, stakes, posts)
    position = {name: number for number, name in enumerate(names)}
    held = _statements(stakes, at)
    pairs = sorted(held)
    ends = {measure: [_combined(held[pair], measure) for pair in pairs] for measure in MEASURES}
    votes_are_stated = [_stated(held[pair], "votes") for pair in pairs]
    ends["votes"] = [
        votes if stated else equity
        for votes, equity, stated in zip(ends["votes"], ends["equity"], votes_are_stated, strict=True)
    ]
    points = [_point(held[pair]) for pair in pairs]
    notes: list[Problem] = []
    low: dict[str, list[float]] = {}
    high: dict[str, list[float]] = {}
    for measure in MEASURES:
        low[measure], high[measure] = _closed(pairs, ends[measure], points, measure, held, at, notes)
    points = [
        float("nan") if point is None else min(max(point, least), most)
        for point, least, most in zip(points, low["equity"], high["equity"], strict=True)
    ]
    return Ownership(
        at=at,
        organizations=names,
        labels=tuple(organizations["label"].fill_null("")),
        seats_of=tuple(organizations["seat"]),
        owner=_frozen([position[owner] for owner, _ in pairs], np.int64),
        owned=_frozen([position[owned] for _, owned in pairs], np.int64),
        equity_low=_frozen(low["equity"], np.float64),
        equity_point=_frozen(points, np.float64),
        equity_high=_frozen(high["equity"], np.float64),
        votes_low=_frozen(low["votes"], np.float64),
        votes_high=_frozen(high["votes"], np.float64),
        votes_are_stated=_frozen(votes_are_stated, np.bool_),
        seats_low=_frozen(low["seats"], np.float64),
        seats_high=_frozen(high["seats"], np.float64),
        statements=tuple(held[pair] for pair in pairs),
        posts=_posts(posts, at),
        notes=in_order(notes),
    )


def _frame(tables: Tables, name: str) -> pl.DataFrame:
    schema = frame_schema(table(name))
    if isinstance(tables, Mapping) and name not in tables:
        return pl.DataFrame(schema=schema)
    frame = tables[name]
    return frame.select(
        pl.col(column).cast(dtype) if column in frame.columns else pl.lit(None, dtype).alias(column)
        for column, dtype in schema.items()
    )


def _refuse_broken_links(names: Sequence[str], stakes: pl.DataFrame, posts: pl.DataFrame) -> None:
    known = set(names)
    problems = [
        Problem(
            "unknown-organization",
            Place(f"{file}.csv", column=column),
            f"'{name}'",
            "a key of organizations",
            "correct the key, or add the organization",
        )
        for file, frame, column in (
            ("stakes", stakes, "owner"),
            ("stakes", stakes, "owned"),
            ("posts", posts, "person"),
            ("posts", posts, "organization"),
            ("posts", posts, "body"),
        )
        for name in frame[column].drop_nulls().unique().sort()
        if name not in known
    ]
    problems += [
        Problem(
            "self-ownership",
            Place("stakes.csv", column="owned"),
            f"'{name}' owns itself",
            "two organizations",
            "remove the row",
        )
        for name in stakes.filter(pl.col("owner") == pl.col("owned"))["owner"].unique().sort()
    ]
    if problems:
        raise InputError(problems)


def _statements(stakes: pl.DataFrame, at: str) -> dict[tuple[str, str], tuple[Statement, ...]]:
    found: dict[tuple[str, str], dict[str, Statement]] = {}
    for row in stakes.sort("owner", "owned", "source", "start", nulls_last=False).iter_rows(named=True):
        if not is_held(row["start"], row["end"], at):
            continue
        equity = _interval(row, "equity_share")
        if equity is None and row["equity_share_missing"] == "negligible":
            equity = (0.0, NEGLIGIBLE_SHARE)
        votes, seats = _interval(row, "votes_share"), _interval(row, "seats_share")
        by_source = found.setdefault((row["owner"], row["owned"]), {})
        by_source[row["source"] or ""] = Statement(
            row["source"] or "", row["start"], row["end"], row["equity_share"],
            *(equity or (None, None)), *(votes or (None, None)), *(seats or (None, None)),
        )  # fmt: skip
    return {pair: tuple(by_source[source] for source in sorted(by_source)) for pair, by_source in found.items()}


def _interval(row: Mapping[str, float | None], column: str) -> Interval | None:
    point, low, high = row[column], row[f"{column}_low"], row[f"{column}_high"]
    if point is None and low is None and high is None:
        return None
    if low is None:
        low = 0.0 if point is None else point
    return (low, point if high is None else high)


def _stated(statements: Sequence[Statement], measure: Measure) -> bool:
    return any(getattr(statement, f"{measure}_low") is not None for statement in statements)


def _combined(statements: Sequence[Statement], measure: Measure) -> Interval:
    """The hull of what sources state; (0, None) when none states anything."""
    said: list[Interval] = [
        (low, getattr(statement, f"{measure}_high"))
        for statement in statements
        if (low := getattr(statement, f"{measure}_low")) is not None
    ]
    if not said:
        return (0.0, None)
    highs = [high for _, high in said]
    known = [high for high in highs if high is not None]
    return (min(low for low, _ in said), max(known) if len(known) == len(highs) else None)


def _point(statements: Sequence[Statement]) -> float | None:
    """The stated share when every source that states a size states that one."""
    sized = [statement for statement in statements if statement.equity_low is not None]
    points = [statement.equity_share for statement in sized if statement.equity_share is not None]
    if not points or len(points) < len(sized) or max(points) - min(points) > AGREEMENT:
        return None
    return points[0]


def _closed(
    pairs: Sequence[tuple[str, str]],
    ends: Sequence[Interval],
    points: list[float | None],
    measure: Measure,
    held: Mapping[tuple[str, str], tuple[Statement, ...]],
    at: str,
    notes: list[Problem],
) -> tuple[list[float], list[float]]:
    """Both ends of each stake, such that the holders of a firm never need to hold more than all of it."""
    low = [interval[0] for interval in ends]
    high = [0.0] * len(pairs)
    firms: dict[str, list[int]] = {}
    for stake, (_, owned) in enumerate(pairs):
        firms.setdefault(owned, []).append(stake)
    refused: list[Problem] = []
    for owned, stakes in firms.items():
        total = math.fsum(low[stake] for stake in stakes)
        if total > 1 + ROUNDING:
            doubt = _is_open_to_doubt([held[pairs[stake]] for stake in stakes], at)
            shares = {pairs[stake][0]: low[stake] for stake in stakes}
            problem = _above_one(owned, total, shares, measure, held, doubt=doubt)
            if not doubt:
                refused.append(problem)
                continue
            notes.append(problem)
            for stake in stakes:
                low[stake] = 0.0
                if measure == "equity":
                    points[stake] = None
        elif total > 1:
            for stake in stakes:
                low[stake] /= total
                if measure == "equity" and (point := points[stake]) is not None:
                    points[stake] = point / total
        for stake in stakes:
            others = math.fsum(low[other] for other in stakes if other != stake)
            left = max(low[stake], 1.0 - others)
            stated = ends[stake][1]
            high[stake] = left if stated is None else max(low[stake], min(stated, left))
            if high[stake] - low[stake] < NOTHING:
                high[stake] = low[stake]
    if refused:
        raise InputError(refused)
    return low, high


def _is_open_to_doubt(statements: Sequence[tuple[Statement, ...]], at: str) -> bool:
    """Whether the sum may be wrong without any source being: several sources, or dates too coarse to tell who holds."""
    sources = {statement.source for stake in statements for statement in stake}
    day = last_day(at)
    coarse = any(
        period is not None and len(period) < 10 and first_day(period) <= day <= last_day(period)
        for stake in statements
        for statement in stake
        for period in (statement.start, statement.end)
    )
    return len(sources) > 1 or coarse


def _above_one(
    owned: str,
    total: float,
    shares: Mapping[str, float],
    measure: Measure,
    held: Mapping[tuple[str, str], tuple[Statement, ...]],
    *,
    doubt: bool,
) -> Problem:
    owners = ", ".join(
        f"{owner} {share:g} ({', '.join(statement.source or 'no source' for statement in held[owner, owned])})"
        for owner, share in shares.items()
    )
    is_cycle = not _below(owned, held).isdisjoint(shares)
    return Problem(
        "cycle-gain" if is_cycle else "owners-above-one",
        Place("stakes.csv", column=f"{measure}_share"),
        f"{total:g} of '{owned}': {owners}",
        "at most 1 in all; around a cycle a larger sum grows without end" if is_cycle else "at most 1 in all",
        "correct the shares or their dates"
        + ("; until then the sizes of these stakes count as unknown" if doubt else ""),
        "note" if doubt else "error",
    )


def _below(organization: str, pairs: Iterable[tuple[str, str]]) -> set[str]:
    """Everything that `organization` holds something of, directly or through others."""
    holdings: dict[str, list[str]] = {}
    for owner, owned in pairs:
        holdings.setdefault(owner, []).append(owned)
    seen: set[str] = set()
    stack = [organization]
    while stack:
        for owned in holdings.get(stack.pop(), ()):
            if owned not in seen:
                seen.add(owned)
                stack.append(owned)
    return seen


def _posts(posts: pl.DataFrame, at: str) -> tuple[Post, ...]:
    return tuple(
        Post(row["person"], row["organization"], row["post"], row["body"])
        for row in posts.sort("organization", "person", "post").iter_rows(named=True)
        if is_held(row["start"], row["end"], at)
    )


def _frozen(values: Sequence[object], dtype: type[Scalar]) -> npt.NDArray[Scalar]:
    array: npt.NDArray[Scalar] = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array
