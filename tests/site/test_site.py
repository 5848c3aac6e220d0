"""Every page in a browser: quiet, by itself, for all readers, whole at two widths, not too long, and on paper.

`exceptions.json` holds what today's pages are still allowed. It may only shrink: a page that needs its entry no longer
fails until the entry goes.
"""

import json
from pathlib import Path

import pytest

from pyft.book import printing
from pyft.book.build import pages

pytestmark = pytest.mark.slow
LIMITS = {"screens": 15, "wide code at 1300": 0, "wide boxes at 1300": 0, "wide boxes at 390": 0}
ALLOWED = json.loads((Path(__file__).parent / "exceptions.json").read_text(encoding="utf8"))
PAGES = [*pages(), "search.html"]


@pytest.fixture(scope="module", params=PAGES)
def opened(reader, request):
    """A page, opened once for all tests that look at it: its name, what it asked for, and what its console says."""
    return request.param, *reader.open(request.param)


def test_a_page_is_quiet_and_asks_nobody_else(reader, opened):
    _, asked, console = opened
    assert console == []
    assert [url for url in asked if not url.startswith((reader.address, "data:"))] == []


def test_axe_finds_nothing_serious_in_light_and_dark(reader, opened):
    assert [fault for theme in ("dark", "light") for fault in reader.accessibility(theme)] == []


def test_a_page_is_whole_at_two_widths_and_not_too_long(reader, opened):
    page, *_ = opened
    reader.width(1300)
    wide = reader.look()
    reader.width(390, 844)
    narrow = reader.look()
    assert wide["off"] + narrow["off"] == []
    assert wide["squeezed"] + narrow["squeezed"] == []
    found = {
        "screens": wide["screens"],
        "wide code at 1300": len(wide["code"]),
        "wide boxes at 1300": len(wide["boxes"]),
        "wide boxes at 390": len(narrow["folded"]) + len([b for b in narrow["boxes"] if not b.startswith("table")]),
    }
    allowed = ALLOWED.get(page, {})
    for what, limit in LIMITS.items():
        assert found[what] <= allowed.get(what, limit), (what, wide, narrow["boxes"], narrow["folded"])
    needless = [what for what in allowed if found[what] <= LIMITS[what]]
    assert needless == [], f"good news: take these of {page} off tests/site/exceptions.json"


def test_on_paper_nothing_but_plumbing_is_folded(reader, opened):
    reader.width(1300)
    reader.driver.execute_script(printing.UNFOLD)
    left = reader.driver.execute_script("""
        return [...document.querySelectorAll("article details:not([open])")]
            .filter((e) => !e.closest(".tag_hide-input, .tag_remove-input"))
            .map((e) => e.innerText);
    """)
    assert left == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_those_of_the_system_from_the_first_paint_on(reader, theme):
    media = "Emulation.setEmulatedMedia"
    seen = """
        window.themes = [];
        new MutationObserver(() => themes.push(document.documentElement.dataset.theme))
            .observe(document, {subtree: true, attributeFilter: ["data-theme"]});
    """
    script = reader.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": seen})
    reader.driver.execute_cdp_cmd(media, {"features": [{"name": "prefers-color-scheme", "value": theme}]})
    try:
        reader.open("book/index.html")
        assert set(reader.driver.execute_script("return themes")) == {theme}
    finally:
        reader.driver.execute_cdp_cmd(media, {"features": []})
        reader.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def test_exceptions_are_of_pages_that_there_are():
    assert set(ALLOWED) <= set(PAGES)


@pytest.mark.parametrize(
    ("words", "section", "inside"),
    [("微调", "3.3", True), ("优化", "4.3", False), ("概念", "2.3.1", True), ("label smoothing", "4.2", True)],
)
def test_the_search_leads_to_sections(reader, words, section, inside):
    reader.open(f"search.html?q={words}")
    links = reader.driver.execute_async_script("""
        const done = arguments[0], links = () => [...document.querySelectorAll("ul.search a")];
        const wait = (left) => links().length || !left
            ? done(links().map((a) => a.getAttribute("href") + " " + a.parentElement.textContent))
            : setTimeout(() => wait(left - 1), 50);
        wait(100);
    """)
    assert any(section in link for link in links), links
    assert any("#" in link.split()[0] for link in links) == inside  # a page's own heading is its top


def test_a_search_that_finds_nothing_says_so(reader):
    reader.open("search.html?q=zzzz")
    shown = reader.driver.execute_async_script("""
        const done = arguments[0], text = () => document.body.innerText;
        const wait = (left) => text().includes("No sections with") || !left
            ? done(text()) : setTimeout(() => wait(left - 1), 50);
        wait(100);
    """)
    assert "No sections with “zzzz”" in shown


@pytest.mark.parametrize("page", [next(page for page in PAGES if "4_1_1" in page)])
def test_on_paper_what_was_opened_is_black_at_once_and_code_goes_on_over_the_page(reader, page):
    reader.open(page)
    reader.driver.execute_script(printing.UNFOLD)
    reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        faded, kept = reader.driver.execute_script("""
            const named = (chosen, fault) => [...document.querySelectorAll(chosen)]
                .filter((e) => fault(getComputedStyle(e))).map((e) => e.className);
            return [
                named("article details > *", (style) => style.animationName !== "none"),
                named("article .cell_input div", (s) => s.display === "flex" || s.breakInside === "avoid"),
            ];
        """)
    finally:
        reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert faded == kept == []
