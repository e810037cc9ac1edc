"""Pooling events that are few, without a continuity correction: Mantel–Haenszel and Peto.

Each estimate is a ratio or difference of sums over studies. The summands are computed once;
a leave-one-out run is then one matrix product with another set of included rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr, ndtri

from ._es_binary import complete_tables, peto_components
from ._es_common import Vector, read_columns, require_counts, require_positive
from ._rare_sums import SUMMANDS, WEIGHT, estimates
from .effect_sizes import effect_sizes
from .errors import check_flag, check_level, check_option, reject_where
from .inference import i2_from_q
from .scales import SCALES, Scale

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ChiSquare:
    """A chi-square test: statistic, degrees of freedom, p-value."""

    statistic: float
    df: int
    pvalue: float


@dataclass(frozen=True)
class RareFit:
    """A pooled estimate from sums over tables, on the analysis scale (log for ratios).

    Parameters
    ----------
    measure, method : str
        ``OR RR RD PETO IRR IRD`` and the words for the method.
    k, k_informative : int
        Rows pooled, and those among them that carry information on a ratio.
    estimate, se, statistic, pvalue : float
        Pooled value, standard error, z and two-sided p; nan where not estimable.
    ci : tuple of float
        Confidence interval from the normal quantile at ``level``.
    q, q_df, q_pvalue, i2, h2 : float
        Heterogeneity around this estimate; i2 in per cent, from Q. None but for ``q_df`` where
        fewer than two rows have an effect of their own; ``notes`` says so.
    weights : ndarray of shape (k_all,)
        Share of each row in per cent; 0 for rows left out.
    cmh, breslow_day, tarone : ChiSquare or None
        Cochran–Mantel–Haenszel test of no association; homogeneity of the odds ratio, plain
        and with Tarone's correction. None for measures without them.
    level : float
        Confidence level.
    notes : tuple of str
        What was left out or could not be estimated.
    """

    measure: str
    method: str
    k: int
    k_informative: int
    estimate: float
    se: float
    statistic: float
    pvalue: float
    ci: tuple[float, float]
    q: float | None
    q_df: int
    q_pvalue: float | None
    i2: float | None
    h2: float | None
    weights: Vector
    cmh: ChiSquare | None
    breslow_day: ChiSquare | None
    tarone: ChiSquare | None
    level: float
    notes: tuple[str, ...]
    _summands: NDArray[np.float64] = field(repr=False)
    _included: NDArray[np.bool_] = field(repr=False)

    @property
    def scale(self) -> Scale:
        """The measure's scale: its words, its link and the way back."""
        return SCALES[self.measure]

    def leave_one_out(self) -> pd.DataFrame:
        """Return the estimate without each pooled row in turn.

        Returns
        -------
        DataFrame
            Index ``omitted`` is the row's number; columns ``estimate, se, statistic, pvalue,
            ci_low, ci_high`` on the analysis scale.
        """
        import pandas as pd

        rows = np.flatnonzero(self._included)
        masks = np.repeat(self._included[None, :], len(rows), axis=0)
        masks[np.arange(len(rows)), rows] = False
        estimate, se = estimates(self.measure, self._summands, masks)
        half = ndtri((1 + self.level) / 2) * se
        with np.errstate(invalid="ignore", divide="ignore"):
            statistic = estimate / se
        columns = {
            "estimate": estimate,
            "se": se,
            "statistic": statistic,
            "pvalue": 2 * ndtr(-np.abs(statistic)),
            "ci_low": estimate - half,
            "ci_high": estimate + half,
        }
        return pd.DataFrame(columns, index=pd.Index(rows, name="omitted"))


def mantel_haenszel(
    ai: ArrayLike,
    bi: ArrayLike,
    ci: ArrayLike,
    di: ArrayLike,
    measure: str = "RR",
    *,
    drop00: bool = True,
    correct: bool = True,
    level: float = 0.95,
) -> RareFit:
    """Return the Mantel–Haenszel estimate of a common risk ratio, odds ratio or difference.

    Parameters
    ----------
    ai, bi, ci, di : array_like of shape (k,)
        Events and non-events of the first arm, then of the second.
    measure : {"RR", "OR", "RD"}
        What is pooled; ratios on the log scale.
    drop00 : bool, default True
        Leave out studies without any event, or with nothing but events. They do not change a
        ratio, but they pull a risk difference towards zero.
    correct : bool, default True
        Continuity correction of the Cochran–Mantel–Haenszel test (odds ratio only).
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    RareFit
        Estimate without any correction of empty cells. Q compares the studies' own effects,
        for which 1/2 is added to tables with an empty cell, as in metafor.

    Raises
    ------
    InputError
        If a cell is negative, missing or not a number, or columns differ in length.

    Notes
    -----
    Mantel & Haenszel 1959, J Natl Cancer Inst 22:719. Variances: odds ratio, Robins, Breslow &
    Greenland 1986, Biometrics 42:311; risk ratio, Greenland & Robins 1985, Biometrics 41:55;
    risk difference, Sato, Greenland & Robins 1989, Biometrics 45:1323. One effect common to
    all studies is assumed.
    """
    check_option(measure, ("RR", "OR", "RD"), "measure")
    check_flag(drop00, "drop00")
    check_flag(correct, "correct")
    cells = complete_tables(ai, bi, ci, di)
    a, b, c, d = cells
    informative = (a + c > 0) & (b + d > 0)
    included = informative if drop00 else np.ones_like(informative)
    studies = effect_sizes(measure, ai=a, bi=b, ci=c, di=d, drop00=drop00)
    tests: dict[str, ChiSquare | None] = {}
    if measure == "OR":
        tests = {"cmh": _cmh(cells, included, correct), **_breslow_day(cells, included)}
    return _fit(
        measure,
        "Mantel–Haenszel",
        SUMMANDS[measure](*cells),
        included,
        informative,
        studies.yi,
        studies.vi,
        level,
        **tests,
    )


def peto(
    ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike, *, level: float = 0.95
) -> RareFit:
    """Return Peto's one-step estimate of a common odds ratio.

    Parameters
    ----------
    ai, bi, ci, di : array_like of shape (k,)
        Events and non-events of the first arm, then of the second.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    RareFit
        Log odds ratio; studies with no events, or only events, have no weight.

    Raises
    ------
    InputError
        As :func:`mantel_haenszel`.

    Notes
    -----
    Yusuf et al. 1985, Prog Cardiovasc Dis 27:335. Good when events are rare, effects small and
    arms of similar size; biased otherwise (Bradburn et al. 2007, Stat Med 26:53).
    """
    a, b, c, d = complete_tables(ai, bi, ci, di)
    informative = (a + c > 0) & (b + d > 0)
    summands = SUMMANDS["PETO"](a, b, c, d)
    with np.errstate(invalid="ignore", divide="ignore"):
        yi, vi = summands[0] / summands[1], 1 / summands[1]
    everyone = np.ones_like(informative)
    return _fit("PETO", "Peto", summands, everyone, informative, yi, vi, level)


def mantel_haenszel_rates(
    x1i: ArrayLike,
    t1i: ArrayLike,
    x2i: ArrayLike,
    t2i: ArrayLike,
    measure: str = "IRR",
    *,
    drop00: bool = True,
    correct: bool = True,
    level: float = 0.95,
) -> RareFit:
    """Return the Mantel–Haenszel estimate of a common rate ratio or rate difference.

    Parameters
    ----------
    x1i, t1i, x2i, t2i : array_like of shape (k,)
        Events and person-time of the first arm, then of the second.
    measure : {"IRR", "IRD"}
        What is pooled; the ratio on the log scale.
    drop00, correct, level
        As in :func:`mantel_haenszel`; the test belongs to the rate ratio.

    Returns
    -------
    RareFit
        Estimate without any correction of empty cells.

    Raises
    ------
    InputError
        If a count is negative, a person-time not positive, or a value missing.

    Notes
    -----
    Rothman, Greenland & Lash 2008, Modern Epidemiology, 3rd ed., ch. 15.
    """
    check_option(measure, ("IRR", "IRD"), "measure")
    check_flag(drop00, "drop00")
    check_flag(correct, "correct")
    columns = read_columns({"x1i": x1i, "t1i": t1i, "x2i": x2i, "t2i": t2i})
    for name, column in columns.items():
        reject_where(np.isnan(column), column, name, "must be a number")
    require_counts(columns, "x1i", "x2i")
    require_positive(columns, "t1i", "t2i")
    x1, t1, x2, t2 = columns.values()
    informative = x1 + x2 > 0
    included = informative if drop00 else np.ones_like(informative)
    studies = effect_sizes(measure, drop00=drop00, x1i=x1, t1i=t1, x2i=x2, t2i=t2)
    cmh = None
    if measure == "IRR":
        expected, share = (x1 + x2) * t1 / (t1 + t2), t1 * t2 / (t1 + t2) ** 2
        cmh = _score_test(x1 - expected, (x1 + x2) * share, included, correct)
    return _fit(
        measure,
        "Mantel–Haenszel",
        SUMMANDS[measure](x1, t1, x2, t2),
        included,
        informative,
        studies.yi,
        studies.vi,
        level,
        cmh=cmh,
    )


def _fit(
    measure: str,
    method: str,
    summands: NDArray[np.float64],
    included: NDArray[np.bool_],
    informative: NDArray[np.bool_],
    yi: Vector,
    vi: Vector,
    level: float,
    cmh: ChiSquare | None = None,
    breslow_day: ChiSquare | None = None,
    tarone: ChiSquare | None = None,
) -> RareFit:
    check_level(level)
    estimate, se = (float(x[0]) for x in estimates(measure, summands, included[None, :]))
    statistic = estimate / se if se > 0 else np.nan
    half = float(ndtri((1 + level) / 2)) * se
    notes = tuple(
        f"Row {row}: left out, for it has no events or only events."
        for row in np.flatnonzero(~included)
    )
    if np.isnan(estimate):
        notes += (f"{method}: not estimable, for one arm has no events in any study.",)
    usable = included & np.isfinite(yi) & np.isfinite(vi) & (vi > 0)
    q_df = max(int(usable.sum()) - 1, 0)
    q = float(np.sum((yi[usable] - estimate) ** 2 / vi[usable])) if q_df else None
    if q is None:
        notes += ("Heterogeneity: not defined, for fewer than two rows have their own effect.",)
    weights = np.where(included, summands[WEIGHT], 0.0)
    total = weights.sum()
    return RareFit(
        measure=measure,
        method=method,
        k=int(included.sum()),
        k_informative=int((included & informative).sum()),
        estimate=estimate,
        se=se,
        statistic=statistic,
        pvalue=float(2 * ndtr(-abs(statistic))),
        ci=(estimate - half, estimate + half),
        q=q,
        q_df=q_df,
        q_pvalue=None if q is None else float(chdtrc(q_df, q)),
        i2=None if q is None else float(i2_from_q(np.array(q), np.array(q_df))),
        h2=None if q is None else q / q_df,
        weights=100 * weights / total if total > 0 else weights,
        cmh=cmh,
        breslow_day=breslow_day,
        tarone=tarone,
        level=level,
        notes=notes,
        _summands=summands,
        _included=included,
    )


def _score_test(
    excess: Vector, variance: Vector, included: NDArray[np.bool_], correct: bool
) -> ChiSquare | None:
    total = variance[included].sum()
    if total <= 0:
        return None
    distance = max(0.0, abs(excess[included].sum()) - (0.5 if correct else 0.0))
    statistic = float(distance**2 / total)
    return ChiSquare(statistic, 1, float(chdtrc(1, statistic)))


def _cmh(
    cells: tuple[Vector, Vector, Vector, Vector], included: NDArray[np.bool_], correct: bool
) -> ChiSquare | None:
    excess, variance = peto_components(*cells)
    return _score_test(excess, variance, included, correct)


def _breslow_day(
    cells: tuple[Vector, Vector, Vector, Vector], included: NDArray[np.bool_]
) -> dict[str, ChiSquare | None]:
    """Return both tests that the odds ratio is the same in every table.

    Breslow & Day 1980, Statistical Methods in Cancer Research I; Tarone 1985,
    Biometrika 72:91. The expected cell solves a quadratic equation given the margins.
    """
    a, b, c, d = cells
    use = included & (a + c > 0) & (b + d > 0)
    log_ratio, _ = estimates("OR", SUMMANDS["OR"](*cells), use[None, :])
    if np.isnan(log_ratio[0]) or use.sum() < 2:
        return {"breslow_day": None, "tarone": None}
    a, b, c, d = (cell[use] for cell in cells)
    ratio, n1, n2, events = float(np.exp(log_ratio[0])), a + b, c + d, a + c
    linear = ratio * (n1 + events) + (n2 - events)
    # the root in the form that stays exact as the ratio passes 1
    root = np.sqrt(np.maximum(linear**2 - 4 * (ratio - 1) * ratio * n1 * events, 0))
    expected = 2 * ratio * n1 * events / (linear + root)
    fitted = np.stack([expected, n1 - expected, events - expected, n2 - events + expected])
    if not fitted.all():  # a cell lost beside others many orders of magnitude larger
        return {"breslow_day": None, "tarone": None}
    variance = 1 / (1 / fitted).sum(axis=0)
    plain = float(np.sum((a - expected) ** 2 / variance))
    tarone = plain - float((a - expected).sum() ** 2 / variance.sum())
    df = int(use.sum()) - 1
    return {
        "breslow_day": ChiSquare(plain, df, float(chdtrc(df, plain))),
        "tarone": ChiSquare(tarone, df, float(chdtrc(df, tarone))),
    }
