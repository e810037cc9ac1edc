"""Every selection of a question's rows, pooled in every way a reader may choose.

A static page cannot ask the engine, and a second program that pools would be a second truth.
So what a reader may ask is computed beforehand: each subset of the rows is one analysis of the
same vectorised call.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analysis.meta.heterogeneity import q_profile
from analysis.meta.kernel import pool_many
from analysis.review.results import LEVEL, Answer, Row
from analysis.review.selection import participants

Floats = NDArray[np.float64]

METHODS = ("REML", "DL", "EE")
INTERVALS = ("hksj_floor", "z")
#: Rows up to which every selection is computed beforehand: 2**10 of them, a file of 275 kB.
#: Each further row would double it.
LIMIT = 10


def selectable(answer: Answer) -> list[Row]:
    """Return the rows that a reader may pool: those that some analysis of the question pools.

    Left out are rows without a number, retracted or replaced ones, and those the question
    excludes everywhere.
    """
    used = {row.row_id for row in answer.rows if row.pooled}
    used.update(row_id for other in answer.alternatives for row_id in other.rows)
    return [row for row in answer.rows if row.row_id in used and row.yi is not None]


def every_selection(rows: Sequence[Row]) -> dict[str, Floats]:
    """Pool every subset of at least two rows that share nobody.

    Parameters
    ----------
    rows : sequence of Row
        At most ``LIMIT`` rows with ``yi`` and ``vi``.

    Returns
    -------
    dict of str to ndarray of shape (2**k,)
        One value for each subset, on the scale of pooling; bit ``i`` of a position stands for
        ``rows[i]``. Names: ``q``, ``q_pvalue``, ``tau2_low``, ``tau2_high`` (Q-profile); with
        an estimator before them ``estimate``, ``tau2``, ``i2`` (``"REML tau2"``); with
        estimator and interval ``se``, ``pvalue`` (``"DL z se"``). Subsets that are not pooled
        hold nan.

    Raises
    ------
    ValueError
        If there are more than ``LIMIT`` rows.
    """
    if len(rows) > LIMIT:
        raise ValueError(f"{len(rows)} rows have too many subsets; at most {LIMIT} are allowed.")
    members = (np.arange(2 ** len(rows))[:, None] >> np.arange(len(rows))) & 1 == 1
    pooled = (members.sum(axis=1) >= 2) & ~_counts_people_twice(rows, members)
    found: dict[str, Floats] = {}

    def keep(name: str, values: Floats) -> None:
        found[name] = np.full(len(members), np.nan)
        found[name][pooled] = values

    # None, a row without an estimate, becomes nan, which the engine refuses by its place.
    yi = np.array([row.yi for row in rows], dtype=float)
    vi = np.array([row.vi for row in rows], dtype=float)
    for method in METHODS:
        for ci in INTERVALS:
            batch = pool_many(
                yi,
                vi,
                members[pooled],
                method=method,
                ci=ci,
                level=LEVEL,
            )
            keep(f"{method} {ci} se", batch.se)
            keep(f"{method} {ci} pvalue", batch.pvalue)
        keep(f"{method} estimate", batch.estimate)
        keep(f"{method} tau2", batch.tau2)
        keep(f"{method} i2", batch.i2)
    keep("q", batch.q)
    keep("q_pvalue", batch.q_pvalue)
    low, high = q_profile(batch).T
    keep("tau2_low", low)
    keep("tau2_high", high)
    return found


def _counts_people_twice(rows: Sequence[Row], members: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each subset whether two of its rows share people."""
    twice = np.zeros(len(members), dtype=bool)
    for one, other in combinations(range(len(rows)), 2):
        if not participants(rows[one]).isdisjoint(participants(rows[other])):
            twice |= members[:, one] & members[:, other]
    return twice
