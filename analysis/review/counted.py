"""Looks counted: a pooled answer with an interval that stays right however often one looks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.meta.deletion import cumulative
from analysis.meta.pooling import pool
from analysis.meta.sequential import sequential
from analysis.review.measures import to_display
from analysis.review.pooling import by_inverse_variance
from analysis.review.results import LEVEL, Answer
from analysis.review.specifications import by_publication

Interval = tuple[float, float]


@dataclass(frozen=True)
class CountedLooks:
    """A pooled answer as the last of several looks, one after each study (display scale).

    ``ordinary`` is the normal interval of somebody who looks once; ``anytime`` holds at every
    look so far and every later one. ``null`` is the value of no effect.
    """

    looks: int
    estimate: float
    ordinary: Interval
    anytime: Interval
    null: float

    @property
    def ordinary_excludes_null(self) -> bool:
        """Whether the interval of a single look excludes no effect."""
        return not self.ordinary[0] <= self.null <= self.ordinary[1]

    @property
    def anytime_excludes_null(self) -> bool:
        """Whether the interval that holds at every look does."""
        return not self.anytime[0] <= self.null <= self.anytime[1]


def counted_looks(answer: Answer) -> CountedLooks | None:
    """Count one look after each study, in order of publication.

    Parameters
    ----------
    answer : Answer
        An answer pooled by inverse variances.

    Returns
    -------
    CountedLooks or None
        None where nothing is pooled that way, or the measure has no value of no effect.

    Notes
    -----
    The anytime-valid interval of :func:`analysis.meta.sequential.sequential` is made narrowest at
    the information there is now: of its family this one is the kindest to the present answer.
    """
    null = answer.measure.null
    if answer.pooled is None or not by_inverse_variance(answer.pooled) or null is None:
        return None
    rows = by_publication(answer)
    yi, vi = ([getattr(row, name) for row in rows] for name in ("yi", "vi"))
    steps = cumulative(pool(yi, vi, method=answer.pooled.method, ci="z", level=LEVEL))
    found = sequential(
        steps["estimate"], steps["se"], information_needed=steps["se"].iloc[-1] ** -2, level=LEVEL
    )
    return CountedLooks(
        looks=len(rows),
        estimate=to_display(found.estimate[-1], answer.measure),
        ordinary=_shown(found.ordinary_ci[-1], answer),
        anytime=_shown(found.anytime_ci[-1], answer),
        null=null,
    )


def _shown(limits: np.ndarray, answer: Answer) -> Interval:
    low, high = (to_display(limit, answer.measure) for limit in limits)
    return low, high
