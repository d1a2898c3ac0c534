"""What tests share: where open data sets lie that are too large, or not free enough, to be part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of open data sets; tests that need it are skipped where it is not there."""
    places = [Path(os.environ["RESHORE_SHARED_DATA"])] if "RESHORE_SHARED_DATA" in os.environ else []
    places.append(ROOT.parent / "shared" / "data")
    for place in places:
        if place.is_dir():
            return place
    pytest.skip("the folder of open data sets is not there (set RESHORE_SHARED_DATA)")
