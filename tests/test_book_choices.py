"""The page of other choices: what its tables hold, and that its prose is still true."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from analysis.book import inputs
from analysis.figures import numbers
from analysis.review.counted import counted_looks
from analysis.review.results import Answer
from analysis.review.serialise import read_results
from analysis.review.specifications import specification_curve


@cache
def answers() -> dict[str, Answer]:
    return dict(read_results(inputs.RESULTS).answers)


@cache
def page(book: Path) -> BeautifulSoup:
    text = (book / "chapters" / "choices.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def lines(book: Path, caption: str) -> dict[str, list[str]]:
    (found,) = [t for t in page(book).select("table") if t.caption and t.caption.text == caption]
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in found.select("tbody tr")]
    return {first: rest for first, *rest in rows}


def test_every_pooled_primary_answer_is_analysed_again(book: Path) -> None:
    shown = lines(book, "How far apart the analyses of one question lie")
    pooled = {a.title: a for a in answers().values() if a.role == "primary" and a.pooled}
    assert list(shown) == list(pooled)
    for title, answer in pooled.items():
        found = specification_curve(answer)
        assert shown[title][-1] == f"{found.excluding_null} of {len(found.specifications)}"
        place = page(book).find(id=f"choices-{answer.id}")
        assert isinstance(place, Tag)
        assert len(place.select("tbody tr")) == len(found.specifications)


def test_the_interval_of_every_look_is_the_engines(book: Path) -> None:
    shown = lines(book, "Pooled answers with every look counted")
    for answer in answers().values():
        if answer.title in shown:
            found = counted_looks(answer)
            assert found is not None
            looks, single, every, _ = shown[answer.title]
            assert looks == str(found.looks)
            assert single == numbers.interval(found.estimate, *found.ordinary, answer.measure)
            assert every == numbers.interval(found.estimate, *found.anytime, answer.measure)


@pytest.mark.parametrize(
    "question", ["safety-dissociation", "safety-dizziness", "safety-blood-pressure-increased"]
)
def test_what_the_page_calls_firm_is_so_in_every_analysis(book: Path, question: str) -> None:
    found = specification_curve(answers()[question])
    assert found.excluding_null == len(found.specifications)


def test_what_the_page_calls_not_firm_depends_on_the_method(book: Path) -> None:
    found = specification_curve(answers()["fatigue-postoperative-day3"])
    assert found.excluding_null is not None
    assert 0 < found.excluding_null < len(found.specifications)
