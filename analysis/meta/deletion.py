"""Which studies carry the result: leave-one-out, cumulative, and deletion diagnostics.

Everything that refits is one call of :func:`~analysis.meta.kernel.pool_many`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtr

from .batch import Batch
from .columns import Floats
from .errors import InputError, as_numbers, check_kind
from .inference import critical
from .kernel import pool_many
from .pooling import Fit

if TYPE_CHECKING:
    import pandas as pd


def refit(fit: Fit, mask: NDArray[np.bool_]) -> Batch:
    """Pool subsets of a fit's studies, ``(B, k)``, with its own method and interval."""
    return pool_many(
        fit.yi, fit.vi, mask, method=fit.method, ci=fit.batch.ci_method, level=fit.level
    )


def leave_one_out(fit: Fit) -> pd.DataFrame:
    """Pool again without each study in turn.

    Returns
    -------
    DataFrame
        Row i is the result without study i: ``k, estimate, se, ci_low, ci_high, statistic,
        pvalue, q, q_pvalue, tau2, i2, h2``. ``statistic`` and ``pvalue`` are missing where
        the remaining estimates are all equal and the standard error is zero.

    Raises
    ------
    InputError
        For a fit of one study.
    """
    check_kind(fit, Fit, "fit")
    return _table(refit(fit, _without_each(fit)), np.arange(fit.k), "omitted")


def cumulative(fit: Fit, order: ArrayLike | None = None) -> pd.DataFrame:
    """Pool again each time a study is added.

    Parameters
    ----------
    fit : Fit
    order : array_like of int, shape (k,), optional
        Positions of the studies in the order they are added, for instance
        ``np.argsort(year, kind="stable")``; as they stand by default.

    Returns
    -------
    DataFrame
        Columns as in :func:`leave_one_out`; the index is the study added last. In the
        first row tau2 and Q are zero and H2 is one, and the interval is the study's own.

    Raises
    ------
    InputError
        If ``order`` does not name each study once.
    """
    check_kind(fit, Fit, "fit")
    positions = np.arange(fit.k) if order is None else as_numbers(order, "order")
    if positions.ndim != 1 or not np.array_equal(np.sort(positions), np.arange(fit.k)):
        raise InputError(
            f"order must hold each position from 0 to {fit.k - 1} once, but is "
            f"{positions.tolist()!r}; np.argsort(key, kind='stable') turns a key into it."
        )
    positions = positions.astype(int)
    rank = np.empty(fit.k, dtype=int)
    rank[positions] = np.arange(fit.k)
    mask = rank[None, :] <= np.arange(fit.k)[:, None]
    return _table(refit(fit, mask), positions, "added")


def influence(fit: Fit) -> pd.DataFrame:
    """Return outlier and influence diagnostics of every study.

    Viechtbauer and Cheung (2010), Res Synth Methods 1:112,
    https://doi.org/10.1002/jrsm.11; Baujat et al. (2002), Stat Med 21:2641,
    https://doi.org/10.1002/sim.1221. ``(-i)`` is the fit without study i.

    Returns
    -------
    DataFrame
        One row per study:

        - ``rstandard``: residual over its standard error;
        - ``rstudent``: deleted residual over its standard error;
        - ``dffits``: change of the fitted value on deletion, in standard errors;
        - ``cook_d``: squared change of the estimate over its variance;
        - ``cov_r``: variance of the estimate ``(-i)`` over the variance in full;
        - ``tau2_del``, ``q_del``: tau2 and Q ``(-i)``;
        - ``hat``, ``weight``: leverage, and the same in percent;
        - ``dfbetas``: change of the estimate over its standard error under tau2 ``(-i)``;
        - ``baujat_x``, ``baujat_y``: squared Pearson residual, and squared change of the
          estimate over its variance ``(-i)``;
        - ``flagged``: any of |dffits| > 3 sqrt(1/(k-1)), the lower chi-squared tail of
          cook_d above 0.5, hat > 3/k, |dfbetas| > 1 (metafor's limits).

        A ratio whose divisor is zero (Hartung-Knapp interval, all other estimates equal)
        is missing.

    Raises
    ------
    InputError
        For a fit of one study.
    """
    check_kind(fit, Fit, "fit")
    import pandas as pd

    without = refit(fit, _without_each(fit))
    tau2 = fit.batch.tau2[0]
    hat = fit.weights / 100.0
    residual = fit.yi - fit.estimate
    change = fit.estimate - without.estimate
    model_se = np.sqrt(1.0 / (1.0 / (fit.vi + tau2)).sum())
    deleted_se = np.sqrt(1.0 / (1.0 / (fit.vi[None, :] + without.tau2[:, None])).sum(axis=1))
    # Under Hartung-Knapp every variance of the mean carries the fit's own factor.
    factor = without.se / _model_se(without)
    dffits = _ratio(change, factor * np.sqrt(hat * (without.tau2 + fit.vi)))
    cook_d = _ratio(change**2, np.full(fit.k, fit.se**2))
    dfbetas = _ratio(change, factor * deleted_se)
    flagged = (
        (np.abs(dffits) > 3.0 * np.sqrt(1.0 / (fit.k - 1.0)))
        | (chdtr(1.0, cook_d) > 0.5)
        | (hat > 3.0 / fit.k)
        | (np.abs(dfbetas) > 1.0)
    )
    return pd.DataFrame(
        {
            "rstandard": residual / np.sqrt(np.maximum(fit.vi + tau2 - model_se**2, 0.0)),
            "rstudent": _ratio(
                fit.yi - without.estimate,
                np.sqrt(factor**2 * (fit.vi + without.tau2) + without.se**2),
            ),
            "dffits": dffits,
            "cook_d": cook_d,
            "cov_r": _ratio(without.se**2, np.full(fit.k, fit.se**2)),
            "tau2_del": without.tau2,
            "q_del": without.q,
            "hat": hat,
            "weight": fit.weights,
            "dfbetas": dfbetas,
            "baujat_x": residual**2 / (fit.vi + tau2),
            "baujat_y": _ratio(change**2, without.se**2),
            "flagged": flagged,
        },
        index=pd.RangeIndex(fit.k, name="study"),
    )


def shrinkage(fit: Fit) -> pd.DataFrame:
    """Return each study's own effect as the random-effects model sees it (BLUP).

    Raudenbush and Bryk (1985), J Educ Stat 10:75,
    https://doi.org/10.3102/10769986010002075: the study's estimate drawn towards the mean
    by the share of its variance that is sampling error.

    Returns
    -------
    DataFrame
        ``estimate, se, low, high`` (limits at the fit's level) and ``weight``, the share of
        the study's own estimate in it.
    """
    check_kind(fit, Fit, "fit")
    import pandas as pd

    tau2 = fit.batch.tau2[0]
    own = tau2 / (tau2 + fit.vi)
    estimate = own * fit.yi + (1.0 - own) * fit.estimate
    se = np.sqrt(own * fit.vi + (1.0 - own) ** 2 * fit.se**2)
    half = critical(fit.level, fit.df) * se
    return pd.DataFrame(
        {
            "estimate": estimate,
            "se": se,
            "low": estimate - half,
            "high": estimate + half,
            "weight": own,
        },
        index=pd.RangeIndex(fit.k, name="study"),
    )


def _without_each(fit: Fit) -> NDArray[np.bool_]:
    if fit.k == 1:
        raise InputError("a single study cannot be left out: nothing would remain (k = 1).")
    return ~np.eye(fit.k, dtype=bool)


def _model_se(batch: Batch) -> Floats:
    """Return the standard error before any Hartung-Knapp factor."""
    vi = batch.vi if batch.mask is None else np.where(batch.mask, batch.vi, np.inf)
    return np.sqrt(1.0 / (1.0 / (vi + batch.tau2[:, None])).sum(axis=1))


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, where=below > 0.0, out=np.full(above.shape, np.nan))


def _table(batch: Batch, index: NDArray, name: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "k": batch.k,
            "estimate": batch.estimate,
            "se": batch.se,
            "ci_low": batch.ci[:, 0],
            "ci_high": batch.ci[:, 1],
            "statistic": batch.statistic,
            "pvalue": batch.pvalue,
            "q": batch.q,
            "q_pvalue": batch.q_pvalue,
            "tau2": batch.tau2,
            "i2": batch.i2,
            "h2": batch.h2,
        },
        index=pd.Index(index, name=name),
    )
