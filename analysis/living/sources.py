"""The four services the review asks, each as pages of candidate records.

A page function takes the query, the span of dates and the cursor of the page;
it returns the candidates, the cursor of the next page (None at the end) and
the number of hits the service reports. The search driver stores each page
before it asks for the next, which is what makes a search resumable.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.living.http import PoliteSession, SourceError
from analysis.living.records import Candidate, clean, clean_doi

#: Records asked for at a time; every service here allows it.
PAGE_SIZE = 100


@dataclass(frozen=True)
class Page:
    """One page of a search."""

    candidates: tuple[Candidate, ...]
    next_cursor: str | None
    hits: int


PageFunction = Callable[[PoliteSession, str, str, str, str | None], Page]

#: Environment variable with the e-mail address that services may write to.
CONTACT_VARIABLE = "REVIEW_CONTACT_EMAIL"
#: Environment variables with another address for a service end in its id.
ENDPOINT_VARIABLE = "REVIEW_ENDPOINT_"


#: How often a service is asked while a person waits for the next question.
TRIES_IN_A_DIALOGUE = 2


@dataclass(frozen=True)
class Source:
    """A service: where it is and how fast it may be asked."""

    id: str
    name: str
    base_url: str
    per_second: float
    key_variable: str = ""
    key_parameter: str = ""
    contact_parameter: str = ""

    def session(
        self, environment: Mapping[str, str] | None = None, *, tries: int = 5
    ) -> PoliteSession:
        """Return a session; key, contact and another address come from the environment."""
        environment = os.environ if environment is None else environment
        params = {}
        if self.key_variable and environment.get(self.key_variable):
            params[self.key_parameter] = environment[self.key_variable]
        if self.contact_parameter and environment.get(CONTACT_VARIABLE):
            params[self.contact_parameter] = environment[CONTACT_VARIABLE]
        base_url = environment.get(ENDPOINT_VARIABLE + self.id.upper(), self.base_url)
        return PoliteSession(self.name, base_url, self.per_second, params=params, tries=tries)


def pubmed_page(
    session: PoliteSession, query: str, since: str, until: str, cursor: str | None
) -> Page:
    """Return one page of PubMed: ESearch for the numbers, EFetch for the records."""
    from Bio import Medline

    start = int(cursor or 0)
    found = session.get_json(
        "esearch.fcgi",
        {
            "db": "pubmed",
            "term": query,
            "retmode": "json",
            "retstart": start,
            "retmax": PAGE_SIZE,
            "datetype": "edat",
            "mindate": since.replace("-", "/"),
            "maxdate": until.replace("-", "/"),
        },
    )
    result = _member(session, found, "esearchresult")
    if "ERROR" in result:
        raise SourceError(f"{session.name} did not understand the query: {result['ERROR']}")
    hits, pmids = int(result["count"]), list(result["idlist"])
    candidates: tuple[Candidate, ...] = ()
    if pmids:
        text = _medline(session, pmids)
        candidates = tuple(_from_medline(record) for record in Medline.parse(io.StringIO(text)))
        missing = set(pmids) - {candidate.pmid for candidate in candidates}
        if missing:
            raise SourceError(
                f"{session.name} sent a truncated page: {len(missing)} of {len(pmids)} records "
                "are missing."
            )
    end = start + len(pmids)
    return Page(candidates, str(end) if pmids and end < hits else None, hits)


def abstract_of(session: PoliteSession, pmid: str) -> str:
    """Return one article's abstract from PubMed, empty if it has none."""
    from Bio import Medline

    text = _medline(session, [pmid])
    return next((clean(record.get("AB")) for record in Medline.parse(io.StringIO(text))), "")


def _from_medline(record: Mapping[str, Any]) -> Candidate:
    identifiers = [*record.get("AID", []), *([record["LID"]] if "LID" in record else [])]
    dois = [clean_doi(text) for text in identifiers if "[doi]" in text]
    registered = [text.split("/")[-1] for text in record.get("SI", []) if "/" in text]
    return Candidate(
        source="PubMed",
        source_id=clean(record.get("PMID")),
        title=clean(record.get("TI")).rstrip("."),
        authors="; ".join(clean(name) for name in record.get("AU", [])),
        year=clean(record.get("DP"))[:4],
        journal=clean(record.get("TA")),
        doi=dois[0] if dois else "",
        pmid=clean(record.get("PMID")),
        registry_id=clean(registered[0]) if registered else "",
        url=f"https://pubmed.ncbi.nlm.nih.gov/{clean(record.get('PMID'))}/",
        abstract=clean(record.get("AB")),
    )


def europe_pmc_page(
    session: PoliteSession, query: str, since: str, until: str, cursor: str | None
) -> Page:
    """Return one page of Europe PMC, which also holds preprints."""
    answer = session.get_json(
        "search",
        {
            "query": f"({query}) AND (FIRST_IDATE:[{since} TO {until}])",
            "format": "json",
            "resultType": "core",
            "pageSize": PAGE_SIZE,
            "cursorMark": cursor or "*",
        },
    )
    results = _member(session, answer, "resultList").get("result", [])
    candidates = tuple(_from_europe_pmc(record) for record in results)
    following = answer.get("nextCursorMark")
    more = bool(candidates) and following not in (None, cursor)
    return Page(candidates, following if more else None, int(answer.get("hitCount", 0)))


def _from_europe_pmc(record: Mapping[str, Any]) -> Candidate:
    place = f"{clean(record.get('source'))}/{clean(record.get('id'))}"
    return Candidate(
        source="Europe PMC",
        source_id=place,
        title=clean(record.get("title")).rstrip("."),
        authors=clean(record.get("authorString")).rstrip(".").replace(", ", "; "),
        year=clean(record.get("pubYear")),
        journal=clean(((record.get("journalInfo") or {}).get("journal") or {}).get("title")),
        doi=clean_doi(record.get("doi")),
        pmid=clean(record.get("pmid")),
        url=f"https://europepmc.org/article/{place}",
        abstract=clean(record.get("abstractText")),
    )


def clinicaltrials_page(
    session: PoliteSession, query: str, since: str, until: str, cursor: str | None
) -> Page:
    """Return one page of ClinicalTrials.gov (API version 2)."""
    params: dict[str, Any] = {
        "query.term": query,
        "filter.advanced": f"AREA[LastUpdatePostDate]RANGE[{since},{until}]",
        "pageSize": PAGE_SIZE,
        "countTotal": "true",
        "format": "json",
    }
    if cursor:
        params["pageToken"] = cursor
    answer = session.get_json("studies", params)
    studies = answer.get("studies", [])
    candidates = tuple(_from_registry(study) for study in studies)
    return Page(candidates, answer.get("nextPageToken"), int(answer.get("totalCount") or 0))


def _from_registry(study: Mapping[str, Any]) -> Candidate:
    trial = RegisteredTrial.from_api(study)
    return Candidate(
        source="ClinicalTrials.gov",
        source_id=trial.registry_id,
        title=trial.title,
        year=trial.start[:4],
        registry_id=trial.registry_id,
        url=f"https://clinicaltrials.gov/study/{trial.registry_id}",
        abstract=trial.summary,
    )


@dataclass(frozen=True)
class RegisteredTrial:
    """The parts of a ClinicalTrials.gov record that ``trials.csv`` keeps."""

    registry_id: str
    acronym: str
    title: str
    status: str
    n: str
    n_is: str
    start: str
    primary_completion: str
    has_results: bool
    last_update: str
    summary: str

    @classmethod
    def from_api(cls, study: Mapping[str, Any]) -> RegisteredTrial:
        """Read one study of the version 2 API; what it leaves out is empty."""
        protocol = study.get("protocolSection") or {}
        identity = protocol.get("identificationModule") or {}
        status = protocol.get("statusModule") or {}
        enrolment = (protocol.get("designModule") or {}).get("enrollmentInfo") or {}
        kind = clean(enrolment.get("type")).lower()
        return cls(
            registry_id=clean(identity.get("nctId")),
            acronym=clean(identity.get("acronym")),
            title=clean(identity.get("briefTitle")),
            status=clean(status.get("overallStatus")).lower(),
            n=clean(enrolment.get("count")),
            n_is={"estimated": "planned"}.get(kind, kind),
            start=_date(status, "startDateStruct"),
            primary_completion=_date(status, "primaryCompletionDateStruct"),
            has_results=bool(study.get("hasResults")),
            last_update=_date(status, "lastUpdatePostDateStruct"),
            summary=clean((protocol.get("descriptionModule") or {}).get("briefSummary")),
        )


def registered_trial(session: PoliteSession, registry_id: str) -> RegisteredTrial:
    """Return what ClinicalTrials.gov says today of one trial."""
    return RegisteredTrial.from_api(session.get_json(f"studies/{registry_id}", {"format": "json"}))


@dataclass(frozen=True)
class Notice:
    """A retraction, correction or version link that concerns a known DOI."""

    doi: str
    kind: str
    notice_doi: str
    date: str


def crossref_notices(session: PoliteSession, doi: str) -> tuple[Notice, ...]:
    """Return what Crossref knows to have happened to a publication.

    Updates (retraction, correction, expression of concern …) are works that
    name ``doi`` in their ``update-to`` list; a preprint's published paper is
    in the work's own relations.
    """
    answer = session.get_json("works", {"filter": f"updates:{doi}", "rows": PAGE_SIZE})
    items = _member(session, answer, "message").get("items", [])
    notices = [
        Notice(doi, clean(update.get("type")), clean_doi(item.get("DOI")), _parts(update))
        for item in items
        for update in item.get("update-to", [])
        if clean_doi(update.get("DOI")) == clean_doi(doi)
    ]
    work = _member(session, session.get_json(f"works/{doi}", {}), "message")
    for relation in (work.get("relation") or {}).get("is-preprint-of", []):
        notices.append(Notice(doi, "published paper of a preprint", clean_doi(relation["id"]), ""))
    return tuple(notices)


def crossref_work(session: PoliteSession, doi: str) -> Candidate:
    """Return the bibliographic record of one DOI, to prefill a new row."""
    work = _member(session, session.get_json(f"works/{doi}", {}), "message")
    authors = [
        clean(f"{author.get('family', '')} {_initials(author.get('given', ''))}")
        for author in work.get("author", [])
    ]
    issued = ((work.get("issued") or {}).get("date-parts") or [[""]])[0]
    return Candidate(
        source="Crossref",
        source_id=clean_doi(doi),
        title=clean(" ".join(work.get("title", []))),
        authors="; ".join(authors),
        year=clean(issued[0] if issued else ""),
        journal=clean(" ".join(work.get("container-title", []))),
        doi=clean_doi(doi),
        url=f"https://doi.org/{clean_doi(doi)}",
    )


def pubmed_record(session: PoliteSession, pmid: str) -> Candidate:
    """Return the bibliographic record of one article, to prefill a new row.

    Raises
    ------
    SourceError
        If PubMed has no such article.
    """
    from Bio import Medline

    text = _medline(session, [pmid])
    found = [_from_medline(record) for record in Medline.parse(io.StringIO(text))]
    if not found or found[0].pmid != pmid:
        raise SourceError(f"{session.name} has no article {pmid}; check the number.")
    return found[0]


def _medline(session: PoliteSession, pmids: Sequence[str]) -> str:
    return session.get_text(
        "efetch.fcgi",
        {"db": "pubmed", "id": ",".join(pmids), "rettype": "medline", "retmode": "text"},
    )


PUBMED = Source(
    "pubmed",
    "PubMed",
    "https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
    # Three a second without a key is the limit NCBI states.
    per_second=3,
    key_variable="NCBI_API_KEY",
    key_parameter="api_key",
    contact_parameter="email",
)
EUROPE_PMC = Source(
    "europe_pmc",
    "Europe PMC",
    "https://www.ebi.ac.uk/europepmc/webservices/rest",
    per_second=3,
    contact_parameter="email",
)
CLINICALTRIALS = Source(
    "clinicaltrials",
    "ClinicalTrials.gov",
    "https://clinicaltrials.gov/api/v2",
    # About fifty requests a minute are allowed.
    per_second=0.8,
)
CROSSREF = Source(
    "crossref",
    "Crossref",
    "https://api.crossref.org",
    per_second=5,
    contact_parameter="mailto",
)

#: The services that a query file may name, with the reader of their pages.
SEARCHABLE: Mapping[str, tuple[Source, PageFunction]] = {
    PUBMED.id: (PUBMED, pubmed_page),
    EUROPE_PMC.id: (EUROPE_PMC, europe_pmc_page),
    CLINICALTRIALS.id: (CLINICALTRIALS, clinicaltrials_page),
}


def _member(session: PoliteSession, answer: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return ``answer[key]``; a page without it did not come from the service we know."""
    member = answer.get(key)
    if not isinstance(member, dict):
        raise SourceError(f"{session.name} answered without {key!r}; its format may have changed.")
    return member


def _initials(given: str) -> str:
    """Return given names as indexes write them: ``Jane Mary`` and ``J.-M.`` become ``JM``."""
    return "".join(part[0].upper() for part in re.split(r"[\s.-]+", given) if part)


def _date(status: Mapping[str, Any], name: str) -> str:
    return clean((status.get(name) or {}).get("date"))


def _parts(update: Mapping[str, Any]) -> str:
    parts = ((update.get("updated") or {}).get("date-parts") or [[]])[0]
    return "-".join(f"{int(part):02d}" for part in parts)
