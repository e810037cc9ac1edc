"""Certainty: computed inputs beside human ratings, which are flagged when the numbers move."""

from __future__ import annotations

import csv

import pytest

from analysis.review import answer, answer_all
from analysis.review.questions import load_questions, parse_questions
from review_tables import ROOT, counts, question_table, study

ROWS = [
    counts("ames2001", 12, 20, 6, 20),
    counts("bohr2002", 15, 30, 9, 30, condition="cancer"),
    counts("cole2003", 8, 15, 4, 16),
]


def ask(rows=ROWS, bias=(), ratings=(), **changes):
    question = parse_questions({"question": [question_table(**changes)]}, "q")["relief"]
    return answer(question, {"studies": rows, "risk_of_bias": bias, "certainty": ratings})


def judged(study_id: str, domain: str, judgement: str) -> dict[str, str]:
    return {"study_id": study_id, "domain": domain, "judgement": judgement}


def rating(domain: str, judgement: str, fingerprint: str) -> dict[str, str]:
    return {
        "question_id": "relief",
        "domain": domain,
        "judgement": judgement,
        "reason": "r",
        "rated_on_version": fingerprint,
        "rated_on": "2026-11-22",
        "rated_by": "t",
    }


def test_bias_is_weighed_by_the_worst_judgement_of_each_study():
    got = ask(
        bias=[
            judged("ames2001", "D1", "low"),
            judged("ames2001", "D4", "high"),
            judged("bohr2002", "D1", "some concerns"),
        ]
    )
    weight = {row.study_id: row.weight for row in got.rows}
    assert got.grade_inputs.bias == pytest.approx(
        {
            "high": weight["ames2001"],
            "some_concerns": weight["bohr2002"],
            "not_assessed": weight["cole2003"],
        }
    )


def test_conditions_are_shares_of_the_weight():
    got = ask()
    weight = {row.study_id: row.weight for row in got.rows}
    assert got.grade_inputs.conditions == pytest.approx(
        {"cancer": weight["bohr2002"], "fibromyalgia": weight["ames2001"] + weight["cole2003"]}
    )


def test_information_size_is_people_and_events():
    inputs = ask().grade_inputs
    assert (inputs.people, inputs.events) == (131, 54)
    assert inputs.asymmetry_testable is False


@pytest.mark.parametrize(
    ("better", "difference", "includes"),
    [("lower", 4.0, True), ("lower", 12.0, False), ("higher", 4.0, False)],
)
def test_the_important_difference_is_looked_for_on_the_good_side(better, difference, includes):
    row = study(
        "ames2001",
        estimate=-5,
        estimate_measure="MD",
        ci_low=-10,
        ci_high=0.5,
        n_treat=9,
        n_control=9,
        better=better,
    )
    got = ask(
        [row],
        measure="MD",
        better=better,
        important_difference=difference,
        important_difference_source="s",
    )
    assert got.grade_inputs.includes_important is includes
    assert got.grade_inputs.includes_null is True


def test_no_usable_number_has_no_inputs():
    assert ask([]).grade_inputs is None


def test_a_rating_is_fresh_until_the_numbers_move():
    fingerprint = ask().fingerprint
    ratings = [rating("overall", "low", fingerprint), rating("imprecision", "serious", "older")]
    got = ask(ratings=ratings).certainty
    assert (got.overall, got.stale) == ("low", True)
    assert [r.stale for r in got.ratings] == [False, True]


def test_a_question_without_ratings_has_no_certainty():
    assert ask().certainty is None


# --- the review's own ratings -------------------------------------------------------------------

STEPS = {
    "not serious": 0,
    "undetected": 0,
    "serious": 1,
    "suspected": 1,
    "very serious": 2,
    "extremely serious": 3,
}
LEVELS = ("high", "moderate", "low", "very low")


def lines() -> list[dict[str, str]]:
    with (ROOT / "data/certainty.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_rating_belongs_to_a_question_and_every_question_is_rated():
    assert {line["question_id"] for line in lines()} == set(
        load_questions(ROOT / "data/questions.toml")
    )


def test_the_overall_level_is_the_sum_of_the_steps_down():
    by_question: dict[str, dict[str, str]] = {}
    for line in lines():
        by_question.setdefault(line["question_id"], {})[line["domain"]] = line["judgement"]
    for name, judged_domains in by_question.items():
        overall = judged_domains.pop("overall")
        if overall == "not rated":
            assert judged_domains == {}, name
            continue
        assert len(judged_domains) == 5, name
        down = sum(STEPS[judgement] for judgement in judged_domains.values())
        assert overall == LEVELS[min(down, 3)], name


def test_no_rating_is_stale():
    stale = [a.id for a in answer_all(ROOT).answers.values() if a.certainty and a.certainty.stale]
    assert stale == []
