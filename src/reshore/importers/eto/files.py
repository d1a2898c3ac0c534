"""The files of the chip explorer: their columns in every vintage, and the cells that several of them share."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reshore.importers.draft import Draft, quoted
from reshore.importers.text import Sheet

SOURCE = "eto-chip-explorer"

FLAGS = ("negligible_market_share", "negligible_share", "minor_share")
MARKET_SIZE = "market_share_chart_global_market_size_info"
_CHART = (MARKET_SIZE, "market_share_chart_caption", "market_share_chart_source")
COLUMNS = {
    "inputs.csv": (
        ("input_id", "input_name", "type"),
        ("stage_id", "stage_name", "description", "year", *_CHART, "low_value_complexity", "notes_temp"),
    ),
    "providers.csv": (("provider_name", "provider_id", "provider_type", "country"), ("alias",)),
    "provision.csv": (
        ("provider_id", "provided_id", "share_provided"),
        ("provider_name", "provided_name", "year", "source", *FLAGS),
    ),
    "sequence.csv": (
        ("input_id", "goes_into_id", "is_type_of_id"),
        ("input_name", "goes_into_name", "is_type_of_name"),
    ),
    "stages.csv": (("stage_id", "stage_name"), ("description", *_CHART)),
}
"""Columns of each file: those that every vintage has, and those that some have."""

YEAR = re.compile(r"\b(?:19|20)\d\d\b", re.ASCII)


def year_of(sheet: Sheet, row: Mapping[str, str], draft: Draft) -> str | None:
    """The year that a row states; refused when it is none."""
    text = row["year"].strip()
    if text and not YEAR.fullmatch(text):
        draft.error("bad-date", sheet.place(row, "year"), quoted(text), "a year", "correct the cell in the checkout")
        return None
    return text or None
