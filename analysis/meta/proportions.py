"""Proportions of one group: pooled by three methods, and exact or Wilson intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._es_common import read_columns, require_at_most, require_counts, require_positive
from .effect_sizes import effect_sizes
from .errors import check_level, check_option, reject_where
from .glmm import GlmmFit, glmm
from .pooling import Fit, pool
from .scales import harmonic_mean

METHODS = ("GLMM", "logit", "PFT")
INTERVALS = ("exact", "wilson")


@dataclass(frozen=True)
class ProportionFit:
    """A pooled proportion.

    Parameters
    ----------
    method : str
        ``GLMM``, ``logit`` or ``PFT``.
    k : int
        Groups pooled.
    estimate : float
        Pooled proportion; nan where not estimable. Between groups that differ it is the
        median (GLMM, logit), not the mean, of their proportions.
    ci : tuple of float
        Confidence interval.
    pi : tuple of float or None
        Prediction interval for a new group's true proportion, rule k - 2.
    fit : GlmmFit or Fit
        The fit on the analysis scale, with tau2 and the test of heterogeneity.
    notes : tuple of str
        What a reader must know.
    """

    method: str
    k: int
    estimate: float
    ci: tuple[float, float]
    pi: tuple[float, float] | None
    fit: GlmmFit | Fit
    notes: tuple[str, ...]


def pool_proportions(
    xi: ArrayLike,
    ni: ArrayLike,
    method: str = "GLMM",
    *,
    tau2_method: str = "REML",
    interval: str | None = None,
    level: float = 0.95,
) -> ProportionFit:
    """Return a pooled proportion of single groups.

    Parameters
    ----------
    xi, ni : array_like of shape (k,)
        Events and people of each group.
    method : {"GLMM", "logit", "PFT"}
        Binomial-normal model, or inverse variance on logits or on the Freeman–Tukey double
        arcsine.
    tau2_method : str, default "REML"
        Estimator of tau2 for logit and PFT; ``EE`` for a common proportion. The GLMM is
        maximum likelihood.
    interval : str, optional
        For GLMM ``z`` (default) or ``t``; for the others as in
        :func:`~analysis.meta.pooling.pool`, by default ``hksj``.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    ProportionFit

    Raises
    ------
    InputError
        If a count is impossible, or an option unknown.

    Notes
    -----
    Schwarzer et al. 2019, Res Synth Methods 10:476, show how the double arcsine misleads when
    sizes differ and advise the GLMM; Lin & Chu 2020, Epidemiology 31:713,
    https://doi.org/10.1097/EDE.0000000000001232, compare them. Logits need 1/2 added where
    nobody or everybody has the event, and the notes say so.
    """
    check_option(method, METHODS, "method")
    if method == "GLMM":
        quantile = "z" if interval is None else interval
        fit = glmm("PLO", xi=xi, ni=ni, interval=quantile, level=level)
        return _on_proportions(method, fit, fit.scale.back, fit.notes)
    sizes = effect_sizes("PLO" if method == "logit" else "PFT", xi=xi, ni=ni)
    two_step = pool(
        sizes.yi[sizes.usable],
        sizes.vi[sizes.usable],
        method=tau2_method,
        ci="hksj" if interval is None else interval,
        level=level,
    )
    notes = sizes.notes + two_step.notes
    if method == "PFT":
        size = harmonic_mean(sizes.ni[sizes.usable])
        notes += (f"Back-transformed at the harmonic mean size, {size:.1f} people.",)
    return _on_proportions(method, two_step, sizes.back, notes)


def _on_proportions(
    method: str,
    fit: GlmmFit | Fit,
    back: Callable[[ArrayLike], NDArray[np.float64]],
    notes: tuple[str, ...],
) -> ProportionFit:
    low, high = (float(limit) for limit in back(np.array(fit.ci)))
    pi = None
    if fit.pi is not None:
        pi_low, pi_high = (float(limit) for limit in back(np.array(fit.pi[:2])))
        pi = (pi_low, pi_high)
    estimate = float(back(fit.estimate))
    return ProportionFit(method, fit.k, estimate, (low, high), pi, fit, notes)


def proportion_intervals(
    xi: ArrayLike, ni: ArrayLike, method: str = "exact", *, level: float = 0.95
) -> NDArray[np.float64]:
    """Return confidence intervals of single proportions.

    Parameters
    ----------
    xi, ni : array_like of shape (k,)
        Events and people of each group.
    method : {"exact", "wilson"}
        Clopper & Pearson 1934, Biometrika 26:404, never below its level; Wilson 1927, J Am
        Stat Assoc 22:209, near its level on average.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    ndarray of shape (k, 2)
        Lower and upper limits.

    Raises
    ------
    InputError
        If a count is impossible or missing, or an option unknown.
    """
    from statsmodels.stats.proportion import proportion_confint

    check_option(method, INTERVALS, "method")
    columns = read_columns({"xi": xi, "ni": ni})
    for name, column in columns.items():
        reject_where(np.isnan(column), column, name, "must be a number")
    require_counts(columns, "xi")
    require_positive(columns, "ni")
    require_at_most(columns, "xi", "ni")
    name = {"exact": "beta", "wilson": "wilson"}[method]
    limits = proportion_confint(
        columns["xi"], columns["ni"], alpha=1 - check_level(level), method=name
    )
    return np.stack(limits, axis=1)
