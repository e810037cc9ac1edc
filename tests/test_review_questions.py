"""Questions are read as written, and every fault of the file is named with its place."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import fields
from pathlib import Path

import pytest

from analysis.review.questions import Question, QuestionError, load_questions, parse_questions
from review_tables import ROOT, published_rows, question_table

FILE = ROOT / "data" / "questions.toml"


def fault_of(*tables: dict, **document: object) -> str:
    with pytest.raises(QuestionError) as caught:
        parse_questions({"question": list(tables), **document}, "q.toml")
    return str(caught.value)


def test_a_question_keeps_every_key_it_was_given():
    table = question_table(
        method="DL", ci="z", important_difference=1.25, important_difference_source="a survey"
    )
    question = parse_questions({"question": [table]}, "q.toml")["relief"]
    assert (question.method, question.ci, question.important_difference) == ("DL", "z", 1.25)
    assert question.select == ({"outcome": ("relief",)},)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ci": "hkjs"}, "key 'ci' is 'hkjs', but must be one of z, t, hksj, hksj_floor"),
        ({"mesure": "RR"}, "key 'mesure' is not known; did you mean 'measure'?"),
        ({"title": None}, "key 'title' is missing"),
        ({"text": "  "}, "key 'text' is '  ', but must be a text that is not empty"),
        ({"select": {"outcome": 3}}, "key 'select' is {'outcome': 3}, but must be a table"),
        ({"model": "none"}, "key 'why_not_pooled' is missing"),
        ({"why_not_pooled": "No."}, "key 'why_not_pooled' is given, but"),
        ({"important_difference": 2.0}, "key 'important_difference_source' is missing"),
        ({"important_difference": -1}, "must be a number above 0"),
        ({"caveats": ["{arm.n_treat} people"]}, "uses {arm.n_treat}, but the question has no"),
        ({"alternative": [{"id": "a", "label": "A"}]}, "alternative a: key 'why' is missing"),
        ({"exclude": [{"reason": "because"}]}, "exclude 1: key 'select' is missing"),
        ({"template": "nowhere"}, "key 'template' is 'nowhere', but must be one of none"),
    ],
)
def test_a_fault_names_file_question_key_and_what_is_right(changes, words):
    message = fault_of(question_table(**changes))
    assert message.startswith("q.toml, question relief: ")
    assert words in message


def test_all_faults_are_told_at_once():
    message = fault_of(question_table(ci="x", better="more"), question_table(measure="ES"))
    assert [part in message for part in ("'ci'", "'better'", "'measure'")] == [True] * 3


def test_an_id_used_twice_is_refused():
    assert "the id is used twice" in fault_of(question_table(), question_table())


def test_a_question_inherits_its_template_and_adds_to_its_lists():
    base = {"caveats": ["A."], "role": "descriptive", "method": "DL"}
    middle = {"template": "base", "caveats": ["B about {outcome}."]}
    table = question_table(template="middle", role=None, method="PM", caveats=["C."])
    document = {"template": {"base": base, "middle": middle}, "question": [table]}
    question = parse_questions(document, "q.toml")["relief"]
    assert question.caveats == ("A.", "B about relief.", "C.")
    assert (question.role, question.method) == ("descriptive", "PM")


def test_a_template_that_inherits_itself_is_refused():
    message = fault_of(question_table(template="a"), template={"a": {"template": "a"}})
    assert "key 'template' is 'a', but must be one of" in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[[question]\n", "not valid TOML"),
        (b"title = '\xe9'", "not a UTF-8 text file"),
        (b"", "holds no [[question]] table"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content, words):
    path = tmp_path / "questions.toml"
    path.write_bytes(content)
    with pytest.raises(QuestionError, match=r"questions\.toml") as caught:
        load_questions(path)
    assert words in str(caught.value)


def test_the_file_explains_every_key_it_may_hold():
    head = FILE.read_text(encoding="utf-8").split("# --- Templates")[0]
    keys = {"alternative" if f.name == "alternatives" else f.name for f in fields(Question)}
    assert [key for key in sorted(keys) if f" {key}" not in head] == []


def test_every_adverse_event_of_two_or_more_of_the_four_trials_has_a_question():
    trials = {"fedgchin2019", "takahashi2021", "ionescu2021", "fu2020"}
    seen = defaultdict(set)
    for row in published_rows():
        if row["study_id"] in trials and row["comparison"] == "esketamine v placebo spray":
            seen[row["outcome"]].add(row["study_id"])
    reported = {outcome for outcome, by in seen.items() if len(by) >= 2}
    asked = {q.outcome for q in load_questions(FILE).values() if q.chapter == "safety"}
    assert asked == reported


def test_ids_are_in_the_form_that_certainty_ratings_refer_to():
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    ids = [table["id"] for table in document["question"]]
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in ids)
