"""All subsets of the studies (GOSH), to see whether one or two make the heterogeneity."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .batch import Pooled
from .columns import Columns
from .deletion import refit
from .errors import as_count, check_kind
from .inference import TINY, h2_from_q, i2_from_q
from .kernel import CELLS, fit_parts
from .pooling import Fit
from .resampling import MOST_SAMPLES, generator

if TYPE_CHECKING:
    import pandas as pd

#: Drawn subsets refitted at a time; bounds the memory whatever the number of studies.
_AT_A_TIME = 1 << 16
#: All subsets of so many studies are laid out at once; with more studies, these again under
#: every subset of the others.
_LAID_OUT = 16
#: Cells that are not worth a block of their own.
_SMALL = 8_000
#: All subsets of more studies would fill the memory.
_MOST_STUDIES = 23
_COLUMNS = ("k", "q", "i2", "h2", "tau2", "estimate")


def gosh(fit: Fit, limit: int = 20, *, samples: int = 100_000, seed: int = 1) -> pd.DataFrame:
    """Pool every non-empty subset of the studies, or a sample of the subsets.

    Olkin, Dahabreh and Trikalinos (2012), Res Synth Methods 3:214,
    https://doi.org/10.1002/jrsm.1053.

    Parameters
    ----------
    fit : Fit
    limit : int
        Up to this many studies, 23 at most, all ``2**k - 1`` subsets are pooled; above it,
        ``samples`` are drawn, each study being in with probability one half.
    samples, seed : int
        Size of the sample, and the seed that makes it repeatable.

    Returns
    -------
    DataFrame
        ``mask`` (bit 0 is the first study), ``k, q, i2, h2, tau2, estimate``, one row per
        subset; in order of ``mask`` when complete. ``attrs["complete"]`` tells which.

    Raises
    ------
    InputError
        If ``limit``, ``samples`` or ``seed`` is not a whole number within its bounds.
    """
    import pandas as pd

    check_kind(fit, Fit, "fit")
    complete = fit.k <= as_count(limit, "limit", 0, _MOST_STUDIES)
    samples = as_count(samples, "samples", 1, MOST_SAMPLES)
    seed = as_count(seed, "seed", 0)
    values = _complete(fit) if complete else _drawn(fit, samples, seed)
    columns = dict(enumerate(values))
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(values[0])), copy=False)
    frame.columns = _labels().copy()
    frame.attrs["complete"] = complete
    return frame


@cache
def _labels() -> pd.Index:
    """Return the names of the columns, which pandas takes longer over than over the numbers."""
    import pandas as pd

    return pd.Index(("mask", *_COLUMNS))


def _complete(fit: Fit) -> list[NDArray]:
    """Return the columns of the table of all subsets."""
    masks = np.arange(1, 1 << fit.k)
    k = np.bitwise_count(masks).astype(int)
    if fit.method == "EE":
        return [masks, k, *_common_effects(fit, k)]
    blocks, ci = _blocks(fit), fit.batch.ci_method
    return [masks, *_results(fit_parts(blocks, k, method=fit.method, ci=ci, level=fit.level))]


def _drawn(fit: Fit, samples: int, seed: int) -> list[NDArray]:
    """Return the columns of the table of a sample of the subsets."""
    random, parts = generator(seed), []
    for start in range(0, samples, _AT_A_TIME):
        members = _draw(random, min(_AT_A_TIME, samples - start), fit.k)
        masks = members.astype(object) @ [1 << i for i in range(fit.k)]
        parts.append([masks, *_results(refit(fit, members))])
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def _results(pooled: Pooled) -> list[NDArray]:
    """Return columns that may be written to: a table is its owner's to change, results not."""
    return [np.require(getattr(pooled, name), requirements="W") for name in _COLUMNS]


def _draw(random: np.random.Generator, size: int, k: int) -> NDArray[np.bool_]:
    """Return random non-empty subsets."""
    members = random.random((size, k)) < 0.5
    while (empty := ~members.any(axis=1)).any():
        members[empty] = random.random((int(empty.sum()), k)) < 0.5
    return members


def _common_effects(fit: Fit, k: NDArray[np.intp]) -> list[NDArray]:
    """Return q, i2, h2, tau2 and the estimate of all subsets under a common effect.

    Without tau2 the weights do not depend on the subset, so that a subset is the pool of its
    members among the first studies and its members among the others. Q is theirs and what
    lies between them, none of which is below zero: nothing cancels.
    """
    half = fit.k // 2
    weight, centred = 1.0 / fit.vi, fit.yi - fit.estimate
    low_weight, low_mean, low_q = _common_effect(centred[:half], weight[:half])
    high = np.array(_common_effect(centred[half:], weight[half:]))
    high_weight, high_mean, high_q = high[:, :, None]
    total = high_weight + low_weight
    total[0, 0] = 1.0  # of no study at all, which is left out in the end
    share = high_weight / total
    apart = high_mean - low_mean
    mean = low_mean + share * apart
    q = share * low_weight * apart**2 + low_q + high_q
    estimate, q = fit.estimate + mean.ravel()[1:], q.ravel()[1:]
    q[(1 << np.arange(fit.k)) - 1] = 0.0  # one study each, but for rounding
    df = k - 1.0
    return [q, i2_from_q(q, df), h2_from_q(q, df), np.zeros_like(q), estimate]


def _common_effect(yi: NDArray, weight: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Return the weight, mean and Q of every subset in order of masks, zero for the empty one."""
    inside = (np.arange(1 << yi.size) >> np.arange(yi.size)[:, None] & 1).astype(float)
    weights = weight[:, None] * inside
    total = np.add.reduce(weights)
    mean = (weight * yi) @ inside / np.maximum(total, TINY)
    residual = yi[:, None] - mean
    return total, mean, np.einsum("kb,kb,kb->b", weights, residual, residual)


def _blocks(fit: Fit) -> Iterator[tuple[NDArray[np.intp], Columns]]:
    """Yield every non-empty subset and its place in the order of masks, a block at a time."""
    # With the most precise study first in each subset, as the layout wants it.
    order = np.argsort(fit.vi, kind="stable")
    top, rest = np.split(order, [max(fit.k - _LAID_OUT, 0)])
    absent = fit.k
    yi, vi = np.append(fit.yi, 0.0), np.append(fit.vi, np.inf)
    laid_out = list(_laid_out(rest, absent))
    for number in range(1 << top.size):
        above = top[number >> np.arange(top.size) & 1 == 1]
        for below, masks, count in laid_out:
            if above.size == 0:
                some = masks > 0
                below, masks, count = below[:, some], masks[some], count[some]
            members = np.concatenate([np.repeat(above[:, None], masks.size, axis=1), below])
            y, v = yi.take(members), vi.take(members)
            origin = y[0].copy()
            y = np.where(members < absent, y - origin, 0.0)
            yield masks + (1 << above).sum() - 1, Columns(y, v, origin, count + above.size)


def _laid_out(
    studies: NDArray[np.intp], absent: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]]:
    """Yield all subsets, the empty one too: members of shape ``(k, B)``, masks and sizes.

    Subsets of about the same size come together, with rows enough for the largest of them:
    half of all pairs of a study and a subset are absences, and are not worked on.
    """
    size = 1 << studies.size
    members = np.full((studies.size, size), absent)
    masks, count = np.zeros((2, size), dtype=int)
    for at, study in enumerate(studies):
        without, within = slice(1 << at), slice(1 << at, 2 << at)
        members[:at, within] = members[:at, without]
        members[count[without], np.arange(1 << at, 2 << at)] = study
        masks[within] = masks[without] | 1 << study
        count[within] = count[without] + 1
    falling = np.argsort(-count, kind="stable")
    rising = -count[falling]
    start = 0
    while start < size:
        most = max(-rising[start], 1)
        alike = np.searchsorted(rising, -2.0 * most / 3.0, side="right")
        stop = min(start + CELLS // most, max(int(alike), start + _SMALL // most))
        part = falling[start:stop]
        yield members[:most].take(part, axis=1), masks[part], count[part].astype(float)
        start = stop
