"""The draft of a package, on which every importer writes: rows, what was found on the way, and an account of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reshore.errors import Place, Problem, in_order, limited, shown

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, object]


@dataclass
class Account:
    """What became of the rows of one file."""

    read: int = 0
    kept: int = 0
    merged: int = 0
    dropped: int = 0


@dataclass
class Draft:
    """Rows of a package under way, what was found on the way, and an account of every row that was read.

    ``tables`` holds rows by table, or a whole frame; ``problems`` errors and notes; ``price_year`` the year in whose
    prices money is counted, where there is one.
    """

    tables: dict[str, list[Row] | pl.DataFrame] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    accounts: dict[str, Account] = field(default_factory=dict)
    price_year: int | None = None
    _counted: dict[tuple[str, str, str, str], tuple[Problem, int]] = field(default_factory=dict)

    def add(self, table: str, **row: object) -> None:
        """Adds `row` to `table`."""
        rows = self.tables.setdefault(table, [])
        assert isinstance(rows, list)
        rows.append(row)

    def error(self, code: str, place: Place, found: str, expected: str, fix: str) -> None:
        """Refuses the input; every error is told before it is."""
        self.problems.append(Problem(code, place, found, expected, fix))

    def note(self, code: str, place: Place, found: str, expected: str, fix: str) -> None:
        """Reports what a reader should know about one row or one file."""
        self.problems.append(Problem(code, place, found, expected, fix, "note"))

    def count(self, code: str, place: Place, found: str, expected: str, fix: str) -> None:
        """Reports what many cells of a column share: one note, at the first of them, with their number."""
        key = (code, place.file, place.column, fix)
        first, number = self._counted.get(key, (Problem(code, place, found, expected, fix, "note"), 0))
        if place < first.place:
            first = replace(first, place=place, found=found)
        self._counted[key] = (first, number + 1)

    def keep(self, file: str, rows: int = 1) -> None:
        """Accounts for rows that are in the package."""
        self.account(file).kept += rows

    def drop(self, code: str, place: Place, found: str, expected: str, fix: str) -> None:
        """Reports a row that is not in the package, and why."""
        self.account(place.file).dropped += 1
        self.note(code, place, found, expected, fix)

    def merge(self, code: str, place: Place, found: str, expected: str, fix: str) -> None:
        """Reports a row that went into the row of another."""
        self.account(place.file).merged += 1
        self.note(code, place, found, expected, fix)

    def account(self, file: str) -> Account:
        """The account of `file`."""
        return self.accounts.setdefault(file, Account())

    @property
    def is_refused(self) -> bool:
        """Whether an error was found."""
        return any(problem.severity == "error" for problem in self.problems)

    def errors(self) -> list[Problem]:
        """Every error, in order."""
        return [problem for problem in in_order(self.problems) if problem.severity == "error"]

    def notes(self) -> list[Problem]:
        """Every note, in order, with the counts and the accounts."""
        notes = [problem for problem in self.problems if problem.severity == "note"]
        for first, number in self._counted.values():
            found = first.found if number == 1 else f"{number:,} such cells, the first {first.found}"
            notes.append(replace(first, found=found))
        return limited(in_order([*notes, *(_balanced(file, account) for file, account in self.accounts.items())]))


def _balanced(file: str, account: Account) -> Problem:
    told = account.kept + account.merged + account.dropped
    assert told == account.read, f"{file}: {account.read} rows read, {told} accounted for"
    found = f"{account.read:,} rows: {account.kept:,} kept, {account.merged:,} merged, {account.dropped:,} dropped"
    return Problem("rows-accounted", Place(file), found, "a note for each row merged or dropped", "none needed", "note")


def quoted(text: str) -> str:
    """A cell as it is shown in a problem."""
    return f"'{shown(text)}'" if text else "an empty cell"
