"""`Network`: firms and the flows between them as frozen arrays; flows run from supplier to buyer."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from reshore.errors import InputError, Place, Problem, shown

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Codes = NDArray[np.uint8]
Rows = Sequence[Mapping[str, object]] | pl.DataFrame
MAX_FIRMS = 2**31 - 2
_Array = TypeVar("_Array", bound=NDArray[Any])


@dataclass(frozen=True)
class Network:
    """Firms and flows as arrays; firms are numbered in the order of their keys, flows sorted by supplier, then buyer.

    Parameters
    ----------
    firms
        Keys, sorted; shape (n_firms,).
    sector, market
        Code of each firm's sector and market, shape (n_firms,); ``sectors`` and ``markets`` name the codes.
    supplier, buyer, value, need
        One entry per pair of firms, shape (n_flows,): firm numbers, value per year in the unit of the input, code of
        `NEED_CODES`.
    final_demand, value_added
        Per firm, in the same unit; zeros when left out.
    output
        Sales to firms and to final demand, shape (n_firms,).
    output_share
        ``output`` over its total: the weight of each firm in every index.
    notes
        Findings that did not stop the reading.
    """

    firms: tuple[str, ...]
    sectors: tuple[str, ...]
    markets: tuple[str, ...]
    sector: Ints
    market: Ints
    supplier: Ints
    buyer: Ints
    value: Floats
    need: Codes
    final_demand: Floats
    value_added: Floats
    output: Floats
    output_share: Floats
    notes: tuple[Problem, ...] = ()

    @property
    def firm_count(self) -> int:
        """Number of firms."""
        return len(self.firms)

    @property
    def standing(self) -> Floats:
        """Share of each firm in all output, at least that of a mean firm: what its loss counts when it is rounded."""
        return np.maximum(self.output_share, 1.0 / max(self.firm_count, 1))

    @property
    def flow_count(self) -> int:
        """Number of pairs of firms between which something flows."""
        return len(self.value)

    def number_of(self, firm: str) -> int:
        """The number of `firm`.

        Raises
        ------
        InputError
            When there is no such firm.
        """
        position = bisect_left(self.firms, firm)
        if position < len(self.firms) and self.firms[position] == firm:
            return position
        raise InputError(
            [
                Problem(
                    "dangling-reference", Place("shocks"), f"'{shown(firm)}'", "a firm of the network", "check the key"
                )
            ]
        )


def network_from_arrays(
    *,
    supplier: ArrayLike,
    buyer: ArrayLike,
    value: ArrayLike,
    need: ArrayLike,
    sector: Sequence[object] | NDArray[np.generic],
    market: Sequence[object] | NDArray[np.generic] | None = None,
    final_demand: ArrayLike | None = None,
    value_added: ArrayLike | None = None,
    firms: Sequence[str] | None = None,
    notes: Sequence[Problem] = (),
) -> Network:
    """The network of arrays whose firms are numbered from 0; several flows of one pair are added up.

    Parameters
    ----------
    supplier, buyer, value, need
        Shape (n_flows,): firm numbers, value above 0, code of `NEED_CODES`.
    sector, market
        Shape (n_firms,): any labels; without `market` the sector is the market.
    final_demand, value_added
        Shape (n_firms,), not negative; ``None``: left out.
    firms
        Keys in the order of the numbers, sorted; ``None``: the numbers with leading zeros.

    Raises
    ------
    InputError
        When lengths, ranges or the needs of one input do not fit.
    """
    count = len(sector)
    i, j = np.asarray(supplier, np.int64), np.asarray(buyer, np.int64)
    amount, code = np.asarray(value, np.float64), np.asarray(need, np.int64)
    final = np.zeros(count) if final_demand is None else np.asarray(final_demand, np.float64)
    added = np.zeros(count) if value_added is None else np.asarray(value_added, np.float64)
    names = tuple(firms) if firms is not None else tuple(f"{k:0{len(str(max(count - 1, 0)))}d}" for k in range(count))
    sectors, sector_code = _labels(sector)
    markets, market_code = _labels(sector if market is None else market)
    expectations = (
        ("firms", 0 < count <= MAX_FIRMS, "at least one firm"),
        ("firms", len(names) == count == len(market_code) == len(final) == len(added), "one entry per firm"),
        ("firms", all(one < other for one, other in pairwise(names)), "sorted keys, each once"),
        ("flows", len(i) == len(j) == len(amount) == len(code), "arrays of one length"),
        ("flows", _within(i, 0, count - 1) and _within(j, 0, count - 1), "numbers of firms"),
        ("flows", _within(code, 0, 2), "needs 0, 1 or 2"),
        ("flows", bool(np.isfinite(amount).all() and (amount > 0).all()), "finite values above 0"),
        ("firms", bool(np.isfinite(final).all() and (final >= 0).all()), "finite final demand, not negative"),
        ("firms", bool(np.isfinite(added).all() and (added >= 0).all()), "finite value added, not negative"),
    )
    for place, holds, expected in expectations:
        if not holds:
            raise InputError([Problem("bad-array", Place(place), "something else", expected, "correct the arrays")])
    i, j, amount, code = _added_up(i, j, amount, code, count, sector_code)
    output = np.bincount(i, amount, count) + final
    total = math.fsum(output)
    if not 0 < total < math.inf:
        raise InputError([Problem("no-output", Place("flows"), f"total output {total}", "sales above 0", "add flows")])
    return Network(
        firms=names,
        sectors=sectors,
        markets=markets,
        sector=_frozen(sector_code),
        market=_frozen(market_code),
        supplier=_frozen(i.astype(np.int32)),
        buyer=_frozen(j.astype(np.int32)),
        value=_frozen(amount),
        need=_frozen(code.astype(np.uint8)),
        final_demand=_frozen(final.copy()),
        value_added=_frozen(added.copy()),
        output=_frozen(output),
        output_share=_frozen(output / total),
        notes=tuple(notes),
    )


def _within(values: NDArray[np.int64], low: int, high: int) -> bool:
    return bool(len(values) == 0 or (values.min() >= low and values.max() <= high))


def _labels(labels: Sequence[object] | NDArray[np.generic]) -> tuple[tuple[str, ...], Ints]:
    listed = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    names = sorted(set(listed))
    code = {name: number for number, name in enumerate(names)}
    return tuple(str(name) for name in names), np.array([code[label] for label in listed], np.int32)


def _frozen(values: _Array) -> _Array:
    values.setflags(write=False)
    return values


def _added_up(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    value: Floats,
    code: NDArray[np.int64],
    count: int,
    sector: Ints,
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, NDArray[np.int64]]:
    """One entry per pair of firms, sorted; an input with several needs is refused."""
    key = i * count + j
    order = np.lexsort((value, key)) if len(key) else np.zeros(0, np.int64)
    key, value, code = key[order], value[order], code[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else order
    kinds = int(sector.max()) + 1
    input_key = (key % count) * kinds + sector[key // count]
    by_input = np.argsort(input_key, kind="stable")
    same = input_key[by_input][1:] == input_key[by_input][:-1]
    differs = same & (code[by_input][1:] != code[by_input][:-1])
    if differs.any():
        buyer = int(input_key[by_input][1:][differs][0] // kinds)
        raise InputError(
            [
                Problem(
                    "mixed-need",
                    Place("flows"),
                    f"firm number {buyer} buys one sector's good with two needs",
                    "one need for all that a firm buys from one sector",
                    "give them one need, or split the sector",
                )
            ]
        )
    group = np.zeros(len(key), np.int64)
    group[first] = 1
    summed: Floats = np.bincount(np.cumsum(group) - 1, value).astype(np.float64) if len(key) else value
    return key[first] // count, key[first] % count, summed, code[first]
