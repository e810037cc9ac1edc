"""Effects of one study share people, so their sampling errors are correlated."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import as_labels, as_number
from .gls import gls, studies

Array = NDArray[np.float64]


def sampling_covariance(vi: Array, study: NDArray[np.intp], rho: float | None) -> Array:
    """Return the sampling covariance matrix with correlation ``rho`` within studies."""
    root = np.sqrt(vi)
    same = (study[:, None] == study) * (0.0 if rho is None else check_rho(rho))
    np.fill_diagonal(same, 1.0)
    return same * np.outer(root, root)


def aggregate(
    yi: ArrayLike, vi: ArrayLike, study: ArrayLike, *, rho: float
) -> tuple[tuple[str, ...], Array, Array]:
    """Combine the effects of each study into one, allowing for their correlation.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effect sizes and their sampling variances.
    study : array_like of shape (k,)
        The study each effect comes from.
    rho : float
        Assumed correlation of the sampling errors of two effects of one study.

    Returns
    -------
    tuple of str, ndarray of shape (m,), ndarray of shape (m,)
        Studies in order of appearance, their inverse-variance weighted effects and variances.

    Raises
    ------
    InputError
        If the data cannot be analysed, or ``rho`` is not a correlation.
    """
    y, v = studies(yi, vi)
    groups, number = study_index(study, y.size)
    covariance = sampling_covariance(v, number, check_rho(rho))
    members = (number[:, None] == np.arange(len(groups))).astype(float)
    root = np.linalg.cholesky(covariance)
    whitened = np.linalg.solve(root, np.column_stack([y, members]))
    fit = gls(whitened[:, 0], whitened[:, 1:], np.ones(y.size))
    return groups, fit.coef, np.diagonal(fit.cov).copy()


def study_index(
    study: ArrayLike, k: int, name: str = "study"
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return study names in order of appearance and each effect's position among them."""
    labels = as_labels(study, name, k)
    groups = tuple(dict.fromkeys(labels))
    place = {name: i for i, name in enumerate(groups)}
    return groups, np.array([place[label] for label in labels], dtype=np.intp)


def check_rho(rho: float) -> float:
    """Return ``rho`` if it can be a correlation."""
    return as_number(rho, "rho", "must lie between -1 and 1", lambda x: -1 < x < 1)
