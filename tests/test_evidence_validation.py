"""All tables together, and as data frames."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.evidence import InvalidDataError, load_studies
from analysis.evidence.checks_references import read_bibliography, read_questions
from analysis.evidence.faults import errors_in
from analysis.evidence.paths import ROOT_VARIABLE, ProjectNotFoundError, project_root, shown_path
from analysis.evidence.schema import empty_template, load_schema, table_names
from analysis.evidence.validation import UnknownFileError, Validation, validate
from analysis.evidence.writing import as_csv
from evidence_tables import BIBLIOGRAPHY, TODAY, changed, only_fault, put, valid_text


def test_the_reviews_own_data_has_no_error() -> None:
    assert [fault.as_record() for fault in errors_in(validate())] == []


def test_an_unknown_citation_key_gets_the_nearest_one(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, changed("events2020", citation_key="event2020"))
    assert (fault.code, fault.line, fault.column) == ("reference-unknown", 2, "citation_key")
    assert fault.problem.message == "event2020 is not in data/references.bib"
    assert fault.problem.fix.startswith("write events2020, or add event2020 to")


def test_a_judgement_on_an_unknown_study_is_a_fault(tmp_path: Path) -> None:
    put(tmp_path, valid_text())
    screened = {"record_id": "r1", "study_id": "screened2020"}
    (tmp_path / "screening.csv").write_text(as_csv(load_schema("screening"), [screened]))
    rows = [
        {"study_id": study, "domain": "D1"} for study in ("means2020", "screened2020", "else2020")
    ]
    path = tmp_path / "risk_of_bias.csv"
    path.write_text(as_csv(load_schema("risk_of_bias"), rows))
    found = Validation(tmp_path, TODAY).table(path, "risk_of_bias")
    unknown = [fault for fault in found if fault.code == "reference-unknown"]
    assert [fault.value for fault in unknown] == ["else2020"]
    assert "is not in data/studies.csv or data/screening.csv" in unknown[0].problem.message


def test_a_rating_of_an_unknown_question_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "questions.toml").write_text('[[question]]\nid = "fatigue-day3"\n')
    rows = [{"question_id": "fatigue-day-3", "domain": "overall"}]
    path = tmp_path / "certainty.csv"
    path.write_text(as_csv(load_schema("certainty"), rows))
    found = Validation(tmp_path, TODAY).table(path, "certainty")
    fault = next(fault for fault in found if fault.code == "reference-unknown")
    assert fault.problem.fix.startswith("write fatigue-day3")


def test_several_citations_in_one_cell_are_looked_up_one_by_one(tmp_path: Path) -> None:
    put(tmp_path, valid_text())
    rows = [{"claim_id": "c001", "citation_keys": "events2020;nobody2020;means2020"}]
    path = tmp_path / "claims.csv"
    path.write_text(as_csv(load_schema("claims"), rows))
    found = Validation(tmp_path, TODAY).table(path, "claims")
    unknown = [fault for fault in found if fault.code == "reference-unknown"]
    assert ["nobody2020 is not in" in fault.problem.message for fault in unknown] == [True]


def test_a_key_used_twice_in_the_bibliography_names_both_lines(tmp_path: Path) -> None:
    path = tmp_path / "references.bib"
    path.write_text("@book{one, title={A}}\n@comment{one}\n\n@article{One, title={B}}\n")
    _, faults = read_bibliography(path)
    assert [(fault.code, fault.line, fault.value) for fault in faults] == [
        ("bib-duplicate", 4, "One")
    ]
    assert "already used in line 1" in faults[0].problem.message


def test_a_broken_bibliography_names_the_line_where_reading_failed(tmp_path: Path) -> None:
    path = tmp_path / "references.bib"
    path.write_text("@book{one, title={A}}\n@article{two, title={B}\n")
    keys, faults = read_bibliography(path)
    assert "one" in keys
    assert [(fault.code, fault.line) for fault in faults] == [("bib-syntax", 3)]


def test_broken_questions_name_the_line(tmp_path: Path) -> None:
    path = tmp_path / "questions.toml"
    path.write_text('[[question]]\nid = "a"\ntitle = no quotes\n')
    _, faults = read_questions(path)
    assert [(fault.code, fault.line) for fault in faults] == [("toml-syntax", 3)]


@pytest.mark.parametrize("read", [read_bibliography, read_questions])
def test_other_files_that_are_missing_or_not_utf8_are_faults(tmp_path: Path, read) -> None:
    path = tmp_path / "file"
    assert read(path)[1][0].code == "file-missing"
    path.write_bytes(b"\xff\xe4")
    assert read(path)[1][0].code == "file-not-utf8"


@pytest.mark.parametrize("read", [read_bibliography, read_questions])
@given(st.one_of(st.binary(), st.text('@{}=,"#%\\[]ab1 \n').map(str.encode)))
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes_in_the_other_files_get_a_report(tmp_path: Path, read, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    known, faults = read(path)
    assert all(fault.problem.message and fault.line >= 1 for fault in faults)
    assert isinstance(known, frozenset)


def test_a_directory_is_checked_with_all_its_tables(tmp_path: Path) -> None:
    for name in table_names():
        (tmp_path / f"{name}.csv").write_text(empty_template(name))
    put(tmp_path, valid_text())
    (tmp_path / "questions.toml").write_text('[[question]]\nid = "a"\n')
    assert validate([tmp_path]) == []
    (tmp_path / "trials.csv").unlink()
    assert [fault.code for fault in validate([tmp_path])] == ["file-missing"]


def test_a_file_of_no_table_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownFileError, match=r"must be one of .*studies\.csv.*references\.bib"):
        validate([tmp_path / "notes.csv"])


def test_studies_load_with_types_and_lines(tmp_path: Path) -> None:
    frame = load_studies(put(tmp_path, valid_text()))
    assert tuple(frame.columns) == load_schema("studies").names
    assert frame.index.name == "line"
    assert frame.index.tolist() == [2, 3, 4, 5, 6]
    assert frame["year"].dtype == np.int64
    assert frame["n_control"].dtype == np.float64
    assert np.isnan(frame["n_control"].iloc[4])
    assert frame["extracted_on"].iloc[0].isoformat() == "2026-03-01T00:00:00"
    assert frame["checked_on"].isna().all()
    assert frame["note"].tolist() == [""] * 5


def test_loading_a_broken_table_raises_one_error_with_all_faults(tmp_path: Path) -> None:
    path = put(tmp_path, changed("means2020", sd_treat="2,1", route="nose"))
    words = r"\(and 1 more\).*python -m analysis validate"
    with pytest.raises(InvalidDataError, match=words) as caught:
        load_studies(path)
    assert {fault.code for fault in caught.value.faults} == {"cell-decimal-comma", "cell-choice"}


def test_a_warning_does_not_keep_a_table_from_loading(tmp_path: Path) -> None:
    assert len(load_studies(put(tmp_path, changed("reported2020", p_value="0.6")))) == 5


def test_the_project_is_found_from_a_directory_inside_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = project_root()
    monkeypatch.chdir(root / "data" / "schemas")
    assert project_root() == root
    assert shown_path(Path("studies.json")) == "data/schemas/studies.json"


def test_a_named_project_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    with pytest.raises(ProjectNotFoundError, match=r"no data/schemas/studies\.json in it"):
        project_root()


def test_importing_the_tables_does_not_import_pandas() -> None:
    code = "import sys, analysis.evidence; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_bibliography_of_these_tests_is_read_without_fault(tmp_path: Path) -> None:
    path = tmp_path / "references.bib"
    path.write_text(BIBLIOGRAPHY)
    assert read_bibliography(path)[1] == []
