"""What every source's answer becomes: a candidate record, and its identity."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Candidate:
    """One record found by a search, before anybody has judged it.

    Empty text means that the source did not say.
    """

    source: str
    source_id: str
    title: str
    authors: str = ""
    year: str = ""
    journal: str = ""
    doi: str = ""
    pmid: str = ""
    registry_id: str = ""
    url: str = ""
    abstract: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the record as plain text fields."""
        return asdict(self)


def clean(text: object) -> str:
    """Return text from outside as one harmless line.

    Control characters go, because they could steer a terminal; markup, because
    indexes put tags into titles; and signs at the start with which a
    spreadsheet begins a formula.
    """
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize(
            "NFC", re.sub(r"</?[A-Za-z][^<>]*>", "", "" if text is None else str(text))
        )
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return re.sub(r" +", " ", kept).strip().lstrip("=+-@ ")


def clean_doi(text: object) -> str:
    """Return a DOI in lower case without resolver address, or nothing."""
    found = re.search(r"10\.\d{4,9}/\S+", clean(text).lower())
    return found.group().rstrip(".,;") if found else ""


def identities(doi: str, pmid: str, registry_id: str, title: str, year: str) -> Iterator[str]:
    """Yield the keys by which two records are the same, surest first.

    A registry identifier alone does not make two publications one: it counts
    only for a record that has neither DOI nor PMID, that is, for the registry
    entry itself. Title and year are compared by letters and digits alone, and a
    registration never with a paper: the paper of a trial may bear its title.
    """
    if doi:
        yield f"doi:{clean_doi(doi)}"
    if pmid:
        yield f"pmid:{pmid.strip()}"
    registration = bool(registry_id and not doi and not pmid)
    if registration:
        yield f"registry:{registry_id.strip().upper()}"
    letters = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", title).lower())
    if letters and year:
        yield f"{'registered' if registration else 'title'}:{letters}:{year.strip()}"
