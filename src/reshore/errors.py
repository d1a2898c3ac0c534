"""Every exception of reshore, and `Problem`: the one shape in which bad input is described.

A `Problem` says where, what was found, what was expected and what to do about it. Exceptions carry the exit code
that the command line returns for them, so that the mapping stands in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "note"]

SHOWN_PROBLEMS = 200
LISTED_PROBLEMS = 1_000
FOUND_LENGTH = 80
PATH_LENGTH = 240


def shown(value: object, length: int = FOUND_LENGTH) -> str:
    """`value` as safe text for a message: control and invisible characters escaped, cut at `length`."""
    text = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in str(value)[: 4 * length]
    )
    return text if len(text) <= length else text[: length - 1] + "…"


@dataclass(frozen=True, order=True)
class Place:
    """Where a problem sits: a file, and in it a row and a column.

    ``row`` counts records as a spreadsheet does: the header is row 1, so a record that spans several lines counts
    once. 0 means the file as a whole; an empty column means the row as a whole.
    """

    file: str
    row: int = 0
    column: str = ""

    def __str__(self) -> str:
        parts = [shown(self.file, PATH_LENGTH)]
        if self.row:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Problem:
    """One thing wrong (``error``) or worth knowing (``note``) about an input.

    ``code`` is a readable slug such as ``out-of-range``; it never changes once published, so that scripts can
    rely on it.
    """

    code: str
    place: Place
    found: str
    expected: str
    fix: str
    severity: Severity = "error"

    @property
    def order(self) -> tuple[Place, str, str]:
        """Sorting key: file, row, column, code, found."""
        return (self.place, self.code, self.found)

    def __str__(self) -> str:
        return f"{self.code}  {self.place}: found {self.found}; expected {self.expected}; fix: {self.fix}"


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """`problems` without repetition, in the one order in which they are shown."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.order))


def limited(problems: Iterable[Problem], most: int = LISTED_PROBLEMS) -> list[Problem]:
    """`problems` with at most `most` of one code, severity, file and column; one more says how many were left out.

    A wrong column of a large table is one mistake, not a million.
    """
    kept: list[Problem] = []
    counts: dict[tuple[str, str, str, str], int] = {}
    after: dict[tuple[str, str, str, str], Problem] = {}
    for problem in problems:
        kind = (problem.code, problem.severity, problem.place.file, problem.place.column)
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= most:
            kept.append(problem)
        else:
            after.setdefault(kind, problem)
    return kept + [more_problems(first, counts[kind] - most) for kind, first in after.items()]


def more_problems(first: Problem, count: int) -> Problem:
    """The problem that stands for `first` and others like it, `count` in all."""
    found = f"{count} more of the kind {first.code}, from here on"
    fix = "correct those listed, then check again" if first.severity == "error" else first.fix
    return replace(first, code="more-problems", found=found, fix=fix)


class ReshoreError(Exception):
    """Base of every error that reshore raises on purpose."""

    exit_code = 1


class UsageError(ReshoreError):
    """The command or call was not understood."""

    exit_code = 2


class InputError(ReshoreError):
    """What was handed in is wrong; ``problems`` lists everything that was found, in order."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        if not problems:
            raise AssertionError("an InputError needs at least one problem")
        self.problems = in_order(problems)
        super().__init__(self.report())

    def report(self, limit: int = SHOWN_PROBLEMS) -> str:
        """The problems as text: a count, then one line each, up to `limit`."""
        count = len(self.problems)
        lines = [f"{count} problem{'s' if count != 1 else ''}"]
        lines += [str(problem) for problem in self.problems[:limit]]
        if count > limit:
            lines.append(f"… and {count - limit} more")
        return "\n".join(lines)


class NoAnswerError(ReshoreError):
    """The question is sound and has no answer; the message names the conflict."""

    exit_code = 4


class InfeasibleError(NoAnswerError):
    """Nothing meets all requirements: ``conflict`` names those that clash, ``relaxation`` the cheapest way out."""

    def __init__(self, conflict: Sequence[str], relaxation: Sequence[str] = ()) -> None:
        self.conflict = tuple(conflict)
        self.relaxation = tuple(relaxation)
        lines = ["these requirements cannot all be met:", *(f"  - {sentence}" for sentence in self.conflict)]
        if self.relaxation:
            lines += ["the cheapest way out:", *(f"  - {sentence}" for sentence in self.relaxation)]
        super().__init__("\n".join(lines))


class UnboundedError(NoAnswerError):
    """The objective has no limit; the message names what grows without one."""


class SolverError(ReshoreError):
    """The solver failed, or its answer did not pass verification: there is no result."""

    exit_code = 5


class FilesError(ReshoreError):
    """A file could not be read or written: disk, permission, or it exists already."""

    exit_code = 7
