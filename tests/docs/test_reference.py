"""The reference is what the code says, and every command, metric, table and importer has its entry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reshore import reference
from reshore.cli import COMMANDS
from reshore.data import TABLES, read_package
from reshore.data.summary import summary_page
from reshore.exposure import METRICS
from reshore.importers import IMPORTERS
from reshore.shipped import shipped
from reshore.study import RESULT_TABLES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_a_page_of_the_reference_is_what_the_code_writes(name: str):
    written = (DOCS / "reference" / name).read_text(encoding="utf-8")
    assert written == reference.pages()[name], "run `make docs`"


def test_the_page_about_the_shipped_package_is_what_its_tables_say():
    folder = shipped("packages") / "critical-2026"
    assert (folder / "README.md").read_text(encoding="utf-8") == summary_page(read_package(folder)), "run `make docs`"


def test_everything_in_a_list_has_its_entry():
    pages = reference.pages()
    for table in TABLES:
        assert f"## {table.name}\n" in pages["tables.md"]
        for column in table.columns:
            assert f"| `{column.name}` |" in pages["tables.md"]
    for table in RESULT_TABLES:
        assert f"## {table.name}\n" in pages["results.md"]
    for metric in METRICS:
        assert f"## {metric.label}\n" in pages["metrics.md"]
    for importer in IMPORTERS:
        assert f"| `{importer.name}` |" in pages["importers.md"]
    for entry in COMMANDS:
        assert f"## {entry.name}\n" in pages["commands.md"]


def test_links_between_pages_lead_somewhere():
    broken = []
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")):
        for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
            if not (page.parent / link).exists():
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []
