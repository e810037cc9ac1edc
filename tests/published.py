"""Data of reproduced publications: ``tests/reference/published/<name>.csv``."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "reference" / "published"


def rows(name: str) -> dict[str, np.ndarray]:
    """Return the columns of a publication's data, numeric ones as floats, an empty cell as nan."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    return {column: _numbers([row[column] for row in table]) for column in table[0]}


def _numbers(cells: list[str]) -> np.ndarray:
    try:
        return np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return np.array(cells)
