"""Estimators of the between-study variance, one place for each formula.

Every function takes :class:`~analysis.meta.columns.Columns` of at least two studies each
and returns tau2 before truncation at zero. Names and definitions follow Veroniki et al.
(2016), Res Synth Methods 7:55, https://doi.org/10.1002/jrsm.1164.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .columns import Columns, CommonEffect, Floats, trace, traces, weighted_mean
from .likelihood import SURE, Unsure, climb_from_zero

_STEP = 1e-9
_ITERATIONS = 200


def solve_q(data: Columns, target: Floats) -> Floats:
    """Return the tau2 >= 0 at which the generalised Q equals ``target``.

    ``1/Q`` grows with tau2 and is concave, so Newton's method on it climbs to the root
    from the left without overshooting; it is exact when all variances agree. Zero where
    Q is below the target already.
    """
    tau2 = np.zeros(data.count.size)
    least = data.v[0]
    for _ in range(_ITERATIONS):
        mean = weighted_mean(data, tau2)
        q = mean.q
        scaled = np.multiply(mean.weight, mean.residual, out=mean.residual)
        fall = np.einsum("kb,kb->b", scaled, scaled)
        open_ = q > target
        step = np.divide((q / target - 1.0) * q, fall, where=open_, out=np.zeros_like(q))
        tau2 += step
        if (step <= _STEP * (tau2 + least)).all():
            break
    return tau2


def dersimonian_laird(data: Columns, fixed: CommonEffect) -> Floats:
    """DL: DerSimonian and Laird (1986), https://doi.org/10.1016/0197-2456(86)90046-2."""
    return (fixed.q - (data.count - 1.0)) / fixed.trace


def hunter_schmidt(data: Columns, fixed: CommonEffect) -> Floats:
    """HS: Hunter and Schmidt (1990), as in Viechtbauer (2005), J Educ Behav Stat 30:261."""
    return (fixed.q - data.count) / fixed.mean.total


def hedges(data: Columns, _: CommonEffect) -> Floats:
    """HE: Hedges (1983), https://doi.org/10.1037/0033-2909.93.2.388; unweighted moments."""
    v = np.where(np.isinf(data.v), 0.0, data.v)
    return _spread(data) / (data.count - 1.0) - v.sum(axis=0) / data.count


def sidik_jonkman(data: Columns, _: CommonEffect) -> Floats:
    """SJ: Sidik and Jonkman (2005), https://doi.org/10.1111/j.1467-9876.2005.00489.x.

    Above zero unless all estimates are equal.
    """
    start = _spread(data) / data.count
    return start * weighted_mean(data, start).q / (data.count - 1.0)


def paule_mandel(data: Columns, _: CommonEffect) -> Floats:
    """PM: Paule and Mandel (1982), https://doi.org/10.6028/jres.087.022.

    Also EB, Morris (1983), https://doi.org/10.2307/2287098: another algorithm for the root
    of the same equation.
    """
    return solve_q(data, data.count - 1.0)


def _spread(data: Columns) -> Floats:
    """Return the unweighted sum of squares about the mean."""
    here = np.isfinite(data.v)
    residual = np.where(here, data.y - data.y.sum(axis=0) / data.count, 0.0)
    return np.einsum("kb,kb->b", residual, residual)


_CLOSED: dict[str, Callable[[Columns, CommonEffect], Floats]] = {
    "DL": dersimonian_laird,
    "HE": hedges,
    "HS": hunter_schmidt,
    "SJ": sidik_jonkman,
    "EB": paule_mandel,
    "PM": paule_mandel,
}
METHODS = ("EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")


def estimate(data: Columns, fixed: CommonEffect, method: str) -> tuple[Floats, Unsure]:
    """Return tau2 by the named method, and which fits may have a higher maximum.

    Parameters
    ----------
    data : Columns
        Analyses of at least two studies each.
    fixed : CommonEffect
        What they are at tau2 = 0.
    method : str
        One of ``METHODS``.

    Returns
    -------
    tau2 : ndarray of shape (B,)
    unsure : Unsure
        Fits that :func:`~analysis.meta.likelihood.highest` must settle.
    """
    if method == "EE":
        return np.zeros(data.count.size), SURE
    if method in _CLOSED:
        return np.maximum(_CLOSED[method](data, fixed), 0.0), SURE
    return climb_from_zero(data, fixed, restricted=method == "REML")


def standard_error(data: Columns, tau2: Floats, method: str) -> Floats:
    """Return the standard error of tau2 as metafor defines it for each method.

    Viechtbauer (2005), J Educ Behav Stat 30:261: the inverse of the expected information
    for ML and REML, the exact variance of a quadratic form at the estimate for the moment
    estimators. Not defined for EE.
    """
    k = data.count
    if method in ("ML", "REML", "EB", "PM"):
        weight = 1.0 / (data.v + tau2)
        if method == "REML":
            return np.sqrt(2.0 / traces(weight, weight.sum(axis=0))[1])
        if method == "ML":
            return np.sqrt(2.0 / np.einsum("kb,kb->b", weight, weight))
        return np.sqrt(2.0 * k * k / (k - 1.0)) / weight.sum(axis=0)
    return np.sqrt(_moment_variance(data, tau2, method))


def _moment_variance(data: Columns, tau2: Floats, method: str) -> Floats:
    """Return the variance of ``c * y'Py``: ``2 c**2 tr(P(V + tau2) P(V + tau2))``."""
    here = np.isfinite(data.v)
    v = np.where(here, data.v, 0.0)
    k = data.count
    if method == "HE":
        weight, factor = here.astype(float), 1.0 / (k - 1.0)
    elif method == "SJ":
        start = _spread(data) / k
        weight, factor = 1.0 / (data.v + start), start / (k - 1.0)
    else:
        weight = 1.0 / data.v
        total = weight.sum(axis=0)
        factor = 1.0 / (total if method == "HS" else trace(weight, total))
    total = weight.sum(axis=0)
    spread = weight * (v + tau2)
    square = (spread * spread).sum(axis=0)
    cross = (spread * spread * weight).sum(axis=0) / total
    both = (spread * weight).sum(axis=0) / total
    return 2.0 * factor**2 * (square - 2.0 * cross + both**2)
