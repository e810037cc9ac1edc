"""Stijnen, Hamza & Özdemir 2010, Stat Med 29:3046: catheter infections, counts and rates.

https://doi.org/10.1002/sim.4040
Tables II (p. 3050), III (p. 3052) and VIII (p. 3055), as metafor's own test of this analysis
names them (tests/testthat/test_analysis_example_stijnen2010.r in wviechtb/metafor). Where the
last digit printed differs from metafor's reproduction, the paper's is in the comment.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.effect_sizes import effect_sizes
from analysis.meta.glmm import glmm
from analysis.meta.pooling import pool
from analysis.meta.proportions import pool_proportions
from published import rows

CONTROL, CATHETER = ("ci", "n2i"), ("ai", "n1i")


@pytest.mark.parametrize(
    ("arm", "estimate", "se", "tau2", "risk"),
    [
        (CONTROL, -3.30, 0.24, 0.663, (0.036, 0.023, 0.055)),  # paper: 0.035, 0.023, 0.056
        (CATHETER, -4.26, 0.26, 0.393, (0.014, 0.008, 0.023)),
    ],
)
def test_table_2_normal_model(arm, estimate, se, tau2, risk) -> None:
    data = rows("nielweise2007")
    es = effect_sizes("PLO", xi=data[arm[0]], ni=data[arm[1]])
    fit = pool(es.yi, es.vi, method="REML", ci="z")
    assert (round(fit.estimate, 2), round(fit.se, 2)) == (estimate, se)
    assert round(fit.tau2, 3) == tau2
    assert tuple(np.round(es.back([fit.estimate, *fit.ci]), 3)) == risk


@pytest.mark.parametrize(
    ("arm", "estimate", "se", "tau2", "risk"),
    [
        (CONTROL, -3.50, 0.26, 0.81, (0.029, 0.018, 0.048)),
        (CATHETER, -4.81, 0.36, 0.83, (0.008, 0.004, 0.016)),
    ],
)
def test_table_2_binomial_normal_model(arm, estimate, se, tau2, risk) -> None:
    data = rows("nielweise2007")
    pooled = pool_proportions(data[arm[0]], data[arm[1]])
    assert (round(pooled.fit.estimate, 2), round(pooled.fit.se, 2)) == (estimate, se)
    assert round(pooled.fit.tau2, 2) == tau2
    assert tuple(np.round([pooled.estimate, *pooled.ci], 3)) == risk


def test_table_3_normal_model_of_odds_ratios() -> None:
    data = rows("nielweise2007")
    columns = {name: data[name] for name in ("ai", "n1i", "ci", "n2i")}
    es = effect_sizes("OR", drop00=True, **columns)
    fit = pool(es.yi[es.usable], es.vi[es.usable], method="REML", ci="z")
    assert round(fit.estimate, 3) == -0.980
    assert fit.se == pytest.approx(0.244, abs=0.0015)
    assert round(fit.tau, 2) == 0.19


def test_table_3_exact_conditional_model_of_odds_ratios() -> None:
    data = rows("nielweise2007")
    fit = glmm("OR", **{name: data[name] for name in ("ai", "n1i", "ci", "n2i")})
    assert (round(fit.estimate, 3), round(fit.se, 3)) == (-1.353, 0.351)
    assert round(fit.tau, 2) == 0.83
    ratio = np.round(fit.scale.back([fit.estimate, *fit.ci]), 2)
    assert tuple(ratio) == (0.26, 0.13, 0.51)  # paper: 0.25


def test_table_8_normal_and_conditional_model_of_rate_ratios() -> None:
    data = rows("nielweise2008")
    columns = {name: data[name] for name in ("x1i", "t1i", "x2i", "t2i")}
    es = effect_sizes("IRR", **columns)
    normal = pool(es.yi, es.vi, method="REML", ci="z")
    assert (round(normal.estimate, 3), round(normal.tau, 2)) == (-0.396, 0.31)
    exact = glmm("IRR", **columns)
    assert (round(exact.estimate, 3), round(exact.se, 3)) == (-0.476, 0.238)
    assert round(exact.tau, 2) == 0.35
    assert tuple(np.round(exact.scale.back([exact.estimate, *exact.ci]), 2)) == (0.62, 0.39, 0.99)
