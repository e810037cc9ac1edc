"""Normand 1999, Stat Med 18:321: lidocaine (risk differences) and stroke units (means).

https://doi.org/10.1002/(SICI)1097-0258(19990215)18:3<321::AID-SIM28>3.0.CO;2-P
Tables III (p. 330), VII (p. 349), VIII (p. 351) and IX (p. 352), as metafor's own test of this
analysis names them (tests/testthat/test_analysis_example_normand1999.r in wviechtb/metafor).
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.effect_sizes import effect_sizes
from analysis.meta.pooling import pool
from published import rows
from reference_cases import inputs


def test_table_3_risk_differences_in_percentage_points() -> None:
    data = rows("hine1989")
    es = effect_sizes("RD", **{name: data[name] for name in ("ai", "n1i", "ci", "n2i")})
    np.testing.assert_allclose(
        100 * es.yi, [2.8026, 0.0000, 1.9711, 1.7961, 3.5334, 4.4031], atol=5e-5
    )
    np.testing.assert_allclose(
        1e4 * es.vi, [17.7575, 37.5657, 8.1323, 10.8998, 8.0114, 6.1320], atol=5e-5
    )
    low, high = (100 * (es.yi + side * 1.959964 * es.sei) for side in (-1, 1))
    np.testing.assert_allclose(low, [-5.5, -12.0, -3.6, -4.7, -2.0, -0.5], atol=0.051)
    np.testing.assert_allclose(high, [11.1, 12.0, 7.6, 8.3, 9.1, 9.3], atol=0.051)


@pytest.mark.parametrize("method", ["EE", "REML", "DL"])
def test_table_7_pooled_risk_difference(method: str) -> None:
    data = rows("hine1989")
    es = effect_sizes("RD", **{name: data[name] for name in ("ai", "n1i", "ci", "n2i")})
    fit = pool(es.yi, es.vi, method=method, ci="z")
    assert round(100 * fit.estimate, 2) == 2.94
    assert [round(100 * limit, 1) for limit in fit.ci] == [0.4, 5.5]
    assert fit.tau2 == 0


def _length_of_stay():
    data = inputs("normand1999")
    columns = {name: data[name] for name in ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")}
    return effect_sizes("MD", vtype="HO", **columns)


def test_table_8_mean_differences_with_pooled_variances() -> None:
    es = _length_of_stay()
    np.testing.assert_array_equal(es.yi, [-20, -2, -55, -71, -4, 1, 11, -10, 7])
    np.testing.assert_allclose(
        es.vi, [40.59, 2.05, 15.28, 150.22, 20.19, 1.22, 95.38, 8.03, 20.69], atol=0.0051
    )


@pytest.mark.parametrize(
    ("method", "estimate", "low", "high", "tau2"),
    [
        ("EE", -3.49, -5.03, -1.96, 0),
        ("DL", -14.10, -24.45, -3.75, 218.72),
        ("REML", -15.12, -32.67, 2.43, 685.20),
    ],
)
def test_table_9_pooled_length_of_stay(
    method: str, estimate: float, low: float, high: float, tau2: float
) -> None:
    es = _length_of_stay()
    fit = pool(es.yi, es.vi, method=method, ci="z")
    printed = [fit.estimate, *fit.ci, fit.tau2]
    assert [round(value, 2) for value in printed] == [estimate, low, high, tau2]
