"""What must hold for any data at all, whatever metafor says."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis import meta

RANDOM_EFFECTS = ("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
METHODS = ("EE", *RANDOM_EFFECTS)
SHOWN = ("estimate", "se", "ci", "statistic", "pvalue", "pi", "tau2", "tau", "tau2_se", "tau2_ci")
SHOWN += ("i2", "i2_q", "h2", "q", "q_pvalue", "weights")
methods = st.sampled_from(METHODS)
intervals = st.sampled_from(("z", "t", "hksj", "hksj_floor"))
# How long a shared machine takes to make an example says nothing about the engine.
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def studies(draw, least=1, most=9, orders=3.0):
    """Estimates and variances; the variances span up to ``orders`` orders of magnitude."""
    k = draw(st.integers(least, most))
    exponent = st.floats(-orders / 2, orders / 2)
    vi = 10.0 ** np.array(draw(st.lists(exponent, min_size=k, max_size=k)))
    size = st.floats(-5, 5).map(lambda value: round(value, 6))
    yi = np.array(draw(st.lists(size, min_size=k, max_size=k)))
    return yi, vi


def same(first, second, relative=1e-7, absolute=1e-9):
    np.testing.assert_allclose(first, second, rtol=relative, atol=absolute)


def single(yi, vi, method):
    """Tell whether a fit is the only maximum, so that rounding cannot choose another."""
    return meta.pool_many(yi, vi, method=method).maxima[0] == 1


@given(studies(least=2), methods, intervals, st.randoms(use_true_random=False))
@MANY
def test_the_order_of_studies_does_not_matter(data, method, ci, random):
    yi, vi = data
    order = list(range(len(yi)))
    random.shuffle(order)
    first = meta.pool(yi, vi, method=method, ci=ci)
    second = meta.pool(yi[order], vi[order], method=method, ci=ci)
    if single(yi, vi, method):
        same([first.estimate, first.tau2], [second.estimate, second.tau2])
        same(first.weights[order], second.weights, absolute=1e-6)


@given(studies(least=2), methods, st.floats(-50, 50), st.sampled_from([1e-4, 0.03, 7.0, 1e5]))
@MANY
def test_a_shift_moves_and_a_unit_scales_the_result(data, method, shift, unit):
    yi, vi = data
    if not single(yi, vi, method):
        return
    before = meta.pool(yi, vi, method=method, ci="z")
    after = meta.pool(unit * (yi + shift), unit**2 * vi, method=method, ci="z")
    same(after.estimate / unit, before.estimate + shift)
    same(after.tau2 / unit**2, before.tau2, absolute=1e-8)
    same(np.array(after.ci) / unit, np.array(before.ci) + shift)
    same([after.i2, after.q], [before.i2, before.q], absolute=1e-6)


@given(studies(least=2), methods, intervals)
@MANY
def test_swapping_the_arms_mirrors_the_result(data, method, ci):
    yi, vi = data
    first, second = (meta.pool(y, vi, method=method, ci=ci) for y in (yi, -yi))
    if single(yi, vi, method):
        same([-first.estimate, first.tau2], [second.estimate, second.tau2])
        same([-first.ci[1], -first.ci[0]], second.ci)


@given(studies(least=2), st.integers(2, 4))
@MANY
def test_duplicating_every_study_narrows_the_common_effect_interval_by_the_root(data, times):
    yi, vi = data
    once = meta.pool(yi, vi, method="EE", ci="z")
    often = meta.pool(np.tile(yi, times), np.tile(vi, times), method="EE", ci="z")
    same(often.estimate, once.estimate)
    same(often.se * np.sqrt(times), once.se)
    same(often.q, times * once.q)


@given(studies(least=2), st.integers(2, 4))
@MANY
def test_duplicating_every_study_leaves_maximum_likelihood_where_it_was(data, times):
    """The likelihood of k copies is the k-th power; its maximum does not move."""
    yi, vi = data
    if single(yi, vi, "ML"):
        once = meta.pool(yi, vi, method="ML")
        often = meta.pool(np.tile(yi, times), np.tile(vi, times), method="ML")
        same([often.estimate, often.tau2], [once.estimate, once.tau2])


@given(studies(orders=12.0), methods, intervals)
@example((np.array([0.0, 1.0]), np.array([1e-6, 1e6])), "REML", "hksj")
@example((np.array([3.0, 3.0, 3.0]), np.array([1e-6, 1.0, 1e6])), "SJ", "hksj")
@example((np.array([1e-9, 0.0, 0.0, 0.0]), np.array([1e-6, 1e6, 1e6, 1e6])), "ML", "t")
@MANY
def test_nothing_is_nan_infinite_negative_or_silent(data, method, ci):
    """Variances over twelve orders of magnitude, one study, equal studies: all have words."""
    yi, vi = data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = meta.pool(yi, vi, method=method, ci=ci)
        shown = {name: getattr(fit, name) for name in SHOWN}
    missing = {name for name, value in shown.items() if value is None}
    for name in shown.keys() - missing:
        value = shown[name][:2] if name == "pi" else shown[name]
        assert np.isfinite(value).all(), name
    assert fit.notes or not missing, missing
    assert fit.tau2 is None or fit.tau2 >= 0.0
    assert 0.0 <= (fit.i2 or 0.0) <= 100.0
    assert fit.ci[0] <= fit.estimate <= fit.ci[1]
    same(fit.weights.sum(), 100.0)
    slack = 1e-9 * (1.0 + np.ptp(yi))
    assert yi.min() - slack <= fit.estimate <= yi.max() + slack


@given(studies(orders=8.0), st.sampled_from(RANDOM_EFFECTS))
@MANY
def test_hartung_knapp_with_floor_is_never_narrower_than_the_common_effect(data, method):
    yi, vi = data
    floored = meta.pool(yi, vi, method=method, ci="hksj_floor")
    common = meta.pool(yi, vi, method="EE", ci="z")
    assert np.ptp(floored.ci) >= np.ptp(common.ci) * (1.0 - 1e-12)


@given(studies(least=2, orders=6.0))
@MANY
def test_less_spread_than_chance_means_no_tau2_by_the_moment_and_root_estimators(data):
    yi, vi = data
    fits = {method: meta.pool(yi, vi, method=method) for method in ("DL", "PM", "EB")}
    if fits["DL"].q <= fits["DL"].q_df:
        assert [fit.tau2 for fit in fits.values()] == [0.0, 0.0, 0.0]
        assert fits["DL"].i2 == 0.0
    else:
        assert min(fit.tau2 for fit in fits.values()) > 0.0


@given(studies(least=2, orders=6.0))
@MANY
def test_paule_mandel_brings_q_to_its_degrees_of_freedom(data):
    yi, vi = data
    tau2 = meta.pool(yi, vi, method="PM").tau2
    if tau2 > 0.0:
        weight = 1.0 / (vi + tau2)
        mean = (weight * yi).sum() / weight.sum()
        same((weight * (yi - mean) ** 2).sum(), len(yi) - 1.0)


@given(studies(least=2, most=6, orders=12.0), st.booleans())
@example((np.array([0.0, 4.0]), np.array([1.0, 0.01])), False)  # falls at zero, peaks at 7.5
# Interpolation leads back to the point before: steps that cancel are not a small step.
@example((np.array([0.0, 0.0, 0.0, 1.0, 1.0]), np.array([1.0, 1.0, 1e-4, 1e-5, 100.0])), False)
@MANY
def test_no_other_tau2_is_likelier(data, restricted):
    yi, vi = data
    reached = meta.pool(yi, vi, method="REML" if restricted else "ML").tau2
    grid = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 4000)])
    assert height(yi, vi, reached, restricted) >= height(yi, vi, grid, restricted).max() - 1e-8


def height(yi, vi, tau2, restricted):
    weight = 1.0 / (vi + np.atleast_1d(tau2)[:, None])
    total = weight.sum(axis=1)
    mean = (weight * yi).sum(axis=1) / total
    value = np.log(weight).sum(axis=1) - (weight * (yi - mean[:, None]) ** 2).sum(axis=1)
    return 0.5 * (value - np.log(total) if restricted else value)


@given(studies(least=2), methods)
@MANY
def test_one_enormous_study_decides_the_common_effect(data, method):
    yi, vi = data
    big = meta.pool(np.append(yi, 0.7), np.append(vi, 1e-12), method="EE")
    same(big.estimate, 0.7, absolute=1e-6)
    mixed = meta.pool(np.append(yi, 0.7), np.append(vi, 1e-12), method=method)
    assert min(yi.min(), 0.7) - 1e-9 <= mixed.estimate <= max(yi.max(), 0.7) + 1e-9


@pytest.mark.parametrize("method", RANDOM_EFFECTS)
@pytest.mark.parametrize("k", [2, 3, 10])
def test_identical_studies_agree_with_themselves(method, k):
    fit = meta.pool([0.4] * k, [0.05] * k, method=method, ci="hksj_floor")
    assert (fit.estimate, fit.tau2, fit.q, fit.i2) == (0.4, 0.0, 0.0, 0.0)
    same(fit.se, np.sqrt(0.05 / k), 1e-12)


@given(studies(least=3, orders=6.0), methods)
@MANY
def test_a_study_left_out_by_the_mask_might_as_well_not_exist(data, method):
    yi, vi = data
    mask = np.ones((1, len(yi)), bool)
    mask[0, 0] = False
    masked = meta.pool_many(yi, vi, mask, method=method)
    without = meta.pool_many(yi[1:], vi[1:], method=method)
    if without.maxima[0] == 1:
        same([masked.estimate, masked.tau2], [without.estimate, without.tau2])
