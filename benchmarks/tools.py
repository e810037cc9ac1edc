"""The tools compared with, each as plain functions of arrays; None where not installed."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]


def c_loop() -> Callable[[np.ndarray, np.ndarray, bool], np.ndarray] | None:
    """Compile ``loop.c`` and return ``fit(Y, V, restricted)``: tau2, estimate, se by row."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = Path(tempfile.mkdtemp(prefix="loop-")) / "loop.so"
    flags = ["-O3", "-march=native", "-ffast-math", "-fno-finite-math-only", "-shared", "-fPIC"]
    command = [compiler, *flags, str(HERE / "loop.c"), "-o", str(library), "-lm"]
    subprocess.run(command, check=True)
    run = ctypes.CDLL(str(library)).fit
    doubles = np.ctypeslib.ndpointer(dtype=float, flags="C_CONTIGUOUS")
    run.argtypes = [doubles, doubles, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, doubles]
    run.restype = None

    def fit(y: np.ndarray, v: np.ndarray, restricted: bool) -> np.ndarray:
        out = np.empty((len(y), 3))
        run(y, v, len(y), y.shape[1], int(restricted), out)
        return out

    return fit


def pymare() -> dict[str, Fit] | None:
    """Return PyMARE's tau2 by REML (one data set at a time) and by DL (its own batch)."""
    if find_spec("pymare") is None:
        return None
    from pymare import Dataset
    from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator

    def reml(y: np.ndarray, v: np.ndarray) -> np.ndarray:
        tau2 = np.empty(len(y))
        for row in range(len(y)):
            data = Dataset(y[row, :, None], v[row, :, None])
            fit = VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(data)
            tau2[row] = np.ravel(fit.params_["tau2"])[0]
        return tau2

    def dl(y: np.ndarray, v: np.ndarray) -> np.ndarray:
        data = Dataset(np.ascontiguousarray(y.T), np.ascontiguousarray(v.T))
        return np.ravel(DerSimonianLaird().fit_dataset(data).params_["tau2"])

    return {"reml": reml, "dl": dl}


def statsmodels() -> dict[str, Fit]:
    """Return statsmodels' tau2 by DL ("chi2") and PM ("iterated"), one set at a time."""
    from statsmodels.stats.meta_analysis import combine_effects

    def by(method: str) -> Fit:
        def run(y: np.ndarray, v: np.ndarray) -> np.ndarray:
            rows = zip(y, v, strict=True)
            return np.array([combine_effects(*row, method_re=method).tau2 for row in rows])

        return run

    return {"dl": by("chi2"), "pm": by("iterated")}


def metafor(work: dict[str, Any]) -> dict[str, float] | None:
    """Return metafor's seconds for each piece of work, measured inside R."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(work, file, default=lambda array: array.tolist())
        file.flush()
        command = [rscript, str(HERE / "metafor.R"), file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None
