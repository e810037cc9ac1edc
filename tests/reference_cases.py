"""The stored metafor results, read once: ``tests/reference/results/<id>.json``."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "reference"
IDS = sorted(path.stem for path in (FOLDER / "results").glob("*.json"))


@cache
def result(case: str) -> dict[str, Any]:
    """Return everything metafor answered for one input."""
    return json.loads((FOLDER / "results" / f"{case}.json").read_text(encoding="utf-8"))


@cache
def inputs(case: str) -> dict[str, np.ndarray]:
    """Return an input's columns; numeric ones as floats, an empty cell as nan."""
    with (FOLDER / "inputs" / f"{case}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _column(cells: list[str]) -> np.ndarray:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array(cells)


def floats(values: list[float | None]) -> np.ndarray:
    """Return a JSON list as floats, null as nan."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def assert_close(actual: Any, reference: Any, tolerance: float) -> None:
    """Assert equality relative to ``max(1, |reference|)``, nan equal to nan."""
    actual, reference = np.asarray(actual, float), np.asarray(reference, float)
    assert actual.shape == reference.shape
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(reference))
    error = np.abs(actual - reference) / np.maximum(1, np.abs(reference))
    worst = np.max(error, initial=0.0, where=~np.isnan(reference))
    assert worst <= tolerance, f"differs by {worst:.3g} (allowed {tolerance:g})"


def pooled_data(case: str, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Return metafor's own yi and vi of one measure, rows it could not estimate left out."""
    sizes = result(case)["effect_sizes"][measure]
    yi, vi = floats(sizes["yi"]), floats(sizes["vi"])
    usable = np.isfinite(yi) & np.isfinite(vi)
    return yi[usable], vi[usable]


def model_blocks() -> list[tuple[str, str, str]]:
    """Return (case, measure, method) of every model metafor fitted."""
    return [
        (case, measure, method)
        for case in IDS
        for measure, methods in result(case)["models"].items()
        for method in methods
    ]


def primaries() -> list[str]:
    """Return the inputs whose primary measure was analysed further."""
    return [case for case in IDS if "analysis_of_primary" in result(case)]
