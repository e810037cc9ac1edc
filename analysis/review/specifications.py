"""Many defensible analyses of one question at once, and the answer as studies arrived.

Both repeat the question's own pooling on other rows or with other methods; nothing here is a
new result, it shows how far the answer hangs on choices and on single studies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.review.pooling import Plan, by_inverse_variance, try_to_pool
from analysis.review.results import Answer, Pooled, Row

METHODS = ("EE", "DL", "PM", "REML")
INTERVALS = ("z", "hksj", "hksj_floor")


@dataclass(frozen=True)
class Specification:
    """One analysis: which rows, pooled how, and what it gives (display scale).

    Attributes
    ----------
    rows_id, rows_label : str
        The set of rows: ``main``, or the alternative that chose it.
    model, method, ci_method : str
        As in :class:`~analysis.review.results.Pooled`.
    k : int
        Rows pooled.
    estimate, ci_low, ci_high : float
        Result on the display scale.
    primary : bool
        Whether this is the analysis the question names.
    """

    rows_id: str
    rows_label: str
    model: str
    method: str
    ci_method: str
    k: int
    estimate: float
    ci_low: float
    ci_high: float
    primary: bool


@dataclass(frozen=True)
class SpecificationCurve:
    """All specifications of a question, from the lowest estimate to the highest.

    ``excluding_null`` counts those whose interval excludes no effect; None for a measure
    without a value of no effect.
    """

    question_id: str
    specifications: tuple[Specification, ...]
    excluding_null: int | None


@dataclass(frozen=True)
class Cumulative:
    """The answer after one more study, in order of publication (display scale)."""

    label: str
    year: int
    k: int
    estimate: float
    ci_low: float
    ci_high: float


def specification_curve(answer: Answer) -> SpecificationCurve:
    """Repeat a pooled question with every set of rows, estimator and interval.

    The sets of rows are the main one and those of the planned alternatives and leave-one-out;
    the estimators are the common effect, DerSimonian–Laird, Paule–Mandel and REML, the
    intervals normal and Hartung–Knapp with and without floor. Models of another kind (Bayesian,
    Mantel–Haenszel, binomial–normal) come as the question planned them.

    Parameters
    ----------
    answer : Answer
        An answer with a pooled result; others give an empty curve.

    Returns
    -------
    SpecificationCurve
    """
    if answer.pooled is None:
        return SpecificationCurve(answer.id, (), None)
    found = sorted(_unique(_specifications(answer)), key=lambda s: (s.estimate, s.ci_low))
    null = answer.measure.null
    excluding = None if null is None else sum(not s.ci_low <= null <= s.ci_high for s in found)
    return SpecificationCurve(answer.id, tuple(found), excluding)


def cumulative(answer: Answer) -> tuple[Cumulative, ...]:
    """Pool a question's rows one after the other, in order of publication.

    The first entry is the first study by itself; each later one adds the next study to the
    pool, with the question's own estimator and interval. Empty where nothing is pooled by
    inverse variances.
    """
    pooled = answer.pooled
    if pooled is None or not by_inverse_variance(pooled):
        return ()
    rows = by_publication(answer)
    first = rows[0]
    assert first.estimate is not None
    assert first.ci_low is not None
    assert first.ci_high is not None
    steps = [Cumulative(first.label, first.year, 1, first.estimate, first.ci_low, first.ci_high)]
    plan = Plan(method=pooled.method, ci=pooled.ci_method)
    for k in range(2, len(rows) + 1):
        step, _ = try_to_pool(rows[:k], answer.measure, plan)
        if step is not None:
            steps.append(
                Cumulative(
                    rows[k - 1].label,
                    rows[k - 1].year,
                    k,
                    step.estimate,
                    step.ci_low,
                    step.ci_high,
                )
            )
    return tuple(steps)


def by_publication(answer: Answer) -> list[Row]:
    """Return the pooled rows of an answer in order of publication."""
    return sorted((row for row in answer.rows if row.pooled), key=lambda r: (r.year, r.row_id))


def _specifications(answer: Answer) -> Iterator[Specification]:
    assert answer.pooled is not None
    main = tuple(row.row_id for row in answer.rows if row.pooled)
    yield _specification("main", "Main analysis", answer.pooled, primary=True)
    by_id = {row.row_id: row for row in answer.rows}
    sets = {frozenset(main): ("main", "Main analysis")}
    for other in answer.alternatives:
        sets.setdefault(frozenset(other.rows), (other.id, other.label))
        if other.pooled is not None:
            yield _specification(*sets[frozenset(other.rows)], other.pooled)
    for chosen, (name, label) in sets.items():
        rows = [by_id[row_id] for row_id in sorted(chosen)]
        for plan in _plans():
            pooled, _ = try_to_pool(rows, answer.measure, plan)
            if pooled is not None:
                yield _specification(name, label, pooled)


def _plans() -> Iterator[Plan]:
    for method in METHODS:
        for ci in INTERVALS if method != "EE" else ("z",):
            yield Plan(method=method, ci=ci)


def _specification(
    rows_id: str, rows_label: str, pooled: Pooled, *, primary: bool = False
) -> Specification:
    return Specification(
        rows_id,
        rows_label,
        pooled.model,
        pooled.method,
        pooled.ci_method,
        pooled.k,
        pooled.estimate,
        pooled.ci_low,
        pooled.ci_high,
        primary,
    )


def _unique(found: Iterator[Specification]) -> list[Specification]:
    """Keep the first of analyses that are the same by rows, model, method and interval."""
    kept: dict[tuple[str, str, str, str], Specification] = {}
    for one in found:
        kept.setdefault((one.rows_id, one.model, one.method, one.ci_method), one)
    return list(kept.values())
