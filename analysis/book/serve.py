"""The verb ``serve`` of ``python -m analysis``."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from analysis.book.build import HTML


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the options of ``serve``."""
    parser.description = "Serve the built book on this machine only."
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")


def run(args: argparse.Namespace) -> int:
    """Serve the book until interrupted; return 1 if there is none yet."""
    if not (HTML / "index.html").exists():
        print("There is no book yet; run `make book` first.", file=sys.stderr)
        return 1
    handler = partial(SimpleHTTPRequestHandler, directory=str(HTML))
    with ThreadingHTTPServer(("127.0.0.1", args.port), handler) as server:
        print(f"The book is at http://127.0.0.1:{args.port} (Ctrl-C ends)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0
