"""What every family of effect sizes shares: options, input columns, zero cells, notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from .errors import LARGEST, InputError, as_numbers, reject_beyond, reject_where

Vector = NDArray[np.float64]
Columns = Mapping[str, Vector]

#: Counts of a likelihood beyond this lose so many digits that sums over tables fail.
LARGEST_COUNT = 1_000_000_000

ZERO_CELL_RULES = ("only0", "all", "if0all", "none")


@dataclass(frozen=True)
class Options:
    """How zero cells are treated and which variance estimator is used."""

    add: float = 0.5
    to: str = "only0"
    drop00: bool = False
    vtype: str = "LS"


@dataclass(frozen=True)
class Computed:
    """A family's answer: effects, variances, sizes, and notes on single rows."""

    yi: Vector
    vi: Vector
    ni: Vector
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """One kind of outcome data: the columns it needs and how its measures are computed.

    ``columns`` lists the accepted sets of argument names; the first one complete is used.
    """

    columns: tuple[tuple[str, ...], ...]
    compute: Callable[[str, Columns, Options], Computed]
    vtypes: tuple[str, ...] = ("LS",)


def chosen(
    measure: str, accepted: tuple[tuple[str, ...], ...], data: Mapping[str, ArrayLike]
) -> dict[str, ArrayLike]:
    """Return the columns in the order of the set they make up; refuse missing and unknown ones."""
    for names in accepted:
        if set(names) == set(data):
            return {name: data[name] for name in names}
    needed = " or ".join(" ".join(names) for names in accepted)
    raise InputError(f"{measure} needs exactly {needed}, but got {' '.join(data) or 'nothing'}.")


def read_columns(data: Mapping[str, ArrayLike]) -> dict[str, Vector]:
    """Return equal-length float vectors; a scalar is repeated, nan marks a missing value.

    Parameters
    ----------
    data : mapping of str to array_like
        Argument names with one number per row, or one number for all rows.

    Returns
    -------
    dict of str to ndarray of shape (k,)

    Raises
    ------
    InputError
        If a column is not numeric, not one-dimensional, infinite, empty or of another length.
    """
    columns = {name: _column(values, name) for name, values in data.items()}
    lengths = {name: len(column) for name, column in columns.items() if column.ndim}
    if 0 in lengths.values():
        empty = next(name for name, length in lengths.items() if length == 0)
        raise InputError(f"{empty} is empty; at least one row is needed.")
    if len(set(lengths.values())) > 1:
        seen = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise InputError(f"All columns need the same number of rows, but {seen}.")
    k = next(iter(lengths.values()), 1)
    return {name: np.broadcast_to(column, k).copy() for name, column in columns.items()}


def _column(values: ArrayLike, name: str) -> Vector:
    column = as_numbers(values, name)
    if column.ndim > 1:
        raise InputError(f"{name} must be one-dimensional, but has shape {column.shape}.")
    reject_where(np.isinf(column), column, name, "must be finite or nan (missing)")
    reject_beyond(column, name)
    return column


def require_counts(columns: Columns, *names: str) -> None:
    """Raise if a count, a size or a person-time is negative."""
    for name in names:
        reject_where(columns[name] < 0, columns[name], name, "must not be negative")
        _reject_vanishing(columns[name], name)


def require_positive(columns: Columns, *names: str) -> None:
    """Raise if a size or a person-time is zero or negative."""
    for name in names:
        reject_where(columns[name] <= 0, columns[name], name, "must be greater than 0")
        _reject_vanishing(columns[name], name)


def _reject_vanishing(values: Vector, name: str) -> None:
    vanishing = (values > 0) & (values < 1 / LARGEST)
    reject_where(vanishing, values, name, f"must be 0 or at least {1 / LARGEST:g}")


def require_whole(columns: Columns, *names: str) -> None:
    """Raise if a count of a likelihood is missing or not whole."""
    for name in names:
        values = columns[name]
        reject_where(np.isnan(values), values, name, "must be a number")
        reject_where(values != np.floor(values), values, name, "a likelihood needs whole counts")
        reject_where(values > LARGEST_COUNT, values, name, f"must not exceed {LARGEST_COUNT:,}")


def require_at_most(columns: Columns, part: str, whole: str) -> None:
    """Raise if a count exceeds the number it is a part of, such as events over patients."""
    over = columns[part] > columns[whole]
    if over.any():
        i = int(np.argmax(over))
        raise InputError(
            f"{part}[{i}] is {columns[part][i]:g}, but must not exceed "
            f"{whole}[{i}], which is {columns[whole][i]:g}."
        )


def require_correlations(columns: Columns, name: str = "ri") -> None:
    """Raise if a correlation lies outside [-1, 1]."""
    values = columns[name]
    reject_where(np.abs(values) > 1, values, name, "must lie between -1 and 1")


def zero_cell_increment(
    has_zero: NDArray[np.bool_], dropped: NDArray[np.bool_], options: Options
) -> Vector:
    """Return what is added to every cell of each row.

    Rows dropped by ``drop00`` never trigger the rule ``if0all``, as in metafor.
    """
    has_zero = has_zero & ~dropped
    chosen = {
        "only0": has_zero,
        "all": np.ones_like(has_zero),
        "if0all": np.full_like(has_zero, has_zero.any()),
        "none": np.zeros_like(has_zero),
    }[options.to]
    return np.where(chosen & ~dropped, options.add, 0.0)


def increment_notes(increment: Vector) -> tuple[str, ...]:
    """Say which rows had something added to their cells."""
    rows = np.flatnonzero(np.nan_to_num(increment))
    if rows.size == 0:
        return ()
    value = increment[rows[0]]
    if rows.size == increment.size and rows.size > 1:
        return (f"{value:g} was added to every cell of all {rows.size} rows.",)
    return tuple(f"Row {row}: {value:g} was added to every cell." for row in rows)


def hedges_correction(df: Vector) -> Vector:
    """Return the exact factor c(m) that makes a standardised mean difference unbiased.

    Parameters
    ----------
    df : ndarray
        Degrees of freedom m of the standard deviation; nan where m <= 1, for there the
        expectation does not exist.

    Returns
    -------
    ndarray
        Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2)), Hedges 1981, J Educ Stat 6:107.
    """
    usable = df > 1
    m = np.where(usable, df, 2.0)
    factor = np.exp(gammaln(m / 2) - 0.5 * np.log(m / 2) - gammaln((m - 1) / 2))
    return np.where(usable, factor, np.nan)
