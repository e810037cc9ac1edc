"""Pooled results by group of studies, and the test that the groups differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InputError, as_labels, check_flag
from .gls import studies
from .inference import OmnibusTest, wald
from .pooling import Fit, pool
from .regression import RegressionFit, regression

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Subgroups:
    """Results by group, in sorted order of the groups.

    Attributes
    ----------
    levels : tuple of str
        Names of the G groups.
    k : ndarray of shape (G,)
        Studies in each.
    estimate, se : ndarray of shape (G,)
        Pooled estimate and standard error in each.
    ci : ndarray of shape (G, 2)
        Confidence intervals.
    tau2 : ndarray of shape (G,)
        Between-study variance in each; the same everywhere if it is common, nan for a group of
        one study if it is not.
    between : OmnibusTest
        Test that all groups have the same mean.
    fits : tuple of Fit
        Each group pooled by itself (separate tau2).
    regression : RegressionFit or None
        The model with a common tau2, one coefficient per group, if that was asked for.
    common_tau2 : bool
        As asked for.
    notes : tuple of str
        What a reader must know.
    """

    levels: tuple[str, ...]
    k: NDArray[np.int64]
    estimate: Array
    se: Array
    ci: Array
    tau2: Array
    between: OmnibusTest
    fits: tuple[Fit, ...]
    regression: RegressionFit | None
    common_tau2: bool
    notes: tuple[str, ...]


def subgroups(
    yi: ArrayLike,
    vi: ArrayLike,
    groups: ArrayLike,
    *,
    common_tau2: bool = False,
    method: str = "REML",
    ci: str = "hksj",
    level: float = 0.95,
) -> Subgroups:
    """Pool studies by group and test whether the groups differ.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effect sizes and their sampling variances.
    groups : array_like of shape (k,)
        The group each study belongs to; compared as text.
    common_tau2 : bool
        One tau2 for all groups (a regression on the group) instead of one each.
    method, ci, level
        As for :func:`~analysis.meta.pooling.pool`.

    Returns
    -------
    Subgroups

    Raises
    ------
    InputError
        If the data cannot be analysed, or there is only one group.

    Notes
    -----
    With separate tau2 the test is the chi-squared of Borenstein et al. 2009, Introduction to
    Meta-Analysis, on the model-based standard errors: the groups' own
    Hartung-Knapp factors rest on too few studies to be compared. With a common tau2 it is the
    omnibus test of the regression, F on the residual degrees of freedom unless ``ci="z"``.
    """
    y, v = studies(yi, vi)
    check_flag(common_tau2, "common_tau2")
    labels = np.array(as_labels(groups, "groups", y.size))
    levels = tuple(sorted(set(labels.tolist())))
    if len(levels) < 2:
        raise InputError(f"groups names only {levels[0]!r}; at least two groups are needed.")
    members = np.array([labels == level_ for level_ in levels])
    k = members.sum(axis=1)
    fits = tuple(pool(y[own], v[own], method=method, ci=ci, level=level) for own in members)
    notes = [
        f"Group {name!r} has one study, shown as it is."
        for name, count in zip(levels, k, strict=True)
        if count == 1
    ]
    if common_tau2:
        model = regression(
            y, v, members.T, names=levels, intercept=False, method=method, ci=ci, level=level
        )
        contrasts = np.eye(len(levels))[1:] - np.eye(len(levels))[0]
        between = wald(contrasts @ model.coef, contrasts @ model.vcov @ contrasts.T, model.df)
        estimate, se, interval = model.coef, model.se, model.ci
        tau2 = np.full(len(levels), model.tau2)
    else:
        model = None
        estimate = np.array([fit.estimate for fit in fits])
        se = np.array([fit.se for fit in fits])
        interval = np.array([fit.ci for fit in fits])
        tau2 = np.array([np.nan if fit.tau2 is None else fit.tau2 for fit in fits])
        between = _between(v, members, np.nan_to_num(tau2), estimate)
        if (k == 1).any() and method != "EE":
            notes.append("The test takes tau2 as zero in a group of one study.")
    return Subgroups(
        levels, k, estimate, se, interval, tau2, between, fits, model, common_tau2, tuple(notes)
    )


def _between(v: Array, members: NDArray, tau2: Array, estimate: Array) -> OmnibusTest:
    """Return the chi-squared test that the groups' means agree, model-based errors."""
    spread = v + tau2[:, None]
    variance = 1 / np.where(members, 1 / spread, 0.0).sum(axis=1)
    contrasts = np.eye(estimate.size)[1:] - np.eye(estimate.size)[0]
    return wald(contrasts @ estimate, contrasts @ np.diag(variance) @ contrasts.T, None)
