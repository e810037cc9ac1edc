"""From a question and the tables to its answer, or to the reason there is none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

from analysis.meta.small_k import small_k_policy
from analysis.review.absolute import absolute_effect
from analysis.review.grading import certainty, grade_inputs
from analysis.review.measures import MEASURES
from analysis.review.pooling import reason_of_too_few, try_to_pool
from analysis.review.questions import Question, QuestionError
from analysis.review.results import Absolute, Alternative, Answer, Policy, Pooled, Row
from analysis.review.rows import chosen_rows, with_distinct_labels
from analysis.review.selection import Tables, people, records, refuse_shared_people
from analysis.review.sensitivity import plan_of, sensitivity


def answer(question: Question, tables: Tables) -> Answer:
    """Answer one pre-specified question.

    Parameters
    ----------
    question : Question
        As read from ``data/questions.toml``.
    tables : Tables
        ``studies``, and where they exist ``screening`` and ``risk_of_bias``.

    Returns
    -------
    Answer
        With ``pooled`` None and ``reason`` in words where nothing is pooled.

    Raises
    ------
    SharedPeopleError
        If a pool would count the same people twice.
    """
    measure = MEASURES[question.measure]
    chosen = chosen_rows(question, tables)
    usable = [row for row in chosen if row.yi is not None and not row.reason_not_pooled]
    counted = people(usable)
    k = len(counted)
    pooled: Pooled | None = None
    alternatives: tuple[Alternative, ...] = ()
    extra: tuple[Row, ...] = ()
    if question.model == "none":
        reason = question.why_not_pooled if usable else reason_of_too_few(0)
    else:
        refuse_shared_people(usable, question.id)
        pooled, reason = try_to_pool(usable, measure, plan_of(question))
        alternatives, extra = sensitivity(question, usable, tables)
    if not chosen:
        reason = "No study with results was found."
    drawn = {row.row_id for row in chosen}  # an alternative may bring back an excluded row
    extra = tuple(row for row in extra if row.row_id not in drawn)
    rows = [*(_final(row, pooled, reason) for row in chosen), *extra]
    facts = _facts(question, tables)
    policy = small_k_policy(k)
    absolute = absolute_effect(usable, pooled, measure, question.baseline, question.better)
    one_row_each = len(counted) == len(usable)
    made = Answer(
        id=question.id,
        title=question.title,
        question=question.text,
        chapter=question.chapter,
        role=question.role,
        design=question.design,
        population=question.population,
        intervention=question.intervention,
        comparator=question.comparator,
        outcome=question.outcome,
        timepoint=question.timepoint,
        measure=measure,
        better=question.better,
        favours_low=question.favours_low,
        favours_high=question.favours_high,
        important_difference=question.important_difference,
        order=question.order,
        rows=tuple(with_distinct_labels(rows)),
        k=k,
        n_treat=_sum(counted, "n_treat") or 0.0,
        n_control=_sum(counted, "n_control") or 0.0,
        events_treat=_sum(counted, "events_treat") if one_row_each else None,
        events_control=_sum(counted, "events_control") if one_row_each else None,
        policy=Policy(k, policy.level, policy.shown, dict(policy.withheld), dict(policy.caution)),
        pooled=pooled,
        reason=reason,
        alternatives=alternatives,
        absolute=absolute,
        caveats=(
            *(caveat.format(**facts) for caveat in question.caveats),
            *_caveats_of_data(question, pooled, absolute),
        ),
        important_difference_source=question.important_difference_source,
        fingerprint=fingerprint(usable),
    )
    ids = {row.row_id for row in counted}
    rests_on = [row for row in made.rows if row.row_id in ids]
    return replace(
        made,
        grade_inputs=grade_inputs(made, rests_on) if rests_on else None,
        certainty=certainty(made, tables.get("certainty", ())),
    )


def fingerprint(rows: Sequence[Row]) -> str:
    """Return a short hash that changes when, and only when, the rows' numbers do.

    Ten digits are compared, so that two machines that round differently agree.
    """
    numbers = sorted((row.row_id, f"{row.yi:.9e}", f"{row.vi:.9e}") for row in rows)
    return hashlib.sha256(json.dumps(numbers).encode()).hexdigest()[:12]


def _final(row: Row, pooled: Pooled | None, reason: str) -> Row:
    """Mark a row as pooled, with its weight, or say why it is not."""
    if pooled is not None and row.yi is not None and not row.reason_not_pooled:
        return replace(row, pooled=True, weight=pooled.weights.get(row.row_id))
    return replace(row, reason_not_pooled=row.reason_not_pooled or reason)


def _sum(rows: Sequence[Row], column: str) -> float | None:
    values = [value for row in rows if (value := getattr(row, column)) is not None]
    return sum(values) if values else None


def _facts(question: Question, tables: Tables) -> dict[str, SimpleNamespace]:
    """Return the rows whose cells the caveats print."""
    facts = {}
    for name, select in question.facts.items():
        found = records(tables["studies"], select)
        if len(found) != 1:
            raise QuestionError(
                f"question {question.id!r}: fact {name!r} must find exactly one "
                f"row of studies.csv, but finds {len(found)}."
            )
        facts[name] = SimpleNamespace(**found[0])
    return facts


def _caveats_of_data(
    question: Question, pooled: Pooled | None, absolute: Absolute | None
) -> tuple[str, ...]:
    """Return what must be said because of how the data turned out."""
    if pooled is None or question.baseline == "none" or absolute is not None:
        return ()
    return (
        "Nobody in the control groups had the event, so a ratio cannot say how many more "
        "people would have it.",
    )
