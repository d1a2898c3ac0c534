"""The report as text: self-contained, the same bytes for the same results, nothing runs that the data say."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from reshore.report import render
from reshore.report.page import Page, web_addresses
from reshore.report.sections import SECTIONS
from reshore.study import make_study, run
from tests.small import FACT, rows, settings, small_package

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def results():
    return run(make_study(settings()), small_package())


@pytest.fixture(scope="module")
def page(results) -> str:
    return render(results)


class Reader(HTMLParser):
    """Elements of a page with their attributes, and which are open at the end."""

    VOID = frozenset({"meta", "link", "br", "input", "path", "rect", "line", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        assert self.open, f"</{tag}> without a beginning"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()


def test_every_element_is_closed_in_order(page):
    assert Reader(page).open == []


def test_the_page_loads_nothing_and_names_its_style_and_script_by_digest(page):
    elements = Reader(page).found
    assert not [tag for tag, _ in elements if tag in ("iframe", "object", "embed", "img", "audio", "video", "base")]
    assert all(attributes.get("href") == "data:," for tag, attributes in elements if tag == "link")
    assert not [tag for tag, attributes in elements if "src" in attributes or "style" in attributes]
    policy = next(a["content"] for t, a in elements if a.get("http-equiv") == "Content-Security-Policy") or ""
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy


def test_no_attribute_runs_code(page):
    assert not [name for _, attributes in Reader(page).found for name in attributes if name.startswith("on")]


def test_the_same_results_give_the_same_bytes(results, page):
    assert render(results) == page
    tables = {name: list(reversed(table)) for name, table in rows().items()}
    assert render(run(make_study(settings()), small_package(**tables))) == page


def test_the_page_is_small(page):
    assert len(page.encode()) < 3_000_000


def test_anchors_lead_somewhere_and_names_are_unique(page):
    elements = Reader(page).found
    names = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(names) == len(set(names))
    targets = [a["href"][1:] for t, a in elements if t == "a" and (a.get("href") or "").startswith("#")]
    assert set(targets) <= set(names)


def test_every_section_stands_in_the_outline_in_the_order_of_the_list(page):
    outline = re.search("<nav.*?</nav>", page, re.DOTALL)
    assert outline
    found = re.findall('href="#([a-z_]+)"', outline.group())
    assert found == [section.name for section in SECTIONS if section.name in found]
    assert {"overview", "boards", "sources"} <= set(found)


def test_every_figure_has_a_finding_words_for_the_picture_a_table_and_the_run(results, page):
    figures = re.findall("<figure.*?</figure>", page, re.DOTALL)
    assert len(figures) >= 5
    for figure in figures:
        assert "<h3>" in figure
        assert re.search(r'(role="img" )?aria-label="[^"]{10,}"', figure)
        assert "<summary>The same as a table</summary>" in figure
        assert "<table" in figure
        assert f"run {results.run}" in figure


def test_numbers_and_their_percent_signs_are_not_parted(page):
    main = page[page.index("<main>") : page.index("<footer>")]
    assert not re.findall(r"\d %", main)


def hostile_package():
    tables = rows()
    for name, column in (("goods", "label"), ("organizations", "label"), ("sources", "title")):
        tables[name] = [{**row, column: f"{row[column]} {HOSTILE}"} for row in tables[name]]
    tables["goods"] = [{**row, "step": f"{row['step']} {HOSTILE}", "note": HOSTILE} for row in tables["goods"]]
    tables["supply"] = [{**row, "series": HOSTILE, "note": HOSTILE} for row in tables["supply"]]
    return small_package(**tables)


def test_markup_in_the_data_is_shown_and_not_run():
    study = make_study(settings(title=f"T {HOSTILE}", question=f"Q {HOSTILE}?"))
    text = render(run(study, hostile_package()))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert" in text
    assert Reader(text).open == []
    assert text.count("<script>") == 1


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        " javascript:alert(1)",
        "",
        "//e.org",
    ],
)
def test_only_web_addresses_become_links(address: str):
    assert web_addresses(address) == ()


def test_every_web_address_of_a_source_becomes_a_link():
    assert web_addresses("https://a.org/1 ; javascript:x ; http://b.org") == ("https://a.org/1", "http://b.org")


def test_a_hostile_address_that_reached_the_results_is_not_linked(results, page):
    sources = results.package["sources"]
    assert "url" in sources.columns
    found = [a["href"] for t, a in Reader(page).found if t == "a" and not (a.get("href") or "").startswith("#")]
    assert found
    assert all(address.startswith(("http://", "https://")) for address in found)


def test_the_smallest_package_makes_a_report():
    good = {"good": "ore", "label": "Ore", "chain": "c", "step": "Mine", "step_order": 0, "kind": "material",
            "final": False, "origin": "primary", **FACT}  # fmt: skip
    empty = {name: [] for name in rows() if name not in ("goods", "sources")}
    text = render(run(make_study(settings()), small_package(goods=[good], **empty)))
    assert Reader(text).open == []
    assert "of 1 good, 0 get more than half" in text


def test_a_home_without_allies_and_with_several_concerns_makes_a_report():
    study = make_study(settings(home="KOR", allies=[], concern=["CHN", "USA"]))
    assert "South Korea: of " in render(run(study, small_package()))


def test_a_study_that_names_no_country_of_concern_makes_a_report():
    text = render(run(make_study(settings(concern=[])), small_package()))
    assert "the study names no country of concern" in text
    assert Reader(text).open == []


def test_a_chain_of_many_goods_keeps_to_150_tiles():
    good = {"chain": "c", "step": "Mine", "step_order": 0, "kind": "material", "final": False, "origin": "primary",
            **FACT}  # fmt: skip
    goods = [{**good, "good": f"g{n:03}", "label": f"Good {n}"} for n in range(200)]
    empty = {name: [] for name in rows() if name not in ("goods", "sources")}
    text = render(run(make_study(settings()), small_package(goods=goods, **empty)))
    assert text.count('<div class="tile ') == 150
    assert "The 50 least exposed goods are in the table only" in text
    assert (text.count('class="cell '), "50 goods are on the boards only" in text) == (150, True)


def test_figures_are_numbered_by_their_sources(results):
    page = Page(results)
    assert [source.key for source in page.sources] == ["other", "survey"]
    assert page.cite(["survey", None, "nowhere"]) == (2,)
