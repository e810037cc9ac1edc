"""The marginal likelihood of counts whose true effects vary normally between studies.

Every model here gives study i the log-likelihood ``l_i(theta, alpha)`` with
``theta = mu + tau z1`` (the effect) and ``alpha = a_i + sigma z2`` (the level, where there is
one), z1 and z2 standard normal. The integral over z is done by Gauss–Hermite quadrature, moved
and scaled to each study's own mode (Liu & Pierce 1994, Biometrika 81:624). First and second
derivatives come from the same nodes by Louis' identity (Louis 1982, J R Stat Soc B 44:226), so
Newton's method and the standard errors need no finite differences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NEWTON_STEPS = 100
#: A Newton step that promises this little log-likelihood is the last; its error is the square.
_LAST_GAIN = 1e-11
#: Where effects vary a lot the quadrature's value and its derivatives agree to about this.
_VALUE_NOISE = 1e-7
#: Quadrature centred this far from the mode, in standard deviations, is as good.
_MODE_TOLERANCE = 1e-7
#: Log odds beyond these limits, or a standard deviation of them, are a likelihood without maximum
#: that is worth the name: it runs away, or is flat, and quadrature loses its accuracy.
LARGEST_EFFECT, LARGEST_SD = 15.0, 5.0


class Derivatives(NamedTuple):
    """A study's log-likelihood and its derivatives at (theta, alpha), each of shape (k, q)."""

    value: Array
    theta: Array
    theta2: Array
    alpha: Array
    alpha2: Array
    cross: Array


Kernel = Callable[[Array, Array], Derivatives]


class Point(NamedTuple):
    """Parameters: effect, its SD, the studies' levels and their SD."""

    mu: float
    tau: float
    level: Array
    sigma: float


class Marginal(NamedTuple):
    """Log-likelihood per study with its score (k, 4) and Hessian (k, 4, 4).

    The four parameters are mu, tau, the level and sigma.
    """

    value: Array
    score: Array
    hessian: Array


def integrate(kernel: Kernel, at: Point, nodes: tuple[int, int]) -> Marginal:
    """Return every study's marginal log-likelihood with derivatives.

    Parameters
    ----------
    kernel : callable
        ``l_i(theta, alpha)`` with derivatives, for arrays of shape (k, q).
    at : Point
        Parameters; a level of shape (k,).
    nodes : tuple of int
        Quadrature nodes for the effect and for the level; 1 with ``sigma = 0`` where the level
        is fixed.

    Returns
    -------
    Marginal
    """
    mode, scale = _mode(kernel, at)
    x1, x2, log_weight = _grid(nodes)
    z1 = mode[:, :1] + np.sqrt(2) * scale[:, 0, :1] * x1
    z2 = mode[:, 1:] + np.sqrt(2) * (scale[:, 1, :1] * x1 + scale[:, 1, 1:] * x2)
    d = kernel(at.mu + at.tau * z1, at.level[:, None] + at.sigma * z2)
    log_volume = np.log(scale[:, 0, 0] * scale[:, 1, 1] / np.pi)[:, None]
    terms = d.value - (z1**2 + z2**2) / 2 + log_weight + log_volume
    top = terms.max(axis=1, keepdims=True)
    weights = np.exp(terms - top)
    total = weights.sum(axis=1, keepdims=True)
    weights = weights / total
    value = (top + np.log(total))[:, 0]

    slopes = np.stack([d.theta, d.theta * z1, d.alpha, d.alpha * z2], axis=-1)
    one = np.ones_like(z1)
    basis = np.stack([one, z1, one, z2], axis=-1)
    second = basis[..., :, None] * basis[..., None, :]
    second[..., :2, :2] *= d.theta2[..., None, None]
    second[..., 2:, 2:] *= d.alpha2[..., None, None]
    second[..., :2, 2:] *= d.cross[..., None, None]
    second[..., 2:, :2] *= d.cross[..., None, None]
    score = np.einsum("kq,kqp->kp", weights, slopes)
    hessian = np.einsum("kq,kqpr->kpr", weights, second)
    hessian += np.einsum("kq,kqp,kqr->kpr", weights, slopes, slopes)
    hessian -= score[:, :, None] * score[:, None, :]
    return Marginal(value, score, hessian)


def _grid(nodes: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Return the product rule's nodes and log weights, the Gaussian factor taken out."""
    (x1, w1), (x2, w2) = (np.polynomial.hermite.hermgauss(n) for n in nodes)
    first, second = (axis.ravel() for axis in np.meshgrid(x1, x2, indexing="ij"))
    log_weight = (np.log(w1)[:, None] + np.log(w2)[None, :]).ravel() + first**2 + second**2
    return first, second, log_weight


def _mode(kernel: Kernel, at: Point) -> tuple[Array, Array]:
    """Return each study's most likely z, and the Cholesky factor of its curvature's inverse.

    The integrand is log-concave, so a Newton step halved until it ascends always arrives.
    """
    k = len(at.level)
    z = np.zeros((k, 2))

    def evaluate(z: Array) -> tuple[Array, Array, Array]:
        d = kernel(at.mu + at.tau * z[:, :1], at.level[:, None] + at.sigma * z[:, 1:])
        value = d.value[:, 0] - (z**2).sum(axis=1) / 2
        slope = np.stack([at.tau * d.theta[:, 0], at.sigma * d.alpha[:, 0]], axis=1) - z
        curvature = np.empty((k, 2, 2))
        curvature[:, 0, 0] = 1 - at.tau**2 * d.theta2[:, 0]
        curvature[:, 1, 1] = 1 - at.sigma**2 * d.alpha2[:, 0]
        curvature[:, 0, 1] = curvature[:, 1, 0] = -at.tau * at.sigma * d.cross[:, 0]
        return value, slope, curvature

    value, slope, curvature = evaluate(z)
    for _ in range(_NEWTON_STEPS):
        step = np.linalg.solve(curvature, slope[..., None])[..., 0]
        if np.abs(step).max() < _MODE_TOLERANCE:
            break
        share = np.ones(k)
        for _ in range(40):
            trial = z + share[:, None] * step
            trial_value, trial_slope, trial_curvature = evaluate(trial)
            worse = trial_value < value - 1e-12 * (1 + np.abs(value))
            if not worse.any():
                break
            share = np.where(worse, share / 2, share)
        z, value, slope, curvature = trial, trial_value, trial_slope, trial_curvature
    return z, np.linalg.cholesky(np.linalg.inv(curvature))


def runs_away(point: Point) -> bool:
    """Whether the parameters have left the range where a maximum means anything."""
    return abs(point.mu) > LARGEST_EFFECT or max(abs(point.tau), abs(point.sigma)) > LARGEST_SD


class Solution(NamedTuple):
    """A stationary point: parameters, total log-likelihood, covariance of the free ones."""

    point: Point
    log_likelihood: float
    covariance: Array


def climb(
    kernel: Kernel, start: Point, free: tuple[int, ...], own_level: bool, nodes: tuple[int, int]
) -> Solution:
    """Return the maximum that Newton's method reaches from a start.

    Parameters
    ----------
    kernel, nodes
        As in :func:`integrate`.
    start : Point
        Where to begin; tau above 0, for the likelihood is even in tau and flat at 0.
    free : tuple of int
        Parameters shared by all studies that are fitted: 0 mu, 1 tau, 2 level, 3 sigma.
    own_level : bool
        Whether each study also has a level of its own, eliminated from every step.

    Returns
    -------
    Solution
        With tau and sigma made non-negative; the covariance is that of the free parameters.
    """
    shared = np.array(free)
    point, now = start, integrate(kernel, start, nodes)
    for _ in range(_NEWTON_STEPS):
        gradient, information = _condensed(now, shared, own_level)
        step = ascent(information, gradient)
        level_step = np.zeros_like(point.level)
        if own_level:
            pull = now.score[:, 2] + now.hessian[:, 2, :][:, shared] @ step
            level_step = -pull / now.hessian[:, 2, 2]
        gain = gradient @ step + np.abs(now.score[:, 2] * level_step).sum()
        moved = _line_search(kernel, point, now, shared, step, level_step, nodes)
        if moved is None:
            break
        point, now = moved
        if gain < _LAST_GAIN:
            break
        if runs_away(point):
            break
    _, information = _condensed(now, shared, own_level)
    return Solution(
        point._replace(tau=abs(point.tau), sigma=abs(point.sigma)),
        float(now.value.sum()),
        np.asarray(np.linalg.pinv(information, hermitian=True), dtype=float),
    )


def _condensed(now: Marginal, shared: NDArray[np.intp], own_level: bool) -> tuple[Array, Array]:
    """Return gradient and information of the shared parameters, own levels profiled out."""
    gradient = now.score[:, shared].sum(axis=0)
    hessian = now.hessian[:, shared[:, None], shared].sum(axis=0)
    if own_level:
        cross, own = now.hessian[:, 2, :][:, shared], now.hessian[:, 2, 2]
        gradient = gradient - (cross * (now.score[:, 2] / own)[:, None]).sum(axis=0)
        hessian = hessian - np.einsum("kp,kr->pr", cross / own[:, None], cross)
    return gradient, -hessian


def ascent(information: Array, gradient: Array) -> Array:
    """Return Newton's step, with negative curvature turned round so that it ascends."""
    # parameters of very different scales are first brought to one
    scale = 1 / np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    along = vectors.T @ (scale * gradient)
    return scale * (vectors @ (along / np.maximum(np.abs(values), 1e-8)))


def _line_search(
    kernel: Kernel,
    point: Point,
    now: Marginal,
    shared: NDArray[np.intp],
    step: Array,
    level_step: Array,
    nodes: tuple[int, int],
) -> tuple[Point, Marginal] | None:
    before = now.value.sum()
    # a step of more than 2 log units or standard deviations is outside Newton's reach
    share = 2.0 / max(2.0, np.abs(step).max(), np.abs(level_step).max())
    for _ in range(30):
        full = np.zeros(4)
        full[shared] = share * step
        trial = Point(
            point.mu + full[0],
            point.tau + full[1],
            point.level + full[2] + share * level_step,
            point.sigma + full[3],
        )
        there = integrate(kernel, trial, nodes)
        if there.value.sum() >= before - _VALUE_NOISE * (1 + abs(before)):
            return trial, there
        share /= 2
    return None
