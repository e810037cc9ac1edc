"""How the cost of a call grows with the number of studies and with the number of fits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from analysis import meta

METHODS = {"REML": "#0072B2", "PM": "#009E73", "DL": "#D55E00"}
STUDIES = (2, 3, 5, 10, 20, 50, 100, 200, 500)
FITS = (1, 10, 100, 1_000, 10_000, 100_000)


def draw(path: Path, simulate: Callable[..., Any], clock: Callable[..., float]) -> None:
    """Measure and write the plot."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "growth"
    import matplotlib.pyplot as plt

    random = np.random.default_rng(7)
    sizes = {
        "studies per fit (1,000 fits)": [(k, simulate(random, 1_000, k)) for k in STUDIES],
        "fits per call (k = 10)": [(fits, simulate(random, fits, 10)) for fits in FITS],
    }
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
    for axis, (label, data) in zip(axes, sizes.items(), strict=True):
        for method, colour in METHODS.items():
            seconds = [
                clock(lambda y=y, v=v, method=method: meta.pool_many(y, v, method=method), 5)
                for _, (y, v) in data
            ]
            axis.loglog([size for size, _ in data], seconds, "o-", color=colour, label=method)
        axis.set_xlabel(label)
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("seconds for the call")
    axes[0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
