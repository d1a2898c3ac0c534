"""Who decides: control by votes, by board seats and by posts, followed upward to those whom nobody controls.

A holder controls a firm when it and everything that it controls have more than half of the votes or of the board
seats, or when a person for whom it stands holds a controlling post. Holders that act together count as one. Control is
the least set that these rules give, so firms that hold each other do not control themselves into being.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from reshore.chain.ownership.records import Measure, Ownership, Seats, more_than
from reshore.countries import PLACEHOLDERS

Route = Literal["votes", "shares", "seats", "post"]
ROUTES: tuple[Route, ...] = ("votes", "shares", "seats", "post")

CONTROLLING_POSTS = frozenset(
    {
        "chair",
        "chairman",
        "chairperson",
        "chairwoman",
        "general partner",
        "party committee secretary",
        "party secretary",
        "secretary of the party committee",
    }
)
"""Posts whose holder decides; with ``of the board`` and the like, and joined by ``and``, also recognised."""

_OF_THE_BOARD = (" of the board of directors", " of the board", " of directors")

MAJORITY = 0.5


@dataclass(frozen=True)
class Link:
    """`controller` controls `organization`.

    ``is_certain``: whatever the shares are within their ranges; otherwise only for some of them. ``is_ultimate``:
    nobody outside of what the controller controls is certain to control it. ``votes_low`` and ``votes_high`` are what
    the controller and everything that it controls hold; ``weakest_link_share`` is the smallest stake in votes on the
    strongest chain from the controller down, ``None`` when no chain of stakes leads there. ``through`` are those of its
    side who hold the last stake or post.
    """

    organization: str
    controller: str
    is_certain: bool
    is_ultimate: bool
    routes: tuple[Route, ...]
    votes_low: float
    votes_high: float
    weakest_link_share: float | None
    through: tuple[str, ...]


@dataclass(frozen=True)
class Country:
    """The country from which an organization is controlled.

    ``country`` is ``None`` unless it can be told. ``how``: ``control`` – all certain ultimate controllers sit there;
    ``own seat`` – nobody is known to control it; ``contested`` – certain controllers sit in several countries;
    ``open`` – it turns on stakes of unknown size or on an unknown seat. ``possible`` are all countries that it may be.
    """

    organization: str
    country: str | None
    how: Literal["control", "own seat", "contested", "open"]
    possible: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Control:
    """Every controller of every organization, sorted by organization and controller."""

    ownership: Ownership
    links: tuple[Link, ...]
    groups: Mapping[str, tuple[str, ...]]

    @cached_property
    def controllers_of(self) -> Mapping[str, tuple[Link, ...]]:
        """Links by controlled organization; organizations without a controller have no entry."""
        found: dict[str, list[Link]] = {}
        for link in self.links:
            found.setdefault(link.organization, []).append(link)
        return {organization: tuple(links) for organization, links in found.items()}

    @cached_property
    def group_of(self) -> Mapping[str, str]:
        """The first group of holders that an organization belongs to."""
        return {member: name for name, members in sorted(self.groups.items(), reverse=True) for member in members}

    def ultimate(self, organization: str, *, certain: bool = True) -> tuple[str, ...]:
        """Ultimate controllers of `organization`; with ``certain=False`` also those that only may be."""
        return tuple(
            link.controller
            for link in self.controllers_of.get(organization, ())
            if link.is_ultimate and (link.is_certain or not certain)
        )

    def seat(self, controller: str) -> str | None:
        """Country of a controller; of a group of holders, the one in which all its members sit."""
        members = self.groups.get(controller, (controller,))
        seats = {self.ownership.seats_of[self.ownership.index[member]] for member in members}
        seat = seats.pop() if len(seats) == 1 else None
        return None if seat in PLACEHOLDERS else seat

    def country(self, organization: str) -> Country:
        """The country from which `organization` is controlled."""
        certain = self.ultimate(organization)
        every = self.ultimate(organization, certain=False)
        seats = {controller: self.seat(controller) for controller in every}
        own = self.seat(organization)
        possible = {seat for seat in seats.values() if seat is not None}
        is_seat_unknown = None in seats.values() or (not certain and own is None)
        if not certain and own is not None:
            possible.add(own)
        names = tuple(sorted(possible))
        if not every:
            return Country(organization, own, "own seat" if own is not None else "open", names)
        decided = {seats[controller] for controller in certain}
        if certain and len(decided - {None}) > 1:
            return Country(organization, None, "contested", names)
        if certain and len(decided) == 1 and None not in decided:
            return Country(organization, decided.pop(), "control", names)
        if len(names) == 1 and not is_seat_unknown:
            return Country(organization, names[0], "control" if certain else "own seat", names)
        return Country(organization, None, "open", names)

    def frame(self) -> pl.DataFrame:
        """The links as a frame, one row per ``organization, controller``."""
        rows = [
            (
                link.organization,
                link.controller,
                "certain" if link.is_certain else "possible",
                link.is_ultimate,
                ";".join(link.routes),
                link.votes_low,
                link.votes_high,
                link.weakest_link_share,
                ";".join(link.through),
            )
            for link in self.links
        ]
        return pl.DataFrame(
            rows,
            schema={
                "organization": pl.String, "controller": pl.String, "certainty": pl.String, "is_ultimate": pl.Boolean,
                "routes": pl.String, "votes_share_low": pl.Float64, "votes_share_high": pl.Float64,
                "weakest_link_share": pl.Float64, "through": pl.String,
            },
            orient="row",
        )  # fmt: skip

    def countries(self) -> pl.DataFrame:
        """The controlling country of every organization, one row each."""
        rows = [
            (found.organization, found.country, found.how, ";".join(found.possible))
            for found in map(self.country, self.ownership.organizations)
        ]
        return pl.DataFrame(
            rows,
            schema={"organization": pl.String, "country": pl.String, "how": pl.String, "possible": pl.String},
            orient="row",
        )


def is_controlling_post(post: str) -> bool:
    """Whether the title of a post, or a part of it, is one of `CONTROLLING_POSTS`.

    >>> is_controlling_post("Party Secretary and Chairman of the Board"), is_controlling_post("Vice Chairman")
    (True, False)
    """
    text = " ".join(post.casefold().replace("/", ",").replace(";", ",").replace(" and ", ",").split())
    for part in text.split(","):
        title = part.strip()
        for ending in _OF_THE_BOARD:
            title = title.removesuffix(ending)
        if title in CONTROLLING_POSTS:
            return True
    return False


def control(
    ownership: Ownership,
    coordinated: Mapping[str, Sequence[str]] | None = None,
    *,
    routes: Sequence[Route] = ROUTES,
    seats: Seats = "as votes",
    controlling: Callable[[str], bool] = is_controlling_post,
) -> Control:
    """Who controls whom, certainly and possibly.

    Parameters
    ----------
    coordinated
        Holders that act as one, by the name of the group: organizations behind which one state body stands, a family,
        a voting pact. The name must not be that of an organization.
    routes
        Which ways of control count.
    seats
        What to assume of board seats that nobody states; ``unknown`` makes every holder a possible controller of firms
        that are not held by a majority, and of those too.
    controlling
        Which titles of posts give control. A post counts for the ``body`` behind the person; posts behind which nobody
        stands do not make their holder a controller.

    Raises
    ------
    InputError
        ``unknown-organization`` when a member of a group is not known.
    """
    groups = {name: tuple(sorted(set(members))) for name, members in sorted((coordinated or {}).items())}
    if seats == "as votes":
        ownership = ownership.with_seats_as_votes()
    rules = _Rules.of(ownership, frozenset(routes), seats, controlling)
    sides: dict[str, tuple[int, ...]] = {name: ownership.positions(members) for name, members in groups.items()}
    members = {member for side in sides.values() for member in side}
    for position, name in enumerate(ownership.organizations):
        if (ownership.stakes_of[position] or position in rules.behind) and position not in members:
            sides[name] = (position,)
    certain = {name: _controlled(rules, side, certain=True) for name, side in sides.items()}
    possible = {name: _controlled(rules, side, certain=False) for name, side in sides.items()}
    above: dict[int, set[str]] = {}
    for name, reached in certain.items():
        for position in reached:
            above.setdefault(position, set()).add(name)
    links = []
    for name, side in sorted(sides.items()):
        masters = set.intersection(*(above[position] for position in side)) - {name}
        is_ultimate = all(certain[name].issuperset(sides[master]) for master in masters)
        strength = _strengths(ownership, side)
        for position in sorted(possible[name] - set(side)):
            is_certain = position in certain[name]
            reached = certain[name] if is_certain else possible[name]
            links.append(rules.link(position, name, reached, strength.get(position), is_certain, is_ultimate))
    return Control(ownership, tuple(sorted(links, key=lambda link: (link.organization, link.controller))), groups)


@dataclass(frozen=True)
class _Rules:
    """The tests of control on one network: shares as lists, and the bodies behind controlling posts."""

    ownership: Ownership
    routes: frozenset[Route]
    seats: Seats
    ends: Mapping[Measure, tuple[list[float], list[float]]]
    behind: Mapping[int, tuple[int, ...]]
    bodies: Mapping[int, tuple[tuple[int, str], ...]]

    @classmethod
    def of(
        cls, ownership: Ownership, routes: frozenset[Route], seats: Seats, controlling: Callable[[str], bool]
    ) -> _Rules:
        measures: tuple[Measure, ...] = ("votes", "seats")
        ends = {measure: tuple(end.tolist() for end in ownership.ends(measure)) for measure in measures}
        behind: dict[int, list[int]] = {}
        bodies: dict[int, list[tuple[int, str]]] = {}
        for post in ownership.posts:
            if post.body is not None and "post" in routes and controlling(post.post):
                body, firm = ownership.index[post.body], ownership.index[post.organization]
                if body != firm:
                    behind.setdefault(body, []).append(firm)
                    bodies.setdefault(firm, []).append((body, post.person))
        return cls(
            ownership,
            routes,
            seats,
            {measure: (low, high) for measure, (low, high) in ends.items()},
            {body: tuple(firms) for body, firms in behind.items()},
            {firm: tuple(found) for firm, found in bodies.items()},
        )

    def held(self, firm: int, side: frozenset[int] | set[int], measure: Measure) -> tuple[float, float]:
        """Least and greatest share of `firm` that `side` can hold together."""
        low, high = self.ends[measure]
        least = most = outside = 0.0
        for stake in self.ownership.stakes_in[firm]:
            if int(self.ownership.owner[stake]) in side:
                least += low[stake]
                most += high[stake]
            else:
                outside += low[stake]
        return least, max(least, min(most, 1.0 - outside))

    def passed(self, firm: int, side: frozenset[int] | set[int], *, certain: bool) -> tuple[Route, ...]:
        """By which routes `side` controls `firm`."""
        found: list[Route] = []
        end = 0 if certain else 1
        held = [s for s in self.ownership.stakes_in[firm] if int(self.ownership.owner[s]) in side]
        if more_than(self.held(firm, side, "votes")[end], MAJORITY):
            found.append("votes" if any(self.ownership.votes_are_stated[s] for s in held) else "shares")
        is_known = any(self.ownership.seats_are_stated[s] for s in held) or self.seats == "unknown"
        if is_known and more_than(self.held(firm, side, "seats")[end], MAJORITY):
            found.append("seats")
        if any(body in side for body, _ in self.bodies.get(firm, ())):
            found.append("post")
        return tuple(route for route in found if route in self.routes)

    def link(
        self,
        firm: int,
        controller: str,
        side: frozenset[int],
        strength: float | None,
        is_certain: bool,
        is_ultimate: bool,
    ) -> Link:
        names = self.ownership.organizations
        routes = self.passed(firm, side - {firm}, certain=is_certain)
        low, high = self.held(firm, side, "votes")
        holders = {
            names[int(self.ownership.owner[stake])]
            for stake in self.ownership.stakes_in[firm]
            if int(self.ownership.owner[stake]) in side
        }
        persons = {names[self.ownership.index[person]] for body, person in self.bodies.get(firm, ()) if body in side}
        through = holders | persons if "post" in routes else holders
        return Link(
            names[firm], controller, is_certain, is_ultimate, routes, low, high, strength, tuple(sorted(through))
        )


def _controlled(rules: _Rules, side: Sequence[int], *, certain: bool) -> frozenset[int]:
    """`side` and everything that it controls: the least set closed under the rules."""
    reached = set(side)
    stack = list(side)
    while stack:
        holder = stack.pop()
        candidates = [int(rules.ownership.owned[stake]) for stake in rules.ownership.stakes_of[holder]]
        for firm in (*candidates, *rules.behind.get(holder, ())):
            if firm not in reached and rules.passed(firm, reached, certain=certain):
                reached.add(firm)
                stack.append(firm)
    return frozenset(reached)


def _strengths(ownership: Ownership, side: Sequence[int]) -> dict[int, float]:
    """Per firm below `side`, the smallest stake in votes on its strongest chain, at the low ends.

    References
    ----------
    La Porta, Lopez-de-Silanes and Shleifer (1999), Corporate ownership around the world, Journal of Finance 54(2).
    """
    best: dict[int, float] = {}
    heap = [(-1.0, position) for position in side]
    done: set[int] = set()
    low = ownership.votes_low
    while heap:
        negative, holder = heapq.heappop(heap)
        if holder in done:
            continue
        done.add(holder)
        for stake in ownership.stakes_of[holder]:
            firm, strength = int(ownership.owned[stake]), min(-negative, float(low[stake]))
            if strength > best.get(firm, 0.0) and firm not in done:
                best[firm] = strength
                heapq.heappush(heap, (-strength, firm))
    return best


def weakest_link(ownership: Ownership, holder: str) -> dict[str, float]:
    """Strength of `holder` in every firm below it: the smallest stake on the strongest chain of votes, at the low ends.

    A chain of 60 % and 30 % gives 0.3, however many firms stand between.
    """
    strengths = _strengths(ownership, ownership.positions([holder]))
    return {ownership.organizations[firm]: strength for firm, strength in sorted(strengths.items())}
