"""From the figures a paper prints to the ones an effect size needs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ._es_common import Vector, read_columns, require_correlations, require_counts
from ._es_paired import difference_sd
from .errors import LARGEST, InputError, as_numbers, check_level, check_option, reject_where

MEAN_METHODS = ("luo2018", "wan2014")
SD_METHODS = ("wan2014", "shi2020")
ODDS_RATIO_METHODS = ("logistic", "normal")

#: Below this a p-value is no number a computer holds to full precision.
_LEAST_P = 1e-300


def se_from_ci(
    low: ArrayLike, high: ArrayLike, level: float = 0.95, df: ArrayLike = np.inf
) -> Vector:
    """Return standard errors from confidence limits, on the scale the limits are symmetric on.

    Parameters
    ----------
    low, high : array_like of shape (k,)
        Limits; take logarithms of those of a ratio first.
    level : float, default 0.95
        Confidence level of the interval.
    df : array_like, default infinity
        Degrees of freedom of the t quantile behind the interval; infinite for a normal one.

    Returns
    -------
    ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If a lower limit exceeds its upper one, or ``level`` or ``df`` is impossible.

    Notes
    -----
    Cochrane Handbook 6.5, sections 6.3.1 and 6.5.2.3.
    """
    columns = read_columns({"low": low, "high": high})
    _require_order(columns, ("low", "high"))
    quantile = _quantile(0.5 + check_level(level) / 2, df)
    return (columns["high"] - columns["low"]) / (2 * quantile)


def se_from_t(estimate: ArrayLike, t: ArrayLike) -> Vector:
    """Return standard errors from estimates and their t (or z) statistics.

    Parameters
    ----------
    estimate, t : array_like of shape (k,)
        Estimates and statistics; the signs are not needed.

    Returns
    -------
    ndarray of shape (k,)
        nan where the statistic is 0, for it then says nothing about the error.

    Raises
    ------
    InputError
        If columns are not numbers or differ in length.
    """
    columns = read_columns({"estimate": estimate, "t": t})
    statistic = np.abs(columns["t"])
    told = np.where(statistic > 1 / LARGEST, statistic, np.nan)
    return np.abs(columns["estimate"]) / told


def se_from_f(estimate: ArrayLike, f: ArrayLike) -> Vector:
    """Return standard errors from estimates and F statistics with 1 numerator df.

    Parameters
    ----------
    estimate, f : array_like of shape (k,)
        Estimates and F statistics of the same contrast of two groups.

    Returns
    -------
    ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If an F is negative.
    """
    return se_from_t(estimate, t_from_f(f))


def se_from_p(estimate: ArrayLike, pvalue: ArrayLike, df: ArrayLike = np.inf) -> Vector:
    """Return standard errors from estimates and exact two-sided p-values.

    Parameters
    ----------
    estimate, pvalue : array_like of shape (k,)
        Estimates and p-values; a bound such as "p < 0.05" is not an exact p-value.
    df : array_like, default infinity
        Degrees of freedom of the t test behind the p-value; infinite for a z test.

    Returns
    -------
    ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If a p-value lies outside (0, 1].

    Notes
    -----
    Cochrane Handbook 6.5, sections 6.3 and 6.5.2.3.
    """
    return se_from_t(estimate, t_from_p(pvalue, df))


def t_from_f(f: ArrayLike) -> Vector:
    """Return the absolute t statistic of an F statistic with 1 numerator df."""
    columns = read_columns({"f": f})
    require_counts(columns, "f")
    return np.sqrt(columns["f"])


def t_from_p(pvalue: ArrayLike, df: ArrayLike = np.inf) -> Vector:
    """Return the absolute t statistic of an exact two-sided p-value."""
    p = read_columns({"pvalue": pvalue})["pvalue"]
    exact = (p >= _LEAST_P) & (p <= 1)
    reject_where(~exact & ~np.isnan(p), p, "pvalue", "must be an exact p-value in (0, 1]")
    return -_quantile(p / 2, df)


def sd_from_se(se: ArrayLike, n: ArrayLike) -> Vector:
    """Return the standard deviation of one arm from the standard error of its mean.

    Parameters
    ----------
    se, n : array_like of shape (k,)
        Standard error of the arm's mean and number of people.

    Returns
    -------
    ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If a standard error or a size is negative.

    Notes
    -----
    Cochrane Handbook 6.5, section 6.5.2.2.
    """
    columns = read_columns({"se": se, "n": n})
    require_counts(columns, "se", "n")
    return columns["se"] * np.sqrt(columns["n"])


def sd_of_change(sd_before: ArrayLike, sd_after: ArrayLike, r: ArrayLike) -> Vector:
    """Return the standard deviation of changes from those before and after.

    Parameters
    ----------
    sd_before, sd_after : array_like of shape (k,)
        Standard deviations at the two times.
    r : array_like
        Correlation of the two measurements; where it is imputed, vary it.

    Returns
    -------
    ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If a standard deviation is negative or a correlation outside [-1, 1].

    Notes
    -----
    Cochrane Handbook 6.5, section 6.5.2.8.
    """
    columns = read_columns({"sd_before": sd_before, "sd_after": sd_after, "r": r})
    require_counts(columns, "sd_before", "sd_after")
    require_correlations(columns, "r")
    return difference_sd(*columns.values())


def mean_sd_from_quantiles(
    *,
    n: ArrayLike,
    median: ArrayLike,
    q1: ArrayLike | None = None,
    q3: ArrayLike | None = None,
    minimum: ArrayLike | None = None,
    maximum: ArrayLike | None = None,
    mean_method: str = "luo2018",
    sd_method: str = "wan2014",
) -> tuple[Vector, Vector]:
    """Return means and standard deviations from medians with quartiles, range or both.

    Parameters
    ----------
    n, median : array_like of shape (k,)
        Number of people and median.
    q1, q3, minimum, maximum : array_like of shape (k,), optional
        The quartiles, the range, or all four.
    mean_method : {"luo2018", "wan2014"}
        Estimator of the mean: weights that depend on n (Luo), or fixed ones (Wan).
    sd_method : {"wan2014", "shi2020"}
        Estimator of the SD where quartiles and range are both given: the mean of the two
        estimators that use one of them (Wan), or weights that depend on n (Shi).

    Returns
    -------
    mean, sd : ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If neither pair is complete, the order is wrong, or n is below 2.

    Notes
    -----
    Luo, Wan, Liu & Tong 2018, Stat Methods Med Res 27:1785; Wan, Wang, Liu &
    Tong 2014, BMC Med Res Methodol 14:135, eqs. 9 and 16 for the SD; Shi et al. 2020, Res Synth
    Methods 11:641, https://doi.org/10.1002/jrsm.1429. All suppose that the
    outcome is roughly normal; with skewed data, as the distances from the median may show, the
    results mislead.
    """
    check_option(mean_method, MEAN_METHODS, "mean_method")
    check_option(sd_method, SD_METHODS, "sd_method")
    quartiles, limits = _pair("q1", q1, "q3", q3), _pair("minimum", minimum, "maximum", maximum)
    if not quartiles and not limits:
        raise InputError("The median alone is not enough: give q1 and q3, or minimum and maximum.")
    columns = read_columns({"n": n, "median": median, **quartiles, **limits})
    reject_where(columns["n"] < 2, columns["n"], "n", "must be at least 2")
    names = ("minimum", "q1", "median", "q3", "maximum")
    _require_order(columns, tuple(name for name in names if name in columns))
    return _MEANS[mean_method](columns), _sd(columns, sd_method)


def sd_from_iqr(iqr: ArrayLike, n: ArrayLike) -> Vector:
    """Return standard deviations from interquartile ranges.

    Parameters
    ----------
    iqr, n : array_like of shape (k,)
        Width q3 - q1 and number of people.

    Returns
    -------
    ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If a width is negative or n below 2.

    Notes
    -----
    Wan et al. 2014, BMC Med Res Methodol 14:135, eq. 16.
    """
    columns = read_columns({"iqr": iqr, "n": n})
    require_counts(columns, "iqr")
    reject_where(columns["n"] < 2, columns["n"], "n", "must be at least 2")
    return _sd_from_iqr(columns["iqr"], columns["n"])


def _sd(columns: Mapping[str, Vector], method: str) -> Vector:
    n = columns["n"]
    if "q1" not in columns:
        return _sd_from_range(columns["maximum"] - columns["minimum"], n)
    inner = _sd_from_iqr(columns["q3"] - columns["q1"], n)
    if "minimum" not in columns:
        return inner
    outer = _sd_from_range(columns["maximum"] - columns["minimum"], n)
    share = 0.5 if method == "wan2014" else 1 / (1 + 0.07 * n**0.6)
    return share * outer + (1 - share) * inner


def _sd_from_iqr(width: Vector, n: Vector) -> Vector:
    return width / (2 * stats.norm.ppf((0.75 * n - 0.125) / (n + 0.25)))


def _sd_from_range(width: Vector, n: Vector) -> Vector:
    return width / (2 * stats.norm.ppf((n - 0.375) / (n + 0.25)))


def _luo_mean(columns: Mapping[str, Vector]) -> Vector:
    n, median = columns["n"], columns["median"]
    if "minimum" not in columns:
        w = 0.7 + 0.39 / n
        return w * (columns["q1"] + columns["q3"]) / 2 + (1 - w) * median
    mid_range = (columns["minimum"] + columns["maximum"]) / 2
    if "q1" not in columns:
        w = 4 / (4 + n**0.75)
        return w * mid_range + (1 - w) * median
    outer, inner = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    mid_quartile = (columns["q1"] + columns["q3"]) / 2
    return outer * mid_range + inner * mid_quartile + (1 - outer - inner) * median


def _wan_mean(columns: Mapping[str, Vector]) -> Vector:
    median = columns["median"]
    if "minimum" not in columns:
        return (columns["q1"] + median + columns["q3"]) / 3
    ends = columns["minimum"] + columns["maximum"]
    if "q1" not in columns:
        return (ends + 2 * median) / 4
    return (ends + 2 * (columns["q1"] + median + columns["q3"])) / 8


_MEANS = {"luo2018": _luo_mean, "wan2014": _wan_mean}

#: log odds ratio per standard deviation; the normal one is Cox's 1.65.
_FACTORS = {"logistic": np.pi / np.sqrt(3), "normal": 1.65}


def log_odds_ratio_from_smd(
    yi: ArrayLike, vi: ArrayLike, method: str = "logistic"
) -> tuple[Vector, Vector]:
    """Return log odds ratios of a dichotomised outcome from standardised mean differences.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Standardised mean differences and their variances.
    method : {"logistic", "normal"}
        Distribution supposed behind the dichotomy: the factor pi/sqrt(3) (Hasselblad &
        Hedges 1995, Psychol Bull 117:167) or 1.65 (Cox & Snell 1989, Analysis of Binary Data).

    Returns
    -------
    yi, vi : ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If the method is unknown or columns differ in length.
    """
    return _rescaled(yi, vi, _FACTORS[check_option(method, ODDS_RATIO_METHODS, "method")])


def smd_from_log_odds_ratio(
    yi: ArrayLike, vi: ArrayLike, method: str = "logistic"
) -> tuple[Vector, Vector]:
    """Return standardised mean differences from log odds ratios of a dichotomised outcome.

    The inverse of :func:`log_odds_ratio_from_smd`.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Log odds ratios and their variances.
    method : {"logistic", "normal"}
        As there.

    Returns
    -------
    yi, vi : ndarray of shape (k,)
        nan where a value is missing.

    Raises
    ------
    InputError
        If the method is unknown or columns differ in length.
    """
    return _rescaled(yi, vi, 1 / _FACTORS[check_option(method, ODDS_RATIO_METHODS, "method")])


def _rescaled(yi: ArrayLike, vi: ArrayLike, factor: float) -> tuple[Vector, Vector]:
    columns = read_columns({"yi": yi, "vi": vi})
    reject_where(columns["vi"] < 0, columns["vi"], "vi", "must not be negative")
    return factor * columns["yi"], factor**2 * columns["vi"]


def _quantile(probability: float | Vector, df: ArrayLike) -> Vector:
    """Return t quantiles, normal ones where the degrees of freedom are infinite or unknown."""
    df = as_numbers(df, "df")
    reject_where(np.atleast_1d(df <= 0), np.atleast_1d(df), "df", "must be greater than 0")
    return np.asarray(stats.t.ppf(probability, np.where(np.isnan(df), np.inf, df)))


def _pair(
    low_name: str, low: ArrayLike | None, high_name: str, high: ArrayLike | None
) -> dict[str, ArrayLike]:
    if low is None and high is None:
        return {}
    if low is None or high is None:
        raise InputError(f"{low_name} and {high_name} are needed together.")
    return {low_name: low, high_name: high}


def _require_order(columns: Mapping[str, Vector], names: tuple[str, ...]) -> None:
    for low, high in pairwise(names):
        wrong = columns[low] > columns[high]
        if wrong.any():
            i = int(np.argmax(wrong))
            raise InputError(
                f"{low}[{i}] is {columns[low][i]:g}, but must not exceed {high}[{i}], "
                f"which is {columns[high][i]:g}."
            )
