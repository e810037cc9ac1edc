"""How the pages lie on a screen: phone, desk, zoom and small widths; what they weigh."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from analysis.book.notebooks import page_names

PAGES = [*page_names(), "search", "genindex"]
FIRST = page_names()[0]
PHONE = {"width": 390, "height": 844}
#: Bytes that reading the first page may cost, and how far its content may jump
#: (web.dev/articles/cls calls less than 0.1 good).
BUDGET, JUMPS = 500_000, 0.05
OPEN_ALL = "document.querySelectorAll('article details').forEach(part => { part.open = true; })"


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_at_320_pixels_which_is_four_hundred_per_cent_zoom(
    page: Page, site: str, name: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site}/{name}.html", wait_until="load")
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    # A part wider than the page must lie in a box that scrolls.
    outside = page.evaluate(
        """() => [...document.querySelectorAll('article *')].filter(part => {
             const box = part.getBoundingClientRect();
             if (box.right <= innerWidth + 1 || box.width === 0) return false;
             const style = getComputedStyle(part);
             return style.position !== 'absolute' && style.clipPath === 'none'
               && !part.closest('.table-box, .figure-box, .formula, .scroll, pre, thead, '
                                + '.pst-scrollable-table-container');
           }).map(part => part.outerHTML.slice(0, 100))"""
    )
    assert outside == []


@pytest.mark.parametrize("name", PAGES)
def test_text_twice_as_large_stays_on_the_page(page: Page, site: str, name: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/{name}.html", wait_until="load")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_answer_is_on_the_first_screen_of_the_first_page(page: Page, site: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{FIRST}.html", wait_until="load")
    box = page.locator(".admonition.short").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= PHONE["height"]


@pytest.mark.parametrize("name", page_names())
def test_no_text_is_too_small_to_read_on_a_phone(page: Page, site: str, name: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{name}.html", wait_until="load")
    small = page.evaluate(
        """() => [...document.querySelectorAll('article :is(p, li, td, th, dd, dt, figcaption)')]
             .filter(part => parseFloat(getComputedStyle(part).fontSize) < 12)
             .map(part => part.textContent.slice(0, 60))"""
    )
    assert small == []


@pytest.mark.parametrize("width", [1280, 768, 390])
@pytest.mark.parametrize("name", page_names())
def test_figures_show_all_their_columns_without_scrolling(
    page: Page, site: str, name: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}/{name}.html", wait_until="load")
    page.evaluate(OPEN_ALL)
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.figure-box')]
             .filter(box => box.scrollWidth > box.clientWidth)
             .map(box => box.getAttribute('aria-label'))"""
    )
    assert cut == []


def test_first_page_is_light_and_nothing_on_it_jumps(browser: Browser, site: str) -> None:
    read = _read(browser, f"{site}/{FIRST}.html")
    assert read["bytes"] <= BUDGET
    assert read["jumps"] <= JUMPS
    assert read["requests"] <= 30


@pytest.mark.parametrize("name", page_names()[1:])
def test_no_page_jumps_and_none_outweighs_the_first_ones_budget(
    browser: Browser, site: str, name: str
) -> None:
    read = _read(browser, f"{site}/{name}.html")
    assert read["bytes"] <= BUDGET
    assert read["jumps"] <= JUMPS


def _read(browser: Browser, address: str) -> dict[str, Any]:
    """Return what a first visit costs: bytes on the line, requests, layout shift."""
    context = browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    sizes: list[float] = []
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.add_init_script(
        """window.jumps = 0;
           new PerformanceObserver(list => list.getEntries().forEach(entry => {
             window.jumps += entry.value;
           })).observe({type: 'layout-shift', buffered: true});"""
    )
    page.goto(address, wait_until="networkidle")
    jumps = page.evaluate("window.jumps")
    context.close()
    return {"bytes": sum(sizes), "requests": len(sizes), "jumps": jumps}


def test_pages_ask_for_no_font_and_no_search_index_until_somebody_searches(
    page: Page, site: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}/{FIRST}.html", wait_until="networkidle")
    needless = (".woff", ".ttf", "searchindex.js", "searchtools.js", "sphinx-design", "pygments")
    assert [url for url in asked if any(part in url for part in needless)] == []
    page.goto(f"{site}/search.html?q=fatigue", wait_until="networkidle")
    assert any("searchindex.js" in url for url in asked)
