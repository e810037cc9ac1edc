"""Words of the glossary: the first use of each is explained, on every page for readers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, NavigableString, Tag
from docutils import nodes

from analysis.book import glossing

KNOWN = {"pain": "It hurts.", "nerve pain": "A nerve hurts.", "ME/CFS": "The subject."}


def page(*parts: nodes.Node) -> nodes.paragraph:
    """Return a paragraph with the words of the glossary explained."""
    made = nodes.paragraph("", "", *parts)
    glossing.explain(made, KNOWN)
    return made


def explained(doctree: nodes.Node) -> list[str]:
    """Return the words that are explained, in their order."""
    return [word.astext() for word in doctree.findall(glossing.gloss)]


def test_only_the_first_use_of_a_word_is_explained_and_the_text_stays_the_same() -> None:
    text = "Pain comes, and pain goes; painful it was."
    made = page(nodes.Text(text))
    assert explained(made) == ["Pain"]
    assert made.astext() == text


def test_the_longer_of_two_terms_is_the_one_explained() -> None:
    made = page(nodes.Text("nerve pain and other pain"))
    assert explained(made) == ["nerve pain", "pain"]


def test_a_word_that_an_author_marked_is_not_explained_again() -> None:
    marked = glossing.gloss("", "hurting", term="pain", meaning="It hurts.")
    assert explained(page(marked, nodes.Text(" and pain"))) == ["hurting"]


def test_links_and_the_subject_of_the_book_are_left_alone() -> None:
    link = nodes.reference("", "pain", refuri="#")
    assert explained(page(link, nodes.Text(" in ME/CFS"))) == []


def test_marks_that_touch_a_word_stay_with_it_and_none_is_lost() -> None:
    made = page(nodes.Text("It aches (pain), much."))
    (word,) = made.findall(glossing.gloss)
    glossing.keep_marks(word)
    assert (word["before"], word["after"]) == ("(", "),")
    assert made.astext() == "It aches pain much."
    made = page(nodes.Text("Pain"))
    (word,) = made.findall(glossing.gloss)
    glossing.keep_marks(word)
    assert (word["before"], word["after"]) == ("", "")


@pytest.mark.parametrize("name", sorted(glossing.READERS))
def test_every_page_for_readers_explains_each_term_where_it_first_stands(
    book: Path, name: str
) -> None:
    article = BeautifulSoup((book / f"{name}.html").read_text("utf-8"), "html.parser").article
    assert article is not None
    first = {}
    for text in article.find_all(string=True):
        if in_prose(text):
            for term in glossing.meanings().keys() - first.keys() - {glossing.SUBJECT}:
                if re.search(rf"\b{re.escape(term)}\b", _without_longer(str(text), term), re.I):
                    first[term] = bool(text.find_parent("button", class_="gloss"))
    marked = {term for term in first if not first[term]} - _marked_in_other_words(article)
    assert marked == set()


def in_prose(text: NavigableString) -> bool:
    """Return whether a text belongs to the prose that an author wrote."""
    left_alone = ["a", "code", "h1", "h2", "h3", "script", "style"]
    return (
        text.find_parent("p") is not None
        and text.find_parent(class_=["cell", "gloss-meaning", "admonition-title"]) is None
        and text.find_parent(left_alone) is None
    )


def _without_longer(text: str, term: str) -> str:
    """Return a text without the longer terms that contain this one."""
    for other in glossing.meanings():
        if term.lower() in other.lower() and other != term:
            text = re.sub(re.escape(other), "", text, flags=re.I)
    return text


def _marked_in_other_words(article: Tag) -> set[str]:
    """Return the terms that the page explains under words of an author's own."""
    given = {box.get_text() for box in article.select(".gloss-meaning")}
    return {term for term, meaning in glossing.meanings().items() if meaning in given}
