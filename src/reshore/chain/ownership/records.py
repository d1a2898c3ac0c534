"""`Ownership`: who holds how much of whom on one day, as an immutable network with intervals for what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from reshore.errors import InputError, Place, Problem

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Measure = Literal["equity", "votes", "seats"]
Answer = Literal["yes", "no", "cannot be told"]

Seats = Literal["unknown", "as votes"]
"""What to assume of board seats that nobody states: nothing, or that they go with the votes that elect the board."""

MEASURES: tuple[Measure, ...] = ("equity", "votes", "seats")

SLACK = 1e-9
"""Relative room in comparisons with a legal threshold: a sum of published shares is never exact in binary."""


@dataclass(frozen=True)
class Statement:
    """What one source says of one stake; ``None`` where it says nothing of the size."""

    source: str
    start: str | None
    end: str | None
    equity_share: float | None
    equity_low: float | None
    equity_high: float | None
    votes_low: float | None
    votes_high: float | None
    seats_low: float | None
    seats_high: float | None


@dataclass(frozen=True)
class Post:
    """A person in a post on the day. ``body`` is who stands behind the person, ``None`` when nobody is known."""

    person: str
    organization: str
    post: str
    body: str | None


@dataclass(frozen=True, eq=False)
class Ownership:
    """Stakes and posts of one day.

    Organizations are in key order; stakes are sorted by owner and owned, one per pair. Every array is read-only and
    has one entry per stake: ``owner`` and ``owned`` are positions among ``organizations``, the ends of shares are in
    [0, 1]. What no source states lies between 0 and what the other holders are known to leave.

    Attributes
    ----------
    equity_point
        The stated share, NaN where only a range is known or sources disagree.
    votes_are_stated
        Whether votes were stated; otherwise they are those of the equity.
    statements
        Per stake, what each source says.
    notes
        Findings, such as firms whose owners hold more than all of it when sources are put together.
    """

    at: str
    organizations: tuple[str, ...]
    labels: tuple[str, ...]
    seats_of: tuple[str | None, ...]
    owner: Integers
    owned: Integers
    equity_low: Floats
    equity_point: Floats
    equity_high: Floats
    votes_low: Floats
    votes_high: Floats
    votes_are_stated: npt.NDArray[np.bool_]
    seats_low: Floats
    seats_high: Floats
    statements: tuple[tuple[Statement, ...], ...]
    posts: tuple[Post, ...] = ()
    notes: tuple[Problem, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.organizations)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Position of each organization."""
        return {organization: position for position, organization in enumerate(self.organizations)}

    @cached_property
    def stakes_of(self) -> tuple[tuple[int, ...], ...]:
        """Per organization, the stakes that it holds."""
        return _grouped(self.owner, len(self))

    @cached_property
    def stakes_in(self) -> tuple[tuple[int, ...], ...]:
        """Per organization, the stakes that others hold in it."""
        return _grouped(self.owned, len(self))

    @cached_property
    def external_owners(self) -> tuple[str, ...]:
        """Who holds something and has no listed owner: where look-through ends."""
        return tuple(
            organization
            for position, organization in enumerate(self.organizations)
            if self.stakes_of[position] and not self.stakes_in[position]
        )

    def ends(self, measure: Measure) -> tuple[Floats, Floats]:
        """Low and high ends of a measure, each of shape (n_stakes,)."""
        return {
            "equity": (self.equity_low, self.equity_high),
            "votes": (self.votes_low, self.votes_high),
            "seats": (self.seats_low, self.seats_high),
        }[measure]

    @cached_property
    def seats_are_stated(self) -> tuple[bool, ...]:
        """Per stake, whether a source states its board seats."""
        return tuple(any(s.seats_low is not None for s in statements) for statements in self.statements)

    def with_seats_as_votes(self) -> Ownership:
        """The same network with seats as the votes in firms of whose board no source says anything."""
        known = {int(owned) for owned, stated in zip(self.owned, self.seats_are_stated, strict=True) if stated}
        stated = np.array([int(owned) in known for owned in self.owned], dtype=np.bool_)
        return replace(
            self,
            seats_low=_read_only(np.where(stated, self.seats_low, self.votes_low)),
            seats_high=_read_only(np.where(stated, self.seats_high, self.votes_high)),
        )

    def known_but_for(self, measure: Measure) -> Ownership:
        """The same network with every stake at its low end, except in `measure`."""
        ends = {f"{other}_high": self.ends(other)[0] for other in MEASURES if other != measure}
        return replace(self, **ends)  # type: ignore[arg-type]  # the names are those of the fields

    def positions(self, organizations: Iterable[str]) -> tuple[int, ...]:
        """Positions of `organizations`, in key order.

        Raises
        ------
        InputError
            When one of them is not known.
        """
        wanted = sorted(set(organizations))
        unknown = [organization for organization in wanted if organization not in self.index]
        if unknown:
            raise InputError(
                [
                    Problem(
                        "unknown-organization",
                        Place("organizations.csv"),
                        f"'{organization}'",
                        "an organization of the package",
                        "correct the key, or add the organization",
                    )
                    for organization in unknown
                ]
            )
        return tuple(self.index[organization] for organization in wanted)


def _grouped(ends: Integers, count: int) -> tuple[tuple[int, ...], ...]:
    groups: list[list[int]] = [[] for _ in range(count)]
    for stake, organization in enumerate(ends.tolist()):
        groups[organization].append(stake)
    return tuple(tuple(group) for group in groups)


def _read_only(values: Floats) -> Floats:
    values.flags.writeable = False
    return values


def at_least(share: float, threshold: float) -> bool:
    """Whether `share` reaches `threshold`, up to `SLACK`."""
    return share >= threshold * (1 - SLACK)


def more_than(share: float, threshold: float) -> bool:
    """Whether `share` is above `threshold` by more than `SLACK`."""
    return share > threshold * (1 + SLACK)
