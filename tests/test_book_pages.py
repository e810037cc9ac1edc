"""The built pages, read back: every figure can be heard, every page is complete."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from analysis.book.notebooks import page_names

PAGES = page_names()
#: Bytes of HTML, styles and scripts of one page, before compression.
HEAVIEST = 1_500_000


def article(book: Path, name: str) -> BeautifulSoup:
    text = (book / f"{name}.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser").select_one("article")


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_has_words(book: Path, name: str) -> None:
    page = article(book, name)
    assert [str(image)[:80] for image in page.select("img") if not image.get("alt")] == []
    for svg in page.select("svg"):
        named = svg.get("aria-label") or svg.get("aria-labelledby") or svg.find("title")
        assert named or svg.get("aria-hidden") == "true", str(svg)[:120]


@pytest.mark.parametrize("name", PAGES)
def test_every_table_of_results_has_a_caption_and_scoped_headers(book: Path, name: str) -> None:
    for table in article(book, name).select(".table-box table"):
        assert table.caption is not None
        assert all(
            header.get("scope") in ("col", "row", "rowgroup") for header in table.select("th")
        )


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_on_a_page(book: Path, name: str) -> None:
    text = (book / f"{name}.html").read_text(encoding="utf-8")
    ids = [tag["id"] for tag in BeautifulSoup(text, "html.parser").select("[id]")]
    assert sorted({name for name in ids if ids.count(name) > 1}) == []


@pytest.mark.parametrize("name", PAGES)
def test_headings_descend_without_gaps_from_one_title(book: Path, name: str) -> None:
    levels = [int(h.name[1]) for h in article(book, name).select("h1, h2, h3, h4, h5, h6")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_book_lead_somewhere(book: Path, name: str) -> None:
    place = book / f"{name}.html"
    page = BeautifulSoup(place.read_text(encoding="utf-8"), "html.parser")
    for link in page.select("a[href]"):
        address, _, anchor = link["href"].partition("#")
        if "://" in address or address.startswith("mailto:"):
            continue
        target = (place.parent / address).resolve() if address else place
        assert target.exists(), link["href"]
        if anchor:
            text = target.read_text(encoding="utf-8")
            assert f'id="{anchor}"' in text or f'name="{anchor}"' in text, link["href"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_its_scripts_and_styles_stays_light(book: Path, name: str) -> None:
    place = book / f"{name}.html"
    page = BeautifulSoup(place.read_text(encoding="utf-8"), "html.parser")
    addresses = [tag["src"] for tag in page.select("script[src]")]
    addresses += [tag["href"] for tag in page.select("link[rel=stylesheet]")]
    files = {(place.parent / address.split("?")[0]).resolve() for address in addresses}
    assert sum(file.stat().st_size for file in {*files, place.resolve()}) < HEAVIEST
