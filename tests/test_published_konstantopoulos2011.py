"""Konstantopoulos 2011, Res Synth Methods 2:61: school calendars, schools within districts.

https://doi.org/10.1002/jrsm.35. The 56 effects are as dat.konstantopoulos2011 in metadat holds
them; figures and tables are those that metafor's own test of this analysis names
(tests/testthat/test_analysis_example_konstantopoulos2011.r in wviechtb/metafor).
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.multilevel import three_level
from analysis.meta.pooling import pool
from analysis.meta.regression import regression
from reference_cases import FOLDER

DISTRICT, SCHOOL, YI, VI, YEAR = np.loadtxt(
    FOLDER / "published" / "konstantopoulos2011.csv", delimiter=",", skiprows=1, unpack=True
)


def test_two_level_model_agrees_with_table_4():
    fit = pool(YI, VI, ci="z")
    assert fit.k == 56
    assert fit.estimate == pytest.approx(0.128, abs=5e-4)
    assert fit.se == pytest.approx(0.044, abs=5e-4)
    assert fit.tau2 == pytest.approx(0.088, abs=5e-4)


def test_two_level_model_with_year_agrees_with_table_4():
    fit = regression(YI, VI, YEAR - YEAR.mean(), names=["year"], ci="z")
    np.testing.assert_allclose(fit.coef, [0.126, 0.005], atol=5e-4)
    # The paper prints 0.043 and 0.088 where full precision gives 0.0440 and 0.0889.
    np.testing.assert_allclose(fit.se, [0.043, 0.004], atol=1.1e-3)
    assert fit.tau2 == pytest.approx(0.088, abs=1.1e-3)


def test_three_level_model_by_maximum_likelihood_agrees_with_table_5():
    fit = three_level(YI, VI, DISTRICT, SCHOOL, method="ML", ci="z")
    assert (fit.k, fit.m) == (56, 11)
    assert fit.estimate == pytest.approx(0.184, abs=6e-4)
    assert fit.se[0] == pytest.approx(0.080, abs=6e-4)
    np.testing.assert_allclose(fit.sigma2, [0.058, 0.033], atol=5e-4)


def test_three_level_model_with_year_agrees_with_table_5():
    fit = three_level(
        YI, VI, DISTRICT, SCHOOL, X=YEAR - YEAR.mean(), names=["year"], method="ML", ci="z"
    )
    # The constant is misprinted as 0.183 in the paper, as metafor's test notes.
    np.testing.assert_allclose(fit.coef, [0.178, 0.005], atol=5e-4)
    np.testing.assert_allclose(fit.se, [0.0805, 0.0085], atol=5e-4)
    np.testing.assert_allclose(fit.sigma2, [0.0565, 0.0329], atol=5e-4)


def test_restricted_likelihood_agrees_with_metafors_figures():
    fit = three_level(YI, VI, DISTRICT, SCHOOL, ci="z")
    np.testing.assert_allclose(fit.sigma2, [0.06506194, 0.03273652], rtol=1e-4)
    assert fit.log_likelihood == pytest.approx(-7.9587, abs=5e-5)
    np.testing.assert_allclose(fit.profile_interval("study"), [0.0222, 0.2072], atol=1e-4)
    np.testing.assert_allclose(fit.profile_interval("effect"), [0.0163, 0.0628], atol=1e-4)
