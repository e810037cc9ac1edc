"""Run Lighthouse on five pages of the built book; keep the medians in ``measured.md``.

``python -m benchmarks.lighthouse`` from the top folder. It needs a built book, a Chromium and
npm, which fetches Lighthouse.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from analysis.book import chromium
from analysis.book.kept import HTML
from analysis.book.serve import served

VERSION = "13"
PAGES = ("index", "fibromyalgia", "safety", "table", "methods")
#: How often each page is measured: whatever else the machine does disturbs some runs.
RUNS = 3
MEASURED = Path(__file__).with_name("measured.md")
#: Lighthouse's name for what is measured -> its name in the table.
SCORES = {
    "performance": "Performance",
    "accessibility": "Accessibility",
    "best-practices": "Best practices",
    "seo": "SEO",
}
#: The same for times, shifts and sizes, with their form: milliseconds become seconds, bytes kB.
AUDITS = {
    "first-contentful-paint": ("First paint", 1e-3, "{:.1f} s"),
    "largest-contentful-paint": ("Largest paint", 1e-3, "{:.1f} s"),
    "total-blocking-time": ("Blocked", 1, "{:.0f} ms"),
    "cumulative-layout-shift": ("Shift", 1, "{:.3f}"),
    "total-byte-weight": ("On the line", 1e-3, "{:.0f} kB"),
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
    environment = os.environ | {"CHROME_PATH": browser, "npm_config_loglevel": "error"}
    subprocess.run([*command, *outputs], env=environment, check=True)
    return json.loads(path.read_text(encoding="utf-8"))


def row(name: str, reports: Sequence[dict[str, Any]]) -> str:
    """Return a page's line of the table: the median of each of its values."""
    scores = [
        median(100 * found["categories"][key]["score"] for found in reports) for key in SCORES
    ]
    values = [
        form.format(factor * median(found["audits"][key]["numericValue"] for found in reports))
        for key, (_, factor, form) in AUDITS.items()
    ]
    return f"| {' | '.join([name, *(f'{score:.0f}' for score in scores), *values])} |"


def complaints(found: dict[str, Any]) -> list[str]:
    """Return what keeps a page's scores below 100."""
    return [
        f"{audit['id']} ({audit['score']}): {audit['title']}"
        for category in found["categories"].values()
        for reference in category["auditRefs"]
        if reference["weight"]
        and (audit := found["audits"][reference["id"]])["score"] not in (None, 1)
    ]


def measured(browser: str) -> Iterator[str]:
    """Yield the lines of the table with how it was made, each as soon as it is known."""
    load = f"{os.getloadavg()[0]:.1f}"
    header = ["Page", *SCORES.values(), *(title for title, _, _ in AUDITS.values())]
    yield from (f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}")
    with tempfile.TemporaryDirectory() as folder, served(HTML) as address:
        for page in PAGES:
            url = f"{address}/chapters/{page}.html"
            reports = [report(url, browser, Path(folder)) for _ in range(RUNS)]
            yield row(page, reports)
            for complaint in complaints(reports[-1]):
                print(f"{page}: {complaint}", file=sys.stderr)
    said = f"Lighthouse {reports[-1]['lighthouseVersion']}, {os.cpu_count()} cores"
    yield ""
    yield f"{said}, load {load} when it began and {os.getloadavg()[0]:.1f} when it ended."
    yield f"Median of {RUNS} runs of each page, served with gzip on the same machine, read by a"
    yield "phone with a processor 4 times slower, 1.6 Mbit/s and 150 ms to the server (simulated)."


def main() -> int:
    """Measure the pages; return 1 without a book or a browser."""
    browser = chromium.find_chromium()
    if browser is None or not (HTML / "index.html").exists():
        print("A built book (make book) and a Chromium are needed.", file=sys.stderr)
        return 1
    lines = []
    for line in measured(browser):
        print(line, flush=True)
        lines.append(f"{line}\n")
    MEASURED.write_text("".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
