"""Tables come back byte by byte, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evidence.paths import table_path
from analysis.evidence.reading import read_bytes, read_table
from analysis.evidence.schema import load_schema, table_names
from analysis.evidence.sort_command import sort_table
from analysis.evidence.writing import as_csv, write_atomically, write_table_atomically
from evidence_tables import NAMES, ROWS, faults_of, put, valid_text

SCHEMA = load_schema("studies")


@pytest.mark.parametrize("name", table_names())
def test_every_table_of_the_review_is_written_back_unchanged(name: str) -> None:
    data = table_path(name).read_bytes()
    assert as_csv(load_schema(name), read_table(name).rows).encode() == data


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=8)


@given(st.lists(st.lists(cells, min_size=len(NAMES), max_size=len(NAMES)), max_size=5))
@settings(deadline=None, max_examples=40)
def test_whatever_is_written_is_read_back(rows: list[list[str]]) -> None:
    given_rows = [dict(zip(NAMES, row, strict=True)) for row in rows if any(row)]
    text = as_csv(SCHEMA, given_rows)
    table, faults = read_bytes(text.encode(), SCHEMA, "studies.csv")
    assert faults == []
    assert table is not None
    key = lambda row: tuple(row[name] for name in SCHEMA.sorted_by)  # noqa: E731
    assert table.rows == sorted(given_rows, key=key)
    assert as_csv(SCHEMA, table.rows) == text


def test_rows_are_written_in_sorted_order(tmp_path: Path) -> None:
    path = tmp_path / "studies.csv"
    write_table_atomically("studies", reversed(ROWS), path)
    assert path.read_text() == valid_text()


def test_a_row_with_an_unknown_column_writes_nothing(tmp_path: Path) -> None:
    path = put(tmp_path, valid_text())
    with pytest.raises(ValueError, match="colour"):
        write_table_atomically("studies", [*ROWS, {"colour": "red"}], path)
    assert path.read_text() == valid_text()


def test_an_interrupted_write_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "studies.csv"
    path.write_text("old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["studies.csv"]


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".studies.csv.abc.partial").write_text("half a")
    write_atomically(tmp_path / "studies.csv", b"whole")
    assert os.listdir(tmp_path) == ["studies.csv"]


def test_a_files_permissions_survive_its_replacement(tmp_path: Path) -> None:
    path = tmp_path / "studies.csv"
    path.write_text("old")
    path.chmod(0o640)
    write_atomically(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o640


def test_sort_mends_order_and_form_in_one_go(tmp_path: Path) -> None:
    lines = valid_text().splitlines()
    messy = "\ufeff" + "\r\n".join([lines[0], lines[3], "", *lines[1:3], *lines[4:]])
    path = put(tmp_path, messy.replace(",saline,", ',"saline",'))
    assert sort_table(path, "studies") == (True, [])
    assert path.read_text() == valid_text()
    assert faults_of(tmp_path, path.read_bytes()) == []
    assert sort_table(path, "studies") == (False, [])


def test_sort_refuses_what_it_could_only_guess(tmp_path: Path) -> None:
    text = valid_text() + "zed2020,Zed\n"
    path = put(tmp_path, text)
    changed, faults = sort_table(path, "studies")
    assert not changed
    assert [fault.code for fault in faults] == ["row-cells"]
    assert path.read_text() == text
