"""Where do we depend on others, and on whom? Metrics, and the tables they make."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from reshore.exposure import results
from reshore.exposure.case import Case, Metric
from reshore.exposure.chokepoints import SINGLE_POINTS
from reshore.exposure.concentration import CONCENTRATION, LARGEST_SUPPLIERS
from reshore.exposure.look_through import LOOK_THROUGH
from reshore.exposure.provenance import PROVENANCE
from reshore.exposure.ranges import ROLES
from reshore.exposure.reliance import NET_IMPORT_RELIANCE
from reshore.exposure.shares import CONTROLLED_SHARES, SUPPLY_SHARES
from reshore.tables import Table

METRICS: tuple[Metric, ...] = (
    SUPPLY_SHARES,
    LARGEST_SUPPLIERS,
    CONCENTRATION,
    CONTROLLED_SHARES,
    LOOK_THROUGH,
    SINGLE_POINTS,
    NET_IMPORT_RELIANCE,
    PROVENANCE,
)

EXPOSURE_TABLE = results.exposure_table(METRICS)
SUPPLIERS_TABLE = results.SUPPLIERS
CONFLICTS_TABLE = results.CONFLICTS
CUT_SETS_TABLE = results.CUT_SETS
FLAGS_TABLE = results.FLAG_TABLE
LOOK_THROUGH_TABLE = results.LOOK_THROUGH_TABLE
GAPS_TABLE = results.GAPS

EXPOSURE_TABLES: tuple[Table, ...] = (
    EXPOSURE_TABLE,
    SUPPLIERS_TABLE,
    CONFLICTS_TABLE,
    CUT_SETS_TABLE,
    FLAGS_TABLE,
    LOOK_THROUGH_TABLE,
    GAPS_TABLE,
)
"""Records of the frames that `measure` gives, in the order in which a reader meets them."""


def measure(case: Case) -> Mapping[str, pl.DataFrame]:
    """The exposure of `case`: a frame per table of `EXPOSURE_TABLES`, by its name, sorted by its key."""
    return {
        "exposure": results.exposure_frame(case, METRICS),
        "suppliers": results.suppliers_frame(case),
        "conflicts": results.conflicts_frame(case),
        "cut_sets": results.cut_sets_frame(case),
        "flags": results.flags_frame(case),
        "look_through": results.look_through_frame(case),
        "gaps": results.gaps_frame(case),
    }


__all__ = [
    "CONFLICTS_TABLE",
    "CUT_SETS_TABLE",
    "EXPOSURE_TABLE",
    "EXPOSURE_TABLES",
    "FLAGS_TABLE",
    "GAPS_TABLE",
    "LOOK_THROUGH_TABLE",
    "METRICS",
    "ROLES",
    "SUPPLIERS_TABLE",
    "Case",
    "Metric",
    "measure",
]
