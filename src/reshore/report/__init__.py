"""Results as a document: a self-contained page and a workbook."""

from reshore.report.document import render, write_report
from reshore.report.workbook import workbook_bytes, write_workbook

__all__ = ["render", "workbook_bytes", "write_report", "write_workbook"]
