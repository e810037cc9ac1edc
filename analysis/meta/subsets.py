"""All subsets of the studies (GOSH), to see whether one or two make the heterogeneity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .deletion import refit
from .errors import as_count, check_kind
from .inference import h2_from_q, i2_from_q
from .pooling import Fit
from .resampling import MOST_SAMPLES, generator

if TYPE_CHECKING:
    import pandas as pd

#: Subsets refitted at a time; bounds the memory whatever the number of studies.
_AT_A_TIME = 1 << 16
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
    if complete and fit.method == "EE":
        table = _from_halves(fit)
        size = len(table["k"])
        masks: NDArray = np.arange(1, size + 1)
    else:
        size = (1 << fit.k) - 1 if complete else samples
        table = {name: np.empty(size, dtype=int if name == "k" else float) for name in _COLUMNS}
        masks = np.arange(1, size + 1) if complete else np.empty(size, dtype=object)
        random = generator(seed)
        for start in range(0, size, _AT_A_TIME):
            part = slice(start, min(start + _AT_A_TIME, size))
            if complete:
                members = (masks[part, None] >> np.arange(fit.k)) & 1 == 1
            else:
                members = _draw(random, part.stop - start, fit.k)
                masks[part] = members.astype(object) @ [1 << i for i in range(fit.k)]
            batch = refit(fit, members)
            for name, values in table.items():
                values[part] = getattr(batch, name)
    frame = pd.DataFrame({"mask": masks, **table}, copy=False)
    frame.attrs["complete"] = complete
    return frame


def _draw(random: np.random.Generator, size: int, k: int) -> NDArray[np.bool_]:
    """Return random non-empty subsets."""
    members = random.random((size, k)) < 0.5
    while (empty := ~members.any(axis=1)).any():
        members[empty] = random.random((int(empty.sum()), k)) < 0.5
    return members


def _from_halves(fit: Fit) -> dict[str, NDArray]:
    """Return the common-effect results of all subsets.

    Without tau2 the weights do not depend on the subset, so that each sum over a subset is
    the sum over its members among the first studies plus that among the others: one
    addition per subset instead of one per study and subset.
    """
    weight = 1.0 / fit.vi
    centred = fit.yi - fit.estimate
    terms = np.stack([np.ones(fit.k), weight, weight * centred, weight * centred**2])
    half = fit.k // 2
    low, high = terms[:, :half] @ _members(half), terms[:, half:] @ _members(fit.k - half)
    sums = (high[:, :, None] + low[:, None, :]).reshape(4, -1)
    k, total, first, second = sums[:, 1:]
    mean = first / total
    df = k - 1.0
    q = np.where(df > 0.0, np.maximum(second - mean * first, 0.0), 0.0)
    return {
        "k": k.astype(int),
        "q": q,
        "i2": i2_from_q(q, df),
        "h2": h2_from_q(q, df),
        "tau2": np.zeros_like(q),
        "estimate": fit.estimate + mean,
    }


def _members(k: int) -> NDArray[np.float64]:
    """Return one where a study is in a subset, shape ``(k, 2**k)``, in order of ``mask``."""
    return (np.arange(1 << k) >> np.arange(k)[:, None] & 1).astype(float)
