"""Looks counted: the interval that holds at every look, on the review's own answers."""

from __future__ import annotations

import math

import pytest

from analysis.review import answer_questions
from analysis.review.counted import counted_looks
from analysis.review.questions import parse_questions
from review_tables import counts, question_table

A = counts("ames2001", 12, 20, 6, 20, year=2001)
B = counts("bohr2002", 15, 30, 9, 30, year=2002)
C = counts("cole2003", 8, 15, 4, 16, year=2003)


def ask(rows, **changes):
    questions = parse_questions({"question": [question_table(**changes)]}, "q")
    return answer_questions(questions, {"studies": rows}).answers["relief"]


def test_the_last_look_is_the_answer_itself():
    answer = ask([C, A, B])
    found = counted_looks(answer)
    assert found.looks == 3
    assert found.estimate == pytest.approx(answer.pooled.estimate, rel=1e-12)


def test_counting_looks_widens_the_interval_about_the_same_estimate():
    found = counted_looks(ask([A, B, C]))
    (low, high), (earliest, latest) = found.ordinary, found.anytime
    assert earliest < low < found.estimate < high < latest
    # The measure is a ratio: both intervals are symmetric on its logarithm.
    for one, other in (found.ordinary, found.anytime):
        assert math.sqrt(one * other) == pytest.approx(found.estimate)


def test_a_null_value_outside_one_interval_only_is_told_apart():
    # Strong enough for a single look and too weak for many: z is about 2.2.
    rows = [counts(f"study{year}", 30, 100, 22, 100, year=year) for year in (2001, 2002, 2003)]
    found = counted_looks(ask(rows))
    assert found.ordinary_excludes_null
    assert not found.anytime_excludes_null


def test_nothing_is_counted_where_nothing_is_pooled_or_there_is_no_null():
    assert counted_looks(ask([A])) is None
    assert counted_looks(ask([A, B], model="mantel_haenszel")) is None
    assert counted_looks(ask([A, B, C], measure="PLO")) is None
