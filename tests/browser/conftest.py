"""A Chromium, the book behind a local address, and a record of what a page does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from analysis.book.chromium import find_chromium, started
from analysis.book.serve import served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start a Chromium; without one, skip in plain sight, and fail where CI is set."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium to be found")
    with started(path) as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty tab of a fresh profile."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def site(book: Path) -> Iterator[str]:
    """Serve the book on this machine; return its address."""
    with served(book) as address:
        yield address
