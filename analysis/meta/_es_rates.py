"""Two arms with events over person-time: IRR, IRD, IRSD."""

from __future__ import annotations

import numpy as np

from ._es_common import (
    Columns,
    Computed,
    Family,
    Options,
    Vector,
    increment_notes,
    require_counts,
    require_positive,
    zero_cell_increment,
)


def _compute(measure: str, columns: Columns, options: Options) -> Computed:
    require_counts(columns, "x1i", "x2i")
    require_positive(columns, "t1i", "t2i")
    x1, x2, t1, t2 = (columns[name] for name in FAMILY.columns[0])
    dropped = (x1 == 0) & (x2 == 0) & options.drop00
    increment = zero_cell_increment((x1 == 0) | (x2 == 0), dropped, options)
    x1, x2 = (np.where(dropped, np.nan, x + increment) for x in (x1, x2))
    yi, vi = _FORMULAS[measure](x1, x2, t1, t2)
    notes = tuple(
        f"Row {row}: left out, for neither arm has an event (drop00)."
        for row in np.flatnonzero(dropped)
    )
    return Computed(yi, vi, t1 + t2, notes + increment_notes(increment))


def _log_rate_ratio(x1: Vector, x2: Vector, t1: Vector, t2: Vector) -> tuple[Vector, Vector]:
    return np.log(x1 / t1) - np.log(x2 / t2), 1 / x1 + 1 / x2


def _rate_difference(x1: Vector, x2: Vector, t1: Vector, t2: Vector) -> tuple[Vector, Vector]:
    return x1 / t1 - x2 / t2, x1 / t1**2 + x2 / t2**2


def _root_rate_difference(x1: Vector, x2: Vector, t1: Vector, t2: Vector) -> tuple[Vector, Vector]:
    return np.sqrt(x1 / t1) - np.sqrt(x2 / t2), 1 / (4 * t1) + 1 / (4 * t2)


_FORMULAS = {"IRR": _log_rate_ratio, "IRD": _rate_difference, "IRSD": _root_rate_difference}

FAMILY = Family(columns=(("x1i", "x2i", "t1i", "t2i"),), compute=_compute)
MEASURES = tuple(_FORMULAS)
