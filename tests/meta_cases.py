"""Rows of the reference cases as the analyses of the primary measure used them."""

from __future__ import annotations

import numpy as np

from reference_cases import floats, inputs, result


def primary(case: str) -> tuple[np.ndarray, np.ndarray]:
    """Return yi and vi of the primary measure for every row, nan where not estimable."""
    stored = result(case)
    sizes = stored["effect_sizes"][stored["primary_measure"]]
    return floats(sizes["yi"]), floats(sizes["vi"])


def usable(case: str) -> tuple[np.ndarray, np.ndarray]:
    """Return yi and vi of the primary measure for the rows that have both."""
    yi, vi = primary(case)
    rows = np.isfinite(yi) & np.isfinite(vi)
    return yi[rows], vi[rows]


def column(case: str, name: str) -> np.ndarray:
    """Return one input column."""
    return inputs(case)[name]


def dummies(values: np.ndarray) -> np.ndarray:
    """Return R's treatment contrasts: one column per level but the first, sorted."""
    levels = sorted(set(values.tolist()))
    return np.column_stack([(values == level).astype(float) for level in levels[1:]])


def usable_rows(case: str) -> np.ndarray:
    """Return the 0-based rows that have an effect size of the primary measure."""
    yi, vi = primary(case)
    return np.flatnonzero(np.isfinite(yi) & np.isfinite(vi))


def sample_sizes(case: str) -> np.ndarray:
    """Return the total sample size of each usable row."""
    data = inputs(case)
    names = next(
        names
        for names in (("n1i", "n2i"), ("ai", "bi", "ci", "di"), ("ni",))
        if all(name in data for name in names)
    )
    return sum(data[name] for name in names)[usable_rows(case)]
