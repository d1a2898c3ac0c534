"""The report: one self-contained page that opens from disk, without a network and readable without a script."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

import jinja2

from reshore.data import write_files
from reshore.report import cone
from reshore.report.board import MAX_TILES
from reshore.report.colors import fill_class, grow_class, style_rules
from reshore.report.goods import ROLES, chain_label
from reshore.report.page import Page
from reshore.report.sections import SECTIONS
from reshore.study.results import Results

SHOWN_SOURCES = 20

_TEMPLATES = Path(__file__).parent / "templates"
_UNITS = re.compile(r" (?=%)|(?<=\d) (?=(?:k|M|bn|tn)\b)|(?<=[\dkMn]) (?=USD\b)")


def write_report(results: Results, path: Path) -> None:
    """Writes the report of `results` to `path`; the same results give the same bytes."""
    write_files({path.name: render(results).encode("utf-8")}, path.parent)


def render(results: Results) -> str:
    """The report as HTML."""
    page = Page(results)
    found = [(section, section.view(page)) for section in SECTIONS]
    style, script = _style(), _asset("report.js")
    return _template().render(
        page=page,
        results=results,
        sections=[(section, view) for section, view in found if view is not None],
        style=style,
        script=script,
        policy=_policy(style, script),
    )


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_unbroken,
    )
    environment.globals |= {
        "ROLES": ROLES,
        "BOX": (cone.WIDTH, cone.HEIGHT),
        "MAX_TILES": MAX_TILES,
        "SHOWN": SHOWN_SOURCES,
        "scale": [(fill_class(step / 5), 20 * step) for step in range(6)],
        "grow": grow_class,
        "chain_label": chain_label,
    }
    return environment.get_template("report.html.j2")


def _unbroken(value: object) -> object:
    """Text in which a number is never parted from its percent sign, nor from its millions of dollars."""
    return _UNITS.sub("\u00a0", value) if type(value) is str else value


@lru_cache(maxsize=1)
def _style() -> str:
    return f"\n{_asset('style.css')}{_asset('drawings.css')}{style_rules()}\n"


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing is loaded, and only this style sheet and this script run: both are named by their digest."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
