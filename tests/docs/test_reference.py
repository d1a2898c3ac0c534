"""The reference is what the code says, and so is the page about the shipped package."""

from __future__ import annotations

from pathlib import Path

import pytest

from reshore import reference
from reshore.data import read_package
from reshore.data.summary import summary_page
from reshore.shipped import shipped

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", sorted(reference.pages()))
def test_a_page_of_the_reference_is_what_the_code_writes(name: str):
    written = (DOCS / "reference" / name).read_text(encoding="utf-8")
    assert written == reference.pages()[name], "run `make docs`"


def test_the_page_about_the_shipped_package_is_what_its_tables_say():
    folder = shipped("packages") / "critical-2026"
    assert (folder / "README.md").read_text(encoding="utf-8") == summary_page(read_package(folder)), "run `make docs`"
