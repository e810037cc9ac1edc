"""van Houwelingen, Arends & Stijnen 2002, Stat Med 21:589: BCG vaccine, odds ratios, latitude.

https://doi.org/10.1002/sim.1040. The figures and pages are those that metafor's own test of this
analysis compares with (tests/testthat/test_analysis_example_vanhouwelingen2002.r in
wviechtb/metafor).
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.pooling import pool
from analysis.meta.regression import regression
from meta_cases import column
from reference_cases import floats, result

LATITUDE = column("bcg", "ablat")


def log_odds_ratios() -> tuple[np.ndarray, np.ndarray]:
    """Return the log odds ratios of the 13 trials and their variances."""
    sizes = result("bcg")["effect_sizes"]["OR"]
    return floats(sizes["yi"]), floats(sizes["vi"])


def test_common_effect_model_agrees_with_page_596():
    fit = pool(*log_odds_ratios(), method="EE", ci="z")
    assert np.exp(fit.estimate) == pytest.approx(0.647, abs=5e-4)
    # The paper prints 0.703 where full precision gives 0.702.
    np.testing.assert_allclose(np.exp(fit.ci), [0.595, 0.703], atol=1.1e-3)


def test_random_effects_model_by_maximum_likelihood_agrees_with_page_597():
    fit = pool(*log_odds_ratios(), method="ML", ci="z")
    assert np.exp(fit.estimate) == pytest.approx(0.476, abs=5e-4)
    np.testing.assert_allclose(np.exp(fit.ci), [0.336, 0.675], atol=5e-4)
    assert fit.tau2 == pytest.approx(0.302, abs=5e-4)


def test_range_of_true_effects_agrees_with_page_599():
    fit = pool(*log_odds_ratios(), method="ML", ci="z")
    reach = 1.959963984540054 * np.sqrt(fit.tau2)
    np.testing.assert_allclose(
        [fit.estimate - reach, fit.estimate + reach], [-1.820, 0.336], atol=5e-4
    )


def test_latitude_agrees_with_pages_608_and_609():
    fit = regression(*log_odds_ratios(), LATITUDE, names=["latitude"], method="ML", ci="z")
    np.testing.assert_allclose(fit.coef, [0.371, -0.033], atol=5e-4)
    np.testing.assert_allclose(fit.se, [0.106, 0.003], atol=5e-4)
    assert fit.tau2 == pytest.approx(0.004, abs=5e-4)
    assert fit.r2 == pytest.approx(98.7, abs=0.05)
