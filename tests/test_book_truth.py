"""One truth: what the pages print is what the results object and the tables hold."""

from __future__ import annotations

import csv
import re
from copy import copy
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from analysis.book import inputs
from analysis.book.findings import estimate, per_thousand
from analysis.book.notebooks import page_names
from analysis.book.records import effect_words, record_anchor, studies
from analysis.figures import numbers, words
from analysis.figures.names import is_uncontrolled
from analysis.review.counted import counted_looks
from analysis.review.results import Answer, Results
from analysis.review.serialise import read_results
from analysis.review.specifications import cumulative, specification_curve


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


#: How every result of the review is printed, and nothing else: ``[0.56, 0.90]``.
INTERVAL = re.compile(r"\[\s*([−<>\d.]+),\s*([−<>\d.]+)\s*\]")


@cache
def every_interval() -> set[tuple[str, str]]:
    return set().union(*map(intervals_of, answers()))


def intervals_of(answer: Answer) -> set[tuple[str, str]]:
    """Every interval that an answer holds, as it is printed."""
    fits = [fit for fit in (answer.pooled, *(a.pooled for a in answer.alternatives)) if fit]
    ends = [(row.ci_low, row.ci_high) for row in answer.rows if row.estimate is not None]
    ends += [(fit.ci_low, fit.ci_high) for fit in fits]
    ends += [(fit.prediction.low, fit.prediction.high) for fit in fits if fit.prediction]
    ends += [(step.ci_low, step.ci_high) for step in cumulative(answer)]
    if answer.pooled is not None:
        ends += [(s.ci_low, s.ci_high) for s in specification_curve(answer).specifications]
    if (looked := counted_looks(answer)) is not None:
        ends += [looked.ordinary, looked.anytime]
    found = {tuple(numbers.effect(end, answer.measure) for end in pair) for pair in ends}
    decimals = numbers.DECIMALS["tau2"]
    spreads = [fit.tau2_ci for fit in fits if fit.tau2_ci]
    found |= {tuple(numbers.number(end, decimals) for end in pair) for pair in spreads}
    if answer.absolute is not None:
        per_1000 = (answer.absolute.ci_low_per_1000, answer.absolute.ci_high_per_1000)
        found.add(tuple(numbers.count(end) for end in per_1000))
    return found


ANSWERS = pytest.mark.parametrize("answer", answers(), ids=lambda answer: answer.id)


@ANSWERS
def test_each_answer_has_its_place_with_its_numbers(book: Path, answer: Answer) -> None:
    place = page(book, answer.chapter).find(id=f"forest-{answer.id}")
    assert place is not None
    shown = plain(place.get_text(" "))
    for record in words.data_table(answer):
        if record["effect"] != numbers.ABSENT:  # a column of which nothing is known is left out
            assert plain(record["effect"]) in shown
        for arm in ("treated", "control"):
            assert plain(record.get(arm, "")) in shown
    if answer.pooled is not None and not is_uncontrolled(answer):
        chapter = plain(page(book, answer.chapter).get_text(" "))
        assert plain(words.pooled_sentence(answer)) in chapter


@ANSWERS
def test_each_row_is_drawn_with_its_own_numbers(book: Path, answer: Answer) -> None:
    place = page(book, answer.chapter).find(id=f"forest-{answer.id}")
    assert isinstance(place, Tag)
    for row in answer.rows:
        for drawn in place.find_all("g", attrs={"data-row": row.row_id}):
            texts = plain(" ".join(text.get_text() for text in drawn.select("text")))
            if row.estimate is None:
                assert INTERVAL.findall(texts) == []
                continue
            limits = tuple(numbers.effect(v, answer.measure) for v in (row.ci_low, row.ci_high))
            assert INTERVAL.findall(texts) == [limits], row.row_id
            assert numbers.effect(row.estimate, answer.measure) in texts.split()


@pytest.mark.parametrize("name", page_names())
def test_no_interval_on_a_page_is_of_another_making(book: Path, name: str) -> None:
    article = copy(page(book, name.removeprefix("chapters/")).find("article"))
    assert isinstance(article, Tag)
    # What other programs found has a table, and a test, of its own.
    for caption in article.find_all("caption", string=re.compile("by three programs")):
        caption.find_parent("table").decompose()
    strangers = set(INTERVAL.findall(plain(article.get_text(" ")))) - every_interval()
    assert strangers == set()


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
    empty = {f"forest-{answer.id}" for answer in answers() if not answer.rows}
    for path in (book / "chapters").glob("*.html"):
        for figure in page(book, path.stem).select("figure.forest"):
            for svg in figure.select("svg"):
                for attribute in ("aria-labelledby", "aria-describedby"):
                    named = figure.find(id=svg[attribute])
                    assert isinstance(named, Tag), (path.stem, figure["id"], attribute)
                    assert plain(named.get_text()), (path.stem, figure["id"], attribute)
            assert figure.figcaption is not None, (path.stem, figure["id"])
            shown = bool(figure.select("details table"))
            assert shown == (figure["id"] not in empty), (path.stem, figure["id"])


def test_every_row_is_in_its_study_record_with_the_place_where_it_was_seen(book: Path) -> None:
    shown = page(book, "studies")
    for study in studies():
        record = shown.find(id=record_anchor(study.id))
        assert record is not None, study.id
        lines = [
            plain(f"{group.tr.get_text(' ')} {line.get_text(' ')}")
            for group in record.select("tbody:has(.shared)")
            for line in group.select("tr:not(.shared)")
        ]
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
