"""Several effects from one study: three-level model and sampling covariances within studies.

Effects are kept in blocks, one per study and padded to the same size, so that all studies are
inverted in one vectorised call; the padding is an identity that takes no part in anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, brentq, minimize
from scipy.special import chdtrc, chdtri

from .errors import InputError, check_level, check_option
from .gls import design, gls, studies
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
        model = _Blocks.of(self.yi, self.vi, self.study, self.x, self.rho, self.method)
        return _profile(model, self.sigma2, 0 if which == "study" else 1, self.level)


def three_level(
    yi: ArrayLike,
    vi: ArrayLike,
    study: ArrayLike,
    effect: ArrayLike,
    *,
    X: ArrayLike | None = None,  # noqa: N803 - the field's name for a design matrix
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
    model = design(X, y.size, None if names is None else tuple(names), True)
    k, p, m = y.size, model.x.shape[1], len(groups)
    if m <= p:
        raise InputError(f"study names {m} studies, but {p} coefficients need at least {p + 1}.")
    blocks = _Blocks.of(y, v, number, model.x, rho, method)
    sigma2 = _maximise(blocks)
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


def sampling_covariance(vi: Array, study: NDArray[np.intp], rho: float | None) -> Array:
    """Return the sampling covariance matrix with correlation ``rho`` within studies."""
    root = np.sqrt(vi)
    same = (study[:, None] == study) * (0.0 if rho is None else _check_rho(rho))
    np.fill_diagonal(same, 1.0)
    return same * np.outer(root, root)


def aggregate(
    yi: ArrayLike, vi: ArrayLike, study: ArrayLike, *, rho: float
) -> tuple[tuple[str, ...], Array, Array]:
    """Combine the effects of each study into one, allowing for their correlation.

    Parameters
    ----------
    yi, vi : array_like of shape (k,)
        Effect sizes and their sampling variances.
    study : array_like of shape (k,)
        The study each effect comes from.
    rho : float
        Assumed correlation of the sampling errors of two effects of one study.

    Returns
    -------
    tuple of str, ndarray of shape (m,), ndarray of shape (m,)
        Studies in order of appearance, their inverse-variance weighted effects and variances.

    Raises
    ------
    InputError
        If the data cannot be analysed, or ``rho`` is not a correlation.
    """
    y, v = studies(yi, vi)
    groups, number = study_index(study, y.size)
    covariance = sampling_covariance(v, number, rho)
    members = (number[:, None] == np.arange(len(groups))).astype(float)
    root = np.linalg.cholesky(covariance)
    whitened = np.linalg.solve(root, np.column_stack([y, members]))
    fit = gls(whitened[:, 0], whitened[:, 1:], np.ones(y.size))
    return groups, fit.coef, np.diagonal(fit.cov).copy()


def study_index(study: ArrayLike, k: int) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return study names in order of appearance and each effect's position among them."""
    labels = [str(label) for label in np.asarray(study).ravel().tolist()]
    if len(labels) != k:
        raise InputError(f"study has {len(labels)} entries, but yi has {k}.")
    groups = tuple(dict.fromkeys(labels))
    place = {name: i for i, name in enumerate(groups)}
    return groups, np.array([place[label] for label in labels], dtype=np.intp)


def _unique_effects(
    number: NDArray[np.intp], groups: tuple[str, ...], effect: ArrayLike
) -> None:
    labels = [str(label) for label in np.asarray(effect).ravel().tolist()]
    if len(labels) != number.size:
        raise InputError(f"effect has {len(labels)} entries, but yi has {number.size}.")
    seen: set[tuple[int, str]] = set()
    for pair in zip(number.tolist(), labels, strict=True):
        if pair in seen:
            raise InputError(
                f"effect {pair[1]!r} is listed twice for study {groups[pair[0]]!r}."
            )
        seen.add(pair)


def _check_rho(rho: float) -> float:
    if not -1 < rho < 1:
        raise InputError(f"rho must lie between -1 and 1, but {rho!r} was given.")
    return rho


@dataclass(frozen=True)
class _Solution:
    coef: Array
    cov: Array
    q: float
    log_likelihood: float
    gradient: Array
    trace_p: float


@dataclass(frozen=True)
class _Blocks:
    """Effects by study: ``sampling``, ``same`` and ``eye`` of shape (m, n, n), padded."""

    y: Array
    x: Array
    sampling: Array
    same: Array
    eye: Array
    pad: Array
    restricted: bool
    own: float
    k: int

    @classmethod
    def of(
        cls,
        y: Array,
        v: Array,
        number: NDArray[np.intp],
        x: Array,
        rho: float | None,
        method: str,
    ) -> _Blocks:
        m = int(number.max()) + 1
        size = np.bincount(number, minlength=m)
        order = np.argsort(number, kind="stable")
        inside = np.arange(size.max()) < size[:, None]
        place = np.zeros(inside.shape, dtype=np.intp)
        place[inside] = order
        mask = inside.astype(float)
        same = mask[:, :, None] * mask[:, None, :]
        eye = mask[:, :, None] * np.eye(int(size.max()))
        root = np.sqrt(v)[place] * mask
        correlation = 0.0 if rho is None else _check_rho(rho)
        sampling = root[:, :, None] * root[:, None, :] * (
            correlation * same + (1 - correlation) * eye
        )
        _check_definite(sampling + np.eye(int(size.max())) - eye, rho)
        return cls(
            y=y[place] * mask,
            x=x[place] * mask[:, :, None],
            sampling=sampling,
            same=same,
            eye=eye,
            pad=np.eye(int(size.max())) - eye,
            restricted=method == "REML",
            own=float(np.linalg.slogdet(x.T @ x)[1]),
            k=y.size,
        )

    def solve(self, sigma2: Array) -> _Solution:
        """Return coefficients, likelihood and its gradient at given variance components."""
        m, n, p = self.x.shape
        total = self.sampling + sigma2[0] * self.same + sigma2[1] * self.eye + self.pad
        root = np.linalg.cholesky(total)
        white = np.linalg.solve(root, np.concatenate([self.x, self.y[..., None]], axis=2))
        flat = white.reshape(m * n, p + 1)
        fit = gls(flat[:, -1], flat[:, :-1], np.ones(m * n))
        inverse = np.linalg.inv(total)
        logdet = 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
        likelihood = -0.5 * (self.k * log(2 * pi) + logdet + float(fit.q))
        if self.restricted:
            likelihood += 0.5 * (p * log(2 * pi) + self.own - float(fit.logdet))
        back = (inverse @ (self.y - self.x @ fit.coef)[..., None])[..., 0]
        through = inverse @ self.x
        gradient = np.empty(2)
        trace_p = 0.0
        for i, part in enumerate((self.same, self.eye)):
            spent = float(np.einsum("mij,mji->", inverse, part))
            leave = np.einsum("mip,mij,mjq->pq", through, part, through)
            projected = spent - float((leave * fit.cov).sum())
            if i == 1:
                trace_p = projected
            gain = float(np.einsum("mi,mij,mj->", back, part, back))
            gradient[i] = 0.5 * (gain - (projected if self.restricted else spent))
        return _Solution(
            fit.coef, fit.cov, float(fit.q), likelihood, gradient, trace_p
        )


def _check_definite(blocks: Array, rho: float | None) -> None:
    try:
        np.linalg.cholesky(blocks)
    except np.linalg.LinAlgError as error:
        raise InputError(
            f"rho is {rho}, which no set of that many effects in one study can have."
        ) from error


def _maximise(model: _Blocks) -> tuple[float, float]:
    """Return the variance components at the highest of the maxima found from several starts."""
    scale = _scale(model)
    best, height = np.zeros(2), -np.inf
    for start in ((0.5, 0.5), (0.05, 1.0), (1.0, 0.05), (0.01, 0.01)):
        found = minimize(  # type: ignore[call-overload]  # stubs know no jac=True with bounds
            lambda part: _down(model, part * scale, scale),
            np.array(start),
            jac=True,
            method="L-BFGS-B",
            bounds=Bounds(0.0, np.inf),
        )
        point = _polish(model, np.maximum(found.x * scale, 0.0), scale)
        value = model.solve(point).log_likelihood
        if value > height + 1e-12:
            best, height = point, value
    return float(best[0]), float(best[1])


def _down(model: _Blocks, sigma2: Array, scale: float) -> tuple[float, Array]:
    at = model.solve(sigma2)
    return -at.log_likelihood, -scale * at.gradient


def _scale(model: _Blocks) -> float:
    """Return the spread of the data, the size that a variance component may have."""
    values = model.y[model.eye.any(axis=2)]
    return max(float(np.var(values)), float(model.sampling.max()) * 1e-3)


def _polish(model: _Blocks, point: Array, scale: float) -> Array:
    """Solve the score equations of the components above zero by Newton's method."""
    free = point > 1e-9 * scale
    point = np.where(free, point, 0.0)
    if not free.any():
        return point
    for _ in range(20):
        step = 1e-6 * np.maximum(point, 1e-6 * scale)
        moves = [step * unit for unit in np.eye(2)]
        curvature = np.array(
            [
                (model.solve(point + move).gradient - model.solve(point - move).gradient)
                / (2 * move.sum())
                for move, use in zip(moves, free, strict=True)
                if use
            ]
        )[:, free]
        gradient = model.solve(point).gradient[free]
        bends = np.linalg.eigvalsh((curvature + curvature.T) / 2)
        # Flat where the data cannot tell the two components apart.
        if bends[-1] >= 1e-9 * bends[0]:
            break
        new = point.copy()
        new[free] -= np.linalg.solve(curvature, gradient)
        if (new < 0).any():
            break
        moved = np.abs(new - point).max()
        point = new
        if moved <= 1e-13 * scale:
            break
    return point


def _profile(
    model: _Blocks, sigma2: tuple[float, float], which: int, level: float
) -> tuple[float, float]:
    top = model.solve(np.array(sigma2)).log_likelihood
    drop = float(chdtri(1, 1 - level)) / 2

    def short(value: float) -> float:
        return top - drop - _best_other(model, which, value)

    scale = _scale(model)
    low = 0.0
    if sigma2[which] > 0 and short(0.0) > 0:
        low = float(brentq(short, 0.0, sigma2[which], xtol=1e-14 * scale))
    high = max(sigma2[which], scale)
    while short(high) < 0:
        high *= 2
    return low, float(brentq(short, sigma2[which], high, xtol=1e-14 * scale))


def _best_other(model: _Blocks, which: int, value: float) -> float:
    """Return the likelihood with one component fixed, the other at its best."""

    def at(other: float) -> Array:
        return np.array([value, other] if which == 0 else [other, value])

    def slope(other: float) -> float:
        return float(model.solve(at(other)).gradient[1 - which])

    if slope(0.0) <= 0:
        return model.solve(at(0.0)).log_likelihood
    high = _scale(model)
    while slope(high) > 0:
        high *= 2
    return model.solve(at(float(brentq(slope, 0.0, high, rtol=1e-13)))).log_likelihood


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
