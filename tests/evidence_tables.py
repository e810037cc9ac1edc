"""A small valid ``studies.csv`` to break in one place at a time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from analysis.evidence.faults import Fault
from analysis.evidence.schema import load_schema
from analysis.evidence.validation import Validation
from analysis.evidence.writing import as_csv

#: The day on which all test data is validated.
TODAY = date(2026, 11, 22)

NAMES = load_schema("studies").names

_COMMON = {
    "year": "2020",
    "condition": "fibromyalgia",
    "population": "invented people",
    "design": "rct_parallel",
    "blinding": "double blind",
    "drug": "ketamine",
    "route": "intravenous",
    "dose": "0.5 mg/kg over 40 minutes",
    "dose_mg_per_kg": "0.5",
    "infusion_minutes": "40",
    "administrations": "1",
    "comparator": "saline",
    "comparator_type": "inert",
    "comparison": "ketamine v saline",
    "outcome": "pain",
    "instrument": "pain VAS",
    "timepoint": "day 1",
    "hours_after_end": "24",
    "better": "lower",
    "n_treat": "20",
    "n_control": "20",
    "source_location": "table 2",
    "extraction": "full_text",
    "extracted_by": "A. Person",
    "extracted_on": "2026-03-01",
    "status": "active",
}

#: One row for each way of giving a result, sorted; all of them invented.
ROWS: tuple[dict[str, str], ...] = (
    _COMMON
    | {
        "study_id": "events2020",
        "first_author": "Events",
        "citation_key": "events2020",
        "participants_id": "events2020",
        "events_treat": "8",
        "events_control": "3",
        "doi": "10.1234/events",
    },
    _COMMON
    | {
        "study_id": "means2020",
        "first_author": "Means",
        "citation_key": "means2020",
        "participants_id": "means2020",
        "mean_treat": "4.1",
        "sd_treat": "2.1",
        "mean_control": "5.3",
        "sd_control": "2.4",
        "doi": "10.1234/means",
    },
    _COMMON
    | {
        "study_id": "other2020",
        "first_author": "Other",
        "citation_key": "other2020",
        "participants_id": "other2020",
        "mean_treat": "5.2",
        "sd_treat": "2.2",
        "mean_control": "5.9",
        "sd_control": "2.5",
        "pmid": "123456",
    },
    _COMMON
    | {
        "study_id": "reported2020",
        "first_author": "Reported",
        "citation_key": "reported2020",
        "participants_id": "reported2020",
        "estimate": "1.5",
        "estimate_measure": "RR",
        "ci_low": "1.1",
        "ci_high": "2.05",
        "ci_level": "0.95",
        "registry_id": "NCT00000001",
    },
    _COMMON
    | {
        "study_id": "single2020",
        "first_author": "Single",
        "citation_key": "single2020",
        "participants_id": "single2020",
        "design": "single_arm",
        "comparator": "none",
        "comparator_type": "none",
        "comparison": "ketamine alone",
        "n_control": "",
        "events_treat": "11",
        "url": "https://example.org/paper",
    },
)

BIBLIOGRAPHY = "".join(
    f"@article{{{row['citation_key']},\n  title = {{Invented}},\n  year = {{2020}}\n}}\n\n"
    for row in ROWS
)


def changed(study_id: str, **cells: str) -> list[dict[str, str]]:
    """Return the valid rows with some cells of one study changed."""
    assert study_id in {row["study_id"] for row in ROWS}
    return [row | cells if row["study_id"] == study_id else row for row in ROWS]


def valid_text() -> str:
    """Return the valid table as the text of its file."""
    return as_csv(load_schema("studies"), ROWS)


def put(directory: Path, content: str | bytes | list[dict[str, str]]) -> Path:
    """Write ``studies.csv``, as text, bytes or rows, beside a bibliography that fits it."""
    path = directory / "studies.csv"
    if isinstance(content, list):
        content = as_csv(load_schema("studies"), content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (directory / "references.bib").write_text(BIBLIOGRAPHY, encoding="utf-8")
    return path


def faults_of(directory: Path, content: str | bytes | list[dict[str, str]]) -> list[Fault]:
    """Return all faults of a ``studies.csv``."""
    return Validation(directory, TODAY).table(put(directory, content), "studies")


def only_fault(
    directory: Path, content: str | bytes | list[dict[str, str]], code: str = ""
) -> Fault:
    """Return the one fault there is, or the one of a code; anything else fails the test."""
    found = faults_of(directory, content)
    chosen = [fault for fault in found if code in ("", fault.code)]
    assert len(chosen) == 1, [(fault.code, fault.line, fault.column) for fault in found]
    return chosen[0]
