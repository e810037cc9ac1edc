"""One truth: what the pages print is what the results object and the tables hold."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from analysis.book import inputs
from analysis.book.findings import estimate, per_thousand
from analysis.book.records import effect_words, record_anchor, studies
from analysis.figures import words
from analysis.figures.names import is_uncontrolled
from analysis.review.results import Answer, Results
from analysis.review.serialise import read_results


@cache
def results() -> Results:
    return read_results(inputs.RESULTS)


@cache
def page(book: Path, name: str) -> BeautifulSoup:
    text = (book / "chapters" / f"{name}.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def answers() -> list[Answer]:
    return list(results().answers.values()) if inputs.RESULTS.exists() else []


def plain(text: str) -> str:
    return " ".join(text.split())


ANSWERS = pytest.mark.parametrize("answer", answers(), ids=lambda answer: answer.id)


@ANSWERS
def test_each_answer_has_its_place_with_its_numbers(book: Path, answer: Answer) -> None:
    place = page(book, answer.chapter).find(id=f"forest-{answer.id}")
    assert place is not None
    shown = plain(place.get_text(" "))
    for record in words.data_table(answer):
        assert plain(record["effect"]) in shown
        for arm in ("treated", "control"):
            assert plain(record.get(arm, "")) in shown
    if answer.pooled is not None and not is_uncontrolled(answer):
        chapter = plain(page(book, answer.chapter).get_text(" "))
        assert plain(words.pooled_sentence(answer)) in chapter


@ANSWERS
def test_each_forest_plot_carries_its_computed_words(book: Path, answer: Answer) -> None:
    place = page(book, answer.chapter).find(id=f"forest-{answer.id}")
    assert isinstance(place, Tag)
    drawn = place.select("svg")
    if not drawn or answer.order == "condition":
        return  # said in words, or an overview with words of its own
    assert {plain(svg.desc.get_text()) for svg in drawn} == {plain(words.alt_text(answer))}


@ANSWERS
def test_each_rated_answer_stands_in_the_summary_of_findings(book: Path, answer: Answer) -> None:
    if answer.certainty is None:
        pytest.skip("not rated")
    certainty = page(book, "certainty")
    links = certainty.select(f'a[href="{answer.chapter}.html#forest-{answer.id}"]')
    line = next(link.find_parent("tr") for link in links if link.find_parent("tr"))
    cells = [plain(cell.get_text(" ")) for cell in line.select("th, td")]
    assert any(cell.endswith(answer.certainty.overall) for cell in cells)
    if answer.chapter == "safety":
        assert estimate(answer) in cells
        assert per_thousand(answer) in cells


def test_every_figure_is_named_described_and_has_its_numbers(book: Path) -> None:
    for path in (book / "chapters").glob("*.html"):
        for figure in page(book, path.stem).select("figure.forest"):
            for svg in figure.select("svg"):
                for attribute in ("aria-labelledby", "aria-describedby"):
                    named = figure.find(id=svg[attribute])
                    assert isinstance(named, Tag), (path.stem, figure["id"], attribute)
                    assert plain(named.get_text()), (path.stem, figure["id"], attribute)
            assert figure.figcaption is not None, (path.stem, figure["id"])
            assert figure.select("details table"), (path.stem, figure["id"])


def test_every_row_is_in_its_study_record_with_the_place_where_it_was_seen(book: Path) -> None:
    shown = page(book, "studies")
    for study in studies():
        record = shown.find(id=record_anchor(study.id))
        assert record is not None, study.id
        lines = [plain(line.get_text(" ")) for line in record.select("tbody tr")]
        for row in study.rows:
            said, seen = plain(effect_words(row)), plain(row["source_location"])
            assert said, row
            assert any(said in line and seen in line for line in lines), row


def test_every_trial_pooled_for_harms_was_run_by_the_company_as_the_chapter_says() -> None:
    with (inputs.ROOT / "data/funding.csv").open(encoding="utf-8", newline="") as file:
        payers = list(csv.DictReader(file))
    company = {row["study_id"] for row in payers if row["kind"] == "drug_company"}
    harms = [a for a in answers() if a.chapter == "safety" and a.role == "primary" and a.pooled]
    pooled = {row.study_id for answer in harms for row in answer.rows if row.pooled}
    assert pooled <= company
    assert pooled
