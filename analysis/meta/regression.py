"""Mixed-effects meta-regression with every estimator of the residual heterogeneity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc

from .errors import InputError, as_numbers, check_level, check_option, reject_beyond, reject_where
from .gls import Design, Gls, design, gls, studies
from .inference import OmnibusTest, i2_from_q, limits, statistics, two_sided, wald
from .kernel import CI_METHODS, pool_many
from .tau2 import METHODS

Array = NDArray[np.float64]

_GRID = 241


@dataclass(frozen=True)
class Prediction:
    """Effects expected at given moderator values; arrays of shape (n,) and (n, 2).

    ``pi`` is the interval for the true effect in a new study with those values.
    """

    estimate: Array
    se: Array
    ci: Array
    pi: Array


@dataclass(frozen=True)
class RegressionFit:
    """A mixed-effects meta-regression.

    Attributes
    ----------
    k, p : int
        Studies and coefficients.
    names : tuple of str
        Names of the coefficients, shape (p,).
    coef, se, statistic, pvalue : ndarray of shape (p,)
        Coefficients, standard errors, z or t statistics and two-sided p-values.
    ci : ndarray of shape (p, 2)
        Confidence intervals of the coefficients.
    vcov : ndarray of shape (p, p)
        Covariance matrix of the coefficients.
    df : float or None
        Degrees of freedom of the t statistics; None for z.
    tau2, tau2_se : float
        Residual between-study variance and its standard error (None for EE).
    qe, qe_pvalue : float
        Test of residual heterogeneity on k - p degrees of freedom.
    qm : OmnibusTest
        Omnibus test of the moderators.
    r2 : float or None
        Heterogeneity accounted for, in percent; None if there was none to account for.
    i2, h2 : float
        Share (percent) and factor of residual heterogeneity.
    log_likelihood, aicc : float
        Of the (restricted, for REML) likelihood.
    method, ci_method, level
        As asked for.
    yi, vi, x : ndarray
        The data; ``x`` includes the constant.
    notes : tuple of str
        What a reader must know.
    """

    k: int
    p: int
    names: tuple[str, ...]
    coef: Array
    se: Array
    statistic: Array
    pvalue: Array
    ci: Array
    vcov: Array
    df: float | None
    tau2: float
    tau2_se: float | None
    qe: float
    qe_pvalue: float
    qm: OmnibusTest
    r2: float | None
    i2: float
    h2: float
    log_likelihood: float
    aicc: float
    method: str
    ci_method: str
    level: float
    yi: Array
    vi: Array
    x: Array
    intercept: bool
    notes: tuple[str, ...]

    def predict(self, moderators: ArrayLike) -> Prediction:
        """Return the effect expected at each row of moderator values.

        Parameters
        ----------
        moderators : array_like of shape (n, q) or (q,)
            Values in the order of the moderators, without the constant.

        Returns
        -------
        Prediction
            The prediction interval adds tau2 to the squared standard error and uses the
            same t or normal quantile as the confidence interval.

        Raises
        ------
        InputError
            If the number of columns is not that of the model.
        """
        rows = np.atleast_2d(as_numbers(moderators, "moderators"))
        reject_where(~np.isfinite(rows), rows, "moderators", "must be a finite number")
        reject_beyond(rows, "moderators")
        wanted = self.p - self.intercept
        if rows.ndim != 2 or rows.shape[1] != wanted:
            raise InputError(f"moderators must have {wanted} columns, but has {rows.shape[1]}.")
        if self.intercept:
            rows = np.column_stack([np.ones(len(rows)), rows])
        estimate = rows @ self.coef
        se = np.sqrt(np.einsum("ij,jk,ik->i", rows, self.vcov, rows))
        wide = np.sqrt(se**2 + self.tau2)
        return Prediction(
            estimate,
            se,
            limits(estimate, se, self.level, self.df),
            limits(estimate, wide, self.level, self.df),
        )


def regression(
    yi: ArrayLike,
    vi: ArrayLike,
    X: ArrayLike | None,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = True,
    method: str = "REML",
    ci: str = "hksj",
    level: float = 0.95,
) -> RegressionFit:
    """Regress effect sizes on study-level moderators.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effect sizes and their sampling variances.
    X : array_like of shape (k,) or (k, q), or None
        Moderators without the constant.
    names : sequence of str, optional
        Names of the moderators.
    intercept : bool
        Whether the model has a constant (the omnibus test leaves it out).
    method : {"EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of the residual heterogeneity; EE assumes there is none.
    ci : {"z", "t", "hksj", "hksj_floor"}
        Normal; t on k - p df; Knapp-Hartung; Knapp-Hartung with its factor at least one.
    level : float
        Confidence level.

    Returns
    -------
    RegressionFit

    Raises
    ------
    InputError
        If the data or the design cannot be analysed, or k is not larger than p.

    References
    ----------
    Knapp & Hartung 2003, Stat Med 22:2693, https://doi.org/10.1002/sim.1482 (test);
    Raudenbush 2009, in The Handbook of Research Synthesis, 2nd ed., pp. 295-315 (R2);
    Viechtbauer 2010, J Stat Softw 36(3), https://doi.org/10.18637/jss.v036.i03 (estimators).
    """
    y, v = studies(yi, vi)
    check_option(method, METHODS, "method")
    check_option(ci, CI_METHODS, "ci")
    check_level(level)
    model = design(X, y.size, names, intercept)
    k, p = model.x.shape
    if k <= p:
        raise InputError(f"yi holds {k} studies, but {p} coefficients need at least {p + 1}.")
    fixed = gls(y, model.x, 1 / v)
    tau2 = residual_tau2(y, v, model.x, method)
    fit = gls(y, model.x, 1 / (v + tau2))
    df = None if ci == "z" else float(k - p)
    factor = _factor(fit, y, v, k - p)
    if ci.startswith("hksj"):
        vcov = fit.cov * (max(1.0, factor) if ci == "hksj_floor" else factor)
    else:
        vcov = fit.cov
    se = np.sqrt(np.diagonal(vcov))
    statistic = statistics(fit.coef, se)
    qe = float(fixed.q)
    typical = (k - p) / float(((1 - fixed.leverage) / v).sum())
    likelihood = float(_log_likelihood(v, model.x, fit, tau2, method == "REML"))
    size, parameters = k - p * (method == "REML"), p + (method != "EE")
    return RegressionFit(
        k=k,
        p=p,
        names=model.names,
        coef=fit.coef,
        se=se,
        statistic=statistic,
        pvalue=two_sided(statistic, df),
        ci=limits(fit.coef, se, level, df),
        vcov=vcov,
        df=df,
        tau2=tau2,
        tau2_se=_tau2_se(y, v, model.x, tau2, method),
        qe=qe,
        qe_pvalue=float(chdtrc(k - p, qe)),
        qm=wald(fit.coef[model.tested], vcov[model.tested, model.tested], df),
        r2=_r2(y, v, model, tau2, qe, method),
        **_residual_i2(tau2, qe, k - p, typical, method),
        log_likelihood=likelihood,
        aicc=_aicc(likelihood, size, parameters),
        method=method,
        ci_method=ci,
        level=level,
        yi=y,
        vi=v,
        x=model.x,
        intercept=intercept,
        notes=_notes(k, p, factor, ci),
    )


def residual_tau2(y: Array, v: Array, x: Array, method: str) -> float:
    """Return the residual between-study variance, truncated at zero.

    Definitions as for the pooled mean, with the projection on the moderators in place of that on
    the constant: Viechtbauer 2007, Stat Med 26:37, https://doi.org/10.1002/sim.2514, and
    López-López et al. 2014, Br J Math Stat Psychol 67:30, https://doi.org/10.1111/bmsp.12002.
    """
    k, p = x.shape
    # The projection does not change with the basis; an orthonormal one is better conditioned.
    basis = np.linalg.qr(x)[0]
    if method == "EE":
        return 0.0
    if method in ("EB", "PM"):
        return _root(lambda tau2: float(gls(y, basis, 1 / (v + tau2)).q) - (k - p), y, v)
    if method in ("ML", "REML"):
        return _maximise(y, v, basis, method == "REML")
    weights, factor, expected = _moments(y, v, basis, method)
    return max(0.0, factor * (float(gls(y, basis, weights).q) - expected))


def _moments(y: Array, v: Array, x: Array, method: str) -> tuple[Array, float, float]:
    """Return weights, factor c and offset e of a moment estimator: tau2 = c (Q - e)."""
    k, p = x.shape
    if method == "SJ":
        start = float(((y - y.mean()) ** 2).sum() / k)
        return 1 / (v + start), start / (k - p), 0.0
    weights = np.ones(k) if method == "HE" else 1 / v
    free = weights * (1 - gls(y, x, weights).leverage)
    if method == "HS":
        return weights, 1 / float(weights.sum()), float(k)
    # E[Q] is tr(P V) + tau2 tr(P) with P the weighted projection off the moderators.
    return weights, 1 / float(free.sum()), float((free * v).sum())


def _maximise(y: Array, v: Array, x: Array, restricted: bool) -> float:
    """Return the tau2 at the highest of all maxima of the likelihood."""
    grid = _grid(y, v)
    fits = gls(y, x, 1 / (v + grid[:, None]))
    heights = _log_likelihood(v, x, fits, grid, restricted)

    def score(tau2: float) -> float:
        return float(_score(v, gls(y, x, 1 / (v + tau2)), np.asarray(tau2), restricted))

    slopes = _score(v, fits, grid, restricted)
    best = int(np.argmax(heights))
    tops = [grid[best]]
    for left in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        tops.append(float(brentq(score, grid[left], grid[left + 1], xtol=1e-300, rtol=1e-14)))
    values = np.array([0.0, *tops]) if slopes[0] <= 0 else np.array(tops)
    final = gls(y, x, 1 / (v + values[:, None]))
    return float(values[int(np.argmax(_log_likelihood(v, x, final, values, restricted)))])


def _log_likelihood(v: Array, x: Array, fit: Gls, tau2: Array | float, restricted: bool) -> Array:
    """Log likelihood at tau2 (shape ...), coefficients profiled out."""
    k, p = x.shape
    spread = np.log(v + np.asarray(tau2)[..., None]).sum(axis=-1)
    value = -0.5 * (k * log(2 * pi) + spread + fit.q)
    if restricted:
        own = np.linalg.slogdet(x.T @ x)[1]
        value = value + 0.5 * (p * log(2 * pi) + own - fit.logdet)
    return value


def _score(v: Array, fit: Gls, tau2: Array, restricted: bool) -> Array:
    """Return twice the derivative of the log likelihood in tau2."""
    weights = 1 / (v + tau2[..., None])
    fall = weights * (1 - fit.leverage) if restricted else weights
    return (weights**2 * fit.resid**2).sum(axis=-1) - fall.sum(axis=-1)


def _grid(y: Array, v: Array) -> Array:
    """Return tau2 from zero to beyond any maximum, evenly spaced in the logarithm."""
    top = 4 * float(((y - y.mean()) ** 2).sum()) + float(v.max())
    return np.concatenate([[0.0], np.geomspace(v.min() * 1e-6, top, _GRID - 1)])


def _root(function: Callable[[float], float], y: Array, v: Array) -> float:
    """Return the tau2 >= 0 at which a decreasing function is zero, zero if it starts below."""
    if function(0.0) <= 0:
        return 0.0
    high = 4 * float(((y - y.mean()) ** 2).sum()) + float(v.max())
    return float(brentq(function, 0.0, high, xtol=1e-300, rtol=1e-14))


def _tau2_se(y: Array, v: Array, x: Array, tau2: float, method: str) -> float | None:
    """Return the standard error of tau2, defined as for the pooled mean (Viechtbauer 2005)."""
    if method == "EE":
        return None
    k, p = x.shape
    weights = 1 / (v + tau2)
    if method == "ML":
        return sqrt(2 / float((weights**2).sum()))
    if method in ("EB", "PM"):
        return sqrt(2 * k**2 / (k - p)) / float(weights.sum())
    factor, spread = 1.0, np.ones(k)
    if method != "REML":
        weights, factor, _ = _moments(y, v, np.linalg.qr(x)[0], method)
        spread = v + tau2
    basis = gls(y, x, weights).basis
    root = np.sqrt(weights)
    projection = np.diag(weights) - (root[:, None] * basis) @ (root[:, None] * basis).T
    square = float(((projection * spread) * (projection * spread).T).sum())
    return sqrt(2 / square) if method == "REML" else factor * sqrt(2 * square)


def _r2(y: Array, v: Array, model: Design, tau2: float, qe: float, method: str) -> float | None:
    """Return the share of heterogeneity the moderators account for, in percent, at least 0."""
    k, p = model.x.shape
    if p == 1 or not model.intercept:
        return None
    null = pool_many([y], [v], method=method, ci="z")
    if method == "EE":
        # Without tau2, the adjusted R2 of weighted least squares stands in.
        q = float(null.q[0])
        return max(0.0, 100 * (1 - (qe / (k - p)) / (q / (k - 1)))) if q > 0 else None
    before = float(null.tau2[0])
    return max(0.0, 100 * (1 - tau2 / before)) if before > 0 else None


def _residual_i2(tau2: float, qe: float, df: int, typical: float, method: str) -> dict:
    """Return residual I2 and H2: from tau2, or from Q where the model has no tau2."""
    if method == "EE":
        return {"i2": float(i2_from_q(np.array(qe), np.array(df))), "h2": qe / df}
    return {"i2": 100 * tau2 / (tau2 + typical), "h2": 1 + tau2 / typical}


def _factor(fit: Gls, y: Array, v: Array, df: int) -> float:
    """Return the Knapp-Hartung factor, zero where the line goes through every study."""
    rounding = 1e-26 * float((y**2 / v).sum())
    return 0.0 if fit.q <= rounding else float(fit.q) / df


def _aicc(likelihood: float, size: int, parameters: int) -> float:
    used = max(size, parameters + 2)
    return -2 * likelihood + 2 * parameters * used / (used - parameters - 1)


def _notes(k: int, p: int, factor: float, ci: str) -> tuple[str, ...]:
    notes = []
    if k < 10 * max(p - 1, 1):
        notes.append(
            f"{k} studies for {p} coefficients: fewer than ten studies per moderator, "
            "so chance findings are likely."
        )
    if ci == "hksj" and factor == 0:
        notes.append(
            "The model fits every study exactly, so the Knapp-Hartung standard errors are zero "
            "and there is no test; use ci='hksj_floor'."
        )
    elif ci == "hksj" and factor < 1:
        notes.append(
            "The Knapp-Hartung factor is below one, so these intervals are narrower than "
            "ordinary ones would be."
        )
    return tuple(notes)
