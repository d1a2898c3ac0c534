"""The terms of numbers that are sums: what each supplier, input or country adds, and with which weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from reshore.countries import country_name
from reshore.exposure.look_through import LookThrough
from reshore.study.results import Results


@dataclass(frozen=True)
class Term:
    """One term of a sum: ``weight`` times ``value`` is its ``contribution``."""

    label: str
    weight: float
    value: float
    note: str = ""

    @property
    def contribution(self) -> float:
        """What the term adds."""
        return self.weight * self.value


def terms_of(results: Results, good: str, column: str) -> tuple[Term, ...]:
    """The terms of a number of the exposure table; none where it is no sum."""
    make = _TERMS.get(column)
    return make(results, good) if make is not None else ()


def _suppliers(results: Results, good: str) -> pl.DataFrame:
    rows = results["suppliers"].filter((pl.col("good") == good) & (pl.col("level") == "country"))
    least = pl.coalesce("share", "share_low").fill_null(0.0)
    return rows.with_columns(least.alias("least")).sort("least", "supplier", descending=[True, False])


def _note(row: Mapping[str, object]) -> str:
    stated = "as stated" if row["share"] is not None else "low end of its range"
    return f"{stated}; {row['basis']}, {row['year'] or 'year not stated'}; {row['confidence']}"


def _of_role(results: Results, good: str, role: str) -> tuple[Term, ...]:
    """Shares of the suppliers of one role."""
    rows = _suppliers(results, good).filter(pl.col("role") == role)
    return tuple(
        Term(country_name(row["supplier"]), 1.0, row["least"], _note(row)) for row in rows.iter_rows(named=True)
    )


def _unknown(results: Results, good: str) -> tuple[Term, ...]:
    """The whole market less what is known."""
    rows = _suppliers(results, good).filter(pl.col("role") != "unknown")
    known = (Term(country_name(row["supplier"]), -1.0, row["least"], _note(row)) for row in rows.iter_rows(named=True))
    return (Term("the whole market", 1.0, 1.0), *known)


def _squares(results: Results, good: str) -> tuple[Term, ...]:
    """Share times share of each country."""
    rows = _suppliers(results, good).filter(pl.col("named"))
    return tuple(
        Term(country_name(row["supplier"]), row["least"], row["least"], _note(row))
        for row in rows.iter_rows(named=True)
    )


def _single_points(results: Results, good: str, reading: str) -> tuple[Term, ...]:
    """One for each country whose loss alone takes the good away."""
    rows = results["cut_sets"].filter(
        (pl.col("good") == good) & (pl.col("level") == "country") & (pl.col("size") == 1)
        & (pl.col("reading") == reading)
    )  # fmt: skip
    return tuple(
        Term(country_name(row["members"]), 1.0, 1.0, row["sentence"])
        for row in rows.sort("members").iter_rows(named=True)
    )


def _look_through(results: Results, good: str, role: str) -> tuple[Term, ...]:
    """The good's own suppliers, and each input with the value that it has in the good."""
    from reshore.study.control import control_at
    from reshore.study.run import build_case

    case = build_case(results.study, results.package, control_at(results.package, results.study.at))
    found = LookThrough(case)
    index, place = case.chain.index, 3 * (len(found.countries) + ("home", "concern").index(role))
    row = index[good]
    total, size = found.total
    recipe = found.recipes[row]
    stated = "weight assumed" if recipe.is_assumed else "weight from amounts and market sizes"
    own = Term("its own suppliers", 1.0 / size[row], float(found.face_value[row, place]), "share at face value")
    inputs = (
        Term(
            case.chain[name].label,
            weight * float(size[index[name]] / size[row]),
            float(total[index[name], place] / size[index[name]]),
            f"look-through share of the input; {stated}",
        )
        for name, weight in recipe.weights.items()
    )
    return (own, *inputs)


_TERMS: Mapping[str, Callable[[Results, str], tuple[Term, ...]]] = {
    **{f"{role}_share": partial(_of_role, role=role) for role in ("home", "ally", "concern", "other")},
    "unknown_share": _unknown,
    "herfindahl_index": _squares,
    "single_points_count": partial(_single_points, reading="certain"),
    "possible_single_points_count": partial(_single_points, reading="possible"),
    "home_look_through_share": partial(_look_through, role="home"),
    "concern_look_through_share": partial(_look_through, role="concern"),
}
