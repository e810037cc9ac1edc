"""Run Lighthouse on five pages of the built book and print its scores as a table.

``python -m benchmarks.lighthouse`` from the top folder; see ``README.md`` beside this file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from analysis.book import chromium
from analysis.book.build import HTML
from analysis.book.serve import served

VERSION = "13"
PAGES = ("index", "fatigue", "safety", "studies", "methods")
#: Lighthouse's name for what is measured -> its name in the table.
SCORES = {
    "performance": "Performance",
    "accessibility": "Accessibility",
    "best-practices": "Best practices",
    "seo": "SEO",
}
AUDITS = {
    "first-contentful-paint": "First paint",
    "largest-contentful-paint": "Largest paint",
    "total-blocking-time": "Blocked",
    "cumulative-layout-shift": "Shift",
    "total-byte-weight": "Weight",
}
#: The slow phone of the review's aims: Lighthouse's own "slow 4G" and a CPU four times slower.
PHONE = (
    "--form-factor=mobile",
    "--throttling-method=simulate",
    "--throttling.rttMs=150",
    "--throttling.throughputKbps=1638.4",
    "--throttling.cpuSlowdownMultiplier=4",
)


def report(address: str, browser: str, folder: Path) -> dict[str, Any]:
    """Return Lighthouse's report on one page.

    Raises
    ------
    subprocess.CalledProcessError
        If Lighthouse does not run.
    """
    path = folder / "report.json"
    options = " ".join(["--headless=new", *chromium.arguments()])
    command = ["npx", "--yes", f"lighthouse@{VERSION}", address, *PHONE, "--quiet"]
    outputs = ["--output=json", f"--output-path={path}", f"--chrome-flags={options}"]
    subprocess.run([*command, *outputs], env=os.environ | {"CHROME_PATH": browser}, check=True)
    return json.loads(path.read_text(encoding="utf-8"))


def row(name: str, found: dict[str, Any]) -> list[str]:
    """Return a page's line of the table."""
    scores = [f"{100 * found['categories'][key]['score']:.0f}" for key in SCORES]
    values = [found["audits"][key].get("displayValue", "-") for key in AUDITS]
    return [name, *scores, *(value.replace("Total size was ", "") for value in values)]


def complaints(found: dict[str, Any]) -> list[str]:
    """Return what keeps a page's scores below 100."""
    return [
        f"{audit['id']} ({audit['score']}): {audit['title']}"
        for category in found["categories"].values()
        for reference in category["auditRefs"]
        if reference["weight"]
        and (audit := found["audits"][reference["id"]])["score"] not in (None, 1)
    ]


def main() -> int:
    """Measure the pages; return 1 without a book or a browser."""
    browser = chromium.find_chromium()
    if browser is None or not (HTML / "index.html").exists():
        print("A built book (make book) and a Chromium are needed.", file=sys.stderr)
        return 1
    header = ["Page", *SCORES.values(), *AUDITS.values()]
    print(f"| {' | '.join(header)} |\n|{' --- |' * len(header)}", flush=True)
    said = []
    with tempfile.TemporaryDirectory() as folder, served(HTML) as address:
        for page in PAGES:
            found = report(f"{address}/chapters/{page}.html", browser, Path(folder))
            print(f"| {' | '.join(row(page, found))} |", flush=True)
            said += [f"- {page}: {complaint}" for complaint in complaints(found)]
    print("", *said, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
