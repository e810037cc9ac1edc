"""The other analyses of a question: planned alternatives, and leave-one-out where allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.meta.small_k import small_k_policy
from analysis.review.measures import MEASURES
from analysis.review.pooling import Plan, try_to_pool
from analysis.review.questions import AlternativePlan, Question, Selection
from analysis.review.results import Alternative, Row
from analysis.review.rows import make_row, risk_of_bias
from analysis.review.selection import (
    Tables,
    participants,
    reason_of_status,
    records,
    refuse_shared_people,
)

_NO_ROWS = "The data hold no usable row for this analysis."


def sensitivity(
    question: Question, rows: Sequence[Row], tables: Tables
) -> tuple[tuple[Alternative, ...], tuple[Row, ...]]:
    """Carry out every alternative analysis of a question.

    Parameters
    ----------
    question : Question
        With its planned alternatives.
    rows : sequence of Row
        The rows of the main analysis.
    tables : Tables
        For the rows that only an alternative uses.

    Returns
    -------
    alternatives : tuple of Alternative
        In the planned order, leave-one-out last.
    extra : tuple of Row
        Rows used by an alternative only, each saying so.

    Raises
    ------
    SharedPeopleError
        If an alternative would count the same people twice.
    """
    alternatives: list[Alternative] = []
    extra: dict[str, Row] = {}
    for planned in question.alternatives:
        brought = _rows(question, planned.add or planned.replace, tables)
        needs_rows = bool(planned.add or planned.replace)
        if len(rows) + len(brought) < 2:
            continue
        alternatives.append(_alternative(question, planned, rows, brought, needs_rows))
        for row in brought:
            why = f"Used only in the sensitivity analysis “{planned.label}”."
            extra.setdefault(row.row_id, replace(row, reason_not_pooled=why))
    return (*alternatives, *_leave_one_out(question, rows)), tuple(extra.values())


def plan_of(question: Question, planned: AlternativePlan | None = None) -> Plan:
    """Return how the question, or one of its alternatives, pools."""
    chosen = planned or AlternativePlan("", "", "")
    return Plan(
        chosen.model or question.model,
        chosen.method or question.method,
        chosen.ci or question.ci,
        question.tau_prior,
    )


def _alternative(
    question: Question,
    planned: AlternativePlan,
    rows: Sequence[Row],
    brought: Sequence[Row],
    needs_rows: bool,
) -> Alternative:
    kept = list(rows)
    if planned.replace:
        replaced = set().union(*(participants(row) for row in brought))
        kept = [row for row in rows if participants(row).isdisjoint(replaced)]
    used = [*kept, *brought]
    refuse_shared_people(used, f"{question.id}, alternative {planned.id}")
    if needs_rows and not brought:
        pooled, reason = None, _NO_ROWS
    else:
        pooled, reason = try_to_pool(used, MEASURES[question.measure], plan_of(question, planned))
    return Alternative(
        planned.id, planned.label, planned.why, tuple(row.row_id for row in used), pooled, reason
    )


def _rows(question: Question, select: Selection, tables: Tables) -> list[Row]:
    """Return the usable rows an alternative brings in."""
    bias = risk_of_bias(tables)
    made = [
        make_row(record, question, bias, "")
        for record in records(tables["studies"], select)
        if not reason_of_status(record)
    ]
    return [row for row in made if row.yi is not None]


def _leave_one_out(question: Question, rows: Sequence[Row]) -> list[Alternative]:
    if "leave_one_out" not in small_k_policy(len(rows)).shown:
        return []
    alternatives = []
    for left_out in rows:
        kept = [row for row in rows if row is not left_out]
        pooled, reason = try_to_pool(kept, MEASURES[question.measure], plan_of(question))
        alternatives.append(
            Alternative(
                f"without-{left_out.study_id}",
                f"Without {left_out.label}",
                "Shows how much the answer depends on this study.",
                tuple(row.row_id for row in kept),
                pooled,
                reason,
            )
        )
    return alternatives
