"""Three-level model: several effects from one study, studies from a population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from ._three_level import Blocks, maximise, profile
from .dependence import sampling_covariance, study_index
from .errors import InputError, as_labels, check_level, check_option
from .gls import design, studies
from .inference import OmnibusTest, limits, statistics, two_sided, wald

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ThreeLevelFit:
    """A three-level meta-analysis: effects within studies within a population of studies.

    Attributes
    ----------
    k, m, p : int
        Effects, studies and coefficients.
    names : tuple of str
        Names of the coefficients.
    coef, se, statistic, pvalue : ndarray of shape (p,)
        Coefficients, standard errors, z or t, and two-sided p-values.
    ci : ndarray of shape (p, 2)
        Confidence intervals.
    vcov : ndarray of shape (p, p)
        Model-based covariance matrix of the coefficients.
    df : float or None
        Degrees of freedom of t; None for z.
    sigma2 : tuple of float
        Variance between studies, and between effects within a study.
    i2 : tuple of float
        Share of the total variance at those two levels, in percent.
    q, q_pvalue : float
        Test of heterogeneity on k - p degrees of freedom.
    qm : OmnibusTest
        Test of the moderators (of the mean itself if there are none).
    log_likelihood : float
        Restricted for REML.
    method, ci_method, level
        As asked for.
    rho : float or None
        Assumed correlation of sampling errors within a study.
    yi, vi, x : ndarray
        The data; ``x`` includes the constant.
    study : ndarray of shape (k,)
        Index of each effect's study.
    notes : tuple of str
        What a reader must know.
    """

    k: int
    m: int
    p: int
    names: tuple[str, ...]
    coef: Array
    se: Array
    statistic: Array
    pvalue: Array
    ci: Array
    vcov: Array
    df: float | None
    sigma2: tuple[float, float]
    i2: tuple[float, float]
    q: float
    q_pvalue: float
    qm: OmnibusTest
    log_likelihood: float
    method: str
    ci_method: str
    level: float
    rho: float | None
    yi: Array
    vi: Array
    x: Array
    study: NDArray[np.intp]
    notes: tuple[str, ...]

    @property
    def estimate(self) -> float:
        """First coefficient: the mean effect where there are no moderators."""
        return float(self.coef[0])

    def covariance(self) -> Array:
        """Return the marginal covariance matrix of the effects, shape (k, k)."""
        same = self.study[:, None] == self.study
        sampling = sampling_covariance(self.vi, self.study, self.rho)
        return sampling + self.sigma2[0] * same + self.sigma2[1] * np.eye(self.k)

    def profile_interval(self, which: str) -> tuple[float, float]:
        """Return the profile-likelihood interval of a variance component.

        Parameters
        ----------
        which : {"study", "effect"}
            Between studies, or between effects within a study.

        Returns
        -------
        tuple of float
            The values that a likelihood-ratio test at the fit's level does not reject; the
            lower end is 0 where zero is not rejected.
        """
        check_option(which, ("study", "effect"), "which")
        model = Blocks.of(self.yi, self.vi, self.study, self.x, self.rho, self.method)
        return profile(model, self.sigma2, 0 if which == "study" else 1, self.level)


def three_level(
    yi: ArrayLike,
    vi: ArrayLike,
    study: ArrayLike,
    effect: ArrayLike,
    *,
    X: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    rho: float | None = None,
    method: str = "REML",
    ci: str = "t",
    level: float = 0.95,
) -> ThreeLevelFit:
    """Pool effects of which several come from one study.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effect sizes and their sampling variances.
    study : array_like of shape (k,)
        The study (group of participants) that each effect comes from.
    effect : array_like of shape (k,)
        Identity of the effect within its study.
    X : array_like of shape (k,) or (k, q), optional
        Moderators without the constant.
    names : sequence of str, optional
        Names of the moderators.
    rho : float, optional
        Assumed correlation of the sampling errors of two effects of one study; independent if
        not given.
    method : {"REML", "ML"}
        Likelihood that is maximised.
    ci : {"t", "z"}
        t on the number of studies less the number of coefficients, or normal.
    level : float
        Confidence level.

    Returns
    -------
    ThreeLevelFit

    Raises
    ------
    InputError
        If the data cannot be analysed, an effect is listed twice, or there are too few studies.

    References
    ----------
    Konstantopoulos 2011, Res Synth Methods 2:61, https://doi.org/10.1002/jrsm.35 (model);
    Cheung 2014, Psychol Methods 19:211, https://doi.org/10.1037/a0032968 (shares of variance).
    """
    y, v = studies(yi, vi)
    check_option(method, ("REML", "ML"), "method")
    check_option(ci, ("t", "z"), "ci")
    check_level(level)
    groups, number = study_index(study, y.size)
    _unique_effects(number, groups, effect)
    model = design(X, y.size, names, True)
    k, p, m = y.size, model.x.shape[1], len(groups)
    if m <= p:
        raise InputError(f"study names {m} studies, but {p} coefficients need at least {p + 1}.")
    blocks = Blocks.of(y, v, number, model.x, rho, method)
    sigma2 = maximise(blocks)
    at = blocks.solve(np.array(sigma2))
    zero = blocks.solve(np.zeros(2))
    df = None if ci == "z" else float(m - p)
    se = np.sqrt(np.diagonal(at.cov))
    statistic = statistics(at.coef, se)
    typical = (k - p) / zero.trace_p
    total = sum(sigma2) + typical
    tested = model.tested
    return ThreeLevelFit(
        k=k,
        m=m,
        p=p,
        names=model.names,
        coef=at.coef,
        se=se,
        statistic=statistic,
        pvalue=two_sided(statistic, df),
        ci=limits(at.coef, se, level, df),
        vcov=at.cov,
        df=df,
        sigma2=sigma2,
        i2=(100 * sigma2[0] / total, 100 * sigma2[1] / total),
        q=zero.q,
        q_pvalue=float(chdtrc(k - p, zero.q)),
        qm=wald(at.coef[tested], at.cov[tested, tested], df),
        log_likelihood=at.log_likelihood,
        method=method,
        ci_method=ci,
        level=level,
        rho=rho,
        yi=y,
        vi=v,
        x=model.x,
        study=number,
        notes=_notes(k, m, sigma2),
    )


def _unique_effects(number: NDArray[np.intp], groups: tuple[str, ...], effect: ArrayLike) -> None:
    labels = as_labels(effect, "effect", number.size)
    seen: set[tuple[int, str]] = set()
    for pair in zip(number.tolist(), labels, strict=True):
        if pair in seen:
            raise InputError(f"effect {pair[1]!r} is listed twice for study {groups[pair[0]]!r}.")
        seen.add(pair)


def _notes(k: int, m: int, sigma2: tuple[float, float]) -> tuple[str, ...]:
    notes = []
    if k == m:
        notes.append(
            "Every study has one effect, so the variance between studies and the variance "
            "within them cannot be told apart; only their sum means anything."
        )
    if m < 10:
        notes.append(f"Only {m} studies: the variance between them is poorly known.")
    if 0.0 in sigma2 and k > m:
        where = "between studies" if sigma2[0] == 0 else "within studies"
        notes.append(f"The variance {where} is estimated as zero.")
    return tuple(notes)
