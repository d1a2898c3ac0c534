"""Rules on amounts: each has a unit, and it is the unit in which its good is counted."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from reshore.data.goods import Files, Frames
from reshore.errors import Place, Problem
from reshore.tables import ROW
from reshore.units import UNITS, convert, convertible


def units(frames: Frames, files: Files) -> Iterator[Problem]:
    """Every amount has a unit, and it is the unit of its good."""
    own = frames["goods"].select("good", pl.col("unit").alias("own")).drop_nulls("good").unique("good", keep="first")
    for name, amount in (
        ("supply", "capacity_per_year"),
        ("projects", "capacity_per_year"),
        ("needs", "volume_per_year"),
    ):
        rows = _with_amount(frames[name], amount, "unit").join(own, on="good", how="left", validate="m:1")
        for row, good_unit in rows.filter(pl.col("unit").is_null()).sort(ROW).select(ROW, "own").iter_rows():
            yield Problem(
                "no-unit",
                Place(files[name], row, "unit"),
                f"{amount} without a unit",
                "a unit",
                f"write {good_unit or 'the unit of the good'}",
            )
        other = rows.filter(pl.col("unit") != pl.col("own")).sort(ROW)
        for row, good, value, unit, good_unit in other.iter_rows():
            yield _other_unit(Place(files[name], row, "unit"), good, value, unit, good_unit)
    for name, amount in (("goods", "world_output_per_year"), ("demand", "use_per_year")):
        rows = _with_amount(frames[name], amount).join(own, on="good", how="left", validate="m:1")
        for row, good in rows.filter(pl.col("own").is_null()).sort(ROW).select(ROW, "good").iter_rows():
            yield Problem(
                "no-unit",
                Place(files[name], row, "unit" if name == "goods" else amount),
                f"{amount} of '{good}', which has no unit",
                "a unit",
                "name the unit of the good in goods",
            )
    without = own.filter(pl.col("own").is_null())["good"].implode()
    rows = _with_amount(frames["inputs"], "amount_per_unit", "input")
    lacking = rows.filter(pl.col("good").is_in(without) | pl.col("input").is_in(without)).sort(ROW)
    for row, good, used in lacking.select(ROW, "good", "input").iter_rows():
        yield Problem(
            "no-unit",
            Place(files["inputs"], row, "amount_per_unit"),
            f"an amount of '{used}' per unit of '{good}', one of which has no unit",
            "units for both goods",
            "name the units of the goods in goods",
        )


def _with_amount(frame: pl.DataFrame, amount: str, *more: str) -> pl.DataFrame:
    """Row, good, amount and `more` of rows whose good is known and that have a number or an end of its range."""
    parts = [f"{amount}{end}" for end in ("", "_low", "_high")]
    stated = pl.col("good").is_not_null() & pl.any_horizontal(pl.col(part).is_not_null() for part in parts)
    return frame.select(ROW, "good", *parts, *more).filter(stated).drop(parts[1:])


def _other_unit(place: Place, good: str, value: float | None, unit: str, own: str) -> Problem:
    here, there = UNITS[unit], UNITS[own]
    found = f"{unit} for '{good}', which is counted in {own}"
    if here.dimension != there.dimension:
        return Problem(
            "wrong-dimension",
            place,
            found,
            f"a unit of {there.dimension}",
            f"convert to {own}, or give the good another unit",
        )
    if not convertible(here, there):
        return Problem(
            "wrong-content", place, found, "one content basis", "convert the content (gross, contained, oxide) first"
        )
    hint = f"write {convert(value, here, there):.12g} {own}" if value is not None else f"convert to {own}"
    return Problem("mixed-units", place, found, own, hint)
