"""Conversions: against scipy's tests, metafor's values and published examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.meta import conversions as convert
from analysis.meta._es_common import hedges_correction
from analysis.meta.effect_sizes import effect_sizes
from analysis.meta.errors import InputError
from reference_cases import assert_close, floats, inputs, result
from tolerances import CLOSED_FORM


@pytest.mark.parametrize("case", ["gibson2002", "normand1999", "normand1999_k3"])
@pytest.mark.parametrize(("key", "method"), [("D2OR", "logistic"), ("D2ORN", "normal")])
def test_log_odds_ratios_from_smd_equal_metafor(case: str, key: str, method: str) -> None:
    data, theirs = inputs(case), result(case)["effect_sizes"][key]
    names = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
    # metafor converts d without Hedges' correction, which vtype LS2 leaves in one factor
    smd = effect_sizes("SMD", vtype="LS2", **{name: data[name] for name in names})
    factor = hedges_correction(data["n1i"] + data["n2i"] - 2)
    yi, vi = convert.log_odds_ratio_from_smd(smd.yi / factor, smd.vi / factor**2, method)
    assert_close(yi, floats(theirs["yi"]), CLOSED_FORM)
    assert_close(vi, floats(theirs["vi"]), CLOSED_FORM)


@pytest.mark.parametrize("case", ["bcg", "hahn2001", "egger2001"])
def test_smd_from_log_odds_ratios_equals_metafor(case: str) -> None:
    data, theirs = inputs(case), result(case)["effect_sizes"]["OR2D"]
    odds = effect_sizes("OR", **{name: data[name] for name in ("ai", "bi", "ci", "di")})
    yi, vi = convert.smd_from_log_odds_ratio(odds.yi, odds.vi)
    assert_close(yi, floats(theirs["yi"]), CLOSED_FORM)
    assert_close(vi, floats(theirs["vi"]), CLOSED_FORM)


@given(st.floats(-3, 3), st.floats(0.01, 2), st.sampled_from(convert.ODDS_RATIO_METHODS))
def test_there_and_back_again(yi: float, vi: float, method: str) -> None:
    there = convert.log_odds_ratio_from_smd(yi, vi, method)
    back = convert.smd_from_log_odds_ratio(*there, method)
    np.testing.assert_allclose(np.ravel(back), [yi, vi], rtol=1e-12)


def test_mean_and_sd_from_median_and_range_as_in_the_metablue_package() -> None:
    # the example of Luo.mean and Wan.std in the R package metaBLUE 1.0.0: 4.356748 and 2.205578
    mean, sd = convert.mean_sd_from_quantiles(n=30, median=4, minimum=1, maximum=10)
    assert (round(mean[0], 6), round(sd[0], 6)) == (4.356748, 2.205578)


def test_shis_sd_of_five_numbers_is_eq_10_of_the_paper() -> None:
    # the equation in R 4.2, by itself: w (max - min) / xi + (1 - w) (q3 - q1) / eta
    _, sd = convert.mean_sd_from_quantiles(
        n=[11, 85, 400],
        minimum=[1, -3, 10],
        q1=[4, 2, 22.5],
        median=[6, 5, 25],
        q3=[9, 7, 31],
        maximum=[20, 16, 58],
        sd_method="shi2020",
    )
    assert_close(sd, [5.5705211352065991, 3.8314207174661101, 6.8303797762162564], CLOSED_FORM)


def test_with_only_one_pair_there_is_nothing_for_shi_to_weigh() -> None:
    columns = {"n": 40, "median": 5, "q1": 3, "q3": 8}
    wan, shi = (
        convert.mean_sd_from_quantiles(**columns, sd_method=method)
        for method in convert.SD_METHODS
    )
    np.testing.assert_array_equal(wan, shi)


@pytest.mark.parametrize("shown", ["quartiles", "range", "both"])
@pytest.mark.parametrize("mean_method", convert.MEAN_METHODS)
def test_normal_samples_are_recovered_on_average(shown: str, mean_method: str) -> None:
    sample = np.random.default_rng(7).normal(20, 4, size=(4000, 101))
    columns = {"n": 101, "median": np.median(sample, axis=1)}
    if shown != "range":
        columns["q1"], columns["q3"] = np.quantile(sample, [0.25, 0.75], axis=1)
    if shown != "quartiles":
        columns["minimum"], columns["maximum"] = sample.min(axis=1), sample.max(axis=1)
    mean, sd = convert.mean_sd_from_quantiles(**columns, mean_method=mean_method)
    assert mean.mean() == pytest.approx(20, abs=0.05)
    assert sd.mean() == pytest.approx(4, rel=0.02)


def test_luos_mean_varies_less_than_wans() -> None:
    sample = np.random.default_rng(8).normal(0, 1, size=(4000, 61))
    columns = {
        "n": 61,
        "median": np.median(sample, axis=1),
        "minimum": sample.min(axis=1),
        "maximum": sample.max(axis=1),
    }
    luo, wan = (
        convert.mean_sd_from_quantiles(**columns, mean_method=method)[0]
        for method in ("luo2018", "wan2014")
    )
    assert luo.var() < wan.var()


def test_sd_from_iqr_is_the_one_used_for_quartiles() -> None:
    _, sd = convert.mean_sd_from_quantiles(n=40, median=5, q1=3, q3=8)
    np.testing.assert_array_equal(convert.sd_from_iqr(5, 40), sd)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"n": 9, "median": 4}, "The median alone is not enough"),
        ({"n": 9, "median": 4, "q1": 3}, "q1 and q3 are needed together"),
        ({"n": 9, "median": 4, "q1": 5, "q3": 8}, r"q1\[0\] is 5, but must not exceed median"),
        ({"n": 1, "median": 4, "q1": 3, "q3": 8}, r"n\[0\] is 1\.0, but must be at least 2"),
        ({"n": 9, "median": 4, "q1": 3, "q3": 8, "mean_method": "x"}, "mean_method must be one"),
    ],
)
def test_impossible_quantiles_are_named(columns: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        convert.mean_sd_from_quantiles(**columns)


def test_every_route_gives_the_standard_error_of_a_t_test() -> None:
    rng = np.random.default_rng(3)
    one, two = rng.normal(0.8, 1, 14), rng.normal(0, 1, 17)
    test = stats.ttest_ind(one, two)
    interval = test.confidence_interval(0.9)
    estimate = one.mean() - two.mean()
    se = abs(estimate / test.statistic)
    routes = (
        convert.se_from_ci(interval.low, interval.high, 0.9, df=29),
        convert.se_from_t(estimate, test.statistic),
        convert.se_from_f(estimate, test.statistic**2),
        convert.se_from_p(estimate, test.pvalue, df=29),
    )
    for route in routes:
        np.testing.assert_allclose(route, [se], rtol=1e-9)


def test_sd_of_change_is_the_sd_of_the_differences() -> None:
    before, after = np.random.default_rng(4).normal(size=(2, 50))
    r = np.corrcoef(before, after)[0, 1]
    sd = convert.sd_of_change(before.std(ddof=1), after.std(ddof=1), r)
    assert sd[0] == pytest.approx((after - before).std(ddof=1))
    assert convert.sd_from_se(0.5, 36)[0] == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: convert.se_from_ci(3, 1), r"low\[0\] is 3, but must not exceed high"),
        (lambda: convert.se_from_ci(1, 3, level=95), "level must lie between 0 and 1"),
        (lambda: convert.se_from_p(1, 0), r"pvalue\[0\] is 0\.0, but must be an exact p-value"),
        (lambda: convert.se_from_p(1, 0.2, df=0), r"df\[0\] is 0\.0, but must be greater than 0"),
        (lambda: convert.se_from_f(1, -4), r"f\[0\] is -4\.0, but must not be negative"),
        (lambda: convert.sd_of_change(1, 1, 2), r"r\[0\] is 2\.0, but must lie between -1 and 1"),
    ],
)
def test_impossible_values_are_named(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_a_statistic_of_zero_says_nothing_about_the_error() -> None:
    assert np.isnan(convert.se_from_t(0.0, 0.0)[0])
