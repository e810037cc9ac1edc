"""Screening: decisions of one or two reviewers, in any order, and their agreement."""

from __future__ import annotations

import pytest

from analysis.living.screening import (
    Judgement,
    ReviewerStopped,
    disputed,
    judge,
    kappa,
    record,
    settled,
    show,
    waiting_for,
)

REASONS = {"not_ketamine": "No ketamine was given", "wrong_condition": "Another condition"}


def row(**cells: str) -> dict[str, str]:
    """Return an undecided record."""
    names = [f"{what}_{who}" for who in "12" for what in ("decision", "reviewer", "decided_on")]
    empty = dict.fromkeys([*names, "reason", "note"], "")
    about = {"title": "A trial", "authors": "Doe J", "year": "2026", "url": "https://doi.org/x"}
    more = {"doi": "", "pmid": "", "registry_id": "", "source": "s1", "found_on": "2026-11-22"}
    return empty | about | more | {"decision": "undecided", "decision_1": "undecided"} | cells


def answers(*lines: str):
    """Return a keyboard that types these lines, then ends."""
    left = list(lines)

    def ask(_: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    return ask


def test_one_reviewers_decision_stands():
    """With a single reviewer the decision is theirs."""
    decided = record(row(), Judgement("include"), "Ann", "2026-11-22", second=False)
    assert decided["decision"] == decided["decision_1"] == "include"
    assert decided["reviewer_1"] == "Ann"
    assert list(waiting_for([decided], "Ann", second=False)) == []


def test_two_who_agree_settle_a_record_and_two_who_do_not_leave_it_open():
    """Disagreement makes a record undecided again."""
    first = record(row(), Judgement("include"), "Ann", "2026-11-22", second=False)
    same = record(first, Judgement("include"), "Bob", "2026-11-23", second=True)
    other = record(
        first, Judgement("exclude", "wrong_condition"), "Bob", "2026-11-23", second=True
    )
    assert same["decision"] == "include"
    assert other["decision"] == "undecided"
    assert other["decision_1"] == "include"
    assert other["decision_2"] == "exclude"


def test_the_second_reviewer_sees_only_what_another_has_judged():
    """Nobody is their own second opinion."""
    open_record, by_ann = row(), row(decision_1="include", reviewer_1="Ann")
    assert list(waiting_for([open_record, by_ann], "Bob", second=True)) == [by_ann]
    assert list(waiting_for([by_ann], "Ann", second=True)) == []


def test_an_exclusion_needs_a_reason_from_the_list():
    """A wrong number is asked again."""
    said: list[str] = []
    verdict = judge(answers("e", "9", "2"), said.append, REASONS)
    assert verdict == Judgement("exclude", "wrong_condition")
    assert "'9' is not a number from 1 to 2." in said


def test_an_unknown_key_is_explained_and_asked_again():
    """Typing something else loses nothing."""
    said: list[str] = []
    assert judge(answers("x", "l"), said.append, REASONS) == Judgement("later")
    assert said == ["'x' is not one of i, e, l, s, q."]


@pytest.mark.parametrize("typed", [("q",), (), ("e",)])
def test_quitting_or_the_end_of_input_stops_without_a_decision(typed):
    """Even between decision and reason."""
    with pytest.raises(ReviewerStopped):
        judge(answers(*typed), lambda _: None, REASONS)


def test_kappa_equals_the_textbook_example():
    """Cohen's kappa of a 2 x 2 table with counts 20, 5, 10 and 15 is 0.4."""
    pairs = (
        [("include", "include")] * 20
        + [("include", "exclude")] * 5
        + [("exclude", "include")] * 10
        + [("exclude", "exclude")] * 15
    )
    rows = [row(decision_1=first, decision_2=second) for first, second in pairs]
    judged, agreed, value = kappa(rows)
    assert (judged, agreed) == (50, 35)
    assert value == pytest.approx(0.4)


def test_kappa_is_not_defined_where_nothing_differs():
    """All included by both: chance agreement is total."""
    rows = [row(decision_1="include", decision_2="include")] * 3
    assert kappa(rows) == (3, 3, None)
    assert kappa([]) == (0, 0, None)


def test_the_reviewer_sees_title_place_and_abstract():
    """What is needed to decide is on one screen."""
    search = {"source": "PubMed", "query": "ketamine AND fatigue"}
    text = show(row(), search, "Background: none.")
    assert "A trial" in text
    assert "https://doi.org/x" in text
    assert "Background: none." in text
    assert "found in PubMed on 2026-11-22 by the search ketamine AND fatigue" in text
    assert "(no abstract at hand)" in show(row(), {}, "")


def test_the_second_reviewer_is_not_told_what_the_first_said_but_who_settles_is():
    """Two verdicts are independent only if the second is given blind."""
    judged = row(decision_1="include", reviewer_1="Ann")
    assert "Ann" not in show(judged, {}, "")
    disagreed = judged | {"decision_2": "exclude", "reviewer_2": "Bob"}
    assert "Ann: include; Bob: exclude" in show(disagreed, {}, "")


def test_a_disagreement_is_settled_without_a_word_of_the_two_being_changed():
    """Agreement is still computed from what two people said by themselves."""
    two = {"decision_1": "include", "decision_2": "exclude"}
    open_record, agreed = row(**two), row(decision_1="include", decision_2="include")
    assert list(disputed([open_record, agreed])) == [open_record]
    closed = settled(open_record, Judgement("exclude", "wrong_condition"), "Cy", "2026-11-24")
    assert closed.items() >= {**two, "decision": "exclude", "reason": "wrong_condition"}.items()
    assert closed["note"] == "Settled by Cy on 2026-11-24."
    assert list(disputed([closed])) == []
    assert kappa([open_record]) == kappa([closed])
    assert settled(open_record, Judgement("later"), "Cy", "2026-11-24") == open_record


def test_whoever_said_later_is_asked_again_and_meets_what_the_other_said_meanwhile():
    """A first reviewer's late verdict does not outvote the second's."""
    later = row(decision_1="later", reviewer_1="Ann", decision_2="later", reviewer_2="Bob")
    assert list(waiting_for([later], "Ann", second=False)) == [later]
    assert list(waiting_for([later], "Bob", second=True)) == [later]
    excluded = later | {"decision_2": "exclude"}
    both = record(excluded, Judgement("include"), "Ann", "2026-11-24", second=False)
    assert both["decision"] == "undecided"
    alone = record(later, Judgement("include"), "Ann", "2026-11-24", second=False)
    assert alone["decision"] == "include"
