"""The scale a measure is analysed on, and the way back to the one readers know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from .errors import InputError, as_numbers, reject_where


@dataclass(frozen=True)
class Scale:
    """How a measure is named, transformed and read.

    Parameters
    ----------
    words : str
        Name of the back-transformed measure, such as "risk ratio".
    link : str
        Transformation used for the analysis, such as "log".
    null : float or None
        Value of no effect after back-transformation; None where there is none (a proportion).
    bounds : tuple of float
        Smallest and largest possible value after back-transformation.
    """

    words: str
    link: str
    null: float | None
    bounds: tuple[float, float] = (-np.inf, np.inf)

    @property
    def is_ratio(self) -> bool:
        """Whether the measure is a ratio, drawn on a logarithmic axis."""
        return self.link == "log" and self.null == 1

    def back(self, values: ArrayLike, ni: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return values of the analysis scale on the scale readers know.

        Parameters
        ----------
        values : array_like
            Effects or interval limits on the analysis scale.
        ni : array_like, optional
            Sizes that broadcast against ``values``, needed for the double arcsine only: each
            study's own, or the harmonic mean of all for a pooled value.

        Returns
        -------
        ndarray
            The values back-transformed, of the same shape.
        """
        values = as_numbers(values, "values")
        if self.link != "double arcsine":
            return _BACK[self.link](values)
        if ni is None:
            raise InputError("The double arcsine needs ni, the sizes, to go back to proportions.")
        return inverse_freeman_tukey(values, ni)


def harmonic_mean(ni: ArrayLike) -> float:
    """Return the harmonic mean of sizes, the size Miller uses for a pooled double arcsine."""
    return float(1 / np.mean(1 / np.asarray(ni, dtype=float)))


def inverse_freeman_tukey(values: ArrayLike, ni: ArrayLike) -> NDArray[np.float64]:
    """Return proportions from double arcsine values.

    Parameters
    ----------
    values : array_like
        Freeman–Tukey double arcsine values, halved as in metafor's PFT.
    ni : array_like
        Sizes that broadcast against ``values``.

    Returns
    -------
    ndarray
        Proportions in [0, 1]; values beyond the transform of 0 or n out of n give 0 or 1.

    Notes
    -----
    Miller 1978, Am Stat 32:138. With the harmonic mean of very different sizes the result can
    mislead (Schwarzer et al. 2019, Res Synth Methods 10:476); a logit model avoids that.
    """
    values, sizes = as_numbers(values, "values"), as_numbers(ni, "ni")
    reject_where(sizes <= 0, sizes, "ni", "a size must be above zero")
    if values.ndim and sizes.ndim and values.shape[-1] != sizes.shape[-1]:
        raise InputError(f"ni has shape {sizes.shape}, but values has {values.shape}.")
    lowest = np.arcsin(np.sqrt(1 / (sizes + 1))) / 2
    inside = np.clip(values, lowest, np.pi / 2 - lowest)
    sine, cosine = np.sin(2 * inside), np.cos(2 * inside)
    root = np.sqrt(np.maximum(1 - (sine + (sine - 1 / sine) / sizes) ** 2, 0))
    return np.clip((1 - np.sign(cosine) * root) / 2, 0, 1)


def _inverse_arcsine(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sin(np.clip(values, 0, np.pi / 2)) ** 2


_BACK: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "identity": np.array,
    "log": np.exp,
    "logit": expit,
    "arcsine": _inverse_arcsine,
    "Fisher z": np.tanh,
}

_POSITIVE = (0.0, np.inf)
_PROPORTION = (0.0, 1.0)
_SIGNED_UNIT = (-1.0, 1.0)

SCALES: dict[str, Scale] = {
    "RR": Scale("risk ratio", "log", 1, _POSITIVE),
    "OR": Scale("odds ratio", "log", 1, _POSITIVE),
    "RD": Scale("risk difference", "identity", 0, _SIGNED_UNIT),
    "PETO": Scale("odds ratio (Peto)", "log", 1, _POSITIVE),
    "AS": Scale("arcsine difference", "identity", 0),
    "MD": Scale("mean difference", "identity", 0),
    "SMD": Scale("standardised mean difference", "identity", 0),
    "SMDH": Scale("standardised mean difference, unequal variances", "identity", 0),
    "ROM": Scale("ratio of means", "log", 1, _POSITIVE),
    "MC": Scale("mean change", "identity", 0),
    "SMCC": Scale("mean change over the SD of change", "identity", 0),
    "SMCR": Scale("mean change over the raw SD", "identity", 0),
    "MPRD": Scale("matched risk difference", "identity", 0, _SIGNED_UNIT),
    "MPRR": Scale("matched risk ratio", "log", 1, _POSITIVE),
    "MPOR": Scale("matched odds ratio", "log", 1, _POSITIVE),
    "PR": Scale("proportion", "identity", None, _PROPORTION),
    "PLN": Scale("proportion", "log", None, _PROPORTION),
    "PLO": Scale("proportion", "logit", None, _PROPORTION),
    "PAS": Scale("proportion", "arcsine", None, _PROPORTION),
    "PFT": Scale("proportion", "double arcsine", None, _PROPORTION),
    "COR": Scale("correlation", "identity", 0, _SIGNED_UNIT),
    "ZCOR": Scale("correlation", "Fisher z", 0, _SIGNED_UNIT),
    "IRR": Scale("incidence rate ratio", "log", 1, _POSITIVE),
    "IRD": Scale("incidence rate difference", "identity", 0),
    "IRSD": Scale("difference of root incidence rates", "identity", 0),
    "HR": Scale("hazard ratio", "log", 1, _POSITIVE),
}
