"""Every page in a real browser: quiet, self-contained, readable on a phone and a desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from analysis.book import inputs
from analysis.book.notebooks import page_names

PAGES = [*page_names(), "search", "genindex"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def watched(page: Page) -> tuple[list[str], list[str]]:
    """Return two lists that fill with the page's requests and its complaints."""
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    return requests, complaints


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_quiet_asks_no_other_host_and_never_scrolls_sideways(
    page: Page, site: str, name: str, size: dict[str, int]
) -> None:
    requests, complaints = watched(page)
    page.set_viewport_size(size)
    page.goto(f"{site}/{name}.html", wait_until="load")
    assert complaints == []
    assert [url for url in requests if not url.startswith((site, "data:"))] == []
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]


@pytest.mark.parametrize("name", PAGES)
def test_page_works_from_a_folder_on_disk(page: Page, book: Path, name: str) -> None:
    requests, complaints = watched(page)
    page.goto((book / f"{name}.html").as_uri(), wait_until="load")
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert page.locator("h1:visible").count() == 1


def test_the_front_address_leads_to_the_first_page(page: Page, site: str) -> None:
    page.goto(f"{site}/", wait_until="load")
    page.wait_for_url(f"{site}/{PAGES[0]}.html")


def test_menu_opens_on_a_phone_and_leads_to_a_chapter(page: Page, site: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/{PAGES[0]}.html", wait_until="load")
    link = page.locator(".bd-links a", has_text="Safety").locator("visible=true")
    assert link.count() == 0
    page.locator("button.primary-toggle").click()
    link.first.click()
    page.wait_for_url("**/safety.html")


def test_search_finds_a_chapter_by_its_words(page: Page, site: str) -> None:
    page.goto(f"{site}/search.html?q=fibromyalgia", wait_until="load")
    page.locator("#search-results a", has_text="Fibromyalgia").first.wait_for()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_page_follows_the_readers_light_or_dark_mode(page: Page, site: str, mode: str) -> None:
    page.emulate_media(color_scheme=mode)  # type: ignore[arg-type]
    page.goto(f"{site}/{PAGES[0]}.html", wait_until="load")
    assert page.locator("html").get_attribute("data-theme") == mode
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in shade.removeprefix("rgb(").rstrip(")").split(",")[:3])
    assert (brightness > 600) == (mode == "light")


def test_every_icon_that_a_page_shows_is_drawn(page: Page, site: str) -> None:
    page.goto(f"{site}/{PAGES[0]}.html", wait_until="load")
    undrawn = page.evaluate(
        """[...document.querySelectorAll('.fa-solid, .fas')].filter(icon =>
             !getComputedStyle(icon).getPropertyValue('--icon')).map(icon => icon.className)"""
    )
    assert undrawn == []


def test_page_list_follows_the_table_of_contents() -> None:
    assert all((inputs.ROOT / f"{name}.md").exists() for name in page_names())
