"""The status: due, overdue, retired; the same words in Python and in the reader's browser."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from analysis.cli import main
from analysis.living import status_command
from analysis.living.status import (
    Protocol,
    ProtocolError,
    read_protocol,
    sentence,
    status,
)
from analysis.review.running import answer_all
from project_copy import ROOT

PROTOCOL = Protocol("A review", date(2026, 1, 1), 30, False, "", "", "")
RUN = {"status": "run", "date": "2026-02-01", "source": "PubMed"}


def on(day: date, searches=(RUN,), screening=(), protocol=PROTOCOL, **more):
    """Return the status on a day, where PubMed is the one source."""
    options = {"scheduled": ["PubMed"], "version": "2026.1.0", "today": day} | more
    return status(protocol, searches, screening, **options)


@pytest.mark.parametrize(
    ("day", "overdue", "says"),
    [
        (date(2026, 3, 2), 0, "next search due 2026-03-03"),
        (date(2026, 3, 3), 0, "next search due 2026-03-03"),
        (date(2026, 3, 4), 1, "next search was due 2026-03-03, 1 day ago"),
        (date(2027, 3, 3), 365, "next search was due 2026-03-03, 365 days ago"),
    ],
)
def test_a_search_is_due_and_overdue_by_the_day(day, overdue, says):
    state = on(day)
    assert state.days_overdue == overdue
    assert says in sentence(state)


def test_a_source_never_searched_has_been_due_since_the_start():
    state = on(date(2026, 3, 1), scheduled=["PubMed", "Europe PMC"])
    assert state.next_due == "2026-01-01"
    assert state.last_search == "2026-02-01"
    assert "last search 2026-02-01; 1 of 2 databases not yet searched; next" in sentence(state)
    assert "not yet searched" not in sentence(on(date(2026, 3, 1)))


def test_what_was_planned_or_brought_by_hand_is_no_search():
    due = RUN | {"status": "due", "date": ""}
    brought = RUN | {"status": "brought", "date": "2026-02-20"}
    assert on(date(2026, 2, 21), [due]).last_search == ""
    assert on(date(2026, 2, 21), [RUN, brought]).last_search == "2026-02-01"


def test_open_decisions_and_stale_ratings_are_told():
    record = {"decision": "undecided", "decision_1": "include", "decision_2": "exclude"}
    state = on(date(2026, 2, 2), screening=[record], stale_ratings=["relief"])
    assert "1 record not yet judged" in sentence(state)
    assert "1 judged differently by two reviewers" in sentence(state)
    assert "1 certainty rating older than the data" in sentence(state)


def test_a_retired_review_says_so_and_nothing_is_due():
    ended = replace(PROTOCOL, retired=True, retired_on="2026-02-09", retirement_reason="Done.")
    state = on(date(2028, 1, 1), protocol=ended)
    assert sentence(state) == "This review was retired on 2026-02-09: Done."
    assert (state.next_due, state.days_overdue) == ("", 0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("search_every_days = 30", "search_every_days = 0", "search_every_days is 0"),
        ("retired = false", "retired = true", "needs a date and reason"),
        ("retired = false", 'retired = "no"', "write true or false"),
        ("started_on = 2026-11-22", 'started_on = "soon"', "a date without quotes"),
        ("title = ", "heading = ", "title is None"),
        ("[schedule]", "[schedule", "cannot be read"),
    ],
)
def test_a_protocol_that_does_not_say_what_it_must_is_named(tmp_path, old, new, says):
    text = (ROOT / "data/protocol.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "protocol.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProtocolError, match=says) as raised:
        read_protocol(tmp_path / "protocol.toml")
    assert "protocol.toml" in str(raised.value)


def test_a_rating_older_than_its_numbers_is_listed():
    answers = answer_all(ROOT).answers
    name, rated = next((n, a) for n, a in answers.items() if a.certainty is not None)
    stale = replace(rated, certainty=replace(rated.certainty, stale=True))
    state = status_command.current_status(answers | {name: stale})
    assert name in state.stale_ratings


def test_the_command_prints_each_source_and_the_same_as_json(capsys):
    assert main(["status"]) == 0
    text = capsys.readouterr().out
    assert main(["status", "--json"]) == 0
    state = json.loads(capsys.readouterr().out)
    assert state["as_of"] >= (date.today() - timedelta(days=1)).isoformat()
    for source in state["sources"]:
        assert f"{source['source']}: last search" in text
