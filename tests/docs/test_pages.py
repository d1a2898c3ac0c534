"""The pages as a reader meets them: every page can be found, every command is one, the first run runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from reshore.cli import group

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
BLOCK = re.compile(r"^```(?:console)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def links(page: Path) -> list[Path]:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    return [(page.parent / target).resolve() for target in targets]


def commands(page: Path) -> list[str]:
    """What the page says to type: lines of blocks, and words in backticks, that begin with reshore.

    The reference of commands shows what each can be given, not what to type.
    """
    if page == DOCS / "reference" / "commands.md":
        return []
    text = page.read_text(encoding="utf-8")
    lines = [line.removeprefix("$ ").split("  #")[0] for block in BLOCK.findall(text) for line in block.splitlines()]
    lines += re.findall(r"`(reshore [^`]+)`", BLOCK.sub("", text))
    return [line.strip() for line in lines if re.match(r"reshore [a-z]", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_every_page_is_found_from_the_first_one():
    start = (DOCS / "README.md").resolve()
    found, waiting = {start}, [start]
    while waiting:
        for target in links(waiting.pop()):
            if target.suffix == ".md" and target.exists() and target not in found:
                found.add(target)
                waiting.append(target)
    assert {page.resolve() for page in DOCS.rglob("*.md")} - found == set()
    listed = set(links(DOCS / "README.md"))
    for folder in ("guides", "concepts", "reference"):
        assert {page.resolve() for page in (DOCS / folder).glob("*.md")} - listed == set(), "docs/README.md lists it"


def test_every_picture_is_shown_somewhere():
    shown = {target for page in PAGES for target in links(page)}
    assert {picture.resolve() for picture in (DOCS / "images").iterdir()} - shown == set()


def test_every_decision_is_in_its_list():
    listed = set(links(DOCS / "decisions" / "README.md"))
    assert {page.resolve() for page in (DOCS / "decisions").glob("0*.md")} == listed


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda page: page.stem)
def test_every_command_on_a_page_is_understood(page: Path):
    for line in commands(page):
        words = shlex.split(line.replace(" NAME ", " usgs "))[1:]
        command = group.get_command(click.Context(group), words[0])
        assert command is not None, line
        if len(words) > 1:
            command.make_context(words[0], words[1:], parent=click.Context(group))


def test_the_commands_of_the_first_run_run(tmp_path: Path):
    guide = DOCS / "guides" / "first-run.md"
    typed = [line for line in commands(guide) if line.split()[1] in ("demo", "check", "run", "why", "compare")]
    assert len(typed) >= 9
    for line in dict.fromkeys(typed):
        if "STUDY" not in line:
            done = subprocess.run(
                [sys.executable, "-m", *shlex.split(line)], cwd=tmp_path, capture_output=True, text=True,
                encoding="utf-8", check=False, timeout=300,
            )  # fmt: skip
            assert done.returncode == 0, (line, done.stderr)


def test_the_picture_of_layers_is_that_of_the_import_contract():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    drawn = (
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("holds this copy:\n\n```\n")[1].split("\n```")[0]
    )
    assert drawn.splitlines() == [layer.replace("reshore.", "") for layer in contract["layers"]]


def test_every_list_that_contributors_are_sent_to_is_in_the_code():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    names = set(re.findall(r"\| `([A-Z_]+)` \|", text))
    assert len(names) >= 8
    assert {name for name in names if not re.search(rf"^{name}: tuple\[", source, re.MULTILINE)} == set()
