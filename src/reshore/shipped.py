"""Data and studies that come with reshore."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from reshore.errors import FilesError


def shipped(kind: str) -> Path:
    """The folder of the shipped ``packages`` or ``studies``: in the wheel, or at the root of a source checkout."""
    inside = Path(str(resources.files("reshore"))) / "shipped" / kind
    checkout = Path(__file__).resolve().parents[2] / kind
    for folder in (inside, checkout):
        if folder.is_dir():
            return folder
    raise FilesError(f"the shipped {kind} are not part of this installation")
