"""Made-up data sets that every tool is given."""

from __future__ import annotations

import numpy as np


def simulate(random: np.random.Generator, fits: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean differences of trials with 10 to 200 people, tau2 = 0.05."""
    v = 4.0 / random.integers(10, 200, (fits, k))
    return random.normal(0.3, np.sqrt(v + 0.05)), v


def unequal(random: np.random.Generator, fits: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return data whose variances differ up to 67-fold (scaled chi-squared, clipped)."""
    v = np.clip(0.25 * random.chisquare(1, (fits, k)), 0.009, 0.6)
    return random.normal(0.3, np.sqrt(v + 0.05)), v
