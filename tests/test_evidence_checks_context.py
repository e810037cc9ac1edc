"""What a row says about its study, against itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.evidence.checks_context import hours_in, mg_per_kg_in
from evidence_tables import changed, faults_of, only_fault


@pytest.mark.parametrize(
    ("study", "cells", "code", "column", "words"),
    [
        (
            "single2020",
            {"n_control": "9"},
            "arms-control-filled",
            "n_control",
            "there is no control group",
        ),
        ("means2020", {"n_control": ""}, "arms-n", "n_control", "n_control is empty"),
        (
            "means2020",
            {"comparator": "none"},
            "arms-comparator",
            "comparator",
            "comparator is none, but comparator_type says",
        ),
        (
            "single2020",
            {"comparator": "saline"},
            "arms-comparator",
            "comparator",
            "comparator names a control group",
        ),
        (
            "means2020",
            {"design": "case_series"},
            "arms-design",
            "comparator_type",
            "of the design case_series has no control group",
        ),
        (
            "single2020",
            {"design": "case_report"},
            "arms-case-report",
            "n_treat",
            "a case report describes one person",
        ),
        (
            "means2020",
            {"dose_mg_per_kg": "40", "dose": "40 mg"},
            "dose-implausible",
            "dose_mg_per_kg",
            "perhaps it is a dose in mg",
        ),
        (
            "means2020",
            {"dose_mg_per_kg": "0.05"},
            "dose-disagrees",
            "dose_mg_per_kg",
            "the dose in words says 0.5 mg/kg",
        ),
        (
            "means2020",
            {"hours_after_end": "1"},
            "time-disagrees",
            "hours_after_end",
            "the time point says 24 hours (day 1)",
        ),
        (
            "means2020",
            {"checked_by": "A. Person", "checked_on": "2026-03-02"},
            "checked-by-same",
            "checked_by",
            "is the one who entered it",
        ),
        ("means2020", {"checked_by": "B. Person"}, "checked-half", "checked_on", "is empty"),
        (
            "means2020",
            {"checked_by": "B. Person", "checked_on": "2026-02-28"},
            "checked-before",
            "checked_on",
            "before it was entered (2026-03-01)",
        ),
        (
            "means2020",
            {"status": "retracted", "status_on": "2026-05-01"},
            "status-unexplained",
            "status_reason",
            "status_reason is empty",
        ),
        (
            "means2020",
            {"status": "corrected", "status_reason": "was 4.2"},
            "status-unexplained",
            "status_on",
            "status_on is empty",
        ),
        (
            "means2020",
            {"status_reason": "was 4.2"},
            "status-active",
            "status_reason",
            "the row is active",
        ),
        ("means2020", {"doi": ""}, "row-no-source", "doi", "nothing says where the row"),
    ],
)
def test_a_contradiction_is_named_in_its_column(
    tmp_path: Path, study: str, cells: dict[str, str], code: str, column: str, words: str
) -> None:
    fault = only_fault(tmp_path, changed(study, **cells))
    assert (fault.code, fault.column, fault.study_id) == (code, column, study)
    assert words in fault.problem.message


def test_a_single_arm_may_say_why_there_is_no_control(tmp_path: Path) -> None:
    rows = changed("single2020", comparator="none (the placebo count was not printed)")
    assert faults_of(tmp_path, rows) == []


def test_unequal_arms_of_a_crossover_are_only_a_warning(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("means2020", design="rct_crossover", n_control="8"))
    assert (fault.code, fault.severity) == ("arms-crossover", "warning")


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("15 min after the infusion", [0.25]),
        ("180 minutes", [3.0]),
        ("2.5 h", [2.5]),
        ("4 hours", [4.0]),
        ("day 3", [72.0]),
        ("week 8", [1344.0]),
        ("8 weeks", [1344.0]),
        ("4-week double-blind phase", [672.0]),
        ("between day 1 and day 3", [24.0, 72.0]),
        ("end of infusion", []),
        ("in hospital", []),
    ],
)
def test_times_in_words_become_hours(words: str, hours: list[float]) -> None:
    assert hours_in(words) == pytest.approx(hours)


def test_a_rate_is_not_a_dose() -> None:
    assert mg_per_kg_in("0.5 mg/kg, then 0.25 mg/kg/h") == [0.5]
    assert mg_per_kg_in("84 mg") == []
