"""Single cells: each fault by what it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evidence.cells import check_value
from analysis.evidence.faults import KEPT_PER_KIND
from analysis.evidence.schema import load_schema, table_names
from evidence_tables import ROWS, TODAY, changed, faults_of, only_fault

STUDIES = load_schema("studies")


@pytest.mark.parametrize(
    ("column", "value", "code", "message", "fix"),
    [
        ("n_treat", "12,0", "cell-decimal-comma", "written with a comma", "write digits only"),
        ("dose_mg_per_kg", "0,5", "cell-decimal-comma", "written with a comma", "write 0.5"),
        ("n_treat", "12.0", "cell-type", "not a whole number", "write 12"),
        ("n_treat", "12.5", "cell-type", "not a whole number", "it counts something"),
        ("n_treat", "twelve", "cell-type", "not a whole number", "words and units"),
        ("p_value", "<0.05", "cell-type", "not a number", "the sign in the note"),
        ("p_value", "5%", "cell-type", "not a number", "without the % sign"),
        ("p_value", "1.2", "cell-range", "more than 1", "compare it with the source"),
        ("sd_treat", "-2", "cell-range", "less than 0", "compare it with the source"),
        ("sd_treat", "1e999", "cell-type", "not a number", "write the number alone"),
        ("sd_treat", "inf", "cell-type", "not a number", "write the number alone"),
        ("sd_treat", "NA", "cell-placeholder", "stands for", "leave the cell empty"),
        ("blinding", "n/a", "cell-placeholder", "stands for", "leave the cell empty"),
        ("year", "20", "cell-type", "a year with four digits", "year of publication"),
        ("year", "2031", "date-future", "the year is in the future", "correct the year"),
        ("extracted_on", "2026-02-30", "date-impossible", "no such day", "correct the month"),
        ("extracted_on", "2026-12-24", "date-future", "in the future", "correct the date"),
        ("extracted_on", "2026/3/1", "cell-type", "not a date", "write 2026-03-01"),
        ("extracted_on", "1.3.2026", "cell-type", "not a date", "write the year first"),
        ("extracted_on", "2025-12-31", "cell-range", "less than 2026-01-01", "compare it"),
        ("design", "RCT parallel", "cell-choice", "not one of", "write rct_parallel"),
        ("route", "intravenus", "cell-choice", "not one of", "write intravenous"),
        ("route", "xyz", "cell-choice", "not one of", "choose one of the allowed"),
        ("doi", "https://doi.org/10.1234/ab", "doi-form", "as a link", "write 10.1234/ab"),
        ("doi", "doi: 10.1234/ab", "doi-form", "as a link", "write 10.1234/ab"),
        ("doi", "1234/ab", "doi-form", "does not have the form of doi", "write it like 10."),
        ("pmid", "PMID: 123456", "pmid-form", "does not have the form", "write 123456"),
        ("pmid", "PMC123456", "pmid-form", "PubMed Central", "/articles/PMC123456/"),
        (
            "pmid",
            "https://pubmed.ncbi.nlm.nih.gov/123456/",
            "pmid-form",
            "does not have the form",
            "write 123456",
        ),
        ("registry_id", "nct01234567", "registry-form", "not have the form", "write NCT01234567"),
        ("registry_id", "NCT0123456", "registry-form", "not have the form", "write it like NCT"),
        (
            "registry_id",
            "NCT01234567; NCT01234568",
            "registry-form",
            "not have the form",
            "write NCT01234567;NCT01234568",
        ),
        ("url", "javascript:alert(1)", "cell-form", "the form of link", "write it like https"),
        ("study_id", "Noppers 2011", "cell-form", "the form of study", "write noppers2011"),
        ("note", "=cmd|' /C calc'!A0", "cell-formula", "begins with =", "begin with a word"),
        ("note", "@SUM(A1)", "cell-formula", "begins with @", "begin with a word"),
        ("note", "- a list", "cell-formula", "begins with -", "begin with a word"),
        ("note", "a <script>b", "cell-html", "<s in it", "delete the tag"),
        ("note", "a\tb", "cell-invisible", "a tab in it", "delete the invisible"),
        ("note", "a\x1b[31mb", "cell-invisible", "U+001B", "delete the invisible"),
        ("note", "a\u202eb", "cell-invisible", "U+202E", "delete the invisible"),
        ("note", "a\xa0b", "cell-invisible", "U+00A0", "delete the invisible"),
        ("note", "ends here ", "cell-spaces", "spaces at its beginning or end", "write ends here"),
        ("route", " ", "cell-spaces", "spaces at its beginning or end", "empty the cell"),
        ("outcome", "", "cell-required", "outcome is empty", "fill it in: What was measured"),
    ],
)
def test_a_wrong_cell_is_explained(
    column: str, value: str, code: str, message: str, fix: str
) -> None:
    problems = check_value(STUDIES[column], value, TODAY)
    assert [problem.code for problem in problems] == [code]
    assert message in problems[0].message
    assert fix in problems[0].fix
    assert problems[0].allowed


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("mean_treat", "-3.5"),
        ("mean_treat", "+3"),
        ("mean_treat", "1e-3"),
        ("note", "p < 0.05, n=3"),
        ("note", "two\nlines"),
        ("note", "ü – “quoted” ≥ 5"),
        ("extracted_on", "2026-11-23"),  # already tomorrow elsewhere
        ("route", ""),
        ("registry_id", "NCT01234567;ISRCTN12345678"),
    ],
)
def test_a_right_cell_is_left_alone(column: str, value: str) -> None:
    assert check_value(STUDIES[column], value, TODAY) == []


def test_every_example_of_every_schema_is_itself_valid() -> None:
    for table in table_names():
        for column in load_schema(table).fields:
            if column.example:
                assert check_value(column, column.example, date(2027, 1, 1)) == [], column.name


def test_a_fault_names_file_line_column_study_and_value(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("means2020", sd_treat="2,1"))
    assert fault.file.endswith("studies.csv")
    assert (fault.line, fault.column, fault.study_id) == (3, "sd_treat", "means2020")
    assert fault.value == "2,1"


def test_all_faults_are_found_in_one_run(tmp_path: Path) -> None:
    rows = changed("means2020", sd_treat="2,1", route="nose", doi="doi:10.1234/means")
    rows[0] = rows[0] | {"year": "x", "extracted_on": "2026-13-01"}
    codes = {fault.code for fault in faults_of(tmp_path, rows)}
    assert codes >= {"cell-decimal-comma", "cell-choice", "doi-form", "cell-type"}
    assert "date-impossible" in codes


def test_endless_repetitions_are_cut_short_and_counted(tmp_path: Path) -> None:
    many = KEPT_PER_KIND + 500
    rows = [
        ROWS[0] | {"study_id": f"events{number:05d}", "doi": f"10.1234/{number}", "route": "nose"}
        for number in range(many)
    ]
    found = [fault for fault in faults_of(tmp_path, rows) if fault.code == "cell-choice"]
    assert len(found) == KEPT_PER_KIND
    assert "(and 500 more of this kind, not shown)" in found[-1].problem.message


@given(st.text(max_size=30), st.sampled_from(STUDIES.names))
@settings(deadline=None)
def test_any_text_in_any_column_gets_an_answer(value: str, column: str) -> None:
    for problem in check_value(STUDIES[column], value, TODAY):
        assert problem.message
        assert problem.fix
