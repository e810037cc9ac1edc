"""Two independent arms with a mean outcome, final or change: MD, SMD, SMDH, ROM."""

from __future__ import annotations

import numpy as np

from ._es_common import (
    Columns,
    Computed,
    Family,
    Options,
    Vector,
    hedges_correction,
    require_counts,
    require_positive,
)
from .errors import check_option

_VTYPES = {
    "MD": ("LS", "HO"),
    "SMD": ("LS", "LS2", "UB", "AV"),
    "SMDH": ("LS",),
    "ROM": ("LS", "HO", "AV"),
}


def _compute(measure: str, columns: Columns, options: Options) -> Computed:
    check_option(options.vtype, _VTYPES[measure], f"vtype of {measure}")
    require_counts(columns, "sd1i", "sd2i")
    require_positive(columns, "n1i", "n2i")
    m1, sd1, n1, m2, sd2, n2 = (columns[name] for name in FAMILY.columns[0])
    yi, vi = _FORMULAS[measure](m1, sd1, n1, m2, sd2, n2, options.vtype)
    return Computed(yi, vi, columns["n1i"] + columns["n2i"])


def pooled_sd(sd1: Vector, n1: Vector, sd2: Vector, n2: Vector) -> Vector:
    """Return the standard deviation within two arms, weighted by their degrees of freedom."""
    return np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))


def _mean_difference(
    m1: Vector, sd1: Vector, n1: Vector, m2: Vector, sd2: Vector, n2: Vector, vtype: str
) -> tuple[Vector, Vector]:
    if vtype == "HO":
        return m1 - m2, pooled_sd(sd1, n1, sd2, n2) ** 2 * (1 / n1 + 1 / n2)
    return m1 - m2, sd1**2 / n1 + sd2**2 / n2


def _standardised_mean_difference(
    m1: Vector, sd1: Vector, n1: Vector, m2: Vector, sd2: Vector, n2: Vector, vtype: str
) -> tuple[Vector, Vector]:
    biased = (m1 - m2) / pooled_sd(sd1, n1, sd2, n2)
    return hedges_g(biased, n1, n2, vtype)


def hedges_g(biased: Vector, n1: Vector, n2: Vector, vtype: str = "LS") -> tuple[Vector, Vector]:
    """Return Hedges' g and its sampling variance from Cohen's d of two independent arms.

    Hedges 1981, J Educ Stat 6:107. Variances: LS, large-sample (Hedges 1982, Psychol Bull
    92:490, eq. 8); LS2, the same with d (Borenstein 2009, eq. 12.17); UB, unbiased (Hedges
    1983, Psychol Bull 93:388, eq. 9); AV, LS at the average g.
    """
    factor = hedges_correction(n1 + n2 - 2)
    g = factor * biased
    by_size = 1 / n1 + 1 / n2
    if vtype == "LS2":
        return g, factor**2 * (by_size + biased**2 / (2 * (n1 + n2)))
    if vtype == "UB":
        df = n1 + n2 - 2
        return g, by_size + (1 - (df - 2) / (df * factor**2)) * g**2
    if vtype == "AV":
        return g, by_size + _average(g, n1 + n2) ** 2 / (2 * (n1 + n2))
    return g, by_size + g**2 / (2 * (n1 + n2))


def _smd_heteroscedastic(
    m1: Vector, sd1: Vector, n1: Vector, m2: Vector, sd2: Vector, n2: Vector, vtype: str
) -> tuple[Vector, Vector]:
    # Bonett 2009, Psychol Methods 14:225; the factor on the variance as in metafor 3.8
    variance = (sd1**2 + sd2**2) / 2
    factor = hedges_correction(n1 + n2 - 2)
    g = factor * (m1 - m2) / np.sqrt(variance)
    of_sd = (sd1**4 / (n1 - 1) + sd2**4 / (n2 - 1)) / (8 * variance**2)
    of_mean = (sd1**2 / (n1 - 1) + sd2**2 / (n2 - 1)) / variance
    return g, factor**2 * (g**2 * of_sd + of_mean)


def _log_ratio_of_means(
    m1: Vector, sd1: Vector, n1: Vector, m2: Vector, sd2: Vector, n2: Vector, vtype: str
) -> tuple[Vector, Vector]:
    # Hedges, Gurevitch & Curtis 1999, Ecology 80:1150, eq. 1 and the one after it (HO);
    # AV supposes one coefficient of variation for each arm across studies
    yi = np.log(m1 / m2)
    if vtype == "HO":
        return yi, pooled_sd(sd1, n1, sd2, n2) ** 2 * (1 / (n1 * m1**2) + 1 / (n2 * m2**2))
    cv1, cv2 = sd1 / m1, sd2 / m2
    if vtype == "AV":
        cv1, cv2 = _average(cv1, n1), _average(cv2, n2)
    return yi, cv1**2 / n1 + cv2**2 / n2


def _average(values: Vector, weights: Vector) -> Vector:
    known = np.isfinite(values * weights)
    if not known.any():
        return np.full_like(values, np.nan)
    mean = np.average(values[known], weights=weights[known])
    return np.where(known, mean, np.nan)


_FORMULAS = {
    "MD": _mean_difference,
    "SMD": _standardised_mean_difference,
    "SMDH": _smd_heteroscedastic,
    "ROM": _log_ratio_of_means,
}

FAMILY = Family(
    columns=(("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i"),),
    compute=_compute,
    vtypes=("LS", "LS2", "UB", "AV", "HO"),
)
MEASURES = tuple(_FORMULAS)
