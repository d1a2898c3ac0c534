"""From a value chain to a `World`: figures of supply, recipes, uses and stocks in one normalised unit per good."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from scipy import sparse

from reshore.chain import Choice, Input, Preference, Split, ValueChain
from reshore.countries import PLACEHOLDERS, WORLD
from reshore.errors import InputError, Place, Problem
from reshore.flow.world import BYS, NOBODY, UNKNOWN, By, Edges, Floats, Shares, World, listed

HALF = 0.5
SPECK = 1e-8
"""Smallest part of what is used of a good that can be told from nothing: solvers drop coefficients below 1e-9."""

REST = "XX-ROW"


@dataclass(frozen=True)
class Assumptions:
    """What a flow takes for granted where the data are silent; each one that is used is named in the result.

    Attributes
    ----------
    stock_months, life_years, design_years
        Stand in for unknown stocks and lives; the last is how long it takes until all output is of a new design.
    unknown
        Where output of unknown origin belongs; no known share ever grows by it. ``shared``: to the rest of the world,
        where the figures list whole countries (who is listed has no more than is listed) and these make more than half;
        otherwise to `XX-UNK`, which a cut can name, and which is taken to be made where it is used. ``spared``: always
        to the rest of the world. ``unknown``: always to `XX-UNK`.
    markets
        Whose supply counts; see `reshore.chain.choice`.
    use_shares
        Usual share of a place in final uses, where nothing is known; by default its mean over the known ones.
    """

    stock_months: float = 1.0
    life_years: float = 10.0
    design_years: float = 4.0
    unknown: str = "shared"
    markets: tuple[str, ...] = (WORLD,)
    use_shares: Mapping[str, float] = field(default_factory=dict)


_BASES: Mapping[By, tuple[str, ...]] = {
    "site": ("site", "capacity", "origin", "seat"),
    "seat": ("seat", "site", "capacity", "origin"),
    "control": ("seat", "site", "capacity", "origin"),
    "organization": ("seat", "capacity", "site", "origin"),
}


def build_world(
    chain: ValueChain,
    demand: pl.DataFrame | None = None,
    controlled_by: Mapping[str, tuple[str, ...]] | None = None,
    assumptions: Assumptions | None = None,
    sampled: Mapping[str, Mapping[str, float]] | None = None,
) -> World:
    """The world of `chain`.

    Parameters
    ----------
    chain
        Goods, inputs and figures of supply.
    demand
        The ``demand`` table of a package: who uses how much, and how long stocks last.
    controlled_by
        Countries from which organizations are or may be controlled; without an entry, their seat.
    assumptions
        What stands in for unknown figures.
    sampled
        Shares of countries that replace the chosen ones, by good and country: for draws over ranges.

    Raises
    ------
    InputError
        When the goods that name a share of an input use more than all of it, or one of them next to nothing.
    """
    taken = assumptions or Assumptions()
    assumed: list[str] = []
    supply = {by: _supply(chain, by, controlled_by or {}, taken, sampled or {}, assumed) for by in BYS}
    recipes = _Recipes(chain, assumed)
    edges = {
        role: _edges([edge for edge in chain.inputs if edge.role == role], recipes, taken)
        for role in ("consumed", "capital", "design")
    }
    lifeless = sum(edge.role == "capital" and edge.life_years is None for edge in chain.inputs)
    if lifeless:
        assumed.append(f"the life of {lifeless} capital inputs is unknown: {taken.life_years:g} years assumed")
    if len(edges["design"]):
        assumed.append(f"designs of {len(edges['design'])} goods turn over in {taken.design_years:g} years (assumed)")
    kinds = recipes.kinds
    final = np.array(list(recipes.final), dtype=np.int64)
    use = _use(chain, demand)
    world = World(
        goods=tuple(good.good for good in chain.goods),
        supply=supply,
        consumed=edges["consumed"],
        capital=edges["capital"],
        design=edges["design"],
        variant=np.array([row[0] for row in kinds], dtype=np.int64),
        parent=np.array([row[1] for row in kinds], dtype=np.int64),
        weight=np.array([row[2] for row in kinds], dtype=np.float64),
        passed=np.array([row[3] for row in kinds], dtype=np.float64),
        final=final,
        final_share=np.array([recipes.final[f] for f in recipes.final], dtype=np.float64),
        stock_months=_stocks(chain, demand, taken, assumed),
        use=use,
        value_usd=np.full(final.size, math.nan),
        default_use=_usual_use(use, taken, assumed),
        outside=1.0 - recipes.part,
        assumed=tuple(assumed),
    )
    # What goes into other goods of the chain is paid for again in their own value.
    sizes = [chain.goods[f].market_size_usd_per_year for f in final.tolist()]
    return replace(world, value_usd=world.sold * np.array([math.nan if usd is None else usd for usd in sizes]))


def _supply(
    chain: ValueChain,
    by: By,
    controlled_by: Mapping[str, tuple[str, ...]],
    taken: Assumptions,
    sampled: Mapping[str, Mapping[str, float]],
    assumed: list[str],
) -> Shares:
    """Who makes which share of what. Goods that come in kinds have no suppliers of their own."""
    choice = chain.choose(Preference(markets=taken.markets, bases=_BASES[by]))
    rows: list[tuple[int, tuple[str, ...], float]] = []
    nobody: list[str] = []
    partly: list[str] = []
    placed: list[str] = []
    for position, good in enumerate(chain.goods):
        if chain.variants_of[good.good]:
            continue
        known, is_whole = _known(chain, choice, good.good, by, controlled_by)
        if good.good in sampled and by != "organization":
            known = {(place,): share for place, share in sampled[good.good].items()}
        total = math.fsum(known.values())
        known = _completed(known, total, taken.unknown, is_whole=is_whole)
        if total <= HALF:
            nobody.append(good.good)
        elif (UNKNOWN,) in known:
            partly.append(good.good)
        if is_whole and total > 0:
            placed.append(good.good)
        rows += [(position, places, share) for places, share in sorted(known.items()) if share > 0]
    rest = "the rest is taken to be " + ("cut by nobody" if taken.unknown == "spared" else "made where it is used")
    if by == "site":
        for names, what in (
            (nobody, "suppliers of more than half are unknown for {n} goods ({names}): "),
            (partly, "firms make more than half of {n} goods, and who makes the rest is unknown ({names}): "),
        ):
            if names:
                assumed.append(what.format(n=len(names), names=listed(names)) + rest)
    if by == "control" and placed:
        assumed.append(f"firms behind most of what is known are not named for {len(placed)} goods ({listed(placed)}): "
                       "by control, they count to the country of their seat or plant")  # fmt: skip
    return Shares(
        np.array([row[0] for row in rows], dtype=np.int64),
        tuple(row[1] for row in rows),
        np.array([row[2] for row in rows], dtype=np.float64),
    )


def _completed(
    known: dict[tuple[str, ...], float], total: float, unknown: str, *, is_whole: bool
) -> dict[tuple[str, ...], float]:
    """Shares that sum to 1: what nobody is known to make goes where the assumption says; known shares never grow."""
    if total > 1:
        return {places: share / total for places, share in known.items()}
    rest = 1.0 - total
    if rest <= 1e-12:
        return known
    place = REST if unknown == "spared" or (unknown == "shared" and total > HALF and is_whole) else UNKNOWN
    return {**known, (place,): known.get((place,), 0.0) + rest}


def _known(
    chain: ValueChain, choice: Choice, good: str, by: By, controlled_by: Mapping[str, tuple[str, ...]]
) -> tuple[dict[tuple[str, ...], float], bool]:
    """Known shares of one good, and whether they are of whole countries: what is left is then none of theirs.

    By control or organization, those of firms, unless countries are known for more.
    """
    firms = _points(choice.organizations.get(good)) if by in ("control", "organization") else {}
    split = countries_of(chain, choice, good)
    countries = _points(split)
    if firms and math.fsum(firms.values()) >= math.fsum(countries.values()):
        return (_under_control(chain, firms, controlled_by) if by == "control" else firms), False
    return countries, split is not None and not split.remainder_may_be_listed


def countries_of(chain: ValueChain, choice: Choice, good: str) -> Split | None:
    """The figures by country that a good takes: its own; where these have no sizes, those of what it is a kind of.

    Shares are passed on as they are. What was rolled up from other kinds says nothing about this one.
    """
    own = choice.countries.get(good)
    parent = chain[good].parent
    if _points(own) or parent is None or parent not in chain:
        return own
    above = choice.countries.get(parent)
    return own if above is None or above.kinds else countries_of(chain, choice, parent)


def _points(split: Split | None) -> dict[tuple[str, ...], float]:
    """Named shares, at the low end where only a range is known; the rest of the world counts as one place."""
    if split is None:
        return {}
    shares = {
        (row.supplier,): row.low if row.point is None else row.point
        for row in split.shares
        if row.is_named or row.supplier not in PLACEHOLDERS or row.supplier == REST
    }
    return {places: share for places, share in shares.items() if share > 0}


def _under_control(
    chain: ValueChain, firms: Mapping[tuple[str, ...], float], controlled_by: Mapping[str, tuple[str, ...]]
) -> dict[tuple[str, ...], float]:
    """Shares of firms by the countries from which they are or may be controlled, else by their seat."""
    found: dict[tuple[str, ...], float] = {}
    for (firm,), share in firms.items():
        body = chain.organizations.get(firm)
        places = controlled_by.get(firm) or ((firm,) if body is None else (body.seat or UNKNOWN,))
        key = tuple(sorted(places))
        found[key] = found.get(key, 0.0) + share
    return found


class _Recipes:
    """How the output of each good divides among the goods that it goes into, its users and what it is a kind of.

    Stated shares come first, then amounts per unit with known outputs; what is left divides evenly among the other
    uses. Where there are none, users outside the chain take what is left, and with it their part of all inputs.

    Amounts are of shares of world output at first. `_rest` then finds what part of each output the chain uses, and
    counts every good in that: ``amount · part of the good / part of the input``.
    """

    def __init__(self, chain: ValueChain, assumed: list[str]) -> None:
        self.chain = chain
        self.amount: dict[tuple[str, str], float] = {}
        self.final: dict[int, float] = {}
        passed: dict[str, float] = {}
        even: list[str] = []
        partly: list[str] = []
        over: list[str] = []
        problems: list[Problem] = []
        finals = frozenset(chain.final_goods)
        useful = _useful(chain, finals)
        for good in chain.goods:
            uses = [edge for edge in chain.uses_of[good.good] if edge.need != "minor" and edge.good in useful]
            stated = {edge.good: edge.output_share for edge in uses if edge.output_share is not None}
            if math.fsum(stated.values()) > 1 + 1e-9:
                problems.append(_too_much(good.good, stated))
                continue
            computed = {edge.good: share for edge in uses if edge.good not in stated
                        if (share := _from_amount(chain, edge)) is not None}  # fmt: skip
            known = {**stated, **computed}
            total = math.fsum(known.values())
            ends = int(good.good in finals) + int(good.parent in useful and good.parent in chain)
            others = [edge.good for edge in uses if edge.good not in known]
            count = len(others) + ends
            if total > 1:
                over.append(good.good)
                known = {user: share / total for user, share in known.items()}
            elif total < 1 - 1e-9 and not count and known:
                partly.append(good.good)
            left = max(0.0, 1.0 - math.fsum(known.values())) if count else 0.0
            if count > 1:
                even.append(good.good)
            for user in others:
                known[user] = left / count
            self.amount |= {(user, good.good): share for user, share in known.items()}
            if good.good in finals and left > 1e-9:
                self.final[chain.index[good.good]] = left / count
            if good.parent in useful and good.parent in chain and left > 1e-9:
                passed[good.good] = left / count
        if problems:
            raise InputError(problems)
        self.kinds = [row for good in chain.goods for row in _kinds(chain, good.good, passed, assumed)]
        self.part = np.ones(len(chain))
        if partly:
            self._rest()
        self._refuse_specks()
        for names, what in (
            (even, "how {n} goods divide among their uses is unknown ({names}): even parts assumed"),
            (partly, "only part of the output of {n} goods is used in the chain ({names}): the rest goes to others"),
            (over, "the amounts stated for {n} goods exceed their world output ({names}): scaled down to it"),
        ):
            if names:
                assumed.append(what.format(n=len(names), names=listed(names)))
        assumed.append("amounts are in shares of what the chain uses of the world output of each good")

    def _rest(self) -> None:
        """Counts every good in the part of its world output that the chain uses, the greatest that is consistent.

        ``part = final use + Σ amount · part of the good it goes into + Σ passed · part of the parent``
        """
        index, n = self.chain.index, len(self.chain)
        flows = [(index[used], index[good], share) for (good, used), share in self.amount.items()]
        flows += [(kind, parent, passed) for kind, parent, _, passed in self.kinds]
        rows, columns, shares = (np.array(side) for side in zip(*flows, strict=True))
        per_unit = sparse.csr_array(sparse.coo_array((shares, (rows, columns)), shape=(n, n)))
        ends = np.zeros(n)
        ends[list(self.final)] = list(self.final.values())
        used = np.zeros(n, dtype=bool)
        used[rows] = used[list(self.final)] = True
        part = np.ones(n)
        for _ in range(10_000):
            step = np.where(used, np.minimum(ends + per_unit @ part, 1.0), 1.0)
            done = np.abs(step - part).max(initial=0.0) <= 1e-15
            part = step
            if done:
                break
        part[(part > 1 - 1e-9) | (part <= 0)] = 1.0
        self.part = part
        self.amount = {
            (good, used): share * float(part[index[good]] / part[index[used]])
            for (good, used), share in self.amount.items()
        }
        self.final = {good: share / float(part[good]) for good, share in self.final.items()}
        self.kinds = [
            (kind, parent, weight * float(part[kind] / part[parent]), passed * float(part[parent] / part[kind]))
            for kind, parent, weight, passed in self.kinds
        ]

    def _refuse_specks(self) -> None:
        """Refuses uses and kinds so small that a solver would take them for nothing."""
        goods = self.chain.goods
        specks = [
            Problem(
                "too-small", Place("inputs.csv", 0, "output_share"),
                f"'{good}' takes {share:.2g} of what is used of '{used}'", f"{SPECK:g} or more, or nothing",
                "compare the units of amount_per_unit and of both world outputs, or call the need minor",
            )
            for (good, used), share in sorted(self.amount.items()) if 0 < share < SPECK
        ] + [
            Problem(
                "too-small", Place("goods.csv", 0, "market_size_usd_per_year"),
                f"'{goods[kind].good}' is {passed * weight:.2g} of '{goods[parent].good}'", f"{SPECK:g} or more",
                "correct the sizes of the kinds, or leave this one out",
            )
            for kind, parent, weight, passed in self.kinds if passed * weight < SPECK
        ]  # fmt: skip
        if specks:
            raise InputError(specks)


def _useful(chain: ValueChain, finals: frozenset[str]) -> frozenset[str]:
    """Goods whose loss can reach a final use."""
    seen, stack = set(finals), sorted(finals)
    while stack:
        good = stack.pop()
        needs = [edge.input for edge in chain.inputs_of[good] if edge.need != "minor"]
        for other in (*needs, *chain.variants_of[good]):
            if other not in seen:
                seen.add(other)
                stack.append(other)
    return frozenset(seen)


def _too_much(good: str, stated: Mapping[str, float]) -> Problem:
    return Problem(
        "shares-do-not-add-up",
        Place("inputs.csv", 0, "output_share"),
        f"{math.fsum(stated.values()):g} of '{good}' used by {', '.join(stated)}",
        "at most 1 in all",
        "correct the shares",
    )


def _from_amount(chain: ValueChain, edge: Input) -> float | None:
    """Share of the world output of an input that goes into a good: ``amount · output of the good / yield / output``."""
    made, used = chain[edge.good].world_output_per_year, chain[edge.input].world_output_per_year
    if edge.amount_per_unit is None or not made or not used:
        return None
    return edge.amount_per_unit * made / (edge.yield_share or 1.0) / used


def _kinds(
    chain: ValueChain, good: str, passed: Mapping[str, float], assumed: list[str]
) -> list[tuple[int, int, float, float]]:
    """Variant, parent, units of the parent per unit of the variant, and what is passed at rest."""
    kinds = [kind for kind in chain.variants_of[good] if passed.get(kind, 0.0) > 0]
    weights = _sizes(chain, kinds, assumed)
    total = math.fsum(weight * passed[kind] for kind, weight in zip(kinds, weights, strict=True))
    return [
        (chain.index[kind], chain.index[good], weight / total, passed[kind])
        for kind, weight in zip(kinds, weights, strict=True)
    ]


def _sizes(chain: ValueChain, kinds: Sequence[str], assumed: list[str]) -> list[float]:
    """How large the kinds are against each other: by market size, by world output in one unit, else alike."""
    if len(kinds) < 2:
        return [1.0] * len(kinds)
    markets = [chain[kind].market_size_usd_per_year for kind in kinds]
    outputs = [chain[kind].world_output_per_year for kind in kinds]
    one_unit = len({chain[kind].unit for kind in kinds}) == 1
    for sizes in (markets, outputs if one_unit else [None]):
        known = [size for size in sizes if size is not None and size > 0]
        if len(known) == len(kinds):
            return known
    assumed.append(f"the parts of {', '.join(kinds)} are unknown: even parts assumed")
    return [1.0] * len(kinds)


def _edges(rows: Sequence[Input], recipes: _Recipes, taken: Assumptions) -> Edges:
    index = recipes.chain.index
    edges = [row for row in rows if row.need != "minor" and recipes.amount.get((row.good, row.input), 0.0) > 0]
    life = [
        12 * (edge.life_years or (taken.life_years if edge.role == "capital" else taken.design_years)) for edge in edges
    ]
    return Edges(
        good=np.array([index[edge.good] for edge in edges], dtype=np.int64),
        input=np.array([index[edge.input] for edge in edges], dtype=np.int64),
        amount=np.array([recipes.amount[edge.good, edge.input] for edge in edges], dtype=np.float64),
        half=np.array([edge.need == "important" for edge in edges], dtype=bool),
        life_months=np.maximum(1.0, np.rint(np.array(life, dtype=np.float64))),
    )


def _stocks(chain: ValueChain, demand: pl.DataFrame | None, taken: Assumptions, assumed: list[str]) -> Floats:
    """Months that stocks last: the middle of what is stated for a good, half the ends of ranges."""
    found: dict[str, list[float]] = {}
    if demand is not None:
        columns = ("good", "stock_months", "stock_months_low", "stock_months_high")
        for good, point, low, high in demand.select(columns).iter_rows():
            ends = [end for end in (low, high) if end is not None]
            if point is not None or ends:
                found.setdefault(good, []).append(point if point is not None else math.fsum(ends) / len(ends))
    stocks = [float(np.median(found[good.good])) if good.good in found else taken.stock_months for good in chain.goods]
    missing = sum(good.good not in found for good in chain.goods)
    if missing:
        months = f"{taken.stock_months:g} month{'' if taken.stock_months == 1 else 's'}"
        assumed.append(f"stocks of {missing} goods are unknown: {months} assumed")
    return np.array(stocks, dtype=np.float64)


def _use(chain: ValueChain, demand: pl.DataFrame | None) -> Shares:
    """Who uses which share of what: the newest figure of each good and country."""
    if demand is None:
        return NOBODY
    columns = ("good", "country", "year", "use_share", "use_share_low", "use_share_high")
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for good, country, year, point, low, high in demand.select(columns).iter_rows():
        ends = [end for end in (low, high) if end is not None]
        if good not in chain or country == WORLD or (point is None and not ends):
            continue
        share = point if point is not None else math.fsum(ends) / len(ends)
        found[good, country] = max(found.get((good, country), (-1, 0.0)), (year or 0, share))
    rows = sorted((chain.index[good], country, share) for (good, country), (_, share) in found.items())
    return Shares(
        np.array([row[0] for row in rows], dtype=np.int64),
        tuple((row[1],) for row in rows),
        np.array([row[2] for row in rows], dtype=np.float64),
    )


def _usual_use(use: Shares, taken: Assumptions, assumed: list[str]) -> dict[str, float]:
    usual = dict(taken.use_shares)
    for place in use.everyone:
        known = [share for row, share in zip(use.places, use.share.tolist(), strict=True) if row == (place,)]
        usual.setdefault(place, math.fsum(known) / len(known))
    if usual:
        words = ", ".join(f"{place} {100 * share:.0f} %" for place, share in sorted(usual.items()))
        assumed.append(f"where the use of a good is not divided among countries, usual shares stand in: {words}")
    assumed.append("countries without any figure of use are taken to use what they make of a final good")
    return usual
