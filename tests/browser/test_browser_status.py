"""A page that is read later says so: the status line follows the reader's own calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from playwright.sync_api import Page


def test_a_page_opened_a_year_later_says_how_long_the_search_is_overdue(
    page: Page, site: str
) -> None:
    page.goto(f"{site}/chapters/index.html")
    line = page.locator(".review-status")
    due = date.fromisoformat(str(line.get_attribute("data-next-due")))
    later = due + timedelta(days=365)
    page.clock.set_fixed_time(datetime(later.year, later.month, later.day, 12))
    page.reload()
    assert f"next search was due {due.isoformat()}, 365 days ago" in line.inner_text()
    assert line.get_attribute("data-state") == "overdue"


def test_a_search_is_not_overdue_on_the_day_it_is_due(page: Page, site: str) -> None:
    page.goto(f"{site}/chapters/index.html")
    line = page.locator(".review-status")
    for after, state in ((0, "current"), (1, "overdue")):
        day = date.fromisoformat(str(line.get_attribute("data-next-due"))) + timedelta(days=after)
        page.clock.set_fixed_time(datetime(day.year, day.month, day.day, 12))
        page.reload()
        assert line.get_attribute("data-state") == state
    assert ", 1 day ago" in line.inner_text()


def test_the_status_line_can_be_read_without_scripts(page: Page, site: str) -> None:
    page.route("**/status.js*", lambda route: route.abort())
    page.goto(f"{site}/chapters/index.html")
    assert "next search" in page.locator(".review-status").inner_text()
