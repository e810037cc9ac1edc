"""Effect sizes and their sampling variances: the one public face.

The formulas live in the private modules, one per kind of outcome; this one chooses among
them, checks what was passed and says in words which rows could not be computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _es_binary, _es_means, _es_paired, _es_rates, _es_single
from ._es_common import (
    ZERO_CELL_RULES,
    Columns,
    Family,
    Options,
    Vector,
    chosen,
    read_columns,
)
from .errors import as_number, as_vector, check_flag, check_option
from .scales import SCALES, Scale, harmonic_mean

_FAMILIES: dict[str, Family] = {
    **dict.fromkeys(_es_binary.MEASURES, _es_binary.FAMILY),
    **dict.fromkeys(_es_means.MEASURES, _es_means.FAMILY),
    **dict.fromkeys(_es_paired.MEANS_MEASURES, _es_paired.MEANS_FAMILY),
    **dict.fromkeys(_es_paired.MATCHED_MEASURES, _es_paired.MATCHED_FAMILY),
    **dict.fromkeys(_es_single.PROPORTION_MEASURES, _es_single.PROPORTION_FAMILY),
    **dict.fromkeys(_es_single.CORRELATION_MEASURES, _es_single.CORRELATION_FAMILY),
    **dict.fromkeys(_es_rates.MEASURES, _es_rates.FAMILY),
}

#: Every measure that :func:`effect_sizes` computes.
MEASURES: tuple[str, ...] = tuple(_FAMILIES)

_NO_CORRECTION = ("AS", "PAS", "PFT", "IRSD")


@dataclass(frozen=True)
class EffectSizes:
    """One effect and sampling variance per row, with the scale they are on.

    Parameters
    ----------
    measure : str
        Short name, as in metafor's ``escalc``.
    yi, vi : ndarray of shape (k,)
        Effects and sampling variances on the analysis scale; nan where not computable.
    ni : ndarray of shape (k,)
        People (person-time for rates) behind each effect; nan where unknown.
    notes : tuple of str
        One sentence for each row that was corrected, left out or not computable.
    """

    measure: str
    yi: NDArray[np.float64]
    vi: NDArray[np.float64]
    ni: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the arrays read-only, so that the result cannot drift from its notes."""
        for array in (self.yi, self.vi, self.ni):
            array.setflags(write=False)

    def __len__(self) -> int:
        """Return the number of rows, computable or not."""
        return len(self.yi)

    @property
    def scale(self) -> Scale:
        """The measure's scale: its words, its link and the way back."""
        return SCALES[self.measure]

    @property
    def sei(self) -> NDArray[np.float64]:
        """Standard errors on the analysis scale."""
        return np.sqrt(self.vi)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Rows that can be pooled: effect known and variance above zero."""
        return np.isfinite(self.yi) & np.isfinite(self.vi) & (self.vi > 0)

    def back(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return pooled values or limits on the scale readers know.

        The double arcsine uses the harmonic mean of the usable rows' sizes (Miller 1978).
        """
        return self.scale.back(values, harmonic_mean(self.ni[self.usable]))

    def back_rows(self, values: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return each row's effect, or its limit, on the scale readers know.

        The double arcsine uses each row's own size.
        """
        return self.scale.back(self.yi if values is None else values, self.ni)


def effect_sizes(
    measure: str,
    *,
    add: float | None = None,
    to: str = "only0",
    drop00: bool = False,
    vtype: str = "LS",
    **data: ArrayLike,
) -> EffectSizes:
    """Return effect sizes and sampling variances, one per row.

    Parameters
    ----------
    measure : str
        - two arms, events: ``RR OR RD PETO AS`` from ``ai bi ci di`` or ``ai n1i ci n2i``
        - two arms, means (final values or changes): ``MD SMD SMDH ROM`` from
          ``m1i sd1i n1i m2i sd2i n2i``
        - paired or crossover means: ``MC SMCC SMCR`` from ``m1i sd1i m2i sd2i ni ri``
        - matched events: ``MPRD MPRR MPOR`` from ``ai bi ci di`` (both, first only, second
          only, neither)
        - one group: ``PR PLN PLO PAS PFT`` from ``xi ni``; ``COR ZCOR`` from ``ri ni``
        - two arms, events over person-time: ``IRR IRD IRSD`` from ``x1i t1i x2i t2i``
    add : float, optional
        Added to every cell of the rows chosen by ``to``. By default 1/2, but 0 for the
        variance-stabilised ``AS PAS PFT IRSD``, which need no correction.
    to : {"only0", "all", "if0all", "none"}
        Rows with an empty cell, all rows, all rows as soon as one has an empty cell, or none.
    drop00 : bool, default False
        Leave out rows of two independent arms without any event, or with nothing but events.
    vtype : str, default "LS"
        Variance estimator: ``MD`` LS or HO; ``SMD`` LS, LS2, UB or AV; ``ROM`` LS, HO or AV.
    **data : array_like of shape (k,) or scalar
        The columns named above; nan marks a missing value.

    Returns
    -------
    EffectSizes
        Ratio measures on the log scale, ``PLO`` in logits, ``ZCOR`` in Fisher z.

    Raises
    ------
    InputError
        If the measure, an option or a column is unknown, a column is missing, or a count,
        a size, a standard deviation or a correlation is impossible.

    Notes
    -----
    Names, corrections and variances follow metafor's ``escalc`` (Viechtbauer 2010, J Stat
    Softw 36(3)); the formulas' own sources stand beside them.
    """
    check_option(measure, MEASURES, "measure")
    check_option(to, ZERO_CELL_RULES, "to")
    family = _FAMILIES[measure]
    check_option(vtype, family.vtypes, f"vtype of {measure}")
    if add is None:
        add = 0.0 if measure in _NO_CORRECTION else 0.5
    as_number(add, "add", "must be a finite number of at least 0", lambda x: x >= 0)
    check_flag(drop00, "drop00")
    columns = read_columns(chosen(measure, family.columns, data))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        computed = family.compute(measure, columns, Options(add, to, drop00, vtype))
        known = np.isfinite(computed.yi) & np.isfinite(computed.vi) & (computed.vi >= 0)
    yi, vi = (np.where(known, values, np.nan) for values in (computed.yi, computed.vi))
    notes = computed.notes + _row_notes(measure, columns, yi, vi, computed.notes)
    return EffectSizes(measure, yi, vi, computed.ni.copy(), notes)


def over_correlations(
    measure: str,
    correlations: ArrayLike,
    *,
    m1i: ArrayLike,
    sd1i: ArrayLike,
    m2i: ArrayLike,
    sd2i: ArrayLike,
    ni: ArrayLike,
) -> dict[float, EffectSizes]:
    """Return the same paired effect sizes under each of several assumed correlations.

    Parameters
    ----------
    measure : {"MC", "SMCC", "SMCR"}
        Measure of change or of a crossover contrast.
    correlations : array_like of float
        Correlations between the two measurements to try, each for all rows.
    m1i, sd1i, m2i, sd2i, ni : array_like of shape (k,)
        Means and standard deviations of both measurements, and the number of pairs.

    Returns
    -------
    dict of float to EffectSizes
        One entry for each correlation, in the given order.

    Raises
    ------
    InputError
        As :func:`effect_sizes`, and if the measure does not use a correlation.
    """
    check_option(measure, _es_paired.MEANS_MEASURES, "measure")
    return {
        float(r): effect_sizes(measure, m1i=m1i, sd1i=sd1i, m2i=m2i, sd2i=sd2i, ni=ni, ri=float(r))
        for r in as_vector(correlations, "correlations")
    }


def _row_notes(
    measure: str, columns: Columns, yi: Vector, vi: Vector, said: tuple[str, ...]
) -> tuple[str, ...]:
    """Name every row without a usable variance, with the numbers that led there."""
    notes = []
    for row in np.flatnonzero(np.isnan(yi) | (vi == 0)):
        if any(note.startswith(f"Row {row}: left out") for note in said):
            continue
        missing = [name for name, column in columns.items() if np.isnan(column[row])]
        seen = ", ".join(f"{name} = {column[row]:g}" for name, column in columns.items())
        if missing:
            reason = f"not computed, for {' and '.join(missing)} is missing"
        elif np.isnan(yi[row]):
            reason = f"not computed, for {measure} or its variance is not finite at {seen}"
        else:
            reason = f"its variance is 0 at {seen}, so it cannot be weighted"
        notes.append(f"Row {row}: {reason}.")
    return tuple(notes)
