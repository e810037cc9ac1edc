"""Beta-binomial regression: sparse events pooled without a correction of empty cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtr, ndtri

from ._count_kernels import log_choose
from ._es_binary import tables
from ._es_common import (
    chosen,
    read_columns,
    require_at_most,
    require_counts,
    require_positive,
    require_whole,
)
from ._marginal import ascent
from .errors import InputError, check_level, check_option
from .scales import SCALES, Scale

Array = NDArray[np.float64]
#: Risk, and its first and second derivative, at a value of the linear predictor.
Link = Callable[[Array], tuple[Array, Array, Array]]

_COLUMNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "PLO": (("xi", "ni"),),
    "OR": (("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i")),
    "RR": (("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i")),
}

_STEPS = 200
#: People summed over; a few numbers are held for each.
_MOST_PEOPLE = 2_000_000
#: A Newton step that promises this little gain is the last: the error it leaves is the square.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class BetaBinomialFit:
    """A fitted beta-binomial model, on the analysis scale: logit, log odds or log risk ratio.

    Parameters
    ----------
    measure : str
        ``PLO``, ``OR`` or ``RR``.
    k : int
        Studies.
    estimate, se, statistic, pvalue : float
        Pooled value, its standard error, the test of 0; nan where not estimable.
    ci : tuple of float
        Wald interval at ``level``.
    rho : float
        Correlation of two people of the same arm and study, 0 where risks do not vary.
    log_likelihood : float
        With all constants.
    level : float
        Confidence level.
    notes : tuple of str
        What a reader must know.
    """

    measure: str
    k: int
    estimate: float
    se: float
    statistic: float
    pvalue: float
    ci: tuple[float, float]
    rho: float
    log_likelihood: float
    level: float
    notes: tuple[str, ...]

    @property
    def scale(self) -> Scale:
        """The measure's scale: its words, its link and the way back."""
        return SCALES[self.measure]


def beta_binomial(measure: str, *, level: float = 0.95, **data: ArrayLike) -> BetaBinomialFit:
    """Return the maximum likelihood fit of a beta-binomial model.

    Parameters
    ----------
    measure : {"PLO", "OR", "RR"}
        A proportion from ``xi ni``, or the odds or risk ratio of two arms from
        ``ai bi ci di`` or ``ai n1i ci n2i``.
    level : float, default 0.95
        Confidence level.
    **data : array_like of shape (k,)
        Whole numbers of events and people. Studies without any event count too.

    Returns
    -------
    BetaBinomialFit

    Raises
    ------
    InputError
        If the measure or a column is unknown, or a count impossible or not whole.

    Notes
    -----
    Kuss 2015, Stat Med 34:1097, https://doi.org/10.1002/sim.6383. The risks of an arm
    vary between studies by a beta distribution with the same intraclass correlation in both
    arms. The two arms of a study are not linked, so differences of baseline risk between studies
    widen the interval; where arms are compared within studies, a count model given each study's
    total uses more of the data.
    """
    check_option(measure, tuple(_COLUMNS), "measure")
    check_level(level)
    x, n, design, k = _arms(measure, data)
    separated = [not 0 < x[arm].sum() < n[arm].sum() for arm in _same_rows(design)]
    if any(separated):
        note = "Not estimable: one arm has no events, or nothing but events, in any study."
        nan = float("nan")
        return BetaBinomialFit(
            measure, k, nan, nan, nan, nan, (nan, nan), nan, nan, level, (note,)
        )
    link = _log_link if measure == "RR" else _logit_link
    beta, theta, covariance, value = _maximise(x, n, design, link)
    estimate, se = float(beta[-1]), float(np.sqrt(covariance[-1, -1]))
    half = float(ndtri((1 + level) / 2)) * se
    notes: tuple[str, ...] = ()
    if theta == 0:
        notes = ("The risks vary no more than chance: rho is 0, the model is binomial.",)
    return BetaBinomialFit(
        measure,
        k,
        estimate,
        se,
        estimate / se,
        float(2 * ndtr(-abs(estimate / se))),
        (estimate - half, estimate + half),
        theta / (1 + theta),
        value,
        level,
        notes,
    )


def _arms(measure: str, data: dict[str, ArrayLike]) -> tuple[Array, Array, Array, int]:
    """Return events, people and design of every arm; the last coefficient is the estimate."""
    columns = read_columns(chosen(measure, _COLUMNS[measure], data))
    require_whole(columns, *columns)
    if measure == "PLO":
        require_counts(columns, "xi")
        require_positive(columns, "ni")
        require_at_most(columns, "xi", "ni")
        _require_countable(columns["ni"])
        return columns["xi"], columns["ni"], np.ones((len(columns["xi"]), 1)), len(columns["xi"])
    a, b, c, d = tables(columns)
    _require_countable(a + b + c + d)
    first, second = np.ones_like(a), np.zeros_like(a)
    arm = np.concatenate([first, second])
    design = np.stack([np.ones_like(arm), arm], axis=1)
    return np.concatenate([a, c]), np.concatenate([a + b, c + d]), design, len(a)


def _require_countable(people: Array) -> None:
    if people.sum() > _MOST_PEOPLE:
        raise InputError(
            f"The studies have {people.sum():,.0f} people; a beta-binomial likelihood, which "
            f"sums over them one by one, takes {_MOST_PEOPLE:,} at most."
        )


def _same_rows(design: Array) -> list[NDArray[np.bool_]]:
    return [np.all(design == row, axis=1) for row in np.unique(design, axis=0)]


def _logit_link(eta: Array) -> tuple[Array, Array, Array]:
    risk = expit(eta)
    slope = risk * expit(-eta)
    return risk, slope, slope * (1 - 2 * risk)


def _log_link(eta: Array) -> tuple[Array, Array, Array]:
    risk = np.exp(eta)
    return risk, risk, risk


def _maximise(x: Array, n: Array, design: Array, link: Link) -> tuple[Array, float, Array, float]:
    """Return coefficients, theta, covariance of the coefficients, and the log-likelihood.

    Newton's method with theta = rho/(1 - rho) kept at or above 0; the likelihood is written
    as sums over single events, which stay exact as theta goes to 0 and the model to binomial.
    """
    likelihood = _Likelihood(x, n, design, link)
    parameters = np.append(likelihood.binomial_start(), 0.05)
    value, gradient, hessian = likelihood(parameters)
    free = np.ones(len(parameters), bool)
    for _ in range(_STEPS):
        free[-1] = parameters[-1] > 0 or gradient[-1] > 0
        step = np.zeros_like(parameters)
        step[free] = ascent(-hessian[np.ix_(free, free)], gradient[free])
        nearly_there = gradient @ step < _TOLERANCE
        share, moved = 1.0, False
        while share > 1e-12 and not moved:
            trial = parameters + share * step
            trial[-1] = max(trial[-1], 0.0)
            there = likelihood(trial)
            # the sums over people leave rounding of this order in the value
            moved = there[0] >= value - 1e-10 * (1 + abs(value))
            share /= 2
        if moved:
            parameters, (value, gradient, hessian) = trial, there
        if nearly_there or not moved:
            break
    covariance: Array = np.linalg.inv(-hessian[np.ix_(free, free)]).astype(np.float64)
    coefficients = len(parameters) - 1
    beta, theta = parameters[:-1].astype(np.float64), float(parameters[-1])
    return beta, theta, covariance[:coefficients, :coefficients], value


class _Likelihood:
    """The beta-binomial log-likelihood with gradient and Hessian in (coefficients, theta)."""

    def __init__(self, x: Array, n: Array, design: Array, link: Link) -> None:
        self.x, self.n, self.design, self.link = x, n, design, link
        self.events, self.others, self.people = (_ladder(count) for count in (x, n - x, n))
        self.constant = float(log_choose(n, x).sum())

    def binomial_start(self) -> Array:
        """Return the coefficients of the pooled risks, a little inside their range."""
        risks = np.empty(len(self.x))
        for rows in _same_rows(self.design):
            risks[rows] = (self.x[rows].sum() + 0.5) / (self.n[rows].sum() + 1)
        eta = np.log(risks) if self.link is _log_link else np.log(risks / (1 - risks))
        return np.linalg.lstsq(self.design, eta, rcond=None)[0].astype(np.float64)

    def __call__(self, parameters: Array) -> tuple[float, Array, Array]:
        theta = parameters[-1]
        risk, slope, bend = self.link(self.design @ parameters[:-1])
        p = len(parameters)
        if (risk >= 1).any():
            return -np.inf, np.zeros(p), np.zeros((p, p))
        value_e, r_e, t_e, rr_e, rt_e, tt_e = _terms(risk, theta, self.events)
        value_o, r_o, t_o, rr_o, rt_o, tt_o = _terms(1 - risk, theta, self.others)
        value_n, _, t_n, _, _, tt_n = _terms(np.ones_like(risk), theta, self.people)
        value = self.constant + float((value_e + value_o - value_n).sum())
        by_risk, by_risk2, cross = r_e - r_o, rr_e + rr_o, rt_e - rt_o
        gradient = np.append(self.design.T @ (by_risk * slope), (t_e + t_o - t_n).sum())
        hessian = np.empty((p, p))
        weight = by_risk2 * slope**2 + by_risk * bend
        hessian[:-1, :-1] = self.design.T @ (weight[:, None] * self.design)
        hessian[:-1, -1] = hessian[-1, :-1] = self.design.T @ (cross * slope)
        hessian[-1, -1] = (tt_e + tt_o - tt_n).sum()
        return value, gradient, hessian


def _ladder(counts: Array) -> tuple[NDArray[np.intp], Array]:
    """Return the row and the step 0, 1, ... of every single person counted."""
    whole = counts.astype(int)
    rows = np.repeat(np.arange(len(whole)), whole)
    firsts = np.repeat(np.cumsum(whole) - whole, whole)
    return rows, (np.arange(len(rows)) - firsts).astype(float)


def _terms(base: Array, theta: float, ladder: tuple[NDArray[np.intp], Array]) -> tuple[Array, ...]:
    """Return sums of ``log(base + j theta)`` over a ladder, and its derivatives.

    In order: the sum, by base, by theta, twice by base, by both, twice by theta.
    """
    rows, steps = ladder
    inside = base[rows] + theta * steps
    inverse = 1 / inside
    weighted = steps * inverse
    summands = (
        np.log(inside),
        inverse,
        weighted,
        -(inverse**2),
        -inverse * weighted,
        -(weighted**2),
    )
    return tuple(np.bincount(rows, values, len(base)).astype(float) for values in summands)
