"""Bayesian random-effects meta-analysis by quadrature: no sampling, the same answer each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InputError, as_number, check_kind, check_level, check_option
from .gls import studies
from .posterior import Marginal, NormalMixture, TauPosterior, integrate_tau
from .priors import LOG_LIMIT, LOG_TAIL, HalfNormal, Normal, TauPrior

Array = NDArray[np.float64]

#: Nodes that can move neither a probability nor a relative variance by more are dropped.
_NEGLIGIBLE = 1e-18
#: A log density as far below zero as this is rounded in its sixth decimal place.
_PRECISE = 1e10


@dataclass(frozen=True)
class BayesFit:
    """Posterior of the normal-normal hierarchical model.

    Attributes
    ----------
    k : int
        Number of studies.
    mu : NormalMixture
        Mean effect.
    tau : TauPosterior
        Standard deviation of true effects.
    predictive : NormalMixture
        True effect of a new study.
    theta : tuple of NormalMixture
        Each study's true effect, shrunken towards the mean.
    log_marginal_likelihood : float or None
        Log density of the data under model and priors; None where a prior is improper.
    level : float
        Probability of the intervals ``ci`` and ``pi``.
    tau_prior, mu_prior
        The priors; ``mu_prior`` is None for the flat one.
    yi, vi : ndarray of shape (k,)
        The data.
    notes : tuple of str
        What a reader must know.
    """

    k: int
    mu: NormalMixture
    tau: TauPosterior
    predictive: NormalMixture
    theta: tuple[NormalMixture, ...]
    log_marginal_likelihood: float | None
    level: float
    tau_prior: TauPrior
    mu_prior: Normal | None
    yi: Array
    vi: Array
    notes: tuple[str, ...]

    @property
    def estimate(self) -> float:
        """Posterior median of the mean effect."""
        return self.mu.median

    @property
    def ci(self) -> tuple[float, float]:
        """Central credible interval of the mean effect."""
        return self.mu.interval(self.level)

    @property
    def pi(self) -> tuple[float, float]:
        """Central prediction interval of a new study's true effect."""
        return self.predictive.interval(self.level)

    def probability(
        self, threshold: float = 0.0, direction: str = "above", of: str = "mu"
    ) -> float:
        """Return the posterior probability that an effect lies beyond a threshold.

        Parameters
        ----------
        threshold : float
            On the scale of ``yi``.
        direction : {"above", "below"}
            Which side counts as beyond.
        of : {"mu", "predictive"}
            The mean effect, or the effect in a new study.

        Returns
        -------
        float

        Raises
        ------
        InputError
            If an option is not allowed.
        """
        check_option(direction, ("above", "below"), "direction")
        check_option(of, ("mu", "predictive"), "of")
        as_number(threshold, "threshold")
        marginal: Marginal = self.mu if of == "mu" else self.predictive
        below = float(marginal.cdf(threshold))
        return below if direction == "below" else 1 - below


def bayes_pool(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    tau_prior: TauPrior | None = None,
    mu_prior: Normal | None = None,
    level: float = 0.95,
) -> BayesFit:
    """Pool studies with the Bayesian normal-normal hierarchical model.

    Given tau, everything has a closed form; tau itself is integrated out by Gauss-Legendre
    quadrature on panels of log(tau) that are split until they have converged.

    Parameters
    ----------
    yi : array_like of shape (k,)
        Effect sizes.
    vi : array_like of shape (k,)
        Their sampling variances, taken as known.
    tau_prior : TauPrior, optional
        Prior of the heterogeneity standard deviation on the scale of ``yi``; half-normal with
        scale 0.5 if not given.
    mu_prior : Normal, optional
        Prior of the mean effect; flat (improper) if not given.
    level : float
        Probability of the credible and prediction intervals.

    Returns
    -------
    BayesFit

    Raises
    ------
    InputError
        If the data cannot be analysed, or contradict the prior of tau by so much that nothing
        could be computed, or if the posterior does not exist (an unbounded uniform prior for
        tau with too few studies).

    References
    ----------
    Röver 2020, J Stat Softw 93(6). https://doi.org/10.18637/jss.v093.i06
    """
    y, v = studies(yi, vi)
    check_level(level)
    prior = HalfNormal(0.5) if tau_prior is None else tau_prior
    check_kind(prior, TauPrior, "tau_prior")
    if mu_prior is not None:
        check_kind(mu_prior, Normal, "mu_prior")
    # Far beyond the data the likelihood falls like tau to this power (one less under flat mu).
    tail = prior.tail + y.size - (mu_prior is None)
    if not prior.proper and tail <= 1:
        needed = 3 if mu_prior is None else 2
        raise InputError(
            f"yi holds {y.size} studies, but an unbounded uniform prior for tau needs at least "
            f"{needed}: with fewer the posterior does not exist. Give a proper prior."
        )
    conditional = _conditional(y, v, mu_prior)

    def log_joint(tau: Array) -> Array:
        return conditional(tau)[2] + prior.log_density(tau)

    low, high = _log_range(prior, y, v, log_joint)
    tau, log_evidence = integrate_tau(log_joint, low, high, tail - 1)
    keep = tau.weights * (1 + tau.nodes**2 / v.max()) > _NEGLIGIBLE
    nodes, weights = tau.nodes[keep], tau.weights[keep]
    mean, variance, _ = conditional(nodes)
    spread = nodes**2
    of_mu = tail - 1 if mu_prior is None else np.inf
    proper = prior.proper and mu_prior is not None
    return BayesFit(
        k=y.size,
        mu=NormalMixture(weights, mean, np.sqrt(variance), of_mu),
        tau=tau,
        predictive=NormalMixture(weights, mean, np.sqrt(variance + spread), tail - 1),
        theta=tuple(
            _shrink(weights, mean, variance, spread, *one) for one in zip(y, v, strict=True)
        ),
        log_marginal_likelihood=log_evidence if proper else None,
        level=level,
        tau_prior=prior,
        mu_prior=mu_prior,
        yi=y,
        vi=v,
        notes=_notes(y.size, tail, proper),
    )


def _conditional(
    y: Array, v: Array, mu_prior: Normal | None
) -> Callable[[Array], tuple[Array, Array, Array]]:
    """Return tau -> mean and variance of mu, and log likelihood with mu integrated out."""
    centre, precision, constant = 0.0, 0.0, -0.5 * (y.size - 1) * log(2 * pi)
    if mu_prior is not None:
        centre, precision = mu_prior.mean, mu_prior.sd**-2
        constant = -0.5 * y.size * log(2 * pi) - log(mu_prior.sd)

    def at(tau: Array) -> tuple[Array, Array, Array]:
        weights = 1 / (v + np.square(tau)[..., None])
        total = weights.sum(axis=-1) + precision
        mean = (weights @ y + precision * centre) / total
        misfit = (weights * (y - mean[..., None]) ** 2).sum(axis=-1)
        misfit = misfit + precision * (centre - mean) ** 2
        logs = np.log(weights).sum(axis=-1) - np.log(total) - misfit
        return mean, 1 / total, constant + 0.5 * logs

    return at


def _log_range(
    prior: TauPrior, y: Array, v: Array, log_joint: Callable[[Array], Array]
) -> tuple[float, float]:
    """Return the range of log(tau) to integrate over: the prior's, widened by the data's."""
    low, high = prior.log_range()
    low = max(min(low, 0.5 * log(v.min()) - LOG_TAIL), -LOG_LIMIT)
    if not prior.proper:
        high = log(sqrt(v.max()) + np.ptp(y)) + LOG_TAIL
    high = min(high, LOG_LIMIT)

    def height(at: Array) -> Array:
        return log_joint(np.exp(at)) + at

    # Studies that differ by far more than the prior allows have their posterior beyond it.
    peak, edge = height(np.linspace(low, high, 64)).max(), height(np.array(high))
    while edge >= peak - LOG_TAIL and high < LOG_LIMIT:
        beyond = height(np.array(high + 1.0))
        if np.isneginf(beyond):  # where the prior ends
            break
        high, edge, peak = high + 1.0, beyond, max(peak, beyond)
    if not peak > -_PRECISE:
        raise InputError(
            f"yi differ by so much more than tau_prior ({prior}) allows that the posterior "
            "cannot be told from rounding; a prior on the scale of yi is needed."
        )
    return low, high


def _shrink(
    weights: Array, mean: Array, variance: Array, spread: Array, y: float, v: float
) -> NormalMixture:
    """Return the posterior of one study's true effect (mean and sd at each tau)."""
    towards = v / (v + spread)
    centre = (1 - towards) * y + towards * mean
    return NormalMixture(weights, centre, np.sqrt((1 - towards) * v + towards**2 * variance))


def _notes(k: int, tail: float, proper: bool) -> tuple[str, ...]:
    notes = []
    if k == 1:
        notes.append(
            "One study says nothing about heterogeneity: what is shown for tau and for a new "
            "study comes from the prior alone."
        )
    elif k == 2:
        notes.append("With two studies the result for tau rests mostly on its prior.")
    if tail <= 2:
        notes.append("With this prior and so few studies the posterior of tau has no mean.")
    if not proper:
        notes.append("No marginal likelihood is given, because a prior is improper.")
    return tuple(notes)
