"""The one error that every function of the engine raises for bad input."""

from __future__ import annotations

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
    try:
        vector = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must hold numbers only: {error}.") from error
    if vector.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, but has shape {vector.shape}.")
    if vector.size == 0:
        raise InputError(f"{name} is empty; at least one study is needed.")
    reject_where(~np.isfinite(vector), vector, name, "must be a finite number")
    return vector


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
    if not 0 < level < 1:
        raise InputError(f"level must lie between 0 and 1, but {level!r} was given.")
    return level
