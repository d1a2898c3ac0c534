"""Reports of studies with scenarios, and about money, as people meet them: from disk, on a desktop, on a phone."""

from __future__ import annotations

import pytest

from tests.browser.test_report import WEAK

SIZES = ("desktop", "phone")
PICTURES = {
    "stress": ("stress-timeline-cut", "stress-timeline-drill", "stress-waterfall", "stress-reverse",
               "stress-ladder-cut", "stress-binding-cut", "stress-cuts-country", "stress-cuts-organization"),
    "money": ("money-deals", "money-merit", "money-plans", "money-tornado", "money-frontier", "money-payments",
              "money-bundles", "money-prices", "money-ledger", "money-regret", "money-left-out", "stress-timeline-cut"),
}  # fmt: skip
REPORTS = tuple(PICTURES)

OUTSIDE = """() => [...document.querySelectorAll('figure')].flatMap(figure => {
    const box = figure.getBoundingClientRect();
    return [...figure.querySelectorAll(
      '.name, .words, .panel, .ticks i, .strip, .strip u, .plot svg, .lanes svg, .said li, .sentences li, .key li'
    )].filter(e => {
      const b = e.getBoundingClientRect();
      return b.width && (b.left < box.left - 1 || b.right > box.right + 1 || b.bottom > box.bottom + 1);
    }).map(e => figure.id + ': ' + e.textContent.slice(0, 40));
  })"""

CLIPPED = """() => [...document.querySelectorAll(
    '.name, .words, .panel .label, .decision dd, .decision dt, .said li, h1, h3'
  )].filter(e => e.clientWidth && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
    .map(e => e.className + ': ' + e.textContent.slice(0, 40))"""

OVERLAPPING = """() => {
    const found = [];
    const groups = document.querySelectorAll(
      '.lanes, .lanes .row, .ticks, .panels, .panel, .plot, .months, .months .row, .strip, .decision, .decision div'
    );
    for (const group of groups) {
      const boxes = [...group.children].map(e => e.matches('.ticks b') ? e.firstElementChild : e)
        .map(e => [e, e.getBoundingClientRect()]);
      for (let i = 0; i < boxes.length; i++)
        for (let j = i + 1; j < boxes.length; j++) {
          const [a, b] = [boxes[i][1], boxes[j][1]];
          if (a.width && b.width && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1
              && b.top < a.bottom - 1) found.push(boxes[i][0].textContent + ' / ' + boxes[j][0].textContent);
        }
    }
    return found;
  }"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", REPORTS)
def test_every_picture_is_there_and_fits_the_screen(open_report, name: str, size: str):
    page = open_report(name, size)
    for picture in PICTURES[name]:
        figure = page.locator(f"figure#{picture}")
        assert figure.count() == 1, picture
        assert figure.locator("h3").inner_text().strip(), picture
        assert figure.locator("[aria-label]").first.get_attribute("aria-label"), picture
        assert " · run " in figure.locator("figcaption").inner_text(), picture
        assert figure.locator("details table tbody tr").count() >= 1, picture
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", REPORTS)
def test_no_word_is_clipped_leaves_its_frame_or_covers_another(open_report, name: str, size: str):
    page = open_report(name, size)
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(OVERLAPPING) == []


def test_the_first_screen_of_a_report_about_money_is_the_decision(open_report):
    page = open_report("money", "desktop")
    assert page.locator("h1").inner_text().startswith("Fund Magnet plant and Oxide plant with 70")
    lines = page.locator(".decision div")
    assert lines.count() == 5
    box = lines.last.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= page.viewport_size["height"]


def test_the_first_screen_of_a_report_with_scenarios_says_what_stops_when(open_report):
    page = open_report("stress", "desktop")
    assert "First Motor in month" in page.locator("h1").inner_text()
    box = page.locator(".panels").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= page.viewport_size["height"]


@pytest.mark.parametrize("name", REPORTS)
def test_text_reaches_contrast_aa(open_report, name: str):
    page = open_report(name, "desktop")
    page.evaluate("document.querySelectorAll('details').forEach(box => (box.open = true))")
    assert page.evaluate(WEAK) == []


@pytest.mark.parametrize("name", REPORTS)
def test_pictures_need_no_script(open_report, name: str):
    page = open_report(name, "phone", java_script_enabled=False)
    assert page.locator(f"figure#{PICTURES[name][0]} svg").first.is_visible()
    page.locator(f"figure#{PICTURES[name][0]} summary").click()
    assert page.locator(f"figure#{PICTURES[name][0]} details table").is_visible()
