"""Effects as papers report them: an estimate with an interval, an error or a test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from ._es_common import Vector, read_columns, require_positive
from ._es_means import hedges_g
from ._es_paired import standardised_change
from .conversions import se_from_ci, se_from_t, t_from_f, t_from_p
from .effect_sizes import EffectSizes
from .errors import InputError, check_level, check_option, reject_beyond, reject_where
from .scales import SCALES

#: An estimate further than this from the middle of its interval, as a share of the
#: interval's half-width, is remarked upon: rounding alone rarely explains it.
OFF_CENTRE = 0.1

TESTS = ("t", "F", "p")

_FORWARD: dict[str, Callable[[Vector], Vector]] = {
    "identity": np.array,
    "log": np.log,
    "logit": logit,
    "Fisher z": np.arctanh,
}


def reported_estimates(
    measure: str,
    *,
    estimate: ArrayLike,
    se: ArrayLike = np.nan,
    ci_low: ArrayLike = np.nan,
    ci_high: ArrayLike = np.nan,
    t: ArrayLike = np.nan,
    f: ArrayLike = np.nan,
    pvalue: ArrayLike = np.nan,
    df: ArrayLike = np.nan,
    level: float = 0.95,
) -> EffectSizes:
    """Return reported estimates with sampling variances, from whatever stands beside them.

    Each row uses the first of these that it has: standard error, confidence interval, t,
    F with 1 numerator df, exact two-sided p-value.

    Parameters
    ----------
    measure : str
        A measure of :mod:`~analysis.meta.scales`; also ``HR``.
    estimate, ci_low, ci_high : array_like of shape (k,)
        As printed: ratios as ratios, proportions as proportions.
    se : array_like of shape (k,)
        Standard error on the analysis scale: of the log for ratios.
    t, f, pvalue : array_like of shape (k,)
        Test statistics and p-values of the estimate; nan where not reported.
    df : array_like of shape (k,)
        Degrees of freedom behind the interval or the test; nan for a normal one.
    level : float, default 0.95
        Confidence level of the intervals.

    Returns
    -------
    EffectSizes
        Its notes say for each row what the variance rests on, and which estimate does not
        lie in the middle of its interval.

    Raises
    ------
    InputError
        If a value is impossible: a ratio not above 0, limits in the wrong order or not
        around the estimate, a negative standard error, p outside (0, 1].
    """
    check_option(measure, tuple(SCALES), "measure")
    check_level(level)
    link = SCALES[measure].link
    if link not in _FORWARD:
        raise InputError(f"{measure} is not reported in papers; give the counts instead.")
    columns = read_columns(
        {
            "estimate": estimate,
            "se": se,
            "ci_low": ci_low,
            "ci_high": ci_high,
            "t": t,
            "f": f,
            "pvalue": pvalue,
            "df": df,
        }
    )
    reject_where(columns["se"] < 0, columns["se"], "se", "must not be negative")
    low_bound, high_bound = SCALES[measure].bounds
    for name in ("estimate", "ci_low", "ci_high"):
        outside = (columns[name] < low_bound) | (columns[name] > high_bound)
        rule = f"{measure} must lie between {low_bound:g} and {high_bound:g}"
        if link == "log":
            outside |= columns[name] == 0
            rule = f"{measure} must be greater than 0"
        reject_where(outside, columns[name], name, rule)
    _require_inside(columns["estimate"], columns["ci_low"], columns["ci_high"])
    forward = _FORWARD[link]
    with np.errstate(divide="ignore"):
        yi, low, high = (forward(columns[name]) for name in ("estimate", "ci_low", "ci_high"))
    df_columns = columns["df"]
    sources = {
        "standard error": columns["se"],
        "confidence interval": se_from_ci(low, high, level, df_columns),
        "t statistic": se_from_t(yi, columns["t"]),
        "F statistic": se_from_t(yi, t_from_f(columns["f"])),
        "p-value": se_from_t(yi, t_from_p(columns["pvalue"], df_columns)),
    }
    sei, notes = _first_known(yi, sources)
    notes += _off_centre(yi, low, high)
    missing = np.isnan(yi) | np.isnan(sei)
    return EffectSizes(
        measure,
        np.where(missing, np.nan, yi),
        np.where(missing, np.nan, sei**2),
        np.full_like(yi, np.nan),
        notes,
    )


def smd_from_test(
    kind: str, value: ArrayLike, *, n1i: ArrayLike, n2i: ArrayLike, sign: ArrayLike = 1
) -> EffectSizes:
    """Return Hedges' g of two independent arms from a t, F or p of their comparison.

    Parameters
    ----------
    kind : {"t", "F", "p"}
        Student's t, F with 1 numerator df, or the exact two-sided p-value of either.
    value : array_like of shape (k,)
        The statistics or p-values.
    n1i, n2i : array_like of shape (k,)
        Arm sizes.
    sign : array_like of shape (k,), default 1
        Direction of the effect, 1 or -1, for F and p; a t carries its own.

    Returns
    -------
    EffectSizes
        Measure SMD, the large-sample variance.

    Raises
    ------
    InputError
        If the kind is unknown or a value impossible.

    Notes
    -----
    Rosenthal 1994, in Cooper & Hedges, The Handbook of Research Synthesis, pp. 231-244. The test
    must be the plain comparison of two arms: an adjusted t gives an effect in other units.
    """
    columns = read_columns({"value": value, "n1i": n1i, "n2i": n2i, "sign": sign})
    require_positive(columns, "n1i", "n2i")
    n1, n2 = columns["n1i"], columns["n2i"]
    t = _signed_t(kind, columns["value"], n1 + n2 - 2, columns["sign"])
    yi, vi = hedges_g(t * np.sqrt(1 / n1 + 1 / n2), n1, n2)
    return EffectSizes("SMD", yi, vi, n1 + n2, _unknown(yi))


def smcc_from_test(
    kind: str, value: ArrayLike, *, ni: ArrayLike, sign: ArrayLike = 1
) -> EffectSizes:
    """Return the standardised mean change of paired data from a paired t, F or p.

    Parameters
    ----------
    kind, value, sign
        As in :func:`smd_from_test`, of the paired comparison.
    ni : array_like of shape (k,)
        Number of pairs.

    Returns
    -------
    EffectSizes
        Measure SMCC, in units of the standard deviation of the differences.

    Raises
    ------
    InputError
        If the kind is unknown or a value impossible.

    Notes
    -----
    Gibbons, Hedeker & Davis 1993, J Educ Stat 18:271.
    """
    columns = read_columns({"value": value, "ni": ni, "sign": sign})
    require_positive(columns, "ni")
    n = columns["ni"]
    t = _signed_t(kind, columns["value"], n - 1, columns["sign"])
    yi, vi = standardised_change(t / np.sqrt(n), n)
    return EffectSizes("SMCC", yi, vi, n.copy(), _unknown(yi))


def _signed_t(kind: str, value: Vector, df: Vector, sign: Vector) -> Vector:
    check_option(kind, TESTS, "kind")
    reject_where(np.abs(sign) != 1, sign, "sign", "must be 1 or -1")
    reject_where(df <= 0, df, "df", "there are too few people for a test")
    if kind == "t":
        return value
    t = sign * (t_from_f(value) if kind == "F" else t_from_p(value, df))
    reject_beyond(t, "the t behind value")
    return t


def _first_known(yi: Vector, sources: dict[str, Vector]) -> tuple[Vector, tuple[str, ...]]:
    words, errors = tuple(sources), np.stack(list(sources.values()))
    known = ~np.isnan(errors)
    first = known.argmax(axis=0)
    rows = np.arange(errors.shape[1])

    def note(row: np.intp) -> str:
        if np.isnan(yi[row]):
            return "not computed, for no estimate is reported"
        if not known[first[row], row]:
            return "not computed, for no standard error, interval or test is reported"
        return f"variance from the reported {words[first[row]]}"

    return errors[first, rows], tuple(f"Row {row}: {note(row)}." for row in rows)


def _off_centre(yi: Vector, low: Vector, high: Vector) -> tuple[str, ...]:
    half = (high - low) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.abs(yi - (low + high) / 2) / half
    return tuple(
        f"Row {row}: the estimate lies {share[row]:.0%} of the half-width away from the middle "
        "of its interval; check the figures, or the scale the interval was made on."
        for row in np.flatnonzero(share > OFF_CENTRE)
    )


def _require_inside(estimate: Vector, low: Vector, high: Vector) -> None:
    for values, wrong, words in (
        (low, low > estimate, "must not exceed the estimate"),
        (high, high < estimate, "must not be below the estimate"),
    ):
        name = "ci_low" if values is low else "ci_high"
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InputError(
                f"{name}[{row}] is {values[row]:g}, but {words}, which is {estimate[row]:g}."
            )


def _unknown(yi: NDArray[np.float64]) -> tuple[str, ...]:
    return tuple(
        f"Row {row}: not computed, for a value is missing or the sample too small."
        for row in np.flatnonzero(np.isnan(yi))
    )
