"""Every defensible analysis at once, the answer study by study and release by release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.review import answer_questions, write_results
from analysis.review.looks import looks, release_folders, released_results
from analysis.review.pooling import Plan, pool
from analysis.review.questions import parse_questions
from analysis.review.specifications import cumulative, specification_curve
from review_tables import counts, question_table

A = counts("ames2001", 12, 20, 6, 20, year=2001)
B = counts("bohr2002", 15, 30, 9, 30, year=2002)
C = counts("cole2003", 8, 15, 4, 16, year=2003)
LATE = counts("ames2001", 14, 20, 5, 20, year=2001, outcome="late relief")
PLANNED = [
    {"id": "late", "label": "Late", "why": "w", "replace": {"outcome": "late relief"}},
    {"id": "bayes", "label": "Bayes", "why": "w", "model": "bayes"},
]


def ask(rows, **changes):
    questions = parse_questions({"question": [question_table(**changes)]}, "q")
    return answer_questions(questions, {"studies": rows})


def test_the_curve_holds_every_set_of_rows_with_every_method_once():
    curve = specification_curve(ask([A, B, C, LATE], alternative=PLANNED).answers["relief"])
    # EE with z, and DL, PM, REML with z, HKSJ and HKSJ with floor: ten for each set of rows.
    by_rows = [s.rows_id for s in curve.specifications]
    assert (by_rows.count("main"), by_rows.count("late")) == (11, 10)
    keys = {(s.rows_id, s.model, s.method, s.ci_method) for s in curve.specifications}
    assert len(keys) == len(curve.specifications) == 21


def test_exactly_one_specification_is_primary_and_equals_the_answer():
    answer = ask([A, B, C, LATE], alternative=PLANNED).answers["relief"]
    (primary,) = [s for s in specification_curve(answer).specifications if s.primary]
    assert (primary.estimate, primary.ci_low, primary.method, primary.ci_method) == (
        answer.pooled.estimate,
        answer.pooled.ci_low,
        "REML",
        "hksj_floor",
    )


def test_specifications_stand_in_order_and_count_those_that_exclude_no_effect():
    curve = specification_curve(ask([A, B, C]).answers["relief"])
    estimates = [s.estimate for s in curve.specifications]
    assert estimates == sorted(estimates)
    assert curve.excluding_null == sum(s.ci_low > 1 or s.ci_high < 1 for s in curve.specifications)


def test_nothing_pooled_gives_an_empty_curve_and_no_cumulative_steps():
    answer = ask([A]).answers["relief"]
    assert specification_curve(answer).specifications == ()
    assert cumulative(answer) == ()


def test_cumulative_steps_begin_with_the_first_study_and_end_with_the_answer():
    answer = ask([C, A, B]).answers["relief"]
    steps = cumulative(answer)
    assert [(s.k, s.year) for s in steps] == [(1, 2001), (2, 2002), (3, 2003)]
    assert steps[0].estimate == answer.rows[0].estimate
    assert steps[-1].estimate == pytest.approx(answer.pooled.estimate, rel=1e-12)
    second = pool(answer.rows[:2], answer.measure, Plan())
    assert (steps[1].ci_low, steps[1].ci_high) == (second.ci_low, second.ci_high)


def test_each_release_is_a_look_in_the_order_of_versions(tmp_path: Path):
    for version, rows in {"2026.10.0": [A, B, C], "2026.9.0": [A, B], "2026.1.0": [A]}.items():
        results = replace(ask(rows), version=version)
        write_results(results, tmp_path / "data" / "releases" / version / "results.json")
    assert [f.name for f in release_folders(tmp_path)] == ["2026.1.0", "2026.9.0", "2026.10.0"]
    seen = looks(released_results(tmp_path))["relief"]
    assert [(look.version, look.answer.k, look.answer.pooled) for look in seen] == [
        ("2026.1.0", 1, False),
        ("2026.9.0", 2, True),
        ("2026.10.0", 3, True),
    ]


def test_an_answer_without_an_estimator_of_its_own_has_no_cumulative_steps():
    answer = ask([A, B], model="mantel_haenszel").answers["relief"]
    assert answer.pooled is not None
    assert cumulative(answer) == ()
