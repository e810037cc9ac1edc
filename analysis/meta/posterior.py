"""Distributions that a quadrature over tau leaves behind, with exact quantiles.

The density of log(tau) is held as Legendre series on panels that are split until every series
has converged, so that the distribution function of tau is a piecewise polynomial. Given tau,
the mean effect, a new effect and each study's effect are normal, so their marginals are finite
mixtures of normals with the quadrature nodes as components.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp, inf, log, nan, pi, sqrt

import numpy as np
from numpy.polynomial.legendre import leggauss, legint, legval, legvander
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from .errors import InputError, as_numbers, check_level, check_option

Array = NDArray[np.float64]

_NODES = 16
_CONVERGED = 1e-14
_MAX_ROUNDS = 30


class Marginal:
    """One posterior distribution: quantiles, probabilities and credible intervals."""

    def cdf(self, x: ArrayLike) -> Array:
        """Return P(X <= x) for each x."""
        raise NotImplementedError

    def density(self, x: ArrayLike) -> Array:
        """Return the density at each x."""
        raise NotImplementedError

    def quantile(self, p: ArrayLike) -> Array:
        """Return the quantiles at the probabilities ``p``."""
        raise NotImplementedError

    @cached_property
    def median(self) -> float:
        """Posterior median."""
        return float(self.quantile(0.5))

    def interval(self, level: float = 0.95, kind: str = "central") -> tuple[float, float]:
        """Return a credible interval.

        Parameters
        ----------
        level : float
            Posterior probability of the interval, between 0 and 1.
        kind : {"central", "shortest"}
            Equal probability in both tails, or the narrowest interval of that probability.

        Returns
        -------
        tuple of float
            Lower and upper end.

        Raises
        ------
        InputError
            If the level or kind is not allowed.
        """
        check_level(level)
        check_option(kind, ("central", "shortest"), "kind")
        if kind == "central":
            low, high = self.quantile([(1 - level) / 2, (1 + level) / 2])
            return float(low), float(high)
        return self._shortest(level)

    def _shortest(self, level: float) -> tuple[float, float]:
        # At the minimum the density is the same at both ends, or the lower end sits on a bound.
        def ends(below: float) -> Array:
            return self.quantile([below, min(below + level, 1.0)])

        def slope(below: float) -> float:
            low, high = self.density(ends(below))
            return float(low - high)

        grid = (1 - level) * np.linspace(0, 1, 17)
        inner = grid[1:-1]
        quantiles = self.quantile(np.concatenate([inner, inner + level])).reshape(2, -1)
        best = 1 + int(np.argmin(quantiles[1] - quantiles[0]))
        left, right = float(grid[best - 1]), float(grid[best + 1])
        if slope(left) >= 0:
            below = left
        elif slope(right) <= 0:
            below = right
        else:
            below = float(brentq(slope, left, right, xtol=1e-15, rtol=1e-14))
        low, high = ends(below)
        return float(low), float(high)


@dataclass(frozen=True)
class NormalMixture(Marginal):
    """A mixture of normals: ``weights``, ``means`` and ``sds``, each of shape (J,).

    ``moments`` is how many moments exist; beyond them the mean is nan and the sd infinite.
    """

    weights: Array
    means: Array
    sds: Array
    moments: float = inf

    @cached_property
    def mean(self) -> float:
        """Posterior mean, nan where it does not exist."""
        return float(self.weights @ self.means) if self.moments > 1 else nan

    @cached_property
    def sd(self) -> float:
        """Posterior standard deviation, inf where it does not exist."""
        if self.moments <= 2:
            return inf
        return sqrt(float(self.weights @ (self.sds**2 + (self.means - self.mean) ** 2)))

    def cdf(self, x: ArrayLike) -> Array:
        """Return P(X <= x) for each x."""
        x = np.asarray(x, dtype=float)
        return ndtr((x[..., None] - self.means) / self.sds) @ self.weights

    def density(self, x: ArrayLike) -> Array:
        """Return the density at each x."""
        z = (np.asarray(x, dtype=float)[..., None] - self.means) / self.sds
        return np.exp(-0.5 * z**2) @ (self.weights / self.sds) / sqrt(2 * pi)

    def quantile(self, p: ArrayLike) -> Array:
        """Return the quantiles at the probabilities ``p``."""
        p = _probabilities(p)
        z = ndtri(p)
        out = np.array(z)
        inside = (p > 0) & (p < 1)
        # A quantile of a mixture lies between the extreme quantiles of its components.
        each = self.means + np.multiply.outer(z[inside], self.sds)
        start = each @ self.weights
        out[inside] = _invert(
            lambda x, _: (self.cdf(x), self.density(x)),
            p[inside],
            each.min(axis=-1),
            each.max(axis=-1),
            start,
            unit=float(self.sds.min()),
        )
        return out


@dataclass(frozen=True)
class TauPosterior(Marginal):
    """The posterior of tau on panels of log(tau).

    Attributes
    ----------
    edges : ndarray of shape (P + 1,)
        Ends of the panels, in log(tau).
    series : ndarray of shape (n + 1, P)
        Legendre coefficients of the distribution function within each panel, from its left end.
    nodes, weights : ndarray of shape (P * n,)
        Values of tau and their posterior weights, which sum to one.
    log_density : callable
        Log of the posterior density of tau.
    moments : float
        How many moments exist.
    """

    edges: Array
    series: Array
    nodes: Array
    weights: Array
    log_density: Callable[[Array], Array]
    moments: float = inf

    @cached_property
    def mean(self) -> float:
        """Posterior mean, inf where it does not exist."""
        return float(self.weights @ self.nodes) if self.moments > 1 else inf

    @cached_property
    def sd(self) -> float:
        """Posterior standard deviation, inf where it does not exist."""
        if self.moments <= 2:
            return inf
        return sqrt(float(self.weights @ (self.nodes - self.mean) ** 2))

    @cached_property
    def _cumulative(self) -> Array:
        # At the right end of a panel every Legendre polynomial is 1.
        return np.concatenate([[0.0], np.cumsum(self.series.sum(axis=0))])

    def cdf(self, x: ArrayLike) -> Array:
        """Return P(tau <= x) for each x."""
        x = np.asarray(x, dtype=float)
        with np.errstate(divide="ignore"):
            at = np.clip(np.log(np.maximum(x, 0)), self.edges[0], self.edges[-1])
        panel = np.clip(np.searchsorted(self.edges, at) - 1, 0, self.edges.size - 2)
        left, right = self.edges[panel], self.edges[panel + 1]
        local = (2 * at - left - right) / (right - left)
        inside = legval(local, self.series[:, panel], tensor=False)
        return np.clip(self._cumulative[panel] + inside, 0, 1)

    def density(self, x: ArrayLike) -> Array:
        """Return the density of tau at each x (0 below zero and at infinity)."""
        x = np.asarray(x, dtype=float)
        inside = (x >= 0) & (x < inf)
        return np.where(inside, np.exp(self.log_density(np.where(inside, x, 1.0))), 0.0)

    def quantile(self, p: ArrayLike) -> Array:
        """Return the quantiles of tau at the probabilities ``p``."""
        p = _probabilities(p)
        out = np.where(p >= 1, inf if self.moments < inf else exp(self.edges[-1]), 0.0)
        inside = (p > 0) & (p < 1)
        wanted = p[inside]
        panel = np.clip(np.searchsorted(self._cumulative, wanted) - 1, 0, self.edges.size - 2)
        rest = wanted - self._cumulative[panel]
        slopes = _derivative() @ self.series

        def function(x: Array, which: NDArray) -> tuple[Array, Array]:
            columns = panel[which]
            basis = legvander(x, _NODES)
            value = np.einsum("ij,ji->i", basis, self.series[:, columns])
            slope = np.einsum("ij,ji->i", basis[:, :-1], slopes[:, columns])
            return value, slope

        ones = np.ones(wanted.shape)
        local = _invert(function, rest, -ones, ones, 0 * ones, unit=1.0)
        left, right = self.edges[panel], self.edges[panel + 1]
        out[inside] = np.exp((left + right + local * (right - left)) / 2)
        return out


def integrate_tau(
    log_joint: Callable[[Array], Array], low: float, high: float, moments: float
) -> tuple[TauPosterior, float]:
    """Integrate a joint density over tau on adaptive panels of log(tau).

    Parameters
    ----------
    log_joint : callable
        Log of the joint density of data and tau, vectorised over tau.
    low, high : float
        Range of log(tau).
    moments : float
        How many moments the posterior of tau has.

    Returns
    -------
    TauPosterior, float
        The posterior, and the log of the integral.
    """
    points, rule, to_series = _rule()
    count = int(np.ceil((high - low) / 2))
    edges = np.linspace(low, high, count + 1)
    pending = np.column_stack([edges[:-1], edges[1:]])
    done: list[tuple[Array, Array, Array]] = []
    peak, summit, mass = -inf, nan, 0.0
    for last in (*(False,) * _MAX_ROUNDS, True):
        half = np.diff(pending, axis=1) / 2
        x = pending[:, :1] + half * (1 + points)
        logs = log_joint(np.exp(x)) + x
        top = logs.max(axis=1)
        if top.max() > peak:
            mass = mass * exp(peak - top.max()) if peak > -inf else 0.0
            peak, summit = float(top.max()), float(x.ravel()[logs.argmax()])
        values = np.exp(logs - peak) * half
        coefficients = values @ to_series
        # A panel is settled when the end of its series no longer matters to the whole integral.
        total = mass + float((values @ rule).sum())
        settled = np.abs(coefficients[:, -3:]).max(axis=1) <= _CONVERGED * total
        # Between its points a panel may be blind to a narrow summit that was seen before.
        over = (pending[:, 0] <= summit) & (summit <= pending[:, 1])
        settled &= ~over | (top > peak - 1.0)
        keep = np.ones_like(settled) if last else settled
        done.append((pending[keep], logs[keep], half[keep, 0]))
        mass += float((values[keep] @ rule).sum())
        split = pending[~keep]
        if not split.size:
            break
        middle = split.mean(axis=1)
        pending = np.concatenate(
            [np.column_stack([split[:, 0], middle]), np.column_stack([middle, split[:, 1]])]
        )
    panels = np.concatenate([part[0] for part in done])
    order = np.argsort(panels[:, 0])
    panels = panels[order]
    logs = np.concatenate([part[1] for part in done])[order]
    halves = np.concatenate([part[2] for part in done])[order]
    values = np.exp(logs - peak) * halves[:, None]
    masses = values * rule
    total = float(masses.sum())
    log_integral = log(total) + peak
    posterior = TauPosterior(
        edges=np.append(panels[:, 0], panels[-1, 1]),
        series=legint((values / total) @ to_series, lbnd=-1, axis=1).T,
        nodes=np.exp(panels[:, :1] + halves[:, None] * (1 + points)).ravel(),
        weights=(masses / total).ravel(),
        log_density=lambda tau: log_joint(tau) - log_integral,
        moments=moments,
    )
    return posterior, log_integral


@lru_cache(maxsize=1)
def _rule() -> tuple[Array, Array, Array]:
    """Return Gauss-Legendre points, weights, and the matrix from values to a Legendre series."""
    points, weights = leggauss(_NODES)
    degrees = np.arange(_NODES) + 0.5
    return points, weights, (legvander(points, _NODES - 1) * weights[:, None]) * degrees


@lru_cache(maxsize=1)
def _derivative() -> Array:
    """Return the matrix that differentiates a Legendre series of degree ``_NODES``."""
    matrix = np.zeros((_NODES, _NODES + 1))
    for degree in range(1, _NODES + 1):
        lower = np.arange(degree - 1, -1, -2)
        matrix[lower, degree] = 2 * lower + 1
    return matrix


def _probabilities(p: ArrayLike) -> Array:
    p = as_numbers(p, "p")
    if not ((p >= 0) & (p <= 1)).all():
        raise InputError(f"p must lie between 0 and 1, but {p!s} was given.")
    return p


def _invert(
    function: Callable[[Array, NDArray], tuple[Array, Array]],
    target: Array,
    low: Array,
    high: Array,
    start: Array,
    *,
    unit: float,
) -> Array:
    """Solve function(x) = target for increasing functions, by Newton steps kept in brackets.

    A bracket is halved on the scale of asinh(x / unit): where a heavy-tailed prior keeps values
    of tau as large as 1e140, halving x itself would take hundreds of steps.
    """
    low, high, x = low.copy(), high.copy(), np.clip(start, low, high)
    active = np.arange(x.size)
    for _ in range(200):
        if not active.size:
            break
        value, slope = function(x[active], active)
        gap = value - target[active]
        low[active] = np.where(gap <= 0, x[active], low[active])
        high[active] = np.where(gap >= 0, x[active], high[active])
        ends = np.arcsinh(low[active] / unit), np.arcsinh(high[active] / unit)
        middle = np.clip(unit * np.sinh(sum(ends) / 2), low[active], high[active])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = x[active] - gap / slope
        inside = (newton > low[active]) & (newton < high[active])
        new = np.where(gap == 0, x[active], np.where(inside, newton, middle))
        moved = np.abs(new - x[active])
        x[active] = new
        width = high[active] - low[active]
        tiny = 4e-16 * np.abs(new) + 1e-300
        active = active[(gap != 0) & (moved > tiny) & (width > tiny)]
    return x
