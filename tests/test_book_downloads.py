"""The files for researchers: complete, equal to the results, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import nbformat
import pytest

from analysis.book import downloads
from analysis.review.results import Answer, Results
from analysis.review.serialise import from_plain, read_results
from factories import RATIO
from factories import answer as make_answer
from javascript import run


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def results(book: Path) -> Results:
    return read_results(book / "data" / "results.json")


def test_results_follow_their_schema(book: Path) -> None:
    read = [
        json.loads((book / "data" / name).read_text())
        for name in ("results.json", "results.schema.json")
    ]
    jsonschema.validate(*read)


def test_every_question_has_its_files(book: Path, results: Results) -> None:
    for name, answer in results.answers.items():
        plain = json.loads((book / "data" / f"{name}.json").read_text())
        assert plain["version"] == results.version
        assert from_plain(Answer, plain["answer"]) == answer
        rows = table((book / "data" / f"{name}.csv").read_text())
        assert [row["row_id"] for row in rows] == [row.row_id for row in answer.rows]
        assert [row["yi"] for row in rows] == [
            "" if row.yi is None else repr(row.yi) for row in answer.rows
        ]


def test_one_table_holds_every_analysis(book: Path, results: Results) -> None:
    lines = table((book / "data" / "answers.csv").read_text())
    for name, answer in results.answers.items():
        main, *others = [line for line in lines if line["question"] == name]
        assert [line["analysis"] for line in others] == [a.id for a in answer.alternatives]
        assert main["k"] == str(answer.k)
        if answer.pooled is None:
            assert (main["estimate"], main["reason"]) == ("", answer.reason)
        else:
            assert float(main["estimate"]) == answer.pooled.estimate
            assert float(main["ci_high"]) == answer.pooled.ci_high


def test_data_tables_are_copied_byte_for_byte_with_their_schemas(book: Path) -> None:
    copied = {path.name for path in (book / "data" / "tables").glob("*.csv")}
    assert copied == {path.name for path in downloads.data_directory().glob("*.csv")}
    for name in copied:
        original = downloads.data_directory() / name
        assert (book / "data" / "tables" / name).read_bytes() == original.read_bytes()
        assert (book / "data" / "tables" / name).with_suffix(".schema.json").exists()


def test_executed_chapters_are_notebooks_with_outputs(book: Path) -> None:
    notebooks = list((book / "notebooks").glob("*.ipynb"))
    assert len(notebooks) > 5
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
        assert "analysis_inputs" not in notebook.metadata


CELLS = ["=1+1", "+1+1", "-1", "-1+2", "@x", "\tx", "\rx", "a", "", "-0.5", "+2e-3", "1,2", 'a"b']


def test_no_cell_can_act_as_a_formula() -> None:
    got = make_answer(2, measure=RATIO)
    first, second = got.rows
    rows = (replace(first, label="=HYPERLINK(1)"), replace(second, label="@SUM(1)"))
    lines = table(downloads.question_csv(replace(got, rows=rows)))
    assert [line["label"] for line in lines] == ["'=HYPERLINK(1)", "'@SUM(1)"]
    assert [downloads.cell(text) for text in CELLS[:4]] == ["'=1+1", "'+1+1", "-1", "'-1+2"]


def test_the_pages_own_csv_is_the_same() -> None:
    page = run(["explore.js"], "(lines) => explore.csv(lines)", [CELLS, CELLS[::-1]])
    assert page == downloads.csv_text(CELLS, [CELLS[::-1]])
