"""What the documentation shows of the door is what the door says."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from reshore.data import check_package
from tests.corpus.cases import REFUSED

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCK = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_messages_in_the_concept_of_the_door_are_those_of_the_corpus():
    shown = re.findall(r"^[a-z-]+  \S+\.csv.*: found .*$", (DOCS / "concepts/door.md").read_text("utf-8"), re.MULTILINE)
    assert len(shown) >= 5
    codes = {line.split()[0] for line in shown}
    said = set()
    for case in REFUSED:
        if case.code in codes:
            with tempfile.TemporaryDirectory() as place:
                said |= {str(p) for p in check_package(case.pack(case.files(), Path(place)))[1]}
    assert not set(shown) - said


def test_the_package_of_the_guide_is_checked_as_the_guide_says(tmp_path: Path):
    commands = []
    for language, name, text in BLOCK.findall((DOCS / "guides/own-data.md").read_text("utf-8")):
        if language == "csv":
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif language == "console":
            commands.append(text.split("\n", 1))
    for name in ("sources", "goods", "inputs"):
        (tmp_path / f"draft/{name}.csv").write_bytes((tmp_path / f"my-data/{name}.csv").read_bytes())
    assert len(commands) == 3
    for command, shown in commands:
        words = command.removeprefix("$ reshore ").split()
        done = subprocess.run(
            [sys.executable, "-m", "reshore", *words], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8",
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == (3 if "draft" in words else 0)
        assert not shown or done.stdout == shown
