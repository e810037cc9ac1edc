"""Finding one's way: the search leads to a study's record, a citation says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize(
    ("words", "record"),
    [
        ("Zhao", "study-zhao2022"),
        ("fitzgerald 2021", "study-fitzgerald2021"),
        ("multiple sclerosis midazolam", "study-fitzgerald2021"),
    ],
)
def test_search_leads_to_the_record_of_a_study(
    page: Page, site: str, words: str, record: str
) -> None:
    page.goto(f"{site}/search.html?q={words.replace(' ', '+')}")
    link = page.locator(f'#search-results a[href*="#{record}"]').first
    link.click()
    expect(page.locator(f"#{record}")).to_be_in_viewport()


def test_who_asks_for_an_author_finds_the_record_first(page: Page, site: str) -> None:
    page.goto(f"{site}/search.html?q=zhao")
    first = page.locator("#search-results li a").first
    expect(first).to_have_attribute("href", "chapters/studies.html#study-zhao2022")


def test_who_asks_for_a_drug_finds_chapters_before_single_records(page: Page, site: str) -> None:
    page.goto(f"{site}/search.html?q=esketamine")
    page.locator('#search-results a[href*="#study-"]').first.wait_for()
    links = page.locator("#search-results li a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    records = [i for i, link in enumerate(links) if "#study-" in link]
    chapters = [i for i, link in enumerate(links) if "safety.html" in link]
    assert max(chapters) < min(records)


@pytest.mark.parametrize("from_disk", [False, True], ids=["served", "from disk"])
def test_a_touched_citation_shows_its_source_and_closes_again(
    browser: Browser, book: Path, site: str, from_disk: bool
) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True)  # type: ignore[arg-type]
    page = context.new_page()
    path = "chapters/mecfs.html"
    address = (book / path).as_uri() if from_disk else f"{site}/{path}"
    page.goto(address)
    link = page.locator('article a[href$="#cite-vahratian2023"]').first
    link.tap()
    source = page.get_by_role("dialog", name="Source")
    expect(source).to_contain_text("2023")
    expect(source.get_by_role("link", name="In the list")).to_be_visible()
    assert page.url == address
    source.get_by_role("button", name="Close").tap()
    expect(source).to_be_hidden()
    context.close()


def test_a_citation_works_with_the_keyboard_and_gives_the_focus_back(
    page: Page, site: str
) -> None:
    page.goto(f"{site}/chapters/mecfs.html")
    link = page.locator('article a[href*="#cite-"]').first
    link.focus()
    page.keyboard.press("Enter")
    source = page.get_by_role("dialog", name="Source")
    expect(source).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Tab")
        assert source.evaluate("box => box.contains(document.activeElement)")
    expect(source).to_be_visible()
    page.keyboard.press("Escape")
    expect(source).to_be_hidden()
    expect(link).to_be_focused()


def test_a_citation_asked_for_in_a_new_tab_opens_one(page: Page, site: str) -> None:
    page.goto(f"{site}/chapters/mecfs.html")
    with page.context.expect_page() as opened:
        page.locator('article a[href*="#cite-"]').first.click(modifiers=["Control"])
    opened.value.wait_for_url("**/references.html#cite-*")
    expect(page.get_by_role("dialog", name="Source")).to_have_count(0)


def test_without_scripts_a_citation_leads_to_the_list_which_leads_back(
    browser: Browser, book: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((book / "chapters" / "mecfs.html").as_uri())
    page.locator('article a[href$="#cite-vahratian2023"]').first.click()
    entry = page.locator("#cite-vahratian2023")
    expect(entry).to_be_in_viewport()
    entry.locator('.cited-in a[href="mecfs.html"]').click()
    expect(page.locator("h1").first).to_contain_text("ME/CFS")
    context.close()


def test_what_a_finger_has_to_hit_in_the_head_of_a_page_is_large(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site}/chapters/index.html")
    small = page.evaluate(
        """() => [...document.querySelectorAll('.header-article__inner button')]
             .map(button => button.getBoundingClientRect())
             .filter(box => box.width > 0 && (box.width < 44 || box.height < 44)).length"""
    )
    assert small == 0
    expect(page.get_by_role("button", name="Menu")).to_be_visible()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_without_scripts_head_and_figures_can_be_read_in_light_and_dark(
    browser: Browser, book: Path, mode: str
) -> None:
    context = browser.new_context(java_script_enabled=False, color_scheme=mode)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto((book / "chapters" / "safety.html").as_uri())
    head = page.locator(".bd-header-article").evaluate("e => getComputedStyle(e).backgroundColor")
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--fig-ink')")
    assert not head.startswith("rgba")  # opaque: the text does not shine through
    red, green, blue = (int(ink.strip()[i : i + 2], 16) for i in (1, 3, 5))
    assert (red + green + blue > 382) == (mode == "dark")
    context.close()
