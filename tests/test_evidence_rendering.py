"""Reports that people can act on, and that nothing in a cell can act through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.evidence.faults import Fault, Problem
from analysis.evidence.rendering import FORMATS, as_github, as_json, as_text, visible
from evidence_tables import changed, faults_of

HOSTILE = "a\x1b[2J\r\n::error file=x::gone\n<script>alert(1)</script>\u202e=cmd()%0A"


def _fault(value: str = "x", **problem: str) -> Fault:
    words = {"code": "some-code", "message": "it is wrong", "allowed": "right", "fix": "mend it"}
    return Fault(Problem(**(words | problem)), "data/studies.csv", 4, "note", "study2020", value)


def test_the_text_says_where_what_and_what_to_do(tmp_path: Path) -> None:
    report = as_text(faults_of(tmp_path, changed("events2020", events_treat="21")))
    assert "studies.csv" in report
    assert "line 2, column events_treat, study events2020" in report
    assert "error:   21 people with the event are more than" in report
    assert "found:   21" in report
    assert "allowed: a whole number from 0 to 20" in report
    assert "to do:   correct events_treat or n_treat" in report
    assert report.endswith("1 error, 0 warnings. Correct the errors and run the command again.\n")


def test_no_fault_is_said_in_words() -> None:
    assert as_text([]) == "No faults found.\n"


def test_json_holds_every_fault_with_all_its_parts() -> None:
    content = json.loads(as_json([_fault(HOSTILE)]))
    assert (content["errors"], content["warnings"]) == (1, 0)
    assert content["faults"] == [
        {
            "code": "some-code",
            "message": "it is wrong",
            "allowed": "right",
            "fix": "mend it",
            "severity": "error",
            "file": "data/studies.csv",
            "line": 4,
            "column": "note",
            "study_id": "study2020",
            "value": HOSTILE,
        }
    ]


def test_github_annotates_the_line() -> None:
    annotation, summary = as_github([_fault("100 %")]).splitlines()
    assert annotation == (
        "::error file=data/studies.csv,line=4,title=some-code::column note, study study2020: "
        "it is wrong. Found: 100 %25. Allowed: right. To do: mend it."
    )
    assert summary.startswith("1 error")


def test_a_file_name_cannot_end_its_property_in_an_annotation() -> None:
    problem = _fault().problem
    annotation = as_github([Fault(problem, "a,line=1::b\n::error::c.csv")]).splitlines()[0]
    assert annotation.startswith("::error file=a%2Cline=1%3A%3Ab\\n%3A%3Aerror%3A%3Ac.csv,line=1,")


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_hostile_cell_is_shown_and_does_not_act(name: str) -> None:
    fault = _fault(HOSTILE, message=f"said {HOSTILE}", fix=f"write {HOSTILE}")
    report = FORMATS[name]([fault])
    assert all(sign.isprintable() for line in report.split("\n") for sign in line)
    assert "<script>" not in report
    assert "</script>" not in report
    commands = [line for line in report.split("\n") if line.startswith("::")]
    assert len(commands) == (1 if name == "github" else 0)


@given(st.text())
def test_whatever_is_shown_is_one_printable_line_without_tags(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert "<s" not in visible(f"<s{text}")


def test_a_p_value_with_a_less_than_sign_stays_readable() -> None:
    assert visible("<0.001") == "<0.001"


def test_a_tag_can_still_be_read_by_whoever_has_to_delete_it() -> None:
    assert visible("<script>") == "‹script>"


def test_a_fault_that_fills_a_column_is_told_three_times_and_then_by_its_lines() -> None:
    problem = _fault().problem
    faults = [Fault(problem, "data/studies.csv", line, "note") for line in range(2, 12)]
    report = as_text(faults)
    assert report.count("it is wrong") == 3
    assert "the same, column note, in lines 5, 6, 7, 8, 9, 10 and 11\n" in report
    assert report.endswith(
        "10 errors, 0 warnings. Correct the errors and run the command again.\n"
    )


def test_long_values_are_cut_and_counted() -> None:
    assert "… (5000 characters)" in as_text([_fault("x" * 5000)])
