"""The report as people meet it: from disk, without a network, on a desktop, on a phone, on paper, by keyboard."""

from __future__ import annotations

import pytest

REPORTS = ("small", "shipped")
SIZES = ("desktop", "phone")

CLIPPED = """() => [...document.querySelectorAll(
    '.tile, .tile b, .tile .share, .tile .note, .cell, .tally i, .steps .name, .board h4, .keys li, h1, h2, h3, .name'
  )].filter(e => e.clientWidth && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
                 && !e.classList.contains('track') && !e.classList.contains('tracks'))
    .map(e => e.className + ': ' + e.textContent.slice(0, 60))"""

OUTSIDE_BOX = """() => [...document.querySelectorAll('.cone g')].flatMap(g => {
    const box = g.querySelector('rect').getBBox();
    return [...g.querySelectorAll('text')].filter(t => {
      const b = t.getBBox();
      return b.x < box.x + 2 || b.x + b.width > box.x + box.width - 1
          || b.y < box.y || b.y + b.height > box.y + box.height + 1;
    }).map(t => t.textContent);
  })"""

OVERLAPPING = """() => {
    const found = [];
    for (const group of document.querySelectorAll('.tiles, .cells, .cone .scroll svg, .steps, .keys')) {
      const boxes = [...group.children].filter(e => e.tagName !== 'path' && e.tagName !== 'defs')
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

WEAK = """() => {
    const part = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const numbers = text => text.match(/[\\d.]+/g).map(Number);
    const ground = e => {
      for (; e; e = e.parentElement) {
        const [r, g, b, a] = numbers(getComputedStyle(e).backgroundColor);
        if (a === undefined || a > 0.85) return [r, g, b];
      }
      return [255, 255, 255];
    };
    const found = new Set();
    const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const e = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || e.closest('svg, script, style') || !e.getClientRects().length) continue;
      const [x, y] = [light(numbers(getComputedStyle(e).color)), light(ground(e))].sort((p, q) => q - p);
      const ratio = (x + 0.05) / (y + 0.05);
      if (ratio < 4.5) found.add(e.className + ' ' + ratio.toFixed(2) + ' ' + walker.currentNode.data.slice(0, 30));
    }
    return [...found];
  }"""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", REPORTS)
def test_the_report_shows_findings_boards_cones_and_tables_and_fits_the_screen(open_report, name: str, size: str):
    page = open_report(name, size)
    assert page.locator("h1").inner_text().startswith("United States: of ")
    assert page.locator("ol.findings li").count() >= 4
    assert page.locator(".board").count() >= 1
    assert page.locator("figure.cone svg[role=img]").count() >= 1
    assert page.locator("table").count() >= 8
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", REPORTS)
def test_no_text_is_clipped_leaves_its_box_or_covers_another(open_report, name: str, size: str):
    page = open_report(name, size)
    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(OUTSIDE_BOX) == []
    assert page.evaluate(OVERLAPPING) == []


def test_text_reaches_contrast_aa(open_report):
    page = open_report("shipped", "desktop")
    page.evaluate("document.querySelectorAll('details').forEach(box => (box.open = true))")
    assert page.evaluate(WEAK) == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_figure_has_a_caption_with_the_run_words_for_the_picture_and_a_table(open_report, name: str):
    page = open_report(name, "desktop")
    figures = page.locator("figure")
    assert figures.count() >= 5
    for figure in figures.all():
        title = figure.locator("h3").inner_text()
        caption = figure.locator("figcaption").inner_text()
        assert " · run " in caption, title
        assert caption.startswith("Data "), title
        assert "Sources: [" in caption, title
        assert all(len(words or "") > 10 for words in figure.evaluate(
            "f => [...f.querySelectorAll('[role=img], .matrix, .owners')].map(e => e.getAttribute('aria-label'))"
        )), title  # fmt: skip
        assert figure.locator("details table tbody tr").count() >= 1, title


def test_no_cone_has_more_than_forty_boxes(open_report):
    page = open_report("shipped", "desktop")
    counts = page.evaluate("[...document.querySelectorAll('figure.cone')].map(f => f.querySelectorAll('g').length)")
    assert len(counts) == 10
    assert 1 <= min(counts) <= max(counts) <= 40


def test_no_picture_has_more_than_150_tiles(open_report):
    page = open_report("shipped", "desktop")
    counts = page.evaluate(
        "[...document.querySelectorAll('figure')].map(f => f.querySelectorAll('.tile, .cell').length)"
    )
    assert 1 <= max(counts) <= 150


def test_the_first_screen_shows_the_headline_the_numbers_and_the_picture_of_all_chains(open_report):
    page = open_report("shipped", "desktop")
    height = page.viewport_size["height"]
    assert 100 <= page.locator(".chains .cell").count() <= 150
    for selector in ("h1", ".keys", ".chains .chain:nth-child(5)"):
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height, selector


def test_the_keyboard_reaches_and_opens_the_table_beside_a_picture(open_report):
    page = open_report("small", "desktop")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    opened = page.locator("figure details[open] table").first
    assert opened.is_visible()


def test_a_wide_drawing_scrolls_in_its_frame_by_keyboard_on_a_phone(open_report):
    page = open_report("shipped", "phone")
    frames = page.locator("figure.cone > .scroll")
    wide = [frame for frame in frames.all() if frame.evaluate("e => e.scrollWidth > e.clientWidth")]
    assert wide
    assert all(frame.evaluate("e => e.tabIndex === 0 && e.hasAttribute('aria-label')") for frame in wide)


def test_a_table_is_sorted_by_its_heading_and_filtered_by_words(open_report):
    page = open_report("shipped", "desktop")
    page.locator("#suppliers figure > details > summary").click()
    table = page.locator("#suppliers table.sortable")
    heading = table.locator("th button", has_text="Good").first
    heading.click()
    names = table.locator("tbody tr td:first-child").all_inner_texts()
    initials = [name[0].casefold() for name in names]
    assert initials == sorted(initials)
    heading.click()
    assert table.locator("tbody tr td:first-child").all_inner_texts() == names[::-1]
    page.locator("#suppliers .filter input").fill("gallium")
    shown = [row for row in table.locator("tbody tr").all() if row.is_visible()]
    assert 1 <= len(shown) < len(names)


@pytest.mark.parametrize("name", REPORTS)
def test_without_a_script_everything_is_there(open_report, name: str):
    page = open_report(name, "desktop", java_script_enabled=False)
    assert page.locator("h1").inner_text().startswith("United States: of ")
    assert page.locator(".board .tile").count() >= 5
    assert page.locator("figure.cone svg").count() >= 1
    page.locator("figure summary").first.click()
    assert page.locator("figure details table").first.is_visible()


def test_on_paper_every_table_is_open_and_the_outline_is_gone(open_report):
    page = open_report("small", "desktop", java_script_enabled=False)
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    tables = page.locator("figure details table")
    assert tables.count() >= 5
    assert all(table.is_visible() for table in tables.all())


def test_a_printed_report_is_a_few_megabytes(open_report):
    # Gradients as hatches once made it half a gigabyte.
    assert 100_000 < len(open_report("shipped", "desktop").pdf(format="A4", landscape=True)) < 10_000_000


def test_sources_are_reached_from_a_caption_and_name_their_address(open_report):
    page = open_report("small", "desktop")
    page.locator("figcaption a").first.click()
    target = page.evaluate("location.hash")
    row = page.locator(f"tr{target}")
    assert row.is_visible()
    assert "https://example.org/" in row.inner_text()
