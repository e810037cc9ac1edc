"""Numbers in prose: an address finds exactly one number, or says what there is instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

import factories
from analysis.book.values import AddressError, cell_value, count_value, result_value
from analysis.review.results import Absolute, Answer, Certainty, Results

TABLE = [
    {"study_id": "a2019", "timepoint": "day 1", "change": "-21.0", "n": "4", "note": ""},
    {"study_id": "a2019", "timepoint": "day 3", "change": "0.7", "n": "84 to 91", "note": ""},
]


def tables(name: str) -> Sequence[dict[str, str]]:
    if name != "studies":
        raise AddressError(f"there is no table {name!r}")
    return TABLE


def results(answer: Answer) -> Results:
    return Results("2026.1", {}, {}, {answer.id: answer})


def text(part: str, answer: Answer) -> str:
    return result_value(f"{answer.id}: {part}", results(answer)).text


def trial() -> Answer:
    """Return an answer whose first row is 8 of 12 v 3 of 11 at week 8."""
    answer = factories.answer(k=3)
    row = replace(
        answer.rows[0],
        study_id="noppers2011",
        row_id="noppers2011 | esketamine v midazolam | relief | scale | week 8",
        timepoint="week 8",
        events_treat=8.0,
        n_treat=12.0,
        events_control=3.0,
        n_control=11.0,
    )
    return replace(answer, rows=(row, *answer.rows[1:]))


def test_a_range_in_a_cell_is_printed_with_to() -> None:
    rows = [{"study_id": "c2021", "share": "0-24.5", "seen": "2026-11-22"}]
    shown = [
        cell_value(f"t: {name} where study_id=c2021", lambda _: rows).text for name in rows[0]
    ]
    assert shown == ["c2021", "0 to 24.5", "2026-11-22"]


def test_a_cell_is_printed_as_it_stands_with_a_true_minus_sign() -> None:
    found = cell_value("studies: change where study_id=a2019; timepoint=day 1", tables)
    assert found.text == "\u221221.0"
    assert found.study_id == "a2019"


def test_the_size_of_a_number_has_no_sign() -> None:
    address = "studies: size of change where study_id=a2019; timepoint=day 1"
    assert cell_value(address, tables).text == "21.0"


def test_words_in_a_cell_stay_words() -> None:
    assert cell_value("studies: n where timepoint=day 3", tables).text == "84 to 91"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("studies: change where study_id=a2019", "2 rows of 'studies' match"),
        ("studies: change where study_id=b2020", "0 rows of 'studies' match"),
        ("studies: weight where study_id=a2019", "no column weight"),
        ("studies: change where colour=red", "no column colour"),
        ("studies: note where timepoint=day 1", "'note' is empty"),
        ("trials: n where trial_id=x", "no table 'trials'"),
        ("studies change", "not of the form"),
        ("studies: change where day 1", "not of the form KEY=VALUE"),
    ],
)
def test_an_address_that_finds_no_single_cell_says_why(address: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        cell_value(address, tables)


def test_rows_are_counted() -> None:
    assert count_value("studies", tables).text == "2"
    assert count_value("studies where timepoint=day 3", tables).text == "1"


def test_counting_nothing_is_an_error_because_it_may_be_a_misspelling() -> None:
    with pytest.raises(AddressError, match="no row of 'studies' matches"):
        count_value("studies where timepoint=day 33", tables)


def test_counts_and_sizes_are_those_of_the_row_that_is_named() -> None:
    answer = trial()
    for place in ("noppers2011", "noppers2011 at week 8", "noppers2011 at esketamine v midazolam"):
        assert text(f"counts of {place}", answer) == "8 of 12"
        assert text(f"control counts of {place}", answer) == "3 of 11"
        assert text(f"people of {place}", answer) == "23"
        assert text(f"people treated of {place}", answer) == "12"
        assert text(f"people in the control group of {place}", answer) == "11"


def test_a_number_of_a_row_leads_to_its_study() -> None:
    answer = trial()
    found = result_value(f"{answer.id}: counts of noppers2011", results(answer))
    assert found.study_id == "noppers2011"
    assert result_value(f"{answer.id}: k", results(answer)).study_id == ""


def test_the_effect_is_the_estimate_with_its_interval() -> None:
    answer = factories.answer(k=3)
    assert answer.pooled is not None
    assert text("estimate", answer) in text("effect", answer)
    assert text("interval", answer) in text("effect", answer)
    assert f"{answer.pooled.estimate:.2f}".lstrip("-") in text("estimate", answer)


@pytest.mark.parametrize(("k", "word"), [(2, "two"), (3, "three"), (10, "ten"), (14, "14")])
def test_few_studies_are_counted_in_words(k: int, word: str) -> None:
    assert text("k in words", replace(factories.answer(k=2), k=k)) == word


def test_absolute_effects_and_certainty_are_taken_from_the_answer() -> None:
    answer = replace(
        factories.answer(k=2),
        absolute=Absolute(57.4, "the control groups", 258.3, 106.0, 553.0, 4.0, 2.0, 9.0),
        certainty=Certainty("low", (), stale=False),
    )
    assert text("baseline per 1000", answer) == "57"
    assert text("difference per 1000", answer) == "258"
    assert text("certainty", answer) == "low"


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("difference per 1000", "no absolute effect"),
        ("baseline per 1000", "no absolute effect"),
        ("certainty", "was not rated"),
        ("colour", "nothing an answer or row has"),
        ("effect of alternative none", "no alternative 'none'"),
        ("counts of nobody1999", "0 rows of"),
    ],
)
def test_what_an_answer_lacks_is_named(part: str, reason: str) -> None:
    answer = replace(factories.answer(k=3), absolute=None, certainty=None)
    with pytest.raises(AddressError, match=reason):
        text(part, answer)


def test_an_unknown_question_is_answered_with_the_known_ones() -> None:
    answer = factories.answer(k=2)
    with pytest.raises(AddressError, match=answer.id):
        result_value("nothing: effect", results(answer))
