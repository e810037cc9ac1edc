"""The results of many meta-analyses, and what follows from them without fitting anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, stdtr

from .columns import Floats, columns
from .inference import critical_values, h2_from_q, i2_from_q
from .tau2 import standard_error


@dataclass(frozen=True, eq=False)
class Pooled:
    """Results of ``B`` meta-analyses; every array has shape ``(B,)`` unless stated.

    Attributes
    ----------
    k : ndarray
        Studies in each analysis.
    estimate, se : ndarray
        Pooled estimate, and its standard error under ``ci_method``.
    tau2 : ndarray
        Between-study variance; zero for one study and for method ``"EE"``.
    q : ndarray
        Cochran's Q (inverse-variance weights, tau2 = 0).
    typical : ndarray
        Higgins and Thompson's typical sampling variance, ``(k-1)/tr(P)``.
    maxima : ndarray
        Maxima of the likelihood found by ML and REML; one otherwise.
    method, ci_method, level : str, str, float
        As asked for.

    Notes
    -----
    With one study tau2, Q and I2 are zero, H2 is one, and the interval is the study's own
    (normal) whatever ``ci_method`` says: there is nothing to estimate a spread from.
    """

    k: NDArray[np.intp]
    estimate: Floats
    se: Floats
    tau2: Floats
    q: Floats
    typical: Floats
    maxima: Floats
    method: str
    ci_method: str
    level: float

    @cached_property
    def df(self) -> Floats:
        """Degrees of freedom of the interval; infinite where it is normal."""
        normal = (self.k == 1) | (self.ci_method == "z")
        return np.where(normal, np.inf, self.k - 1.0)

    @cached_property
    def ci(self) -> Floats:
        """Confidence limits of the estimate, shape ``(B, 2)``."""
        half = critical_values(self.level, self.df) * self.se
        return np.array([self.estimate - half, self.estimate + half]).T

    @cached_property
    def statistic(self) -> Floats:
        """``estimate/se``; nan where the standard error is zero."""
        return np.divide(
            self.estimate, self.se, where=self.se > 0.0, out=np.full(self.se.shape, np.nan)
        )

    @cached_property
    def pvalue(self) -> Floats:
        """Two-sided p-value of the estimate being zero; nan where ``se`` is zero."""
        size = -np.abs(self.statistic)
        normal = np.isinf(self.df)
        return 2.0 * np.where(normal, ndtr(size), stdtr(np.where(normal, 1.0, self.df), size))

    @cached_property
    def q_pvalue(self) -> Floats:
        """P-value of Q on ``k - 1`` degrees of freedom; one for one study."""
        return np.where(self.k == 1, 1.0, chdtrc(np.maximum(self.k - 1.0, 1.0), self.q))

    @cached_property
    def i2(self) -> Floats:
        """I2 in percent as metafor defines it: ``tau2/(tau2 + typical)``; from Q for EE."""
        if self.method == "EE":
            return self.i2_q
        return 100.0 * self.tau2 / (self.tau2 + self.typical)

    @cached_property
    def i2_q(self) -> Floats:
        """I2 in percent from Q."""
        return i2_from_q(self.q, self.k - 1.0)

    @cached_property
    def h2(self) -> Floats:
        """H2 matching ``i2``: ``1 + tau2/typical``, or ``Q/df`` for EE; one for one study."""
        if self.method == "EE":
            return h2_from_q(self.q, self.k - 1.0)
        return 1.0 + self.tau2 / self.typical


@dataclass(frozen=True, eq=False)
class Batch(Pooled):
    """Results of ``B`` meta-analyses beside what they were made from.

    Attributes
    ----------
    yi, vi, mask : ndarray of shape (B, k); mask may be None
        The input.
    """

    yi: Floats = field(repr=False)
    vi: Floats = field(repr=False)
    mask: NDArray[np.bool_] | None = field(repr=False)

    @cached_property
    def weights(self) -> Floats:
        """Weights in percent, shape ``(B, k)``; zero for a study left out."""
        vi = self.vi if self.mask is None else np.where(self.mask, self.vi, np.inf)
        weight = 1.0 / (vi + self.tau2[:, None])
        return 100.0 * weight / weight.sum(axis=1, keepdims=True)

    @cached_property
    def tau2_se(self) -> Floats:
        """Standard error of tau2; nan for one study and for EE."""
        se = np.full(self.k.shape, np.nan)
        many = np.flatnonzero(self.k > 1)
        if self.method != "EE" and many.size:
            data = columns(self.yi, self.vi, self.mask).take(many)
            se[many] = standard_error(data, self.tau2[many], self.method)
        return se
