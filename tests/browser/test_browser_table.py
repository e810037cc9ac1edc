"""The table of every result: searched, narrowed, sorted, and taken away as it is shown."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from unicodedata import normalize

import pytest
from playwright.sync_api import Browser, Page, expect

from analysis.book.explore import all_rows
from analysis.book.sources import rows
from browser.test_browser_pages import DESK, PHONE, watched

SHOWN = """table => [...table.rows].filter((row) => !row.hidden).map((row) =>
  [...row.cells].filter((cell) => !cell.hidden)
    .map((cell) => cell.textContent.trim().replaceAll("\\u00a0", " ")))"""


@pytest.fixture
def table(page: Page, book: Path) -> Page:
    """Return the page of the table, opened from a folder on disk."""
    page.set_viewport_size(DESK)
    page.goto((book / "chapters" / "table.html").as_uri(), wait_until="load")
    return page


def shown(page: Page) -> list[list[str]]:
    return page.locator(".explore table").evaluate(SHOWN)


def saved(page: Page, kind: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save what is shown as {kind}").click()
    assert download.value.suggested_filename == f"ketamine-studies.{kind.lower()}"
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_every_row_of_the_data_is_there(table: Page) -> None:
    assert len(shown(table)) == 1 + len(rows("studies"))
    expect(table.locator(".explore output")).to_have_text(
        f"{len(rows('studies'))} of {len(rows('studies'))} rows"
    )


def test_words_and_choices_narrow_the_table_together(table: Page) -> None:
    table.get_by_label("Search this table").fill("ionescu nausea")
    found = shown(table)[1:]
    assert 0 < len(found) < 5
    assert sum(line[0] == "Ionescu 2021" and "nausea" in line for line in found) == 1
    table.get_by_label("Search this table").fill("")
    table.get_by_role("combobox", name="Drug").select_option("ketamine")
    ketamine = sum(row["drug"] == "ketamine" for row in rows("studies"))
    assert len(shown(table)) == 1 + ketamine


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
def test_what_is_saved_is_exactly_what_is_shown(table: Page, kind: str) -> None:
    table.get_by_label("Search this table").fill("midazolam")
    table.get_by_text("Choose columns").click()
    table.get_by_role("checkbox", name="Where it was seen").check()
    table.get_by_role("checkbox", name="Condition").uncheck()
    table.get_by_role("button", name="When").click()
    head, *lines = shown(table)
    assert "Where it was seen" in head
    assert "Condition" not in head
    text = saved(table, kind)
    if kind == "CSV":
        assert list(csv.reader(text.splitlines())) == [head, *lines]
    else:
        assert json.loads(text) == [dict(zip(head, line, strict=True)) for line in lines]


def test_a_column_sorts_by_size_both_ways_with_what_is_empty_last(table: Page) -> None:
    table.get_by_text("Choose columns").click()
    table.get_by_role("checkbox", name="Hours after the end").check()
    head = table.get_by_role("columnheader", name="Hours after the end")
    for state in ("ascending", "descending"):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == state
        place = shown(table)[0].index("Hours after the end")
        values = [line[place] for line in shown(table)[1:]]
        filled = [float(value) for value in values if value]
        assert filled == sorted(filled, reverse=state == "descending")
        assert "" not in values[: len(filled)]


def test_a_phone_sorts_by_a_list(page: Page, site: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{site}/chapters/table.html", wait_until="load")
    names = page.locator(".explore tbody th")
    page.get_by_label("Sort by").select_option("Study, downwards")
    assert page.get_by_label("Sort by").is_visible()
    plain = [
        normalize("NFD", label).encode("ascii", "ignore") for label in names.all_text_contents()
    ]
    assert plain == sorted(plain, key=bytes.lower, reverse=True)
    page.get_by_label("Sort by").select_option("as in the file")
    first = rows("studies")[0]
    assert names.first.text_content() == f"{first['first_author']} {first['year']}"


def test_a_study_is_one_click_from_its_row(table: Page) -> None:
    table.locator(".explore tbody th a").first.click()
    table.wait_for_url("**/studies.html#study-*")
    anchor = table.url.split("#")[1]
    expect(table.locator(f"#{anchor}")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESK, {"width": 320, "height": 700}])
def test_the_page_is_quiet_and_never_wider_than_the_screen(
    page: Page, site: str, size: dict[str, int]
) -> None:
    requests, complaints = watched(page)
    page.set_viewport_size(size)
    page.goto(f"{site}/chapters/table.html", wait_until="load")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
    assert [url for url in requests if not url.startswith((site, "data:"))] == []


def test_everything_works_by_keyboard(table: Page) -> None:
    table.get_by_label("Search this table").focus()
    table.keyboard.type("nausea")
    before = len(shown(table))
    kinds = []
    for _ in range(30):
        table.keyboard.press("Tab")
        kind, text = table.evaluate(
            "[document.activeElement.tagName, document.activeElement.textContent]"
        )
        kinds.append(kind)
        if text == "Outcome":
            break
    table.keyboard.press("Enter")
    head = table.get_by_role("columnheader", name="Outcome")
    assert head.get_attribute("aria-sort") == "ascending"
    assert {"SELECT", "SUMMARY", "BUTTON"} <= set(kinds)
    assert len(shown(table)) == before


def test_an_empty_result_is_said_and_one_press_brings_everything_back(table: Page) -> None:
    every = len(rows("studies"))
    table.get_by_role("combobox", name="Drug").select_option("ketamine")
    table.get_by_label("Search this table").fill("no such word anywhere")
    count = table.locator(".explore output")
    expect(count).to_have_text(f"0 of {every} rows: no row has all of this")
    assert list(csv.reader(saved(table, "CSV").splitlines())) == shown(table)
    assert json.loads(saved(table, "JSON")) == []
    table.get_by_role("button", name="Show all rows").click()
    expect(count).to_have_text(f"{every} of {every} rows")
    expect(table.get_by_role("combobox", name="Drug")).to_have_value("")
    assert len(shown(table)) == 1 + every


def test_only_one_column_says_that_it_is_sorted_and_the_list_agrees(table: Page) -> None:
    for name in ("Study", "Outcome"):
        table.get_by_role("columnheader", name=name).get_by_role("button").click()
    marked = table.locator("th[aria-sort]")
    expect(marked).to_have_count(1)
    expect(marked).to_have_text("Outcome")
    assert table.locator(".order option:checked").text_content() == "Outcome"


def test_cells_that_a_spreadsheet_would_run_are_saved_as_text(table: Page, book: Path) -> None:
    dangerous = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "−0.5", "-0.5", "Sörensen"]
    table.evaluate(
        """dangerous => {
             const cells = [...document.querySelectorAll(".explore tbody th")];
             dangerous.forEach((text, i) => { cells[i].textContent = text; });
             const box = document.querySelector(".explore");
             for (const made of box.querySelectorAll(".filters, .saves, details")) made.remove();
           }""",
        dangerous,
    )
    table.add_script_tag(path=book / "_static" / "explore.js")
    first = [line[0] for line in csv.reader(saved(table, "CSV").splitlines())][1:8]
    assert first == [
        "'=1+1",
        "'+cmd|' /C calc'!A0",
        "'-2+3",
        "'@SUM(1)",
        "−0.5",
        "-0.5",
        "Sörensen",
    ]


def test_the_fields_above_the_table_are_a_search_and_the_study_is_always_shown(
    table: Page,
) -> None:
    search = table.get_by_role("search", name="Every result extracted, one row each")
    expect(search.get_by_role("searchbox")).to_have_accessible_name("Search this table")
    expect(search.get_by_role("status")).to_contain_text("rows")  # says the count, politely
    table.get_by_text("Choose columns").click()
    expect(table.get_by_role("checkbox", name="Study")).to_be_disabled()


def test_heads_stay_in_sight_while_rows_pass(table: Page) -> None:
    box = table.locator(".explore .table-box")
    box.evaluate("box => { box.scrollTop = 3000; box.scrollIntoView(); }")
    expect(table.get_by_role("columnheader", name="Study")).to_be_in_viewport()
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_fingers_find_every_part_above_the_table(browser: Browser, site: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{site}/chapters/table.html", wait_until="load")
    page.get_by_text("Choose columns").tap()
    small = page.locator(".explore").evaluate(
        """box => [...box.querySelectorAll("input[type=search], select, button, .columns label")]
             .map(part => part.getBoundingClientRect().height)
             .filter(height => height > 0 && height < 44)"""
    )
    assert small == []
    context.close()


def test_search_finds_studies_by_author_drug_and_condition(page: Page, site: str) -> None:
    for words in ("fichtner", "esketamine", "fibromyalgia", "intravenous"):
        page.goto(f"{site}/search.html?q={words}", wait_until="load")
        found = page.locator("#search-results a[href*='studies.html']").first
        found.wait_for()


def test_the_table_and_its_script_are_light(book: Path) -> None:
    assert len(str(all_rows().html)) < 600_000
    scripts = [book / "_static" / name for name in ("explore.js", "explore.css")]
    assert sum(path.stat().st_size for path in scripts) < 12_000
