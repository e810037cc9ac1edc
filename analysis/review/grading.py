"""How sure an answer is: the inputs that can be computed, and the ratings that people made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analysis.review.results import Answer, Certainty, GradeInputs, Rating, Row
from analysis.review.selection import Record

_WORST_FIRST = ("high", "some_concerns", "no_information", "low")


def grade_inputs(answer: Answer, rows: Sequence[Row]) -> GradeInputs:
    """Compute what a rating of certainty can be held against.

    Parameters
    ----------
    answer : Answer
        The answer, pooled or not.
    rows : sequence of Row
        The rows it rests on, none sharing people with another. They count by their weight in
        the pooled result, or by their people where nothing is pooled.
    """
    shown = answer.pooled or (rows[0] if len(rows) == 1 else None)
    limits = (shown.ci_low, shown.ci_high) if shown else (None, None)
    prediction = answer.pooled.prediction if answer.pooled else None
    null = answer.measure.null
    events = [e for e in (answer.events_treat, answer.events_control) if e is not None]
    return GradeInputs(
        people=answer.n_treat + answer.n_control,
        events=sum(events) if events else None,
        includes_null=_includes(*limits, null),
        includes_important=_includes(*limits, _important(answer)),
        prediction_includes_null=(
            _includes(prediction.low, prediction.high, null) if prediction else None
        ),
        i2=answer.pooled.i2 if answer.pooled else None,
        tau2=answer.pooled.tau2 if answer.pooled else None,
        bias=_shares(rows, _worst),
        conditions=_shares(rows, lambda row: row.condition),
        asymmetry_testable="asymmetry_tests" in answer.policy.shown,
    )


def certainty(answer: Answer, lines: Sequence[Record]) -> Certainty | None:
    """Return the ratings of an answer, each flagged where the numbers moved after it.

    Parameters
    ----------
    answer : Answer
        With its fingerprint.
    lines : sequence of Record
        ``certainty.csv``.

    Returns
    -------
    Certainty or None
        None where nobody has rated the question.
    """
    ratings = tuple(
        Rating(
            domain=line["domain"],
            judgement=line["judgement"],
            reason=line["reason"],
            rated_on=line["rated_on"],
            rated_by=line["rated_by"],
            stale=line["rated_on_version"] != answer.fingerprint,
        )
        for line in lines
        if line["question_id"] == answer.id
    )
    if not ratings:
        return None
    overall = next((r.judgement for r in ratings if r.domain == "overall"), "not rated")
    return Certainty(overall, ratings, any(rating.stale for rating in ratings))


def _includes(low: float | None, high: float | None, value: float | None) -> bool | None:
    if low is None or high is None or value is None:
        return None
    return low <= value <= high


def _important(answer: Answer) -> float | None:
    """Return the smallest important difference on the good side of no effect."""
    size, null = answer.important_difference, answer.measure.null
    if size is None or null is None:
        return None
    if answer.measure.scale == "log":
        return max(size, 1 / size) if answer.better == "higher" else min(size, 1 / size)
    return null + abs(size) if answer.better == "higher" else null - abs(size)


def _worst(row: Row) -> str:
    judged = set(row.risk_of_bias.values())
    return next((level for level in _WORST_FIRST if level in judged), "not_assessed")


def _shares(rows: Sequence[Row], by: Callable[[Row], str]) -> dict[str, float]:
    """Return the share of the weight in percent for each value of ``by``."""
    weighted = all(row.weight is not None for row in rows)
    sizes = [
        (row.weight or 0.0) if weighted else (row.n_treat or 0.0) + (row.n_control or 0.0)
        for row in rows
    ]
    total = sum(sizes)
    shares: dict[str, float] = {}
    for row, size in zip(rows, sizes, strict=True):
        shares[by(row)] = shares.get(by(row), 0.0) + (100 * size / total if total else 0.0)
    return dict(sorted(shares.items()))
