"""What stops when countries or firms are cut off: minimal cut sets, single points of failure, importance.

Centrality is the wrong measure of a chokepoint: it knows neither substitutes nor essential inputs. A chain is an AND/OR
graph, and its chokepoints are the minimal sets of suppliers without which a good is lost, as in fault trees.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import polars as pl

from reshore.chain.availability import Reading, Structure, structure_of
from reshore.countries import country_name
from reshore.exposure.case import Case, Metric
from reshore.exposure.frames import Cell, per_good
from reshore.tables import Column
from reshore.units import NUMBER

Level = Literal["country", "organization"]

_AT_ONCE = frozenset({"consumed"})


def structure(case: Case, reading: Reading, level: Level = "country", *, at_once: bool = False) -> Structure:
    """The AND/OR logic of the chain of `case` for cuts of countries or organizations.

    With `at_once`, only inputs that are used up count: losing equipment or designs bites later.
    """
    splits = case.splits if level == "country" else case.chosen.organizations
    roles = {"roles": _AT_ONCE} if at_once else {}
    return structure_of(case.chain, splits, case.least_share, reading, **roles)


def cut_sets(
    case: Case, good: str, level: Level = "country", size: int | None = None
) -> dict[str, list[tuple[str, ...]]]:
    """The minimal sets of suppliers without which `good` is lost: ``certain`` and ``possible`` ones.

    Certain sets leave too little whatever is unknown; possible ones leave nobody of known name. Home does not cut
    itself off. Sets have up to `size` members, by default that of the case.
    """
    return {
        reading: structure(case, reading, level).cut_sets([good], size or case.cut_set_size, [case.home])[good]
        for reading in _READINGS
    }


_READINGS: tuple[Reading, ...] = ("certain", "possible")


def birnbaum_importance(cut_sets: Iterable[Sequence[str]], reliability: Mapping[str, float]) -> dict[str, float]:
    """How much the chance of being supplied depends on each supplier: ``∂P(supplied) / ∂p``.

    Parameters
    ----------
    cut_sets
        All minimal cut sets, of any size; the result is exact only if none is left out.
    reliability
        Chance that each supplier stays, independently of the others.

    References
    ----------
    Birnbaum (1969), On the importance of different components in a multicomponent system.

    Examples
    --------
    Three suppliers in series, of which each stays with odds 0.9, and two in parallel:

    >>> series = birnbaum_importance([("a",), ("b",), ("c",)], {"a": 0.9, "b": 0.9, "c": 0.9})
    >>> parallel = birnbaum_importance([("a", "b")], {"a": 0.9, "b": 0.9})
    >>> round(series["a"], 12), round(parallel["a"], 12)
    (0.81, 0.1)
    """
    sets = frozenset(frozenset(one) for one in cut_sets)
    return {
        name: reliability_of(sets, {**reliability, name: 1.0}) - reliability_of(sets, {**reliability, name: 0.0})
        for name in sorted(reliability)
    }


def reliability_of(cut_sets: Iterable[Iterable[str]], reliability: Mapping[str, float]) -> float:
    """Chance that no cut set happens as a whole, by conditioning on one supplier after the other (exact).

    Examples
    --------
    >>> round(reliability_of([("a",), ("b",), ("c",)], {"a": 0.9, "b": 0.9, "c": 0.9}), 12)
    0.729
    """
    done: dict[frozenset[frozenset[str]], float] = {}

    def stays(sets: frozenset[frozenset[str]]) -> float:
        if not sets:
            return 1.0
        if frozenset() in sets:
            return 0.0
        if sets not in done:
            name = min(min(one) for one in sets)
            up = frozenset(one for one in sets if name not in one)
            down = frozenset(one - {name} for one in sets)
            odds = reliability[name]
            done[sets] = math.fsum([odds * stays(up), (1.0 - odds) * stays(down)])
        return done[sets]

    return stays(frozenset(frozenset(one) for one in cut_sets))


def cut_set_rows(case: Case) -> list[list[Cell]]:
    """Rows of the table ``cut_sets``: for final goods all sets up to the size of the case, for others single points."""
    rows: list[list[Cell]] = []
    goods = [good.good for good in case.chain.goods]
    levels: tuple[Level, ...] = ("country", "organization") if case.chosen.organizations else ("country",)
    for level in levels:
        certain: dict[str, frozenset[tuple[str, ...]]] = {}
        for reading in _READINGS:
            logic = structure(case, reading, level)
            at_once = structure(case, reading, level, at_once=True)
            found = logic.cut_sets(goods, 1, [case.home])
            found |= logic.cut_sets(case.chain.final_goods, case.cut_set_size, [case.home])
            if reading == "certain":
                certain = {good: frozenset(sets) for good, sets in found.items()}
            else:
                found = {good: [one for one in sets if one not in certain[good]] for good, sets in found.items()}
            goods_of: dict[tuple[str, ...], list[str]] = {}
            for good in goods:
                for members in found[good]:
                    goods_of.setdefault(members, []).append(good)
            for members, losing in sorted(goods_of.items()):
                lost, soon = logic.lost(members), at_once.lost(members)
                for good in losing:
                    bites = "at once" if good in soon else "over time"
                    root = soon.get(good, lost[good])
                    sentence = _sentence(case, good, members, root, reading, bites)
                    rows.append([good, level, reading, len(members), ";".join(members), root, bites, sentence])
    return rows


def _sentence(case: Case, good: str, members: Sequence[str], root: str, reading: Reading, bites: str) -> str:
    who = " and ".join(supplier_name(case, member) for member in members)
    label, begins = case.chain[good].label, case.chain[root].label
    loss = f"no {label} is left" if reading == "certain" else f"there may be no {label}: who else supplies is not known"
    where = "" if root == good else f"; it begins with {begins}"
    when = "" if bites == "at once" else "; it bites as equipment wears out or new designs are needed"
    return f"Without {who}, {loss}{where}{when}."


def supplier_name(case: Case, supplier: str) -> str:
    """The name of an organization or a country."""
    organization = case.chain.organizations.get(supplier)
    return organization.label if organization is not None else country_name(supplier)


def single_points(case: Case) -> pl.DataFrame:
    """Countries whose loss alone takes the good away, directly or through its inputs."""
    goods = [good.good for good in case.chain.goods]
    certain, possible = (structure(case, reading).cut_sets(goods, 1, [case.home]) for reading in _READINGS)

    def row(good: str) -> list[Cell]:
        names = [members[0] for members in certain[good]]
        maybe = [members[0] for members in possible[good] if members not in certain[good]]
        return [len(names), ";".join(names) or None, len(maybe)]

    return per_good(case, SINGLE_POINTS.columns, row)


SINGLE_POINTS = Metric(
    name="single_points",
    label="Single points of failure",
    question="Which country alone could take this good away?",
    unit=NUMBER,
    formula="a country c such that without c some good that is needed has less than the least share of its supply left",
    reads=("cut_sets", "inputs",),
    source="Minimal cut sets of size one of the AND/OR graph (fault trees: Fussell and Vesely 1972)",
    columns=(
        Column("single_points_count", "integer", "Single points", "Countries whose loss alone takes the good away.",
               low=0),
        Column("single_points", "text", "Who they are", "Those countries, split by `;`.", absent="none is known"),
        Column("possible_single_points_count", "integer", "Possible single points",
               "Further countries whose loss leaves nobody of known name.", low=0),
    ),
    compute=single_points,
)  # fmt: skip
