"""Citations: what each stands for is at hand, and the list of references leads back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from analysis.book import citing
from analysis.book.notebooks import page_names


@pytest.fixture(scope="module")
def listed(book: Path) -> BeautifulSoup:
    """Return the page with the list of references."""
    text = (book / f"{citing.REFERENCES}.html").read_text("utf-8")
    return BeautifulSoup(text, "html.parser")


def citations(book: Path) -> dict[str, set[str]]:
    """Return the pages on which a link leads to each entry."""
    found: dict[str, set[str]] = {}
    for name in page_names():
        page = BeautifulSoup((book / f"{name}.html").read_text("utf-8"), "html.parser")
        for link in page.select('article a[href*="references.html#cite-"]'):
            anchor = str(link["href"]).partition("#")[2]
            found.setdefault(anchor, set()).add(f"{Path(name).name}.html")
    return found


def test_each_entry_names_exactly_the_pages_that_cite_it(
    book: Path, listed: BeautifulSoup
) -> None:
    named = {
        str(entry["id"]): {str(link["href"]) for link in entry.select(".cited-in a")}
        for entry in listed.select("div.citation[id^=cite-]")
    }
    cited = citations(book)
    assert cited.keys() <= named.keys()
    assert named == {entry: cited.get(entry, set()) for entry in named}


def test_the_entries_for_the_script_are_those_of_the_list(
    book: Path, listed: BeautifulSoup
) -> None:
    text = (book / citing.ENTRIES).read_text("utf-8")
    match = re.fullmatch(r"citations\.receive\((.*)\);\n", text, re.S)
    assert match is not None
    entries = json.loads(match[1])
    assert entries.keys() == {str(e["id"]) for e in listed.select("div.citation[id^=cite-]")}
    for anchor, markup in entries.items():
        shown = BeautifulSoup(markup, "html.parser")
        assert shown.get_text()[:40] in listed.select_one(f"#{anchor}").get_text()
        assert shown.select_one(".cited-in, .label") is None


def test_a_citation_says_et_al_whichever_way_the_file_says_it(book: Path) -> None:
    page = (book / "chapters" / "index.html").read_text("utf-8")
    link = BeautifulSoup(page, "html.parser").select_one('a[href$="#cite-saligan2026"]')
    assert link.get_text() == "Saligan et al., 2026"
