"""What we do not know: gaps by kind, goods without any figure, rows that are only assumed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from reshore.exposure.gaps import KINDS
from reshore.report.grid import result_grid
from reshore.report.page import Block, Figure, Page
from reshore.report.sections.bars import Bar, span
from reshore.study.words import first_upper, in_words

NOTES = 200


@dataclass(frozen=True)
class Unknown:
    """The block, and what is known about the data behind it."""

    block: Block
    assumed: tuple[tuple[str, int, int], ...]
    notes: tuple[str, ...]
    more_notes: int
    flow: tuple[str, ...]
    """What the flow assumes in any scenario."""
    plan: tuple[str, ...]
    """What prices and plans assume, with sources."""


def unknown(page: Page) -> Unknown:
    """Every gap, counted and in words."""
    gaps = page.results["gaps"]
    intro = "What the sources leave open, and what rests on assumptions. None of it is treated as zero anywhere."
    figures = (_figure(page),) if gaps.height else ()
    after = "" if gaps.height else "No gap was found."
    notes = tuple(str(note) for note in page.results.notes)
    block = Block("What we do not know", intro, figures, after)
    return Unknown(block, _assumed(page), notes[:NOTES], max(0, len(notes) - NOTES), _flow(page), _plan(page))


def _figure(page: Page) -> Figure:
    gaps, total = page.results["gaps"], len(page.views)
    counts = sorted(Counter(gaps["gap"]).items(), key=lambda item: (-item[1], item[0]))
    bars = tuple(Bar(kind, (span(count / total, count / total),), (str(count),), KINDS[kind]) for kind, count in counts)
    without = sum(not view.has_figures for view in page.views)
    return Figure(
        "unknown-gaps",
        f"{without} of {total} goods have no supplier of known size",
        f"Goods with each kind of gap, of {total}. A good may have several.",
        "Gaps: " + "; ".join(f"{kind} {count}" for kind, count in counts) + ".",
        result_grid(page.results, "gaps", gaps, ("good", "gap", "sentence"), page.by_key, "Every gap in words"),
        page.cite(source.key for source in page.sources),
        "reshore why OUT GOOD gaps",
        (bars, 0),
    )


def _assumed(page: Page) -> tuple[tuple[str, int, int], ...]:
    """Tables of the data with rows that were assumed: name, assumed rows, all rows."""
    found = []
    for name, frame in page.results.package.tables.items():
        if "confidence" in frame.columns and frame.height:
            count = (frame["confidence"] == "assumed").sum()
            if count:
                found.append((name, int(count), frame.height))
    return tuple(found)


def _flow(page: Page) -> tuple[str, ...]:
    """What the flow assumes, each once, with its scenario where it is not said of all."""
    if "stress_assumptions" not in page.results.tables:
        return ()
    labels = dict(page.results["stress_scenarios"].select("scenario", "label").iter_rows())
    said: dict[str, list[str]] = {}
    for scenario, note in page.results["stress_assumptions"].select("scenario", "says").iter_rows():
        said.setdefault(note, []).append(labels[scenario])
    return tuple(
        first_upper(note) + ("." if len(where) == len(labels) else f" ({in_words(where)}).")
        for note, where in said.items()
    )


def _plan(page: Page) -> tuple[str, ...]:
    """What prices and plans take for granted: drawn, discounted, counted."""
    if "fund_assumptions" not in page.results.tables:
        return ()
    rows = page.results["fund_assumptions"].iter_rows(named=True)
    return tuple(
        f"{row['assumption']}: {row['says']}" + (f" Source: {row['source'].rstrip('.')}." if row["source"] else "")
        for row in rows
    )
