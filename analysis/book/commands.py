"""The verb ``build`` of ``python -m analysis``."""

from __future__ import annotations

import argparse
import sys

from analysis.book.build import build
from analysis.book.errors import BuildFailed, ExecutionFailed


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe ``build``, which has no options."""
    parser.description = "Validate, answer, execute what changed and build the book strictly."


def run(args: argparse.Namespace) -> int:
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
