"""Pooled proportions and correlations on the scale readers know, against metafor."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.meta.pooling import pool
from analysis.meta.scales import SCALES, harmonic_mean
from reference_cases import IDS, assert_close, floats, inputs, result
from tolerances import ITERATIVE

STORED = {case: result(case).get("backtransformed_REML") for case in IDS}
CASES = [
    (case, measure, stored if "pred" in stored else stored[measure])
    for case, stored in STORED.items()
    if stored
    for measure in (["ZCOR"] if "pred" in stored else stored)
]


def test_no_reference_case_went_missing():
    assert len(CASES) == 7


@pytest.mark.parametrize(("case", "measure", "expected"), CASES)
def test_pooled_result_goes_back_as_in_metafor(case, measure, expected):
    sizes = result(case)["effect_sizes"][measure]
    yi, vi = floats(sizes["yi"]), floats(sizes["vi"])
    fit = pool(yi, vi, ci="z")
    ni = harmonic_mean(inputs(case)["ni"]) if measure == "PFT" else None
    predicted = fit.predict("z")
    ours = SCALES[measure].back([fit.estimate, *fit.ci, predicted.low, predicted.high], ni)
    theirs = np.array([expected[name] for name in ("pred", "ci_lb", "ci_ub", "pi_lb", "pi_ub")])
    assert_close(ours, theirs, ITERATIVE)
