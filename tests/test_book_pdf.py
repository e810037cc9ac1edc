"""The book as one PDF: without what paper cannot carry, its links and page numbers right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from analysis.book import chromium, pdf

STATUS = {"version": "2026.1.0", "as_of": "2026-01-02", "last_search": "2026-01-01"}
NAMES = ("chapters/one", "chapters/two")
PAGE = """<html><article><section id="top"><h1>{title}<a class="headerlink" href="#top">#</a></h1>
<section id="part"><h2>Part</h2><p><a href="two.html#part">there</a>
<a href="../data/results.json">file</a> <a href="https://doi.org/10.1/x">source</a></p>
<details class="repool"><summary>Choose</summary></details>
<details><summary>In words</summary><p>Said.</p></details>
<div class="admonition"><p class="admonition-title">In short</p><p>Words.</p></div>
<svg role="img" width="9" height="9" aria-labelledby="name">
<title id="name">A figure</title></svg></section>
<section class="study-record" id="study-doe2020"><h2>Doe 2020</h2></section>
</section></article></html>"""


@pytest.fixture
def chapters() -> list[pdf.Chapter]:
    return [
        pdf.chapter(PAGE.format(title=title), name, NAMES)
        for title, name in zip(("One", "Two"), NAMES, strict=True)
    ]


def test_a_chapter_leaves_out_what_only_a_screen_can_do(chapters: list[pdf.Chapter]) -> None:
    body = BeautifulSoup(chapters[0].body, "html.parser")
    assert body.select(".repool, .headerlink, script") == []
    assert body.select_one("details").has_attr("open")


def test_names_stay_unique_and_links_lead_where_they_led(chapters: list[pdf.Chapter]) -> None:
    book = BeautifulSoup(pdf.whole(chapters, Path("/"), STATUS, {}), "html.parser")
    names = [tag["id"] for tag in book.select("[id]")]
    assert len(names) == len(set(names))
    hrefs = [link.get("href") for link in book.select("article")[0].select("a")]
    assert hrefs == ["#two--part", None, "https://doi.org/10.1/x"]
    inner = [link["href"][1:] for link in book.select('a[href^="#"]')]
    assert set(inner) <= set(names)
    assert book.select("article svg")[0]["aria-labelledby"] in names


def test_the_cover_says_which_edition_it_is(chapters: list[pdf.Chapter]) -> None:
    book = BeautifulSoup(pdf.whole(chapters, Path("/"), STATUS, {}), "html.parser")
    cover = book.select_one(".book-cover").get_text(" ")
    assert "Data version 2026.1.0, as of 2026-01-02. Last search: 2026-01-01." in cover
    assert '@top-right { content: "Data version 2026.1.0, as of 2026-01-02" }' in str(book.style)


def test_contents_name_chapters_and_parts_but_not_each_study(chapters: list[pdf.Chapter]) -> None:
    book = BeautifulSoup(pdf.whole(chapters, Path("/"), STATUS, {"two--part": 7}), "html.parser")
    lines = [" ".join(line.get_text(" ").split()) for line in book.select(".book-contents a")]
    assert lines == ["One", "Part", "Two", "Part 7"]


def test_what_is_printed_has_the_pages_that_its_contents_name(
    chapters: list[pdf.Chapter], book: Path
) -> None:
    path = chromium.find_chromium()
    if path is None:
        pytest.skip("no Chromium to be found")
    # In a thread of its own: another test's browser may be at work in this one.
    with ThreadPoolExecutor(1) as thread:
        printed = thread.submit(_print, path, chapters, book).result()
    numbers = pdf.page_numbers(printed)
    # A cover, the contents, and each chapter on a page of its own.
    assert (numbers["one"], numbers["one--part"], numbers["two"]) == (3, 3, 4)
    for part in (b"/MarkInfo <</Type /MarkInfo", b"/StructTreeRoot", b"/Outlines", b"/Lang (en)"):
        assert part in printed, part
    assert b"/Subtype /Image" not in printed  # nothing became a picture of itself


def _print(path: str, chapters: list[pdf.Chapter], book: Path) -> bytes:
    with chromium.started(path) as browser:
        return pdf.printed(browser.new_page(), chapters, book, STATUS)
