"""The link check: dead is dead, a closed door is not, and no host is hurried."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from analysis.cli import main
from analysis.evidence.paths import ROOT_VARIABLE
from analysis.living.links import PAUSE, addresses, check
from small_review import small_review

STATUSES = {"/alive": 200, "/gone": 404, "/forever": 410, "/closed": 403, "/busy": 503}


@pytest.fixture
def site() -> Iterator[str]:
    """A site on loopback with one page of each kind."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/moved" else STATUSES[self.path])
            if self.path == "/moved":
                self.send_header("Location", "/alive")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def book(root: Path, *links: str) -> Path:
    """Write a book of one page that has these links."""
    page = root / "_build/html/chapters/one.html"
    page.parent.mkdir(parents=True)
    inside = '<a href="two.html">in</a><a href="#here">here</a><a href="mailto:a@b.c">mail</a>'
    text = inside + "".join(f'<a href="{link}">out</a>' for link in links)
    page.write_text(text, encoding="utf-8")
    (root / "_build/html/index.html").write_text(text, encoding="utf-8")
    return root / "_build/html"


def test_only_outside_addresses_are_collected_each_once_with_its_pages(tmp_path):
    links = (
        "https://doi.org/10.1/x",
        "https://doi.org/10.1/x#part",
        "http://example.org/?a=1&amp;b",
    )
    assert addresses(book(tmp_path, *links)) == {
        "https://doi.org/10.1/x": ("chapters/one.html", "index.html"),
        "http://example.org/?a=1&b": ("chapters/one.html", "index.html"),
    }


def test_each_kind_of_answer_gets_its_verdict(site):
    waited: list[float] = []
    asked = {f"{site}{path}": ("index.html",) for path in [*STATUSES, "/moved"]}
    asked["http://127.0.0.1:9/"] = ("index.html",)
    found = {v.url.removeprefix(site): v.kind for v in check(asked, wait=waited.append)}
    assert found == {
        "/alive": "alive",
        "/moved": "alive",
        "/gone": "dead",
        "/forever": "dead",
        "/closed": "unsure",
        "/busy": "unsure",
        "http://127.0.0.1:9/": "dead",
    }


def test_one_host_is_asked_at_most_once_a_second(site):
    waited: list[float] = []
    check({f"{site}/alive": (), f"{site}/gone": (), f"{site}/busy": ()}, wait=waited.append)
    assert waited[0] == 0.0
    assert all(0.5 * PAUSE < pause <= PAUSE for pause in waited[1:])


def test_the_command_names_dead_links_and_their_pages(tmp_path, monkeypatch, capsys, site):
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    small_review(tmp_path)
    assert main(["links"]) == 2
    book(tmp_path, f"{site}/gone")
    assert main(["links"]) == 1
    told = capsys.readouterr().out
    assert f"dead: {site}/gone (status 404; on chapters/one.html, index.html)" in told
    assert "1 links, 1 dead" in told
