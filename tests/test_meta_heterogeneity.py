"""Intervals for tau2 against metafor, and against distributions known in closed form."""

import numpy as np
import pytest
from scipy.special import chdtr

from analysis import meta
from analysis.meta.heterogeneity import chi_squared_mixture, q_profile
from reference_cases import assert_close, model_blocks, pooled_data, result
from tolerances import ITERATIVE, PROFILE

BLOCKS = [block for block in model_blocks() if block[2] != "FE"]
ENDS = {"tau2": "tau2", "tau": "tau", "i2": "I2", "h2": "H2"}


def compare(interval, reference, tolerance):
    for name, key in ENDS.items():
        known = reference[key]
        assert_close(getattr(interval, name), [known["lb"], known["ub"]], tolerance)


@pytest.mark.parametrize(("case", "measure", "method"), BLOCKS)
def test_q_profile_intervals_equal_metafor(case, measure, method):
    fit = meta.pool(*pooled_data(case, measure), method=method)
    interval = meta.heterogeneity_interval(fit, "QP")
    compare(interval, result(case)["models"][measure][method]["confint_QP"], ITERATIVE)
    assert fit.tau2_ci == interval.tau2


@pytest.mark.parametrize(
    ("case", "measure", "method"), [block for block in BLOCKS if block[2] in ("ML", "REML")]
)
def test_profile_likelihood_intervals_equal_metafor(case, measure, method):
    fit = meta.pool(*pooled_data(case, measure), method=method)
    reference = result(case)["models"][measure][method]["confint_PL"]
    compare(meta.heterogeneity_interval(fit, "PL"), reference, PROFILE)


def test_q_profile_of_a_batch_equals_its_rows():
    yi, vi = pooled_data("bcg", "RR")
    batch = meta.pool_many(yi, vi, ~np.eye(len(yi), dtype=bool))
    for row, limits in enumerate(q_profile(batch)):
        alone = meta.pool(np.delete(yi, row), np.delete(vi, row))
        np.testing.assert_allclose(limits, alone.tau2_ci, rtol=1e-11)


def test_the_whole_interval_is_zero_where_estimates_agree_too_well_and_a_note_says_so():
    fit = meta.pool(*pooled_data("synthetic_crossover_b", "CVRC"))
    assert fit.tau2_ci == (0.0, 0.0)
    assert any("single point zero" in note for note in fit.notes)


def test_generalised_q_equals_q_profile_when_variances_agree():
    """Then the two statistics are multiples of one another."""
    fit = meta.pool([0.1, 0.5, 0.9, 0.2], [0.05] * 4)
    assert_close(meta.heterogeneity_interval(fit, "GENQ").tau2, fit.tau2_ci, 1e-9)


def test_generalised_q_interval_has_its_coverage():
    """Of 400 simulated sets, the share that misses the true tau2 is 5 % give or take."""
    random = np.random.default_rng(8)
    vi = np.array([0.02, 0.05, 0.1, 0.3, 0.6])
    missed = 0
    for _ in range(400):
        low, high = meta.heterogeneity_interval(
            meta.pool(random.normal(0.0, np.sqrt(vi + 0.2)), vi, method="DL"), "GENQ"
        ).tau2
        missed += not low <= 0.2 <= high
    assert abs(missed / 400 - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize("q", [0.01, 0.5, 3.0, 40.0])
def test_the_mixture_is_chi_squared_when_weights_are_equal(q):
    for df in (1, 2, 5, 20):
        assert abs(chi_squared_mixture(q, np.full(df, 1.7)) - chdtr(df, q / 1.7)) < 1e-9


@pytest.mark.parametrize("q", [0.05, 1.0, 6.0, 30.0])
def test_the_mixture_of_two_pairs_is_hypoexponential(q):
    long, short = 6.0, 1.0  # mean of each exponential: twice its weight
    known = 1.0 - (long * np.exp(-q / long) - short * np.exp(-q / short)) / (long - short)
    assert abs(chi_squared_mixture(q, np.array([3.0, 3.0, 0.5, 0.5])) - known) < 1e-12


def test_the_mixture_is_a_simulated_share():
    random = np.random.default_rng(2)
    weights = np.array([0.01, 0.3, 2.0, 9.0])
    draws = (weights * random.chisquare(1, (400_000, 4))).sum(axis=1)
    for q in (0.5, 5.0, 25.0):
        assert abs(chi_squared_mixture(q, weights) - (draws <= q).mean()) < 4e-3


@pytest.mark.parametrize(
    ("yi", "method", "kind", "message"),
    [
        ([0.1], "REML", "QP", "k = 1"),
        ([0.1, 0.2], "EE", "QP", "'EE'"),
        ([0.1, 0.2], "DL", "PL", "not 'DL'"),
        ([0.1, 0.2], "DL", "HT", "kind must be one of QP, GENQ, PL"),
    ],
)
def test_an_interval_that_does_not_exist_is_refused(yi, method, kind, message):
    fit = meta.pool(yi, [0.1] * len(yi), method=method)
    with pytest.raises(meta.InputError, match=message):
        meta.heterogeneity_interval(fit, kind)


@pytest.mark.parametrize("kind", ["QP", "GENQ", "PL"])
def test_equal_estimates_give_an_interval_that_starts_at_zero(kind):
    fit = meta.pool([0.3, 0.3, 0.3], [0.1, 0.2, 0.4])
    low, high = meta.heterogeneity_interval(fit, kind).tau2
    assert low == 0.0
    assert np.isfinite(high)
