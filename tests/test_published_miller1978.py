"""Miller 1978, Am Stat 32:138: going back from the double arcsine.

https://doi.org/10.1080/00031305.1978.10479283
Four proportions, p. 138, as metafor's own test of this analysis compares with them
(tests/testthat/test_analysis_example_miller1978.r in wviechtb/metafor). Miller's values are not
halved, so his are twice ours.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.effect_sizes import effect_sizes
from analysis.meta.pooling import pool
from analysis.meta.proportions import pool_proportions

X, N = [3, 6, 10, 1], [11, 17, 21, 6]


def test_page_138_double_arcsines_and_their_variances() -> None:
    es = effect_sizes("PFT", xi=X, ni=N)
    np.testing.assert_allclose(2 * es.yi, [1.1391, 1.2888, 1.5253, 0.9515], atol=1e-4)
    np.testing.assert_allclose(4 * es.vi, [0.0870, 0.0571, 0.0465, 0.1538], atol=1e-4)


def test_pooled_value_and_its_inverse_at_the_harmonic_mean() -> None:
    es = effect_sizes("PFT", xi=X, ni=N)
    assert 2 * es.yi.mean() == pytest.approx(1.2262, abs=1e-4)
    assert float(es.back(es.yi.mean())) == pytest.approx(0.3164, abs=1e-4)
    fit = pool(es.yi, es.vi, method="EE", ci="z")
    assert 2 * fit.estimate == pytest.approx(1.3093, abs=1e-4)
    pooled = pool_proportions(X, N, "PFT", tau2_method="EE", interval="z")
    assert pooled.estimate == pytest.approx(0.3595, abs=1e-4)
