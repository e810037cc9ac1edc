"""The one error that every function of the engine raises for bad input."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Squares, products and cubes of the numbers given must neither overflow nor vanish.
LARGEST = 1e50


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
    if not np.abs(vector).max() <= LARGEST:
        reject_where(~np.isfinite(vector), vector, name, "must be a finite number")
        reject_beyond(vector, name)
    return vector


def as_numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return ``values`` as floats of any shape, nan where a masked array hides one.

    Text and true/false are not numbers.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} must have rows of one length: {error}.") from error
    if array.dtype.kind not in "iuf":
        for at, value in np.ndenumerate(np.asarray(values, dtype=object)):
            if not _is_number(value):
                raise InputError(f"{_element(name, at)} is {value!r}, but must be a number.")
    try:
        floats = np.asarray(array, dtype=float)
    except OverflowError as error:
        raise InputError(f"{name} holds a number beyond {LARGEST:g}: {error}.") from error
    return np.where(values.mask, np.nan, floats) if np.ma.isMaskedArray(values) else floats


def as_number(
    value: float,
    name: str,
    rule: str = "must be a finite number",
    allowed: Callable[[float], bool] = np.isfinite,
) -> float:
    """Return one finite number that is ``allowed``, which ``rule`` puts in words."""
    try:
        number = float(value) if _is_number(value) else np.nan
    except OverflowError:
        number = np.nan
    if not (np.isfinite(number) and allowed(number)):
        raise InputError(f"{name} {rule}, but {value!r} was given.")
    return number


def as_positive(value: float, name: str) -> float:
    """Return one number above zero, neither so large nor so small that its powers fail."""
    rule = f"must be a positive number, from {1 / LARGEST:g} to {LARGEST:g}"
    return as_number(value, name, rule, lambda x: 1 / LARGEST <= x <= LARGEST)


def as_count(value: int, name: str, least: int, most: int = sys.maxsize) -> int:
    """Return a whole number from ``least`` to ``most``."""
    ends = f"of at least {least}" if most == sys.maxsize else f"from {least} to {most}"
    rule = f"must be a whole number {ends}"
    return int(as_number(value, name, rule, lambda n: n.is_integer() and least <= n <= most))


def as_flags(values: ArrayLike, name: str) -> NDArray[np.bool_]:
    """Return true and false of any shape; numbers and text are neither."""
    flags = np.asarray(values)
    if flags.dtype != bool:
        for at, value in np.ndenumerate(np.asarray(values, dtype=object)):
            if not isinstance(value, bool | np.bool_):
                raise InputError(f"{_element(name, at)} is {value!r}, but must be True or False.")
    return flags.astype(bool, copy=False)


def as_labels(values: ArrayLike, name: str, k: int) -> list[str]:
    """Return one label as text for each of ``k`` effects; none may be missing."""
    labels = np.array(values, dtype=object)
    if labels.ndim != 1:
        raise InputError(f"{name} must be one-dimensional, but has shape {labels.shape}.")
    if labels.size != k:
        raise InputError(f"{name} has {labels.size} entries, but yi has {k}.")
    if np.ma.isMaskedArray(values):
        labels[values.mask] = None
    for at, label in enumerate(labels):
        if not isinstance(label, str | numbers.Real) or label != label:
            raise InputError(f"{name}[{at}] is {label!r}, but must be text or a number.")
    return [str(label) for label in labels]


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def as_variances(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return sampling variances as a vector; each must be above zero."""
    vector = as_vector(values, name)
    least = 1.0 / LARGEST
    if vector.min() < least:
        reject_where(vector <= 0.0, vector, name, "a sampling variance must be above zero")
        reject_where(vector < least, vector, name, f"must not be below {least:g}; change the unit")
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
        raise InputError(f"{_element(name, at)} is {values[at]!s}, but {rule}.")


def reject_beyond(values: NDArray[np.float64], name: str) -> None:
    """Raise if a number is so large that its powers would overflow."""
    rule = f"must not be beyond {LARGEST:g}; change the unit"
    reject_where(np.abs(values) > LARGEST, values, name, rule)


def _element(name: str, at: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(str(i) for i in at)}]" if at else name


def check_option(value: str, options: Sequence[str], name: str) -> str:
    """Return ``value`` if it is one of ``options``, else say what is allowed."""
    if not isinstance(value, str) or value not in options:
        raise InputError(f"{name} must be one of {', '.join(options)}, but {value!r} was given.")
    return value


def check_flag(value: bool, name: str) -> bool:
    """Return ``value`` if it is true or false, and not merely something."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} must be True or False, but {value!r} was given.")
    return bool(value)


def check_kind(value: object, kinds: type | tuple[type, ...], name: str) -> None:
    """Raise unless ``value`` is one of ``kinds``, the results or priors a function works on."""
    if isinstance(value, type) or not isinstance(value, kinds):
        wanted = kinds if isinstance(kinds, tuple) else (kinds,)
        words = " or ".join(kind.__name__ for kind in wanted)
        raise InputError(f"{name} must be a {words}, but {value!r} was given.")


def check_level(level: float) -> float:
    """Return the confidence level if it lies strictly between 0 and 1.

    Too near to either for a quantile to tell the difference counts as being there.
    """
    return as_number(level, "level", "must lie between 0 and 1", lambda x: 0.5 < 0.5 + x / 2 < 1)
