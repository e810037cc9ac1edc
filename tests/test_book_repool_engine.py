"""The engine in the page agrees with the engine in Python, case by case."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from analysis.book.repool import quantiles
from analysis.meta.heterogeneity import q_profile
from analysis.meta.kernel import pool_many
from analysis.review.selections import INTERVALS, METHODS
from javascript import run

Case = tuple[np.ndarray, np.ndarray]
TOLERANCE = 1e-6
SCRIPT = """(cases) => cases.map(({rows, quantiles}) => {
  const pool = repool.engine({rows, quantiles});
  const every = rows.map((_, i) => i);
  return METHODS.flatMap((method) => INTERVALS.map((ci) => pool(every, method, ci)));
})"""


def random_cases(count: int, seed: int) -> list[Case]:
    """Return sets of 2 to 40 studies: alike and discrepant, equal and very unequal in size."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(count):
        k = int(rng.integers(2, 41))
        vi = 10.0 ** rng.uniform(-2, rng.uniform(-1.9, 1), k)
        tau = rng.choice([0.0, 0.1, 1.0, 3.0])
        yi = rng.normal(rng.normal(0, 2), np.sqrt(vi + tau**2))
        cases.append((yi, vi))
    return cases


def in_python(cases: list[Case]) -> list[list[dict[str, float]]]:
    """Return for each case what the engine finds by each estimator and interval."""
    most = max(len(yi) for yi, _ in cases)
    y, v = np.zeros((len(cases), most)), np.ones((len(cases), most))
    mask = np.zeros((len(cases), most), dtype=bool)
    for i, (yi, vi) in enumerate(cases):
        y[i, : len(yi)], v[i, : len(yi)], mask[i, : len(yi)] = yi, vi, True
    found: list[list[dict[str, float]]] = [[] for _ in cases]
    for method in METHODS:
        for ci in INTERVALS:
            batch = pool_many(y, v, mask, method=method, ci=ci)
            names = ("estimate", "se", "tau2", "q", "q_pvalue", "i2", "pvalue")
            values = {name: getattr(batch, name) for name in names}
            values["tau2_low"], values["tau2_high"] = q_profile(batch).T
            for i, one in enumerate(found):
                one.append({name: float(column[i]) for name, column in values.items()})
    return found


def in_page(cases: list[Case]) -> list[list[dict[str, float]]]:
    given = [
        {
            "rows": [{"yi": y, "vi": v} for y, v in zip(yi, vi, strict=True)],
            "quantiles": quantiles(len(yi)),
        }
        for yi, vi in cases
    ]
    script = SCRIPT.replace("METHODS", json.dumps(METHODS))
    return run(["repool-engine.js"], script.replace("INTERVALS", json.dumps(INTERVALS)), given)


def compare(cases: list[Case]) -> tuple[float, Any]:
    """Return the largest difference, relative where values exceed one, and where it is."""
    worst: tuple[float, Any] = (0.0, None)
    for case, page, python in zip(cases, in_page(cases), in_python(cases), strict=True):
        for got, expected in zip(page, python, strict=True):
            for name, value in expected.items():
                difference = abs(got[name] - value) / max(1.0, abs(value))
                if not difference <= worst[0]:
                    worst = (difference, (name, got, expected, case))
    return worst


@pytest.mark.parametrize("seed", range(4))
def test_a_thousand_random_meta_analyses_agree(seed):
    difference, where = compare(random_cases(1000, seed))
    assert difference < TOLERANCE, where


def test_the_higher_of_two_maxima_of_the_likelihood_is_found():
    rng = np.random.default_rng(7)
    vi = 10.0 ** rng.uniform(-6, 2, (20_000, 5))
    yi = rng.normal(0, 1, vi.shape) * 10.0 ** rng.uniform(-1, 1, (len(vi), 1))
    several = np.flatnonzero(pool_many(yi, vi, method="REML").maxima > 1)
    assert several.size > 30
    difference, where = compare([(yi[i], vi[i]) for i in several])
    assert difference < TOLERANCE, where


def test_studies_that_agree_exactly_are_pooled_without_spread():
    difference, where = compare([(np.full(3, 0.4), np.array([0.1, 0.2, 0.3]))])
    assert difference < TOLERANCE, where
