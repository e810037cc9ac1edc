"""The verbs ``build`` and ``serve`` of ``python -m analysis``."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from analysis.book.build import HTML, build
from analysis.book.errors import BuildFailed, ExecutionFailed


def configure_build(parser: argparse.ArgumentParser) -> None:
    """Describe ``build``, which has no options."""
    parser.description = "Validate, answer, execute what changed and build the book strictly."


def run_build(args: argparse.Namespace) -> int:
    """Build the book and say where it is; return 1 if it cannot be built."""
    try:
        place = build()
    except (ExecutionFailed, BuildFailed) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The book is in {place}")
    print(f"Open {(place / 'index.html').as_uri()}")
    print("or run `make serve` to read it at http://127.0.0.1:8000")
    return 0


def configure_serve(parser: argparse.ArgumentParser) -> None:
    """Describe the options of ``serve``."""
    parser.description = "Serve the built book on this machine only."
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")


def run_serve(args: argparse.Namespace) -> int:
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
