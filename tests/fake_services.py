"""The four services on loopback: real HTTP, the documented formats, faults on demand.

The formats follow the public documentation of E-utilities, the Europe PMC
RESTful service, the ClinicalTrials.gov API (version 2) and the Crossref REST
API. ``faults`` is a list that requests consume from the front, so that a test
can say "the second answer is a 429".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Fault = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, **headers: str) -> Fault:
    """Answer with an error status."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "5")
        handler.end_headers()
        handler.wfile.write(b"sorry")

    return answer


def body(content: bytes, length: int | None = None) -> Fault:
    """Answer 200 with this body; a greater ``length`` makes it a truncated one."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length or len(content)))
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = True

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.close_connection = True
    handler.connection.close()


@dataclass
class Article:
    """A publication that PubMed and Europe PMC know."""

    pmid: str
    title: str
    year: str = "2026"
    doi: str = ""
    abstract: str = "An abstract."
    authors: tuple[str, ...] = ("Doe J",)
    entered: str = "2026-11-20"


@dataclass
class Services:
    """What the fake world contains, and the requests it has seen."""

    articles: list[Article] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)
    updates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    works: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault | None] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    page_size: int = 2
    address: str = ""

    def environment(self) -> dict[str, str]:
        """Environment variables that send the review's clients here."""
        return {
            f"REVIEW_ENDPOINT_{name.upper()}": f"{self.address}/{name}"
            for name in ("pubmed", "europe_pmc", "clinicaltrials", "crossref")
        }

    def answer(self, path: str, query: dict[str, str]) -> bytes:
        """Return the body for one request."""
        service, _, rest = path.strip("/").partition("/")
        return getattr(self, f"_{service}")(rest, query)

    def _entered_in(self, first: str, last: str) -> list[Article]:
        return [article for article in self.articles if first <= article.entered <= last]

    def _pubmed(self, path: str, query: dict[str, str]) -> bytes:
        if path == "esearch.fcgi":
            span = [query[name].replace("/", "-") for name in ("mindate", "maxdate")]
            found = self._entered_in(*span)
            start = int(query["retstart"])
            page = found[start : start + min(int(query["retmax"]), self.page_size)]
            result = {"count": str(len(found)), "idlist": [article.pmid for article in page]}
            return json.dumps({"esearchresult": result}).encode()
        wanted = query["id"].split(",")
        return "\n".join(medline(a) for a in self.articles if a.pmid in wanted).encode()

    def _europe_pmc(self, path: str, query: dict[str, str]) -> bytes:
        span = query["query"].rsplit("FIRST_IDATE:[", 1)[1].rstrip("])").split(" TO ")
        found = self._entered_in(*span)
        start = 0 if query["cursorMark"] == "*" else int(query["cursorMark"])
        page = found[start : start + self.page_size]
        results = [
            {
                "id": article.pmid,
                "source": "MED",
                "pmid": article.pmid,
                "doi": article.doi,
                "title": article.title + ".",
                "authorString": ", ".join(article.authors) + ".",
                "pubYear": article.year,
                "abstractText": article.abstract,
            }
            for article in page
        ]
        following = str(start + len(page)) if page else query["cursorMark"]
        answer = {
            "hitCount": len(found),
            "nextCursorMark": following,
            "resultList": {"result": results},
        }
        return json.dumps(answer).encode()

    def _clinicaltrials(self, path: str, query: dict[str, str]) -> bytes:
        if path.startswith("studies/"):
            wanted = path.removeprefix("studies/")
            return json.dumps(next(t for t in self.trials if nct(t) == wanted)).encode()
        start = int(query.get("pageToken", "0"))
        page = self.trials[start : start + self.page_size]
        answer: dict[str, Any] = {"totalCount": len(self.trials), "studies": page}
        if start + len(page) < len(self.trials):
            answer["nextPageToken"] = str(start + len(page))
        return json.dumps(answer).encode()

    def _crossref(self, path: str, query: dict[str, str]) -> bytes:
        if path == "works":
            items = self.updates.get(query["filter"].removeprefix("updates:"), [])
            return json.dumps({"status": "ok", "message": {"items": items}}).encode()
        work = self.works.get(path.removeprefix("works/"), {"relation": {}})
        return json.dumps({"status": "ok", "message": work}).encode()


def medline(article: Article) -> str:
    """Return an article in MEDLINE format."""
    lines = [
        f"PMID- {article.pmid}",
        f"DP  - {article.year} Nov 20",
        f"TI  - {article.title}.",
        f"AB  - {article.abstract}",
        *(f"AU  - {author}" for author in article.authors),
        "TA  - J Test",
    ]
    if article.doi:
        lines.append(f"AID - {article.doi} [doi]")
    return "\n".join(lines) + "\n"


def trial(registry_id: str, title: str, overall_status: str = "RECRUITING") -> dict[str, Any]:
    """Return a study as the registry's API gives it."""
    return {
        "protocolSection": {
            "identificationModule": {"nctId": registry_id, "briefTitle": title},
            "statusModule": {
                "overallStatus": overall_status,
                "startDateStruct": {"date": "2026-05"},
                "primaryCompletionDateStruct": {"date": "2027-05-31"},
                "lastUpdatePostDateStruct": {"date": "2026-11-20"},
            },
            "designModule": {"enrollmentInfo": {"count": 40, "type": "ESTIMATED"}},
            "descriptionModule": {"briefSummary": "What the trial is for."},
        },
        "hasResults": False,
    }


def nct(study: dict[str, Any]) -> str:
    """Return a study's registry identifier."""
    return study["protocolSection"]["identificationModule"]["nctId"]


@contextmanager
def running(services: Services) -> Iterator[Services]:
    """Serve the fake world on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            services.seen.append(self.path)
            fault = services.faults.pop(0) if services.faults else None
            if fault is not None:
                fault(self)
                return
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body(services.answer(unquote(parts.path), query))(self)

        def log_message(self, *_: Any) -> None:
            """Keep test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    services.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
