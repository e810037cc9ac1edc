"""Confidence intervals for the between-study variance, and the prediction interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import chdtri

from .columns import Floats, columns
from .kernel import Batch
from .tau2 import solve_q


def q_profile(batch: Batch) -> Floats:
    """Return Q-profile limits of tau2, shape ``(B, 2)``; nan for one study.

    The tau2 at which the generalised Q equals the quantiles of chi-squared on k - 1 df:
    Viechtbauer (2007), Stat Med 26:37, https://doi.org/10.1002/sim.2514. Both limits are
    zero where even tau2 = 0 leaves Q below the lower quantile.
    """
    limits = np.full((batch.k.size, 2), np.nan)
    many = batch.k > 1
    if many.any():
        data = columns(batch.yi, batch.vi, batch.mask).take(many)
        tail = (1.0 - batch.level) / 2.0
        for side, upper in enumerate((tail, 1.0 - tail)):
            limits[many, side] = solve_q(data, chdtri(data.count - 1.0, upper))
    return limits


class PredictionInterval(NamedTuple):
    """Limits for the true effect of a new study, and the rule they follow."""

    low: float
    high: float
    rule: str
