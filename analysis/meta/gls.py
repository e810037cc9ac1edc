"""Generalised least squares with a design matrix, the one place where it is solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import (
    LARGEST,
    InputError,
    as_numbers,
    as_variances,
    as_vector,
    check_flag,
    reject_beyond,
    reject_where,
    same_length,
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gls:
    """Least-squares fits, one for each leading index of the weights.

    Attributes
    ----------
    coef : ndarray of shape (..., p)
        Coefficients.
    cov : ndarray of shape (..., p, p)
        ``inv(X' W X)``.
    resid : ndarray of shape (..., k)
        Residuals.
    q : ndarray of shape (...)
        Weighted residual sum of squares.
    logdet : ndarray of shape (...)
        Log determinant of ``X' W X``.
    leverage : ndarray of shape (..., k)
        Diagonal of the hat matrix.
    basis : ndarray of shape (..., k, p)
        Orthonormal columns that span ``sqrt(W) X``.
    """

    coef: Array
    cov: Array
    resid: Array
    q: Array
    logdet: Array
    leverage: Array
    basis: Array


def gls(y: Array, x: Array, weights: Array) -> Gls:
    """Fit y = x b with weights (inverse variances) of shape (..., k), all sets at once.

    Solved by orthogonal decomposition: the normal equations would square the condition number,
    which years or sample sizes as moderators already make large.
    """
    root = np.sqrt(weights)
    basis, triangle = np.linalg.qr(root[..., None] * x)
    target = (root * y)[..., None]
    inverse = np.linalg.inv(triangle)
    coef = (inverse @ (np.swapaxes(basis, -1, -2) @ target))[..., 0]
    resid = y - coef @ x.T
    diagonal = np.abs(np.diagonal(triangle, axis1=-2, axis2=-1))
    return Gls(
        coef=coef,
        cov=inverse @ np.swapaxes(inverse, -1, -2),
        resid=resid,
        q=(weights * resid**2).sum(axis=-1),
        logdet=2 * np.log(diagonal).sum(axis=-1),
        leverage=(basis**2).sum(axis=-1),
        basis=basis,
    )


@dataclass(frozen=True)
class Design:
    """A checked design matrix of shape (k, p), its column names, and if a constant leads it."""

    x: Array
    names: tuple[str, ...]
    intercept: bool

    @property
    def tested(self) -> slice:
        """Columns that the omnibus test covers: all but the intercept."""
        return slice(1, None) if self.intercept and self.x.shape[1] > 1 else slice(None)


def design(
    moderators: ArrayLike | None, k: int, names: Sequence[str] | None, intercept: bool
) -> Design:
    """Return the design matrix for ``k`` studies.

    Parameters
    ----------
    moderators : array_like of shape (k,) or (k, q), or None
        Moderator values without the constant; None for a constant alone.
    k : int
        Number of studies.
    names : sequence of str or None
        Names of the moderators; x1, x2, ... if None.
    intercept : bool
        Whether to put a constant first.

    Returns
    -------
    Design

    Raises
    ------
    InputError
        If shapes or names disagree, a value is not finite, or a column repeats the others.
    """
    x = np.empty((k, 0)) if moderators is None else _moderators(moderators)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[0] != k:
        raise InputError(f"X must have one row per study ({k}), but has shape {x.shape}.")
    reject_where(~np.isfinite(x), x, "X", "must be a finite number")
    reject_beyond(x, "X")
    check_flag(intercept, "intercept")
    labels = tuple(f"x{i + 1}" for i in range(x.shape[1])) if names is None else _names(names)
    if len(labels) != x.shape[1]:
        raise InputError(f"names has {len(labels)} entries, but X has {x.shape[1]} columns.")
    if intercept:
        x, labels = np.column_stack([np.ones(k), x]), ("intercept", *labels)
    if x.shape[1] == 0:
        raise InputError("X has no column and intercept is False; there is nothing to fit.")
    if x.shape[1] > k:
        raise InputError(f"X has {x.shape[1]} columns, too many for {k} studies.")
    _check_rank(x, labels)
    return Design(x, labels, intercept)


def _moderators(values: ArrayLike) -> Array:
    """Return moderators as floats; membership of a group may be given as true or false."""
    return as_numbers(np.asarray(values, dtype=float) if _is_bool(values) else values, "X")


def _is_bool(values: ArrayLike) -> bool:
    return getattr(values, "dtype", None) == np.dtype(bool)


def _names(names: Sequence[str]) -> tuple[str, ...]:
    labels = tuple(names) if np.iterable(names) and not isinstance(names, str) else ()
    if not labels or not all(isinstance(label, str) for label in labels):
        raise InputError(f"names must be a sequence of text, but {names!r} was given.")
    return labels


def _check_rank(x: Array, labels: tuple[str, ...]) -> None:
    """Name the first column that the ones before it already determine."""
    length = np.sqrt((x**2).sum(axis=0))
    scaled = x / np.where(length > 0, length, 1)
    vanishing = (length > 0) & (length < 1 / LARGEST)
    if vanishing.any():
        name = labels[int(np.argmax(vanishing))]
        raise InputError(f"X column {name!r} is below {1 / LARGEST:g}; change its unit.")
    remaining = np.abs(np.diagonal(np.linalg.qr(scaled)[1]))
    redundant = remaining <= 1e-10
    if redundant.any():
        name = labels[int(np.argmax(redundant))]
        raise InputError(
            f"X column {name!r} is constant or determined by the columns before it; remove it."
        )


def studies(yi: ArrayLike, vi: ArrayLike) -> tuple[Array, Array]:
    """Return checked effect sizes and positive variances of the same length."""
    y, v = as_vector(yi, "yi"), as_variances(vi, "vi")
    same_length(y, v, ("yi", "vi"))
    return y, v
