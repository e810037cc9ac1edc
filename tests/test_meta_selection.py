"""The step-function selection model against metafor, its likelihood and simulated selection."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.meta.errors import InputError
from analysis.meta.pooling import pool
from analysis.meta.selection import step_selection
from meta_cases import usable
from reference_cases import IDS, assert_close, result
from tolerances import OPTIMISED

STEPS = {"one_step_.025": (0.025,), "two_steps_.025_.5": (0.025, 0.5)}
CASES = [
    (case, steps, alternative)
    for case in IDS
    for steps, stored in result(case).get("selmodel", {}).items()
    for alternative in stored
]


def test_no_reference_case_went_missing():
    assert len(CASES) == 4


@pytest.mark.parametrize(("case", "steps", "alternative"), CASES)
def test_selection_model_agrees_with_metafor(case, steps, alternative):
    expected = result(case)["selmodel"][steps][alternative]
    if "error" in expected or "warnings" in expected:
        # metafor refuses an empty interval of p-values unless it is the first one, and then
        # runs into the bound of delta; that is no estimate, and is refused here too.
        assert "error" in expected or expected["delta"][1] > 99
        with pytest.raises(InputError, match="steps leave no study"):
            step_selection(*usable(case), STEPS[steps], alternative=alternative)
        return
    ours = step_selection(*usable(case), STEPS[steps], alternative=alternative)
    for name, value in {
        "mu": ours.estimate,
        "se": ours.se,
        "zval": ours.statistic,
        "pval": ours.pvalue,
        "ci_lb": ours.ci[0],
        "ci_ub": ours.ci[1],
        "tau2": ours.tau2,
        "se_tau2": ours.tau2_se,
        "delta": ours.delta,
        "LRT": ours.lrt,
        "LRT_p": ours.lrt_pvalue,
        "logLik": ours.log_likelihood,
        "logLik_unadjusted_ML": ours.log_likelihood_unadjusted,
    }.items():
        assert_close(value, expected[name], OPTIMISED)
    assert_close(ours.delta_se[1:], expected["se_delta"][1:], OPTIMISED)


def direct_log_likelihood(y, v, mu, tau2, steps, delta):
    """Return the log density of Vevea and Hedges from numerical integration over effects."""
    total = 0.0
    ends = np.array([*steps, 1.0])
    for one, variance in zip(y, v, strict=True):
        grid = mu + np.sqrt(variance + tau2) * np.linspace(-10, 10, 400_001)
        density = stats.norm.pdf(grid, mu, np.sqrt(variance + tau2))
        chance = np.array(delta)[np.searchsorted(ends, stats.norm.sf(grid / np.sqrt(variance)))]
        norm = np.trapezoid(density * chance, grid)
        own = delta[int(np.searchsorted(ends, stats.norm.sf(one / np.sqrt(variance))))]
        total += np.log(own * stats.norm.pdf(one, mu, np.sqrt(variance + tau2)) / norm)
    return total


def test_log_likelihood_is_that_of_the_weighted_density():
    y, v = usable("bcg")
    ours = step_selection(y, v, (0.025, 0.5), alternative="less")
    direct = direct_log_likelihood(-y, v, -ours.estimate, ours.tau2, (0.025, 0.5), ours.delta)
    assert ours.log_likelihood == pytest.approx(direct, abs=1e-4)


def test_without_selection_the_unadjusted_likelihood_is_that_of_maximum_likelihood():
    y, v = usable("bcg")
    ours = step_selection(y, v, alternative="less")
    fit = pool(y, v, method="ML")
    plain = stats.norm.logpdf(y, fit.estimate, np.sqrt(v + fit.tau2)).sum()
    assert ours.log_likelihood_unadjusted == pytest.approx(plain)
    assert ours.log_likelihood >= plain


def test_simulated_selection_is_found_and_undone():
    rng = np.random.default_rng(7)
    v = rng.uniform(0.02, 0.3, 6000)
    y = rng.normal(0.2, np.sqrt(v + 0.02))
    published = (stats.norm.sf(y / np.sqrt(v)) < 0.025) | (rng.random(6000) < 0.2)
    y, v = y[published][:800], v[published][:800]
    ours = step_selection(y, v)
    assert pool(y, v).estimate > 0.35
    assert abs(ours.estimate - 0.2) < 4 * ours.se
    assert abs(ours.delta[1] - 0.2) < 4 * ours.delta_se[1]
    assert ours.lrt_pvalue < 1e-6


def test_mirrored_effects_with_the_other_alternative_give_the_mirrored_answer():
    y, v = usable("baskerville2012")
    one, other = step_selection(y, v), step_selection(-y, v, alternative="less")
    assert other.estimate == pytest.approx(-one.estimate)
    assert other.delta == pytest.approx(one.delta)
    assert one.counts == other.counts == (13, 10)


def test_few_studies_are_refused_unless_forced():
    y, v = usable("baskerville2012")
    with pytest.raises(InputError, match="9 studies are too few"):
        step_selection(y[:9], v[:9])
    assert any("Forced" in note for note in step_selection(y[:9], v[:9], force=True).notes)


@pytest.mark.parametrize("steps", [(), (0.0,), (1.0,), (0.5, 0.025), (0.1, 0.1)])
def test_steps_must_increase_between_zero_and_one(steps):
    with pytest.raises(InputError, match="steps"):
        step_selection(*usable("baskerville2012"), steps)


@pytest.mark.parametrize("unit", [1e-3, 400.0, 1e5])
def test_the_unit_of_the_effects_does_not_change_the_answer(unit):
    yi, vi = (np.array(part) for part in usable("baskerville2012"))
    one, other = step_selection(yi, vi), step_selection(unit * yi, unit**2 * vi)
    assert_close([other.estimate / unit, other.se / unit], [one.estimate, one.se], OPTIMISED)
    assert_close(other.tau2 / unit**2, one.tau2, OPTIMISED)
    assert_close(other.delta, one.delta, OPTIMISED)
    assert_close(other.log_likelihood + yi.size * np.log(unit), one.log_likelihood, OPTIMISED)


def test_one_precise_study_may_hold_the_higher_maximum_at_no_heterogeneity():
    # metafor 3.8-1: rma(yi, vi), then selmodel(type="stepfun", steps=c(.025, .5)) gives
    # mu -0.169994, tau2 4.5e-10, delta 0.0391 and 1.1e-5, log-likelihood 3.39198; ours stood at
    # a tau2 of 0.13 and seven log units lower while it started from the unadjusted tau2 only
    yi = [-0.17, 0.83, 0.71, 0.5, 0.2, 0.87]
    vi = [1e-06, 0.438856, 0.070274, 0.395736, 0.10908, 0.134059]
    ours = step_selection(yi, vi, (0.025, 0.5), force=True)
    assert ours.log_likelihood >= 3.39198087092689
    # metafor stops before the second delta is at its bound, a little below the maximum
    assert ours.log_likelihood == pytest.approx(3.39198087092689, abs=0.01)
    assert_close([ours.estimate, ours.tau2], [-0.169994152314634, 0.0], OPTIMISED)
    assert ours.delta[1] == pytest.approx(0.0391294256886546, abs=1e-4)
