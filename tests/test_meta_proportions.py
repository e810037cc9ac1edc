"""Pooled proportions and the intervals of single ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.meta.errors import InputError
from analysis.meta.glmm import glmm
from analysis.meta.proportions import pool_proportions, proportion_intervals
from reference_cases import assert_close, inputs, result
from tolerances import ITERATIVE

CASES = ("pritz1997", "debruin2009")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("method", "measure"), [("logit", "PLO"), ("PFT", "PFT")])
def test_two_step_methods_equal_metafor(case: str, method: str, measure: str) -> None:
    data, theirs = inputs(case), result(case)["backtransformed_REML"][measure]
    ours = pool_proportions(data["xi"], data["ni"], method, interval="z")
    values = [ours.estimate, *ours.ci]
    assert_close(values, [theirs[name] for name in ("pred", "ci_lb", "ci_ub")], ITERATIVE)
    assert ours.k == len(data["xi"])


@pytest.mark.parametrize("case", CASES)
def test_the_default_is_the_count_model(case: str) -> None:
    data = inputs(case)
    ours, fit = pool_proportions(data["xi"], data["ni"]), glmm("PLO", xi=data["xi"], ni=data["ni"])
    expected = fit.scale.back([fit.estimate, *fit.ci, fit.pi.low, fit.pi.high])
    np.testing.assert_allclose([ours.estimate, *ours.ci, *ours.pi], expected)


def test_what_was_done_to_the_data_is_said() -> None:
    logit = pool_proportions([0, 4, 5], [9, 12, 20], "logit")
    assert logit.notes[0] == "Row 0: 0.5 was added to every cell."
    arcsine = pool_proportions([0, 4, 5], [9, 12, 20], "PFT")
    assert "harmonic mean size, 12.3 people" in arcsine.notes[-1]
    nothing = pool_proportions([0, 0], [9, 12])
    assert np.isnan(nothing.estimate)
    assert nothing.pi is None
    assert "Not estimable" in nothing.notes[0]


def test_two_groups_have_no_prediction_interval() -> None:
    for method in ("GLMM", "logit", "PFT"):
        assert pool_proportions([3, 9], [9, 20], method).pi is None


@pytest.mark.parametrize("method", ["exact", "wilson"])
def test_intervals_of_single_proportions_equal_scipys(method: str) -> None:
    x, n = [0, 8, 17, 11], [11, 11, 29, 11]
    ours = proportion_intervals(x, n, method, level=0.9)
    for row, (events, people) in enumerate(zip(x, n, strict=True)):
        theirs = stats.binomtest(events, people).proportion_ci(0.9, method=method)
        np.testing.assert_allclose(ours[row], theirs, atol=1e-9)


@given(st.integers(1, 80), st.data())
def test_exact_intervals_hold_the_proportion_and_mirror_it(n: int, data) -> None:
    x = data.draw(st.integers(0, n))
    (low, high), (mirror_low, mirror_high) = proportion_intervals([x, n - x], [n, n])
    assert 0 <= low <= x / n <= high <= 1
    assert (mirror_low, mirror_high) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pool_proportions([1], [4], "arcsine"), "method must be one of GLMM, logit, PFT"),
        (lambda: proportion_intervals([5], [4]), r"xi\[0\] is 5, but must not exceed ni\[0\]"),
        (lambda: proportion_intervals([np.nan], [4]), r"xi\[0\] is nan, but must be a number"),
        (lambda: proportion_intervals([1], [4], level=95), "level must lie between 0 and 1"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
