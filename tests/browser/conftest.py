"""A Chromium, the book behind a local address, and a record of what a page does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from browser.chromium import find_chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start a Chromium; without one, skip in plain sight, and fail where CI is set."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Chromium to be found")
    quiet = ("background-networking", "component-update", "sync", "default-apps")
    arguments = ["--no-first-run", *(f"--disable-{name}" for name in quiet)]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to run as root with it
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty tab of a fresh profile."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Write nothing between pytest's lines."""


@pytest.fixture(scope="session")
def site(book: Path) -> Iterator[str]:
    """Serve the book on this machine; return its address."""
    handler = partial(_Handler, directory=str(book))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
