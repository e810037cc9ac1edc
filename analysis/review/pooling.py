"""One planned analysis of a set of rows, carried out by the engine.

Rows come on the scale of pooling, a :class:`Pooled` goes out on the display scale. An analysis
whose interval is undefined gives no result: it raises, in words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.meta.bayes import bayes_pool
from analysis.meta.errors import InputError
from analysis.meta.glmm import glmm
from analysis.meta.heterogeneity import PredictionInterval
from analysis.meta.pooling import pool as pool_effects
from analysis.meta.priors import HalfNormal
from analysis.meta.rare import mantel_haenszel
from analysis.meta.small_k import small_k_policy
from analysis.review.measures import to_display
from analysis.review.results import LEVEL, Measure, Pooled, Prediction, Row

_I2_OF_TAU2 = "τ²-based"
_I2_OF_Q = "from Q"


class NotPooledError(ValueError):
    """An analysis that has no result; the message is the reason, written for readers."""


@dataclass(frozen=True)
class Plan:
    """How rows are to be pooled.

    Attributes
    ----------
    model : str
        ``inverse_variance``, ``mantel_haenszel``, ``glmm`` or ``bayes``.
    method, ci : str
        Heterogeneity estimator and interval of the inverse-variance model.
    tau_prior : float
        Scale of the half-normal prior for tau of the Bayesian model.
    """

    model: str = "inverse_variance"
    method: str = "REML"
    ci: str = "hksj_floor"
    tau_prior: float = 0.5


def pool(rows: Sequence[Row], measure: Measure, plan: Plan) -> Pooled:
    """Pool rows as planned, showing only what the small-k policy allows.

    Parameters
    ----------
    rows : sequence of Row
        Independent rows with ``yi`` and ``vi``.
    measure : Measure
        Their measure, which gives the way back to the display scale.
    plan : Plan
        Model, estimator and interval.

    Returns
    -------
    Pooled
        On the display scale, with weights in percent by ``row_id``.

    Raises
    ------
    NotPooledError
        If there are fewer than two rows, or the estimate or its interval is undefined.
    """
    if len(rows) < 2:
        raise NotPooledError(reason_of_too_few(len(rows)))
    try:
        fit = _MODELS[plan.model](rows, measure, plan)
    except InputError as error:
        raise NotPooledError(f"The model cannot be fitted to these studies: {error}") from error
    limits = (fit["estimate"], fit["ci_low"], fit["ci_high"])
    if not (all(math.isfinite(value) for value in limits) and fit["se"] > 0):
        raise NotPooledError("The interval is undefined for these studies, so no result is given.")
    shown = small_k_policy(len(rows)).shown
    if "i2" not in shown:
        fit |= {"i2": None, "i2_definition": ""}
    if "prediction_interval" not in shown:
        fit |= {"prediction": None}
    return Pooled(k=len(rows), level=LEVEL, **fit)


def try_to_pool(rows: Sequence[Row], measure: Measure, plan: Plan) -> tuple[Pooled | None, str]:
    """Return the pooled result and no reason, or no result and the reason."""
    try:
        return pool(rows, measure, plan), ""
    except NotPooledError as error:
        return None, str(error)


def by_inverse_variance(pooled: Pooled | None) -> bool:
    """Whether a result was pooled from ``yi`` and ``vi``, so that ``method`` is an estimator."""
    return pooled is not None and pooled.model in {"common-effect", "random-effects"}


def reason_of_too_few(k: int) -> str:
    """Why nothing is pooled when fewer than two studies give a usable number."""
    return (
        "No study gives a usable number, so there is nothing to pool."
        if k == 0
        else "Only one study gives a usable number. It is shown by itself; nothing is pooled."
    )


def _inverse_variance(rows: Sequence[Row], measure: Measure, plan: Plan) -> dict[str, Any]:
    fit = pool_effects(
        _column(rows, "yi"), _column(rows, "vi"), method=plan.method, ci=plan.ci, level=LEVEL
    )
    common = plan.method == "EE"
    return {
        "model": "common-effect" if common else "random-effects",
        "method": plan.method,
        "ci_method": fit.ci_method,
        **_location(fit.estimate, fit.se, fit.ci, measure),
        "pvalue": _pvalue(fit.pvalue, measure),
        "tau2": fit.tau2,
        "tau2_ci": fit.tau2_ci,
        "i2": fit.i2,
        "i2_definition": _I2_OF_Q if common else _I2_OF_TAU2,
        "h2": fit.h2,
        "q": fit.q,
        "q_df": fit.q_df,
        "q_pvalue": fit.q_pvalue,
        "prediction": _prediction(fit.pi, measure),
        "weights": _weights(rows, fit.weights),
        "notes": fit.notes,
    }


def _mantel_haenszel(rows: Sequence[Row], measure: Measure, plan: Plan) -> dict[str, Any]:
    events, events_control = _column(rows, "events_treat"), _column(rows, "events_control")
    fit = mantel_haenszel(
        events,
        _column(rows, "n_treat") - events,
        events_control,
        _column(rows, "n_control") - events_control,
        measure=measure.code,
        level=LEVEL,
    )
    return {
        "model": "Mantel–Haenszel, common effect",
        "method": "",
        "ci_method": "z",
        **_location(fit.estimate, fit.se, fit.ci, measure),
        "pvalue": _pvalue(fit.pvalue, measure),
        "tau2": None,
        "tau2_ci": None,
        "i2": fit.i2,
        "i2_definition": _I2_OF_Q,
        "h2": fit.h2,
        "q": fit.q,
        "q_df": fit.q_df,
        "q_pvalue": fit.q_pvalue,
        "prediction": None,
        "weights": _weights(rows, fit.weights),
        "notes": fit.notes,
    }


def _bayes(rows: Sequence[Row], measure: Measure, plan: Plan) -> dict[str, Any]:
    prior = HalfNormal(plan.tau_prior)
    fit = bayes_pool(_column(rows, "yi"), _column(rows, "vi"), tau_prior=prior, level=LEVEL)
    low, high = fit.tau.interval(LEVEL)
    return {
        "model": "bayes",
        "method": "",
        "ci_method": "credible",
        **_location(fit.estimate, fit.mu.sd, fit.ci, measure),
        "pvalue": None,
        "tau2": fit.tau.median**2,
        "tau2_ci": (low**2, high**2),
        **dict.fromkeys(("i2", "h2", "q", "q_df", "q_pvalue")),
        "i2_definition": "",
        "prediction": _prediction(PredictionInterval(*fit.pi, "predictive"), measure),
        "weights": {},
        "notes": (f"Prior for the spread between studies: {prior}.", *fit.notes),
    }


def _glmm(rows: Sequence[Row], measure: Measure, plan: Plan) -> dict[str, Any]:
    fit = glmm(
        "PLO",
        xi=_column(rows, "events_treat"),
        ni=_column(rows, "n_treat"),
        interval="t",
        level=LEVEL,
    )
    return {
        "model": "binomial–normal",
        "method": "ML",
        "ci_method": "t",
        **_location(fit.estimate, fit.se, fit.ci, measure),
        "pvalue": _pvalue(fit.pvalue, measure),
        "tau2": fit.tau2,
        **dict.fromkeys(("tau2_ci", "i2", "h2")),
        "i2_definition": "",
        "q": fit.q,
        "q_df": fit.q_df,
        "q_pvalue": fit.q_pvalue,
        "prediction": _prediction(fit.pi, measure),
        "weights": {},
        "notes": fit.notes,
    }


_MODELS: Mapping[str, Callable[[Sequence[Row], Measure, Plan], dict[str, Any]]] = {
    "inverse_variance": _inverse_variance,
    "mantel_haenszel": _mantel_haenszel,
    "bayes": _bayes,
    "glmm": _glmm,
}


def _location(
    estimate: float, se: float, ci: tuple[float, float], measure: Measure
) -> dict[str, float]:
    low, high = ci
    return {
        "estimate": to_display(estimate, measure),
        "se": float(se),
        "ci_low": to_display(low, measure),
        "ci_high": to_display(high, measure),
    }


def _pvalue(pvalue: float | None, measure: Measure) -> float | None:
    """Drop the test of a proportion against one half, which nobody asked."""
    return None if measure.null is None else pvalue


def _prediction(interval: PredictionInterval | None, measure: Measure) -> Prediction | None:
    if interval is None:
        return None
    return Prediction(
        to_display(interval.low, measure), to_display(interval.high, measure), interval.rule
    )


def _weights(rows: Sequence[Row], percent: NDArray[np.float64]) -> dict[str, float]:
    return {row.row_id: float(w) for row, w in zip(rows, percent, strict=True)}


def _column(rows: Sequence[Row], name: str) -> NDArray[np.float64]:
    """Return one field of every row; nan where it is missing."""
    return np.array([getattr(row, name) for row in rows], dtype=float)
