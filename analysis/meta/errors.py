"""The one error that every function of the engine raises for bad input."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


class InputError(ValueError):
    """Input that cannot be analysed; the message names the element at fault."""


def as_vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return ``values`` as a finite one-dimensional float array.

    Parameters
    ----------
    values : array_like of shape (k,)
        Numbers, one per study.
    name : str
        Argument name used in messages.

    Returns
    -------
    ndarray of shape (k,)

    Raises
    ------
    InputError
        If the input is empty, not one-dimensional, not numeric or not finite.
    """
    vector = as_numbers(values, name)
    if vector.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, but has shape {vector.shape}.")
    if vector.size == 0:
        raise InputError(f"{name} is empty; at least one study is needed.")
    reject_where(~np.isfinite(vector), vector, name, "must be a finite number")
    return vector


def as_numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return ``values`` as floats of any shape; text and true/false are not numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} must have rows of one length: {error}.") from error
    if array.dtype.kind not in "iuf":
        for at, value in np.ndenumerate(np.asarray(values, dtype=object)):
            if not isinstance(value, numbers.Real) or isinstance(value, (bool, np.bool_)):
                index = ", ".join(str(i) for i in at)
                raise InputError(f"{name}[{index}] is {value!r}, but must be a number.")
    return np.asarray(array, dtype=float)


def as_variances(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return sampling variances as a vector; each must be above zero."""
    vector = as_vector(values, name)
    reject_where(vector <= 0.0, vector, name, "a sampling variance must be above zero")
    return vector


def same_length(first: NDArray, second: NDArray, names: tuple[str, str]) -> None:
    """Raise an :class:`InputError` unless two vectors have one entry per study each."""
    if len(first) != len(second):
        raise InputError(
            f"{names[0]} has {len(first)} entries, but {names[1]} has {len(second)}; "
            "both need one per study."
        )


def reject_where(bad: NDArray[np.bool_], values: NDArray, name: str, rule: str) -> None:
    """Raise an :class:`InputError` that names the first element where ``bad`` is true."""
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        index = ", ".join(str(i) for i in at)
        raise InputError(f"{name}[{index}] is {values[at]!s}, but {rule}.")


def check_option(value: str, options: Sequence[str], name: str) -> str:
    """Return ``value`` if it is one of ``options``, else say what is allowed."""
    if value not in options:
        raise InputError(f"{name} must be one of {', '.join(options)}, but {value!r} was given.")
    return value


def check_level(level: float) -> float:
    """Return the confidence level if it lies strictly between 0 and 1."""
    if not isinstance(level, numbers.Real) or not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, but {level!r} was given.")
    return level
