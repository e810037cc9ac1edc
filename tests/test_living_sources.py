"""The clients, against real HTTP servers on loopback that speak the documented formats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analysis.living import sources
from analysis.living.http import PoliteSession, SourceError
from analysis.living.records import Candidate, clean, clean_doi, identities
from fake_services import Article, Services, body, hang_up, running, status, trial

SPAN = ("2026-01-01", "2026-12-31")


@pytest.fixture
def world():
    """A world with five articles and three trials, two to a page."""
    articles = [
        Article(str(1000 + i), f"Ketamine study {i}", doi=f"10.1000/test.{i}") for i in range(5)
    ]
    trials = [trial(f"NCT0000000{i}", f"Trial {i}") for i in range(3)]
    with running(Services(articles=articles, trials=trials)) as services:
        yield services


def session(world: Services, source: sources.Source, waits: list[float]) -> PoliteSession:
    """Return a session that records its waits instead of waiting."""
    made = source.session(world.environment())
    made._wait = waits.append
    return made


def all_pages(world: Services, source_id: str) -> tuple[list[Candidate], list[int], list[float]]:
    """Follow the cursors to the end."""
    source, page = sources.SEARCHABLE[source_id]
    waits: list[float] = []
    asked = session(world, source, waits)
    found: list[Candidate] = []
    hits = []
    cursor: str | None = None
    while True:
        answer = page(asked, "ketamine", *SPAN, cursor)
        found += answer.candidates
        hits.append(answer.hits)
        cursor = answer.next_cursor
        if cursor is None:
            return found, hits, waits


@pytest.mark.parametrize("source_id", ["pubmed", "europe_pmc"])
def test_every_article_is_found_once_across_pages(world, source_id):
    """Paging neither loses nor repeats a record."""
    found, hits, _ = all_pages(world, source_id)
    assert [candidate.pmid for candidate in found] == ["1000", "1001", "1002", "1003", "1004"]
    assert set(hits) == {5}
    assert found[0].title == "Ketamine study 0"
    assert found[0].doi == "10.1000/test.0"
    assert found[0].year == "2026"


def test_every_trial_is_found_once_across_pages(world):
    """Page tokens of the registry are followed to the end."""
    found, hits, _ = all_pages(world, "clinicaltrials")
    assert [candidate.registry_id for candidate in found] == [
        "NCT00000000",
        "NCT00000001",
        "NCT00000002",
    ]
    assert hits[0] == 3


def test_articles_outside_the_span_are_not_asked_for(world):
    """The dates of the span reach the service."""
    world.articles[0] = replace(world.articles[0], entered="2025-06-01")
    found, _, _ = all_pages(world, "pubmed")
    assert "1000" not in {candidate.pmid for candidate in found}


@pytest.mark.parametrize(
    "fault",
    [
        status(429, Retry_After="7"),
        status(503),
        hang_up,
        body(b"<html>maintenance</html>"),
        body(b"[1, 2]"),
        body(b'{"esearchresult": {"cou', length=500),
    ],
    ids=["429", "503", "hang-up", "not-json", "not-an-object", "truncated"],
)
def test_a_passing_fault_is_retried(world, fault):
    """One bad answer costs a wait, not a record."""
    world.faults = [fault]
    found, _, waits = all_pages(world, "pubmed")
    assert len(found) == 5
    assert max(waits) >= 1


def test_the_wait_a_service_asks_for_is_kept(world):
    """Retry-After is honoured."""
    world.faults = [status(429, Retry_After="7")]
    _, _, waits = all_pages(world, "pubmed")
    assert 7 in waits


def test_a_dead_service_is_named_after_all_tries(world):
    """The message says which service failed, how, and what to look at."""
    world.faults = [status(503)] * 5
    with pytest.raises(SourceError, match=r"PubMed answered with status 503, .* 5 times"):
        all_pages(world, "pubmed")


def test_a_refusal_is_not_retried(world):
    """A query the service rejects is reported at once."""
    world.faults = [status(400)]
    with pytest.raises(SourceError, match="refused the request"):
        all_pages(world, "pubmed")
    assert len(world.seen) == 1


def test_a_page_with_missing_records_is_not_accepted(world):
    """EFetch sending fewer records than asked for is a fault, not an answer."""
    first = b"PMID- 1000\nTI  - Only one.\n\n"
    world.faults = [None, body(first)]
    with pytest.raises(SourceError, match="1 of 2 records"):
        all_pages(world, "pubmed")


def test_a_key_is_sent_but_never_printed(world):
    """The key comes from the environment and stays out of messages."""
    world.faults = [hang_up] * 5
    environment = {**world.environment(), "NCBI_API_KEY": "secret-key"}
    asked = sources.PUBMED.session(environment)
    asked._wait = lambda _: None
    with pytest.raises(SourceError) as raised:
        sources.pubmed_page(asked, "ketamine", *SPAN, None)
    assert all("api_key=secret-key" in path for path in world.seen)
    assert "secret-key" not in str(raised.value)


def test_a_retraction_and_a_published_preprint_are_noticed(world):
    """Crossref's updates and relations become notices about the known DOI."""
    doi = "10.1000/known"
    update = {"DOI": doi, "type": "retraction", "updated": {"date-parts": [[2026, 3, 9]]}}
    world.updates[doi] = [{"DOI": "10.1000/notice", "update-to": [update]}]
    world.works[doi] = {"relation": {"is-preprint-of": [{"id": "10.1000/paper"}]}}
    found = sources.crossref_notices(session(world, sources.CROSSREF, []), doi)
    assert [(n.kind, n.notice_doi, n.date) for n in found] == [
        ("retraction", "10.1000/notice", "2026-03-09"),
        ("published paper of a preprint", "10.1000/paper", ""),
    ]


def test_text_from_outside_becomes_one_harmless_line():
    """Line breaks, terminal escapes, tags and formulas do not survive."""
    assert clean("A\x1b[31m title\r\nwith\tbreaks\x00") == "A[31m title with breaks"
    assert clean("=cmd() for <i>in vivo</i> <script>x</script>") == "cmd() for in vivo x"
    assert clean("Pain <3 and p < 0.05") == "Pain <3 and p < 0.05"


def test_a_registration_does_not_hide_the_paper_that_bears_its_title():
    """Both are to be judged: the paper has the result."""
    registered = set(identities("", "", "NCT09990001", "Ketamine: a trial", "2026"))
    paper = set(identities("10.1000/abc", "1", "", "Ketamine: a trial", "2026"))
    assert not registered & paper


def test_identities_join_the_same_paper_in_different_spellings():
    """DOI case, resolver addresses and punctuation of titles do not matter."""
    one = set(identities("https://doi.org/10.1000/ABC", "", "", "Ketamine: a Trial.", "2026"))
    other = set(identities("10.1000/abc", "", "", "Ketamine - a trial", "2026"))
    assert one == other
    assert clean_doi("doi:10.1000/ABC.") == "10.1000/abc"


def test_a_registry_number_does_not_merge_two_papers_of_one_trial():
    """Two publications may report the same trial."""
    one = set(identities("10.1000/a", "", "NCT00000001", "First report", "2025"))
    other = set(identities("10.1000/b", "", "NCT00000001", "Second report", "2026"))
    assert not one & other
