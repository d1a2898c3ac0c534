"""Needs by pair of sectors, as a list or as the matrix that surveys publish; and counts to hold beside the source's."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reshore.errors import Place, Problem, limited, shown
from reshore.stress.cascade.records import ESSENTIALITY, NEED_CODES
from reshore.tables import ROW, Cells

_WORDS = {cell: word for word, code in NEED_CODES.items() for cell in (str(code), f"{code}.0", word)}


def as_pairs(cells: Cells) -> tuple[Cells, list[Problem]]:
    """`cells` as rows of `ESSENTIALITY`, and what is wrong with them if they are a matrix; a list stays what it is.

    A matrix has no column of the record: rows are supplying sectors, named in the first column; further columns are
    buying sectors; a cell is 0 (negligible), 1 (non-essential) or 2 (essential).
    """
    names = [name for name in cells.frame.columns if name != ROW]
    if len(names) < 2 or {column.name for column in ESSENTIALITY.columns} & set(names):
        return cells, []
    pairs = (
        cells.frame.rename({names[0]: "supplier_sector"})
        .unpivot(index=["supplier_sector", ROW], variable_name="buyer_sector", value_name="cell")
        .with_columns(
            pl.col("cell").str.strip_chars().replace_strict(_WORDS, default=None, return_dtype=pl.String).alias("need")
        )
        .sort(ROW, "buyer_sector")
    )
    problems = limited(
        Problem(
            "unknown-category",
            Place(cells.file, row, shown(buyer)),
            f"'{shown(cell)}'",
            "0 (negligible), 1 (non-essential) or 2 (essential) in every cell of a matrix of sectors",
            "correct it, or list pairs of sectors in columns supplier_sector, buyer_sector and need",
        )
        for row, buyer, cell in pairs.filter(pl.col("need").is_null()).select(ROW, "buyer_sector", "cell").iter_rows()
    )
    return Cells(cells.file, pairs.select("supplier_sector", "buyer_sector", "need", ROW), cells.whole), problems


@dataclass(frozen=True)
class EssentialityCounts:
    """How many pairs of sectors there are of each need.

    ``profiles_count`` is the number of different columns: buying sectors of one profile need the same inputs.
    """

    supplying_count: int
    buying_count: int
    negligible_count: int
    non_essential_count: int
    essential_count: int
    profiles_count: int

    @property
    def mean_essential_inputs(self) -> float:
        """Essential inputs of a buying sector, on average."""
        return self.essential_count / self.buying_count if self.buying_count else 0.0

    def sentence(self) -> str:
        """The counts in words."""
        total = self.negligible_count + self.non_essential_count + self.essential_count
        return (
            f"{total:,} pairs of {self.supplying_count:,} supplying and {self.buying_count:,} buying sectors: "
            f"{self.essential_count:,} essential, {self.non_essential_count:,} non-essential, "
            f"{self.negligible_count:,} negligible; on average {self.mean_essential_inputs:.1f} essential inputs per "
            f"buying sector, {self.profiles_count:,} different columns"
        )


def count_needs(pairs: pl.DataFrame) -> EssentialityCounts:
    """The counts of `pairs`, a frame under `ESSENTIALITY`."""
    by_need = dict(pairs.group_by("need").len().iter_rows())
    profiles = (
        pairs.sort("buyer_sector", "supplier_sector")
        .group_by("buyer_sector", maintain_order=True)
        .agg(pl.concat_str("supplier_sector", "need", separator="=").str.join("\0").alias("profile"))
    )
    return EssentialityCounts(
        supplying_count=pairs["supplier_sector"].n_unique(),
        buying_count=profiles.height,
        negligible_count=by_need.get("negligible", 0),
        non_essential_count=by_need.get("non_essential", 0),
        essential_count=by_need.get("essential", 0),
        profiles_count=profiles["profile"].n_unique(),
    )
