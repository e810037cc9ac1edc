"""One definition of the columns, and a second opinion on it."""

from __future__ import annotations

import json
from pathlib import Path

import frictionless
import pytest

from analysis.evidence import schema as schema_module
from analysis.evidence.paths import ROOT_VARIABLE, data_directory
from analysis.evidence.schema import (
    SchemaError,
    describe,
    empty_template,
    load_schema,
    table_names,
)
from analysis.evidence.validation import Validation
from evidence_tables import TODAY, changed, faults_of, put, valid_text

TABLES = table_names()


def _descriptor(table: str) -> dict[str, object]:
    return json.loads((data_directory() / "schemas" / f"{table}.json").read_text("utf-8"))


@pytest.mark.parametrize("table", TABLES)
def test_frictionless_accepts_each_schema(table: str) -> None:
    descriptor = _descriptor(table)
    descriptor.pop("foreignKeys", None)  # they need the whole package to resolve
    assert [str(error) for error in frictionless.Schema.metadata_validate(descriptor)] == []


#: Kind of fault -> our code and the type that frictionless gives the same fault.
KINDS = {
    ("year", "twenty"): ("cell-type", "type-error"),
    ("n_treat", "12.5"): ("cell-type", "type-error"),
    ("sd_treat", "wide"): ("cell-type", "type-error"),
    ("extracted_on", "2026-02-30"): ("date-impossible", "type-error"),
    ("design", "trial"): ("cell-choice", "constraint-error"),
    ("sd_control", "-1"): ("cell-range", "constraint-error"),
    ("doi", "see journal"): ("doi-form", "constraint-error"),
    ("outcome", ""): ("cell-required", "constraint-error"),
}


def test_frictionless_finds_the_same_wrong_cells(tmp_path: Path) -> None:
    cells = {column: value for column, value in KINDS}
    path = put(tmp_path, changed("means2020", **cells))
    ours = {
        (fault.line, fault.column, fault.code)
        for fault in Validation(tmp_path, TODAY).table(path, "studies")
    }
    resource = frictionless.Resource(
        path=path.name, basepath=str(tmp_path), schema=frictionless.Schema(_descriptor("studies"))
    )
    report = frictionless.validate(resource)
    theirs = {
        (error.row_number, error.field_name, error.type)
        for error in report.tasks[0].errors
        if hasattr(error, "field_name")
    }
    assert theirs == {(3, column, kind) for (column, _), (_, kind) in KINDS.items()}
    assert {(3, column, code) for (column, _), (code, _) in KINDS.items()} <= ours


def test_frictionless_finds_the_valid_table_valid(tmp_path: Path) -> None:
    path = put(tmp_path, valid_text())
    schema = frictionless.Schema(_descriptor("studies"))
    resource = frictionless.Resource(path=path.name, basepath=str(tmp_path), schema=schema)
    assert frictionless.validate(resource).valid
    assert faults_of(tmp_path, valid_text()) == []


@pytest.mark.parametrize("table", TABLES)
def test_the_codebook_describes_every_column_in_order(table: str) -> None:
    records = describe(table)
    assert tuple(record["name"] for record in records) == load_schema(table).names
    assert all(record["title"] and record["description"] for record in records)
    for record in records:
        meanings = record["values"].values()
        assert all(meanings) or not any(meanings), f"{record['name']} explains only some values"


def test_the_empty_template_is_a_valid_table_without_rows(tmp_path: Path) -> None:
    assert empty_template("studies").startswith("study_id,first_author,year,")
    assert faults_of(tmp_path, empty_template("studies")) == []


def test_groups_of_effect_columns_come_from_the_schema() -> None:
    groups = {group.name: group for group in load_schema("studies").groups}
    assert list(groups) == ["means", "changes", "events", "reported", "test"]
    assert groups["events"].columns == ("events_treat", "events_control")
    assert groups["events"].required == ("events_treat", "n_treat")


def test_an_unknown_table_names_those_there_are() -> None:
    with pytest.raises(SchemaError, match=r"there is no table 'study'; the tables are .*claims"):
        load_schema("study")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "geopoint"}, "column study_id has type 'geopoint'"),
        ({"constraints": {"maxLength": 3}}, "has constraints maxLength"),
        ({"constraints": {"pattern": "["}}, "has a pattern that is none"),
    ],
)
def test_a_schema_that_asks_for_more_than_is_checked_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], words: str
) -> None:
    descriptor = _descriptor("studies")
    descriptor["fields"][0] |= change  # type: ignore[index]
    directory = tmp_path / "data" / "schemas"
    directory.mkdir(parents=True)
    (directory / "studies.json").write_text(json.dumps(descriptor), encoding="utf-8")
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    with pytest.raises(SchemaError, match=words) as caught:
        schema_module.load_schema("studies")
    assert str(caught.value).startswith("data/schemas/studies.json: ")
