"""Pieces of pages: from an answer to markup that can be read, heard and trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

import factories
from analysis.book import door, html, inputs, page
from analysis.figures import words
from analysis.figures.numbers import unbroken
from analysis.review.results import Answer, Results

HOSTILE = "<script>alert('1')</script> & \"x\""


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    """Return a function that makes an answer the only one of the results."""

    def put(answer: Answer) -> None:
        made = Results("2026.1", {}, {"last_search": "2026-11-01"}, {answer.id: answer})
        for module in (page, door):
            monkeypatch.setattr(module, "results", lambda: door.Door(made))

    return put


def soup(piece: html.Piece) -> BeautifulSoup:
    return BeautifulSoup(piece._repr_html_(), "html.parser")


def test_a_forest_has_name_description_caption_and_its_numbers(
    show: Callable[[Answer], None],
) -> None:
    answer = factories.answer(k=6)
    show(answer)
    figure = soup(page.forest(answer.id)).figure
    assert figure is not None
    svg = figure.svg
    assert svg["role"] in ("img", "graphics-document document", "group")
    assert words.alt_text(answer) in svg.get_text()
    assert "Data version 2026.1; last search 2026-11-01." in figure.figcaption.get_text()
    assert unbroken(words.long_description(answer)) in figure.details.get_text()
    assert len(figure.select("tbody tr")) == len(words.data_table(answer))


def test_a_box_that_scrolls_can_be_reached_and_is_named(show: Callable[[Answer], None]) -> None:
    answer = factories.answer(k=2)
    show(answer)
    for box in soup(page.forest(answer.id)).select(".figure-box, .table-box"):
        assert box["tabindex"] == "0"
        assert box["role"] == "group"
        assert box["aria-label"]


@pytest.mark.parametrize("piece", [page.forest, page.sentence, page.table])
def test_text_from_the_tables_never_becomes_markup(
    show: Callable[[Answer], None], piece: Callable[[str], html.Piece]
) -> None:
    answer = factories.answer(k=2)
    rows = tuple(replace(row, label=HOSTILE, note=HOSTILE) for row in answer.rows)
    texts = dict.fromkeys(("title", "outcome", "reason", "favours_low", "population"), HOSTILE)
    show(replace(answer, rows=rows, caveats=(HOSTILE,), pooled=None, **texts))
    shown = soup(piece(answer.id))
    assert shown.find("script") is None
    assert "alert('1')" in shown.get_text()


def test_an_answer_without_rows_is_still_a_sentence(show: Callable[[Answer], None]) -> None:
    answer = factories.answer(k=0)
    show(answer)
    assert answer.reason in soup(page.sentence(answer.id)).get_text()
    assert soup(page.forest(answer.id)).figure is not None


def test_the_summary_links_each_primary_answer_to_its_figure(
    show: Callable[[Answer], None],
) -> None:
    answer = factories.answer(k=3, role="primary")
    show(answer)
    link = soup(page.summary()).a
    assert link["href"] == f"{answer.chapter}.html#forest-{answer.id}"
    assert soup(page.forest(answer.id)).figure["id"] == f"forest-{answer.id}"


def test_an_unknown_question_is_named_together_with_the_known_ones(
    show: Callable[[Answer], None],
) -> None:
    answer = factories.answer(k=2)
    show(answer)
    with pytest.raises(KeyError, match=f"no answer 'nothing', only {answer.id}"):
        page.forest("nothing")


def test_taking_an_answer_notes_this_answer_and_no_other(show: Callable[[Answer], None]) -> None:
    answer = factories.answer(k=2)
    show(answer)
    inputs._used.clear()
    page.table(answer.id)
    assert inputs.used() == {f"answer:{answer.id}"}
