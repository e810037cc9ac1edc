"""Tests and intervals that every model shares (z where ``df`` is None, else t), I2 and H2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

Array = NDArray[np.float64]

#: In the place of zero where zero is divided by it.
TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class OmnibusTest:
    """Wald test that several coefficients are zero.

    ``statistic`` is chi-squared on ``df`` where ``df_residual`` is None, else F on both; it and
    the p-value are None where the covariance matrix has no inverse.
    """

    statistic: float | None
    df: int
    df_residual: float | None
    pvalue: float | None


def critical(level: float, df: float | None) -> float:
    """Return the two-sided critical value for a confidence level."""
    upper = 0.5 + level / 2
    return float(ndtri(upper) if df is None else stdtrit(df, upper))


def critical_values(level: float, df: Array) -> Array:
    """Return the critical value for each number of degrees of freedom, infinite for normal."""
    values = {kind: critical(level, None if np.isinf(kind) else kind) for kind in set(df.tolist())}
    return np.array([values[kind] for kind in df.tolist()])


def i2_from_q(q: Array, df: NDArray[np.floating]) -> Array:
    """Return I2 in percent, ``max(0, (Q - df)/Q)``.

    Higgins and Thompson (2002), Stat Med 21:1539, https://doi.org/10.1002/sim.1186.
    """
    return 100.0 * np.maximum(q - df, 0.0) / np.maximum(q, TINY)


def h2_from_q(q: Array, df: NDArray[np.floating]) -> Array:
    """Return H2, ``Q/df``; one where ``df`` is zero. Source as in :func:`i2_from_q`."""
    return np.where(df > 0, q / np.maximum(df, 1.0), 1.0)


def statistics(coef: Array, se: Array) -> Array:
    """Return ``coef / se``, nan where the standard error is zero."""
    return np.divide(coef, se, out=np.full(np.shape(coef), np.nan), where=se > 0)


def two_sided(statistic: Array, df: float | None) -> Array:
    """Return two-sided p-values."""
    below = -np.abs(np.asarray(statistic, dtype=float))
    return np.asarray(2 * (ndtr(below) if df is None else stdtr(df, below)))


def limits(coef: Array, se: Array, level: float, df: float | None) -> Array:
    """Return confidence limits, shape (p, 2)."""
    half = critical(level, df) * se
    return np.stack([coef - half, coef + half], axis=-1)


def wald(coef: Array, vcov: Array, df: float | None) -> OmnibusTest:
    """Return the Wald test that all of ``coef`` are zero."""
    count = coef.size
    if np.linalg.matrix_rank(vcov) < count:
        return OmnibusTest(None, count, df, None)
    value = float(coef @ np.linalg.solve(vcov, coef))
    if df is None:
        return OmnibusTest(value, count, None, float(chdtrc(count, value)))
    return OmnibusTest(value / count, count, df, float(fdtrc(count, df, value / count)))
