"""Tests of whether small studies show other effects than large ones, and extrapolations."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._es_binary import complete_tables
from .asymmetry import require_enough
from .errors import (
    LARGEST,
    InputError,
    as_number,
    as_vector,
    check_kind,
    check_level,
    check_option,
    reject_where,
)
from .gls import design
from .inference import limits, two_sided
from .pooling import Fit, pool
from .regression import regression

Array = NDArray[np.float64]

_PREDICTORS = ("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")
#: Predictors that go to zero as a study grows, so that the constant is the effect there.
_VANISH = ("sei", "vi", "ninv", "sqrtninv")

_EXACT = "the effects lie exactly on a line, so there is nothing to test against."


@dataclass(frozen=True)
class AsymmetryTest:
    """A regression test for small-study effects.

    Attributes
    ----------
    name : str
        Name of the test.
    k : int
        Studies used.
    statistic : float
        z or t of the coefficient that measures asymmetry.
    df : float or None
        Degrees of freedom of t; None for z.
    pvalue : float
        Two-sided.
    coef, se : ndarray of shape (2,)
        Constant and slope of the fitted line, with standard errors.
    limit : float or None
        Effect extrapolated to a study without sampling error, where the predictor allows it.
    limit_ci : tuple of float or None
        Its confidence interval.
    tau2 : float or None
        Residual heterogeneity; None for a fit without it.
    notes : tuple of str
        What a reader must know.
    """

    name: str
    k: int
    statistic: float
    df: float | None
    pvalue: float
    coef: Array
    se: Array
    limit: float | None
    limit_ci: tuple[float, float] | None
    tau2: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RankTest:
    """Kendall's tau between standardised effect and variance, with its two-sided p-value."""

    tau: float
    pvalue: float
    k: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class PetPeese:
    """Extrapolations to a study without sampling error.

    ``chosen`` names the one that the conditional rule takes by ``pet_pvalue``, the two-sided
    p-value of PET's extrapolated effect; ``estimate`` and ``ci`` are those of the chosen one.
    """

    pet: AsymmetryTest
    peese: AsymmetryTest
    pet_pvalue: float
    chosen: str
    estimate: float
    ci: tuple[float, float]
    notes: tuple[str, ...]


def egger(
    fit: Fit,
    *,
    predictor: str | ArrayLike = "sei",
    model: str = "regression",
    ni: ArrayLike | None = None,
    force: bool = False,
) -> AsymmetryTest:
    """Regress the effects on a measure of study size.

    Parameters
    ----------
    fit : Fit
        A pooled result.
    predictor : {"sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"} or array_like of shape (k,)
        Standard error, variance, sample size, its inverse, its root, the inverse root, or
        values of one's own.
    model : {"regression", "model"}
        Weighted least squares with a multiplicative dispersion (Egger's own test: the slope on
        "sei" is the constant of his regression), or the mixed-effects model with the method and
        interval of ``fit``.
    ni : array_like of shape (k,), optional
        Sample sizes, for the predictors made from them.
    force : bool
        Run below the number of studies that the small-k policy asks for.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    InputError
        If there are too few studies, or the predictor cannot be used.

    References
    ----------
    Egger et al. 1997, BMJ 315:629, https://doi.org/10.1136/bmj.315.7109.629; Sterne & Egger
    2005, in Publication Bias in Meta-Analysis, pp. 99-110 (mixed-effects form).
    """
    check_kind(fit, Fit, "fit")
    check_option(model, ("regression", "model"), "model")
    notes = require_enough(fit.k, "asymmetry_tests", 3, force)
    x, vanishes = _predictor(fit, predictor, ni)
    name = f"Egger ({model}, {predictor if isinstance(predictor, str) else 'own predictor'})"
    if model == "regression":
        line = _least_squares(fit.yi, x, 1 / fit.vi, fit.level)
        return _test(name, line, 1, None, vanishes, notes)
    mixed = regression(fit.yi, fit.vi, x, method=fit.method, ci=fit.ci_method, level=fit.level)
    if not mixed.se.all():
        raise InputError(_EXACT)
    line = _Line(mixed.coef, mixed.se, mixed.statistic, mixed.pvalue, mixed.ci, mixed.df, mixed.k)
    return _test(name, line, 1, mixed.tau2, vanishes, notes)


def rank_test(fit: Fit, *, force: bool = False) -> RankTest:
    """Test the rank correlation of effects and variances.

    The p-value is exact without ties, from the normal approximation with them.

    Parameters
    ----------
    fit : Fit
        A pooled result.
    force : bool
        Run below the number of studies that the small-k policy asks for.

    Returns
    -------
    RankTest

    Raises
    ------
    InputError
        If there are too few studies.

    References
    ----------
    Begg & Mazumdar 1994, Biometrics 50:1088. https://doi.org/10.2307/2533446
    """
    check_kind(fit, Fit, "fit")
    from scipy.stats import kendalltau

    notes = require_enough(fit.k, "asymmetry_tests", 3, force)
    common = pool(fit.yi, fit.vi, method="EE", ci="z")
    # The variance of an effect's distance from the weighted mean that it is part of; written as
    # a product, because the difference of two nearly equal numbers may round to zero.
    weights = 1 / fit.vi
    # summed exactly, so that studies alike in effect and variance are tied whatever their place
    others = np.array([fsum(np.delete(weights, i)) for i in range(fit.k)])
    variance = fit.vi * others * common.se**2
    standardised = (fit.yi - common.estimate) / np.sqrt(variance)
    ties = any(np.unique(values).size < fit.k for values in (standardised, fit.vi))
    if np.ptp(standardised) == 0 or np.ptp(fit.vi) == 0:
        raise InputError("all effects or all variances are equal, so they have no rank order.")
    answer = kendalltau(standardised, fit.vi, method="asymptotic" if ties else "exact")
    if ties:
        notes += ("There are ties, so the p-value is the normal approximation.",)
    return RankTest(float(answer.statistic), float(answer.pvalue), fit.k, notes)


def peters(
    ai: ArrayLike,
    bi: ArrayLike,
    ci: ArrayLike,
    di: ArrayLike,
    *,
    level: float = 0.95,
    force: bool = False,
) -> AsymmetryTest:
    """Regress log odds ratios on the inverse of the sample size.

    Weights do not depend on the effect, which keeps the test from finding asymmetry where odds
    ratios and their standard errors are tied together.

    Parameters
    ----------
    ai, bi, ci, di : array_like of shape (k,)
        Events and non-events in the first group, then in the second.
    level : float
        Confidence level of the limit.
    force : bool
        Run below the number of studies that the small-k policy asks for.

    Returns
    -------
    AsymmetryTest
        Trials without any event, or without any non-event, are left out.

    Raises
    ------
    InputError
        If the counts are unsound, or there are too few studies.

    References
    ----------
    Peters et al. 2006, JAMA 295:676. https://doi.org/10.1001/jama.295.6.676
    """
    from .effect_sizes import effect_sizes

    a, b, c, d, notes = _tables(ai, bi, ci, di, force)
    check_level(level)
    n = a + b + c + d
    y = np.asarray(effect_sizes("OR", ai=a, bi=b, ci=c, di=d).yi)
    line = _least_squares(y, 1 / n, (a + c) * (b + d) / n, level)
    return _test("Peters", line, 1, None, True, notes)


def harbord(
    ai: ArrayLike,
    bi: ArrayLike,
    ci: ArrayLike,
    di: ArrayLike,
    *,
    level: float = 0.95,
    force: bool = False,
) -> AsymmetryTest:
    """Regress efficient scores on their information (the modified test for odds ratios).

    Parameters
    ----------
    ai, bi, ci, di : array_like of shape (k,)
        Events and non-events in the first group, then in the second.
    level : float
        Confidence level of the fitted line.
    force : bool
        Run below the number of studies that the small-k policy asks for.

    Returns
    -------
    AsymmetryTest
        The test is that of the constant. Trials without any event, or without any non-event,
        are left out.

    Raises
    ------
    InputError
        If the counts are unsound, or there are too few studies.

    References
    ----------
    Harbord, Egger & Sterne 2006, Stat Med 25:3443. https://doi.org/10.1002/sim.2380
    """
    a, b, c, d, notes = _tables(ai, bi, ci, di, force)
    check_level(level)
    n1, n2, events, others = a + b, c + d, a + c, b + d
    n = n1 + n2
    score = a - events * n1 / n
    root = np.sqrt(n1 * n2 * events * others / (n**2 * (n - 1)))
    line = _least_squares(score / root, root, np.ones_like(root), level)
    return _test("Harbord", line, 0, None, False, notes)


def pet_peese(fit: Fit, *, alpha: float = 0.10, force: bool = False) -> PetPeese:
    """Extrapolate to a study without sampling error, on standard errors and on variances.

    Parameters
    ----------
    fit : Fit
        A pooled result.
    alpha : float
        PEESE is chosen if PET's extrapolated effect differs from zero at this two-sided level,
        else PET.
    force : bool
        Run below the number of studies that the small-k policy asks for.

    Returns
    -------
    PetPeese

    Raises
    ------
    InputError
        If there are too few studies.

    References
    ----------
    Stanley & Doucouliagos 2014, Res Synth Methods 5:60, https://doi.org/10.1002/jrsm.1095;
    Stanley 2017, Soc Psychol Personal Sci 8:581, https://doi.org/10.1177/1948550617693062.
    """
    check_kind(fit, Fit, "fit")
    as_number(alpha, "alpha", "must lie between 0 and 1", lambda x: 0 < x < 1)
    pet = egger(fit, predictor="sei", force=force)
    peese = egger(fit, predictor="vi", force=force)
    pvalue = float(two_sided(pet.coef[0] / pet.se[0], pet.df))
    name, chosen = ("PEESE", peese) if pvalue < alpha else ("PET", pet)
    limit = float(chosen.coef[0])
    low, high = limits(chosen.coef[:1], chosen.se[:1], fit.level, chosen.df)[0]
    return PetPeese(pet, peese, pvalue, name, limit, (float(low), float(high)), pet.notes)


@dataclass(frozen=True)
class _Line:
    coef: Array
    se: Array
    statistic: Array
    pvalue: Array
    ci: Array
    df: float | None
    k: int


def _least_squares(y: Array, x: Array, weights: Array, level: float) -> _Line:
    """Fit a straight line by weighted least squares."""
    from statsmodels.api import WLS

    # In its own unit the slope is found as well for inverse sizes near 1e-8 as for any other.
    unit = np.array([1.0, float(np.abs(x).max()) or 1.0])
    matrix = design(x, x.size, ("predictor",), True).x / unit
    if np.linalg.matrix_rank(np.sqrt(weights)[:, None] * matrix) < 2:
        raise InputError("the weights differ so much that only one study counts: no line to fit.")
    done = WLS(y, matrix, weights=weights).fit()
    if done.ssr <= 1e-24 * float((weights * y**2).sum()):
        raise InputError(_EXACT)
    coef, se = done.params / unit, done.bse / unit
    ci = limits(coef, se, level, done.df_resid)
    return _Line(coef, se, done.tvalues, done.pvalues, ci, done.df_resid, y.size)


def _test(
    name: str, line: _Line, which: int, tau2: float | None, limit: bool, notes: tuple[str, ...]
) -> AsymmetryTest:
    return AsymmetryTest(
        name=name,
        k=line.k,
        statistic=float(line.statistic[which]),
        df=line.df,
        pvalue=float(line.pvalue[which]),
        coef=line.coef,
        se=line.se,
        limit=float(line.coef[0]) if limit else None,
        limit_ci=(float(line.ci[0, 0]), float(line.ci[0, 1])) if limit else None,
        tau2=tau2,
        notes=notes,
    )


def _predictor(fit: Fit, predictor: str | ArrayLike, ni: ArrayLike | None) -> tuple[Array, bool]:
    """Return the predictor's values, and whether they vanish as a study grows."""
    if not isinstance(predictor, str):
        own = as_vector(predictor, "predictor")
        if own.size != fit.k:
            raise InputError(f"predictor has {own.size} entries, but fit has {fit.k} studies.")
        return own, False
    check_option(predictor, _PREDICTORS, "predictor")
    if predictor == "sei":
        return np.sqrt(fit.vi), True
    if predictor == "vi":
        return fit.vi, True
    if ni is None:
        raise InputError(f"predictor {predictor!r} needs the sample sizes ni.")
    n = as_vector(ni, "ni")
    if n.size != fit.k:
        raise InputError(f"ni has {n.size} entries, but fit has {fit.k} studies.")
    reject_where(n < 1 / LARGEST, n, "ni", "a sample size must be above zero")
    n = np.sqrt(n) if predictor.startswith("sqrt") else n
    return (1 / n if predictor.endswith("inv") else n), predictor in _VANISH


def _tables(
    ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike, force: bool
) -> tuple[Array, Array, Array, Array, tuple[str, ...]]:
    """Return the tables that carry information on an odds ratio, and the notes."""
    table = np.stack(complete_tables(ai, bi, ci, di))
    informative = (table[0] + table[2] > 0) & (table[1] + table[3] > 0)
    left_out = int((~informative).sum())
    a, b, c, d = table[:, informative]
    notes = require_enough(a.size, "asymmetry_tests", 3, force)
    if left_out:
        notes += (f"{left_out} trials with no event or only events in both groups left out.",)
    return a, b, c, d, notes
