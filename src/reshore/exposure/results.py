"""The result tables of exposure: their records, and the frames under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from reshore.chain import Share, Split
from reshore.chain.records import ROUNDING_SHARE
from reshore.data.schema import CONFIDENCE
from reshore.exposure.case import Case, Metric
from reshore.exposure.chokepoints import cut_set_rows, supplier_name
from reshore.exposure.concentration import largest
from reshore.exposure.flags import FIRES, FLAGS, flag_rows
from reshore.exposure.frames import Cell, as_frame
from reshore.exposure.gaps import KINDS, gap_rows
from reshore.exposure.look_through import UNKNOWN, LookThrough
from reshore.exposure.ranges import ROLES
from reshore.tables import Column, Table, frame_schema
from reshore.units import NUMBER, SHARE

LEVELS = {"country": "countries", "organization": "firms and other organizations"}

_GOOD = Column("good", "id", "Good", "Key of the good.", refers="goods.good")
_LEVEL = Column("level", "category", "Level", "What suppliers are here.", choices=LEVELS)
_SERIES = (
    Column("market", "text", "Market", "Whose purchases the share is of."),
    Column("basis", "text", "Basis", "What ties the supplier to a country; several where variants were rolled up."),
    Column("measure", "text", "Measure", "What the share counts; several where variants were rolled up."),
    Column("series", "text", "Series", "What exactly was measured.", absent="the good as such"),
    Column("year", "year", "Year", "Year of the figure.", absent="not stated"),
)


def _share(name: str, label: str, description: str, absent: str | None = None) -> Column:
    return Column(name, "number", label, description, unit=SHARE, low=0, high=1, absent=absent)


def exposure_table(metrics: Sequence[Metric]) -> Table:
    """The record of the joined table: one row per good, with the columns of all `metrics`."""
    return Table(
        "exposure",
        "Exposure",
        "Where each good stands: one row per good, one group of columns per metric.",
        key=("good",),
        columns=(
            _GOOD,
            Column("label", "text", "Name", "Name for people."),
            Column("chain", "text", "Chain", "The chain that the good is drawn in."),
            Column("step", "text", "Step", "The step of the chain."),
            Column("final", "boolean", "Final use", "Whether people depend on it directly.", absent="false"),
            *(column for metric in metrics for column in metric.columns),
        ),
    )


SUPPLIERS = Table(
    "suppliers",
    "Suppliers",
    "Who supplies each good in the series used, by country and, where they are known, by firm.",
    key=("good", "level", "supplier"),
    columns=(
        _GOOD,
        _LEVEL,
        Column("supplier", "text", "Supplier", "Country or organization; `XX-UNK` for suppliers that nobody names."),
        Column("label", "text", "Name", "Name for people."),
        Column("country", "country", "Country", "Country of the supplier.", absent="unknown"),
        Column(
            "share",
            "number",
            "Share",
            "Share of the market.",
            unit=SHARE,
            low=0,
            high=1,
            absent="size unknown: see the range",
            interval=True,
            labelled=True,
        ),
        Column(
            "role",
            "category",
            "Role",
            "What the country is to home.",
            choices={str(role): meaning for role, meaning in ROLES.items()},
        ),
        Column("named", "boolean", "One supplier", "False for placeholders, blocs and the unnamed rest."),
        *_SERIES,
        Column("sources", "ids", "Sources", "Where the figures were read.", refers="sources.source"),
        Column("confidence", "category", "Confidence", "How far the row can be trusted.", choices=CONFIDENCE),
        Column(
            "rolled_up", "boolean", "From variants", "Whether the shares are those of the variants, by market size."
        ),
    ),
)

CONFLICTS = Table(
    "conflicts",
    "Conflicts",
    "Series that stand beside the one used, with what they say instead.",
    key=("good", "market", "basis", "measure", "series", "year", "source"),
    columns=(
        _GOOD,
        *_SERIES,
        Column("source", "id", "Source", "Where the other series was read.", refers="sources.source"),
        Column("largest_supplier", "country", "Largest country", "Country with the largest share in this series.",
               absent="no size is known"),
        _share("largest_supplier_share", "Its share", "Its share in this series.", "only a range, or nothing"),
        Column("used_largest_supplier", "country", "Largest country used", "Largest country in the series used.",
               absent="no size is known there"),
        Column("difference_share", "number", "Difference",
               "Share of the country that leads the series used: here less there.", unit=SHARE, low=-1, high=1,
               absent="not stated in both"),
        Column("reason", "text", "Why not used", "The first rule by which the series stood back."),
    ),
)  # fmt: skip

CUT_SETS = Table(
    "cut_sets",
    "Cut sets",
    "The smallest sets of countries or firms without which a good is lost.",
    key=("good", "level", "reading", "size", "members"),
    columns=(
        _GOOD,
        _LEVEL,
        Column("reading", "category", "Reading", "How sure the loss is.",
               choices={"certain": "whatever is unknown", "possible": "unless suppliers that are not known step in"}),
        Column("size", "integer", "Size", "Number of members.", low=1),
        Column("members", "text", "Members", "Countries or organizations, split by `;`."),
        Column("begins_with", "id", "Begins with", "The good whose suppliers fail first.", refers="goods.good"),
        Column("bites", "category", "When it bites", "How soon the loss is felt once stocks are used up.",
               choices={"at once": "an input that is used up fails, or the good itself",
                        "over time": "equipment wears out, or new designs are needed"}),
        Column("sentence", "text", "In words", "The finding as a sentence."),
    ),
)  # fmt: skip

FLAG_TABLE = Table(
    "flags",
    "Flags",
    "Flags of dependence, each with its margin to the threshold.",
    key=("good", "flag"),
    columns=(
        _GOOD,
        Column("flag", "category", "Flag", "What is tested.",
               choices={flag.name: f"{flag.label}: value above {flag.threshold:g} ({flag.source})" for flag in FLAGS}),
        Column("value", "number", "Value", "The value compared with the threshold.", unit=NUMBER, low=0,
               absent="unknown, only a range, or beyond all bounds", interval=True),
        Column("threshold", "number", "Threshold", "The flag fires above it.", unit=NUMBER, low=0),
        Column("margin", "number", "Margin", "Distance to the threshold of the end of the range that decides.",
               unit=NUMBER, absent="it cannot be told, or the value is beyond all bounds"),
        Column("fires", "category", "Fires", "Whether the flag fires.", choices=FIRES),
    ),
)  # fmt: skip

LOOK_THROUGH_TABLE = Table(
    "look_through",
    "Suppliers of suppliers",
    "Share of each country in a good, at face value and with everything upstream counted.",
    key=("good", "country"),
    columns=(
        _GOOD,
        Column("country", "country", "Country", "Who supplies; `XX-UNK` for suppliers that nobody names."),
        replace(_share("face_value_share", "Face value", "Known share in supply of the good itself."), interval=True),
        replace(_share("look_through_share", "Look-through", "Known share with everything upstream."), interval=True),
        Column("hidden_share", "number", "Hidden", "Look-through less face value.", unit=SHARE, low=-1, high=1),
        Column("weights_assumed", "boolean", "Weights assumed",
               "Whether some inputs upstream are weighted equally because their value is not known."),
    ),
)  # fmt: skip

GAPS = Table(
    "gaps",
    "Gaps",
    "What we do not know.",
    key=("good", "gap"),
    columns=(
        _GOOD,
        Column("gap", "category", "Gap", "What is missing.", choices=KINDS),
        Column("sentence", "text", "In words", "The gap as a sentence."),
    ),
)


def exposure_frame(case: Case, metrics: Sequence[Metric]) -> pl.DataFrame:
    """One row per good: its name, and the columns of all `metrics`."""
    goods = [(good.good, good.label, good.chain, good.step, good.final) for good in case.chain.goods]
    columns = ("good", "label", "chain", "step", "final")
    types = [pl.String(), pl.String(), pl.String(), pl.String(), pl.Boolean()]
    frame = pl.DataFrame(goods, schema=dict(zip(columns, types, strict=True)), orient="row")
    for metric in metrics:
        frame = frame.join(metric.compute(case), on="good", how="left", validate="1:1", maintain_order="left")
    return frame.select(*frame_schema(exposure_table(metrics)))


def suppliers_frame(case: Case) -> pl.DataFrame:
    """Every supplier of the splits used."""
    rows: list[list[Cell]] = []
    for level, splits in (("country", case.splits), ("organization", case.chosen.organizations)):
        for good, split in splits.items():
            shares = [*split.shares, *_rest(split)]
            series: list[Cell] = [split.market, split.basis, split.measure, split.series or None, split.year]
            for share in shares:
                figures: list[Cell] = [share.point, share.missing, share.low, share.high]
                if share.point is not None and share.low == share.high == share.point:
                    figures = [share.point, None, None, None]
                rows.append([
                    good, level, share.supplier, supplier_name(case, share.supplier), share.country, *figures,
                    case.role(share.country), share.is_named, *series, ";".join(split.sources), share.confidence,
                    bool(split.kinds),
                ])  # fmt: skip
    return as_frame(SUPPLIERS, rows)


def _rest(split: Split) -> list[Share]:
    """The remainder as a row of its own, unless it is rounding or the split has a row for it."""
    is_rounding = split.coverage == "complete" and split.remainder_high <= ROUNDING_SHARE
    if is_rounding or split.remainder_high <= 1e-9 or any(share.supplier == UNKNOWN for share in split.shares):
        return []
    low, high = split.remainder_low, split.remainder_high
    point = high if high - low <= 1e-9 else None
    missing = None if point is not None else "unknown"
    return [Share(UNKNOWN, UNKNOWN, point, low, high, False, missing, split.confidence)]


def conflicts_frame(case: Case) -> pl.DataFrame:
    """Every series that was not used."""
    rows: list[list[Cell]] = []
    for good, conflicts in case.chosen.conflicts.items():
        used, _ = largest(case.splits.get(good))
        for conflict in conflicts:
            series, (leader, _) = conflict.series, largest(conflict.split)
            same = next((s for s in conflict.split.named if used is not None and s.supplier == used.supplier), None)
            difference = None
            if used is not None and same is not None and used.point is not None and same.point is not None:
                difference = same.point - used.point
            rows.append([
                good, series.market, series.basis, series.measure, series.series or None, series.year,
                series.source, leader.supplier if leader else None, leader.point if leader else None,
                used.supplier if used else None, difference, conflict.reason,
            ])  # fmt: skip
    return as_frame(CONFLICTS, rows)


def look_through_frame(case: Case) -> pl.DataFrame:
    """Face-value and look-through shares of every country in every good."""
    return LookThrough(case).frame().cast(dict(frame_schema(LOOK_THROUGH_TABLE)))  # type: ignore[arg-type]  # names to types


def cut_sets_frame(case: Case) -> pl.DataFrame:
    """Minimal cut sets in words."""
    return as_frame(CUT_SETS, cut_set_rows(case))


def flags_frame(case: Case) -> pl.DataFrame:
    """Every flag for every good."""
    return as_frame(FLAG_TABLE, flag_rows(case))


def gaps_frame(case: Case) -> pl.DataFrame:
    """Every gap in words."""
    return as_frame(GAPS, gap_rows(case))
