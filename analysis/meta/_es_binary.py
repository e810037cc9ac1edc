"""Two independent arms with a yes/no outcome: RR, OR, RD, PETO, AS."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._es_common import (
    Columns,
    Computed,
    Family,
    Options,
    Vector,
    increment_notes,
    read_columns,
    require_at_most,
    require_counts,
    zero_cell_increment,
)
from .errors import reject_where


def tables(columns: Columns) -> tuple[Vector, Vector, Vector, Vector]:
    """Return the cells a, b, c, d (events and non-events, first arm then second).

    Parameters
    ----------
    columns : mapping
        ``ai, ci`` with either ``bi, di`` or the arm sizes ``n1i, n2i``.

    Returns
    -------
    tuple of four ndarrays of shape (k,)

    Raises
    ------
    InputError
        If a count is negative or events outnumber the arm.
    """
    require_counts(columns, *columns)
    a, c = columns["ai"], columns["ci"]
    if "bi" in columns:
        return a, columns["bi"], c, columns["di"]
    require_at_most(columns, "ai", "n1i")
    require_at_most(columns, "ci", "n2i")
    return a, columns["n1i"] - a, c, columns["n2i"] - c


def complete_tables(
    ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike
) -> tuple[Vector, Vector, Vector, Vector]:
    """Return the cells of tables of which no cell is missing and no arm empty."""
    columns = read_columns({"ai": ai, "bi": bi, "ci": ci, "di": di})
    for name, column in columns.items():
        reject_where(np.isnan(column), column, name, "must be a number")
    cells = tables(columns)
    first, second = cells[0] + cells[1], cells[2] + cells[3]
    reject_where(first == 0, first, "ai + bi", "an arm needs at least one person")
    reject_where(second == 0, second, "ci + di", "an arm needs at least one person")
    return cells


def _compute(measure: str, columns: Columns, options: Options) -> Computed:
    a, b, c, d = tables(columns)
    ni = a + b + c + d
    uninformative = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    dropped = uninformative & options.drop00
    has_zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    increment = zero_cell_increment(has_zero, dropped, options)
    cells = tuple(np.where(dropped, np.nan, cell + increment) for cell in (a, b, c, d))
    yi, vi = _FORMULAS[measure](*cells)
    notes = tuple(
        f"Row {row}: left out, for it has no events or only events (drop00)."
        for row in np.flatnonzero(dropped)
    )
    return Computed(yi, vi, ni, notes + increment_notes(increment))


def _log_risk_ratio(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    n1, n2 = a + b, c + d
    return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2


def _log_odds_ratio(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    return np.log(a / b) - np.log(c / d), 1 / a + 1 / b + 1 / c + 1 / d


def _risk_difference(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    n1, n2 = a + b, c + d
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def peto_components(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    """Return observed minus expected events of arm 1, and their hypergeometric variance.

    Yusuf, Peto, Lewis, Collins & Sleight 1985, Prog Cardiovasc Dis 27:335.
    """
    n1, n2, events, others = a + b, c + d, a + c, b + d
    n = n1 + n2
    return a - n1 * events / n, n1 * n2 * events * others / (n**2 * (n - 1))


def _log_peto_odds_ratio(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    excess, variance = peto_components(a, b, c, d)
    return excess / variance, 1 / variance


def _arcsine_difference(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[Vector, Vector]:
    # Rücker, Schwarzer, Carpenter & Olkin 2009, Stat Med 28:721
    n1, n2 = a + b, c + d
    difference = np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2))
    return difference, 1 / (4 * n1) + 1 / (4 * n2)


_FORMULAS = {
    "RR": _log_risk_ratio,
    "OR": _log_odds_ratio,
    "RD": _risk_difference,
    "PETO": _log_peto_odds_ratio,
    "AS": _arcsine_difference,
}

FAMILY = Family(
    columns=(("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i")),
    compute=_compute,
)
MEASURES = tuple(_FORMULAS)
