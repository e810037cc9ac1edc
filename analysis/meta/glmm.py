"""Binomial-normal models: counts pooled by their own likelihood, no correction of empty cells.

The effects of the studies vary normally; within a study the counts are binomial or, given
the total number of events, noncentral hypergeometric.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ._count_kernels import binomial, noncentral_hypergeometric, two_binomials
from ._es_binary import tables
from ._es_common import (
    Columns,
    Vector,
    chosen,
    read_columns,
    require_at_most,
    require_counts,
    require_positive,
    require_whole,
)
from ._marginal import (
    LARGEST_EFFECT,
    LARGEST_SD,
    Array,
    Kernel,
    Point,
    Solution,
    climb,
    runs_away,
)
from .errors import as_count, check_level, check_option, reject_where
from .heterogeneity import PredictionInterval
from .scales import SCALES, Scale

#: Models for each measure, the default first.
MODELS: dict[str, tuple[str, ...]] = {
    "PLO": ("logit-normal",),
    "OR": ("CM.EL", "UM.FS", "UM.RS"),
    "IRR": ("CM.EL",),
}

_COLUMNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "PLO": (("xi", "ni"),),
    "OR": (("ai", "bi", "ci", "di"), ("ai", "n1i", "ci", "n2i")),
    "IRR": (("x1i", "t1i", "x2i", "t2i"),),
}

#: Quadrature nodes per random effect. The log-likelihood is then exact to about 1e-10 while tau is
#: below 1, and to about 1e-4 at a tau of 3 with studies without events.
NODES = 41
#: The weights of more nodes than this vanish in floating point.
_MOST_NODES = 300
#: Values that a count may have given the total; the array of all of them is held in memory.
_MOST_POSSIBLE = 20_000

_STARTING_TAUS = (0.1, 0.5, 1.5)
#: Below this an estimated standard deviation is the boundary, reached in small steps.
_ZERO_TAU = 1e-4


@dataclass(frozen=True)
class GlmmFit:
    """A fitted model, on the analysis scale: logits, log odds ratios or log rate ratios.

    Parameters
    ----------
    measure, model, method : str
        What was fitted; method ML (effects vary) or EE (one effect).
    k : int
        Studies that carry information.
    estimate, se, statistic, pvalue : float
        Mean effect, its standard error, the test of 0; nan where not estimable.
    ci : tuple of float
        Wald interval at ``level``.
    df : int or None
        Degrees of freedom of its t quantile; None for a normal one.
    tau2 : float or None
        Variance of the effects between studies; None for method EE.
    level_variance : float or None
        Variance of the studies' levels; None but for model UM.RS.
    q, q_df, q_pvalue : float, int, float
        Likelihood ratio test that all studies share one effect; for UM.RS that of UM.FS.
    log_likelihood : float
        With all constants.
    nodes : int
        Quadrature nodes per random effect.
    level : float
        Confidence level.
    notes : tuple of str
        What was left out or could not be estimated.
    """

    measure: str
    model: str
    method: str
    k: int
    estimate: float
    se: float
    statistic: float
    pvalue: float
    ci: tuple[float, float]
    df: int | None
    tau2: float | None
    level_variance: float | None
    q: float
    q_df: int
    q_pvalue: float
    log_likelihood: float
    nodes: int
    level: float
    notes: tuple[str, ...]

    @property
    def scale(self) -> Scale:
        """The measure's scale: its words, its link and the way back."""
        return SCALES[self.measure]

    @property
    def tau(self) -> float | None:
        """Standard deviation of the effects between studies."""
        return None if self.tau2 is None else float(np.sqrt(self.tau2))

    @property
    def pi(self) -> PredictionInterval | None:
        """Prediction interval by the rule ``"k-2"``."""
        return self.predict()

    def predict(self, rule: str = "k-2") -> PredictionInterval | None:
        """Return an interval for the true effect of a new study.

        Parameters
        ----------
        rule : {"k-2", "k-1", "z"}
            Degrees of freedom of the t quantile, or the normal one.

        Returns
        -------
        PredictionInterval or None
            None for method EE, where nothing was estimable, or where no degree of freedom
            is left.
        """
        check_option(rule, ("k-2", "k-1", "z"), "rule")
        df = {"k-2": self.k - 2.0, "k-1": self.k - 1.0, "z": np.inf}[rule]
        if self.tau2 is None or df <= 0 or np.isnan(self.estimate):
            return None
        half = stats.t.ppf((1 + self.level) / 2, df) * np.sqrt(self.tau2 + self.se**2)
        return PredictionInterval(float(self.estimate - half), float(self.estimate + half), rule)


def glmm(
    measure: str,
    *,
    model: str | None = None,
    method: str = "ML",
    interval: str = "z",
    level: float = 0.95,
    nodes: int = NODES,
    **data: ArrayLike,
) -> GlmmFit:
    """Return the maximum likelihood fit of a generalised linear mixed model to counts.

    Parameters
    ----------
    measure : {"PLO", "OR", "IRR"}
        Proportions from ``xi ni``; two arms with events from ``ai bi ci di`` or
        ``ai n1i ci n2i``; two arms with events over person-time from ``x1i t1i x2i t2i``.
    model : str, optional
        For ``OR``: ``CM.EL`` (default), given each study's total of events, exact
        noncentral hypergeometric likelihood; ``UM.FS``, two binomials and a fixed level for
        each study; ``UM.RS``, two binomials and levels that vary normally, apart from the
        effects. For ``IRR``: ``CM.EL``, given the total, which is binomial.
    method : {"ML", "EE"}
        Effects that vary between studies, or one effect.
    interval : {"z", "t"}
        Normal quantile, or Student's with k - 1 degrees of freedom.
    level : float, default 0.95
        Confidence level.
    nodes : int, default 41
        Gauss–Hermite nodes per random effect, at least 7.
    **data : array_like of shape (k,)
        Whole numbers of events and people, and person-time.

    Returns
    -------
    GlmmFit

    Raises
    ------
    InputError
        If an option or column is unknown, or a count impossible or not whole.

    Notes
    -----
    Stijnen, Hamza & Özdemir 2010, Stat Med 29:3046; Turner et al. 2000, Stat Med 19:3417
    (UM.FS, effects split as plus and minus half); Jackson et al. 2018, Stat Med 37:1059,
    https://doi.org/10.1002/sim.7588, compares the models. Names as in metafor's
    ``rma.glmm``, which integrates with 7 nodes (UM.RS with 1), so its figures differ from the
    exact ones in the fourth digit or so. ML underestimates tau2 when studies are few.
    """
    check_option(measure, tuple(MODELS), "measure")
    model = MODELS[measure][0] if model is None else model
    check_option(model, MODELS[measure], f"model of {measure}")
    check_option(method, ("ML", "EE"), "method")
    check_option(interval, ("z", "t"), "interval")
    check_level(level)
    nodes = as_count(nodes, "nodes", 7, _MOST_NODES)
    columns = _counts(measure, data)
    setup = _SETUPS[measure](columns, model)
    return _fit(measure, model, method, setup, interval, level, nodes)


@dataclass(frozen=True)
class _Setup:
    """A model ready to fit: informative studies, likelihood, starting values, best possible."""

    kernel: Kernel
    start: Point
    saturated: float
    estimable: bool
    notes: tuple[str, ...]


def _fit(
    measure: str, model: str, method: str, setup: _Setup, interval: str, level: float, nodes: int
) -> GlmmFit:
    k = len(setup.start.level)
    best, common = None, None
    if setup.estimable:
        best = _solve(setup, model, method, nodes)
        # whether levels vary at random is no part of the question whether effects differ
        common = _solve(setup, "UM.FS" if model == "UM.RS" else model, "EE", nodes)
        if runs_away(best.point):
            best = None
    notes = setup.notes
    df = k - 1 if interval == "t" else None
    estimate = se = statistic = pvalue = half = q = q_pvalue = log_likelihood = np.nan
    tau2 = level_variance = None
    if best is None or common is None:
        notes += (
            "Not estimable: the likelihood has no maximum within log odds of "
            f"±{LARGEST_EFFECT:g} and a standard deviation of {LARGEST_SD:g}; studies have all "
            "their events in one arm, or no events, or nothing but events.",
        )
    else:
        point = best.point
        estimate, se = float(point.mu), float(np.sqrt(best.covariance[0, 0]))
        statistic = estimate / se
        reference = stats.t(df) if df else stats.norm()
        if df == 0:
            notes += ("One study: no t interval, for it has no degree of freedom.",)
        else:
            pvalue = float(2 * reference.sf(abs(statistic)))
            half = float(reference.ppf((1 + level) / 2)) * se
        tau2 = None if method == "EE" else float(point.tau) ** 2
        level_variance = float(point.sigma) ** 2 if model == "UM.RS" else None
        log_likelihood = best.log_likelihood
        q = max(0.0, 2 * (setup.saturated - common.log_likelihood))
        q_pvalue = float(stats.chi2.sf(q, k - 1)) if k > 1 else np.nan
    return GlmmFit(
        measure,
        model,
        method,
        k,
        estimate,
        se,
        statistic,
        pvalue,
        (estimate - half, estimate + half),
        df,
        tau2,
        level_variance,
        q,
        max(k - 1, 0),
        q_pvalue,
        log_likelihood,
        nodes,
        level,
        notes,
    )


def _solve(setup: _Setup, model: str, method: str, nodes: int) -> Solution:
    """Return the best maximum reached from several values of tau, zero among them."""
    own_level, varying_level = model == "UM.FS", model == "UM.RS"
    start = setup.start if varying_level else setup.start._replace(sigma=0.0)
    shared = (0, 2, 3) if varying_level else (0,)
    grid = (nodes, nodes if varying_level else 1)
    none = climb(setup.kernel, start._replace(tau=0.0), shared, own_level, (1, grid[1]))
    if method == "EE":
        return none
    free = tuple(sorted({*shared, 1}))
    found = [
        climb(setup.kernel, none.point._replace(tau=tau), free, own_level, grid)
        for tau in _STARTING_TAUS
    ]
    best = max(found, key=lambda solution: solution.log_likelihood)
    if best.point.tau < _ZERO_TAU or best.log_likelihood <= none.log_likelihood:
        return none
    return best


def _counts(measure: str, data: dict[str, ArrayLike]) -> Columns:
    columns = read_columns(chosen(measure, _COLUMNS[measure], data))
    times = [name for name in columns if name.startswith("t")]
    require_whole(columns, *(name for name in columns if name not in times))
    for name in times:
        reject_where(np.isnan(columns[name]), columns[name], name, "must be a number")
    return columns


def _proportions(columns: Columns, model: str) -> _Setup:
    require_counts(columns, "xi")
    require_positive(columns, "ni")
    require_at_most(columns, "xi", "ni")
    x, n = columns["xi"], columns["ni"]
    return _one_binomial(x, n, np.zeros_like(x), ())


def _one_binomial(x: Vector, n: Vector, offset: Vector, notes: tuple[str, ...]) -> _Setup:
    estimable = bool(0 < x.sum() < n.sum())
    mu = np.log((x.sum() + 0.5) / (n.sum() - x.sum() + 0.5)) - np.average(offset, weights=n)
    saturated = _own_risks(x, n)
    start = Point(float(mu), 0.0, np.zeros_like(x), 0.0)
    return _Setup(binomial(x, n, offset), start, saturated, estimable, notes)


def _nothing(notes: tuple[str, ...]) -> _Setup:
    """Return the setup where no study carries information."""
    none = np.zeros(0)
    return _Setup(binomial(none, none), Point(0.0, 0.0, none, 0.0), np.nan, False, notes)


def _rates(columns: Columns, model: str) -> _Setup:
    require_counts(columns, "x1i", "x2i")
    require_positive(columns, "t1i", "t2i")
    informative = columns["x1i"] + columns["x2i"] > 0
    x1, t1, x2, t2 = (columns[name][informative] for name in ("x1i", "t1i", "x2i", "t2i"))
    notes = _left_out(informative, "it has no events")
    if not informative.any():
        return _nothing(notes)
    return _one_binomial(x1, x1 + x2, np.log(t1 / t2), notes)


def _odds_ratios(columns: Columns, model: str) -> _Setup:
    a, b, c, d = tables(columns)
    informative = (a + c > 0) & (b + d > 0)
    notes = _left_out(informative, "it has no events, or only events")
    if not informative.any():
        return _nothing(notes)
    a, b, c, d = (cell[informative] for cell in (a, b, c, d))
    n1, n2 = a + b, c + d
    lowest, highest = np.maximum(0, a + c - n2), np.minimum(n1, a + c)
    estimable = bool(lowest.sum() < a.sum() < highest.sum())
    corrected = [cell + 0.5 for cell in (a, b, c, d)]
    level = np.log(corrected[0] * corrected[2] / (corrected[1] * corrected[3])) / 2
    total = [cell.sum() + 0.5 for cell in (a, b, c, d)]
    mu = float(np.log(total[0] * total[3] / (total[1] * total[2])))
    if model == "CM.EL":
        wide = highest - lowest
        rule = f"CM.EL sums over {_MOST_POSSIBLE:,} possible counts at most; take UM.FS"
        reject_where(wide > _MOST_POSSIBLE, wide, "range of ai given ai + ci", rule)
        kernel = noncentral_hypergeometric(a, n1, c, n2)
        start = Point(mu, 0.0, np.zeros_like(a), 0.0)
        return _Setup(kernel, start, _saturated(kernel, a, lowest, highest), estimable, notes)
    saturated = _own_risks(a, n1) + _own_risks(c, n2)
    sigma = 0.0
    if model == "UM.RS":
        sigma = max(0.1, float(np.std(level)))
        level = np.full_like(level, level.mean())
    start = Point(mu, 0.0, level, sigma)
    return _Setup(two_binomials(a, n1, c, n2), start, saturated, estimable, notes)


_SETUPS = {"PLO": _proportions, "OR": _odds_ratios, "IRR": _rates}


def _own_risks(x: Vector, n: Vector) -> float:
    """Return the binomial log-likelihood with each study's own risk."""
    return float(np.sum(stats.binom.logpmf(x, n, x / n)))


def _saturated(kernel: Kernel, a: Array, lowest: Array, highest: Array) -> float:
    """Return the conditional log-likelihood with each study's own odds ratio.

    At the end of its range a count has conditional probability 1 in the limit.
    """
    inner = (a > lowest) & (a < highest)
    theta = np.zeros((len(a), 1))
    for _ in range(100):
        d = kernel(theta, theta)
        step = np.where(inner[:, None], -d.theta / d.theta2, 0.0)
        theta = theta + np.clip(step, -1, 1)
        if np.abs(step).max(initial=0.0) < 1e-12:
            break
    return float(np.where(inner, kernel(theta, theta).value[:, 0], 0.0).sum())


def _left_out(informative: NDArray[np.bool_], reason: str) -> tuple[str, ...]:
    return tuple(f"Row {row}: left out, for {reason}." for row in np.flatnonzero(~informative))
