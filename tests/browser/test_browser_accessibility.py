"""Every page, in light and dark, on a phone and a desk, asked by axe; a walk with the keyboard.

axe-core looks at WCAG 2.2 A and AA and at its best practices. Closed parts of a
page are opened first, because it skips what is not shown.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from analysis.book.notebooks import page_names

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
PAGES = [*page_names(), "search", "genindex"]
FIRST = page_names()[0]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
#: What a desk's window shows at four hundred per cent (WCAG 2.2, 1.4.10).
ZOOMED = {"width": 320, "height": 640}
OPEN_ALL = "document.querySelectorAll('article details').forEach(part => { part.open = true; })"
#: Contrasts take axe long to measure, and the rows of a table look alike.
FIRST_ROWS = """document.querySelectorAll('article tbody').forEach(body => {
  [...body.rows].slice(6).forEach(row => row.remove());
})"""
#: Off in axe unless asked for, as WCAG 2.2 is younger than the others.
ALL_BUT_CONTRAST = {"target-size": {"enabled": True}, "color-contrast": {"enabled": False}}
#: True once a box is a stop of the Tab key if, and only if, it scrolls (``static/boxes.js``).
SETTLED = """() => [...document.querySelectorAll('.table-box, .figure-box')].every(
  box => (box.scrollWidth > box.clientWidth) === box.hasAttribute('tabindex'))"""


def violations(page: Page) -> list[tuple[str, Any]]:
    """Return what axe finds, apart from contrast: each rule with places that break it."""
    return _ask(page, "document", {"rules": ALL_BUT_CONTRAST})


def weak_contrasts(page: Page) -> list[tuple[str, Any]]:
    """Return where text stands out too little.

    Figures are left out: axe cannot see what lies behind a text in one, so
    ``test_figures_theme.py`` computes their contrasts.
    """
    return _ask(page, {"exclude": [["svg *"]]}, {"runOnly": ["color-contrast"]})


def _ask(page: Page, where: Any, options: dict[str, Any]) -> list[tuple[str, Any]]:
    found = page.evaluate(
        """([where, options]) => axe.run(where === 'document' ? document : where,
             {...options, resultTypes: ['violations']})""",
        [where, options],
    )
    return [
        (rule["id"], [node["target"] for node in rule["nodes"]][:5])
        for rule in found["violations"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_light_and_dark_on_phone_and_desk(
    page: Page, site: str, name: str
) -> None:
    found: dict[tuple[str, Any], list[tuple[str, Any]]] = {}
    for size in (ZOOMED, PHONE, DESK):
        page.set_viewport_size(size)
        # Read anew, as by another reader: a window that grows moves the menu for a while.
        page.goto(f"{site}/{name}.html", wait_until="load")
        page.evaluate(OPEN_ALL)
        page.add_script_tag(path=AXE)
        page.wait_for_function(SETTLED)
        for mode in ("light", "dark"):
            page.emulate_media(color_scheme=mode, reduced_motion="reduce")  # type: ignore[arg-type]
            found[mode, size["width"]] = violations(page)
    page.evaluate(FIRST_ROWS)
    for mode in ("light", "dark"):
        page.emulate_media(color_scheme=mode, reduced_motion="reduce")  # type: ignore[arg-type]
        found[mode, "contrast"] = weak_contrasts(page)
    assert {state: broken for state, broken in found.items() if broken} == {}


def test_axe_finds_nothing_in_the_open_menu(page: Page, site: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{FIRST}.html", wait_until="load")
    page.locator("button.primary-toggle").click()
    page.locator("dialog[open] .bd-links").wait_for()
    page.add_script_tag(path=AXE)
    assert violations(page) == []


def test_axe_would_find_a_picture_without_a_description(page: Page) -> None:
    page.set_content(
        "<html lang=en><title>A page</title><main><h1>A</h1><img src='data:,'></main>"
    )
    page.add_script_tag(path=AXE)
    assert "image-alt" in [rule for rule, _ in violations(page)]


def test_axe_would_find_grey_on_grey(page: Page) -> None:
    page.set_content("<html lang=en><title>A page</title><p style='color:#999'>Hardly seen.</p>")
    page.add_script_tag(path=AXE)
    assert [rule for rule, _ in weak_contrasts(page)] == ["color-contrast"]


FOCUSED = """() => {
  const on = document.activeElement, style = getComputedStyle(on);
  const box = on.getBoundingClientRect();
  return {
    what: on.outerHTML.slice(0, 80),
    framed: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1)
      || style.boxShadow !== 'none',
    inside: document.body === on || box.width > 0 || on.closest('dialog') !== null,
    order: on.closest('article') ? box.top + scrollY : null,
  };
}"""


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_each_stop_of_the_tab_key_is_framed_and_stops_follow_the_text(
    page: Page, site: str, size: dict[str, int]
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{site}/{FIRST}.html", wait_until="load")
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
        if stops[-1]["what"].startswith("<body"):
            break
    reached = [stop for stop in stops if not stop["what"].startswith("<body")]
    assert "main-content" in reached[0]["what"]  # the way past the menu comes first
    assert [stop["what"] for stop in reached if not (stop["framed"] and stop["inside"])] == []
    heights = [stop["order"] for stop in reached if stop["order"] is not None]
    assert len(heights) > 5
    # Links of one line differ by less than its height.
    assert all(later > earlier - 30 for earlier, later in pairwise(heights))


def test_menu_opens_with_the_keyboard_and_closes_with_escape(page: Page, site: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{FIRST}.html", wait_until="load")
    page.locator("button.primary-toggle").focus()
    page.keyboard.press("Enter")
    menu = page.locator("dialog[open]")
    menu.locator(".bd-links").wait_for()
    # A modal keeps keyboard and screen reader from the page that it hides.
    assert menu.evaluate("dialog => dialog.matches(':modal')")
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")


@pytest.mark.parametrize("name", page_names())
def test_every_figure_has_a_name_a_description_and_its_numbers(
    page: Page, book: Path, name: str
) -> None:
    page.goto((book / f"{name}.html").as_uri(), wait_until="load")
    lacking = page.evaluate(
        """() => [...document.querySelectorAll('figure.forest:has(svg)')].filter(figure => {
             const svgs = [...figure.querySelectorAll('.figure-box svg')];
             const said = figure.querySelector('details p')?.textContent.trim() ?? '';
             return !svgs.every(svg => svg.getAttribute('role') === 'img'
                 || svg.getAttribute('aria-labelledby') || svg.getAttribute('aria-label')
                 || svg.querySelector('title'))
               || said.length < 60 || !figure.querySelector('figcaption')?.textContent.trim()
               || !figure.querySelector('details table caption');
           }).map(figure => figure.id)"""
    )
    assert lacking == []


@pytest.mark.parametrize("name", page_names())
def test_every_table_has_column_headings_with_scope(page: Page, book: Path, name: str) -> None:
    page.goto((book / f"{name}.html").as_uri(), wait_until="load")
    lacking = page.evaluate(
        """() => [...document.querySelectorAll('article table')].filter(table =>
             !table.querySelector('thead th') ||
             ([...table.querySelectorAll('th')].some(cell => !cell.scope)
               && table.closest('.table-box') !== null))
           .map(table => table.outerHTML.slice(0, 120))"""
    )
    assert lacking == []
