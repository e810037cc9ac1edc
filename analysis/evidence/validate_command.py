"""``python -m analysis validate``: all that is wrong with the data, in one run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from analysis.evidence.faults import errors_in
from analysis.evidence.rendering import FORMATS, visible
from analysis.evidence.validation import UnknownFileError, validate


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb to its parser."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="path",
        help="files or folders to check; without any, everything in data/",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help="text for people, json for machines, github for annotations (default: text)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check the files and print the report.

    Returns
    -------
    int
        0 without errors, 1 with, 2 where a path belongs to no table.
    """
    try:
        faults = validate(arguments.paths)
    except UnknownFileError as error:
        print(visible(str(error)), file=sys.stderr)
        return 2
    sys.stdout.write(FORMATS[arguments.format](faults))
    return int(any(errors_in(faults)))
