"""Confidence intervals for the between-study variance, and the prediction interval's record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import chdtri

from .batch import Batch
from .columns import Columns, Floats, columns
from .errors import InputError, check_kind, check_option
from .likelihood import furthest, log_likelihood
from .tau2 import solve_q

if TYPE_CHECKING:
    from .pooling import Fit

INTERVALS = ("QP", "GENQ", "PL")

_GRID = 400
_RELATIVE = 1e-13


class PredictionInterval(NamedTuple):
    """Limits for the true effect of a new study, and the rule they follow."""

    low: float
    high: float
    rule: str


@dataclass(frozen=True)
class HeterogeneityInterval:
    """An interval for tau2 and what follows from it.

    ``i2`` (percent) and ``h2`` are ``tau2/(tau2 + typical variance)`` and its counterpart
    at the ends of the interval of tau2.
    """

    kind: str
    level: float
    tau2: tuple[float, float]
    tau: tuple[float, float]
    i2: tuple[float, float]
    h2: tuple[float, float]


def heterogeneity_interval(fit: Fit, kind: str = "QP") -> HeterogeneityInterval:
    """Return a confidence interval for tau2, tau, I2 and H2.

    Parameters
    ----------
    fit : Fit
        A random-effects fit of at least two studies.
    kind : {"QP", "GENQ", "PL"}
        Q-profile (Viechtbauer 2007, Stat Med 26:37, https://doi.org/10.1002/sim.2514);
        generalised Q with reciprocal standard errors as weights (Jackson 2013, Res Synth
        Methods 4:220); profile likelihood, for fits by
        ML or REML (Hardy and Thompson 1996, Stat Med 15:619), its two outermost ends.

    Returns
    -------
    HeterogeneityInterval

    Raises
    ------
    InputError
        For one study, the common-effect model, or PL without a likelihood.
    """
    from .pooling import Fit

    check_kind(fit, Fit, "fit")
    check_option(kind, INTERVALS, "kind")
    if fit.k == 1 or fit.method == "EE":
        raise InputError(
            "tau2 has an interval only in a random-effects fit of two or more studies; this one "
            f"has k = {fit.k} and method {fit.method!r}."
        )
    if kind == "PL" and fit.method not in ("ML", "REML"):
        raise InputError(
            f"a profile likelihood interval needs method 'ML' or 'REML', not {fit.method!r}."
        )
    if kind == "QP":
        tau2 = q_profile(fit.batch)[0]
    else:
        tau2 = np.array({"GENQ": _generalised_q, "PL": _profile_likelihood}[kind](fit))
    typical = fit.batch.typical[0]
    return HeterogeneityInterval(
        kind,
        fit.level,
        *(
            (float(low), float(high))
            for low, high in (
                tau2,
                np.sqrt(tau2),
                100.0 * tau2 / (tau2 + typical),
                1.0 + tau2 / typical,
            )
        ),
    )


def q_profile(batch: Batch) -> Floats:
    """Return Q-profile limits of tau2, shape ``(B, 2)``; nan for one study.

    The tau2 at which the generalised Q equals the quantiles of chi-squared on k - 1 df:
    Viechtbauer (2007), https://doi.org/10.1002/sim.2514. Both limits are zero where even
    tau2 = 0 leaves Q below the lower quantile.
    """
    limits = np.full((batch.k.size, 2), np.nan)
    many = np.flatnonzero(batch.k > 1)
    if many.size:
        data = columns(batch.yi, batch.vi, batch.mask)
        data = data if many.size == batch.k.size else data.take(many)
        tail = (1.0 - batch.level) / 2.0
        for side, upper in enumerate((tail, 1.0 - tail)):
            target = np.asarray(chdtri(data.count - 1.0, upper), dtype=float)
            limits[many, side] = solve_q(data, target)
    return limits


def _generalised_q(fit: Fit) -> tuple[float, float]:
    """Jackson (2013): the tau2 that a test does not reject, by Cochran's Q under fixed weights."""
    weight = 1.0 / np.sqrt(fit.vi)
    total = weight.sum()
    centred = fit.yi - (weight * fit.yi).sum() / total
    observed = float((weight * centred**2).sum())
    if observed == 0.0:
        return 0.0, 0.0
    form = np.diag(weight) - np.outer(weight, weight) / total

    def below(tau2: float) -> float:
        spread = np.sqrt(fit.vi + tau2)
        return chi_squared_mixture(
            observed, np.linalg.eigvalsh(form * np.outer(spread, spread))[1:]
        )

    tail = (1.0 - fit.level) / 2.0
    start = float(fit.vi.min())
    return (
        _crossing(lambda tau2: below(tau2) - (1.0 - tail), start),
        _crossing(lambda tau2: below(tau2) - tail, start),
    )


def chi_squared_mixture(q: float, weights: Floats) -> float:
    """Return ``P(sum(weights * X) <= q)`` for independent chi-squared X on one df.

    The Laplace transform ``prod((1 + 2 weights p)**-0.5)/p`` inverted on the parabola of
    Trefethen, Weideman and Schmelzer (2006), BIT 46:653,
    https://doi.org/10.1007/s10543-006-0077-9, which converges geometrically because all
    singularities lie on the negative axis.
    """
    nodes = 32
    angle = np.pi * (np.arange(nodes) + 0.5) * 2.0 / nodes - np.pi
    p = nodes * (0.1309 - 0.1194 * angle**2 + 0.2500j * angle) / q
    slope = nodes * (-0.2388 * angle + 0.2500j) / q
    transform = np.prod(1.0 / np.sqrt(1.0 + 2.0 * weights[:, None] * p), axis=0) / p
    value = (np.exp(p * q) * transform * slope).sum() / (1j * nodes)
    return float(np.clip(value.real, 0.0, 1.0))


def _crossing(falling: Callable[[float], float], start: float) -> float:
    """Return the root of a falling function on tau2 >= 0, zero if it starts below zero."""
    if falling(0.0) <= 0.0:
        return 0.0
    high = start
    while falling(high) > 0.0:
        high *= 10.0
    return _root(falling, 0.0, high, start)


def _root(function: Callable[[float], float], low: float, high: float, scale: float) -> float:
    from scipy.optimize import brentq  # half of what importing the engine would cost

    return float(brentq(function, low, high, xtol=_RELATIVE * scale, rtol=_RELATIVE))


def _profile_likelihood(fit: Fit) -> tuple[float, float]:
    """Hardy and Thompson (1996): the outermost tau2 within the critical drop."""
    restricted = fit.method == "REML"
    data = columns(fit.batch.yi, fit.batch.vi, None)
    best = float(fit.batch.tau2[0])
    cut = _height(data, best, restricted) - 0.5 * float(chdtri(1.0, 1.0 - fit.level))

    def above(tau2: float) -> float:
        return _height(data, tau2, restricted) - cut

    # Between zero and the last possible maximum the likelihood may dip below the cut and
    # come back; past it, it only falls.
    least, last = float(data.v[0, 0]), max(best, float(furthest(data)[0]))
    grid = np.geomspace(least, last + least, _GRID) - least
    grid = np.unique(np.concatenate([[0.0, best, last], grid[(grid > 0.0) & (grid < last)]]))
    many = data.take(np.zeros(grid.size, dtype=np.intp))
    inside = np.flatnonzero(log_likelihood(many, grid, restricted) >= cut)
    first, final = int(inside[0]), int(inside[-1])
    low = 0.0 if first == 0 else _root(above, grid[first - 1], grid[first], least)
    if final + 1 < grid.size:
        return low, _root(above, grid[final], grid[final + 1], least)
    high = 10.0 * (last + least)
    while above(high) > 0.0:
        high *= 10.0
    return low, _root(above, last, high, least)


def _height(data: Columns, tau2: float, restricted: bool) -> float:
    return float(log_likelihood(data, np.array([tau2]), restricted)[0])
