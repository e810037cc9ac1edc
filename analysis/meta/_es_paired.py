"""The same people measured twice, or crossover and matched data.

Means: MC, SMCC, SMCR. Matched yes/no outcomes: MPRD, MPRR, MPOR.
"""

from __future__ import annotations

import numpy as np

from ._es_common import (
    Columns,
    Computed,
    Family,
    Options,
    Vector,
    hedges_correction,
    increment_notes,
    require_correlations,
    require_counts,
    require_positive,
    zero_cell_increment,
)


def difference_sd(sd1: Vector, sd2: Vector, r: Vector) -> Vector:
    """Return the standard deviation of the difference of two correlated measurements."""
    # rounding may leave a tiny negative variance where r = 1 and the SDs are equal
    return np.sqrt(np.maximum(sd1**2 + sd2**2 - 2 * r * sd1 * sd2, 0))


def _compute_means(measure: str, columns: Columns, options: Options) -> Computed:
    require_counts(columns, "sd1i", "sd2i")
    require_positive(columns, "ni")
    require_correlations(columns)
    m1, sd1, m2, sd2, n, r = (columns[name] for name in MEANS_FAMILY.columns[0])
    yi, vi = _MEANS[measure](m1 - m2, sd1, sd2, n, r)
    return Computed(yi, vi, n)


def _mean_change(
    change: Vector, sd1: Vector, sd2: Vector, n: Vector, r: Vector
) -> tuple[Vector, Vector]:
    return change, difference_sd(sd1, sd2, r) ** 2 / n


def _change_over_change_sd(
    change: Vector, sd1: Vector, sd2: Vector, n: Vector, r: Vector
) -> tuple[Vector, Vector]:
    return standardised_change(change / difference_sd(sd1, sd2, r), n)


def standardised_change(biased: Vector, n: Vector) -> tuple[Vector, Vector]:
    """Return the bias-corrected mean change in units of its own SD, and its variance.

    Gibbons, Hedeker & Davis 1993, J Educ Stat 18:271.
    """
    yi = hedges_correction(n - 1) * biased
    return yi, 1 / n + yi**2 / (2 * n)


def _change_over_raw_sd(
    change: Vector, sd1: Vector, sd2: Vector, n: Vector, r: Vector
) -> tuple[Vector, Vector]:
    # Becker 1988, Br J Math Stat Psychol 41:257
    yi = hedges_correction(n - 1) * change / sd1
    return yi, 2 * (1 - r) / n + yi**2 / (2 * n)


_MEANS = {"MC": _mean_change, "SMCC": _change_over_change_sd, "SMCR": _change_over_raw_sd}

MEANS_FAMILY = Family(
    columns=(("m1i", "sd1i", "m2i", "sd2i", "ni", "ri"),), compute=_compute_means
)
MEANS_MEASURES = tuple(_MEANS)


def _compute_matched(measure: str, columns: Columns, options: Options) -> Computed:
    require_counts(columns, *columns)
    a, b, c, d = (columns[name] for name in MATCHED_FAMILY.columns[0])
    has_zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    increment = zero_cell_increment(has_zero, np.zeros_like(has_zero), options)
    yi, vi = _MATCHED[measure](*(cell + increment for cell in (a, b, c, d)))
    return Computed(yi, vi, a + b + c + d, increment_notes(increment))


def _matched_risk_difference(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    n = a + b + c + d
    return (b - c) / n, (n * (b + c) - (b - c) ** 2) / n**3


def _matched_log_risk_ratio(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    return np.log((a + b) / (a + c)), (b + c) / ((a + b) * (a + c))


def _matched_log_odds_ratio(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    # Becker & Balagtas 1993, Biometrics 49:997: marginal odds, covariance by the delta method
    n = a + b + c + d
    yes1, no1, yes2, no2 = a + b, c + d, a + c, b + d
    # one fraction, so that without discordant pairs it is zero and not a negative rounding error
    vi = n * (n * (b + c) - (b - c) ** 2) / (yes1 * no1 * yes2 * no2)
    return np.log(yes1 / no1) - np.log(yes2 / no2), vi


_MATCHED = {
    "MPRD": _matched_risk_difference,
    "MPRR": _matched_log_risk_ratio,
    "MPOR": _matched_log_odds_ratio,
}

MATCHED_FAMILY = Family(columns=(("ai", "bi", "ci", "di"),), compute=_compute_matched)
MATCHED_MEASURES = tuple(_MATCHED)
