"""Looks counted: boundaries and intervals for a pooled result that is updated again and again.

An ordinary 95% interval is right 95% of the time when it is computed once. A living review
looks after every new study, and sooner or later chance alone excludes the null. Two remedies
are given side by side: alpha-spending boundaries towards a planned amount of information, and
an anytime-valid interval that holds at all looks at once, however many there will be.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, inf, log, sqrt

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import lambertw, ndtr, ndtri

from .errors import (
    LARGEST,
    as_number,
    as_positive,
    as_vector,
    check_level,
    reject_where,
    same_length,
)
from .inference import limits

Array = NDArray[np.float64]

#: Error that is too small to be spent: its boundary would lie beyond any result.
_NOTHING = 1e-30


@dataclass(frozen=True)
class Sequential:
    """A pooled result at successive looks; arrays have one entry (row) a look.

    Attributes
    ----------
    estimate, se : ndarray of shape (J,)
        The pooled results.
    information : ndarray of shape (J,)
        ``1 / se**2``.
    fraction : ndarray of shape (J,)
        Share of the information needed, the largest so far, at most 1.
    z : ndarray of shape (J,)
        ``(estimate - null) / se``.
    boundary : ndarray of shape (J,)
        ``|z|`` that the alpha-spending rule asks for; inf where no error is left to spend.
    spent : ndarray of shape (J,)
        Two-sided error spent up to each look.
    crossed : ndarray of bool, shape (J,)
        Whether ``|z|`` reaches the boundary.
    ordinary_ci, sequential_ci, anytime_ci : ndarray of shape (J, 2)
        Normal interval for a single look; with the boundary in place of the normal quantile
        (infinite where there is none); and valid at all looks at once.
    information_needed : float
        As asked for.
    null, level : float
        As asked for.
    notes : tuple of str
        What a reader must know.
    """

    estimate: Array
    se: Array
    information: Array
    fraction: Array
    z: Array
    boundary: Array
    spent: Array
    crossed: NDArray[np.bool_]
    ordinary_ci: Array
    sequential_ci: Array
    anytime_ci: Array
    information_needed: float
    null: float
    level: float
    notes: tuple[str, ...]


def information_needed(effect: float, *, level: float = 0.95, power: float = 0.9) -> float:
    """Return the information at which a single two-sided test finds ``effect``.

    Parameters
    ----------
    effect : float
        Smallest difference from the null that matters, on the scale of ``yi``.
    level : float
        One minus the two-sided error.
    power : float
        Chance of finding it.

    Returns
    -------
    float
        ``((z_level + z_power) / effect)**2``; information is one over a squared standard error.

    Raises
    ------
    InputError
        If the effect is zero or not finite, or level or power is not between 0 and 1.

    References
    ----------
    Wetterslev et al. 2008, J Clin Epidemiol 61:64, https://doi.org/10.1016/j.jclinepi.2007.03.013
    (required information size).
    """
    check_level(level)
    as_number(power, "power", "must lie between 0 and 1", lambda x: 0 < x < 1)
    rule = f"must be a number other than zero, {1 / LARGEST:g} to {LARGEST:g} in size"
    as_number(effect, "effect", rule, lambda x: 1 / LARGEST <= abs(x) <= LARGEST)
    return float((ndtri(0.5 + level / 2) + ndtri(power)) / effect) ** 2


def sequential(
    estimates: ArrayLike,
    ses: ArrayLike,
    *,
    information_needed: float,
    null: float = 0.0,
    level: float = 0.95,
) -> Sequential:
    """Judge the successive results of an updated meta-analysis.

    Parameters
    ----------
    estimates, ses : array_like of shape (J,)
        Pooled estimate and model-based standard error after each update, in order of time.
    information_needed : float
        Information planned for, see :func:`information_needed`. The alpha-spending boundary
        is conservative before it is reached, and the anytime-valid interval is narrowest there.
    null : float
        Value tested.
    level : float
        One minus the two-sided error over all looks.

    Returns
    -------
    Sequential

    Raises
    ------
    InputError
        If estimates and errors cannot be used.

    Notes
    -----
    Both methods take the increments between looks as independent and normal with known
    variance. That holds for a common-effect analysis; where tau2 is estimated anew at each look
    it holds only approximately.

    References
    ----------
    Lan & DeMets 1983, Biometrika 70:659, https://doi.org/10.1093/biomet/70.3.659 (spending);
    Wetterslev et al. 2008, J Clin Epidemiol 61:64 (in meta-analysis); Howard et al. 2021, Ann
    Stat 49:1055, https://doi.org/10.1214/20-AOS1991 (normal mixture, anytime-valid).
    """
    y, se = as_vector(estimates, "estimates"), as_vector(ses, "ses")
    same_length(y, se, ("estimates", "ses"))
    reject_where(se < 1 / LARGEST, se, "ses", "a standard error must be above zero")
    check_level(level)
    as_positive(information_needed, "information_needed")
    as_number(null, "null")
    alpha = 1 - level
    information = se**-2
    fraction = np.minimum(np.maximum.accumulate(information) / information_needed, 1.0)
    boundary = spending_boundary(fraction, alpha / 2)
    z = (y - null) / se
    with np.errstate(invalid="ignore"):
        reach = boundary * se
    margin = mixture_margin(information, information_needed, alpha)
    return Sequential(
        estimate=y,
        se=se,
        information=information,
        fraction=fraction,
        z=z,
        boundary=boundary,
        spent=2 * obrien_fleming_spending(fraction, alpha / 2),
        crossed=np.abs(z) >= boundary,
        ordinary_ci=limits(y, se, level, None),
        sequential_ci=np.stack([y - reach, y + reach], axis=1),
        anytime_ci=np.stack([y - margin, y + margin], axis=1),
        information_needed=information_needed,
        null=null,
        level=level,
        notes=_notes(information, fraction, boundary),
    )


def obrien_fleming_spending(fraction: Array, alpha: float) -> Array:
    """Return the one-sided error spent by each information fraction.

    The O'Brien-Fleming-type function of Lan & DeMets 1983: ``2 - 2 Phi(z_(alpha/2) / sqrt(t))``.
    """
    with np.errstate(divide="ignore"):
        return 2 * ndtr(-ndtri(1 - alpha / 2) / np.sqrt(fraction))


def spending_boundary(fraction: ArrayLike, alpha: float, *, two_sided: bool = True) -> Array:
    """Return the z-boundary at each look of an O'Brien-Fleming-type spending rule.

    Parameters
    ----------
    fraction : array_like of shape (J,)
        Information fractions, not decreasing, above 0 and at most 1.
    alpha : float
        Error on one side over all looks.
    two_sided : bool
        Whether there is a mirror boundary below, at which a look also stops.

    Returns
    -------
    ndarray of shape (J,)
        Boundaries; inf at a look without new information.

    Raises
    ------
    InputError
        If fractions decrease or leave their range.

    References
    ----------
    Armitage, McPherson & Rowe 1969, J R Stat Soc A 132:235 (recursive integration of the
    density of results that have not crossed before); Lan & DeMets 1983, Biometrika 70:659.
    """
    t = as_vector(fraction, "fraction")
    reject_where((t <= 0) | (t > 1), t, "fraction", "it must be above 0 and at most 1")
    reject_where(np.diff(t, prepend=0.0) < 0, t, "fraction", "it must not be below the one before")
    spent = np.diff(obrien_fleming_spending(t, alpha), prepend=0.0)
    out = np.full(t.size, inf)
    places, weights, time = np.zeros(1), np.ones(1), 0.0
    for look in range(t.size):
        if t[look] == time or spent[look] < _NOTHING:
            continue
        step = sqrt(t[look] - time)

        def beyond(
            edge: float, places: Array = places, weights: Array = weights, step: float = step
        ) -> float:
            return float(weights @ ndtr((places - edge) / step))

        reach = 40 * sqrt(t[look])
        edge = float(brentq(lambda x, gap=spent[look]: beyond(x) - gap, -reach, reach, xtol=1e-14))
        out[look] = edge / sqrt(t[look])
        low = -edge if two_sided else min(-10 * sqrt(t[look]), float(places.min()) - 10 * step)
        gaps = np.diff(t[look:])
        finest = sqrt(float(np.min(gaps[gaps > 0], initial=step**2)))
        nodes, rule = _nodes(low, edge, finest)
        kernel = np.exp(-0.5 * ((nodes[:, None] - places) / step) ** 2) / (step * sqrt(2 * np.pi))
        places, weights, time = nodes, rule * (kernel @ weights), float(t[look])
    return out


def mixture_margin(information: Array, best_at: float, alpha: float) -> Array:
    """Return the half-width of the anytime-valid interval at each amount of information.

    The normal-mixture boundary of Robbins, with the mixture's variance chosen so that the
    interval is narrowest at the information ``best_at``.
    """
    rho2 = (-float(np.real(lambertw(-(alpha**2) * exp(-1), -1))) - 1) / best_at
    grown = 1 + rho2 * information
    return np.sqrt(grown * (np.log(grown) - 2 * log(alpha)) / rho2) / information


def _nodes(low: float, high: float, finest: float) -> tuple[Array, Array]:
    """Return Gauss-Legendre panels over an interval, fine enough for a normal of that sd."""
    points, weights = leggauss(20)
    panels = max(8, ceil((high - low) / (2 * finest)))
    edges = np.linspace(low, high, panels + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + points)).ravel(), (half * weights).ravel()


def _notes(information: Array, fraction: Array, boundary: Array) -> tuple[str, ...]:
    notes = []
    if fraction[-1] < 1:
        notes.append(
            f"{100 * fraction[-1]:.0f}% of the information planned for has been reached; until "
            "then the boundary asks for more than an ordinary test does."
        )
    if (np.diff(information) < 0).any():
        notes.append(
            "Information fell between looks, because heterogeneity was estimated anew; the "
            "boundary counts the largest amount so far and is then only approximate."
        )
    if np.isinf(boundary).any():
        notes.append(
            "A look without new information, with next to none, or after the planned amount was "
            "reached, has no error left to spend; only the anytime-valid interval judges it."
        )
    return tuple(notes)
