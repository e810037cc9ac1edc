"""Roles in prose, as Sphinx runs them on a page of its own."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

import factories
from analysis.book import glossing, inputs
from analysis.review.results import Results
from analysis.review.serialise import write_results

CONF = "extensions = ['myst_parser', 'analysis.book.roles']\nnumfig = False\n"
Read = Callable[[str], tuple[BeautifulSoup, str]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Return a function that reads a page's text with the roles; gives page and complaints."""
    made = Results("2026.1", {}, {}, {"q": factories.answer(k=3)})
    monkeypatch.setattr(inputs, "RESULTS", tmp_path / "results.json")
    write_results(made, inputs.RESULTS)
    glossary = tmp_path / "glossary.toml"
    glossary.write_text('"crash" = "When it gets worse."\n', encoding="utf-8")
    monkeypatch.setattr(glossing, "GLOSSARY", glossary)

    def build(text: str) -> tuple[BeautifulSoup, str]:
        source = tmp_path / "source"
        (source / "chapters").mkdir(parents=True, exist_ok=True)
        (source / "conf.py").write_text(CONF, encoding="utf-8")
        (source / "index.md").write_text(f"# Page\n\n{text}\n", encoding="utf-8")
        complaints = io.StringIO()
        out = str(tmp_path / "out")
        with docutils_namespace():
            Sphinx(
                str(source), str(source), out, out, "html", status=None, warning=complaints
            ).build(force_all=True)
        page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
        return BeautifulSoup(page, "html.parser").select_one("h1").parent, complaints.getvalue()

    return build


def test_a_result_is_shown_as_a_number(read: Read) -> None:
    page, complaints = read("There are {result}`q: k` studies.")
    assert complaints == ""
    assert page.select_one(".number").get_text() == "3"


def test_a_word_opens_its_meaning_without_a_script(read: Read) -> None:
    page, complaints = read("A {gloss}`crash` and {gloss}`crashes <crash>`.")
    assert complaints == ""
    buttons = page.select("button.gloss")
    assert [button.get_text() for button in buttons] == ["crash", "crashes"]
    for button in buttons:
        meaning = page.select_one(f"#{button['popovertarget']}")
        assert meaning.has_attr("popover")
        assert meaning.get_text() == "When it gets worse."
    assert buttons[0]["popovertarget"] != buttons[1]["popovertarget"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{result}`nothing: k`", "no question 'nothing'"),
        ("{result}`q: colour`", "nothing an answer"),
        ("{cell}`nowhere: n where study_id=a2019`", "no table 'nowhere'"),
        ("{gloss}`unknown`", "'unknown' is not in glossary.toml"),
    ],
)
def test_a_wrong_address_is_an_error_of_the_build(read: Read, text: str, reason: str) -> None:
    _, complaints = read(text)
    assert "ERROR" in complaints
    assert reason in complaints


def test_a_page_is_read_again_when_the_results_change(read: Read) -> None:
    before, _ = read("There are {result}`q: k` studies.")
    write_results(Results("2026.2", {}, {}, {"q": factories.answer(k=5)}), inputs.RESULTS)
    os.utime(inputs.RESULTS, ns=(1, 1))
    after, _ = read("There are {result}`q: k` studies.")
    assert before.select_one(".number").get_text() == "3"
    assert after.select_one(".number").get_text() == "5"
