"""Synthetic answers for tests of everything that reads the results object.

The numbers are computed here by the textbook formulae (inverse-variance
weights, a common effect), so that tests can check figures against arithmetic
that the figures never see.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.review.results import (
    Alternative,
    Answer,
    Measure,
    Policy,
    Pooled,
    Prediction,
    Row,
    Source,
)

RATIO = Measure("RR", "Risk ratio", "log", 1.0)
DIFFERENCE = Measure("MD", "Mean difference", "identity", 0.0, "points")
PROPORTION = Measure("PLO", "Proportion", "logit", None)
LONG = "Anagnostopoulos-Papadimitriou et al. for the Very Long Collaborative Group"


def _source(i: int) -> Source:
    return Source(f"study{i}", "Table 2", "full_text")


def _row(i: int, measure: Measure, rng: np.random.Generator, label: str) -> Row:
    n1, n2 = (int(n) for n in rng.integers(10, 220, size=2))
    events: dict[str, Any] = dict.fromkeys(("events_treat", "events_control"))
    means: dict[str, Any] = dict.fromkeys(("mean_treat", "sd_treat", "mean_control", "sd_control"))
    control: dict[str, Any] = {"n_control": float(n2), "comparator_type": "inert"}
    if measure.scale == "identity":
        m1, m2 = rng.normal(4, 1), rng.normal(5, 1)
        s1, s2 = rng.uniform(1.5, 3, size=2)
        yi, vi = m1 - m2, s1**2 / n1 + s2**2 / n2
        means = {"mean_treat": m1, "sd_treat": s1, "mean_control": m2, "sd_control": s2}
        back = float
    elif measure.scale == "log":
        a, c = (int(rng.integers(1, n)) for n in (n1, n2))
        yi = math.log((a / n1) / (c / n2))
        vi = 1 / a - 1 / n1 + 1 / c - 1 / n2
        events = {"events_treat": float(a), "events_control": float(c)}
        back = math.exp
    else:
        a = int(rng.integers(1, n1))
        yi, vi = math.log(a / (n1 - a)), 1 / a + 1 / (n1 - a)
        events = {"events_treat": float(a), "events_control": None}
        control = {"n_control": None, "comparator_type": "none"}

        def back(value: float) -> float:
            return 1 / (1 + math.exp(-value))

    vi = max(vi, 0.002)
    half = 1.959964 * math.sqrt(vi)
    return Row(
        row_id=f"s{i}-outcome",
        study_id=f"s{i}",
        label=label,
        year=1995 + i % 30,
        participants_id=f"s{i}",
        condition="fibromyalgia",
        route="intravenous",
        comparator="saline",
        timepoint="day 1",
        n_treat=float(n1),
        **control,
        **events,
        **means,
        yi=yi,
        vi=vi,
        estimate=back(yi),
        ci_low=back(yi - half),
        ci_high=back(yi + half),
        ci_method="z",
        weight=None,
        pooled=True,
        reason_not_pooled="",
        source=_source(i),
    )


def answer(
    k: int = 6,
    measure: Measure = RATIO,
    *,
    seed: int = 1,
    long_labels: bool = False,
    not_pooled: int = 0,
    risk_of_bias: bool = False,
    better: str = "lower",
    **changes: Any,
) -> Answer:
    """Return an answer with ``k`` pooled rows and ``not_pooled`` further ones."""
    rng = np.random.default_rng(seed)
    labels = [f"{LONG if long_labels and i % 3 == 0 else 'Study'} {1995 + i}" for i in range(k)]
    labels += [f"Kept apart {2000 + i}" for i in range(not_pooled)]
    rows = [_row(i, measure, rng, label) for i, label in enumerate(labels)]
    for i in range(k, len(rows)):
        rows[i] = replace(
            rows[i], pooled=False, reason_not_pooled="the same people as in another row."
        )
    if risk_of_bias:
        levels = ("low", "some_concerns", "high", "no_information")
        domains = ("D1", "D2", "D3", "D4", "D5", "overall")
        rows = [
            replace(
                row,
                risk_of_bias={d: levels[(i + j) % 4] for j, d in enumerate(domains)},
            )
            for i, row in enumerate(rows)
        ]
    pooled = common_effect(rows[:k], measure) if k >= 2 else None
    if pooled is None:
        reason = "One study, nothing pooled." if k else "No study met the criteria."
        rows = [replace(row, pooled=False, reason_not_pooled=reason) for row in rows]
    else:
        rows = [replace(r, weight=pooled.weights.get(r.row_id)) for r in rows]

    def total(name: str) -> float | None:
        values = [getattr(row, name) for row in rows[:k]]
        return sum(v for v in values if v is not None) if any(values) else None

    withheld = {} if k >= 3 else {"prediction_interval": f"not defined for k = {k}."}
    made = Answer(
        id="synthetic",
        title="Synthetic question",
        question="Does it work?",
        chapter="fibromyalgia",
        role="primary",
        design="single_arm" if measure.null is None else "controlled",
        population="adults with fibromyalgia",
        intervention="Ketamine",
        comparator="Placebo",
        outcome="pain",
        timepoint="day 1",
        measure=measure,
        better=better,
        favours_low="ketamine" if better == "lower" else "placebo",
        favours_high="placebo" if better == "lower" else "ketamine",
        important_difference=None,
        order="year",
        rows=tuple(rows),
        k=k,
        n_treat=total("n_treat") or 0.0,
        n_control=total("n_control") or 0.0,
        events_treat=total("events_treat"),
        events_control=total("events_control"),
        policy=Policy(k, "synthetic", (), withheld),
        pooled=pooled,
        reason="" if pooled else ("One study, nothing pooled." if k else "No study was found."),
    )
    return replace(made, **changes)


def common_effect(rows: list[Row], measure: Measure) -> Pooled:
    """Pool by inverse variances, with a prediction interval for three or more."""
    yi = np.array([row.yi for row in rows], dtype=float)
    weights = 1 / np.array([row.vi for row in rows], dtype=float)
    mean, se = float(np.average(yi, weights=weights)), float(weights.sum() ** -0.5)
    tau = 0.3
    q = float((weights * (yi - mean) ** 2).sum())
    back = {
        "identity": float,
        "log": math.exp,
        "logit": lambda value: 1 / (1 + math.exp(-value)),
    }[measure.scale]
    spread = 2.2 * math.hypot(tau, se)
    return Pooled(
        model="random-effects",
        method="REML",
        ci_method="hksj_floor",
        level=0.95,
        k=len(rows),
        estimate=back(mean),
        se=se,
        ci_low=back(mean - 1.96 * se),
        ci_high=back(mean + 1.96 * se),
        pvalue=0.021,
        tau2=tau**2,
        tau2_ci=(0.0, 1.2),
        i2=max(0.0, 100 * (q - len(rows) + 1) / q),
        i2_definition="Higgins",
        h2=q / (len(rows) - 1),
        q=q,
        q_df=len(rows) - 1,
        q_pvalue=0.2,
        prediction=Prediction(back(mean - spread), back(mean + spread), "k-2")
        if len(rows) >= 3
        else None,
        weights={
            row.row_id: 100 * w / weights.sum() for row, w in zip(rows, weights, strict=True)
        },
    )


def with_two_models(made: Answer) -> Answer:
    """Add a wider analysis of the same rows, as the policy shows for k = 2."""
    assert made.pooled is not None
    wide = replace(
        made.pooled,
        model="bayes",
        method="",
        ci_method="credible",
        ci_low=made.pooled.ci_low * 0.7,
        ci_high=made.pooled.ci_high * 1.4,
    )
    rows = tuple(row.row_id for row in made.rows if row.pooled)
    other = Alternative("bayes", "Bayesian, half-normal (0.5) prior for τ", "k = 2", rows, wide)
    return replace(made, alternatives=(other,))
