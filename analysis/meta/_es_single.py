"""One group: proportions (PR, PLN, PLO, PAS, PFT) and correlations (COR, ZCOR)."""

from __future__ import annotations

import numpy as np

from ._es_common import (
    Columns,
    Computed,
    Family,
    Options,
    Vector,
    increment_notes,
    require_at_most,
    require_correlations,
    require_counts,
    require_positive,
    zero_cell_increment,
)


def _compute_proportion(measure: str, columns: Columns, options: Options) -> Computed:
    require_counts(columns, "xi")
    require_positive(columns, "ni")
    require_at_most(columns, "xi", "ni")
    x, n = columns["xi"], columns["ni"]
    has_zero = (x == 0) | (x == n)
    increment = zero_cell_increment(has_zero, np.zeros_like(has_zero), options)
    yi, vi = _PROPORTIONS[measure](x + increment, n + 2 * increment)
    return Computed(yi, vi, n, increment_notes(increment))


def _proportion(x: Vector, n: Vector) -> tuple[Vector, Vector]:
    return x / n, x * (n - x) / n**3


def _log_proportion(x: Vector, n: Vector) -> tuple[Vector, Vector]:
    return np.log(x / n), 1 / x - 1 / n


def _logit(x: Vector, n: Vector) -> tuple[Vector, Vector]:
    return np.log(x / (n - x)), 1 / x + 1 / (n - x)


def _arcsine(x: Vector, n: Vector) -> tuple[Vector, Vector]:
    return np.arcsin(np.sqrt(x / n)), 1 / (4 * n)


def _freeman_tukey(x: Vector, n: Vector) -> tuple[Vector, Vector]:
    # Freeman & Tukey 1950, Ann Math Stat 21:607, halved so that it estimates the arcsine
    first, second = np.sqrt(x / (n + 1)), np.sqrt((x + 1) / (n + 1))
    return (np.arcsin(first) + np.arcsin(second)) / 2, 1 / (4 * n + 2)


_PROPORTIONS = {
    "PR": _proportion,
    "PLN": _log_proportion,
    "PLO": _logit,
    "PAS": _arcsine,
    "PFT": _freeman_tukey,
}

PROPORTION_FAMILY = Family(columns=(("xi", "ni"),), compute=_compute_proportion)
PROPORTION_MEASURES = tuple(_PROPORTIONS)


def _compute_correlation(measure: str, columns: Columns, options: Options) -> Computed:
    require_positive(columns, "ni")
    require_correlations(columns)
    yi, vi = _CORRELATIONS[measure](columns["ri"], columns["ni"])
    return Computed(yi, vi, columns["ni"])


def _correlation(r: Vector, n: Vector) -> tuple[Vector, Vector]:
    # as for Fisher's z, three pairs or fewer say nothing of the error
    return r, np.where(n > 3, (1 - r**2) ** 2 / (n - 1), np.nan)


def _fisher_z(r: Vector, n: Vector) -> tuple[Vector, Vector]:
    return np.arctanh(r), np.where(n > 3, 1 / (n - 3), np.nan)


_CORRELATIONS = {"COR": _correlation, "ZCOR": _fisher_z}

CORRELATION_FAMILY = Family(columns=(("ri", "ni"),), compute=_compute_correlation)
CORRELATION_MEASURES = tuple(_CORRELATIONS)
