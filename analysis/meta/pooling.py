"""One meta-analysis: :func:`pool` and the immutable :class:`Fit` it returns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from .batch import Batch
from .columns import Floats
from .errors import as_variances, as_vector, check_option, same_length
from .heterogeneity import PredictionInterval, q_profile
from .inference import critical
from .kernel import pool_checked

PREDICTION_RULES = ("k-2", "k-1", "z")


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """One pooled result; a view of a batch of one.

    Whatever cannot be computed is None and ``notes`` says why. ``i2`` is metafor's
    ``tau2/(tau2 + typical variance)``, ``i2_q`` the one from Q; both in percent, as are
    ``weights``.
    """

    batch: Batch

    def __repr__(self) -> str:
        low, high = self.ci
        return (
            f"Fit(k={self.k}, estimate={self.estimate:.4g}, ci=({low:.4g}, {high:.4g}), "
            f"method={self.method!r}, ci_method={self.ci_method!r})"
        )

    @property
    def yi(self) -> Floats:
        """Estimates pooled, shape ``(k,)``."""
        return self.batch.yi[0]

    @property
    def vi(self) -> Floats:
        """Their sampling variances, shape ``(k,)``."""
        return self.batch.vi[0]

    @property
    def k(self) -> int:
        """Number of studies."""
        return int(self.batch.k[0])

    @property
    def method(self) -> str:
        """Model or estimator of tau2."""
        return self.batch.method

    @property
    def ci_method(self) -> str:
        """Interval in force; ``"z"`` for one study, whatever was asked for."""
        return "z" if self.k == 1 else self.batch.ci_method

    @property
    def level(self) -> float:
        """Confidence level of every interval."""
        return self.batch.level

    @property
    def estimate(self) -> float:
        """Pooled estimate."""
        return float(self.batch.estimate[0])

    @property
    def se(self) -> float:
        """Standard error of the estimate under ``ci_method``."""
        return float(self.batch.se[0])

    @property
    def df(self) -> float | None:
        """Degrees of freedom of the interval; None where it is normal."""
        return _finite(self.batch.df[0])

    @cached_property
    def ci(self) -> tuple[float, float]:
        """Confidence interval of the estimate."""
        low, high = self.batch.ci[0]
        return float(low), float(high)

    @property
    def statistic(self) -> float | None:
        """``estimate/se``."""
        return _finite(self.batch.statistic[0])

    @property
    def pvalue(self) -> float | None:
        """Two-sided p-value of no effect."""
        return _finite(self.batch.pvalue[0])

    @property
    def tau2(self) -> float | None:
        """Between-study variance; None for one study, zero by assumption for EE."""
        return None if self.k == 1 else float(self.batch.tau2[0])

    @property
    def tau(self) -> float | None:
        """Between-study standard deviation."""
        return None if self.tau2 is None else float(np.sqrt(self.tau2))

    @property
    def tau2_se(self) -> float | None:
        """Standard error of tau2."""
        return _finite(self.batch.tau2_se[0])

    @cached_property
    def tau2_ci(self) -> tuple[float, float] | None:
        """Q-profile interval of tau2."""
        if self._no_tau2:
            return None
        low, high = q_profile(self.batch)[0]
        return float(low), float(high)

    @property
    def i2(self) -> float | None:
        """I2 in percent, ``tau2/(tau2 + typical variance)``; from Q for method EE."""
        return None if self.k == 1 else float(self.batch.i2[0])

    @property
    def i2_q(self) -> float | None:
        """I2 in percent from Q."""
        return None if self.k == 1 else float(self.batch.i2_q[0])

    @property
    def h2(self) -> float | None:
        """H2 that belongs to ``i2``."""
        return None if self.k == 1 else float(self.batch.h2[0])

    @property
    def q(self) -> float | None:
        """Cochran's Q."""
        return None if self.k == 1 else float(self.batch.q[0])

    @property
    def q_df(self) -> int | None:
        """Degrees of freedom of Q."""
        return None if self.k == 1 else self.k - 1

    @property
    def q_pvalue(self) -> float | None:
        """P-value of Q."""
        return None if self.k == 1 else float(self.batch.q_pvalue[0])

    @property
    def weights(self) -> Floats:
        """Weights in percent, shape ``(k,)``."""
        return self.batch.weights[0]

    @property
    def pi(self) -> PredictionInterval | None:
        """Prediction interval by the rule ``"k-2"``."""
        return self.predict()

    def predict(self, rule: str = "k-2") -> PredictionInterval | None:
        """Return an interval for the true effect of a new study.

        ``estimate +- quantile * sqrt(tau2 + se**2)`` with the fit's own ``se``.

        Parameters
        ----------
        rule : {"k-2", "k-1", "z"}
            The quantile: Student's t on k - 2 df (Higgins, Thompson and Spiegelhalter
            2009, J R Stat Soc A 172:137, https://doi.org/10.1111/j.1467-985X.2008.00552.x;
            with a Hartung-Knapp ``se``, Partlett and Riley 2017, Stat Med 36:301), on
            k - 1 df (metafor with test="knha"), or normal (metafor with test="z").

        Returns
        -------
        PredictionInterval or None
            None, with the reason in ``notes``, for the common-effect model and where the
            rule has no degree of freedom left.
        """
        check_option(rule, PREDICTION_RULES, "rule")
        df = {"k-2": self.k - 2.0, "k-1": self.k - 1.0, "z": np.inf}[rule]
        if self._no_tau2 or df <= 0.0:
            return None
        half = critical(self.level, None if df == np.inf else df)
        half *= np.sqrt(self.batch.tau2[0] + self.se**2)
        return PredictionInterval(float(self.estimate - half), float(self.estimate + half), rule)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: why something is missing, or unusual."""
        return tuple(_notes(self))

    @property
    def _no_tau2(self) -> bool:
        return self.k == 1 or self.method == "EE"


def _notes(fit: Fit) -> list[str]:
    if fit.k == 1:
        text = "One study: nothing is pooled, the interval is the study's own (normal), and "
        return [text + "heterogeneity and a prediction interval cannot be estimated."]
    notes = []
    if fit.method == "EE":
        notes.append(
            "Common-effect model: one true effect is assumed, so tau2 is zero without an "
            "interval and there is no prediction interval; I2 and H2 are computed from Q."
        )
    elif fit.k == 2:
        notes.append("Two studies: the prediction interval on k - 2 = 0 df does not exist.")
    if fit.method != "EE" and fit.tau2_ci == (0.0, 0.0):
        notes.append(
            "The estimates agree more closely than chance allows at any tau2; the Q-profile "
            "interval of tau2 is the single point zero."
        )
    if fit.batch.maxima[0] > 1:
        notes.append(
            f"The likelihood of tau2 has {int(fit.batch.maxima[0])} maxima; the highest is used."
        )
    if fit.se == 0.0:
        notes.append(
            "All estimates are equal, so the Hartung-Knapp standard error is zero, the interval "
            "has no width and there is no test; use ci='hksj_floor'."
        )
    return notes


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def pool(
    yi: ArrayLike, vi: ArrayLike, *, method: str = "REML", ci: str = "hksj", level: float = 0.95
) -> Fit:
    """Pool the estimates of independent studies.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Estimates and their sampling variances, on the scale of pooling.
    method, ci, level
        As in :func:`~analysis.meta.kernel.pool_many`.

    Returns
    -------
    Fit

    Raises
    ------
    InputError
        Naming the element at fault.

    Examples
    --------
    >>> from analysis import meta
    >>> fit = meta.pool([0.1, 0.3, 0.5], [0.04, 0.05, 0.02], method="DL", ci="z")
    >>> round(fit.estimate, 4)
    0.3354
    """
    y, v = as_vector(yi, "yi").copy(), as_variances(vi, "vi").copy()
    same_length(y, v, ("yi", "vi"))
    y.flags.writeable = v.flags.writeable = False
    return Fit(pool_checked(y[None], v[None], None, method=method, ci=ci, level=level))
