"""Three-level model, aggregation and robust inference against metafor and clubSandwich."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.meta.dependence import aggregate
from analysis.meta.errors import InputError
from analysis.meta.multilevel import three_level
from analysis.meta.pooling import pool
from analysis.meta.regression import regression
from analysis.meta.robust import correlated_effects, robust
from meta_cases import column, dummies, usable
from reference_cases import assert_close, result
from tolerances import CLOSED_FORM, ITERATIVE, OPTIMISED

CASE = result("assink2016")
STUDY, EFFECT = column("assink2016", "study"), column("assink2016", "esid")
MODELS = {
    "three_level": {},
    "three_level_rho_0.6": {"rho": 0.6},
    "three_level_mods_deltype": {"X": dummies(column("assink2016", "deltype"))},
}


def expected(model: str) -> dict:
    """Return metafor's REML fit of a model."""
    return CASE[model].get("REML", CASE[model])


def fitted(model: str, **options):
    """Return our fit of a model."""
    return three_level(*usable("assink2016"), STUDY, EFFECT, **MODELS[model], **options)


@pytest.mark.parametrize("model", MODELS)
def test_three_level_models_agree_with_metafor(model):
    theirs, ours = expected(model), fitted(model, ci="z")
    for name, value in {
        "mu": ours.coef,
        "se": ours.se,
        "zval": ours.statistic,
        "pval": ours.pvalue,
        "ci_lb": ours.ci[:, 0],
        "ci_ub": ours.ci[:, 1],
    }.items():
        assert_close(value, np.atleast_1d(theirs[name]), OPTIMISED)
    assert_close(ours.sigma2, theirs["sigma2"], OPTIMISED)
    assert_close(ours.q, theirs["QE"], CLOSED_FORM)
    assert_close(ours.q_pvalue, theirs["QE_p"], CLOSED_FORM)
    assert_close(ours.qm.statistic, theirs["QM"], OPTIMISED)
    assert_close(ours.qm.pvalue, theirs["QM_p"], OPTIMISED)
    assert_close(ours.log_likelihood, theirs["logLik"], ITERATIVE)
    assert ours.log_likelihood >= theirs["logLik"] - 1e-10


def test_maximum_likelihood_agrees_with_metafor():
    theirs, ours = CASE["three_level"]["ML"], fitted("three_level", method="ML", ci="z")
    assert_close(ours.sigma2, theirs["sigma2"], OPTIMISED)
    assert_close(ours.coef[0], theirs["mu"], OPTIMISED)
    assert_close(ours.se[0], theirs["se"], OPTIMISED)
    assert_close(ours.log_likelihood, theirs["logLik"], ITERATIVE)


def test_t_interval_uses_the_studies_as_metafor_does():
    theirs, ours = CASE["three_level"]["REML_t_contain"], fitted("three_level")
    assert_close(ours.ci[0], [theirs["ci_lb"], theirs["ci_ub"]], OPTIMISED)
    assert_close(ours.pvalue[0], theirs["pval"], OPTIMISED)


def test_variance_shares_and_profile_intervals_agree_with_metafor():
    ours = fitted("three_level")
    assert_close(ours.i2, CASE["three_level"]["I2_levels"], OPTIMISED)
    for which, stored in zip(
        ("study", "effect"), CASE["three_level"]["confint_sigma2_REML"], strict=True
    ):
        assert_close(ours.profile_interval(which), stored["sigma2"][1:], OPTIMISED)


def test_aggregation_agrees_with_metafor():
    theirs = CASE["aggregate_by_study_rho_0.6"]
    names, yi, vi = aggregate(*usable("assink2016"), STUDY, rho=0.6)
    assert [float(name) for name in names] == theirs["study"]
    assert_close(yi, theirs["yi"], CLOSED_FORM)
    assert_close(vi, theirs["vi"], CLOSED_FORM)


ROBUST = {
    "robust_on_three_level": lambda: fitted("three_level"),
    "robust_on_rho_0.6": lambda: fitted("three_level_rho_0.6"),
    "robust_on_rma_REML": lambda: pool(*usable("assink2016")),
    "robust_on_FE": lambda: pool(*usable("assink2016"), method="EE"),
}
CORRECTIONS = {
    "CR0_metafor_noadjust": "CR0",
    "CR1_metafor_adjust": "CR1",
    "CR2_clubSandwich_satterthwaite": "CR2",
}


@pytest.mark.parametrize("name", ROBUST)
@pytest.mark.parametrize("stored", CORRECTIONS)
def test_robust_inference_agrees_with_metafor_and_clubsandwich(name, stored):
    theirs = CASE[name][stored]
    ours = robust(ROBUST[name](), STUDY, correction=CORRECTIONS[stored])
    tolerance = OPTIMISED if "level" in name or "rho" in name else ITERATIVE
    for key, value in {
        "b": ours.coef[0],
        "se": ours.se[0],
        "tval": ours.statistic[0],
        "df": ours.df[0],
        "pval": ours.pvalue[0],
    }.items():
        assert_close(value, theirs[key], tolerance)
    if "ci_lb" in theirs:
        assert_close(ours.ci[0], [theirs["ci_lb"], theirs["ci_ub"]], tolerance)
        assert ours.m == theirs["n_cluster"]


def test_robust_keeps_every_direction_of_a_cluster_with_very_unequal_variances():
    """clubSandwich 0.5.8: coef_test(rma(yi, vi, method = "EE"), "CR2", cluster)."""
    yi, cluster = [0.1, 5, 0.3, 0.2, 0.15, 0.4, 0.25], [2, 1, 3, 1, 3, 3, 2]
    vi = [6e-5, 1300, 0.03, 0.007, 0.009, 4e-4, 0.35]
    ours = robust(pool(yi, vi, method="EE"), cluster)
    assert_close(ours.se[0], 0.09730001774449, 1e-10)
    assert_close(ours.df[0], 1.028695561612, 1e-10)
    assert_close(ours.pvalue[0], 0.3820167595826, 1e-10)


def test_robust_on_regression_without_moderators_is_robust_on_the_pooled_mean():
    yi, vi = usable("assink2016")
    one, other = robust(regression(yi, vi, None), STUDY), robust(pool(yi, vi), STUDY)
    assert one.se == pytest.approx(other.se, rel=1e-8)
    assert one.df == pytest.approx(other.df, rel=1e-8)


def test_likelihood_is_that_of_the_multivariate_normal():
    ours = fitted("three_level_rho_0.6", method="ML")
    yi, _ = usable("assink2016")
    mean = np.full(ours.k, ours.estimate)
    direct = stats.multivariate_normal.logpdf(yi, mean, ours.covariance())
    assert ours.log_likelihood == pytest.approx(float(direct))


def test_one_effect_a_study_gives_the_ordinary_random_effects_model():
    yi, vi = usable("bcg")
    ours = three_level(yi, vi, np.arange(13), np.arange(13), ci="z")
    plain = pool(yi, vi, ci="z")
    assert sum(ours.sigma2) == pytest.approx(plain.tau2, rel=1e-6)
    assert ours.estimate == pytest.approx(plain.estimate, rel=1e-7)
    assert any("cannot be told apart" in note for note in ours.notes)


def test_moments_of_the_correlated_effects_model_are_unbiased():
    rng = np.random.default_rng(11)
    study = np.repeat(np.arange(20), rng.integers(1, 5, 20))
    variance = rng.uniform(0.05, 0.2, 20)
    v = variance[study]
    same = study[:, None] == study
    covariance = np.outer(np.sqrt(v), np.sqrt(v)) * np.where(np.eye(v.size), 1, 0.7 * same)
    root = np.linalg.cholesky(covariance + 0.3 * same)
    draws = [
        correlated_effects(root @ rng.standard_normal(v.size), v, study, rho=0.7).tau2
        for _ in range(400)
    ]
    # tau2 is far from zero, so truncation plays no part; four standard errors of the mean.
    assert abs(np.mean(draws) - 0.3) < 4 * np.std(draws) / 20


def test_correlated_effects_hardly_depend_on_the_assumed_correlation():
    yi, vi = usable("assink2016")
    low, high = (correlated_effects(yi, vi, STUDY, rho=rho) for rho in (0.0, 0.95))
    assert abs(low.estimate - high.estimate) < 0.05 * high.se[0]


def test_correlated_effects_with_one_effect_a_study_is_dersimonian_laird():
    yi, vi = usable("bcg")
    ours = correlated_effects(yi, vi, np.arange(13))
    plain = pool(yi, vi, method="DL", ci="z")
    assert ours.tau2 == pytest.approx(plain.tau2)
    assert ours.estimate == pytest.approx(plain.estimate)


def test_robust_interval_covers_in_small_samples():
    rng = np.random.default_rng(2)
    study = np.repeat(np.arange(10), 3)
    inside = 0
    for _ in range(300):
        yi = rng.normal(0, 0.4, 10)[study] + rng.normal(0, 0.2, 30)
        low, high = correlated_effects(yi, np.full(30, 0.04), study).ci[0]
        inside += low <= 0 <= high
    assert abs(inside / 300 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 300)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (lambda y, v: three_level(y, v, [1, 1, 2, 3], [1, 1, 1, 1]), "'1' is listed twice"),
        (lambda y, v: three_level(y, v, [1, 1, 2], [1, 2, 1, 1]), "study has 3 entries"),
        (lambda y, v: three_level(y, v, [1, 1, 2, 3], [1, 2]), "effect has 2 entries"),
        (lambda y, v: three_level(y, v, [1] * 4, [1, 2, 3, 4]), "study names 1 studies"),
        (lambda y, v: three_level(y, v, [1, 1, 2, 3], [1, 2, 1, 1], rho=1.5), "rho must lie"),
        (lambda y, v: three_level(y, v, [1, 1, 1, 3], [1, 2, 3, 1], rho=-0.9), "rho is -0.9"),
        (lambda y, v: robust(pool(y, v), [1, 1, 1, 1]), "cluster names 1 clusters"),
        (
            lambda y, v: robust(three_level(y, v, [1, 1, 2, 3], [1, 2, 1, 1]), [1, 2, 2, 3]),
            "cluster splits a study",
        ),
        (lambda y, v: robust(pool(y, v), [1, 2, 3, 4], correction="CR9"), "correction must be"),
        (lambda y, v: correlated_effects(y, v, [1, 1, 2, 3], rho=-0.1), "rho must be at least"),
        (lambda y, v: correlated_effects(y, v, [1, 1, 1, 1]), "study names 1 studies"),
    ],
)
def test_data_that_cannot_be_analysed_are_named(run, said):
    with pytest.raises(InputError, match=said):
        run([0.1, 0.5, 0.3, -0.2], [0.1, 0.2, 0.1, 0.1])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(-5, 5), st.floats(0.1, 10))
def test_three_level_results_follow_the_scale_and_ignore_order_and_origin(seed, shift, scale):
    rng = np.random.default_rng(seed)
    study = np.repeat(np.arange(6), [1, 4, 2, 3, 1, 2])
    vi = rng.uniform(0.05, 0.5, 13)
    yi = rng.normal(0, 0.5, 6)[study] + rng.normal(0, np.sqrt(vi))
    order = rng.permutation(13)
    one = three_level(yi, vi, study, np.arange(13))
    other = three_level(scale * (yi + shift)[order], scale**2 * vi[order], study[order], order)
    assert min(one.sigma2) >= 0
    assert other.estimate == pytest.approx(scale * (one.estimate + shift), rel=1e-5, abs=1e-5)
    np.testing.assert_allclose(other.sigma2, scale**2 * np.array(one.sigma2), rtol=1e-4, atol=1e-5)
    mixed, again = robust(one, study), robust(other, study[order])
    assert again.df == pytest.approx(mixed.df, rel=1e-4)


def test_effects_that_all_agree_give_zero_variances_in_words():
    fit = three_level(np.full(8, 0.3), np.full(8, 0.1), [1, 1, 2, 2, 3, 3, 4, 4], [1, 2] * 4)
    assert fit.sigma2 == (0.0, 0.0)
    assert any("estimated as zero" in note for note in fit.notes)
    assert fit.profile_interval("study")[0] == 0
