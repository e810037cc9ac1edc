"""What the pieces of a page stand on: rows of the data tables, and links to their sources."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from markupsafe import Markup

from analysis.book.html import fill, joined
from analysis.evidence.paths import data_directory
from analysis.evidence.reading import read_table
from analysis.evidence.schema import load_schema

Row = Mapping[str, str]

#: Pages, as their addresses are seen from another chapter.
RECORDS, REFERENCES = "studies.html", "references.html"
#: How an identifier becomes an address: column, words of the link, address.
_IDENTIFIERS = (
    ("doi", "DOI", "https://doi.org/{}"),
    ("pmid", "PubMed", "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    ("registry_id", "{}", "https://clinicaltrials.gov/study/{}"),
)


def rows(table: str) -> list[dict[str, str]]:
    """Return the rows of a data table as text, in the order of the file."""
    return read_table(table).rows


def meanings(table: str, column: str) -> Mapping[str, str]:
    """Return what each allowed value of a column means, in words."""
    return load_schema(table)[column].meanings


def slug(words: str) -> str:
    """Return words as a name for cells and anchors: ``"long COVID"`` is ``"long-covid"``."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def record_anchor(study_id: str) -> str:
    """Return the anchor of a study's record."""
    return f"study-{study_id.replace('_', '-')}"


def record_address(study_id: str) -> str:
    """Return the address of a study's record, as seen from another chapter."""
    return f"{RECORDS}#{record_anchor(study_id)}"


def identifier_links(row: Row) -> Markup:
    """Return links to where a row's source can be read: DOI, PubMed, registry, page."""
    links = [
        fill('<a href="{to}">{word}</a>', to=address.format(part), word=word.format(part))
        for column, word, address in _IDENTIFIERS
        for part in _parts(row.get(column, ""))
    ]
    for url in _parts(row.get("url", "")):
        word = "PubMed Central" if "pmc.ncbi" in url else "page"
        if not ("pubmed.ncbi" in url and row.get("pmid")):
            links.append(fill('<a href="{to}">{word}</a>', to=url, word=word))
    return Markup(", ").join(links)


def cite(keys: str) -> Markup:
    """Return links to entries of the list of references, ``"a2020;b2021"`` as ``A 2020; B 2021``.

    Raises
    ------
    KeyError
        If a key is not in the bibliography.
    """
    known = labels(_bibliography_version())
    return Markup("; ").join(
        fill(
            '<a href="{page}#cite-{key}">{label}</a>',
            page=REFERENCES,
            key=slug(key),
            label=known[key],
        )
        for key in _parts(keys)
    )


def source_links(row: Row) -> Markup:
    """Return a row's reference and identifiers in one line."""
    keys = row.get("citation_key") or row.get("citation_keys") or ""
    parts = [part for part in (cite(keys), identifier_links(row)) if part]
    return Markup(" · ").join(parts)


def glossary() -> dict[str, str]:
    """Return the words that the book explains, with their meanings."""
    text = (data_directory() / "glossary.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def labels(version: tuple[Path, int]) -> Mapping[str, str]:
    """Return key -> ``"Saligan et al. 2016"`` for every entry of the bibliography.

    Parameters
    ----------
    version : tuple of Path and int
        The file and when it was changed, so that an edited one is read again.
    """
    from pybtex.database import parse_file

    return {key: _label(entry) for key, entry in parse_file(version[0]).entries.items()}


def _bibliography_version() -> tuple[Path, int]:
    path = data_directory() / "references.bib"
    return path, path.stat().st_mtime_ns


def _label(entry: object) -> str:
    people = entry.persons.get("author", [])  # type: ignore[attr-defined]
    names = [" ".join((*person.prelast_names, *person.last_names)) for person in people]
    names = [name.strip("{}") for name in names]
    if len(names) == 2 and names[1] != "others":
        who = f"{names[0]} and {names[1]}"
    else:
        who = f"{names[0]} et al." if len(names) > 1 else "".join(names)
    year = entry.fields.get("year", "")  # type: ignore[attr-defined]
    return f"{who} {year}".strip()


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def prose(sentences: Iterable[str]) -> Markup:
    """Return sentences as one paragraph."""
    return fill("<p>{text}</p>", text=" ".join(s.strip() for s in sentences if s))


def bullets(items: Iterable[object]) -> Markup:
    """Return a list of items."""
    return fill("<ul>{items}</ul>", items=joined(fill("<li>{item}</li>", item=i) for i in items))
