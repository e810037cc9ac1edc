"""Likelihood of the three-level model.

Effects are kept in blocks, one per study and padded to the same size, so that all studies are
inverted in one vectorised call; the padding is an identity that takes no part in anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, brentq, minimize
from scipy.special import chdtri

from .dependence import check_rho
from .errors import InputError
from .gls import gls

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Solution:
    """What the model says at given variance components; ``trace_p`` is the trace of P."""

    coef: Array
    cov: Array
    q: float
    log_likelihood: float
    gradient: Array
    trace_p: float


@dataclass(frozen=True)
class Blocks:
    """Effects by study: ``sampling``, ``same`` and ``eye`` of shape (m, n, n), padded."""

    y: Array
    x: Array
    sampling: Array
    same: Array
    eye: Array
    pad: Array
    restricted: bool
    own: float
    k: int

    @classmethod
    def of(
        cls,
        y: Array,
        v: Array,
        number: NDArray[np.intp],
        x: Array,
        rho: float | None,
        method: str,
    ) -> Blocks:
        m = int(number.max()) + 1
        size = np.bincount(number, minlength=m)
        order = np.argsort(number, kind="stable")
        inside = np.arange(size.max()) < size[:, None]
        place = np.zeros(inside.shape, dtype=np.intp)
        place[inside] = order
        mask = inside.astype(float)
        same = mask[:, :, None] * mask[:, None, :]
        eye = mask[:, :, None] * np.eye(int(size.max()))
        root = np.sqrt(v)[place] * mask
        correlation = 0.0 if rho is None else check_rho(rho)
        sampling = (
            root[:, :, None] * root[:, None, :] * (correlation * same + (1 - correlation) * eye)
        )
        _check_definite(sampling + np.eye(int(size.max())) - eye, rho)
        return cls(
            y=y[place] * mask,
            x=x[place] * mask[:, :, None],
            sampling=sampling,
            same=same,
            eye=eye,
            pad=np.eye(int(size.max())) - eye,
            restricted=method == "REML",
            own=float(np.linalg.slogdet(x.T @ x)[1]),
            k=y.size,
        )

    def solve(self, sigma2: Array) -> Solution:
        """Return coefficients, likelihood and its gradient at given variance components."""
        m, n, p = self.x.shape
        total = self.sampling + sigma2[0] * self.same + sigma2[1] * self.eye + self.pad
        root = np.linalg.cholesky(total)
        white = np.linalg.solve(root, np.concatenate([self.x, self.y[..., None]], axis=2))
        flat = white.reshape(m * n, p + 1)
        fit = gls(flat[:, -1], flat[:, :-1], np.ones(m * n))
        inverse = np.linalg.inv(total)
        logdet = 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
        likelihood = -0.5 * (self.k * log(2 * pi) + logdet + float(fit.q))
        if self.restricted:
            likelihood += 0.5 * (p * log(2 * pi) + self.own - float(fit.logdet))
        back = (inverse @ (self.y - self.x @ fit.coef)[..., None])[..., 0]
        through = inverse @ self.x
        gradient = np.empty(2)
        trace_p = 0.0
        for i, part in enumerate((self.same, self.eye)):
            spent = float(np.einsum("mij,mji->", inverse, part))
            leave = np.einsum("mip,mij,mjq->pq", through, part, through)
            projected = spent - float((leave * fit.cov).sum())
            if i == 1:
                trace_p = projected
            gain = float(np.einsum("mi,mij,mj->", back, part, back))
            gradient[i] = 0.5 * (gain - (projected if self.restricted else spent))
        return Solution(fit.coef, fit.cov, float(fit.q), likelihood, gradient, trace_p)


def _check_definite(blocks: Array, rho: float | None) -> None:
    try:
        np.linalg.cholesky(blocks)
    except np.linalg.LinAlgError as error:
        raise InputError(
            f"rho is {rho}, which no set of that many effects in one study can have."
        ) from error


def maximise(model: Blocks) -> tuple[float, float]:
    """Return the variance components at the highest of the maxima found from several starts."""
    scale = _scale(model)
    best, height = np.zeros(2), -np.inf
    for start in ((0.5, 0.5), (0.05, 1.0), (1.0, 0.05), (0.01, 0.01)):
        found = minimize(  # type: ignore[call-overload]  # stubs know no jac=True with bounds
            lambda part: _down(model, part * scale, scale),
            np.array(start),
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(0.0, np.inf),
        )
        point = _polish(model, np.maximum(found.x * scale, 0.0), scale)
        value = model.solve(point).log_likelihood
        if value > height + 1e-12:
            best, height = point, value
    return float(best[0]), float(best[1])


def _down(model: Blocks, sigma2: Array, scale: float) -> tuple[float, Array]:
    at = model.solve(sigma2)
    return -at.log_likelihood, -scale * at.gradient


def _scale(model: Blocks) -> float:
    """Return the spread of the data, the size that a variance component may have."""
    values = model.y[model.eye.any(axis=2)]
    return max(float(np.var(values)), float(model.sampling.max()) * 1e-3)


def _polish(model: Blocks, point: Array, scale: float) -> Array:
    """Solve the score equations of the components above zero by Newton's method."""
    free = point > 1e-9 * scale
    point = np.where(free, point, 0.0)
    if not free.any():
        return point
    for _ in range(20):
        step = 1e-6 * np.maximum(point, 1e-6 * scale)
        moves = [step * unit for unit in np.eye(2)]
        curvature = np.array(
            [
                (model.solve(point + move).gradient - model.solve(point - move).gradient)
                / (2 * move.sum())
                for move, use in zip(moves, free, strict=True)
                if use
            ]
        )[:, free]
        gradient = model.solve(point).gradient[free]
        bends = np.linalg.eigvalsh((curvature + curvature.T) / 2)
        # Flat where the data cannot tell the two components apart.
        if bends[-1] >= 1e-9 * bends[0]:
            break
        new = point.copy()
        new[free] -= np.linalg.solve(curvature, gradient)
        if (new < 0).any():
            break
        moved = np.abs(new - point).max()
        point = new
        if moved <= 1e-13 * scale:
            break
    return point


def profile(
    model: Blocks, sigma2: tuple[float, float], which: int, level: float
) -> tuple[float, float]:
    top = model.solve(np.array(sigma2)).log_likelihood
    drop = float(chdtri(1, 1 - level)) / 2

    def short(value: float) -> float:
        return top - drop - _best_other(model, which, value)

    scale = _scale(model)
    low = 0.0
    if sigma2[which] > 0 and short(0.0) > 0:
        low = float(brentq(short, 0.0, sigma2[which], xtol=1e-14 * scale))
    high = max(sigma2[which], scale)
    while short(high) < 0:
        high *= 2
    return low, float(brentq(short, sigma2[which], high, xtol=1e-14 * scale))


def _best_other(model: Blocks, which: int, value: float) -> float:
    """Return the likelihood with one component fixed, the other at its best."""

    def at(other: float) -> Array:
        return np.array([value, other] if which == 0 else [other, value])

    def slope(other: float) -> float:
        return float(model.solve(at(other)).gradient[1 - which])

    if slope(0.0) <= 0:
        return model.solve(at(0.0)).log_likelihood
    high = _scale(model)
    while slope(high) > 0:
        high *= 2
    return model.solve(at(float(brentq(slope, 0.0, high, rtol=1e-13)))).log_likelihood
