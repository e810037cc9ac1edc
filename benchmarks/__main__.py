"""Time the engine against other tools: ``make benchmark`` or ``python -m benchmarks``.

Every figure is the median of at least five runs on this machine, in this process (metafor's
in its own). A tool that takes seconds is run on fewer fits and its time multiplied up; the
table marks those. Ratios are to ours.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analysis import meta

from . import growth, tools
from .data import simulate, unequal

FITS, SLOW_FITS, STUDIES = 10_000, 100, 10


def clock(function: Callable[[], Any], times: int = 7) -> float:
    """Return the median seconds of a call, the first one (warming up) left out."""
    function()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def alone(code: str) -> float:
    """Return the number that code prints in an interpreter of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return float(done.stdout)


def importing(module: str, times: int = 7) -> float:
    """Return the median seconds to import a module in a fresh interpreter, net of starting it."""
    code = (
        f"import time\nstart = time.perf_counter()\nimport {module}\n"
        "print(time.perf_counter() - start)"
    )
    return statistics.median(alone(code) for _ in range(times))


def measure() -> list[tuple[str, float, dict[str, float]]]:
    """Return (work, our seconds, seconds of the others) for every row of the table."""
    random = np.random.default_rng(20260101)
    y, v = simulate(random, FITS, STUDIES)
    wide_y, wide_v = unequal(random, FITS, STUDIES)
    few = slice(0, SLOW_FITS)
    scale = FITS / SLOW_FITS
    loop, mare, models = tools.c_loop(), tools.pymare(), tools.statsmodels()
    sets = {k: simulate(random, 1, k) for k in (12, 13, 15, 20, 200)}
    one = y[0], v[0]
    r = tools.metafor(
        {
            "fits": {"y": y[few], "v": v[few]},
            "single": {"y": one[0], "v": one[1]},
            "gosh": {"y": sets[12][0][0], "v": sets[12][1][0]},
            "leave_one_out": {"y": sets[200][0][0], "v": sets[200][1][0]},
        }
    )

    def others(**seconds: float | None) -> dict[str, float]:
        return {tool: value for tool, value in seconds.items() if value is not None}

    def from_r(name: str, factor: float = 1.0) -> float | None:
        return r[name] * factor if r else None

    fits = {k: meta.pool(yi[0], vi[0]) for k, (yi, vi) in sets.items()}
    common = meta.pool(*(part[0] for part in sets[12]), method="EE")

    def reml_loop(yi: np.ndarray, vi: np.ndarray) -> float | None:
        return clock(lambda: loop(yi, vi, True)) if loop else None

    drawn = random.integers(0, STUDIES, (1000, STUDIES))
    boot = one[0][drawn], one[1][drawn]
    rows = [
        (
            f"{FITS:,} REML fits, k = {STUDIES}",
            clock(lambda: meta.pool_many(y, v)),
            others(
                metafor=from_r("reml", scale),
                PyMARE=clock(lambda: mare["reml"](y[few], v[few]), 5) * scale if mare else None,
                C=reml_loop(y, v),
            ),
        ),
        (
            "the same, variances up to 67-fold",
            clock(lambda: meta.pool_many(wide_y, wide_v)),
            others(C=reml_loop(wide_y, wide_v)),
        ),
        (
            f"{FITS:,} DL fits, k = {STUDIES}",
            clock(lambda: meta.pool_many(y, v, method="DL"), 21),
            others(
                metafor=from_r("dl", scale),
                PyMARE=clock(lambda: mare["dl"](y, v)) if mare else None,
                statsmodels=clock(lambda: models["dl"](y[few], v[few]), 5) * scale,
                C=clock(lambda: loop(y, v, False)) if loop else None,
            ),
        ),
        (
            f"{FITS:,} Paule-Mandel fits, k = {STUDIES}",
            clock(lambda: meta.pool_many(y, v, method="PM")),
            others(
                metafor=from_r("pm", scale),
                statsmodels=clock(lambda: models["pm"](y[few], v[few]), 5) * scale,
            ),
        ),
        (
            "GOSH k = 12, REML (4,095 subsets)",
            clock(lambda: meta.gosh(fits[12]), 21),
            others(metafor=from_r("gosh")),
        ),
        ("GOSH k = 12, common effect", clock(lambda: meta.gosh(common), 21), {}),
        ("GOSH k = 15, REML (32,767)", clock(lambda: meta.gosh(fits[15]), 7), {}),
        ("GOSH k = 20, REML (1,048,575)", clock(lambda: meta.gosh(fits[20]), 5), {}),
        (
            "leave-one-out k = 200, REML",
            clock(lambda: meta.leave_one_out(fits[200]), 11),
            others(metafor=from_r("leave_one_out")),
        ),
        (
            "1,000 bootstrap refits, k = 10, REML",
            clock(lambda: meta.pool_many(*boot), 21),
            others(
                metafor=from_r("reml", 1000 / SLOW_FITS),
                PyMARE=clock(lambda: mare["reml"](y[few], v[few]), 5) * 1000 / SLOW_FITS
                if mare
                else None,
                C=reml_loop(*boot),
            ),
        ),
        (
            "one REML fit with interval, k = 10",
            clock(lambda: meta.pool(*one).ci, 301),
            others(
                metafor=from_r("single"),
                PyMARE=clock(lambda: mare["reml"](y[:1], v[:1]), 51) if mare else None,
            ),
        ),
        (
            "Bayesian, k = 13, with quantiles",
            clock(
                lambda: meta.bayes_pool(
                    *(part[0] for part in sets[13]), tau_prior=meta.HalfNormal(0.5)
                ),
                21,
            ),
            {},
        ),
        ("import analysis.meta, and pool from it", importing("analysis.meta.pooling"), {}),
        (
            "import analysis.meta",
            importing("analysis.meta"),
            others(
                statsmodels=importing("statsmodels.stats.meta_analysis"),
                PyMARE=importing("pymare") if mare else None,
            ),
        ),
    ]
    return rows


def ratio(value: float) -> str:
    """Return a ratio in two significant digits, without an exponent."""
    return f"{float(f'{value:.2g}'):,g}"


def in_words(seconds: float) -> str:
    """Return seconds in the unit that needs no exponent."""
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (np.inf, 1.0, "s")):
        if seconds < limit:
            return f"{seconds * factor:.3g} {unit}"
    raise AssertionError


def peak_memory(k: int) -> float:
    """Return the most memory, in MiB, that all subsets of k studies take in a new process.

    By what Linux says of it: ``getrusage`` counts the peak of whoever started a process, too.
    """
    code = (
        "import numpy as np\nfrom analysis import meta\n"
        f"meta.gosh(meta.pool(np.arange({k}.0), np.full({k}, 2.0)))\n"
        "status = dict(line.split(':') for line in open('/proc/self/status'))\n"
        "print(status['VmHWM'].split()[0])"
    )
    return alone(code) / 1024


def report() -> str:
    """Return the table as Markdown."""
    names = ["metafor", "PyMARE", "statsmodels", "C"]
    lines = [
        f"Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores "
        f"({platform.machine()}), load {os.getloadavg()[0]:.1f} when it began.",
        "In brackets: how many times our time the other tool takes. C: one core, one maximum.",
        f"metafor's, statsmodels' and PyMARE's REML loops: {SLOW_FITS} fits, multiplied up.",
        "",
        "| work | ours | " + " | ".join(names) + " |",
        "| --- " * (len(names) + 2) + "|",
    ]
    for work, ours, seconds in measure():
        cells = [
            f"{in_words(seconds[name])} ({ratio(seconds[name] / ours)} ×)"
            if name in seconds
            else "–"
            for name in names
        ]
        lines.append(f"| {work} | {in_words(ours)} | " + " | ".join(cells) + " |")
    if sys.platform == "linux":
        peak = peak_memory(20)
        lines += ["", f"Peak memory of a process doing GOSH with k = 20: {peak:.0f} MiB."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table, keep it in ``measured.md``, and draw ``growth.svg``."""
    text = report()
    print(text, end="")
    here = Path(__file__).parent
    (here / "measured.md").write_text(text, encoding="utf-8")
    growth.draw(here / "growth.svg", simulate, clock)


if __name__ == "__main__":
    main()
