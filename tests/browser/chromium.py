"""Find a Chromium for the browser tests; run as a program, also install one.

Taken where it is: on the PATH, or where Playwright keeps its own. Installed
by Playwright, or, where its download is out of reach, by ``apt-get`` as root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


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
