"""Two runs side by side: which numbers moved, by how much, and whether data, study or version differ."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reshore.study.results import Results
from reshore.tables import Column, Table

COMPARISON = Table(
    "comparison",
    "Two runs side by side",
    "Every number of the exposure table that differs between two runs.",
    key=("good", "column"),
    columns=(
        Column("good", "id", "Good", "Key of the good."),
        Column("label", "text", "Name", "Name for people.", absent="the good has no name in either run"),
        Column("column", "id", "Column", "The number that differs."),
        Column("before", "number", "Before", "Value in the first run.", absent="unknown, or not in this run"),
        Column("after", "number", "After", "Value in the second run.", absent="unknown, or not in this run"),
        Column("change", "number", "Change", "After less before.", absent="one of the two is unknown"),
    ),
)

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    ``table`` is described by `COMPARISON` and sorted by the size of the change; ``reasons`` say in words what the runs
    do not share: data, settings of the study, versions.
    """

    table: pl.DataFrame
    reasons: tuple[str, ...]


def compare(before: Results, after: Results) -> Comparison:
    """Sets the exposure tables of two runs side by side."""
    old, new = _long(before), _long(after)
    joined = old.join(new, on=["good", "column"], how="full", coalesce=True, validate="1:1", suffix="_after")
    change = pl.col("value_after") - pl.col("value")
    scale = pl.max_horizontal(pl.col("value").abs(), pl.col("value_after").abs(), pl.lit(1.0))
    differs = (change.abs() > TOLERANCE * scale) | (pl.col("value").is_null() != pl.col("value_after").is_null())
    table = (
        joined.filter(differs)
        .select(
            "good",
            pl.coalesce("label", "label_after").alias("label"),
            "column",
            pl.col("value").alias("before"),
            pl.col("value_after").alias("after"),
            change.alias("change"),
        )
        .sort(pl.col("change").abs(), "good", "column", descending=[True, False, False], nulls_last=True)
    )
    return Comparison(table, tuple(_reasons(before, after)))


def _long(results: Results) -> pl.DataFrame:
    frame = results["exposure"]
    numbers = [name for name, kind in frame.schema.items() if kind.is_float()]
    return frame.unpivot(numbers, index=["good", "label"], variable_name="column", value_name="value")


def _reasons(before: Results, after: Results) -> list[str]:
    reasons = []
    if before.package.digest != after.package.digest:
        reasons.append(
            f"the data differ: {before.package.digest[:8]} and {after.package.digest[:8]} (see `reshore diff`)"
        )
    for name in ("home", "allies", "concern", "basis", "chains", "at", "cut_set_size"):
        one, other = getattr(before.study, name), getattr(after.study, name)
        if one != other:
            only = (set(one) ^ set(other)) if isinstance(one, tuple) else {one, other}
            reasons.append(f"the studies differ in {name}: {', '.join(sorted(map(str, only))) or 'their order'}")
    if before.manifest["versions"] != after.manifest["versions"]:
        reasons.append("the versions of reshore or its libraries differ")
    return reasons or ["data, settings and versions are the same"]
