"""Step-function selection model: what if publication depended on the p-value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, minimize
from scipy.special import chdtrc, ndtr, ndtri

from .asymmetry import require_enough
from .errors import InputError, as_vector, check_level, check_option
from .gls import studies
from .inference import limits, statistics, two_sided
from .pooling import pool

Array = NDArray[np.float64]

#: Largest relative chance of publication looked at, as in metafor.
_DELTA_MAX = 100.0
_NEWTON = 30
#: The search only has to come near; Newton's method does the rest.
_SEARCH: dict[str, Any] = {"ftol": 1e-10, "gtol": 1e-6, "maxiter": 200}


@dataclass(frozen=True)
class StepSelection:
    """Maximum-likelihood fit of a step-function selection model.

    Attributes
    ----------
    k : int
        Studies.
    estimate, se, statistic, pvalue : float
        Mean effect adjusted for selection, with a z test.
    ci : tuple of float
        Its confidence interval.
    tau2 : float
        Between-study variance.
    tau2_se : float or None
        Its standard error; None at zero.
    steps : tuple of float
        Upper ends of the intervals of the one-sided p-value; the last is 1.
    counts : tuple of int
        Studies in each interval.
    delta : tuple of float
        Chance of being observed relative to the first interval, whose is 1 by definition.
    delta_se : tuple of (float or None)
        Their standard errors; None for the first and on a bound.
    lrt, lrt_pvalue : float
        Likelihood-ratio test of no selection.
    lrt_df : int
        Its degrees of freedom.
    log_likelihood, log_likelihood_unadjusted : float
        With and without selection.
    alternative : {"greater", "less"}
        Direction in which a result counts as significant.
    notes : tuple of str
        What a reader must know.
    """

    k: int
    estimate: float
    se: float
    statistic: float
    pvalue: float
    ci: tuple[float, float]
    tau2: float
    tau2_se: float | None
    steps: tuple[float, ...]
    counts: tuple[int, ...]
    delta: tuple[float, ...]
    delta_se: tuple[float | None, ...]
    lrt: float
    lrt_df: int
    lrt_pvalue: float
    log_likelihood: float
    log_likelihood_unadjusted: float
    alternative: str
    notes: tuple[str, ...]


def step_selection(
    yi: ArrayLike,
    vi: ArrayLike,
    steps: Sequence[float] = (0.025,),
    *,
    alternative: str = "greater",
    level: float = 0.95,
    force: bool = False,
) -> StepSelection:
    """Fit a random-effects model in which the chance of publication steps with the p-value.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effect sizes and their sampling variances.
    steps : sequence of float
        One-sided p-values at which the chance changes, increasing, between 0 and 1.
    alternative : {"greater", "less"}
        Direction in which a result counts as significant.
    level : float
        Confidence level.
    force : bool
        Run below the number of studies that the small-k policy asks for.

    Returns
    -------
    StepSelection

    Raises
    ------
    InputError
        If there are too few studies, or an interval of p-values holds none.

    References
    ----------
    Hedges 1992, Stat Sci 7:246, https://doi.org/10.1214/ss/1177011364; Vevea & Hedges 1995,
    Psychometrika 60:419, https://doi.org/10.1007/BF02294384.
    """
    y, v = studies(yi, vi)
    check_option(alternative, ("greater", "less"), "alternative")
    check_level(level)
    notes = require_enough(y.size, "selection_model", 3, force)
    ends = _ends(steps)
    sign = 1.0 if alternative == "greater" else -1.0
    # In the data's own unit the search steps equally well whatever the scale of the effects.
    unit = float(np.sqrt(y.size)) * pool(y, v, method="ML", ci="z").se
    model = _Model.of(sign * y / unit, v / unit**2, ends)
    model.require_filled()
    plain = pool(model.y, model.v, method="ML", ci="z")
    unadjusted = model.log_likelihood(
        np.array([plain.estimate, plain.tau2, *np.ones(ends.size - 1)])
    )
    tau2, spread = float(plain.tau2 or 0.0), float(model.v.min())
    starts = [(plain.estimate, tau2), (plain.estimate, tau2 + spread)]
    if plain.batch.maxima[0] > 1:
        # The maximum that is lower without selection may be the higher with it.
        starts.append((pool(model.y, model.v, method="EE", ci="z").estimate, 0.0))
    theta = _maximise(model, starts)
    inside = _inside(theta)
    variance = np.full(theta.size, np.nan)
    information = -_curvature(model, theta)[np.ix_(inside, inside)]
    variance[inside] = np.diagonal(np.linalg.inv(information))
    errors = [float(np.sqrt(one)) if one > 0 else None for one in variance]
    if errors[0] is None:
        raise InputError("the likelihood has no clear maximum; use fewer steps.")
    estimate, se = sign * unit * float(theta[0]), unit * errors[0]
    best = model.log_likelihood(theta)
    ratio = max(0.0, 2 * (best - unadjusted))
    if not inside[2:].all():
        notes += (
            "A relative chance of publication lies on the end of its range "
            f"(0 to {_DELTA_MAX:g}); the data do not determine it.",
        )
    low, high = limits(np.array([estimate]), np.array([se]), level, None)[0]
    statistic = statistics(np.array([estimate]), np.array([se]))
    return StepSelection(
        k=y.size,
        estimate=estimate,
        se=se,
        statistic=float(statistic[0]),
        pvalue=float(two_sided(statistic, None)[0]),
        ci=(float(low), float(high)),
        tau2=unit**2 * float(theta[1]),
        tau2_se=None if errors[1] is None else unit**2 * errors[1],
        steps=tuple(float(end) for end in ends),
        counts=tuple(int(n) for n in model.counts),
        delta=(1.0, *(float(one) for one in theta[2:])),
        delta_se=(None, *errors[2:]),
        lrt=ratio,
        lrt_df=ends.size - 1,
        lrt_pvalue=float(chdtrc(ends.size - 1, ratio)),
        log_likelihood=best - y.size * log(unit),
        log_likelihood_unadjusted=unadjusted - y.size * log(unit),
        alternative=alternative,
        notes=notes,
    )


@dataclass(frozen=True)
class _Model:
    """Data with the effects at which each study's p-value crosses a step.

    ``cuts`` has shape (k, J + 1) and runs from plus to minus infinity, ``which`` (k,) is the
    interval of each study.
    """

    y: Array
    v: Array
    ends: Array
    cuts: Array
    which: NDArray[np.intp]

    @classmethod
    def of(cls, y: Array, v: Array, ends: Array) -> _Model:
        root = np.sqrt(v)
        # -ndtri(p) is ndtri(1 - p) without rounding a small p away.
        cuts = -root[:, None] * ndtri(np.concatenate([[0.0], ends]))
        return cls(y, v, ends, cuts, np.searchsorted(ends, ndtr(-y / root), side="left"))

    @property
    def counts(self) -> NDArray[np.intp]:
        return np.bincount(self.which, minlength=self.ends.size)

    def require_filled(self) -> None:
        empty = np.flatnonzero(self.counts == 0)
        if empty.size:
            j = int(empty[0])
            low = self.ends[j - 1] if j else 0.0
            raise InputError(
                f"steps leave no study with a one-sided p-value between {low:g} and "
                f"{self.ends[j]:g}; choose other steps."
            )

    def _terms(self, theta: NDArray) -> NDArray:
        """Log likelihood, written so that it also takes complex parameters."""
        mu, tau2 = theta[0], theta[1]
        delta = np.concatenate([np.ones(1, dtype=theta.dtype), theta[2:]])
        spread = self.v + tau2
        root = np.sqrt(spread)
        inner = ndtr((self.cuts[:, 1:-1] - mu) / root[:, None])
        edge = np.ones((self.y.size, 1), dtype=inner.dtype)
        upper = np.concatenate([edge, inner, 0 * edge], axis=1)
        observed = (upper[:, :-1] - upper[:, 1:]) @ delta
        body = np.log(2 * pi * spread) + (self.y - mu) ** 2 / spread
        return np.log(delta[self.which]) - 0.5 * body - np.log(observed)

    def log_likelihood(self, theta: Array) -> float:
        return float(self._terms(theta).sum())

    def gradient(self, theta: Array) -> Array:
        """Differentiate by a complex step, which loses no digits."""
        tiny = 1e-30
        moved = theta + 1j * tiny * np.eye(theta.size)
        return np.array([self._terms(row).sum().imag / tiny for row in moved])


def _ends(steps: Sequence[float]) -> Array:
    ends = as_vector(steps, "steps")
    if not ((ends > 0) & (ends < 1)).all() or not (np.diff(ends) > 0).all():
        raise InputError(f"steps must increase strictly between 0 and 1, but {steps!r} was given.")
    return np.append(ends, 1.0)


def _maximise(model: _Model, starts: list[tuple[float, float]]) -> Array:
    """Return the best of several local maxima, each polished by Newton's method."""
    size = model.ends.size - 1
    bounds = Bounds([-np.inf, 0.0, *[1e-8] * size], [np.inf, np.inf, *[_DELTA_MAX] * size])
    best, height = None, -np.inf
    for start in starts:
        for delta in (1.0, 0.2):
            found = minimize(  # type: ignore[call-overload]  # stubs want a private type
                lambda theta: -model.log_likelihood(theta),
                np.array([*start, *[delta] * size]),
                jac=lambda theta: -model.gradient(theta),
                method="L-BFGS-B",
                bounds=bounds,
                options=_SEARCH,
            )
            theta = _polish(model, found.x)
            value = model.log_likelihood(theta)
            if value > height:
                best, height = theta, value
    if best is None:
        raise InputError("the likelihood of the selection model has no maximum for these data.")
    return best


def _polish(model: _Model, theta: Array) -> Array:
    for _ in range(_NEWTON):
        inside = _inside(theta)
        gradient = model.gradient(theta)[inside]
        curvature = _curvature(model, theta)[np.ix_(inside, inside)]
        if np.linalg.eigvalsh(curvature)[-1] >= 0:
            return theta
        new = theta.copy()
        new[inside] -= np.linalg.solve(curvature, gradient)
        if not _allowed(new) or model.log_likelihood(new) < model.log_likelihood(theta):
            return theta
        if np.abs(new - theta).max() <= 1e-12 * (1 + np.abs(theta).max()):
            return new
        theta = new
    return theta


def _allowed(theta: Array) -> bool:
    return bool(theta[1] >= 0 and (theta[2:] > 0).all() and (theta[2:] <= _DELTA_MAX).all())


def _inside(theta: Array) -> NDArray[np.bool_]:
    """Return which parameters are off the ends of their range."""
    inside = np.ones(theta.size, dtype=bool)
    inside[1] = theta[1] > 0
    inside[2:] = (theta[2:] > 1e-6) & (theta[2:] < _DELTA_MAX * (1 - 1e-3))
    return inside


def _curvature(model: _Model, theta: Array) -> Array:
    """Return the Hessian of the log likelihood, by differences of the exact gradient."""
    size = theta.size
    hessian = np.zeros((size, size))
    for i in range(size):
        step = np.zeros(size)
        step[i] = 1e-5 * max(1e-3, abs(theta[i]))
        if i > 0:
            step[i] = min(step[i], 0.5 * theta[i]) or 1e-9
        rise = model.gradient(theta + step) - model.gradient(theta - step)
        hessian[i] = rise / (2 * step[i])
    return (hessian + hessian.T) / 2
