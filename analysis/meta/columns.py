"""The layout every repeated fit shares, and the sums over studies taken from it.

One column is one analysis. Studies run down axis 0 so that a sum over studies adds long
contiguous rows, which is what makes ten thousand small fits fast. Two conventions keep
the sums accurate even when variances span many orders of magnitude:

* a study left out has infinite variance, so its weight is exactly zero;
* row 0 holds the most precise study, and ``y`` is measured from its estimate. Quantities
  that would lose all digits when that study outweighs the rest are written without
  subtracting its weight from the total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Columns:
    """``B`` analyses of at most ``k`` studies.

    Attributes
    ----------
    y : ndarray of shape (k, B)
        Estimates, measured from ``origin``.
    v : ndarray of shape (k, B)
        Sampling variances; infinite where the study is left out.
    origin : ndarray of shape (B,)
        Estimate of the most precise study of each analysis.
    count : ndarray of shape (B,)
        Studies in each analysis.
    """

    y: Floats
    v: Floats
    origin: Floats
    count: Floats

    def widest(self) -> Floats:
        """Return the largest variance of each analysis."""
        if self.count.min() == self.y.shape[0]:
            return self.v.max(axis=0)
        return np.where(np.isinf(self.v), 0.0, self.v).max(axis=0)

    def take(self, which: NDArray[np.intp]) -> Columns:
        """Return some of the analyses, by position."""
        # An index in brackets would run the studies together in memory, not the analyses.
        return Columns(
            self.y.take(which, axis=1),
            self.v.take(which, axis=1),
            self.origin[which],
            self.count[which],
        )


def columns(yi: Floats, vi: Floats, mask: NDArray[np.bool_] | None) -> Columns:
    """Lay out ``(B, k)`` arrays (already checked) as columns."""
    size, studies = yi.shape
    if mask is None:
        count = np.full(size, float(studies))
    else:
        count = np.count_nonzero(mask, axis=1).astype(float)
        vi = np.where(mask, vi, np.inf)
    # Looked for where the studies of an analysis are neighbours, which is quicker.
    place = vi.argmin(axis=1) * size + np.arange(size)
    y, v = np.array(yi.T, order="C"), np.array(vi.T, order="C")
    for part in (y, v):
        every = part.reshape(-1)
        first = every[place]
        every[place] = part[0]
        part[0] = first
    origin = y[0].copy()
    y -= origin
    if mask is not None:
        np.copyto(y, 0.0, where=np.isinf(v))
    return Columns(y, v, origin, count)


class Mean(NamedTuple):
    """The inverse-variance weighted mean of each analysis at a given tau2."""

    weight: Floats
    total: Floats
    mean: Floats
    residual: Floats

    @property
    def q(self) -> Floats:
        """Weighted sum of squared residuals; Cochran's Q where tau2 is zero."""
        return np.einsum("kb,kb,kb->b", self.weight, self.residual, self.residual)


def weighted_mean(data: Columns, tau2: Floats | float) -> Mean:
    """Return weights ``1/(vi + tau2)``, their sum, the mean (from ``origin``), residuals."""
    weight = data.v + tau2
    np.divide(1.0, weight, out=weight)
    total = np.add.reduce(weight)  # over studies; quicker than .sum for one small fit
    mean = np.einsum("kb,kb->b", weight, data.y) / total
    return Mean(weight, total, mean, data.y - mean)


def trace(weight: Floats, total: Floats) -> Floats:
    """Return tr(P), that is ``sum(w) - sum(w**2)/sum(w)``, without cancellation."""
    first, rest = weight[0], weight[1:]
    one = np.add.reduce(rest)
    two = np.einsum("kb,kb->b", rest, rest)
    return ((total + first) * one - two) / total


class CommonEffect(NamedTuple):
    """The weighted mean of each analysis at tau2 = 0, Cochran's Q and tr(P)."""

    mean: Mean
    q: Floats
    trace: Floats


def common_effect(data: Columns) -> CommonEffect:
    """Return what every estimator starts from, once."""
    mean = weighted_mean(data, 0.0)
    return CommonEffect(mean, mean.q, trace(mean.weight, mean.total))


def traces(weight: Floats, total: Floats) -> tuple[Floats, Floats]:
    """Return tr(P) and tr(PP), without cancellation; ``P`` as in :func:`trace`."""
    first, rest = weight[0], weight[1:]
    square = rest * rest
    one, two = np.add.reduce(rest), np.add.reduce(square)
    three = np.einsum("kb,kb->b", square, rest)
    share, mixed = first / total, two / total
    apart = share * one
    twice = two - 2.0 * three / total + mixed * (2.0 * first * share + mixed) + apart * apart
    return one + apart - mixed, twice


def join(parts: list[Columns]) -> Columns:
    """Put several sets of analyses side by side; of fewer studies, the last rows are empty."""
    shape = max(len(part.y) for part in parts), sum(part.count.size for part in parts)
    y, v = np.zeros(shape), np.full(shape, np.inf)
    start = 0
    for part in parts:
        place = slice(len(part.y)), slice(start, start + part.count.size)
        y[place], v[place] = part.y, part.v
        start += part.count.size
    return Columns(
        y,
        v,
        np.concatenate([part.origin for part in parts]),
        np.concatenate([part.count for part in parts]),
    )
