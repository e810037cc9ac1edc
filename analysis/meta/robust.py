"""Cluster-robust inference with small-sample corrections, and the correlated-effects model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .dependence import study_index
from .errors import InputError, as_number, check_kind, check_level, check_option
from .gls import design, gls, studies
from .inference import limits, statistics, two_sided
from .multilevel import ThreeLevelFit
from .pooling import Fit
from .regression import RegressionFit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RobustFit:
    """Coefficients with cluster-robust inference.

    Attributes
    ----------
    names : tuple of str
        Names of the coefficients.
    coef, se, statistic, df, pvalue : ndarray of shape (p,)
        Coefficients, robust standard errors, t statistics, their degrees of freedom, two-sided
        p-values.
    ci : ndarray of shape (p, 2)
        Confidence intervals.
    vcov : ndarray of shape (p, p)
        Robust covariance matrix.
    m : int
        Clusters.
    correction : {"CR0", "CR1", "CR2"}
        Small-sample correction.
    level : float
        Confidence level.
    tau2, rho : float or None
        Of the correlated-effects working model; None for another working model.
    notes : tuple of str
        What a reader must know.
    """

    names: tuple[str, ...]
    coef: Array
    se: Array
    statistic: Array
    df: Array
    pvalue: Array
    ci: Array
    vcov: Array
    m: int
    correction: str
    level: float
    tau2: float | None
    rho: float | None
    notes: tuple[str, ...]

    @property
    def estimate(self) -> float:
        """First coefficient: the mean effect where there are no moderators."""
        return float(self.coef[0])


def robust(
    fit: Fit | RegressionFit | ThreeLevelFit, cluster: ArrayLike, *, correction: str = "CR2"
) -> RobustFit:
    """Replace the covariance matrix of a fit by one robust to dependence within clusters.

    Parameters
    ----------
    fit : Fit, RegressionFit or ThreeLevelFit
        The working model, whose weights and coefficients are kept.
    cluster : array_like of shape (k,)
        Effects of the same cluster may depend on each other in any way.
    correction : {"CR2", "CR1", "CR0"}
        Bias-reduced linearisation with Satterthwaite degrees of freedom; the factor m/(m - p)
        with m - p degrees of freedom; or no factor, with m - p degrees of freedom.

    Returns
    -------
    RobustFit

    Raises
    ------
    InputError
        If clusters are too few, or split a study of the working model.

    References
    ----------
    Tipton 2015, Psychol Methods 20:375, https://doi.org/10.1037/met0000011; Pustejovsky &
    Tipton 2018, J Bus Econ Stat 36:672, https://doi.org/10.1080/07350015.2016.1247004 (CR2).
    """
    check_option(correction, ("CR2", "CR1", "CR0"), "correction")
    check_kind(fit, (Fit, RegressionFit, ThreeLevelFit), "fit")
    _, number = study_index(cluster, fit.yi.size, "cluster")
    if isinstance(fit, ThreeLevelFit):
        covariance = fit.covariance()
        if ((number[:, None] != number) & (fit.study[:, None] == fit.study)).any():
            raise InputError("cluster splits a study of the three-level model; it must not.")
        names, x = fit.names, fit.x
    else:
        covariance = np.diag(fit.vi + (fit.tau2 or 0.0))
        names, x = ("intercept",), np.ones((fit.yi.size, 1))
        if isinstance(fit, RegressionFit):
            names, x = fit.names, fit.x
    working = _Working(fit.yi, x, covariance, _block_inverse(covariance, number), number)
    return _inference(working, names, correction, fit.level, None, None)


def correlated_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    study: ArrayLike,
    *,
    rho: float = 0.8,
    X: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    level: float = 0.95,
) -> RobustFit:
    """Pool dependent effects by robust variance estimation with correlated-effects weights.

    Every effect of a study gets the same weight, the inverse of the study's mean variance plus
    tau2, shared among its effects; tau2 comes from the moments of the residuals under the
    assumed correlation. The inference is CR2 with Satterthwaite degrees of freedom and does not
    rest on that assumption.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effect sizes and their sampling variances.
    study : array_like of shape (k,)
        The study each effect comes from.
    rho : float
        Assumed correlation of the sampling errors of two effects of one study, from 0 to below 1.
    X : array_like of shape (k,) or (k, q), optional
        Moderators without the constant.
    names : sequence of str, optional
        Names of the moderators.
    level : float
        Confidence level.

    Returns
    -------
    RobustFit

    Raises
    ------
    InputError
        If the data cannot be analysed, or there are too few studies.

    References
    ----------
    Hedges, Tipton & Johnson 2010, Res Synth Methods 1:39, https://doi.org/10.1002/jrsm.5
    (weights, and the moment estimator, here computed as the root of E[Q] = Q); Tipton 2015,
    Psychol Methods 20:375, https://doi.org/10.1037/met0000011 (small samples).
    """
    y, v = studies(yi, vi)
    check_level(level)
    as_number(rho, "rho", "must be at least 0 and below 1", lambda x: 0 <= x < 1)
    groups, number = study_index(study, y.size)
    model = design(X, y.size, names, True)
    size = np.bincount(number)
    mean = (np.bincount(number, weights=v) / size)[number]
    same = (number[:, None] == number).astype(float)
    # The study's mean variance stands for each effect's, as in the published estimator.
    sampling = np.outer(np.sqrt(mean), np.sqrt(mean)) * (rho * same + (1 - rho) * np.eye(y.size))
    weights = 1 / (size[number] * mean)
    fit = gls(y, model.x, weights)
    expected = _expected_q(model.x, weights, sampling, fit.cov)
    tau2 = max(0.0, (float(fit.q) - expected) / _expected_q(model.x, weights, same, fit.cov))
    final = 1 / (size[number] * (mean + tau2))
    working = _Working(y, model.x, sampling + tau2 * same, np.diag(final), number)
    if len(groups) <= model.x.shape[1]:
        raise InputError(
            f"study names {len(groups)} studies; {model.x.shape[1]} coefficients need more."
        )
    return _inference(working, model.names, "CR2", level, tau2, rho)


def _expected_q(x: Array, weights: Array, covariance: Array, inverse: Array) -> float:
    """Return the expected weighted residual sum of squares of effects with this covariance."""
    weighted = weights[:, None] * x
    leave = weighted.T @ covariance @ weighted
    return float((weights * np.diagonal(covariance)).sum() - (leave * inverse).sum())


@dataclass(frozen=True)
class _Working:
    """Data, working covariance, and weights that are zero between clusters."""

    y: Array
    x: Array
    covariance: Array
    weights: Array
    number: NDArray[np.intp]


def _block_inverse(covariance: Array, number: NDArray[np.intp]) -> Array:
    out = np.zeros_like(covariance)
    for which in range(int(number.max()) + 1):
        own = np.ix_(number == which, number == which)
        out[own] = np.linalg.inv(covariance[own])
    return out


def _inference(
    working: _Working,
    names: tuple[str, ...],
    correction: str,
    level: float,
    tau2: float | None,
    rho: float | None,
) -> RobustFit:
    x, weights = working.x, working.weights
    m, p = int(working.number.max()) + 1, x.shape[1]
    if m <= p:
        raise InputError(f"cluster names {m} clusters; {p} coefficients need at least {p + 1}.")
    bread = np.asarray(np.linalg.inv(x.T @ weights @ x), dtype=float)
    # Row i of `load` says how effect i enters each coefficient.
    load = weights @ x @ bread
    coef = load.T @ working.y
    residual = working.y - x @ coef
    try:
        adjust = _adjustments(working, load) if correction == "CR2" else None
    except np.linalg.LinAlgError as error:
        raise InputError(
            "CR2 needs sampling errors that are not lost in rounding beside the heterogeneity; "
            "some effect differs from the others by many orders of magnitude."
        ) from error
    scores = np.empty((m, p))
    pieces = np.empty((m, p, working.y.size))
    for which in range(m):
        own = working.number == which
        pull = load[own] if adjust is None else adjust[which] @ load[own]
        scores[which] = pull.T @ residual[own]
        pieces[which] = -(pull.T @ x[own]) @ load.T
        pieces[which][:, own] += pull.T
    vcov = scores.T @ scores
    if correction == "CR2":
        df = np.array([_satterthwaite(pieces[:, j], working.covariance) for j in range(p)])
    else:
        df = np.full(p, float(m - p))
        vcov = vcov * (m / (m - p) if correction == "CR1" else 1.0)
    se = np.sqrt(np.diagonal(vcov))
    statistic = statistics(coef, se)
    each = range(p)
    return RobustFit(
        names=names,
        coef=coef,
        se=se,
        statistic=statistic,
        df=df,
        pvalue=np.array([two_sided(statistic[j], df[j]) for j in each]),
        ci=np.array([limits(coef[j], se[j], level, df[j]) for j in each]),
        vcov=vcov,
        m=m,
        correction=correction,
        level=level,
        tau2=tau2,
        rho=rho,
        notes=_notes(names, se, df, correction),
    )


def _adjustments(working: _Working, load: Array) -> list[Array]:
    """Return each cluster's CR2 matrix: unbiased if the working covariance is right."""
    x, covariance = working.x, working.covariance
    spread = load.T @ covariance @ load
    out = []
    for which in range(int(working.number.max()) + 1):
        own = working.number == which
        block = covariance[np.ix_(own, own)]
        cross = x[own] @ (load.T @ covariance[:, own])
        left = block - cross - cross.T + x[own] @ spread @ x[own].T
        root = np.linalg.cholesky(block)
        # A cluster that determines a coefficient by itself leaves directions without residual.
        # How many is counted in units of the sampling errors, which may be of any size.
        share = np.linalg.eigvalsh(np.linalg.solve(root, np.linalg.solve(root, left).T))
        values, vectors = np.linalg.eigh(root.T @ left @ root)
        keep = np.arange(values.size) >= np.count_nonzero(share <= 1e-10)
        power = np.where(keep, np.where(keep, values, 1.0) ** -0.5, 0.0)
        out.append(root @ (vectors * power) @ vectors.T @ root.T)
    return out


def _satterthwaite(pieces: Array, covariance: Array) -> float:
    """Return degrees of freedom that match the first two moments under the working model."""
    moments = pieces @ covariance @ pieces.T
    return float(np.trace(moments) ** 2 / (moments**2).sum())


def _notes(names: tuple[str, ...], se: Array, df: Array, correction: str) -> tuple[str, ...]:
    exact = tuple(
        f"{name}: the clusters agree exactly, so the standard error is zero and there is no test."
        for name, own in zip(names, se, strict=True)
        if own == 0
    )
    if correction != "CR2":
        few = "Without the CR2 correction intervals are too narrow when clusters are few."
        return (*exact, few)
    return exact + tuple(
        f"{name}: fewer than 4 degrees of freedom, so the t approximation is unreliable."
        for name, own in zip(names, df, strict=True)
        if own < 4
    )
