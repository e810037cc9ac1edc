"""Raudenbush & Bryk 1985, J Educ Stat 10:75: expectations of teachers and pupils' IQ.

https://doi.org/10.3102/10769986010002075. The pages are those that metafor's own test of this
analysis names (tests/testthat/test_analysis_example_raudenbush1985.r in wviechtb/metafor),
together with the figures that the paper prints differently from a computation at full precision:
Q is 35.85 there and 35.83 here, residual Q 16.58 and 16.57, because the paper works with rounded
effect sizes.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.pooling import pool
from analysis.meta.regression import regression
from meta_cases import column, usable


def test_unconditional_model_agrees_with_pages_83_to_86():
    fit = pool(*usable("raudenbush1985"), ci="z")
    assert fit.tau2 == pytest.approx(0.019, abs=5e-4)
    assert fit.estimate == pytest.approx(0.084, abs=5e-4)
    assert fit.statistic == pytest.approx(1.62, abs=5e-3)
    assert fit.q == pytest.approx(35.85, abs=0.03)


def test_weeks_of_prior_contact_explain_the_heterogeneity_as_on_pages_90_and_92():
    yi, vi = usable("raudenbush1985")
    weeks = np.minimum(column("raudenbush1985", "weeks"), 3)
    fit = regression(yi, vi, weeks, names=["weeks"], ci="z")
    assert fit.tau2 == 0
    np.testing.assert_allclose(fit.coef, [0.407, -0.157], atol=5e-4)
    np.testing.assert_allclose(fit.statistic, [4.678, -4.388], atol=6e-4)
    assert fit.qe == pytest.approx(16.58, abs=0.015)
    assert fit.r2 == pytest.approx(100)
