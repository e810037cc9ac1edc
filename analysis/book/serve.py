"""The verb ``serve`` of ``python -m analysis``, and the book behind a local address."""

from __future__ import annotations

import argparse
import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import BinaryIO

from analysis.book.kept import HTML

#: What shrinks under gzip; pictures and archives are compressed already.
TEXT = {".html", ".css", ".js", ".json", ".svg", ".xml", ".csv", ".txt", ".ipynb", ".md"}


class Handler(SimpleHTTPRequestHandler):
    """Sends a folder's files, texts compressed as every web host sends them.

    So what is measured here (``tests/browser``, ``benchmarks/lighthouse``) is
    what a reader's line would carry.
    """

    protocol_version = "HTTP/1.1"

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Send a file's header; return what is to follow it."""
        path = Path(self.translate_path(self.path))
        accepted = self.headers.get("Accept-Encoding", "")
        if path.suffix not in TEXT or "gzip" not in accepted or not path.is_file():
            return super().send_head()
        body = gzip.compress(path.read_bytes(), compresslevel=6)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, *args: object) -> None:
        """Write nothing for each file."""


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder on this machine only for as long as the block runs; give its address.

    Parameters
    ----------
    folder : Path
        What to serve.
    port : int, optional
        Port to listen on; 0 takes a free one.
    """
    with ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=folder)) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the options of ``serve``."""
    parser.description = "Serve the built book on this machine only."
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")


def run(args: argparse.Namespace) -> int:
    """Serve the book until interrupted; return 1 if there is none yet."""
    if not (HTML / "index.html").exists():
        print("There is no book yet; run `make book` first.", file=sys.stderr)
        return 1
    with served(HTML, args.port) as address:
        print(f"The book is at {address} (Ctrl-C ends)", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            print()
    return 0
