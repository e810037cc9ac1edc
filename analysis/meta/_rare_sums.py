"""The sums behind Mantel–Haenszel and Peto estimates, one column of summands per study."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ._es_binary import peto_components
from ._es_common import Vector

Finish = Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]


def estimates(
    measure: str, summands: NDArray[np.float64], masks: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return estimates and standard errors of every set of included rows, shape (B,)."""
    sums = (masks @ summands.T).T
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, variance = _FINISH[measure](sums)
        known = np.isfinite(estimate) & np.isfinite(variance) & (variance >= 0)
        se = np.sqrt(np.where(known, variance, np.nan))
    return np.where(known, estimate, np.nan), se


def _odds_ratio_summands(a: Vector, b: Vector, c: Vector, d: Vector) -> NDArray[np.float64]:
    n = a + b + c + d
    p, q, r, s = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    return np.stack([r, s, p * r, p * s + q * r, q * s])


def _risk_ratio_summands(a: Vector, b: Vector, c: Vector, d: Vector) -> NDArray[np.float64]:
    n1, n2 = a + b, c + d
    n = n1 + n2
    return np.stack([a * n2 / n, c * n1 / n, (n1 * n2 * (a + c) - a * c * n) / n**2])


def _risk_difference_summands(a: Vector, b: Vector, c: Vector, d: Vector) -> NDArray[np.float64]:
    n1, n2 = a + b, c + d
    n = n1 + n2
    p = (n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / n**2
    q = (a * d + b * c) / (2 * n)
    return np.stack([(a * n2 - c * n1) / n, n1 * n2 / n, p, q])


def _rate_ratio_summands(x1: Vector, t1: Vector, x2: Vector, t2: Vector) -> NDArray[np.float64]:
    t = t1 + t2
    return np.stack([x1 * t2 / t, x2 * t1 / t, t1 * t2 * (x1 + x2) / t**2])


def _rate_difference_summands(
    x1: Vector, t1: Vector, x2: Vector, t2: Vector
) -> NDArray[np.float64]:
    weight = t1 * t2 / (t1 + t2)
    variance = weight**2 * (x1 / t1**2 + x2 / t2**2)
    return np.stack([(x1 * t2 - x2 * t1) / (t1 + t2), weight, variance])


#: Summands of each measure, shape (number of sums, k), from a table's four numbers.
SUMMANDS: dict[str, Callable[[Vector, Vector, Vector, Vector], NDArray[np.float64]]] = {
    "OR": _odds_ratio_summands,
    "RR": _risk_ratio_summands,
    "RD": _risk_difference_summands,
    "IRR": _rate_ratio_summands,
    "IRD": _rate_difference_summands,
    "PETO": lambda a, b, c, d: np.stack(peto_components(a, b, c, d)),
}

_FINISH: dict[str, Finish] = {
    "OR": lambda s: (
        np.log(s[0] / s[1]),
        s[2] / (2 * s[0] ** 2) + s[3] / (2 * s[0] * s[1]) + s[4] / (2 * s[1] ** 2),
    ),
    "RR": lambda s: (np.log(s[0] / s[1]), s[2] / (s[0] * s[1])),
    "RD": lambda s: (s[0] / s[1], (s[0] / s[1] * s[2] + s[3]) / s[1] ** 2),
    "PETO": lambda s: (s[0] / s[1], 1 / s[1]),
    "IRR": lambda s: (np.log(s[0] / s[1]), s[2] / (s[0] * s[1])),
    "IRD": lambda s: (s[0] / s[1], s[2] / s[1] ** 2),
}

#: In every measure's summands, the second is the weight of the study's own estimate.
WEIGHT = 1
