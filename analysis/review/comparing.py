"""What changed between two versions: the rows, every answer before and after, and why.

The way from the old answer to the new one is walked in steps, so that each cause is seen by
itself: the stored results of a release are first met with the present software on the same
data; then the question is asked as it is asked now; then the rows are put in place, one by
one, in the order in which they stand in the table.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import astuple, replace

from analysis.review.answering import answer
from analysis.review.changes import (
    CellChange,
    Comparison,
    QuestionChange,
    RowChange,
    Snapshot,
    Step,
    snapshot,
)
from analysis.review.flips import flips
from analysis.review.measures import MEASURES
from analysis.review.questions import Question, QuestionError
from analysis.review.results import Answer
from analysis.review.row_changes import by_key, row_changes
from analysis.review.selection import SharedPeopleError, Tables
from analysis.review.versions import Version

_NO_QUESTIONS = "{} carries no questions; the project's own are asked of it."
_NO_RESULTS = (
    "{} stores no results, so its answers are computed with the present software, "
    "and a change made by software alone would not be seen."
)


def compare(old: Version, new: Version, questions: Mapping[str, Question]) -> Comparison:
    """Compare two versions of the review.

    Parameters
    ----------
    old, new : Version
        As found by :func:`~analysis.review.versions.find_version`.
    questions : mapping of str to Question
        The project's own questions, for a version that carries none.

    Returns
    -------
    Comparison
    """
    asked_old = questions if old.questions is None else old.questions
    asked_new = questions if new.questions is None else new.questions
    rows = row_changes(old.tables, new.tables)
    changes, unchanged = [], []
    for name in [*asked_new, *(name for name in asked_old if name not in asked_new)]:
        change = _question_change(asked_old.get(name), asked_new.get(name), old, new, rows)
        if change is None:
            unchanged.append(name)
        else:
            changes.append(change)
    notes = [_NO_QUESTIONS.format(v.name) for v in (old, new) if v.questions is None]
    notes += [_NO_RESULTS.format(old.name)] if old.results is None else []
    return Comparison(
        old.name,
        new.name,
        tuple(rows),
        tuple(changes),
        tuple(unchanged),
        _software(old, new),
        tuple(notes),
    )


def same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots agree to nine digits: two machines may round the last ones apart."""
    return all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in zip(astuple(one), astuple(other), strict=True)
    )


def _question_change(
    asked_old: Question | None,
    asked_new: Question | None,
    old: Version,
    new: Version,
    rows: Sequence[RowChange],
) -> QuestionChange | None:
    """Return how one question's answer changed, or None where it did not."""
    asked = asked_new or asked_old
    assert asked is not None
    stored = [v.results.answers.get(asked.id) for v in (old, new) if v.results is not None]
    if len(stored) == 2 and stored[0] is not None and stored[0] == stored[1]:
        return None
    measure = MEASURES[asked.measure]
    if asked_old is None or asked_new is None:
        ends = (_end(asked_old, old), _end(asked_new, new))
        return QuestionChange(asked.id, asked.title, measure.name, *ends, (), ())
    steps = tuple(_steps(asked_old, asked_new, old, new, rows))
    before = steps[0].before if steps else snapshot(_stored_or_asked(asked_old, old))
    after = steps[-1].after if steps else before
    before, after = (
        _rated(end, asked.id, version) for end, version in ((before, old), (after, new))
    )
    found = flips(before, after, measure, asked.important_difference)
    if not steps and not found:
        return None
    return QuestionChange(asked.id, asked.title, measure.name, before, after, steps, found)


def _steps(
    asked_old: Question,
    asked_new: Question,
    old: Version,
    new: Version,
    rows: Sequence[RowChange],
) -> Iterator[Step]:
    """Yield every step that moves a number, from the old answer to the new one."""
    first = _stored_or_asked(asked_old, old)
    same_data = answer_or_reason(asked_old, old.tables)
    yield from _step("software", (), "Present software, same data", first, same_data)
    now_asked = answer_or_reason(asked_new, old.tables)
    yield from _step("question", (), "The question as it is asked now", same_data, now_asked)
    last = yield from _data_steps(asked_new, old, new, rows, now_asked)
    stored = _stored_or_asked(asked_new, new)
    yield from _step("software", (), "Software of the newer version", last, stored)


def _data_steps(
    asked: Question,
    old: Version,
    new: Version,
    rows: Sequence[RowChange],
    first: Answer | str,
) -> Generator[Step, None, Answer | str]:
    """Put the changed rows in place one by one, and yield each that moves a number.

    Rows that can only be put in place together, because one alone would count the same people
    twice, make one step.
    """
    last = answer_or_reason(asked, new.tables)
    lines, target = (
        by_key("studies", old.tables["studies"]),
        by_key("studies", new.tables["studies"]),
    )
    used = {
        row.row_id
        for answered in (first, last)
        if isinstance(answered, Answer)
        for row in answered.rows
    }
    waiting: list[RowChange] = []
    current = first
    for change in rows:
        if change.table != "studies" or change.row_id not in used:
            continue
        if change.row_id in target:
            lines[change.row_id] = target[change.row_id]
        else:
            del lines[change.row_id]
        waiting.append(change)
        answered = answer_or_reason(asked, {**new.tables, "studies": list(lines.values())})
        if isinstance(answered, str) and not isinstance(last, str):
            continue
        yield from _step(
            "data",
            tuple(c.row_id for c in waiting),
            "; ".join(f"{c.label} ({c.kind})" for c in waiting),
            current,
            answered,
        )
        current, waiting = answered, []
    return current


def _step(
    cause: str, rows: tuple[str, ...], label: str, before: Answer | str, after: Answer | str
) -> Iterator[Step]:
    ends = snapshot(before), snapshot(after)
    if not same(*ends):
        yield Step(cause, rows, label, *ends)


def answer_or_reason(question: Question, tables: Tables) -> Answer | str:
    """Return the answer, or why these tables cannot give one."""
    try:
        return answer(question, tables)
    except (SharedPeopleError, QuestionError, KeyError) as error:
        return f"Not answerable: {error}"


def _stored_or_asked(question: Question, version: Version) -> Answer | str:
    if version.results is not None and question.id in version.results.answers:
        return version.results.answers[question.id]
    return answer_or_reason(question, version.tables)


def _end(question: Question | None, version: Version) -> Snapshot | None:
    if question is None:
        return None
    return _rated(snapshot(_stored_or_asked(question, version)), question.id, version)


def _rated(end: Snapshot, question_id: str, version: Version) -> Snapshot:
    for line in version.tables.get("certainty", ()):
        if line["question_id"] == question_id and line["domain"] == "overall":
            return replace(end, certainty=line["judgement"])
    return end


def _software(old: Version, new: Version) -> dict[str, CellChange]:
    """Return the packages and the lock that both versions state and that differ."""
    before, after = old.software, new.software
    return {
        name: CellChange(name, before[name], after[name])
        for name in before
        if name in after and before[name] != after[name]
    }
