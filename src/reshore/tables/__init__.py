"""Tables: text in, checked rows out."""

from reshore.tables.check import check_table, empty_frame, frame_schema, is_country, text_cells
from reshore.tables.columns import MISSING, Column, Finding, Kind, Rule, Table
from reshore.tables.text import ROW, Cells, read_cells
from reshore.tables.write import csv_bytes, guarded, number_text

__all__ = [
    "MISSING",
    "ROW",
    "Cells",
    "Column",
    "Finding",
    "Kind",
    "Rule",
    "Table",
    "check_table",
    "csv_bytes",
    "empty_frame",
    "frame_schema",
    "guarded",
    "is_country",
    "number_text",
    "read_cells",
    "text_cells",
]
