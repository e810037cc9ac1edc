"""Find a Chromium and start it; run as a program, also install one.

Taken where it is: on the PATH, or where Playwright keeps its own. Installed
by Playwright, or, where its download is out of reach, by ``apt-get`` as root.
Prints the book (:mod:`analysis.book.pdf`) and opens its pages in the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: What a browser does by itself and nobody here wants.
_QUIET = ("background-networking", "component-update", "sync", "default-apps")


def find_chromium() -> str | None:
    """Return the path of an installed Chromium, or None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    """Return the browser that Playwright installed, if it did."""
    question = (
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as playwright: print(playwright.chromium.executable_path)"
    )
    # In a process of its own: a test may already be running Playwright's event loop.
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True)
    path = answer.stdout.strip()
    return path if path and Path(path).exists() else None


def arguments() -> list[str]:
    """Return the options with which Chromium starts quietly."""
    chosen = ["--no-first-run", *(f"--disable-{name}" for name in _QUIET)]
    # Chromium refuses to run as root inside its own sandbox.
    return [*chosen, "--no-sandbox"] if os.geteuid() == 0 else chosen


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """Run the Chromium at ``path``, without a window, for as long as the block runs."""
    # Not needed to read or build the book, so not installed by everyone.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments())
        yield browser
        browser.close()


def main() -> int:
    """Make sure that there is a Chromium, or say that browser tests will be skipped."""
    if find_chromium():
        return 0
    print("Chromium is not installed; trying Playwright's ...", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
    if not find_chromium() and shutil.which("apt-get") and os.geteuid() == 0:
        print("... and now Debian's", flush=True)
        subprocess.run(["apt-get", "update", "-q"])
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"])
    if find_chromium():
        return 0
    print("No Chromium could be installed: the browser tests cannot run.", file=sys.stderr)
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
