"""Sources: every publication that a figure of the report cites, with its address."""

from __future__ import annotations

from reshore.report.page import Page, Source


def sources(page: Page) -> tuple[Source, ...]:
    """The sources, in the order of their numbers."""
    return page.sources
