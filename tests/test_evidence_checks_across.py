"""Rows that contradict other rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence_tables import ROWS, changed, faults_of, only_fault


def _with_another(study_id: str, **cells: str) -> list[dict[str, str]]:
    """Return the valid rows and a second row of one study, in sorted order."""
    rows: list[dict[str, str]] = []
    for row in ROWS:
        rows.append(row)
        if row["study_id"] == study_id:
            rows.append(row | cells)
    return rows


def test_the_same_identity_twice_lists_all_lines_and_what_to_do(tmp_path: Path) -> None:
    rows = _with_another("events2020", events_treat="9")
    fault = only_fault(tmp_path, rows)
    assert (fault.code, fault.line) == ("row-duplicate", 3)
    assert "lines 2 and 3 have the same identity" in fault.problem.message
    assert "events2020 | ketamine v saline | pain | pain VAS | day 1" in fault.problem.message
    assert "delete the copy" in fault.problem.fix


def test_rows_out_of_order_name_the_command_that_sorts_them(tmp_path: Path) -> None:
    # Written by hand: the writer itself would sort them.
    lines = _text([ROWS[1], ROWS[0], *ROWS[2:]])
    fault = only_fault(tmp_path, lines)
    assert (fault.code, fault.line, fault.study_id) == ("row-order", 3, "events2020")
    assert fault.problem.fix == "run: python -m analysis sort studies"


def test_rows_of_a_study_must_agree_on_the_study(tmp_path: Path) -> None:
    rows = _with_another("events2020", timepoint="day 2", hours_after_end="48", year="2021")
    fault = only_fault(tmp_path, rows)
    assert (fault.code, fault.column, fault.value) == ("study-disagrees", "year", "2021")
    assert "other rows of events2020 say 2020" in fault.problem.message


def test_the_odd_row_of_a_study_is_named_wherever_it_stands(tmp_path: Path) -> None:
    later = [{"timepoint": f"day {day}", "hours_after_end": str(24 * day)} for day in (2, 3)]
    rows = [ROWS[0] | {"year": "2021"}, *(ROWS[0] | cells for cells in later), *ROWS[1:]]
    fault = only_fault(tmp_path, rows)
    assert (fault.line, fault.value) == (2, "2021")


def test_one_doi_under_two_names_with_the_same_result_is_an_error(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("means2020", doi="10.1234/events"))
    assert (fault.code, fault.severity, fault.column) == ("study-twice", "error", "doi")
    assert "events2020 and means2020 have the same doi" in fault.problem.message
    assert "the same outcome at the same time" in fault.problem.message


def test_one_doi_under_two_names_with_different_outcomes_is_a_question(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("means2020", doi="10.1234/events", outcome="fatigue"))
    assert fault.severity == "warning"


def test_papers_on_one_trial_that_share_participants_may_share_its_registration(
    tmp_path: Path,
) -> None:
    rows = changed("means2020", registry_id="NCT00000001", outcome="fatigue")
    assert only_fault(tmp_path, rows).code == "study-twice"
    rows[1] = rows[1] | {"participants_id": "reported2020"}
    assert faults_of(tmp_path, rows) == []


def test_numbers_that_agree_to_the_last_digit_are_a_warning(tmp_path: Path) -> None:
    same = {name: ROWS[1][name] for name in ("mean_treat", "sd_treat", "mean_control")}
    rows = changed("other2020", **same, sd_control=ROWS[1]["sd_control"])
    fault = only_fault(tmp_path, rows)
    assert (fault.code, fault.severity) == ("numbers-repeated", "warning")
    assert "lines 3 and 4 have the same" in fault.problem.message


def test_the_same_people_counted_differently_are_a_warning(tmp_path: Path) -> None:
    rows = _with_another("events2020", outcome="sleep", n_treat="18")
    fault = only_fault(tmp_path, rows)
    assert (fault.code, fault.severity) == ("people-differ", "warning")
    assert "line 2: 20 and 20; line 3: 18 and 20" in fault.problem.message


@pytest.mark.parametrize("column", ["sd_treat", "sd_control"])
def test_a_standard_error_in_place_of_an_sd_shows_beside_other_studies(
    tmp_path: Path, column: str
) -> None:
    rows = changed("means2020", **{column: "0.5"})
    fault = only_fault(tmp_path, rows)
    assert (fault.code, fault.severity, fault.column) == ("sd-looks-like-se", "error", column)
    assert "0.5 times the root of 20 is 2.24" in fault.problem.message
    assert "SD confirmed" in fault.problem.fix
    rows[1] = rows[1] | {"note": "SD confirmed with the authors' table."}
    assert faults_of(tmp_path, rows) == []


def test_a_superseded_row_is_named_by_the_row_that_replaces_it(tmp_path: Path) -> None:
    old = {"status": "superseded", "status_reason": "final report", "status_on": "2026-05-01"}
    rows = changed("means2020", **old)
    fault = only_fault(tmp_path, rows)
    assert fault.code == "superseded-by-nothing"
    identity = "means2020 | ketamine v saline | pain | pain VAS | day 1"
    assert fault.problem.fix == f"write into supersedes of the new row: {identity}"
    rows[2] = rows[2] | {"supersedes": identity}
    assert faults_of(tmp_path, rows) == []


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("nothing | like | this", "no row has this identity"),
        ("events2020 | ketamine v saline | pain | pain VAS | day 1", "whose status is active"),
        ("means2020 | ketamine v saline | pain | pain VAS | day 1", "replace itself"),
    ],
)
def test_supersedes_must_name_a_superseded_row(tmp_path: Path, identity: str, words: str) -> None:
    fault = only_fault(tmp_path, changed("means2020", supersedes=identity))
    assert fault.code == "supersedes-wrong"
    assert words in fault.problem.message


def _text(rows: list[dict[str, str]]) -> str:
    from analysis.evidence.schema import empty_template, load_schema

    names = load_schema("studies").names
    body = "".join(",".join(row.get(name, "") for name in names) + "\n" for row in rows)
    return empty_template("studies") + body
