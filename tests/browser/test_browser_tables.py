"""Tables to filter, closed parts and explained words, in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from analysis.book.sources import rows


def test_words_narrow_a_table_and_the_count_says_so(page: Page, site: str) -> None:
    page.goto(f"{site}/chapters/claims.html")
    every = len(rows("claims"))
    expect(page.locator(".filters output")).to_have_text(f"{every} of {every} rows")
    page.get_by_label("Search this table").fill("naltrexone")
    shown = page.locator(".filterable tbody tr:visible")
    expect(page.locator(".filters output")).to_have_text(f"{shown.count()} of {every} rows")
    assert 0 < shown.count() < every
    assert all("naltrexone" in text.lower() for text in shown.all_inner_texts())


def test_a_choice_shows_exactly_the_rows_with_that_value(page: Page, site: str) -> None:
    page.goto(f"{site}/chapters/claims.html")
    page.locator(".filters select").first.select_option(label="✗ wrong")
    wrong = sum(row["verdict"] == "wrong" for row in rows("claims"))
    assert page.locator(".filterable tbody tr:visible").count() == wrong


def test_without_scripts_the_whole_table_is_there(book: Path, browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto((book / "chapters" / "claims.html").as_uri())
    assert page.locator(".filterable tbody tr:visible").count() == len(rows("claims"))


def test_a_link_into_a_closed_part_opens_it(page: Page, site: str) -> None:
    page.goto(f"{site}/chapters/index.html")
    page.locator('a[href$="#forest-safety-nausea"]').click()
    expect(page.locator("#forest-safety-nausea")).to_be_in_viewport()
    expect(page.locator("#forest-safety-nausea svg:visible").first).to_be_visible()


def test_a_word_is_explained_by_keyboard_where_it_stands(page: Page, site: str) -> None:
    page.goto(f"{site}/chapters/mecfs.html")
    word = page.locator("button.gloss").first
    meaning = page.locator(f"#{word.get_attribute('popovertarget')}")
    expect(meaning).to_be_hidden()
    word.focus()
    page.keyboard.press("Enter")
    expect(meaning).to_be_visible()
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()


def test_a_row_of_a_forest_plot_leads_to_the_record_of_its_study(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{site}/chapters/fatigue.html")
    page.locator('.figure-wide a[href="studies.html#study-zhao2022"]').first.click()
    expect(page.locator("#study-zhao2022")).to_be_in_viewport()


def test_on_a_phone_a_row_is_a_card_with_the_headings_of_its_columns(
    page: Page, site: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/chapters/index.html")
    cell = page.locator(".table-box td").first
    label = cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert label.strip('"').strip() == f"{cell.get_attribute('data-label')}:"
    widths = page.evaluate(
        "[...document.querySelectorAll('.table-box')].map(b => b.scrollWidth - b.clientWidth)"
    )
    assert max(widths) <= 0
