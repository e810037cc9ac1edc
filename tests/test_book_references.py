"""Every source is named somewhere, and every name leads to a source."""

from __future__ import annotations

import re
from pathlib import Path

from bs4 import BeautifulSoup
from pybtex.database import parse_file

from analysis.book import inputs
from analysis.book.sources import rows, slug
from analysis.evidence.schema import load_schema, table_names

BIBLIOGRAPHY = inputs.ROOT / "data" / "references.bib"
KEYS = set(parse_file(BIBLIOGRAPHY).entries)


def cited_in_chapters() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in (inputs.ROOT / "chapters").glob("*.md"))
    found = (key for text in texts for key in re.findall(r"\{cite[a-z:]*\}`([^`]+)`", text))
    return {key.strip() for group in found for key in group.split(",")}


def cited_in_tables() -> set[str]:
    return {
        key
        for table in table_names()
        for column in load_schema(table).fields
        if column.references == "data/references.bib"
        for row in rows(table)
        for key in row[column.name].split(";")
        if key
    }


def test_every_citation_of_a_chapter_is_in_the_bibliography() -> None:
    assert cited_in_chapters() - KEYS == set()


def test_every_entry_of_the_bibliography_is_cited_by_a_chapter_or_a_table() -> None:
    assert KEYS - cited_in_chapters() - cited_in_tables() == set()


def test_the_list_of_references_holds_every_entry_under_its_key(book: Path) -> None:
    page = (book / "chapters" / "references.html").read_text(encoding="utf-8")
    ids = {tag["id"] for tag in BeautifulSoup(page, "html.parser").select("[id^=cite-]")}
    assert ids == {f"cite-{slug(key)}" for key in KEYS}


def test_every_doi_is_well_formed() -> None:
    entries = parse_file(BIBLIOGRAPHY).entries.values()
    dois = [entry.fields["doi"] for entry in entries if "doi" in entry.fields]
    assert [doi for doi in dois if not re.fullmatch(r"10\.\d{4,9}/\S+", doi)] == []


def test_a_link_to_a_source_goes_to_the_original(book: Path) -> None:
    """Identifiers lead to the registrar, the index or the register, never to a copy."""
    hosts: dict[str, set[str]] = {"DOI": set(), "PubMed": set()}
    for path in (book / "chapters").glob("*.html"):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for link in page.select("article a[href^=http]"):
            if link.get_text() in hosts:
                hosts[link.get_text()].add(link["href"].split("/")[2])
    assert hosts == {"DOI": {"doi.org"}, "PubMed": {"pubmed.ncbi.nlm.nih.gov"}}
