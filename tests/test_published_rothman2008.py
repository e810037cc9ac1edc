"""Rothman, Greenland & Lash 2008, Modern Epidemiology, 3rd ed., chapter 15.

Tolbutamide and death (Table 15-1) and smoking and death (Table 15-2), pooled by
Mantel–Haenszel with 90% intervals; the figures as reproduced by metafor's own test of the
chapter (tests/testthat/test_analysis_example_rothman2008.r in wviechtb/metafor). One
bound of the risk difference is printed 0.088 in the chapter for 0.0874.
"""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.glmm import glmm
from analysis.meta.rare import mantel_haenszel, mantel_haenszel_rates

DEATHS = ([8, 22], [98, 76], [5, 16], [115, 69])
SMOKING = {
    "x1i": [32, 104, 206, 186, 102],
    "t1i": np.array([52407, 43248, 28612, 12663, 5317]) / 10_000,
    "x2i": [2, 12, 28, 28, 31],
    "t2i": np.array([18790, 10673, 5710, 2585, 1462]) / 10_000,
}


@pytest.mark.parametrize(
    ("measure", "estimate", "low", "high", "q"),
    [
        ("RD", 0.0349, -0.0176, 0.0874, 0.0017),
        ("RR", 0.2818, -0.1442, 0.7078, 0.4472),
        ("OR", 0.3387, -0.1731, 0.8505, 0.3474),
    ],
)
def test_tolbutamide_common_effects(measure, estimate, low, high, q) -> None:
    fit = mantel_haenszel(*DEATHS, measure=measure, correct=False, level=0.90)
    assert [round(value, 4) for value in (fit.estimate, *fit.ci, fit.q)] == [
        estimate,
        low,
        high,
        q,
    ]


def test_tolbutamide_tests_and_conditional_maximum_likelihood() -> None:
    fit = mantel_haenszel(*DEATHS, measure="OR", correct=False, level=0.90)
    assert (round(fit.cmh.statistic, 4), round(fit.cmh.pvalue, 4)) == (1.1914, 0.2750)
    assert (round(fit.tarone.statistic, 4), round(fit.tarone.pvalue, 4)) == (0.3489, 0.5547)
    cells = dict(zip(("ai", "bi", "ci", "di"), DEATHS, strict=True))
    exact = glmm("OR", method="EE", **cells)
    assert round(exact.estimate, 4) == 0.3381
    assert (round(exact.q, 4), round(exact.q_pvalue, 4)) == (0.3502, 0.5540)


def test_smoking_rate_difference_and_ratio() -> None:
    difference = mantel_haenszel_rates(**SMOKING, measure="IRD", level=0.90)
    printed = [difference.estimate, *difference.ci, difference.q]
    assert [round(value, 4) for value in printed] == [11.4392, 6.3498, 16.5286, 26.8758]
    ratio = mantel_haenszel_rates(**SMOKING, level=0.90)
    printed = [ratio.estimate, *ratio.ci, ratio.q, ratio.cmh.statistic]
    assert [round(value, 4) for value in printed] == [0.3539, 0.1776, 0.5303, 10.4117, 10.7021]
    exact = glmm("IRR", method="EE", level=0.90, **SMOKING)
    printed = [exact.estimate, *exact.ci, exact.q]
    assert [round(value, 4) for value in printed] == [0.3545, 0.1779, 0.5312, 12.1324]
