"""Many meta-analyses in one call.

A single fit is a batch of one; leave-one-out, cumulative, all-subsets, bootstrap and
permutation are this call with another mask or other values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, stdtr

from .columns import Columns, Floats, columns, join, trace, weighted_mean
from .errors import (
    LARGEST,
    InputError,
    as_flags,
    as_numbers,
    check_level,
    check_option,
    reject_where,
)
from .inference import critical_values, h2_from_q, i2_from_q
from .likelihood import SURE, Unsure, gathered, highest
from .tau2 import METHODS, estimate, standard_error

CI_METHODS = ("z", "t", "hksj", "hksj_floor")

#: Cells worked on at a time: few enough for the cache, enough to spread numpy's overhead.
_CELLS = 50_000

# The C library gives freed blocks of more than 128 KiB back to the system and then fetches
# them again, page by page, for the next temporary, which costs more than the arithmetic on
# it. Having freed one large block (whose pages are never touched), it keeps them.
np.empty(1 << 21)

#: Cells of unsettled fits gathered before they are searched; bounds the memory.
_SEARCH_CELLS = 1 << 20


@dataclass(frozen=True, eq=False)
class Batch:
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
    yi, vi, mask : ndarray of shape (B, k) or None
        The input.

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
    yi: Floats = field(repr=False)
    vi: Floats = field(repr=False)
    mask: NDArray[np.bool_] | None = field(repr=False)

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
        many = self.k > 1
        if self.method != "EE" and many.any():
            data = columns(self.yi, self.vi, self.mask).take(many)
            se[many] = standard_error(data, self.tau2[many], self.method)
        return se


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
    answer = np.empty((6, size))
    k = np.full(size, studies, dtype=np.intp)
    rows = max(1, _CELLS // studies)
    unsettled = _Unsettled(method, ci, answer)
    for start in range(0, size, rows):
        part = slice(start, start + rows)
        data = columns(y[part], v[part], None if here is None else here[part])
        unsettled.add(start, data, _fit(data, method, ci, answer[:, part]))
        k[part] = data.count
    unsettled.settle()
    answer.flags.writeable = k.flags.writeable = False
    estimates, se, tau2, q, typical, maxima = answer
    return Batch(k, estimates, se, tau2, q, typical, maxima, method, ci, level, y, v, here)


class _Unsettled:
    """Fits that may have two maxima, gathered so that they are searched together."""

    def __init__(self, method: str, ci: str, answer: Floats) -> None:
        self.method, self.ci, self.answer = method, ci, answer
        self.parts: list[Columns] = []
        self.known: list[Unsure] = []
        self.cells = 0

    def add(self, start: int, data: Columns, unsure: Unsure) -> None:
        if unsure.fit.size:
            self.parts.append(data.take(unsure.fit))
            self.known.append(unsure._replace(fit=start + unsure.fit))
            self.cells += self.parts[-1].y.size
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


def _fit(data: Columns, method: str, ci: str, out: Floats) -> Unsure:
    """Fill estimate, se, tau2, q, typical variance, maxima; return who is not settled."""
    many = np.flatnonzero(data.count > 1.0)
    if many.size < data.count.size:
        y, v = data.origin, data.v[0]
        out[:] = y, np.sqrt(v), 0.0 * v, 0.0 * v, v, np.ones(v.size)
        if many.size == 0:
            return SURE
        rest = np.empty((6, many.size))
        unsure = _fit(data.take(many), method, ci, rest)
        out[:, many] = rest
        return unsure.of(many)
    fixed = weighted_mean(data, 0.0)
    out[3] = fixed.q
    out[4] = (data.count - 1.0) / trace(fixed.weight, fixed.total)
    out[5] = 1.0
    tau2, unsure = estimate(data, fixed, method)
    out[:3] = _summary(data, tau2, ci)
    return unsure


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
