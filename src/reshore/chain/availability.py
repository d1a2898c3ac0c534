"""What is lost when suppliers are cut off: the AND/OR logic of a chain, its propagation and its minimal cut sets.

A good is lost when too little of its supply is left, when one of its essential inputs is lost, or when it comes only in
variants and all of them are lost. What is not known is read twice. `certain`: too little is left even if everything
that is not known still stands. `possible`: nobody of known name is left who could supply enough, and nothing in the
figures says that others exist.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Literal

from reshore.chain.graph import ValueChain
from reshore.chain.records import ROUNDING_SHARE, Split
from reshore.countries import BLOCS

Reading = Literal["certain", "possible"]

_SLACK = 1e-9


@dataclass(frozen=True)
class Gate:
    """Whether a good has suppliers left: named suppliers with the range of their share, and the rest.

    ``rest_low`` and ``rest_high`` are the least and the most that suppliers other than these can have.
    """

    names: tuple[str, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    rest_low: float
    rest_high: float

    def is_lost(self, cut: frozenset[str], least: float, reading: Reading) -> bool:
        """Whether less than `least` of the supply can be left without the suppliers in `cut`.

        Suppliers that are left count with the most that they can have; the unnamed rest counts with its most in the
        certain reading and with its least in the possible one. A cut that hits nobody loses nothing.
        """
        if cut.isdisjoint(self.names):
            return False
        hit = [name in cut for name in self.names]
        low = math.fsum(low for low, is_hit in zip(self.lows, hit, strict=True) if is_hit)
        high = math.fsum(high for high, is_hit in zip(self.highs, hit, strict=True) if is_hit)
        return self._is_lost((low, high), least, reading)

    def _is_lost(self, gone: tuple[float, float], least: float, reading: Reading) -> bool:
        rest = self.rest_high if reading == "certain" else self.rest_low
        left = min(1.0 - gone[0], math.fsum(self.highs) - gone[1] + rest)
        return left < least - _SLACK

    def cut_sets(self, least: float, reading: Reading, size: int, spared: frozenset[str]) -> list[frozenset[str]]:
        """The minimal sets of up to `size` suppliers, none of them `spared`, without which the good is lost."""
        free = sorted(
            (index for index, name in enumerate(self.names) if name not in spared),
            key=lambda index: (-self.highs[index], self.names[index]),
        )
        best_lows = sorted((self.lows[index] for index in free), reverse=True)
        found: list[frozenset[str]] = []

        def extend(start: int, chosen: tuple[int, ...], gone: tuple[float, float]) -> None:
            if chosen and self._is_lost(gone, least, reading):
                names = frozenset(self.names[index] for index in chosen)
                if not any(self.is_lost(names - {name}, least, reading) for name in names):
                    found.append(names)
                return
            room = size - len(chosen)
            if not room:
                return
            ahead = (math.fsum(best_lows[:room]), math.fsum(self.highs[index] for index in free[start : start + room]))
            if not self._is_lost((gone[0] + ahead[0], gone[1] + ahead[1]), least, reading):
                return
            for place in range(start, len(free)):
                index = free[place]
                extend(place + 1, (*chosen, index), (gone[0] + self.lows[index], gone[1] + self.highs[index]))

        extend(0, (), (0.0, 0.0))
        return found


def gate_of(split: Split) -> Gate:
    """The gate of a good whose supply divides as `split`.

    Unnamed suppliers surely are others than the named ones only where the split says so: firms that were left out may
    sit in any country, and a bloc may hold any of its members.
    """
    named = split.named
    apart = [share.low for share in split.unnamed if share.country not in BLOCS]
    return Gate(
        names=tuple(share.supplier for share in named),
        lows=tuple(share.low for share in named),
        highs=tuple(share.high for share in named),
        rest_low=0.0 if split.remainder_may_be_listed else min(1.0, math.fsum([split.remainder_low, *apart])),
        rest_high=min(1.0, math.fsum([split.remainder_high, *(share.high for share in split.unnamed)])),
    )


@dataclass(frozen=True)
class Structure:
    """The AND/OR logic of a chain under one reading of what is unknown.

    Parameters
    ----------
    layers
        Goods in topological order, those of one cycle together.
    gates
        Suppliers per good; goods without an entry have none that anybody knows and are never lost by themselves.
    needs
        Essential inputs per good.
    ways
        Variants of goods that come only in variants: the good is lost when all of them are.
    least_share
        A good is lost when less than this share of its supply is left.
    """

    reading: Reading
    layers: tuple[tuple[str, ...], ...]
    gates: Mapping[str, Gate]
    needs: Mapping[str, tuple[str, ...]]
    ways: Mapping[str, tuple[str, ...]]
    least_share: float

    def lost(self, cut: Iterable[str]) -> dict[str, str]:
        """Goods that are lost without the suppliers in `cut`, each with the good where the loss begins.

        In cycles goods keep one another going until something in the cycle is lost from outside.
        """
        gone = frozenset(cut)
        failed = {
            good
            for name in gone
            for good in self._supplied_by.get(name, ())
            if self.gates[good].is_lost(gone, self.least_share, self.reading)
        }
        lost, stack = set(failed), sorted(failed)
        while stack:
            for user in self._users.get(stack.pop(), ()):
                if user not in lost and self._fails(user, lost):
                    lost.add(user)
                    stack.append(user)
        return self._roots(failed, lost)

    @cached_property
    def _supplied_by(self) -> Mapping[str, list[str]]:
        goods: dict[str, list[str]] = {}
        for good, gate in self.gates.items():
            for name in gate.names:
                goods.setdefault(name, []).append(good)
        return goods

    @cached_property
    def _users(self) -> Mapping[str, list[str]]:
        users: dict[str, list[str]] = {}
        for edges in (self.needs, self.ways):
            for good, others in edges.items():
                for other in others:
                    users.setdefault(other, []).append(good)
        return users

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {good: place for place, layer in enumerate(self.layers) for good in layer}

    def _fails(self, good: str, lost: set[str]) -> bool:
        ways = self.ways.get(good, ())
        return any(need in lost for need in self.needs.get(good, ())) or (bool(ways) and lost.issuperset(ways))

    def _roots(self, failed: set[str], lost: set[str]) -> dict[str, str]:
        """Each lost good with the good whose suppliers failed first: itself, or that of its first lost need or way."""
        roots: dict[str, str] = {good: good for good in sorted(failed)}
        waiting = sorted(lost - failed, key=lambda good: (self._place[good], good))
        while waiting:
            open_ = []
            for good in waiting:
                causes = (*(need for need in self.needs.get(good, ()) if need in lost), *self.ways.get(good, ()))
                root = next((roots[cause] for cause in causes if cause in roots), None)
                if root is None:
                    open_.append(good)
                else:
                    roots[good] = root
            waiting = open_
        return roots

    def cut_sets(self, goods: Sequence[str], size: int, spared: Iterable[str] = ()) -> dict[str, list[tuple[str, ...]]]:
        """The minimal sets of up to `size` suppliers without which each of `goods` is lost.

        Sets are combined upwards from the gates (Fussell and Vesely's MOCUS): the union over what a good needs, the
        product over the ways in which it comes. Sets above `size` are dropped on the way, which loses none below it.

        Returns
        -------
        dict
            Per good, sets in order of size and names; none of their members is `spared`.
        """
        kept_out = frozenset(spared)
        known: dict[str, frozenset[frozenset[str]]] = {}
        wanted = self._upstream(goods)
        for layer in self.layers:
            part = [good for good in layer if good in wanted]
            own = {good: self._gate_cuts(good, size, kept_out) for good in part}
            known |= dict.fromkeys(part, frozenset())
            changed = True
            while changed:
                changed = False
                for good in part:
                    sets = self._combined(good, own[good], known, size)
                    if sets != known[good]:
                        known[good] = sets
                        changed = len(part) > 1 or good in self.needs.get(good, ())
        return {
            good: sorted((tuple(sorted(one)) for one in known[good]), key=lambda one: (len(one), one)) for good in goods
        }

    def _upstream(self, goods: Sequence[str]) -> set[str]:
        seen = set(goods)
        stack = list(goods)
        while stack:
            good = stack.pop()
            for other in (*self.needs.get(good, ()), *self.ways.get(good, ())):
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        return seen

    def _gate_cuts(self, good: str, size: int, spared: frozenset[str]) -> list[frozenset[str]]:
        gate = self.gates.get(good)
        return [] if gate is None else gate.cut_sets(self.least_share, self.reading, size, spared)

    def _combined(
        self, good: str, own: Sequence[frozenset[str]], known: Mapping[str, frozenset[frozenset[str]]], size: int
    ) -> frozenset[frozenset[str]]:
        sets = set(own)
        for need in self.needs.get(good, ()):
            sets |= known[need]
        ways = self.ways.get(good, ())
        if ways:
            product = known[ways[0]]
            for way in ways[1:]:
                unions = {one | other for one in product for other in known[way]}
                product = minimal({union for union in unions if len(union) <= size})
            sets |= product
        return minimal(sets)


def minimal(sets: set[frozenset[str]]) -> frozenset[frozenset[str]]:
    """Those of `sets` that contain no other of them."""
    return frozenset(
        one
        for one in sets
        if not any(frozenset(part) in sets for size in range(len(one)) for part in combinations(sorted(one), size))
    )


def structure_of(
    chain: ValueChain,
    splits: Mapping[str, Split],
    least_share: float,
    reading: Reading,
    roles: frozenset[str] = frozenset({"consumed", "capital", "design"}),
) -> Structure:
    """The AND/OR logic of `chain` supplied as `splits` say, with the essential inputs of `roles`.

    A good comes only in variants when it has no figures of its own, or when its variants make up its whole market. A
    good with figures of its own whose variants may be only some of them is, in the certain reading, lost only by its
    own suppliers and inputs.
    """
    ways = {}
    for good in chain.goods:
        kinds = chain.variants_of[good.good]
        if kinds and (reading == "possible" or _covers(chain, good.good, kinds, splits)):
            ways[good.good] = kinds
    return Structure(
        reading=reading,
        layers=chain.layers,
        gates={good: gate_of(split) for good, split in splits.items()},
        needs={
            good: tuple(edge.input for edge in edges if edge.is_essential and edge.role in roles)
            for good, edges in chain.inputs_of.items()
        },
        ways=ways,
        least_share=least_share,
    )


def _covers(chain: ValueChain, good: str, kinds: Sequence[str], splits: Mapping[str, Split]) -> bool:
    whole = chain[good].market_size_usd_per_year
    sizes = [chain[kind].market_size_usd_per_year for kind in kinds]
    known = [size for size in sizes if size is not None]
    if whole is not None and len(known) == len(sizes):
        return math.fsum(known) >= whole * (1 - ROUNDING_SHARE)
    split = splits.get(good)
    return split is None or bool(split.kinds)
