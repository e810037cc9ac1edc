"""Whether the addresses in the built book still lead anywhere: politely, one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import requests

from analysis.living.http import PASSING_STATUS, TIMEOUT, USER_AGENT

#: Statuses that say a page is not there; others may be a door closed to programs.
GONE = frozenset({404, 410})
#: Addresses that only redirect: that they know where to is all there is to see.
RESOLVERS = frozenset({"doi.org", "dx.doi.org"})
#: Seconds between two requests to one host.
PAUSE = 1.0


@dataclass(frozen=True)
class Verdict:
    """What became of one address.

    Attributes
    ----------
    url : str
        The address.
    kind : {"alive", "dead", "unsure"}
        ``unsure`` where the host refuses programs or cannot answer now.
    why : str
        Status or fault.
    pages : tuple of str
        Pages that link to it.
    """

    url: str
    kind: str
    why: str
    pages: tuple[str, ...]


class _Addresses(HTMLParser):
    """Collects where the links and images of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {
            urldefrag(value).url
            for name, value in attrs
            if name in ("href", "src", "xlink:href")
            and value
            and value.startswith(("http://", "https://"))
        }


def addresses(book: Path) -> dict[str, tuple[str, ...]]:
    """Return the outside addresses in a built book, with the pages that name them."""
    found: dict[str, list[str]] = {}
    for page in sorted(book.rglob("*.html")):
        parser = _Addresses()
        parser.feed(page.read_text(encoding="utf-8"))
        for url in parser.found:
            found.setdefault(url, []).append(page.relative_to(book).as_posix())
    return {url: tuple(pages) for url, pages in sorted(found.items())}


def check(
    links: Mapping[str, tuple[str, ...]],
    progress: Callable[[str], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
) -> list[Verdict]:
    """Ask for every address, never the same host twice within a second.

    Parameters
    ----------
    links : mapping
        Address to the pages that name it.
    progress : callable
        Told each address before it is asked for.
    wait : callable
        Waits the given number of seconds.
    """
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    free_at: dict[str, float] = {}
    verdicts = []
    for url in _taking_turns(links):
        progress(url)
        host = urlsplit(url).netloc
        wait(max(0.0, free_at.get(host, 0.0) - time.monotonic()))
        kind, why = _ask(session, url)
        free_at[host] = time.monotonic() + PAUSE
        verdicts.append(Verdict(url, kind, why, links[url]))
    return sorted(verdicts, key=lambda verdict: verdict.url)


def _ask(session: requests.Session, url: str) -> tuple[str, str]:
    follow = urlsplit(url).hostname not in RESOLVERS
    try:
        response = session.get(url, timeout=TIMEOUT, allow_redirects=follow, stream=True)
        response.close()
    except requests.RequestException as error:
        # No such host, or nobody at its door; a slow host or a bad certificate may be mended.
        closed = isinstance(error, requests.ConnectionError)
        passing = isinstance(error, requests.Timeout | requests.exceptions.SSLError)
        return ("dead" if closed and not passing else "unsure"), type(error).__name__
    if response.status_code in GONE:
        return "dead", f"status {response.status_code}"
    if response.status_code in PASSING_STATUS or not response.ok:
        return "unsure", f"status {response.status_code}"
    return "alive", f"status {response.status_code}"


def _taking_turns(urls: Iterable[str]) -> list[str]:
    """Return addresses so that those of one host lie far apart: less waiting."""
    counts: dict[str, int] = {}
    turns = []
    for url in urls:
        host = urlsplit(url).netloc
        counts[host] = counts.get(host, 0) + 1
        turns.append((counts[host], url))
    return [url for _, url in sorted(turns)]
