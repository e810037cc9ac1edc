"""Many meta-analyses in one call.

A single fit is a batch of one; leave-one-out, cumulative, all-subsets, bootstrap and
permutation are this call with another mask or other values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .batch import Batch, Pooled
from .columns import Columns, Floats, columns, common_effect, join, weighted_mean
from .errors import (
    LARGEST,
    InputError,
    as_flags,
    as_numbers,
    check_level,
    check_option,
    reject_where,
)
from .likelihood import SURE, Unsure, gathered, highest
from .tau2 import METHODS, estimate

CI_METHODS = ("z", "t", "hksj", "hksj_floor")

#: Cells worked on at a time: few enough for the cache, enough to spread numpy's overhead.
CELLS = 50_000

# The C library gives freed blocks of more than 128 KiB back to the system and then fetches
# them again, page by page, for the next temporary, which costs more than the arithmetic on
# it. Having freed one large block (whose pages are never touched), it keeps them.
np.empty(1 << 21)

#: Cells of unsettled fits gathered before they are searched; bounds the memory.
_SEARCH_CELLS = 1 << 20


def pool_many(
    yi: ArrayLike,
    vi: ArrayLike,
    mask: ArrayLike | None = None,
    *,
    method: str = "REML",
    ci: str = "hksj",
    level: float = 0.95,
) -> Batch:
    """Pool many sets of studies at once.

    Parameters
    ----------
    yi, vi : array_like of shape (B, k)
        Estimates and their sampling variances, one analysis per row. Either may have one
        row (or be one-dimensional), which is then used for every row of the other or of
        ``mask``.
    mask : array_like of bool, shape (B, k), optional
        True for the studies that belong to an analysis. Values under a false entry are
        never looked at.
    method : {"EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Common-effect model, or random-effects model by this estimator of tau2. ML and
        REML are the global maximum of the likelihood.
    ci : {"z", "t", "hksj", "hksj_floor"}
        Normal; t on k - 1 df; Hartung-Knapp-Sidik-Jonkman; the same with its variance
        factor never below one (Rover, Knapp and Friede 2015, BMC Med Res Methodol 15:99,
        https://doi.org/10.1186/s12874-015-0091-1).
    level : float
        Confidence level.

    Returns
    -------
    Batch

    Raises
    ------
    InputError
        Naming the element at fault.
    """
    return pool_checked(*_checked(yi, vi, mask), method=method, ci=ci, level=level)


def pool_checked(
    y: Floats, v: Floats, here: NDArray[np.bool_] | None, *, method: str, ci: str, level: float
) -> Batch:
    """Do the work of :func:`pool_many` on values of one shape that are known to be sound."""
    check_option(method, METHODS, "method")
    check_option(ci, CI_METHODS, "ci")
    check_level(level)
    size, studies = y.shape
    k = np.full(size, studies) if here is None else np.count_nonzero(here, axis=1)
    pooled = fit_parts(_parts(y, v, here), k, method=method, ci=ci, level=level)
    return Batch(**vars(pooled), yi=y, vi=v, mask=here)


def _parts(
    y: Floats, v: Floats, here: NDArray[np.bool_] | None
) -> Iterator[tuple[slice, Columns]]:
    """Yield as many analyses at a time as are quickly worked on together."""
    rows = max(1, CELLS // y.shape[1])
    for start in range(0, len(y), rows):
        part = slice(start, start + rows)
        yield part, columns(y[part], v[part], None if here is None else here[part])


def fit_parts(
    parts: Iterable[tuple[NDArray[np.intp] | slice, Columns]],
    k: NDArray[np.intp],
    *,
    method: str,
    ci: str,
    level: float,
) -> Pooled:
    """Fit analyses that come part by part.

    Parameters
    ----------
    parts : iterable of (places, Columns)
        Analyses, and where their results belong.
    k : ndarray of shape (B,)
        Studies in each analysis.
    method, ci, level
        As in :func:`pool_many`, known to be allowed.

    Returns
    -------
    Pooled
    """
    answer, every = np.empty((6, k.size)), np.arange(k.size)
    unsettled = _Unsettled(method, ci, answer)
    for places, data in parts:
        answer[:, places], unsure = _fit(data, method, ci)
        if unsure.fit.size:
            unsettled.add(data.take(unsure.fit), unsure.of(every[places]))
    unsettled.settle()
    answer.flags.writeable = k.flags.writeable = False
    estimates, se, tau2, q, typical, maxima = answer
    return Pooled(k, estimates, se, tau2, q, typical, maxima, method, ci, level)


class _Unsettled:
    """Fits that may have two maxima, gathered so that they are searched together."""

    def __init__(self, method: str, ci: str, answer: Floats) -> None:
        self.method, self.ci, self.answer = method, ci, answer
        self.parts: list[Columns] = []
        self.known: list[Unsure] = []
        self.cells = 0

    def add(self, data: Columns, unsure: Unsure) -> None:
        self.parts.append(data)
        self.known.append(unsure)
        self.cells += data.y.size
        if self.cells > _SEARCH_CELLS:
            self.settle()

    def settle(self) -> None:
        if not self.parts:
            return
        data, unsure = join(self.parts), gathered(self.known)
        where, before = unsure.fit, self.answer[2, unsure.fit]
        tau2, maxima = highest(data, unsure, before, self.method == "REML")
        self.answer[5, where] = maxima
        moved = np.flatnonzero(tau2 != before)
        if moved.size:
            part = data.take(moved)
            self.answer[:3, where[moved]] = _summary(part, tau2[moved], self.ci)
        self.parts, self.known, self.cells = [], [], 0


def _fit(data: Columns, method: str, ci: str) -> tuple[Floats, Unsure]:
    """Return the six results of each analysis, and which are not settled."""
    out = np.empty((6, data.count.size))
    many = np.flatnonzero(data.count > 1.0)
    if many.size < data.count.size:
        y, v = data.origin, data.v[0]
        out[:] = y, np.sqrt(v), 0.0 * v, 0.0 * v, v, np.ones(v.size)
        if many.size == 0:
            return out, SURE
        out[:, many], unsure = _fit(data.take(many), method, ci)
        return out, unsure.of(many)
    fixed = common_effect(data)
    out[3] = fixed.q
    out[4] = (data.count - 1.0) / fixed.trace
    out[5] = 1.0
    tau2, unsure = estimate(data, fixed, method)
    out[:3] = _summary(data, tau2, ci)
    return out, unsure


def _summary(data: Columns, tau2: Floats, ci: str) -> tuple[Floats, ...]:
    """Return the pooled estimate, its standard error, and tau2."""
    pooled = weighted_mean(data, tau2)
    variance = 1.0 / pooled.total
    if ci.startswith("hksj"):
        factor = pooled.q / (data.count - 1.0)
        variance *= np.maximum(factor, 1.0) if ci == "hksj_floor" else factor
    return data.origin + pooled.mean, np.sqrt(variance), tau2


def _checked(
    yi: ArrayLike, vi: ArrayLike, mask: ArrayLike | None
) -> tuple[Floats, Floats, NDArray[np.bool_] | None]:
    """Return arrays of one shape with every used value known to be sound."""
    y, v = np.atleast_2d(as_numbers(yi, "yi")), np.atleast_2d(as_numbers(vi, "vi"))
    here = None if mask is None else np.atleast_2d(as_flags(mask, "mask"))
    given = [part for part in (y, v, here) if part is not None]
    shapes = [part.shape for part in given]
    shape = (max(len(part) for part in given), *y.shape[1:])
    if len(shape) != 2 or any(size not in (shape, (1, *shape[1:])) for size in shapes):
        named = " and ".join(str(size) for size in shapes)
        raise InputError(f"yi, vi (and mask) must have one shape (B, k), but have {named}.")
    if 0 in shape:
        raise InputError(f"yi is empty (shape {shape}); at least one study is needed.")
    if here is not None:
        empty = ~here.any(axis=1)
        if empty.any():
            raise InputError(f"mask[{empty.argmax()}] keeps no study; each row needs one.")
    _reject_outside(y, here, "yi", -LARGEST, "must be a finite number")
    _reject_outside(v, here, "vi", 1.0 / LARGEST, "a sampling variance must be above zero")
    return _shaped(y, shape), _shaped(v, shape), None if here is None else _shaped(here, shape)


def _shaped(part: NDArray, shape: tuple[int, ...]) -> NDArray:
    """Return a view of a shape that may not be written to."""
    view = part.view() if part.shape == shape else np.broadcast_to(part, shape)
    view.flags.writeable = False
    return view


def _reject_outside(
    values: Floats, here: NDArray[np.bool_] | None, name: str, least: float, rule: str
) -> None:
    """Raise if a used value lies outside ``[least, LARGEST]`` or is nan."""
    if values.min() >= least and values.max() <= LARGEST:
        return
    used = np.True_ if here is None else here if len(values) == len(here) else here.any(axis=0)
    rule += f" between {least:g} and {LARGEST:g}"
    reject_where(used & ~((values >= least) & (values <= LARGEST)), values, name, rule)
