"""Looking ahead: what a trial of a given size could see."""

from __future__ import annotations

from analysis.review.results import LEVEL

#: Chance of finding a difference that is there, as trials usually plan it.
POWER = 0.8


def smallest_difference(people: int) -> float:
    """Return the smallest difference that a trial finds with a chance of :data:`POWER`.

    Parameters
    ----------
    people : int
        People in both arms together, half of them in each.

    Returns
    -------
    float
        Standardised mean difference, found by a two-sided t test at the review's level
        (Cohen 1992, Psychol Bull 112:155).
    """
    # Imported here: a page that plans nothing does not load statsmodels.
    from statsmodels.stats.power import TTestIndPower

    test = TTestIndPower()
    return float(test.solve_power(nobs1=people / 2, alpha=1 - LEVEL, power=POWER, ratio=1.0))
