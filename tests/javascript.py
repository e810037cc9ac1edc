"""Runs the book's scripts in Node, or, where there is none, in a Chromium."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis.book.chromium import find_chromium
from project_copy import ROOT

STATIC = ROOT / "analysis" / "book" / "static"

_IN_BROWSER = """
import json, sys
from playwright.sync_api import sync_playwright
code, chromium = sys.stdin.read(), sys.argv[1]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    print(json.dumps(browser.new_page().evaluate(code)))
"""


def run(scripts: list[str], expression: str, given: Any) -> Any:
    """Return the value of a JavaScript expression over ``given`` with some scripts loaded.

    Parameters
    ----------
    scripts : list of str
        Names of files in ``analysis/book/static``.
    expression : str
        A function of one argument.
    given : object
        Passed as JSON.
    """
    parts = [(STATIC / name).read_text(encoding="utf-8") for name in scripts]
    code = "".join(f"{part}\n" for part in parts)
    call = f"({expression})({json.dumps(given)})"
    if node := shutil.which("node"):
        program = f"{code}process.stdout.write(JSON.stringify({call}));"
        command = [node, "-"]
    else:
        chromium = find_chromium()
        if chromium is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)("neither Node nor Chromium")
        program = f"() => {{ {code} return {call}; }}"
        command = [sys.executable, "-c", _IN_BROWSER, str(chromium)]
    finished = subprocess.run(command, input=program, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return json.loads(finished.stdout)


def static_file(name: str) -> Path:
    """Return the path of one of the book's scripts or style sheets."""
    return STATIC / name
