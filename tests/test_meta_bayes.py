"""Bayesian pooling by quadrature, against independent quadrature and first principles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.meta.bayes import bayes_pool
from analysis.meta.errors import InputError
from analysis.meta.posterior import NormalMixture
from analysis.meta.priors import (
    HalfCauchy,
    HalfNormal,
    LogNormal,
    LogStudentT,
    Normal,
    Uniform,
    rhodes2015,
    turner2015,
)
from meta_cases import usable
from reference_cases import IDS, assert_close, result
from tolerances import PROFILE

PRIORS = {
    "halfnormal_0.5": (HalfNormal(0.5), None),
    "halfcauchy_0.5": (HalfCauchy(0.5), None),
    "halfnormal_0.5_mu_normal_0_4": (HalfNormal(0.5), Normal(0, 4)),
    "uniform": (Uniform(), None),
}


def _reference(case: str) -> dict:
    return result(case).get("analysis_of_primary", {}).get("bayes_nnhm_own_quadrature", {})


CASES = [(case, prior) for case in IDS for prior in _reference(case)]


def test_no_reference_case_went_missing():
    assert len(CASES) == 78


@pytest.mark.parametrize(("case", "prior"), CASES)
def test_posterior_agrees_with_reference_quadrature(case, prior):
    expected = _reference(case)[prior]
    tau_prior, mu_prior = PRIORS[prior]
    fit = bayes_pool(*usable(case), tau_prior=tau_prior, mu_prior=mu_prior)

    tau = expected["tau"]
    assert_close(fit.tau.quantile(0.5), tau["median"], PROFILE)
    assert_close(fit.tau.interval(), tau["central95"], PROFILE)
    assert_close(fit.tau.quantile(0.95), tau["q95"], PROFILE)
    if np.isfinite(fit.tau.mean):
        assert_close(fit.tau.mean, tau["mean"], PROFILE)
    if np.isfinite(fit.tau.sd):
        assert_close(fit.tau.sd, tau["sd"], PROFILE)

    mu = expected["mu"]
    assert_close(fit.mu.median, mu["median"], PROFILE)
    assert_close(fit.ci, mu["central95"], PROFILE)
    assert_close(fit.mu.interval(kind="shortest"), mu["shortest95"], PROFILE)
    assert_close(fit.probability(0.0, "above"), mu["prob_gt_0"], PROFILE)
    if np.isfinite(fit.mu.mean):
        assert_close(fit.mu.mean, mu["mean"], PROFILE)
    if np.isfinite(fit.mu.sd):
        assert_close(fit.mu.sd, mu["sd"], PROFILE)

    assert_close(fit.predictive.median, expected["predictive"]["median"], PROFILE)
    assert_close(fit.pi, expected["predictive"]["central95"], PROFILE)
    assert_close([one.mean for one in fit.theta], expected["theta_i"]["mean"], PROFILE)
    assert_close([one.sd for one in fit.theta], expected["theta_i"]["sd"], PROFILE)
    if expected["log_marginal_likelihood"] is None:
        assert fit.log_marginal_likelihood is None
    else:
        assert_close(fit.log_marginal_likelihood, expected["log_marginal_likelihood"], PROFILE)


def _fine_grid(y, v, log_prior, low, high, points=400_001):
    """Return tau and its posterior weights on a fine grid of log(tau), by the midpoint rule."""
    step = (high - low) / points
    logs = low + step * (np.arange(points) + 0.5)
    tau = np.exp(logs)
    density = np.empty(points)
    for part in np.array_split(np.arange(points), 40):
        spread = np.sqrt(v + tau[part, None] ** 2)
        total = (spread**-2).sum(axis=1)
        mean = (y / spread**2).sum(axis=1) / total
        likelihood = stats.norm.logpdf(y, mean[:, None], spread).sum(axis=1)
        density[part] = likelihood - 0.5 * np.log(total) + log_prior(tau[part]) + logs[part]
    weights = np.exp(density - density.max())
    return logs, weights / weights.sum()


@pytest.mark.parametrize(
    ("prior", "log_prior"),
    [
        (LogNormal(-1.28, 0.87), lambda t: stats.lognorm.logpdf(t, 0.87, scale=np.exp(-1.28))),
        (
            LogStudentT(-1.72, 1.295, 5),
            lambda t: stats.t.logpdf((np.log(t) + 1.72) / 1.295, 5) - np.log(1.295 * t),
        ),
        (Uniform(1.5), lambda t: np.where(t <= 1.5, 0.0, -np.inf)),
        (HalfNormal(0.2), lambda t: stats.halfnorm.logpdf(t, scale=0.2)),
        (HalfCauchy(0.2), lambda t: stats.halfcauchy.logpdf(t, scale=0.2)),
    ],
    ids=lambda value: type(value).__name__ if not callable(value) else "grid",
)
@pytest.mark.parametrize("case", ["bcg", "hahn2001", "hartmannboyce2018"])
def test_quantiles_of_tau_agree_with_a_fine_grid(prior, log_prior, case):
    y, v = usable(case)
    end = np.log(1.5) if isinstance(prior, Uniform) else 3.0
    logs, weights = _fine_grid(y, v, log_prior, -22.0, end)
    fit = bayes_pool(y, v, tau_prior=prior)
    # With the logarithmic t prior some mass lies below the grid; put it back.
    below = float(fit.tau.cdf(np.exp(-22.0)))
    cumulative = below + (1 - below) * np.cumsum(weights)
    for p in (0.025, 0.5, 0.95, 0.975):
        step = logs[1] - logs[0]
        expected = np.exp(np.interp(p, cumulative, logs + step / 2))
        assert abs(float(fit.tau.quantile(p)) - expected) <= PROFILE


@pytest.mark.parametrize(
    "prior", [HalfNormal(0.4), HalfCauchy(0.4), Uniform(2.0), turner2015("pain"), rhodes2015()]
)
def test_one_study_returns_the_prior_for_tau(prior):
    fit = bayes_pool([0.3], [0.04], tau_prior=prior)
    quantiles = np.array([0.01, 0.25, 0.5, 0.75, 0.99])
    expected = {
        HalfNormal: lambda: stats.halfnorm.ppf(quantiles, scale=0.4),
        HalfCauchy: lambda: stats.halfcauchy.ppf(quantiles, scale=0.4),
        Uniform: lambda: 2.0 * quantiles,
        LogNormal: lambda: stats.lognorm.ppf(quantiles, 0.76, scale=np.exp(-0.915)),
        LogStudentT: lambda: np.exp(-1.72 + 1.295 * stats.t.ppf(quantiles, 5)),
    }[type(prior)]()
    np.testing.assert_allclose(fit.tau.quantile(quantiles), expected, rtol=1e-8)
    assert fit.mu.median == pytest.approx(0.3, abs=1e-12)
    assert any("One study" in note for note in fit.notes)


def test_one_study_with_a_normal_prior_matches_the_conjugate_answer():
    fit = bayes_pool([0.3], [0.04], tau_prior=HalfNormal(1e-9), mu_prior=Normal(0, 0.2))
    assert fit.mu.mean == pytest.approx(0.15)
    assert fit.mu.sd == pytest.approx(np.sqrt(0.02))
    expected = stats.norm.logpdf(0.3, 0, np.sqrt(0.08))
    assert fit.log_marginal_likelihood == pytest.approx(expected)


def test_empirical_priors_are_halved_from_tau_squared():
    prior = turner2015()
    draws = np.exp(np.random.default_rng(1).normal(-2.56, 1.74, 200_000)) ** 0.5
    fit = bayes_pool([0.0], [1.0], tau_prior=prior)
    assert float(fit.tau.median) == pytest.approx(np.median(draws), rel=0.02)
    assert "Turner" in str(prior)
    assert "Rhodes" in str(rhodes2015("mental health"))


def test_credible_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(20)
    inside = 0
    for _ in range(400):
        mu, tau = rng.normal(0, 1), abs(rng.normal(0, 0.5))
        v = rng.uniform(0.02, 0.3, 5)
        y = rng.normal(mu, np.sqrt(v + tau**2))
        low, high = bayes_pool(y, v, mu_prior=Normal(0, 1)).ci
        inside += low <= mu <= high
    # Under the model itself coverage is exact; four standard errors of 400 draws.
    assert abs(inside / 400 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 400)


def test_shortest_interval_is_shorter_and_holds_its_probability():
    fit = bayes_pool(*usable("bcg"))
    for marginal in (fit.mu, fit.tau, fit.predictive):
        low, high = marginal.interval(0.9, kind="shortest")
        central = marginal.interval(0.9)
        assert high - low < central[1] - central[0]
        assert marginal.cdf(high) - marginal.cdf(low) == pytest.approx(0.9, abs=1e-9)


def test_shortest_interval_of_tau_starts_at_zero_when_its_density_only_falls():
    fit = bayes_pool([0.1, 0.1, 0.1], [0.1, 0.1, 0.1])
    low, high = fit.tau.interval(kind="shortest")
    assert low == 0
    assert high == pytest.approx(float(fit.tau.quantile(0.95)))


def test_probability_counts_the_side_asked_for():
    fit = bayes_pool(*usable("bcg"))
    assert fit.probability(-0.5, "below") + fit.probability(-0.5, "above") == pytest.approx(1)
    assert fit.probability(-0.5, "below", of="predictive") == pytest.approx(
        float(fit.predictive.cdf(-0.5))
    )


def test_mixture_quantiles_invert_its_distribution():
    mixture = NormalMixture(np.array([0.3, 0.7]), np.array([-2.0, 3.0]), np.array([0.1, 4.0]))
    p = np.array([0.0, 1e-9, 0.2, 0.5, 0.999, 1.0])
    found = mixture.quantile(p)
    assert np.isneginf(found[0])
    assert np.isposinf(found[-1])
    np.testing.assert_allclose(mixture.cdf(found), p, atol=1e-12)


@pytest.mark.parametrize(
    "prior",
    [HalfNormal(0.02), HalfNormal(0.5), LogNormal(-4.0, 0.1), HalfCauchy(1e-3), Uniform(20.0)],
)
@pytest.mark.parametrize("mu_prior", [None, Normal(0.3, 2.0)])
def test_a_posterior_far_beyond_what_its_prior_expects_equals_a_dense_grid(prior, mu_prior):
    yi, vi = np.array([-95.6, 30.1, 5.3, 60.6, 12.0]), np.array([0.38, 2.9, 4.9, 38.0, 0.001])
    fit = bayes_pool(yi, vi, tau_prior=prior, mu_prior=mu_prior)
    end = np.log(prior.upper) if isinstance(prior, Uniform) else 12.0
    log_tau = np.linspace(-12.0, end - 1e-12, 500_001)
    tau = np.exp(log_tau)
    ahead = 0.0 if mu_prior is None else mu_prior.sd**-2
    towards = 0.0 if mu_prior is None else mu_prior.mean * ahead
    total, first, logs, second = ahead, towards, 0.0, 0.0
    for y, v in zip(yi, vi, strict=True):
        weight = 1 / (v + tau**2)
        total, first = total + weight, first + weight * y
        logs, second = logs + np.log(weight), second + weight * y**2
    height = 0.5 * (logs - np.log(total) - second + first**2 / total)
    height += prior.log_density(tau) + log_tau
    mass = np.exp(height - height.max())
    mass[[0, -1]] /= 2
    mass /= mass.sum()
    assert mass[0] < 1e-12
    assert mass[-1] < 1e-12 or isinstance(prior, Uniform)
    below = [mass[tau <= limit].sum() for limit in fit.tau.interval()]
    np.testing.assert_allclose(below, [0.025, 0.975], atol=2e-3)
    limits = (np.array(fit.ci)[:, None] - first / total) * np.sqrt(total)
    np.testing.assert_allclose(stats.norm.cdf(limits) @ mass, [0.025, 0.975], atol=1e-6)


def test_a_posterior_narrower_than_the_points_are_apart_is_found():
    """Its mode, far from both prior and data: tau**2 near scale * spread, width near 1e-5."""
    yi, vi, scale = np.array([-1e9, 1e9]), np.array([1.0, 1.0]), 0.5
    fit = bayes_pool(yi, vi, tau_prior=HalfNormal(scale))
    # -(spread/2)**2/tau**2 - tau**2/(2 scale**2), with spread = 2e9, is highest at:
    assert fit.tau.median == pytest.approx(np.sqrt(np.sqrt(2) * scale * 1e9), rel=1e-6)
    np.testing.assert_allclose(fit.tau.cdf(fit.tau.interval()), [0.025, 0.975], atol=1e-9)


def test_studies_that_no_tau_of_the_prior_could_explain_are_refused():
    with pytest.raises(InputError, match=r"yi differ by so much more than tau_prior \(half"):
        bayes_pool([1e30, 0.2, 0.3], [0.1, 0.2, 0.1])


HEAVY = [HalfCauchy(0.5), turner2015(), rhodes2015(), LogStudentT(0.0, 2.5, 3.0, "made up")]


@pytest.mark.parametrize("prior", HEAVY)
@pytest.mark.parametrize("k", [1, 2, 3])
def test_quantiles_invert_the_distribution_where_tau_may_be_astronomical(prior, k):
    random = np.random.default_rng(3)
    for _ in range(20):
        vi = 10.0 ** random.uniform(-6, 6, k)
        yi = random.normal(size=k) * 10.0 ** random.uniform(-3, 3)
        fit = bayes_pool(yi, vi, tau_prior=prior)
        for marginal in (fit.mu, fit.predictive, fit.tau, *fit.theta):
            found = marginal.quantile([0.025, 0.5, 0.975])
            np.testing.assert_allclose(marginal.cdf(found), [0.025, 0.5, 0.975], atol=1e-9)


@settings(max_examples=40, deadline=None)
@example([(1.0, 0.0), (1.0, -1.0)], rhodes2015(), 2.0)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(-12, 2)), min_size=1, max_size=8),
    st.sampled_from([HalfNormal(0.5), HalfCauchy(0.5), Uniform(3.0), turner2015(), rhodes2015()]),
    st.floats(-5, 5),
)
def test_any_data_give_finite_ordered_answers_that_shift_with_the_data(rows, prior, shift):
    y = np.array([row[0] for row in rows])
    v = 10.0 ** np.array([row[1] for row in rows])
    fit = bayes_pool(y, v, tau_prior=prior)
    assert fit.tau.weights.sum() == pytest.approx(1)
    assert 0 <= fit.tau.interval()[0] <= fit.tau.median <= fit.tau.interval()[1]
    assert fit.pi[0] <= fit.ci[0] <= fit.estimate <= fit.ci[1] <= fit.pi[1]
    assert np.isfinite([*fit.ci, *fit.pi]).all()
    moved = bayes_pool(y[::-1] + shift, v[::-1], tau_prior=prior)
    scale = 1e-6 * max(1, fit.ci[1] - fit.ci[0])
    np.testing.assert_allclose(moved.ci, np.array(fit.ci) + shift, atol=scale)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([], []), "yi is empty"),
        (([1.0, np.nan], [1.0, 1.0]), r"yi\[1\] is nan"),
        (([1.0, 2.0], [1.0, 0.0]), r"vi\[1\] is 0.0"),
        (([1.0, 2.0], [1.0]), "yi has 2 entries, but vi has 1"),
        ((["a"], [1.0]), r"yi\[0\] is 'a'"),
    ],
)
def test_bad_data_are_named(arguments, said):
    with pytest.raises(InputError, match=said):
        bayes_pool(*arguments)


def test_a_posterior_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="at least 3"):
        bayes_pool([0.1, 0.2], [0.1, 0.1], tau_prior=Uniform())
    with pytest.raises(InputError, match="at least 2"):
        bayes_pool([0.1], [0.1], tau_prior=Uniform(), mu_prior=Normal(0, 1))


def test_a_mean_that_does_not_exist_is_said_to_be_infinite():
    fit = bayes_pool([0.1, 0.2, 0.4], [0.1, 0.1, 0.1], tau_prior=Uniform())
    assert fit.tau.mean == np.inf
    assert any("no mean" in note for note in fit.notes)


@pytest.mark.parametrize(
    "build",
    [
        lambda: HalfNormal(0),
        lambda: HalfCauchy(-1),
        lambda: Uniform(0),
        lambda: LogNormal(0, 0),
        lambda: LogStudentT(0, 1, 0),
        lambda: Normal(0, np.inf),
        lambda: turner2015("no such outcome"),
        lambda: rhodes2015("no such outcome"),
        lambda: bayes_pool([0.1], [0.1]).mu.interval(1.0),
        lambda: bayes_pool([0.1], [0.1]).mu.interval(0.9, kind="widest"),
        lambda: bayes_pool([0.1], [0.1]).mu.quantile(1.5),
        lambda: bayes_pool([0.1], [0.1]).probability(0, "sideways"),
    ],
)
def test_settings_that_make_no_sense_are_refused(build):
    with pytest.raises(InputError):
        build()
