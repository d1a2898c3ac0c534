"""A browser of the system that opens reports from disk, without a network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reshore.report import write_report
from reshore.study import make_study, read_study, run
from tests.money import money_package, money_settings
from tests.small import settings, small_package

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
SCENARIOS = {
    "stress": {"draws": 3, "worst_cut_size": 2},
    "scenarios": [
        {"name": "cut", "label": "If China stops", "odds": [0.1, 0.3], "months": 12,
         "shocks": [{"shock": "supply-cut", "countries": ["CHN"]}]},
        {"name": "drill", "label": "If Malta stops", "months": 6,
         "shocks": [{"shock": "supply-cut", "countries": ["MLT"]}]},
    ],
}  # fmt: skip
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def browser() -> Iterator[sync_api.Browser]:
    """A Chromium that the system brings; tests are skipped where there is none."""
    path = os.environ.get("RESHORE_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed (or set RESHORE_BROWSER to one)")
    with sync_api.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of small studies, alone, with scenarios and about money, and that of the shipped study."""
    folder = tmp_path_factory.mktemp("reports")
    answers = {
        "small": run(make_study(settings()), small_package()),
        "stress": run(make_study({**settings(), **SCENARIOS}), small_package()),
        "money": run(make_study(money_settings()), money_package()),
        "shipped": run(read_study(ROOT / "studies" / "critical-2026.toml")),
    }
    for name, results in answers.items():
        write_report(results, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in answers}


@pytest.fixture
def open_report(browser, reports) -> Iterator[Callable[..., sync_api.Page]]:
    """Opens a report at a size; at the end, nothing but the file was asked for and the console is silent."""
    contexts = []
    asked: list[str] = []
    said: list[str] = []

    def opener(name: str, size: str, **options: object) -> sync_api.Page:
        width, height = SIZES[size]
        context = browser.new_context(offline=True, viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.route(lambda url: not url.startswith(("file:", "data:")), lambda route: route.abort())
        page.goto(reports[name].as_uri())
        return page

    yield opener
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
