"""What we do not know: every gap in the figures as a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from reshore.chain import Split
from reshore.exposure.case import Case
from reshore.exposure.chokepoints import supplier_name
from reshore.exposure.concentration import largest, with_unlisted
from reshore.exposure.frames import Cell
from reshore.units import SHARE, written

KINDS = {
    "no supplier known": "no row says who supplies the good",
    "other markets only": "all figures are about markets that were not asked about",
    "size unknown": "suppliers are named, their sizes are not",
    "withheld": "the source keeps a figure back",
    "suppliers not named": "part of supply has no supplier's name",
    "mixed bases": "shares of variants rest on different bases and were added up",
    "sources disagree": "another source gives another picture",
    "old figure": "the figure is five years old or older",
    "weak figure": "the figure is assumed or rests on a weak source",
    "inputs not mapped": "nothing says what the good is made with",
}

NAMED_ENOUGH = 0.05
OLD_YEARS = 5
DISAGREEMENT = 0.1


def gap_rows(case: Case) -> list[list[Cell]]:
    """Rows of the table ``gaps``: good, kind of gap, sentence."""
    rows: list[list[Cell]] = []
    for good in case.chain.goods:
        found = [*_supply_gaps(case, good.good, good.label), *_input_gaps(case, good.good, good.label)]
        rows += [[good.good, kind, sentence] for kind, sentence in found]
    return rows


def _supply_gaps(case: Case, good: str, label: str) -> Iterator[tuple[str, str]]:
    split = case.splits.get(good)
    if split is None:
        markets = sorted({conflict.series.market for conflict in case.chosen.conflicts.get(good, ())})
        if markets:
            yield "other markets only", f"Supply of {label} is known only for {', '.join(markets)}."
        else:
            yield "no supplier known", f"Nobody is known to supply {label}."
        return
    unsized = [share for share in split.named if share.point is None and share.missing in ("unknown", "withheld")]
    for reason, kind in (("unknown", "size unknown"), ("withheld", "withheld")):
        names = [supplier_name(case, share.supplier) for share in unsized if share.missing == reason]
        if names:
            verb = "is not known" if reason == "unknown" else "is withheld by the source"
            yield kind, f"How much of {label} comes from {_listed(names)} {verb}."
    if split.unknown_share > NAMED_ENOUGH and split.has_figures:
        yield (
            "suppliers not named",
            f"{written(split.unknown_share, SHARE)} of {label} has no supplier of known name and size.",
        )
    if "+" in split.basis:
        yield "mixed bases", f"Shares of {label} are added up from variants on different bases: {split.basis}."
    yield from _conflicts(case, good, label, split)
    age = case.year - split.year if case.year is not None and split.year is not None else None
    if age is not None and age >= OLD_YEARS:
        yield "old figure", f"The figures for {label} are of {split.year}, {age} years before the question."
    if split.has_figures and split.confidence in ("low", "assumed"):
        reason = "assumed" if split.confidence == "assumed" else "from a weak source"
        yield "weak figure", f"Part of the figures for {label} is {reason}."


def _conflicts(case: Case, good: str, label: str, split: Split) -> Iterator[tuple[str, str]]:
    leader, _ = largest(split)
    if leader is None or leader.point is None:
        return
    for conflict in case.chosen.conflicts.get(good, ()):
        other, _ = largest(conflict.split)
        if conflict.series.market != split.market or other is None or other.point is None:
            continue
        same = next((share for share in conflict.split.named if share.supplier == leader.supplier), None)
        ends = with_unlisted(same, conflict.split) if same is not None else None
        differs = ends is not None and max(ends[0] - leader.point, leader.point - ends[1]) >= DISAGREEMENT
        if other.supplier != leader.supplier or differs:
            who, value = supplier_name(case, other.supplier), written(other.point, SHARE)
            yield (
                "sources disagree",
                f"{label}: {written(leader.point, SHARE)} from {supplier_name(case, leader.supplier)} is used "
                f"(basis {split.basis}); {conflict.series.source} has {value} from {who} ({conflict.series.text}).",
            )
            return


def _input_gaps(case: Case, good: str, label: str) -> Iterator[tuple[str, str]]:
    chain = case.chain
    if chain.inputs_of[good] or chain.variants_of[good] or chain[good].origin == "primary":
        return
    yield "inputs not mapped", f"What goes into {label} is not in the data."


def _listed(names: list[str], limit: int = 6) -> str:
    shown = names[:limit]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(shown) + more
