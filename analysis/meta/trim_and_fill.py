"""Trim and fill: how many studies would make the funnel symmetric, and what that changes."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from .asymmetry import require_enough
from .errors import InputError, check_kind, check_option
from .pooling import Fit, pool
from .regression import regression

Array = NDArray[np.float64]

_ESTIMATORS = ("L0", "R0", "Q0")
_ROUNDS = 100


@dataclass(frozen=True)
class TrimAndFill:
    """Result of trim and fill.

    Attributes
    ----------
    k0 : int
        Studies added.
    k0_se : float or None
        Standard error of their number; None where the formula gives no variance.
    k0_pvalue : float or None
        Test that none are missing (estimator R0 only).
    side : {"left", "right"}
        Side of the funnel they were added to.
    estimator : str
        How their number was estimated.
    filled_yi, filled_vi : ndarray of shape (k0,)
        The studies added.
    fit : Fit
        Pooled with them; the original if there are none.
    notes : tuple of str
        What a reader must know.
    """

    k0: int
    k0_se: float | None
    k0_pvalue: float | None
    side: str
    estimator: str
    filled_yi: Array
    filled_vi: Array
    fit: Fit
    notes: tuple[str, ...]


def trim_and_fill(
    fit: Fit, *, estimator: str = "L0", side: str | None = None, force: bool = False
) -> TrimAndFill:
    """Impute the mirror images of the studies that make the funnel lopsided.

    A sensitivity analysis, not a correction: asymmetry has other causes than missing studies,
    and with heterogeneity the method adds studies that never existed.

    Parameters
    ----------
    fit : Fit
        A pooled result; its method and interval are used throughout.
    estimator : {"L0", "R0", "Q0"}
        Estimator of the number of missing studies.
    side : {"left", "right"}, optional
        Side on which studies are missing; by default the side opposite to the slope of the
        effects on their standard errors.
    force : bool
        Run below the number of studies that the small-k policy asks for.

    Returns
    -------
    TrimAndFill

    Raises
    ------
    InputError
        If there are too few studies, all effects are equal, or the estimator does not exist
        for these data.

    References
    ----------
    Duval & Tweedie 2000, Biometrics 56:455, https://doi.org/10.1111/j.0006-341X.2000.00455.x
    (algorithm); 2000, J Am Stat Assoc 95:89, https://doi.org/10.1080/01621459.2000.10473905
    (estimators and their variances).
    """
    check_kind(fit, Fit, "fit")
    check_option(estimator, _ESTIMATORS, "estimator")
    notes = require_enough(fit.k, "trim_and_fill", 3, force)
    if np.ptp(fit.yi) == 0:
        raise InputError("all effects are equal, so the funnel has no sides to compare.")
    if side is None:
        slope = regression(fit.yi, fit.vi, np.sqrt(fit.vi), method=fit.method, ci="z").coef[1]
        side = "right" if slope < 0 else "left"
    check_option(side, ("left", "right"), "side")
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * fit.yi, kind="stable")
    y, v = sign * fit.yi[order], fit.vi[order]
    k0, centre, k0_se = _converge(y, v, estimator, fit)
    top = slice(y.size - k0, None)
    filled_y, filled_v = sign * (2 * centre - y[top]), v[top]
    filled = fit
    if k0:
        filled = pool(
            np.concatenate([fit.yi, filled_y]),
            np.concatenate([fit.vi, filled_v]),
            method=fit.method,
            ci=fit.ci_method,
            level=fit.level,
        )
    return TrimAndFill(
        k0=k0,
        k0_se=k0_se,
        k0_pvalue=0.5 ** (k0 + 1) if estimator == "R0" else None,
        side=side,
        estimator=estimator,
        filled_yi=filled_y,
        filled_vi=filled_v,
        fit=filled,
        notes=notes,
    )


def _converge(y: Array, v: Array, estimator: str, fit: Fit) -> tuple[int, float, float | None]:
    """Trim the k0 largest effects, pool the rest, count again; until the count stays."""
    k, k0 = y.size, 0
    for _ in range(_ROUNDS):
        keep = slice(0, k - k0)
        centre = pool(y[keep], v[keep], method=fit.method, ci="z").estimate
        count, se = _missing(y - centre, estimator)
        new = max(0, int(np.rint(count)))
        if new >= k:
            raise InputError(
                f"estimator {estimator} calls for as many missing studies as there are studies."
            )
        if new == k0:
            return k0, centre, se
        k0 = new
    raise InputError(f"estimator {estimator} did not settle in {_ROUNDS} rounds of trimming.")


def _missing(centred: Array, estimator: str) -> tuple[float, float | None]:
    """Return the number of missing studies and its standard error."""
    k = centred.size
    ranks = np.empty(k)
    ranks[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, k + 1)
    signed = np.sign(centred) * ranks
    if estimator == "R0":
        longest = float(np.max(-signed[signed < 0], initial=0.0))
        count = k - longest - 1
        return count, sqrt(2 * max(0.0, count) + 2)
    total = float(signed[signed > 0].sum())
    if estimator == "L0":
        count = (4 * total - k * (k + 1)) / (2 * k - 1)
        scale = 4 / (2 * k - 1)
    else:
        inside = 2 * k**2 - 4 * total + 0.25
        if inside < 0:
            raise InputError("estimator Q0 does not exist for these data; use L0 or R0.")
        count = k - 0.5 - sqrt(inside)
        scale = 2 / sqrt((k - 0.5) ** 2 - count * (2 * k - count - 1))
    # Duval & Tweedie 2000, JASA, the variance of the signed-rank statistic given k0.
    variance = (
        k * (k + 1) * (2 * k + 1)
        + 10 * count**3
        + 27 * count**2
        + 17 * count
        - 18 * k * count**2
        - 18 * k * count
        + 6 * k**2 * count
    ) / 24
    return count, scale * sqrt(variance) if variance >= 0 else None
