"""`Column` and `Table`: the records from which checks, headings, documentation and descriptors are all made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from reshore.units import Unit

if TYPE_CHECKING:
    import polars as pl

Kind = Literal[
    "text",  # free text
    "id",  # a key: letters, digits, `_ . : -`
    "ids",  # several keys, split by `;`
    "number",  # a finite decimal number
    "integer",
    "year",
    "date",  # YYYY-MM-DD
    "period",  # YYYY, YYYY-MM or YYYY-MM-DD
    "boolean",  # true, false
    "category",  # one of `choices`
    "country",  # ISO 3166-1 alpha-3, a bloc or a typed placeholder
    "place",  # a country or an id (a supplier is an organization or, where firms are unknown, a country)
    "hs",  # Harmonized System codes, split by `;`
    "unit",  # the name of a unit of measure
    "currency",  # ISO 4217
    "url",  # http(s) addresses, split by ` ; `
]

MISSING: Mapping[str, str] = {"": "unknown", "n/d": "withheld", "neg": "negligible"}
"""How a labelled number may be absent: what the cell says and what that means. Zero is written 0; absent is no row."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        Heading in the file; a number's name ends in its unit.
    kind
        How a cell is read; see `Kind`.
    label
        Words for people: heading in reports, axis title.
    description
        What the cell holds, in one sentence.
    absent
        What an empty cell means. ``None``: an empty cell is a problem.
    low, high
        Bounds of a number, both allowed values.
    choices
        Allowed words of a category, each with its meaning.
    refers
        The column another table that this one points to, as ``"goods.good"``.
    interval
        Whether ``<name>_low`` and ``<name>_high`` stand beside the number.
    labelled
        Whether an empty number says why (`MISSING`): a column ``<name>_missing`` then stands beside it in frames.
    multiline
        Whether a text may break its lines.
    """

    name: str
    kind: Kind
    label: str
    description: str
    unit: Unit | None = None
    absent: str | None = None
    low: float | None = None
    high: float | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    refers: str = ""
    interval: bool = False
    labelled: bool = False
    multiline: bool = False

    @property
    def parts(self) -> tuple[Column, ...]:
        """The columns of the file that this record stands for: itself and its two ends if it is an interval."""
        if not self.interval:
            return (self,)
        ends = tuple(
            replace(
                self,
                name=f"{self.name}_{end}",
                label=f"{self.label}, {end} end",
                description=f"{end.capitalize()} end of the range of `{self.name}`.",
                absent="no range stated",
                interval=False,
                labelled=False,
            )
            for end in ("low", "high")
        )
        return (replace(self, interval=False), *ends)


@dataclass(frozen=True)
class Finding:
    """What a rule found wrong in a row of a checked frame; `Table.check` turns it into a `Problem` with its place."""

    row: int
    column: str
    code: str
    found: str
    expected: str
    fix: str
    note: bool = False


Rule = Callable[["pl.DataFrame"], Iterable[Finding]]
"""A check over a whole frame that carries ``_row``, the row of the file."""


@dataclass(frozen=True)
class Table:
    """One table of a data package: its columns, its key and its rules.

    ``columns`` are the records as declared; ``file_columns`` are the headings a file carries, intervals spread out.
    """

    name: str
    label: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    required: bool = False

    @cached_property
    def file_columns(self) -> tuple[Column, ...]:
        """Every column that the file of this table may carry, in order."""
        return tuple(part for column in self.columns for part in column.parts)

    def column(self, name: str) -> Column:
        """The column called `name`, interval ends included."""
        for column in self.file_columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name}")

    @cached_property
    def optional(self) -> frozenset[str]:
        """Names of columns that a file may leave out: those whose absence has a meaning."""
        return frozenset(column.name for column in self.file_columns if column.absent is not None)
