"""What is known of a study before anybody types it: from an index, or from its other rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from analysis.evidence.schema import Schema
from analysis.living.records import Candidate, clean_doi
from analysis.living.sources import (
    CLINICALTRIALS,
    CROSSREF,
    PUBMED,
    TRIES_IN_A_DIALOGUE,
    crossref_work,
    pubmed_record,
    registered_trial,
)

Row = Mapping[str, str]

#: Columns in which the rows of one study differ; all others are alike more often than not.
OF_ONE_RESULT = frozenset(
    {
        "outcome",
        "instrument",
        "timepoint",
        "hours_after_end",
        "better",
        "n_treat",
        "n_control",
        "p_value",
        "correlation",
        "extracted_by",
        "extracted_on",
        "note",
    }
)


def look_up(identifier: str) -> Candidate:
    """Return the bibliographic record behind a DOI, a PubMed number or an NCT number.

    Raises
    ------
    ValueError
        If the text is none of the three.
    SourceError
        If the service cannot be asked.
    """
    known = identified(identifier)
    if known.registry_id:
        trial = registered_trial(
            CLINICALTRIALS.session(tries=TRIES_IN_A_DIALOGUE), known.registry_id
        )
        return replace(known, title=trial.title)
    if known.doi:
        return crossref_work(CROSSREF.session(tries=TRIES_IN_A_DIALOGUE), known.doi)
    return pubmed_record(PUBMED.session(tries=TRIES_IN_A_DIALOGUE), known.pmid)


def identified(identifier: str) -> Candidate:
    """Return what an identifier says by itself.

    Raises
    ------
    ValueError
        If the text is no DOI, PubMed number or NCT number.
    """
    text = identifier.strip()
    if found := re.search(r"NCT\d{8}", text, re.IGNORECASE):
        name = found.group().upper()
        url = f"https://clinicaltrials.gov/study/{name}"
        return Candidate(CLINICALTRIALS.name, name, "", registry_id=name, url=url)
    if doi := clean_doi(text):
        return Candidate(CROSSREF.name, doi, "", doi=doi, url=f"https://doi.org/{doi}")
    if found := re.fullmatch(r"(?:pmid:?\s*)?(\d{1,9})", text, re.IGNORECASE):
        url = f"https://pubmed.ncbi.nlm.nih.gov/{found[1]}/"
        return Candidate(PUBMED.name, found[1], "", pmid=found[1], url=url)
    raise ValueError(
        f"{text!r} is no DOI (10.…/…), PubMed number or NCT number; press Enter to go on without"
    )


def suggestion(
    schema: Schema,
    rows: Sequence[Row],
    found: Candidate | None,
    contributor: str,
    name: str,
    cells: Row,
) -> str:
    """Return what a cell probably holds; empty where nothing is known.

    Parameters
    ----------
    schema : Schema
        The table of studies.
    rows : sequence of mappings
        Its rows.
    found : Candidate or None
        What an index says of the source.
    contributor : str
        Who is asked.
    name : str
        The column.
    cells : mapping
        The answers so far.
    """
    if name == "study_id":
        return _study_id(rows, found) if found else ""
    if name == "extracted_on":
        return date.today().isoformat()
    if name == "extracted_by":
        return contributor
    if name == "comparator_type" and re.match(r"none\b", cells.get("comparator", "")):
        return "none"
    of_study = [row for row in rows if row["study_id"] == cells.get("study_id")]
    if of_study:
        is_result = name in OF_ONE_RESULT or name not in schema.names or schema[name].group
        return "" if is_result else of_study[-1][name]
    if name in ("citation_key", "participants_id"):
        return cells.get("study_id", "")
    return _from_record(name, found) if found else ""


def _from_record(name: str, found: Candidate) -> str:
    known = {
        "first_author": family_name(found.authors),
        "record title": found.title,
        "record authors": found.authors,
        "record journal": found.journal,
    }
    if name in known:
        return known[name]
    return found.as_dict().get(name, "") if name in _SHARED else ""


#: Columns of ``studies.csv`` that a found record has under the same name.
_SHARED = ("year", "doi", "pmid", "registry_id", "url")


def family_name(authors: str) -> str:
    """Return the first author's family name from ``Family AB; Family CD``."""
    first = authors.split(";")[0].strip()
    return re.sub(r" [A-Z]{1,4}$", "", first)


def _study_id(rows: Sequence[Row], found: Candidate) -> str:
    """Return the id of the study if it is known already, otherwise a new one."""
    for row in rows:
        same_doi = found.doi and row["doi"].lower() == found.doi
        if same_doi or (found.pmid and row["pmid"] == found.pmid):
            return row["study_id"]
    if not (named_after := family_name(found.authors) or found.registry_id):
        return ""
    plain = unicodedata.normalize("NFKD", named_after)
    letters = re.sub(r"[^a-z0-9]", "", plain.encode("ascii", "ignore").decode().lower())
    taken = {row["study_id"] for row in rows}
    return next(
        name
        for name in (f"{letters}{found.year}{suffix}" for suffix in ("", *"bcdefghij"))
        if name not in taken
    )
